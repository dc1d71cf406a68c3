//! Recordings: files of events, read back in order of time, as fast as they can be read.
//!
//! A recording is one file or a folder of files: event lines of this program, Twitter v1.1 lines or
//! tables of prices, plain or gzip. Nothing here waits or looks at a clock; the pace is the caller's.
//!
//! ```text
//!  AAPL.ndjson.gz ──lines──decode──► track ┐
//!  FB.ndjson.gz   ──lines──decode──► track ├─► merge by (seen_at, path, line) ──► next_item
//!  AAPL.csv       ──whole table────► track ┘
//! ```

mod ahead;
mod files;
mod lines;
mod merge;
mod span;
mod track;

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use wire::{Event, Millis, author::AuthorKey};

pub use lines::MAX_LINE_BYTES;

/// The events of one file or of all files below a folder, merged by time.
///
/// Files are merged by `seen_at`, and at equal times in order of their paths; the order of lines
/// within a file is kept, whatever their times. Tables of prices are sorted first. Files are opened
/// when their time comes, so that a folder may hold more of them than can be open at once.
#[derive(Debug)]
pub struct Recording {
    files: Vec<files::File>,
    notes: Vec<Note>,
    /// Never locked, only reached through `&mut`: it lets other threads look at the rest meanwhile.
    items: Mutex<ahead::Ahead>,
}

/// One line or row of a recording.
#[derive(Debug)]
pub struct Item {
    /// The event, or the drop reason it is counted under.
    pub event: Result<Event, &'static str>,
    /// Which file, see [`Recording::file`].
    pub file_idx: usize,
    /// Which line, from 1.
    pub line_no: u64,
}

/// Something a person should know about a file; the recording plays all the same.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Note {
    /// The file.
    pub path: PathBuf,
    /// What there is to know.
    pub kind: NoteKind,
}

/// What there is to know about a file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum NoteKind {
    /// Left out: nothing in it looks like events or prices.
    NotARecording,
    /// Left out: it could not be opened or read.
    Unreadable(String),
    /// So many rows had their two volume columns swapped; they were put right.
    SwappedVolumes(u64),
    /// So many rows lost their volume, since it contradicts their prices.
    DroppedVolumes(u64),
}

/// Why there is nothing to play.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The path does not exist.
    #[error(
        "there is no file or folder {0:?}; give the path of a recording, or of a folder that holds some"
    )]
    Missing(PathBuf),
    /// The path exists and cannot be read.
    #[error("{path:?} cannot be read ({source}); check its permissions")]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// There is a file or a folder, and no event in it.
    #[error(
        "{path:?} holds nothing to play ({n_ignored} other files); it should hold event lines, Twitter v1.1 lines or tables of prices, as .ndjson, .csv or .gz"
    )]
    Nothing {
        /// The file or folder.
        path: PathBuf,
        /// How many files were looked at and left out.
        n_ignored: usize,
    },
    /// The system gives no thread to read on.
    #[error("no thread could be started to read the recording ({0})")]
    NoThread(io::Error),
}

impl Recording {
    /// Looks at the file, or at all files below the folder, and stands before the first item.
    ///
    /// Authors of foreign lines are hashed with `key`; event lines of this program carry hashes already.
    ///
    /// # Errors
    /// [`RecordingError`] when there is nothing that could be played. Broken lines are items, not errors.
    pub fn open(path: &Path, key: &AuthorKey) -> Result<Self, RecordingError> {
        let found = files::find(path)?;
        if found.files.is_empty() {
            return Err(RecordingError::Nothing {
                path: path.to_owned(),
                n_ignored: found.notes.len(),
            });
        }
        let items = ahead::Ahead::start(&found.files, found.tracks, *key)
            .map_err(RecordingError::NoThread)?;
        Ok(Self {
            files: found.files,
            notes: found.notes,
            items: Mutex::new(items),
        })
    }

    /// The next line or row in order of time; `None` at the end.
    pub fn next_item(&mut self) -> Option<Item> {
        self.items
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .next_item()
    }

    /// The path of the file that an item came from.
    pub fn file(&self, file_idx: usize) -> Option<&Path> {
        self.files.get(file_idx).map(|file| file.path.as_path())
    }

    /// How many files are played.
    pub fn n_files(&self) -> usize {
        self.files.len()
    }

    /// What a person should know about the files, e.g. which ones were left out.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// Earliest and latest `seen_at` of all events. Reads every file once, without decoding most of it.
    pub fn span(&self) -> Option<(Millis, Millis)> {
        span::of(&self.files, span::Of::Everything)
    }

    /// As [`Recording::span`], of everything but bars: the stretch in which something is said.
    pub fn post_span(&self) -> Option<(Millis, Millis)> {
        span::of(&self.files, span::Of::Posts)
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.kind {
            NoteKind::NotARecording => write!(f, "{path} is not a recording file and was left out"),
            NoteKind::Unreadable(why) => {
                write!(f, "{path} could not be read and was left out: {why}")
            }
            NoteKind::SwappedVolumes(n) => write!(
                f,
                "{path}: volume columns of {n} rows were swapped and put right"
            ),
            NoteKind::DroppedVolumes(n) => write!(
                f,
                "{path}: volume of {n} rows contradicts their prices and was left out"
            ),
        }
    }
}

#[cfg(test)]
mod tests;
