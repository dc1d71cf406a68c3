//! Numbers for tags and their spellings, so that counting works on integers.

use std::hash::BuildHasher;

use rustc_hash::{FxBuildHasher, FxHashMap};
use wire::tag::fold;

use crate::slots::put;

/// Bytes of a text that lie in the same cache line as its number.
const SHORT: usize = 31;
const NONE: u32 = u32::MAX;

/// A tag in one spelling, as posts had it. One cache line, since most updates miss the cache here.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub(super) struct Spelling {
    /// Observations in the window; only kept for a tag with several spellings.
    pub(super) n_in_window: u32,
    tag: u32,
    /// Observations kept.
    n_kept: u32,
    /// Another spelling with the same hash.
    same_hash: u32,
    short_len: u8,
    short: [u8; SHORT],
    /// A text that is not short.
    long: Box<str>,
}

/// What is spelled alike but for case.
#[derive(Clone, Debug, Default)]
struct Name {
    folded: Box<str>,
    spellings: Vec<u32>,
}

/// Numbers are used again after the last observation with them is forgotten, so memory stays bounded.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    /// By hash of the text: the first of the spellings with it.
    by_hash: FxHashMap<u64, u32>,
    by_folded: FxHashMap<Box<str>, u32>,
    spellings: Vec<Spelling>,
    names: Vec<Name>,
    free_spellings: Vec<u32>,
    free_tags: Vec<u32>,
}

impl Spelling {
    fn new(text: &str, tag: u32, same_hash: u32) -> Self {
        let mut short = [0; SHORT];
        let is_short = text.len() <= SHORT;
        if is_short {
            short[..text.len()].copy_from_slice(text.as_bytes());
        }
        Self {
            n_in_window: 0,
            tag,
            n_kept: 0,
            same_hash,
            short_len: if is_short { text.len() as u8 } else { 0 },
            short,
            long: if is_short {
                Box::default()
            } else {
                text.into()
            },
        }
    }

    pub(super) fn tag(&self) -> u32 {
        self.tag
    }

    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(self.bytes()).unwrap_or_default()
    }

    fn bytes(&self) -> &[u8] {
        if self.long.is_empty() {
            self.short
                .get(..usize::from(self.short_len))
                .unwrap_or_default()
        } else {
            self.long.as_bytes()
        }
    }
}

impl Names {
    /// The number of this spelling; the flag says that it is new.
    pub(super) fn number(&mut self, text: &str) -> (u32, bool) {
        let hash = FxBuildHasher.hash_one(text);
        let first = self.by_hash.get(&hash).copied().unwrap_or(NONE);
        let mut number = first;
        while let Some(spelling) = self.spellings.get(number as usize) {
            if spelling.bytes() == text.as_bytes() {
                return (number, false);
            }
            number = spelling.same_hash;
        }
        let number = self.add(text, first);
        self.by_hash.insert(hash, number);
        (number, true)
    }

    fn add(&mut self, text: &str, same_hash: u32) -> u32 {
        let folded = fold(text);
        let tag = match self.by_folded.get(folded.as_ref()) {
            Some(tag) => *tag,
            None => {
                let folded: Box<str> = folded.into();
                let name = Name {
                    folded: folded.clone(),
                    spellings: Vec::new(),
                };
                let tag = put(&mut self.names, &mut self.free_tags, name);
                self.by_folded.insert(folded, tag);
                tag
            }
        };
        let spelling = Spelling::new(text, tag, same_hash);
        let number = put(&mut self.spellings, &mut self.free_spellings, spelling);
        self.names[tag as usize].spellings.push(number);
        number
    }

    /// From now on the spellings of a tag are counted apart: until now all were the one beside `new`.
    pub(super) fn set_only_in_window(&mut self, tag: u32, new: u32, n_in_window: u32) {
        for number in &self.names[tag as usize].spellings {
            let is_new = *number == new;
            self.spellings[*number as usize].n_in_window = if is_new { 0 } else { n_in_window };
        }
    }

    pub(super) fn keep(&mut self, spelling: u32) {
        self.spellings[spelling as usize].n_kept += 1;
    }

    /// Forgets one observation; was it the last with this spelling?
    pub(super) fn forget(&mut self, spelling: u32) -> bool {
        self.spellings[spelling as usize].n_kept -= 1;
        self.drop_unused(spelling)
    }

    /// Drops a spelling that no observation has; did it?
    pub(super) fn drop_unused(&mut self, number: u32) -> bool {
        if self.spellings[number as usize].n_kept > 0 {
            return false;
        }
        let old = std::mem::replace(
            &mut self.spellings[number as usize],
            Spelling::new("", NONE, NONE),
        );
        self.unlink(number, &old);
        self.free_spellings.push(number);
        let name = &mut self.names[old.tag as usize];
        name.spellings.retain(|other| *other != number);
        if name.spellings.is_empty() {
            self.by_folded.remove(&std::mem::take(name).folded);
            self.free_tags.push(old.tag);
        }
        true
    }

    fn unlink(&mut self, number: u32, old: &Spelling) {
        let hash = FxBuildHasher.hash_one(old.text());
        let Some(first) = self.by_hash.get_mut(&hash) else {
            return;
        };
        if *first == number {
            if old.same_hash == NONE {
                self.by_hash.remove(&hash);
            } else {
                *first = old.same_hash;
            }
            return;
        }
        let mut at = *first;
        while let Some(spelling) = self.spellings.get_mut(at as usize) {
            if spelling.same_hash == number {
                spelling.same_hash = old.same_hash;
                return;
            }
            at = spelling.same_hash;
        }
    }

    pub(super) fn spelling(&self, number: u32) -> &Spelling {
        &self.spellings[number as usize]
    }

    pub(super) fn spelling_mut(&mut self, number: u32) -> &mut Spelling {
        &mut self.spellings[number as usize]
    }

    /// How often the most frequent spelling of a tag with several occurs in the window.
    pub(super) fn most_frequent(&self, tag: u32) -> u32 {
        let numbers = &self.names[tag as usize].spellings;
        numbers
            .iter()
            .map(|number| self.spelling(*number).n_in_window)
            .max()
            .unwrap_or(0)
    }

    #[cfg(test)]
    pub(super) fn n_kept(&self) -> (usize, usize) {
        (self.by_folded.len(), self.by_hash.len())
    }
}
