//! How many events a second become Parquet and come back, and how many bytes a post takes.
//!
//! `cargo run --release -p archive --example archive_speed -- FOLDER_OF_STATUS_LINES`: files of verbatim Twitter
//! lines (v1.1), `.gz` or not.

#![allow(clippy::print_stdout, reason = "it is asked for figures")]

use std::{fs, io::Read, path::Path, time::Instant};

use archive::{Codec, Kind, decode, encode};
use flate2::read::GzDecoder;
use wire::{Event, LogId, author::AuthorKey, formats::twitter_v1::decode as decode_tweet, ndjson};

/// Events that are measured at once; the tweets are repeated up to it.
const N: usize = 200_000;
const ROUNDS: usize = 5;

fn main() -> anyhow::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_default();
    anyhow::ensure!(
        !folder.is_empty(),
        "say which folder holds the status lines"
    );
    let mut posts = read(Path::new(&folder))?;
    posts.sort_by_key(|event| event.at);
    for (seq, event) in (1..).zip(&mut posts) {
        event.seq = seq;
    }
    let log = LogId::try_from("k3".to_owned())?;
    let source = "twitter";
    let n_posts = posts.len();
    let lines: usize = posts
        .iter()
        .map(|event| ndjson::encode_line(event).len() + 1)
        .sum();
    let file = encode(Kind::Post, source, &log, Codec::Snappy, &posts)?;
    println!("{n_posts} posts");
    println!("{:.1} bytes a post as lines", lines as f64 / n_posts as f64);
    println!(
        "{:.1} bytes a post as Parquet",
        file.len() as f64 / n_posts as f64
    );

    let file = encode(Kind::Post, source, &log, Codec::Gzip, &posts)?;
    println!(
        "{:.1} bytes a post as Parquet with gzip",
        file.len() as f64 / n_posts as f64
    );

    let many: Vec<Event> = posts.iter().cycle().take(N).cloned().collect();
    let texts: Vec<String> = many.iter().map(ndjson::encode_line).collect();
    let (mut decoding, mut writing, mut reading) = (f64::MAX, f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let events: Vec<Event> = texts
            .iter()
            .map(|line| ndjson::decode_line(line))
            .collect::<Result<_, _>>()?;
        decoding = decoding.min(start.elapsed().as_secs_f64());
        let start = Instant::now();
        let file = encode(Kind::Post, source, &log, Codec::Snappy, &events)?;
        writing = writing.min(start.elapsed().as_secs_f64());
        let start = Instant::now();
        let back = decode(file.into())?;
        reading = reading.min(start.elapsed().as_secs_f64());
        anyhow::ensure!(back == events, "what came back is not what went in");
    }
    let rate = |secs: f64| N as f64 / secs;
    println!("{:.0} events/s from lines", rate(decoding));
    println!("{:.0} events/s to Parquet", rate(writing));
    println!(
        "{:.0} events/s from lines to Parquet",
        rate(decoding + writing)
    );
    println!("{:.0} events/s from Parquet", rate(reading));
    Ok(())
}

fn read(folder: &Path) -> anyhow::Result<Vec<Event>> {
    let (mut events, key) = (Vec::new(), AuthorKey([7; 16]));
    let mut files: Vec<_> = fs::read_dir(folder)?
        .flatten()
        .map(|entry| entry.path())
        .collect();
    files.sort();
    for path in files {
        let bytes = fs::read(&path)?;
        let mut text = String::new();
        match path.extension().and_then(|end| end.to_str()) {
            Some("gz") => drop(GzDecoder::new(bytes.as_slice()).read_to_string(&mut text)?),
            Some("ndjson" | "jsonl") => text = String::from_utf8_lossy(&bytes).into_owned(),
            _ => continue,
        }
        events.extend(
            text.lines()
                .filter_map(|line| decode_tweet(line, &key).ok()),
        );
    }
    Ok(events)
}
