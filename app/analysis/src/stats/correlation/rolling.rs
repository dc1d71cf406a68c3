//! Correlations over a lookback that moves along: each uses what was known at its place, no more.

use super::{CorrelationError, LevelPairs, Measured, Method, correlate};
use crate::series::Series;

/// The correlation over the newest `lookback` places, at each place of the grid.
///
/// A place has a value once `lookback` places lie behind it (itself included) of which at least
/// `min_pairs` are pairs without a gap, and where both series move. Causal: the value at a place does
/// not depend on anything after it.
///
/// Pearson takes constant time a place, the others sort every lookback.
///
/// # Errors
/// [`CorrelationError::Lengths`] and [`CorrelationError::Levels`]; too few pairs or a constant are gaps
/// of the outcome.
pub fn rolling(
    method: Method,
    x: Measured<'_>,
    y: Measured<'_>,
    level_pairs: LevelPairs,
    lookback: Lookback,
) -> Result<Series, CorrelationError> {
    if x.is_levels() && y.is_levels() && level_pairs == LevelPairs::Refuse {
        return Err(CorrelationError::Levels);
    }
    let (x, y) = (x.series(), y.series());
    if x.len() != y.len() {
        return Err(CorrelationError::Lengths {
            x: x.len(),
            y: y.len(),
        });
    }
    let width = lookback.places.max(super::MIN_PAIRS);
    let min_pairs = lookback.min_pairs.max(super::MIN_PAIRS);
    let pairs: Vec<Option<(f64, f64)>> = x
        .values()
        .iter()
        .zip(y.values())
        .map(|(x, y)| x.zip(*y))
        .collect();
    Ok(match method {
        Method::Pearson => rolling_pearson(&pairs, width, min_pairs),
        Method::Spearman | Method::Kendall => Series::with_gaps((1..=pairs.len()).map(|end| {
            let window = pairs.get(end.checked_sub(width)?..end)?;
            let (a, b): (Vec<f64>, Vec<f64>) = window.iter().flatten().copied().unzip();
            if a.len() < min_pairs {
                return None;
            }
            let (a, b): (Series, Series) = (a.into_iter().collect(), b.into_iter().collect());
            let (a, b) = (Measured::Changes(&a), Measured::Changes(&b));
            Some(correlate(method, a, b, LevelPairs::Refuse).ok()?.value)
        })),
    })
}

/// How far back a rolling calculation reaches.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Lookback {
    /// Places of the grid, at least 3.
    pub places: usize,
    /// Pairs without a gap that must be among them, at least 3.
    pub min_pairs: usize,
}

#[derive(Clone, Copy, Default)]
struct Sums {
    n: f64,
    x: f64,
    y: f64,
    xx: f64,
    yy: f64,
    xy: f64,
}

impl Sums {
    fn add(&mut self, (x, y): (f64, f64), sign: f64) {
        self.n += sign;
        self.x += sign * x;
        self.y += sign * y;
        self.xx += sign * x * x;
        self.yy += sign * y * y;
        self.xy += sign * x * y;
    }
}

/// Running sums around a middle; both are made afresh once every lookback, so that rounding cannot grow.
fn rolling_pearson(pairs: &[Option<(f64, f64)>], width: usize, min_pairs: usize) -> Series {
    let mut sums = Sums::default();
    let mut middle = (0.0, 0.0);
    Series::with_gaps((1..=pairs.len()).map(|end| {
        let start = end.checked_sub(width)?;
        let window = pairs.get(start..end)?;
        if start % width == 0 {
            middle = means(window);
            sums = Sums::default();
            for pair in window.iter().flatten() {
                sums.add((pair.0 - middle.0, pair.1 - middle.1), 1.0);
            }
        } else {
            for (pair, sign) in [(pairs.get(start - 1), -1.0), (window.last(), 1.0)] {
                if let Some(Some(pair)) = pair {
                    sums.add((pair.0 - middle.0, pair.1 - middle.1), sign);
                }
            }
        }
        if (sums.n as usize) < min_pairs {
            return None;
        }
        let xx = sums.xx - sums.x * sums.x / sums.n;
        let yy = sums.yy - sums.y * sums.y / sums.n;
        let xy = sums.xy - sums.x * sums.y / sums.n;
        // Movement that is all rounding is none.
        let moves = |own: f64, raw: f64, middle: f64| {
            own > 1e-12 * raw && own > sums.n * (middle * 1e-12).powi(2)
        };
        (moves(xx, sums.xx, middle.0) && moves(yy, sums.yy, middle.1))
            .then(|| (xy / (xx.sqrt() * yy.sqrt())).clamp(-1.0, 1.0))
    }))
}

/// Of the pairs there are; (0, 0) of none.
fn means(window: &[Option<(f64, f64)>]) -> (f64, f64) {
    let (mut n, mut x, mut y) = (0.0, 0.0, 0.0);
    for pair in window.iter().flatten() {
        n += 1.0;
        x += pair.0;
        y += pair.1;
    }
    let n = f64::max(n, 1.0);
    (x / n, y / n)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn gappy() -> impl Strategy<Value = (Series, Series)> {
        let value = || prop::option::weighted(0.9, -5i32..5);
        prop::collection::vec((value(), value()), 0..40).prop_map(|pairs| {
            let (x, y): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
            let series = |values: Vec<Option<i32>>| {
                Series::with_gaps(values.into_iter().map(|v| v.map(|v| 1e3 + f64::from(v))))
            };
            (series(x), series(y))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 4))]

        #[test]
        fn each_value_is_the_correlation_of_its_lookback_alone((x, y) in gappy(), places in 3usize..12) {
            let lookback = Lookback { places, min_pairs: 3 };
            for method in [Method::Pearson, Method::Spearman, Method::Kendall] {
                let found = rolling(
                    method, Measured::Changes(&x), Measured::Changes(&y), LevelPairs::Refuse, lookback,
                ).unwrap();

                for end in places..=x.len() {
                    let part = |s: &Series| Series::with_gaps(s.values()[end - places..end].iter().copied());
                    let (a, b) = (part(&x), part(&y));
                    let (a, b) = (Measured::Changes(&a), Measured::Changes(&b));
                    let expected = correlate(method, a, b, LevelPairs::Refuse).ok().map(|c| c.value);
                    let value = found.values()[end - 1];
                    prop_assert_eq!(value.is_some(), expected.is_some());
                    prop_assert!((value.unwrap_or(0.0) - expected.unwrap_or(0.0)).abs() < 1e-9);
                }
                prop_assert_eq!(found.values().iter().take(places - 1).flatten().count(), 0);
            }
        }
    }
}
