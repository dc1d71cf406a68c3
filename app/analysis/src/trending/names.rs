//! Numbers for tags and their spellings, so that counting works on integers.

use rustc_hash::FxHashMap;
use wire::tag::fold;

use crate::{
    hash_index::{HashIndex, hash_of},
    slots::put,
};

/// Bytes of a text that lie in the same cache line as its number.
const SHORT: usize = 19;
/// Stands for the length of a text that is longer.
const IS_LONG: u8 = u8::MAX;

/// A tag in one spelling, as posts had it. Two to a cache line, since most updates miss the cache here.
#[derive(Clone, Debug)]
#[repr(align(32))]
pub(super) struct Spelling {
    /// Observations in the window; only kept for a tag with several spellings.
    pub(super) n_in_window: u32,
    /// Observations kept; only counted for a tag with several spellings.
    n_kept: u32,
    tag: u32,
    short_len: u8,
    /// The text, or the place of a longer one.
    short: [u8; SHORT],
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
    /// Spellings by the hash of their texts.
    by_text: HashIndex,
    by_folded: FxHashMap<Box<str>, u32>,
    spellings: Vec<Spelling>,
    /// Texts that are not short.
    long: Vec<Box<str>>,
    names: Vec<Name>,
    free_spellings: Vec<u32>,
    free_long: Vec<u32>,
    free_tags: Vec<u32>,
}

impl Spelling {
    pub(super) fn tag(&self) -> u32 {
        self.tag
    }

    /// Where its text is, if that is not short.
    fn long_idx(&self) -> Option<u32> {
        let idx = *self.short.first_chunk()?;
        (self.short_len == IS_LONG).then(|| u32::from_le_bytes(idx))
    }

    fn bytes<'a>(&'a self, long: &'a [Box<str>]) -> &'a [u8] {
        match self.short.get(..usize::from(self.short_len)) {
            Some(short) => short,
            None => {
                let text = self.long_idx().and_then(|idx| long.get(idx as usize));
                text.map_or(&[], |text| text.as_bytes())
            }
        }
    }
}

impl Names {
    /// The number of this spelling; the flag says that it is new.
    pub(super) fn number(&mut self, text: &str) -> (u32, bool) {
        let hash = hash_of(text.as_bytes());
        let (spellings, long) = (&self.spellings, &self.long);
        let is_it = |number: u32| {
            let spelling = spellings.get(number as usize);
            spelling.is_some_and(|spelling| spelling.bytes(long) == text.as_bytes())
        };
        if let Some(number) = self.by_text.find(hash, is_it) {
            return (number, false);
        }
        let number = self.add(text);
        self.by_text.insert(hash, number);
        (number, true)
    }

    fn add(&mut self, text: &str) -> u32 {
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
        let spelling = self.new_spelling(text, tag);
        let number = put(&mut self.spellings, &mut self.free_spellings, spelling);
        self.names[tag as usize].spellings.push(number);
        number
    }

    fn new_spelling(&mut self, text: &str, tag: u32) -> Spelling {
        let mut short = [0; SHORT];
        let short_len = match short.get_mut(..text.len()) {
            Some(short) => {
                short.copy_from_slice(text.as_bytes());
                text.len() as u8
            }
            None => {
                let idx = put(&mut self.long, &mut self.free_long, text.into());
                let bytes = idx.to_le_bytes();
                short[..bytes.len()].copy_from_slice(&bytes);
                IS_LONG
            }
        };
        Spelling {
            n_in_window: 0,
            n_kept: 0,
            tag,
            short_len,
            short,
        }
    }

    /// From now on the spellings of a tag are counted apart: until now all were the one beside `new`.
    pub(super) fn set_only(&mut self, tag: u32, new: u32, n_in_window: u32, n_kept: u32) {
        for number in &self.names[tag as usize].spellings {
            let spelling = &mut self.spellings[*number as usize];
            (spelling.n_in_window, spelling.n_kept) = match *number == new {
                true => (0, 0),
                false => (n_in_window, n_kept),
            };
        }
    }

    /// Keeps one observation more of a spelling that is counted apart.
    pub(super) fn keep(&mut self, spelling: u32) {
        self.spellings[spelling as usize].n_kept += 1;
    }

    /// Forgets one; was it the last with this spelling?
    pub(super) fn forget(&mut self, spelling: u32) -> bool {
        let spelling = &mut self.spellings[spelling as usize];
        spelling.n_kept -= 1;
        spelling.n_kept == 0
    }

    /// Of a spelling that is counted apart: is no observation kept?
    pub(super) fn is_unused(&self, spelling: u32) -> bool {
        self.spellings[spelling as usize].n_kept == 0
    }

    /// Its number is free for another one from now on.
    pub(super) fn drop_spelling(&mut self, number: u32) {
        let old = &self.spellings[number as usize];
        let tag = old.tag;
        self.by_text.remove(hash_of(old.bytes(&self.long)), number);
        if let Some(idx) = old.long_idx() {
            self.long[idx as usize] = Box::default();
            self.free_long.push(idx);
        }
        self.free_spellings.push(number);
        let name = &mut self.names[tag as usize];
        name.spellings.retain(|other| *other != number);
        if name.spellings.is_empty() {
            self.by_folded.remove(&std::mem::take(name).folded);
            self.free_tags.push(tag);
        }
    }

    /// The text of a spelling.
    pub(super) fn text(&self, number: u32) -> &str {
        std::str::from_utf8(self.spelling(number).bytes(&self.long)).unwrap_or_default()
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
        (self.by_folded.len(), self.by_text.len())
    }
}
