//! Sealed chunks: some thousand events as compressed columns, in the form in which a browser stores them.
//!
//! ```text
//!  &[Record] ──seal──► Sealed { numbers, texts, summary }
//!
//!  numbers   "MTNC" version hash │ summary │ a deflated section a column: kinds, seqs, times, ids, authors, …
//!  texts     "MTTX" version hash │ table of blocks │ a deflated block for every 512 posts
//! ```
//!
//! Everything but the texts of posts lies in `numbers`, so that counting does not touch a text, and one
//! text is read without the others. The order of the events is kept. Both parts carry a hash and are
//! refused when a bit of them has changed; nothing in them can make the reader panic.
//!
//! Nothing here does I/O: where the bytes lie is the caller's business.

mod bars;
mod bytes;
mod columns;
mod dictionary;
mod ids;
mod pack;
mod posts;
mod steps;
mod texts;

use wire::{Event, Millis};

pub use steps::{Packed, Unpacked};
pub use texts::read_text;

/// Version of the format. A reader refuses newer ones and reads older ones.
pub const VERSION: u8 = 3;

/// A chunk holds no more events than these, so that a damaged count cannot ask for all memory.
pub const MAX_EVENTS: usize = 1 << 20;

/// A stored event.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The event; a withdrawn post has neither text nor author nor address.
    pub event: Event,
    /// How a withdrawn post goes on counting.
    pub withdrawn: Option<Withdrawn>,
}

/// What stays of a withdrawn post beside its id, times and tags, so that counts and means do not move.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Withdrawn {
    /// Its compound in ten-thousandths, −10 000…10 000.
    pub compound: i16,
    /// Names of the topics it counts under.
    pub topics: Vec<String>,
    /// Symbols of the tickers it counts under.
    pub tickers: Vec<String>,
    /// What it was judged to be, as the analysis says it; 0 where that is not known.
    pub judgement: u16,
}

/// A chunk as it is stored.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sealed {
    /// Everything but the texts.
    pub numbers: Vec<u8>,
    /// The texts of the posts, in their order; empty where there is no post.
    pub texts: Vec<u8>,
    /// What can be known without opening it.
    pub summary: Summary,
}

/// What can be known of a chunk without opening it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Summary {
    /// Number of events.
    pub n_events: u32,
    /// Posts among them.
    pub n_posts: u32,
    /// Bars among them.
    pub n_bars: u32,
    /// Least grid time; 0 without events.
    pub first_at: Millis,
    /// Greatest grid time; 0 without events.
    pub last_at: Millis,
    /// Hash of the texts that belong to it.
    pub texts_hash: u64,
}

/// Why bytes are not a chunk. What is refused once will always be: set it apart and go on.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ChunkError {
    /// They do not begin as a chunk does.
    #[error("it does not begin as a chunk does")]
    Magic,
    /// A newer version of the format.
    #[error("chunk format version {0}, and this program knows {VERSION}")]
    Version(u8),
    /// They have changed since they were written.
    #[error("its hash does not fit: it has been damaged")]
    Hash,
    /// They end too early.
    #[error("it stops in the middle")]
    Truncated,
    /// A part does not inflate to its length.
    #[error("a compressed part is damaged")]
    Compressed,
    /// A value that no writer writes.
    #[error("column {0:?} holds a value that cannot be there")]
    Value(&'static str),
    /// The texts belong to another chunk.
    #[error("the texts belong to another chunk")]
    Texts,
    /// More events than a chunk may hold.
    #[error("more events than {MAX_EVENTS}")]
    TooLarge,
}

/// Writes records as one chunk, in their order.
///
/// # Errors
/// [`ChunkError::TooLarge`] for more than [`MAX_EVENTS`] of them.
pub fn seal(records: &[Record]) -> Result<Sealed, ChunkError> {
    Ok(Unpacked::of(records)?.deflated())
}

/// Reads a chunk.
///
/// # Errors
/// [`ChunkError`] names what is wrong with the bytes.
pub fn read(numbers: &[u8], texts: &[u8]) -> Result<Vec<Record>, ChunkError> {
    inflated(&Packed::open(numbers, Some(texts))?)
}

/// Reads everything but the texts: posts come with an empty one.
///
/// # Errors
/// As [`read`].
pub fn read_numbers(numbers: &[u8]) -> Result<Vec<Record>, ChunkError> {
    inflated(&Packed::open(numbers, None)?)
}

fn inflated(packed: &Packed<'_>) -> Result<Vec<Record>, ChunkError> {
    let parts = packed.parts();
    let inflated: Vec<Vec<u8>> = parts.map(|(part, len)| pack::inflated(part, len)).collect();
    packed.read(&inflated)
}

/// Reads what can be known of a chunk without opening it; its bytes are checked against their hash.
///
/// # Errors
/// As [`read`].
pub fn summary(numbers: &[u8]) -> Result<Summary, ChunkError> {
    columns::read_summary(numbers)
}

impl From<Event> for Record {
    fn from(event: Event) -> Self {
        Self {
            event,
            withdrawn: None,
        }
    }
}
