//! Numbers and times as a person reads them: units, true minus signs, UTC or the reader's own time.
//!
//! The only place of the page that prints a calendar date. How numbers and times are written is set once for
//! the whole page, by `preferences.rs`, which makes the panels anew after a change.

mod style;

use analysis::series::calendar::Date;

pub(crate) use style::{Numbers, Zone, from_wall, set, to_wall, zone_name};
use style::{decimals_as_written, group_mark};
use wire::{
    Millis,
    time::{DAY, HOUR, MINUTE, SECOND},
};

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// A moment in the calendar.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Civil {
    pub(crate) year: i64,
    /// 1 to 12.
    pub(crate) month: i64,
    /// 1 to 31.
    pub(crate) day: i64,
    pub(crate) hour: i64,
    pub(crate) minute: i64,
    pub(crate) second: i64,
}

/// `12,431`: every digit.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (idx, digit) in digits.chars().enumerate() {
        if idx > 0 && (digits.len() - idx).is_multiple_of(3) {
            text.push(group_mark());
        }
        text.push(digit);
    }
    text
}

/// `9,999`, then `12.4K`, `3.1M`.
pub(crate) fn compact(n: u64) -> String {
    let scaled =
        |unit: f64, suffix: &str| decimals_as_written(format!("{:.1}{suffix}", n as f64 / unit));
    match n {
        0..10_000 => count(n),
        10_000..999_950 => scaled(1e3, "K"),
        999_950..999_950_000 => scaled(1e6, "M"),
        _ => scaled(1e9, "B"),
    }
}

/// `+0.12`, `−0.12`, `0.00`: what rounds to nothing has no sign.
pub(crate) fn signed(value: f64, decimals: usize) -> String {
    let digits = format!("{:.decimals$}", value.abs());
    let is_zero = digits.bytes().all(|b| matches!(b, b'0' | b'.'));
    let digits = decimals_as_written(digits);
    match value {
        _ if is_zero => digits,
        v if v < 0.0 => format!("−{digits}"),
        _ => format!("+{digits}"),
    }
}

/// `41.2 %` of `whole`; a dash where there is nothing to take a share of.
pub(crate) fn share(part: u64, whole: u64) -> String {
    if whole == 0 {
        "–".to_owned()
    } else {
        decimals_as_written(format!("{:.1} %", part as f64 / whole as f64 * 100.0))
    }
}

/// `+3.1 %` from `before` to `now`; nothing when there was nothing before.
pub(crate) fn change(before: u64, now: u64) -> Option<String> {
    (before > 0).then(|| {
        format!(
            "{} %",
            signed((now as f64 / before as f64 - 1.0) * 100.0, 1)
        )
    })
}

/// A price with as many decimals as its size calls for.
pub(crate) fn price(value: f64) -> String {
    let size = value.abs();
    if size >= 1_000.0 {
        let cents = (size * 100.0).round() as u64;
        let sign = if value < 0.0 { "−" } else { "" };
        let cents_text = decimals_as_written(format!(".{:02}", cents % 100));
        return format!("{sign}{}{cents_text}", count(cents / 100));
    }
    let decimals = match size {
        s if s >= 1.0 || s <= 0.0 => 2,
        // Four significant digits below 1.
        s => (3.0 - s.log10().floor()).clamp(2.0, 12.0) as usize,
    };
    decimals_as_written(format!("{value:.decimals$}").replace('-', "−"))
}

/// `214`, `14.2`, `0.03`: a rate with about three digits.
pub(crate) fn rate(value: f64) -> String {
    match value {
        v if v >= 100.0 => count(v.round() as u64),
        v if v >= 1.0 || v <= 0.0 => decimals_as_written(format!("{v:.1}")),
        v => decimals_as_written(format!("{v:.2}")),
    }
}

/// `45 s`, `5 min`, `1 h`, `2 d`: in the largest unit that leaves at most one decimal.
pub(crate) fn span(length: Millis) -> String {
    let units = [(DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (SECOND, "s")];
    let (unit, name) = units
        .into_iter()
        .find(|(unit, _)| length.abs() >= *unit)
        .unwrap_or((SECOND, "s"));
    let amount = format!("{:.1}", length as f64 / unit as f64);
    decimals_as_written(format!("{} {name}", amount.trim_end_matches(".0")))
}

/// `14 Mar 2023 09:05`.
pub(crate) fn date_time(at: Millis) -> String {
    format!("{} {}", date(at), time_of_day(at))
}

/// `14 Mar 2023`.
pub(crate) fn date(at: Millis) -> String {
    format!("{} {}", day_and_month(at), civil(at).year)
}

/// `14 Mar`.
pub(crate) fn day_and_month(at: Millis) -> String {
    civil(at).day_and_month()
}

/// `09:05`.
pub(crate) fn time_of_day(at: Millis) -> String {
    civil(at).time_of_day()
}

/// `2023-03-14T09:05:00Z`, for `datetime` attributes and exports: always UTC.
pub(crate) fn iso(at: Millis) -> String {
    let Civil {
        year,
        month,
        day,
        hour,
        minute,
        second,
    } = civil_of(at);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// `14 Mar 2023 09:00 – 15 Mar 2023 21:00`, without what both ends share.
pub(crate) fn stretch(from: Millis, to: Millis) -> String {
    let (wall_from, wall_to) = (to_wall(from), to_wall(to));
    if wall_from.div_euclid(DAY) == wall_to.div_euclid(DAY) {
        return format!(
            "{}, {} – {}",
            date(from),
            time_of_day(from),
            time_of_day(to)
        );
    }
    let is_whole_days = wall_from.rem_euclid(DAY) == 0 && wall_to.rem_euclid(DAY) == 0;
    if is_whole_days {
        return format!("{} – {}", date(from), date(to - 1));
    }
    format!("{} – {}", date_time(from), date_time(to))
}

/// The calendar moment of `at`, in the zone that is set.
pub(crate) fn civil(at: Millis) -> Civil {
    civil_of(to_wall(at))
}

/// The calendar moment of a reading of the wall clock, in milliseconds as if it were UTC.
pub(crate) fn civil_of(at: Millis) -> Civil {
    let date = Date::from_days(at.div_euclid(DAY));
    let in_day = at.rem_euclid(DAY);
    Civil {
        year: date.year,
        month: date.month.into(),
        day: date.day.into(),
        hour: in_day / HOUR,
        minute: in_day % HOUR / MINUTE,
        second: in_day % MINUTE / SECOND,
    }
}

/// The first moment of a month on the wall clock; `month` may lie outside 1…12 and carries into the year.
pub(crate) fn start_of_month(year: i64, month: i64) -> Millis {
    let first = Date {
        year: year + (month - 1).div_euclid(12),
        month: ((month - 1).rem_euclid(12) + 1) as u8,
        day: 1,
    };
    first.days() * DAY
}

impl Civil {
    /// `14 Mar`.
    pub(crate) fn day_and_month(self) -> String {
        format!("{} {}", self.day, self.month_name())
    }

    /// `09:05`.
    pub(crate) fn time_of_day(self) -> String {
        format!("{:02}:{:02}", self.hour, self.minute)
    }

    /// `Mar`.
    pub(crate) fn month_name(self) -> &'static str {
        let idx = usize::try_from(self.month - 1).ok();
        idx.and_then(|idx| MONTHS.get(idx)).copied().unwrap_or("?")
    }
}

/// The first moment of the month after the one that begins at `start`, both in UTC.
pub(crate) fn next_month(start: Millis) -> Millis {
    let civil = civil_of(start);
    start_of_month(civil.year, civil.month + 1)
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MARCH_14: Millis = 1_678_784_700_000;

    #[test]
    fn numbers_carry_separators_true_minus_signs_and_no_signed_zero() {
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(
            (compact(9_999), compact(12_431), compact(999_960)),
            ("9,999".into(), "12.4K".into(), "1.0M".into())
        );
        assert_eq!(
            (signed(0.123, 2), signed(-0.123, 2), signed(-0.001, 2)),
            ("+0.12".into(), "−0.12".into(), "0.00".into())
        );
        assert_eq!((share(1, 3), share(0, 0)), ("33.3 %".into(), "–".into()));
        assert_eq!(
            (change(200, 150), change(0, 5)),
            (Some("−25.0 %".into()), None)
        );
    }

    #[test]
    fn a_price_shows_the_digits_that_matter() {
        assert_eq!(price(24_310.5), "24,310.50");
        assert_eq!(price(173.128), "173.13");
        assert_eq!(price(0.000_123_456), "0.0001235");
    }

    #[test]
    fn lengths_of_time_use_the_largest_unit() {
        assert_eq!(
            (span(5 * MINUTE), span(90 * MINUTE), span(DAY)),
            ("5 min".into(), "1.5 h".into(), "1 d".into())
        );
    }

    #[test]
    fn dates_are_utc_unless_another_zone_is_set() {
        assert_eq!(date_time(MARCH_14), "14 Mar 2023 09:05");
        assert_eq!(iso(MARCH_14), "2023-03-14T09:05:00Z");
        assert_eq!(date(-1), "31 Dec 1969");

        set(Zone::fixed(-5 * HOUR), Numbers::default());
        let written = (date_time(MARCH_14), stretch(5 * HOUR, 53 * HOUR));
        let exported = iso(MARCH_14);
        set(Zone::default(), Numbers::default());

        assert_eq!(
            written,
            ("14 Mar 2023 04:05".into(), "1 Jan 1970 – 2 Jan 1970".into())
        );
        assert_eq!(exported, "2023-03-14T09:05:00Z");
    }

    #[test]
    fn numbers_are_written_with_the_marks_that_are_set() {
        let written = |numbers| {
            set(Zone::default(), numbers);
            let written = (count(1_234_567), signed(-0.5, 2), price(24_310.5));
            set(Zone::default(), Numbers::default());
            written
        };

        assert_eq!(
            written(Numbers::Comma),
            ("1.234.567".into(), "−0,50".into(), "24.310,50".into())
        );
        assert_eq!(
            written(Numbers::Space),
            (
                "1\u{202f}234\u{202f}567".into(),
                "−0.50".into(),
                "24\u{202f}310.50".into()
            )
        );
    }

    #[test]
    fn a_stretch_leaves_out_what_both_ends_share() {
        assert_eq!(
            stretch(MARCH_14, MARCH_14 + HOUR),
            "14 Mar 2023, 09:05 – 10:05"
        );
        assert_eq!(stretch(0, 2 * DAY), "1 Jan 1970 – 2 Jan 1970");
    }

    proptest! {
        #[test]
        fn a_month_starts_on_its_first_day(year in 1800i64..2300, month in -30i64..40) {
            let start = civil_of(start_of_month(year, month));

            prop_assert_eq!((start.day, start.hour, start.minute), (1, 0, 0));
            prop_assert_eq!(start.year * 12 + start.month, year * 12 + month);
        }
    }
}
