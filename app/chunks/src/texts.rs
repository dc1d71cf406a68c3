//! The texts of a chunk's posts, in blocks that are read one at a time.

use wire::Body;

use crate::{
    ChunkError, MAX_EVENTS, Record,
    bytes::{In, Out},
    pack::{self, Section},
};

const MAGIC: [u8; 4] = *b"MTTX";
/// With fewer the texts take more room (128: +15 %), with more a single one takes longer to read.
const PER_BLOCK: usize = 512;

/// The texts in blocks.
pub(crate) fn parts(records: &[Record]) -> Vec<Vec<u8>> {
    let texts: Vec<&str> = records.iter().filter_map(text).collect();
    let block = |texts: &[&str]| {
        let mut raw = Out::default();
        texts.iter().for_each(|text| raw.len(text.len()));
        texts.iter().for_each(|text| raw.bytes(text.as_bytes()));
        raw.0
    };
    texts.chunks(PER_BLOCK).map(block).collect()
}

/// Puts the blocks together, each with its deflated form; returns their hash too. Without posts there is
/// nothing to write.
pub(crate) fn write<'a>(
    parts: impl Iterator<Item = (&'a [u8], &'a [u8])>,
    n_texts: u32,
) -> (Vec<u8>, u64) {
    if n_texts == 0 {
        return (Vec::new(), 0);
    }
    let mut body = Out::default();
    body.u64(n_texts.into());
    parts.for_each(|(part, deflated)| pack::put(&mut body, part, deflated));
    let framed = pack::frame(MAGIC, &body.0);
    (framed, pack::hash(&body.0))
}

/// Where the blocks lie, and how many texts are in them. They must have the hash.
pub(crate) fn sections(bytes: &[u8], hash: u64) -> Result<(Vec<Section<'_>>, usize), ChunkError> {
    if bytes.is_empty() {
        return match hash {
            0 => Ok((Vec::new(), 0)),
            _ => Err(ChunkError::Texts),
        };
    }
    let (mut read, found) = pack::unframe(MAGIC, bytes)?;
    if found != hash {
        return Err(ChunkError::Texts);
    }
    let n_texts = n_texts(&mut read)?;
    let blocks = (0..n_texts.div_ceil(PER_BLOCK)).map(|_| pack::section(&mut read));
    Ok((blocks.collect::<Result<_, _>>()?, n_texts))
}

/// Gives every post its text.
pub(crate) fn fill<'a>(
    blocks: impl Iterator<Item = &'a [u8]>,
    n_texts: usize,
    records: &mut [Record],
) -> Result<(), ChunkError> {
    let mut posts = records
        .iter_mut()
        .filter_map(|record| match &mut record.event.body {
            Body::Post(post) => Some(&mut post.text),
            _ => None,
        });
    for (idx, block) in blocks.enumerate() {
        let n = n_texts.saturating_sub(idx * PER_BLOCK).min(PER_BLOCK);
        for text in Block::new(block, n)? {
            *posts.next().ok_or(ChunkError::Texts)? = text?.to_owned();
        }
    }
    match posts.next() {
        None => Ok(()),
        Some(_) => Err(ChunkError::Texts),
    }
}

/// Reads the text of the `idx`-th post of a chunk, inflating no more than the block it lies in.
///
/// # Errors
/// [`ChunkError`] names what is wrong with the bytes; [`ChunkError::Texts`] when there is no such post.
pub fn read_text(texts: &[u8], idx: usize) -> Result<String, ChunkError> {
    let (mut read, _) = pack::unframe(MAGIC, texts)?;
    let n_texts = n_texts(&mut read)?;
    if idx >= n_texts {
        return Err(ChunkError::Texts);
    }
    let block = idx / PER_BLOCK;
    for _ in 0..block {
        pack::section(&mut read)?;
    }
    let section = pack::section(&mut read)?;
    let raw = match section.is_deflated {
        true => pack::inflated(section.bytes, section.len),
        false => section.bytes.to_vec(),
    };
    if raw.len() != section.len {
        return Err(ChunkError::Compressed);
    }
    let n = (n_texts - block * PER_BLOCK).min(PER_BLOCK);
    Block::new(&raw, n)?
        .nth(idx % PER_BLOCK)
        .ok_or(ChunkError::Texts)?
        .map(str::to_owned)
}

fn text(record: &Record) -> Option<&str> {
    match &record.event.body {
        Body::Post(post) => Some(&post.text),
        _ => None,
    }
}

fn n_texts(read: &mut In<'_>) -> Result<usize, ChunkError> {
    let n = usize::try_from(read.u64()?).map_err(|_| ChunkError::TooLarge)?;
    if n > MAX_EVENTS {
        return Err(ChunkError::TooLarge);
    }
    Ok(n)
}

/// An inflated block: lengths, then texts.
struct Block<'a> {
    lens: In<'a>,
    texts: In<'a>,
    n_left: usize,
}

impl<'a> Block<'a> {
    fn new(raw: &'a [u8], n: usize) -> Result<Self, ChunkError> {
        let lens = In(raw);
        let mut texts = lens;
        for _ in 0..n {
            texts.u64()?;
        }
        Ok(Self {
            lens,
            texts,
            n_left: n,
        })
    }
}

impl<'a> Iterator for Block<'a> {
    type Item = Result<&'a str, ChunkError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.n_left = self.n_left.checked_sub(1)?;
        let text = self.lens.u64().and_then(|len| {
            let len = usize::try_from(len).map_err(|_| ChunkError::Truncated)?;
            let bytes = self.texts.bytes(len)?;
            std::str::from_utf8(bytes).map_err(|_| ChunkError::Value("text"))
        });
        Some(text)
    }
}
