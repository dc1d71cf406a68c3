//! Frames of Finnhub to trades and to what the connection has to know: pure.

use serde::Deserialize;
use serde_json::Value;
use wire::{Millis, formats::FormatError};

use super::super::minutes::Tick;

/// Name of the source in bars.
pub(crate) const SOURCE: &str = "finnhub";
/// A longer message is none of this upstream.
const MAX_MESSAGE_BYTES: usize = 4 << 20;

/// What a frame is.
#[derive(Debug, PartialEq)]
pub(crate) enum Frame {
    /// The connection lives.
    Ping,
    /// Trades, or the drop reasons of what is none.
    Trades(Vec<Result<Tick, &'static str>>),
    /// What it says is wrong.
    Error(String),
}

/// Decodes one frame. Trades whose conditions name one of `unwanted` are refused: reported late or out
/// of their order, they say nothing about the price of the minute they arrive in.
pub(crate) fn decode(frame: &str, unwanted: &[String]) -> Frame {
    if frame.len() > MAX_MESSAGE_BYTES {
        return Frame::Trades(vec![Err("too_long")]);
    }
    let message: Value = match serde_json::from_str(frame) {
        Ok(message) => message,
        Err(error) => return Frame::Trades(vec![Err(FormatError::from(&error).reason())]),
    };
    match message.get("type").and_then(Value::as_str) {
        Some("ping") => Frame::Ping,
        Some("error") => {
            let text = message.get("msg").and_then(Value::as_str);
            Frame::Error(text.unwrap_or("without a reason").to_owned())
        }
        Some("trade") => {
            let trades = message.get("data").and_then(Value::as_array);
            let trades = trades.map(Vec::as_slice).unwrap_or_default();
            Frame::Trades(trades.iter().map(|trade| read(trade, unwanted)).collect())
        }
        _ => Frame::Trades(vec![Err(FormatError::UnknownBody.reason())]),
    }
}

fn read(trade: &Value, unwanted: &[String]) -> Result<Tick, &'static str> {
    let trade = Trade::deserialize(trade).map_err(|_| FormatError::Json.reason())?;
    let conditions = trade.c.unwrap_or_default();
    if conditions
        .iter()
        .any(|condition| unwanted.contains(condition))
    {
        return Err("trade_condition");
    }
    let (ticker, currency) = instrument(&trade.s).ok_or(FormatError::Symbol.reason())?;
    Ok(Tick {
        ticker,
        currency,
        at: trade.t,
        price: trade.p,
        size: trade.v,
        market_cap: None,
    })
}

/// `AAPL` is a stock in US dollars, `BINANCE:BTCUSDT` a pair of an exchange.
fn instrument(symbol: &str) -> Option<(String, String)> {
    let symbol = symbol.to_uppercase();
    let Some((_, pair)) = symbol.split_once(':') else {
        return (!symbol.is_empty()).then(|| (symbol, "USD".to_owned()));
    };
    let pair = pair.replace(['-', '_', '/'], "");
    let currency = ["USDT", "USDC", "USD", "EUR", "GBP", "BTC", "ETH"];
    let currency = currency
        .into_iter()
        .find(|currency| pair.len() > currency.len() && pair.ends_with(currency))?;
    Some((
        pair[..pair.len() - currency.len()].to_owned(),
        currency.to_owned(),
    ))
}

#[derive(Deserialize)]
struct Trade {
    s: String,
    p: f64,
    t: Millis,
    v: Option<f64>,
    c: Option<Vec<String>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tick(ticker: &str, currency: &str) -> Tick {
        Tick {
            ticker: ticker.into(),
            currency: currency.into(),
            at: 1_672_348_887_195,
            price: 122.1,
            size: Some(1.0),
            market_cap: None,
        }
    }

    fn trade(symbol: &str, rest: &str) -> String {
        format!(
            r#"{{"type":"trade","data":[{{"s":"{symbol}","p":122.1,"t":1672348887195,"v":1{rest}}}]}}"#
        )
    }

    #[track_caller]
    fn check(frame: &str, expect: Result<Tick, &'static str>) {
        assert_eq!(
            decode(frame, &["13".into()]),
            Frame::Trades(vec![expect]),
            "{frame}"
        );
    }

    #[test]
    fn trades_name_their_instrument() {
        check(&trade("TSLA", r#","c":["1","8"]"#), Ok(tick("TSLA", "USD")));
        check(
            &trade("BINANCE:BTCUSDT", r#","c":null"#),
            Ok(tick("BTC", "USDT")),
        );
        check(&trade("COINBASE:ETH-EUR", ""), Ok(tick("ETH", "EUR")));
        check(&trade("BINANCE:USDT", ""), Err("bad_symbol"));
        check(&trade("", ""), Err("bad_symbol"));
    }

    #[test]
    fn trades_with_an_unwanted_condition_are_refused() {
        check(&trade("TSLA", r#","c":["1","13"]"#), Err("trade_condition"));
    }

    #[test]
    fn other_frames_are_told_apart() {
        assert_eq!(decode(r#"{"type":"ping"}"#, &[]), Frame::Ping);
        assert_eq!(
            decode(r#"{"type":"error","msg":"Invalid symbol"}"#, &[]),
            Frame::Error("Invalid symbol".into())
        );
        assert_eq!(decode(r#"{"type":"trade"}"#, &[]), Frame::Trades(vec![]));
        check(r#"{"type":"hologram"}"#, Err("unknown_body"));
        check("[]", Err("unknown_body"));
        check("<html>", Err("bad_json"));
        check(r#"{"type":"tra"#, Err("truncated"));
        check(
            &trade("TSLA", "").replace("122.1", "\"x\""),
            Err("bad_json"),
        );
    }
}
