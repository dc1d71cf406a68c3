//! Calendar strings to [`Millis`]: the only place of this crate where dates are parsed.

use serde::{Deserialize, Serialize};

use crate::time::{DAY, HOUR, MINUTE, Millis, SECOND};

/// How dates with slashes are meant.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum DateOrder {
    /// `31/1/2017`.
    #[default]
    DayFirst,
    /// `1/31/2017`.
    MonthFirst,
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Reads Twitter's form, `Wed Jan 01 01:18:36 +0000 2014`. The week day is not checked.
pub fn parse_twitter(text: &str) -> Option<Millis> {
    let bytes = text.as_bytes();
    let is_shaped = bytes.len() == 30 && [3, 7, 10, 19, 25].iter().all(|at| bytes[*at] == b' ');
    if !is_shaped || !text.is_ascii() {
        return None;
    }
    let month = MONTHS.iter().position(|name| *name == &text[4..7])? + 1;
    let date = at_midnight(number(&text[26..30])?, month as i64, number(&text[8..10])?)?;
    Some(date + parse_clock(&text[11..19])? - parse_offset(&text[20..25])?)
}

/// Reads the date forms of tables, year first and in UTC unless they say otherwise:
/// `2014-01-31`, `2014-01-31 05:00[:00[.000]]`, the same with `T`, `Z` or an offset, and the
/// 12-hour form `2020-02-13 12-AM`, where 12-AM is midnight and 12-PM noon.
pub fn parse_table(text: &str) -> Option<Millis> {
    let text = text.trim();
    if !text.is_ascii() {
        return None;
    }
    let (date, rest) = text.split_at_checked(10)?;
    let bytes = date.as_bytes();
    let separator = bytes[4];
    if !matches!(separator, b'-' | b'/') || bytes[7] != separator {
        return None;
    }
    let date = at_midnight(
        number(&date[..4])?,
        number(&date[5..7])?,
        number(&date[8..])?,
    )?;
    let Some(rest) = rest.strip_prefix([' ', 'T', 't']) else {
        return rest.is_empty().then_some(date);
    };
    let (clock, offset) = split_offset(rest)?;
    Some(date + parse_half_day(clock).or_else(|| parse_clock(clock))? - offset)
}

/// Reads `19/11/2017`, `19/11/2017 23:59[:00]` and the like, in UTC, with the day or the month first. Dots
/// may stand for the slashes.
pub fn parse_slashed(text: &str, order: DateOrder) -> Option<Millis> {
    let (date, clock) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
    let mut parts = date.split(['/', '.']).map(number);
    let (first, second, year) = (parts.next()??, parts.next()??, parts.next()??);
    let (day, month) = match order {
        DateOrder::DayFirst => (first, second),
        DateOrder::MonthFirst => (second, first),
    };
    if parts.next().is_some() || !(1_000..10_000).contains(&year) {
        return None;
    }
    let clock = match clock.trim() {
        "" => 0,
        clock => parse_clock(clock)?,
    };
    Some(at_midnight(year, month, day)? + clock)
}

/// Reads a whole number of seconds, milliseconds, microseconds or nanoseconds since 1970, told apart
/// by size; every year from 1973 to 5138 is unambiguous.
pub fn parse_epoch(text: &str) -> Option<Millis> {
    let text = text.trim();
    let text = text.split_once('.').map_or(text, |(whole, _)| whole);
    let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let amount: Millis = if is_number {
        text.parse().ok()?
    } else {
        return None;
    };
    match amount {
        ..100_000_000 => None,
        100_000_000..100_000_000_000 => Some(amount * SECOND),
        100_000_000_000..100_000_000_000_000 => Some(amount),
        100_000_000_000_000..100_000_000_000_000_000 => Some(amount / 1_000),
        _ => Some(amount / 1_000_000),
    }
}

/// Midnight UTC of a day of the proleptic Gregorian calendar.
fn at_midnight(year: i64, month: i64, day: i64) -> Option<Millis> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let n_days = match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=n_days).contains(&day) {
        return None;
    }
    // Years begin in March, so that the leap day is a year's last one.
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days =
        365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year;
    Some((days - 719_468) * DAY)
}

/// `hh:mm`, `hh:mm:ss` or `hh:mm:ss.fff` as time since midnight. A leap second counts as the next second.
fn parse_clock(text: &str) -> Option<Millis> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = clock.split(':');
    let (hour, minute) = (two_digits(parts.next()?)?, two_digits(parts.next()?)?);
    let second = parts.next().map_or(Some(0), two_digits)?;
    let is_clock = hour < 24 && minute < 60 && second <= 60 && parts.next().is_none();
    if !is_clock || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let millis = fraction
        .bytes()
        .chain(*b"000")
        .take(3)
        .fold(0, |sum, b| sum * 10 + i64::from(b - b'0'));
    Some(hour * HOUR + minute * MINUTE + second * SECOND + millis)
}

/// `12-AM` or `01-PM` as time since midnight.
fn parse_half_day(text: &str) -> Option<Millis> {
    let (hour, half) = text.split_once('-')?;
    let hour = two_digits(hour).filter(|hour| (1..=12).contains(hour))? % 12;
    match half {
        "AM" => Some(hour * HOUR),
        "PM" => Some((hour + 12) * HOUR),
        _ => None,
    }
}

/// Splits a clock from its offset: `05:00:00Z`, `05:00:00+01:00`, `05:00:00 UTC` or nothing.
fn split_offset(text: &str) -> Option<(&str, Millis)> {
    for utc in ["Z", "z", " UTC"] {
        if let Some(clock) = text.strip_suffix(utc) {
            return Some((clock, 0));
        }
    }
    let start = text.rfind(['+', '-']).filter(|at| *at >= 5);
    match start {
        Some(start) => Some((text[..start].trim_end(), parse_offset(&text[start..])?)),
        None => Some((text, 0)),
    }
}

/// `+0100` or `-05:00`.
fn parse_offset(text: &str) -> Option<Millis> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = digits
        .split_once(':')
        .or_else(|| digits.split_at_checked(2))?;
    let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
    (hours <= 14 && minutes < 60).then_some(sign * (hours * HOUR + minutes * MINUTE))
}

fn two_digits(text: &str) -> Option<i64> {
    if text.len() == 2 { number(text) } else { None }
}

/// Digits only: no sign, no blank.
fn number(text: &str) -> Option<i64> {
    let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check_table(text: &str, expect: Option<Millis>) {
        assert_eq!(parse_table(text), expect, "{text:?}");
    }

    #[test]
    fn twitter_times_are_read_with_their_offset() {
        assert_eq!(
            parse_twitter("Wed Jan 01 01:18:36 +0000 2014"),
            Some(1_388_539_116_000)
        );
        assert_eq!(
            parse_twitter("Wed Jan 01 01:18:36 +0100 2014"),
            Some(1_388_535_516_000)
        );
        for bad in [
            "",
            "Wed Jan 32 01:18:36 +0000 2014",
            "Wed Jam 01 01:18:36 +0000 2014",
            "Wed Jan 01 25:18:36 +0000 2014",
        ] {
            assert_eq!(parse_twitter(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn table_dates_are_read_in_their_forms() {
        check_table("1970-01-01", Some(0));
        check_table("2000-02-29", Some(951_782_400_000));
        check_table("2022-08-20 00:00:00", Some(1_660_953_600_000));
        check_table("2022-08-20T00:00:00.250Z", Some(1_660_953_600_250));
        check_table("2022-08-20 02:00+02:00", Some(1_660_953_600_000));
        check_table("1969-12-31 23:59:59.999", Some(-1));
    }

    #[test]
    fn dates_with_slashes_are_read_in_the_order_they_are_meant_in() {
        let check = |text: &str, order, expect: Option<&str>| {
            assert_eq!(
                parse_slashed(text, order),
                expect.and_then(parse_table),
                "{text:?}"
            );
        };
        check(
            "19/11/2017 23:59",
            DateOrder::DayFirst,
            Some("2017-11-19 23:59"),
        );
        check("3/4/2017", DateOrder::MonthFirst, Some("2017-03-04"));
        check(
            "31.1.2017 05:00:01",
            DateOrder::DayFirst,
            Some("2017-01-31 05:00:01"),
        );
        for bad in ["19/11/2017", "1/2/17", "1/2/2017/3", "", "1/2/2017 25:00"] {
            check(bad, DateOrder::MonthFirst, None);
        }
    }

    #[test]
    fn twelve_am_is_midnight_and_twelve_pm_is_noon() {
        let midnight = parse_table("2019-07-01").unwrap();

        check_table("2019-07-01 12-AM", Some(midnight));
        check_table("2019-07-01 01-AM", Some(midnight + HOUR));
        check_table("2019-07-01 12-PM", Some(midnight + 12 * HOUR));
        check_table("2019-07-01 11-PM", Some(midnight + 23 * HOUR));
        check_table("2019-07-01 13-PM", None);
        check_table("2019-07-01 00-AM", None);
    }

    #[test]
    fn days_that_do_not_exist_and_other_orders_are_refused() {
        for bad in [
            "",
            "2019-02-29",
            "1900-02-29",
            "2019-13-01",
            "01/02/2019",
            "2019-1-1",
            "2019-01-01x",
            "2019-01-01 24:00",
            "n/a",
        ] {
            check_table(bad, None);
        }
    }

    #[test]
    fn the_unit_of_an_epoch_number_is_told_by_its_size() {
        for text in [
            "1660953600",
            "1660953600000",
            "1660953600000000",
            "1660953600000000000",
            "1660953600.0",
        ] {
            assert_eq!(parse_epoch(text), Some(1_660_953_600_000), "{text}");
        }
        assert_eq!(parse_epoch("20190701"), None);
        assert_eq!(parse_epoch("-5"), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_a_parser_panic(text in "\\PC*", digits in "[0-9:\\-+ TZAPM./]{0,32}") {
            for text in [text, digits] {
                let _ = (parse_twitter(&text), parse_table(&text), parse_epoch(&text));
            }
        }
    }
}
