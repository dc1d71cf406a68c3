//! Cross-correlation by lag.

use wide::f64x4;

use crate::{
    series::Series,
    stats::{correlation::MIN_PAIRS, is_movement},
};

/// Cross-correlations for lags `−max_lag…max_lag`, ascending.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ccf {
    /// Lags in buckets; **positive: x leads y**.
    pub lags: Vec<i32>,
    /// Correlation by lag, −1…+1; `None` where no pair exists.
    pub values: Vec<Option<f64>>,
    /// Pairs `(x[t], y[t + lag])` without a gap, by lag.
    pub n_pairs: Vec<usize>,
    /// Pairs at lag 0.
    pub n: usize,
    /// The divisor: the most pairs at any lag. Without gaps that is the length of the series.
    pub divisor: usize,
}

/// Why there is no correlation.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CcfError {
    /// The series lie on different grids. A mistake of the caller.
    #[error("x has {x} places and y has {y}; both must lie on one grid")]
    Lengths {
        /// Length of x.
        x: usize,
        /// Length of y.
        y: usize,
    },
    /// No lag has [`MIN_PAIRS`] pairs of values.
    #[error("fewer than {MIN_PAIRS} pairs of values remain at every lag")]
    TooShort,
    /// A series never moves: a correlation with a constant has no meaning.
    #[error("a series never moves, and a correlation with a constant has no meaning")]
    Flat,
}

/// Cross-correlation of two series on one grid, for lags `-max_lag..=max_lag`.
///
/// The value at lag `k` estimates `corr(x[t], y[t + k])`, so **a peak at `k > 0` means that `x` leads
/// `y` by `k` buckets**. R's `ccf(x, y)` and statsmodels' `ccf(x, y)` count lags the other way round.
///
/// `c_k = (1/n) Σ (x_t − x̄)(y_{t+k} − ȳ) / (s_x s_y)` with mean and standard deviation over all values
/// of a series. Pairs with a gap on either side are left out; `n` is the most pairs that any lag has.
///
/// # Errors
/// [`CcfError`]: different lengths, too few pairs, or a series that never moves.
///
/// # Source
/// Brockwell & Davis, *Time Series: Theory and Methods* (2nd ed., 1991), ch. 11; divisor n.
///
/// ```
/// use analysis::{series::Series, stats::ccf::ccf};
///
/// let x: Series = [0.0, 1.0, 0.0, 0.0, 0.0, 0.0].into_iter().collect();
/// let y: Series = [0.0, 0.0, 0.0, 1.0, 0.0, 0.0].into_iter().collect();
/// let ccf = ccf(&x, &y, 3).unwrap();
/// let best = (0..7).max_by(|a, b| ccf.values[*a].partial_cmp(&ccf.values[*b]).unwrap()).unwrap();
/// assert_eq!(ccf.lags[best], 2); // y does two buckets later what x did
/// ```
pub fn ccf(x: &Series, y: &Series, max_lag: usize) -> Result<Ccf, CcfError> {
    if x.len() != y.len() {
        return Err(CcfError::Lengths {
            x: x.len(),
            y: y.len(),
        });
    }
    let (x, y) = (Centred::new(x), Centred::new(y));
    let max_lag =
        i32::try_from(max_lag.min(x.deviations.len().saturating_sub(1))).unwrap_or(i32::MAX);
    let lags: Vec<i32> = (-max_lag..=max_lag).collect();
    let n_pairs: Vec<usize> = lags.iter().map(|lag| n_pairs(&x, &y, *lag)).collect();
    let divisor = n_pairs.iter().copied().max().unwrap_or(0);
    if divisor < MIN_PAIRS {
        return Err(CcfError::TooShort);
    }
    let scale = x.deviation * y.deviation * divisor as f64;
    if !(scale.is_finite() && scale > 0.0) {
        return Err(CcfError::Flat);
    }
    let sums = sums_of_products(&x.deviations, &y.deviations, max_lag as usize);
    let value = |(sum, n): (f64, &usize)| (*n > 0).then(|| (sum / scale).clamp(-1.0, 1.0));
    let values = sums.into_iter().zip(&n_pairs).map(value).collect();
    let n = n_pairs.get(max_lag as usize).copied().unwrap_or(0);
    Ok(Ccf {
        lags,
        values,
        n_pairs,
        n,
        divisor,
    })
}

/// A series less its mean; a gap is 0, which adds nothing to a sum of products.
struct Centred {
    deviations: Vec<f64>,
    is_present: Vec<bool>,
    has_gaps: bool,
    /// Standard deviation, divisor n.
    deviation: f64,
}

impl Centred {
    fn new(series: &Series) -> Self {
        let deviations = series.deviations();
        let variance = deviations.iter().map(|d| d * d).sum::<f64>() / series.n_present() as f64;
        let moves = is_movement(variance, series.mean());
        Self {
            is_present: series.values().iter().map(Option::is_some).collect(),
            has_gaps: series.n_present() < series.len(),
            deviation: if moves { variance.sqrt() } else { 0.0 },
            deviations,
        }
    }
}

/// `x[t]` beside `y[t + lag]`, as two slices of equal length.
fn shifted<'a, T>(x: &'a [T], y: &'a [T], lag: i32) -> (&'a [T], &'a [T]) {
    let shift = lag.unsigned_abs() as usize;
    let n = x.len().saturating_sub(shift);
    let (x_from, y_from) = if lag >= 0 { (0, shift) } else { (shift, 0) };
    (
        x.get(x_from..x_from + n).unwrap_or_default(),
        y.get(y_from..y_from + n).unwrap_or_default(),
    )
}

fn n_pairs(x: &Centred, y: &Centred, lag: i32) -> usize {
    let (a, b) = shifted(&x.is_present, &y.is_present, lag);
    if x.has_gaps || y.has_gaps {
        a.iter().zip(b).filter(|(a, b)| **a && **b).count()
    } else {
        a.len()
    }
}

/// Lags that are summed together, so that each x is loaded once for all of them.
const TILE: usize = 4;

/// Places of x that are gone through for all lags before the next ones, so that they stay in the cache.
const BLOCK: usize = 1_024;

/// `Σ x[t] y[t + lag]` for the lags `−max_lag…max_lag`.
fn sums_of_products(x: &[f64], y: &[f64], max_lag: usize) -> Vec<f64> {
    let n_lags = 2 * max_lag + 1;
    let n_tiles = n_lags.div_ceil(TILE);
    // Zeros on either side stand for the places beyond the ends.
    let mut padded = vec![0.0; max_lag];
    padded.extend_from_slice(y);
    padded.resize(y.len() + n_tiles * TILE + max_lag + TILE, 0.0);
    let mut sums = vec![0.0; n_tiles * TILE];
    for (block_idx, block) in x.chunks(BLOCK).enumerate() {
        for (tile_idx, sums) in sums.chunks_exact_mut(TILE).enumerate() {
            let from = block_idx * BLOCK + tile_idx * TILE;
            let beside = padded.get(from..).unwrap_or_default();
            add_tile(block, beside, sums);
        }
    }
    sums.truncate(n_lags);
    sums
}

/// Adds `Σ x[t] y[t + i]` to `sums[i]`, four places of x at a time.
fn add_tile(x: &[f64], y: &[f64], sums: &mut [f64]) {
    let mut running = [f64x4::ZERO; TILE];
    let (whole, rest) = x.as_chunks::<4>();
    let mut after = y;
    for four in whole {
        let Some(beside) = after.first_chunk::<{ 3 + TILE }>() else {
            break;
        };
        let four = f64x4::new(*four);
        for (lag, running) in running.iter_mut().enumerate() {
            *running += four * f64x4::new(std::array::from_fn(|i| beside[lag + i]));
        }
        after = after.get(4..).unwrap_or_default();
    }
    for (lag, (sum, running)) in sums.iter_mut().zip(&running).enumerate() {
        let ends = rest.iter().zip(after.iter().skip(lag)).map(|(a, b)| a * b);
        *sum += running.to_array().iter().sum::<f64>() + ends.sum::<f64>();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::random::Random;

    fn gappy() -> impl Strategy<Value = (Vec<Option<f64>>, Vec<Option<f64>>)> {
        let value = || prop::option::weighted(0.85, -100.0f64..100.0);
        prop::collection::vec((value(), value()), 12..60)
            .prop_map(|pairs| pairs.into_iter().unzip())
    }

    fn brute_force(x: &[Option<f64>], y: &[Option<f64>], lag: i32, divisor: usize) -> f64 {
        let mean =
            |s: &[Option<f64>]| s.iter().flatten().sum::<f64>() / s.iter().flatten().count() as f64;
        let variance = |s: &[Option<f64>]| {
            s.iter()
                .flatten()
                .map(|v| (v - mean(s)).powi(2))
                .sum::<f64>()
                / s.iter().flatten().count() as f64
        };
        let pairs = (0..x.len() as i32).filter_map(|t| {
            let later = usize::try_from(t + lag).ok()?;
            Some((x[t as usize]? - mean(x)) * (y.get(later).copied().flatten()? - mean(y)))
        });
        pairs.sum::<f64>() / divisor as f64 / (variance(x) * variance(y)).sqrt()
    }

    #[test]
    fn a_series_that_follows_two_buckets_later_peaks_at_plus_two() {
        let mut random = Random::new(1);
        let noise: Vec<f64> = (0..200).map(|_| random.normal()).collect();
        let x: Series = noise.iter().skip(2).copied().collect();
        let y: Series = noise.iter().take(198).copied().collect();

        let ccf = ccf(&x, &y, 5).unwrap();

        let peak = ccf
            .lags
            .iter()
            .zip(&ccf.values)
            .max_by(|a, b| a.1.unwrap().total_cmp(&b.1.unwrap()))
            .unwrap();
        assert_eq!(*peak.0, 2);
        assert!(peak.1.unwrap() > 0.95);
    }

    #[test]
    fn what_has_no_correlation_is_refused() {
        let flat: Series = [2.0; 9].into_iter().collect();
        let moving: Series = (0..9).map(f64::from).collect();
        let gaps = Series::with_gaps([None; 9]);

        assert_eq!(ccf(&flat, &moving, 2), Err(CcfError::Flat));
        assert_eq!(ccf(&gaps, &moving, 2), Err(CcfError::TooShort));
        assert_eq!(
            ccf(&Series::default(), &moving, 2),
            Err(CcfError::Lengths { x: 0, y: 9 })
        );
    }

    proptest! {
        #[test]
        fn every_value_is_what_the_definition_says((x, y) in gappy(), max_lag in 0usize..9) {
            let Ok(found) = ccf(&Series::with_gaps(x.clone()), &Series::with_gaps(y.clone()), max_lag) else {
                return Ok(());
            };
            for (lag, value) in found.lags.iter().zip(&found.values) {
                let expect = brute_force(&x, &y, *lag, found.divisor).clamp(-1.0, 1.0);
                prop_assert!((value.unwrap_or(0.0) - expect).abs() < 1e-9);
            }
        }

        #[test]
        fn exchanging_the_series_turns_the_lags_round((x, y) in gappy()) {
            let (x, y) = (Series::with_gaps(x), Series::with_gaps(y));
            let (Ok(a), Ok(b)) = (ccf(&x, &y, 8), ccf(&y, &x, 8)) else { return Ok(()) };
            for (a, b) in a.values.iter().zip(b.values.iter().rev()) {
                prop_assert!((a.unwrap_or(0.0) - b.unwrap_or(0.0)).abs() < 1e-12);
            }
        }

        #[test]
        fn no_value_passes_one_and_a_series_goes_wholly_with_itself((x, y) in gappy()) {
            let (x, y) = (Series::with_gaps(x), Series::with_gaps(y));
            if let Ok(found) = ccf(&x, &y, 8) {
                prop_assert!(found.values.iter().flatten().all(|v| v.abs() <= 1.0));
            }
            if let Ok(own) = ccf(&x, &x, 8) {
                prop_assert!((own.values[8].unwrap() - 1.0).abs() < 1e-9 || own.n < own.divisor);
            }
        }

        #[test]
        fn scale_and_offset_make_no_difference((x, y) in gappy(), a in 0.1f64..50.0, b in -50.0f64..50.0) {
            let scaled = Series::with_gaps(x.iter().map(|v| v.map(|v| a * v + b)));
            let (x, y) = (Series::with_gaps(x), Series::with_gaps(y));
            let (Ok(before), Ok(after)) = (ccf(&x, &y, 8), ccf(&scaled, &y, 8)) else { return Ok(()) };
            for (before, after) in before.values.iter().zip(&after.values) {
                prop_assert!((before.unwrap_or(0.0) - after.unwrap_or(0.0)).abs() < 1e-9);
            }
        }
    }
}
