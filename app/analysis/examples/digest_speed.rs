//! How long posts take to be scored and judged, and how long from their digests; and how large those are.
//!
//! `cargo run --release -p analysis --example digest_speed -- lines.ndjson` (lines as the relay sends them).

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a program that measures"
)]

use std::time::Instant;

use analysis::{Engine, digest::Origin};
use anyhow::Context;
use wire::{Event, PublicConfig, ndjson};

const PER_CHUNK: usize = 4_096;

fn main() -> anyhow::Result<()> {
    let path = std::env::args().nth(1).context("no file named")?;
    let text = std::fs::read_to_string(&path).context(path)?;
    let lines = text
        .lines()
        .filter_map(|line| ndjson::decode_line(line).ok());
    let events: Vec<Event> = lines.filter(|event| Origin::of(event).is_some()).collect();
    let micros = |began: Instant| began.elapsed().as_secs_f64() * 1e6 / events.len() as f64;
    let mut fresh = Engine::new(&PublicConfig::default());

    let began = Instant::now();
    for event in &events {
        fresh.apply(event);
    }
    println!("{} posts", events.len());
    println!("applied   {:.2} µs a post", micros(began));
    let began = Instant::now();
    fresh.judge(usize::MAX);
    println!("judged    {:.2}", micros(began));
    let began = Instant::now();
    let mut digests = Vec::new();
    for chunk in events.chunks(PER_CHUNK) {
        let origins: Vec<Origin> = chunk.iter().filter_map(Origin::of).collect();
        digests.push(fresh.digest(&origins).context("a post is missing")?);
    }
    println!("digested  {:.2}", micros(began));
    let began = Instant::now();
    let mut cached = Engine::new(&PublicConfig::default());
    for digest in &digests {
        cached.apply_digest(digest)?;
    }
    println!("from them {:.2}", micros(began));
    let size: usize = digests.iter().map(Vec::len).sum();
    println!("{:.1} bytes a post", size as f64 / events.len() as f64);
    anyhow::ensure!(cached.summary() == fresh.summary(), "they differ");
    Ok(())
}
