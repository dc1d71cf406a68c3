//! How closely two series go together, with how much evidence stands behind the number.
//!
//! Series that wander, such as prices and running totals, correlate by chance nearly always. Therefore
//! each series comes in marked as levels or as changes, and two levels are refused unless asked for.

pub mod rank;
pub mod rolling;

use crate::{
    series::Series,
    stats::{
        fft::{Complex, Fft},
        is_movement,
        normal::{two_sided, upper_quantile},
        student,
    },
};

/// Pairs needed for a correlation: with two it is always ±1.
pub const MIN_PAIRS: usize = 3;

/// The autocorrelations that the effective n is made of reach over a fifth of the series.
const MEMORY_SHARE: usize = 5;

/// A series, and what its values are.
#[derive(Clone, Copy, Debug)]
pub enum Measured<'a> {
    /// Values that add up over time and may wander: prices, totals, market capitalisation.
    Levels(&'a Series),
    /// Changes from place to place, such as returns, or values that come back to a mean by nature.
    Changes(&'a Series),
}

/// What happens when both series are levels.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum LevelPairs {
    /// They are refused.
    #[default]
    Refuse,
    /// They are computed, and the outcome says that it may be spurious.
    Stamp,
}

/// Which correlation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Method {
    /// Of the values.
    Pearson,
    /// Pearson's of the ranks; equal values share their average rank.
    Spearman,
    /// Kendall's tau-b: concordant less discordant pairs, corrected for ties.
    Kendall,
}

/// A correlation and what stands behind it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Correlation {
    /// −1…+1.
    pub value: f64,
    /// Pairs without a gap on either side.
    pub n: usize,
    /// Independent pairs that would know as much, given the memory of both series; at most n.
    pub n_effective: f64,
    /// Probability of a correlation at least as large between independent series, by the effective n.
    pub p: f64,
    /// The same by n, as if every pair were news; too small for series with a memory.
    pub p_if_independent: f64,
    /// 95 % confidence limits by the effective n (Fisher's z; for Kendall with the variance of
    /// Fieller, Hartley & Pearson 1957). `None` below four effective pairs.
    pub interval: Option<(f64, f64)>,
    /// Both series are levels: the number may come from their wandering alone.
    pub is_spurious_risk: bool,
}

/// Why there is no correlation.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CorrelationError {
    /// The series lie on different grids. A mistake of the caller.
    #[error("x has {x} places and y has {y}; both must lie on one grid")]
    Lengths {
        /// Length of x.
        x: usize,
        /// Length of y.
        y: usize,
    },
    /// Both are levels. Take changes, or ask for the stamped number.
    #[error("two series of levels correlate by chance nearly always; take their changes")]
    Levels,
    /// Fewer pairs without a gap than [`MIN_PAIRS`].
    #[error("{n} pairs of values remain, and {MIN_PAIRS} are needed")]
    TooShort {
        /// Pairs there are.
        n: usize,
    },
    /// A series never moves: a correlation with a constant has no meaning.
    #[error("a series never moves, and a correlation with a constant has no meaning")]
    Flat,
}

impl<'a> Measured<'a> {
    /// The values.
    pub fn series(&self) -> &'a Series {
        match self {
            Self::Levels(series) | Self::Changes(series) => series,
        }
    }

    fn is_levels(&self) -> bool {
        matches!(self, Self::Levels(_))
    }
}

/// Correlates two series on one grid; pairs with a gap on either side are left out.
///
/// # Errors
/// [`CorrelationError`]: two levels that were not asked for, different lengths, fewer than
/// [`MIN_PAIRS`] pairs, or a series that never moves.
///
/// # Source
/// p: Student's t of `r √((n − 2) / (1 − r²))` for Pearson and Spearman, Kendall's normal limit with
/// ties. Effective n: Bartlett 1935, `n / (1 + 2 Σ (1 − j/n) ρ_x(j) ρ_y(j))`.
///
/// ```
/// use analysis::{series::Series, stats::correlation::{correlate, LevelPairs, Measured, Method}};
///
/// let x: Series = [0.1, -0.2, 0.3, 0.0, -0.1].into_iter().collect();
/// let y: Series = [0.2, -0.3, 0.5, 0.1, -0.1].into_iter().collect();
/// let found = correlate(
///     Method::Spearman,
///     Measured::Changes(&x),
///     Measured::Changes(&y),
///     LevelPairs::Refuse,
/// )
/// .unwrap();
/// assert!((found.value - 1.0).abs() < 1e-12 && found.n == 5);
/// assert!(correlate(Method::Pearson, Measured::Levels(&x), Measured::Levels(&y), LevelPairs::Refuse).is_err());
/// ```
pub fn correlate(
    method: Method,
    x: Measured<'_>,
    y: Measured<'_>,
    level_pairs: LevelPairs,
) -> Result<Correlation, CorrelationError> {
    let is_spurious_risk = x.is_levels() && y.is_levels();
    if is_spurious_risk && level_pairs == LevelPairs::Refuse {
        return Err(CorrelationError::Levels);
    }
    let (x, y) = (x.series(), y.series());
    let pairs = pairs(x, y)?;
    let (xs, ys): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
    let n = xs.len();
    let found = match method {
        Method::Pearson => {
            let value = pearson(&xs, &ys)?;
            by_students_t(value, n, n_effective(x, y, n))
        }
        Method::Spearman => {
            let value = pearson(&rank::average_ranks(&xs), &rank::average_ranks(&ys))?;
            by_students_t(value, n, n_effective(&ranked(x), &ranked(y), n))
        }
        Method::Kendall => {
            let tau = rank::kendall(&xs, &ys).ok_or(CorrelationError::Flat)?;
            by_kendalls_z(tau, n, n_effective(&ranked(x), &ranked(y), n))
        }
    };
    Ok(Correlation {
        is_spurious_risk,
        ..found
    })
}

/// Independent pairs that would know as much as these `n`, given the memory of both series; 1 … n.
///
/// # Source
/// Bartlett, *Journal of the Royal Statistical Society* 98 (1935) 536–543, with the autocorrelations
/// up to a fifth of the length as Pyper & Peterman, *Canadian Journal of Fisheries* 55 (1998) advise.
pub fn n_effective(x: &Series, y: &Series, n: usize) -> f64 {
    let reach = n / MEMORY_SHARE;
    let Some(memories) = autocorrelations(x, y, reach) else {
        return n as f64;
    };
    let product = |(j, (a, b)): (usize, &(f64, f64))| (1.0 - j as f64 / n as f64) * a * b;
    let sum: f64 = memories.iter().enumerate().skip(1).map(product).sum();
    (n as f64 / (1.0 + 2.0 * sum).max(f64::EPSILON))
        .max(1.0)
        .min(n as f64)
}

/// ρ(0) = 1, ρ(1) … up to `reach`, of x and of y; `None` where one of them never moves.
///
/// Both at once: the transform of `|X_f|² + i |Y_f|²` has their autocovariances as its real and imaginary
/// part.
fn autocorrelations(x: &Series, y: &Series, reach: usize) -> Option<Vec<(f64, f64)>> {
    let fft = Fft::at_least(x.len().max(y.len()) + reach);
    let mut z = Complex {
        re: x.deviations(),
        im: y.deviations(),
    };
    fft.forward(&mut z);
    let n = fft.len();
    let mut power = Complex::zeros(n);
    for f in 0..n {
        (power.re[f], power.im[f]) = z.powers(f);
    }
    fft.forward(&mut power);
    let (of_x, of_y) = (*power.re.first()?, *power.im.first()?);
    let by_lag = power.re.iter().zip(&power.im).take(reach + 1);
    (of_x > 0.0 && of_y > 0.0).then(|| by_lag.map(|(a, b)| (a / of_x, b / of_y)).collect())
}

/// 95 % confidence limits of a correlation of `n` independent pairs; `None` for fewer than four.
///
/// # Source
/// Fisher, *Metron* 1 (1921): `atanh r ± 1.96 / √(n − 3)`.
pub fn fisher_interval(r: f64, n: f64) -> Option<(f64, f64)> {
    interval(r, 1.0 / (n - 3.0)).filter(|_| n > 3.0)
}

fn interval(r: f64, variance: f64) -> Option<(f64, f64)> {
    let reach = upper_quantile(0.025) * variance.max(0.0).sqrt();
    let z = r.atanh();
    (reach.is_finite() && !z.is_nan()).then(|| ((z - reach).tanh(), (z + reach).tanh()))
}

fn pairs(x: &Series, y: &Series) -> Result<Vec<(f64, f64)>, CorrelationError> {
    if x.len() != y.len() {
        return Err(CorrelationError::Lengths {
            x: x.len(),
            y: y.len(),
        });
    }
    let both = x.values().iter().zip(y.values());
    let pairs: Vec<(f64, f64)> = both.filter_map(|(x, y)| x.zip(*y)).collect();
    if pairs.len() < MIN_PAIRS {
        return Err(CorrelationError::TooShort { n: pairs.len() });
    }
    Ok(pairs)
}

/// Pearson's correlation of rows of equal length.
fn pearson(x: &[f64], y: &[f64]) -> Result<f64, CorrelationError> {
    let n = x.len() as f64;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / n;
    let (mean_x, mean_y) = (mean(x), mean(y));
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (x, y) in x.iter().zip(y) {
        let (x, y) = (x - mean_x, y - mean_y);
        xx += x * x;
        yy += y * y;
        xy += x * y;
    }
    if !(is_movement(xx / n, mean_x) && is_movement(yy / n, mean_y)) {
        return Err(CorrelationError::Flat);
    }
    let value = xy / (xx.sqrt() * yy.sqrt());
    if value.is_finite() {
        Ok(value.clamp(-1.0, 1.0))
    } else {
        Err(CorrelationError::Flat)
    }
}

/// The series with its values replaced by their average ranks; gaps stay.
fn ranked(series: &Series) -> Series {
    let present: Vec<f64> = series.values().iter().flatten().copied().collect();
    let mut ranks = rank::average_ranks(&present).into_iter();
    Series::with_gaps(
        series
            .values()
            .iter()
            .map(|value| value.and_then(|_| ranks.next())),
    )
}

fn by_students_t(value: f64, n: usize, n_effective: f64) -> Correlation {
    let p = |n: f64| {
        let t = value * ((n - 2.0) / ((1.0 - value) * (1.0 + value))).sqrt();
        student::two_sided(t, n - 2.0)
    };
    Correlation {
        value,
        n,
        n_effective,
        p: p(n_effective),
        p_if_independent: p(n as f64),
        interval: fisher_interval(value, n_effective),
        is_spurious_risk: false,
    }
}

fn by_kendalls_z(tau: rank::Kendall, n: usize, n_effective: f64) -> Correlation {
    Correlation {
        value: tau.value,
        n,
        n_effective,
        p: two_sided(tau.z * (n_effective / n as f64).sqrt()),
        p_if_independent: two_sided(tau.z),
        interval: interval(tau.value, 0.437 / (n_effective - 4.0)).filter(|_| n_effective > 4.0),
        is_spurious_risk: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{ccf::ccf, random::Random};

    fn wandering(n: usize, phi: f64, seed: u64) -> Series {
        let mut random = Random::new(seed);
        let mut level = 0.0;
        (0..n)
            .map(|_| {
                level = phi * level + random.normal();
                level
            })
            .collect()
    }

    fn changes<'a>(x: &'a Series, y: &'a Series) -> (Measured<'a>, Measured<'a>) {
        (Measured::Changes(x), Measured::Changes(y))
    }

    #[test]
    fn two_levels_are_refused_and_stamped_when_asked_for() {
        let (x, y) = (wandering(200, 1.0, 1), wandering(200, 1.0, 2));
        let levels = (Measured::Levels(&x), Measured::Levels(&y));

        let refused = correlate(Method::Pearson, levels.0, levels.1, LevelPairs::Refuse);
        let stamped = correlate(Method::Pearson, levels.0, levels.1, LevelPairs::Stamp).unwrap();
        let mixed = correlate(
            Method::Pearson,
            levels.0,
            Measured::Changes(&y),
            LevelPairs::Refuse,
        );

        assert_eq!(refused, Err(CorrelationError::Levels));
        assert!(stamped.is_spurious_risk && !mixed.unwrap().is_spurious_risk);
    }

    #[test]
    fn memory_makes_pairs_worth_less_and_the_p_honest() {
        let mut n_alarms = [0, 0];
        for seed in 0..200 {
            let (x, y) = (
                wandering(300, 0.9, 2 * seed),
                wandering(300, 0.9, 2 * seed + 1),
            );
            let (a, b) = changes(&x, &y);
            let found = correlate(Method::Pearson, a, b, LevelPairs::Refuse).unwrap();
            n_alarms[0] += usize::from(found.p_if_independent < 0.05);
            n_alarms[1] += usize::from(found.p < 0.05);
        }

        assert!(n_alarms[0] > 80, "{n_alarms:?}");
        assert!(n_alarms[1] < 24, "{n_alarms:?}");
    }

    #[test]
    fn autocorrelations_are_those_of_the_correlation_by_lag() {
        let (x, y) = (wandering(90, 0.7, 4), wandering(90, -0.3, 5));
        let (of_x, of_y) = (ccf(&x, &x, 20).unwrap(), ccf(&y, &y, 20).unwrap());

        let found = autocorrelations(&x, &y, 20).unwrap();

        assert_eq!(found.len(), 21);
        for (lag, (a, b)) in found.into_iter().enumerate() {
            assert!((a - of_x.values[20 + lag].unwrap()).abs() < 1e-12);
            assert!((b - of_y.values[20 + lag].unwrap()).abs() < 1e-12);
        }
    }

    #[test]
    fn what_is_no_pair_of_series_is_named() {
        let series = |values: &[f64]| values.iter().copied().collect::<Series>();
        let check = |x: &[f64], y: &[f64], expected| {
            let (x, y) = (series(x), series(y));
            for method in [Method::Pearson, Method::Spearman, Method::Kendall] {
                let (a, b) = changes(&x, &y);
                assert_eq!(correlate(method, a, b, LevelPairs::Refuse), Err(expected));
            }
        };

        check(
            &[1.0, 2.0],
            &[1.0],
            CorrelationError::Lengths { x: 2, y: 1 },
        );
        check(&[], &[], CorrelationError::TooShort { n: 0 });
        check(&[1.0], &[1.0], CorrelationError::TooShort { n: 1 });
        check(
            &[f64::NAN, f64::INFINITY, 1.0, 2.0],
            &[1.0; 4],
            CorrelationError::TooShort { n: 2 },
        );
        check(
            &[0.1; 9],
            &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0],
            CorrelationError::Flat,
        );
    }
}
