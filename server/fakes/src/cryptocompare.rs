//! CryptoCompare: prices, bars and coins of a made-up market, for whoever shows a key. Errors come with status 200.

use serde_json::{Value, json};

use crate::{
    Item, Millis, Opening, Protocol, Reply, Request,
    market::{MINUTE, candle},
};

/// The key that is accepted.
pub const KEY: &str = "cryptocompare-key";
/// The coins that it knows.
const COINS: [&str; 3] = ["BTC", "ETH", "AAPL"];

/// Every coin of the list is there in dollars and euros.
#[derive(Clone, Copy, Debug, Default)]
pub struct CryptoCompare;

impl CryptoCompare {
    /// What it says, with status 200, when it was asked too often.
    pub fn over_the_limit() -> Reply {
        error(
            "You are over your rate limit please upgrade your account!",
            99,
        )
    }

    /// What it says, in its newer form, about a key.
    pub fn unknown_key() -> Reply {
        Reply::json(json!({"Data": {}, "Err": {"type": 1, "message": "API key not found", "other_info": {}}}).to_string())
    }
}

impl Protocol for CryptoCompare {
    fn open(&self, request: &Request, now: Millis) -> Opening {
        if request.header("authorization") != Some(&format!("Apikey {KEY}")) {
            return Opening::Reply(Self::unknown_key());
        }
        let reply = match request.path.trim_start_matches("/data/") {
            "pricemulti" => prices(request, now, |price| json!(price)),
            "pricemultifull" => {
                let quote = |price: f64| json!({"PRICE": price, "LASTUPDATE": now / 1_000, "MKTCAP": price * 1e6, "VOLUME24HOUR": 5.0});
                let raw = prices(request, now, quote);
                let raw: Value = serde_json::from_slice(&raw.body).unwrap_or_default();
                Reply::json(json!({"RAW": raw, "DISPLAY": {}}).to_string())
            }
            "v2/histominute" => history(request, now),
            "all/coinlist" => {
                let coins = COINS.map(|coin| {
                    (
                        coin.to_owned(),
                        json!({"Symbol": coin, "FullName": format!("{coin} coin")}),
                    )
                });
                Reply::json(json!({"Response": "Success", "Data": Value::Object(coins.into_iter().collect())}).to_string())
            }
            _ => error("Path does not exist", 1),
        };
        Opening::Reply(reply)
    }

    fn unknown(&self) -> String {
        json!({"Novelty": {}}).to_string()
    }

    fn skewed(&self, item: &Item, _by: Millis) -> String {
        item.payload.clone()
    }
}

fn error(message: &str, kind: u8) -> Reply {
    Reply::json(json!({"Response": "Error", "Message": message, "HasWarning": false, "Type": kind, "RateLimit": {}, "Data": {}}).to_string())
}

fn prices(request: &Request, now: Millis, form: impl Fn(f64) -> Value) -> Reply {
    let list = |name: &str| -> Vec<String> {
        let text = request.value(name).unwrap_or_default();
        text.split(',').map(str::to_owned).collect()
    };
    let currencies = list("tsyms");
    let mut answer = serde_json::Map::new();
    for coin in list("fsyms")
        .into_iter()
        .filter(|coin| COINS.contains(&coin.as_str()))
    {
        let of = currencies
            .iter()
            .filter(|currency| ["USD", "EUR"].contains(&currency.as_str()));
        let price = |currency: &String| {
            candle(
                &format!("{coin}-{currency}"),
                now.div_euclid(MINUTE) * MINUTE,
            )
            .open
        };
        let of = of.map(|currency| (currency.clone(), form(price(currency))));
        answer.insert(coin.clone(), Value::Object(of.collect()));
    }
    Reply::json(Value::Object(answer).to_string())
}

/// The minute that is running is the last row, as with the real one.
fn history(request: &Request, now: Millis) -> Reply {
    let text = |name: &str| request.value(name).unwrap_or_default().to_owned();
    let number = |name: &str| text(name).parse::<Millis>().ok();
    let symbol = format!("{}-{}", text("fsym"), text("tsym"));
    let limit = number("limit").unwrap_or(1_440).clamp(1, 2_000);
    let last = number("toTs")
        .map_or(now, |secs| (secs * 1_000).min(now))
        .div_euclid(MINUTE)
        * MINUTE;
    let rows = (0..=limit).rev().map(|back| {
        let c = candle(&symbol, last - back * MINUTE);
        json!({"time": c.open_at / 1_000, "open": c.open, "high": c.high, "low": c.low, "close": c.close,
            "volumefrom": c.volume, "volumeto": c.volume * c.close, "conversionType": "direct", "conversionSymbol": ""})
    });
    let rows: Vec<Value> = rows.collect();
    let data = json!({"Aggregated": false, "TimeFrom": 0, "TimeTo": last / 1_000, "Data": rows});
    Reply::json(
        json!({"Response": "Success", "Type": 100, "RateLimit": {}, "Data": data}).to_string(),
    )
}
