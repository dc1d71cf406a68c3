//! Texts by small numbers.

use rustc_hash::FxHashMap;
use wire::tag;

/// Texts, each with its number.
#[derive(Debug, Default)]
pub(super) struct Names {
    ids: FxHashMap<Box<str>, u32>,
    names: Vec<Box<str>>,
}

impl Names {
    pub(super) fn id_or_new(&mut self, name: &str) -> u32 {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let id = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.ids.insert(name.into(), id);
        self.names.push(name.into());
        id
    }

    pub(super) fn name(&self, id: u32) -> &str {
        self.names.get(id as usize).map_or("", AsRef::as_ref)
    }
}

/// Hashtags as they were written, and what is spelled alike but for case.
#[derive(Debug, Default)]
pub(super) struct Hashtags {
    written: Names,
    /// By number: the first spelling that is alike but for case.
    first: Vec<u32>,
    spellings: FxHashMap<Box<str>, Vec<u32>>,
}

impl Hashtags {
    /// The number of this spelling.
    pub(super) fn id_or_new(&mut self, hashtag: &str) -> u32 {
        let n_before = self.written.names.len();
        let id = self.written.id_or_new(hashtag);
        if self.written.names.len() > n_before {
            let folded: Box<str> = tag::fold(hashtag).into();
            let alike = self.spellings.entry(folded).or_default();
            alike.push(id);
            self.first.push(alike.first().copied().unwrap_or(id));
        }
        id
    }

    /// The number of the first spelling that is alike but for case.
    pub(super) fn first_spelling(&self, id: u32) -> u32 {
        self.first.get(id as usize).copied().unwrap_or(id)
    }

    /// As it was written.
    pub(super) fn name(&self, id: u32) -> &str {
        self.written.name(id)
    }

    /// The numbers of all spellings of a hashtag.
    pub(super) fn spellings(&self, hashtag: &str) -> &[u32] {
        let folded = tag::fold(hashtag);
        self.spellings
            .get(folded.as_ref())
            .map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hashtag_is_found_in_all_its_spellings() {
        let mut hashtags = Hashtags::default();
        let ids = ["BTC", "moon", "btc", "BTC"].map(|tag| hashtags.id_or_new(tag));

        assert_eq!(ids, [0, 1, 2, 0]);
        assert_eq!(hashtags.spellings("Btc"), [0, 2]);
        assert_eq!([0, 1, 2].map(|id| hashtags.first_spelling(id)), [0, 1, 0]);
        assert_eq!(
            (hashtags.name(2), hashtags.spellings("none").len()),
            ("btc", 0)
        );
    }
}
