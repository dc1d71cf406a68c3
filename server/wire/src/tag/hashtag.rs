//! `#hashtag`: which signs begin one, how far it reaches, and when it is but a piece of a URL.

use std::iter::FusedIterator;
use std::ops::Range;

use memchr::{memchr, memchr2};

use super::class::{is_alpha, is_ascii_space, is_hashtag_char};
use super::{Kind, Tag, Urls, sign_at};

/// Hashtags of a text, in order of appearance. See [`super::hashtags`].
#[derive(Clone, Debug)]
pub struct Hashtags<'a> {
    text: &'a str,
    /// Where to look for the next sign.
    from: usize,
    /// End of the last match, taken or refused: what lies before is used up.
    used: usize,
    /// End of the last hashtag that was taken.
    taken: usize,
    urls: Option<ChunkUrls<'a>>,
}

impl<'a> Hashtags<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            from: 0,
            used: 0,
            taken: 0,
            urls: None,
        }
    }

    /// The range of the next `#word` that stands alone, whether or not in a URL.
    pub(super) fn next_candidate(&mut self) -> Option<(Range<usize>, usize)> {
        loop {
            let sign = self.from + memchr2(b'#', 0xEF, self.text.as_bytes().get(self.from..)?)?;
            let Some(body) = sign_at(self.text, sign, b'#', '＃') else {
                self.from = sign + 1;
                continue;
            };
            self.from = body;
            if !self.stands_alone(sign) || is_emoji_sign(self.text, body) {
                continue;
            }
            let Some(end) = word_end(self.text, body) else {
                continue;
            };
            self.from = end;
            self.used = end;
            let after = self.text.as_bytes().get(end..).unwrap_or_default();
            if !(after.starts_with(b"#")
                || after.starts_with("＃".as_bytes())
                || after.starts_with(b"://"))
            {
                return Some((sign..end, body));
            }
        }
    }

    /// Nothing before it, or a character that no hashtag could hold and is not `&` (as in `&#39;`).
    fn stands_alone(&self, sign: usize) -> bool {
        match self.text.as_bytes().get(self.used..sign) {
            None | Some([]) => sign == 0,
            Some([.., last]) if last.is_ascii() => {
                !(last.is_ascii_alphanumeric() || matches!(last, b'_' | b'&'))
            }
            // An emoji's variation selector is a mark, but ends a picture and not a word.
            Some(_) => self
                .text
                .get(self.used..sign)
                .and_then(|s| s.chars().next_back())
                .is_some_and(|c| matches!(c, '\u{FE0E}' | '\u{FE0F}') || !is_hashtag_char(c)),
        }
    }

    /// A URL that began before `sign` reaches over it, unless a hashtag got in that URL's way.
    fn is_in_url(&mut self, sign: usize) -> bool {
        let bytes = self.text.as_bytes();
        if sign == 0 || bytes.get(sign - 1).is_some_and(|b| is_ascii_space(*b)) {
            return false;
        }
        let urls = match &mut self.urls {
            Some(urls) if sign < urls.end => urls,
            slot => slot.insert(ChunkUrls::around(self.text, sign)),
        };
        urls.at(sign).is_some_and(|url| url.start >= self.taken)
    }
}

impl<'a> Iterator for Hashtags<'a> {
    type Item = Tag<'a>;

    fn next(&mut self) -> Option<Tag<'a>> {
        loop {
            let (range, body) = self.next_candidate()?;
            if !self.is_in_url(range.start) {
                self.taken = range.end;
                let text = self.text.get(body..range.end)?;
                return Some(Tag {
                    kind: Kind::Hashtag,
                    text,
                    range,
                });
            }
        }
    }
}

impl FusedIterator for Hashtags<'_> {}

/// `#️` and `#⃣` are pictures of the sign.
fn is_emoji_sign(text: &str, body: usize) -> bool {
    let after = text.as_bytes().get(body..).unwrap_or_default();
    after.starts_with("\u{FE0F}".as_bytes()) || after.starts_with("\u{20E3}".as_bytes())
}

/// Where the word that begins at `body` ends; none without a letter in it.
fn word_end(text: &str, body: usize) -> Option<usize> {
    let mut end = body;
    let mut has_letter = false;
    for byte in text.as_bytes().get(body..)? {
        if !(byte.is_ascii_alphanumeric() || *byte == b'_') {
            break;
        }
        has_letter |= byte.is_ascii_alphabetic();
        end += 1;
    }
    if text
        .as_bytes()
        .get(end)
        .is_some_and(|byte| !byte.is_ascii())
    {
        for c in text.get(end..)?.chars() {
            if !is_hashtag_char(c) {
                break;
            }
            has_letter |= is_alpha(c);
            end += c.len_utf8();
        }
    }
    has_letter.then_some(end)
}

/// URLs of one stretch without ASCII white space, found only as far as they are asked for.
#[derive(Clone, Debug)]
struct ChunkUrls<'a> {
    end: usize,
    urls: Option<Urls<'a>>,
    last: Option<Range<usize>>,
}

impl<'a> ChunkUrls<'a> {
    fn around(text: &'a str, at: usize) -> Self {
        let bytes = text.as_bytes();
        let (before, after) = bytes.split_at_checked(at).unwrap_or_default();
        let n_before = before
            .iter()
            .rev()
            .take_while(|b| !is_ascii_space(**b))
            .count();
        let n_after = after.iter().take_while(|b| !is_ascii_space(**b)).count();
        let end = at + n_after;
        // The white space before it belongs to it: it says that a URL may begin there.
        let start = (at - n_before).saturating_sub(1);
        let has_dot = bytes
            .get(start..end)
            .is_some_and(|chunk| memchr(b'.', chunk).is_some());
        let urls = has_dot.then(|| Urls::within(text, start, end));
        Self {
            end,
            urls,
            last: None,
        }
    }

    /// The URL that covers byte `at`; asked with rising `at` only.
    fn at(&mut self, at: usize) -> Option<Range<usize>> {
        let urls = self.urls.as_mut()?;
        while self.last.as_ref().is_none_or(|url| url.end <= at) {
            self.last = Some(urls.next()?.range);
        }
        self.last.clone().filter(|url| url.start < at)
    }
}
