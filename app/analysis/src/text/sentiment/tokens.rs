//! A text as VADER's rules see it: words and emoticons between white space.

use std::borrow::Cow;

use super::super::lexicon::{Lexicon, Term, Word};

/// One word or emoticon.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Token {
    /// What the lexicon knows of it.
    pub(super) word: Word,
    /// It has capitals, and no other letters.
    pub(super) is_upper: bool,
}

/// The words and emoticons of one text, in order.
pub(super) struct Tokens {
    tokens: Vec<Token>,
    /// Some tokens are in capitals, but not all: capitals are then meant.
    pub(super) is_upper_meant: bool,
}

impl Tokens {
    pub(super) fn new(text: &str, lexicon: &Lexicon) -> Self {
        let tokens: Vec<_> = text
            .split(is_space)
            .filter(|token| !token.is_empty())
            .map(strip)
            .map(|token| Token {
                word: lexicon.word(token),
                is_upper: is_upper(token),
            })
            .collect();
        let n_upper = tokens.iter().filter(|token| token.is_upper).count();
        let is_upper_meant = 0 < n_upper && n_upper < tokens.len();
        Self {
            tokens,
            is_upper_meant,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.tokens.len()
    }

    pub(super) fn position(&self, term: Term) -> Option<usize> {
        self.tokens.iter().position(|token| token.word.term == term)
    }

    /// The token at `at`; beyond either end one of no meaning.
    pub(super) fn get(&self, at: Option<usize>) -> Token {
        at.and_then(|at| self.tokens.get(at))
            .copied()
            .unwrap_or_default()
    }
}

/// Puts descriptions in the place of emoji that are one code point. There is a space before each, but none
/// after it.
pub(super) fn describe_emoji<'a>(text: &'a str, lexicon: &Lexicon) -> Cow<'a, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut described = String::with_capacity(2 * text.len());
    let mut is_after_space = true;
    for char in text.chars() {
        if let Some(description) = lexicon.description(char) {
            if !is_after_space {
                described.push(' ');
            }
            described.push_str(description);
            is_after_space = false;
        } else {
            described.push(char);
            is_after_space = char == ' ';
        }
    }
    Cow::Owned(described)
}

/// White space as Python has it: four control characters more than Unicode.
fn is_space(char: char) -> bool {
    char.is_whitespace() || matches!(char, '\x1c'..='\x1f')
}

/// Takes the punctuation off a word. What would be left of an emoticon is at most two characters; it stays.
fn strip(token: &str) -> &str {
    let bytes = token.as_bytes();
    let start = bytes
        .iter()
        .position(|byte| !byte.is_ascii_punctuation())
        .unwrap_or(0);
    let end = bytes
        .iter()
        .rposition(|byte| !byte.is_ascii_punctuation())
        .unwrap_or(0);
    // Punctuation is ASCII, so both ends are borders of characters.
    let stripped = &token[start..=end];
    if stripped.chars().nth(2).is_none() {
        token
    } else {
        stripped
    }
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
        assert_eq!(strip("(good!)"), "good");
        assert_eq!(strip(":D"), ":D");
        assert_eq!(strip("ok!!"), "ok!!");
        assert_eq!(strip("“good”"), "“good”");
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

    #[test]
    fn a_description_joins_what_follows_it() {
        let describe = |text| describe_emoji(text, &Lexicon::new()).into_owned();

        assert_eq!(describe("I❤you"), "I red heartyou");
        assert_eq!(describe("❤ ❤\n❤"), "red heart red heart\n red heart");
    }
}
