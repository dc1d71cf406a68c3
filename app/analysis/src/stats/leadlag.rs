//! Which of two series moves first, if either does.
//!
//! Both series are prewhitened: a daily rhythm goes, then what an autoregression of their own explains,
//! and the few largest shocks are pulled in. Then every lag's correlation of what remains is compared
//! with one limit that chance passes in 5 % of cases *over all lags together*. The share of false
//! alarms and the power are measured by `examples/leadlag_size.rs`.

use crate::{
    series::Series,
    stats::{
        ccf::{Ccf, ccf},
        normal::family_limit,
        prewhiten::{Autoregression, usual_max_order},
    },
    view::Verdict,
};

/// Pairs needed for a statement. At 60 pairs and 25 lags the limit is about 0.4: of anything shorter
/// only a correlation too strong to believe could pass, and the normal limit itself becomes doubtful.
pub const MIN_PAIRS: usize = 60;

/// Pairs that a single lag needs to be shown.
const MIN_PAIRS_AT_LAG: usize = 30;

/// A lag reaches over a fifth of the series at most.
const MIN_BUCKETS_PER_LAG: usize = 5;

/// How many whole periods are needed to know a rhythm.
const MIN_PERIODS: usize = 4;

/// Shocks further out than this many robust standard deviations are pulled in to it: otherwise two
/// outliers that meet at one of many lags decide alone.
const MAX_SHOCK: f64 = 4.0;

/// Probability of a false alarm over all lags.
const ALPHA: f64 = 0.05;

/// Which lags are looked at, and which rhythm is taken out first.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Lags {
    /// Largest lag either way; a fifth of the series at most is used.
    pub max: usize,
    /// Buckets in a day, where the grid is finer than days: the mean of each time of day is taken out
    /// of both series. 0 or 1 takes nothing out.
    pub period: usize,
}

/// The outcome over all lags.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LeadLag {
    /// Lags in buckets, ascending; **positive: x leads y**.
    pub lags: Vec<i32>,
    /// Correlation of the prewhitened series by lag; `None` where too few pairs remain.
    pub correlation: Vec<Option<f64>>,
    /// Family-wise 95 % limit of |correlation| if neither series knew of the other.
    pub bound: f64,
    /// Pairs of the prewhitened series at lag 0.
    pub n: usize,
    /// Effective number of independent pairs before prewhitening.
    pub n_effective: f64,
    /// Order of the autoregression taken out of x.
    pub order_x: usize,
    /// Order of the autoregression taken out of y.
    pub order_y: usize,
    /// Lag with the largest |correlation|; `None` where there is none to compare.
    pub best_lag: Option<i32>,
    /// What follows.
    pub verdict: Verdict,
}

/// Tests whether x leads y or y leads x.
///
/// Series of different lengths, and series that never move, are answered like series that are too short.
///
/// # Source
/// Box & Jenkins' prewhitening as advised by Dean & Dunsmuir, *Behavior Research Methods* 48 (2016)
/// 783–802; Bonferroni over the lags.
pub fn lead_lag(x: &Series, y: &Series, lags: Lags) -> LeadLag {
    let n_both = x
        .values()
        .iter()
        .zip(y.values())
        .filter(|(x, y)| x.is_some() && y.is_some())
        .count();
    let has_rhythm = lags.period > 1 && n_both >= MIN_PERIODS * lags.period;
    let whiten = |series: &Series| {
        // Outliers go first, or they would make up the rhythm and the autoregression.
        let level = without_outliers(series);
        let level = if has_rhythm {
            without_rhythm(&level, lags.period)
        } else {
            level
        };
        let own = Autoregression::fit(&level, usual_max_order(level.n_present()));
        (own.order(), without_outliers(&own.residuals(&level)))
    };
    let ((order_x, white_x), (order_y, white_y)) = (whiten(x), whiten(y));
    let mut outcome = LeadLag {
        n_effective: n_effective(x, y, n_both),
        order_x,
        order_y,
        verdict: Verdict::TooShort {
            needed: MIN_PAIRS as u32,
        },
        ..LeadLag::default()
    };
    let Ok(found) = ccf(
        &white_x,
        &white_y,
        lags.max.min(n_both / MIN_BUCKETS_PER_LAG),
    ) else {
        return outcome;
    };
    outcome.n = found.n;
    if found.n < MIN_PAIRS {
        return outcome;
    }
    // Each mean that was taken out makes the remains a little more alike.
    let n_free = found
        .divisor
        .saturating_sub(if has_rhythm { lags.period } else { 1 })
        .max(1);
    judge(outcome, found, n_free)
}

/// Less the mean of each place in the period.
fn without_rhythm(series: &Series, period: usize) -> Series {
    let mut sums = vec![(0.0, 0.0); period];
    for (t, value) in series.values().iter().enumerate() {
        if let Some(value) = value {
            sums[t % period].0 += value;
            sums[t % period].1 += 1.0;
        }
    }
    let rest = |(t, value): (usize, &Option<f64>)| {
        value.map(|v| v - sums[t % period].0 / sums[t % period].1)
    };
    Series::with_gaps(series.values().iter().enumerate().map(rest))
}

/// Values beyond [`MAX_SHOCK`] robust standard deviations (1.4826 times the median absolute deviation)
/// pulled in to there. Where more than half of the values are equal there is no such measure, and
/// nothing is changed.
fn without_outliers(series: &Series) -> Series {
    let Some(middle) = median(series.values().iter().flatten().copied().collect()) else {
        return series.clone();
    };
    let deviations = series
        .values()
        .iter()
        .flatten()
        .map(|v| (v - middle).abs())
        .collect();
    let reach = MAX_SHOCK * 1.482_6 * median(deviations).unwrap_or(0.0);
    if reach <= 0.0 {
        return series.clone();
    }
    Series::with_gaps(
        series
            .values()
            .iter()
            .map(|value| value.map(|v| v.clamp(middle - reach, middle + reach))),
    )
}

/// The upper median; `None` of nothing.
fn median(mut values: Vec<f64>) -> Option<f64> {
    let middle = values.len() / 2;
    (!values.is_empty()).then(|| *values.select_nth_unstable_by(middle, f64::total_cmp).1)
}

fn judge(mut outcome: LeadLag, found: Ccf, n_free: usize) -> LeadLag {
    let is_shown = |n: &usize| *n >= MIN_PAIRS_AT_LAG;
    let n_tests = found.n_pairs.iter().filter(|n| is_shown(n)).count();
    outcome.bound = family_limit(ALPHA, n_tests) / (n_free as f64).sqrt();
    outcome.correlation = found
        .values
        .iter()
        .zip(&found.n_pairs)
        .map(|(value, n)| value.filter(|_| is_shown(n)))
        .collect();
    outcome.lags = found.lags;

    let known = outcome
        .lags
        .iter()
        .zip(&outcome.correlation)
        .filter_map(|(lag, value)| Some((*lag, value.as_ref()?.abs())));
    let best = known.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.abs().cmp(&a.0.abs())));
    outcome.best_lag = best.map(|(lag, _)| lag);
    outcome.verdict = match best {
        Some((lag, value)) if value > outcome.bound => match lag {
            1.. => Verdict::SentimentLeads { lag },
            0 => Verdict::Together,
            _ => Verdict::PriceLeads { lag: -lag },
        },
        _ => Verdict::None,
    };
    outcome
}

/// `n (1 − r₁r₂) / (1 + r₁r₂)` with the lag-1 autocorrelations of the two series, at most n.
///
/// # Source
/// Bretherton et al., *Journal of Climate* 12 (1999) 1990–2009, eq. 31.
fn n_effective(x: &Series, y: &Series, n: usize) -> f64 {
    let memory = |series: &Series| {
        let own = ccf(series, series, 1).ok()?;
        own.values.last().copied().flatten()
    };
    let product = memory(x).unwrap_or(0.0) * memory(y).unwrap_or(0.0);
    (n as f64 * (1.0 - product) / (1.0 + product).max(f64::EPSILON)).clamp(0.0, n as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Random;

    const HOURS: Lags = Lags {
        max: 24,
        period: 24,
    };

    /// A series with memory, and one that follows it by `lag`.
    fn pair(n: usize, lag: usize, strength: f64, seed: u64) -> (Vec<f64>, Vec<f64>) {
        let mut random = Random::new(seed);
        let mut x = vec![0.0];
        for t in 1..n + 100 {
            x.push(0.8 * x[t - 1] + random.normal());
        }
        let y = (100..n + 100)
            .map(|t| strength * x[t - lag] + random.normal())
            .collect();
        (x.split_off(100), y)
    }

    fn series(values: Vec<f64>) -> Series {
        values.into_iter().collect()
    }

    #[test]
    fn whoever_moves_first_is_said_to_lead_by_the_right_lag() {
        let (x, y) = pair(800, 3, 0.6, 11);
        let (x, y) = (series(x), series(y));

        assert_eq!(
            lead_lag(&x, &y, HOURS).verdict,
            Verdict::SentimentLeads { lag: 3 }
        );
        assert_eq!(
            lead_lag(&y, &x, HOURS).verdict,
            Verdict::PriceLeads { lag: 3 }
        );
    }

    #[test]
    fn what_moves_in_the_same_bucket_moves_together() {
        let (x, y) = pair(800, 0, 0.6, 12);

        assert_eq!(
            lead_lag(&series(x), &series(y), HOURS).verdict,
            Verdict::Together
        );
    }

    #[test]
    fn strangers_with_long_memories_have_no_lead() {
        let (x, _) = pair(800, 0, 0.0, 13);
        let (y, _) = pair(800, 0, 0.0, 14);

        let outcome = lead_lag(&series(x), &series(y), HOURS);

        assert_eq!(outcome.verdict, Verdict::None);
        assert!(outcome.n_effective < 300.0, "{}", outcome.n_effective);
        assert_eq!(
            (outcome.order_x, outcome.order_y, outcome.lags.len()),
            (1, 1, 49)
        );
    }

    #[test]
    fn gaps_cost_pairs_and_not_the_answer() {
        let (x, y) = pair(2_000, 3, 0.6, 15);
        let x = Series::with_gaps(
            x.into_iter()
                .enumerate()
                .map(|(t, v)| (t % 40 > 5).then_some(v)),
        );

        let outcome = lead_lag(&x, &series(y), HOURS);

        assert_eq!(outcome.verdict, Verdict::SentimentLeads { lag: 3 });
        assert!(outcome.n < 1_700);
    }

    #[test]
    fn too_few_pairs_allow_no_statement() {
        let (x, y) = pair(50, 0, 5.0, 16);
        let too_short = Verdict::TooShort { needed: 60 };

        assert_eq!(lead_lag(&series(x), &series(y), HOURS).verdict, too_short);
        assert_eq!(
            lead_lag(&Series::default(), &Series::default(), HOURS).verdict,
            too_short
        );
        assert_eq!(
            lead_lag(&series(vec![0.1; 500]), &series(vec![0.2; 500]), HOURS).verdict,
            too_short
        );
    }

    #[test]
    fn a_rhythm_that_both_share_is_no_lead() {
        let mut random = Random::new(17);
        let rhythm =
            |shift: f64| move |t: usize| (std::f64::consts::TAU * (t as f64 + shift) / 24.0).sin();
        let x = (0..720)
            .map(rhythm(0.0))
            .map(|v| v + random.normal())
            .collect();
        let y = (0..720)
            .map(rhythm(5.0))
            .map(|v| v + random.normal())
            .collect();

        assert_eq!(
            lead_lag(&series(x), &series(y), HOURS).verdict,
            Verdict::None
        );
    }

    #[test]
    fn two_outliers_do_not_decide_alone() {
        let (x, _) = pair(400, 0, 0.0, 18);
        let (y, _) = pair(400, 0, 0.0, 19);
        let with_outlier = |mut values: Vec<f64>, at: usize| {
            values[at] += 1_000.0;
            series(values)
        };

        let outcome = lead_lag(&with_outlier(x, 200), &with_outlier(y, 207), HOURS);

        assert_eq!(outcome.verdict, Verdict::None);
    }
}
