//! What stands behind one bucket: which words stand out, how many people, how many copies.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;
use wire::{Millis, time::LATE_AFTER};

use crate::{
    engine::{
        Engine,
        posts::Record,
        selection::{Own, Selection},
    },
    order,
    protocol::WhyChoice,
    spam::Reason,
    text::has_scheme,
    view::{Term, WhyView},
    voices::Voices,
};

/// So many words are told.
const N_TERMS: usize = 12;

/// Posts from before the bucket that words are compared with, the newest.
const MAX_COMPARED: usize = 2_000;

/// Posts of the bucket whose words are read, evenly spread.
const MAX_READ: usize = 5_000;

/// Texts that have to be there to compare with: of fewer, what is usual is not known.
const LEAST_COMPARED: u64 = 30;

/// A word has to be in so many posts.
const LEAST_POSTS: u64 = 3;

/// From what an answer was made.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Source {
    asked: WhyChoice,
    n_until: usize,
    states: u64,
    selection: Selection,
    n_deleted: u64,
    n_left_out: u64,
    n_readable: usize,
}

impl Engine {
    /// What the answer is made of, as a few numbers that are quick to find: posts up to the end of the bucket,
    /// what became of those in it, and how often anything was taken away again.
    pub(super) fn why_source(&self, asked: &WhyChoice) -> Source {
        let within = self.posts.within(asked.bucket.from..asked.bucket.to);
        let states = within.iter().map(|record| {
            let place = u64::from(record.is_counted()) | u64::from(record.is_deleted) << 1;
            (u64::from(record.reasons) << 2 | place).wrapping_mul(record.key | 1)
        });
        Source {
            asked: asked.clone(),
            n_until: self.posts.within(Millis::MIN..asked.bucket.to).len(),
            states: states.fold(0, u64::wrapping_add),
            selection: self.selection(),
            n_deleted: self.n_deleted,
            n_left_out: self.loudest.n_changes(),
            n_readable: self
                .posts
                .readable_within(asked.bucket.from..asked.bucket.to)
                .len(),
        }
    }

    #[inline(never)]
    pub(super) fn why(&self, asked: &WhyChoice) -> WhyView {
        let bucket = asked.bucket;
        let view = WhyView {
            bucket,
            ticker: asked.ticker.clone(),
            least_compared: LEAST_COMPARED as u32,
            knowable_at: bucket.to.saturating_add(LATE_AFTER),
            ..WhyView::default()
        };
        let ticker = match asked.ticker.as_str() {
            "" => None,
            symbol => match self.tickers.id(symbol) {
                // What never occurred has no posts, rather than all of them.
                None => return view,
                id => id,
            },
        };
        let selection = self.selection();
        let is_wanted = |record: &&Record| {
            record.is_counted()
                && ticker.is_none_or(|id| self.posts.tickers(record).contains(&id))
                && selection.accepts_but(Own::TICKERS, record, &self.posts)
        };
        let found: Vec<&Record> = self
            .posts
            .within(bucket.from..bucket.to)
            .iter()
            .filter(is_wanted)
            .collect();
        let before = self.posts.readable_within(Millis::MIN..bucket.from);
        let before = before.iter().rev();
        let before: Vec<&Record> = before.filter(is_wanted).take(MAX_COMPARED).collect();
        let mut authors = Voices::default();
        let known = found.iter().filter(|record| record.author != 0);
        known.for_each(|record| authors.add(record.author.into()));
        let step = found.len().div_ceil(MAX_READ).max(1);
        let (n_read, words) = self.words(found.iter().step_by(step));
        let (n_compared, usual) = self.words(before.iter());
        let count = |is: &dyn Fn(&Record) -> bool| found.iter().filter(|r| is(r)).count() as u64;
        WhyView {
            n_posts: found.len() as u64,
            n_read,
            n_authors: authors.n_authors(),
            voices: authors.effective(),
            n_loudest: most_of(found.iter().map(|record| record.author)),
            n_alike: count(&|record| record.reasons >> Reason::Duplicate as u8 & 1 == 1),
            n_spam: count(&|record| record.reasons != 0),
            terms: match n_compared < LEAST_COMPARED {
                true => Vec::new(),
                false => standing_out(words, n_read, &usual, n_compared),
            },
            n_compared,
            of_sources: self.posts_by_source(bucket),
            ..view
        }
    }

    /// Posts whose text is kept, and of them by word.
    fn words<'a>(
        &'a self,
        records: impl Iterator<Item = &'a &'a Record>,
    ) -> (u64, FxHashMap<String, u64>) {
        let mut words: FxHashMap<String, u64> = FxHashMap::default();
        let mut n = 0;
        for text in records.filter_map(|record| self.posts.text(record.key)) {
            n += 1;
            for word in words_of(&text.text) {
                *words.entry(word).or_default() += 1;
            }
        }
        (n, words)
    }
}

/// Posts of the author who has most of them; whose author is not known is nobody's.
fn most_of(authors: impl Iterator<Item = u32>) -> u64 {
    let mut posts: FxHashMap<u32, u64> = FxHashMap::default();
    authors
        .filter(|author| *author != 0)
        .for_each(|author| *posts.entry(author).or_default() += 1);
    posts.values().copied().max().unwrap_or(0)
}

/// Lower-case words and tags of a text, each once: no links, no mentions, nothing shorter than three letters.
fn words_of(text: &str) -> Vec<String> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '\'' | '’' | '_');
    let mut words: Vec<String> = Vec::new();
    for piece in text.split_whitespace() {
        if has_scheme(piece) || piece.starts_with('@') {
            continue;
        }
        let mut rest = piece;
        while let Some(start) = rest.find(is_part) {
            let mark = rest
                .get(..start)
                .and_then(|before| before.chars().next_back());
            let (_, tail) = rest.split_at(start);
            let end = tail.find(|c| !is_part(c)).unwrap_or(tail.len());
            let (word, next) = tail.split_at(end);
            rest = next;
            let word = word.trim_matches(['\'', '’', '_']);
            if word.chars().count() < 3 || word.chars().all(char::is_numeric) {
                continue;
            }
            let mark = mark.filter(|mark| matches!(mark, '#' | '$'));
            let word: String = mark.into_iter().chain(word.chars()).collect();
            let word = word.to_lowercase();
            if !words.contains(&word) {
                words.push(word);
            }
        }
    }
    words
}

/// Words that are in more posts than their share of those before lets expect, by how many standard deviations of a
/// count that is. Half a post is added to what was there before, so that a new word has an expectation too.
fn standing_out(
    words: FxHashMap<String, u64>,
    n_read: u64,
    usual: &FxHashMap<String, u64>,
    n_compared: u64,
) -> Vec<Term> {
    let expected = |word: &str| {
        let before = usual.get(word).copied().unwrap_or(0) as f64;
        n_read as f64 * (before + 0.5) / (n_compared as f64 + 1.0)
    };
    let mut terms: Vec<(f64, Term)> = words
        .into_iter()
        .filter(|(_, n)| *n >= LEAST_POSTS)
        .map(|(term, n)| {
            let expected = expected(&term);
            let beyond = (n as f64 - expected) / (expected + 1.0).sqrt();
            (beyond, Term { term, n, expected })
        })
        .filter(|(beyond, _)| *beyond > 1.0)
        .collect();
    order::sort_by(&mut terms, |a, b| {
        let by = b.0.total_cmp(&a.0);
        by.then_with(|| (Reverse(a.1.n), &a.1.term).cmp(&(Reverse(b.1.n), &b.1.term)))
    });
    terms
        .into_iter()
        .take(N_TERMS)
        .map(|(_, term)| term)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_once_with_their_tags_and_without_links() {
        let words = words_of(
            "Silvergate's down! #SVB #svb $SIVB https://x.example/down @someone it 2023 (down)",
        );

        assert_eq!(words, ["silvergate's", "down", "#svb", "$sivb"]);
    }

    #[test]
    fn what_is_always_said_does_not_stand_out() {
        let words =
            |list: &[(&str, u64)]| list.iter().map(|(w, n)| ((*w).to_owned(), *n)).collect();
        let usual: FxHashMap<String, u64> = words(&[("price", 900), ("bank", 10)]);

        let terms = standing_out(
            words(&[("price", 95), ("bank", 60), ("run", 5)]),
            100,
            &usual,
            1_000,
        );

        let names: Vec<&str> = terms.iter().map(|term| term.term.as_str()).collect();
        assert_eq!(names, ["bank", "run"]);
        assert!((terms[0].expected - 100.0 * 10.5 / 1_001.0).abs() < 1e-9);
    }
}
