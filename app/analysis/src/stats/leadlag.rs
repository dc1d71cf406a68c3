//! Which of two series moves first, if either does.
//!
//! Both series are prewhitened: a daily rhythm goes, then what an autoregression of their own explains,
//! and the few largest shocks are pulled in. Then every lag's correlation of what remains is compared
//! with one limit that chance passes in 5 % of cases *over all lags together*. What passes must be
//! confirmed by surrogates that share the memory of the series and nothing else. The share of false
//! alarms and the power are measured by `examples/leadlag_size.rs`.

mod among_many;
mod placebo;
pub mod surrogate;
mod whiten;

pub use among_many::{AmongMany, among_many};
pub use placebo::{MIN_SHIFTS, Placebo, placebo};
pub use surrogate::Surrogates;

use crate::{
    order,
    series::Series,
    stats::{
        ccf::{Ccf, CcfError, ccf},
        correlation::n_effective,
        normal::{family_p, two_sided},
    },
    view,
};
use whiten::{known_period, whiten};

/// Pairs needed for a statement. At 60 pairs and 25 lags the limit is about 0.4: of anything shorter
/// only a correlation too strong to believe could pass, and the normal limit itself becomes doubtful.
pub const MIN_PAIRS: usize = 60;

/// Pairs that a single lag needs to be shown.
const MIN_PAIRS_AT_LAG: usize = 30;

/// A lag of [`lead_lag`] reaches over a fifth of the series at most.
const MIN_BUCKETS_PER_LAG: usize = 5;

/// Shocks further out than this many robust standard deviations are pulled in to it: otherwise two
/// outliers that meet at one of many lags decide alone.
const MAX_SHOCK: f64 = 4.0;

/// Probability of a false alarm over all lags.
pub const ALPHA: f64 = 0.05;

/// How much of the probability the interval of the best lag holds.
const INTERVAL_SHARE: f64 = 0.95;

/// Which lags are looked at, and which rhythm is taken out first.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Lags {
    /// Largest lag either way.
    pub max: usize,
    /// Buckets in a day, where the grid is finer than days: the mean of each time of day is taken out
    /// of both series. 0 or 1 takes nothing out.
    pub period: usize,
}

/// How the test is made.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Settings {
    /// The lags looked at.
    pub lags: Lags,
    /// The confirmation.
    pub surrogates: Surrogates,
    /// When it is computed.
    pub confirm: Confirm,
    /// Shortest lag, in buckets, that the delays of the sources allow to claim: the latency floor
    /// divided by the width, rounded up. 0 and 1 forbid nothing.
    pub min_claimed_lag: u32,
}

/// When the surrogates are drawn.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Confirm {
    /// Only where the first test finds something to confirm.
    #[default]
    WhenFound,
    /// Always, so that `p_surrogate` is known in any case.
    Always,
}

/// The outcome over all lags.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LeadLag {
    /// Lags in buckets, ascending; **positive: x leads y**.
    pub lags: Vec<i32>,
    /// Correlation of the series as they are, by lag: to be shown, not to be tested.
    pub raw: Vec<Option<f64>>,
    /// Correlation of the prewhitened series by lag; `None` where too few pairs remain.
    pub correlation: Vec<Option<f64>>,
    /// Family-wise 95 % limit of |correlation| if neither series knew of the other.
    pub bound: f64,
    /// Pairs of the series as they are, at lag 0.
    pub n_pairs: usize,
    /// Pairs of the prewhitened series at lag 0.
    pub n: usize,
    /// Effective number of independent pairs before prewhitening (Bartlett).
    pub n_effective: f64,
    /// Order of the autoregression taken out of x.
    pub order_x: usize,
    /// Order of the autoregression taken out of y.
    pub order_y: usize,
    /// Lag with the largest |correlation|; `None` where there is none to compare.
    pub best_lag: Option<i32>,
    /// First and last of the lags that together hold 95 % of the probability, were there exactly one
    /// true lag among those looked at and none more likely beforehand.
    pub best_lag_interval: Option<(i32, i32)>,
    /// p of the best lag as if it had been the only one looked at.
    pub p_raw: Option<f64>,
    /// p of the best lag over all lags looked at.
    pub p_family: Option<f64>,
    /// p of the best lag over all lags by surrogates; `None` where none were drawn.
    pub p_surrogate: Option<f64>,
    /// The best of the lags above 0: x leads.
    pub x_leads: Option<Peak>,
    /// The best of the lags below 0: y leads.
    pub y_leads: Option<Peak>,
    /// What follows.
    pub verdict: Verdict,
}

/// The largest |correlation| in one direction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// Buckets; the sign as everywhere.
    pub lag: i32,
    /// Of the prewhitened series.
    pub correlation: f64,
    /// Over all lags of both directions.
    pub p_family: f64,
}

/// What the test says, for two series x and y.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Verdict {
    /// Fewer pairs than are needed for a statement.
    TooShort {
        /// Pairs needed.
        needed: u32,
    },
    /// No evidence of a lead, or none that was confirmed. The usual result.
    #[default]
    NoReliableLeadOrLag,
    /// x moves first.
    XLeads {
        /// Buckets, positive.
        lag: i32,
    },
    /// y moves first.
    YLeads {
        /// Buckets, positive.
        lag: i32,
    },
    /// They move in the same bucket.
    Together,
    /// There is a lag, but it is shorter than the delays of the sources: which of the two moved first
    /// cannot be told, and nothing is claimed.
    BelowLatencyFloor {
        /// Buckets; positive where x was seen first.
        lag: i32,
    },
}

impl From<Verdict> for view::Verdict {
    /// For x = sentiment and y = price.
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::TooShort { needed } => Self::TooShort { needed },
            Verdict::NoReliableLeadOrLag | Verdict::BelowLatencyFloor { .. } => Self::None,
            Verdict::XLeads { lag } => Self::SentimentLeads { lag },
            Verdict::YLeads { lag } => Self::PriceLeads { lag },
            Verdict::Together => Self::Together,
        }
    }
}

/// Tests whether x leads y or y leads x, with the usual confirmation.
///
/// Lags reach over a fifth of the pairs at most. Series of different lengths, and series that never move, are answered like series that are too short;
/// [`test`] tells them apart.
pub fn lead_lag(x: &Series, y: &Series, lags: Lags) -> LeadLag {
    let max = lags.max.min(n_pairs(x, y) / MIN_BUCKETS_PER_LAG);
    let settings = Settings {
        lags: Lags { max, ..lags },
        ..Settings::default()
    };
    test(x, y, settings).unwrap_or_else(|_| LeadLag {
        verdict: TOO_SHORT,
        ..LeadLag::default()
    })
}

const TOO_SHORT: Verdict = Verdict::TooShort {
    needed: MIN_PAIRS as u32,
};

/// Tests whether x leads y or y leads x.
///
/// # Errors
/// [`CcfError`]: different lengths, no pair of values at all, or a series that never moves. Too few pairs
/// for a statement are no error but the verdict [`Verdict::TooShort`].
///
/// # Source
/// Box & Jenkins' prewhitening as advised by Dean & Dunsmuir, *Behavior Research Methods* 48 (2016)
/// 783–802; Šidák's limit over the lags; confirmation by [`Surrogates::p_of_largest`].
pub fn test(x: &Series, y: &Series, settings: Settings) -> Result<LeadLag, CcfError> {
    let n_both = n_pairs(x, y);
    let max_lag = settings.lags.max;
    let raw = ccf(x, y, max_lag)?;
    let period = known_period(settings.lags.period, n_both);
    let (white_x, white_y) = (whiten(x, period), whiten(y, period));
    let mut outcome = LeadLag {
        n_pairs: n_both,
        n_effective: n_effective(x, y, n_both),
        order_x: white_x.order,
        order_y: white_y.order,
        verdict: TOO_SHORT,
        ..LeadLag::default()
    };
    // A series whose every move is explained by itself has nothing left to compare.
    let found = match ccf(&white_x.rest, &white_y.rest, max_lag) {
        Ok(found) => found,
        Err(CcfError::TooShort) => return Ok(outcome),
        Err(error) => return Err(error),
    };
    outcome.n = found.n;
    if found.n < MIN_PAIRS {
        return Ok(outcome);
    }
    outcome.lags = raw.lags;
    outcome.raw = raw.values;
    let chance = Chance::new(&found, period.unwrap_or(1));
    outcome.correlation = found
        .values
        .iter()
        .zip(&found.n_pairs)
        .map(|(value, n)| value.filter(|_| is_shown(*n)))
        .collect();
    outcome.bound = chance.limit(ALPHA);
    let Some(best) = outcome.best_of(|_| true, &chance) else {
        return Ok(outcome);
    };
    outcome.x_leads = outcome.best_of(|lag| lag > 0, &chance);
    outcome.y_leads = outcome.best_of(|lag| lag < 0, &chance);
    outcome.best_lag = Some(best.lag);
    outcome.best_lag_interval = interval(&outcome.lags, &outcome.correlation, chance.n_free);
    outcome.p_family = Some(best.p_family);
    outcome.p_raw = chance.p_raw(best);
    let is_found = best.p_family < ALPHA;
    if is_found || settings.confirm == Confirm::Always {
        let (x, y, largest) = (&white_x.rest, &white_y.rest, best.correlation.abs());
        let p = settings
            .surrogates
            .p_of_largest(x, y, &found, MIN_PAIRS_AT_LAG, largest);
        outcome.p_surrogate = Some(p);
    }
    let is_confirmed = outcome.p_surrogate.is_some_and(|p| p <= ALPHA);
    outcome.verdict = if is_found && is_confirmed {
        say(best.lag, settings.min_claimed_lag)
    } else {
        Verdict::NoReliableLeadOrLag
    };
    Ok(outcome)
}

fn say(lag: i32, min_claimed_lag: u32) -> Verdict {
    match lag {
        0 => Verdict::Together,
        lag if lag.unsigned_abs() < min_claimed_lag => Verdict::BelowLatencyFloor { lag },
        1.. => Verdict::XLeads { lag },
        _ => Verdict::YLeads { lag: -lag },
    }
}

fn n_pairs(x: &Series, y: &Series) -> usize {
    let both = x.values().iter().zip(y.values());
    both.filter(|(x, y)| x.is_some() && y.is_some()).count()
}

fn is_shown(n_pairs: usize) -> bool {
    n_pairs >= MIN_PAIRS_AT_LAG
}

/// What chance does to the correlations of white series.
struct Chance {
    /// Standard deviation by lag; 0 where a lag is not shown.
    deviations: Vec<f64>,
    lags: Vec<i32>,
    n_free: f64,
}

impl Chance {
    /// Each mean that was taken out makes the remains a little more alike.
    fn new(found: &Ccf, n_means: usize) -> Self {
        let n_free = found.divisor.saturating_sub(n_means).max(1) as f64;
        let deviation = |n: &usize| {
            let share = *n as f64 / found.divisor as f64;
            if is_shown(*n) {
                (share / n_free).sqrt()
            } else {
                0.0
            }
        };
        Self {
            deviations: found.n_pairs.iter().map(deviation).collect(),
            lags: found.lags.clone(),
            n_free,
        }
    }

    fn p_family(&self, largest: f64) -> f64 {
        family_p(largest, self.deviations.iter().copied())
    }

    fn p_raw(&self, peak: Peak) -> Option<f64> {
        let place = self.lags.iter().position(|lag| *lag == peak.lag)?;
        let deviation = self.deviations.get(place).filter(|d| **d > 0.0)?;
        Some(two_sided(peak.correlation / deviation))
    }

    /// The |correlation| that chance passes at some lag with this probability.
    fn limit(&self, alpha: f64) -> f64 {
        let (mut low, mut high) = (0.0, 8.0 / self.n_free.sqrt());
        for _ in 0..40 {
            let middle = 0.5 * (low + high);
            if self.p_family(middle) > alpha {
                low = middle;
            } else {
                high = middle;
            }
        }
        high
    }
}

impl LeadLag {
    /// The largest |correlation| among these lags; of equal ones the shortest lag.
    fn best_of(&self, is_meant: impl Fn(i32) -> bool, chance: &Chance) -> Option<Peak> {
        let by_lag = self.lags.iter().zip(&self.correlation);
        let known =
            by_lag.filter_map(|(lag, value)| Some((*lag, value.filter(|_| is_meant(*lag))?)));
        let (lag, correlation) = known.max_by(|a, b| {
            let by_size = a.1.abs().total_cmp(&b.1.abs());
            by_size.then(b.0.abs().cmp(&a.0.abs()))
        })?;
        Some(Peak {
            lag,
            correlation,
            p_family: chance.p_family(correlation.abs()),
        })
    }
}

/// If y follows x at one lag and both are white, a lag's likelihood is `(1 − r²)^(−n/2)`.
fn interval(lags: &[i32], correlation: &[Option<f64>], n: f64) -> Option<(i32, i32)> {
    let ln_likelihood = |r: f64| -0.5 * n * (-r * r).max(-1.0 + 1e-15).ln_1p();
    let mut likely: Vec<(i32, f64)> = lags
        .iter()
        .zip(correlation)
        .filter_map(|(lag, r)| Some((*lag, ln_likelihood((*r)?))))
        .collect();
    order::sort_by(&mut likely, |a, b| {
        b.1.total_cmp(&a.1).then(a.0.abs().cmp(&b.0.abs()))
    });
    let (_, greatest) = *likely.first()?;
    let weight = |(_, ln): &(i32, f64)| (ln - greatest).exp();
    let total: f64 = likely.iter().map(weight).sum();
    let mut share = 0.0;
    let n_needed = likely.iter().position(|lag| {
        share += weight(lag) / total;
        share >= INTERVAL_SHARE
    });
    let held = likely.get(..=n_needed.unwrap_or(likely.len() - 1))?;
    let first = held.iter().map(|(lag, _)| *lag).min()?;
    let last = held.iter().map(|(lag, _)| *lag).max()?;
    Some((first, last))
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

        assert_eq!(lead_lag(&x, &y, HOURS).verdict, Verdict::XLeads { lag: 3 });
        assert_eq!(lead_lag(&y, &x, HOURS).verdict, Verdict::YLeads { lag: 3 });
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

        assert_eq!(outcome.verdict, Verdict::NoReliableLeadOrLag);
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

        assert_eq!(outcome.verdict, Verdict::XLeads { lag: 3 });
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
            Verdict::NoReliableLeadOrLag
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

        assert_eq!(outcome.verdict, Verdict::NoReliableLeadOrLag);
    }
}
