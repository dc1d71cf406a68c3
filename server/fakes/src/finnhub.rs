//! Finnhub's stream of trades, for whoever shows a token. It pings in its own words.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    Item, Millis, Opening, Protocol, Reply, Request, Transport,
    market::{MINUTE, candle},
};

/// The token that is accepted.
pub const TOKEN: &str = "finnhub-token";
/// A trade comes so often.
const EVERY: Millis = 10_000;

/// Trades of one stock.
#[derive(Clone, Debug)]
pub struct Finnhub {
    symbol: String,
    from: Millis,
    n: usize,
}

impl Finnhub {
    /// `n` minutes of trades from `from` on: the first and last of a minute at its candle's open and close.
    pub fn new(symbol: &str, from: Millis, n: usize) -> Self {
        let from = from.div_euclid(MINUTE) * MINUTE;
        Self {
            symbol: symbol.to_owned(),
            from,
            n,
        }
    }

    /// Open, high, low and close of a minute, as the trades make them.
    pub fn prices(symbol: &str, open_at: Millis) -> [f64; 4] {
        let c = candle(symbol, open_at);
        [c.open, c.high, c.low, c.close]
    }

    fn trade(&self, at: Millis) -> Item {
        let [open, high, low, close] = Self::prices(&self.symbol, at.div_euclid(MINUTE) * MINUTE);
        let price = match at.rem_euclid(MINUTE) / EVERY {
            0 => open,
            1 => high,
            2 => low,
            _ => close,
        };
        let trade = json!({"s": self.symbol, "p": price, "t": at, "v": 2, "c": ["1"]});
        Item {
            at,
            payload: json!({"type": "trade", "data": [trade]}).to_string(),
        }
    }
}

impl Protocol for Finnhub {
    fn open(&self, request: &Request, now: Millis) -> Opening {
        if request.value("token") != Some(TOKEN) {
            return Opening::Reply(Reply::new(401, "text/plain", "Invalid API key"));
        }
        let n = self.n as Millis * MINUTE / EVERY;
        let trades = (0..n).map(|i| self.trade(self.from + i * EVERY));
        Opening::Stream {
            transport: Transport::WebSocket,
            greeting: vec![json!({"type": "ping"}).to_string()],
            items: trades.filter(|item| item.at >= now).collect(),
            keep_alive: Some((Duration::from_secs(30), String::new())),
            waits_for_message: true,
        }
    }

    fn message(&self, text: &str) -> Option<String> {
        let message: Value = serde_json::from_str(text).ok()?;
        let is_known = message["type"] == "subscribe";
        (!is_known).then(|| json!({"type": "error", "msg": "Unknown type"}).to_string())
    }

    fn unknown(&self) -> String {
        json!({"type": "novelty"}).to_string()
    }

    fn skewed(&self, item: &Item, by: Millis) -> String {
        let mut frame: Value = serde_json::from_str(&item.payload).unwrap_or_default();
        frame["data"][0]["t"] = json!(item.at + by);
        frame.to_string()
    }
}
