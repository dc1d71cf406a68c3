//! Medians, quantiles and the middle 95 % of values.

/// The median, leaving another order of the values: the mean of the two middle ones where there are two;
/// `None` of nothing.
pub fn median(values: &mut [f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let middle = values.len() / 2;
    let is_even = values.len().is_multiple_of(2);
    let (below, upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    let upper = *upper;
    let lower = if is_even {
        below.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    } else {
        upper
    };
    Some(0.5 * (lower + upper))
}

/// Makes the median absolute deviation an estimate of a normal distribution's standard deviation.
pub const MAD_TO_SD: f64 = 1.4826;

/// The median and [`MAD_TO_SD`] times the median distance from it; the distances are left in the place of
/// the values. `None` of nothing.
pub fn median_and_sd(values: &mut [f64]) -> Option<(f64, f64)> {
    let middle = median(values)?;
    for value in values.iter_mut() {
        *value = (*value - middle).abs();
    }
    Some((middle, MAD_TO_SD * median(values)?))
}

/// The value below which a share (0…1) of the ascending values lies, between two neighbours by a straight
/// line; `None` of nothing.
///
/// # Source
/// Hyndman & Fan, *The American Statistician* 50 (1996), type 7.
pub fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let position = share.clamp(0.0, 1.0) * sorted.len().checked_sub(1)? as f64;
    let below = *sorted.get(position.floor() as usize)?;
    let above = *sorted.get(position.ceil() as usize)?;
    Some(below + (position - position.floor()) * (above - below)).filter(|_| !share.is_nan())
}

/// First and last of the ascending values that remain without a fortieth at either end: the limits of 95 %
/// of as many draws. `None` of nothing.
pub fn middle_95<T: Copy>(sorted: &[T]) -> Option<(T, T)> {
    let outside = sorted.len() / 40;
    let last = sorted.len().checked_sub(1 + outside)?;
    Some((*sorted.get(outside)?, *sorted.get(last)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle_and_of_nothing_there_is_none() {
        for (values, expected) in [
            (&mut [][..], None),
            (&mut [3.0], Some(3.0)),
            (&mut [4.0, -1.0], Some(1.5)),
            (&mut [9.0, 1.0, 2.0], Some(2.0)),
            (&mut [9.0, 1.0, 2.0, 4.0], Some(3.0)),
        ] {
            assert_eq!(median(values), expected);
        }
        assert_eq!(median_and_sd(&mut [1.0, 2.0, 6.0]), Some((2.0, MAD_TO_SD)));
    }

    #[test]
    fn quantiles_are_those_of_numpy() {
        // numpy.quantile([1, 2, 4, 8], [0, .1, .5, .95, 1])
        let sorted = [1.0, 2.0, 4.0, 8.0];
        for (share, expected) in [(0.0, 1.0), (0.1, 1.3), (0.5, 3.0), (0.95, 7.4), (1.0, 8.0)] {
            let found = quantile(&sorted, share).unwrap();
            assert!((found - expected).abs() < 1e-12, "{share}: {found}");
        }
        assert_eq!(quantile(&[], 0.5), None);
    }

    #[test]
    fn the_middle_leaves_out_a_fortieth_at_either_end() {
        let draws: Vec<usize> = (0..200).collect();

        assert_eq!(middle_95(&draws), Some((5, 194)));
        assert_eq!(middle_95(&draws[..39]), Some((0, 38)));
        assert_eq!(middle_95::<f64>(&[]), None);
    }
}
