//! The texts of a chunk's posts, in blocks that are read one at a time.

use wire::Body;

use crate::{
    ChunkError, MAX_EVENTS, Record,
    bytes::{In, Out},
    pack,
};

const MAGIC: [u8; 4] = *b"MTTX";
/// With fewer the texts take more room (128: +15 %), with more a single one takes longer to read.
const PER_BLOCK: usize = 512;

/// Writes the texts; returns their hash too. Without posts there is nothing to write.
pub(crate) fn write(records: &[Record]) -> (Vec<u8>, u64) {
    let texts: Vec<&str> = records.iter().filter_map(text).collect();
    if texts.is_empty() {
        return (Vec::new(), 0);
    }
    let mut body = Out::default();
    body.len(texts.len());
    for block in texts.chunks(PER_BLOCK) {
        let mut raw = Out::default();
        block.iter().for_each(|text| raw.len(text.len()));
        block.iter().for_each(|text| raw.bytes(text.as_bytes()));
        pack::pack(&mut body, &raw.0);
    }
    let framed = pack::frame(MAGIC, &body.0);
    (framed, pack::hash(&body.0))
}

/// Gives every post its text.
pub(crate) fn fill(bytes: &[u8], hash: u64, records: &mut [Record]) -> Result<(), ChunkError> {
    let mut posts = records
        .iter_mut()
        .filter_map(|record| match &mut record.event.body {
            Body::Post(post) => Some(&mut post.text),
            _ => None,
        });
    if bytes.is_empty() {
        return match posts.next() {
            None if hash == 0 => Ok(()),
            _ => Err(ChunkError::Texts),
        };
    }
    let (mut read, found) = pack::unframe(MAGIC, bytes)?;
    if found != hash {
        return Err(ChunkError::Texts);
    }
    let n_texts = n_texts(&mut read)?;
    for from in (0..n_texts).step_by(PER_BLOCK) {
        let n = (n_texts - from).min(PER_BLOCK);
        let raw = pack::unpack(&mut read)?;
        for text in Block::new(&raw, n)? {
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
        pack::skip(&mut read)?;
    }
    let raw = pack::unpack(&mut read)?;
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
