//! The only tag scanner: finds hashtags, cashtags, mentions and URLs in a text, in one place for the
//! relay and the page.
//!
//! It follows the rules of twitter-text 3 as its conformance suite states them. Each kind is found on
//! its own, as that library's `extract…` functions do: a hashtag that lies in a URL is dropped,
//! a mention there is not. Ranges are in bytes. Not done here: no ticker is recognised without `$`,
//! and nothing is looked up. Any string is allowed; the work is linear in its length.
//!
//! Where it parts from the JavaScript library (in 9 of 200,000 tangled texts, only in URLs): letters, marks
//! and digits are those of today's Unicode; an emoji is one character, not two halves, so no domain
//! name begins inside one; a URL is always a piece of the text, never put together from two.

mod cashtag;
mod class;
mod hashtag;
mod instrument;
mod letters;
mod mention;
mod punycode;
mod tld;
mod url;

use std::borrow::Cow;
use std::iter::{FusedIterator, Peekable};
use std::ops::Range;

pub use cashtag::Cashtags;
pub use hashtag::Hashtags;
pub use instrument::{Instrument, Instruments};
pub use mention::Mentions;
pub use url::Urls;

/// What a [`Tag`] is.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// `#word`.
    Hashtag,
    /// `$SYMB`.
    Cashtag,
    /// `@name`.
    Mention,
    /// `https://example.com/path`, also without scheme.
    Url,
}

/// One find in a text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Tag<'a> {
    /// What it is.
    pub kind: Kind,
    /// Without marker, in the author's spelling.
    pub text: &'a str,
    /// Bytes of the text that it takes, marker included.
    pub range: Range<usize>,
}

/// Everything there is in `text`, in order of appearance, repeats kept.
///
/// ```
/// use wire::tag::{Kind, scan};
///
/// let found: Vec<_> = scan("@ann: $BTC to the #Moon! see ex.com/#a").map(|t| (t.kind, t.text)).collect();
///
/// let expected = [(Kind::Mention, "ann"), (Kind::Cashtag, "BTC"), (Kind::Hashtag, "Moon"), (Kind::Url, "ex.com/#a")];
/// assert_eq!(found, expected);
/// ```
pub fn scan(text: &str) -> Tags<'_> {
    Tags {
        hashtags: hashtags(text).peekable(),
        cashtags: cashtags(text).peekable(),
        mentions: mentions(text).peekable(),
        urls: urls(text).peekable(),
    }
}

/// Hashtags: `#` or `＃`, then letters, marks, digits and `_` with at least one letter among them.
/// Not right after a word or `&`, not before another `#` or `://`, not inside a URL.
///
/// ```
/// let found: Vec<_> = wire::tag::hashtags("(#BTC, #2024 ＃ビット) a#b").map(|tag| tag.text).collect();
///
/// assert_eq!(found, ["BTC", "ビット"]);
/// ```
pub fn hashtags(text: &str) -> Hashtags<'_> {
    Hashtags::new(text)
}

/// Cashtags: `$` after white space, then one to six ASCII letters and perhaps `.` or `_` with one or
/// two more. White space, punctuation or the end must follow.
///
/// ```
/// let found: Vec<_> = wire::tag::cashtags("$BRK.B, $btc $100 a$b").map(|tag| tag.text).collect();
///
/// assert_eq!(found, ["BRK.B", "btc"]);
/// ```
pub fn cashtags(text: &str) -> Cashtags<'_> {
    Cashtags::new(text)
}

/// Instruments by wider rules than those of twitter-text: all of [`cashtags`], and besides them symbols
/// with digits (`$1INCH`, at most ten characters) and pairs in capitals with or without `$`, quoted in a
/// well-known currency or coin (`BTC-USD`, `ETH/USDT`). Sums of money (`$10k`) are none.
///
/// ```
/// let found: Vec<_> = wire::tag::instruments("$1INCH, BTC/USDT and $ETH-EUR for $10k, 24/7")
///     .map(|one| (one.symbol, one.quote))
///     .collect();
///
/// assert_eq!(found, [("1INCH", None), ("BTC", Some("USDT")), ("ETH", Some("EUR"))]);
/// ```
pub fn instruments(text: &str) -> Instruments<'_> {
    Instruments::new(text)
}

/// Mentions: `@` or `＠`, then up to twenty ASCII letters, digits and `_`. Lists (`@name/list`) are none.
///
/// ```
/// let found: Vec<_> = wire::tag::mentions("RT@ann: mail me@example.com @bob/list").map(|tag| tag.text).collect();
///
/// assert_eq!(found, ["ann"]);
/// ```
pub fn mentions(text: &str) -> Mentions<'_> {
    Mentions::new(text)
}

/// URLs with a known top-level domain; `http` or `https`, or no scheme at all.
///
/// ```
/// let found: Vec<_> = wire::tag::urls("https://a.com/b_(c). or d.io/e, not f.g").map(|tag| tag.text).collect();
///
/// assert_eq!(found, ["https://a.com/b_(c)", "d.io/e"]);
/// ```
pub fn urls(text: &str) -> Urls<'_> {
    Urls::new(text)
}

/// The form in which hashtags are compared and counted: full Unicode lower-casing.
///
/// ```
/// assert_eq!(wire::tag::fold("BitCoin"), "bitcoin");
/// ```
pub fn fold(tag: &str) -> Cow<'_, str> {
    let is_folded = |b: u8| b.is_ascii() && !b.is_ascii_uppercase();
    if tag.bytes().all(is_folded) {
        Cow::Borrowed(tag)
    } else {
        Cow::Owned(tag.to_lowercase())
    }
}

/// Everything found in a text. See [`scan`].
#[derive(Clone, Debug)]
pub struct Tags<'a> {
    hashtags: Peekable<Hashtags<'a>>,
    cashtags: Peekable<Cashtags<'a>>,
    mentions: Peekable<Mentions<'a>>,
    urls: Peekable<Urls<'a>>,
}

impl<'a> Iterator for Tags<'a> {
    type Item = Tag<'a>;

    fn next(&mut self) -> Option<Tag<'a>> {
        let starts = [
            self.hashtags.peek().map(|tag| (tag.range.start, tag.kind)),
            self.cashtags.peek().map(|tag| (tag.range.start, tag.kind)),
            self.mentions.peek().map(|tag| (tag.range.start, tag.kind)),
            self.urls.peek().map(|tag| (tag.range.start, tag.kind)),
        ];
        match starts.into_iter().flatten().min()?.1 {
            Kind::Hashtag => self.hashtags.next(),
            Kind::Cashtag => self.cashtags.next(),
            Kind::Mention => self.mentions.next(),
            Kind::Url => self.urls.next(),
        }
    }
}

impl FusedIterator for Tags<'_> {}

/// Where what follows the sign at `at` begins, if it is the sign in its ASCII or full-width form.
fn sign_at(text: &str, at: usize, ascii: u8, wide: char) -> Option<usize> {
    let rest = text.as_bytes().get(at..)?;
    if rest.first() == Some(&ascii) {
        return Some(at + 1);
    }
    let mut utf8 = [0; 4];
    let wide = wide.encode_utf8(&mut utf8).as_bytes();
    rest.starts_with(wide).then(|| at + wide.len())
}

#[cfg(test)]
mod tests;
