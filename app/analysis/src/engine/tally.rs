//! Distinct authors, matching posts and spam of a range that moves: only what enters or leaves is counted.

use std::{ops::Range, slice};

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
    /// Posts by place and language, in the order in which these are declared.
    posts: [[i64; Language::Foreign as usize + 1]; Place::Loudest as usize + 1],
    pub(super) reasons: [i64; N_REASONS],
    n_spam: i64,
    n_spam_positive: i64,
    n_spam_negative: i64,
    sum_spam: i64,
}

impl Found {
    fn add(&mut self, record: &Record, sign: i64) {
        self.posts[record.place as usize][record.language as usize] += sign;
        if record.reasons != 0 {
            self.add_spam(record, sign);
        }
    }

    fn add_spam(&mut self, record: &Record, sign: i64) {
        let if_so = |is_so: bool| if is_so { sign } else { 0 };
        for (idx, n) in self.reasons.iter_mut().enumerate() {
            *n += if_so(record.reasons >> idx & 1 == 1);
        }
        self.n_spam += sign;
        self.n_spam_positive += if_so(record.class == Class::Positive);
        self.n_spam_negative += if_so(record.class == Class::Negative);
        self.sum_spam += sign * i64::from(record.compound);
    }

    /// Posts, whether they count or not.
    pub(super) fn n_posts(&self) -> u64 {
        natural(self.posts.iter().flatten().sum())
    }

    /// Posts in this place.
    pub(super) fn n_in(&self, place: Place) -> u64 {
        natural(self.posts[place as usize].iter().sum())
    }

    /// Posts in this language, whether they count or not.
    pub(super) fn n_of(&self, language: Language) -> u64 {
        natural(self.posts.iter().map(|by| by[language as usize]).sum())
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

/// Between frames no number of posts is negative.
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
    n_matching: i64,
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
        natural(self.n_matching)
    }

    /// What judging found among the posts in the range.
    pub(super) fn found(&self) -> &Found {
        &self.found
    }

    /// Takes in that more is known of a post.
    pub(super) fn replace(&mut self, before: &Record, after: &Record, posts: &Posts) {
        if self.range.contains(&before.at) {
            self.change(slice::from_ref(before), posts, Change::Leave);
            self.change(slice::from_ref(after), posts, Change::Enter);
        }
    }

    /// Counts a post that has just been pushed.
    pub(super) fn add(&mut self, record: &Record, posts: &Posts) {
        if self.range.contains(&record.at) {
            self.change(slice::from_ref(record), posts, Change::Enter);
        }
    }

    /// Takes back the author of a post that was withdrawn.
    pub(super) fn forget_author(&mut self, record: &Record, posts: &Posts) {
        if self.range.contains(&record.at) {
            self.change_voices(slice::from_ref(record), posts, Change::Leave);
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
            return self.change(all, posts, Change::Enter);
        }
        self.range = range;
        for (parts, change) in [(entering, Change::Enter), (leaving, Change::Leave)] {
            for records in parts {
                self.change(records, posts, change);
            }
        }
    }

    fn change(&mut self, records: &[Record], posts: &Posts, change: Change) {
        for records in records.chunks(BLOCK) {
            self.change_voices(records, posts, change);
            if !self.filter.only_tickers {
                self.change_found(records, posts, change);
            }
        }
    }

    fn change_found(&mut self, records: &[Record], posts: &Posts, change: Change) {
        let sign = match change {
            Change::Enter => 1,
            Change::Leave => -1,
        };
        for record in records {
            if self.accepts(Own::NOTHING, record, posts) {
                self.found.add(record, sign);
                self.n_matching += sign * i64::from(self.filter.is_there(record));
            }
        }
    }

    fn change_voices(&mut self, records: &[Record], posts: &Posts, change: Change) {
        let (filter, accepts_all) = (&self.filter, self.accepts_all);
        let accepts =
            |own, record: &Record| accepts_all || filter.selection.accepts_but(own, record, posts);
        let with_author = || {
            let counted = records.iter().filter(|record| record.is_counted());
            counted.filter(|record| record.author != 0)
        };
        let of_tickers = with_author()
            .filter(|record| record.n_tickers != 0 && accepts(Own::TICKERS, record))
            .flat_map(|record| {
                let ids = posts.tickers(record).iter();
                ids.map(|id| (*id as usize, record.author))
            });
        change.each(&mut self.of_tickers, of_tickers);
        if filter.only_tickers {
            return;
        }
        let of_topics = with_author()
            .filter(|record| record.topics != 0 && accepts(Own::TOPICS, record))
            .flat_map(|record| record.topics().map(|idx| (idx, record.author)));
        change.each(&mut self.of_topics, of_topics);
        let all = with_author().filter(|record| accepts(Own::CLASS, record));
        let (mut row, mut n) = ([0; BLOCK], 0);
        for (place, record) in row.iter_mut().zip(all) {
            *place = record.author;
            n += 1;
        }
        change.all(&mut self.voices, &row[..n]);
    }

    fn accepts(&self, own: Own, record: &Record, posts: &Posts) -> bool {
        self.accepts_all || self.filter.selection.accepts_but(own, record, posts)
    }
}

/// Posts that are counted in one go: their records stay in the cache meanwhile.
const BLOCK: usize = 256;

/// What becomes of a post.
#[derive(Clone, Copy, Debug)]
enum Change {
    Enter,
    Leave,
}

impl Change {
    /// Counts authors, each in the list with their index. What goes to the same one is counted in one go.
    fn each(self, lists: &mut Vec<Voices>, authors: impl Iterator<Item = (usize, u32)>) {
        let mut row = [0; BLOCK];
        let (mut n, mut list) = (0, 0);
        for (idx, author) in authors {
            if n > 0 && (idx != list || n == BLOCK) {
                self.all(voices_of(lists, list), &row[..n]);
                n = 0;
            }
            list = idx;
            row[n] = author;
            n += 1;
        }
        if n > 0 {
            self.all(voices_of(lists, list), &row[..n]);
        }
    }

    fn all(self, voices: &mut Voices, authors: &[u32]) {
        match self {
            Self::Enter => voices.add_all(authors),
            Self::Leave => voices.remove_all(authors),
        }
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
