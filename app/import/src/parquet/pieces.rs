//! What is there of a file, and what a reader of it has found lacking.

use std::{
    io::{self, Read},
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::{Buf, Bytes};
use parquet::{
    errors::{ParquetError, Result},
    file::reader::{ChunkReader, Length},
};

/// No less is asked for at once: the header of a page does not say its length beforehand.
pub(super) const AT_LEAST: u64 = 64 * 1024;

/// Parts of a file. Clones are the same.
#[derive(Clone)]
pub(crate) struct Pieces(Arc<Mutex<Held>>);

struct Held {
    len: u64,
    pieces: Vec<(u64, Bytes)>,
    lacking: Vec<Range<u64>>,
}

/// The file from some place on, as far as it is there.
pub(crate) struct Rest {
    pieces: Pieces,
    start: u64,
    bytes: Bytes,
    at: u64,
}

impl Pieces {
    /// Nothing yet of a file of that length.
    pub(crate) fn new(len: u64) -> Self {
        Self(Arc::new(Mutex::new(Held {
            len,
            pieces: Vec::new(),
            lacking: Vec::new(),
        })))
    }

    /// All of a file.
    pub(crate) fn whole(bytes: Bytes) -> Self {
        let pieces = Self::new(bytes.len() as u64);
        pieces.add(0, bytes);
        pieces
    }

    pub(crate) fn add(&self, start: u64, bytes: Bytes) {
        self.held().pieces.push((start, bytes));
    }

    /// Gives up what is there of a file, unless all of it is.
    pub(crate) fn clear(&self) {
        if !self.has(0..self.len()) {
            self.held().pieces.clear();
        }
    }

    pub(crate) fn has(&self, range: Range<u64>) -> bool {
        range.is_empty() || self.held().get(&range).is_some()
    }

    /// Notes what is not there as lacking.
    pub(crate) fn want(&self, range: Range<u64>) {
        if !self.has(range.clone()) {
            self.held().lacking.push(range);
        }
    }

    /// What was found lacking since this was asked last.
    pub(crate) fn take_lacking(&self) -> Vec<Range<u64>> {
        std::mem::take(&mut self.held().lacking)
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn get(&self, range: &Range<u64>) -> Option<Bytes> {
        let pieces = self.pieces.iter();
        let mut cut = pieces.filter_map(|(start, bytes)| {
            let from = usize::try_from(range.start.checked_sub(*start)?).ok()?;
            let to = usize::try_from(range.end.checked_sub(*start)?).ok()?;
            (to <= bytes.len()).then(|| bytes.slice(from..to))
        });
        cut.next()
    }

    /// As far as one piece goes.
    fn from(&self, start: u64) -> Bytes {
        let end = |(at, bytes): &(u64, Bytes)| at + bytes.len() as u64;
        let holding = self.pieces.iter().filter(|(at, _)| *at <= start);
        let furthest = holding.map(end).max().filter(|end| *end > start);
        let bytes = furthest.and_then(|end| self.get(&(start..end)));
        bytes.unwrap_or_default()
    }
}

impl Length for Pieces {
    fn len(&self) -> u64 {
        self.held().len
    }
}

impl ChunkReader for Pieces {
    type T = Rest;

    fn get_read(&self, start: u64) -> Result<Rest> {
        let bytes = self.held().from(start);
        Ok(Rest {
            pieces: self.clone(),
            start,
            at: start,
            bytes,
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let end = start.checked_add(length as u64);
        let end = end.filter(|end| *end <= self.len());
        let end = end.ok_or_else(|| ParquetError::EOF("a part lies behind the end".to_owned()))?;
        let mut held = self.held();
        let bytes = held.get(&(start..end));
        if bytes.is_none() {
            held.lacking.push(start..end);
        }
        bytes.ok_or_else(|| ParquetError::EOF("a part is not there".to_owned()))
    }
}

impl Read for Rest {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.bytes.len().min(out.len());
        if let Some(out) = out.get_mut(..n) {
            self.bytes.copy_to_slice(out);
        }
        self.at += n as u64;
        let len = self.pieces.len();
        if n == 0 && !out.is_empty() && self.at < len {
            let end = self.at.saturating_add(AT_LEAST).min(len);
            // The directory ends the file, and is mostly as small.
            let start = self.start.min(end.saturating_sub(AT_LEAST));
            self.pieces.want(start..end);
        }
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One range, not the numbers of it.
    fn one(range: Range<u64>) -> Vec<Range<u64>> {
        Vec::from([range])
    }

    #[test]
    fn what_is_not_there_is_asked_for_and_then_there() {
        let pieces = Pieces::new(200_000);
        assert!(pieces.get_bytes(100_000, 10).is_err());
        assert!(pieces.get_bytes(199_999, 2).is_err(), "behind the end");
        assert_eq!(pieces.take_lacking(), one(100_000..100_010));
        assert_eq!(pieces.take_lacking(), []);

        pieces.add(99_999, Bytes::from(vec![7; 11]));

        assert_eq!(pieces.get_bytes(100_000, 10).unwrap(), vec![7; 10]);
        pieces.clear();
        assert!(!pieces.has(100_000..100_010));
    }

    #[test]
    fn a_reader_that_comes_to_the_end_of_a_piece_asks_for_one_that_goes_on() {
        let pieces = Pieces::new(200_000);
        pieces.add(100, Bytes::from(vec![7; 8]));
        let mut read = pieces.get_read(104).unwrap();
        let mut out = [0; 8];

        assert!(read.read_exact(&mut out).is_err());

        assert_eq!(pieces.take_lacking(), one(104..108 + AT_LEAST));
    }

    #[test]
    fn of_the_end_of_a_file_more_is_asked_for_than_is_read() {
        let pieces = Pieces::new(200_000);

        let mut read = pieces.get_read(199_992).unwrap();

        assert!(read.read_exact(&mut [0; 8]).is_err());
        assert_eq!(pieces.take_lacking(), one(200_000 - AT_LEAST..200_000));
    }
}
