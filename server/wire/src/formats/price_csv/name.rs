//! What the name of a price file tells: instrument, currency, source, width.

use crate::Millis;

use super::parse_width;

/// What prices may be given in, longest first so that `USDT` is not taken for `USD`.
const CURRENCIES: [&str; 14] = [
    "USDT", "USDC", "BUSD", "TUSD", "USD", "EUR", "GBP", "JPY", "CHF", "CAD", "AUD", "KRW", "BTC",
    "ETH",
];

/// What the name of a price file tells about its rows, where no column does.
///
/// `AAPL.csv` names the instrument alone. Otherwise the parts between underscores are looked at:
/// `CryptoCompare_BTC-USD_1h_2020-03.csv` names a source, a pair and a width.
#[derive(Debug)]
pub struct FileName {
    pub(super) ticker: String,
    pub(super) currency: Option<String>,
    pub(super) source: String,
    pub(super) width: Option<Millis>,
}

impl FileName {
    /// Reads a path; `/` and `\` both separate folders.
    pub fn parse(path: &str) -> Self {
        let mut folders: Vec<&str> = path
            .split(['/', '\\'])
            .filter(|part| !part.is_empty())
            .collect();
        let file = folders.pop().unwrap_or_default();
        let stem = file
            .split_once(".csv")
            .or_else(|| file.split_once(".CSV"))
            .map_or(file, |(stem, _)| stem);
        let parts: Vec<&str> = stem.split('_').filter(|part| !part.is_empty()).collect();
        let pair = parts.iter().find_map(|part| split_pair(part));
        let (ticker, currency) = pair.unwrap_or_else(|| {
            let first = parts.first().copied().unwrap_or_default();
            (first.to_ascii_uppercase(), None)
        });
        // A folder that is called after its content says nothing about where that comes from.
        let folder = folders
            .into_iter()
            .rev()
            .find(|folder| !folder.eq_ignore_ascii_case("prices"));
        let first = parts
            .first()
            .filter(|part| parts.len() > 1 && !part.eq_ignore_ascii_case(&ticker));
        let first = first.filter(|part| split_pair(part).is_none());
        let source = first
            .copied()
            .or(folder)
            .unwrap_or("file")
            .to_ascii_lowercase();
        Self {
            ticker,
            currency,
            source,
            width: parts.iter().skip(1).find_map(|part| parse_width(part)),
        }
    }
}

/// Splits `BTC/USD`, `BTC-USD` or `BTCUSD` into instrument and currency.
pub(super) fn split_pair(text: &str) -> Option<(String, Option<String>)> {
    let text = text.to_ascii_uppercase();
    CURRENCIES.iter().find_map(|currency| {
        let rest = text.strip_suffix(currency)?;
        let ticker = rest.trim_end_matches(['/', '-', '_', ':']);
        // Without a separator STETH would be read as ST in ETH.
        let is_clear = ticker.len() < rest.len() || !matches!(*currency, "BTC" | "ETH");
        (is_clear && ticker.len() >= 2 && is_ticker(ticker))
            .then(|| (ticker.to_owned(), Some((*currency).to_owned())))
    })
}

/// Whether a text may be an instrument's symbol.
pub(super) fn is_ticker(text: &str) -> bool {
    let is_symbol = text
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'^' | b'='));
    (1..=20).contains(&text.len()) && is_symbol && text.bytes().any(|b| b.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{DAY, HOUR};

    #[track_caller]
    fn check(
        path: &str,
        ticker: &str,
        currency: Option<&str>,
        source: &str,
        width: Option<Millis>,
    ) {
        let name = FileName::parse(path);
        assert_eq!(
            (name.ticker.as_str(), name.currency.as_deref()),
            (ticker, currency),
            "{path}"
        );
        assert_eq!(
            (name.source.as_str(), name.width),
            (source, width),
            "{path}"
        );
    }

    #[test]
    fn a_file_name_tells_what_the_columns_do_not() {
        check(
            "/x/stocknet/prices/AAPL.csv",
            "AAPL",
            None,
            "stocknet",
            None,
        );
        check(
            "stocknet\\prices\\BRK-A.csv.gz",
            "BRK-A",
            None,
            "stocknet",
            None,
        );
        check(
            "p/CryptoCompare_BTC-USD_1h_2020-03.csv.gz",
            "BTC",
            Some("USD"),
            "cryptocompare",
            Some(HOUR),
        );
        check(
            "p/Bitstamp_BTCUSD_d_to_2022-08.csv.gz",
            "BTC",
            Some("USD"),
            "bitstamp",
            Some(DAY),
        );
        check("btc_hourly_2016.csv", "BTC", None, "file", Some(HOUR));
        check("T.csv", "T", None, "file", None);
    }

    #[test]
    fn a_pair_is_split_at_a_known_currency_only() {
        assert_eq!(
            split_pair("ETHUSDT"),
            Some(("ETH".into(), Some("USDT".into())))
        );
        assert_eq!(split_pair("BRK-A"), None);
        assert_eq!(split_pair("USD"), None);
        assert_eq!(split_pair("STETH"), None);
        assert_eq!(
            split_pair("LTC/BTC"),
            Some(("LTC".into(), Some("BTC".into())))
        );
    }
}
