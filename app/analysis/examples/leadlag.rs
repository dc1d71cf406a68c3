//! Who moves first, x or y: CSV with header `time,x,y` in, one JSON object out.
//!
//! ```text
//! leadlag [--max-lag N] [--x-transform T] [--y-transform T] [--transform T] [--seed N] [--surrogates N]
//!         [--latency-floor-ms MS] [FILE…]
//! T = none | diff | returns | absreturns | log1p      (x: diff, y: returns; --transform sets both)
//! ```
//!
//! Several files, one a ticker, give an object a line, with its `file`, `p_across`, which is `p_family`
//! adjusted for all the files (Benjamini and Yekutieli), and `verdict_across`: the verdict where `p_across`
//! is below 0.05, otherwise `none`.
//!
//! Times are milliseconds on one regular grid; an empty field, or a place of the grid without a row, is a
//! gap. `lags` run from −N to N (24) in steps of the grid, **above 0: x leads**. `ccf` is the correlation
//! of `x_t` and `y_{t+k}` with divisor n; `ccf_white` that of the prewhitened series, which `band` limits.
//! On a grid finer than a day that divides the day, the mean of each time of day is taken out first.
//! `verdict` is `lead`, `lag`, `together`, `none`, `too_short` or, with a floor, `below_latency_floor`.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a program reads its arguments and prints what it found"
)]

#[path = "common/lines.rs"]
#[allow(dead_code, reason = "only the end of a program is wanted from it")]
mod lines;
#[path = "common/numbers.rs"]
mod numbers;

use std::{io::Write, process::ExitCode};

use analysis::{
    series::{Series, returns::Transform},
    stats::leadlag::{AmongMany, Confirm, Lags, LeadLag, Settings, Verdict, among_many, test},
};
use anyhow::{Context, Result, bail, ensure};
use numbers::Header;
use serde_json::json;
use wire::time::DAY;

/// Most places of the grid; a time that is wrong by years would ask for more.
const MAX_PLACES: i64 = 5_000_000;

fn main() -> ExitCode {
    lines::finish(run())
}

fn run() -> Result<()> {
    let options = Options::from_arguments(std::env::args().skip(1))?;
    let mut out = std::io::stdout().lock();
    if options.paths.len() < 2 {
        let found = tested(&options, options.paths.first().map(String::as_str))?;
        writeln!(out, "{}", report(&found))?;
        return Ok(());
    }
    let of_file = |path: &String| tested(&options, Some(path)).with_context(|| path.clone());
    let found: Vec<LeadLag> = options.paths.iter().map(of_file).collect::<Result<_>>()?;
    let judged = among_many(&found);
    for ((path, found), judged) in options.paths.iter().zip(&found).zip(judged) {
        writeln!(out, "{}", report_among_many(path, found, judged))?;
    }
    Ok(())
}

fn tested(options: &Options, path: Option<&str>) -> Result<LeadLag> {
    let input = Input::read(path)?;
    let x = options.x.apply(&input.x).context("column x")?;
    let y = options.y.apply(&input.y).context("column y")?;
    let mut settings = options.settings;
    settings.lags.period = match DAY / input.step {
        n if n > 1 && DAY % input.step == 0 => usize::try_from(n)?,
        _ => 0,
    };
    let floor = options.latency_floor.max(0) as u64;
    settings.min_claimed_lag = u32::try_from(floor.div_ceil(input.step as u64))?;
    Ok(test(&x, &y, settings)?)
}

fn report_among_many(path: &str, found: &LeadLag, judged: AmongMany) -> serde_json::Value {
    let mut report = report(found);
    report["file"] = json!(path);
    report["p_across"] = json!(judged.p);
    report["verdict_across"] = json!(name_of(judged.verdict));
    report
}

fn name_of(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::TooShort { .. } => "too_short",
        Verdict::NoReliableLeadOrLag => "none",
        Verdict::XLeads { .. } => "lead",
        Verdict::YLeads { .. } => "lag",
        Verdict::Together => "together",
        Verdict::BelowLatencyFloor { .. } => "below_latency_floor",
    }
}

fn report(found: &LeadLag) -> serde_json::Value {
    let is_known = !matches!(found.verdict, Verdict::TooShort { .. });
    json!({
        "lags": found.lags,
        "ccf": found.raw,
        "ccf_white": found.correlation,
        "band": is_known.then_some(found.bound),
        "best_lag": found.best_lag,
        "best_lag_interval": found.best_lag_interval,
        "n": found.n_pairs,
        "n_white": found.n,
        "n_eff": found.n_effective,
        "p_raw": found.p_raw,
        "p_family": found.p_family,
        "p_surrogate": found.p_surrogate,
        "ar_orders": [found.order_x, found.order_y],
        "verdict": name_of(found.verdict),
    })
}

struct Options {
    x: Transform,
    y: Transform,
    settings: Settings,
    latency_floor: i64,
    paths: Vec<String>,
}

impl Options {
    fn from_arguments(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut options = Self {
            x: Transform::Diff,
            y: Transform::Returns,
            settings: Settings {
                lags: Lags { max: 24, period: 0 },
                confirm: Confirm::Always,
                ..Settings::default()
            },
            latency_floor: 0,
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
            let wrong = || format!("{argument} {value:?}");
            match argument.as_str() {
                "--max-lag" => options.settings.lags.max = value.parse().with_context(wrong)?,
                "--seed" => options.settings.surrogates.seed = value.parse().with_context(wrong)?,
                "--surrogates" => {
                    options.settings.surrogates.count = value.parse().with_context(wrong)?;
                }
                "--latency-floor-ms" => {
                    options.latency_floor = value.parse().with_context(wrong)?
                }
                "--x-transform" => options.x = transform(&value)?,
                "--y-transform" => options.y = transform(&value)?,
                "--transform" => (options.x, options.y) = (transform(&value)?, transform(&value)?),
                _ => bail!("unknown option {argument:?}"),
            }
        }
        ensure!(
            options.settings.surrogates.count >= 19,
            "--surrogates: 19 at least, or p cannot reach .05"
        );
        ensure!(
            options.settings.lags.max <= 100_000,
            "--max-lag: 100000 at most"
        );
        Ok(options)
    }
}

fn transform(name: &str) -> Result<Transform> {
    Ok(match name {
        "none" => Transform::None,
        "diff" => Transform::Diff,
        "returns" => Transform::Returns,
        "absreturns" => Transform::AbsReturns,
        "log1p" => Transform::Log1p,
        _ => bail!("no transform {name:?}; there are none, diff, returns, absreturns and log1p"),
    })
}

struct Input {
    step: i64,
    x: Series,
    y: Series,
}

impl Input {
    fn read(path: Option<&str>) -> Result<Self> {
        let mut cells = Vec::new();
        for (idx, row) in numbers::rows(path, &["time", "x", "y"], Header::Named)?
            .iter()
            .enumerate()
        {
            let [time, x, y] = &row[..] else {
                bail!("row {}: three fields are needed", idx + 1);
            };
            let value = |field: &str| match field {
                "" => Ok(None),
                field => numbers::number(idx, field).map(Some),
            };
            cells.push((numbers::time(idx, time)?, value(x)?, value(y)?));
        }
        let mut step = i64::MAX;
        for (idx, pair) in cells.windows(2).enumerate() {
            let distance = pair[1].0.saturating_sub(pair[0].0);
            ensure!(
                distance != 0,
                "row {}: the time {} comes twice",
                idx + 2,
                pair[1].0
            );
            ensure!(
                distance > 0,
                "row {}: the time {} lies before the one above",
                idx + 2,
                pair[1].0
            );
            step = step.min(distance);
        }
        let start = cells[0].0;
        ensure!(cells.len() > 1, "one row is not a series");
        let n_places = (cells[cells.len() - 1].0 - start) / step + 1;
        ensure!(
            n_places <= MAX_PLACES,
            "the rows reach over {n_places} steps of {step} ms; {MAX_PLACES} at most"
        );
        let (mut x, mut y) = (vec![None; n_places as usize], vec![None; n_places as usize]);
        for (idx, (time, a, b)) in cells.into_iter().enumerate() {
            let since = time - start;
            ensure!(
                since % step == 0,
                "row {}: the time {time} is not on the grid of {step} ms that begins at {start}",
                idx + 1
            );
            (x[(since / step) as usize], y[(since / step) as usize]) = (a, b);
        }
        Ok(Self {
            step,
            x: Series::new(x)?,
            y: Series::new(y)?,
        })
    }
}
