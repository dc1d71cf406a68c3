//! What sources ask their configuration for besides addresses: keys, budgets, instruments, intervals.

use std::time::Duration;

use wire::config::Ticker;

use super::{bars::Pair, live::Setup, x::cost::Budget};
use crate::net::{Secret, SourceError};

/// Currencies of pairs where only tickers are configured.
const CURRENCIES: [&str; 2] = ["USD", "EUR"];

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
