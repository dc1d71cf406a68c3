//! Counts hashtags over a sliding window: CSV `time_ms,text[,author]` (RFC 4180, in time order, header
//! optional) in, JSON `[["tag",count],…]` out.
//!
//! ```text
//! trending [--window SECS] [--top N] [--every SECS] [--by posts|authors] [FILE…]
//! ```
//!
//! The window is `(t − SECS, t]`, 300 s by default, and the 10 highest counts are shown. Without `--every`
//! there is one line, for `t` = the time of the last event (`[]` without events). With it there is a line
//! for every multiple of SECS since the epoch, from the first at or after the first event to the first
//! at or after the last event. `--by authors` needs the third column.
//!
//! The first line is a header if it does not begin with a number.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a program reads files and its arguments"
)]

#[path = "common/lines.rs"]
#[allow(dead_code, reason = "only the end of a program is wanted from it")]
mod lines;

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::process::ExitCode;

use analysis::protocol::CountBy;
use analysis::trending::Trending;
use anyhow::{Context, Result, anyhow, bail, ensure};
use csv::{ByteRecord, ReaderBuilder};
use wire::{Millis, tag};

fn main() -> ExitCode {
    lines::finish(run())
}

fn run() -> Result<()> {
    let options = Options::from_arguments(std::env::args().skip(1))?;
    let mut report = Report::new(&options, BufWriter::new(io::stdout().lock()));
    if options.paths.is_empty() {
        report.read("standard input", io::stdin().lock())?;
    }
    for path in &options.paths {
        let file = File::open(path).with_context(|| path.clone())?;
        report.read(path, file)?;
    }
    report.finish()
}

struct Options {
    window: Millis,
    top: usize,
    every: Option<Millis>,
    by: CountBy,
    paths: Vec<String>,
}

impl Options {
    fn from_arguments(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut options = Self {
            window: 300_000,
            top: 10,
            every: None,
            by: CountBy::Posts,
            paths: Vec::new(),
        };
        while let Some(argument) = arguments.next() {
            if !argument.starts_with("--") {
                options.paths.push(argument);
                continue;
            }
            let value = arguments
                .next()
                .with_context(|| format!("{argument} needs a value"))?;
            match argument.as_str() {
                "--window" => options.window = millis(&argument, &value)?,
                "--every" => options.every = Some(millis(&argument, &value)?),
                "--top" => {
                    options.top = value.parse().with_context(|| format!("--top {value:?}"))?;
                }
                "--by" => {
                    options.by = match value.as_str() {
                        "posts" => CountBy::Posts,
                        "authors" => CountBy::Authors,
                        _ => bail!("--by {value:?}: there are \"posts\" and \"authors\""),
                    }
                }
                _ => bail!("unknown option {argument:?}"),
            }
        }
        Ok(options)
    }
}

/// Seconds, perhaps with decimals, as whole milliseconds.
fn millis(option: &str, secs: &str) -> Result<Millis> {
    let millis = secs
        .parse::<f64>()
        .map_or(f64::NAN, |secs| (secs * 1e3).round());
    ensure!(
        (1.0..1e15).contains(&millis),
        "{option} {secs:?}: a number of seconds above 0 is needed"
    );
    Ok(millis as Millis)
}

/// One row of the input.
struct Row<'a> {
    at: Millis,
    text: &'a str,
    author: Option<&'a str>,
}

struct Report<'o, W> {
    options: &'o Options,
    trending: Trending,
    /// Authors by order of appearance, so that no two share a number.
    authors: HashMap<String, u32>,
    last_at: Option<Millis>,
    /// The next time to report at, with `--every`.
    next: Option<Millis>,
    output: W,
}

impl<'o, W: Write> Report<'o, W> {
    fn new(options: &'o Options, output: W) -> Self {
        Self {
            options,
            trending: Trending::new(options.window, options.by),
            authors: HashMap::new(),
            last_at: None,
            next: None,
            output,
        }
    }

    fn read(&mut self, name: &str, input: impl Read) -> Result<()> {
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(input);
        let mut record = ByteRecord::new();
        let mut is_first = true;
        loop {
            let line = reader.position().line();
            let place = || format!("{name}, line {line}");
            if !reader.read_byte_record(&mut record).with_context(place)? {
                return Ok(());
            }
            // The reader passes over empty lines before a record.
            let line = record.position().map_or(line, csv::Position::line);
            if !(std::mem::take(&mut is_first) && is_header(&record)) {
                self.take_in(&record)
                    .with_context(|| format!("{name}, line {line}"))?;
            }
        }
    }

    fn take_in(&mut self, record: &ByteRecord) -> Result<()> {
        let row = row_of(record)?;
        if let Some(last) = self.last_at.filter(|last| *last > row.at) {
            bail!(
                "time {} comes after {last}, but the input must be in time order",
                row.at
            );
        }
        if let Some(every) = self.options.every {
            let first = *self
                .next
                .get_or_insert_with(|| next_multiple(row.at, every));
            self.report_until(first, row.at - 1, every)?;
        }
        self.last_at = Some(row.at);
        let author = match row.author {
            None if self.options.by == CountBy::Authors => {
                bail!("--by authors needs a third column, author")
            }
            None => 0,
            Some(name) => match self.authors.get(name) {
                Some(number) => *number,
                None => {
                    let number = self.authors.len() as u32 + 1;
                    self.authors.insert(name.to_owned(), number);
                    number
                }
            },
        };
        let hashtags = tag::hashtags(row.text).map(|hashtag| hashtag.text);
        self.trending.observe(row.at, author, hashtags, 0);
        Ok(())
    }

    /// Reports at the multiples from `next` to `until`.
    fn report_until(&mut self, mut next: Millis, until: Millis, every: Millis) -> Result<()> {
        while next <= until {
            self.report(next)?;
            next += every;
        }
        self.next = Some(next);
        Ok(())
    }

    fn finish(mut self) -> Result<()> {
        match (self.options.every, self.next, self.last_at) {
            (Some(every), Some(next), Some(last)) => {
                self.report_until(next, next_multiple(last, every), every)?;
            }
            (Some(_), ..) => {}
            (None, _, last) => self.report(last.unwrap_or(0))?,
        }
        self.output.flush()?;
        Ok(())
    }

    fn report(&mut self, until: Millis) -> Result<()> {
        let rows = self.trending.top(until, self.options.top);
        let pairs: Vec<(&str, u64)> = rows
            .iter()
            .map(|row| (row.tag.as_str(), row.count))
            .collect();
        serde_json::to_writer(&mut self.output, &pairs).map_err(io::Error::from)?;
        self.output.write_all(b"\n")?;
        Ok(())
    }
}

/// The first multiple of `every` at or after `at`.
fn next_multiple(at: Millis, every: Millis) -> Millis {
    let past = at.rem_euclid(every);
    if past == 0 { at } else { at - past + every }
}

fn is_header(record: &ByteRecord) -> bool {
    let first = record.get(0).unwrap_or_default().trim_ascii_start();
    !first
        .first()
        .is_some_and(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'+'))
}

fn row_of(record: &ByteRecord) -> Result<Row<'_>> {
    ensure!(
        matches!(record.len(), 2 | 3),
        "number of columns {}, but time_ms,text or time_ms,text,author are needed",
        record.len()
    );
    let text_of = |idx: usize| {
        let field = record.get(idx).unwrap_or_default();
        std::str::from_utf8(field).map_err(|_| anyhow!("column {} is not UTF-8", idx + 1))
    };
    let time = text_of(0)?.trim();
    let at = time
        .parse()
        .map_err(|_| anyhow!("time {time:?} is no whole number of milliseconds"))?;
    // Farther away, sums of times could overflow; it is some 30,000 years.
    ensure!(
        (-1_i64 << 50..=1 << 50).contains(&at),
        "time {time:?} is out of range"
    );
    let author = if record.len() == 3 {
        Some(text_of(2)?)
    } else {
        None
    };
    Ok(Row {
        at,
        text: text_of(1)?,
        author,
    })
}
