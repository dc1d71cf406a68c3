//! Documents as numbers of terms: what the models work on.

use crate::terms::Vocabulary;

/// Documents, each a bag of terms.
#[derive(Clone, Debug, Default)]
pub struct Corpus {
    vocabulary: Vocabulary,
    /// The terms of all documents, one document after the other, within each in ascending order.
    terms: Vec<u32>,
    /// Where each document ends in `terms`.
    ends: Vec<usize>,
}

impl Corpus {
    /// Adds a document; one without terms has a place too.
    pub fn push<'t>(&mut self, terms: impl IntoIterator<Item = &'t str>) {
        self.push_with(|push| terms.into_iter().for_each(push));
    }

    /// Adds the document whose terms `read` hands to what it is given.
    pub(super) fn push_with(&mut self, read: impl FnOnce(&mut dyn FnMut(&str))) {
        let start = self.terms.len();
        read(&mut |term| {
            let number = self.vocabulary.number(term);
            self.terms.push(number);
        });
        if let Some(document) = self.terms.get_mut(start..) {
            document.sort_unstable();
        }
        self.ends.push(self.terms.len());
    }

    /// How many documents there are, empty ones included.
    #[must_use]
    pub fn n_documents(&self) -> usize {
        self.ends.len()
    }

    /// How many different terms there are.
    #[must_use]
    pub fn n_terms(&self) -> usize {
        self.vocabulary.n_terms()
    }

    /// The numbers of a document's terms in ascending order, repeats kept; none if there is no such document.
    #[must_use]
    pub fn document(&self, idx: usize) -> &[u32] {
        let start = idx.checked_sub(1).map_or(0, |before| self.end(before));
        self.terms.get(start..self.end(idx)).unwrap_or_default()
    }

    /// The terms and their numbers.
    #[must_use]
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    fn end(&self, idx: usize) -> usize {
        self.ends.get(idx).copied().unwrap_or(self.terms.len())
    }
}

/// The different terms of a sorted document, each with how often it is there.
pub(super) fn groups(document: &[u32]) -> impl Iterator<Item = (u32, u32)> + '_ {
    document
        .chunk_by(|a, b| a == b)
        .filter_map(|group| Some((*group.first()?, group.len() as u32)))
}
