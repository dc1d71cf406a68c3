//! What the rules need to know of a text by itself, as words of 32 bits: found out in one place, used in another.

use super::phrases::bait;
use super::rules::link_share;
use super::sketch::{N_WORDS, Shingles, Sketch, hash_text};
use super::template::Template;

/// Words before the shingles: the hash of the template in two, its characters, bait and share of links as the bits
/// of floats, the sketch.
const HEAD: usize = 5 + N_WORDS;

/// What was found out about a text.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    head: &'a [u32; HEAD],
    shingles: &'a [u32],
}

impl<'a> Reading<'a> {
    /// As a [`Reader`] wrote it; `None` if it is too short for that.
    pub fn of(words: &'a [u32]) -> Option<Self> {
        let (head, shingles) = words.split_first_chunk()?;
        Some(Self { head, shingles })
    }

    pub(super) fn hash(&self) -> u64 {
        u64::from(self.head[0]) << 32 | u64::from(self.head[1])
    }

    pub(super) fn n_chars(&self) -> u32 {
        self.head[2]
    }

    pub(super) fn bait(&self) -> f32 {
        f32::from_bits(self.head[3])
    }

    pub(super) fn link_share(&self) -> f32 {
        f32::from_bits(self.head[4])
    }

    pub(super) fn shingles(&self) -> &'a [u32] {
        self.shingles
    }

    pub(super) fn sketch(&self) -> Sketch {
        let (_, sketch) = self.head.split_at(HEAD - N_WORDS);
        Sketch::of_words(sketch, self.shingles.len())
    }
}

/// Reads texts one after the other, in the same memory.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    template: Template,
    shingles: Shingles,
}

impl Reader {
    /// Appends what [`Reading::of`] takes.
    pub fn read(&mut self, text: &str, into: &mut Vec<u32>) {
        self.template.read(text);
        self.shingles.read(self.template.text());
        let hash = hash_text(self.template.text());
        into.extend([
            (hash >> 32) as u32,
            hash as u32,
            self.template.n_chars() as u32,
            bait(&self.template).to_bits(),
            link_share(text).to_bits(),
        ]);
        into.extend(self.shingles.sketch().words());
        into.extend_from_slice(self.shingles.all());
    }
}
