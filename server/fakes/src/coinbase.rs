//! Coinbase Exchange: heartbeats and ticks over a web socket, candles of a made-up market on request.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    Item, Millis, Opening, Protocol, Reply, Request, Transport,
    jetstream::calendar,
    market::{MINUTE, candle},
};

/// How far ahead a stream knows what it will send.
const AHEAD: Millis = 4 * 3_600_000;
/// Every five seconds, not every second as the real one: fewer messages say the same.
const EVERY: Millis = 5_000;

/// Every product that is asked for exists.
#[derive(Clone, Copy, Debug, Default)]
pub struct Coinbase;

impl Protocol for Coinbase {
    fn open(&self, request: &Request, now: Millis) -> Opening {
        match request.path.strip_prefix("/products/") {
            Some(rest) => Opening::Reply(candles(rest.trim_end_matches("/candles"), request, now)),
            None => stream(now),
        }
    }

    fn message(&self, _text: &str) -> Option<String> {
        Some(json!({"type": "subscriptions", "channels": []}).to_string())
    }

    fn unknown(&self) -> String {
        json!({"type": "novelty"}).to_string()
    }

    fn skewed(&self, item: &Item, by: Millis) -> String {
        let mut message: Value = serde_json::from_str(&item.payload).unwrap_or_default();
        message["time"] = json!(calendar((item.at + by) * 1_000));
        message.to_string()
    }
}

fn stream(now: Millis) -> Opening {
    let times = (now + EVERY..now + AHEAD).step_by(EVERY as usize);
    let items = times.flat_map(|at| {
        let time = calendar(at * 1_000);
        let heartbeat = json!({"type": "heartbeat", "sequence": at / EVERY, "last_trade_id": 1,
            "product_id": "BTC-USD", "time": time});
        let tickers = ["BTC-USD", "ETH-EUR"].map(|product| {
            let price = candle(product, at - at.rem_euclid(MINUTE)).close;
            json!({"type": "ticker_batch", "sequence": at / EVERY, "product_id": product,
                "price": format!("{price:.2}"), "time": time, "trade_id": 1, "last_size": "0.1"})
        });
        let item = move |message: Value| Item {
            at,
            payload: message.to_string(),
        };
        [heartbeat].into_iter().chain(tickers).map(item)
    });
    Opening::Stream {
        transport: Transport::WebSocket,
        greeting: Vec::new(),
        items: items.collect(),
        keep_alive: Some((Duration::from_secs(20), String::new())),
        waits_for_message: true,
    }
}

fn candles(product: &str, request: &Request, now: Millis) -> Reply {
    let secs = |name: &str| {
        request
            .value(name)
            .and_then(|text| text.parse::<Millis>().ok())
    };
    let to = secs("end").map_or(now, |secs| secs * 1_000).min(now);
    let from = secs("start").map_or(to - 300 * MINUTE, |secs| secs * 1_000);
    let from = from + (-from).rem_euclid(MINUTE);
    if (to - from) / MINUTE > 300 {
        let body = "{\"message\":\"granularity too small for the requested time range\"}";
        return Reply::new(400, "application/json", body);
    }
    let opens = (from..=to).step_by(MINUTE as usize);
    let mut rows: Vec<Value> = opens
        .map(|open_at| {
            let c = candle(product, open_at);
            json!([open_at / 1_000, c.low, c.high, c.open, c.close, c.volume])
        })
        .collect();
    rows.reverse();
    Reply::json(Value::from(rows).to_string())
}
