//! The wider rules for what names a tradable instrument: besides `$CASHTAG` also symbols with digits
//! (`$1INCH`) and pairs (`BTC-USD`, `ETH/USDT`), which twitter-text does not know.

use std::iter::{FusedIterator, Peekable};
use std::ops::Range;

use memchr::memchr3;

use super::cashtag::{follows_space, may_end};
use super::{Cashtags, cashtags};

const MAX_SYMBOL: usize = 10;
const MIN_PAIR_SYMBOL: usize = 2;

/// What a pair may be quoted in. Anything else behind `-` or `/` is prose: `AND/OR`, `COVID-19`.
const QUOTES: &[&str] = &[
    "USD", "USDT", "USDC", "EUR", "GBP", "JPY", "CHF", "AUD", "CAD", "TRY", "KRW", "BRL", "BUSD",
    "TUSD", "FDUSD", "DAI", "BTC", "XBT", "ETH", "BNB", "SOL", "PERP",
];

/// One instrument named in a text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Instrument<'a> {
    /// The symbol, without `$`, in the author's spelling.
    pub symbol: &'a str,
    /// What a pair is quoted in; none for a symbol alone.
    pub quote: Option<&'a str>,
    /// Bytes of the text that it takes, `$` included.
    pub range: Range<usize>,
}

/// Instruments of a text, in order of appearance. See [`super::instruments`].
#[derive(Clone, Debug)]
pub struct Instruments<'a> {
    text: &'a str,
    /// Where to look for the next `$`, `-` or `/`.
    from: usize,
    /// End of the last instrument that was taken.
    taken: usize,
    cashtags: Peekable<Cashtags<'a>>,
}

impl<'a> Instruments<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            from: 0,
            taken: 0,
            cashtags: cashtags(text).peekable(),
        }
    }

    /// What the sign at `at` marks, if it marks something.
    fn at_sign(&mut self, at: usize) -> Option<Instrument<'a>> {
        if self.text.as_bytes().get(at) == Some(&b'$') {
            self.at_dollar(at)
        } else {
            self.around_separator(at)
        }
    }

    /// A pair or a symbol with digits, else what the common rule says.
    fn at_dollar(&mut self, at: usize) -> Option<Instrument<'a>> {
        while self.cashtags.next_if(|tag| tag.range.start < at).is_some() {}
        let cashtag = self.cashtags.next_if(|tag| tag.range.start == at);
        let wide = follows_space(self.text, at)
            .then(|| symbol_end(self.text, at + 1))
            .flatten()
            .and_then(|end| {
                let quote = quote_after(self.text, end);
                let end_of_all = quote.as_ref().map_or(end, |quote| quote.end);
                let is_wanted = quote.is_some() || may_end(self.text, end);
                is_wanted.then(|| self.instrument(at, at + 1..end, quote, end_of_all))?
            });
        let narrow = |cashtag: super::Tag<'a>| Instrument {
            symbol: cashtag.text,
            quote: None,
            range: cashtag.range,
        };
        match (wide, cashtag) {
            // `$BRK.B` is longer than `$BRK`, and the common rule goes first where it finds as much.
            (Some(wide), Some(cashtag)) if wide.range.end <= cashtag.range.end => {
                Some(narrow(cashtag))
            }
            (Some(wide), _) => Some(wide),
            (None, cashtag) => cashtag.map(narrow),
        }
    }

    /// `BTC-USD` without `$`: both parts in capitals, standing alone.
    fn around_separator(&self, at: usize) -> Option<Instrument<'a>> {
        let before = self.text.as_bytes().get(self.taken..at)?;
        let n_symbol = before
            .iter()
            .rev()
            .take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
            .count();
        let start = at - n_symbol;
        let symbol = self.text.get(start..at)?;
        let is_symbol = (MIN_PAIR_SYMBOL..=MAX_SYMBOL).contains(&n_symbol)
            && symbol.bytes().any(|b| b.is_ascii_uppercase());
        if !is_symbol || !begins_alone(self.text, start) {
            return None;
        }
        let quote = quote_after(self.text, at)?;
        let end = quote.end;
        self.instrument(start, start..at, Some(quote), end)
    }

    fn instrument(
        &self,
        start: usize,
        symbol: Range<usize>,
        quote: Option<Range<usize>>,
        end: usize,
    ) -> Option<Instrument<'a>> {
        Some(Instrument {
            symbol: self.text.get(symbol)?,
            quote: quote.and_then(|quote| self.text.get(quote)),
            range: start..end,
        })
    }
}

impl<'a> Iterator for Instruments<'a> {
    type Item = Instrument<'a>;

    fn next(&mut self) -> Option<Instrument<'a>> {
        loop {
            let rest = self.text.as_bytes().get(self.from..)?;
            let sign = self.from + memchr3(b'$', b'-', b'/', rest)?;
            self.from = sign + 1;
            if sign < self.taken {
                continue;
            }
            if let Some(found) = self.at_sign(sign) {
                self.taken = found.range.end;
                self.from = found.range.end;
                return Some(found);
            }
        }
    }
}

impl FusedIterator for Instruments<'_> {}

/// Letters and digits with a letter among them.
fn symbol_end(text: &str, start: usize) -> Option<usize> {
    let rest = text.as_bytes().get(start..)?;
    let n = rest
        .iter()
        .take_while(|b| b.is_ascii_alphanumeric())
        .count();
    let symbol = rest.get(..n)?;
    let has_letter = symbol.iter().any(u8::is_ascii_alphabetic);
    (has_letter && n <= MAX_SYMBOL && !is_sum(symbol)).then_some(start + n)
}

/// `$5M`, `$10k` and `$2bn` are sums of money.
fn is_sum(symbol: &[u8]) -> bool {
    let n_digits = symbol.iter().take_while(|b| b.is_ascii_digit()).count();
    let unit = symbol.get(n_digits..).unwrap_or_default();
    let has_unit = |known: &[u8]| unit.eq_ignore_ascii_case(known);
    n_digits > 0 && (unit.len() <= 2 || has_unit(b"mil") || has_unit(b"mln") || has_unit(b"bln"))
}

/// The quote of a pair whose separator is at `at`.
fn quote_after(text: &str, at: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    if !matches!(bytes.get(at), Some(b'-' | b'/')) {
        return None;
    }
    let start = at + 1;
    let n = bytes
        .get(start..)?
        .iter()
        .take_while(|b| b.is_ascii_alphanumeric())
        .count();
    let quote = text.get(start..start + n)?;
    let ends = match bytes.get(start + n) {
        Some(b'-' | b'/' | b'_' | b'@') => false,
        Some(b) if b.is_ascii() => true,
        _ => may_end(text, start + n),
    };
    (ends && QUOTES.contains(&quote)).then_some(start..start + n)
}

/// At the start, or after white space or a sign that opens something.
fn begins_alone(text: &str, start: usize) -> bool {
    match text.as_bytes().get(..start) {
        None | Some([]) => true,
        Some(
            [
                ..,
                b'(' | b'[' | b'"' | b'\'' | b'#' | b',' | b':' | b';' | b'|' | b'*',
            ],
        ) => true,
        Some(_) => follows_space(text, start),
    }
}
