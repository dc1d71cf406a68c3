//! How fast the engine takes events in, and how long a frame takes when a lot is in.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "benchmarks read recordings"
)]

use std::fs::File;
use std::hint::black_box;
use std::io::{BufRead, BufReader};
use std::path::Path;

use analysis::{Engine, protocol::Watch};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use flate2::read::GzDecoder;
use wire::{Body, Event, Millis, PublicConfig, config::Ticker, ndjson};

fn demo() -> Vec<Event> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/demo.ndjson.gz");
    let file = File::open(path).expect("the demo recording is in the repository");
    let lines = BufReader::new(GzDecoder::new(file)).lines();
    lines
        .map(|line| ndjson::decode_line(&line.expect("UTF-8")).expect("an event"))
        .collect()
}

/// The demo's week again and again, under new ids and at later times, until there are `n` events.
fn many(n: usize) -> Vec<Event> {
    const WEEK: Millis = 7 * wire::time::DAY;
    let week = demo();
    let mut events = Vec::with_capacity(n);
    for round in 0.. {
        for event in &week {
            if events.len() == n {
                return events;
            }
            let mut event = event.clone();
            let shift = round * WEEK;
            event.at += shift;
            event.seen_at += shift;
            match &mut event.body {
                Body::Post(post) => post.id = format!("{}-{round}", post.id),
                Body::Delete(delete) => delete.id = format!("{}-{round}", delete.id),
                Body::Bar(bar) => bar.open_at += shift,
                _ => {}
            }
            events.push(event);
        }
    }
    events
}

fn config() -> PublicConfig {
    let ticker = |symbol: &str, alias: &str| Ticker {
        symbol: symbol.into(),
        name: None,
        aliases: vec![alias.into()],
    };
    PublicConfig {
        tickers: vec![ticker("BTC", "bitcoin"), ticker("ETH", "ethereum")],
        ..PublicConfig::default()
    }
}

fn full(events: &[Event]) -> Engine {
    let mut engine = Engine::new(&config());
    for event in events {
        engine.apply(event);
    }
    engine
}

fn apply(c: &mut Criterion) {
    let mut group = c.benchmark_group("engine/apply");
    group.sample_size(10);
    for n in [6_387, 50_000] {
        let events = many(n);
        group.throughput(Throughput::Elements(n as u64));
        group.bench_function(n.to_string(), |b| {
            b.iter_batched(
                || Engine::new(&config()),
                |mut engine| {
                    for event in &events {
                        engine.apply(event);
                    }
                    assert_eq!(engine.n_events(), n as u64);
                    engine
                },
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

fn frame(c: &mut Criterion) {
    let mut group = c.benchmark_group("engine/frame");
    group.sample_size(10);
    for n in [6_387, 200_000] {
        let events = many(n + 2_000);
        let (before, after) = events.split_at(n);
        let mut engine = full(before);
        let now = engine.now().expect("events are in");
        engine.frame(now);
        let mut after = after.iter();
        // As the page does it: a few new events, then a frame of what changed.
        group.bench_function(format!("after new events/{n}"), |b| {
            b.iter(|| {
                if let Some(event) = after.next() {
                    engine.apply(event);
                }
                black_box(engine.frame(engine.now().unwrap_or(now)))
            });
        });
        group.bench_function(format!("every view/{n}"), |b| {
            b.iter(|| {
                engine.refresh();
                let frame = engine.frame(now);
                assert!(frame.kpi.is_some() && frame.lag.is_some());
                frame
            });
        });
        engine.watch(Watch {
            hashtag: Some("btc".into()),
            ..Watch::default()
        });
        group.bench_function(format!("another watch/{n}"), |b| {
            let mut n_rows = 100;
            b.iter(|| {
                n_rows = if n_rows == 100 { 99 } else { 100 };
                engine.watch(Watch {
                    n_posts: n_rows,
                    ..Watch::default()
                });
                black_box(engine.frame(now))
            });
        });
    }
    group.finish();
}

criterion_group!(benches, apply, frame);
criterion_main!(benches);
