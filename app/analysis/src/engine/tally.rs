//! Distinct authors and matching posts of a range that moves: only what enters or leaves is counted.

use std::ops::Range;

use wire::Millis;

use super::posts::{Posts, Record};
use crate::{view::Class, voices::Voices};

/// Which posts a person asked for. `Some(None)` asks for something that no post has.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Filter {
    pub(super) class: Option<Class>,
    pub(super) hashtag: Option<Option<u32>>,
    pub(super) ticker: Option<Option<u32>>,
}

impl Filter {
    pub(super) fn accepts(&self, record: &Record, posts: &Posts) -> bool {
        let has = |ids: &[u32], wanted: Option<u32>| wanted.is_some_and(|id| ids.contains(&id));
        self.class.is_none_or(|class| record.class == class)
            && self.ticker.is_none_or(|id| has(posts.tickers(record), id))
            && self
                .hashtag
                .is_none_or(|id| has(posts.hashtags(record), id))
    }
}

/// Counts over the posts with `at` in a range.
///
/// Invariant: every post that has been pushed to [`Posts`] and lies in the range is counted once.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    range: Range<Millis>,
    filter: Filter,
    /// Posts by author, where that is known.
    voices: Voices,
    n_matching: u64,
}

impl Tally {
    /// Authors of the posts in the range.
    pub(super) fn voices(&self) -> &Voices {
        &self.voices
    }

    /// Posts that the filter accepts.
    pub(super) fn n_matching(&self) -> u64 {
        self.n_matching
    }

    /// Counts a post that has just been pushed.
    pub(super) fn add(&mut self, record: &Record, posts: &Posts) {
        if self.range.contains(&record.at) {
            self.enter(record, posts);
        }
    }

    /// Takes back the author of a post that was withdrawn.
    pub(super) fn forget_author(&mut self, record: &Record) {
        if self.range.contains(&record.at) {
            self.voices.remove(record.author);
        }
    }

    /// Moves to another range and filter. Settle the posts first.
    #[inline(never)]
    pub(super) fn move_to(&mut self, range: Range<Millis>, filter: Filter, posts: &Posts) {
        let is_disjoint = range.start >= self.range.end || range.end <= self.range.start;
        if filter != self.filter || is_disjoint {
            *self = Self {
                range: range.clone(),
                filter,
                ..Self::default()
            };
            posts
                .within(range)
                .iter()
                .for_each(|record| self.enter(record, posts));
            return;
        }
        let old = std::mem::replace(&mut self.range, range.clone());
        // Of each pair at most one is not empty.
        for entering in [range.start..old.start, old.end..range.end] {
            posts
                .within(entering)
                .iter()
                .for_each(|record| self.enter(record, posts));
        }
        for leaving in [old.start..range.start, range.end..old.end] {
            posts
                .within(leaving)
                .iter()
                .for_each(|record| self.leave(record, posts));
        }
    }

    fn enter(&mut self, record: &Record, posts: &Posts) {
        if record.author != 0 {
            self.voices.add(record.author);
        }
        self.n_matching += u64::from(self.filter.accepts(record, posts));
    }

    fn leave(&mut self, record: &Record, posts: &Posts) {
        self.voices.remove(record.author);
        self.n_matching -= u64::from(self.filter.accepts(record, posts));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_moving_range_counts_what_counting_afresh_would(
            steps in prop::collection::vec((0i64..60, 0u64..5, 0i64..60, 0i64..60, prop::bool::ANY), 1..40),
        ) {
            let mut posts = Posts::default();
            let mut tally = Tally::default();
            for (key, (at, author, from, length, only_positive)) in steps.into_iter().enumerate() {
                let class = if at % 2 == 0 { Class::Positive } else { Class::Neutral };
                let record = Record { at, key: key as u64, author, class, ..Record::default() };
                let record = posts.push(record, &[], &[], None);
                tally.add(&record, &posts);
                posts.settle();
                let filter = Filter { class: only_positive.then_some(Class::Positive), ..Filter::default() };

                tally.move_to(from..from + length, filter, &posts);

                let mut fresh = Tally::default();
                fresh.move_to(from..from + length, filter, &posts);
                if from < from + length {
                    prop_assert_eq!(tally.voices().n_authors(), fresh.voices().n_authors());
                    prop_assert!((tally.voices().effective() - fresh.voices().effective()).abs() < 1e-9);
                    prop_assert_eq!(tally.n_matching(), fresh.n_matching());
                }
            }
        }
    }
}
