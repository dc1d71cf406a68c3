//! How many lines of an upstream the relay decodes, filters and commits, by the processor time that it takes.
//!
//! `cargo bench -p server --bench ingest`. Lines are made up by the fakes. Figures are lines per second of
//! processor time of the whole process, reading and writing threads together: what one core can do.

use std::{fs, sync::Arc, time::Instant};

use fakes::{Opening, Protocol, Request, jetstream::Jetstream};
use server::{
    log::{Batch, Log, LogOptions},
    sources::jetstream::decode::{What, decode},
};
use wire::{Body, Event, author::AuthorKey};

const N: usize = 200_000;
/// As many frames as a source hands on together when it is behind.
const BATCH: usize = 1_000;
const NOW: i64 = 1_779_719_000_000;

fn main() {
    let lines = lines();
    let key = AuthorKey([7; 16]);
    report("jetstream: decode", || {
        let decoded = lines
            .iter()
            .filter(|line| decode(line.as_bytes(), &key).is_ok());
        assert_eq!(decoded.count(), N);
    });
    let runtime = tokio::runtime::Runtime::new().expect("the system has threads");
    report("jetstream: decode, commit in memory", || {
        let log = Log::in_memory(LogOptions::default()).expect("memory is there");
        runtime.block_on(ingest(&lines, &log, &key));
    });
    report("jetstream: decode, commit in SQLite", || {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let path = folder.path().join("log.sqlite");
        let log = Log::open(&path, LogOptions::default()).expect("it can be opened");
        runtime.block_on(ingest(&lines, &log, &key));
    });
}

async fn ingest(lines: &[Arc<str>], log: &Log, key: &AuthorKey) {
    for lines in lines.chunks(BATCH) {
        let mut position = 0;
        let events = lines.iter().filter_map(|line| {
            let said = decode(line.as_bytes(), key).ok()?;
            position = said.time_us;
            match said.what {
                What::Post(post) => Some(Event::live(said.time_us / 1_000, NOW, Body::Post(post))),
                _ => None,
            }
        });
        let events = events.collect();
        let position = Some(("bluesky".to_owned(), format!("v1 {position}")));
        let appended = log
            .append(Batch {
                events,
                position,
                ..Batch::default()
            })
            .await;
        assert!(appended.is_ok());
    }
    assert_eq!(log.head().tip, N as u64);
}

/// Frames as they come over the wire.
fn lines() -> Vec<Arc<str>> {
    let network = Jetstream::new(NOW, 10, N);
    let request = Request {
        path: "/subscribe".into(),
        ..Request::default()
    };
    match network.open(&request, NOW) {
        Opening::Stream { items, .. } => {
            items.into_iter().map(|item| item.payload.into()).collect()
        }
        Opening::Reply(_) => Vec::new(),
    }
}

/// The best of three runs.
#[allow(clippy::print_stdout, reason = "the figures are its output")]
fn report(what: &str, mut run: impl FnMut()) {
    let mut best = f64::MAX;
    let mut wall = f64::MAX;
    for _ in 0..3 {
        let (begun, cpu) = (Instant::now(), cpu_seconds());
        run();
        best = best.min(cpu_seconds() - cpu);
        wall = wall.min(begun.elapsed().as_secs_f64());
    }
    let rate = |secs: f64| N as f64 / secs / 1_000.0;
    println!(
        "{what}: {:.1} k lines/s of processor time ({:.2} µs a line), {:.1} k/s by the clock",
        rate(best),
        best * 1e6 / N as f64,
        rate(wall)
    );
}

/// Processor time of this process, user and system, in seconds; Linux only.
fn cpu_seconds() -> f64 {
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let field = |n: usize| {
        fields
            .split_whitespace()
            .nth(n)
            .and_then(|text| text.parse::<f64>().ok())
    };
    (field(11).unwrap_or(0.0) + field(12).unwrap_or(0.0)) / TICKS_PER_SECOND
}
