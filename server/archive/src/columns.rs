//! Columns of a file: how typed values lie in Parquet, written and read without a row in between.
//!
//! Integers are signed 64 bit, times are milliseconds in UTC, a list is Parquet's three-level list.

mod read;
mod write;

use parquet::errors::ParquetError;

pub(crate) use read::{Table, notes};
pub use write::{Codec, Columns, write};

/// Why bytes are not a file of events, or events cannot become one.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// Not Parquet, cut off, or damaged.
    #[error("the Parquet file cannot be used: {0}")]
    Parquet(#[from] ParquetError),
    /// The file is not one of ours, or of a newer version.
    #[error("the file's note {name:?} is {found:?}, which is not known here")]
    Note {
        /// Name of the note.
        name: &'static str,
        /// What it says, if it is there.
        found: Option<String>,
    },
    /// A column that every file of this kind has is missing, or of another type.
    #[error("the column {0:?} is missing or of another type")]
    Column(&'static str),
    /// A value that no event can have.
    #[error("the column {0:?} holds a value that no event can have")]
    Value(&'static str),
    /// Tips and resets have no place in a log, and a file holds one kind of one source.
    #[error("an event of another kind or source cannot stand in a file of {0}")]
    Foreign(String),
}
