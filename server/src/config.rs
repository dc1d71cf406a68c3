//! The configuration: one commented TOML file, and what the command line changes in it.
//!
//! Unknown keys are errors that name the key, its line and what was probably meant.

pub mod args;
mod explain;
mod http;
mod log;
mod source;
mod speed;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use wire::{
    PublicConfig,
    config::{Filters, MAX_TOPICS, Ticker, Topic},
    time::DAY,
};

use crate::log::{Address, LogOptions, Synchronous};

pub use http::{HttpConfig, Network, NoNetwork};
pub use source::{
    JetstreamWire, Keep, LiveStart, MastodonStream, RecordingStart, SourceConfig, SourceKind,
};
pub use speed::Speed;

/// Everything that can be configured.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The server.
    pub http: HttpConfig,
    /// The log; where it is kept says all that is needed: `log = "nats://…"`.
    #[serde(deserialize_with = "log::table_or_store")]
    pub log: LogConfig,
    /// Which posts are kept.
    pub filters: Filters,
    /// Subjects that posts are sorted under.
    #[serde(rename = "topic")]
    pub topics: Vec<Topic>,
    /// Instruments with names.
    #[serde(rename = "ticker")]
    pub tickers: Vec<Ticker>,
    /// Where posts and prices come from.
    #[serde(rename = "source")]
    pub sources: Vec<SourceConfig>,
    /// The live sources together.
    pub live: LiveConfig,
}

/// What all live sources have in common.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct LiveConfig {
    /// When they are connected.
    pub start: LiveStart,
}

/// The log.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// Where it is kept.
    pub store: StoreKind,
    /// Folder of its files.
    pub data: PathBuf,
    /// Events older than this are removed.
    pub keep_days: Option<f64>,
    /// The oldest events are removed while it is larger than this.
    pub keep_mib: Option<u64>,
    /// The newest events are held in memory up to this.
    pub tail_mib: usize,
    /// What is lost when the power fails.
    pub synchronous: Synchronous,
    /// After so long without a word from a relay another that shares the log takes over its sources.
    pub lease_secs: f64,
    /// Environment variable that holds the token of the shared log's server …
    pub key_env: Option<String>,
    /// … or file that does.
    pub key_file: Option<PathBuf>,
}

/// Where the log is kept.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum StoreKind {
    /// In a file, `log.sqlite`.
    #[default]
    Sqlite,
    /// Nowhere: it ends with the relay.
    Memory,
    /// In a stream of NATS JetStream that several relays share, and a copy of it in a file, `shared.sqlite`.
    /// A recording's log is no part of that.
    Nats(Address),
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path:?} cannot be read ({source}); give another one by --config FILE")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Not TOML, or a key or value that cannot be used.
    #[error("{path}, {problem}", path = path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Line and problem.
        problem: String,
    },
    /// A speed, and nothing that could be played at it.
    #[error(
        "--speed is for recordings, and no source here is one: add --recording FILE, or leave --speed out"
    )]
    NothingPlayed,
    /// A key would be ignored.
    #[error("the source {name:?} has {key}, which means nothing to the kind {kind}")]
    Misplaced {
        /// The source.
        name: String,
        /// Its kind.
        kind: &'static str,
        /// What is of no use there.
        key: &'static str,
    },
    /// A value that is out of its range.
    #[error("{key} is {found}, but {rule}")]
    Value {
        /// Which.
        key: &'static str,
        /// What it is.
        found: String,
        /// What it has to be.
        rule: &'static str,
    },
}

impl Config {
    /// The parts that another configuration has otherwise, by their names in the file.
    pub(crate) fn differences(&self, other: &Self) -> Vec<&'static str> {
        let parts = [
            ("http", self.http != other.http),
            ("log", self.log != other.log),
            ("filters", self.filters != other.filters),
            ("topic", self.topics != other.topics),
            ("ticker", self.tickers != other.tickers),
            ("source", self.sources != other.sources),
            ("live", self.live != other.live),
        ];
        let changed = parts.into_iter().filter(|(_, is_other)| *is_other);
        changed.map(|(name, _)| name).collect()
    }

    /// Reads the file as it is, unchecked: the command line may still change what is wrong with it. Paths in
    /// it are relative to its own folder.
    ///
    /// # Errors
    /// [`ConfigError`] with the line, where there is one.
    fn read(path: &Path) -> Result<Self, ConfigError> {
        let unreadable = |source| ConfigError::Unreadable {
            path: path.to_owned(),
            source,
        };
        let text = fs::read_to_string(path).map_err(unreadable)?;
        let invalid = |problem| ConfigError::Invalid {
            path: path.to_owned(),
            problem,
        };
        let mut config = Self::parse(&text).map_err(invalid)?;
        config.resolve_paths(path.parent().unwrap_or(Path::new("")));
        Ok(config)
    }

    /// Reads the text of a file; the error names the line.
    ///
    /// # Errors
    /// The problem in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| explain::explain(text, &error))
    }

    /// What readers may know.
    pub fn public(&self) -> PublicConfig {
        let Self {
            topics,
            tickers,
            filters,
            ..
        } = self.clone();
        PublicConfig {
            log: None,
            replay: None,
            live: None,
            topics,
            tickers,
            filters,
        }
    }

    /// Checks what types cannot say.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn check(&self) -> Result<(), ConfigError> {
        let is_length = |value: f64| (0.0..=1e9).contains(&value);
        let of_log = [
            ("log.keep_days", self.log.keep_days.unwrap_or(0.0)),
            ("log.lease_secs", self.log.lease_secs),
        ];
        let of_sources = self.sources.iter().flat_map(SourceConfig::lengths);
        for (key, value) in self
            .http
            .lengths()
            .into_iter()
            .chain(of_log)
            .chain(of_sources)
        {
            if !is_length(value) {
                return Err(ConfigError::Value {
                    key,
                    found: value.to_string(),
                    rule: "it has to be zero or more",
                });
            }
        }
        if self.log.lease_secs < log::MIN_LEASE_SECS {
            return Err(ConfigError::Value {
                key: "log.lease_secs",
                found: self.log.lease_secs.to_string(),
                rule: "a lease lasts half a second or more",
            });
        }
        self.http.check()?;
        if self.topics.len() > MAX_TOPICS {
            let rule = "readers count at most 64";
            return Err(ConfigError::Value {
                key: "the number of topics",
                found: self.topics.len().to_string(),
                rule,
            });
        }
        source::check(&self.sources)?;
        Ok(())
    }

    /// How the log is to be kept.
    pub fn log_options(&self) -> LogOptions {
        let LogConfig {
            keep_days,
            keep_mib,
            tail_mib,
            synchronous,
            ..
        } = &self.log;
        LogOptions {
            tail_bytes: tail_mib << 20,
            keep_age: keep_days.map(|days| (days * DAY as f64) as i64),
            keep_bytes: keep_mib.map(|mib| mib << 20),
            synchronous: *synchronous,
        }
    }

    fn resolve_paths(&mut self, folder: &Path) {
        let of_sources = self.sources.iter_mut().flat_map(|source| {
            [source.path.as_mut(), source.key_file.as_mut()]
                .into_iter()
                .flatten()
        });
        let of_http = self.http.paths();
        let of_log = [&mut self.log.data]
            .into_iter()
            .chain(&mut self.log.key_file);
        for path in of_sources.chain(of_log).chain(of_http) {
            *path = folder.join(&*path);
        }
    }
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            store: StoreKind::default(),
            data: "data".into(),
            keep_days: None,
            keep_mib: None,
            tail_mib: 64,
            synchronous: Synchronous::default(),
            lease_secs: 5.0,
            key_env: None,
            key_file: None,
        }
    }
}

#[cfg(test)]
mod tests;
