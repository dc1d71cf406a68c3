//! Strings that come again and again: written where they first come, and by their number afterwards.

use rustc_hash::FxHashMap;

use crate::{
    ChunkError,
    bytes::{In, Out},
};

/// Numbers strings in the order in which they first come. A new one is number 0, the others one more than
/// their place: so a column of new ones is a column of zeros.
#[derive(Debug, Default)]
pub(crate) struct Dictionary<'a> {
    known: FxHashMap<&'a str, usize>,
    numbers: Out,
}

impl<'a> Dictionary<'a> {
    /// Writes the number; returns whether the string has to be written as well.
    pub(crate) fn is_new(&mut self, word: &'a str) -> bool {
        let next = self.known.len();
        let place = *self.known.entry(word).or_insert(next);
        let is_new = place == next;
        self.numbers.len(if is_new { 0 } else { place + 1 });
        is_new
    }

    pub(crate) fn into_numbers(self) -> Vec<u8> {
        self.numbers.0
    }
}

/// A [`Dictionary`] together with its strings.
#[derive(Debug, Default)]
pub(crate) struct Words<'a> {
    numbers: Dictionary<'a>,
    words: Out,
}

impl<'a> Words<'a> {
    pub(crate) fn write(&mut self, word: &'a str) {
        if self.numbers.is_new(word) {
            self.words.text(word);
        }
    }

    /// Numbers and strings.
    pub(crate) fn into_columns(self) -> [Vec<u8>; 2] {
        [self.numbers.into_numbers(), self.words.0]
    }
}

/// Reads numbers; whoever calls reads the strings.
#[derive(Debug)]
pub(crate) struct DictionaryIn<'a, W> {
    numbers: In<'a>,
    known: Vec<W>,
}

impl<'a, W> DictionaryIn<'a, W> {
    pub(crate) fn new(numbers: &'a [u8]) -> Self {
        Self {
            numbers: In(numbers),
            known: Vec::new(),
        }
    }

    /// The next string; `next` reads one that comes for the first time.
    pub(crate) fn read(
        &mut self,
        next: impl FnOnce() -> Result<W, ChunkError>,
    ) -> Result<&W, ChunkError> {
        let place = match self.numbers.u64()? {
            0 => {
                self.known.push(next()?);
                self.known.len() as u64
            }
            number => number,
        };
        usize::try_from(place - 1)
            .ok()
            .and_then(|place| self.known.get(place))
            .ok_or(ChunkError::Value("word"))
    }
}

/// Reads what [`Words`] has written.
#[derive(Debug)]
pub(crate) struct WordsIn<'a> {
    numbers: DictionaryIn<'a, &'a str>,
    words: In<'a>,
}

impl<'a> WordsIn<'a> {
    pub(crate) fn new([numbers, words]: [&'a [u8]; 2]) -> Self {
        Self {
            numbers: DictionaryIn::new(numbers),
            words: In(words),
        }
    }

    pub(crate) fn read(&mut self) -> Result<&'a str, ChunkError> {
        let words = &mut self.words;
        self.numbers.read(|| words.text()).copied()
    }
}
