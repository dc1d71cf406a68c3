//! Which bars are missing, as far as the bars themselves tell when their exchange is open.

use std::collections::{BTreeMap, BTreeSet};

use wire::{Millis, time::DAY};

use crate::{engine::tickers::Prices, view::Range};

/// From fewer days with bars nothing is concluded: every missing bar is told.
const LEAST_DAYS: usize = 3;

/// So far around a range bars tell at which times of day there are any. Not much further, since clocks change.
const LEARNT_FROM: Millis = 14 * DAY;

/// No exchange is closed for longer.
const LONGEST_CLOSURE: Millis = 31 * DAY;

/// Times of day at which a bar opens on at least half of the days that have bars; `None` where bars are
/// expected at any time.
type Hours = Option<BTreeSet<Millis>>;

/// Whether any bar opens on a Saturday or Sunday.
pub(super) fn is_open_on_weekends(prices: Prices<'_>) -> bool {
    let mut opens = prices.closes.keys().map(|at| at - prices.width);
    opens.any(is_weekend)
}

/// Stretches of the range with bars that should be there and are not, ascending: between bars, before the
/// first and after the last one. Holidays are not known, so that each is told as a hole.
pub(super) fn missing(prices: Prices<'_>, range: Range) -> Vec<Range> {
    let width = prices.width;
    let within = prices
        .closes
        .range(range.from.saturating_add(width)..=range.to.max(range.from.saturating_add(width)));
    let opens: Vec<Millis> = within.map(|(at, _)| at - width).collect();
    let Some((first, last)) = opens.first().zip(opens.last()) else {
        return Vec::new();
    };
    let hours = hours(prices, range);
    // Whole bars only, and on their own grid.
    let lead = (first - range.from).div_euclid(width) * width;
    let rest = (range.to - last).div_euclid(width).max(1) * width;
    let between = opens.windows(2).filter_map(|pair| match pair {
        [a, b] => Some((a + width, *b)),
        _ => None,
    });
    [(first - lead, *first)]
        .into_iter()
        .chain(between)
        .chain([(last + width, last + rest)])
        .filter_map(|(from, to)| hole(from, to, width, &hours))
        .collect()
}

/// From the first bar that is expected between two times to the last one.
fn hole(from: Millis, to: Millis, width: Millis, hours: &Hours) -> Option<Range> {
    if to - from < width {
        return None;
    }
    let Some(hours) = hours.as_ref().filter(|_| to - from <= LONGEST_CLOSURE) else {
        return Some(Range { from, to });
    };
    let is_expected = |open: &Millis| !is_weekend(*open) && hours.contains(&open.rem_euclid(DAY));
    let opens = (0..(to - from) / width).map(|k| from + k * width);
    let mut expected = opens.filter(is_expected);
    let first = expected.next()?;
    let last = expected.next_back().unwrap_or(first);
    Some(Range {
        from: first,
        to: last + width,
    })
}

fn hours(prices: Prices<'_>, range: Range) -> Hours {
    if prices.width > DAY || is_open_on_weekends(prices) {
        return None;
    }
    let learnt = range.from.saturating_sub(LEARNT_FROM)
        ..=range.to.max(range.from).saturating_add(LEARNT_FROM);
    let mut days = BTreeSet::new();
    let mut by_time: BTreeMap<Millis, usize> = BTreeMap::new();
    for (at, _) in prices.closes.range(learnt) {
        let open = at - prices.width;
        days.insert(open.div_euclid(DAY));
        *by_time.entry(open.rem_euclid(DAY)).or_default() += 1;
    }
    let usual = by_time.into_iter().filter(|(_, n)| n * 2 >= days.len());
    (days.len() >= LEAST_DAYS).then(|| usual.map(|(time, _)| time).collect())
}

fn is_weekend(at: Millis) -> bool {
    // The first day of all was a Thursday.
    matches!(at.div_euclid(DAY).rem_euclid(7), 2 | 3)
}

#[cfg(test)]
mod tests {
    use wire::time::HOUR;

    use super::*;
    use crate::{engine::tickers::Closes, series::calendar::Zone, series::monthly::Monthly};

    /// A Monday.
    const MONDAY: Millis = 4 * DAY;

    fn holes(opens: impl IntoIterator<Item = Millis>, range: (Millis, Millis)) -> Vec<Range> {
        let closes: Closes = opens.into_iter().map(|open| (open + HOUR, 1.0)).collect();
        let prices = Prices {
            currency: "USD",
            width: HOUR,
            closes: &closes,
            months: &Monthly::new(Zone::utc()),
        };
        missing(
            prices,
            Range {
                from: range.0,
                to: range.1,
            },
        )
    }

    fn exchange() -> impl Iterator<Item = Millis> {
        let days = (0..12)
            .map(|day| MONDAY + day * DAY)
            .filter(|day| !is_weekend(*day));
        days.flat_map(|day| (14..21).map(move |hour| day + hour * HOUR))
    }

    #[test]
    fn nights_and_weekends_of_an_exchange_are_no_holes() {
        let missing = [
            MONDAY + DAY + 15 * HOUR,
            MONDAY + DAY + 16 * HOUR,
            MONDAY + 7 * DAY + 14 * HOUR,
        ];
        let opens = exchange().filter(|open| !missing.contains(open));

        let found = holes(opens, (MONDAY, MONDAY + 12 * DAY));

        assert_eq!(
            found,
            [
                Range {
                    from: missing[0],
                    to: missing[1] + HOUR
                },
                Range {
                    from: missing[2],
                    to: missing[2] + HOUR
                },
            ]
        );
        assert_eq!(holes(exchange(), (MONDAY, MONDAY + 12 * DAY)), []);
    }

    #[test]
    fn what_trades_round_the_clock_is_missed_before_between_and_after() {
        let opens = (0..240)
            .filter(|hour| !(100..110).contains(hour))
            .map(|hour| hour * HOUR);

        let found = holes(opens, (-5 * HOUR, 243 * HOUR + 1));

        let of = |from, to| Range {
            from: from * HOUR,
            to: to * HOUR,
        };
        assert_eq!(found, [of(-5, 0), of(100, 110), of(240, 243)]);
    }
}
