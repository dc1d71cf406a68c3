//! The list of live sources: what each kind needs to be made, and how it is started.

use std::sync::Arc;

use tokio::{sync::watch, task::JoinSet};
use url::Url;
use wire::{
    author::AuthorKey,
    config::{Filters, Ticker, Topic},
};

use super::{
    Intake, Source,
    alpaca::Alpaca,
    bars::Pair,
    binance::Binance,
    clock::Clock,
    coinbase::Coinbase,
    coingecko::CoinGecko,
    cryptocompare::CryptoCompare,
    explain_crash,
    feeds::Feed,
    finnhub::Finnhub,
    jetstream::Jetstream,
    leading::follow_when_leading,
    mastodon::Mastodon,
    reddit::Reddit,
    subjects::Subjects,
    x::{X, counting::XCounts},
};
use crate::{
    config::{Config, LiveStart, SourceConfig, SourceKind},
    net::{Network, Reach, Secret, SourceError, dial::Target, secret::SecretError},
};

/// What a live source is made of.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) config: SourceConfig,
    pub(crate) topics: Vec<Topic>,
    pub(crate) tickers: Vec<Ticker>,
    pub(crate) filters: Filters,
    pub(crate) network: Network,
    pub(crate) clock: Arc<Clock>,
    pub(crate) author_key: AuthorKey,
    /// What `key_env` or `key_file` holds.
    pub(crate) key: Option<Secret>,
}

/// Why a live source cannot be made as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// Its key cannot be read.
    #[error("the source {name:?}: {source}")]
    Key {
        /// Which.
        name: String,
        /// Why.
        source: SecretError,
    },
    /// Another value cannot be used.
    #[error("the source {name:?}: {source}")]
    Value {
        /// Which.
        name: String,
        /// Why.
        source: SourceError,
    },
}

impl Setup {
    pub(crate) fn name(&self) -> String {
        self.config.label().to_owned()
    }

    /// The configured address, or the usual one.
    pub(crate) fn url(&self, usual: &str) -> Result<Url, SourceError> {
        parse_url(self.config.url.as_deref().unwrap_or(usual))
    }

    /// The configured pairs, or the usual ones.
    pub(crate) fn pairs(&self, usual: &[&str]) -> Result<Vec<Pair>, SourceError> {
        let configured = self.config.pairs.iter().map(String::as_str);
        let mut texts: Vec<&str> = configured.collect();
        if texts.is_empty() {
            texts.extend(usual);
        }
        let pair = |text: &str| {
            let problem = || SourceError::Refused(format!("{text:?} is no pair such as BTC-USD"));
            Pair::parse(text).ok_or_else(problem)
        };
        texts.into_iter().map(pair).collect()
    }

    /// The configured address of the history, or the usual one.
    pub(crate) fn history_url(&self, usual: &str) -> Result<Url, SourceError> {
        parse_url(self.config.history_url.as_deref().unwrap_or(usual))
    }
}

/// Starts every live source of the configuration. They connect at once, or wait for their first reader.
///
/// # Errors
/// What cannot work as it is configured. What has been started by then ends with `tasks`.
pub(crate) fn start(
    config: &Config,
    intake: &Intake,
    network: &Network,
    n_readers: &watch::Receiver<usize>,
    tasks: &mut JoinSet<()>,
) -> Result<(), SetupError> {
    let has_recording = config.sources.iter().any(|source| !source.kind.is_live());
    let waits = match config.live.start {
        LiveStart::Auto => has_recording,
        LiveStart::FirstReader => true,
        LiveStart::AtOnce => false,
    };
    let readers = waits.then(|| n_readers.clone());
    let subjects = Subjects::new(&config.topics, &config.tickers).map(Arc::new);
    for source in config.sources.iter().filter(|source| source.kind.is_live()) {
        let failed = |problem| SetupError::Value {
            name: source.label().to_owned(),
            source: problem,
        };
        let setup = setup(config, source, intake, network)?;
        let intake = Intake {
            subjects: subjects.clone().filter(|_| source.keeps_subjects_only()),
            key: setup.key.clone(),
            ..intake.clone()
        };
        let readers = readers.clone();
        macro_rules! start {
            ($source:ty) => {{
                let source = <$source>::new(&setup).map_err(failed)?;
                tasks.spawn(when_wanted(source, intake, readers));
            }};
        }
        // The one list of live sources.
        match source.kind {
            SourceKind::Recording => {}
            SourceKind::Jetstream => start!(Jetstream),
            SourceKind::Binance => start!(Binance),
            SourceKind::Coinbase => start!(Coinbase),
            SourceKind::Coingecko => start!(CoinGecko),
            SourceKind::Feeds => {
                for source in Feed::all(&setup).map_err(failed)? {
                    tasks.spawn(when_wanted(source, intake.clone(), readers.clone()));
                }
            }
            SourceKind::X => start!(X),
            SourceKind::XCounts => start!(XCounts),
            SourceKind::Mastodon => start!(Mastodon),
            SourceKind::Reddit => start!(Reddit),
            SourceKind::CryptoCompare => start!(CryptoCompare),
            SourceKind::Alpaca => start!(Alpaca),
            SourceKind::Finnhub => start!(Finnhub),
        }
    }
    Ok(())
}

fn setup(
    config: &Config,
    source: &SourceConfig,
    intake: &Intake,
    network: &Network,
) -> Result<Setup, SetupError> {
    let key = Secret::load(source.key_env.as_deref(), source.key_file.as_deref());
    let key = key.map_err(|problem| SetupError::Key {
        name: source.label().to_owned(),
        source: problem,
    })?;
    Ok(Setup {
        config: source.clone(),
        topics: config.topics.clone(),
        tickers: config.tickers.clone(),
        filters: config.filters.clone(),
        network: Arc::clone(network),
        clock: Arc::clone(&intake.clock),
        author_key: intake.log.author_key(),
        key,
    })
}

/// Follows a source from its first reader on.
async fn when_wanted(source: impl Source, intake: Intake, readers: Option<watch::Receiver<usize>>) {
    if !intake.log.is_shared() {
        explain_crash(&source, &intake).await;
    }
    if let Some(mut readers) = readers
        && readers.wait_for(|n| *n > 0).await.is_err()
    {
        return;
    }
    follow_when_leading(source, intake).await;
}

/// What is wrong is told without the text, which may hold a key.
fn parse_url(text: &str) -> Result<Url, SourceError> {
    let url = Url::parse(text)
        .map_err(|error| SourceError::Refused(format!("the address cannot be read ({error})")))?;
    Target::of(&url, Reach::Anywhere)?;
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_cannot_be_used_is_refused_at_the_start_without_showing_it() {
        for text in ["ws.example.org:443/?token=hunter2", "//hunter2"] {
            let error = parse_url(text).unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
        assert!(parse_url("wss://example.org/?token=hunter2").is_ok());
    }
}
