//! How small posts become and how fast, beside their plain lines and gzip: `chunk_size <tweets.csv.gz>`.
//!
//! The table needs the columns `ts`, `tweets`, `user_screen_name` and `user_language`. Ids are hashes of the
//! row, as for every table without ids, and so cost 8 bytes each, which nothing can make smaller.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a program that measures"
)]

use std::{error::Error, fs::File, hint::black_box, io::Write, time::Instant};

use chunks::{Record, Sealed, read, read_numbers, read_text, seal};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use wire::{Body, Event, Post, author::AuthorKey, formats::calendar, ndjson, tag};

/// Events in a chunk, as in the store.
const N: usize = 4_096;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("which file?")?;
    let records = tweets(&path)?;
    let n = records.len() as f64;
    println!(
        "{} posts, B/post and µs/post (a MB is 10⁶ B):",
        records.len()
    );

    let lines: String = records
        .iter()
        .map(|r| ndjson::encode_line(&r.event) + "\n")
        .collect();
    println!("lines           {:6.1} B", lines.len() as f64 / n);
    let started = Instant::now();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::new(6));
    gzip.write_all(lines.as_bytes())?;
    let gzip = gzip.finish()?.len();
    println!(
        "lines, gzip -6  {:6.1} B  {:.2} µs to write",
        gzip as f64 / n,
        micros(started, n)
    );
    let started = Instant::now();
    lines
        .lines()
        .for_each(|line| drop(black_box(ndjson::decode_line(line))));
    println!("lines, parsed            {:.2} µs", micros(started, n));

    let started = Instant::now();
    let sealed = records
        .chunks(N)
        .map(seal)
        .collect::<Result<Vec<Sealed>, _>>()?;
    let written = micros(started, n);
    let size = |part: fn(&Sealed) -> usize| sealed.iter().map(part).sum::<usize>() as f64 / n;
    let (numbers, texts) = (size(|s| s.numbers.len()), size(|s| s.texts.len()));
    println!(
        "chunks          {:6.1} B  {written:.2} µs to write ({numbers:.1} numbers, {texts:.1} texts)",
        numbers + texts
    );
    let started = Instant::now();
    for sealed in &sealed {
        black_box(read(&sealed.numbers, &sealed.texts)?);
    }
    println!("chunks, read             {:.2} µs", micros(started, n));
    let started = Instant::now();
    for sealed in &sealed {
        black_box(read_numbers(&sealed.numbers)?);
    }
    println!("chunks, numbers          {:.2} µs", micros(started, n));
    let started = Instant::now();
    for sealed in &sealed {
        black_box(read_text(
            &sealed.texts,
            sealed.summary.n_posts as usize / 2,
        )?);
    }
    println!(
        "one text                 {:.0} µs",
        micros(started, sealed.len() as f64)
    );
    Ok(())
}

fn micros(started: Instant, n: f64) -> f64 {
    started.elapsed().as_secs_f64() * 1e6 / n
}

fn tweets(path: &str) -> Result<Vec<Record>, Box<dyn Error>> {
    let mut table = csv::ReaderBuilder::new()
        .flexible(true)
        .from_reader(GzDecoder::new(File::open(path)?));
    let headers = table.byte_headers()?.clone();
    let column = |name: &str| {
        headers
            .iter()
            .position(|h| h == name.as_bytes())
            .ok_or("a column is missing")
    };
    let (ts, text, author, lang) = (
        column("ts")?,
        column("tweets")?,
        column("user_screen_name")?,
        column("user_language")?,
    );
    let key = AuthorKey([7; 16]);
    let mut records = Vec::new();
    for row in table.byte_records() {
        let row = row?;
        let field =
            |idx: usize| String::from_utf8_lossy(row.get(idx).unwrap_or_default()).into_owned();
        let Some(at) = calendar::parse_table(&field(ts)) else {
            continue;
        };
        let text = field(text);
        let post = Post {
            id: key.hash("row", &format!("{at} {} {text}", field(author))),
            source: "twitter".into(),
            author: key.hash("twitter", &field(author)),
            lang: Some(field(lang)),
            hashtags: tag::hashtags(&text)
                .map(|tag| tag.text.to_owned())
                .collect(),
            cashtags: tag::cashtags(&text)
                .map(|tag| tag.text.to_uppercase())
                .collect(),
            text,
            ..Post::default()
        };
        records.push(Event::imported(at, Body::Post(Box::new(post))).into());
    }
    Ok(records)
}
