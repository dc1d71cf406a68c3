//! Files of posts and prices to events: tables, lines of JSON, packed or not.
//!
//! ```text
//!  bytes ──unpack──► entries ──encoding──► UTF-8 ──┬── table ──► rows ──► posts
//!         (gzip, zip)                              ├── prices ─► rows ──► bars      + Report: refused rows
//!                                                  └── lines ──► JSON ──► events      by reason, with samples
//!                                     (an array is made lines first)
//! ```
//!
//! [`preview`] looks at a file's beginning and says what it takes it for; a person may correct that
//! [`Choice`]; [`Reader`] then takes the file piece by piece. Nothing here does I/O or reads a clock, and
//! nothing in a file makes it panic.

mod dialect;
mod encoding;
mod lines;
mod parquet;
mod prices;
pub mod protocol;
pub mod ranges;
mod reader;
mod report;
mod snscrape;
mod spread;
mod table;
mod unpack;
pub mod words;

use serde::{Deserialize, Serialize};
use wire::PublicConfig;

pub use parquet::{MAGIC as PARQUET, Parquet};
pub use reader::{Reader, preview};
pub use wire::formats::calendar::DateOrder;

pub use report::{Refused, Report, Sample};

/// What a file is taken for, as found out or as a person says.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Choice {
    /// What its bytes mean.
    pub encoding: Encoding,
    /// What its lines are.
    pub kind: Kind,
    /// What stands between the cells of a table.
    pub delimiter: u8,
    /// The first row of a table names the columns.
    pub has_header: bool,
    /// What each column of a table is.
    pub roles: Vec<Role>,
    /// How dates such as `3/4/2017` are meant.
    pub dates: DateOrder,
    /// Texts are written as Python writes bytes, `b'…'`.
    pub has_python_bytes: bool,
    /// Where posts of a table come from; it belongs to their identity.
    pub source: String,
}

/// What a file's lines are.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum Kind {
    /// A table with a post in each row.
    #[default]
    Posts,
    /// A table with a bar in each row.
    Prices,
    /// Event lines of this program.
    Moodtape,
    /// Twitter v1.1 statuses.
    TwitterV1,
    /// Payloads of Twitter's interface v2, or single posts of it.
    TwitterV2,
    /// What snscrape writes.
    Snscrape,
}

/// What a file's bytes mean.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum Encoding {
    /// Broken bytes become U+FFFD and are counted.
    #[default]
    Utf8,
    /// Windows-1252, which holds ISO-8859-1.
    Latin1,
    /// UTF-16, least significant byte first.
    Utf16Le,
    /// UTF-16, most significant byte first.
    Utf16Be,
}

/// What a column of a table of posts is.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum Role {
    /// Nothing that is needed here.
    #[default]
    Ignore,
    /// The post's id. Without one it is made from author, time and text.
    Id,
    /// When it was posted. Needed.
    Time,
    /// What it says. Needed.
    Text,
    /// Who wrote it; only a hash of it is kept.
    Author,
    /// Its language, as a code.
    Lang,
    /// Where it can be read.
    Url,
    /// The id of the post that it answers.
    ReplyTo,
    /// Whether it only repeats another one.
    Repost,
    /// The time of day, where [`Role::Time`] is a date.
    Clock,
}

/// What a file looks like at its beginning.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Preview {
    /// What it is taken for; `None` when it is nothing that can be read.
    pub choice: Option<Choice>,
    /// The same, for a person.
    pub says: String,
    /// Its first rows or lines, cells cut to some hundred characters.
    pub rows: Vec<Vec<String>>,
    /// The file within a zip file.
    pub entry: Option<String>,
    /// Both orders of day and month fit all dates that were looked at: a person has to say.
    pub is_date_open: bool,
    /// What is in it besides, if it is a recording.
    pub recorded: Option<Recorded>,
}

/// What is in a recording.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Recorded {
    /// Its posts sort by these topics and tickers.
    pub config: PublicConfig,
    /// It has posts, and not only sums of them.
    pub has_posts: bool,
}

impl Choice {
    /// Why nothing can be read by this choice, in words for a person.
    pub fn lacks(&self) -> Option<&'static str> {
        let has = |role: Role| self.roles.contains(&role);
        match self.kind {
            Kind::Posts if !has(Role::Time) => Some("Say which column is the time"),
            Kind::Posts if !has(Role::Text) => Some("Say which column is the text"),
            _ => None,
        }
    }
}
