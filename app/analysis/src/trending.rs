//! Which hashtags are used most in a sliding window of event time, exactly and step by step.
//!
//! Time is that of the posts: the window is `(until − window, until]` for whatever `until` is asked.
//! Moving on costs constant time per observation that enters or leaves, reading the top `k` costs
//! `O(k)` plus the size of the groups of equal counts it cuts into. A post that comes late is put in
//! its place, and a window may be moved back.
//!
//! "Used most" is a count. Whether the use is unusual, a [`Burst`] says: the count against what the tag's
//! share of the day before lets expect.

mod burst;
mod counted;
mod followed;
mod log;
mod names;
mod ranks;

use std::collections::VecDeque;

use wire::Millis;
use wire::time::{DAY, HOUR};

use crate::{order, protocol::CountBy};
pub use burst::{Burst, MIN_COUNT, burst};
use counted::{Counted, End};
use log::{Log, Observation};

/// How far behind the newest observation older ones are kept, at least: twice the longest window.
pub const KEEP: Millis = 48 * HOUR;
/// So many observations may wait to be forgotten. No answer knows of them.
const MAX_OVERDUE: usize = 256;
/// How far the background of a burst reaches back from the window's start.
pub const BACKGROUND: Millis = DAY;

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
    /// All observations that are kept, by time, then arrival. `windows` points into it.
    log: Log,
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
#[derive(Clone, Debug, Default, PartialEq)]
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
    /// Their distinct authors, as far as they are known: author 0 is nobody.
    pub authors: u64,
    /// The effective number of voices among them; see [`Voices::effective`](crate::voices::Voices::effective).
    pub voices: f64,
}

/// Borders in the log: `current..end` is the window, `background..current` the background and
/// `previous..current` the window before, the last two of which may begin too early until somebody asks.
#[derive(Clone, Copy, Debug, Default)]
struct Windows {
    background: usize,
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
            log: Log::default(),
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

    /// Takes in one post with its author's number (0 for nobody), its hashtags (without `#`; also none) and its
    /// compound in ten-thousandths.
    ///
    /// A hashtag counts once per post, however often and in whatever case it is repeated.
    pub fn observe<'t>(
        &mut self,
        at: Millis,
        author: u32,
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
        // Many in a row are forgotten faster than one after the other.
        let oldest = self.oldest();
        let is_overdue = |at: Option<Millis>| at.is_some_and(|at| at <= oldest);
        let waiting = self.log.at_idx(MAX_OVERDUE).map(|one| one.at);
        if is_overdue(waiting) || is_overdue(self.posts.get(MAX_OVERDUE).copied()) {
            self.forget_old();
        }
    }

    /// The `k` hashtags with the highest counts in `(until − window, until]`, highest first; of equal
    /// ones that which was seen first in the window (then: which came first).
    pub fn top(&mut self, until: Millis, k: usize) -> Vec<TrendingRow> {
        self.seek_all(until);
        let tags = self.counted.top(k, &self.log);
        tags.into_iter()
            .map(|tag| self.counted.row(tag, &self.log))
            .collect()
    }

    /// The `k` hashtags with the highest bursts in `(until − window, until]`, highest first; of equal ones
    /// that which was seen first in the window. Only those with a count of at least [`MIN_COUNT`], and a
    /// score above 0.
    ///
    /// Goes through all hashtags once (0.1 ms for 100,000), unlike [`Trending::top`].
    pub fn top_bursts(&mut self, until: Millis, k: usize) -> Vec<(TrendingRow, Burst)> {
        self.seek_all(until);
        let log = &self.log;
        let ranks = &self.counted.ranks;
        let mut found: Vec<(u32, Burst)> = ranks
            .at_least(MIN_COUNT)
            .filter_map(|tag| Some((tag, self.burst_of(tag)?)))
            .filter(|(_, burst)| burst.score > 0.0)
            .collect();
        let first = |tag: u32| log.idx(ranks.of(tag).first);
        order::sort_by(&mut found, |a, b| {
            b.1.score
                .total_cmp(&a.1.score)
                .then_with(|| first(a.0).cmp(&first(b.0)))
        });
        found.truncate(k);
        let row = |(tag, burst)| (self.counted.row(tag, log), burst);
        found.into_iter().map(row).collect()
    }

    /// The rows of [`Trending::top`], each with its burst; none as long as there is no background.
    pub fn top_with_bursts(
        &mut self,
        until: Millis,
        k: usize,
    ) -> Vec<(TrendingRow, Option<Burst>)> {
        self.seek_all(until);
        let tags = self.counted.top(k, &self.log);
        tags.into_iter()
            .map(|tag| (self.counted.row(tag, &self.log), self.burst_of(tag)))
            .collect()
    }

    fn burst_of(&self, tag: u32) -> Option<Burst> {
        let n_background = self.windows.current - self.windows.background;
        let n_window = self.windows.end - self.windows.current;
        burst(
            self.counted.ranks.count(tag).into(),
            self.counted.ranks.of(tag).background.into(),
            n_window as u64,
            n_background as u64,
        )
    }

    /// Distinct hashtags in the window.
    pub fn n_distinct(&mut self, until: Millis) -> u64 {
        if until.saturating_sub(self.window) < self.oldest() {
            self.catch_up();
        }
        self.seek(until);
        self.counted.ranks.n_counted().into()
    }

    /// Posts in the window, with hashtags or without.
    pub fn n_posts(&mut self, until: Millis) -> u64 {
        self.catch_up();
        let n_until = |time: Millis| self.posts.partition_point(|at| *at <= time);
        (n_until(until) - n_until(until.saturating_sub(self.window))) as u64
    }

    fn observe_one(&mut self, at: Millis, author: u32, text: &str, compound: i16) {
        let (spelling, tag) = self.counted.number(text);
        if self.tags_of_post.contains(&tag) {
            // Another observation of this post has the tag, so only the spelling can be unused.
            self.counted.drop_unused(spelling, tag);
            return;
        }
        self.tags_of_post.push(tag);
        self.counted.keep(spelling, tag);
        let one = Observation {
            at,
            author,
            spelling,
            tag,
            compound,
            ..Observation::default()
        };
        if self.log.last_at().is_none_or(|last| last <= at) {
            self.log.push(one);
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
        while let Some(first) = self.log.front().filter(|first| first.at <= oldest) {
            // The windows may have been moved back so far that it is in them.
            if self.windows.background > 0 {
                self.windows.background -= 1;
            } else if self.windows.current > 0 {
                self.counted.leave_background(&first);
                if self.windows.previous == 0 {
                    self.counted.leave_previous(&first, self.by);
                }
            } else if self.windows.end > 0 {
                self.counted.leave(&first, End::Front, self.by);
            }
            self.windows.previous = self.windows.previous.saturating_sub(1);
            self.windows.current = self.windows.current.saturating_sub(1);
            self.windows.end = self.windows.end.saturating_sub(1);
            self.log.pop_front();
            self.counted.forget(&first);
        }
    }

    /// Sorts in what came late, and forgets what is too old.
    fn catch_up(&mut self) {
        self.settle();
        self.forget_old();
    }

    /// Sorts in what came out of order.
    fn settle(&mut self) {
        if !self.late_posts.is_empty() {
            order::sort_by(&mut self.late_posts, Ord::cmp);
            merge(&mut self.posts, &mut self.late_posts, |at| *at);
        }
        if !self.late.is_empty() {
            order::sort_by_key(&mut self.late, |one| one.at);
            let earliest = self.late.first().map_or(self.newest, |one| one.at);
            self.rewind(self.log.n_until(earliest));
            merge(self.log.queue_mut(), &mut self.late, |one| one.at);
        }
    }

    /// Where the window that ends at `until` begins, the one before it, and the background.
    fn starts(&self, until: Millis) -> (Millis, Millis, Millis) {
        let start = until.saturating_sub(self.window);
        let before = start.saturating_sub(self.window);
        let long_before = start.saturating_sub(BACKGROUND).min(before);
        (start, before, long_before)
    }

    /// Moves all borders to where they are for a window that ends at `until`.
    fn seek_all(&mut self, until: Millis) {
        self.catch_up();
        self.seek(until);
        let (_, before, long_before) = self.starts(until);
        let (windows, counted) = (&mut self.windows, &mut self.counted);
        while let Some(one) = next(&self.log, windows.previous, windows.current, before) {
            counted.leave_previous(&one, self.by);
            windows.previous += 1;
        }
        while let Some(one) = next(&self.log, windows.background, windows.current, long_before) {
            counted.leave_background(&one);
            windows.background += 1;
        }
    }

    /// Moves the window so that it ends at `until`. What lies before it may still reach back too far: that is
    /// put right together, when somebody asks.
    fn seek(&mut self, until: Millis) {
        self.settle();
        let (start, before, long_before) = self.starts(until);
        let is_after =
            |log: &Log, idx: usize, time: Millis| log.at_idx(idx).is_some_and(|one| one.at > time);
        // Back first, earliest border first; then forth, latest border first: so borders never cross.
        while self.windows.background > 0
            && is_after(&self.log, self.windows.background - 1, long_before)
        {
            self.background_back();
        }
        while self.windows.previous > 0 && is_after(&self.log, self.windows.previous - 1, before) {
            self.previous_back();
        }
        while self.windows.current > 0 && is_after(&self.log, self.windows.current - 1, start) {
            self.current_back();
        }
        while self.windows.end > 0 && is_after(&self.log, self.windows.end - 1, until) {
            self.end_back();
        }
        self.seek_forth(until, start);
    }

    fn seek_forth(&mut self, until: Millis, start: Millis) {
        let windows = &mut self.windows;
        let (log, counted, by) = (&mut self.log, &mut self.counted, self.by);
        while log.at_idx(windows.end).is_some_and(|one| one.at <= until) {
            counted.enter(log.serial(windows.end), log, End::Back, by);
            windows.end += 1;
        }
        while let Some(one) = next(log, windows.current, windows.end, start) {
            counted.leave(&one, End::Front, by);
            counted.enter_previous(&one, by);
            counted.enter_background(&one);
            windows.current += 1;
        }
    }

    /// Moves all borders back to `idx` at most.
    fn rewind(&mut self, idx: usize) {
        while self.windows.background > idx {
            self.background_back();
        }
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

    fn background_back(&mut self) {
        self.windows.background -= 1;
        let one = self.log.at_idx(self.windows.background);
        one.into_iter()
            .for_each(|one| self.counted.enter_background(one));
    }

    fn previous_back(&mut self) {
        self.windows.previous -= 1;
        let one = self.log.at_idx(self.windows.previous);
        one.into_iter()
            .for_each(|one| self.counted.enter_previous(one, self.by));
    }

    fn current_back(&mut self) {
        self.windows.current -= 1;
        let serial = self.log.serial(self.windows.current);
        let one = *self.log.at(serial);
        self.counted.leave_background(&one);
        self.counted.leave_previous(&one, self.by);
        self.counted
            .enter(serial, &mut self.log, End::Front, self.by);
    }

    fn end_back(&mut self) {
        self.windows.end -= 1;
        let serial = self.log.serial(self.windows.end);
        self.counted.take_back(serial, &self.log);
        let one = *self.log.at(serial);
        self.counted.leave(&one, End::Back, self.by);
    }
}

/// The observation at `idx`, if it lies before `end` and not after `time`.
fn next(log: &Log, idx: usize, end: usize, time: Millis) -> Option<Observation> {
    let one = log.at_idx(idx).filter(|_| idx < end);
    one.filter(|one| one.at <= time).copied()
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

#[cfg(test)]
mod tests;
