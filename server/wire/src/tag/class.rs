//! Classes of characters that the rules for tags speak of.

use super::letters::{is_digit, is_letter_or_mark};

/// A letter or mark, anywhere in Unicode. A hashtag has at least one.
pub(super) fn is_alpha(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphabetic()
    } else {
        is_letter_or_mark(c)
    }
}

/// What a hashtag may consist of.
pub(super) fn is_hashtag_char(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphanumeric() || c == '_'
    } else {
        is_letter_or_mark(c) || is_digit(c) || is_joiner(c)
    }
}

/// Neither letter nor digit, yet part of words: joiners, Hebrew and Tibetan punctuation, the
/// Japanese tildes and sound marks, the Catalan middle dot.
fn is_joiner(c: char) -> bool {
    matches!(
        c,
        '\u{200C}'
            | '\u{200D}'
            | '\u{A67E}'
            | '\u{05BE}'
            | '\u{05F3}'
            | '\u{05F4}'
            | '\u{FF5E}'
            | '\u{301C}'
            | '\u{309B}'
            | '\u{309C}'
            | '\u{30A0}'
            | '\u{30FB}'
            | '\u{3003}'
            | '\u{0F0B}'
            | '\u{0F0C}'
            | '\u{00B7}'
    )
}

/// Unicode white space, with U+180E as it once was.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || c == '\u{180E}'
}

/// White space of ASCII: no URL reaches across it.
pub(super) fn is_ascii_space(byte: u8) -> bool {
    matches!(byte, b'\t'..=b'\r' | b' ')
}

/// The ASCII punctuation that ends a cashtag and is in no domain name; `"` and the backtick are not.
pub(super) fn is_punctuation(c: char) -> bool {
    c.is_ascii_punctuation() && c != '"' && c != '`'
}

/// Marks that turn the writing direction.
pub(super) fn is_directional(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2066}'..='\u{2069}')
}

/// Not characters: U+FFFE, U+FFFF and the byte order mark.
pub(super) fn is_invalid(c: char) -> bool {
    matches!(c, '\u{FFFE}' | '\u{FEFF}' | '\u{FFFF}')
}

/// Latin letters with accents.
pub(super) fn is_accented_latin(c: char) -> bool {
    matches!(
        c,
        '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{24F}' | '\u{253}' | '\u{254}'
            | '\u{256}' | '\u{257}' | '\u{259}' | '\u{25B}' | '\u{263}' | '\u{268}' | '\u{26F}'
            | '\u{272}' | '\u{289}' | '\u{28B}' | '\u{2BB}' | '\u{300}'..='\u{36F}'
            | '\u{1E00}'..='\u{1EFF}'
    )
}

/// Cyrillic letters and marks.
pub(super) fn is_cyrillic(c: char) -> bool {
    matches!(c, '\u{400}'..='\u{4FF}')
}
