//! One stretch of time explained: who spoke, of what, what was new, and what prices did afterwards.

use std::{cmp::Reverse, collections::BTreeMap};

use rustc_hash::{FxHashMap, FxHashSet};
use wire::{Millis, time::HOUR};

use super::{Talk, shelf::Kept};
use crate::{
    order,
    protocol::talk::{FirstPost, MomentView, WordsView},
    view::{Class, Counts, Range},
};

const N_TERMS: usize = 10;
const N_HASHTAGS: usize = 8;
const N_FIRST: usize = 5;
const N_ARTICLES: usize = 5;
const N_BUSIEST: usize = 5;
/// A topic is told by so many of its terms.
const N_LABEL: usize = 3;

impl Talk {
    /// Uses what stands out, which was weighed already.
    pub(super) fn moment_view(&self, range: Range, words: &WordsView) -> MomentView {
        let before = Range {
            from: range.from.saturating_sub(range.to - range.from),
            to: range.from,
        };
        let places: Vec<usize> = self.selected_in(range).collect();
        let here: Vec<&Kept> = places
            .iter()
            .filter_map(|idx| self.shelf.get(*idx))
            .collect();
        let (n_authors, n_new_authors) = self.authors(&here, range.from);
        let terms: Vec<_> = words.found.words.iter().take(N_TERMS).cloned().collect();
        let (articles, n_articles) = self.articles_around(
            range,
            terms.iter().map(|term| &*term.text).collect(),
            N_ARTICLES,
        );
        let seen_at = here.iter().map(|post| post.seen_at).max();
        let judged = places.iter().filter(|idx| **idx < self.selector.n_judged);
        MomentView {
            range,
            counts: counts(&here),
            n_before: self.posts_in(before).count() as u64,
            n_authors,
            n_new_authors,
            n_judged: judged.count() as u64,
            n_duplicates: here.iter().filter(|post| post.is_duplicate).count() as u64,
            terms,
            weighing: words.found.by,
            hashtags: self.hashtags(&here, before),
            topics: self.topics.of_stretches(range, before, N_LABEL),
            first: self.first_posts(&here),
            articles,
            n_articles,
            prices: self.market.prices_after(&self.wish.watch, range),
            known_at: seen_at.unwrap_or(range.to).max(range.to),
            busiest: self.busiest_hours(),
        }
    }

    fn posts_in(&self, range: Range) -> impl Iterator<Item = &Kept> {
        self.selected_in(range)
            .filter_map(|idx| self.shelf.get(idx))
    }

    /// Authors of these posts, and how many of them had not been heard before, by everything that is stored.
    fn authors(&self, here: &[&Kept], from: Millis) -> (u64, u64) {
        let authors: FxHashSet<u32> = here
            .iter()
            .filter(|post| post.author != 0 && !post.is_withdrawn)
            .map(|post| post.author)
            .collect();
        let earlier = self.shelf.all().iter().filter(|post| post.at < from);
        let known: FxHashSet<u32> = earlier
            .map(|post| post.author)
            .filter(|author| authors.contains(author))
            .collect();
        (authors.len() as u64, (authors.len() - known.len()) as u64)
    }

    /// Posts by hashtag, at most once a post, here and before.
    fn hashtags(&self, here: &[&Kept], before: Range) -> Vec<(String, u64, u64)> {
        let now = self.count_hashtags(here.iter().copied());
        let earlier = self.count_hashtags(self.posts_in(before));
        let mut rows: Vec<(String, u64, u64)> = now
            .into_iter()
            .map(|(tag, (id, n))| {
                let n_before = earlier.get(tag).map_or(0, |(_, n)| *n);
                (self.shelf.name(id).to_owned(), n, n_before)
            })
            .collect();
        order::sort_by_key(&mut rows, |(_, n, _)| Reverse(*n));
        rows.truncate(N_HASHTAGS);
        rows
    }

    fn count_hashtags<'t>(
        &'t self,
        posts: impl Iterator<Item = &'t Kept>,
    ) -> BTreeMap<&'t str, (u32, u64)> {
        let mut counts: BTreeMap<&str, (u32, u64)> = BTreeMap::new();
        let mut seen: Vec<&str> = Vec::new();
        for post in posts {
            seen.clear();
            for id in self.shelf.hashtags(post) {
                let tag = self.shelf.folded(*id);
                if !seen.contains(&tag) {
                    seen.push(tag);
                    counts.entry(tag).or_insert((*id, 0)).1 += 1;
                }
            }
        }
        counts
    }

    fn first_posts(&self, here: &[&Kept]) -> Vec<FirstPost> {
        let mut first: Vec<&&Kept> = Vec::new();
        for post in here.iter().filter(|post| !post.is_withdrawn) {
            let place = first.partition_point(|other| (other.at, other.key) < (post.at, post.key));
            if place < N_FIRST {
                first.insert(place, post);
                first.truncate(N_FIRST);
            }
        }
        let row = |post: &&&Kept| FirstPost {
            key: post.key,
            at: post.at,
            seen_at: post.seen_at,
            source: self.shelf.source(post).to_owned(),
            text: self.shelf.text(post).to_owned(),
        };
        first.iter().map(row).collect()
    }

    /// Of everything selected, whatever the range.
    fn busiest_hours(&self) -> Vec<(Millis, u64)> {
        let everything = Range {
            from: Millis::MIN,
            to: Millis::MAX,
        };
        let mut hours: FxHashMap<Millis, u64> = FxHashMap::default();
        for post in self.posts_in(everything) {
            *hours.entry(post.at.div_euclid(HOUR) * HOUR).or_default() += 1;
        }
        #[allow(clippy::iter_over_hash_type, reason = "sorted right below")]
        let mut rows: Vec<(Millis, u64)> = hours.into_iter().collect();
        order::sort_by_key(&mut rows, |(hour, n)| (Reverse(*n), *hour));
        rows.truncate(N_BUSIEST);
        rows
    }
}

fn counts(posts: &[&Kept]) -> Counts {
    let of = |class: Class| posts.iter().filter(|post| post.class == class).count() as u64;
    let sum: i64 = posts.iter().map(|post| i64::from(post.compound)).sum();
    Counts {
        posts: posts.len() as u64,
        positive: of(Class::Positive),
        neutral: of(Class::Neutral),
        negative: of(Class::Negative),
        mean_compound: (!posts.is_empty()).then(|| sum as f64 / posts.len() as f64 / 1e4),
    }
}
