//! CoinGecko's answers to bars and market capitalisations. Pure.

use serde::Deserialize;
use wire::{Bar, Millis, formats::calendar, time::MINUTE};

use crate::sources::bars::{Pair, bar};

/// Name of the source in bars.
pub const SOURCE: &str = "coingecko";
/// Width of the bars of one day.
pub const WIDTH: Millis = 30 * MINUTE;

/// What a coin is called, and what all of it is worth.
#[derive(Clone, Debug, PartialEq)]
pub struct Market {
    /// CoinGecko's own name for it.
    pub id: String,
    /// Its symbol, in upper case.
    pub ticker: String,
    /// In the currency that was asked for.
    pub market_cap: Option<f64>,
    /// When that was so.
    pub at: Option<Millis>,
}

/// Decodes `/coins/markets`.
///
/// # Errors
/// What the upstream says instead, or the drop reason.
pub fn decode_markets(body: &[u8]) -> Result<Vec<Market>, String> {
    let rows: Vec<MarketRow> = parse(body)?;
    let markets = rows.into_iter().map(|row| Market {
        id: row.id,
        ticker: row.symbol.to_ascii_uppercase(),
        market_cap: row.market_cap.filter(|cap| cap.is_finite() && *cap > 0.0),
        at: row.last_updated.as_deref().and_then(calendar::parse_table),
    });
    Ok(markets.collect())
}

/// Decodes `/coins/{id}/ohlc` of one day: bars that were final at `now`, oldest first.
///
/// The upstream stamps the close.
///
/// # Errors
/// What the upstream says instead, or the drop reason.
pub fn decode_ohlc(
    body: &[u8],
    pair: &Pair,
    now: Millis,
) -> Result<Vec<Result<Bar, &'static str>>, String> {
    let rows: Vec<(Millis, f64, f64, f64, f64)> = parse(body)?;
    let bars = rows
        .into_iter()
        .filter_map(|(close_at, open, high, low, close)| {
            // The bar that has not ended yet bears the present instead of its end.
            let is_final = close_at.rem_euclid(WIDTH) == 0 && close_at <= now;
            let open_at = close_at.checked_sub(WIDTH)?;
            is_final.then(|| bar(pair, SOURCE, open_at, WIDTH, [open, high, low, close], None))
        });
    Ok(bars.collect())
}

fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, String> {
    let said = || {
        let complaint: Complaint = serde_json::from_slice(body).ok()?;
        complaint
            .error
            .or(complaint.status.and_then(|status| status.error_message))
    };
    serde_json::from_slice(body).map_err(|error| said().unwrap_or_else(|| error.to_string()))
}

#[derive(Deserialize)]
struct MarketRow {
    id: String,
    symbol: String,
    market_cap: Option<f64>,
    last_updated: Option<String>,
}

#[derive(Deserialize)]
struct Complaint {
    error: Option<String>,
    status: Option<Status>,
}

#[derive(Deserialize)]
struct Status {
    error_message: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_shifted_from_their_close_and_the_open_one_is_left_out() {
        let body = b"[[1800000,10,25,9,20],[3600000,20,30,19,25],[3700000,25,26,24,25]]";

        let bars = decode_ohlc(body, &Pair::parse("ETH-USD").unwrap(), 3_700_000).unwrap();

        assert_eq!(bars.len(), 2);
        let bar = bars[0].as_ref().unwrap();
        assert_eq!((bar.open_at, bar.close_at()), (0, 1_800_000));
        let prices = format!("{:?}", [bar.open, bar.high, bar.low, bar.close]);
        assert_eq!(prices, "[10.0, 25.0, 9.0, 20.0]");
    }

    #[test]
    fn market_capitalisations_are_read_by_coin() {
        let body = br#"[{"id":"bitcoin","symbol":"btc","current_price":70187,"market_cap":1381651251183,"last_updated":"2024-04-07T16:49:31.736Z"},
            {"id":"x","symbol":"x","market_cap":null,"last_updated":null}]"#;

        let markets = decode_markets(body).unwrap();

        assert_eq!((&*markets[0].id, &*markets[0].ticker), ("bitcoin", "BTC"));
        assert_eq!(markets[0].market_cap, Some(1_381_651_251_183.0));
        assert_eq!(markets[1].market_cap, None);
    }

    #[test]
    fn a_complaint_is_told_in_the_upstreams_words() {
        let body =
            br#"{"status":{"error_code":429,"error_message":"You've exceeded the Rate Limit."}}"#;
        assert_eq!(
            decode_markets(body).unwrap_err(),
            "You've exceeded the Rate Limit."
        );
        assert_eq!(
            decode_markets(br#"{"error":"coin not found"}"#).unwrap_err(),
            "coin not found"
        );
    }
}
