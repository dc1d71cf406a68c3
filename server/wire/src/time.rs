//! Time as an integer, and the one rule that turns an upstream's time stamp into grid time.

/// Milliseconds: since the Unix epoch in UTC for an instant, plain for a length of time.
///
/// Instants before 1970 are negative. Calendar strings are parsed in [`crate::formats`] and the
/// relay's sources, and printed by the page and by exports; everywhere in between time is this integer.
pub type Millis = i64;

/// One second.
pub const SECOND: Millis = 1_000;
/// One minute.
pub const MINUTE: Millis = 60 * SECOND;
/// One hour.
pub const HOUR: Millis = 60 * MINUTE;
/// One day of 24 hours.
pub const DAY: Millis = 24 * HOUR;

/// How far behind `seen_at` an upstream's own time stamp may lie and still be believed.
pub const MAX_AGE: Millis = 48 * HOUR;
/// How far ahead of `seen_at` an upstream's own time stamp may lie and still be believed.
pub const MAX_AHEAD: Millis = 2 * MINUTE;
/// An event whose `seen_at − at` is larger than this is *late*.
pub const LATE_AFTER: Millis = MINUTE;

/// Grid time of a live event: the upstream server's own time stamp where it is plausible, else `seen_at`.
///
/// Returns `(at, skewed)`; `skewed` says that the upstream's stamp was refused.
pub fn grid_time(upstream_at: Millis, seen_at: Millis) -> (Millis, bool) {
    let plausible = seen_at - MAX_AGE..=seen_at + MAX_AHEAD;
    if plausible.contains(&upstream_at) {
        (upstream_at, false)
    } else {
        (seen_at, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plausible_upstream_time_is_the_grid_time() {
        assert_eq!(grid_time(1_000_000, 1_000_500), (1_000_000, false));
        assert_eq!(grid_time(MAX_AHEAD, 0), (MAX_AHEAD, false));
    }

    #[test]
    fn a_stamp_two_days_old_or_from_the_future_gives_way_to_the_relays_clock() {
        assert_eq!(grid_time(-MAX_AGE - 1, 0), (0, true));
        assert_eq!(grid_time(MAX_AHEAD + 1, 0), (0, true));
    }
}
