//! Fewer points without losing a peak: per pixel column the first, lowest, highest and last point stay.

use super::clip::Point;

/// Points in x order, at most four in each column of width `column`; columns are aligned to 0, so that
/// a chart that moves on with time does not shimmer.
pub fn min_max(points: &[Point], column: f64) -> Vec<Point> {
    if column <= 0.0 || !column.is_finite() {
        return points.to_vec();
    }
    let column_of = |p: &Point| (p.0 / column).floor();
    let mut kept = Vec::new();
    for chunk in points.chunk_by(|a, b| (column_of(a) - column_of(b)).abs() < 0.5) {
        keep_extremes(chunk, &mut kept);
    }
    kept
}

fn keep_extremes(chunk: &[Point], kept: &mut Vec<Point>) {
    if chunk.len() <= 4 {
        kept.extend_from_slice(chunk);
        return;
    }
    let by_y = |a: &usize, b: &usize| chunk[*a].1.total_cmp(&chunk[*b].1);
    let lowest = (0..chunk.len()).min_by(by_y).unwrap_or(0);
    let highest = (0..chunk.len()).max_by(by_y).unwrap_or(0);
    let mut idxs = [0, lowest, highest, chunk.len() - 1];
    idxs.sort_unstable();
    let mut last = None;
    for idx in idxs {
        if last != Some(idx) {
            kept.push(chunk[idx]);
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
