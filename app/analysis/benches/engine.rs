//! How fast the engine takes events in, and how long a frame takes when a lot is in.

use std::hint::black_box;

use analysis::{
    Engine,
    protocol::{Panel, PanelChoices, Wanted, Watch, WhyChoice},
    view::Range,
};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use wire::{Event, time::HOUR};

#[path = "../examples/common/demo.rs"]
mod demo;

use demo::{config, many, posts, week};

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

/// All that a post goes through: identity, sentiment, tags, topics, author, buckets, trending, duplicates.
fn per_post(c: &mut Criterion) {
    let events = posts(50_000);
    let mut group = c.benchmark_group("engine/per_post");
    group.sample_size(10);
    group.throughput(Throughput::Elements(events.len() as u64));
    group.bench_function(events.len().to_string(), |b| {
        b.iter_batched(
            || Engine::new(&config()),
            |mut engine| {
                for event in &events {
                    engine.apply(event);
                }
                assert_eq!(engine.n_posts(), events.len() as u64);
                engine
            },
            BatchSize::LargeInput,
        );
    });
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

/// A frame of the demo's week with the view of one further panel made anew, and with none: the difference is what
/// that panel costs while it is in sight and everything changed.
fn panel(c: &mut Criterion) {
    let mut group = c.benchmark_group("engine/panel");
    group.sample_size(10);
    let mut engine = full(&week());
    engine.judge(usize::MAX);
    let now = engine.now().expect("events are in");
    let bucket = Range {
        from: now - 80 * HOUR,
        to: now - 79 * HOUR,
    };
    let panels = [
        Panel::Leaders,
        Panel::Trends,
        Panel::Hours,
        Panel::Live,
        Panel::Rolling,
        Panel::Events,
        Panel::Months,
        Panel::Quality,
        Panel::Why,
        Panel::Placebo,
    ];
    let of_panels = panels.map(|panel| (format!("{panel:?}"), Wanted::default().with(panel)));
    let none = ("none".to_owned(), Wanted::default());
    for (name, wanted) in [none].into_iter().chain(of_panels) {
        engine.watch(Watch {
            wanted,
            panels: PanelChoices {
                second: Some("ETH".to_owned()),
                why: Some(WhyChoice {
                    bucket,
                    ticker: String::new(),
                }),
                ..PanelChoices::default()
            },
            ..Watch::default()
        });
        group.bench_function(name, |b| {
            b.iter(|| {
                engine.refresh();
                black_box(engine.frame(now))
            });
        });
    }
    group.finish();
}

criterion_group!(benches, apply, per_post, frame, panel);
criterion_main!(benches);
