//! How one source is: its state and what it took and refused.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Millis;

/// Whether a source can be heard.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceState {
    /// Not connected yet.
    #[default]
    Connecting,
    /// Connected: silence means that nothing was posted.
    Connected,
    /// The connection broke; it will be tried again. What is posted meanwhile may be missed.
    Disconnected,
    /// A recording has been played to its end.
    Ended,
    /// It will not be tried again without a person's help; `detail` says why.
    Failed,
}

impl SourceState {
    /// Whether silence of the source means that there was nothing to hear.
    pub fn is_listening(self) -> bool {
        matches!(self, Self::Connected)
    }
}

/// State and counters of one source.
///
/// As an event of the log it marks a change of state, so that history explains its own holes; the
/// counters of the present are in every [`crate::Tip`].
///
/// No field is left out when it is empty: between worker and page the same type crosses as postcard,
/// which has no field names and would read the next field instead.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct SourceStatus {
    /// Name of the source, as in the configuration.
    pub source: String,
    /// Whether it can be heard.
    pub state: SourceState,
    /// One plain sentence about the state, where there is something to say.
    #[serde(default)]
    pub detail: Option<String>,
    /// Upstream records received so far.
    #[serde(default)]
    pub received: u64,
    /// Distinct records received so far: `received` without repeats of the same identity and without broken ones.
    #[serde(default)]
    pub unique: u64,
    /// Records that became events of the log.
    #[serde(default)]
    pub kept: u64,
    /// Posts among `unique`.
    #[serde(default)]
    pub unique_posts: u64,
    /// Posts among `kept`.
    #[serde(default)]
    pub kept_posts: u64,
    /// Records refused, by drop reason. `received = kept + Σ dropped`.
    #[serde(default)]
    pub dropped: BTreeMap<String, u64>,
    /// Grid time of the newest event.
    #[serde(default)]
    pub last_at: Option<Millis>,
    /// When the state became what it is.
    #[serde(default)]
    pub since: Option<Millis>,
    /// Why it is not connected, as one word: `transport`, `closed`, `idle`, `http`, `rate_limit`, `auth`,
    /// `unavailable`, `refused`, `protocol`, `budget` or `own`.
    #[serde(default)]
    pub error: Option<String>,
    /// Attempts in a row that failed.
    #[serde(default)]
    pub attempts: u32,
    /// When it will be tried again.
    #[serde(default)]
    pub retry_at: Option<Millis>,
    /// The last stretch of time in which events are known to be missing.
    #[serde(default)]
    pub gap: Option<Missed>,
    /// Records received within the last minute; live sources only.
    #[serde(default)]
    pub per_minute: Option<u64>,
    /// US dollars that the records so far cost by the upstream's list of prices, where it has one.
    #[serde(default)]
    pub cost_usd: Option<f64>,
}

/// A stretch of time in which a source was not heard and that nobody filled in afterwards.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Missed {
    /// Where it begins.
    pub from: Millis,
    /// Where it ends, exclusive.
    pub to: Millis,
}
