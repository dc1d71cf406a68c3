//! The configuration: one commented TOML file, and what the command line changes in it.
//!
//! Unknown keys are errors that name the key, its line and what was probably meant.

pub mod args;
mod explain;
mod source;
mod speed;

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Deserialize;
use wire::{
    PublicConfig,
    config::{Filters, MAX_TOPICS, Ticker, Topic},
    time::DAY,
};

use crate::log::{LogOptions, Synchronous};

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
    /// The log.
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
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LiveConfig {
    /// When they are connected.
    pub start: LiveStart,
}

/// The server.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpConfig {
    /// Address and port; port 0 takes a free one.
    pub listen: String,
    /// Folder of the page's files.
    pub app: PathBuf,
    /// Open connections at once; further ones wait.
    pub max_connections: usize,
    /// How long open requests may go on after a stop.
    pub drain_secs: f64,
    /// A reader that takes nothing for so long is dropped; it can resume.
    pub write_timeout_secs: f64,
    /// How long a connection may take to send the head of a request.
    pub header_timeout_secs: f64,
    /// How often a reader is told how far it has been sent, at least.
    pub heartbeat_secs: f64,
}

/// The log.
#[derive(Clone, Debug, Deserialize)]
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
}

/// Where the log is kept.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum StoreKind {
    /// In a file, `log.sqlite`.
    #[default]
    Sqlite,
    /// Nowhere: it ends with the relay.
    Memory,
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
    /// Reads the file. Paths in it are relative to its own folder.
    ///
    /// # Errors
    /// [`ConfigError`] with the line, where there is one.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
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
        config.check()?;
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
        let lengths = [
            ("http.drain_secs", self.http.drain_secs),
            ("http.write_timeout_secs", self.http.write_timeout_secs),
            ("http.header_timeout_secs", self.http.header_timeout_secs),
            ("http.heartbeat_secs", self.http.heartbeat_secs),
            ("log.keep_days", self.log.keep_days.unwrap_or(0.0)),
        ];
        let of_sources = self.sources.iter().flat_map(SourceConfig::lengths);
        for (key, value) in lengths.into_iter().chain(of_sources) {
            if !is_length(value) {
                return Err(ConfigError::Value {
                    key,
                    found: value.to_string(),
                    rule: "it has to be zero or more",
                });
            }
        }
        if self.http.max_connections == 0 {
            let rule = "nobody could connect; give at least 1";
            return Err(ConfigError::Value {
                key: "http.max_connections",
                found: "0".to_owned(),
                rule,
            });
        }
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
        } = self.log;
        LogOptions {
            tail_bytes: tail_mib << 20,
            keep_age: keep_days.map(|days| (days * DAY as f64) as i64),
            keep_bytes: keep_mib.map(|mib| mib << 20),
            synchronous,
        }
    }

    fn resolve_paths(&mut self, folder: &Path) {
        let of_sources = self.sources.iter_mut().flat_map(|source| {
            [source.path.as_mut(), source.key_file.as_mut()]
                .into_iter()
                .flatten()
        });
        for path in of_sources.chain([&mut self.log.data, &mut self.http.app]) {
            *path = folder.join(&*path);
        }
    }
}

impl HttpConfig {
    pub(crate) fn drain(&self) -> Duration {
        Duration::from_secs_f64(self.drain_secs)
    }

    pub(crate) fn write_timeout(&self) -> Duration {
        Duration::from_secs_f64(self.write_timeout_secs)
    }

    pub(crate) fn header_timeout(&self) -> Duration {
        Duration::from_secs_f64(self.header_timeout_secs)
    }

    pub(crate) fn heartbeat(&self) -> Duration {
        Duration::from_secs_f64(self.heartbeat_secs)
    }
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:3000".to_owned(),
            app: "dist".into(),
            max_connections: 1_000,
            drain_secs: 2.0,
            write_timeout_secs: 5.0,
            header_timeout_secs: 10.0,
            heartbeat_secs: 10.0,
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
        }
    }
}

#[cfg(test)]
mod tests;
