//! Writes `examples/demo.ndjson.gz`, a made-up week with known truths, the same in every run.
//!
//! `cargo run -p server --example make_demo` from the root of the repository.
//!
//! Everything in it is synthetic and says so: its sources are called `demo-social`, `demo-prices` and `demo-news`.
//! The week begins on Monday 2 March 2026, 00:00 UTC. Planted in it, for people and tests to find:
//!
//! | truth | where |
//! |---|---|
//! | a burst: DOGE is spoken of eight times as much, with `#DogeDay` | Tuesday 16:20–17:00 |
//! | a negative swing of SOL | Wednesday 14:00–20:00 |
//! | an outage of `demo-social`: no posts, prices go on | Thursday 10:00–13:00 |
//! | a spam wave: give-away texts that differ in a number, from 60 authors | Friday 08:00–10:00 |
//! | BTC: the mood of an hour goes with the return of the bar three hours later | all week |
//! | ETH, and all others: mood and returns know nothing of each other | all week |
//! | an article about the burst, first seen *after* it has begun | Tuesday 16:44 |
//! | an article about SOL, first seen *before* the swing begins | Wednesday 13:38 |
//! | an article about give-aways, first seen *during* the spam wave | Friday 09:21 |
//! | 37 articles of everyday matters: none on DOGE or SOL near these three, none during the outage | all week |
//!
//! No article is the cause of anything: posts and prices are made without them, and would be the same if there
//! were none. The tests below hold each of the truths.
#![allow(
    clippy::print_stdout,
    reason = "a command-line program talks to its user"
)]

mod dice;
mod headlines;
mod market;
mod news;
mod plan;
mod posts;
mod texts;

use std::{fs, io, io::Write, path::Path, process::ExitCode};

use flate2::{Compression, GzBuilder};
use wire::{Event, ndjson};

/// Where the recording lies, from the root of the repository.
const PATH: &str = "examples/demo.ndjson.gz";

fn main() -> ExitCode {
    let lines = lines();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    match pack(&lines).and_then(|bytes| fs::write(root.join(PATH), &bytes).map(|()| bytes.len())) {
        Ok(n_bytes) => {
            println!("{PATH}: {} lines, {n_bytes} bytes", lines.lines().count());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{PATH} could not be written: {error}");
            ExitCode::FAILURE
        }
    }
}

/// All events in order of `seen_at`, numbered from 1.
fn events() -> Vec<Event> {
    let market = market::Market::make();
    let mut events = market.bars();
    events.extend(plan::statuses());
    events.extend(posts::make(&market).into_iter().map(|made| made.event));
    events.extend(news::make(&market));
    events.sort_by_key(|event| event.seen_at);
    for (seq, event) in (1..).zip(&mut events) {
        event.seq = seq;
    }
    events
}

fn lines() -> String {
    events()
        .iter()
        .map(|event| ndjson::encode_line(event) + "\n")
        .collect()
}

fn pack(lines: &str) -> io::Result<Vec<u8>> {
    // No time of writing in the header: the same lines give the same bytes.
    let mut encoder = GzBuilder::new()
        .mtime(0)
        .write(Vec::new(), Compression::best());
    encoder.write_all(lines.as_bytes())?;
    encoder.finish()
}

#[cfg(test)]
mod tests;
