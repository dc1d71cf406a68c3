//! Sealing and reading for who has a way of their own to deflate and inflate, such as a browser's.

use crate::{
    ChunkError, MAX_EVENTS, Record, Sealed, Summary, columns,
    pack::{self, Section},
    texts,
};

/// Records as parts that are still to be deflated.
#[derive(Debug)]
pub struct Unpacked {
    columns: Vec<Vec<u8>>,
    blocks: Vec<Vec<u8>>,
    summary: Summary,
}

impl Unpacked {
    /// The parts of these records.
    ///
    /// # Errors
    /// [`ChunkError::TooLarge`] for more than [`MAX_EVENTS`] of them.
    pub fn of(records: &[Record]) -> Result<Self, ChunkError> {
        if records.len() > MAX_EVENTS {
            return Err(ChunkError::TooLarge);
        }
        let (columns, summary) = columns::parts(records);
        Ok(Self {
            columns,
            blocks: texts::parts(records),
            summary,
        })
    }

    /// What is to be deflated (RFC 1951, without a head).
    pub fn parts(&self) -> impl Iterator<Item = &[u8]> {
        self.columns.iter().chain(&self.blocks).map(Vec::as_slice)
    }

    /// The chunk, deflated here.
    pub fn deflated(&self) -> Sealed {
        let deflated: Vec<Vec<u8>> = self.parts().map(pack::deflated).collect();
        self.seal(&deflated)
    }

    /// The chunk, with the parts deflated in their order. One that is missing is kept as it is.
    pub fn seal(&self, deflated: &[Vec<u8>]) -> Sealed {
        let parts = self.parts().enumerate();
        let packed: Vec<&[u8]> = parts
            .map(|(idx, part)| match deflated.get(idx) {
                Some(deflated) if !deflated.is_empty() => deflated.as_slice(),
                _ => part,
            })
            .collect();
        let (columns, blocks) = packed.split_at(self.columns.len());
        let (texts, texts_hash) = texts::write(pairs(&self.blocks, blocks), self.summary.n_posts);
        let summary = Summary {
            texts_hash,
            ..self.summary
        };
        Sealed {
            numbers: columns::write(pairs(&self.columns, columns), &summary),
            texts,
            summary,
        }
    }
}

fn pairs<'a>(
    parts: &'a [Vec<u8>],
    packed: &'a [&'a [u8]],
) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
    parts.iter().map(Vec::as_slice).zip(packed.iter().copied())
}

/// A chunk whose bytes are sound, and whose parts are still to be inflated.
#[derive(Debug)]
pub struct Packed<'a> {
    columns: Vec<Section<'a>>,
    blocks: Vec<Section<'a>>,
    n_texts: usize,
    has_texts: bool,
    summary: Summary,
}

impl<'a> Packed<'a> {
    /// Looks at a chunk; without texts all posts will have an empty one.
    ///
    /// # Errors
    /// [`ChunkError`] names what is wrong with the bytes.
    pub fn open(numbers: &'a [u8], texts: Option<&'a [u8]>) -> Result<Self, ChunkError> {
        let (columns, summary) = columns::sections(numbers)?;
        let (blocks, n_texts) = match texts {
            Some(texts) => texts::sections(texts, summary.texts_hash)?,
            None => (Vec::new(), 0),
        };
        Ok(Self {
            columns,
            blocks,
            n_texts,
            has_texts: texts.is_some(),
            summary,
        })
    }

    /// What is to be inflated, and how long it will be.
    pub fn parts(&self) -> impl Iterator<Item = (&'a [u8], usize)> {
        let sections = self.columns.iter().chain(&self.blocks);
        let deflated = sections.filter(|section| section.is_deflated);
        deflated.map(|section| (section.bytes, section.len))
    }

    /// The records, with the parts inflated in their order.
    ///
    /// # Errors
    /// [`ChunkError::Compressed`] if a part is missing or has another length; others name what is wrong in it.
    pub fn read(&self, inflated: &[Vec<u8>]) -> Result<Vec<Record>, ChunkError> {
        let mut inflated = inflated.iter();
        let mut part = |section: &Section<'a>| -> Result<&[u8], ChunkError> {
            let part = match section.is_deflated {
                true => inflated.next().ok_or(ChunkError::Compressed)?.as_slice(),
                false => section.bytes,
            };
            match part.len() == section.len {
                true => Ok(part),
                false => Err(ChunkError::Compressed),
            }
        };
        let columns = self
            .columns
            .iter()
            .map(&mut part)
            .collect::<Result<Vec<_>, _>>()?;
        let blocks = self
            .blocks
            .iter()
            .map(&mut part)
            .collect::<Result<Vec<_>, _>>()?;
        let mut records = columns::read(columns.into_iter(), &self.summary)?;
        if self.has_texts {
            texts::fill(blocks.into_iter(), self.n_texts, &mut records)?;
        }
        Ok(records)
    }
}
