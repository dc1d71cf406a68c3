//! Lead and lag of two streams of ticks at irregular times, without putting them into bars.

use wire::Millis;

use crate::stats::{leadlag::Surrogates, quantile::middle_95, random::Random};

/// The first stream is cut into this many parts of equally many moves for the test and the interval.
const MAX_BLOCKS: usize = 64;

/// Moves of the first stream that a part needs at least.
const MIN_MOVES_PER_BLOCK: usize = 8;

/// Parts that a test needs at least: with six the smallest possible p is 1/32.
const MIN_BLOCKS: usize = 8;

/// Values at strictly ascending times.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ticks {
    times: Vec<Millis>,
    values: Vec<f64>,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TicksError {
    /// A time without a value or the other way round. A mistake of the caller.
    #[error("{times} times and {values} values; there must be as many of each")]
    Lengths {
        /// Times given.
        times: usize,
        /// Values given.
        values: usize,
    },
    /// A value is NaN or infinite.
    #[error("the value at index {0} is not finite")]
    NotFinite(usize),
    /// A price is 0 or negative and has no logarithm.
    #[error("the price at index {0} is not above 0")]
    NotPositive(usize),
    /// A time is before the one that precedes it.
    #[error("the time at index {0} lies before the one that precedes it")]
    Unsorted(usize),
    /// Two values at one time: which one held cannot be known.
    #[error("the time at index {0} is that of the tick before it; keep one of them")]
    Duplicate(usize),
    /// Too few moves for a statement.
    #[error("{n} moves remain, and {needed} are needed")]
    TooShort {
        /// Moves of the first or second stream.
        n: usize,
        /// How many are needed.
        needed: usize,
    },
    /// A stream that never moves leads nothing.
    #[error("a stream never moves")]
    Flat,
    /// No lags to look at, or a step that is not above 0.
    #[error(
        "the lags need a step above 0 and a reach of at least one step, with 100,001 lags at most"
    )]
    Lags,
}

impl Ticks {
    /// Takes values as they are.
    ///
    /// # Errors
    /// [`TicksError`] names the first tick that is wrong.
    pub fn levels(times: Vec<Millis>, values: Vec<f64>) -> Result<Self, TicksError> {
        if times.len() != values.len() {
            return Err(TicksError::Lengths {
                times: times.len(),
                values: values.len(),
            });
        }
        if let Some(idx) = values.iter().position(|v| !v.is_finite()) {
            return Err(TicksError::NotFinite(idx));
        }
        for (idx, pair) in times.windows(2).enumerate() {
            match pair[0].cmp(&pair[1]) {
                std::cmp::Ordering::Less => {}
                std::cmp::Ordering::Equal => return Err(TicksError::Duplicate(idx + 1)),
                std::cmp::Ordering::Greater => return Err(TicksError::Unsorted(idx + 1)),
            }
        }
        Ok(Self { times, values })
    }

    /// Takes the logarithms of prices, so that moves are returns.
    ///
    /// # Errors
    /// [`TicksError`] names the first tick that is wrong.
    pub fn log_prices(times: Vec<Millis>, prices: Vec<f64>) -> Result<Self, TicksError> {
        if let Some(idx) = prices.iter().position(|v| v.is_finite() && *v <= 0.0) {
            return Err(TicksError::NotPositive(idx));
        }
        Self::levels(times, prices.into_iter().map(f64::ln).collect())
    }

    /// How many ticks.
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether there is no tick.
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// What was known at `at`: the ticks up to and including it.
    pub fn as_of(&self, at: Millis) -> Self {
        let n = self.times.partition_point(|time| *time <= at);
        Self {
            times: self.times[..n].to_vec(),
            values: self.values[..n].to_vec(),
        }
    }

    /// The intervals over which the value changed.
    fn moves(&self) -> Vec<Move> {
        let times = self.times.windows(2);
        times
            .zip(self.values.windows(2))
            .map(|(times, values)| Move {
                from: times[0],
                to: times[1],
                by: values[1] - values[0],
            })
            .filter(|step| step.by.abs() > 0.0)
            .collect()
    }
}

/// A change over `(from, to]`.
#[derive(Clone, Copy, Debug)]
struct Move {
    from: Millis,
    to: Millis,
    by: f64,
}

/// Which lags are looked at: `−reach … reach` in steps.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LagGrid {
    /// Largest lag either way; the last whole step up to it is looked at.
    pub reach: Millis,
    /// Distance between lags.
    pub step: Millis,
}

impl LagGrid {
    fn lags(self) -> Result<Vec<Millis>, TicksError> {
        if self.step <= 0 || self.reach < self.step || self.reach / self.step > 50_000 {
            return Err(TicksError::Lags);
        }
        let n = self.reach / self.step;
        Ok((-n..=n).map(|k| k * self.step).collect())
    }
}

/// The correlation by lag and what follows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TickLead {
    /// Lags, ascending; **positive: the first stream leads**.
    pub lags: Vec<Millis>,
    /// Hayashi–Yoshida correlation by lag, signed; not bounded by 1 to the last digit.
    pub correlation: Vec<f64>,
    /// Where |correlation| is greatest.
    pub lead: Millis,
    /// 95 % of resampled data have their greatest |correlation| within these lags.
    pub interval: (Millis, Millis),
    /// Probability of a |correlation| at least as large at any of the lags if neither stream knew of
    /// the other.
    pub p: f64,
    /// `Σ ρ² (lag > 0) / Σ ρ² (lag < 0)`: above 1 the first stream leads on the whole. `None` where the
    /// lags below 0 have no correlation at all.
    pub lead_lag_ratio: Option<f64>,
    /// Moves of the first and of the second stream.
    pub n_moves: (usize, usize),
}

/// Looks for the lag at which two streams move together.
///
/// `ρ(θ) = Σ ΔX_i ΔY_j 1{I_i ∩ (J_j − θ) ≠ ∅} / √(Σ ΔX² Σ ΔY²)`, where `I_i` and `J_j` are the times
/// between ticks.
///
/// p comes from flipping the sign of the first stream's moves, part by part (64 parts with equally many
/// moves): if the streams are independent and moves up are as likely as moves down, that changes
/// nothing, whatever their volatility does. The interval comes from drawing parts with replacement,
/// `draws.count` times like p. At irregular times |ρ| may come out a little above 1.
///
/// # Errors
/// [`TicksError`]: no lags, too few moves, or a stream that never moves.
///
/// # Source
/// Hayashi & Yoshida, *Bernoulli* 11 (2005); Hoffmann, Rosenbaum & Yoshida, *Bernoulli* 19 (2013)
/// 426–461; the ratio: Huth & Abergel, *Journal of Empirical Finance* 26 (2014).
pub fn tick_lead(
    x: &Ticks,
    y: &Ticks,
    grid: LagGrid,
    draws: Surrogates,
) -> Result<TickLead, TicksError> {
    let lags = grid.lags()?;
    let (moves_x, moves_y) = (x.moves(), y.moves());
    let needed = MIN_BLOCKS * MIN_MOVES_PER_BLOCK;
    for (ticks, moves) in [(x, &moves_x), (y, &moves_y)] {
        if ticks.len() > needed && moves.is_empty() {
            return Err(TicksError::Flat);
        }
        if moves.len() < needed {
            let n = moves.len();
            return Err(TicksError::TooShort { n, needed });
        }
    }
    let power = |moves: &[Move]| moves.iter().map(|step| step.by * step.by).sum::<f64>();
    let scale = (power(&moves_x) * power(&moves_y)).sqrt();
    if !(scale.is_finite() && scale > 0.0) {
        return Err(TicksError::Flat);
    }
    let blocks = Blocks::new(&moves_x, y, &lags);
    let correlation: Vec<f64> = blocks.sum(|_| 1.0).iter().map(|v| v / scale).collect();
    let side = |is_meant: fn(&Millis) -> bool| -> f64 {
        let by_lag = lags.iter().zip(&correlation);
        by_lag
            .filter(|(lag, _)| is_meant(lag))
            .map(|(_, r)| r * r)
            .sum()
    };
    let (ahead, behind) = (side(|lag| *lag > 0), side(|lag| *lag < 0));
    let best = largest(&correlation);
    let mut random = Random::new(draws.seed);
    Ok(TickLead {
        lead: lags.get(best).copied().unwrap_or_default(),
        interval: blocks.interval(&lags, draws.count, &mut random),
        p: blocks.p(draws.count, &mut random),
        lead_lag_ratio: (behind > 0.0).then(|| ahead / behind),
        n_moves: (moves_x.len(), moves_y.len()),
        lags,
        correlation,
    })
}

/// What each part of the first stream adds to the covariance, by lag.
struct Blocks {
    /// Row by row: block, then lag.
    covariance: Vec<f64>,
    n_lags: usize,
}

impl Blocks {
    fn new(moves: &[Move], y: &Ticks, lags: &[Millis]) -> Self {
        let n_blocks = (moves.len() / MIN_MOVES_PER_BLOCK).clamp(1, MAX_BLOCKS);
        let mut covariance = vec![0.0; n_blocks * lags.len()];
        for (lag_idx, lag) in lags.iter().enumerate() {
            // Both only go forward while the moves do.
            let (mut before, mut after) = (0, 0);
            for block in 0..n_blocks {
                let part = block * moves.len() / n_blocks..(block + 1) * moves.len() / n_blocks;
                covariance[block * lags.len() + lag_idx] =
                    sweep(&moves[part], y, *lag, (&mut before, &mut after));
            }
        }
        Self {
            covariance,
            n_lags: lags.len(),
        }
    }

    /// The blocks' sum by lag, each block with a weight.
    fn sum(&self, mut weight: impl FnMut(usize) -> f64) -> Vec<f64> {
        let mut sum = vec![0.0; self.n_lags];
        for (block, row) in self.covariance.chunks_exact(self.n_lags).enumerate() {
            let weight = weight(block);
            for (sum, value) in sum.iter_mut().zip(row) {
                *sum += weight * value;
            }
        }
        sum
    }

    fn p(&self, n_draws: u32, random: &mut Random) -> f64 {
        let greatest = |sums: &[f64]| sums.iter().fold(0.0, |a: f64, v| a.max(v.abs()));
        let found = greatest(&self.sum(|_| 1.0));
        let n_larger = (0..n_draws).filter(|_| {
            let signs = random.next_bits();
            let sign = |block: usize| {
                if signs >> (block % 64) & 1 == 0 {
                    1.0
                } else {
                    -1.0
                }
            };
            greatest(&self.sum(sign)) >= found
        });
        (n_larger.count() as f64 + 1.0) / (f64::from(n_draws) + 1.0)
    }

    fn interval(&self, lags: &[Millis], n_draws: u32, random: &mut Random) -> (Millis, Millis) {
        let n_blocks = self.covariance.len() / self.n_lags;
        let mut found: Vec<Millis> = (0..n_draws.max(1))
            .map(|_| {
                let mut weights = vec![0.0; n_blocks];
                for _ in 0..n_blocks {
                    weights[(random.uniform() * n_blocks as f64) as usize] += 1.0;
                }
                lags[largest(&self.sum(|block| weights[block]))]
            })
            .collect();
        found.sort_unstable();
        middle_95(&found).unwrap_or_default()
    }
}

/// `Σ ΔX_i (Y after I_i + lag − Y before I_i + lag)`: the moves of y that meet a move of x are
/// neighbours, so that their sum is one difference.
fn sweep(moves: &[Move], y: &Ticks, lag: Millis, (before, after): (&mut usize, &mut usize)) -> f64 {
    let (times, values) = (&y.times[..], &y.values[..y.times.len()]);
    let last = times.len() - 1;
    let mut sum = 0.0;
    for step in moves {
        let (from, to) = (step.from.saturating_add(lag), step.to.saturating_add(lag));
        while *before < last && times[*before + 1] <= from {
            *before += 1;
        }
        *after = (*after).max(*before);
        while *after < last && times[*after] < to {
            *after += 1;
        }
        sum += step.by * (values[*after] - values[*before]);
    }
    sum
}

/// Index of the greatest |value|; of equal ones the nearest to the middle.
fn largest(values: &[f64]) -> usize {
    let middle = values.len() / 2;
    (0..values.len())
        .max_by(|a, b| {
            let by_size = values[*a].abs().total_cmp(&values[*b].abs());
            by_size.then(b.abs_diff(middle).cmp(&a.abs_diff(middle)))
        })
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LAGS: LagGrid = LagGrid {
        reach: 60_000,
        step: 1_000,
    };
    const DRAWS: Surrogates = Surrogates {
        count: 199,
        seed: 1,
    };

    /// Ticks at random times of one random walk, of which the second stream knows `lag` later.
    fn walks(n: usize, lag: Millis, seed: u64) -> (Ticks, Ticks) {
        let mut random = Random::new(seed);
        let mut level = 0.0;
        let walk: Vec<f64> = (0..20_000)
            .map(|_| {
                level += random.normal();
                level
            })
            .collect();
        let mut stream = |lag: Millis| {
            let mut times: Vec<Millis> = (0..n)
                .map(|_| 1_000_000 + (random.uniform() * 18_000_000.0) as Millis)
                .collect();
            times.sort_unstable();
            times.dedup();
            let value = |time: &Millis| walk[((time - lag) / 1_000) as usize];
            let values = times.iter().map(value).collect();
            Ticks::levels(times, values).unwrap()
        };
        (stream(0), stream(lag))
    }

    #[test]
    fn a_stream_that_follows_37_seconds_later_is_found_in_either_order() {
        let (x, y) = walks(3_000, 37_000, 1);

        let ahead = tick_lead(&x, &y, LAGS, DRAWS).unwrap();
        let behind = tick_lead(&y, &x, LAGS, DRAWS).unwrap();

        assert!((ahead.lead - 37_000).abs() <= 1_000, "{}", ahead.lead);
        assert!((behind.lead + 37_000).abs() <= 1_000, "{}", behind.lead);
        assert!(ahead.p < 0.006 && ahead.interval.0 <= 37_000 && ahead.interval.1 >= 37_000);
        assert!(ahead.lead_lag_ratio.unwrap() > 2.0 && behind.lead_lag_ratio.unwrap() < 0.5);
    }

    #[test]
    fn independent_walks_seldom_have_a_small_p() {
        let n_alarms = (0..30)
            .filter(|seed| {
                let (x, _) = walks(400, 0, 1_000 + 2 * seed);
                let (y, _) = walks(400, 0, 1_001 + 2 * seed);
                tick_lead(&x, &y, LAGS, DRAWS).unwrap().p < 0.05
            })
            .count();

        assert!(n_alarms <= 5, "{n_alarms} of 30");
    }

    #[test]
    fn ticks_that_are_none_are_named() {
        let ticks =
            |times: &[Millis], values: &[f64]| Ticks::levels(times.to_vec(), values.to_vec());

        assert_eq!(
            ticks(&[1, 2], &[1.0]),
            Err(TicksError::Lengths {
                times: 2,
                values: 1
            })
        );
        assert_eq!(ticks(&[1, 1], &[1.0, 2.0]), Err(TicksError::Duplicate(1)));
        assert_eq!(ticks(&[2, 1], &[1.0, 2.0]), Err(TicksError::Unsorted(1)));
        assert_eq!(
            ticks(&[1, 2], &[1.0, f64::NAN]),
            Err(TicksError::NotFinite(1))
        );
        assert_eq!(
            Ticks::log_prices(vec![1, 2], vec![1.0, 0.0]),
            Err(TicksError::NotPositive(1))
        );
    }

    #[test]
    fn streams_without_moves_have_no_lead() {
        let still = Ticks::levels((0..500).collect(), vec![5.0; 500]).unwrap();
        let (x, y) = walks(500, 0, 3);
        let lead = |x: &Ticks, y: &Ticks| tick_lead(x, y, LAGS, DRAWS);

        assert_eq!(lead(&x, &still), Err(TicksError::Flat));
        assert_eq!(lead(&still, &x), Err(TicksError::Flat));
        assert_eq!(
            lead(&Ticks::default(), &x),
            Err(TicksError::TooShort { n: 0, needed: 64 })
        );
        let none = LagGrid { reach: 5, step: 0 };
        assert_eq!(tick_lead(&x, &y, none, DRAWS), Err(TicksError::Lags));
    }

    fn some_ticks() -> impl Strategy<Value = Ticks> {
        prop::collection::btree_map(0i64..120, -4i32..4, 2..40).prop_map(|ticks| {
            let (times, values) = ticks.into_iter().map(|(t, v)| (t, f64::from(v))).unzip();
            Ticks { times, values }
        })
    }

    proptest! {
        #[test]
        fn the_sweep_is_the_sum_over_every_pair_that_meets(
            x in some_ticks(), y in some_ticks(), lag in -130i64..130,
        ) {
            let mut expected = 0.0;
            for (t, v) in x.times.windows(2).zip(x.values.windows(2)) {
                for (u, w) in y.times.windows(2).zip(y.values.windows(2)) {
                    if (t[0] + lag).max(u[0]) < (t[1] + lag).min(u[1]) {
                        expected += (v[1] - v[0]) * (w[1] - w[0]);
                    }
                }
            }

            let found = Blocks::new(&x.moves(), &y, &[lag]).sum(|_| 1.0);

            prop_assert!((found[0] - expected).abs() < 1e-9, "{} {}", found[0], expected);
        }
    }
}
