//! A text before it is cut into words: emoji become their descriptions, and in the dialect of finance
//! typographic marks become those that the rules know.

use std::ops::Range;

use super::super::lexicon::{Dialect, Lexicon};

/// A rewritten text, and where each changed part of it came from. Its memory is used again.
#[derive(Default)]
pub(super) struct Rewritten {
    text: String,
    swaps: Vec<Swap>,
}

struct Swap {
    /// One character of the original.
    from: Range<usize>,
    /// What stands for it in the rewritten text, with the spaces put around it.
    to: Range<usize>,
}

impl Rewritten {
    /// Rewrites `text`, which most often needs no change.
    pub(super) fn read<'a>(&'a mut self, text: &'a str, lexicon: &Lexicon) -> &'a str {
        self.swaps.clear();
        if text.is_ascii() {
            return text;
        }
        self.text.clear();
        let mut n_copied = 0;
        let mut is_joined = false;
        for (at, char) in beyond_ascii(text) {
            let change = match lexicon.dialect {
                Dialect::Vader => lexicon.description(char).map(Change::Emoji),
                Dialect::Finance => finance_change(char, &text[at..], is_joined, lexicon),
            };
            is_joined = char == ZERO_WIDTH_JOINER;
            if let Some(change) = change {
                self.text.push_str(&text[n_copied..at]);
                n_copied = at + char.len_utf8();
                self.put(&change, at..n_copied, lexicon.dialect);
            }
        }
        if self.swaps.is_empty() {
            return text;
        }
        self.text.push_str(&text[n_copied..]);
        &self.text
    }

    fn put(&mut self, change: &Change, from: Range<usize>, dialect: Dialect) {
        let start = self.text.len();
        match *change {
            Change::Mark(mark) => self.text.push_str(mark),
            Change::Emoji(text) => {
                if !self.text.is_empty() && !self.text.ends_with(' ') {
                    self.text.push(' ');
                }
                self.text.push_str(text);
                // vaderSentiment lets a description run into what follows it.
                if dialect == Dialect::Finance {
                    self.text.push(' ');
                }
            }
        }
        let to = start..self.text.len();
        self.swaps.push(Swap { from, to });
    }

    /// Where a part of the rewritten text lies in the original; of a changed character it is the whole.
    pub(super) fn original(&self, part: Range<usize>) -> Range<usize> {
        let last = |n_swaps: usize| n_swaps.checked_sub(1).and_then(|last| self.swaps.get(last));
        let begun = self
            .swaps
            .partition_point(|swap| swap.to.start <= part.start);
        let start = last(begun).map_or(part.start, |swap| {
            match part.start.checked_sub(swap.to.end) {
                Some(n_after) => swap.from.end + n_after,
                None => swap.from.start,
            }
        });
        let begun = self.swaps.partition_point(|swap| swap.to.start < part.end);
        let end = last(begun).map_or(part.end, |swap| {
            swap.from.end + part.end.saturating_sub(swap.to.end)
        });
        start..end
    }
}

/// The characters that are not ASCII, and where they are.
fn beyond_ascii(text: &str) -> impl Iterator<Item = (usize, char)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.as_bytes().get(at..)?;
        at += rest.iter().position(|byte| !byte.is_ascii())?;
        let found = (at, text.get(at..)?.chars().next()?);
        at += found.1.len_utf8();
        Some(found)
    })
}

/// What takes the place of a character.
enum Change<'a> {
    /// A description, or the emoji itself where that has a valence. It becomes words of its own.
    Emoji(&'a str),
    Mark(&'static str),
}

const ZERO_WIDTH_JOINER: char = '\u{200D}';

/// In finance a joined sequence of emoji counts as its first one, and variants of one emoji count alike.
fn finance_change<'a>(
    char: char,
    rest: &'a str,
    is_joined: bool,
    lexicon: &Lexicon,
) -> Option<Change<'a>> {
    let mark = match char {
        '‘' | '’' => "'",
        '“' | '”' => "\"",
        '…' => "...",
        '−' => "-",
        '–' if rest.as_bytes().get(3).is_some_and(u8::is_ascii_digit) => "-",
        '–' | '—' => " ",
        // Variation selectors, skin tones, and the frame of a keycap.
        '\u{FE0E}' | '\u{FE0F}' | '\u{1F3FB}'..='\u{1F3FF}' | '\u{20E3}' | ZERO_WIDTH_JOINER => "",
        _ => {
            let description = lexicon.description(char)?;
            if is_joined {
                return Some(Change::Mark(""));
            }
            let emoji = rest.get(..char.len_utf8())?;
            let is_known = lexicon.word(emoji.as_bytes()).is_in_lexicon();
            return Some(Change::Emoji(if is_known { emoji } else { description }));
        }
    };
    Some(Change::Mark(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(dialect: Dialect, text: &str, expected: &str) {
        let lexicon = Lexicon::new(dialect);

        assert_eq!(
            Rewritten::default().read(text, &lexicon),
            expected,
            "{text:?}"
        );
    }

    #[test]
    fn a_description_joins_what_follows_it() {
        check(Dialect::Vader, "I❤you", "I red heartyou");
        check(
            Dialect::Vader,
            "❤ ❤\n❤❤",
            "red heart red heart\n red heart red heart",
        );
        check(Dialect::Vader, "isn’t", "isn’t");
    }

    #[test]
    fn in_finance_an_emoji_stands_alone_and_counts_once() {
        check(Dialect::Finance, "I❤️you", "I red heart you");
        check(Dialect::Finance, "ok👍🏽!", "ok 👍 !");
        check(Dialect::Finance, "🤦‍♂️", "person facepalming ");
        check(
            Dialect::Finance,
            "“isn’t” −5% – no…",
            "\"isn't\" -5%   no...",
        );
    }

    #[test]
    fn a_part_is_traced_to_where_it_came_from() {
        let lexicon = Lexicon::new(Dialect::Vader);
        let mut rewritten = Rewritten::default();
        let text = "é good❤ly bad";
        let new = rewritten.read(text, &lexicon).to_owned();
        assert_eq!(new, "é good red heartly bad");

        let trace = |word: &str| {
            let start = new.find(word).unwrap();
            &text[rewritten.original(start..start + word.len())]
        };

        assert_eq!(trace("good"), "good");
        assert_eq!([trace("red"), trace("heart")], ["❤"; 2]);
        assert_eq!((trace("heartly"), trace("bad")), ("❤ly", "bad"));
    }
}
