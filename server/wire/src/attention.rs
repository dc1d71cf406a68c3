//! How many posts an upstream says there are on a subject, without sending them.

use serde::{Deserialize, Serialize};

use crate::Millis;

/// The number of posts on one subject within `[open_at, open_at + width)`, as an upstream counts them.
///
/// It counts what the upstream has, not what the relay received: never add it to counts of posts. The
/// event's `at` is the interval's end, when the number could first be known.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Attention {
    /// Which upstream counted.
    pub source: String,
    /// Name of the topic it was asked about.
    pub subject: String,
    /// The interval's start, inclusive.
    pub open_at: Millis,
    /// Length of the interval, positive.
    pub width: Millis,
    /// Number of posts; 0 says that there were none.
    pub n: u64,
}

impl Attention {
    /// When the interval ends, exclusive.
    pub fn close_at(&self) -> Millis {
        self.open_at.saturating_add(self.width)
    }
}
