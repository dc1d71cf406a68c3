//! How often the lead/lag test cries wolf, and how often it finds what is there, by simulation.
//!
//! `cargo run --release -p analysis --example leadlag_size [RUNS] [N] [THREADS]` (defaults: 1,000 runs of
//! 720 buckets, lags up to 24, one thread). Prints one line a case; the seeds are the numbers of the runs.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a program that reads its arguments and prints what it found"
)]

use std::thread;

use analysis::{
    series::Series,
    stats::{
        leadlag::{Lags, LeadLag, Settings, Verdict, test},
        random::Random,
    },
};
use anyhow::{Result, anyhow};

/// What a pair of independent series is made of.
#[derive(Clone, Copy)]
enum Null {
    /// Both are autoregressions of order 1 with this coefficient.
    Ar(f64),
    /// Sentiment remembers (0.9), returns do not.
    SentimentOnly,
    /// Returns with clustered volatility, GARCH(1,1) with 0.1 and 0.85; sentiment remembers (0.9).
    Garch,
    /// Both have clustered volatility, each its own, and no memory.
    BothGarch,
    /// Shocks with heavy tails, Student's t with 3 degrees of freedom; both remember (0.5).
    HeavyTails,
    /// Both have a day's rhythm in their level, each its own; both remember (0.5).
    DailyRhythm,
    /// The same with a rhythm twice as strong, of the same phase.
    SharedRhythm,
    /// The same as the first, and the test is not told of the period.
    UnknownRhythm,
    /// Every cell of sentiment is missing with probability 0.3; both remember (0.5).
    Gaps,
}

const NULLS: [(&str, Null); 13] = [
    ("AR(1) 0", Null::Ar(0.0)),
    ("AR(1) 0.5", Null::Ar(0.5)),
    ("AR(1) 0.9", Null::Ar(0.9)),
    ("AR(1) 0.98", Null::Ar(0.98)),
    ("AR(1) -0.5", Null::Ar(-0.5)),
    ("AR(1) 0.9 and white noise", Null::SentimentOnly),
    ("AR(1) 0.9 and GARCH", Null::Garch),
    ("GARCH twice", Null::BothGarch),
    ("t(3) shocks", Null::HeavyTails),
    ("daily rhythm", Null::DailyRhythm),
    ("strong shared daily rhythm", Null::SharedRhythm),
    ("daily rhythm, period unknown", Null::UnknownRhythm),
    ("30 % gaps in sentiment", Null::Gaps),
];

const LAGS: Lags = Lags {
    max: 24,
    period: 24,
};
const TRUE_LAG: i32 = 6;
const BURN_IN: usize = 500;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut argument = |usual: u64| arguments.next().map_or(Ok(usual), |a| a.parse());
    let (n_runs, n, n_threads) = (argument(1_000)?, argument(720)? as usize, argument(1)?);
    println!(
        "seeds 0 to {}, {n} buckets, lags up to {}; standard error of 5 %: {:.2} points",
        n_runs - 1,
        LAGS.max,
        100.0 * (0.05 * 0.95 / n_runs as f64).sqrt()
    );
    println!(
        "\nindependent series, share in percent of: p_family < .05 | a confirmed lead or lag | the same or together"
    );
    for (name, null) in NULLS {
        let outcomes = runs(n_runs, n_threads, |seed| {
            let (x, y) = independent(null, n, seed);
            let period = if matches!(null, Null::UnknownRhythm) {
                0
            } else {
                LAGS.period
            };
            outcome(&x, &y, period)
        })?;
        let share = |is_counted: fn(&LeadLag) -> bool| {
            100.0 * outcomes.iter().filter(|o| is_counted(o)).count() as f64 / n_runs as f64
        };
        println!(
            "{name:30} {:6.2} {:6.2} {:6.2}",
            share(|o| o.p_family.is_some_and(|p| p < 0.05)),
            share(is_lead_or_lag),
            share(|o| o.verdict != Verdict::NoReliableLeadOrLag),
        );
    }
    power(n_runs, n, n_threads)
}

fn power(n_runs: u64, n: usize, n_threads: u64) -> Result<()> {
    println!("\nx leads by {TRUE_LAG}, beta 0.15, both AR(1) 0.9");
    let outcomes = runs(n_runs, n_threads, |seed| {
        let (x, y) = following(n, seed);
        outcome(&x, &y, LAGS.period)
    })?;
    let percent = |n: usize, of: usize| 100.0 * n as f64 / of.max(1) as f64;
    let hits: Vec<&LeadLag> = outcomes
        .iter()
        .filter(|o| o.p_family.is_some_and(|p| p < 0.05))
        .collect();
    let count = |is_counted: fn(&LeadLag) -> bool| hits.iter().filter(|o| is_counted(o)).count();
    let n_right = count(|o| o.best_lag.is_some_and(|lag| (lag - TRUE_LAG).abs() <= 1));
    let n_held = count(|o| {
        o.best_lag_interval
            .is_some_and(|(first, last)| (first..=last).contains(&TRUE_LAG))
    });
    println!(
        "p_family < .05                   {:6.2}",
        percent(hits.len(), outcomes.len())
    );
    println!(
        "of these lag 5 to 7              {:6.2}",
        percent(n_right, hits.len())
    );
    println!(
        "of these interval holds the lag  {:6.2}",
        percent(n_held, hits.len())
    );
    println!(
        "confirmed as a lead              {:6.2}",
        percent(count(is_lead_or_lag), outcomes.len())
    );
    Ok(())
}

fn is_lead_or_lag(outcome: &LeadLag) -> bool {
    matches!(
        outcome.verdict,
        Verdict::XLeads { .. } | Verdict::YLeads { .. }
    )
}

/// Every n_threads-th seed on a thread of its own.
fn runs(
    n_runs: u64,
    n_threads: u64,
    run: impl Fn(u64) -> Result<LeadLag> + Sync,
) -> Result<Vec<LeadLag>> {
    let n_threads = n_threads.max(1);
    thread::scope(|scope| {
        let run = &run;
        let of_thread = |first| {
            move || {
                (first..n_runs)
                    .step_by(n_threads as usize)
                    .map(run)
                    .collect()
            }
        };
        let threads: Vec<_> = (0..n_threads)
            .map(|first| scope.spawn(of_thread(first)))
            .collect();
        let mut outcomes = Vec::new();
        for thread in threads {
            let of_one: Result<Vec<LeadLag>> =
                thread.join().map_err(|_| anyhow!("a thread has failed"))?;
            outcomes.extend(of_one?);
        }
        Ok(outcomes)
    })
}

fn outcome(x: &Series, y: &Series, period: usize) -> Result<LeadLag> {
    let settings = Settings {
        lags: Lags { period, ..LAGS },
        ..Settings::default()
    };
    Ok(test(x, y, settings)?)
}

fn following(n: usize, seed: u64) -> (Series, Series) {
    let mut random = Random::new(seed);
    let lag = TRUE_LAG as usize;
    let x = remembering(0.9, &shocks(&mut random, n + lag));
    let own = remembering(0.9, &shocks(&mut random, n + lag));
    let y = own.iter().skip(lag).zip(&x).map(|(own, x)| own + 0.15 * x);
    (x.iter().skip(lag).copied().collect(), y.collect())
}

fn independent(null: Null, n: usize, seed: u64) -> (Series, Series) {
    let mut random = Random::new(seed);
    let shocks_x = shocks(&mut random, n);
    let shocks_y = shocks(&mut random, n);
    let pair = |x: Vec<f64>, y: Vec<f64>| (x.into_iter().collect(), y.into_iter().collect());
    match null {
        Null::Ar(phi) => pair(remembering(phi, &shocks_x), remembering(phi, &shocks_y)),
        Null::SentimentOnly => pair(remembering(0.9, &shocks_x), remembering(0.0, &shocks_y)),
        Null::Garch => pair(
            remembering(0.9, &shocks_x),
            remembering(0.0, &garch(&shocks_y)),
        ),
        Null::BothGarch => pair(
            remembering(0.0, &garch(&shocks_x)),
            remembering(0.0, &garch(&shocks_y)),
        ),
        Null::HeavyTails => {
            let (x, y) = (heavy(&mut random, &shocks_x), heavy(&mut random, &shocks_y));
            pair(remembering(0.5, &x), remembering(0.5, &y))
        }
        Null::DailyRhythm | Null::UnknownRhythm => {
            let phases = (24.0 * random.uniform(), 24.0 * random.uniform());
            pair(
                with_rhythm(&shocks_x, 1.0, phases.0),
                with_rhythm(&shocks_y, 1.0, phases.1),
            )
        }
        Null::SharedRhythm => pair(
            with_rhythm(&shocks_x, 2.0, 0.0),
            with_rhythm(&shocks_y, 2.0, 0.0),
        ),
        Null::Gaps => {
            let x = remembering(0.5, &shocks_x);
            let x = Series::with_gaps(x.into_iter().map(|v| (random.uniform() > 0.3).then_some(v)));
            (x, remembering(0.5, &shocks_y).into_iter().collect())
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

fn with_rhythm(shocks: &[f64], strength: f64, phase: f64) -> Vec<f64> {
    let rhythm = |t: usize| (std::f64::consts::TAU * (t as f64 + phase) / 24.0).sin();
    remembering(0.5, shocks)
        .iter()
        .enumerate()
        .map(|(t, v)| v + strength * rhythm(t))
        .collect()
}
