//! What page and worker say to each other: postcard bytes in a transferred `ArrayBuffer`.

use serde::{Deserialize, Serialize};
use wire::{Millis, PublicConfig};

use crate::view::{Class, Frame};

/// Number of this protocol, in the worker's first message: after a release an old cached worker can
/// meet a new page, which then asks for a reload.
pub const PROTOCOL: u32 = 1;

/// Page → worker. States what is wanted; never asks for data.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum Command {
    /// Begin: open the store, then follow the relay at `relay` (an origin such as
    /// `http://127.0.0.1:3000`, no trailing slash). Sent once.
    Start {
        /// Origin of the relay.
        relay: String,
        /// What is watched at first.
        watch: Watch,
    },
    /// The person chose something else.
    Watch(Watch),
    /// Try to reach the relay now instead of waiting for the next attempt.
    Reconnect,
    /// Throw away what is stored and start again.
    ClearStore,
}

/// What the person chose to look at.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Watch {
    /// Ticker of the price × sentiment chart and the lag plot; `None` picks the most mentioned one with prices.
    pub ticker: Option<String>,
    /// The stretch of time shown.
    pub range: RangeChoice,
    /// How long a window the hashtag list looks back over, from 1 min to 24 h.
    pub hashtag_window: Millis,
    /// How many hashtags, 3 to 50.
    pub n_hashtags: u16,
    /// What one hashtag count means.
    pub count_by: CountBy,
    /// How many recent posts, 10 to 500.
    pub n_posts: u16,
    /// Only recent posts of this class.
    pub class: Option<Class>,
    /// Only recent posts with this hashtag (any case, without `#`).
    pub hashtag: Option<String>,
    /// Only recent posts that mention the watched ticker.
    pub only_ticker: bool,
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            ticker: None,
            range: RangeChoice::All,
            hashtag_window: wire::time::HOUR,
            n_hashtags: 10,
            count_by: CountBy::Posts,
            n_posts: 100,
            class: None,
            hashtag: None,
            only_ticker: false,
        }
    }
}

/// The stretch of time a person chose.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum RangeChoice {
    /// Everything there is.
    #[default]
    All,
    /// The newest stretch of this length; it moves on with the data.
    Last(Millis),
    /// `[from, to)`.
    Fixed {
        /// Start, inclusive.
        from: Millis,
        /// End, exclusive; larger than `from`.
        to: Millis,
    },
}

/// What is counted per hashtag.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum CountBy {
    /// Posts: at most once per post.
    #[default]
    Posts,
    /// Distinct authors.
    Authors,
}

/// Worker → page.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum Update {
    /// The worker's first message: it runs and speaks this protocol number.
    Ready {
        /// [`PROTOCOL`] of the worker.
        protocol: u32,
    },
    /// The relay's public configuration, fresh or as last stored.
    Config(PublicConfig),
    /// The views that changed since the last frame.
    Frame(Box<Frame>),
    /// How the connection to the relay is.
    Link(LinkState),
    /// How the store in this browser is.
    Store(StoreState),
    /// A problem, told to a person.
    Trouble(Trouble),
}

/// How the connection to the relay is.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub enum LinkState {
    /// First attempt under way.
    #[default]
    Connecting,
    /// Connected; `behind` events are still to come until the log's tip.
    Open {
        /// Events between this reader and the tip.
        behind: u64,
    },
    /// Not connected; the stored data is shown.
    Offline {
        /// Attempts that failed in a row.
        attempt: u32,
        /// Time until the next attempt.
        retry_in: Millis,
    },
}

/// How the store in this browser is.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub enum StoreState {
    /// Being opened and read.
    #[default]
    Opening,
    /// Events are kept.
    Kept {
        /// Distinct events in the store.
        n_events: u64,
        /// Posts among them.
        n_posts: u64,
    },
    /// Nothing is kept; live data is shown all the same.
    NotKept {
        /// Why, in words for a person.
        reason: String,
    },
}

/// A problem as told to a person.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Trouble {
    /// What happened.
    pub what: String,
    /// What still works.
    pub still_works: String,
    /// What to do.
    pub what_to_do: String,
}
