//! One source as it is configured: a recording, or an upstream that is listened to.

mod keys_of_kinds;

use std::path::PathBuf;

use serde::Deserialize;

use super::{ConfigError, Speed};

/// One source.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct SourceConfig {
    /// What it is.
    pub kind: SourceKind,
    /// Its name in statuses; the word for its kind where none is given.
    pub name: String,

    /// File or folder of a recording.
    pub path: Option<PathBuf>,
    /// How fast a recording is played.
    pub speed: Speed,
    /// Begin a recording again after its end.
    #[serde(rename = "loop")]
    pub looped: bool,
    /// How long the end stays on screen before a recording begins again.
    pub loop_pause_secs: f64,
    /// Go on after a restart of the relay where it stopped, instead of from the beginning.
    pub resume: bool,
    /// So much of a recording is handed out at once, before the pace begins.
    pub preroll_hours: f64,
    /// When a recording begins.
    pub start: RecordingStart,
    /// The data is made up by a program; the page says so.
    pub synthetic: bool,

    /// Address of a live source, where it is not the usual one.
    pub url: Option<String>,
    /// Address of its history, where it is another one and not the usual one.
    pub history_url: Option<String>,
    /// Name of the environment variable that holds the key.
    pub key_env: Option<String>,
    /// File that holds the key.
    pub key_file: Option<PathBuf>,
    /// Which of its posts are kept.
    pub keep: Keep,
    /// Which of Jetstream's two forms is spoken.
    pub wire: JetstreamWire,
    /// At its very first connection so much of Jetstream's past is asked for, so that there is
    /// something to see at once.
    pub first_reach_mins: f64,
    /// Instruments of a price source as `BTC-USD`: ticker and currency.
    pub pairs: Vec<String>,
    /// Addresses of news feeds.
    pub feeds: Vec<String>,
    /// Language of feeds that do not say theirs, and of subreddits, which never do.
    pub lang: String,
    /// Feeds may lie on hosts that are not of the public internet.
    pub private_hosts: bool,
    /// How often an upstream that has to be asked is asked.
    pub poll_secs: Option<f64>,

    /// Name that goes with the key: Reddit's user, Alpaca's key id.
    pub user: Option<String>,
    /// Subreddits, without `r/`.
    pub subreddits: Vec<String>,
    /// Hashtags that Mastodon is asked for; those of the topics where none are given.
    pub hashtags: Vec<String>,
    /// Which of Mastodon's streams is followed.
    pub stream: MastodonStream,
    /// Also accounts that say they are bots.
    pub bots: bool,
    /// Only accounts that have agreed to be found by search.
    pub only_indexable: bool,
    /// X delivers so many posts in a hundred.
    pub sample_percent: Option<u8>,
    /// The most that may be spent in a UTC day, in US dollars.
    pub budget_day_usd: Option<f64>,
    /// The most that may be spent in a UTC month, in US dollars.
    pub budget_month_usd: Option<f64>,
    /// Codes of trades that move no price, e.g. of those reported late.
    pub unwanted_conditions: Vec<String>,
}

/// What a source is.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// A file or folder that is played back.
    #[default]
    Recording,
    /// Bluesky.
    Jetstream,
    /// Prices in crypto-dollars and euros.
    Binance,
    /// Prices in dollars and euros.
    Coinbase,
    /// Prices with market capitalisation, every half hour.
    Coingecko,
    /// News.
    Feeds,
    /// X's filtered stream.
    X,
    /// X's counts of posts.
    XCounts,
    /// An instance of Mastodon.
    Mastodon,
    /// Reddit's feeds.
    Reddit,
    /// CryptoCompare (CoinDesk Data).
    #[serde(rename = "cryptocompare")]
    CryptoCompare,
    /// Alpaca's stocks.
    Alpaca,
    /// Finnhub's stocks.
    Finnhub,
}

/// When a recording begins.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum RecordingStart {
    /// With its first reader.
    #[default]
    FirstReader,
    /// With the relay.
    AtOnce,
}

/// When the live sources are connected.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum LiveStart {
    /// With their first reader where a recording is played, with the relay where none is.
    #[default]
    Auto,
    /// With their first reader.
    FirstReader,
    /// With the relay.
    AtOnce,
}

/// Which posts of a source are kept.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// Of a whole network only those that touch a topic or ticker, of a chosen source all.
    #[default]
    Auto,
    /// Those that touch a topic or ticker; all where there is neither.
    Subjects,
    /// All.
    All,
}

/// The two forms of Bluesky's Jetstream.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum JetstreamWire {
    /// `/subscribe`, with stamps as positions.
    #[default]
    V1,
    /// `network.bsky.jetstream.subscribeEvents`, with numbers as positions.
    V2,
}

/// The streams of a Mastodon instance.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum MastodonStream {
    /// One for each hashtag.
    #[default]
    Hashtags,
    /// Everything public that the instance knows.
    Public,
    /// Of that what its own users posted.
    Local,
    /// Of that what others posted.
    Remote,
}

impl SourceKind {
    /// Whether it listens to the present.
    pub fn is_live(self) -> bool {
        self != Self::Recording
    }

    /// The word for it in the configuration, and its name where none is given.
    pub fn word(self) -> &'static str {
        match self {
            Self::Recording => "recording",
            Self::Jetstream => "jetstream",
            Self::Binance => "binance",
            Self::Coinbase => "coinbase",
            Self::Coingecko => "coingecko",
            Self::Feeds => "feeds",
            Self::X => "x",
            Self::XCounts => "x_counts",
            Self::Mastodon => "mastodon",
            Self::Reddit => "reddit",
            Self::CryptoCompare => "cryptocompare",
            Self::Alpaca => "alpaca",
            Self::Finnhub => "finnhub",
        }
    }
}

impl SourceConfig {
    /// Its name in statuses.
    pub fn label(&self) -> &str {
        if self.name.is_empty() {
            self.kind.word()
        } else {
            &self.name
        }
    }

    /// Whether posts that touch no topic and no ticker are refused.
    pub(crate) fn keeps_subjects_only(&self) -> bool {
        let is_firehose = match self.kind {
            SourceKind::Jetstream => true,
            SourceKind::Mastodon => self.stream != MastodonStream::Hashtags,
            _ => false,
        };
        self.keep == Keep::Subjects || self.keep == Keep::Auto && is_firehose
    }

    pub(super) fn lengths(&self) -> [(&'static str, f64); 6] {
        [
            ("source.preroll_hours", self.preroll_hours),
            ("source.loop_pause_secs", self.loop_pause_secs),
            ("source.poll_secs", self.poll_secs.unwrap_or(1.0)),
            ("source.first_reach_mins", self.first_reach_mins),
            ("source.budget_day_usd", self.budget_day_usd.unwrap_or(0.0)),
            (
                "source.budget_month_usd",
                self.budget_month_usd.unwrap_or(0.0),
            ),
        ]
    }
}

/// Checks what types cannot say about the sources together.
pub(super) fn check(sources: &[SourceConfig]) -> Result<(), ConfigError> {
    let recordings: Vec<_> = sources
        .iter()
        .filter(|source| !source.kind.is_live())
        .collect();
    if recordings.len() > 1 {
        return Err(ConfigError::Value {
            key: "the number of recordings",
            found: recordings.len().to_string(),
            rule: "a recording has a clock of its own, so that there can be only one",
        });
    }
    if recordings.iter().any(|source| source.path.is_none()) {
        return Err(ConfigError::Value {
            key: "source.path",
            found: "missing".to_owned(),
            rule: "a recording needs path = \"a file or folder\"",
        });
    }
    if let Some(secs) = sources
        .iter()
        .filter_map(|source| source.poll_secs)
        .find(|secs| *secs < 1.0)
    {
        return Err(ConfigError::Value {
            key: "source.poll_secs",
            found: secs.to_string(),
            rule: "no upstream wants to be asked more than once a second",
        });
    }
    for source in sources {
        if let Some(key) = keys_of_kinds::misplaced(source) {
            return Err(ConfigError::Misplaced {
                name: source.label().to_owned(),
                kind: source.kind.word(),
                key,
            });
        }
    }
    let mut names: Vec<_> = sources.iter().map(SourceConfig::label).collect();
    names.sort_unstable();
    if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(ConfigError::Value {
            key: "source.name",
            found: format!("{:?} twice", pair[0]),
            rule: "sources need different names, by which their positions are kept",
        });
    }
    Ok(())
}

impl Default for SourceConfig {
    fn default() -> Self {
        Self {
            kind: SourceKind::Recording,
            name: String::new(),
            path: None,
            speed: Speed::Auto,
            looped: false,
            loop_pause_secs: 10.0,
            resume: false,
            preroll_hours: 0.0,
            start: RecordingStart::FirstReader,
            synthetic: false,
            url: None,
            history_url: None,
            key_env: None,
            key_file: None,
            keep: Keep::Auto,
            wire: JetstreamWire::V1,
            first_reach_mins: 10.0,
            pairs: Vec::new(),
            feeds: Vec::new(),
            lang: "en".to_owned(),
            private_hosts: false,
            poll_secs: None,
            user: None,
            subreddits: Vec::new(),
            hashtags: Vec::new(),
            stream: MastodonStream::Hashtags,
            bots: false,
            only_indexable: false,
            sample_percent: None,
            budget_day_usd: None,
            budget_month_usd: None,
            unwanted_conditions: Vec::new(),
        }
    }
}
