//! Which of two series moves first, if either does.
//!
//! Both series are prewhitened, each by its own autoregression; then every lag's correlation of what
//! remains is compared with one limit that chance passes in 5 % of cases *over all lags together*. The
//! share of false alarms and the power are measured by `examples/leadlag_size.rs`.

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

/// Probability of a false alarm over all lags.
const ALPHA: f64 = 0.05;

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

/// Tests whether x leads y or y leads x, over lags up to `max_lag` or a fifth of the series.
///
/// Series of different lengths, and series that never move, are answered like series that are too short.
///
/// # Source
/// Box & Jenkins' prewhitening as advised by Dean & Dunsmuir, *Behavior Research Methods* 48 (2016)
/// 783–802; Bonferroni over the lags.
pub fn lead_lag(x: &Series, y: &Series, max_lag: usize) -> LeadLag {
    let n_both = x
        .values()
        .iter()
        .zip(y.values())
        .filter(|(x, y)| x.is_some() && y.is_some())
        .count();
    let max_lag = max_lag.min(n_both / MIN_BUCKETS_PER_LAG);
    let own = |series: &Series| Autoregression::fit(series, usual_max_order(series.n_present()));
    let (own_x, own_y) = (own(x), own(y));
    let mut outcome = LeadLag {
        n_effective: n_effective(x, y, n_both),
        order_x: own_x.order(),
        order_y: own_y.order(),
        verdict: Verdict::TooShort {
            needed: MIN_PAIRS as u32,
        },
        ..LeadLag::default()
    };
    let Ok(found) = ccf(&own_x.residuals(x), &own_y.residuals(y), max_lag) else {
        return outcome;
    };
    outcome.n = found.n;
    if found.n < MIN_PAIRS {
        return outcome;
    }
    judge(outcome, found)
}

fn judge(mut outcome: LeadLag, found: Ccf) -> LeadLag {
    let is_shown = |n: &usize| *n >= MIN_PAIRS_AT_LAG;
    let n_tests = found.n_pairs.iter().filter(|n| is_shown(n)).count();
    outcome.bound = family_limit(ALPHA, n_tests) / (found.divisor as f64).sqrt();
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
            lead_lag(&x, &y, 24).verdict,
            Verdict::SentimentLeads { lag: 3 }
        );
        assert_eq!(lead_lag(&y, &x, 24).verdict, Verdict::PriceLeads { lag: 3 });
    }

    #[test]
    fn what_moves_in_the_same_bucket_moves_together() {
        let (x, y) = pair(800, 0, 0.6, 12);

        assert_eq!(
            lead_lag(&series(x), &series(y), 24).verdict,
            Verdict::Together
        );
    }

    #[test]
    fn strangers_with_long_memories_have_no_lead() {
        let (x, _) = pair(800, 0, 0.0, 13);
        let (y, _) = pair(800, 0, 0.0, 14);

        let outcome = lead_lag(&series(x), &series(y), 24);

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

        let outcome = lead_lag(&x, &series(y), 24);

        assert_eq!(outcome.verdict, Verdict::SentimentLeads { lag: 3 });
        assert!(outcome.n < 1_700);
    }

    #[test]
    fn too_few_pairs_allow_no_statement() {
        let (x, y) = pair(50, 0, 5.0, 16);
        let too_short = Verdict::TooShort { needed: 60 };

        assert_eq!(lead_lag(&series(x), &series(y), 24).verdict, too_short);
        assert_eq!(
            lead_lag(&Series::default(), &Series::default(), 24).verdict,
            too_short
        );
        assert_eq!(
            lead_lag(&series(vec![0.1; 500]), &series(vec![0.2; 500]), 24).verdict,
            too_short
        );
    }
}
