//! Chunks of which the store has no digest yet, until everything in them is judged.

use std::collections::VecDeque;

use analysis::Engine;

use crate::store::{Digested, Undigested};

/// Looking posts up wants them sorted, so while they stream in it is done for many chunks together.
const MANY: usize = 32;

/// The chunks, in the order in which they were stored.
#[derive(Debug, Default)]
pub(crate) struct Digests {
    waiting: VecDeque<Undigested>,
}

impl Digests {
    pub(crate) fn push(&mut self, chunk: Undigested) {
        self.waiting.push_back(chunk);
    }

    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
    }

    /// What can be made of many that wait.
    pub(crate) fn of_many(&mut self, engine: &mut Engine) -> Vec<Digested> {
        let mut made = Vec::new();
        if self.waiting.len() < MANY {
            return made;
        }
        while let Some(first) = self.waiting.pop_front() {
            match engine.digest(&first.origins) {
                Some(digest) => made.push(first.digested(digest)),
                None => {
                    self.waiting.push_front(first);
                    break;
                }
            }
        }
        made
    }

    /// The next one, once everything is judged; what cannot be made then never will be.
    pub(crate) fn next(&mut self, engine: &mut Engine) -> Option<Digested> {
        if !engine.has_judged_all() {
            return None;
        }
        while let Some(first) = self.waiting.pop_front() {
            if let Some(digest) = engine.digest(&first.origins) {
                return Some(first.digested(digest));
            }
        }
        None
    }
}
