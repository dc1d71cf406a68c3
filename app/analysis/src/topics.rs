//! What the crowd talks about: topics that nobody configured, found in the words of posts.
//!
//! ```text
//! text ─Cleaning→ terms ─Corpus→ numbers ─Fit→ topics ─Study→ the topic of every post, since when
//! ```
//!
//! Two models: one made for short texts, in which a post has one topic, and latent Dirichlet allocation. Both are
//! sampled with a seeded generator of our own and with arithmetic that is exact to the last bit everywhere
//! (no logarithm, no power), so that a seed gives the same topics in every browser and on every server.
//!
//! "Topic" here is one that was found. The *configured* topics of posts are the business of
//! [`crate::text::topics_match`].

mod cleaning;
mod coherence;
mod corpus;
mod counts;
mod fit;
mod lda;
mod short_text;
mod study;

pub use cleaning::Cleaning;
pub use coherence::npmi;
pub use corpus::Corpus;
pub use fit::{AUTOMATIC, Fit, Method, Number, Progress, Settings, Topic};
pub use study::{Findings, FoundTopic, N_BORN, Options, StudiedPost, Study};
