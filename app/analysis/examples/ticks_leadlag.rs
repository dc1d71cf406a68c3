//! Lead and lag of two streams of ticks: two CSV files `time_ms,value` (header optional) in, one
//! JSON object out.
//!
//! ```text
//! ticks_leadlag [--max-lag-ms N] [--step-ms N] [--level|--log] [--seed N] FIRST SECOND
//! ```
//!
//! The lags run from −N to N (60,000) in steps (1,000); steps finer than the clock that stamped the ticks
//! mean nothing. `correlation` is Hayashi and Yoshida's, signed;
//! `lead_ms` is where |correlation| is greatest, **above 0: the first file leads**. Values are prices whose
//! logarithms are compared (`--log`, the usual) or taken as they are (`--level`).

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

use analysis::stats::{
    hayashi_yoshida::{LagGrid, Ticks, tick_lead},
    leadlag::Surrogates,
};
use anyhow::{Context, Result, bail};
use numbers::Header;
use serde_json::json;

fn main() -> ExitCode {
    lines::finish(run())
}

fn run() -> Result<()> {
    let mut grid = LagGrid {
        reach: 60_000,
        step: 1_000,
    };
    let mut draws = Surrogates {
        count: 999,
        seed: 1,
    };
    let (mut is_log, mut paths) = (true, Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || -> Result<i64> {
            let value = arguments
                .next()
                .with_context(|| format!("{argument} needs a value"))?;
            value
                .parse()
                .with_context(|| format!("{argument} {value:?}"))
        };
        match argument.as_str() {
            "--max-lag-ms" => grid.reach = number()?,
            "--step-ms" => grid.step = number()?,
            "--seed" => draws.seed = number()?.unsigned_abs(),
            "--level" => is_log = false,
            "--log" => is_log = true,
            option if option.starts_with("--") => bail!("unknown option {option:?}"),
            path => paths.push(path.to_owned()),
        }
    }
    let [first, second] = &paths[..] else {
        bail!("two files are needed, the first and the second stream");
    };
    let (x, y) = (ticks(first, is_log)?, ticks(second, is_log)?);
    let found = tick_lead(&x, &y, grid, draws)?;
    writeln!(
        std::io::stdout(),
        "{}",
        json!({
            "lags_ms": found.lags,
            "correlation": found.correlation,
            "lead_ms": found.lead,
            "interval": found.interval,
            "p": found.p,
            "llr": found.lead_lag_ratio,
            "n_moves": found.n_moves,
        })
    )?;
    Ok(())
}

fn ticks(path: &str, is_log: bool) -> Result<Ticks> {
    let (mut times, mut values) = (Vec::new(), Vec::new());
    let rows = numbers::rows(Some(path), &["time_ms", "value"], Header::Optional)?;
    for (idx, row) in rows.iter().enumerate() {
        let [time, value] = &row[..] else {
            bail!("{path}, row {}: two fields are needed", idx + 1);
        };
        times.push(numbers::time(idx, time).with_context(|| path.to_owned())?);
        values.push(numbers::number(idx, value).with_context(|| path.to_owned())?);
    }
    let ticks = if is_log {
        Ticks::log_prices(times, values)
    } else {
        Ticks::levels(times, values)
    };
    ticks.with_context(|| path.to_owned())
}
