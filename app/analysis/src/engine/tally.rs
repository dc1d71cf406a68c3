//! Distinct authors, matching posts and spam of a range that moves: only what enters or leaves is counted.

use std::ops::Range;

use wire::Millis;

use super::{
    judge::Language,
    posts::{Place, Posts, Record},
    selection::{Own, Selection},
};
use crate::{
    series::bucket::mean_compound,
    spam::N_REASONS,
    view::{Class, Counts},
    voices::Voices,
};

/// Which posts a person asked for.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Filter {
    pub(super) selection: Selection,
    /// Posts that are spam, counted or not; otherwise all that count.
    pub(super) only_spam: bool,
    /// Nothing is wanted but the authors of each ticker.
    pub(super) only_tickers: bool,
}

impl Filter {
    pub(super) fn accepts(&self, record: &Record, posts: &Posts) -> bool {
        self.is_there(record) && self.selection.accepts_but(Own::NOTHING, record, posts)
    }

    fn is_there(&self, record: &Record) -> bool {
        match self.only_spam {
            true => record.reasons != 0,
            false => record.is_counted(),
        }
    }
}

/// What judging found in a range. Every post counts for +1 when it enters and −1 when it leaves.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Found {
    pub(super) n_posts: i64,
    pub(super) reasons: [i64; N_REASONS],
    pub(super) n_english: i64,
    pub(super) n_foreign: i64,
    pub(super) n_out_spam: i64,
    pub(super) n_out_language: i64,
    pub(super) n_out_author: i64,
    pub(super) n_out_repost: i64,
    pub(super) n_out_source: i64,
    pub(super) n_out_loudest: i64,
    n_spam: i64,
    n_spam_positive: i64,
    n_spam_negative: i64,
    sum_spam: i64,
}

impl Found {
    fn add(&mut self, record: &Record, sign: i64) {
        let if_so = |is_so: bool| if is_so { sign } else { 0 };
        self.n_posts += sign;
        self.n_english += if_so(record.language == Language::English);
        self.n_foreign += if_so(record.language == Language::Foreign);
        self.n_out_spam += if_so(record.place == Place::Spam);
        self.n_out_language += if_so(record.place == Place::Language);
        self.n_out_author += if_so(record.place == Place::Author);
        self.n_out_repost += if_so(record.place == Place::Repost);
        self.n_out_source += if_so(record.place == Place::Source);
        self.n_out_loudest += if_so(record.place == Place::Loudest);
        if record.reasons == 0 {
            return;
        }
        for (idx, n) in self.reasons.iter_mut().enumerate() {
            *n += if_so(record.reasons >> idx & 1 == 1);
        }
        self.n_spam += sign;
        self.n_spam_positive += if_so(record.class == Class::Positive);
        self.n_spam_negative += if_so(record.class == Class::Negative);
        self.sum_spam += sign * i64::from(record.compound);
    }

    /// Posts that a rule calls spam.
    pub(super) fn spam(&self) -> Counts {
        let n_neutral = self.n_spam - self.n_spam_positive - self.n_spam_negative;
        Counts {
            posts: natural(self.n_spam),
            positive: natural(self.n_spam_positive),
            neutral: natural(n_neutral),
            negative: natural(self.n_spam_negative),
            mean_compound: mean_compound(self.sum_spam, natural(self.n_spam)),
        }
    }
}

/// Between frames a number of [`Found`] is never negative.
pub(super) fn natural(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

/// Counts over the posts with `at` in a range.
///
/// Invariant: every post that has been pushed to [`Posts`] and lies in the range is counted once.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    range: Range<Millis>,
    filter: Filter,
    /// The filter's selection is empty, as it is most of the time.
    accepts_all: bool,
    /// Posts by author, where that is known.
    voices: Voices,
    /// The same by topic and by ticker.
    of_topics: Vec<Voices>,
    of_tickers: Vec<Voices>,
    n_matching: u64,
    found: Found,
}

impl Tally {
    /// Authors of the posts in the range.
    pub(super) fn voices(&self) -> &Voices {
        &self.voices
    }

    /// Authors of the posts of a topic.
    pub(super) fn voices_of_topic(&self, idx: usize) -> Option<&Voices> {
        self.of_topics.get(idx)
    }

    /// Authors of the posts that mention a ticker.
    pub(super) fn voices_of_ticker(&self, id: u32) -> Option<&Voices> {
        self.of_tickers.get(id as usize)
    }

    /// Posts that the filter accepts.
    pub(super) fn n_matching(&self) -> u64 {
        self.n_matching
    }

    /// What judging found among the posts in the range.
    pub(super) fn found(&self) -> &Found {
        &self.found
    }

    /// Takes in that more is known of a post.
    pub(super) fn replace(&mut self, before: &Record, after: &Record, posts: &Posts) {
        if self.range.contains(&before.at) {
            self.leave(before, posts);
            self.enter(after, posts);
        }
    }

    /// Counts a post that has just been pushed.
    pub(super) fn add(&mut self, record: &Record, posts: &Posts) {
        if self.range.contains(&record.at) {
            self.enter(record, posts);
        }
    }

    /// Takes back the author of a post that was withdrawn.
    pub(super) fn forget_author(&mut self, record: &Record, posts: &Posts) {
        if self.range.contains(&record.at) && record.is_counted() {
            self.change_voices(record, posts, Voices::remove);
        }
    }

    fn change_voices(&mut self, record: &Record, posts: &Posts, change: impl Fn(&mut Voices, u64)) {
        let author = u64::from(record.author);
        if author == 0 {
            return;
        }
        let accepts = |own| {
            (!self.filter.only_tickers || own == Own::TICKERS) && self.accepts(own, record, posts)
        };
        let [figures, tickers, topics] = [Own::CLASS, Own::TICKERS, Own::TOPICS].map(accepts);
        if figures {
            change(&mut self.voices, author);
        }
        for id in posts.tickers(record).iter().filter(|_| tickers) {
            change(voices_of(&mut self.of_tickers, *id as usize), author);
        }
        for idx in record.topics().filter(|_| topics) {
            change(voices_of(&mut self.of_topics, idx), author);
        }
    }

    /// Moves to another range and filter. Settle the posts first.
    #[inline(never)]
    pub(super) fn move_to(&mut self, range: Range<Millis>, filter: Filter, posts: &Posts) {
        let old = &self.range;
        let is_disjoint = range.start >= old.end || range.end <= old.start;
        // Of each pair at most one is not empty.
        let entering = [range.start..old.start, old.end..range.end];
        let leaving = [old.start..range.start, range.end..old.end];
        let [entering, leaving] = [entering, leaving].map(|both| both.map(|r| posts.within(r)));
        let all = posts.within(range.clone());
        let n_moving: usize = [entering, leaving].iter().flatten().map(|m| m.len()).sum();
        if filter != self.filter || is_disjoint || n_moving > all.len() {
            *self = Self {
                range,
                accepts_all: filter.selection.is_everything_but(Own::NOTHING),
                filter,
                ..Self::default()
            };
            return all.iter().for_each(|record| self.enter(record, posts));
        }
        self.range = range;
        for record in entering.into_iter().flatten() {
            self.enter(record, posts);
        }
        for record in leaving.into_iter().flatten() {
            self.leave(record, posts);
        }
    }

    fn enter(&mut self, record: &Record, posts: &Posts) {
        if record.is_counted() {
            self.change_voices(record, posts, Voices::add);
        }
        if !self.filter.only_tickers && self.accepts(Own::NOTHING, record, posts) {
            self.found.add(record, 1);
            self.n_matching += u64::from(self.filter.is_there(record));
        }
    }

    fn leave(&mut self, record: &Record, posts: &Posts) {
        if record.is_counted() {
            self.change_voices(record, posts, Voices::remove);
        }
        if !self.filter.only_tickers && self.accepts(Own::NOTHING, record, posts) {
            self.found.add(record, -1);
            self.n_matching -= u64::from(self.filter.is_there(record));
        }
    }

    fn accepts(&self, own: Own, record: &Record, posts: &Posts) -> bool {
        self.accepts_all || self.filter.selection.accepts_but(own, record, posts)
    }
}

fn voices_of(all: &mut Vec<Voices>, idx: usize) -> &mut Voices {
    if all.len() <= idx {
        all.resize_with(idx + 1, Voices::default);
    }
    &mut all[idx]
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
                let record = Record { at, key: key as u64, author: author as u32, class, topics: author % 4, ..Record::default() };
                let record = posts.push(record, &[(at % 2) as u32], &[], None);
                tally.add(&record, &posts);
                posts.settle();
                let selection = Selection { class: only_positive.then_some(Class::Positive), ..Selection::default() };
                let filter = Filter { selection, ..Filter::default() };

                tally.move_to(from..from + length, filter.clone(), &posts);

                let mut fresh = Tally::default();
                fresh.move_to(from..from + length, filter, &posts);
                if from < from + length {
                    prop_assert_eq!(tally.voices().n_authors(), fresh.voices().n_authors());
                    prop_assert!((tally.voices().effective() - fresh.voices().effective()).abs() < 1e-9);
                    prop_assert_eq!(tally.n_matching(), fresh.n_matching());
                    prop_assert_eq!(tally.found(), fresh.found());
                    let authors = |tally: &Tally| {
                        let n = |voices: Option<&Voices>| voices.map_or(0, Voices::n_authors);
                        [n(tally.voices_of_topic(0)), n(tally.voices_of_topic(1)), n(tally.voices_of_ticker(0)), n(tally.voices_of_ticker(1))]
                    };
                    prop_assert_eq!(authors(&tally), authors(&fresh));
                }
            }
        }
    }
}
