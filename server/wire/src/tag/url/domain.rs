//! Domain names: the longest that begins at a place, and those of ASCII within one of any script.

use std::ops::Range;

use memchr::memrchr;

use super::super::class::{
    is_accented_latin, is_directional, is_invalid, is_punctuation, is_space,
};
use super::super::tld;

/// The run of characters around byte `at` that a domain name may have, but nothing before `floor`.
pub(super) fn run_around(text: &str, floor: usize, at: usize) -> Range<usize> {
    let (before, after) = (
        text.get(floor..at).unwrap_or_default(),
        text.get(at..).unwrap_or_default(),
    );
    let is_end = |c: char| !(matches!(c, '.' | '-' | '_') || is_domain_char(c));
    let start = before.rfind(is_end).map_or(floor, |i| {
        floor
            + i
            + before
                .get(i..)
                .and_then(|s| s.chars().next())
                .map_or(0, char::len_utf8)
    });
    start..at + after.find(is_end).unwrap_or(after.len())
}

/// Whatever is not punctuation, space or invisible: `"` and control characters too.
fn is_domain_char(c: char) -> bool {
    !(is_punctuation(c) || is_space(c) || is_invalid(c) || is_directional(c))
}

/// A run, parted at its dots.
pub(super) struct Labels<'a> {
    text: &'a str,
    labels: Vec<Label>,
}

struct Label {
    range: Range<usize>,
    /// The last `_`: allowed in a subdomain, not in the name right before the top-level domain.
    underscore: Option<usize>,
    /// End of the top-level domain that this label begins with.
    tld_end: Option<usize>,
    /// End of the longest domain name that begins with this whole label.
    domain_end: Option<usize>,
}

impl<'a> Labels<'a> {
    pub(super) fn new(text: &'a str, run: &Range<usize>) -> Option<Self> {
        let mut labels = Vec::new();
        let mut start = run.start;
        for part in text.get(run.clone())?.split('.') {
            let range = start..start + part.len();
            labels.push(Label {
                underscore: memrchr(b'_', part.as_bytes()).map(|i| start + i),
                tld_end: tld::end_at(text, start),
                domain_end: None,
                range,
            });
            start += part.len() + 1;
        }
        let mut all = Self { text, labels };
        for idx in (0..all.labels.len()).rev() {
            let end = all
                .labels
                .get(idx)
                .and_then(|label| all.domain_end(idx, label.range.start));
            if let Some(label) = all.labels.get_mut(idx) {
                label.domain_end = end;
            }
        }
        Some(all)
    }

    /// The longest domain name that begins with the run.
    pub(super) fn domain_at(&self, start: usize) -> Option<Range<usize>> {
        self.domain_end(0, start).map(|end| start..end)
    }

    /// The leftmost domain name that begins where it may, at its longest.
    pub(super) fn first_domain(&self, may_begin: impl Fn(usize) -> bool) -> Option<Range<usize>> {
        let within = |idx: usize, start: usize| {
            let end = if may_begin(start) {
                self.domain_end(idx, start)
            } else {
                None
            };
            end.map(|end| start..end)
        };
        self.labels.iter().enumerate().find_map(|(idx, label)| {
            let part = self.text.get(label.range.clone())?;
            // At the start of the text a first character that may precede a URL is rather that.
            let second = part
                .chars()
                .next()
                .filter(|_| label.range.start == 0)
                .map(char::len_utf8);
            second.and_then(|start| within(idx, start)).or_else(|| {
                part.char_indices()
                    .find_map(|(i, _)| within(idx, label.range.start + i))
            })
        })
    }

    /// End of the longest domain name that begins at `start` in label `idx`; asks the labels after it.
    fn domain_end(&self, idx: usize, start: usize) -> Option<usize> {
        let (label, next) = (self.labels.get(idx)?, self.labels.get(idx + 1)?);
        let part = self.text.as_bytes().get(start..label.range.end)?;
        let is_inner = |b: &u8| matches!(b, b'-' | b'_');
        if part.first().is_none_or(is_inner) || part.last().is_none_or(is_inner) {
            return None;
        }
        let is_name = label.underscore.is_none_or(|underscore| underscore < start);
        next.domain_end.or(next.tld_end.filter(|_| is_name))
    }
}

/// Domain names of ASCII and accented Latin letters (the top-level domain may be any) in a domain name.
///
/// Without a scheme only these are URLs: where words are not parted by spaces, what stands before
/// and after would belong to the name.
#[derive(Clone, Debug)]
pub(super) struct AsciiDomains<'a> {
    text: &'a str,
    at: usize,
    end: usize,
    /// End of port, path and query after the domain; the last name gets them.
    tail: Option<usize>,
}

impl<'a> AsciiDomains<'a> {
    pub(super) fn new(text: &'a str, domain: Range<usize>, tail: Option<usize>) -> Self {
        Self {
            text,
            at: domain.start,
            end: domain.end,
            tail,
        }
    }

    fn label_len(&self, at: usize) -> usize {
        let rest = self.text.get(at..self.end).unwrap_or_default();
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-' || is_accented_latin(c);
        rest.find(|c| !is_part(c)).unwrap_or(rest.len())
    }
}

impl Iterator for AsciiDomains<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        while self.at < self.end {
            let start = self.at;
            let mut longest = None;
            loop {
                let len = self.label_len(self.at);
                self.at += len;
                if len == 0 || self.text.as_bytes().get(self.at) != Some(&b'.') {
                    break;
                }
                self.at += 1;
                longest = tld::end_at(self.text, self.at)
                    .filter(|end| *end <= self.end)
                    .or(longest);
            }
            if let Some(end) = longest {
                self.at = end;
                let tail = self.tail.filter(|_| end == self.end);
                return Some(start..tail.unwrap_or(end));
            }
            // No name begins in what was just read; go on after the character that ended it.
            self.at += self
                .text
                .get(self.at..)
                .and_then(|s| s.chars().next())
                .map_or(1, char::len_utf8);
        }
        None
    }
}
