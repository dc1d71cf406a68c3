//! Which closes a chart shows, joins and reads.

use analysis::{
    order::sort_by,
    view::{Close, MarketView},
};
use wire::{Millis, time::DAY};

/// The closes in a range with one more on either side, to which the line is drawn until it is cut.
pub(super) fn around(view: &MarketView, from: Millis, to: Millis) -> &[Close] {
    let first = view
        .closes
        .partition_point(|c| c.at < from)
        .saturating_sub(1);
    let end = (view.closes.partition_point(|c| c.at <= to) + 1).min(view.closes.len());
    view.closes.get(first..end).unwrap_or_default()
}

/// The newest close known at `at`, unless it is older than a few bars.
pub fn close_before(view: &MarketView, at: Millis) -> Option<Close> {
    let idx = view.closes.partition_point(|c| c.at <= at).checked_sub(1)?;
    let close = view.closes.get(idx)?;
    let oldest = at - (5 * view.bar_width).max(2 * view.width);
    (close.at >= oldest && close.price.is_finite()).then_some(*close)
}

/// Two closes further apart than this are not joined. Exchanges close for the night and for up to
/// four days around a holiday; daily bars bridge that, shorter ones do not.
pub(super) fn max_step(view: &MarketView) -> f64 {
    let mut steps: Vec<Millis> = view.closes.windows(2).map(|w| w[1].at - w[0].at).collect();
    sort_by(&mut steps, Ord::cmp);
    let usual = steps
        .get(steps.len() / 2)
        .copied()
        .unwrap_or(0)
        .max(view.bar_width);
    let bridge = if view.bar_width >= DAY { 5 * DAY } else { 0 };
    (3 * usual).max(bridge) as f64
}

#[cfg(test)]
mod tests {
    use wire::time::HOUR;

    use super::*;

    fn view() -> MarketView {
        let close = |at, price| Close { at, price };
        MarketView {
            width: HOUR,
            bar_width: HOUR,
            closes: vec![
                close(HOUR, 10.0),
                close(2 * HOUR, 11.0),
                close(3 * HOUR, 12.0),
            ],
            ..MarketView::default()
        }
    }

    #[test]
    fn a_close_is_read_from_the_moment_it_is_known_until_it_is_stale() {
        assert_eq!(close_before(&view(), HOUR - 1), None);
        assert_eq!(close_before(&view(), HOUR).map(|c| c.price), Some(10.0));
        assert_eq!(close_before(&view(), 4 * HOUR).map(|c| c.price), Some(12.0));
        assert_eq!(close_before(&view(), 19 * HOUR), None);
    }

    #[test]
    fn a_range_is_drawn_with_one_close_on_either_side() {
        let prices = |from, to| {
            around(&view(), from, to)
                .iter()
                .map(|c| c.price)
                .collect::<Vec<_>>()
        };

        assert_eq!(prices(HOUR + 1, 2 * HOUR - 1), [10.0, 11.0]);
        assert_eq!(prices(0, 9 * HOUR), [10.0, 11.0, 12.0]);
        assert!(around(&MarketView::default(), 0, 1).is_empty());
    }

    #[test]
    fn daily_bars_bridge_a_long_weekend_and_hourly_bars_no_night() {
        let daily = MarketView {
            bar_width: DAY,
            closes: Vec::new(),
            ..view()
        };

        assert!(max_step(&daily) >= 4.0 * DAY as f64);
        assert!(max_step(&view()) < 12.0 * HOUR as f64);
    }
}
