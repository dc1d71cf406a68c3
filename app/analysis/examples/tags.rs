//! Finds tags: one text a line in, a JSON object a line out, each list in order of appearance.
//!
//! ```text
//! tags [--instruments] [FILE…]
//! ```
//!
//! A line holds `{"hashtags":[…],"cashtags":[…],"mentions":[…],"urls":[…]}`. With `--instruments` also
//! `"instruments":[{"symbol":…,"quote":…}…]`, by the wider rules: `$1INCH`, `BTC-USD`, `BTC/USDT`.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a program reads files and its arguments"
)]

#[path = "common/lines.rs"]
mod lines;

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use anyhow::{Result, bail};
use serde::Serialize;
use wire::tag::{self, Tag};

#[derive(Serialize)]
struct Found<'a> {
    hashtags: Vec<&'a str>,
    cashtags: Vec<&'a str>,
    mentions: Vec<&'a str>,
    urls: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instruments: Option<Vec<Instrument<'a>>>,
}

#[derive(Serialize)]
struct Instrument<'a> {
    symbol: &'a str,
    quote: Option<&'a str>,
}

fn main() -> ExitCode {
    lines::finish(run())
}

fn run() -> Result<()> {
    let (options, paths): (Vec<String>, Vec<String>) = std::env::args()
        .skip(1)
        .partition(|argument| argument.starts_with("--"));
    if let Some(option) = options.iter().find(|option| *option != "--instruments") {
        bail!("unknown option {option:?}: there is only --instruments");
    }
    let with_instruments = !options.is_empty();
    let mut output = BufWriter::new(io::stdout().lock());
    lines::for_each_text(&paths, |text| {
        serde_json::to_writer(&mut output, &found_in(text, with_instruments))
            .map_err(io::Error::from)?;
        output.write_all(b"\n")?;
        Ok(())
    })?;
    output.flush()?;
    Ok(())
}

fn found_in(text: &str, with_instruments: bool) -> Found<'_> {
    let instrument = |tag::Instrument { symbol, quote, .. }| Instrument { symbol, quote };
    Found {
        hashtags: texts(tag::hashtags(text)),
        cashtags: texts(tag::cashtags(text)),
        mentions: texts(tag::mentions(text)),
        urls: texts(tag::urls(text)),
        instruments: with_instruments.then(|| tag::instruments(text).map(instrument).collect()),
    }
}

fn texts<'a>(tags: impl Iterator<Item = Tag<'a>>) -> Vec<&'a str> {
    tags.map(|tag| tag.text).collect()
}
