//! Binance's market data to bars: messages of the stream, and rows of the history. Pure.

use std::collections::BTreeMap;

use serde::Deserialize;
use wire::{Bar, Millis, time::SECOND};

use crate::sources::bars::{Number, Pair, WIDTH, bar};

/// Name of the source in bars.
pub const SOURCE: &str = "binance";

/// Pairs by their symbol at Binance, `BTCUSDT`.
pub type Symbols = BTreeMap<String, Pair>;

/// So long after its end a bar of the history is final; before, its last trades may be missing.
const SETTLES_AFTER: Millis = 5 * SECOND;

/// What a message of the stream says.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// A bar that will not change any more.
    Final(Pair, Bar),
    /// A bar that still changes, and the price of now.
    Open(Pair, f64),
    /// The server is about to close.
    Shutdown,
    /// Something else.
    Other,
}

/// How a pair is called at Binance.
pub fn symbol(pair: &Pair) -> String {
    format!("{}{}", pair.ticker, pair.currency)
}

/// Decodes one message, raw or of a combined stream.
///
/// # Errors
/// The drop reason.
pub fn decode(message: &[u8], symbols: &Symbols) -> Result<Said, &'static str> {
    let text = text(message)?;
    let message: Message<'_> = serde_json::from_str(text).map_err(json)?;
    let data = match message.data {
        Some(data) => data,
        None => message.raw,
    };
    match data.e {
        Some("kline") => kline(data.k.ok_or("unknown_body")?, symbols),
        Some("serverShutdown") => Ok(Said::Shutdown),
        Some(_) => Ok(Said::Other),
        // The answer to a subscription, `{"result":null,"id":1}`.
        None if message.id.is_some() => Ok(Said::Other),
        None => Err("unknown_body"),
    }
}

fn kline(kline: Kline<'_>, symbols: &Symbols) -> Result<Said, &'static str> {
    let pair = symbols.get(kline.s);
    if !kline.x {
        let price = kline.c.value();
        return Ok(pair.map_or(Said::Other, |pair| Said::Open(pair.clone(), price)));
    }
    let pair = pair.ok_or("unknown_symbol")?;
    if kline.i != "1m" {
        return Ok(Said::Other);
    }
    let prices = [kline.o, kline.h, kline.l, kline.c].map(Number::value);
    let bar = bar(pair, SOURCE, kline.t, WIDTH, prices, Some(kline.v.value()))?;
    Ok(Said::Final(pair.clone(), bar))
}

/// Decodes the history of one pair: its bars that were final at `now`, oldest first, and the drop
/// reasons of what cannot be used.
///
/// # Errors
/// The drop reason of a body that is no history.
pub fn decode_history(
    body: &[u8],
    pair: &Pair,
    now: Millis,
) -> Result<Vec<Result<Bar, &'static str>>, &'static str> {
    let rows: Vec<Row<'_>> = serde_json::from_str(text(body)?).map_err(json)?;
    let is_final = |row: &&Row<'_>| row.0.saturating_add(WIDTH + SETTLES_AFTER) <= now;
    let bars = rows.iter().filter(is_final).map(|row| {
        let prices = [row.1, row.2, row.3, row.4].map(Number::value);
        bar(pair, SOURCE, row.0, WIDTH, prices, Some(row.5.value()))
    });
    Ok(bars.collect())
}

fn text(bytes: &[u8]) -> Result<&str, &'static str> {
    const MAX_BYTES: usize = 4 << 20;
    if bytes.len() > MAX_BYTES {
        return Err("too_long");
    }
    std::str::from_utf8(bytes).map_err(|_| "bad_utf8")
}

fn json(error: serde_json::Error) -> &'static str {
    if error.is_eof() {
        "truncated"
    } else {
        "bad_json"
    }
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    data: Option<Data<'a>>,
    id: Option<serde::de::IgnoredAny>,
    #[serde(borrow, flatten)]
    raw: Data<'a>,
}

#[derive(Deserialize)]
struct Data<'a> {
    e: Option<&'a str>,
    #[serde(borrow)]
    k: Option<Kline<'a>>,
}

#[derive(Deserialize)]
struct Kline<'a> {
    t: Millis,
    s: &'a str,
    i: &'a str,
    #[serde(borrow)]
    o: Number<'a>,
    #[serde(borrow)]
    h: Number<'a>,
    #[serde(borrow)]
    l: Number<'a>,
    #[serde(borrow)]
    c: Number<'a>,
    #[serde(borrow)]
    v: Number<'a>,
    x: bool,
}

/// Open time, four prices, volume; what follows is not read.
#[derive(Deserialize)]
struct Row<'a>(
    Millis,
    #[serde(borrow)] Number<'a>,
    #[serde(borrow)] Number<'a>,
    #[serde(borrow)] Number<'a>,
    #[serde(borrow)] Number<'a>,
    #[serde(borrow)] Number<'a>,
    serde::de::IgnoredAny,
    serde::de::IgnoredAny,
    serde::de::IgnoredAny,
    serde::de::IgnoredAny,
    serde::de::IgnoredAny,
    serde::de::IgnoredAny,
);

#[cfg(test)]
mod tests {
    use super::*;

    fn symbols() -> Symbols {
        let pair = Pair::parse("BTC-USDT").unwrap();
        BTreeMap::from([(symbol(&pair), pair)])
    }

    fn message(is_final: bool, close: &str) -> String {
        format!(
            r#"{{"stream":"btcusdt@kline_1m","data":{{"e":"kline","E":1672515782136,"s":"BTCUSDT","k":{{"t":1672515780000,"T":1672515839999,"s":"BTCUSDT","i":"1m","f":1,"L":2,"o":"10","c":"{close}","h":"25","l":"9.5","v":"1000","n":100,"x":{is_final},"q":"1.0"}}}}}}"#
        )
    }

    #[test]
    fn only_a_final_bar_is_a_bar() {
        let said = |text: &str| decode(text.as_bytes(), &symbols()).unwrap();

        assert!(
            matches!(said(&message(false, "20")), Said::Open(pair, 20.0) if pair.ticker == "BTC")
        );
        let Said::Final(pair, bar) = said(&message(true, "20")) else {
            panic!()
        };
        assert_eq!(pair.to_string(), "BTC-USDT");
        assert_eq!((bar.open_at, bar.width), (1_672_515_780_000, 60_000));
        let prices = format!("{:?}", [bar.open, bar.high, bar.low, bar.close]);
        assert_eq!(prices, "[10.0, 25.0, 9.5, 20.0]");
        assert_eq!((&*bar.currency, bar.volume), ("USDT", Some(1_000.0)));
    }

    #[test]
    fn what_is_no_bar_is_told_from_what_is_broken() {
        let decoded = |text: &str| decode(text.as_bytes(), &symbols());

        assert_eq!(decoded(r#"{"result":null,"id":1}"#), Ok(Said::Other));
        assert_eq!(
            decoded(r#"{"e":"trade","s":"BTCUSDT","p":"1"}"#),
            Ok(Said::Other)
        );
        assert_eq!(
            decoded(r#"{"e":"serverShutdown","E":1}"#),
            Ok(Said::Shutdown)
        );
        assert_eq!(
            decoded(r#"{"code":-1121,"msg":"Invalid symbol."}"#),
            Err("unknown_body")
        );
        assert_eq!(decoded(&message(true, "26")), Err("bad_price"));
        assert_eq!(decoded(&message(true, "NaN")), Err("bad_price"));
        assert_eq!(decoded("{\"e\":"), Err("truncated"));
        assert_eq!(decode(b"\xff", &symbols()), Err("bad_utf8"));
        let foreign = message(true, "20").replace("BTCUSDT", "XYZUSDT");
        assert_eq!(decoded(&foreign), Err("unknown_symbol"));
    }

    #[test]
    fn the_history_ends_with_the_last_final_bar() {
        let row = |t: i64, close: &str| {
            format!(
                r#"[{t},"10","25","9","{close}","7",{},"1",3,"1","1","0"]"#,
                t + 59_999
            )
        };
        let body = format!(
            "[{},{},{}]",
            row(0, "20"),
            row(60_000, "99"),
            row(120_000, "20")
        );

        let bars = decode_history(body.as_bytes(), &Pair::parse("BTC-USDT").unwrap(), 150_000);

        let bars = bars.unwrap();
        assert_eq!(bars.len(), 2);
        assert_eq!(bars[0].as_ref().unwrap().close_at(), 60_000);
        assert_eq!(bars[1], Err("bad_price"));
        let early = decode_history(body.as_bytes(), &Pair::parse("BTC-USDT").unwrap(), 64_999);
        assert!(early.unwrap().is_empty());
        let error = br#"{"code":-1121,"msg":"Invalid symbol."}"#;
        assert!(decode_history(error, &Pair::parse("BTC-USDT").unwrap(), 0).is_err());
    }
}
