//! Finds unusual buckets: CSV `timestamp,value` (header optional) or one value a line in.
//!
//! ```text
//! anomalies [--method shesd|stream|classic] [--period N] [--max-share F] [--alpha F]
//!           [--direction both|pos|neg] [--longterm POINTS] [--only-last]
//!           [--threshold none|med_max|p95|p99] [--log1p] [FILE]
//! ```
//!
//! `shesd` (the default: both, 0.02, 0.05) and `classic` (period 24, 0.15, at most 20) print
//! `index<TAB>value<TAB>expected` in index order, index from 1. `expected` of `shesd` is cut to a whole
//! number, as Twitter's package does. Without `--period`, `shesd` takes a day of the buckets that the
//! timestamps show, a week if a bucket is a day. That the search ended at its cap is said on standard
//! error. `--log1p` compares counts on a logarithmic scale.
//!
//! `stream` prints `index<TAB>score<TAB>flag` for every point from what came before it only: score 0…1,
//! flag 1 from 0.5 on. A gap has no score. `--period` is the number of buckets in a day.
//!
//! `classic` looks at `--period` and `--alpha` only, `stream` at `--period`; that another option says nothing
//! to them is told on standard error.
//!
//! An empty value or `NA` is a gap. Rows are taken as neighbours; times must rise.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a program reads files and its arguments"
)]

#[path = "common/lines.rs"]
#[allow(dead_code, reason = "only the end of a program is wanted from it")]
mod lines;

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::process::ExitCode;
use std::str::FromStr;

use analysis::anomalies::classic::{Classic, classic};
use analysis::anomalies::shesd::{Keep, Scale, ShEsd, Threshold, shesd};
use analysis::anomalies::streaming::Stream;
use analysis::anomalies::{AnomalyError, Direction, bucket_width, usual_period};
use anyhow::{Context, Result, anyhow, bail, ensure};
use csv::{ReaderBuilder, StringRecord};
use wire::Millis;
use wire::formats::calendar::{parse_epoch, parse_table};

fn main() -> ExitCode {
    lines::finish(run())
}

fn run() -> Result<()> {
    let options = Options::from_arguments(std::env::args().skip(1))?;
    let input = match &options.path {
        Some(path) => {
            let file = File::open(path).with_context(|| path.clone())?;
            Input::read(file).with_context(|| path.clone())?
        }
        None => Input::read(io::stdin().lock()).context("standard input")?,
    };
    for option in options
        .given
        .iter()
        .filter(|option| !options.method.obeys(option))
    {
        eprintln!("{option} says nothing to this method");
    }
    let mut out = BufWriter::new(io::stdout().lock());
    match options.method {
        Method::Shesd => print_shesd(&input, &options, &mut out)?,
        Method::Classic => print_classic(&input, &options, &mut out)?,
        Method::Stream => print_stream(&input, &options, &mut out)?,
    }
    out.flush()?;
    Ok(())
}

fn print_shesd(input: &Input, options: &Options, out: &mut impl Write) -> Result<()> {
    let period = options
        .period
        .or_else(|| input.width.and_then(usual_period))
        .context("--period is needed: the input does not show how many buckets a day has")?;
    let defaults = ShEsd::new(period);
    let found = shesd(
        &input.series,
        &ShEsd {
            max_share: options.max_share.unwrap_or(defaults.max_share),
            alpha: options.alpha.unwrap_or(defaults.alpha),
            direction: options.direction,
            window: options.window,
            keep: options.keep,
            threshold: options.threshold,
            scale: options.scale,
            ..defaults
        },
    )?;
    for anomaly in &found.anomalies {
        // Plus 0, so that nothing is a negative zero.
        let expected = anomaly.expected.trunc() + 0.0;
        writeln!(out, "{}\t{}\t{expected}", anomaly.idx + 1, anomaly.value)?;
    }
    if found.hit_cap {
        eprintln!("the search ended at the largest allowed share; there may be more");
    }
    Ok(())
}

fn print_classic(input: &Input, options: &Options, out: &mut impl Write) -> Result<()> {
    let defaults = Classic::default();
    let found = classic(
        &input.series,
        &Classic {
            period: options.period.unwrap_or(defaults.period),
            alpha: options.alpha.unwrap_or(defaults.alpha),
            ..defaults
        },
    )?;
    for anomaly in &found.anomalies {
        let (idx, value, expected) = (anomaly.idx + 1, anomaly.value, anomaly.expected);
        writeln!(out, "{idx}\t{value}\t{expected}")?;
    }
    Ok(())
}

fn print_stream(input: &Input, options: &Options, out: &mut impl Write) -> Result<()> {
    ensure!(!input.series.is_empty(), AnomalyError::Empty);
    ensure!(
        input.series.iter().any(Option::is_some),
        AnomalyError::OnlyGaps
    );
    let bad = |value: &Option<f64>| value.is_some_and(|v| !v.is_finite());
    if let Some(idx) = input.series.iter().position(bad) {
        bail!(AnomalyError::NotFinite(idx));
    }
    let shown = input.width.and_then(usual_period);
    let mut stream = Stream::new(options.period.or(shown).unwrap_or(288));
    for (idx, value) in input.series.iter().enumerate() {
        match stream.push(*value) {
            Some(score) => {
                let flag = u8::from(score.is_flagged);
                writeln!(out, "{}\t{:.6}\t{flag}", idx + 1, score.score)?;
            }
            None => writeln!(out, "{}\t\t0", idx + 1)?,
        }
    }
    Ok(())
}

#[derive(Clone, Copy, Default)]
enum Method {
    #[default]
    Shesd,
    Stream,
    Classic,
}

impl Method {
    fn obeys(self, option: &str) -> bool {
        match self {
            Self::Shesd => true,
            Self::Classic => matches!(option, "--method" | "--period" | "--alpha"),
            Self::Stream => matches!(option, "--method" | "--period"),
        }
    }
}

#[derive(Default)]
struct Options {
    method: Method,
    /// The options that were given, by name.
    given: Vec<String>,
    period: Option<usize>,
    max_share: Option<f64>,
    alpha: Option<f64>,
    direction: Direction,
    window: Option<usize>,
    keep: Keep,
    threshold: Threshold,
    scale: Scale,
    path: Option<String>,
}

impl Options {
    fn from_arguments(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut options = Self::default();
        while let Some(argument) = arguments.next() {
            if argument.starts_with("--") {
                options.given.push(argument.clone());
            }
            match argument.as_str() {
                "--only-last" => options.keep = Keep::LastPeriod,
                "--log1p" => options.scale = Scale::Log1p,
                _ if argument.starts_with("--") => {
                    let value = arguments.next();
                    let value = value.with_context(|| format!("{argument} needs a value"))?;
                    options.set(&argument, &value)?;
                }
                _ if options.path.is_none() => options.path = Some(argument),
                _ => bail!("{argument:?}: one file is enough"),
            }
        }
        Ok(options)
    }

    fn set(&mut self, option: &str, value: &str) -> Result<()> {
        let unknown = || anyhow!("{option} {value:?} is not known");
        match option {
            "--method" => {
                self.method = match value {
                    "shesd" => Method::Shesd,
                    "stream" => Method::Stream,
                    "classic" => Method::Classic,
                    _ => return Err(unknown()),
                }
            }
            "--direction" => {
                self.direction = match value {
                    "both" => Direction::Both,
                    "pos" => Direction::Positive,
                    "neg" => Direction::Negative,
                    _ => return Err(unknown()),
                }
            }
            "--threshold" => {
                self.threshold = match value {
                    "none" => Threshold::None,
                    "med_max" => Threshold::MedianMax,
                    "p95" => Threshold::P95,
                    "p99" => Threshold::P99,
                    _ => return Err(unknown()),
                }
            }
            "--period" => self.period = Some(number(option, value)?),
            "--longterm" => self.window = Some(number(option, value)?),
            "--max-share" => self.max_share = Some(number(option, value)?),
            "--alpha" => self.alpha = Some(number(option, value)?),
            _ => bail!("unknown option {option:?}"),
        }
        Ok(())
    }
}

fn number<T: FromStr>(option: &str, value: &str) -> Result<T> {
    let number = value.parse().ok();
    number.with_context(|| format!("{option} {value:?} is not a number of the right kind"))
}

/// Values in the order of the rows, and the width of the buckets if there are times.
struct Input {
    series: Vec<Option<f64>>,
    width: Option<Millis>,
}

impl Input {
    fn read(input: impl Read) -> Result<Self> {
        let mut rows = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(input);
        let (mut series, mut times) = (Vec::new(), Vec::new());
        for (row_idx, row) in rows.records().enumerate() {
            let row = row.context("not a table in UTF-8")?;
            let is_header = row_idx == 0 && parse_value(last_field(&row)).is_err();
            if is_header {
                continue;
            }
            let line = row_idx + 1;
            series.push(parse_value(last_field(&row)).with_context(|| format!("row {line}"))?);
            match row.len() {
                1 => {}
                2 => times.push(parse_time(&row[0]).with_context(|| format!("row {line}"))?),
                n => bail!("row {line}: {n} columns; `timestamp,value` or one value is needed"),
            }
        }
        let is_timed = !times.is_empty();
        ensure!(
            !is_timed || times.len() == series.len(),
            "some rows have a timestamp and some have none"
        );
        let width = match times.len() {
            0 | 1 => None,
            _ => Some(bucket_width(&times)?),
        };
        Ok(Self { series, width })
    }
}

fn last_field(row: &StringRecord) -> &str {
    row.iter().next_back().unwrap_or_default().trim()
}

fn parse_value(field: &str) -> Result<Option<f64>> {
    match field {
        "" | "NA" => Ok(None),
        _ => field
            .parse()
            .map(Some)
            .map_err(|_| anyhow!("{field:?} is not a number")),
    }
}

fn parse_time(field: &str) -> Result<Millis> {
    let field = field.trim();
    parse_epoch(field)
        .or_else(|| field.parse().ok())
        .or_else(|| parse_table(field))
        .with_context(|| format!("{field:?} is not a time"))
}
