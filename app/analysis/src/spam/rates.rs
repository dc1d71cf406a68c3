//! How many posts an author wrote in the last minute of event time.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;
use wire::Millis;
use wire::time::MINUTE;

/// How late a post may come and still be counted where it belongs.
const KEEP: Millis = 10 * MINUTE;
/// Posts of one author that are remembered at most; the count stops there.
const MAX_POSTS: usize = 240;

/// Posts of each author in the last minutes.
#[derive(Clone, Debug, Default)]
pub(super) struct Rates {
    authors: FxHashMap<u64, VecDeque<Millis>>,
    newest: Millis,
    next_sweep: Millis,
}

impl Rates {
    /// Takes in a post and counts those of its author in `(at − 1 min, at]`, this one included.
    pub(super) fn observe(&mut self, author: u64, at: Millis) -> u32 {
        self.newest = self.newest.max(at);
        self.sweep();
        let posts = self.authors.entry(author).or_default();
        let oldest = self.newest.saturating_sub(KEEP);
        while posts.front().is_some_and(|first| *first <= oldest) || posts.len() >= MAX_POSTS {
            posts.pop_front();
        }
        let idx = posts.partition_point(|other| *other <= at);
        posts.insert(idx, at);
        let start = posts.partition_point(|other| *other <= at.saturating_sub(MINUTE));
        (idx + 1).saturating_sub(start) as u32
    }

    /// Takes in posts, author and time, as if each was observed. Those that are too old by the last of them to be
    /// counted with any that follows are passed over.
    pub(super) fn catch_up(&mut self, posts: &[(u64, Millis)]) {
        let newest = posts.iter().map(|(_, at)| *at).max();
        self.newest = self.newest.max(newest.unwrap_or(self.newest));
        let oldest = self.newest.saturating_sub(KEEP);
        for (author, at) in posts.iter().filter(|(_, at)| *at > oldest) {
            self.observe(*author, *at);
        }
    }

    /// Forgets those who have been silent, now and then.
    fn sweep(&mut self) {
        if self.newest < self.next_sweep {
            return;
        }
        let oldest = self.newest.saturating_sub(KEEP);
        self.authors
            .retain(|_, posts| posts.back().is_some_and(|last| *last > oldest));
        self.next_sweep = self.newest.saturating_add(KEEP);
    }

    #[cfg(test)]
    pub(super) fn n_authors(&self) -> usize {
        self.authors.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_minute_is_open_at_its_start_and_late_posts_count_where_they_belong() {
        let mut rates = Rates::default();
        let counts: Vec<u32> = [0, 30_000, 60_000, 59_999, 120_000, 400_000]
            .map(|at| rates.observe(7, at))
            .to_vec();

        assert_eq!(counts, [1, 2, 2, 3, 1, 1]);
    }

    proptest! {
        #[test]
        fn posts_that_are_taken_in_together_count_as_if_they_were_observed(
            posts in prop::sample::select(vec![4, 40, 400])
                .prop_flat_map(|n| prop::collection::vec((1u64..4, 0..n * MINUTE), 0..600)),
            cut in 0usize..600,
        ) {
            let (before, after) = posts.split_at(cut.min(posts.len()));
            let (mut one_by_one, mut together) = (Rates::default(), Rates::default());
            for (author, at) in before {
                one_by_one.observe(*author, *at);
            }
            together.catch_up(before);

            for (author, at) in after {
                prop_assert_eq!(together.observe(*author, *at), one_by_one.observe(*author, *at));
            }
        }
    }

    #[test]
    fn the_silent_are_forgotten() {
        let mut rates = Rates::default();
        for author in 0..1_000 {
            rates.observe(author, author as Millis * MINUTE);
        }

        assert!(rates.n_authors() <= 21, "{}", rates.n_authors());
    }
}
