//! Leaves out the authors with most posts, to see what rests on them.
//!
//! Who they are changes with every post, so it is decided anew before each frame, and sums are made again where
//! that changes what counts. What is shown stays a matter of which posts are in, whatever their order.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;
use wire::Millis;

use super::{
    Engine,
    judge::Judgement,
    posts::{Place, Record},
    tally::Tally,
};
use crate::{
    series::{Bucket, Grids},
    trending::Trending,
};

/// The authors left out, and whose posts were withdrawn.
#[derive(Clone, Debug, Default)]
pub(super) struct Loudest {
    /// Ascending.
    authors: Vec<u64>,
    /// Authors of withdrawn posts, by post: sums are made again with them.
    withdrawn: FxHashMap<u64, u64>,
    /// Number of changes to the posts when it was decided last.
    decided_at: u64,
}

impl Loudest {
    /// A post that would count does not, where its author is left out as far as is known.
    pub(super) fn place(&self, judgement: &Judgement, place: Place) -> Place {
        let is_out = self.authors.binary_search(&judgement.author).is_ok();
        match place {
            Place::Counted if is_out => Place::Loudest,
            place => place,
        }
    }

    /// Remembers whose a withdrawn post was.
    pub(super) fn withdraw(&mut self, key: u64, author: u64) {
        self.withdrawn.insert(key, author);
    }
}

impl Engine {
    /// Decides who is left out. The posts are settled.
    #[inline(never)]
    pub(super) fn leave_out_loudest(&mut self) {
        let Some(n) = self.judge.sampling().without_loudest else {
            return;
        };
        if self.loudest.decided_at == self.versions.posts {
            return;
        }
        self.loudest.decided_at = self.versions.posts;
        let would_count =
            |record: &&Record| matches!(record.place, Place::Counted | Place::Loudest);
        let mut posts: FxHashMap<u64, u32> = FxHashMap::default();
        let known = self.posts.all().iter().filter(|record| record.author != 0);
        known
            .filter(would_count)
            .for_each(|record| *posts.entry(record.author).or_default() += 1);
        let mut authors: Vec<(Reverse<u32>, u64)> = posts
            .into_iter()
            .map(|(author, n)| (Reverse(n), author))
            .collect();
        authors.sort_unstable();
        let mut authors: Vec<u64> = authors.into_iter().map(|(_, author)| author).collect();
        authors.truncate(usize::from(n));
        authors.sort_unstable();
        let place = |record: &Record| match record.place {
            Place::Counted | Place::Loudest => match authors.binary_search(&record.author) {
                Ok(_) => Place::Loudest,
                Err(_) => Place::Counted,
            },
            place => place,
        };
        let is_changed = self.posts.place_again(place);
        self.loudest.authors = authors;
        if is_changed {
            self.sum_again();
        }
    }

    /// Makes every sum again out of the posts that count.
    fn sum_again(&mut self) {
        self.total = Bucket::default();
        self.grids = Grids::default();
        self.other = Grids::default();
        self.topics.fill_with(Grids::default);
        self.tickers.forget_posts();
        self.tally = Tally::default();
        let window: Millis = self.watch.hashtag_window;
        self.trending = Trending::new(window, self.watch.count_by);
        for idx in 0..self.posts.len() {
            let Some(record) = self.posts.all().get(idx).copied() else {
                break;
            };
            if record.is_counted() {
                let withdrawn = self.loudest.withdrawn.get(&record.key).copied();
                self.count(&record, withdrawn.unwrap_or(record.author));
            }
        }
    }
}
