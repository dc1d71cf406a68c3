//! Log returns of closing prices.

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
