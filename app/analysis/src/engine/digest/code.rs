//! The bytes of a digest: numbers of variable length, least significant group first.

use rustc_hash::FxHashMap;
use wire::{Identity, Millis};

use super::super::{MAX_TIME, judge::Language};
use crate::{
    fnv::fnv,
    spam::{Finding, REASONS},
};

const MAGIC: [u8; 4] = *b"MTDG";
/// Magic, key and hash.
const HEAD: usize = 20;

const LATE: u64 = 1;
const DELETED: u64 = 2;
const SKEWED: u64 = 4;
const IMPORTED: u64 = 8;
const REPOST: u64 = 16;
/// Where the language begins, two bits, and where the reasons do.
const LANGUAGE: u32 = 5;
const REASONS_AT: u32 = 7;

/// Whether these are the bytes of a digest that was made with this key and has not changed since.
pub fn is_for(bytes: &[u8], key: u64) -> bool {
    body(bytes, key).is_some()
}

/// The same digest with a post withdrawn: its author goes. `None` where that changes nothing.
pub fn withdraw(bytes: &[u8], post: Identity) -> Option<Vec<u8>> {
    let key = u64::from_le_bytes(*bytes.get(4..)?.first_chunk()?);
    let mut rows = Rows::open(bytes, key)?;
    let mut writer = Writer::default();
    let words = rows.words();
    // In their order, so that they keep their numbers.
    for word in words {
        writer.word(word);
    }
    let (mut row, mut is_there) = (Row::default(), false);
    while rows.read(&mut row) {
        if row.key == post.0 && !row.is_deleted {
            (row.is_deleted, row.author) = (true, 0);
            row.findings.clear();
            is_there = true;
        }
        writer.push(&row);
    }
    is_there.then(|| writer.seal(key, rows.newest_seen_at))
}

/// What is kept of a post. Words are numbers in the digest's list.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Row {
    pub(super) at: Millis,
    pub(super) key: u64,
    pub(super) author: u64,
    pub(super) source: u32,
    pub(super) compound: i16,
    pub(super) topics: u64,
    pub(super) is_late: bool,
    pub(super) is_deleted: bool,
    pub(super) is_repost: bool,
    pub(super) is_skewed: bool,
    pub(super) is_imported: bool,
    pub(super) language: Language,
    pub(super) reasons: u8,
    pub(super) tickers: Vec<u32>,
    pub(super) hashtags: Vec<u32>,
    pub(super) cashtags: Vec<u32>,
    pub(super) findings: Vec<Finding>,
}

/// A digest that is being written.
#[derive(Debug, Default)]
pub(super) struct Writer {
    numbers: FxHashMap<Box<str>, u32>,
    words: Out,
    authors: FxHashMap<u64, u64>,
    last_at: Millis,
    rows: Out,
}

impl Writer {
    /// The number of a word.
    pub(super) fn word(&mut self, word: &str) -> u32 {
        if let Some(number) = self.numbers.get(word) {
            return *number;
        }
        let number = self.numbers.len() as u32;
        self.numbers.insert(word.into(), number);
        self.words.u64(word.len() as u64);
        self.words.0.extend_from_slice(word.as_bytes());
        number
    }

    pub(super) fn push(&mut self, row: &Row) {
        let flag = |is_set: bool, flag: u64| if is_set { flag } else { 0 };
        let flags = flag(row.is_late, LATE)
            | flag(row.is_deleted, DELETED)
            | flag(row.is_skewed, SKEWED)
            | flag(row.is_imported, IMPORTED)
            | flag(row.is_repost, REPOST)
            | u64::from(row.language.code()) << LANGUAGE
            | u64::from(row.reasons) << REASONS_AT;
        let out = &mut self.rows;
        out.u64(flags);
        out.i64(row.at.wrapping_sub(self.last_at));
        self.last_at = row.at;
        out.fixed(row.key);
        // 0 for none, 1 for one that comes for the first time.
        let next = self.authors.len() as u64 + 2;
        match (row.author, self.authors.get(&row.author)) {
            (0, _) => out.u64(0),
            (_, Some(number)) => out.u64(*number),
            (author, None) => {
                out.u64(1);
                out.fixed(author);
                self.authors.insert(author, next);
            }
        }
        out.u64(row.source.into());
        out.i64(row.compound.into());
        out.u64(row.topics);
        for words in [&row.tickers, &row.hashtags, &row.cashtags] {
            out.u64(words.len() as u64);
            words.iter().for_each(|word| out.u64((*word).into()));
        }
        if row.reasons != 0 {
            out.u64(row.findings.len() as u64);
            for one in &row.findings {
                out.u64(one.reason as u64);
                let (value, limit) = (one.value.to_bits(), one.limit.to_bits());
                out.fixed(u64::from(value) << 32 | u64::from(limit));
            }
        }
    }

    pub(super) fn seal(self, key: u64, newest_seen_at: Millis) -> Vec<u8> {
        let mut body = Out::default();
        body.i64(newest_seen_at);
        body.u64(self.numbers.len() as u64);
        let body = [body.0, self.words.0, self.rows.0].concat();
        let hash = fnv(&body);
        [&MAGIC[..], &key.to_le_bytes(), &hash.to_le_bytes(), &body].concat()
    }
}

/// A digest that is being read.
#[derive(Debug)]
pub(super) struct Rows<'a> {
    pub(super) newest_seen_at: Millis,
    words: Vec<&'a str>,
    authors: Vec<u64>,
    last_at: Millis,
    rest: In<'a>,
}

impl<'a> Rows<'a> {
    pub(super) fn open(bytes: &'a [u8], key: u64) -> Option<Self> {
        let mut rest = In(body(bytes, key)?);
        let newest_seen_at = rest.i64()?.clamp(-MAX_TIME, MAX_TIME);
        let n_words = rest.u64()?;
        let words = (0..n_words).map(|_| rest.text()).collect::<Option<_>>()?;
        Some(Self {
            newest_seen_at,
            words,
            authors: Vec::new(),
            last_at: 0,
            rest,
        })
    }

    /// Its words, by their numbers.
    pub(super) fn words(&self) -> Vec<&'a str> {
        self.words.clone()
    }

    /// The next row; `false` at the end.
    pub(super) fn read(&mut self, row: &mut Row) -> bool {
        !self.rest.0.is_empty() && self.try_read(row).is_some()
    }

    fn try_read(&mut self, row: &mut Row) -> Option<()> {
        let read = &mut self.rest;
        let flags = read.u64()?;
        let has = |flag: u64| flags & flag != 0;
        row.is_late = has(LATE);
        row.is_deleted = has(DELETED);
        row.is_skewed = has(SKEWED);
        row.is_imported = has(IMPORTED);
        row.is_repost = has(REPOST);
        row.language = Language::of_number(flags >> LANGUAGE & 3);
        row.reasons = (flags >> REASONS_AT) as u8;
        self.last_at = self.last_at.wrapping_add(read.i64()?);
        row.at = self.last_at.clamp(-MAX_TIME, MAX_TIME);
        row.key = read.fixed()?;
        row.author = match read.u64()? {
            0 => 0,
            1 => {
                let author = read.fixed()?;
                self.authors.push(author);
                author
            }
            number => *self.authors.get(usize::try_from(number - 2).ok()?)?,
        };
        row.source = read.u64()? as u32;
        row.compound = read.i64()? as i16;
        row.topics = read.u64()?;
        for words in [&mut row.tickers, &mut row.hashtags, &mut row.cashtags] {
            words.clear();
            for _ in 0..read.u64()? {
                words.push(read.u64()? as u32);
            }
        }
        row.findings.clear();
        if row.reasons != 0 {
            for _ in 0..read.u64()? {
                let reason = *REASONS.get(usize::try_from(read.u64()?).ok()?)?;
                let values = read.fixed()?;
                row.findings.push(Finding {
                    reason,
                    value: f32::from_bits((values >> 32) as u32),
                    limit: f32::from_bits(values as u32),
                });
            }
        }
        Some(())
    }
}

fn body(bytes: &[u8], key: u64) -> Option<&[u8]> {
    let (head, body) = bytes.split_at_checked(HEAD)?;
    let is_right = head.starts_with(&MAGIC)
        && head.get(4..12)? == key.to_le_bytes()
        && head.get(12..)? == fnv(body).to_le_bytes();
    is_right.then_some(body)
}

#[derive(Debug, Default)]
struct Out(Vec<u8>);

impl Out {
    fn u64(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn i64(&mut self, value: i64) {
        self.u64(((value << 1) ^ (value >> 63)) as u64);
    }

    fn fixed(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }
}

#[derive(Debug)]
struct In<'a>(&'a [u8]);

impl<'a> In<'a> {
    fn u64(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if *byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn i64(&mut self) -> Option<i64> {
        let value = self.u64()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    fn fixed(&mut self) -> Option<u64> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*first))
    }

    fn text(&mut self) -> Option<&'a str> {
        let len = usize::try_from(self.u64()?).ok()?;
        let (text, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }
}
