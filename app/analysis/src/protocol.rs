//! What page and worker say to each other: postcard bytes in a transferred `ArrayBuffer`.

mod panels;
pub mod talk;

use serde::{Deserialize, Serialize};
use wire::{
    Millis, PublicConfig,
    config::{Ticker, Topic},
};

use crate::{
    anomalies::Direction,
    text::sentiment::{Limits, Rule},
    view::{Class, Frame, Range},
};

pub use panels::{
    LeaderChoice, LeaderSort, LiveWindow, Pair, Panel, PanelChoices, Rank, RollingChoice, Wanted,
    WhyChoice,
};

/// Number of this protocol, in the worker's first message: after a release an old cached worker can
/// meet a new page, which then asks for a reload.
pub const PROTOCOL: u32 = 7;

/// Page → worker. States what is wanted; never asks for data.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum Command {
    /// Begin: open the store, then follow the relay at `relay`. Sent again, it begins with another store.
    Start {
        /// What stands before `/api/v1` in the relay's addresses, such as `http://127.0.0.1:3000`. Empty where
        /// there is none to follow: what is shown are files.
        relay: String,
        /// Name of the database that keeps what comes from there.
        store: String,
        /// What is watched at first.
        watch: Watch,
        /// Play what was seen in this stretch of time, of what is stored, instead of following anybody.
        replay: Option<Range>,
    },
    /// What a replay is to do.
    Replay(ReplayOrder),
    /// The person chose something else.
    Watch(Watch),
    /// Topics of this reader's own instead of the relay's; `None` goes back to those. Counts every post again.
    Topics(Option<Vec<Topic>>),
    /// The same with tickers, their symbols and names.
    Tickers(Option<Vec<Ticker>>),
    /// The bytes of a file with a word list, for [`Method::WordList`]. Counts every post again.
    WordList(#[serde(with = "serde_bytes")] Vec<u8>),
    /// Say which words a post's score comes from.
    Explain {
        /// [`PostRow::key`](crate::view::PostRow::key).
        key: u64,
    },
    /// Try to reach the relay now instead of waiting for the next attempt.
    Reconnect,
    /// Send frames only where the person changes what is watched, until [`Command::Resume`]. Events go on being
    /// taken in and stored.
    Pause,
    /// Send frames again as things change.
    Resume,
    /// Throw away what is stored and start again.
    ClearStore,
    /// Take in and store a chunk of events of a file.
    Import {
        /// Comes back when it is stored.
        no: u32,
        /// As it is stored.
        sealed: ChunkBytes,
        /// The same with nothing deflated, to be read.
        open: ChunkBytes,
        /// What was found in the texts already; see [`crate::readings`].
        #[serde(with = "serde_bytes")]
        readings: Vec<u8>,
    },
}

/// A chunk of events.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct ChunkBytes {
    /// Its numbers.
    #[serde(with = "serde_bytes")]
    pub numbers: Vec<u8>,
    /// Its texts.
    #[serde(with = "serde_bytes")]
    pub texts: Vec<u8>,
}

/// What a replay is to do.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub enum ReplayOrder {
    /// Go on; from the start once the end is reached.
    Play,
    /// Stand still.
    Pause,
    /// Go on to the next post and stand still.
    Step,
    /// Show what was known at this time, in milliseconds.
    Seek(Millis),
    /// Seconds of the data a second; `None` for as fast as possible.
    Speed(Option<f64>),
    /// Begin again at the end, or not.
    Loop(bool),
}

/// How a replay stands.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct ReplayState {
    /// Where it begins.
    pub from: Millis,
    /// Where it ends.
    pub to: Millis,
    /// Everything seen by then is in, and nothing else.
    pub at: Millis,
    /// Seconds of the data a second; `None` for as fast as possible.
    pub speed: Option<f64>,
    /// Whether it moves.
    pub is_playing: bool,
    /// Whether it begins again at its end.
    pub is_looped: bool,
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
    /// Only posts of this class; like the other filters below it narrows down every view but the one that offers it.
    pub class: Option<Class>,
    /// Only posts with this hashtag (any case, without `#`).
    pub hashtag: Option<String>,
    /// Only posts that mention one of these tickers; with none, all.
    pub tickers: Vec<String>,
    /// Only posts of one of these topics; with none, all.
    pub topics: Vec<String>,
    /// Which hashtags are listed.
    pub rank_by: RankBy,
    /// How posts are scored; a change counts every post again.
    pub scoring: Scoring,
    /// Which posts count; a change counts every post again.
    pub sampling: Sampling,
    /// Only recent posts that a rule calls spam, counted or not.
    pub only_spam: bool,
    /// Which unusual buckets the price × sentiment chart marks; `None` marks none.
    pub anomalies: Option<AnomalyChoice>,
    /// What the further panels show.
    pub panels: PanelChoices,
    /// Which of them are in sight.
    pub wanted: Wanted,
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
            tickers: Vec::new(),
            topics: Vec::new(),
            rank_by: RankBy::default(),
            scoring: Scoring::default(),
            sampling: Sampling::default(),
            only_spam: false,
            anomalies: Some(AnomalyChoice::default()),
            panels: PanelChoices::default(),
            wanted: Wanted::default(),
        }
    }
}

/// Which buckets are looked for.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct AnomalyChoice {
    /// What is unusual.
    pub of: Measure,
    /// How that is decided.
    pub detector: Detector,
    /// Which way.
    pub direction: Direction,
}

/// A series of the price × sentiment chart.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum Measure {
    /// Posts a bucket.
    #[default]
    Posts,
    /// Their mean compound.
    Sentiment,
    /// The logarithmic return from close to close.
    Price,
}

/// How unusual buckets are found.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum Detector {
    /// Seasonal Hybrid ESD over the whole range, with hindsight.
    #[default]
    Hybrid,
    /// The causal detector, for posts only: bucket by bucket, as they closed.
    Stream,
    /// Classical decomposition and Rosner's test, with hindsight, to compare with.
    Classic,
}

/// Which posts count; by default all of them.
///
/// All but one are decided for each post by what came before it, so that nothing is known with hindsight.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Sampling {
    /// Leave out what a rule calls spam.
    pub without_spam: bool,
    /// Leave out posts in other languages than English, for which the lexicons are made.
    pub only_english: bool,
    /// Of each author at most so many posts an hour of the clock (UTC), the first to come.
    pub per_author: Option<u16>,
    /// Leave out posts that only repeat another one.
    pub without_reposts: bool,
    /// Leave out what this source brought.
    pub without_source: Option<String>,
    /// Leave out so many authors, those with most posts. Unlike the others this is decided with hindsight, by
    /// all posts that are in.
    pub without_loudest: Option<u16>,
}

impl Sampling {
    /// Does every post count?
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }
}

/// How posts are scored and classed.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Scoring {
    /// What makes the compound.
    pub method: Method,
    /// From where on a compound is positive or negative.
    pub limits: Limits,
}

/// What makes a post's compound.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum Method {
    /// As vaderSentiment 3.3.2 does.
    #[default]
    Vader,
    /// VADER's rules with the words and emoji of markets.
    Finance,
    /// Positive less negative words of the reader's own list. VADER until there is one.
    WordList,
}

/// What puts a hashtag on the list.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum RankBy {
    /// Its count.
    #[default]
    Count,
    /// How far its count is above what the day before lets expect.
    Burst,
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
    /// How a replay stands.
    Replay(ReplayState),
    /// How the connection to the relay is.
    Link(LinkState),
    /// How the store in this browser is.
    Store(StoreState),
    /// How the reader's word list is.
    WordList(WordListState),
    /// The topics that posts are counted under.
    Topics(List<Topic>),
    /// The tickers that posts may name without a cashtag.
    Tickers(List<Ticker>),
    /// What was asked by [`Command::Explain`]; nothing comes for a post whose text is gone.
    Explained(Box<Explained>),
    /// A problem, told to a person.
    Trouble(Trouble),
    /// A chunk of [`Command::Import`] is stored, or will not be since nothing is.
    Imported {
        /// Its number.
        no: u32,
        /// Events that were in already.
        n_known: u32,
    },
}

/// A list of the relay's that a reader may replace by one of their own.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct List<T> {
    /// In the order in which they are shown.
    pub items: Vec<T>,
    /// They are the reader's.
    pub are_own: bool,
}

/// How the reader's word list is.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum WordListState {
    /// There is none.
    #[default]
    None,
    /// It is there.
    Loaded {
        /// Words with a weight.
        n_words: u64,
    },
    /// The file is no word list, and the one before stays.
    Refused {
        /// Why, with the line.
        reason: String,
    },
}

/// Which words a post's score comes from.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Explained {
    /// The post.
    pub key: u64,
    /// What scored it.
    pub method: Method,
    /// How it reads.
    pub class: Class,
    /// Its compound, −1…+1.
    pub compound: f64,
    /// What exclamation and question marks add to the sum of the valences.
    pub emphasis: f64,
    /// The whole text, cut at the words that count.
    pub pieces: Vec<Piece>,
    /// The words that count, in their order.
    pub words: Vec<ExplainedWord>,
}

/// Part of a text.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Piece {
    /// As written.
    pub text: String,
    /// What it is worth here; `None` for what does not count.
    pub valence: Option<f64>,
}

/// What one rule does to one word.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ExplainedChange {
    /// The rule.
    pub rule: Rule,
    /// The word that calls for it; with capitals it is the word itself.
    pub by: String,
    /// Valence after it.
    pub after: f64,
}

/// One word that counts.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct ExplainedWord {
    /// As written.
    pub word: String,
    /// Its strength in the lexicon.
    pub strength: f64,
    /// What changed it, in this order.
    pub changes: Vec<ExplainedChange>,
    /// What it is worth here.
    pub valence: f64,
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
    /// There is no relay to follow: what is shown are files.
    Files,
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
