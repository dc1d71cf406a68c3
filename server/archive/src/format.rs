//! Events to the bytes of a Parquet file and back: one kind of one source in a file.
//!
//! The kind, the source and the log stand in the file's notes, since folders say them too and some tools refuse
//! to read a column twice. A file can be read alone.

mod other;
mod post;
mod price;
#[cfg(feature = "tool")]
pub(crate) use price::read_bars;
mod status;

use std::fmt;

use bytes::Bytes;
use parquet::file::{reader::FileReader, serialized_reader::SerializedFileReader};
use wire::{Body, Event, LogId, Post};

use crate::columns::{Codec, Columns, FormatError, Table, notes, write};

/// Version of the columns. A column may be added without a new one.
const VERSION: &str = "1";
/// Rows in a group: what a reader has to hold in memory at once.
const GROUP: usize = 100_000;

/// What a file holds.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// Public messages.
    Post,
    /// Withdrawals of posts.
    Delete,
    /// Prices of intervals.
    Bar,
    /// Counts of posts by an upstream.
    Attention,
    /// Changes of state of a source.
    Status,
    /// Stretches of seqs that were never received. Their `seq` is the last one of the stretch.
    Gap,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Post,
        Self::Delete,
        Self::Bar,
        Self::Attention,
        Self::Status,
        Self::Gap,
    ];

    /// The kind of a body; `None` for those that live on the stream only.
    pub fn of(body: &Body) -> Option<Self> {
        Some(match body {
            Body::Post(_) => Self::Post,
            Body::Delete(_) => Self::Delete,
            Body::Bar(_) => Self::Bar,
            Body::Attention(_) => Self::Attention,
            Body::Status(_) => Self::Status,
            Body::Gap(_) => Self::Gap,
            Body::Tip(_) | Body::Reset(_) => return None,
        })
    }

    /// Its name, as in the names of folders.
    pub fn name(self) -> &'static str {
        match self {
            Self::Post => "post",
            Self::Delete => "delete",
            Self::Bar => "bar",
            Self::Attention => "attention",
            Self::Status => "status",
            Self::Gap => "gap",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The source of a body; of a gap the relay itself.
pub fn source_of(body: &Body) -> &str {
    match body {
        Body::Post(post) => &post.source,
        Body::Delete(delete) => &delete.source,
        Body::Bar(bar) => &bar.source,
        Body::Attention(attention) => &attention.source,
        Body::Status(status) => &status.source,
        Body::Gap(_) | Body::Tip(_) | Body::Reset(_) => "relay",
    }
}

/// Takes out of a post what its author could want gone, as the relay does: counts do not move.
pub fn withdraw(post: &mut Post) {
    post.text.clear();
    post.author.clear();
    (post.url, post.place, post.reply_to) = (None, None, None);
}

/// Writes events of one kind and source as a Parquet file.
///
/// # Errors
/// [`FormatError::Foreign`] for an event of another kind or source, and where there are none.
pub fn encode(
    kind: Kind,
    source: &str,
    log: &LogId,
    codec: Codec,
    events: &[Event],
) -> Result<Vec<u8>, FormatError> {
    let is_ours =
        |event: &Event| Kind::of(&event.body) == Some(kind) && source_of(&event.body) == source;
    if !events.iter().all(is_ours) {
        return Err(FormatError::Foreign(format!("{kind} of {source:?}")));
    }
    let notes = [
        ("moodtape.version", VERSION),
        ("moodtape.kind", kind.name()),
        ("moodtape.source", source),
        ("moodtape.log", log.as_str()),
    ];
    let groups = events.chunks(GROUP).map(|rows| columns(kind, rows));
    write(codec, groups, &notes)
}

/// Reads what [`encode`] wrote, in the same order.
///
/// # Errors
/// [`FormatError`] for what is no such file.
pub fn decode(file: Bytes) -> Result<Vec<Event>, FormatError> {
    let file = SerializedFileReader::new(file)?;
    let groups = Groups::of(&file)?;
    let mut events = Vec::new();
    for n_group in 0..file.num_row_groups() {
        events.append(&mut groups.read(&file, n_group)?);
    }
    Ok(events)
}

/// Reads what [`encode`] wrote one group of rows at a time, so that no more than one has to be there.
#[derive(Debug)]
pub struct Groups {
    kind: Kind,
    source: String,
}

impl Groups {
    /// Whether a file says that it is one of ours.
    pub fn are_in(file: &dyn FileReader) -> bool {
        notes(file).contains_key("moodtape.kind")
    }

    /// What the file's notes say of its rows.
    ///
    /// # Errors
    /// [`FormatError::Note`] for what is no such file, or one of a newer version.
    pub fn of(file: &dyn FileReader) -> Result<Self, FormatError> {
        let notes = notes(file);
        let note = |name: &'static str| {
            let found = notes.get(name).cloned();
            found.ok_or(FormatError::Note { name, found: None })
        };
        let unknown = |name, found| FormatError::Note {
            name,
            found: Some(found),
        };
        let version = note("moodtape.version")?;
        if version != VERSION {
            return Err(unknown("moodtape.version", version));
        }
        let kind = note("moodtape.kind")?;
        let kind = Kind::parse(&kind).ok_or_else(|| unknown("moodtape.kind", kind.clone()))?;
        let source = note("moodtape.source")?;
        Ok(Self { kind, source })
    }

    /// The events of a group of rows of that file, counted from 0.
    ///
    /// # Errors
    /// [`FormatError`] where the group is damaged or not there.
    pub fn read(&self, file: &dyn FileReader, n_group: usize) -> Result<Vec<Event>, FormatError> {
        let mut table = Table::of_group(file, n_group)?;
        let bodies = match self.kind {
            Kind::Post => post::read(&mut table, &self.source)?,
            Kind::Delete => other::read_deletes(&mut table, &self.source)?,
            Kind::Bar => price::read(&mut table, &self.source)?,
            Kind::Attention => other::read_attention(&mut table, &self.source)?,
            Kind::Status => status::read(&mut table, &self.source)?,
            Kind::Gap => other::read_gaps(&mut table)?,
        };
        with_places(&mut table, bodies)
    }
}

fn columns(kind: Kind, events: &[Event]) -> Columns {
    let mut columns = Columns::default();
    columns.counts("seq", events.iter().map(|event| event.seq));
    columns.times("seen_at", events.iter().map(|event| event.seen_at));
    columns.times("at", events.iter().map(|event| event.at));
    columns.flags("skewed", events.iter().map(|event| event.skewed));
    columns.flags("imported", events.iter().map(|event| event.imported));
    match kind {
        Kind::Post => post::write(&mut columns, events),
        Kind::Delete => other::write_deletes(&mut columns, events),
        Kind::Bar => price::write(&mut columns, events),
        Kind::Attention => other::write_attention(&mut columns, events),
        Kind::Status => status::write(&mut columns, events),
        Kind::Gap => other::write_gaps(&mut columns, events),
    }
    columns
}

fn with_places(table: &mut Table, bodies: Vec<Body>) -> Result<Vec<Event>, FormatError> {
    let (mut seqs, mut seen) = (
        table.counts("seq")?.into_iter(),
        table.integers("seen_at")?.into_iter(),
    );
    let mut at = table.integers("at")?.into_iter();
    let mut skewed = table.flags("skewed")?.into_iter();
    let mut imported = table.flags("imported")?.into_iter();
    let event = |body| {
        Some(Event {
            seq: seqs.next()?,
            seen_at: seen.next()?,
            at: at.next()?,
            skewed: skewed.next()?,
            imported: imported.next()?,
            body,
        })
    };
    let n_rows = table.n_rows();
    let events: Vec<_> = bodies.into_iter().map_while(event).collect();
    if events.len() == n_rows {
        Ok(events)
    } else {
        Err(FormatError::Value("seq"))
    }
}

/// The next value of a column that was checked to have one for every row.
fn next<T>(column: &mut impl Iterator<Item = T>, name: &'static str) -> Result<T, FormatError> {
    column.next().ok_or(FormatError::Value(name))
}

/// The bodies of one kind; all are, since `encode` has checked it.
macro_rules! bodies {
    ($events:expr, $kind:ident) => {
        $events.iter().filter_map(|event| match &event.body {
            wire::Body::$kind(body) => Some(body),
            _ => None,
        })
    };
}
use bodies;

#[cfg(test)]
mod tests;
