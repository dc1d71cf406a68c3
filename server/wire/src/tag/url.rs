//! URLs, with a scheme or without (`example.com/path`), as twitter-text finds them.
//!
//! The rules are a regular expression there. Here they are taken apart so that the work stays linear:
//! every URL has a dot with a top-level domain after it, so we look for such dots, then widen to the
//! *run* of characters around it that a domain name may have, and find in it the leftmost place where
//! a domain name can begin and the longest one that begins there.

mod domain;
mod tail;

use std::iter::FusedIterator;
use std::ops::Range;

use memchr::memchr;

use super::class::{is_directional, is_invalid};
use super::{Kind, Tag, punycode, tld};
use domain::AsciiDomains;

/// Longest URL, in UTF-16 units and with its scheme counted twice, as twitter-text counts.
const MAX_URL: usize = 4096;
/// Longest name of a link shortened by Twitter.
const MAX_TCO_SLUG: usize = 40;

/// URLs of a text, in order of appearance. See [`super::urls`].
#[derive(Clone, Debug)]
pub struct Urls<'a> {
    text: &'a str,
    /// End of the last match, taken or refused: what lies before is used up.
    used: usize,
    /// What is left of the last match without scheme: it may hold more than one URL.
    domains: Option<AsciiDomains<'a>>,
}

impl<'a> Urls<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            used: 0,
            domains: None,
        }
    }

    /// URLs between two places that are white space or an end of the text, so that none reaches over.
    pub(super) fn within(text: &'a str, start: usize, end: usize) -> Self {
        Self {
            text: text.get(..end).unwrap_or(text),
            used: start,
            domains: None,
        }
    }

    /// The next stretch that has the form of a URL.
    fn next_match(&mut self) -> Option<Match> {
        let mut from = self.used;
        loop {
            let dot = from + memchr(b'.', self.text.as_bytes().get(from..)?)?;
            from = dot + 1;
            if tld::end_at(self.text, from).is_none() {
                continue;
            }
            let run = domain::run_around(self.text, self.used, dot);
            from = run.end;
            if let Some(found) = self.match_in(&run) {
                self.used = found.range.end;
                return Some(found);
            }
        }
    }

    fn match_in(&self, run: &Range<usize>) -> Option<Match> {
        let scheme = self.scheme_before(run.start);
        let labels = domain::Labels::new(self.text, run)?;
        let with_scheme = scheme.and_then(|start| {
            let domain = labels.domain_at(run.start)?;
            Some((start, domain))
        });
        let (start, domain) = with_scheme.or_else(|| {
            let domain = labels.first_domain(|start| self.may_begin(start))?;
            Some((domain.start, domain))
        })?;
        let has_scheme = start < domain.start;
        let (path, end) = tail::path_and_end(self.text, domain.end);
        Some(Match {
            range: start..end,
            domain,
            path,
            has_scheme,
        })
    }

    /// Where the scheme begins that ends at `end`, if it may begin there.
    fn scheme_before(&self, end: usize) -> Option<usize> {
        let bytes = self.text.as_bytes().get(..end)?;
        let len = [&b"https://"[..], b"http://"]
            .into_iter()
            .find_map(|scheme| {
                let start = end.checked_sub(scheme.len())?;
                bytes
                    .get(start..)?
                    .eq_ignore_ascii_case(scheme)
                    .then_some(scheme.len())
            })?;
        Some(end - len).filter(|start| self.may_begin(*start))
    }

    /// A URL may begin at the start of the text or after a character that is not used up and is no
    /// ASCII letter or digit and none of `@$#`.
    fn may_begin(&self, start: usize) -> bool {
        match self
            .text
            .get(self.used..start)
            .and_then(|before| before.chars().next_back())
        {
            None => start == 0 && self.used == 0,
            Some(c) => may_precede(c),
        }
    }

    /// The rules beyond the form.
    fn is_valid(&self, found: &Match) -> bool {
        let (Some(url), Some(domain)) = (
            self.text.get(found.range.clone()),
            self.text.get(found.domain.clone()),
        ) else {
            return false;
        };
        let scheme = if found.has_scheme {
            found.domain.start - found.range.start
        } else {
            "https://".len()
        };
        let fits = url.len() + scheme <= MAX_URL || url.encode_utf16().count() + scheme <= MAX_URL;
        let is_punycode = !domain.starts_with("xn--")
            || AsciiDomains::new(self.text, found.domain.clone(), None)
                .next()
                .is_some();
        fits && is_punycode && domain.split('.').all(punycode::is_label)
    }

    fn tag(&self, range: Range<usize>) -> Option<Tag<'a>> {
        Some(Tag {
            kind: Kind::Url,
            text: self.text.get(range.clone())?,
            range,
        })
    }
}

impl<'a> Iterator for Urls<'a> {
    type Item = Tag<'a>;

    fn next(&mut self) -> Option<Tag<'a>> {
        loop {
            if let Some(range) = self.domains.as_mut().and_then(Iterator::next) {
                return self.tag(range);
            }
            let used = self.used;
            let Some(found) = self.next_match() else {
                self.used = self.text.len();
                return None;
            };
            if !self.is_valid(&found) {
                continue;
            }
            let Range { start, end } = found.range;
            if !found.has_scheme {
                let before = self.text.get(used..start).unwrap_or_default();
                if !before.ends_with(['-', '_', '.', '/']) {
                    let tail = found.path.then_some(end);
                    self.domains = Some(AsciiDomains::new(self.text, found.domain, tail));
                }
                continue;
            }
            match tail::tco_slug(self.text, &found.domain) {
                Some(slug) if slug.len() > MAX_TCO_SLUG => {}
                // Nothing more of a path belongs to a shortened link.
                Some(slug) => return self.tag(start..tail::query_end(self.text, slug.end)),
                None => return self.tag(start..end),
            }
        }
    }
}

impl FusedIterator for Urls<'_> {}

/// A stretch that has the form of a URL.
struct Match {
    range: Range<usize>,
    domain: Range<usize>,
    has_scheme: bool,
    path: bool,
}

fn may_precede(c: char) -> bool {
    is_directional(c)
        || !(c.is_ascii_alphanumeric()
            || matches!(c, '@' | '＠' | '$' | '#' | '＃')
            || is_invalid(c))
}
