//! How long the engine takes for the figures of another range when 1.5 million posts are in: what a person
//! waits for who drags across a chart. In CPU time of this thread, which a busy machine disturbs less than wall
//! time; run by hand.
//!
//! ```text
//! brush_speed [POSTS]
//! ```

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a program reads its arguments and the clock, and prints"
)]

#[path = "common/cpu.rs"]
mod cpu;

use std::hint::black_box;

use analysis::{
    Engine,
    protocol::{RangeChoice, Watch},
    stats::random::Random,
};
use wire::{Body, Event, Post, PublicConfig};

const N_POSTS: i64 = 1_500_000;
/// Mean milliseconds between two posts: a million and a half in a year.
const PACE: i64 = 20_000;
const WORDS: [&str; 8] = [
    "bitcoin", "price", "up", "down", "great", "terrible", "today", "chart",
];
const TAGS: [&str; 4] = ["btc", "crypto", "HODL", "trading"];

fn main() {
    let n = std::env::args().nth(1).and_then(|n| n.parse().ok());
    let n: i64 = n.unwrap_or(N_POSTS);
    let mut random = Random::new(7);
    let mut engine = Engine::new(&config());
    for at in 0..n {
        engine.apply(&made_up(at, &mut random));
    }
    let end = n * PACE;
    let now = engine.now().unwrap_or_default();
    engine.frame(now);
    let waited: Vec<[f64; 2]> = (0..20)
        .map(|i| {
            let share = |share: f64| (share * end as f64) as i64;
            let all = Watch::default();
            let one = Watch {
                range: RangeChoice::Fixed {
                    from: share(0.1 + f64::from(i % 5) * 0.08),
                    to: share(0.6 + f64::from(i % 7) * 0.05),
                },
                ..Watch::default()
            };
            engine.watch(one);
            let start = cpu::nanos();
            black_box(engine.key_figures(now));
            let of_figures = cpu::nanos();
            black_box(engine.frame(now));
            let took = [of_figures, cpu::nanos()].map(|end| (end - start) as f64 / 1e6);
            engine.watch(all);
            black_box(engine.frame(now));
            took
        })
        .collect();
    tell("key figures", waited.iter().map(|took| took[0]));
    tell("frame", waited.iter().map(|took| took[1]));
}

fn tell(what: &str, took: impl Iterator<Item = f64>) {
    let mut took: Vec<f64> = took.collect();
    took.sort_by(f64::total_cmp);
    // The clock may go by steps of 4 ms, which the mean evens out.
    println!(
        "{what} of another range: {:.1} ms at p50, {:.1} ms at p95, {:.1} ms on average",
        took[9],
        took[18],
        took.iter().sum::<f64>() / took.len() as f64
    );
}

fn config() -> PublicConfig {
    let mut config = PublicConfig::default();
    config.tickers.push(wire::config::Ticker {
        symbol: "BTC".into(),
        name: Some("Bitcoin".into()),
        aliases: vec!["bitcoin".into()],
    });
    config.topics.push(wire::config::Topic {
        name: "Market".into(),
        keywords: vec!["price".into(), "chart".into()],
        ..wire::config::Topic::default()
    });
    config
}

fn made_up(no: i64, random: &mut Random) -> Event {
    let mut below = |n: u64| random.next_bits() % n;
    let mut text = String::new();
    // No two are alike, which would take long to judge.
    for _ in 0..3 {
        text.push_str(WORDS[below(8) as usize]);
        text.push_str(&format!(" {:x} ", below(1 << 48)));
    }
    let author = below(300_000) * below(7);
    let tag = TAGS[below(4) as usize];
    let at = no * PACE;
    let post = Post {
        id: no.to_string(),
        source: "made".into(),
        author: format!("{author:016x}"),
        text,
        hashtags: vec![tag.into()],
        ..Post::default()
    };
    Event::live(at, at, Body::Post(Box::new(post)))
}
