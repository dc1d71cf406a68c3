//! The part of the index that finds candidates: texts that share a band, as chains in flat arrays.

use super::duplicates::NONE;
use super::sketch::N_BANDS;

/// Candidates that one band contributes at most, the newest first, so that hostile texts cost no more.
const MAX_PER_BAND: usize = 32;

/// Texts by band. Nothing is allocated for a single text; 192 bytes each.
#[derive(Clone, Debug, Default)]
pub(super) struct Bands {
    /// By band, then by the low bits of its number: the first text of a chain.
    heads: Vec<u32>,
    /// By text and band: its number, and the next text of the chain.
    links: Vec<[(u32, u32); N_BANDS]>,
    n_texts: usize,
}

impl Bands {
    /// Appends texts that share a band to `found`, the newest of each band first, some more than once.
    pub(super) fn find(&self, bands: &[u32; N_BANDS], found: &mut Vec<u32>) {
        if self.heads.is_empty() {
            return;
        }
        for (band, number) in bands.iter().enumerate() {
            let mut text = self.heads[self.slot(band, *number)];
            let mut n_left = MAX_PER_BAND;
            while text != NONE && n_left > 0 {
                let (other, next) = self.links[text as usize][band];
                if other == *number {
                    found.push(text);
                    n_left -= 1;
                }
                text = next;
            }
        }
    }

    /// Takes in a text that is not held.
    pub(super) fn add(&mut self, text: u32, bands: &[u32; N_BANDS]) {
        self.n_texts += 1;
        if self.links.len() <= text as usize {
            self.links.resize(text as usize + 1, [(0, NONE); N_BANDS]);
        }
        if self.n_texts > self.n_slots() {
            self.grow();
        }
        for (band, number) in bands.iter().enumerate() {
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
