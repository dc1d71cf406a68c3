//! Which words stand out in a stretch of time, against another one.
//!
//! ```text
//! post ─Reading→ numbers of words ─WordIndex→ counts of a range ─weigh→ words and phrases ─Cloud→ rectangles
//! ```
//!
//! A word that is frequent always (*market*, *today*) says nothing about an hour; what counts is how much
//! likelier it is there than in the background. Counts alone are an option.

mod cloud;
mod counts;
mod index;
mod phrases;
mod reading;
mod weights;

pub use cloud::{Cloud, N_NEVER_DROPPED, PlacedWord, WordBox};
pub use index::{WordIndex, WordPost};
pub use phrases::log_likelihood_ratio;
pub use weights::{FoundWord, FoundWords, MIN_POSTS, Question, Weighing, log_odds};
