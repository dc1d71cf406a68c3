//! What several relays on one shared log do, and what the shared log costs.
//!
//! `cargo run --release -p server --example shared_log -- --readers 5000 --relays 3 --rate 10 --posts 300`: so many
//! readers are spread over so many relays, and half way the relay that listens to the upstream is killed; its
//! readers go on at the others by their cursor. It fails if anybody loses, repeats or disorders anything, or if
//! nobody takes over within twice the lease. With `--calm` nobody is killed, and how long a post takes from the
//! upstream to a reader's socket is the figure; with `--local` the relay has a log of its own, to compare with.
//! `--ingest 200000` appends so many events to the log itself. A real `nats-server` is needed (Debian:
//! apt-get install nats-server).

mod ingest;
mod latency;
#[allow(dead_code, reason = "nobody kills the server here")]
#[path = "../../src/log/shared/nats.rs"]
mod nats;
mod readers;
#[path = "../common/relay_process.rs"]
mod relay_process;
mod world;

use std::{env, process::ExitCode};

/// What is measured.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    n_relays: usize,
    n_readers: usize,
    /// Posts a second.
    rate: f64,
    n_posts: usize,
    lease_secs: f64,
    is_calm: bool,
    is_local: bool,
}

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let number = |name: &str, usual: f64| {
        let place = args.iter().position(|arg| arg == name);
        let text = place.and_then(|place| args.get(place + 1));
        text.map_or(usual, |text| text.parse().expect("a number is given"))
    };
    let has = |name: &str| args.iter().any(|arg| arg == name);
    let job = Job {
        n_relays: number("--relays", 3.0) as usize,
        n_readers: number("--readers", 5_000.0) as usize,
        rate: number("--rate", 10.0),
        n_posts: number("--posts", 300.0) as usize,
        lease_secs: number("--lease", 2.0),
        is_calm: has("--calm"),
        is_local: has("--local"),
    };
    let runtime = tokio::runtime::Runtime::new().expect("the system has threads");
    let outcome = if has("--ingest") {
        runtime.block_on(ingest::measure(number("--ingest", 200_000.0) as u64))
    } else {
        runtime.block_on(world::run(&job))
    };
    match outcome {
        Ok(line) => {
            say(&line);
            ExitCode::SUCCESS
        }
        Err(problem) => {
            say(&format!("FAILED: {problem}"));
            ExitCode::FAILURE
        }
    }
}

#[allow(clippy::print_stdout, reason = "the figures are its output")]
fn say(line: &str) {
    println!("{line}");
}
