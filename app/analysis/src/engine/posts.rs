//! Posts as compact columns in time order, with the texts of the newest.

use std::{ops::Range, rc::Rc};

use rustc_hash::FxHashMap;
use wire::{Identity, Millis, Post};

use super::{
    judge::{Judgement, Language},
    labels::Labels,
};
use crate::{
    series::bucket::{Bucket, Sample},
    spam::Finding,
    view::Class,
};

/// Of how many of the newest posts the text is kept. About 30 MB; older posts are counted everywhere
/// but no longer listed.
pub const N_TEXTS: usize = 100_000;

/// Texts are thrown away once this many too many are held, so that it happens rarely.
const N_TEXTS_SLACK: usize = 14_000;

/// What is kept of every post.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Record {
    /// Grid time.
    pub(super) at: Millis,
    /// Identity of the post.
    pub(super) key: u64,
    /// Number of the author; 0 when unknown or withdrawn.
    pub(super) author: u32,
    /// Number of its topics and tickers together.
    pub(super) labels: u32,
    /// Where its hashtags begin in the list of them.
    pub(super) hashtags_start: u32,
    pub(super) n_hashtags: u8,
    /// Index of the source's name.
    pub(super) source: u16,
    /// Compound in ten-thousandths.
    pub(super) compound: i16,
    pub(super) class: Class,
    pub(super) is_late: bool,
    pub(super) is_deleted: bool,
    /// Why it is spam, a bit for each reason; none before it is judged.
    pub(super) reasons: u8,
    pub(super) language: Language,
    pub(super) place: Place,
}

/// Whether a post counts.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Place {
    /// It does.
    #[default]
    Counted,
    /// It has to be judged first.
    Waiting,
    /// It is left out as spam.
    Spam,
    /// It is left out for its language.
    Language,
    /// It is left out since its author had posted enough.
    Author,
    /// It is left out as a repost.
    Repost,
    /// It is left out for its source.
    Source,
    /// It is left out since its author is among those with most posts.
    Loudest,
}

impl Record {
    /// What the grids count of it.
    pub(super) fn sample(&self) -> Sample {
        Sample {
            at: self.at,
            compound: self.compound,
            class: self.class,
            late: self.is_late,
        }
    }

    pub(super) fn is_counted(&self) -> bool {
        self.place == Place::Counted
    }

    fn position(&self) -> (Millis, u64) {
        (self.at, self.key)
    }
}

/// What a person can read of a post.
#[derive(Clone, Debug)]
pub(super) struct Text {
    at: Millis,
    /// Shared with the queue of posts to judge.
    pub(super) text: Rc<str>,
    pub(super) url: Option<Box<str>>,
    /// Identity of the post that it answers.
    pub(super) parent: Option<u64>,
    /// Why it is spam.
    pub(super) findings: Box<[Finding]>,
}

/// What can be read of a post that comes in.
#[derive(Debug)]
pub(super) struct Readable<'a> {
    text: Rc<str>,
    url: Option<&'a str>,
    parent: Option<u64>,
}

impl<'a> Readable<'a> {
    pub(super) fn of(post: &'a Post, text: Rc<str>) -> Self {
        let parent = post.reply_to.as_ref();
        Self {
            text,
            url: post.url.as_deref().filter(|url| is_web_link(url)),
            parent: parent.map(|id| Identity::of_post(&post.source, id).0),
        }
    }
}

/// All posts, and the texts of the newest [`N_TEXTS`].
#[derive(Clone, Debug, Default)]
pub(super) struct Posts {
    /// In time order up to `n_sorted`, in order of arrival behind it.
    records: Vec<Record>,
    n_sorted: usize,
    labels: Labels,
    /// Ids of hashtags, post by post.
    hashtags: Vec<u32>,
    /// Boxed, since half of the table's places are empty.
    texts: FxHashMap<u64, Box<Text>>,
    /// Position of the oldest post whose text is still kept, once texts have been thrown away.
    texts_from: Option<(Millis, u64)>,
    /// What was found of posts whose texts are still to come.
    findings: FxHashMap<u64, Box<[Finding]>>,
}

impl Posts {
    /// Adds a post. `text` is what can be read of it; `None` when it was withdrawn.
    #[inline(never)]
    pub(super) fn push(
        &mut self,
        record: Record,
        hashtags: &[u32],
        text: Option<Readable<'_>>,
    ) -> Record {
        let hashtags = first_255(hashtags);
        let record = Record {
            hashtags_start: u32::try_from(self.hashtags.len()).unwrap_or(u32::MAX),
            n_hashtags: hashtags.len() as u8,
            ..record
        };
        self.hashtags.extend_from_slice(hashtags);
        let is_next = self
            .records
            .last()
            .is_none_or(|last| last.position() <= record.position());
        if is_next && self.n_sorted == self.records.len() {
            self.n_sorted += 1;
        }
        self.records.push(record);
        if let Some(text) = text {
            self.recall(record.at, record.key, text);
        }
        record
    }

    /// Keeps what can be read of a post, unless it is too old for that.
    pub(super) fn recall(&mut self, at: Millis, key: u64, readable: Readable<'_>) {
        if self.texts_from.is_some_and(|from| (at, key) < from) {
            return;
        }
        let text = Text {
            at,
            text: readable.text,
            url: readable.url.map(Into::into),
            parent: readable.parent,
            findings: self.findings.remove(&key).unwrap_or_default(),
        };
        self.texts.insert(key, Box::new(text));
        if self.texts.len() > N_TEXTS + N_TEXTS_SLACK {
            self.drop_old_texts();
        }
    }

    /// Keeps what was found of a post until its text comes.
    pub(super) fn keep_findings(&mut self, key: u64, findings: &[Finding]) {
        if !findings.is_empty() {
            self.findings.insert(key, findings.into());
        }
    }

    /// No further texts will come.
    pub(super) fn forget_findings(&mut self) {
        self.findings = FxHashMap::default();
    }

    pub(super) fn reserve(&mut self, n: usize) {
        self.records.reserve_exact(n);
    }

    /// What was found of a post, if that is still known.
    pub(super) fn findings(&self, key: u64) -> &[Finding] {
        let text = self.texts.get(&key).map(|text| &text.findings);
        text.or_else(|| self.findings.get(&key))
            .map_or(&[], |found| found)
    }

    /// Brings the posts that arrived since the last time into their place. Call before reading ranges.
    #[inline(never)]
    pub(super) fn settle(&mut self) {
        let (sorted, tail) = self.records.split_at(self.n_sorted);
        let Some(least) = tail.iter().map(Record::position).min() else {
            return;
        };
        let from = sorted.partition_point(|record| record.position() < least);
        if let Some(unsorted) = self.records.get_mut(from..) {
            // The stable sort finds the sorted stretches and merges them.
            unsorted.sort_by_key(Record::position);
        }
        self.n_sorted = self.records.len();
    }

    /// Decides anew of every post whether it counts; returns whether any does that did not, or the other way round.
    pub(super) fn place_again(&mut self, place: impl Fn(&Record) -> Place) -> bool {
        let mut is_changed = false;
        for record in &mut self.records {
            let place = place(record);
            is_changed |= place != record.place;
            record.place = place;
        }
        is_changed
    }

    /// Takes text and author of a post away; returns what it was, unless it is not there or was
    /// withdrawn before.
    pub(super) fn withdraw(&mut self, at: Millis, key: u64) -> Option<Record> {
        self.texts.remove(&key);
        let record = self.find_mut(at, key).filter(|record| !record.is_deleted)?;
        let before = *record;
        record.is_deleted = true;
        record.author = 0;
        Some(before)
    }

    /// Notes what a post was judged to be, and whether it counts; returns what was known before and what is now.
    pub(super) fn judge(&mut self, judgement: Judgement, place: Place) -> Option<(Record, Record)> {
        // It still lies where it came to lie, unless others were sorted in before it.
        let key = judgement.key;
        let is_there = |record: &&mut Record| record.key == key;
        let record = match self.records.get_mut(judgement.idx).filter(is_there) {
            Some(record) => record,
            None => self.find_mut(judgement.facts.at, key)?,
        };
        let before = *record;
        for finding in &judgement.findings {
            record.reasons |= 1 << finding.reason as u8;
        }
        record.language = judgement.facts.language;
        record.place = place;
        let after = *record;
        if !judgement.findings.is_empty()
            && let Some(text) = self.texts.get_mut(&judgement.key)
        {
            text.findings = judgement.findings.into();
        }
        Some((before, after))
    }

    /// A post whose text is kept, with it. Settle first.
    pub(super) fn readable(&self, key: u64) -> Option<(&Record, &Text)> {
        let text = self.texts.get(&key)?;
        let position = (text.at, key);
        let idx = self
            .records
            .binary_search_by_key(&position, Record::position);
        Some((self.records.get(idx.ok()?)?, text))
    }

    pub(super) fn find_mut(&mut self, at: Millis, key: u64) -> Option<&mut Record> {
        let (sorted, tail) = self.records.split_at_mut(self.n_sorted);
        match sorted.binary_search_by_key(&(at, key), |record| record.position()) {
            Ok(idx) => sorted.get_mut(idx),
            Err(_) => tail.iter_mut().find(|record| record.key == key),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// All posts; in time order once settled.
    pub(super) fn all(&self) -> &[Record] {
        &self.records
    }

    /// Posts with `at` in the range. Settle first.
    pub(super) fn within(&self, range: Range<Millis>) -> &[Record] {
        let from = self
            .records
            .partition_point(|record| record.at < range.start);
        let to = self.records.partition_point(|record| record.at < range.end);
        self.records.get(from..to).unwrap_or_default()
    }

    /// The posts of [`Self::within`] that are among the newest [`N_TEXTS`].
    pub(super) fn readable_within(&self, range: Range<Millis>) -> &[Record] {
        let from = self
            .records
            .partition_point(|record| record.at < range.start);
        let to = self.records.partition_point(|record| record.at < range.end);
        self.records
            .get(from.max(self.records.len().saturating_sub(N_TEXTS))..to)
            .unwrap_or_default()
    }

    /// Sum over a range, post by post, of those that count and are `wanted`.
    pub(super) fn count(&self, range: Range<Millis>, wanted: impl Fn(&Record) -> bool) -> Bucket {
        let mut bucket = Bucket::default();
        self.within(range)
            .iter()
            .filter(|record| record.is_counted() && wanted(record))
            .for_each(|record| bucket.add(record.sample()));
        bucket
    }

    /// The number of these topics, as [`topic_set`] has them, and tickers for [`Record::labels`].
    pub(super) fn label(&mut self, topics: u64, tickers: &[u32]) -> u32 {
        self.labels.number(topics, first_255(tickers))
    }

    /// Topics and tickers by their number.
    pub(super) fn labels(&self) -> &Labels {
        &self.labels
    }

    /// The topics it belongs to, as [`topic_set`] has them.
    pub(super) fn topic_set(&self, record: &Record) -> u64 {
        self.labels.topics(record.labels)
    }

    /// Indices of its topics, ascending.
    pub(super) fn topics(&self, record: &Record) -> impl Iterator<Item = usize> + use<> {
        indices(self.topic_set(record))
    }

    pub(super) fn is_in_topic(&self, record: &Record, idx: usize) -> bool {
        self.topics(record).any(|topic| topic == idx)
    }

    pub(super) fn tickers(&self, record: &Record) -> &[u32] {
        self.labels.tickers(record.labels)
    }

    pub(super) fn hashtags(&self, record: &Record) -> &[u32] {
        let start = record.hashtags_start as usize;
        self.hashtags
            .get(start..start + usize::from(record.n_hashtags))
            .unwrap_or_default()
    }

    pub(super) fn text(&self, key: u64) -> Option<&Text> {
        self.texts.get(&key).map(Box::as_ref)
    }

    fn drop_old_texts(&mut self) {
        self.settle();
        let Some(oldest) = self
            .records
            .len()
            .checked_sub(N_TEXTS)
            .and_then(|idx| self.records.get(idx))
        else {
            return;
        };
        let from = oldest.position();
        self.texts.retain(|key, text| (text.at, *key) >= from);
        self.texts_from = Some(from);
    }
}

fn is_web_link(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

/// Topics by their index, a bit each; those from [`MAX_TOPICS`](wire::config::MAX_TOPICS) on are left out.
pub(super) fn topic_set(topics: &[usize]) -> u64 {
    topics.iter().fold(0, |set, idx| {
        set | u32::try_from(*idx).map_or(0, |idx| 1_u64.checked_shl(idx).unwrap_or(0))
    })
}

/// What [`topic_set`] made a set of, ascending.
pub(super) fn indices(mut topics: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let idx = topics.trailing_zeros();
        topics &= topics.wrapping_sub(1);
        (idx < u64::BITS).then_some(idx as usize)
    })
}

/// No post of any platform has room for more; whatever is behind is not counted.
fn first_255(ids: &[u32]) -> &[u32] {
    ids.get(..usize::from(u8::MAX)).unwrap_or(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(posts: &mut Posts, at: Millis, key: u64) {
        let record = Record {
            at,
            key,
            author: key as u32,
            labels: posts.label(0, &[1]),
            ..Record::default()
        };
        posts.push(
            record,
            &[2, 3],
            Some(Readable {
                text: "text".into(),
                url: None,
                parent: None,
            }),
        );
    }

    #[test]
    fn posts_are_in_time_order_whatever_the_order_they_came_in() {
        let mut posts = Posts::default();
        for (at, key) in [(5, 1), (9, 2), (1, 3), (5, 0), (7, 4)] {
            push(&mut posts, at, key);
        }

        posts.settle();

        let keys: Vec<u64> = posts.within(2..9).iter().map(|record| record.key).collect();
        assert_eq!(keys, [0, 1, 4]);
    }

    #[test]
    fn a_withdrawn_post_loses_text_and_author_and_keeps_its_place() {
        let mut posts = Posts::default();
        for at in [3, 2, 1] {
            push(&mut posts, at, at as u64);
        }

        let before = posts.withdraw(2, 2).map(|record| record.author);

        posts.settle();
        assert_eq!((before, posts.withdraw(2, 2).is_none()), (Some(2), true));
        assert_eq!(
            (
                posts.len(),
                posts.within(2..3)[0].author,
                posts.text(2).is_none()
            ),
            (3, 0, true)
        );
        assert_eq!(
            (
                posts.tickers(&posts.all()[1]),
                posts.hashtags(&posts.all()[1])
            ),
            (&[1][..], &[2, 3][..])
        );
    }

    #[test]
    fn texts_are_kept_of_the_newest_posts_only() {
        let mut posts = Posts::default();
        let n = (N_TEXTS + 2 * N_TEXTS_SLACK) as u64;
        for key in 0..n {
            push(&mut posts, (key * 7919 % n) as Millis, key);
        }

        posts.settle();

        assert!(posts.texts.len() <= N_TEXTS + N_TEXTS_SLACK);
        let readable = posts.readable_within(Millis::MIN..Millis::MAX);
        assert_eq!(readable.len(), N_TEXTS);
        assert!(
            readable
                .iter()
                .all(|record| posts.text(record.key).is_some())
        );
    }
}
