//! What the relay is asked about: whether a post of a firehose touches any topic or ticker.
//!
//! A first choice, which only keeps a firehose from being sent to every reader. Which topics a post
//! belongs to is decided by the readers.

use aho_corasick::{AhoCorasick, MatchKind};
use rustc_hash::FxHashSet;
use wire::{
    Post,
    config::{Ticker, Topic},
    tag,
};

/// The words and tags of all topics and tickers.
#[derive(Debug)]
pub(crate) struct Subjects {
    words: AhoCorasick,
    hashtags: FxHashSet<String>,
    cashtags: FxHashSet<String>,
}

impl Subjects {
    /// `None` where there is neither topic nor ticker: then every post is wanted.
    pub(crate) fn new(topics: &[Topic], tickers: &[Ticker]) -> Option<Self> {
        let (mut words, mut hashtags, mut cashtags) =
            (Vec::new(), FxHashSet::default(), FxHashSet::default());
        for keyword in topics.iter().flat_map(|topic| &topic.keywords) {
            if let Some(tag) = keyword.strip_prefix('#') {
                hashtags.insert(tag::fold(tag).into_owned());
            } else if let Some(tag) = keyword.strip_prefix('$') {
                cashtags.insert(tag.to_uppercase());
            } else {
                hashtags.insert(tag::fold(keyword).into_owned());
                cashtags.insert(keyword.to_uppercase());
                words.push(keyword.to_lowercase());
            }
        }
        for ticker in tickers {
            cashtags.insert(ticker.symbol.to_uppercase());
            words.extend(ticker.aliases.iter().map(|alias| alias.to_lowercase()));
        }
        words.retain(|word| !word.is_empty());
        if words.is_empty() && hashtags.is_empty() && cashtags.is_empty() {
            return None;
        }
        let words = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(&words)
            .ok()?;
        Some(Self {
            words,
            hashtags,
            cashtags,
        })
    }

    /// Whether the post has a tag of ours, or a word of ours as a whole word.
    pub(crate) fn touch(&self, post: &Post) -> bool {
        let by_cashtag = post.cashtags.iter().any(|tag| self.cashtags.contains(tag));
        let is_ours = |tag: &String| self.hashtags.contains(&*tag::fold(tag));
        by_cashtag || post.hashtags.iter().any(is_ours) || self.has_word(&post.text)
    }

    fn has_word(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        self.words.find_overlapping_iter(&text).any(|found| {
            let before = text
                .get(..found.start())
                .and_then(|text| text.chars().next_back());
            let after = text.get(found.end()..).and_then(|text| text.chars().next());
            !is_letter(before) && !is_letter(after)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subjects() -> Subjects {
        let topic = Topic {
            keywords: ["bitcoin", "proof of work", "#HODL", "$ETH"]
                .map(str::to_owned)
                .into(),
            ..Topic::default()
        };
        let ticker = Ticker {
            symbol: "AAPL".into(),
            aliases: vec!["Apple Inc".into()],
            ..Ticker::default()
        };
        Subjects::new(&[topic], &[ticker]).unwrap()
    }

    #[track_caller]
    fn check(text: &str, expect: bool) {
        let owned = |tag: tag::Tag<'_>| tag.text.to_owned();
        let post = Post {
            text: text.into(),
            hashtags: tag::hashtags(text).map(owned).collect(),
            cashtags: tag::cashtags(text)
                .map(|tag| tag.text.to_uppercase())
                .collect(),
            ..Post::default()
        };
        assert_eq!(subjects().touch(&post), expect, "{text:?}");
    }

    #[test]
    fn whole_words_phrases_and_tags_are_found_whatever_their_case() {
        for text in [
            "Bitcoin!",
            "no BITCOIN",
            "the Proof of Work, again",
            "#hodl",
            "buy $eth",
            "$aapl",
            "apple inc.",
            "#Bitcoin",
        ] {
            check(text, true);
        }
    }

    #[test]
    fn parts_of_words_are_not_found() {
        for text in [
            "bitcoins",
            "abitcoin",
            "proof of workers",
            "hodl",
            "eth",
            "apple",
            "naïvebitcoin",
            "",
        ] {
            check(text, false);
        }
    }

    #[test]
    fn without_topics_and_tickers_nothing_is_asked_for() {
        assert!(Subjects::new(&[], &[]).is_none());
    }
}
