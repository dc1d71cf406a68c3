//! Cutting lines to the plot before they are drawn.
//!
//! plotters moves a point that lies outside its area to the nearest edge, which bends every line that
//! leaves the plot. So lines are cut here, in axis values, with the algorithm of Liang and Barsky.

/// A point in axis values.
pub type Point = (f64, f64);

/// A stretch of both axes: what is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Left and right edge.
    pub x: (f64, f64),
    /// Lower and upper edge.
    pub y: (f64, f64),
}

/// The parts of a polyline that lie in the window, each with its cut ends. Slopes stay as they were.
///
/// A part of a single point is kept when it lies inside. Points that are not finite are not allowed.
pub fn clip_polyline(points: &[Point], window: Window) -> Vec<Vec<Point>> {
    if let [point] = points {
        return if contains(window, *point) {
            vec![vec![*point]]
        } else {
            Vec::new()
        };
    }
    let mut parts: Vec<Vec<Point>> = Vec::new();
    let mut is_open = false;
    for pair in points.windows(2) {
        let &[from, to] = pair else { continue };
        let Some((start, end)) = clip_segment(from, to, window) else {
            is_open = false;
            continue;
        };
        match parts.last_mut() {
            Some(part) if is_open => part.push(end),
            _ => parts.push(vec![start, end]),
        }
        is_open = end == to;
    }
    parts
}

/// Splits points in time order where two neighbours lie further apart than `max_step`.
pub fn split_at_gaps(points: &[Point], max_step: f64) -> Vec<&[Point]> {
    points.chunk_by(|a, b| b.0 - a.0 <= max_step).collect()
}

fn contains(window: Window, (x, y): Point) -> bool {
    window.x.0 <= x && x <= window.x.1 && window.y.0 <= y && y <= window.y.1
}

/// The part of a segment inside the window. An end that is not cut comes back bit for bit.
fn clip_segment(from: Point, to: Point, window: Window) -> Option<(Point, Point)> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let edges = [
        (-dx, from.0 - window.x.0),
        (dx, window.x.1 - from.0),
        (-dy, from.1 - window.y.0),
        (dy, window.y.1 - from.1),
    ];
    let (mut enter, mut leave) = (0.0f64, 1.0f64);
    for (towards, room) in edges {
        if towards == 0.0 {
            if room < 0.0 {
                return None;
            }
            continue;
        }
        let part = room / towards;
        if towards < 0.0 {
            enter = enter.max(part);
        } else {
            leave = leave.min(part);
        }
    }
    if enter > leave {
        return None;
    }
    let at = |part: f64| match part {
        p if p <= 0.0 => from,
        p if p >= 1.0 => to,
        // Rounding must not put the cut end outside again.
        p => (
            (from.0 + p * dx).clamp(window.x.0, window.x.1),
            (from.1 + p * dy).clamp(window.y.0, window.y.1),
        ),
    };
    Some((at(enter), at(leave)))
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const UNIT: Window = Window {
        x: (0.0, 1.0),
        y: (0.0, 1.0),
    };

    #[test]
    fn a_line_through_the_window_is_cut_at_both_edges() {
        assert_eq!(
            clip_polyline(&[(-1.0, 0.5), (2.0, 0.5)], UNIT),
            [vec![(0.0, 0.5), (1.0, 0.5)]]
        );
    }

    #[test]
    fn a_line_that_leaves_and_returns_becomes_two() {
        let parts = clip_polyline(&[(0.0, 0.5), (0.4, 1.5), (0.6, 1.5), (1.0, 0.5)], UNIT);

        assert_eq!(parts.len(), 2);
        assert!(parts[0][1].1 <= 1.0 && parts[1][0].1 <= 1.0);
    }

    #[test]
    fn what_passes_by_leaves_nothing() {
        assert!(clip_polyline(&[(-1.0, 0.0), (0.0, 3.0)], UNIT).is_empty());
        assert!(clip_polyline(&[(5.0, 5.0)], UNIT).is_empty());
        assert!(clip_polyline(&[], UNIT).is_empty());
    }

    #[test]
    fn a_gap_splits_the_line() {
        let points = [(0.0, 1.0), (1.0, 1.0), (5.0, 1.0)];

        assert_eq!(split_at_gaps(&points, 2.0), [&points[..2], &points[2..]]);
    }

    fn polyline() -> impl Strategy<Value = Vec<Point>> {
        prop::collection::vec((-3.0f64..4.0, -3.0f64..4.0), 2..20)
    }

    /// Distance of a point from the nearest segment of a polyline.
    fn distance(points: &[Point], (x, y): Point) -> f64 {
        let to_segment = |a: Point, b: Point| {
            let (dx, dy) = (b.0 - a.0, b.1 - a.1);
            let length = dx * dx + dy * dy;
            let part = if length > 0.0 {
                (((x - a.0) * dx + (y - a.1) * dy) / length).clamp(0.0, 1.0)
            } else {
                0.0
            };
            (x - a.0 - part * dx).hypot(y - a.1 - part * dy)
        };
        points
            .windows(2)
            .map(|w| to_segment(w[0], w[1]))
            .fold(f64::INFINITY, f64::min)
    }

    proptest! {
        #[test]
        fn zoomed_lines_stay_inside_and_lie_on_the_whole_line(points in polyline()) {
            for part in clip_polyline(&points, UNIT) {
                for point in &part {
                    prop_assert!(contains(UNIT, *point));
                    prop_assert!(distance(&points, *point) < 1e-9);
                }
                for ends in part.windows(2) {
                    let middle = ((ends[0].0 + ends[1].0) / 2.0, (ends[0].1 + ends[1].1) / 2.0);
                    prop_assert!(distance(&points, middle) < 1e-9);
                }
            }
        }

        #[test]
        fn nothing_inside_is_lost(points in polyline(), part in 0.0f64..1.0) {
            for ends in points.windows(2) {
                let on_line = (ends[0].0 + part * (ends[1].0 - ends[0].0), ends[0].1 + part * (ends[1].1 - ends[0].1));
                if contains(UNIT, on_line) {
                    let parts = clip_polyline(&points, UNIT);
                    let nearest = parts.iter().map(|p| distance(p, on_line)).fold(f64::INFINITY, f64::min);
                    prop_assert!(nearest < 1e-9);
                }
            }
        }
    }
}
