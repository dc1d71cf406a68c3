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
use wire::{Body, Event, author::AuthorKey, formats::twitter_v2};

const N: usize = 200_000;
/// As many frames as a source hands on together when it is behind.
const BATCH: usize = 1_000;
const NOW: i64 = 1_779_719_000_000;

fn main() {
    let key = AuthorKey([7; 16]);
    measure("jetstream", &jetstream_lines(), |line| {
        let said = decode(line.as_bytes(), &key).ok()?;
        match said.what {
            What::Post(post) => Some(Event::live(said.time_us / 1_000, NOW, Body::Post(post))),
            _ => None,
        }
    });
    measure("x", &x_lines(), |line| {
        let records = twitter_v2::decode(line, &key).ok()?;
        let event = records.into_iter().flatten().next()?;
        Some(Event::live(event.at, NOW, event.body))
    });
}

fn measure(name: &str, lines: &[Arc<str>], decode: impl Fn(&str) -> Option<Event>) {
    report(&format!("{name}: decode"), || {
        let decoded = lines.iter().filter(|line| decode(line).is_some());
        assert_eq!(decoded.count(), N);
    });
    let runtime = tokio::runtime::Runtime::new().expect("the system has threads");
    report(&format!("{name}: decode, commit in memory"), || {
        let log = Log::in_memory(LogOptions::default()).expect("memory is there");
        runtime.block_on(ingest(lines, &log, &decode));
    });
    report(&format!("{name}: decode, commit in SQLite"), || {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let path = folder.path().join("log.sqlite");
        let log = Log::open(&path, LogOptions::default()).expect("it can be opened");
        runtime.block_on(ingest(lines, &log, &decode));
    });
}

async fn ingest(lines: &[Arc<str>], log: &Log, decode: &impl Fn(&str) -> Option<Event>) {
    for lines in lines.chunks(BATCH) {
        let events: Vec<Event> = lines.iter().filter_map(|line| decode(line)).collect();
        let newest = events.last().map_or(0, |event| event.at);
        let position = Some(("source".to_owned(), newest.to_string()));
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

/// Lines of the filtered stream, with what the relay asks for.
fn x_lines() -> Vec<Arc<str>> {
    let line = |i: usize| {
        let id = 1_784_000_000_000_000_000_u64 + i as u64;
        format!(
            r##"{{"data":{{"id":"{id}","text":"$BTC number {i} goes to the moon, they say #bitcoin https://t.co/abc","author_id":"{}","created_at":"2026-08-20T10:35:00.000Z","lang":"en","possibly_sensitive":false,"edit_history_tweet_ids":["{id}"],"public_metrics":{{"retweet_count":0,"reply_count":0,"like_count":0,"quote_count":0}},"entities":{{"cashtags":[{{"start":0,"end":4,"tag":"BTC"}}],"hashtags":[{{"start":45,"end":53,"tag":"bitcoin"}}]}}}},"matching_rules":[{{"id":"1273","tag":"moodtape/x"}}]}}"##,
            i % 5_000
        )
    };
    (0..N).map(|i| line(i).into()).collect()
}

/// Frames as they come over the wire.
fn jetstream_lines() -> Vec<Arc<str>> {
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
