//! Finds tags: one text a line in, a JSON object a line out, each list in order of appearance.
//!
//! ```text
//! tags [FILE…]
//! ```
//!
//! A line holds `{"hashtags":[…],"cashtags":[…],"mentions":[…],"urls":[…]}`.

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
}

fn main() -> ExitCode {
    lines::finish(run())
}

fn run() -> Result<()> {
    let paths: Vec<String> = std::env::args().skip(1).collect();
    if let Some(option) = paths.iter().find(|path| path.starts_with("--")) {
        bail!("unknown option {option:?}: there are none");
    }
    let mut output = BufWriter::new(io::stdout().lock());
    lines::for_each_text(&paths, |text| {
        serde_json::to_writer(&mut output, &found_in(text)).map_err(io::Error::from)?;
        output.write_all(b"\n")?;
        Ok(())
    })?;
    output.flush()?;
    Ok(())
}

fn found_in(text: &str) -> Found<'_> {
    Found {
        hashtags: texts(tag::hashtags(text)),
        cashtags: texts(tag::cashtags(text)),
        mentions: texts(tag::mentions(text)),
        urls: texts(tag::urls(text)),
    }
}

fn texts<'a>(tags: impl Iterator<Item = Tag<'a>>) -> Vec<&'a str> {
    tags.map(|tag| tag.text).collect()
}
