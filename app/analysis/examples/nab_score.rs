//! Scores the streaming detector by the rules of the Numenta Anomaly Benchmark, on series of tweet counts.
//!
//! ```text
//! nab_score [FOLDER]
//! ```
//!
//! FOLDER (default: `nab` in `$MOODTAPE_DATA`, or in the data beside the repository) holds `windows.json`
//! and the CSV files `timestamp,value` that it names; those below `realTweets` are scored. A is the score
//! at the detector's own limit, B at the best threshold in hindsight, C with each file left out when its
//! threshold is chosen. The windowed Gaussian is the benchmark's own base line: with its scores to 12
//! digits and its threshold of 1, the published results give 52.7 on the six series AAPL, CVS, FB, IBM,
//! KO and PFE.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stdout,
    reason = "a program reads files and prints what it found"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use analysis::anomalies::nab::{self, Labelled, PROFILES};
use analysis::anomalies::streaming::Stream;
use anyhow::{Context, Result, ensure};

const BUCKETS_A_DAY: usize = 288;

fn main() -> Result<()> {
    let folder = std::env::args()
        .nth(1)
        .map_or_else(usual_folder, PathBuf::from);
    let series = read(&folder)?;
    let n_windows: usize = series.iter().map(|one| one.windows.len()).sum();
    println!("{} series, {n_windows} windows", series.len());
    println!(
        "{:24} {:10} {:>6} {:>6} {:>6}  threshold of B",
        "detector", "profile", "A", "B", "C"
    );
    print_rows("streaming", &series, streaming, 0.5);
    print_rows("windowed Gaussian", &series, windowed_gaussian, 1.0);
    println!("\nraw standard scores of the streaming detector at its own limit, by series");
    for one in &series {
        let labelled = one.labelled(streaming);
        let raw = labelled.raw(0.5, &PROFILES[0]);
        let n = labelled.windows.len();
        println!(
            "{:44} {raw:7.3} of {n}, {:6.1}",
            one.name,
            nab::normalised(raw, n, &PROFILES[0])
        );
    }
    Ok(())
}

fn usual_folder() -> PathBuf {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    std::env::var_os("MOODTAPE_DATA")
        .map_or(beside, PathBuf::from)
        .join("nab")
}

fn print_rows(name: &str, series: &[Series], detector: fn(&[f64]) -> Vec<f64>, own: f64) {
    let labelled: Vec<Labelled> = series.iter().map(|one| one.labelled(detector)).collect();
    for profile in &PROFILES {
        let (threshold, best) = nab::best(&labelled, profile);
        println!(
            "{name:24} {:10} {:6.1} {best:6.1} {:6.1}  {threshold:.4}",
            profile.name,
            nab::score(&labelled, own, profile),
            nab::leave_one_out(&labelled, profile)
        );
    }
}

fn streaming(values: &[f64]) -> Vec<f64> {
    let mut stream = Stream::new(BUCKETS_A_DAY);
    let score = |value: &f64| stream.push(Some(*value)).map_or(0.0, |s| s.score);
    values.iter().map(score).collect()
}

/// Tail probability under the normal distribution of the last 6,400 values, moved by 100 at a time; up to
/// 100 values later than it could. Rounded as the published results are.
fn windowed_gaussian(values: &[f64]) -> Vec<f64> {
    const WINDOW: usize = 6_400;
    const STEP: usize = 100;
    let mut known = 0..0;
    let (mut mean, mut sd) = (0.0, 1.0);
    let mut score = |idx: usize| {
        let z = (values[idx] - mean).abs() / sd;
        let score = if idx == 0 { 0.0 } else { 1.0 - normal_tail(z) };
        if known.len() < WINDOW || idx + 1 - known.end == STEP {
            known = (idx + 1).saturating_sub(WINDOW)..idx + 1;
            (mean, sd) = mean_and_sd(&values[known.clone()]);
        }
        (score * 1e12).round() / 1e12
    };
    (0..values.len()).map(&mut score).collect()
}

fn mean_and_sd(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let sd = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
    (mean, if sd > 0.0 { sd } else { 1e-6 })
}

/// `P(Z > z)`: by its series up to 1, and with the tail of the library beyond.
fn normal_tail(z: f64) -> f64 {
    if z >= 1.0 {
        return analysis::stats::normal::upper_tail(z);
    }
    let (mut term, mut sum) = (z, z);
    for k in 1..30 {
        term *= -z * z / (2.0 * f64::from(k));
        sum += term / f64::from(2 * k + 1);
    }
    0.5 - sum / (2.0 * std::f64::consts::PI).sqrt()
}

struct Series {
    name: String,
    values: Vec<f64>,
    windows: Vec<std::ops::RangeInclusive<usize>>,
}

impl Series {
    fn labelled(&self, detector: fn(&[f64]) -> Vec<f64>) -> Labelled {
        Labelled {
            scores: detector(&self.values),
            windows: self.windows.clone(),
        }
    }
}

fn read(folder: &Path) -> Result<Vec<Series>> {
    let path = folder.join("windows.json");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let windows: BTreeMap<String, Vec<[String; 2]>> = serde_json::from_str(&text)?;
    let tweets = windows
        .iter()
        .filter(|(name, _)| name.starts_with("realTweets/"));
    let series: Vec<Series> = tweets
        .map(|(name, windows)| read_series(folder, name, windows).with_context(|| name.clone()))
        .collect::<Result<_>>()?;
    ensure!(!series.is_empty(), "{} names no series", path.display());
    Ok(series)
}

fn read_series(folder: &Path, name: &str, windows: &[[String; 2]]) -> Result<Series> {
    let text = fs::read_to_string(folder.join(name))?;
    let rows: Vec<(&str, f64)> = text
        .lines()
        .skip(1)
        .map(|line| {
            let (time, value) = line.split_once(',').with_context(|| line.to_owned())?;
            Ok((time, value.trim().parse()?))
        })
        .collect::<Result<_>>()?;
    let place = |time: &String| {
        let seconds = time.split('.').next().unwrap_or_default();
        let place = rows.iter().position(|(at, _)| *at == seconds);
        place.with_context(|| format!("there is no {time}"))
    };
    let windows = windows
        .iter()
        .map(|[from, to]| Ok(place(from)?..=place(to)?));
    Ok(Series {
        name: name.to_owned(),
        values: rows.iter().map(|(_, value)| *value).collect(),
        windows: windows.collect::<Result<_>>()?,
    })
}
