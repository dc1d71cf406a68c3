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
    beginnings: Beginnings,
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

/// Which lengths the first words of patterns have, a bit each, by what they begin with: most words of a post
/// are told apart from them without being looked up.
#[derive(Clone, Debug, Default)]
struct Beginnings([u64; 32]);

impl Beginnings {
    fn add(&mut self, word: &str) {
        let (place, length) = Self::place(word);
        self.0[place] |= length;
    }

    #[inline]
    fn may_have(&self, word: &str) -> bool {
        let (place, length) = Self::place(word);
        self.0[place] & length != 0
    }

    /// By the low bits of the first byte, which differ from letter to letter.
    #[inline]
    fn place(word: &str) -> (usize, u64) {
        let first = word.as_bytes().first().copied().unwrap_or(0);
        (usize::from(first % 32), 1 << word.len().min(63))
    }
}

/// A folded text and the ranges of its words: read once for several matchers, and kept to save allocations.
#[derive(Clone, Debug, Default)]
pub struct Words {
    folded: String,
    /// Where in it the text being read begins.
    base: usize,
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
                .entry(tag.to_ascii_uppercase().into())
                .or_default()
                .push(target);
            return;
        }
        let mut words = Words::default();
        words.read(pattern);
        let mut words = words.iter().map(Box::<str>::from);
        if let Some(first) = words.next() {
            let phrase = Phrase {
                rest: words.collect(),
                target,
            };
            self.beginnings.add(&first);
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
        let mut words = std::mem::take(&mut self.scratch);
        if !self.by_first_word.is_empty() {
            words.read_post(post);
        }
        self.find_in(&words, post, found);
        self.scratch = words;
    }

    /// The same for a post whose words have been read.
    pub fn find_in(&self, words: &Words, post: &Post, found: &mut Vec<usize>) {
        if !self.by_first_word.is_empty() {
            self.find_words(words, found);
        }
        find_tags(
            &self.by_hashtag,
            post.hashtags.iter().map(|tag| fold(tag)),
            found,
        );
        find_tags(
            &self.by_cashtag,
            post.cashtags
                .iter()
                .map(|tag| tag.to_ascii_uppercase().into()),
            found,
        );
        found.sort_unstable();
        found.dedup();
    }

    fn find_words(&self, words: &Words, found: &mut Vec<usize>) {
        for (idx, word) in words.iter().enumerate() {
            if !self.beginnings.may_have(word) {
                continue;
            }
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

/// What a byte is for finding words.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Kind {
    /// A letter, digit or underscore of ASCII.
    Plain,
    Space,
    /// Another character of ASCII.
    Mark,
    /// Part of a character beyond ASCII.
    Beyond,
}

const KINDS: [Kind; 256] = {
    let mut kinds = [Kind::Mark; 256];
    let mut byte = 0;
    while byte < 256 {
        let kind = &mut kinds[byte];
        let byte_of = byte as u8;
        if byte_of.is_ascii_alphanumeric() || byte_of == b'_' {
            *kind = Kind::Plain;
        } else if matches!(byte_of, b'\t'..=b'\r' | b' ') {
            *kind = Kind::Space;
        } else if !byte_of.is_ascii() {
            *kind = Kind::Beyond;
        }
        byte += 1;
    }
    kinds
};

/// A word that is being read.
#[derive(Clone, Copy, Default)]
struct Open {
    start: Option<usize>,
    /// It has letters beyond ASCII.
    has_beyond: bool,
}

impl Words {
    /// Reads text and tags of a post.
    pub fn read_post(&mut self, post: &Post) {
        self.read(&post.text);
        for tag in post.hashtags.iter().chain(&post.cashtags) {
            // An empty word between them, so that no phrase reaches from one into the next.
            self.ranges.push((0, 0));
            self.append(tag);
        }
    }

    fn read(&mut self, text: &str) {
        self.ranges.clear();
        self.folded.clear();
        self.append(text);
    }

    fn append(&mut self, text: &str) {
        // Words of ASCII lie in the folded text where they lay in the text, the others behind it.
        self.base = self.folded.len();
        self.folded.push_str(text);
        if let Some(bytes) = self.folded.get_mut(self.base..) {
            bytes.make_ascii_lowercase();
        }
        let (mut at, mut open, mut is_after_space) = (0, Open::default(), true);
        while let Some(byte) = text.as_bytes().get(at) {
            if std::mem::take(&mut is_after_space) && is_link(text, at) {
                let link = text.get(at..).unwrap_or_default();
                at += link.find(char::is_whitespace).unwrap_or(link.len());
                continue;
            }
            let mut n_bytes = 1;
            match KINDS[usize::from(*byte)] {
                Kind::Plain => _ = open.start.get_or_insert(at),
                Kind::Mark => self.end_word(text, at, &mut open),
                Kind::Space => {
                    self.end_word(text, at, &mut open);
                    is_after_space = true;
                }
                Kind::Beyond => {
                    let c = text.get(at..).and_then(|rest| rest.chars().next());
                    let c = c.unwrap_or_default();
                    if c.is_alphanumeric() {
                        open.start.get_or_insert(at);
                        open.has_beyond = true;
                    } else {
                        self.end_word(text, at, &mut open);
                        is_after_space = c.is_whitespace();
                    }
                    n_bytes = c.len_utf8();
                }
            }
            at += n_bytes;
        }
        self.end_word(text, text.len(), &mut open);
    }

    #[inline]
    fn end_word(&mut self, text: &str, end: usize, open: &mut Open) {
        let Open { start, has_beyond } = std::mem::take(open);
        let Some(start) = start else { return };
        if has_beyond {
            let word = text.get(start..end).unwrap_or_default();
            let from = self.folded.len();
            self.folded
                .extend(word.chars().flat_map(char::to_lowercase));
            self.ranges.push((from, self.folded.len()));
        } else {
            self.ranges.push((self.base + start, self.base + end));
        }
    }

    fn iter(&self) -> impl Iterator<Item = &str> + Clone {
        self.ranges
            .iter()
            .filter_map(|(start, end)| self.folded.get(*start..*end))
    }
}

/// Does a link begin at this byte?
#[inline]
fn is_link(text: &str, at: usize) -> bool {
    let begins = |link: &str| {
        let start = text.as_bytes().get(at..at + link.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(link.as_bytes()))
    };
    match text.as_bytes().get(at) {
        Some(b'h' | b'H') => begins("http://") || begins("https://"),
        Some(b'w' | b'W') => begins("www."),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The words as the module's description says.
    fn by_definition(text: &str) -> Vec<String> {
        let chunks = text.split_whitespace().filter(|chunk| {
            let start = chunk.to_ascii_lowercase();
            let links = ["http://", "https://", "www."];
            !links.iter().any(|link| start.starts_with(link))
        });
        let words =
            chunks.flat_map(|chunk| chunk.split(|c: char| !(c.is_alphanumeric() || c == '_')));
        let words = words.filter(|word| !word.is_empty());
        words
            .map(|word| word.chars().flat_map(char::to_lowercase).collect())
            .collect()
    }

    proptest! {
        #[test]
        fn words_are_those_of_the_definition(
            parts in prop::collection::vec(
                "[a-zA-Z_0-9]{1,6}|[ \\t\\n\u{A0}\u{3000}]|https?://|WWW\\.|[.,#$&'!/]|[éßİΣσ漢字✈🚀²]",
                0..20,
            )
        ) {
            let text = parts.concat();
            let mut words = Words::default();

            words.read(&text);

            let found: Vec<&str> = words.iter().collect();
            prop_assert_eq!(found, by_definition(&text));
        }

        #[test]
        fn a_word_of_any_length_and_script_is_found(word in "[a-z0-9_]{1,80}|[äöüßéπ漢]{1,30}") {
            check(&word, &post(&format!("so {word} then"), &[], &[]), true);
            check(&word, &post(&format!("so {word}x then"), &[], &[]), false);
        }
    }

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
