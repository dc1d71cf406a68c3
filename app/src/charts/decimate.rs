//! Fewer points without losing a peak: per pixel column the first, lowest, highest and last point stay.

use super::clip::Point;

/// Points in x order, at most four in each column of width `column`; columns are aligned to 0, so that
/// a chart that moves on with time does not shimmer.
pub fn min_max(points: &[Point], column: f64) -> Vec<Point> {
    if column <= 0.0 || !column.is_finite() {
        return points.to_vec();
    }
    let mut kept = Vec::new();
    let mut rest = points;
    while let Some(first) = rest.first() {
        let end = ((first.0 / column).floor() + 1.0) * column;
        // Rounding may put the column's end on its first point.
        let n = rest.partition_point(|point| point.0 < end).max(1);
        let (of_column, behind) = rest.split_at(n);
        keep_extremes(of_column, &mut kept);
        rest = behind;
    }
    kept
}

fn keep_extremes(points: &[Point], kept: &mut Vec<Point>) {
    if points.len() <= 4 {
        kept.extend_from_slice(points);
        return;
    }
    let (mut lowest, mut highest) = ((0, f64::INFINITY), (0, f64::NEG_INFINITY));
    for (idx, (_, y)) in points.iter().enumerate() {
        if *y < lowest.1 {
            lowest = (idx, *y);
        }
        if *y >= highest.1 {
            highest = (idx, *y);
        }
    }
    let mut idxs = [0, lowest.0, highest.0, points.len() - 1];
    idxs.sort_unstable();
    let mut last = None;
    for idx in idxs {
        if last != Some(idx) {
            kept.push(points[idx]);
        }
        last = Some(idx);
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn few_points_stay_as_they_are() {
        let points = [(0.0, 1.0), (0.5, 2.0), (9.0, 0.0)];

        assert_eq!(min_max(&points, 1.0), points);
    }

    proptest! {
        #[test]
        fn ends_and_extremes_survive_and_order_is_kept(ys in prop::collection::vec(-1e3f64..1e3, 1..400), column in 1.0f64..80.0) {
            let points: Vec<Point> = ys.iter().enumerate().map(|(idx, y)| (idx as f64, *y)).collect();

            let kept = min_max(&points, column);

            let top = |p: &[Point]| p.iter().map(|p| p.1).fold(f64::NEG_INFINITY, f64::max);
            let bottom = |p: &[Point]| p.iter().map(|p| p.1).fold(f64::INFINITY, f64::min);
            prop_assert!((top(&kept) - top(&points)).abs() < 1e-12 && (bottom(&kept) - bottom(&points)).abs() < 1e-12);
            prop_assert_eq!((kept.first(), kept.last()), (points.first(), points.last()));
            prop_assert!(kept.windows(2).all(|w| w[0].0 < w[1].0));
            prop_assert!(kept.len() as f64 <= 4.0 * (points.len() as f64 / column + 2.0));
        }
    }
}
