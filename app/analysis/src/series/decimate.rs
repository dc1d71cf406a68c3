//! Fewer points for the same picture: of each stretch the lowest and the highest point stay.

/// At most `max` of the points, in order: the first, the last, and of each of equally long stretches
/// between them the least and the greatest by `value`. Everything when there are no more than `max`.
///
/// A `max` below 4 counts as 4.
pub fn min_max<T: Copy>(points: &[T], max: usize, value: impl Fn(&T) -> f64) -> Vec<T> {
    let max = max.max(4);
    let [first, inner @ .., last] = points else {
        return points.to_vec();
    };
    if points.len() <= max {
        return points.to_vec();
    }
    let n_stretches = (max - 2) / 2;
    let mut kept = Vec::with_capacity(max);
    kept.push(*first);
    for stretch_idx in 0..n_stretches {
        let from = stretch_idx * inner.len() / n_stretches;
        let to = (stretch_idx + 1) * inner.len() / n_stretches;
        let stretch = inner.get(from..to).unwrap_or_default();
        let by_value = |a: &usize, b: &usize| value(&stretch[*a]).total_cmp(&value(&stretch[*b]));
        let low = (0..stretch.len()).min_by(by_value);
        let high = (0..stretch.len()).max_by(by_value);
        if let (Some(low), Some(high)) = (low, high) {
            kept.push(stretch[low.min(high)]);
            if low != high {
                kept.push(stretch[low.max(high)]);
            }
        }
    }
    kept.push(*last);
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ends_lowest_and_highest_survive_in_order(
            values in prop::collection::vec(-100i32..100, 0..300), max in 4usize..40,
        ) {
            let points: Vec<(usize, i32)> = values.into_iter().enumerate().collect();

            let kept = min_max(&points, max, |p| f64::from(p.1));

            prop_assert!(kept.len() <= max.max(4));
            prop_assert!(kept.is_sorted_by(|a, b| a.0 < b.0));
            prop_assert_eq!((kept.first(), kept.last()), (points.first(), points.last()));
            let span = |points: &[(usize, i32)]| {
                (points.iter().map(|p| p.1).min(), points.iter().map(|p| p.1).max())
            };
            prop_assert_eq!(span(&kept), span(&points));
        }
    }
}
