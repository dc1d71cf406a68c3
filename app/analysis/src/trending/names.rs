//! Numbers for tags and their spellings, so that counting works on integers.

use rustc_hash::FxHashMap;
use wire::tag::fold;

/// A tag in one spelling, as posts had it.
#[derive(Clone, Debug, Default)]
pub(super) struct Spelling {
    pub(super) text: Box<str>,
    pub(super) tag: u32,
    /// Observations in the window.
    pub(super) n_in_window: u32,
    /// Observations kept.
    n_kept: u32,
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
    by_text: FxHashMap<Box<str>, u32>,
    by_folded: FxHashMap<Box<str>, u32>,
    spellings: Vec<Spelling>,
    names: Vec<Name>,
    free_spellings: Vec<u32>,
    free_tags: Vec<u32>,
}

impl Names {
    /// The number of this spelling; the flag says that its tag is new.
    pub(super) fn number(&mut self, text: &str) -> (u32, IsNew) {
        match self.by_text.get(text) {
            Some(spelling) => (*spelling, IsNew::No),
            None => self.add(text),
        }
    }

    fn add(&mut self, text: &str) -> (u32, IsNew) {
        let folded = fold(text);
        let (tag, is_new) = match self.by_folded.get(folded.as_ref()) {
            Some(tag) => (*tag, IsNew::No),
            None => {
                let folded: Box<str> = folded.into();
                let name = Name {
                    folded: folded.clone(),
                    spellings: Vec::new(),
                };
                let tag = put(&mut self.names, &mut self.free_tags, name);
                self.by_folded.insert(folded, tag);
                (tag, IsNew::Yes)
            }
        };
        let spelling = Spelling {
            text: text.into(),
            tag,
            ..Spelling::default()
        };
        let number = put(&mut self.spellings, &mut self.free_spellings, spelling);
        self.by_text.insert(text.into(), number);
        self.names[tag as usize].spellings.push(number);
        (number, is_new)
    }

    pub(super) fn keep(&mut self, spelling: u32) {
        self.spellings[spelling as usize].n_kept += 1;
    }

    /// Forgets one observation; answers with the tag if that was its last.
    pub(super) fn forget(&mut self, spelling: u32) -> Option<u32> {
        self.spellings[spelling as usize].n_kept -= 1;
        self.drop_unused(spelling)
    }

    /// Drops a spelling that no observation has; answers with the tag if it was its last.
    pub(super) fn drop_unused(&mut self, spelling: u32) -> Option<u32> {
        if self.spellings[spelling as usize].n_kept > 0 {
            return None;
        }
        let Spelling { text, tag, .. } = std::mem::take(&mut self.spellings[spelling as usize]);
        self.by_text.remove(&text);
        self.free_spellings.push(spelling);
        let name = &mut self.names[tag as usize];
        name.spellings.retain(|other| *other != spelling);
        if !name.spellings.is_empty() {
            return None;
        }
        self.by_folded.remove(&std::mem::take(name).folded);
        self.free_tags.push(tag);
        Some(tag)
    }

    pub(super) fn spelling(&self, number: u32) -> &Spelling {
        &self.spellings[number as usize]
    }

    pub(super) fn spelling_mut(&mut self, number: u32) -> &mut Spelling {
        &mut self.spellings[number as usize]
    }

    /// How often the most frequent spelling of a tag occurs in the window.
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

/// Is a tag met for the first time?
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum IsNew {
    Yes,
    No,
}

fn put<T>(slots: &mut Vec<T>, free: &mut Vec<u32>, new: T) -> u32 {
    match free.pop() {
        Some(slot) => {
            slots[slot as usize] = new;
            slot
        }
        None => {
            slots.push(new);
            (slots.len() - 1) as u32
        }
    }
}
