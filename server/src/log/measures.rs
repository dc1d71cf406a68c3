//! What is measured of the log, for whoever runs the relay.

use std::{
    sync::atomic::AtomicU64,
    time::{Duration, Instant},
};

use super::LogError;
use crate::counts::{Histogram, STORAGE, add};

/// Since the start.
#[derive(Debug)]
pub(crate) struct Measures {
    /// From taking batches up to their publication.
    pub(crate) append: Histogram,
    /// The store's part of it.
    pub(crate) commit: Histogram,
    /// What waits until the disk itself has it.
    pub(crate) fsync: Histogram,
    pub(crate) errors: [AtomicU64; Op::WORDS.len()],
}

/// What can fail.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Op {
    Append,
    Read,
    Trim,
    Restart,
    Withdraw,
    Close,
}

impl Op {
    /// In their order.
    pub(super) const WORDS: [&str; 6] = ["append", "read", "trim", "restart", "withdraw", "close"];
}

impl Default for Measures {
    fn default() -> Self {
        Self {
            append: Histogram::new(&STORAGE),
            commit: Histogram::new(&STORAGE),
            fsync: Histogram::new(&STORAGE),
            errors: Default::default(),
        }
    }
}

impl Measures {
    /// Errors by what failed.
    pub(crate) const OPS: [&str; Op::WORDS.len()] = Op::WORDS;

    pub(super) fn checked<T>(&self, op: Op, outcome: Result<T, LogError>) -> Result<T, LogError> {
        if outcome.is_err() {
            add(&self.errors[op as usize], 1);
        }
        outcome
    }
}

/// What `work` gives, and how long that took.
pub(super) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let begun = Instant::now();
    let done = work();
    (done, begun.elapsed())
}
