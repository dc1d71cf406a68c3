//! Open, high, low, close and volume of one ticker over one interval.

use serde::{Deserialize, Serialize};

use crate::Millis;

/// Prices of one ticker in one currency over `[open_at, open_at + width)`.
///
/// Sources that stamp the close are shifted when decoded. The event's `at` is the bar's **close**
/// (`open_at + width`): that is when its value can first be known.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(try_from = "RawBar")]
pub struct Bar {
    /// The base symbol in upper case, e.g. `AAPL` or `BTC`.
    pub ticker: String,
    /// What prices are given in: ISO 4217 code or coin symbol, upper-case.
    pub currency: String,
    /// Which upstream it came from.
    pub source: String,
    /// The bar's start, inclusive.
    pub open_at: Millis,
    /// Length of the interval, positive.
    pub width: Millis,
    /// First price of the interval.
    pub open: f64,
    /// Highest price.
    pub high: f64,
    /// Lowest price.
    pub low: f64,
    /// Last price.
    pub close: f64,
    /// Traded quantity of the base instrument, where the source gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volume: Option<f64>,
    /// Market capitalisation in `currency`, where the source gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market_cap: Option<f64>,
}

/// Why a row of prices is not a bar.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BarError {
    /// A price is NaN, infinite, zero or negative.
    #[error("a price must be a positive finite number")]
    Price,
    /// `low` is not the lowest or `high` not the highest of the four prices.
    #[error("low <= open, close <= high does not hold")]
    Order,
    /// Volume or market capitalisation is negative or not finite.
    #[error("volume and market capitalisation must be finite and not negative")]
    Volume,
    /// The interval is empty or negative.
    #[error("the width of a bar must be positive")]
    Width,
}

impl Bar {
    /// When the bar's interval ends, exclusive; its value is known from here on.
    pub fn close_at(&self) -> Millis {
        self.open_at.saturating_add(self.width)
    }

    /// Checks what the type promises: finite positive prices in order, a positive width.
    ///
    /// # Errors
    /// [`BarError`] names the first rule that is broken. Drop the bar and count it.
    pub fn check(&self) -> Result<(), BarError> {
        let prices = [self.open, self.high, self.low, self.close];
        if !prices.iter().all(|p| p.is_finite() && *p > 0.0) {
            return Err(BarError::Price);
        }
        let in_order = prices.iter().all(|p| self.low <= *p && *p <= self.high);
        if !in_order {
            return Err(BarError::Order);
        }
        let quantities = [self.volume, self.market_cap];
        if !quantities
            .iter()
            .flatten()
            .all(|q| q.is_finite() && *q >= 0.0)
        {
            return Err(BarError::Volume);
        }
        if self.width <= 0 {
            return Err(BarError::Width);
        }
        Ok(())
    }
}

/// A bar as it lies on the wire, before it is checked.
#[derive(Deserialize)]
struct RawBar {
    ticker: String,
    currency: String,
    source: String,
    open_at: Millis,
    width: Millis,
    open: f64,
    high: f64,
    low: f64,
    close: f64,
    #[serde(default)]
    volume: Option<f64>,
    #[serde(default)]
    market_cap: Option<f64>,
}

impl TryFrom<RawBar> for Bar {
    type Error = BarError;

    fn try_from(raw: RawBar) -> Result<Self, BarError> {
        let bar = Bar {
            ticker: raw.ticker,
            currency: raw.currency,
            source: raw.source,
            open_at: raw.open_at,
            width: raw.width,
            open: raw.open,
            high: raw.high,
            low: raw.low,
            close: raw.close,
            volume: raw.volume,
            market_cap: raw.market_cap,
        };
        bar.check().map(|()| bar)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar() -> Bar {
        Bar {
            ticker: "BTC".into(),
            currency: "USD".into(),
            source: "test".into(),
            open_at: 0,
            width: 3_600_000,
            open: 10.0,
            high: 12.0,
            low: 9.0,
            close: 11.0,
            volume: Some(3.0),
            market_cap: None,
        }
    }

    #[track_caller]
    fn check(change: impl Fn(&mut Bar), expect: Result<(), BarError>) {
        let mut bar = bar();
        change(&mut bar);
        assert_eq!(bar.check(), expect);
    }

    #[test]
    fn a_bar_whose_numbers_cannot_be_prices_is_refused() {
        check(|_| {}, Ok(()));
        check(|b| b.open = f64::NAN, Err(BarError::Price));
        check(|b| b.low = 0.0, Err(BarError::Price));
        check(|b| b.high = 10.5, Err(BarError::Order));
        check(|b| b.volume = Some(-1.0), Err(BarError::Volume));
        check(|b| b.width = 0, Err(BarError::Width));
    }

    #[test]
    fn the_check_also_guards_the_wire() {
        let line = serde_json::to_string(&bar())
            .unwrap()
            .replace("12.0", "1.0");

        assert!(serde_json::from_str::<Bar>(&line).is_err());
    }
}
