//! CoinGecko's version 3: market capitalisations and half-hour bars of a made-up market.

use serde_json::{Value, json};

use crate::{
    Item, Millis, Opening, Protocol, Reply, Request,
    jetstream::calendar,
    market::{MINUTE, candle},
};

const WIDTH: Millis = 30 * MINUTE;

/// Every symbol that is asked for exists; its id is `fake-<symbol>`.
#[derive(Clone, Copy, Debug, Default)]
pub struct CoinGecko;

impl Protocol for CoinGecko {
    fn open(&self, request: &Request, now: Millis) -> Opening {
        let path: Vec<&str> = request.path.split('/').skip(1).collect();
        Opening::Reply(match &path[..] {
            ["api", "v3", "coins", "markets"] => markets(request, now),
            ["api", "v3", "coins", id, "ohlc"] => ohlc(id, request, now),
            _ => Reply::new(404, "application/json", "{\"error\":\"coin not found\"}"),
        })
    }

    fn unknown(&self) -> String {
        json!({"novelty": true}).to_string()
    }

    fn skewed(&self, item: &Item, _by: Millis) -> String {
        item.payload.clone()
    }
}

fn markets(request: &Request, now: Millis) -> Reply {
    let symbols = request.value("symbols").unwrap_or_default().split(',');
    let rows = symbols.map(|symbol| {
        json!({"id": format!("fake-{symbol}"), "symbol": symbol, "name": symbol,
            "current_price": candle(symbol, now - now.rem_euclid(MINUTE)).open,
            "market_cap": 1_000_000_000_u64, "total_volume": 5, "last_updated": calendar(now * 1_000)})
    });
    Reply::json(Value::from(rows.collect::<Vec<_>>()).to_string())
}

fn ohlc(id: &str, request: &Request, now: Millis) -> Reply {
    let symbol = format!("{id}{}", request.value("vs_currency").unwrap_or_default());
    let last = now - now.rem_euclid(WIDTH);
    let closes = (last - 47 * WIDTH..=last)
        .step_by(WIDTH as usize)
        .chain([now]);
    let rows = closes.map(|close_at| {
        let first = candle(&symbol, close_at - WIDTH);
        let end = candle(&symbol, close_at - MINUTE).close;
        let (high, low) = (first.open.max(end) * 1.001, first.open.min(end) * 0.999);
        json!([close_at, first.open, high, low, end])
    });
    Reply::json(Value::from(rows.collect::<Vec<_>>()).to_string())
}
