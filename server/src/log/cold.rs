//! What a store of lines must offer; one file a store implements it.

use std::{collections::BTreeMap, io, sync::Arc};

use wire::{Cursor, LogId, Millis, author::AuthorKey, event::GapReason};

use super::{Kinds, Line, Want};

/// The writing half of a store. One thread owns it.
pub(super) trait Store: Send {
    /// Makes sure, against power failure too, that seqs up to `to` will never be given out again.
    fn reserve(&mut self, to: u64) -> Result<(), LogError>;

    /// Which kinds of line it holds of each identity.
    fn kinds_of(&self, identities: &[u64]) -> Result<Vec<Kinds>, LogError>;

    /// The posts of an author, as they are stored.
    fn posts_of(&self, log: &LogId, author: u64) -> Result<Vec<Line>, LogError>;

    /// Where the post of this identity stands.
    fn seq_of_post(&self, identity: u64) -> Result<Option<u64>, LogError>;

    /// Stores everything of a commit or nothing. Returns what the posts that it withdraws have become.
    fn commit(&mut self, commit: &Commit<'_>) -> Result<Vec<Line>, LogError>;

    /// The floor after the next small step of trimming; `None` when nothing has to go.
    fn next_floor(&self, limit: &Limit) -> Result<Option<u64>, LogError>;

    /// Removes lines below `floor`.
    fn trim(&mut self, floor: u64) -> Result<(), LogError>;

    /// Removes everything and begins again under a new id.
    fn restart(&mut self, id: &LogId) -> Result<(), LogError>;

    /// Notes that the stop was clean: seqs behind `tip` were never given out.
    fn close(&mut self, tip: u64) -> Result<(), LogError>;
}

/// The reading half of a store. Blocks; called from threads for blocking work.
pub(super) trait Cold: Send + Sync {
    /// Wanted lines in `(after, up_to]`, and how far they reach.
    fn read(&self, after: &Cursor, up_to: u64, want: &Want) -> Result<(Vec<Line>, u64), LogError>;

    /// How much everything takes that is stored.
    fn n_bytes(&self) -> Option<u64>;
}

/// What goes into the store at once.
pub(super) struct Commit<'a> {
    pub(super) log: &'a LogId,
    pub(super) lines: &'a [Line],
    /// Identities of posts whose text and author must go.
    pub(super) withdrawn: &'a [u64],
    /// Sources and how far they have got.
    pub(super) positions: &'a [(String, String)],
    /// Seqs that will not come any more.
    pub(super) hole: Option<(u64, u64)>,
}

/// What may stay.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Limit {
    /// Lines seen before this go.
    pub(super) seen_before: Option<Millis>,
    /// The oldest go while there are more bytes.
    pub(super) max_bytes: Option<u64>,
}

/// What was found when a store was opened.
pub(super) struct Opened {
    pub(super) id: LogId,
    pub(super) floor: u64,
    /// The newest seq that may ever have been given out.
    pub(super) tip: u64,
    pub(super) holes: Vec<(u64, u64)>,
    /// Where they come from.
    pub(super) hole_reason: GapReason,
    pub(super) positions: BTreeMap<String, String>,
    pub(super) author_key: AuthorKey,
    pub(super) last_stop: LastStop,
    /// When the newest event was seen.
    pub(super) newest_seen_at: Option<Millis>,
}

/// How the last run of the relay ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LastStop {
    /// On purpose, or there was none.
    Clean,
    /// By a crash, a kill or a power failure.
    Crash,
}

/// What survives when the power fails. A crash of the process alone never loses anything committed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Synchronous {
    /// The last seconds may be lost; the file stays sound and no seq is used twice.
    #[default]
    Normal,
    /// Nothing that a reader has received is lost. Slower.
    Full,
}

/// Why the log could not do something.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LogError {
    /// No room on the disk. Nothing is taken until there is; reading goes on.
    #[error("the disk that holds the log is full")]
    Full,
    /// Another relay has the file open.
    #[error(
        "another relay already uses the log {0:?}; stop it, or give this one another --data folder"
    )]
    InUse(std::path::PathBuf),
    /// The file is of a newer or foreign make.
    #[error(
        "{path:?} is not a log of this version ({found}); give another --data folder, or move the file away"
    )]
    Foreign {
        /// The file.
        path: std::path::PathBuf,
        /// What was found.
        found: String,
    },
    /// A file could not be made, locked or written.
    #[error("the log's files cannot be used: {0}")]
    Io(#[source] Arc<io::Error>),
    /// What SQLite says.
    #[error("the log's database failed: {0}")]
    Sqlite(#[source] Arc<rusqlite::Error>),
    /// The shared log cannot be reached, or does not do what it is asked to.
    #[error("the shared log at {address} cannot be used: {problem}")]
    Shared {
        /// Where it is.
        address: String,
        /// What is wrong.
        problem: String,
    },
    /// Another relay has taken the source over.
    #[error("another relay listens to this source")]
    Overtaken,
    /// The log has been closed.
    #[error("the log is closed")]
    Stopped,
}

impl From<rusqlite::Error> for LogError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => Self::Full,
            _ => Self::Sqlite(Arc::new(error)),
        }
    }
}

impl From<io::Error> for LogError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull => Self::Full,
            _ => Self::Io(Arc::new(error)),
        }
    }
}

/// A fresh id for a log: ten letters and digits by chance.
pub(super) fn fresh_id() -> Result<LogId, LogError> {
    const DIGITS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut chance = [0u8; 10];
    fill_randomly(&mut chance)?;
    let id: String = chance
        .iter()
        .map(|byte| char::from(DIGITS[usize::from(byte % 32)]))
        .collect();
    Ok(id.try_into().expect("ten letters and digits are a log id"))
}

/// A fresh key to hash authors with.
pub(super) fn fresh_author_key() -> Result<AuthorKey, LogError> {
    let mut key = [0u8; 16];
    fill_randomly(&mut key)?;
    Ok(AuthorKey(key))
}

fn fill_randomly(bytes: &mut [u8]) -> Result<(), LogError> {
    getrandom::fill(bytes).map_err(|error| LogError::from(io::Error::other(error.to_string())))
}
