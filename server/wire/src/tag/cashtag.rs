//! `$CASHTAG`: one to six ASCII letters, perhaps a class or exchange of one or two after `.` or `_`.

use std::iter::FusedIterator;

use memchr::memchr;

use super::class::{is_punctuation, is_space};
use super::{Kind, Tag};

const MAX_SYMBOL: usize = 6;
const MAX_SUFFIX: usize = 2;

/// Cashtags of a text, in order of appearance. See [`super::cashtags`].
#[derive(Clone, Debug)]
pub struct Cashtags<'a> {
    text: &'a str,
    from: usize,
}

impl<'a> Cashtags<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, from: 0 }
    }
}

impl<'a> Iterator for Cashtags<'a> {
    type Item = Tag<'a>;

    fn next(&mut self) -> Option<Tag<'a>> {
        loop {
            let sign = self.from + memchr(b'$', self.text.as_bytes().get(self.from..)?)?;
            self.from = sign + 1;
            if !follows_space(self.text, sign) {
                continue;
            }
            if let Some(end) = symbol_end(self.text, sign + 1) {
                self.from = end;
                let text = self.text.get(sign + 1..end)?;
                return Some(Tag {
                    kind: Kind::Cashtag,
                    text,
                    range: sign..end,
                });
            }
        }
    }
}

impl FusedIterator for Cashtags<'_> {}

pub(super) fn follows_space(text: &str, sign: usize) -> bool {
    match text.as_bytes().get(..sign) {
        None | Some([]) => true,
        Some([.., last]) if last.is_ascii() => is_space(char::from(*last)),
        Some(_) => text
            .get(..sign)
            .and_then(|before| before.chars().next_back())
            .is_some_and(is_space),
    }
}

/// Tries the longest form first, as a regular expression would: `$BRK.B`, else `$BRK`.
fn symbol_end(text: &str, start: usize) -> Option<usize> {
    let n_letters = |from: usize, max: usize| {
        let rest = text.as_bytes().get(from..).unwrap_or_default();
        rest.iter()
            .take(max)
            .take_while(|b| b.is_ascii_alphabetic())
            .count()
    };
    let symbol = start + n_letters(start, MAX_SYMBOL);
    if symbol == start {
        return None;
    }
    if matches!(text.as_bytes().get(symbol), Some(b'.' | b'_')) {
        let suffix = symbol + 1 + n_letters(symbol + 1, MAX_SUFFIX);
        if suffix > symbol + 1 && may_end(text, suffix) {
            return Some(suffix);
        }
    }
    may_end(text, symbol).then_some(symbol)
}

pub(super) fn may_end(text: &str, end: usize) -> bool {
    match text.get(end..).and_then(|rest| rest.chars().next()) {
        None => true,
        Some('\u{85}') => false,
        Some(c) => c.is_whitespace() || c == '\u{FEFF}' || is_punctuation(c),
    }
}
