//! Everything that is counted as text, in the format that Prometheus reads: a table of families. Labels are
//! bounded; no input is one.

use std::{fs, sync::atomic::AtomicU64};

use wire::{SourceState, SourceStatus};

use super::{
    End, Metrics, Refusal, Resume,
    text::{Labels, Page},
};
use crate::{
    counts::{Histogram, get},
    http::AppState,
    log::{Measures, Tenure},
    sources::board::Faults,
};

/// Ticks of a second in /proc; the same on every Linux.
const TICKS: f64 = 100.0;

type Samples = Vec<(Labels, f64)>;

/// A name, what it means, and its samples. One that ends in `_total` is a counter, any other a gauge.
type Family = (&'static str, &'static str, fn(&Scene) -> Samples);
type Histograms<'a> = Vec<(Labels, &'a Histogram)>;
type HistogramFamily = (
    &'static str,
    &'static str,
    for<'a> fn(&Scene<'a>) -> Histograms<'a>,
);

const FAMILIES: [Family; 37] = [
    ("build_info", "The version that runs.", |_| {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        vec![(vec![("version", version)], 1.0)]
    }),
    ("clock_seconds", "The clock of the data.", |scene| {
        scene.each_stream(|state| seconds(state.clock.now()))
    }),
    // Sources.
    (
        "upstream_connected",
        "Whether the source can be heard.",
        |scene| scene.each_source(|status| flag(status.state == SourceState::Connected)),
    ),
    (
        "upstream_attempts",
        "Attempts to connect in a row that failed.",
        |scene| scene.each_source(|status| Some(f64::from(status.attempts))),
    ),
    (
        "upstream_reconnects_total",
        "Connections that failed and are made again, by why.",
        |scene| scene.each_reconnect(),
    ),
    (
        "upstream_last_event_timestamp_seconds",
        "Grid time of the newest event.",
        |scene| scene.each_source(|status| status.last_at.map(seconds)),
    ),
    ("upstream_events_total", "Records received.", |scene| {
        scene.each_source(|status| Some(status.received as f64))
    }),
    (
        "upstream_kept_total",
        "Records that became events.",
        |scene| scene.each_source(|status| Some(status.kept as f64)),
    ),
    (
        "upstream_dropped_total",
        "Records refused, by reason.",
        |scene| scene.each_drop("reason", |_| true),
    ),
    (
        "upstream_decode_errors_total",
        "Those of the refused records that could not be read, by what was wrong.",
        |scene| scene.each_drop("kind", is_unreadable),
    ),
    (
        "upstream_gaps_total",
        "Stretches of time of which a source gives nothing any more.",
        |scene| {
            let gaps = scene.faults.iter();
            gaps.map(|(name, faults)| (of_source(name), faults.n_gaps as f64))
                .collect()
        },
    ),
    (
        "events_deduplicated_total",
        "Records that the log held already.",
        |scene| {
            let repeats = |status: &SourceStatus| status.dropped.get("duplicate").copied();
            let n: u64 = scene.sources.iter().filter_map(repeats).sum();
            one(n as f64)
        },
    ),
    // The log.
    ("log_first_seq", "The oldest seq still held.", |scene| {
        scene.each_stream(|state| state.log.head().floor as f64)
    }),
    ("log_next_seq", "The seq of the next event.", |scene| {
        scene.each_stream(|state| (state.log.head().tip + 1) as f64)
    }),
    ("log_bytes", "What is stored.", |scene| {
        scene.each_stream(|state| state.log.n_bytes().map_or(f64::NAN, |n| n as f64))
    }),
    (
        "hub_ring_bytes",
        "The newest lines, which are held in memory.",
        |scene| scene.each_stream(|state| state.log.n_tail_bytes() as f64),
    ),
    (
        "log_errors_total",
        "What the log could not do, by what it was.",
        |scene| scene.each_log_error(),
    ),
    // Leases of sources, where several relays share the log.
    (
        "lease_held",
        "Whether this relay is the one that may listen to the source.",
        |scene| scene.each_lease(|tenure| flag(tenure.is_held)),
    ),
    (
        "lease_renewal_age_seconds",
        "Time since the lease that is held was renewed.",
        |scene| scene.each_lease(|tenure| tenure.renewed_at.map(|at| at.elapsed().as_secs_f64())),
    ),
    (
        "lease_takeovers_total",
        "Times that this relay got the lease and took the source over.",
        |scene| scene.each_lease(|tenure| Some(tenure.n_taken_over as f64)),
    ),
    (
        "lease_lost_total",
        "Leases that ran out here, or that another relay had.",
        |scene| scene.each_lease(|tenure| Some(tenure.n_lost as f64)),
    ),
    (
        "lease_fenced_total",
        "Batches that were refused, since the lease was over.",
        |scene| scene.each_lease(|tenure| Some(tenure.n_fenced as f64)),
    ),
    // Readers.
    ("connections", "Open connections of readers.", |scene| {
        one(scene.main.gate.n_connections() as f64)
    }),
    ("sse_clients", "Open streams.", |scene| {
        scene.each_stream(|state| *state.n_readers.borrow() as f64)
    }),
    (
        "sse_connections_total",
        "Streams that were opened.",
        |scene| counter(&scene.metrics().streams),
    ),
    (
        "sse_resumes_total",
        "Streams by what they began with.",
        |scene| by_word("outcome", &Resume::WORDS, &scene.metrics().resumed),
    ),
    (
        "sse_rejected_total",
        "Connections, streams and tokens that were refused.",
        |scene| by_word("reason", &Refusal::WORDS, &scene.metrics().refused),
    ),
    ("sse_disconnects_total", "Streams that ended.", |scene| {
        by_word("reason", &End::WORDS, &scene.metrics().ended)
    }),
    (
        "sse_events_sent_total",
        "Events put into pieces for readers.",
        |scene| counter(&scene.metrics().events),
    ),
    (
        "sse_bytes_sent_total",
        "Bytes put into pieces for readers.",
        |scene| counter(&scene.metrics().bytes),
    ),
    (
        "sse_flushes_total",
        "Pieces for readers; events by flushes is how much they coalesce.",
        |scene| counter(&scene.metrics().flushes),
    ),
    (
        "sse_gaps_total",
        "Gaps that readers were told of.",
        |scene| counter(&scene.metrics().gaps),
    ),
    (
        "sse_resets_total",
        "Resets that readers were told of.",
        |scene| counter(&scene.metrics().resets),
    ),
    // The process; without samples where /proc is missing.
    ("process_cpu_seconds_total", "Time on processors.", |_| {
        some(cpu_seconds())
    }),
    ("process_resident_memory_bytes", "Memory in use.", |_| {
        some(of_status("VmRSS:").map(|kib| kib * 1024.0))
    }),
    ("process_threads", "Threads.", |_| {
        some(of_status("Threads:"))
    }),
    ("process_open_fds", "Open files and sockets.", |_| {
        some(
            fs::read_dir("/proc/self/fd")
                .map(|found| found.count() as f64)
                .ok(),
        )
    }),
];

const HISTOGRAMS: [HistogramFamily; 5] = [
    (
        "delivery_seconds",
        "From the publication of a piece's first event to the write, of readers that were not behind.",
        |scene| vec![(Vec::new(), &scene.main.metrics.delivered)],
    ),
    (
        "sse_lag_events",
        "How far the tip was ahead of a reader when it was sent events.",
        |scene| vec![(Vec::new(), &scene.main.metrics.lag)],
    ),
    (
        "log_append_seconds",
        "From taking what is to be appended to its publication.",
        |scene| scene.each_log(|measures| &measures.append),
    ),
    ("log_commit_seconds", "The store's part of that.", |scene| {
        scene.each_log(|measures| &measures.commit)
    }),
    (
        "log_fsync_seconds",
        "Commits that waited for the disk itself: of blocks of seqs, and with synchronous = \"full\" all.",
        |scene| scene.each_log(|measures| &measures.fsync),
    ),
];

/// Everything as text.
pub(in crate::http) fn write(main: &AppState, live: Option<&AppState>) -> String {
    let scene = Scene::new(main, live);
    let mut page = Page::default();
    for (name, help, samples) in FAMILIES {
        let is_counter = name.ends_with("_total");
        page.family(name, if is_counter { "counter" } else { "gauge" }, help);
        for (labels, value) in samples(&scene) {
            page.sample(name, &labels, value);
        }
    }
    for (name, help, histograms) in HISTOGRAMS {
        page.family(name, "histogram", help);
        for (labels, histogram) in histograms(&scene) {
            page.histogram(name, &labels, histogram);
        }
    }
    page.into_text()
}

/// What is told of, as it is now.
struct Scene<'a> {
    /// Metrics and gate of all streams are the same.
    main: &'a AppState,
    streams: Vec<&'a AppState>,
    sources: Vec<SourceStatus>,
    faults: Vec<(String, Faults)>,
}

impl<'a> Scene<'a> {
    fn new(main: &'a AppState, live: Option<&'a AppState>) -> Self {
        let streams: Vec<&AppState> = [main].into_iter().chain(live).collect();
        let boards = || streams.iter().map(|state| &state.board);
        Self {
            sources: boards().flat_map(|board| board.snapshot()).collect(),
            faults: boards().flat_map(|board| board.faults()).collect(),
            main,
            streams,
        }
    }

    fn metrics(&self) -> &'a Metrics {
        &self.main.metrics
    }

    fn each_stream(&self, value: fn(&AppState) -> f64) -> Samples {
        let streams = self.streams.iter();
        streams
            .map(|state| (of_stream(state), value(state)))
            .collect()
    }

    fn each_log(&self, histogram: fn(&Measures) -> &Histogram) -> Histograms<'a> {
        let logs = self.streams.iter();
        logs.map(|state| (of_stream(state), histogram(state.log.measures())))
            .collect()
    }

    fn each_log_error(&self) -> Samples {
        let mut samples = Vec::new();
        for state in &self.streams {
            let errors = &state.log.measures().errors;
            for (mut labels, n) in by_word("op", &Measures::OPS, errors) {
                labels.splice(..0, of_stream(state));
                samples.push((labels, n));
            }
        }
        samples
    }

    fn each_source(&self, value: fn(&SourceStatus) -> Option<f64>) -> Samples {
        let found = self
            .sources
            .iter()
            .filter_map(|status| Some((of_source(&status.source), value(status)?)));
        found.collect()
    }

    fn each_lease(&self, value: fn(&Tenure) -> Option<f64>) -> Samples {
        let leases = self.streams.iter().flat_map(|state| state.log.tenures());
        leases
            .filter_map(|(source, tenure)| Some((of_source(&source), value(&tenure)?)))
            .collect()
    }

    fn each_drop(&self, label: &'static str, is_meant: fn(&str) -> bool) -> Samples {
        let mut samples = Vec::new();
        for status in &self.sources {
            for (reason, n) in status.dropped.iter().filter(|(word, _)| is_meant(word)) {
                let mut labels = of_source(&status.source);
                labels.push((label, reason.to_string()));
                samples.push((labels, *n as f64));
            }
        }
        samples
    }

    fn each_reconnect(&self) -> Samples {
        let mut samples = Vec::new();
        for (name, faults) in &self.faults {
            for (word, n) in &faults.n_reconnects {
                let mut labels = of_source(name);
                labels.push(("reason", (*word).to_owned()));
                samples.push((labels, *n as f64));
            }
        }
        samples
    }
}

fn of_stream(state: &AppState) -> Labels {
    vec![("stream", state.name.to_owned())]
}

fn of_source(name: &str) -> Labels {
    vec![("source", name.to_owned())]
}

fn one(value: f64) -> Samples {
    vec![(Vec::new(), value)]
}

fn some(value: Option<f64>) -> Samples {
    value.map(one).unwrap_or_default()
}

fn counter(value: &AtomicU64) -> Samples {
    one(get(value) as f64)
}

fn flag(is_so: bool) -> Option<f64> {
    Some(f64::from(u8::from(is_so)))
}

fn by_word(label: &'static str, words: &[&str], counters: &[AtomicU64]) -> Samples {
    let pairs = words.iter().zip(counters);
    pairs
        .map(|(word, n)| (vec![(label, (*word).to_owned())], get(n) as f64))
        .collect()
}

fn seconds(at: wire::Millis) -> f64 {
    at as f64 / 1_000.0
}

/// Whether a record was dropped since it is broken, not since it is unwanted.
fn is_unreadable(reason: &str) -> bool {
    reason.starts_with("bad_") || reason == "too_long"
}

fn of_status(name: &str) -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// The name in brackets may hold spaces; user and system time are the 12th and 13th field behind it.
fn cpu_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = stat.rsplit(')').next()?.split_whitespace().skip(11);
    let (user, system): (f64, f64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some((user + system) / TICKS)
}
