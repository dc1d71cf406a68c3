//! How the relay serves thousands of readers, beside nchan and a plain axum broadcast doing the same job.
//!
//! `cargo run --release -p server --example fanout -- --readers 5000 --rate 80 --secs 15` measures all three;
//! `--server relay|nchan|axum` one of them; with `--stalled 50 --size 2000` so many readers stop to read half
//! way, `--rounds` times, beside as many runs without. `--trouble attack` has the relay attacked in `--rounds`
//! windows between others without, `--trouble term` ended while readers are connected. Everything
//! runs on this machine: made-up posts come in by a web socket (for the peers by POST), a crowd of sockets
//! reads them, and the server's CPU time and memory are read from /proc. nchan is skipped where
//! nginx lacks it (Debian: apt-get install nginx-light libnginx-mod-nchan). It fails if the relay cannot be
//! measured, or loses, repeats or disorders anything; of its peers that is only told.

mod baseline;
mod crowd;
mod publisher;
#[path = "../common/relay_process.rs"]
mod relay_process;
mod server;
mod stalled;
mod trouble;

use std::{env, process::ExitCode, time::Duration};

use crowd::{Crowd, Heard};
use publisher::Publisher;
use server::{Kind, Limits, Server};

/// What is measured.
#[derive(Clone, Debug)]
struct Job {
    readers: usize,
    stalled: usize,
    rate: f64,
    secs: f64,
    /// Bytes of a post's text.
    size: usize,
}

/// Before anything is counted.
const WARM_UP: Duration = Duration::from_secs(2);
/// What is on its way when the publisher stops may still arrive.
const STRAGGLERS: Duration = Duration::from_secs(3);

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let value = |name: &str| {
        let place = args.iter().position(|arg| arg == name)?;
        args.get(place + 1).cloned()
    };
    let number = |name: &str, usual: f64| {
        value(name).map_or(usual, |text| text.parse().expect("a number is given"))
    };
    if let Some(address) = value("--baseline") {
        baseline::serve(&address);
        return ExitCode::SUCCESS;
    }
    let rounds = number("--rounds", 3.0) as usize;
    let job = Job {
        readers: number("--readers", 5_000.0) as usize,
        stalled: number("--stalled", 0.0) as usize,
        rate: number("--rate", 10.0),
        secs: number("--secs", 10.0),
        size: number("--size", 120.0) as usize,
    };
    let troubled = match value("--trouble").as_deref() {
        None => None,
        Some("attack") => Some(trouble::attack(&job, rounds)),
        Some("term") => Some(trouble::term(&job)),
        Some(other) => {
            eprintln!("there is no trouble {other:?}: attack or term");
            return ExitCode::FAILURE;
        }
    };
    if let Some(outcome) = troubled {
        return match outcome {
            Ok(line) => {
                say(&line);
                ExitCode::SUCCESS
            }
            Err(problem) => {
                say(&format!("FAILED: {problem}"));
                ExitCode::FAILURE
            }
        };
    }
    let kinds = match value("--server").as_deref() {
        None => vec![Kind::Relay, Kind::Nchan, Kind::Axum],
        Some("relay") => vec![Kind::Relay],
        Some("nchan") => vec![Kind::Nchan],
        Some("axum") => vec![Kind::Axum],
        Some(other) => {
            eprintln!("there is no server {other:?}: relay, nchan or axum");
            return ExitCode::FAILURE;
        }
    };
    say(&format!(
        "{} readers ({} of them take nothing), {} events/s for {} s, {} B of text",
        job.readers, job.stalled, job.rate, job.secs, job.size
    ));
    let mut outcome = ExitCode::SUCCESS;
    for kind in kinds {
        let measured = if job.stalled > 0 {
            stalled::measure(kind, &job, rounds)
        } else {
            measure(kind, &job)
        };
        match measured {
            Ok((line, is_faultless)) => {
                say(&line);
                if kind == Kind::Relay && !is_faultless {
                    say(
                        "FAILED: the relay has to lose, repeat and disorder nothing, and to close no reader",
                    );
                    outcome = ExitCode::FAILURE;
                }
            }
            Err(problem) if kind == Kind::Relay => {
                say(&format!("FAILED: {problem}"));
                outcome = ExitCode::FAILURE;
            }
            Err(problem) => say(&format!("{kind:?}: SKIPPED, {problem}")),
        }
    }
    outcome
}

#[allow(clippy::print_stdout, reason = "the figures are its output")]
fn say(line: &str) {
    println!("{line}");
}

/// The figures, and whether everything came once, in order, to readers that were all kept.
fn measure(kind: Kind, job: &Job) -> Result<(String, bool), String> {
    let mut publisher = Publisher::new(kind, job)?;
    let server = Server::start(kind, publisher.upstream(), Limits::None)?;
    publisher.connect(&server)?;
    // What it needs for itself it has by then.
    std::thread::sleep(Duration::from_secs(2));
    let before = server.usage();
    let mut crowd = Crowd::connect(server.address(), kind.stream_path(), job)?;
    crowd.listen(Duration::from_secs(2));
    let idle = server.usage();
    publisher.start();
    crowd.listen(WARM_UP);
    let span = Duration::from_secs_f64(job.secs);
    let (start, n_before) = (server.usage(), crowd.heard().n_events);
    crowd.count_from_now();
    crowd.listen(span);
    let busy = server.usage();
    publisher.stop();
    let n_published = publisher.n_since(crowd.counted_from());
    crowd.listen(STRAGGLERS);
    let end = server.usage();
    let heard = crowd.heard();
    let n_delivered = heard.n_events - n_before;
    let figures = Figures {
        micros: (end.cpu - start.cpu) * 1e6 / n_delivered.max(1) as f64,
        per_second: heard.n_counted as f64 / job.secs,
        expected: n_published * job.readers as u64,
        idle_kib: (idle.rss_kib - before.rss_kib) / job.readers as f64,
        growth_mib: (busy.rss_kib - start.rss_kib) / 1_024.0,
        tcp_mib: (busy.tcp_kib - start.tcp_kib) / 1_024.0,
    };
    let is_faultless = heard.is_faultless(figures.expected, 0);
    Ok((report(kind, &heard, &figures), is_faultless))
}

struct Figures {
    micros: f64,
    per_second: f64,
    expected: u64,
    idle_kib: f64,
    growth_mib: f64,
    tcp_mib: f64,
}

fn report(kind: Kind, heard: &Heard, figures: &Figures) -> String {
    let millis = |share: f64| heard.quantile_ms(share);
    format!(
        "{kind:?}: {:.2} µs of CPU a delivery, {:.0} k deliveries/s, p50 {:.0} ms, p99 {:.0} ms; \
         lost {}, repeated {}, out of order {}, {} of {} closed; {:.1} KiB RSS a reader while idle, \
         while counted RSS {:+.1} MiB, TCP memory {:+.1} MiB",
        figures.micros,
        figures.per_second / 1e3,
        millis(0.5),
        millis(0.99),
        heard.n_lost(figures.expected),
        heard.n_repeated,
        heard.n_out_of_order,
        heard.n_closed,
        heard.n_readers,
        figures.idle_kib,
        figures.growth_mib,
        figures.tcp_mib,
    )
}
