//! Which posts are spam, by rules that can be shown: what repeats, who floods, what baits.
//!
//! ```text
//!  Post ──► Template ──► Duplicates ──┐
//!    │          └──────► phrases ─────┤
//!    ├──► author rates, companions ───┼──► Verdict { findings (reason, value, limit) } ──► score
//!    ├──► links ──────────────────────┘                                  ▲
//!    └──► style ─────────────────────────────────────────────────────────┘
//! ```
//!
//! A verdict is causal: it says what was known when the post came. Nothing is deleted here, and no
//! post is spam for naming two tickers.

mod bands;
mod companions;
mod duplicates;
mod phrases;
mod rates;
mod reading;
mod rules;
mod sketch;
mod style;
mod template;

pub use duplicates::{Duplicates, LEAST_JACCARD, Memory, Standing};
pub use reading::{Reader, Reading};
pub use rules::{Finding, Limits, N_REASONS, REASONS, Reason, Spam, Verdict};
pub use style::{FEATURES, N_FEATURES, broadcast_style, features};
pub use template::Template;
