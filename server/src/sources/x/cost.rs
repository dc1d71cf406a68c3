//! What listening to X costs, by X's list of prices, and when the budget is spent.
//!
//! A post is billed once a UTC day, however often it is delivered; a request for counts each time. X
//! offers no resumption, so the source's position in the log is free to carry this meter over a restart.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime};
use rustc_hash::FxHashSet;
use wire::{Millis, time::DAY};

/// A millionth of a US dollar: prices and sums are whole numbers of it.
pub(crate) type MicroUsd = u64;

const USD: f64 = 1e6;
/// What one delivered post costs.
pub(crate) const POST: MicroUsd = 5_000;
/// What one request for counts costs.
pub(crate) const REQUEST: MicroUsd = 5_000;

/// The most that may be spent; `None` for as much as it comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Budget {
    pub(crate) day_usd: Option<f64>,
    pub(crate) month_usd: Option<f64>,
}

/// Counts what is spent, by UTC day and month.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    budget: Budget,
    day: i64,
    month: i64,
    today: MicroUsd,
    this_month: MicroUsd,
    /// Posts that were billed today.
    billed: FxHashSet<u64>,
}

impl Meter {
    /// Goes on from what was spent before, as [`Meter::position`] wrote it.
    pub(crate) fn new(budget: Budget, position: Option<&str>) -> Self {
        let mut meter = Self {
            budget,
            ..Self::default()
        };
        if let Some([day, today, month, this_month]) = position.and_then(read_position) {
            (meter.day, meter.month) = (day, month);
            (meter.today, meter.this_month) = (today.unsigned_abs(), this_month.unsigned_abs());
        }
        meter
    }

    /// A post was delivered. What repeats today's posts costs nothing.
    pub(crate) fn post(&mut self, id: u64, now: Millis) {
        self.turn_to(now);
        if self.billed.insert(id) {
            self.spend(POST);
        }
    }

    /// A request was made that is billed by itself.
    pub(crate) fn request(&mut self, now: Millis) {
        self.turn_to(now);
        self.spend(REQUEST);
    }

    /// Until when nothing more may be spent; `None` while there is budget left.
    pub(crate) fn spent_until(&mut self, now: Millis) -> Option<Millis> {
        self.turn_to(now);
        let is_spent = |limit: Option<f64>, sum: MicroUsd| {
            limit.is_some_and(|limit| sum as f64 >= limit * USD)
        };
        if is_spent(self.budget.month_usd, self.this_month) {
            Some(month_start(self.month + 1))
        } else if is_spent(self.budget.day_usd, self.today) {
            Some((self.day + 1) * DAY)
        } else {
            None
        }
    }

    /// The limit that is reached, in US dollars; that of the month where both are.
    pub(crate) fn limit_usd(&self) -> f64 {
        let Budget { day_usd, month_usd } = self.budget;
        month_usd
            .filter(|limit| self.this_month as f64 >= limit * USD)
            .or(day_usd)
            .unwrap_or_default()
    }

    /// What was spent in this month, in US dollars.
    pub(crate) fn month_usd(&self) -> f64 {
        self.this_month as f64 / USD
    }

    /// The sums as text, to be remembered. Which posts were billed today is not in it: after a restart
    /// a repeat counts again, so that the meter rather says too much.
    pub(crate) fn position(&self) -> String {
        format!(
            "spent {} {} {} {}",
            self.day, self.today, self.month, self.this_month
        )
    }

    fn spend(&mut self, amount: MicroUsd) {
        self.today = self.today.saturating_add(amount);
        self.this_month = self.this_month.saturating_add(amount);
    }

    /// Begins a new day or month where the clock says so; a clock that is put back changes nothing.
    fn turn_to(&mut self, now: Millis) {
        let day = now.div_euclid(DAY);
        if day > self.day {
            (self.day, self.today) = (day, 0);
            self.billed.clear();
        }
        let month = month_of(day);
        if month > self.month {
            (self.month, self.this_month) = (month, 0);
        }
    }
}

fn read_position(position: &str) -> Option<[i64; 4]> {
    let numbers = position.strip_prefix("spent ")?.split(' ');
    let numbers: Vec<i64> = numbers.map(str::parse).collect::<Result<_, _>>().ok()?;
    numbers.try_into().ok()
}

/// Months since the year 0 at a UTC day counted from 1970; 0 for days of no calendar.
fn month_of(day: i64) -> i64 {
    DateTime::from_timestamp_millis(day.saturating_mul(DAY)).map_or(0, |date| {
        i64::from(date.year()) * 12 + i64::from(date.month0())
    })
}

/// When such a month begins.
fn month_start(month: i64) -> Millis {
    let (year, month0) = (month.div_euclid(12), month.rem_euclid(12));
    let year = i32::try_from(year).ok();
    let first = year.and_then(|year| NaiveDate::from_ymd_opt(year, month0 as u32 + 1, 1));
    first.map_or(Millis::MAX, |date| {
        date.and_time(NaiveTime::MIN).and_utc().timestamp_millis()
    })
}

#[cfg(test)]
mod tests {
    use wire::{formats::calendar::parse_table, time::HOUR};

    use super::*;

    fn at(text: &str) -> Millis {
        parse_table(text).unwrap()
    }

    #[track_caller]
    fn check_usd(meter: &Meter, today: f64, month: f64) {
        let (found, expect) = (
            [meter.today as f64 / USD, meter.month_usd()],
            [today, month],
        );
        assert!(
            found.iter().zip(expect).all(|(a, b)| (a - b).abs() < 1e-9),
            "{found:?}"
        );
    }

    #[test]
    fn a_post_is_billed_once_a_utc_day() {
        let mut meter = Meter::default();
        let noon = at("2026-08-20 12:00");

        for id in [1, 2, 1, 1] {
            meter.post(id, noon);
        }
        check_usd(&meter, 0.01, 0.01);

        meter.post(1, at("2026-08-21"));
        check_usd(&meter, 0.005, 0.015);
    }

    #[test]
    fn requests_are_billed_each_time() {
        let mut meter = Meter::default();
        meter.request(at("2026-08-20"));
        meter.request(at("2026-08-20"));

        check_usd(&meter, 0.01, 0.01);
    }

    #[test]
    fn a_spent_budget_is_good_again_with_the_next_day_or_month() {
        let budget = Budget {
            day_usd: Some(0.01),
            month_usd: Some(0.02),
        };
        let mut meter = Meter::new(budget, None);
        let evening = at("2026-12-30 23:00");

        meter.post(1, evening);
        assert_eq!(meter.spent_until(evening), None);
        meter.post(2, evening);
        assert_eq!(meter.spent_until(evening), Some(at("2026-12-31")));
        assert_eq!(meter.spent_until(evening + 2 * HOUR), None);
        meter.post(3, evening + 2 * HOUR);
        meter.post(4, evening + 2 * HOUR);
        assert_eq!(
            meter.spent_until(evening + 2 * HOUR),
            Some(at("2027-01-01"))
        );
        assert_eq!(meter.spent_until(at("2027-01-01")), None);
        check_usd(&meter, 0.0, 0.0);
    }

    #[test]
    fn a_budget_of_nothing_is_spent_before_the_first_post() {
        let mut meter = Meter::new(
            Budget {
                day_usd: Some(0.0),
                month_usd: None,
            },
            None,
        );

        assert_eq!(
            meter.spent_until(at("2026-02-28 05:00")),
            Some(at("2026-03-01"))
        );
    }

    #[test]
    fn a_restart_forgets_no_sum() {
        let mut meter = Meter::default();
        meter.post(1, at("2026-08-20"));
        meter.post(1, at("2026-08-21"));

        let again = Meter::new(Budget::default(), Some(&meter.position()));
        check_usd(&again, 0.005, 0.01);
        check_usd(&Meter::new(Budget::default(), Some("spent 1 2")), 0.0, 0.0);
    }

    #[test]
    fn a_month_begins_where_the_one_before_it_ends() {
        for month in 1_970 * 12..2_400 * 12 {
            assert_eq!(month_of(month_start(month) / DAY), month);
            assert_eq!(month_of(month_start(month) / DAY - 1), month - 1);
        }
        assert_eq!(month_start(2_026 * 12 + 2), at("2026-03-01"));
    }
}
