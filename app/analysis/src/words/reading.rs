//! Which words of a post are counted.

use crate::terms::{Vocabulary, before_link};
use crate::text::word_list::STOP_WORDS;

/// Stop words of one or two letters, and what platforms put between words.
const SHORT: &str = "
    ai am an as at be by co do go he hi id if ii in is it la ll lo ma me mr ms mt my na no of oh ok on or ot
    pm re rt so st ta th to tv uh um up us ve vs we ya ye yo amp gt lt http https via www";
/// What is left of "not", "is", "am" … behind an apostrophe.
const ENDINGS: [&str; 7] = ["t", "s", "m", "re", "ll", "ve", "d"];
/// In a number of a word: it follows the one before without anything between.
pub(super) const JOINED: u32 = 1 << 31;

/// Turns texts into numbers of words.
///
/// Lower case; links and @names go; `#` and `$` go from tags; `'s` goes; numbers, single letters and stop words
/// go, and part what stands before and after them.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub(super) vocabulary: Vocabulary,
    /// Words with a lower number are stop words.
    n_stop_words: u32,
    word: String,
}

impl Default for Reading {
    fn default() -> Self {
        let mut vocabulary = Vocabulary::default();
        for word in SHORT
            .split_whitespace()
            .chain(STOP_WORDS.split_whitespace())
        {
            // Two letters can name a thing as well; those that do are none of the words that say nothing.
            if !["ai", "co", "id", "tv", "us"].contains(&word) {
                vocabulary.number(word);
            }
        }
        Self {
            n_stop_words: vocabulary.n_terms() as u32,
            vocabulary,
            word: String::new(),
        }
    }
}

impl Reading {
    /// Appends the words of a text, in order, repeats kept, each with [`JOINED`] where it follows the one before.
    pub(super) fn read(&mut self, text: &str, words: &mut Vec<u32>) {
        let mut joined = 0;
        for part in text.split_whitespace() {
            let kept = before_link(part);
            if kept.starts_with('@') {
                joined = 0;
                continue;
            }
            for word in kept.split(is_between).filter(|word| !word.is_empty()) {
                match self.number(word) {
                    Some(number) => {
                        words.push(number | joined);
                        joined = JOINED;
                    }
                    None => joined = 0,
                }
            }
            if kept.len() < part.len() {
                joined = 0;
            }
        }
    }

    fn number(&mut self, word: &str) -> Option<u32> {
        self.word.clear();
        let mut has_letter = false;
        for char in word.trim_matches(['\'', '’', '_']).chars() {
            has_letter |= char.is_alphabetic();
            match char {
                '’' => self.word.push('\''),
                _ if char.is_ascii() => self.word.push(char.to_ascii_lowercase()),
                _ => self.word.extend(char.to_lowercase()),
            }
        }
        if !has_letter {
            return None;
        }
        if let Some((start, end)) = self.word.split_once('\'')
            && ENDINGS.contains(&end)
        {
            let is_letter = start.chars().nth(1).is_none();
            let number = self.vocabulary.find(start);
            let is_stop_word = is_letter || number.is_some_and(|n| n < self.n_stop_words);
            if is_stop_word {
                return None;
            }
            if end == "s" {
                let length = start.len();
                self.word.truncate(length);
            }
        }
        self.word.chars().nth(1)?;
        let number = self.vocabulary.number(&self.word);
        (number >= self.n_stop_words).then_some(number)
    }
}

fn is_between(char: char) -> bool {
    !char.is_alphanumeric() && !matches!(char, '\'' | '’' | '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words, with `+` before those that follow the one before.
    #[track_caller]
    fn check(text: &str, expected: &str) {
        let mut reading = Reading::default();
        let mut numbers = Vec::new();
        reading.read(text, &mut numbers);

        let word = |number: &u32| {
            let sign = if number & JOINED > 0 { "+" } else { "" };
            format!("{sign}{}", reading.vocabulary.term(number & !JOINED))
        };
        let words: Vec<String> = numbers.iter().map(word).collect();
        assert_eq!(words.join(" "), expected, "{text}");
    }

    #[test]
    fn links_names_numbers_and_stop_words_go_and_what_follows_a_link_stays() {
        check(
            "RT @someone: Elon's #Dogecoin tweet https://t.co/abc moved $DOGE 12% up, don't you think?",
            "elon +dogecoin +tweet moved +doge think",
        );
        check("I’m sure O'Neill isn't U.S. 2021 x q3", "sure +o'neill q3");
    }

    #[test]
    fn other_alphabets_are_words_and_emoji_are_not() {
        check("Курс РУБЛЯ 🚀🚀 wächst", "курс +рубля +wächst");
        check("", "");
        check("'' ’ _ --", "");
    }
}
