//! Sentiment by a word list that a person brings along: how many words of a text are positive, and how many
//! negative. No rules of grammar; "not good" is good.

use std::ops::Range;

use rustc_hash::FxHashMap;
use thiserror::Error;

use super::{
    has_scheme,
    sentiment::{Compound, Counted},
};
use crate::{fnv::fnv, view::Class};

/// Words with weights: above 0 positive, below negative.
#[derive(Debug)]
pub struct WordList {
    /// By their lower-case spelling.
    weights: FxHashMap<String, f64>,
    fingerprint: u64,
}

/// Why a file is no word list, and where. Lines count from 1.
#[derive(Debug, Error, PartialEq)]
pub enum WordListError {
    /// Some bytes are no text.
    #[error("line {line}: not UTF-8")]
    NotUtf8 {
        /// Where.
        line: usize,
    },
    /// What a line must have is not there.
    #[error("line {line}: expected {expected}, found {found:?}")]
    Unexpected {
        /// Where.
        line: usize,
        /// What should be there.
        expected: &'static str,
        /// What is.
        found: String,
    },
    /// A word has two weights.
    #[error("line {line}: {word:?} is there twice, with different weights")]
    Twice {
        /// Where the second one is.
        line: usize,
        /// The word.
        word: String,
    },
    /// There is nothing in it.
    #[error("no word has a weight")]
    Empty,
}

/// How many words of a text are of which kind, and what they weigh together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WordScore {
    /// Words with a weight below 0.
    pub n_negative: usize,
    /// Words that are not in the list, stop words and those of fewer than three characters left out.
    pub n_other: usize,
    /// Words with a weight above 0.
    pub n_positive: usize,
    /// Sum of the weights, in the units of the list.
    pub sum: f64,
}

impl WordScore {
    /// Positive words less negative ones.
    #[must_use]
    pub fn difference(&self) -> i64 {
        self.n_positive as i64 - self.n_negative as i64
    }

    /// Mean weight of the words that are in the list; none if there are none.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        let n_known = self.n_positive + self.n_negative;
        (n_known > 0).then(|| self.sum / n_known as f64)
    }

    /// The difference as a share of the words in the list, −1…+1; 0 if there are none.
    #[must_use]
    pub fn tone(&self) -> Compound {
        let n_known = self.n_positive + self.n_negative;
        Compound::from_share(self.difference() as f64 / n_known.max(1) as f64)
    }

    /// Whether there are more positive or more negative words.
    #[must_use]
    pub fn class(&self) -> Class {
        match self.difference() {
            1.. => Class::Positive,
            ..=-1 => Class::Negative,
            0 => Class::Neutral,
        }
    }
}

impl WordList {
    /// Reads a list from the bytes of a file of one of three forms:
    ///
    /// * `word<TAB>weight` lines; empty ones and those that begin with `#` are passed over,
    /// * one flat JSON object `{"word": weight, …}`, as the AFINN lists come,
    /// * the Loughran–McDonald master dictionary: CSV with the columns `Word`, `Negative` and `Positive`, where
    ///   a year above 0 puts a word on a list.
    ///
    /// ```
    /// use analysis::text::word_list::WordList;
    ///
    /// let list = WordList::parse(b"gain\t1\nloss\t-1\n")?;
    ///
    /// assert_eq!(list.score("A gain is no LOSS, a gain is a gain").difference(), 2);
    /// # Ok::<(), analysis::text::word_list::WordListError>(())
    /// ```
    ///
    /// # Errors
    /// [`WordListError`] names the line and what is wrong with it. Nothing of a broken file is used.
    pub fn parse(bytes: &[u8]) -> Result<Self, WordListError> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            WordListError::NotUtf8 {
                line: line_of(before),
            }
        })?;
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        let mut list = Self {
            weights: FxHashMap::default(),
            fingerprint: fnv(bytes),
        };
        if text.trim_start().starts_with('{') {
            list.read_json(text)?;
        } else if text
            .lines()
            .next()
            .is_some_and(|line| line.contains(',') && !line.contains('\t'))
        {
            list.read_master_dictionary(text)?;
        } else {
            list.read_tsv(text)?;
        }
        if list.weights.is_empty() {
            return Err(WordListError::Empty);
        }
        Ok(list)
    }

    /// The same for lists of the same bytes.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// How many words have a weight.
    #[must_use]
    pub fn n_words(&self) -> usize {
        self.weights.len()
    }

    fn read_tsv(&mut self, text: &str) -> Result<(), WordListError> {
        for (line, content) in (1..).zip(text.lines()) {
            if content.is_empty() || content.starts_with('#') {
                continue;
            }
            let Some((word, weight)) = content.split_once('\t') else {
                return unexpected(line, "word<TAB>weight", content);
            };
            let weight = weight.split('\t').next().unwrap_or_default();
            self.learn(line, word, weight)?;
        }
        Ok(())
    }

    fn read_master_dictionary(&mut self, text: &str) -> Result<(), WordListError> {
        let mut lines = (1..).zip(text.lines());
        let header: Vec<_> = lines
            .next()
            .map_or("", |(_, line)| line)
            .split(',')
            .collect();
        let column = |name: &'static str| {
            let found = header
                .iter()
                .position(|cell| cell.trim().eq_ignore_ascii_case(name));
            found.map_or_else(|| unexpected(1, name, &header.join(",")), Ok)
        };
        let (word_at, negative_at, positive_at) =
            (column("Word")?, column("Negative")?, column("Positive")?);
        for (line, content) in lines.filter(|(_, content)| !content.is_empty()) {
            let cells: Vec<_> = content.split(',').map(str::trim).collect();
            let year = |at: usize| match cells.get(at).map(|cell| decimal(cell)) {
                Some(Some(year)) => Ok(year > 0.0),
                _ => unexpected(line, "a year or 0", content),
            };
            let weight = match (year(negative_at)?, year(positive_at)?) {
                (true, false) => "-1",
                (false, true) => "1",
                _ => continue,
            };
            self.learn(line, cells.get(word_at).unwrap_or(&""), weight)?;
        }
        Ok(())
    }

    fn read_json(&mut self, text: &str) -> Result<(), WordListError> {
        let mut rest = Json { text, at: 0 };
        rest.expect('{', "{")?;
        loop {
            let line = rest.line();
            let word = rest.string()?;
            rest.expect(':', "a colon")?;
            self.learn(line, word, rest.until_comma())?;
            if !rest.skips(',') {
                break;
            }
        }
        rest.expect('}', "a comma or the closing brace")?;
        match rest.text.get(rest.at..).map(str::trim) {
            Some("") => Ok(()),
            after => unexpected(rest.line(), "the end", after.unwrap_or_default()),
        }
    }

    fn learn(&mut self, line: usize, word: &str, weight: &str) -> Result<(), WordListError> {
        let word = word.trim().to_lowercase();
        if word.is_empty() {
            return unexpected(line, "a word", &word);
        }
        let Some(weight) = decimal(weight.trim()) else {
            return unexpected(line, "a number", weight);
        };
        match self.weights.insert(word.clone(), weight) {
            Some(other) if other.to_bits() != weight.to_bits() => {
                Err(WordListError::Twice { line, word })
            }
            _ => Ok(()),
        }
    }

    /// Counts the words of a text.
    #[must_use]
    pub fn score(&self, text: &str) -> WordScore {
        let mut score = WordScore::default();
        self.for_each_word(text, |_, weight| match weight {
            Some(weight) if weight > 0.0 => {
                score.n_positive += 1;
                score.sum += weight;
            }
            Some(weight) if weight < 0.0 => {
                score.n_negative += 1;
                score.sum += weight;
            }
            _ => score.n_other += 1,
        });
        score
    }

    /// The words of a text that are in the list, where they stand, and their weights.
    #[must_use]
    pub fn explain(&self, text: &str) -> Vec<Counted> {
        let mut words = Vec::new();
        self.for_each_word(text, |span, weight| {
            words.extend(
                weight
                    .filter(|weight| *weight != 0.0)
                    .map(|weight| Counted {
                        span,
                        strength: weight,
                        valence: weight,
                        changes: Vec::new(),
                    }),
            );
        });
        words
    }

    /// Every word but stop words, those of fewer than three characters, and those of links.
    fn for_each_word(&self, text: &str, mut on_word: impl FnMut(Range<usize>, Option<f64>)) {
        let mut lower = String::new();
        for part in text.split_whitespace() {
            if has_scheme(part) || part.starts_with("www.") {
                continue;
            }
            for word in part.split(|char: char| !char.is_alphanumeric() && char != '_') {
                if word.chars().nth(2).is_none() {
                    continue;
                }
                lower.clear();
                lower.extend(word.chars().flat_map(char::to_lowercase));
                if STOP_WORDS.split_whitespace().any(|stop| stop == lower) {
                    continue;
                }
                let start = word.as_ptr() as usize - text.as_ptr() as usize;
                on_word(start..start + word.len(), self.weights.get(&lower).copied());
            }
        }
    }
}

/// What is left to read of a JSON text.
struct Json<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Json<'a> {
    fn rest(&mut self) -> &'a str {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let trimmed = rest.trim_start();
        self.at += rest.len() - trimmed.len();
        trimmed
    }

    fn line(&self) -> usize {
        line_of(self.text.as_bytes().get(..self.at).unwrap_or_default())
    }

    fn skips(&mut self, char: char) -> bool {
        let is_there = self.rest().starts_with(char);
        self.at += usize::from(is_there) * char.len_utf8();
        is_there
    }

    fn expect(&mut self, char: char, expected: &'static str) -> Result<(), WordListError> {
        if self.skips(char) {
            return Ok(());
        }
        let found = self.rest();
        unexpected(self.line(), expected, found)
    }

    /// A string without escapes, which words do not need.
    fn string(&mut self) -> Result<&'a str, WordListError> {
        self.expect('"', "a word in double quotes")?;
        let rest = self.text.get(self.at..).unwrap_or_default();
        match rest.split_once('"') {
            Some((word, _)) if !word.contains(['\\', '\n']) => {
                self.at += word.len() + 1;
                Ok(word)
            }
            _ => unexpected(self.line(), "a word without escapes", rest),
        }
    }

    fn until_comma(&mut self) -> &'a str {
        let rest = self.rest();
        let number = rest.split([',', '}']).next().unwrap_or_default();
        self.at += number.len();
        number
    }
}

fn line_of(before: &[u8]) -> usize {
    1 + before.iter().filter(|byte| **byte == b'\n').count()
}

/// The error, with no more of the text than fits a line.
fn unexpected<T>(line: usize, expected: &'static str, found: &str) -> Result<T, WordListError> {
    let found = found.lines().next().unwrap_or_default();
    Err(WordListError::Unexpected {
        line,
        expected,
        found: found.chars().take(60).collect(),
    })
}

/// Words that say nothing: those of NLTK's English list (Apache-2.0) with three letters or more.
pub(crate) const STOP_WORDS: &str = "
    about above after again against ain all and any are aren because been before being below between
    both but can couldn did didn does doesn doing don down during each few for from further had hadn has
    hasn have haven having her here hers herself him himself his how into isn its itself just mightn
    more most mustn myself needn nor not now off once only other our ours ourselves out over own same
    shan she should shouldn some such than that the their theirs them themselves then there these they
    this those through too under until very was wasn were weren what when where which while who whom why
    will with won wouldn you your yours yourself yourselves";

/// A number such as `-2.5`, of at most 15 digits: then both parts of the fraction are exact, and so is the
/// result. The standard library reads all others too, for 15 kB more to download.
fn decimal(text: &str) -> Option<f64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1.0, digits),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let n_digits = whole.len() + fraction.len();
    let mut digits = whole.bytes().chain(fraction.bytes());
    if !(1..=15).contains(&n_digits) || !digits.clone().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = digits.try_fold(0_u64, |number, digit| {
        number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
    })?;
    let scale = 10_u64.pow(u32::try_from(fraction.len()).ok()?);
    Some(sign * number as f64 / scale as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_counted_without_links_stop_words_and_short_ones() {
        let list = WordList::parse(b"great\t2\nloss\t-1.5\nthe\t3\nok\t1\nplain\t0\n").unwrap();

        let score = list.score("Not the GREAT great_loss: loss! ok plain https://x.y/great Ünder");

        assert_eq!(
            (score.n_negative, score.n_other, score.n_positive),
            (1, 3, 1)
        );
        assert_eq!(
            (score.sum, score.mean(), score.difference()),
            (0.5, Some(0.25), 0)
        );
        assert_eq!(score.class(), Class::Neutral);
    }

    #[test]
    fn the_tone_is_the_difference_as_a_share() {
        let list = WordList::parse(b"good\t1\nbad\t-1").unwrap();
        let tone = |text: &str| list.score(text).tone().value();

        assert_eq!(
            (tone("good good bad"), tone("bad"), tone("fine")),
            (0.3333, -1.0, 0.0)
        );
    }

    #[test]
    fn an_explanation_says_where_the_words_stand() {
        let list = WordList::parse("größe\t1\nbad\t-2".as_bytes()).unwrap();

        let text = "“Größe” is bad";
        let words = list.explain(text);

        let found: Vec<_> = words
            .iter()
            .map(|word| (&text[word.span.clone()], word.valence))
            .collect();
        assert_eq!(found, [("Größe", 1.0), ("bad", -2.0)]);
    }

    #[test]
    fn all_three_forms_are_read() {
        let json = WordList::parse(b"{\n \"Good\": 3.0,\n \"bad\": -3, \"so-so\": 0}").unwrap();
        let csv = "Word,Seq_num,Negative,Positive\nGOOD,1,0,2009\nBAD,2,2009,0\nODD,3,0,0\nGONE,4,-2020,0\n";
        let csv = WordList::parse(csv.as_bytes()).unwrap();
        let tsv =
            WordList::parse("\u{FEFF}# mine\ngood\t1\tnote\r\nbad\t-1\r\n".as_bytes()).unwrap();

        assert_eq!([json.n_words(), csv.n_words(), tsv.n_words()], [3, 2, 2]);
        for list in [json, csv, tsv] {
            let score = list.score("good good bad gone");
            assert_eq!(
                (score.n_negative, score.n_other, score.n_positive),
                (1, 1, 2)
            );
        }
    }

    #[track_caller]
    fn check_refused(bytes: &[u8], message: &str) {
        assert_eq!(WordList::parse(bytes).unwrap_err().to_string(), message);
    }

    #[test]
    fn a_broken_file_is_refused_with_line_and_reason() {
        check_refused(b"", "no word has a weight");
        check_refused(
            b"a\t1\nb 1\n",
            "line 2: expected word<TAB>weight, found \"b 1\"",
        );
        check_refused(b"a\t1\n\nb\tx\n", "line 3: expected a number, found \"x\"");
        check_refused(b"a\tNaN\n", "line 1: expected a number, found \"NaN\"");
        check_refused(b"\t1\n", "line 1: expected a word, found \"\"");
        check_refused(
            b"a\t1\nA\t2\n",
            "line 2: \"a\" is there twice, with different weights",
        );
        check_refused(b"a\t1\n\xFF\t2\n", "line 2: not UTF-8");
        check_refused(
            b"{\"a\": 1,\n\"b\"; 2}",
            "line 2: expected a colon, found \"; 2}\"",
        );
        check_refused(
            b"{\"a\": 1\n",
            "line 2: expected a comma or the closing brace, found \"\"",
        );
        check_refused(b"{\"a\": 1} x", "line 1: expected the end, found \"x\"");
        check_refused(
            b"Word,Positive\nA,1\n",
            "line 1: expected Negative, found \"Word,Positive\"",
        );
        check_refused(
            b"Word,Negative,Positive\nA,0\n",
            "line 2: expected a year or 0, found \"A,0\"",
        );
    }

    #[test]
    fn weights_are_read_as_the_standard_library_reads_them() {
        for text in [
            "1",
            "-2.5",
            "+0.1",
            "0.3",
            "-.7",
            "3.",
            "1970",
            "0.12345678901234",
        ] {
            assert_eq!(decimal(text), text.parse().ok(), "{text}");
        }
        for text in [
            "",
            "-",
            ".",
            "1e3",
            "NaN",
            "inf",
            "1 2",
            "0x1",
            "1.2.3",
            "1234567890123456",
        ] {
            assert_eq!(decimal(text), None, "{text}");
        }
    }
}
