//! The part of the index that finds candidates: texts that share a band, as chains in flat arrays.

use super::duplicates::NONE;
use super::sketch::{N_BANDS, Print, Sketch};

/// Candidates that one band contributes at most, the newest first, so that hostile texts cost no more.
const MAX_PER_BAND: usize = 32;

/// Texts by band. Nothing is allocated for a single text; 256 bytes each.
#[derive(Clone, Debug, Default)]
pub(super) struct Bands {
    /// By band, then by the low bits of its number: the first text of a chain.
    heads: Vec<u32>,
    /// By text and band: its number, and the next text of the chain.
    links: Vec<[(u32, u32); N_BANDS]>,
    /// By text.
    seen: Vec<Seen>,
    n_texts: usize,
    n_searches: u32,
}

/// What a search looks at first of a text, in one cache line.
#[derive(Clone, Debug)]
#[repr(align(64))]
struct Seen {
    print: Print,
    /// The last search that came past.
    by: u32,
}

impl Bands {
    /// Appends those texts to `found` that share a band and whose prints are alike, the newest of each band first.
    pub(super) fn find(&mut self, sketch: &Sketch, found: &mut Vec<u32>) {
        if self.heads.is_empty() {
            return;
        }
        // After four thousand million searches a text may be taken for one seen in this search: so rarely that
        // one missed does not matter.
        self.n_searches = self.n_searches.wrapping_add(1);
        for (band, number) in sketch.bands.iter().enumerate() {
            let mut text = self.heads[self.slot(band, *number)];
            let mut n_left = MAX_PER_BAND;
            while text != NONE && n_left > 0 {
                let (other, next) = self.links[text as usize][band];
                if other == *number {
                    n_left -= 1;
                    let seen = &mut self.seen[text as usize];
                    let is_new =
                        std::mem::replace(&mut seen.by, self.n_searches) != self.n_searches;
                    if is_new && seen.print.n_alike(&sketch.print) >= sketch.least_alike {
                        found.push(text);
                    }
                }
                text = next;
            }
        }
    }

    /// Takes in a text that is not held.
    pub(super) fn add(&mut self, text: u32, sketch: &Sketch) {
        self.n_texts += 1;
        let (idx, print) = (text as usize, sketch.print);
        let seen = Seen { print, by: 0 };
        match self.seen.get_mut(idx) {
            Some(old) => *old = seen,
            None => {
                self.links.resize(idx + 1, [(0, NONE); N_BANDS]);
                self.seen.resize(idx + 1, seen);
            }
        }
        if self.n_texts > self.n_slots() {
            self.grow();
        }
        for (band, number) in sketch.bands.iter().enumerate() {
            self.put_first(text, band, *number);
        }
    }

    /// Lets go of a text that is held.
    pub(super) fn remove(&mut self, text: u32) {
        self.n_texts -= 1;
        for band in 0..N_BANDS {
            let (number, after) = self.links[text as usize][band];
            let slot = self.slot(band, number);
            let mut at = self.heads[slot];
            if at == text {
                self.heads[slot] = after;
                continue;
            }
            while at != NONE {
                let next = &mut self.links[at as usize][band].1;
                if *next == text {
                    *next = after;
                    break;
                }
                at = *next;
            }
        }
    }

    #[cfg(test)]
    pub(super) fn n_held(&self) -> usize {
        self.n_texts
    }

    fn n_slots(&self) -> usize {
        self.heads.len() / N_BANDS
    }

    fn slot(&self, band: usize, number: u32) -> usize {
        band * self.n_slots() + (number as usize & (self.n_slots() - 1))
    }

    fn put_first(&mut self, text: u32, band: usize, number: u32) {
        let slot = self.slot(band, number);
        let next = std::mem::replace(&mut self.heads[slot], text);
        self.links[text as usize][band] = (number, next);
    }

    /// Twice the slots; the order within the chains stays.
    fn grow(&mut self) {
        let n_old = self.n_slots();
        let n_new = (2 * n_old).max(64);
        let old = std::mem::replace(&mut self.heads, vec![NONE; n_new * N_BANDS]);
        let mut chain = Vec::new();
        for (idx, head) in old.into_iter().enumerate() {
            let band = idx / n_old;
            let mut text = head;
            while text != NONE {
                chain.push(text);
                text = self.links[text as usize][band].1;
            }
            for text in chain.drain(..).rev() {
                self.put_first(text, band, self.links[text as usize][band].0);
            }
        }
    }
}
