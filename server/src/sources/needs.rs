//! What sources ask their configuration for besides addresses: keys, budgets, instruments, intervals.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat};
use tokio_tungstenite::tungstenite::Message;
use wire::{Millis, config::Ticker};

use super::{
    bars::Pair,
    live::Setup,
    policy::{Policy, Schedule},
    x::cost::Budget,
};
use crate::net::{Secret, SourceError};

/// Currencies of pairs where only tickers are configured.
const CURRENCIES: [&str; 2] = ["USD", "EUR"];

/// Where every request counts, or is paid for: none is made again at once.
pub(crate) const POLLED: Policy = Policy {
    transport: Schedule::doubling(60, 3_600),
    http: Schedule::doubling(60, 3_600),
    protocol: Schedule::doubling(60, 3_600),
    at_once_after_success: false,
    ..Policy::USUAL
};

impl Setup {
    /// The key, for a source that can do nothing without one.
    ///
    /// # Errors
    /// Says what is missing and where it belongs.
    pub(crate) fn needed_key(&self, what: &str) -> Result<Secret, SourceError> {
        self.key.clone().ok_or_else(|| {
            SourceError::Refused(format!(
                "it needs {what}: key_env = \"NAME\" or key_file = \"path\""
            ))
        })
    }

    /// How often it is asked.
    pub(crate) fn poll(&self, usual: Duration) -> Duration {
        let secs = self.config.poll_secs.filter(|secs| *secs > 0.0);
        secs.map_or(usual, |secs| Duration::from_secs_f64(secs.max(1.0)))
    }

    /// What may be spent on an upstream that costs money by the piece.
    ///
    /// # Errors
    /// When nobody has said how much: topics can be busier than anybody thinks.
    pub(crate) fn needed_budget(&self) -> Result<Budget, SourceError> {
        let budget = Budget {
            day_usd: self.config.budget_day_usd,
            month_usd: self.config.budget_month_usd,
        };
        if budget == Budget::default() {
            let problem =
                "it costs money: budget_day_usd or budget_month_usd has to say how much it may";
            return Err(SourceError::Refused(problem.to_owned()));
        }
        Ok(budget)
    }

    /// The configured pairs, else every ticker in the usual currencies.
    ///
    /// # Errors
    /// When there are none, or one is no pair.
    pub(crate) fn currency_pairs(&self) -> Result<Vec<Pair>, SourceError> {
        let of_ticker =
            |ticker: &Ticker| CURRENCIES.map(|currency| format!("{}-{currency}", ticker.symbol));
        let usual: Vec<String> = self.tickers.iter().flat_map(of_ticker).collect();
        let usual: Vec<&str> = usual.iter().map(String::as_str).collect();
        let pairs = self.pairs(&usual)?;
        if pairs.is_empty() {
            let problem = "it needs pairs = [\"BTC-USD\", …], or tickers";
            return Err(SourceError::Refused(problem.to_owned()));
        }
        Ok(pairs)
    }

    /// Symbols of a source that knows instruments by one name each: those of `pairs`, without their
    /// currency, else of every ticker.
    ///
    /// # Errors
    /// When there are none.
    pub(crate) fn symbols(&self) -> Result<Vec<String>, SourceError> {
        let of_pairs = self.config.pairs.iter();
        let of_pairs =
            of_pairs.map(|pair| pair.strip_suffix("-USD").unwrap_or(pair).to_uppercase());
        let of_tickers = self
            .tickers
            .iter()
            .map(|ticker| ticker.symbol.to_uppercase());
        let mut symbols: Vec<String> = if self.config.pairs.is_empty() {
            of_tickers.collect()
        } else {
            of_pairs.collect()
        };
        symbols.sort_unstable();
        symbols.dedup();
        if symbols.is_empty() {
            return Err(SourceError::Refused(
                "it needs pairs = [\"AAPL-USD\", …], or tickers".to_owned(),
            ));
        }
        Ok(symbols)
    }
}

/// An instant as upstreams are asked for it, `2026-08-20T10:35:00Z`.
pub(crate) fn rfc3339(at: Millis) -> String {
    let instant = DateTime::from_timestamp_millis(at).unwrap_or_default();
    instant.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A text as it is kept: of a very long one the beginning.
pub(crate) fn shortened(mut text: String) -> String {
    const MAX_CHARS: usize = 5_000;
    if let Some((end, _)) = text.char_indices().nth(MAX_CHARS) {
        text.truncate(end);
    }
    text
}

/// A message of a web socket as text, or the drop reason of one that is none.
pub(crate) fn text_of(message: Message) -> Result<String, &'static str> {
    String::from_utf8(message.into_data().into()).map_err(|_| "bad_utf8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_very_long_text_the_beginning_is_kept() {
        assert_eq!(shortened("ä".repeat(5_000)).chars().count(), 5_000);
        assert_eq!(shortened("ä".repeat(5_001)).chars().count(), 5_000);
    }
}
