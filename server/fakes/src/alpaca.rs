//! Alpaca's stream of bars of stocks, for whoever shows a key pair. Frames are lists.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    Item, Millis, Opening, Protocol, Reply, Request, Transport,
    jetstream::calendar,
    market::{MINUTE, candle},
};

/// The key id that is accepted …
pub const KEY_ID: &str = "alpaca-id";
/// … with this secret.
pub const SECRET: &str = "alpaca-secret";

/// The most bars of a page, however many are asked for.
const PAGE: usize = 16;

/// A market that is open, of one stock.
#[derive(Clone, Debug)]
pub struct Alpaca {
    symbol: String,
    /// So many minutes of it.
    n: usize,
    from: Millis,
}

impl Alpaca {
    /// `n` minutes from `from` on.
    pub fn new(symbol: &str, from: Millis, n: usize) -> Self {
        let from = from.div_euclid(MINUTE) * MINUTE;
        Self {
            symbol: symbol.to_owned(),
            n,
            from,
        }
    }

    /// What is said when another program uses the connection.
    pub fn error(code: i64, text: &str) -> String {
        json!([{"T": "error", "code": code, "msg": text}]).to_string()
    }

    fn bars(&self) -> impl Iterator<Item = Item> {
        (0..self.n).map(|i| self.bar(self.from + i as Millis * MINUTE))
    }

    /// A page of what has been, oldest first.
    fn history(&self, request: &Request, now: Millis) -> Reply {
        let says = |name: &str, value: &str| request.header(name) == Some(value);
        if !says("apca-api-key-id", KEY_ID) || !says("apca-api-secret-key", SECRET) {
            return Reply::new(403, "application/json", "{\"message\": \"forbidden.\"}");
        }
        let value = |name: &str| request.value(name).unwrap_or_default();
        let is_asked = value("symbols")
            .split(',')
            .any(|symbol| symbol == self.symbol);
        // Stamps are in the order of their letters as far as the seconds.
        let to_seconds = |text: &str| text.chars().take(19).collect::<String>();
        let (start, end) = (to_seconds(value("start")), to_seconds(value("end")));
        let token: usize = value("page_token").parse().unwrap_or(0);
        let limit: usize = value("limit").parse().unwrap_or(1_000).min(PAGE);
        let past = self.bars().filter(|item| is_asked && item.at <= now);
        let bars = past.filter_map(|item| {
            let bar: Value = serde_json::from_str(&item.payload).ok()?;
            bar.get(0).cloned()
        });
        let in_range = |bar: &Value| {
            let t = to_seconds(bar["t"].as_str().unwrap_or_default());
            start <= t && t <= end
        };
        let bars: Vec<Value> = bars.filter(in_range).collect();
        let rest = bars.len().saturating_sub(token + limit);
        let page: Vec<Value> = bars.into_iter().skip(token).take(limit).collect();
        let next = (rest > 0).then(|| (token + limit).to_string());
        Reply::json(
            json!({"bars": {self.symbol.as_str(): page}, "next_page_token": next}).to_string(),
        )
    }

    fn bar(&self, open_at: Millis) -> Item {
        let c = candle(&self.symbol, open_at);
        let bar = json!([{"T": "b", "S": self.symbol, "o": c.open, "h": c.high, "l": c.low, "c": c.close,
            "v": c.volume, "n": 7, "vw": c.close, "t": calendar(open_at * 1_000)}]);
        Item {
            at: open_at + MINUTE + 1_000,
            payload: bar.to_string(),
        }
    }
}

impl Protocol for Alpaca {
    fn open(&self, request: &Request, now: Millis) -> Opening {
        if request.path == "/v2/stocks/bars" {
            return Opening::Reply(self.history(request, now));
        }
        if request.header("upgrade").is_none() {
            return Opening::Reply(Reply::refusal(400, None));
        }
        let bars = self.bars();
        Opening::Stream {
            transport: Transport::WebSocket,
            greeting: vec![json!([{"T": "success", "msg": "connected"}]).to_string()],
            items: bars.filter(|item| item.at >= now).collect(),
            keep_alive: Some((Duration::from_secs(30), String::new())),
            waits_for_message: true,
        }
    }

    fn message(&self, text: &str) -> Option<String> {
        let message: Value = serde_json::from_str(text).ok()?;
        let answer = match message["action"].as_str() {
            Some("auth") if message["key"] == KEY_ID && message["secret"] == SECRET => {
                json!([{"T": "success", "msg": "authenticated"}])
            }
            Some("auth") => json!([{"T": "error", "code": 402, "msg": "auth failed"}]),
            Some("subscribe") => {
                json!([{"T": "subscription", "trades": [], "quotes": [], "bars": message["bars"]}])
            }
            _ => json!([{"T": "error", "code": 400, "msg": "invalid syntax"}]),
        };
        Some(answer.to_string())
    }

    fn unknown(&self) -> String {
        json!([{"T": "novelty"}]).to_string()
    }

    fn skewed(&self, item: &Item, by: Millis) -> String {
        let mut frame: Value = serde_json::from_str(&item.payload).unwrap_or_default();
        frame[0]["t"] = json!(calendar((item.at + by).div_euclid(MINUTE) * MINUTE * 1_000));
        frame.to_string()
    }
}
