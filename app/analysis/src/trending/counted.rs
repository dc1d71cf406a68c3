//! What is in the windows, by tag.

use rustc_hash::FxHashMap;

use super::followed::Followed;
use super::names::Names;
use super::ranks::Ranks;
use super::{Log, Observation, TrendingRow};
use crate::protocol::CountBy;

/// A compound of at least this, in ten-thousandths, is positive; of at most minus this negative.
const POSITIVE: i16 = 500;

/// Of so many tags authors are counted along; more than anybody looks at at a time.
const MOST_FOLLOWED: usize = 128;

/// What is in the windows, by tag.
#[derive(Clone, Debug, Default)]
pub(super) struct Counted {
    pub(super) names: Names,
    pub(super) ranks: Ranks<TagCounts>,
    /// By tag and author: posts in the window and in the one before. Only when authors are counted.
    pub(super) authors: FxHashMap<(u32, u32), [u32; 2]>,
    /// By tag that was shown: its authors.
    followed: FxHashMap<u32, Followed>,
}

/// What is in the windows of one tag.
#[derive(Clone, Debug, Default)]
pub(super) struct TagCounts {
    previous: u32,
    /// Posts before the window, as far as the background reaches.
    pub(super) background: u32,
    positive: u32,
    negative: u32,
    pub(super) n_posts: u32,
    /// Its first and last observation in the window; valid if there is one.
    pub(super) first: u32,
    last: u32,
    /// If one, that spelling is not counted apart.
    n_spellings: u32,
    /// Observations kept, in the windows or not.
    n_kept: u32,
    compound_sum: i64,
}

/// At which end of the window something enters or leaves.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    Front,
    Back,
}

const CURRENT: usize = 0;
const PREVIOUS: usize = 1;

impl Counted {
    /// The spelling's number and its tag.
    pub(super) fn number(&mut self, text: &str) -> (u32, u32) {
        let (spelling, is_new) = self.names.number(text);
        let tag = self.names.spelling(spelling).tag();
        if is_new {
            self.add_spelling(tag, spelling);
        }
        (spelling, tag)
    }

    fn add_spelling(&mut self, tag: u32, spelling: u32) {
        self.ranks.add(tag);
        let counts = self.ranks.of_mut(tag);
        counts.n_spellings += 1;
        if counts.n_spellings == 2 {
            self.names
                .set_only(tag, spelling, counts.n_posts, counts.n_kept);
        }
    }

    pub(super) fn keep(&mut self, spelling: u32, tag: u32) {
        let counts = self.ranks.of_mut(tag);
        counts.n_kept += 1;
        if counts.n_spellings > 1 {
            self.names.keep(spelling);
        }
    }

    pub(super) fn forget(&mut self, one: &Observation) {
        let counts = self.ranks.of_mut(one.tag);
        counts.n_kept -= 1;
        let is_last = match counts.n_spellings > 1 {
            true => self.names.forget(one.spelling),
            false => counts.n_kept == 0,
        };
        if is_last {
            self.drop_spelling(one.spelling, one.tag);
        }
    }

    /// Drops a spelling that was only looked up; its tag has others that are kept.
    pub(super) fn drop_unused(&mut self, spelling: u32, tag: u32) {
        if self.ranks.of(tag).n_spellings > 1 && self.names.is_unused(spelling) {
            self.drop_spelling(spelling, tag);
        }
    }

    fn drop_spelling(&mut self, spelling: u32, tag: u32) {
        self.names.drop_spelling(spelling);
        let counts = self.ranks.of_mut(tag);
        counts.n_spellings -= 1;
        if counts.n_spellings == 0 {
            *counts = TagCounts::default();
        }
    }

    pub(super) fn enter(&mut self, serial: u32, log: &mut Log, end: End, by: CountBy) {
        let one = *log.at(serial);
        let counts = self.ranks.of_mut(one.tag);
        counts.add_class(one.compound, 1);
        counts.compound_sum += i64::from(one.compound);
        if counts.n_posts == 0 {
            (counts.first, counts.last) = (serial, serial);
        } else {
            match end {
                End::Front => {
                    log.at_mut(counts.first).before = serial;
                    log.at_mut(serial).after = counts.first;
                    counts.first = serial;
                }
                End::Back => {
                    log.at_mut(counts.last).after = serial;
                    log.at_mut(serial).before = counts.last;
                    counts.last = serial;
                }
            }
        }
        counts.n_posts += 1;
        if counts.n_spellings > 1 {
            self.names.spelling_mut(one.spelling).n_in_window += 1;
        }
        if by == CountBy::Posts || self.author_enters(one.tag, one.author, CURRENT) {
            self.ranks.raise(one.tag);
        }
    }

    pub(super) fn leave(&mut self, one: &Observation, end: End, by: CountBy) {
        let counts = self.ranks.of_mut(one.tag);
        counts.add_class(one.compound, u32::MAX);
        counts.compound_sum -= i64::from(one.compound);
        match end {
            End::Front => counts.first = one.after,
            End::Back => counts.last = one.before,
        }
        counts.n_posts -= 1;
        if counts.n_spellings > 1 {
            self.names.spelling_mut(one.spelling).n_in_window -= 1;
        }
        if by == CountBy::Posts || self.author_leaves(one.tag, one.author, CURRENT) {
            self.ranks.lower(one.tag);
        }
    }

    pub(super) fn enter_previous(&mut self, one: &Observation, by: CountBy) {
        if by == CountBy::Posts || self.author_enters(one.tag, one.author, PREVIOUS) {
            self.ranks.of_mut(one.tag).previous += 1;
        }
    }

    pub(super) fn leave_previous(&mut self, one: &Observation, by: CountBy) {
        if by == CountBy::Posts || self.author_leaves(one.tag, one.author, PREVIOUS) {
            self.ranks.of_mut(one.tag).previous -= 1;
        }
    }

    pub(super) fn enter_background(&mut self, one: &Observation) {
        self.ranks.of_mut(one.tag).background += 1;
    }

    pub(super) fn leave_background(&mut self, one: &Observation) {
        self.ranks.of_mut(one.tag).background -= 1;
    }

    /// Is this the author's first post with the tag in that window?
    fn author_enters(&mut self, tag: u32, author: u32, window: usize) -> bool {
        let n_posts = self.authors.entry((tag, author)).or_default();
        n_posts[window] += 1;
        n_posts[window] == 1
    }

    /// Was this the author's last post with the tag in that window?
    fn author_leaves(&mut self, tag: u32, author: u32, window: usize) -> bool {
        let n_posts = self.authors.entry((tag, author)).or_default();
        n_posts[window] -= 1;
        let is_last = n_posts[window] == 0;
        if *n_posts == [0, 0] {
            self.authors.remove(&(tag, author));
        }
        is_last
    }

    /// The `k` tags with the highest counts; of equal ones that which was first in the log.
    pub(super) fn top(&mut self, k: usize, log: &Log) -> Vec<u32> {
        self.ranks.top(k, |_, counts| log.idx(counts.first))
    }

    pub(super) fn row(&mut self, tag: u32, log: &Log) -> TrendingRow {
        let (authors, voices) = self.follow(tag, log);
        let counts = self.ranks.of(tag);
        TrendingRow {
            tag: self.shown_as(tag, log).to_owned(),
            count: self.ranks.count(tag).into(),
            previous: counts.previous.into(),
            positive: counts.positive.into(),
            neutral: (counts.n_posts - counts.positive - counts.negative).into(),
            negative: counts.negative.into(),
            compound_sum: counts.compound_sum,
            authors,
            voices,
        }
    }

    /// Distinct authors of a tag in the window and how many voices they amount to.
    fn follow(&mut self, tag: u32, log: &Log) -> (u64, f64) {
        if self.followed.len() >= MOST_FOLLOWED && !self.followed.contains_key(&tag) {
            self.followed = FxHashMap::default();
        }
        let counts = self.ranks.of(tag);
        let followed = self.followed.entry(tag).or_default();
        followed.catch_up(counts.first, counts.n_posts, log);
        let voices = &followed.voices;
        (voices.n_authors(), voices.effective())
    }

    /// The window gives back its last observation, which may get another serial before it comes again.
    pub(super) fn take_back(&mut self, serial: u32, log: &Log) {
        if let Some(followed) = self.followed.get_mut(&log.at(serial).tag) {
            followed.take_back(serial, log);
        }
    }

    fn shown_as(&self, tag: u32, log: &Log) -> &str {
        let counts = self.ranks.of(tag);
        let mut one = log.at(counts.first);
        if counts.n_spellings > 1 {
            let most = self.names.most_frequent(tag);
            while self.names.spelling(one.spelling).n_in_window != most {
                one = log.at(one.after);
            }
        }
        self.names.text(one.spelling)
    }
}

impl TagCounts {
    fn add_class(&mut self, compound: i16, n: u32) {
        if compound >= POSITIVE {
            self.positive = self.positive.wrapping_add(n);
        } else if compound <= -POSITIVE {
            self.negative = self.negative.wrapping_add(n);
        }
    }
}
