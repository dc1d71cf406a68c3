//! What the words of a post say.

pub mod language;
mod lexicon;
pub mod sentiment;
pub mod tickers;
pub mod topics_match;
pub mod word_list;

pub use lexicon::version as lexicon_version;

/// Is it, or does it hold, a link with its scheme? For something as short as a word this is faster than a search.
pub(crate) fn has_scheme(part: impl AsRef<[u8]>) -> bool {
    part.as_ref().windows(3).any(|three| three == b"://")
}
