//! Binance's market data: klines of a made-up market over a web socket and as history.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    Item, Millis, Opening, Protocol, Reply, Request, Transport,
    market::{MINUTE, candle},
};

/// How far ahead a stream knows what it will send.
const AHEAD: Millis = 4 * 3_600_000;

/// Every symbol that is asked for exists.
#[derive(Clone, Copy, Debug, Default)]
pub struct Binance;

impl Protocol for Binance {
    fn open(&self, request: &Request, now: Millis) -> Opening {
        match &*request.path {
            "/stream" => stream(request.value("streams").unwrap_or_default(), now),
            "/api/v3/klines" => Opening::Reply(history(request, now)),
            _ => Opening::Reply(Reply::refusal(404, None)),
        }
    }

    fn message(&self, _text: &str) -> Option<String> {
        Some(json!({"result": null, "id": 1}).to_string())
    }

    fn unknown(&self) -> String {
        json!({"stream": "novelty", "data": {"novelty": true}}).to_string()
    }

    fn skewed(&self, item: &Item, by: Millis) -> String {
        let mut message: Value = serde_json::from_str(&item.payload).unwrap_or_default();
        let sent = message["data"]["E"].as_i64().unwrap_or(0) + by;
        message["data"]["E"] = json!(sent);
        message.to_string()
    }
}

fn stream(streams: &str, now: Millis) -> Opening {
    let mut items = Vec::new();
    let names = streams.split('/').filter_map(|name| name.split_once('@'));
    for (symbol, _) in names {
        let symbol = symbol.to_uppercase();
        let first = now - now.rem_euclid(MINUTE);
        for open_at in (first..first + AHEAD).step_by(MINUTE as usize) {
            for (after, is_final) in [(MINUTE / 3, false), (2 * MINUTE / 3, false), (MINUTE, true)]
            {
                let at = open_at + after;
                if at > now {
                    let payload = kline(&symbol, open_at, at, is_final).to_string();
                    items.push(Item { at, payload });
                }
            }
        }
    }
    items.sort_by_key(|item| item.at);
    Opening::Stream {
        transport: Transport::WebSocket,
        greeting: Vec::new(),
        items,
        keep_alive: Some((Duration::from_secs(20), String::new())),
        waits_for_message: false,
    }
}

fn kline(symbol: &str, open_at: Millis, at: Millis, is_final: bool) -> Value {
    let candle = candle(symbol, open_at);
    let text = |number: f64| format!("{number:.8}");
    json!({"stream": format!("{}@kline_1m", symbol.to_lowercase()), "data": {
        "e": "kline", "E": at, "s": symbol, "k": {
            "t": open_at, "T": open_at + MINUTE - 1, "s": symbol, "i": "1m", "f": 1, "L": 2,
            "o": text(candle.open), "c": text(candle.close), "h": text(candle.high), "l": text(candle.low),
            "v": text(candle.volume), "n": 9, "x": is_final, "q": "1", "V": "1", "Q": "1", "B": "0",
        },
    }})
}

fn history(request: &Request, now: Millis) -> Reply {
    let number = |name: &str| {
        request
            .value(name)
            .and_then(|text| text.parse::<Millis>().ok())
    };
    let Some(symbol) = request.value("symbol") else {
        return Reply::new(
            400,
            "application/json",
            "{\"code\":-1102,\"msg\":\"Mandatory parameter 'symbol' was not sent.\"}",
        );
    };
    let from = number("startTime").unwrap_or(now - 500 * MINUTE);
    let from = from + (-from).rem_euclid(MINUTE);
    let limit = number("limit").unwrap_or(500).clamp(1, 1_000);
    let text = |number: f64| format!("{number:.8}");
    let opens = (from..=now).step_by(MINUTE as usize).take(limit as usize);
    let rows: Vec<Value> = opens
        .map(|open_at| {
            let c = candle(symbol, open_at);
            json!([
                open_at,
                text(c.open),
                text(c.high),
                text(c.low),
                text(c.close),
                text(c.volume),
                open_at + MINUTE - 1,
                "1",
                9,
                "1",
                "1",
                "0"
            ])
        })
        .collect();
    Reply::json(Value::from(rows).to_string())
}
