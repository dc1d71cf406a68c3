//! The words of all posts by time, and their counts over two ranges that may move.

use std::collections::BTreeMap;

use wire::Millis;
use wire::time::HOUR;

use super::counts::{Change, Counts};
use super::phrases::Pairs;
use super::reading::Reading;
use super::weights::{FoundWords, Question, weigh};

/// One post, as far as its words matter.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct WordPost<'t> {
    /// Grid time.
    pub at: Millis,
    /// Its compound in ten-thousandths.
    pub compound: i16,
    /// What it says.
    pub text: &'t str,
}

/// The words of posts. Takes about 4 bytes a word and 24 a post.
///
/// The first answer counts the posts of its ranges; the next ones count only what entered or left them since.
///
/// ```
/// use analysis::words::{Question, Weighing, WordIndex, WordPost};
///
/// let mut index = WordIndex::default();
/// for minute in 0..100 {
///     let text = if minute < 80 { "the market is calm" } else { "the market will crash" };
///     index.add(WordPost { at: minute * 60_000, compound: 0, text });
/// }
/// let found = index.weigh(&Question {
///     window: (80 * 60_000, 100 * 60_000),
///     background: (0, 80 * 60_000),
///     by: Weighing::LogOdds,
///     n_words: 10,
/// });
/// assert_eq!((found.words[0].text.as_str(), found.words[0].n), ("crash", 20));
/// ```
#[derive(Clone, Debug, Default)]
pub struct WordIndex {
    reading: Reading,
    /// By hour.
    buckets: BTreeMap<Millis, Bucket>,
    n_arrived: u64,
    window: Counts,
    background: Counts,
}

/// Posts of an hour, in the order in which they came.
#[derive(Clone, Debug, Default)]
pub(super) struct Bucket {
    posts: Vec<Stored>,
    words: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Stored {
    at: Millis,
    /// How many posts came before it.
    arrival: u64,
    /// Where its words end.
    end: u32,
    compound: i16,
}

impl WordIndex {
    /// Takes in a post.
    pub fn add(&mut self, post: WordPost<'_>) {
        let hour = post.at.div_euclid(HOUR);
        let bucket = self.buckets.entry(hour).or_default();
        self.reading.read(post.text, &mut bucket.words);
        bucket.posts.push(Stored {
            at: post.at,
            arrival: self.n_arrived,
            end: u32::try_from(bucket.words.len()).unwrap_or(u32::MAX),
            compound: post.compound,
        });
        self.n_arrived += 1;
    }

    /// Posts that are kept.
    #[must_use]
    pub fn n_posts(&self) -> usize {
        self.buckets.values().map(|bucket| bucket.posts.len()).sum()
    }

    /// Forgets the hours that end at or before this time.
    pub fn forget_before(&mut self, at: Millis) {
        let kept = self.buckets.split_off(&at.div_euclid(HOUR));
        if self.buckets.is_empty() {
            self.buckets = kept;
            return;
        }
        self.buckets = kept;
        // What is counted may be gone, so counting begins again.
        self.window = Counts::default();
        self.background = Counts::default();
    }

    /// The words that stand out most, those with the greatest weights first.
    pub fn weigh(&mut self, question: &Question) -> FoundWords {
        let mut window = std::mem::take(&mut self.window);
        let mut background = std::mem::take(&mut self.background);
        self.move_to(&mut window, question.window);
        self.move_to(&mut background, question.background);
        let pairs = |words: &[u32]| {
            let mut pairs = Pairs::new(words, self.reading.vocabulary.n_terms());
            for (words, compound) in self.posts_in(question.window) {
                pairs.count(words, compound);
            }
            pairs.keep_phrases();
            for (words, _) in self.posts_in(question.background) {
                pairs.count_background(words);
            }
            pairs
        };
        let found = weigh(
            question,
            &window,
            &background,
            &self.reading.vocabulary,
            pairs,
        );
        self.window = window;
        self.background = background;
        found
    }

    /// Counts over another range, by what is in one of the two only; or from nothing, where that is less.
    fn move_to(&self, counts: &mut Counts, range: (Millis, Millis)) {
        let range = (range.0, range.1.max(range.0));
        counts.grow(self.reading.vocabulary.n_terms());
        let (old, seen) = (counts.range, counts.n_arrived);
        let overlap = (range.0.max(old.0), range.1.min(old.1));
        if overlap.0 >= overlap.1 || overlap.1 - overlap.0 < (old.1 - old.0) / 2 {
            *counts = Counts::default();
            counts.grow(self.reading.vocabulary.n_terms());
            self.change(counts, range, 0, Change::Comes);
        } else {
            self.leave(counts, (old.0, overlap.0), seen);
            self.leave(counts, (overlap.1, old.1), seen);
            self.change(counts, overlap, seen, Change::Comes);
            self.change(counts, (range.0, overlap.0), 0, Change::Comes);
            self.change(counts, (overlap.1, range.1), 0, Change::Comes);
        }
        counts.range = range;
        counts.n_arrived = self.n_arrived;
    }

    fn change(&self, counts: &mut Counts, range: (Millis, Millis), from: u64, change: Change) {
        self.for_each(range, from, u64::MAX, |words, compound| {
            counts.change(words, compound, change);
        });
    }

    /// Takes out the posts of a range that were counted.
    fn leave(&self, counts: &mut Counts, range: (Millis, Millis), seen: u64) {
        self.for_each(range, 0, seen, |words, compound| {
            counts.change(words, compound, Change::Goes);
        });
    }

    fn posts_in(&self, range: (Millis, Millis)) -> impl Iterator<Item = (&[u32], i16)> {
        self.buckets_in(range)
            .flat_map(move |bucket| {
                bucket
                    .posts_from(0)
                    .filter(move |(post, _)| is_in(post, range))
            })
            .map(|(post, words)| (words, post.compound))
    }

    /// Calls with the posts of a range that came at `from` or later and before `until`, by number of arrival.
    fn for_each(
        &self,
        range: (Millis, Millis),
        from: u64,
        until: u64,
        mut call: impl FnMut(&[u32], i16),
    ) {
        for bucket in self.buckets_in(range) {
            let first = bucket.posts.partition_point(|post| post.arrival < from);
            let posts = bucket
                .posts_from(first)
                .take_while(|(post, _)| post.arrival < until);
            for (post, words) in posts.filter(|(post, _)| is_in(post, range)) {
                call(words, post.compound);
            }
        }
    }

    fn buckets_in(&self, range: (Millis, Millis)) -> impl Iterator<Item = &Bucket> {
        let hours =
            range.0.div_euclid(HOUR)..=range.1.div_euclid(HOUR).max(range.0.div_euclid(HOUR));
        self.buckets.range(hours).map(|(_, bucket)| bucket)
    }
}

impl Bucket {
    fn posts_from(&self, first: usize) -> impl Iterator<Item = (&Stored, &[u32])> {
        let before = first
            .checked_sub(1)
            .and_then(|before| self.posts.get(before));
        let mut start = before.map_or(0, |post| post.end as usize);
        self.posts.iter().skip(first).map(move |post| {
            let end = post.end as usize;
            let words = self.words.get(start..end).unwrap_or_default();
            start = end;
            (post, words)
        })
    }
}

fn is_in(post: &Stored, range: (Millis, Millis)) -> bool {
    range.0 <= post.at && post.at < range.1
}

#[cfg(test)]
mod tests;
