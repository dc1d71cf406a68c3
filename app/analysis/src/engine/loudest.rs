//! Leaves out the authors with most posts, to see what rests on them.
//!
//! Who they are changes with every post, so it is decided anew before each frame, and sums are made again where
//! that changes what counts. What is shown stays a matter of which posts are in, whatever their order.

use std::{cmp::Reverse, collections::BTreeSet};

use rustc_hash::FxHashMap;
use wire::Millis;

use super::{
    Engine,
    authors::Authors,
    posts::{Place, Record},
    tally::Tallies,
};
use crate::{
    order,
    series::{Bucket, Grids},
    trending::Trending,
};

/// The authors left out, and whose posts were withdrawn.
#[derive(Clone, Debug, Default)]
pub(super) struct Loudest {
    /// Ascending.
    authors: Vec<u32>,
    /// Posts of each known author that count, or would.
    posts: FxHashMap<u32, u32>,
    /// The same with the author's hash, which decides between equals whoever came first; most first.
    ranking: BTreeSet<(Reverse<u32>, u64, u32)>,
    /// How often what counts has changed by it.
    n_changes: u64,
    /// Authors of withdrawn posts, by post: sums are made again with them.
    withdrawn: FxHashMap<u64, u32>,
    /// Number of changes to the posts when it was decided last.
    decided_at: u64,
}

impl Loudest {
    /// A post that would count does not, where its author is left out as far as is known.
    pub(super) fn place(&self, author: u32, place: Place) -> Place {
        let is_out = self.authors.binary_search(&author).is_ok();
        match place {
            Place::Counted if is_out => Place::Loudest,
            place => place,
        }
    }

    /// One post more of an author, if it would count.
    pub(super) fn add(&mut self, record: &Record, authors: &Authors) {
        self.change(record, authors, |n| n.saturating_add(1));
    }

    /// Remembers whose a withdrawn post was, as it was before, which is one less of its author's.
    pub(super) fn withdraw(&mut self, before: &Record, authors: &Authors) {
        self.withdrawn.insert(before.key, before.author);
        self.change(before, authors, |n| n.saturating_sub(1));
    }

    /// How often what counts has changed by who is left out.
    pub(super) fn n_changes(&self) -> u64 {
        self.n_changes
    }

    fn change(&mut self, record: &Record, authors: &Authors, change: fn(u32) -> u32) {
        let would_count = matches!(record.place, Place::Counted | Place::Loudest);
        if !would_count || record.author == 0 || record.is_deleted {
            return;
        }
        let hash = authors.hash(record.author);
        let n = self.posts.entry(record.author).or_default();
        self.ranking.remove(&(Reverse(*n), hash, record.author));
        *n = change(*n);
        if *n > 0 {
            self.ranking.insert((Reverse(*n), hash, record.author));
        } else {
            self.posts.remove(&record.author);
        }
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
        let first = self.loudest.ranking.iter().take(usize::from(n));
        let mut authors: Vec<u32> = first.map(|(_, _, author)| *author).collect();
        order::sort_by(&mut authors, Ord::cmp);
        if authors == self.loudest.authors {
            return;
        }
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
            self.loudest.n_changes += 1;
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
        self.tallies = Tallies::default();
        // Made anew when it is next looked at.
        self.selected.forget();
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

#[cfg(test)]
mod tests {
    use wire::{Body, Event, Post, PublicConfig, event::Delete};

    use super::*;
    use crate::{engine::Counting, protocol::Sampling};

    fn withdrawn_with(without_loudest: Option<u16>) -> (usize, usize) {
        let sampling = Sampling {
            without_loudest,
            ..Sampling::default()
        };
        let mut engine = Engine::counting(
            &PublicConfig::default(),
            Counting {
                sampling,
                ..Counting::default()
            },
        );
        let post = Post {
            id: "1".into(),
            source: "social".into(),
            author: "00000000000000aa".into(),
            text: "a table".into(),
            ..Post::default()
        };
        let delete = Delete {
            source: "social".into(),
            id: "1".into(),
        };
        engine.apply(&Event::live(1, 1, Body::Post(Box::new(post))));
        engine.judge(usize::MAX);
        let n_before = engine.loudest.posts.len();
        engine.apply(&Event::live(2, 2, Body::Delete(delete)));
        assert!(engine.loudest.posts.is_empty() && engine.loudest.ranking.is_empty());
        (n_before, engine.loudest.withdrawn.len())
    }

    #[test]
    fn whose_a_withdrawn_post_was_is_forgotten_unless_the_loudest_are_left_out() {
        assert_eq!(withdrawn_with(None), (0, 0));
        assert_eq!(withdrawn_with(Some(3)), (1, 1));
    }
}
