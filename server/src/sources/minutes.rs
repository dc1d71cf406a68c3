//! Single prices and trades to bars of a minute: pure, with the time as an argument.
//!
//! Only final and whole minutes become bars. A minute is final a little after its end, since trades
//! arrive out of order; one in which the listening began or broke off is not whole. A minute without
//! any price has no bar.

use std::collections::BTreeMap;

use wire::{
    Bar, Body, Event, Millis,
    time::{MAX_AHEAD, MINUTE, SECOND},
};

use super::sieve::Record;

/// How long a minute is kept open for what arrives late.
const GRACE: Millis = 5 * SECOND;

/// One price at one instant.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    pub(crate) ticker: String,
    pub(crate) currency: String,
    /// By the upstream's clock.
    pub(crate) at: Millis,
    pub(crate) price: f64,
    /// Traded quantity, where it is a trade.
    pub(crate) size: Option<f64>,
    /// Market capitalisation, where the source gives it.
    pub(crate) market_cap: Option<f64>,
}

/// The minutes that are being put together.
pub(crate) struct Minutes {
    source: &'static str,
    /// When the listening began.
    since: Millis,
    /// Every minute up to here is over.
    final_until: Millis,
    /// By start, ticker and currency, so that bars come in the order of time.
    open: BTreeMap<(Millis, String, String), Building>,
}

struct Building {
    bar: Bar,
    first_at: Millis,
    last_at: Millis,
}

impl Minutes {
    /// Begins to listen; what comes of the minute that is running is not taken.
    pub(crate) fn new(source: &'static str, since: Millis) -> Self {
        let open = BTreeMap::new();
        Self {
            source,
            since,
            final_until: Millis::MIN,
            open,
        }
    }

    /// Takes a price in.
    ///
    /// # Errors
    /// The drop reason of one that belongs to no minute that is open.
    pub(crate) fn push(&mut self, tick: Tick, now: Millis) -> Result<(), &'static str> {
        let is_quantity = |size: f64| size.is_finite() && size >= 0.0;
        if !(tick.price.is_finite() && tick.price > 0.0) {
            return Err("bad_price");
        }
        if ![tick.size, tick.market_cap]
            .into_iter()
            .flatten()
            .all(is_quantity)
        {
            return Err("bad_volume");
        }
        if tick.at > now + MAX_AHEAD {
            return Err("bad_time");
        }
        if tick.at + MAX_AHEAD < self.since {
            return Err("old_trade");
        }
        if tick.at < self.since {
            // Nothing is wrong with it; there is only no bar that it belongs to.
            return Ok(());
        }
        let open_at = tick.at.div_euclid(MINUTE) * MINUTE;
        if open_at < self.since {
            return Ok(());
        }
        if open_at < self.final_until {
            return Err("late_trade");
        }
        let key = (open_at, tick.ticker.clone(), tick.currency.clone());
        match self.open.get_mut(&key) {
            Some(building) => building.add(&tick),
            None => {
                let building = Building::new(tick, open_at, self.source);
                self.open.insert(key, building);
            }
        }
        Ok(())
    }

    /// The bars of all minutes that have become final.
    pub(crate) fn finish(&mut self, now: Millis) -> Vec<Record> {
        let over = (now - GRACE).div_euclid(MINUTE) * MINUTE;
        self.final_until = self.final_until.max(over);
        let rest = self
            .open
            .split_off(&(self.final_until, String::new(), String::new()));
        let done = std::mem::replace(&mut self.open, rest);
        let event = |building: Building| {
            Ok(Event::live(
                building.bar.close_at(),
                now,
                Body::Bar(building.bar),
            ))
        };
        done.into_values().map(event).collect()
    }

    /// The bars of the minutes that were over when an upstream was last heard. Of the one in which it
    /// was lost, nobody knows the rest.
    pub(crate) fn break_off(&mut self, heard_at: Millis, now: Millis) -> Vec<Record> {
        let whole_until = heard_at.div_euclid(MINUTE) * MINUTE;
        self.open.retain(|(open_at, ..), _| *open_at < whole_until);
        self.finish(now.max(whole_until + GRACE))
    }

    /// How long until the next minute becomes final.
    pub(crate) fn wait(now: Millis) -> Millis {
        MINUTE - (now - GRACE).rem_euclid(MINUTE)
    }
}

impl Building {
    fn new(tick: Tick, open_at: Millis, source: &str) -> Self {
        let price = tick.price;
        let bar = Bar {
            ticker: tick.ticker,
            currency: tick.currency,
            source: source.to_owned(),
            open_at,
            width: MINUTE,
            open: price,
            high: price,
            low: price,
            close: price,
            volume: tick.size,
            market_cap: tick.market_cap,
        };
        Self {
            bar,
            first_at: tick.at,
            last_at: tick.at,
        }
    }

    /// Open and close are the first and last by the upstream's clock, in whatever order they come.
    fn add(&mut self, tick: &Tick) {
        let bar = &mut self.bar;
        bar.high = bar.high.max(tick.price);
        bar.low = bar.low.min(tick.price);
        if tick.at < self.first_at {
            (self.first_at, bar.open) = (tick.at, tick.price);
        }
        if tick.at >= self.last_at {
            (self.last_at, bar.close) = (tick.at, tick.price);
            bar.market_cap = tick.market_cap.or(bar.market_cap);
        }
        if let Some(size) = tick.size {
            bar.volume = Some(bar.volume.unwrap_or(0.0) + size);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tick(at: Millis, price: f64, size: f64) -> Tick {
        Tick {
            ticker: "ACME".into(),
            currency: "USD".into(),
            at,
            price,
            size: Some(size),
            market_cap: None,
        }
    }

    fn bars(records: Vec<Record>) -> Vec<(Millis, [f64; 4], Option<f64>)> {
        let read = |record: Record| match record.unwrap().body {
            Body::Bar(bar) => (
                bar.open_at,
                [bar.open, bar.high, bar.low, bar.close],
                bar.volume,
            ),
            body => panic!("{body:?}"),
        };
        records.into_iter().map(read).collect()
    }

    #[test]
    fn a_minute_is_a_bar_when_it_is_over_whatever_the_order_of_its_trades() {
        let mut minutes = Minutes::new("test", 0);
        for (at, price, size) in [
            (61_000, 10.0, 1.0),
            (119_000, 11.0, 2.0),
            (70_000, 9.0, 1.0),
            (60_500, 10.5, 0.5),
        ] {
            minutes.push(tick(at, price, size), at).unwrap();
        }

        assert!(minutes.finish(124_999).is_empty());
        assert_eq!(
            bars(minutes.finish(125_000)),
            [(60_000, [10.5, 11.0, 9.0, 11.0], Some(4.5))]
        );
        assert!(minutes.finish(126_000).is_empty());
    }

    #[test]
    fn a_connection_that_breaks_leaves_its_whole_minutes() {
        let mut minutes = Minutes::new("test", 0);
        minutes.push(tick(61_000, 10.0, 1.0), 61_000).unwrap();
        minutes.push(tick(121_000, 11.0, 1.0), 121_000).unwrap();

        let left = minutes.break_off(123_000, 123_500);

        assert_eq!(bars(left), [(60_000, [10.0, 10.0, 10.0, 10.0], Some(1.0))]);
        assert!(minutes.break_off(123_000, 400_000).is_empty());
    }

    #[test]
    fn a_late_trade_moves_no_bar_that_was_told() {
        let mut minutes = Minutes::new("test", 0);
        minutes.push(tick(61_000, 10.0, 1.0), 61_000).unwrap();
        minutes.finish(125_000);

        assert_eq!(
            minutes.push(tick(62_000, 99.0, 1.0), 126_000),
            Err("late_trade")
        );
        assert_eq!(minutes.push(tick(121_000, 10.0, 1.0), 126_000), Ok(()));
    }

    #[test]
    fn the_minute_in_which_the_listening_began_is_not_whole() {
        let mut minutes = Minutes::new("test", 65_000);

        minutes.push(tick(66_000, 1.0, 1.0), 66_000).unwrap();
        minutes.push(tick(64_000, 1.0, 1.0), 66_000).unwrap();
        minutes.push(tick(120_000, 1.0, 1.0), 120_000).unwrap();

        let opens: Vec<Millis> = bars(minutes.finish(200_000))
            .into_iter()
            .map(|(open_at, ..)| open_at)
            .collect();
        assert_eq!(opens, [120_000]);
    }

    #[test]
    fn what_is_no_price_is_refused() {
        let mut minutes = Minutes::new("test", 0);
        let mut push = |tick| minutes.push(tick, 60_000);

        assert_eq!(push(tick(60_000, 0.0, 1.0)), Err("bad_price"));
        assert_eq!(push(tick(60_000, f64::NAN, 1.0)), Err("bad_price"));
        assert_eq!(push(tick(60_000, 1.0, -1.0)), Err("bad_volume"));
        assert_eq!(
            push(tick(60_000 + MAX_AHEAD + 1, 1.0, 1.0)),
            Err("bad_time")
        );
        assert_eq!(push(tick(Millis::MIN, 1.0, 1.0)), Err("old_trade"));
    }

    #[test]
    fn several_instruments_and_minutes_come_in_the_order_of_time() {
        let mut minutes = Minutes::new("test", 0);
        for (at, ticker) in [(130_000, "B"), (70_000, "C"), (71_000, "A")] {
            minutes
                .push(
                    Tick {
                        ticker: ticker.into(),
                        ..tick(at, 1.0, 1.0)
                    },
                    at,
                )
                .unwrap();
        }

        let found = minutes.finish(200_000);

        let tickers: Vec<_> = found
            .iter()
            .map(|record| match &record.as_ref().unwrap().body {
                Body::Bar(bar) => (bar.open_at, bar.ticker.as_str()),
                body => panic!("{body:?}"),
            })
            .collect();
        assert_eq!(tickers, [(60_000, "A"), (60_000, "C"), (120_000, "B")]);
    }

    #[test]
    fn the_wait_ends_when_a_minute_is_final() {
        assert_eq!(Minutes::wait(60_000), GRACE);
        assert_eq!(Minutes::wait(60_000 + GRACE), MINUTE);
        assert_eq!(Minutes::wait(61_000 + GRACE), 59_000);
    }
}
