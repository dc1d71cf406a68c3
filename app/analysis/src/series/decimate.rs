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

/// How many extremes are kept of each bucket before the triangles decide.
const PRESELECTED: usize = 4;

/// Exactly `n_out` of the points, chosen so that the line looks the same: the first, the last, and of each
/// of equally long stretches between them the point that spans the largest triangle with its neighbours
/// kept, among the extremes of the stretch. Everything when there are no more than `n_out`.
///
/// Points are (x, y), both finite, x ascending. An `n_out` below 3 counts as 3.
///
/// # Source
/// Steinarsson, *Downsampling Time Series for Visual Representation* (2013); Van Der Donckt et al.,
/// *MinMaxLTTB* (2023), here with four extremes a stretch.
pub fn min_max_lttb(points: &[(f64, f64)], n_out: usize) -> Vec<(f64, f64)> {
    let n_out = n_out.max(3);
    if points.len() <= n_out {
        return points.to_vec();
    }
    let n_selected = n_out * PRESELECTED;
    if points.len() > 2 * n_selected {
        lttb(&min_max(points, n_selected, |point| point.1), n_out)
    } else {
        lttb(points, n_out)
    }
}

fn lttb(points: &[(f64, f64)], n_out: usize) -> Vec<(f64, f64)> {
    let [first, inner @ .., last] = points else {
        return points.to_vec();
    };
    let n_stretches = n_out - 2;
    let stretch = |idx: usize| {
        let limit = |idx: usize| idx * inner.len() / n_stretches;
        inner.get(limit(idx)..limit(idx + 1)).unwrap_or_default()
    };
    let mut kept = Vec::with_capacity(n_out);
    kept.push(*first);
    let mut before = *first;
    for idx in 0..n_stretches {
        let next = if idx + 1 < n_stretches {
            stretch(idx + 1)
        } else {
            std::slice::from_ref(last)
        };
        let n = next.len().max(1) as f64;
        let sum = next
            .iter()
            .fold((0.0, 0.0), |sum, p| (sum.0 + p.0, sum.1 + p.1));
        let after = (sum.0 / n, sum.1 / n);
        let area = |p: &(f64, f64)| {
            ((before.0 - after.0) * (p.1 - before.1) - (before.0 - p.0) * (after.1 - before.1))
                .abs()
        };
        let largest = stretch(idx)
            .iter()
            .map(|p| (area(p), p))
            .reduce(|a, b| if b.0 > a.0 { b } else { a });
        if let Some((_, point)) = largest {
            before = *point;
            kept.push(before);
        }
    }
    kept.push(*last);
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_lone_spike_survives_in_a_long_flat_line() {
        let mut points: Vec<(f64, f64)> = (0..100_000).map(|t| (f64::from(t), 0.0)).collect();
        points[54_321].1 = 9.0;

        let kept = min_max_lttb(&points, 200);

        assert_eq!(kept.len(), 200);
        assert!(kept.contains(&(54_321.0, 9.0)));
    }

    proptest! {
        #[test]
        fn triangles_keep_the_number_the_ends_and_the_order(
            values in prop::collection::vec(-100i32..100, 0..400), n_out in 3usize..40,
        ) {
            let points: Vec<(f64, f64)> =
                values.into_iter().enumerate().map(|(t, v)| (t as f64, f64::from(v))).collect();

            let kept = min_max_lttb(&points, n_out);

            prop_assert_eq!(kept.len(), points.len().min(n_out));
            prop_assert!(kept.is_sorted_by(|a, b| a.0 < b.0));
            prop_assert_eq!((kept.first(), kept.last()), (points.first(), points.last()));
            prop_assert!(kept.iter().all(|p| points.contains(p)));
        }

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
