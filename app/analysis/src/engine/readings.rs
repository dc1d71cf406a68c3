//! What is found in the texts of some posts by themselves, as bytes, so that another thread can do it beforehand.
//!
//! ```text
//!  events ──Reader──► rules │ scored by │ words of the first │ words of the second │ … ──Readings──► Engine::apply_read
//! ```
//!
//! It depends on nothing but the texts, the way of scoring and this program: what does not fit is left aside, and
//! found out anew.

use std::{ops::Range, rc::Rc};

use wire::{Body, Event};

use super::{Applied, Engine, digest::RULES, judge::Language, scorer::Scorer};
use crate::{fnv::fnv, protocol::Scoring, spam};

/// Reads events one after the other.
pub struct Reader {
    scorer: Scorer,
    reader: spam::Reader,
    words: Vec<u32>,
    bytes: Vec<u8>,
}

impl Reader {
    /// One that scores in this way. A reader's own word list it does not know: its scores are not used then.
    pub fn new(scoring: Scoring) -> Self {
        let scorer = Scorer::new(scoring, None);
        Self {
            reader: spam::Reader::default(),
            words: Vec::new(),
            bytes: head(scorer.key()),
            scorer,
        }
    }

    /// Reads the next event. What is no post leaves an empty place.
    pub fn read(&mut self, event: &Event) {
        self.words.clear();
        if let Body::Post(post) = &event.body {
            let (compound, _) = self.scorer.score(&post.text);
            self.words.push(compound.ten_thousandths() as u32);
            self.words.push(Language::of_post(post).code().into());
            self.reader.read(&post.text, &mut self.words);
        }
        let words = self.words.iter();
        self.bytes.extend((words.len() as u32).to_le_bytes());
        self.bytes.extend(words.flat_map(|word| word.to_le_bytes()));
    }

    /// What was read since the last time.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::replace(&mut self.bytes, head(self.scorer.key()))
    }
}

/// What a [`Reader`] read, event by event; nothing at all of bytes that this program did not make.
#[derive(Clone, Debug)]
pub struct Readings {
    scored_by: u64,
    words: Rc<Vec<u32>>,
    at: usize,
}

impl Readings {
    /// From the bytes of [`Reader::take`].
    pub fn open(bytes: &[u8]) -> Self {
        let is_ours = |(made_by, _): &(&[u8; 8], &[u8])| **made_by == rules();
        let rest = bytes.split_first_chunk().filter(is_ours);
        let rest = rest.and_then(|(_, rest)| rest.split_first_chunk());
        let (scored_by, words) = rest.unwrap_or((&[0; 8], &[]));
        let words = words.as_chunks().0.iter();
        Self {
            scored_by: u64::from_le_bytes(*scored_by),
            words: Rc::new(words.copied().map(u32::from_le_bytes).collect()),
            at: 0,
        }
    }
}

impl Iterator for Readings {
    type Item = Reading;

    fn next(&mut self) -> Option<Reading> {
        let len = *self.words.get(self.at)? as usize;
        let from = self.at + 1;
        let to = from.saturating_add(len);
        self.at = to;
        Some(Reading {
            scored_by: self.scored_by,
            words: Rc::clone(&self.words),
            place: from..to,
        })
    }
}

/// What was found in one text.
#[derive(Clone, Debug)]
pub struct Reading {
    scored_by: u64,
    words: Rc<Vec<u32>>,
    place: Range<usize>,
}

impl Reading {
    /// Compound in ten-thousandths, if it was scored in this way.
    pub(super) fn compound(&self, scored_by: u64) -> Option<i16> {
        let compound = self.all().first();
        let compound = compound.filter(|_| self.scored_by == scored_by);
        compound.map(|compound| *compound as i16)
    }

    /// What judging needs.
    pub(super) fn judged_by(&self) -> Option<(Language, spam::Reading<'_>)> {
        let [_, language, words @ ..] = self.all() else {
            return None;
        };
        let language = Language::of_number((*language).into());
        Some((language, spam::Reading::of(words)?))
    }

    fn all(&self) -> &[u32] {
        self.words.get(self.place.clone()).unwrap_or_default()
    }
}

impl Engine {
    /// Takes in an event whose text was read before.
    pub fn apply_read(&mut self, event: &Event, reading: Option<Reading>) -> Applied {
        self.reading = reading;
        let applied = self.apply(event);
        self.reading = None;
        applied
    }
}

fn head(scored_by: u64) -> Vec<u8> {
    [rules(), scored_by.to_le_bytes()].concat()
}

/// Of the program that found it out.
fn rules() -> [u8; 8] {
    fnv(RULES.as_bytes()).to_le_bytes()
}
