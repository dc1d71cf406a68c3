//! One line of the log.

use serde::{Deserialize, Serialize};

use crate::{
    Attention, Bar, LogId, Millis, Post, Quote, SourceStatus,
    time::{LATE_AFTER, grid_time},
};

/// One line of the log: a body with its place in the log and its times.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Place in the log, from 1, strictly rising. 0 while no log has taken it.
    pub seq: u64,
    /// When the relay received it, by the relay's clock. *What was known when* is decided by it.
    pub seen_at: Millis,
    /// Grid time, by which everything is bucketed; see [`crate::time::grid_time`].
    pub at: Millis,
    /// The upstream's own time stamp was not plausible, so `at` is `seen_at`.
    pub skewed: bool,
    /// From a file whose lines carry one time only, so `at` and `seen_at` are that time.
    pub imported: bool,
    /// What happened.
    pub body: Body,
}

/// What an event says: exactly one of these.
///
/// `Tip`, `Gap` and `Reset` exist on the stream only and have no place in the log.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// A public message.
    Post(Box<Post>),
    /// Text and author of a post must go; its counts stay.
    Delete(Delete),
    /// Prices of one interval, final.
    Bar(Bar),
    /// How many posts an upstream counts on a subject.
    Attention(Attention),
    /// A source changed its state.
    Status(SourceStatus),
    /// How far the log and this reader are.
    Tip(Tip),
    /// A stretch of seqs that the reader will not get.
    Gap(Gap),
    /// The reader's cursor names another log.
    Reset(Reset),
}

/// The author or the platform withdrew a post.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Delete {
    /// Source of the post.
    pub source: String,
    /// The upstream's id of the post.
    pub id: String,
}

/// How far the log and this reader are, and how the sources are. Sent every few seconds.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Tip {
    /// Newest seq of the log; 0 while it is empty.
    pub tip: u64,
    /// Every event up to here has been sent to this reader or did not match its filter.
    pub scanned: u64,
    /// The clock of the data: a replay's own time, otherwise the relay's.
    pub now: Millis,
    /// State and counters of every source.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SourceStatus>,
    /// The newest price of each instrument in each currency.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quotes: Vec<Quote>,
}

/// Seqs `from..=to` will never come: they are no longer held, or were never used.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Gap {
    /// First missing seq.
    pub from: u64,
    /// Last missing seq.
    pub to: u64,
    /// Why.
    pub reason: GapReason,
}

/// Why seqs are missing.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// The log's retention has removed them: events were missed.
    BelowFloor,
    /// The relay stopped uncleanly and went on behind its reserved numbers: nothing that was stored is missing.
    UncleanStop,
}

/// The reader's cursor names a log that this relay does not have. Events of `log` follow from its floor.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Reset {
    /// The log that is served now.
    pub log: LogId,
    /// Whether what the reader stored from the old log is to be thrown away: the relay plays a
    /// recording again from its start.
    pub discard: bool,
}

impl Event {
    /// An event received live: `at` is the upstream's own time stamp where that is plausible.
    pub fn live(upstream_at: Millis, seen_at: Millis, body: Body) -> Self {
        let (at, skewed) = grid_time(upstream_at, seen_at);
        Self {
            seq: 0,
            seen_at,
            at,
            skewed,
            imported: false,
            body,
        }
    }

    /// An event from a file whose lines carry one time only.
    pub fn imported(at: Millis, body: Body) -> Self {
        Self {
            seq: 0,
            seen_at: at,
            at,
            skewed: false,
            imported: true,
            body,
        }
    }

    /// Whether the event came so long after it happened that lead/lag and event statistics leave it out.
    pub fn is_late(&self) -> bool {
        self.seen_at - self.at > LATE_AFTER
    }
}
