//! Which words of a post a topic model sees.

use rustc_hash::FxHashSet;

use crate::terms::before_link;
use crate::text::word_list::STOP_WORDS;

/// Words of fewer characters say too little.
const MIN_CHARS: usize = 4;

/// The rules by which a text becomes terms: links go, punctuation goes (`don't` is `dont`, `x-ray` is `xray`),
/// case goes; what is left of a word counts if it has letters only and four of them, and is neither a stop
/// word nor one of those that all posts have because they were chosen by it.
///
/// ```
/// use analysis::topics::Cleaning;
///
/// let cleaning = Cleaning::leaving_out(["bitcoin"]);
/// let mut terms = Vec::new();
/// cleaning.for_each_term("Don't miss the #Bitcoin tax experts: https://t.co/a", |term| terms.push(term.to_owned()));
///
/// assert_eq!(terms, ["dont", "miss", "experts"]);
/// ```
#[derive(Clone, Debug)]
pub struct Cleaning {
    left_out: FxHashSet<String>,
}

impl Default for Cleaning {
    fn default() -> Self {
        Self::leaving_out([])
    }
}

impl Cleaning {
    /// Leaves out these words as well, in whatever case: the keywords of the configured topic.
    pub fn leaving_out<'w>(words: impl IntoIterator<Item = &'w str>) -> Self {
        let chosen_by = words.into_iter().map(str::to_lowercase);
        let left_out = STOP_WORDS.split_whitespace().map(str::to_owned);
        Self {
            left_out: left_out.chain(chosen_by).collect(),
        }
    }

    /// Calls `on_term` with each term of a text, in order, repeats kept.
    pub fn for_each_term(&self, text: &str, mut on_term: impl FnMut(&str)) {
        let mut term = String::new();
        for part in text.split_whitespace() {
            for word in before_link(part).split(is_between) {
                self.read(word, &mut term);
                if !term.is_empty() {
                    on_term(&term);
                }
            }
        }
    }

    /// Writes what a word counts as; nothing if it does not.
    fn read(&self, word: &str, term: &mut String) {
        term.clear();
        let mut n_chars = 0;
        for char in word.chars().filter(|char| !is_within(*char)) {
            if !char.is_alphabetic() {
                return term.clear();
            }
            n_chars += 1;
            if char.is_ascii() {
                term.push(char.to_ascii_lowercase());
            } else {
                term.extend(char.to_lowercase());
            }
        }
        if n_chars < MIN_CHARS || self.left_out.contains(term.as_str()) {
            term.clear();
        }
    }
}

/// What is taken out of a word: ASCII's punctuation, and the typographic apostrophe.
fn is_within(char: char) -> bool {
    char.is_ascii_punctuation() || char == '’'
}

/// What parts words besides white space: other punctuation, symbols, emoji.
fn is_between(char: char) -> bool {
    !char.is_ascii() && !char.is_alphanumeric() && char != '’'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let mut terms = Vec::new();
        Cleaning::leaving_out(["Bitcoin", "iota"])
            .for_each_term(text, |term| terms.push(term.to_owned()));

        assert_eq!(terms, expected, "{text}");
    }

    #[test]
    fn links_stop_words_short_words_numbers_and_what_was_asked_for_go() {
        check(
            "Thoughts on IOTA clone. Couldn't really find much more on it. - https://t.co/WGwz",
            &["thoughts", "clone", "couldnt", "really", "find", "much"],
        );
        check(
            "#Bitcoin price is $10,407.70 today (www.example.com/prices)",
            &["price", "today"],
        );
        check("", &[]);
        check("RT @x: #ETH 35+ year1", &[]);
    }

    #[test]
    fn no_letter_is_lost_and_nothing_after_a_link() {
        check(
            "Top exchange tax experts: don’t expect https://t.co/abc X-ray",
            &["exchange", "experts", "dont", "expect", "xray"],
        );
        check("read:http://a.b/c then", &["read"]);
    }

    #[test]
    fn emoji_and_dashes_part_words_and_other_alphabets_count() {
        check(
            "moon🚀lambo high–low Größe ДЕНЬГИ",
            &["moon", "lambo", "high", "größe", "деньги"],
        );
    }
}
