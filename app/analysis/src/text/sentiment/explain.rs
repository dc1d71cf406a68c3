//! Which words a score comes from, and which rule changed each of them: noted while scoring, so that it can
//! say nothing else than what was scored.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{Compound, Scratch, Sentiment, emphasised};

/// A score with the words behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The score, as without an explanation.
    pub sentiment: Sentiment,
    /// The words and emoji that are in the lexicon, in their order in the text.
    pub words: Vec<Counted>,
    /// What exclamation and question marks add to the sum of the valences, or take from it if it is negative.
    pub emphasis: f64,
}

impl Explanation {
    /// The sum of the valences with the emphasis.
    #[must_use]
    pub fn sum(&self) -> f64 {
        let sum = self.words.iter().map(|word| word.valence).sum();
        emphasised(sum, self.emphasis)
    }

    /// The compound that follows from the words and the emphasis: always that of the score.
    #[must_use]
    pub fn compound(&self) -> Compound {
        Compound::from_sum(self.sum())
    }
}

/// One word or emoji that counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Counted {
    /// Where it stands in the text, in bytes. Words of one emoji's description all stand where it does.
    pub span: Range<usize>,
    /// Its strength in the lexicon, −4…+4.
    pub strength: f64,
    /// What it is worth here, after all changes.
    pub valence: f64,
    /// What changed it, in this order.
    pub changes: Vec<Change>,
}

/// What one rule does to one word.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The rule.
    pub rule: Rule,
    /// Where the word stands that calls for it, in bytes; with capitals it is the word itself.
    pub by: Range<usize>,
    /// Valence before it.
    pub before: f64,
    /// Valence after it.
    pub after: f64,
}

/// Why a word is worth something else than its strength.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Rule {
    /// It is in capitals, and the rest is not.
    Capitals,
    /// A word before strengthens it ("very").
    Booster,
    /// A word before weakens it ("slightly", "kind of").
    Damper,
    /// A word before negates it ("isn't").
    Negation,
    /// "no" before it negates it, or it is the "no" that does so.
    No,
    /// "never so", "so" or "this" strengthens it.
    NeverSo,
    /// "least" before it, but not "at least", negates it.
    Least,
    /// It is part of an idiom, or follows one, which has its own valence.
    Idiom,
    /// There is a "but": what comes before it counts half, what comes after it half as much again.
    But,
}

/// Sees how a text is scored. What scores without an explanation has `()` see it, which compiles to nothing.
pub(super) trait Observer {
    /// A word with this strength counts.
    fn counts(&mut self, token_idx: usize, strength: f64);
    /// A rule changes the valence of the last word.
    fn changed(&mut self, rule: Rule, by_idx: usize, before: f64, after: f64);
    /// "but" changes the valence of the nth word.
    fn reweighed(&mut self, nth: usize, but_idx: usize, before: f64, after: f64);
}

impl Observer for () {
    fn counts(&mut self, _: usize, _: f64) {}
    fn changed(&mut self, _: Rule, _: usize, _: f64, _: f64) {}
    fn reweighed(&mut self, _: usize, _: usize, _: f64, _: f64) {}
}

/// Notes what it sees.
#[derive(Default)]
pub(super) struct Notes {
    words: Vec<Note>,
}

struct Note {
    token_idx: usize,
    strength: f64,
    changes: Vec<NotedChange>,
}

struct NotedChange {
    rule: Rule,
    by_idx: usize,
    before: f64,
    after: f64,
}

impl Observer for Notes {
    fn counts(&mut self, token_idx: usize, strength: f64) {
        self.words.push(Note {
            token_idx,
            strength,
            changes: Vec::new(),
        });
    }

    fn changed(&mut self, rule: Rule, by_idx: usize, before: f64, after: f64) {
        if let Some(word) = self.words.last_mut() {
            word.changes.push(NotedChange {
                rule,
                by_idx,
                before,
                after,
            });
        }
    }

    fn reweighed(&mut self, nth: usize, by_idx: usize, before: f64, after: f64) {
        if let Some(word) = self.words.get_mut(nth) {
            word.changes.push(NotedChange {
                rule: Rule::But,
                by_idx,
                before,
                after,
            });
        }
    }
}

impl Notes {
    /// The notes on the text that was read last.
    pub(super) fn explanation(self, scratch: &Scratch) -> Explanation {
        let words = self.words.into_iter().map(|word| Counted {
            span: scratch.span(word.token_idx),
            strength: word.strength,
            valence: word
                .changes
                .last()
                .map_or(word.strength, |change| change.after),
            changes: word
                .changes
                .into_iter()
                .map(|change| Change {
                    rule: change.rule,
                    by: scratch.span(change.by_idx),
                    before: change.before,
                    after: change.after,
                })
                .collect(),
        });
        Explanation {
            words: words.collect(),
            sentiment: scratch.sentiment(),
            emphasis: scratch.emphasis(),
        }
    }
}
