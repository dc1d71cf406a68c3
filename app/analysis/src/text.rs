//! What the words of a post say.

mod lexicon;
pub mod sentiment;
pub mod topics_match;
pub mod word_list;
