//! How often the lead/lag test cries wolf, and how often it finds what is there, by simulation.
//!
//! `cargo run --release -p analysis --example leadlag_size [RUNS] [N]` (defaults 1,000 runs of 720
//! buckets, lags up to 24). Prints one line a case; the seeds are the numbers of the runs.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a program that reads its arguments and prints what it found"
)]

use analysis::{
    series::Series,
    stats::{
        leadlag::{Lags, lead_lag},
        random::Random,
    },
    view::Verdict,
};

/// What a pair of independent series is made of.
#[derive(Clone, Copy)]
enum Null {
    /// Both are autoregressions of order 1 with this coefficient.
    Ar(f64),
    /// Sentiment remembers (0.9), returns do not.
    SentimentOnly,
    /// Returns with clustered volatility, GARCH(1,1) with 0.1 and 0.85; sentiment remembers (0.9).
    Garch,
    /// Shocks with heavy tails, Student's t with 3 degrees of freedom; both remember (0.5).
    HeavyTails,
    /// Both have a day's rhythm in their level, each its own; both remember (0.5).
    DailyRhythm,
    /// Every cell of sentiment is missing with probability 0.3; both remember (0.5).
    Gaps,
}

const LAGS: Lags = Lags {
    max: 24,
    period: 24,
};
const BURN_IN: usize = 500;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let n_runs: u64 = arguments.next().map_or(Ok(1_000), |a| a.parse())?;
    let n: usize = arguments.next().map_or(Ok(720), |a| a.parse())?;
    println!(
        "{n_runs} runs, {n} buckets, lags up to {}; standard error of 5 %: {:.1} points",
        LAGS.max,
        100.0 * (0.05 * 0.95 / n_runs as f64).sqrt()
    );
    let nulls = [
        ("AR(1) 0", Null::Ar(0.0)),
        ("AR(1) 0.5", Null::Ar(0.5)),
        ("AR(1) 0.9", Null::Ar(0.9)),
        ("AR(1) 0.98", Null::Ar(0.98)),
        ("AR(1) 0.9 and white noise", Null::SentimentOnly),
        ("AR(1) 0.9 and GARCH", Null::Garch),
        ("t(3) shocks", Null::HeavyTails),
        ("daily rhythm", Null::DailyRhythm),
        ("30 % gaps in sentiment", Null::Gaps),
    ];
    println!("\nindependent series: share with a lead, a lag or together");
    for (name, null) in nulls {
        let alarms = (0..n_runs).filter(|seed| {
            let (x, y) = independent(null, n, *seed);
            lead_lag(&x, &y, LAGS).verdict != Verdict::None
        });
        println!(
            "{name:28} {:5.1} %",
            100.0 * alarms.count() as f64 / n_runs as f64
        );
    }
    println!(
        "\nsentiment leads by 6, beta 0.15, both AR(1) 0.9: share found, and of those with lag 5 to 7"
    );
    let leads: Vec<i32> = (0..n_runs).filter_map(|seed| found_lead(n, seed)).collect();
    let n_right = leads.iter().filter(|lag| (5..=7).contains(*lag)).count();
    println!(
        "{:28} {:5.1} %  {:5.1} %",
        "",
        100.0 * leads.len() as f64 / n_runs as f64,
        100.0 * n_right as f64 / leads.len().max(1) as f64
    );
    Ok(())
}

fn found_lead(n: usize, seed: u64) -> Option<i32> {
    let mut random = Random::new(seed);
    let x = remembering(0.9, &shocks(&mut random, n + 6));
    let own = remembering(0.9, &shocks(&mut random, n + 6));
    let y = own.iter().skip(6).zip(&x).map(|(own, x)| own + 0.15 * x);
    let (x, y): (Series, Series) = (x.iter().skip(6).copied().collect(), y.collect());
    match lead_lag(&x, &y, LAGS).verdict {
        Verdict::SentimentLeads { lag } => Some(lag),
        Verdict::PriceLeads { lag } => Some(-lag),
        Verdict::Together => Some(0),
        Verdict::None | Verdict::TooShort { .. } => None,
    }
}

fn independent(null: Null, n: usize, seed: u64) -> (Series, Series) {
    let mut random = Random::new(seed);
    let shocks_x = shocks(&mut random, n);
    let shocks_y = shocks(&mut random, n);
    let series = |values: Vec<f64>| values.into_iter().collect::<Series>();
    match null {
        Null::Ar(phi) => (
            series(remembering(phi, &shocks_x)),
            series(remembering(phi, &shocks_y)),
        ),
        Null::SentimentOnly => (
            series(remembering(0.9, &shocks_x)),
            series(remembering(0.0, &shocks_y)),
        ),
        Null::Garch => (
            series(remembering(0.9, &shocks_x)),
            series(remembering(0.0, &garch(&shocks_y))),
        ),
        Null::HeavyTails => {
            let (x, y) = (heavy(&mut random, &shocks_x), heavy(&mut random, &shocks_y));
            (series(remembering(0.5, &x)), series(remembering(0.5, &y)))
        }
        Null::DailyRhythm => {
            let phases = (24.0 * random.uniform(), 24.0 * random.uniform());
            (
                series(with_rhythm(&shocks_x, phases.0)),
                series(with_rhythm(&shocks_y, phases.1)),
            )
        }
        Null::Gaps => {
            let x = remembering(0.5, &shocks_x);
            let x = Series::with_gaps(x.into_iter().map(|v| (random.uniform() > 0.3).then_some(v)));
            (x, series(remembering(0.5, &shocks_y)))
        }
    }
}

fn shocks(random: &mut Random, n: usize) -> Vec<f64> {
    (0..n + BURN_IN).map(|_| random.normal()).collect()
}

/// `x_t = phi x_{t−1} + shock_t`, without the burn-in.
fn remembering(phi: f64, shocks: &[f64]) -> Vec<f64> {
    let mut level = 0.0;
    let mut values = shocks.iter().map(|shock| {
        level = phi * level + shock;
        level
    });
    values.by_ref().take(BURN_IN).for_each(drop);
    values.collect()
}

fn garch(shocks: &[f64]) -> Vec<f64> {
    let (mut variance, mut before) = (1.0, 0.0);
    let value = |shock: &f64| {
        variance = 0.05 + 0.1 * before * before + 0.85 * variance;
        before = f64::sqrt(variance) * shock;
        before
    };
    shocks.iter().map(value).collect()
}

fn heavy(random: &mut Random, shocks: &[f64]) -> Vec<f64> {
    let mut chi = || (0..3).map(|_| random.normal().powi(2)).sum::<f64>();
    shocks
        .iter()
        .map(|shock| shock / (chi() / 3.0).sqrt())
        .collect()
}

fn with_rhythm(shocks: &[f64], phase: f64) -> Vec<f64> {
    let rhythm = |t: usize| (std::f64::consts::TAU * (t as f64 + phase) / 24.0).sin();
    remembering(0.5, shocks)
        .iter()
        .enumerate()
        .map(|(t, v)| v + rhythm(t))
        .collect()
}
