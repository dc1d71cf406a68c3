//! What the dialect of finance reads otherwise: names and links have no mood, a few words together may be one
//! entry, and a move in percent has a direction.

use super::super::{
    has_scheme,
    lexicon::{Lexicon, Term, Word},
};
use super::tokens::Token;

/// Strength of a move in percent, in tenths.
const MOVE: i8 = 15;

/// What stands between two spaces, where that is no word.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Meaning {
    Cashtag,
    Mention,
    /// A number with a sign: which way it goes.
    Signed(Term),
    /// An amount of money, or a number with decimals.
    Price,
    /// A percentage, with its direction if it has a sign.
    Percent(Option<Term>),
}

impl Meaning {
    pub(super) fn word(self) -> Word {
        match self {
            Self::Cashtag | Self::Price => Word::default().of_markets(),
            Self::Mention => Word::default(),
            Self::Signed(direction) => Word::of_term(direction),
            Self::Percent(None) => Word::of_term(Term::Percent),
            Self::Percent(Some(direction)) => moved(direction),
        }
    }
}

fn moved(direction: Term) -> Word {
    Word::of_tenths(if direction == Term::Up { MOVE } else { -MOVE }).of_markets()
}

pub(super) fn is_link(part: &[u8]) -> bool {
    part.starts_with(b"www.") || has_scheme(part)
}

pub(super) fn meaning(part: &[u8]) -> Option<Meaning> {
    if part.first()?.is_ascii_alphabetic() {
        return None;
    }
    let start = part.iter().position(|byte| !b"([{\"'~<>".contains(byte))?;
    let end = part
        .iter()
        .rposition(|byte| !b")]}\"'.,:;!?".contains(byte))?
        + 1;
    match part.get(start..end)? {
        [b'$', letter, ..] if letter.is_ascii_alphabetic() => Some(Meaning::Cashtag),
        [b'$', digit, ..] if digit.is_ascii_digit() => Some(Meaning::Price),
        [b'@', letter, ..] if letter.is_ascii_alphanumeric() => Some(Meaning::Mention),
        [b'%'] => Some(Meaning::Percent(None)),
        [b'+', number @ ..] => amount(number, Some(Term::Up)),
        [b'-', number @ ..] => amount(number, Some(Term::Down)),
        number => amount(number, None),
    }
}

/// A percentage, or a number if it has a sign.
fn amount(number: &[u8], direction: Option<Term>) -> Option<Meaning> {
    let digits = number.strip_suffix(b"%").unwrap_or(number);
    let is_number = digits.first().is_some_and(u8::is_ascii_digit)
        && digits
            .iter()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b',' | b'-'));
    if !is_number {
        None
    } else if digits.len() < number.len() {
        Some(Meaning::Percent(direction))
    } else {
        let is_price = digits
            .rsplit(|byte| *byte == b'.')
            .next()
            .is_some_and(|end| end.len() == 2);
        let price = (is_price && digits.contains(&b'.')).then_some(Meaning::Price);
        direction.map(Meaning::Signed).or(price)
    }
}

/// Finds which way a percentage without a sign goes: "up 5%", "down by 5 %", "5% up".
pub(super) fn direct_moves(tokens: &mut [Token]) {
    let term = |tokens: &[Token], at: Option<usize>| {
        let token = at.and_then(|at| tokens.get(at));
        token.map_or(Term::Other, |token| token.word.term)
    };
    for at in 0..tokens.len() {
        if tokens[at].word.term != Term::Percent {
            continue;
        }
        let beside = [
            at.checked_sub(1),
            at.checked_sub(2),
            at.checked_sub(3),
            Some(at + 1),
        ];
        let direction = beside
            .into_iter()
            .map(|place| term(tokens, place))
            .find(|term| matches!(term, Term::Up | Term::Down));
        if let Some(direction) = direction {
            tokens[at].word = moved(direction);
        }
    }
}

/// Lets ambiguous words count as in markets only where a text speaks of these.
pub(super) fn heed_context(tokens: &mut [Token]) {
    if !tokens.iter().any(|token| token.word.is_of_markets()) {
        for token in tokens {
            token.word = token.word.elsewhere();
        }
    }
}

/// The longest entry of several words, in words.
const LONGEST_PHRASE: usize = 4;

/// Makes one token of words that are one entry, the longest first.
pub(super) fn join_phrases(tokens: &mut Vec<Token>, text: &str, lexicon: &Lexicon) {
    if !tokens.iter().any(|token| token.word.begins_phrase()) {
        return;
    }
    let (mut from, mut to) = (0, 0);
    while let Some(first) = tokens.get(from).copied() {
        let (token, n_words) = if first.word.begins_phrase() {
            longest_phrase(&tokens[from..], text, lexicon).unwrap_or((first, 1))
        } else {
            (first, 1)
        };
        tokens[to] = token;
        to += 1;
        from += n_words;
    }
    tokens.truncate(to);
}

/// The longest entry that the tokens begin with, and of how many words it is.
fn longest_phrase(tokens: &[Token], text: &str, lexicon: &Lexicon) -> Option<(Token, usize)> {
    let mut phrase = Vec::new();
    let mut longest = None;
    for (last_idx, last) in tokens.iter().take(LONGEST_PHRASE).enumerate() {
        phrase.extend_from_slice(text.get(last.span())?.as_bytes());
        if last_idx > 0
            && let Some(word) = lexicon.find(&phrase)
        {
            longest = Some((Token::joined(tokens.first()?, last, *word), last_idx + 1));
        }
        phrase.push(b' ');
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::super::Vader;
    use super::*;
    use crate::view::Class;

    #[test]
    fn names_links_and_moves_are_told_from_words() {
        let check = |part: &str, expected| assert_eq!(meaning(part.as_bytes()), expected, "{part}");

        assert!(is_link(b"https://t.co/good") && is_link(b"www.best.com") && !is_link(b"and/or"));
        check("($BEST),", Some(Meaning::Cashtag));
        check("@happy:", Some(Meaning::Mention));
        check("$5", Some(Meaning::Price));
        check("34.25", Some(Meaning::Price));
        check("+5.5%!", Some(Meaning::Percent(Some(Term::Up))));
        check("-1,200%", Some(Meaning::Percent(Some(Term::Down))));
        check("12%", Some(Meaning::Percent(None)));
        check("%", Some(Meaning::Percent(None)));
        check("-5", Some(Meaning::Signed(Term::Down)));
        check("5", None);
        check("good%", None);
        check("...", None);
    }

    #[track_caller]
    fn check(text: &str, expected: Class) {
        let vader = Vader::finance();

        let found = vader.compound(text);
        assert_eq!(found.class(), expected, "{text:?}: {found:?}");
    }

    #[test]
    fn slang_and_emoji_of_markets_have_a_mood() {
        check("$BTC to the moon 🚀🚀", Class::Positive);
        check("got rekt, exit scam", Class::Negative);
        check("💎🙌", Class::Positive);
        check("#DOGE 📉", Class::Negative);
        check("RUG PULL!", Class::Negative);
    }

    #[test]
    fn a_move_in_percent_counts_by_its_direction() {
        check("$TSLA up 5 %", Class::Positive);
        check("$TSLA −12%", Class::Negative);
        check("ETH +3.5% today", Class::Positive);
        check("100% of it", Class::Neutral);
    }

    #[test]
    fn names_and_links_have_no_mood() {
        check("$LOVE @happy https://t.co/great?a=1??", Class::Neutral);
        let vader = Vader::finance();
        assert_eq!(vader.compound("$GOOD good"), vader.compound("good"));
    }

    #[test]
    fn an_ambiguous_word_counts_as_in_markets_only_where_a_text_speaks_of_them() {
        check("sit down", Class::Neutral);
        check("$AAPL down", Class::Negative);
        check("he is short", Class::Neutral);
        check("short this stock", Class::Negative);
    }

    #[test]
    fn typography_does_not_change_a_score() {
        let vader = Vader::finance();
        let same = |one: &str, other: &str| {
            assert_eq!(vader.score(one), vader.score(other), "{one:?}, {other:?}");
        };

        same("isn’t bullish", "isn't bullish");
        same("I ❤\u{FE0F} it", "I ❤ it");
        same("good 👍🏿", "good 👍");
    }

    #[test]
    fn the_longest_entry_of_several_words_wins_and_is_one_word() {
        let explanation = Vader::finance().explain("Not an All Time High, a short squeeze");

        let spans: Vec<_> = explanation
            .words
            .iter()
            .map(|word| word.span.clone())
            .collect();
        assert_eq!(spans, [7..20, 24..37]);
    }
}
