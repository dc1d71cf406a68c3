//! Which topics and tickers a post is about: configured words and phrases, found as whole words.
//!
//! A word is a stretch of letters, digits and underscores, compared in lower case. Links are not read.

use std::borrow::Cow;

use rustc_hash::FxHashMap;
use wire::{Post, tag::fold};

/// Finds configured words, phrases and tags in posts.
///
/// Each pattern carries a target, a small number of the caller's; a post has a target when one of its
/// patterns occurs in the text or among the tags.
#[derive(Clone, Debug, Default)]
pub struct Matcher {
    /// Patterns by their first word.
    by_first_word: FxHashMap<Box<str>, Vec<Phrase>>,
    /// Patterns that ask for a hashtag, folded.
    by_hashtag: FxHashMap<Box<str>, Vec<usize>>,
    /// Patterns that ask for a cashtag, upper-cased.
    by_cashtag: FxHashMap<Box<str>, Vec<usize>>,
    /// The folded text and where its words lie, kept to save allocations.
    scratch: Words,
}

/// The words of a phrase behind its first, and what it stands for.
#[derive(Clone, Debug)]
struct Phrase {
    rest: Vec<Box<str>>,
    target: usize,
}

/// A folded text and the ranges of its words.
#[derive(Clone, Debug, Default)]
struct Words {
    folded: String,
    ranges: Vec<(usize, usize)>,
}

impl Matcher {
    /// Adds a pattern: a word or phrase to be found in the text or as a tag; with a leading `#` a
    /// hashtag, with a leading `$` a cashtag. A pattern without letters and digits matches nothing.
    pub fn add(&mut self, pattern: &str, target: usize) {
        let pattern = pattern.trim();
        if let Some(tag) = pattern.strip_prefix(['#', '＃']) {
            self.add_hashtag(tag, target);
            return;
        }
        if let Some(tag) = pattern.strip_prefix('$') {
            self.by_cashtag
                .entry(tag.to_uppercase().into())
                .or_default()
                .push(target);
            return;
        }
        let mut words = Words::default();
        words.read(pattern);
        let mut words = words.iter().map(Box::from);
        if let Some(first) = words.next() {
            let phrase = Phrase {
                rest: words.collect(),
                target,
            };
            self.by_first_word.entry(first).or_default().push(phrase);
        }
    }

    /// Adds a pattern that only a hashtag matches; `tag` without `#`.
    pub fn add_hashtag(&mut self, tag: &str, target: usize) {
        self.by_hashtag
            .entry(fold(tag).into())
            .or_default()
            .push(target);
    }

    /// Appends the targets of a post to `found`, each once, in no particular order.
    pub fn find(&mut self, post: &Post, found: &mut Vec<usize>) {
        if !self.by_first_word.is_empty() {
            let mut words = std::mem::take(&mut self.scratch);
            words.read(&post.text);
            self.find_words(&words, found);
            for tag in post.hashtags.iter().chain(&post.cashtags) {
                words.read(tag);
                self.find_words(&words, found);
            }
            self.scratch = words;
        }
        find_tags(
            &self.by_hashtag,
            post.hashtags.iter().map(|tag| fold(tag)),
            found,
        );
        find_tags(
            &self.by_cashtag,
            post.cashtags.iter().map(|tag| tag.to_uppercase().into()),
            found,
        );
        found.sort_unstable();
        found.dedup();
    }

    fn find_words(&self, words: &Words, found: &mut Vec<usize>) {
        for (idx, word) in words.iter().enumerate() {
            let Some(phrases) = self.by_first_word.get(word) else {
                continue;
            };
            for phrase in phrases {
                let has_rest = phrase
                    .rest
                    .iter()
                    .map(AsRef::as_ref)
                    .eq(words.iter().skip(idx + 1).take(phrase.rest.len()));
                if has_rest {
                    found.push(phrase.target);
                }
            }
        }
    }
}

fn find_tags<'t>(
    by_tag: &FxHashMap<Box<str>, Vec<usize>>,
    tags: impl Iterator<Item = Cow<'t, str>>,
    found: &mut Vec<usize>,
) {
    if by_tag.is_empty() {
        return;
    }
    for targets in tags.filter_map(|tag| by_tag.get(tag.as_ref())) {
        found.extend(targets);
    }
}

impl Words {
    fn read(&mut self, text: &str) {
        self.folded.clear();
        self.ranges.clear();
        for chunk in text.split_whitespace() {
            if is_link(chunk) {
                continue;
            }
            let mut start = None;
            for c in chunk.chars() {
                if !(c.is_alphanumeric() || c == '_') {
                    self.end_word(&mut start);
                    continue;
                }
                start.get_or_insert(self.folded.len());
                if c.is_ascii() {
                    self.folded.push(c.to_ascii_lowercase());
                } else {
                    self.folded.extend(c.to_lowercase());
                }
            }
            self.end_word(&mut start);
        }
    }

    fn end_word(&mut self, start: &mut Option<usize>) {
        if let Some(start) = start.take() {
            self.ranges.push((start, self.folded.len()));
        }
    }

    fn iter(&self) -> impl Iterator<Item = &str> + Clone {
        self.ranges
            .iter()
            .filter_map(|(start, end)| self.folded.get(*start..*end))
    }
}

fn is_link(chunk: &str) -> bool {
    let has_prefix = |prefix: &str| {
        chunk
            .get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    has_prefix("http://") || has_prefix("https://") || has_prefix("www.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(text: &str, hashtags: &[&str], cashtags: &[&str]) -> Post {
        let owned = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect();
        Post {
            text: text.into(),
            hashtags: owned(hashtags),
            cashtags: owned(cashtags),
            ..Post::default()
        }
    }

    #[track_caller]
    fn check(pattern: &str, post: &Post, expect: bool) {
        let mut matcher = Matcher::default();
        matcher.add(pattern, 7);
        let mut found = Vec::new();
        matcher.find(post, &mut found);
        assert_eq!(
            found,
            if expect { vec![7] } else { vec![] },
            "{pattern:?} in {post:?}"
        );
    }

    #[test]
    fn a_word_is_found_whole_in_any_case_and_not_inside_another() {
        check("bitcoin", &post("I like BITCOIN, mostly", &[], &[]), true);
        check("bitcoin", &post("bitcoins are not it", &[], &[]), false);
        check("bitcoin", &post("my_bitcoin_bag", &[], &[]), false);
        check("ÜBER", &post("fährt über Land", &[], &[]), true);
        check("apple", &post("Apple's new phone", &[], &[]), true);
    }

    #[test]
    fn a_word_counts_as_a_tag_too_and_a_tag_pattern_as_a_tag_only() {
        check("btc", &post("up #BTC", &["BTC"], &[]), true);
        check("btc", &post("up", &["BTC"], &[]), true);
        check("#btc", &post("btc", &[], &[]), false);
        check("#btc", &post("", &["Btc"], &[]), true);
        check("$btc", &post("btc", &["btc"], &[]), false);
        check("$btc", &post("", &[], &["BTC"]), true);
    }

    #[test]
    fn a_phrase_needs_its_words_side_by_side() {
        check("S&P 500", &post("the s&p 500 fell", &[], &[]), true);
        check("S&P 500", &post("the s&p fell 500 points", &[], &[]), false);
        check(
            "general electric",
            &post("General Electric", &[], &[]),
            true,
        );
        check(
            "general electric",
            &post("general", &["electric"], &[]),
            false,
        );
    }

    #[test]
    fn links_are_not_read_and_an_empty_pattern_matches_nothing() {
        check(
            "bitcoin",
            &post("see https://bitcoin.org/ now", &[], &[]),
            false,
        );
        check("bitcoin", &post("see www.bitcoin.org", &[], &[]), false);
        check("  ", &post("anything", &[], &[]), false);
        check("!!", &post("anything!!", &[], &[]), false);
    }
}
