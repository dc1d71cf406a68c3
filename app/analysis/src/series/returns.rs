//! Changes of values: log returns of closing prices, and the other ways to take the wandering out.

use crate::series::Series;

/// `ln(close_t / close_{t−1})` at each place of a grid of closes.
///
/// The first place is a gap, and so is every return into or out of a gap: a price that is not known is
/// not carried over. Dimensionless; `exp(r) − 1` is the change as a share.
pub fn log_returns(closes: &[Option<f64>]) -> Series {
    let mut before = None;
    Series::with_gaps(closes.iter().map(|close| {
        let close = close.filter(|c| c.is_finite() && *c > 0.0);
        let earlier = std::mem::replace(&mut before, close);
        Some((close? / earlier?).ln())
    }))
}

/// What is made of a series before it is compared with another.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum Transform {
    /// Nothing.
    None,
    /// The difference from the value before; a gap beside a gap.
    #[default]
    Diff,
    /// The log return; values must be above 0.
    Returns,
    /// The size of the log return; values must be above 0.
    AbsReturns,
    /// `ln(1 + v)`, for counts; values must be above −1.
    Log1p,
}

/// Why a transform has no result.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum TransformError {
    /// The logarithm of this value does not exist.
    #[error("the value at index {idx} has no logarithm")]
    NoLogarithm {
        /// Place on the grid, from 0.
        idx: usize,
        /// The value found there.
        value: f64,
    },
}

impl Transform {
    /// The transformed series, of equal length and causal: no place depends on a later one.
    ///
    /// # Errors
    /// [`TransformError::NoLogarithm`] names the first value that is too small.
    pub fn apply(self, series: &Series) -> Result<Series, TransformError> {
        let values = series.values();
        let least = match self {
            Self::None | Self::Diff => f64::NEG_INFINITY,
            Self::Returns | Self::AbsReturns => 0.0,
            Self::Log1p => -1.0,
        };
        for (idx, value) in values.iter().enumerate() {
            if let Some(value) = value.filter(|v| *v <= least) {
                return Err(TransformError::NoLogarithm { idx, value });
            }
        }
        Ok(match self {
            Self::None => series.clone(),
            Self::Diff => Series::with_gaps(values.iter().enumerate().map(|(t, value)| {
                Some((*value)? - values.get(t.checked_sub(1)?).copied().flatten()?)
            })),
            Self::Returns => log_returns(values),
            Self::AbsReturns => {
                let returns = log_returns(values);
                Series::with_gaps(returns.values().iter().map(|r| r.map(f64::abs)))
            }
            Self::Log1p => Series::with_gaps(values.iter().map(|v| v.map(f64::ln_1p))),
        })
    }

    /// Whether what comes out still wanders if what went in did.
    pub fn keeps_levels(self) -> bool {
        matches!(self, Self::None | Self::Log1p)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_return_across_a_missing_bar_is_a_gap() {
        let returns = log_returns(&[Some(1.0), Some(2.0), None, Some(4.0), Some(4.0), Some(-1.0)]);

        assert_eq!(
            returns.values(),
            [None, Some(2f64.ln()), None, None, Some(0.0), None]
        );
    }

    #[test]
    fn a_difference_needs_both_values() {
        let series = Series::with_gaps([Some(1.0), Some(3.0), None, Some(4.0), Some(3.5)]);

        let differences = Transform::Diff.apply(&series).unwrap();

        assert_eq!(
            differences.values(),
            [None, Some(2.0), None, None, Some(-0.5)]
        );
        assert_eq!(
            Transform::Diff.apply(&Series::default()),
            Ok(Series::default())
        );
    }

    #[test]
    fn a_value_without_a_logarithm_is_named() {
        let series: Series = [1.0, 2.0, -1.0].into_iter().collect();
        let error = TransformError::NoLogarithm {
            idx: 2,
            value: -1.0,
        };

        for transform in [Transform::Returns, Transform::AbsReturns, Transform::Log1p] {
            assert_eq!(transform.apply(&series), Err(error));
        }
        assert!(Transform::None.apply(&series).is_ok());
    }

    proptest! {
        #[test]
        fn returns_add_up_to_the_whole_change(closes in prop::collection::vec(0.01f64..1e6, 2..200)) {
            let known: Vec<Option<f64>> = closes.iter().copied().map(Some).collect();

            let sum: f64 = log_returns(&known).values().iter().flatten().sum();

            let whole = (closes[closes.len() - 1] / closes[0]).ln();
            prop_assert!((sum - whole).abs() < closes.len() as f64 * 1e-12);
        }
    }
}
