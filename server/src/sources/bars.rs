//! What price sources share: pairs, where each has got to, and bars as events. Pure.

use std::collections::BTreeMap;

use serde::Deserialize;
use wire::{
    Bar, Body, Event, Millis, Quote,
    time::{DAY, MAX_AHEAD, MINUTE},
};

/// Width of the bars that streaming sources deliver.
pub(crate) const WIDTH: Millis = MINUTE;
/// Without a position so much of the past is asked for, so that a chart begins with a line.
pub(crate) const FIRST_REACH: Millis = 16 * 60 * MINUTE;
/// After an outage so much of the past is asked for at most.
pub(crate) const MAX_REACH: Millis = 5 * DAY;

/// A ticker in a currency.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Pair {
    /// Base symbol, in upper case.
    pub ticker: String,
    /// Currency, in upper case.
    pub currency: String,
}

/// How far the final bars of each pair reach: the `open_at` of the newest.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Reached(BTreeMap<Pair, Millis>);

impl Pair {
    /// Reads `BTC-USD`.
    pub fn parse(text: &str) -> Option<Self> {
        let is_symbol = |text: &str| {
            (1..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric())
        };
        let (ticker, currency) = text.split_once('-')?;
        (is_symbol(ticker) && is_symbol(currency)).then(|| Self {
            ticker: ticker.to_ascii_uppercase(),
            currency: currency.to_ascii_uppercase(),
        })
    }
}

impl std::fmt::Display for Pair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.ticker, self.currency)
    }
}

impl Reached {
    /// Reads what [`Reached::position`] wrote; what cannot be read is as if it had not been reached.
    pub(crate) fn parse(position: &str) -> Self {
        let entries = position.split(' ').filter_map(|entry| {
            let (pair, at) = entry.split_once('=')?;
            Some((Pair::parse(pair)?, at.parse().ok()?))
        });
        Self(entries.collect())
    }

    pub(crate) fn position(&self) -> Option<String> {
        let entries = self.0.iter().map(|(pair, at)| format!("{pair}={at}"));
        let entries: Vec<_> = entries.collect();
        (!entries.is_empty()).then(|| entries.join(" "))
    }

    /// Takes over what another knows to be further.
    pub(crate) fn merge(&mut self, other: Self) {
        for (pair, at) in other.0 {
            let reached = self.0.entry(pair).or_insert(at);
            *reached = at.max(*reached);
        }
    }

    /// Where the history has to be asked for the next bar of a pair.
    pub(crate) fn next_open(&self, pair: &Pair, now: Millis) -> Millis {
        let next = self.0.get(pair).map(|reached| reached + WIDTH);
        next.unwrap_or(now - FIRST_REACH).max(now - MAX_REACH)
    }

    /// Notes a final bar; returns whether bars between it and the one before are missing.
    pub(crate) fn note(&mut self, pair: &Pair, open_at: Millis) -> bool {
        match self.0.get_mut(pair) {
            Some(reached) => {
                let leaps = open_at > *reached + WIDTH;
                if !leaps {
                    *reached = open_at.max(*reached);
                }
                leaps
            }
            None => true,
        }
    }

    /// Notes that everything up to this bar is there, or will never be.
    pub(crate) fn complete(&mut self, pair: &Pair, open_at: Millis) {
        let reached = self.0.entry(pair.clone()).or_insert(open_at);
        *reached = open_at.max(*reached);
    }
}

/// The newest price of each pair that has not been handed on.
#[derive(Debug, Default)]
pub(crate) struct Quotes(BTreeMap<Pair, Quote>);

impl Quotes {
    /// Notes a price; what is none is passed over.
    pub(crate) fn note(&mut self, pair: &Pair, source: &str, price: f64, at: Millis) {
        let quote = Quote {
            ticker: pair.ticker.clone(),
            currency: pair.currency.clone(),
            source: source.to_owned(),
            price,
            at,
        };
        if quote.is_sound() {
            self.0.insert(pair.clone(), quote);
        }
    }

    pub(crate) fn take(&mut self) -> Vec<Quote> {
        std::mem::take(&mut self.0).into_values().collect()
    }
}

/// A final bar as an event of its close, however long ago that was. One from the future tells that a
/// clock is wrong, and is marked as skewed.
pub(crate) fn event(bar: Bar, seen_at: Millis) -> Event {
    let at = bar.close_at();
    let body = Body::Bar(bar);
    if at > seen_at.saturating_add(MAX_AHEAD) {
        return Event::live(at, seen_at, body);
    }
    Event {
        seq: 0,
        seen_at,
        at,
        skewed: false,
        imported: false,
        body,
    }
}

/// Four prices and a volume, checked, as a bar.
pub(crate) fn bar(
    pair: &Pair,
    source: &str,
    open_at: Millis,
    width: Millis,
    [open, high, low, close]: [f64; 4],
    volume: Option<f64>,
) -> Result<Bar, &'static str> {
    let bar = Bar {
        ticker: pair.ticker.clone(),
        currency: pair.currency.clone(),
        source: source.to_owned(),
        open_at,
        width,
        open,
        high,
        low,
        close,
        volume,
        market_cap: None,
    };
    match bar.check() {
        Ok(()) => Ok(bar),
        Err(wire::bar::BarError::Volume) => Err("bad_volume"),
        Err(_) => Err("bad_price"),
    }
}

/// A number that an upstream writes as text or as a number.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(untagged)]
pub(crate) enum Number<'a> {
    Plain(f64),
    Text(&'a str),
}

impl Number<'_> {
    /// NaN for what is no number, which no bar accepts.
    pub(crate) fn value(self) -> f64 {
        match self {
            Self::Plain(number) => number,
            Self::Text(text) => text.parse().unwrap_or(f64::NAN),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_back_and_garbage_is_no_position() {
        let pair = Pair::parse("btc-usd").unwrap();
        let mut reached = Reached::default();
        assert_eq!(reached.position(), None);
        reached.complete(&pair, 60_000);

        assert_eq!(reached.position().as_deref(), Some("BTC-USD=60000"));
        assert_eq!(Reached::parse("BTC-USD=60000"), reached);
        assert_eq!(
            Reached::parse("x BTC=1 BTC-USD=soon  =="),
            Reached::default()
        );
    }

    #[test]
    fn a_leap_over_a_bar_is_noticed_and_stays_open_until_it_is_filled() {
        let pair = Pair::parse("BTC-USD").unwrap();
        let mut reached = Reached::default();
        assert!(reached.note(&pair, 0), "nothing is known before the first");
        reached.complete(&pair, 0);

        assert!(!reached.note(&pair, WIDTH));
        assert!(!reached.note(&pair, WIDTH), "the same again");
        assert!(reached.note(&pair, 3 * WIDTH));
        assert_eq!(reached.next_open(&pair, 10 * WIDTH), 2 * WIDTH);
        reached.complete(&pair, 3 * WIDTH);
        assert_eq!(reached.next_open(&pair, 10 * WIDTH), 4 * WIDTH);
    }

    #[test]
    fn pairs_are_symbols_with_a_hyphen() {
        for bad in ["BTCUSD", "-USD", "BTC-", "BTC-US D", "BTC-USD-X", "ß-USD"] {
            assert!(Pair::parse(bad).is_none(), "{bad}");
        }
    }
}
