//! What the page and the worker for files say to each other: postcard bytes, the file beside them.

use analysis::{protocol::Watch, view::Range};
use serde::{Deserialize, Serialize};

pub use recording::{
    export::{Format, What},
    terms::Texts,
    verify::{Finding, Outcome},
};

use crate::{Choice, Preview, Report};

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
    Unreachable(Unreachable),
    /// Some thousand events as a sealed chunk, to be stored.
    Chunk {
        /// From 1.
        no: u32,
        /// The chunk's numbers.
        numbers: Vec<u8>,
        /// The chunk's texts.
        texts: Vec<u8>,
    },
    /// How far it is.
    Progress(Progress),
    /// What is being done, for a person.
    Doing(String),
    /// What a check found.
    Found(Vec<Finding>),
    /// A file is ready.
    Made {
        /// Its name.
        name: String,
        /// Where it can be had while the worker lives.
        url: String,
        /// What is in it, for a person.
        what: String,
    },
    /// Nothing came of it; says why, for a person.
    NotMade(String),
}

/// Why nothing came from an address.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Unreachable {
    /// There was no answer, or the browser does not hand it out: it does not say which.
    NoAnswer,
    /// The answer was a refusal, with this HTTP status.
    Status(u16),
}

/// How far an import is.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Progress {
    /// Bytes of the file.
    pub n_bytes: u64,
    /// Whether it goes on.
    pub state: State,
    /// What was read.
    pub report: Report,
    /// Events that are stored and were not before.
    pub n_stored: u64,
    /// Events that had been stored before.
    pub n_known: u64,
    /// Milliseconds since it began, pauses left out.
    pub millis: u64,
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
