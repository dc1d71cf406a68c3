//! What follows the domain name: port, path and query, and where they stop.

use std::ops::Range;

use super::super::class::{is_accented_latin, is_cyrillic};

/// Is there a path after the domain name that ends at `from`, and where do port, path and query end?
pub(super) fn path_and_end(text: &str, from: usize) -> (bool, usize) {
    let port = port_end(text, from);
    let path = path_end(text, port);
    (path > port, query_end(text, path))
}

fn port_end(text: &str, from: usize) -> usize {
    match text.as_bytes().get(from..) {
        Some([b':', digits @ ..]) => match digits.iter().take_while(|b| b.is_ascii_digit()).count()
        {
            0 => from,
            n => from + 1 + n,
        },
        _ => from,
    }
}

/// A path runs on over its own characters and pairs of parentheses, but does not end in punctuation.
fn path_end(text: &str, from: usize) -> usize {
    if text.as_bytes().get(from) != Some(&b'/') {
        return from;
    }
    let mut at = from + 1;
    let mut end = at;
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
        if c == '(' {
            let Some(closed) = parentheses_end(text, at) else {
                break;
            };
            at = closed;
            end = at;
        } else if is_path_char(c) {
            at += c.len_utf8();
            if may_end_path(c) {
                end = at;
            }
        } else {
            break;
        }
    }
    end
}

/// The end of `(…)` or `(…(…)…)`, neither empty nor deeper.
fn parentheses_end(text: &str, open: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let inner = open + 1;
    let first = inner + path_chars_len(text, inner);
    match bytes.get(first)? {
        b')' => (first > inner).then_some(first + 1),
        b'(' => {
            let second = first + 1 + path_chars_len(text, first + 1);
            let third = second + 1 + path_chars_len(text, second + 1);
            let is_pair = second > first + 1 && bytes.get(second) == Some(&b')');
            (is_pair && bytes.get(third) == Some(&b')')).then_some(third + 1)
        }
        _ => None,
    }
}

fn path_chars_len(text: &str, from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    rest.find(|c| !is_path_char(c)).unwrap_or(rest.len())
}

fn is_path_char(c: char) -> bool {
    may_end_path(c)
        || matches!(
            c,
            '!' | '*'
                | '\''
                | ';'
                | ':'
                | ','
                | '.'
                | '$'
                | '%'
                | '['
                | ']'
                | '–'
                | '~'
                | '@'
                | '|'
                | '&'
        )
}

fn may_end_path(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(c, '+' | '-' | '=' | '_' | '#' | '/')
        || is_cyrillic(c)
        || is_accented_latin(c)
}

/// End of the query that begins with `?` at `from`; `from` without one.
pub(super) fn query_end(text: &str, from: usize) -> usize {
    let Some([b'?', query @ ..]) = text.as_bytes().get(from..) else {
        return from;
    };
    let may_end =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'&' | b'=' | b'#' | b'/');
    let is_part = |b: u8| may_end(b) || b"!?*'@();:+$%[].,~|".contains(&b);
    let len = query.iter().take_while(|b| is_part(**b)).count();
    match query.iter().take(len).rposition(|b| may_end(*b)) {
        Some(last) => from + 1 + last + 1,
        None => from,
    }
}

/// The name of a link shortened by Twitter (`t.co/name`).
pub(super) fn tco_slug(text: &str, domain: &Range<usize>) -> Option<Range<usize>> {
    let name = text.get(domain.clone())?;
    let [b'/', slug @ ..] = text.as_bytes().get(domain.end..)? else {
        return None;
    };
    let len = slug
        .iter()
        .take_while(|b| b.is_ascii_alphanumeric())
        .count();
    let start = domain.end + 1;
    (len > 0 && name.eq_ignore_ascii_case("t.co")).then_some(start..start + len)
}
