//! What listening to X costs, by X's list of prices, and when the budget is spent.
//!
//! A post is billed once a UTC day, however often it is delivered; a request for counts each time. X
//! offers no resumption, so the source's position in the log is free to carry this meter over a restart.

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

    /// What was spent in this month, in US dollars.
    pub(crate) fn month_usd(&self) -> f64 {
        self.this_month as f64 / USD
    }

    /// What was spent today, in US dollars.
    pub(crate) fn today_usd(&self) -> f64 {
        self.today as f64 / USD
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

/// Months since the year 0 of a day since 1970.
fn month_of(day: i64) -> i64 {
    // Years begin in March, so that the leap day is a year's last one.
    let day = day + 719_468;
    let era = day.div_euclid(146_097);
    let day_of_era = day.rem_euclid(146_097);
    let year = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    let months_since_march = (5 * day_of_year + 2) / 153;
    (era * 400 + year) * 12 + months_since_march + 2
}

/// When a month begins.
fn month_start(month: i64) -> Millis {
    // Never more than 31 days behind, and exact to say so: the first day that belongs to it.
    let about = (month - 1_970 * 12) * 30_436_875 / 1_000_000;
    let first =
        (about - 3..about + 4).find(|day| month_of(*day) == month && month_of(*day - 1) < month);
    first.unwrap_or(about) * DAY
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
        let (found, expect) = ([meter.today_usd(), meter.month_usd()], [today, month]);
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
    fn every_day_of_four_centuries_belongs_to_its_month() {
        let mut months = (at("1999-12-31") / DAY..at("2400-01-02") / DAY).map(month_of);
        let mut last = months.next().unwrap();
        let mut lengths = Vec::new();
        let mut length = 0;
        for month in months {
            length += 1;
            if month != last {
                assert_eq!(month, last + 1);
                lengths.push(std::mem::take(&mut length));
                last = month;
            }
        }
        // After the one day of 1999: a leap year, and the months of the year after it.
        assert_eq!(
            lengths[1..14],
            [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31]
        );
        assert_eq!(lengths.len(), 4_801);
        for month in 2_000 * 12..2_400 * 12 {
            assert_eq!(month_of(month_start(month) / DAY), month);
            assert_eq!(month_of(month_start(month) / DAY - 1), month - 1);
        }
        assert_eq!(month_start(2_026 * 12 + 2), at("2026-03-01"));
    }
}
