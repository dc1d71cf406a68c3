//! Coinbase Exchange to bars: what its feed says about time, and its candles. Pure.

use serde::Deserialize;
use wire::{Bar, Millis, formats::calendar};

use crate::sources::bars::{Number, Pair, WIDTH, bar};

/// Name of the source in bars.
pub const SOURCE: &str = "coinbase";

/// What a message of the feed says.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// What the exchange's clock showed.
    Time(Millis),
    /// The price of the last trade, and what the clock showed then.
    Price(Pair, f64, Millis),
    /// What was subscribed to.
    Subscribed,
    /// What the exchange complains about.
    Error(String),
    /// Something else, as the exchange announces that there may be.
    Other,
}

/// Decodes one message of the feed.
///
/// # Errors
/// The drop reason.
pub fn decode(message: &[u8]) -> Result<Said, &'static str> {
    let message: Message<'_> = serde_json::from_str(text(message)?).map_err(json)?;
    match message.kind {
        "ticker" | "ticker_batch" | "heartbeat" => {
            let time = message.time.and_then(calendar::parse_table);
            let time = time.ok_or("bad_date")?;
            let pair = message.product_id.and_then(Pair::parse);
            Ok(match (pair, message.price.map(Number::value)) {
                (Some(pair), Some(price)) => Said::Price(pair, price, time),
                _ => Said::Time(time),
            })
        }
        "subscriptions" => Ok(Said::Subscribed),
        "error" => {
            let parts = [message.message, message.reason].into_iter().flatten();
            Ok(Said::Error(parts.collect::<Vec<_>>().join(": ")))
        }
        _ => Ok(Said::Other),
    }
}

/// Decodes the candles of one pair: bars that were final at `now`, oldest first.
///
/// The exchange gives the newest first, and low before high; minutes without a trade are absent.
///
/// # Errors
/// The drop reason of a body that holds no candles.
pub fn decode_candles(
    body: &[u8],
    pair: &Pair,
    now: Millis,
) -> Result<Vec<Result<Bar, &'static str>>, &'static str> {
    let rows: Vec<(i64, f64, f64, f64, f64, f64)> =
        serde_json::from_str(text(body)?).map_err(json)?;
    let bars = rows.into_iter().rev().filter_map(|row| {
        let (secs, low, high, open, close, volume) = row;
        let open_at = secs.checked_mul(1_000)?;
        let is_final = open_at.saturating_add(WIDTH) <= now;
        is_final.then(|| {
            bar(
                pair,
                SOURCE,
                open_at,
                WIDTH,
                [open, high, low, close],
                Some(volume),
            )
        })
    });
    Ok(bars.collect())
}

fn text(bytes: &[u8]) -> Result<&str, &'static str> {
    const MAX_BYTES: usize = 1 << 20;
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
    #[serde(rename = "type")]
    kind: &'a str,
    time: Option<&'a str>,
    product_id: Option<&'a str>,
    #[serde(borrow)]
    price: Option<Number<'a>>,
    #[serde(borrow)]
    message: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow)]
    reason: Option<std::borrow::Cow<'a, str>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_feed_tells_the_time() {
        let said = |text: &str| decode(text.as_bytes());

        assert_eq!(
            said(
                r#"{"type":"ticker","product_id":"BTC-USD","price":"1","time":"2024-12-07T18:00:00.542551Z"}"#
            ),
            Ok(Said::Price(
                Pair::parse("BTC-USD").unwrap(),
                1.0,
                1_733_594_400_542
            ))
        );
        assert_eq!(
            said(r#"{"type":"heartbeat","time":"2024-12-07T18:00:01Z","sequence":1}"#),
            Ok(Said::Time(1_733_594_401_000))
        );
        assert_eq!(
            said(r#"{"type":"subscriptions","channels":[]}"#),
            Ok(Said::Subscribed)
        );
        assert_eq!(said(r#"{"type":"status"}"#), Ok(Said::Other));
        assert_eq!(
            said(r#"{"type":"error","message":"Failed to subscribe","reason":"no such product"}"#),
            Ok(Said::Error("Failed to subscribe: no such product".into()))
        );
        assert_eq!(said(r#"{"type":"ticker","time":"noon"}"#), Err("bad_date"));
        assert_eq!(said("{}"), Err("bad_json"));
        assert_eq!(said("{"), Err("truncated"));
    }

    #[test]
    fn candles_come_newest_first_and_low_before_high() {
        let body = b"[[120,9,25,10,20,7],[60,9,25,10,20,7],[0,25,9,10,20,7]]";

        let bars = decode_candles(body, &Pair::parse("BTC-EUR").unwrap(), 130_000).unwrap();

        assert_eq!(bars.len(), 2);
        assert_eq!(bars[0], Err("bad_price"));
        let bar = bars[1].as_ref().unwrap();
        assert_eq!((bar.open_at, &*bar.currency), (60_000, "EUR"));
        let prices = format!("{:?}", [bar.open, bar.high, bar.low, bar.close]);
        assert_eq!(prices, "[10.0, 25.0, 9.0, 20.0]");
        assert!(
            decode_candles(
                br#"{"message":"NotFound"}"#,
                &Pair::parse("A-B").unwrap(),
                0
            )
            .is_err()
        );
    }
}
