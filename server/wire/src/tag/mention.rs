//! `@mention`: up to twenty ASCII letters, digits and `_`; not part of an address, a list or a URL's scheme.

use std::iter::FusedIterator;

use memchr::memchr2;

use super::class::is_accented_latin;
use super::{Kind, Tag, sign_at};

const MAX_NAME: usize = 20;
const MAX_LIST: usize = 25;

/// Mentions of a text, in order of appearance. See [`super::mentions`].
#[derive(Clone, Debug)]
pub struct Mentions<'a> {
    text: &'a str,
    from: usize,
    /// End of the last match, taken or refused: what lies before is used up.
    used: usize,
}

impl<'a> Mentions<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            from: 0,
            used: 0,
        }
    }
}

impl<'a> Iterator for Mentions<'a> {
    type Item = Tag<'a>;

    fn next(&mut self) -> Option<Tag<'a>> {
        loop {
            let bytes = self.text.as_bytes();
            let sign = self.from + memchr2(b'@', 0xEF, bytes.get(self.from..)?)?;
            let Some(name) = sign_at(self.text, sign, b'@', '＠') else {
                self.from = sign + 1;
                continue;
            };
            self.from = name;
            let is_name = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
            let end = name + count(bytes, name, MAX_NAME, is_name);
            if end == name || !may_begin(self.text, self.used, sign) {
                continue;
            }
            let list_end = list_end(bytes, end);
            self.from = list_end;
            self.used = list_end;
            if list_end == end && may_end(self.text, end) {
                let text = self.text.get(name..end)?;
                return Some(Tag {
                    kind: Kind::Mention,
                    text,
                    range: sign..end,
                });
            }
        }
    }
}

impl FusedIterator for Mentions<'_> {}

fn count(bytes: &[u8], from: usize, max: usize, is_part: impl Fn(u8) -> bool) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    rest.iter().take(max).take_while(|b| is_part(**b)).count()
}

/// `@name/list` names a list, not an author: where the list's name ends, or `name_end` without one.
fn list_end(bytes: &[u8], name_end: usize) -> usize {
    let is_part = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    match bytes.get(name_end..) {
        Some([b'/', first, ..]) if first.is_ascii_alphabetic() => {
            name_end + 1 + count(bytes, name_end + 1, MAX_LIST, is_part)
        }
        _ => name_end,
    }
}

/// A word or one of `!#$%&*@` right before makes it something else, except `RT` on its own.
fn may_begin(text: &str, used: usize, sign: usize) -> bool {
    let Some(before) = text.get(used..sign) else {
        return false;
    };
    let Some(last) = before.chars().next_back() else {
        return sign == 0;
    };
    if !(last.is_ascii_alphanumeric()
        || matches!(last, '_' | '!' | '#' | '$' | '%' | '&' | '*' | '@' | '＠'))
    {
        return true;
    }
    let Some((head, retweet)) = before
        .len()
        .checked_sub(2)
        .and_then(|at| before.split_at_checked(at))
    else {
        return false;
    };
    retweet.eq_ignore_ascii_case("rt")
        && match head.chars().next_back() {
            None => used == 0,
            Some(c) => !(c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '~' | '.' | '-')),
        }
}

/// Not before another `@`, a Latin letter with an accent (the name goes on) or `://` (it is a scheme).
fn may_end(text: &str, end: usize) -> bool {
    let Some(rest) = text.get(end..) else {
        return false;
    };
    !rest.starts_with("://")
        && !rest.starts_with(|c| matches!(c, '@' | '＠') || is_accented_latin(c))
}
