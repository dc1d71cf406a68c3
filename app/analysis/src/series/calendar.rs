//! Calendar days, months and years in a time zone, without a table of zones.
//!
//! The zone comes in as a list of transitions, which a browser takes from `Intl`: for each instant at
//! which the clocks change, the offset from then on. Days of 23 and 25 hours follow from it.

use serde::{Deserialize, Serialize};
use wire::{
    Millis,
    time::{DAY, HOUR, MINUTE},
};

/// The last instant that a calendar of a browser knows, 100,000,000 days after 1970; the first is as far
/// before it.
pub const MAX_TIME: Millis = 100_000_000 * DAY;

/// How far a clock is ahead of UTC, and since when.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Zone {
    /// Instant and offset from then on, ascending.
    transitions: Vec<(Millis, Millis)>,
    /// Before the first transition.
    first_offset: Millis,
}

/// Why a list of transitions is no zone.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ZoneError {
    /// The instants do not rise.
    #[error("the transition at index {0} does not come after the one before it")]
    Unsorted(usize),
    /// No clock is a day or more away from UTC.
    #[error("an offset of {0} minutes is a day or more")]
    Offset(i64),
}

/// A date of the Gregorian calendar.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Date {
    /// Astronomical year.
    pub year: i64,
    /// 1…12.
    pub month: u8,
    /// 1…31.
    pub day: u8,
}

/// How wide a cell of a roll-up is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub enum Level {
    /// 60 seconds of UTC.
    Minute,
    /// Five minutes of UTC.
    FiveMinutes,
    /// An hour of UTC.
    Hour,
    /// A calendar day of the zone.
    Day,
    /// A calendar month of the zone.
    Month,
    /// A calendar year of the zone.
    Year,
}

impl Zone {
    /// UTC.
    pub fn utc() -> Self {
        Self::default()
    }

    /// `first_offset_minutes` holds before the first transition; each transition is an instant and the
    /// offset in minutes from then on. East of Greenwich is positive.
    ///
    /// # Errors
    /// [`ZoneError`]: instants that do not rise, or an offset of a day or more.
    pub fn new(
        first_offset_minutes: i32,
        transitions: &[(Millis, i32)],
    ) -> Result<Self, ZoneError> {
        if let Some(idx) = transitions
            .windows(2)
            .position(|pair| pair[0].0 >= pair[1].0)
        {
            return Err(ZoneError::Unsorted(idx + 1));
        }
        let offsets = transitions.iter().map(|(_, offset)| *offset);
        for offset in offsets.chain([first_offset_minutes]) {
            if i64::from(offset).abs() * MINUTE >= DAY {
                return Err(ZoneError::Offset(i64::from(offset)));
            }
        }
        Ok(Self {
            transitions: transitions
                .iter()
                .map(|(at, offset)| (*at, i64::from(*offset) * MINUTE))
                .collect(),
            first_offset: i64::from(first_offset_minutes) * MINUTE,
        })
    }

    /// How far the clock is ahead of UTC at this instant.
    pub fn offset(&self, at: Millis) -> Millis {
        let n = self.transitions.partition_point(|(from, _)| *from <= at);
        n.checked_sub(1)
            .and_then(|idx| self.transitions.get(idx))
            .map_or(self.first_offset, |(_, offset)| *offset)
    }

    /// The date that a calendar on the wall shows; of what is further from 1970 than [`MAX_TIME`] that of the
    /// nearest such instant.
    pub fn date(&self, at: Millis) -> Date {
        let at = at.clamp(-MAX_TIME, MAX_TIME);
        Date::from_days((at + self.offset(at)).div_euclid(DAY))
    }

    /// The first instant at which the clock shows `days` days after 1 January 1970 or later.
    ///
    /// A midnight that the clocks skip is where they jump over it; of one that comes twice it is the first.
    fn start_of_day(&self, days: i64) -> Millis {
        let midnight = days * DAY;
        let near = midnight - DAY..midnight + DAY;
        let from = self.transitions.partition_point(|(at, _)| *at < near.start);
        let mut offset = self.offset(near.start - 1);
        for (at, next) in self.transitions.iter().skip(from) {
            if midnight - offset <= *at || *at > near.end {
                break;
            }
            offset = *next;
            if at + offset >= midnight {
                return *at;
            }
        }
        midnight - offset
    }

    /// Start and end of the cell of this level that holds an instant; what is further from 1970 than
    /// [`MAX_TIME`] counts as if it were as far.
    pub fn cell(&self, level: Level, at: Millis) -> (Millis, Millis) {
        let at = at.clamp(-MAX_TIME, MAX_TIME);
        let width = match level {
            Level::Minute => MINUTE,
            Level::FiveMinutes => 5 * MINUTE,
            Level::Hour => HOUR,
            Level::Day | Level::Month | Level::Year => {
                let mut day = (at + self.offset(at)).div_euclid(DAY);
                // Clocks that go back over midnight show the evening before once more; it belongs to
                // the new day.
                while self.start_of_day(level.days(day).1) <= at {
                    day = level.days(day).1;
                }
                let (from, to) = level.days(day);
                return (self.start_of_day(from), self.start_of_day(to));
            }
        };
        let start = at.div_euclid(width) * width;
        (start, start + width)
    }

    /// Start and end of the cell before the one that begins at `start`.
    pub fn cell_before(&self, level: Level, start: Millis) -> (Millis, Millis) {
        self.cell(level, start.saturating_sub(1))
    }
}

impl Level {
    /// The days, since 1 January 1970, at which the calendar's cell around a day begins and ends.
    fn days(self, day: i64) -> (i64, i64) {
        let date = Date::from_days(day);
        match self {
            Self::Month => {
                let first = Date { day: 1, ..date };
                (first.days(), first.next_month().days())
            }
            Self::Year => {
                let first = |year| Date {
                    year,
                    month: 1,
                    day: 1,
                };
                (first(date.year).days(), first(date.year + 1).days())
            }
            _ => (day, day + 1),
        }
    }
}

impl Date {
    /// The date so many days after 1 January 1970.
    ///
    /// # Source
    /// Years that begin in March, so that the leap day comes last: Howard Hinnant, *chrono-Compatible
    /// Low-Level Date Algorithms*.
    pub fn from_days(days: i64) -> Self {
        let days = days + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * day_of_year + 2) / 153;
        let month = if from_march < 10 {
            from_march + 3
        } else {
            from_march - 9
        };
        Self {
            year: era * 400 + year_of_era + i64::from(month <= 2),
            month: month as u8,
            day: (day_of_year - (153 * from_march + 2) / 5 + 1) as u8,
        }
    }

    /// Days since 1 January 1970.
    pub fn days(self) -> i64 {
        let (month, day) = (i64::from(self.month), i64::from(self.day));
        let year = self.year - i64::from(month <= 2);
        let from_march = if month > 2 { month - 3 } else { month + 9 };
        let day_of_year = (153 * from_march + 2) / 5 + day - 1;
        let year_of_era = year.rem_euclid(400);
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        year.div_euclid(400) * 146_097 + day_of_era - 719_468
    }

    fn next_month(self) -> Self {
        if self.month < 12 {
            Self {
                month: self.month + 1,
                ..self
            }
        } else {
            Self {
                year: self.year + 1,
                month: 1,
                ..self
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 2024: clocks go forward on 10 March at 7:00 UTC and back on 3 November at 6:00 UTC.
    fn new_york() -> Zone {
        Zone::new(
            -300,
            &[(1_710_054_000_000, -240), (1_730_613_600_000, -300)],
        )
        .unwrap()
    }

    fn midnight(year: i64, month: u8, day: u8) -> Millis {
        Date { year, month, day }.days() * DAY
    }

    #[test]
    fn days_on_which_clocks_change_have_23_and_25_hours() {
        let zone = new_york();
        for (day, hours) in [(9, 24), (10, 23), (11, 24)] {
            let (start, end) = zone.cell(Level::Day, midnight(2024, 3, day) + 12 * HOUR);
            assert_eq!((end - start) / HOUR, hours, "March {day}");
        }
        let (start, end) = zone.cell(Level::Day, midnight(2024, 11, 3) + 12 * HOUR);
        assert_eq!(
            (start, (end - start) / HOUR),
            (midnight(2024, 11, 3) + 4 * HOUR, 25)
        );
    }

    #[test]
    fn months_and_years_begin_at_the_zones_midnight() {
        let zone = new_york();
        let cell = |level| zone.cell(level, midnight(2024, 3, 31) + 5 * HOUR);

        assert_eq!(
            cell(Level::Month),
            (
                midnight(2024, 3, 1) + 5 * HOUR,
                midnight(2024, 4, 1) + 4 * HOUR
            )
        );
        assert_eq!(
            cell(Level::Year),
            (
                midnight(2024, 1, 1) + 5 * HOUR,
                midnight(2025, 1, 1) + 5 * HOUR
            )
        );
        assert_eq!(
            zone.cell_before(Level::Month, midnight(2024, 1, 1) + 5 * HOUR)
                .0,
            midnight(2023, 12, 1) + 5 * HOUR
        );
    }

    #[test]
    fn a_midnight_that_is_skipped_begins_the_day_later() {
        // Clocks go from 0:00 to 1:00 at the midnight of 2 January 1970.
        let zone = Zone::new(0, &[(DAY, 60)]).unwrap();

        assert_eq!(zone.cell(Level::Day, DAY), (DAY, 2 * DAY - HOUR));
        assert_eq!(zone.cell(Level::Day, DAY - 1), (0, DAY));
    }

    #[test]
    fn a_list_that_is_no_zone_is_refused() {
        assert_eq!(
            Zone::new(0, &[(5, 60), (5, 0)]),
            Err(ZoneError::Unsorted(1))
        );
        assert_eq!(Zone::new(1_440, &[]), Err(ZoneError::Offset(1_440)));
    }

    proptest! {
        #[test]
        fn dates_and_days_are_one_another(days in -1_000_000i64..1_000_000) {
            let date = Date::from_days(days);

            prop_assert_eq!(date.days(), days);
            prop_assert!((1..=12).contains(&date.month) && (1..=31).contains(&date.day));
        }

        #[test]
        fn cells_hold_their_instant_and_touch_each_other(
            at in -40_000i64..40_000, offsets in prop::collection::vec(-840i32..840, 4),
        ) {
            let transitions: Vec<(Millis, i32)> =
                offsets.iter().enumerate().map(|(i, o)| ((i as i64 - 2) * 300 * DAY + 7 * MINUTE, *o / 15 * 15)).collect();
            let zone = Zone::new(0, &transitions).unwrap();
            let at = at * 31 * MINUTE;
            for level in [Level::Minute, Level::Hour, Level::Day, Level::Month, Level::Year] {
                let (start, end) = zone.cell(level, at);

                prop_assert!(start <= at && at < end, "{:?} {} {} {}", level, start, at, end);
                prop_assert_eq!(zone.cell(level, start), (start, end));
                prop_assert_eq!(zone.cell(level, end - 1), (start, end));
                prop_assert_eq!(zone.cell(level, end).0, end);
            }
        }
    }
}
