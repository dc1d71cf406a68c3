//! Which files a recording consists of, and what each of them is.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use wire::{
    Millis,
    author::AuthorKey,
    formats::{self, Format, FormatError, price_csv},
};

use super::{
    Note, NoteKind, RecordingError,
    lines::{Extent, Lines},
    track::{Refused, Table, Track},
};

/// How much of a file is looked at to tell its format and its first time.
const HEAD_LINES: usize = 32;
const HEAD_BYTES: u64 = 4 << 20;

/// A file that is played.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) path: PathBuf,
    pub(super) format: Format,
}

/// What was found below a path.
pub(super) struct Found {
    pub(super) files: Vec<File>,
    /// One for each file, in the same order.
    pub(super) tracks: Vec<Track>,
    pub(super) notes: Vec<Note>,
}

/// Looks at the file or at all files below the folder.
pub(super) fn find(path: &Path) -> Result<Found, RecordingError> {
    let unreadable = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => RecordingError::Missing(path.to_owned()),
        _ => RecordingError::Unreadable {
            path: path.to_owned(),
            source,
        },
    };
    let mut paths = Vec::new();
    let mut found = Found {
        files: Vec::new(),
        tracks: Vec::new(),
        notes: Vec::new(),
    };
    if fs::metadata(path).map_err(unreadable)?.is_dir() {
        collect(path, &mut paths, &mut found.notes).map_err(unreadable)?;
        paths.sort();
    } else {
        // Opening it here tells a missing permission from an empty recording.
        fs::File::open(path).map_err(unreadable)?;
        paths.push(path.to_owned());
    }
    for path in paths {
        if let Err(kind) = found.add(&path) {
            found.notes.push(Note { path, kind });
        }
    }
    Ok(found)
}

/// Adds the files below a folder. Hidden files and links to folders are passed over.
fn collect(folder: &Path, paths: &mut Vec<PathBuf>, notes: &mut Vec<Note>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let kind = entry.file_type()?;
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        if kind.is_dir() {
            if let Err(error) = collect(&path, paths, notes) {
                notes.push(Note {
                    path,
                    kind: NoteKind::Unreadable(error.to_string()),
                });
            }
        } else if kind.is_file() || path.is_file() {
            paths.push(path);
        }
    }
    Ok(())
}

impl Found {
    fn add(&mut self, path: &Path) -> Result<(), NoteKind> {
        let unreadable = |error: io::Error| NoteKind::Unreadable(error.to_string());
        let head = read_head(path).map_err(unreadable)?;
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy())
            .unwrap_or_default();
        let format = Format::detect(&name, &head.join("\n")).ok_or(NoteKind::NotARecording)?;
        let file_idx = self.files.len();
        let track = if format == Format::PriceCsv {
            let table = read_table(path).map_err(unreadable)?;
            self.note_volumes(path, &table);
            Track::of_table(file_idx, table)
        } else {
            Track::of_lines(
                file_idx,
                path.to_owned(),
                format,
                first_seen_at(&head, format),
            )
        };
        self.files.push(File {
            path: path.to_owned(),
            format,
        });
        self.tracks.push(track);
        Ok(())
    }

    fn note_volumes(&mut self, path: &Path, table: &Table) {
        let (n_swapped, n_dropped) = (table.prices.n_swapped, table.prices.n_dropped_volumes);
        let kinds = [
            (n_swapped, NoteKind::SwappedVolumes(n_swapped)),
            (n_dropped, NoteKind::DroppedVolumes(n_dropped)),
        ];
        for (n_rows, kind) in kinds {
            if n_rows > 0 {
                self.notes.push(Note {
                    path: path.to_owned(),
                    kind,
                });
            }
        }
    }
}

/// The first lines that are text.
fn read_head(path: &Path) -> io::Result<Vec<String>> {
    let mut lines = Lines::open(path, Extent::Bytes(HEAD_BYTES))?;
    let mut head = Vec::new();
    while let Some(line) = lines.next_line() {
        if let Ok(line) = line
            && !line.trim().is_empty()
        {
            head.push(line.to_owned());
        }
        if head.len() == HEAD_LINES {
            break;
        }
    }
    Ok(head)
}

/// When the file begins; the file is opened at once where its beginning does not tell.
fn first_seen_at(head: &[String], format: Format) -> Millis {
    let key = AuthorKey([0; 16]);
    let event = head
        .iter()
        .find_map(|line| formats::decode_line(format, line, &key).ok());
    event.map_or(Millis::MIN, |event| event.seen_at)
}

/// Reads a whole table of prices.
pub(super) fn read_table(path: &Path) -> io::Result<Table> {
    let full_path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut reader = price_csv::Reader::new(&full_path.to_string_lossy());
    let mut lines = Lines::open(path, Extent::Whole)?;
    let mut refused: Vec<Refused> = Vec::new();
    while let Some(line) = lines.next_line() {
        let line = line.map(str::to_owned);
        let line_no = lines.line_no();
        let result: Result<(), FormatError> = line.and_then(|line| reader.push(line_no, &line));
        if let Err(error) = result {
            refused.push((line_no, error));
        }
    }
    let mut prices = reader.finish();
    refused.append(&mut prices.refused);
    refused.sort_unstable();
    Ok(Table { prices, refused })
}
