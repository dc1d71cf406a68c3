//! What the page and the worker for files say to each other: postcard bytes, the file beside them.
//!
//! Some thousand events that were read are no news but an array: the number of the chunk, and the bytes of the
//! [`Command::Import`](analysis::protocol::Command::Import) that the page hands on.

use analysis::{
    protocol::{Scoring, Watch},
    view::Range,
};
use serde::{Deserialize, Serialize};

pub use recording::{
    export::{Format, What},
    terms::Texts,
};

use crate::{Choice, Preview, Report, words};

/// Page → worker.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum Order {
    /// Look at the file that comes with this message.
    Look,
    /// Look at the file that lies at an address, absolute or beside the page.
    Fetch(String),
    /// Read the file that was looked at.
    Begin {
        /// What it is.
        choice: Option<Choice>,
        /// Authors are hashed with it.
        key: [u8; 16],
        /// How the page scores posts.
        scoring: Scoring,
    },
    /// A chunk was stored; `n_known` of its events had been stored before.
    Stored {
        /// Number of the chunk.
        no: u32,
        /// Events that were there already.
        n_known: u32,
    },
    /// Stop for a while.
    Pause,
    /// Go on.
    Resume,
    /// Stop for good; what was stored stays.
    Cancel,
    /// Compute the recording anew that was looked at.
    Verify,
    /// Make something of what is stored.
    Make(Box<Make>),
}

/// What to make, of what.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Make {
    /// Name of the database.
    pub store: String,
    /// What is looked at: scoring, sampling, ticker.
    pub watch: Watch,
    /// The stretch; `None` for everything.
    pub range: Option<Range>,
    /// The page's address, from its question mark on: how a moment is explained stands there.
    pub address: String,
    /// The ticker that the chart shows; empty without one.
    pub ticker: String,
    /// So many posts are shown of it at least: what is not stored yet is waited for.
    pub least_posts: u64,
    /// What comes of it.
    pub job: Job,
}

/// What to make.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub enum Job {
    /// A recording.
    Recording(Texts),
    /// A table.
    Table(What, Format, Texts),
    /// The check that nothing looks ahead, with the stretch cut at so many hundredths.
    LookAhead(u8),
}

/// Worker → page.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum News {
    /// It listens.
    Ready,
    /// What the file looks like.
    Seen(Preview),
    /// Nothing could be fetched from an address; says why, for a person.
    Unreachable(String),
    /// How far it is.
    Progress(Progress),
    /// How [`Order::Verify`] or [`Order::Make`] stands.
    Said(Said),
}

/// What is being done, or came of it, for a person.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Said {
    /// In a sentence.
    pub what: String,
    /// What a check found, in lines.
    pub found: Vec<String>,
    /// A file: its name, and where it can be had while the worker lives.
    pub file: Option<(String, String)>,
}

/// How far an import is.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Progress {
    /// What there is to do: bytes that are taken in and, of a file of which parts are fetched, first fetched.
    pub n_bytes: u64,
    /// Whether it goes on.
    pub state: State,
    /// So many of these bytes are done.
    pub n_read: u64,
    /// So many of them only had to be fetched; the worker's own.
    #[serde(skip)]
    pub n_fetched: u64,
    /// Rows or lines with anything in them, headers left out.
    pub n_rows: u64,
    /// Rows with bytes that are not of the encoding.
    pub n_repaired: u64,
    /// Rows that were refused.
    pub n_refused: u64,
    /// The same by reason.
    pub refused: Vec<Refusal>,
    /// Events that are stored and were not before.
    pub n_stored: u64,
    /// Events that had been stored before.
    pub n_known: u64,
    /// Milliseconds since it began, pauses left out.
    pub millis: u64,
    /// What came of it, once it is over.
    pub result: Option<Ended>,
}

/// Rows that were refused for one reason.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Refusal {
    /// How many.
    pub n: u64,
    /// The reason, for a person.
    pub why: String,
    /// The first of them: its number and what stands there.
    pub first: Option<(u64, String)>,
}

/// What came of an import.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Ended {
    /// How good the data is.
    pub quality: Quality,
    /// Refused rows as a table.
    pub refused_csv: String,
}

/// How good data is.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Quality {
    /// What all checks come to, for a person.
    pub outcome: String,
    /// How many of what a check found, for a person.
    pub notable: Vec<(u64, String)>,
}

impl Progress {
    /// Takes over what was read so far.
    pub fn take(&mut self, report: &Report) {
        self.n_read = self.n_fetched + report.n_bytes;
        self.n_rows = report.n_rows;
        self.n_repaired = report.n_repaired;
        self.n_refused = report.n_refused();
        let refused = report.refused.values().map(|refused| Refusal {
            n: refused.n,
            why: refused.why.clone(),
            first: refused
                .samples
                .first()
                .map(|sample| (sample.row, sample.text.clone())),
        });
        self.refused = refused.collect();
        let is_over = !matches!(self.state, State::Running | State::Paused);
        self.result = is_over.then(|| Ended {
            quality: words::quality(report, self.n_known),
            refused_csv: report.refused_csv(),
        });
    }
}

/// Whether an import goes on.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum State {
    /// It does.
    #[default]
    Running,
    /// It waits for [`Order::Resume`].
    Paused,
    /// Everything is read and stored.
    Done,
    /// A person stopped it.
    Cancelled,
    /// The file could not be read further.
    Unreadable,
}
