//! Answers of CryptoCompare to prices, bars and coins: pure.
//!
//! An error comes with status 200 as well as with 4xx, in an old and a new form; whatever is not
//! plainly an answer is an error and never a price.

use serde::Deserialize;
use serde_json::{Map, Value};
use wire::{Millis, time::SECOND};

use super::super::{
    bars::{self, Pair},
    minutes::Tick,
    sieve::Record,
};

/// Name of the source in bars.
pub(crate) const SOURCE: &str = "cryptocompare";

/// What an answer says instead of what was asked for.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum AnswerError {
    /// Ask less often.
    #[error("too many requests: {0}")]
    RateLimit(String),
    /// The key is missing, wrong, or not for this.
    #[error("the key is not accepted: {0}")]
    Auth(String),
    /// Something else, in its words.
    #[error("an error: {0}")]
    Other(String),
    /// Not JSON of any shape it answers in.
    #[error("not an answer")]
    Shape,
}

/// The prices of `pricemulti`: `{"BTC":{"USD":1.0}}`. It gives no time, so it is that of the answer.
///
/// # Errors
/// What it answers instead. A price that is none is left out.
pub(crate) fn prices(body: &str, seen_at: Millis) -> Result<Vec<Tick>, AnswerError> {
    let answer = answer(body)?;
    let mut ticks = Vec::new();
    for (ticker, by_currency) in &answer {
        for (currency, price) in by_currency.as_object().ok_or(AnswerError::Shape)? {
            ticks.extend(price.as_f64().map(|price| Tick {
                ticker: ticker.clone(),
                currency: currency.clone(),
                at: seen_at,
                price,
                size: None,
                market_cap: None,
            }));
        }
    }
    Ok(ticks)
}

/// The prices of `pricemultifull`, with their times and market capitalisations.
///
/// # Errors
/// What it answers instead.
pub(crate) fn full_prices(body: &str) -> Result<Vec<Tick>, AnswerError> {
    let answer = answer(body)?;
    let raw = answer
        .get("RAW")
        .and_then(Value::as_object)
        .ok_or(AnswerError::Shape)?;
    let by_currency = raw
        .iter()
        .filter_map(|(ticker, of)| Some((ticker, of.as_object()?)));
    let quotes = by_currency.flat_map(|(ticker, of)| {
        of.iter()
            .map(move |(currency, quote)| (ticker, currency, quote))
    });
    let tick = |(ticker, currency, quote): (&String, &String, &Value)| {
        Some(Tick {
            ticker: ticker.clone(),
            currency: currency.clone(),
            at: quote.get("LASTUPDATE")?.as_i64()?.checked_mul(SECOND)?,
            price: quote.get("PRICE")?.as_f64()?,
            // What it gives is traded in 24 hours, never in this minute.
            size: None,
            market_cap: quote
                .get("MKTCAP")
                .and_then(Value::as_f64)
                .filter(|cap| *cap > 0.0),
        })
    };
    Ok(quotes.filter_map(tick).collect())
}

/// The bars of `histominute`, `histohour` and `histoday`, old and v2, oldest first. A bar that is not
/// over at `now` is not final and left out.
///
/// # Errors
/// What it answers instead.
pub(crate) fn bars(
    body: &str,
    pair: &Pair,
    width: Millis,
    now: Millis,
) -> Result<Vec<Record>, AnswerError> {
    let mut answer = answer(body)?;
    let mut rows = answer.remove("Data").ok_or(AnswerError::Shape)?;
    if let Some(inner) = rows.get_mut("Data") {
        rows = inner.take();
    }
    let rows: Vec<Value> = serde_json::from_value(rows).map_err(|_| AnswerError::Shape)?;
    let records = rows
        .into_iter()
        .filter_map(|row| match serde_json::from_value::<Row>(row) {
            Ok(row) => row.bar(pair, width, now),
            Err(_) => Some(Err("bad_json")),
        });
    Ok(records.collect())
}

/// A coin of `all/coinlist`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Coin {
    pub(crate) symbol: String,
    pub(crate) name: String,
}

/// The coins of `all/coinlist`, whole or as a summary.
///
/// # Errors
/// What it answers instead.
pub(crate) fn coins(body: &str) -> Result<Vec<Coin>, AnswerError> {
    let answer = answer(body)?;
    let coins = answer
        .get("Data")
        .and_then(Value::as_object)
        .ok_or(AnswerError::Shape)?;
    let coin = |(key, coin): (&String, &Value)| {
        let says = |member: &str| coin.get(member).and_then(Value::as_str).map(str::to_owned);
        let symbol = says("Symbol").unwrap_or_else(|| key.clone());
        let name = says("CoinName").or_else(|| says("FullName"))?;
        Some(Coin { symbol, name })
    };
    Ok(coins.iter().filter_map(coin).collect())
}

/// The error that a body states, whatever status it came with.
pub(crate) fn error(body: &str) -> Option<AnswerError> {
    answer(body)
        .err()
        .filter(|error| *error != AnswerError::Shape)
}

/// The object that was asked for, if it is not an error in one of the two forms.
fn answer(body: &str) -> Result<Map<String, Value>, AnswerError> {
    let answer: Map<String, Value> = serde_json::from_str(body).map_err(|_| AnswerError::Shape)?;
    let is_error = answer
        .get("Response")
        .is_some_and(|response| response == "Error");
    let new_form = answer
        .get("Err")
        .and_then(Value::as_object)
        .filter(|error| !error.is_empty());
    let told = match new_form {
        Some(error) => error,
        None if is_error => &answer,
        None => return Ok(answer),
    };
    let says = |member: &str| told.get(member).and_then(Value::as_str);
    let message = says("Message")
        .or_else(|| says("message"))
        .unwrap_or("without a reason")
        .to_owned();
    let folded = message.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| folded.contains(word));
    let is_rate_limit =
        told.get("Type").and_then(Value::as_i64) == Some(99) || has(&["rate limit", "too many"]);
    Err(if is_rate_limit {
        AnswerError::RateLimit(message)
    } else if has(&[
        "api key",
        "api_key",
        "apikey",
        "auth key",
        "unauthorized",
        "not authorized",
    ]) {
        AnswerError::Auth(message)
    } else {
        AnswerError::Other(message)
    })
}

#[derive(Deserialize)]
struct Row {
    time: Millis,
    open: f64,
    high: f64,
    low: f64,
    close: f64,
    volumefrom: Option<f64>,
}

impl Row {
    /// `time` is the start of the interval. What was before a coin's first trade has prices of zero.
    fn bar(self, pair: &Pair, width: Millis, now: Millis) -> Option<Record> {
        let Some(open_at) = self.time.checked_mul(SECOND) else {
            return Some(Err("bad_time"));
        };
        if open_at.saturating_add(width) > now {
            return None;
        }
        let prices = [self.open, self.high, self.low, self.close];
        let bar = bars::bar(pair, SOURCE, open_at, width, prices, self.volumefrom);
        Some(bar.map(|bar| bars::event(bar, now)))
    }
}

#[cfg(test)]
mod tests;
