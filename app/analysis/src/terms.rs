//! Numbers words, so that what counts them works on integers.

use std::sync::Arc;

use rustc_hash::FxHashMap;

/// Words and their numbers, from 0 in order of first appearance.
///
/// ```
/// use analysis::terms::Vocabulary;
///
/// let mut vocabulary = Vocabulary::default();
/// assert_eq!(["a", "b", "a"].map(|term| vocabulary.number(term)), [0, 1, 0]);
/// assert_eq!((vocabulary.term(1), vocabulary.find("c")), ("b", None));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    numbers: FxHashMap<Arc<str>, u32>,
    terms: Vec<Arc<str>>,
}

impl Vocabulary {
    /// The number of a term; a new one gets the next.
    pub fn number(&mut self, term: &str) -> u32 {
        if let Some(number) = self.numbers.get(term) {
            return *number;
        }
        let number = u32::try_from(self.terms.len()).unwrap_or(u32::MAX);
        let term: Arc<str> = term.into();
        self.terms.push(term.clone());
        self.numbers.insert(term, number);
        number
    }

    /// The number of a term that is known.
    #[must_use]
    pub fn find(&self, term: &str) -> Option<u32> {
        self.numbers.get(term).copied()
    }

    /// The term of a number; empty if nobody has it.
    #[must_use]
    pub fn term(&self, number: u32) -> &str {
        self.terms.get(number as usize).map_or("", |term| term)
    }

    /// How many terms there are.
    #[must_use]
    pub fn n_terms(&self) -> usize {
        self.terms.len()
    }
}

/// What stands before a link; all if there is none.
pub(crate) fn before_link(part: &str) -> &str {
    if !part.contains(['/', 'w', 'W']) {
        return part;
    }
    let scheme = part.find("://").map(|at| {
        let before = part.get(..at).unwrap_or_default();
        before
            .trim_end_matches(|char: char| char.is_ascii_alphabetic())
            .len()
    });
    let address = part.to_ascii_lowercase().find("www.");
    let end = scheme.into_iter().chain(address).min();
    part.get(..end.unwrap_or(part.len())).unwrap_or(part)
}
