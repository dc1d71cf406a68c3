//! What the words of a post say.

pub mod language;
mod lexicon;
pub mod sentiment;
pub mod tickers;
pub mod topics_match;
pub mod word_list;

pub use lexicon::version as lexicon_version;
