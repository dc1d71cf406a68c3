//! A text as VADER's rules see it: words and emoticons between white space.

use std::ops::Range;

use super::super::lexicon::{Dialect, Lexicon, Word};
use super::finance;

/// One word or emoticon.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Token {
    /// What the lexicon knows of it.
    pub(super) word: Word,
    /// It has capitals, and no other letters.
    pub(super) is_upper: bool,
    start: u32,
    end: u32,
}

impl Token {
    /// Its bytes in the text.
    pub(super) fn span(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The token that reaches from the first to the last.
    pub(super) fn joined(first: &Self, last: &Self, word: Word) -> Self {
        Self {
            word,
            is_upper: first.is_upper && last.is_upper,
            start: first.start,
            end: last.end,
        }
    }
}

/// The words and emoticons of one text, in order. Its memory is used again.
#[derive(Default)]
pub(super) struct Tokens {
    tokens: Vec<Token>,
    /// How many could be in capitals, and how many are.
    n_cased: usize,
    n_upper: usize,
    /// Exclamation and question marks.
    pub(super) n_exclaimed: usize,
    pub(super) n_asked: usize,
}

impl Tokens {
    pub(super) fn read(&mut self, text: &str, lexicon: &Lexicon) {
        let mut tokens = std::mem::take(&mut self.tokens);
        tokens.clear();
        tokens.reserve(text.len() / 5);
        *self = Self {
            tokens,
            ..Self::default()
        };
        for_each_part(text.as_bytes(), |start, part, classes| {
            self.read_part(text, (start, part, classes), lexicon);
        });
        if lexicon.dialect == Dialect::Finance {
            finance::join_phrases(&mut self.tokens, text, lexicon);
            finance::direct_moves(&mut self.tokens);
            finance::heed_context(&mut self.tokens);
        }
    }

    /// Reads what stands between two spaces: from where in the text on, its bytes, and all their classes.
    #[inline]
    fn read_part(
        &mut self,
        text: &str,
        (start, part, classes): (usize, &[u8], u8),
        lexicon: &Lexicon,
    ) {
        let (mut start, mut bytes) = (start, part);
        if classes & PUNCTUATION != 0 {
            if lexicon.dialect == Dialect::Finance && finance::is_link(part) {
                return;
            }
            if classes & MARK != 0 {
                let count = |mark: u8| part.iter().filter(|byte| **byte == mark).count();
                self.n_exclaimed += count(b'!');
                self.n_asked += count(b'?');
            }
            let n_stripped;
            (n_stripped, bytes) = stripped(part, classes);
            start += n_stripped;
        }
        let mut token = Token {
            start: start as u32,
            end: (start + bytes.len()) as u32,
            ..Token::default()
        };
        if lexicon.dialect == Dialect::Finance
            && let Some(meaning) = finance::meaning(part)
        {
            token.word = meaning.word();
            self.tokens.push(token);
            return;
        }
        if classes & WIDE == 0 {
            token.word = *lexicon.word(bytes);
            token.is_upper = classes & (UPPER | LOWER) == UPPER;
        } else if let Some(text) = text.get(token.span()) {
            token.word = lexicon.word_of_other(text);
            token.is_upper = classes & LOWER == 0 && is_upper(text);
        }
        if classes & APOSTROPHE != 0 && contains_nt(bytes) {
            token.word = token.word.negating();
        }
        self.n_cased += 1;
        self.n_upper += usize::from(token.is_upper);
        self.tokens.push(token);
    }

    /// Some tokens are in capitals, but not all: capitals are then meant.
    pub(super) fn is_upper_meant(&self) -> bool {
        0 < self.n_upper && self.n_upper < self.n_cased
    }

    pub(super) fn len(&self) -> usize {
        self.tokens.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Token> {
        self.tokens.iter()
    }

    /// The token at `at`; beyond either end one of no meaning.
    pub(super) fn get(&self, at: Option<usize>) -> Token {
        at.and_then(|at| self.tokens.get(at))
            .copied()
            .unwrap_or_default()
    }
}

/// Classes of bytes.
const SPACE: u8 = 1;
const UPPER: u8 = 2;
const LOWER: u8 = 4;
const PUNCTUATION: u8 = 8;
const APOSTROPHE: u8 = 16;
const MARK: u8 = 32;
/// Part of a character that is not ASCII.
const WIDE: u8 = 64;
/// White space that is not ASCII may begin so.
const MAYBE_SPACE: u8 = 128;

static CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            // Python takes four control characters more than Unicode for white space.
            b'\t'..=b'\r' | 0x1C..=0x1F | b' ' => SPACE,
            b'A'..=b'Z' => UPPER,
            b'a'..=b'z' => LOWER,
            b'\'' => PUNCTUATION | APOSTROPHE,
            b'!' | b'?' => PUNCTUATION | MARK,
            0xC2 | 0xE1..=0xE3 => WIDE | MAYBE_SPACE,
            0x80.. => WIDE,
            other if other.is_ascii_punctuation() => PUNCTUATION,
            _ => 0,
        };
        byte += 1;
    }
    classes
}

/// Calls `on_part` with what stands between white space, where it begins, and all classes of its bytes.
#[inline]
fn for_each_part(text: &[u8], mut on_part: impl FnMut(usize, &[u8], u8)) {
    let (mut start, mut rest) = (0, text);
    while !rest.is_empty() {
        let (n_part, n_space, seen) = first_part(rest);
        let (part, after) = rest.split_at(n_part);
        if n_part > 0 {
            on_part(start, part, seen);
        }
        start += n_part + n_space;
        rest = after.get(n_space..).unwrap_or_default();
    }
}

/// How long the part is that the bytes begin with, how long the white space after it, and all classes of the
/// part's bytes.
#[inline]
fn first_part(bytes: &[u8]) -> (usize, usize, u8) {
    let mut seen = 0;
    let mut n_part = 0;
    loop {
        let rest = bytes.get(n_part..).unwrap_or_default();
        let found = rest.iter().position(|byte| {
            let class = CLASSES[usize::from(*byte)];
            let is_end = class & (SPACE | MAYBE_SPACE) != 0;
            seen |= if is_end { 0 } else { class };
            is_end
        });
        let Some(n_more) = found else {
            return (bytes.len(), 1, seen);
        };
        n_part += n_more;
        match rest.get(n_more..) {
            Some([byte, ..]) if byte.is_ascii() => return (n_part, 1, seen),
            Some(rest) if wide_space(rest) > 0 => return (n_part, wide_space(rest), seen),
            _ => n_part += 1,
        }
        seen |= WIDE;
    }
}

/// How long the white space is that the bytes begin with, if it is not ASCII.
fn wide_space(bytes: &[u8]) -> usize {
    match bytes {
        [0xC2, 0x85 | 0xA0, ..] => 2,
        [0xE1, 0x9A, 0x80, ..]
        | [0xE2, 0x80, 0x80..=0x8A | 0xA8 | 0xA9 | 0xAF, ..]
        | [0xE2, 0x81, 0x9F, ..]
        | [0xE3, 0x80, 0x80, ..] => 3,
        _ => 0,
    }
}

/// Takes the punctuation off a word; how many bytes in front, and what is left. What would be left of an
/// emoticon is at most two characters; it stays.
fn stripped(word: &[u8], classes: u8) -> (usize, &[u8]) {
    let is_kept = |byte: &u8| CLASSES[usize::from(*byte)] & PUNCTUATION == 0;
    let first = word.iter().position(is_kept).unwrap_or(0);
    let end = word.iter().rposition(is_kept).map_or(0, |last| last + 1);
    let stripped = word.get(first..end).unwrap_or_default();
    let has_three = if classes & WIDE == 0 {
        stripped.len() >= 3
    } else {
        // A character begins with a byte that continues none.
        let mut chars = stripped.iter().filter(|byte| **byte & 0xC0 != 0x80);
        chars.nth(2).is_some()
    };
    if has_three {
        (first, stripped)
    } else {
        (0, word)
    }
}

fn contains_nt(token: &[u8]) -> bool {
    token
        .windows(3)
        .any(|part| part.eq_ignore_ascii_case(b"n't"))
}

/// Python's `isupper`: there are capitals, and no letters of another case.
fn is_upper(token: &str) -> bool {
    let is_title = |char: char| !char.is_ascii() && !char.to_lowercase().eq([char]);
    let mut has_upper = false;
    for char in token.chars() {
        if char.is_uppercase() {
            has_upper = true;
        } else if char.is_lowercase() || is_title(char) {
            return false;
        }
    }
    has_upper
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emoticons_keep_their_punctuation() {
        let check = |word: &str, expected: &str| {
            let classes = if word.is_ascii() { 0 } else { WIDE };
            assert_eq!(stripped(word.as_bytes(), classes).1, expected.as_bytes());
        };

        check("(good!)", "good");
        check(":D", ":D");
        check("ok!!", "ok!!");
        check("...", "...");
        check("'été'", "été");
        check("'né'", "'né'");
        check("“good”", "“good”");
    }

    #[test]
    fn white_space_is_that_of_python() {
        for char in '\0'..='\u{FFFF}' {
            let text = format!("a{char}b");

            let mut n_parts = 0;
            for_each_part(text.as_bytes(), |_, _, _| n_parts += 1);

            let is_space = char.is_whitespace() || matches!(char, '\x1c'..='\x1f');
            assert_eq!(n_parts == 2, is_space, "{char:?}");
        }
    }

    #[test]
    fn nt_negates_anywhere_but_only_with_an_ascii_apostrophe() {
        let negates = |dialect, text: &str| {
            let mut tokens = Tokens::default();
            let lexicon = Lexicon::new(dialect);
            tokens.read(text, &lexicon);
            tokens.get(Some(0)).word.negates()
        };

        assert!(negates(Dialect::Vader, "WouldN'T've"));
        assert!(!negates(Dialect::Vader, "isn’t"));
    }

    #[test]
    fn capitals_are_as_in_python() {
        for token in [
            "GOOD",
            "5G",
            "$TSLA",
            "Ⅷ",
            "É1",
            "ⓐⒶ".trim_start_matches('ⓐ'),
        ] {
            assert!(is_upper(token), "{token}");
        }
        for token in ["", "5", "Good", "ªA", "ǅA", "東"] {
            assert!(!is_upper(token), "{token}");
        }
    }
}
