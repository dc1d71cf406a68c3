//! Which hashtags are used most in a sliding window of event time, exactly and step by step.
//!
//! Time is that of the posts: the window is `(until − window, until]` for whatever `until` is asked.
//! Moving on costs constant time per observation that enters or leaves, reading the top `k` costs
//! `O(k)` plus the size of the groups of equal counts it cuts into. A post that comes late is put in
//! its place, and a window may be moved back.
//!
//! "Used most" is a count, not a test of whether the use is unusual.

mod names;
mod ranks;

use std::collections::VecDeque;

use rustc_hash::FxHashMap;
use wire::Millis;
use wire::time::HOUR;

use crate::protocol::CountBy;
use names::{IsNew, Names};
use ranks::Ranks;

/// How far behind the newest observation older ones are kept, at least: twice the longest window.
pub const KEEP: Millis = 48 * HOUR;
/// A compound of at least this, in ten-thousandths, is positive; of at most minus this negative.
const POSITIVE: i16 = 500;

/// Counts hashtags over a sliding window of event time.
///
/// ```
/// use analysis::{protocol::CountBy, trending::Trending};
///
/// let mut trending = Trending::new(60_000, CountBy::Posts);
/// trending.observe(1_000, 1, ["BTC", "btc"], 6_249);
/// trending.observe(2_000, 2, ["Btc", "eth"], 0);
/// trending.observe(3_000, 1, ["BTC"], -500);
///
/// let top = trending.top(3_000, 10);
/// assert_eq!((top[0].tag.as_str(), top[0].count), ("BTC", 3));
/// assert_eq!(trending.top(61_000, 10)[0].count, 2);
/// assert!(trending.top(63_000, 10).is_empty());
/// ```
#[derive(Clone, Debug)]
pub struct Trending {
    window: Millis,
    by: CountBy,
    keep: Millis,
    newest: Millis,
    n_observed: u64,
    /// All observations that are kept, by time, then arrival. `windows` points into it.
    log: VecDeque<Observation>,
    /// Times of all posts that are kept, with hashtags or without.
    posts: VecDeque<Millis>,
    /// What came out of order since the last read, and waits to be sorted in.
    late: Vec<Observation>,
    late_posts: Vec<Millis>,
    windows: Windows,
    counted: Counted,
    tags_of_post: Vec<u32>,
}

/// One hashtag and how it did in the window.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TrendingRow {
    /// The most frequent spelling in the window, of equally frequent ones the first.
    pub tag: String,
    /// Posts with it, or distinct authors of such posts.
    pub count: u64,
    /// The same in the window of equal length right before.
    pub previous: u64,
    /// Positive posts with it in the window.
    pub positive: u64,
    /// Neutral posts.
    pub neutral: u64,
    /// Negative posts.
    pub negative: u64,
    /// Sum of the compounds of these posts, in ten-thousandths.
    pub compound_sum: i64,
}

/// One hashtag of one post.
#[derive(Clone, Copy, Debug)]
struct Observation {
    at: Millis,
    arrival: u64,
    author: u64,
    spelling: u32,
    compound: i16,
}

/// Borders in the log: `previous..current` is the window before, `current..end` the window.
#[derive(Clone, Copy, Debug, Default)]
struct Windows {
    previous: usize,
    current: usize,
    end: usize,
}

impl Trending {
    /// Counts over windows of this length (at least 1 ms).
    pub fn new(window: Millis, by: CountBy) -> Self {
        let mut trending = Self {
            window: 1,
            by,
            keep: KEEP,
            newest: Millis::MIN,
            n_observed: 0,
            log: VecDeque::new(),
            posts: VecDeque::new(),
            late: Vec::new(),
            late_posts: Vec::new(),
            windows: Windows::default(),
            counted: Counted::default(),
            tags_of_post: Vec::new(),
        };
        trending.set_window(window);
        trending
    }

    /// Keeps observations for `keep` behind the newest one, and never less than two windows.
    ///
    /// Older ones are forgotten, and refused when they come.
    pub fn keep_for(mut self, keep: Millis) -> Self {
        self.keep = keep.max(self.window.saturating_mul(2));
        self
    }

    /// Changes the window's length. What was forgotten before stays forgotten.
    pub fn set_window(&mut self, window: Millis) {
        self.window = window.max(1);
        self.keep = self.keep.max(self.window.saturating_mul(2));
    }

    /// Changes what is counted; the next read counts anew.
    pub fn set_by(&mut self, by: CountBy) {
        if self.by != by {
            self.rewind(0);
            self.by = by;
        }
    }

    /// Takes in one post with its hashtags (without `#`; also none) and its compound in ten-thousandths.
    ///
    /// A hashtag counts once per post, however often and in whatever case it is repeated.
    pub fn observe<'t>(
        &mut self,
        at: Millis,
        author: u64,
        hashtags: impl IntoIterator<Item = &'t str>,
        compound: i16,
    ) {
        if at <= self.oldest() {
            return;
        }
        self.newest = self.newest.max(at);
        if self.posts.back().is_none_or(|last| *last <= at) {
            self.posts.push_back(at);
        } else {
            self.late_posts.push(at);
        }
        self.tags_of_post.clear();
        for text in hashtags {
            self.observe_one(at, author, text, compound);
        }
        self.forget_old();
    }

    /// The `k` hashtags with the highest counts in `(until − window, until]`, highest first; of equal
    /// ones that which was seen first in the window (then: which came first).
    pub fn top(&mut self, until: Millis, k: usize) -> Vec<TrendingRow> {
        self.seek(until);
        let tags = self
            .counted
            .ranks
            .top(k, |tag| self.counted.first_seen(tag));
        tags.into_iter().map(|tag| self.counted.row(tag)).collect()
    }

    /// Distinct hashtags in the window.
    pub fn n_distinct(&mut self, until: Millis) -> u64 {
        self.seek(until);
        self.counted.ranks.n_counted().into()
    }

    /// Posts in the window, with hashtags or without.
    pub fn n_posts(&mut self, until: Millis) -> u64 {
        self.settle();
        let n_until = |time: Millis| self.posts.partition_point(|at| *at <= time);
        (n_until(until) - n_until(until.saturating_sub(self.window))) as u64
    }

    fn observe_one(&mut self, at: Millis, author: u64, text: &str, compound: i16) {
        let (spelling, is_new) = self.counted.names.number(text);
        let tag = self.counted.names.spelling(spelling).tag;
        if is_new == IsNew::Yes {
            self.counted.add(tag);
        }
        if self.tags_of_post.contains(&tag) {
            // Another observation of this post has the tag, so only the spelling can be unused.
            self.counted.names.drop_unused(spelling);
            return;
        }
        self.tags_of_post.push(tag);
        self.counted.names.keep(spelling);
        let arrival = self.n_observed;
        self.n_observed += 1;
        let one = Observation {
            at,
            arrival,
            author,
            spelling,
            compound,
        };
        if self.log.back().is_none_or(|last| last.at <= at) {
            self.log.push_back(one);
        } else {
            self.late.push(one);
        }
    }

    /// Up to here, inclusive, everything is forgotten.
    fn oldest(&self) -> Millis {
        self.newest.saturating_sub(self.keep)
    }

    fn forget_old(&mut self) {
        let oldest = self.oldest();
        while self.posts.front().is_some_and(|at| *at <= oldest) {
            self.posts.pop_front();
        }
        while let Some(first) = self.log.front().filter(|first| first.at <= oldest).copied() {
            // The windows may have been moved back so far that it is in them.
            if self.windows.previous > 0 {
                self.windows.previous -= 1;
            } else if self.windows.current > 0 {
                self.counted.leave_previous(&first, self.by);
            } else if self.windows.end > 0 {
                self.counted.leave(&first, End::Front, self.by);
            }
            self.windows.current = self.windows.current.saturating_sub(1);
            self.windows.end = self.windows.end.saturating_sub(1);
            self.log.pop_front();
            self.counted.forget(&first);
        }
    }

    /// Sorts in what came out of order.
    fn settle(&mut self) {
        if !self.late_posts.is_empty() {
            self.late_posts.sort_unstable();
            merge(&mut self.posts, &mut self.late_posts, |at| *at);
        }
        if !self.late.is_empty() {
            self.late.sort_by_key(|one| one.at);
            let earliest = self.late.first().map_or(self.newest, |one| one.at);
            self.rewind(self.log.partition_point(|one| one.at <= earliest));
            merge(&mut self.log, &mut self.late, |one| one.at);
        }
        self.forget_old();
    }

    /// Moves both windows so that the current one ends at `until`.
    fn seek(&mut self, until: Millis) {
        self.settle();
        let start = until.saturating_sub(self.window);
        let before = start.saturating_sub(self.window);
        let n_until = |time: Millis| move |one: &Observation| one.at <= time;
        // Back first, earliest border first; then forth, latest border first: so borders never cross.
        while self.windows.previous > 0 && !n_until(before)(&self.log[self.windows.previous - 1]) {
            self.previous_back();
        }
        while self.windows.current > 0 && !n_until(start)(&self.log[self.windows.current - 1]) {
            self.current_back();
        }
        while self.windows.end > 0 && !n_until(until)(&self.log[self.windows.end - 1]) {
            self.end_back();
        }
        while self.log.get(self.windows.end).is_some_and(n_until(until)) {
            self.counted
                .enter(&self.log[self.windows.end], End::Back, self.by);
            self.windows.end += 1;
        }
        while self.windows.current < self.windows.end
            && n_until(start)(&self.log[self.windows.current])
        {
            let one = self.log[self.windows.current];
            self.counted.leave(&one, End::Front, self.by);
            self.counted.enter_previous(&one, self.by);
            self.windows.current += 1;
        }
        while self.windows.previous < self.windows.current
            && n_until(before)(&self.log[self.windows.previous])
        {
            self.counted
                .leave_previous(&self.log[self.windows.previous], self.by);
            self.windows.previous += 1;
        }
    }

    /// Moves all borders back to `idx` at most.
    fn rewind(&mut self, idx: usize) {
        while self.windows.previous > idx {
            self.previous_back();
        }
        while self.windows.current > idx {
            self.current_back();
        }
        while self.windows.end > idx {
            self.end_back();
        }
    }

    fn previous_back(&mut self) {
        self.windows.previous -= 1;
        self.counted
            .enter_previous(&self.log[self.windows.previous], self.by);
    }

    fn current_back(&mut self) {
        self.windows.current -= 1;
        let one = self.log[self.windows.current];
        self.counted.leave_previous(&one, self.by);
        self.counted.enter(&one, End::Front, self.by);
    }

    fn end_back(&mut self) {
        self.windows.end -= 1;
        self.counted
            .leave(&self.log[self.windows.end], End::Back, self.by);
    }
}

/// Merges `late` into `log`, both sorted, after what has the same time; touches no more than it must.
fn merge<T>(log: &mut VecDeque<T>, late: &mut Vec<T>, at: impl Fn(&T) -> Millis) {
    let Some(earliest) = late.first().map(&at) else {
        return;
    };
    let mut tail = log.split_off(log.partition_point(|one| at(one) <= earliest));
    for one in late.drain(..) {
        while tail.front().is_some_and(|other| at(other) <= at(&one)) {
            log.extend(tail.pop_front());
        }
        log.push_back(one);
    }
    log.append(&mut tail);
}

/// What is in the two windows, by tag.
#[derive(Clone, Debug, Default)]
struct Counted {
    names: Names,
    ranks: Ranks,
    tags: Vec<TagCounts>,
    /// By tag and author: posts in the window and in the one before. Only when authors are counted.
    authors: FxHashMap<(u32, u64), [u32; 2]>,
}

#[derive(Clone, Debug, Default)]
struct TagCounts {
    previous: u32,
    positive: u32,
    neutral: u32,
    negative: u32,
    compound_sum: i64,
    /// Its observations in the window: time, arrival, spelling.
    seen: VecDeque<(Millis, u64, u32)>,
}

/// At which end of the window something enters or leaves.
#[derive(Clone, Copy, Debug)]
enum End {
    Front,
    Back,
}

const CURRENT: usize = 0;
const PREVIOUS: usize = 1;

impl Counted {
    fn add(&mut self, tag: u32) {
        let slots = self.tags.len().max(tag as usize + 1);
        self.tags.resize_with(slots, TagCounts::default);
        self.ranks.add(tag);
    }

    fn forget(&mut self, one: &Observation) {
        if let Some(tag) = self.names.forget(one.spelling) {
            self.ranks.remove(tag);
            self.tags[tag as usize] = TagCounts::default();
        }
    }

    fn enter(&mut self, one: &Observation, end: End, by: CountBy) {
        let spelling = self.names.spelling_mut(one.spelling);
        spelling.n_in_window += 1;
        let tag = spelling.tag;
        let counts = &mut self.tags[tag as usize];
        *counts.of_class(one.compound) += 1;
        counts.compound_sum += i64::from(one.compound);
        let seen = (one.at, one.arrival, one.spelling);
        match end {
            End::Front => counts.seen.push_front(seen),
            End::Back => counts.seen.push_back(seen),
        }
        if by == CountBy::Posts || self.author_enters(tag, one.author, CURRENT) {
            self.ranks.raise(tag);
        }
    }

    fn leave(&mut self, one: &Observation, end: End, by: CountBy) {
        let spelling = self.names.spelling_mut(one.spelling);
        spelling.n_in_window -= 1;
        let tag = spelling.tag;
        let counts = &mut self.tags[tag as usize];
        *counts.of_class(one.compound) -= 1;
        counts.compound_sum -= i64::from(one.compound);
        match end {
            End::Front => counts.seen.pop_front(),
            End::Back => counts.seen.pop_back(),
        };
        if by == CountBy::Posts || self.author_leaves(tag, one.author, CURRENT) {
            self.ranks.lower(tag);
        }
    }

    fn enter_previous(&mut self, one: &Observation, by: CountBy) {
        let tag = self.names.spelling(one.spelling).tag;
        if by == CountBy::Posts || self.author_enters(tag, one.author, PREVIOUS) {
            self.tags[tag as usize].previous += 1;
        }
    }

    fn leave_previous(&mut self, one: &Observation, by: CountBy) {
        let tag = self.names.spelling(one.spelling).tag;
        if by == CountBy::Posts || self.author_leaves(tag, one.author, PREVIOUS) {
            self.tags[tag as usize].previous -= 1;
        }
    }

    /// Is this the author's first post with the tag in that window?
    fn author_enters(&mut self, tag: u32, author: u64, window: usize) -> bool {
        let n_posts = self.authors.entry((tag, author)).or_default();
        n_posts[window] += 1;
        n_posts[window] == 1
    }

    /// Was this the author's last post with the tag in that window?
    fn author_leaves(&mut self, tag: u32, author: u64, window: usize) -> bool {
        let n_posts = self.authors.entry((tag, author)).or_default();
        n_posts[window] -= 1;
        let is_last = n_posts[window] == 0;
        if *n_posts == [0, 0] {
            self.authors.remove(&(tag, author));
        }
        is_last
    }

    fn first_seen(&self, tag: u32) -> Option<(Millis, u64)> {
        self.tags[tag as usize]
            .seen
            .front()
            .map(|(at, arrival, _)| (*at, *arrival))
    }

    fn row(&self, tag: u32) -> TrendingRow {
        let counts = &self.tags[tag as usize];
        TrendingRow {
            tag: self.shown_as(tag).to_owned(),
            count: self.ranks.count(tag).into(),
            previous: counts.previous.into(),
            positive: counts.positive.into(),
            neutral: counts.neutral.into(),
            negative: counts.negative.into(),
            compound_sum: counts.compound_sum,
        }
    }

    fn shown_as(&self, tag: u32) -> &str {
        let most = self.names.most_frequent(tag);
        let spellings = self.tags[tag as usize]
            .seen
            .iter()
            .map(|(.., number)| self.names.spelling(*number));
        spellings
            .into_iter()
            .find(|spelling| spelling.n_in_window == most)
            .map_or("", |one| &one.text)
    }
}

impl TagCounts {
    fn of_class(&mut self, compound: i16) -> &mut u32 {
        if compound >= POSITIVE {
            &mut self.positive
        } else if compound <= -POSITIVE {
            &mut self.negative
        } else {
            &mut self.neutral
        }
    }
}

#[cfg(test)]
mod tests;
