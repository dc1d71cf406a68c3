//! Distinct authors, matching posts and spam of a range that moves: only what enters or leaves is counted.

use std::{ops::Range, slice};

use wire::Millis;

use super::{
    judge::Language,
    labels::Labels,
    posts::{Place, Posts, Record, indices},
    selection::{Own, Selection},
};
use crate::{
    series::bucket::mean_compound,
    spam::N_REASONS,
    view::{Class, Counts},
    voices::Voices,
};

/// What is counted of posts.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Counted {
    /// The posts, what judging found in them, and their authors.
    #[default]
    Posts,
    /// The authors of each topic and ticker.
    Labels,
    /// The authors of each ticker.
    Tickers,
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

    /// Posts that a rule calls spam, counted or not, or else those that count.
    pub(super) fn n_matching(&self, only_spam: bool) -> u64 {
        match only_spam {
            true => natural(self.n_spam),
            false => self.n_in(Place::Counted),
        }
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

/// All that is counted of posts while the range moves.
#[derive(Clone, Debug)]
pub(super) struct Tallies {
    /// Of the posts in the range.
    pub(super) posts: Tally,
    /// Of their topics and tickers.
    pub(super) labels: Tally,
    /// Of the tickers in the leaderboard, where that shows other posts.
    pub(super) leaders: Tally,
}

impl Default for Tallies {
    fn default() -> Self {
        Self {
            posts: Tally::of(Counted::Posts),
            labels: Tally::of(Counted::Labels),
            leaders: Tally::of(Counted::Tickers),
        }
    }
}

impl Tallies {
    /// Takes in that more is known of a post.
    pub(super) fn replace(&mut self, before: &Record, after: &Record, posts: &Posts) {
        let each = |tally: &mut Tally| tally.replace(before, after, posts);
        self.all().into_iter().for_each(each);
    }

    /// Counts a post that has just been pushed.
    pub(super) fn add(&mut self, record: &Record, posts: &Posts) {
        let each = |tally: &mut Tally| tally.add(record, posts);
        self.all().into_iter().for_each(each);
    }

    /// Takes back the author of a post that was withdrawn.
    pub(super) fn forget_author(&mut self, record: &Record, posts: &Posts) {
        let each = |tally: &mut Tally| tally.forget_author(record, posts);
        self.all().into_iter().for_each(each);
    }

    fn all(&mut self) -> [&mut Tally; 3] {
        [&mut self.posts, &mut self.labels, &mut self.leaders]
    }
}

/// Counts over the posts with `at` in a range.
///
/// Invariant: every post that has been pushed to [`Posts`] and lies in the range is counted once.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    counted: Counted,
    range: Range<Millis>,
    selection: Selection,
    /// The selection is empty, as it is most of the time.
    accepts_all: bool,
    /// Posts by author, where that is known.
    voices: Voices,
    /// The same by topic and by ticker.
    of_topics: Vec<Voices>,
    of_tickers: Vec<Voices>,
    found: Found,
}

impl Tally {
    fn of(counted: Counted) -> Self {
        Self {
            counted,
            accepts_all: true,
            ..Self::default()
        }
    }

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

    /// What judging found among the posts in the range.
    pub(super) fn found(&self) -> &Found {
        &self.found
    }

    fn replace(&mut self, before: &Record, after: &Record, posts: &Posts) {
        if self.range.contains(&before.at) {
            self.change(slice::from_ref(before), posts, Change::Leave);
            self.change(slice::from_ref(after), posts, Change::Enter);
        }
    }

    fn add(&mut self, record: &Record, posts: &Posts) {
        if self.range.contains(&record.at) {
            self.change(slice::from_ref(record), posts, Change::Enter);
        }
    }

    fn forget_author(&mut self, record: &Record, posts: &Posts) {
        if self.range.contains(&record.at) {
            self.change_voices(slice::from_ref(record), posts, Change::Leave);
        }
    }

    /// Moves to another range and selection. Settle the posts first.
    #[inline(never)]
    pub(super) fn move_to(&mut self, range: Range<Millis>, selection: &Selection, posts: &Posts) {
        let old = &self.range;
        let is_disjoint = range.start >= old.end || range.end <= old.start;
        // Of each pair at most one is not empty.
        let entering = [range.start..old.start, old.end..range.end];
        let leaving = [old.start..range.start, range.end..old.end];
        let [entering, leaving] = [entering, leaving].map(|both| both.map(|r| posts.within(r)));
        let all = posts.within(range.clone());
        let n_moving: usize = [entering, leaving].iter().flatten().map(|m| m.len()).sum();
        if *selection != self.selection || is_disjoint || n_moving > all.len() {
            *self = Self {
                range,
                accepts_all: selection.is_everything_but(Own::NOTHING),
                selection: selection.clone(),
                ..Self::of(self.counted)
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
        let n_at_once = match self.counted {
            Counted::Posts => BLOCK,
            Counted::Labels | Counted::Tickers => BLOCK_OF_LABELS,
        };
        for records in records.chunks(n_at_once) {
            self.change_voices(records, posts, change);
            if self.counted == Counted::Posts {
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
            }
        }
    }

    fn change_voices(&mut self, records: &[Record], posts: &Posts, change: Change) {
        let labels = posts.labels();
        if self.counted == Counted::Posts {
            let (mut row, mut n) = ([0; BLOCK], 0);
            self.with_author(Own::CLASS, records, posts, |record| {
                row[n] = record.author;
                n += 1;
            });
            return change.all(&mut self.voices, &row[..n]);
        }
        let by_labels = |own| {
            let mut row = Vec::with_capacity(records.len());
            self.with_author(own, records, posts, |it| row.push((it.labels, it.author)));
            ByLabels::of(&row, labels)
        };
        let of_tickers = by_labels(Own::TICKERS);
        if self.counted == Counted::Labels {
            // Without a selection they are the same posts.
            let of_topics = (!self.accepts_all).then(|| by_labels(Own::TOPICS));
            for (label, authors) in of_topics.as_ref().unwrap_or(&of_tickers).runs() {
                for idx in indices(labels.topics(label)) {
                    change.all(voices_of(&mut self.of_topics, idx), authors);
                }
            }
        }
        for (label, authors) in of_tickers.runs() {
            for id in labels.tickers(label) {
                change.all(voices_of(&mut self.of_tickers, *id as usize), authors);
            }
        }
    }

    /// Takes what counts, is accepted and has an author that is known.
    fn with_author(
        &self,
        own: Own,
        records: &[Record],
        posts: &Posts,
        mut take: impl FnMut(&Record),
    ) {
        for record in records {
            if record.is_counted() && record.author != 0 && self.accepts(own, record, posts) {
                take(record);
            }
        }
    }

    fn accepts(&self, own: Own, record: &Record, posts: &Posts) -> bool {
        self.accepts_all || self.selection.accepts_but(own, record, posts)
    }
}

/// Posts that are counted in one go: their records stay in the cache meanwhile.
const BLOCK: usize = 1 << 9;

/// More of them, so that there are many with each of the labels.
const BLOCK_OF_LABELS: usize = 1 << 14;

/// What becomes of a post.
#[derive(Clone, Copy, Debug)]
enum Change {
    Enter,
    Leave,
}

impl Change {
    fn all(self, voices: &mut Voices, authors: &[u32]) {
        match self {
            Self::Enter => voices.add_all(authors),
            Self::Leave => voices.remove_all(authors),
        }
    }
}

/// Authors of posts, by the labels of these: what is counted in the same lists is counted in one go.
#[derive(Debug, Default)]
struct ByLabels {
    authors: Vec<u32>,
    /// Number of labels, and where the authors with them end.
    ends: Vec<(u32, u32)>,
}

impl ByLabels {
    /// Of the number of labels and the author of each post.
    fn of(posts: &[(u32, u32)], labels: &Labels) -> Self {
        if posts.len() < labels.n_numbers() / 4 {
            return Self {
                authors: posts.iter().map(|(_, author)| *author).collect(),
                ends: (1..)
                    .zip(posts)
                    .map(|(end, (label, _))| (*label, end))
                    .collect(),
            };
        }
        let mut ends = vec![0; labels.n_numbers()];
        for (label, _) in posts {
            ends[*label as usize] += 1;
        }
        // From how many they are to where they begin, and, as they are put there, to where they end.
        let mut begin = 0;
        for end in &mut ends {
            begin += std::mem::replace(end, begin);
        }
        let mut authors = vec![0; posts.len()];
        for (label, author) in posts {
            let end = &mut ends[*label as usize];
            authors[*end as usize] = *author;
            *end += 1;
        }
        Self {
            authors,
            ends: (0..).zip(ends).collect(),
        }
    }

    /// Each number of labels with its authors.
    fn runs(&self) -> impl Iterator<Item = (u32, &[u32])> {
        let mut begin = 0;
        self.ends.iter().map(move |(label, end)| {
            let from = std::mem::replace(&mut begin, *end);
            (*label, &self.authors[from as usize..*end as usize])
        })
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
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// Of all posts, of topics and of tickers.
    fn authors(tally: &Tally) -> [u64; 5] {
        let n = |voices: Option<&Voices>| voices.map_or(0, Voices::n_authors);
        [
            tally.voices().n_authors(),
            n(tally.voices_of_topic(0)),
            n(tally.voices_of_topic(1)),
            n(tally.voices_of_ticker(0)),
            n(tally.voices_of_ticker(1)),
        ]
    }

    proptest! {
        #[test]
        fn a_moving_range_counts_what_counting_afresh_would(
            steps in prop::collection::vec((0i64..60, 0u64..5, 0i64..60, 0i64..60, prop::bool::ANY), 1..40),
        ) {
            let mut posts = Posts::default();
            let mut tallies = Tallies::default();
            for (key, (at, author, from, length, only_positive)) in steps.into_iter().enumerate() {
                let class = if at % 2 == 0 { Class::Positive } else { Class::Neutral };
                let labels = posts.label(author % 4, &[(at % 2) as u32]);
                let record = Record { at, key: key as u64, author: author as u32, class, labels, ..Record::default() };
                let record = posts.push(record, &[], None);
                tallies.add(&record, &posts);
                posts.settle();
                let selection = Selection { class: only_positive.then_some(Class::Positive), ..Selection::default() };

                for tally in tallies.all() {
                    let counted = tally.counted;
                    tally.move_to(from..from + length, &selection, &posts);

                    let mut fresh = Tally::of(counted);
                    fresh.move_to(from..from + length, &selection, &posts);
                    if length > 0 {
                        let of_class = |record: &&Record| !only_positive || record.class == Class::Positive;
                        let distinct = |is_in: &dyn Fn(&&Record) -> bool| {
                            let within = posts.within(from..from + length).iter().filter(|record| record.author != 0);
                            within.filter(is_in).map(|record| record.author).collect::<BTreeSet<u32>>().len() as u64
                        };
                        let of_topic = |idx| distinct(&|record| of_class(record) && posts.is_in_topic(record, idx));
                        let of_ticker = |id| distinct(&|record| of_class(record) && posts.tickers(record) == [id]);
                        let [all, labels, tickers] = [Counted::Posts, Counted::Labels, Counted::Tickers].map(|one| u64::from(one == counted));
                        let with_tickers = labels + tickers;
                        prop_assert_eq!(authors(tally), [
                            all * distinct(&|_| true), labels * of_topic(0), labels * of_topic(1),
                            with_tickers * of_ticker(0), with_tickers * of_ticker(1),
                        ]);
                        prop_assert!((tally.voices().effective() - fresh.voices().effective()).abs() < 1e-9);
                        let n_matching = posts.within(from..from + length).iter().filter(of_class).count() as u64;
                        prop_assert_eq!(tally.found().n_matching(false), all * n_matching);
                        prop_assert_eq!(tally.found(), fresh.found());
                    }
                }
            }
        }
    }
}
