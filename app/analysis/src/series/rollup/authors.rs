//! How many different authors there are, exactly, without a set for each cell.

/// Authors seen, exactly: sorted up to a point, then as they came.
#[derive(Clone, Debug, Default)]
pub(super) struct Authors {
    ids: Vec<u32>,
    n_sorted: usize,
}

/// So many authors are kept as they came; sorting out who is there twice is left to the reader.
const FEW_AUTHORS: usize = 4_096;

/// Clearing so many words of bits costs no more than sorting one author.
const WORDS_PER_AUTHOR: usize = 8;

impl PartialEq for Authors {
    fn eq(&self, other: &Self) -> bool {
        self.sorted() == other.sorted()
    }
}

impl Authors {
    pub(super) fn add(&mut self, author: u32) {
        if self.ids.len() == self.ids.capacity() {
            self.compact_if_doubled();
        }
        self.ids.push(author);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.ids.extend_from_slice(&other.ids);
        self.compact_if_doubled();
    }

    /// Sorting only when the row has doubled keeps the work for one author constant on average.
    fn compact_if_doubled(&mut self) {
        if self.ids.len() >= 2 * self.n_sorted.max(FEW_AUTHORS) {
            self.compact();
        }
    }

    fn compact(&mut self) {
        match self.bits(1) {
            Some((bits, _)) => {
                self.ids.clear();
                self.ids.extend(ones(&bits));
            }
            None => {
                self.ids.sort_unstable();
                self.ids.dedup();
            }
        }
        self.n_sorted = self.ids.len();
    }

    fn sorted(&self) -> Vec<u32> {
        let mut all = self.clone();
        all.compact();
        all.ids
    }

    pub(super) fn n_unique(&self) -> usize {
        if self.n_sorted == self.ids.len() {
            return self.n_sorted;
        }
        match self.bits(WORDS_PER_AUTHOR) {
            Some((_, n_set)) => n_set,
            None => self.sorted().len(),
        }
    }

    /// A bit for each author, in words of 64, and how many are set. `None` where the numbers of the authors
    /// are so large that it would take more than this many words for each of them.
    fn bits(&self, words_per_author: usize) -> Option<(Vec<u64>, usize)> {
        let greatest = *self.ids.iter().max()? as usize;
        let n_words = greatest / 64 + 1;
        if n_words > words_per_author * self.ids.len() {
            return None;
        }
        let mut bits = vec![0u64; n_words];
        let mut n_set = 0;
        for id in &self.ids {
            let word = bits.get_mut(*id as usize / 64)?;
            let bit = 1 << (id % 64);
            n_set += usize::from(*word & bit == 0);
            *word |= bit;
        }
        Some((bits, n_set))
    }
}

/// Places of the bits that are set, ascending.
fn ones(bits: &[u64]) -> impl Iterator<Item = u32> {
    bits.iter().zip(0u32..).flat_map(|(word, place)| {
        let mut rest = *word;
        std::iter::from_fn(move || {
            let bit = (rest != 0).then(|| rest.trailing_zeros())?;
            rest &= rest - 1;
            Some(64 * place + bit)
        })
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn authors(ids: &[u32]) -> Authors {
        let mut authors = Authors::default();
        ids.iter().for_each(|id| authors.add(*id));
        authors
    }

    #[test]
    fn authors_are_told_apart_exactly_whether_their_numbers_are_small_or_large() {
        for spread in [1u32, 2_654_435_761] {
            let id = |k: u32| (k.wrapping_mul(k) % 7_001).wrapping_mul(spread);
            let ids: Vec<u32> = (0..30_000).map(id).collect();
            let known: BTreeSet<u32> = ids.iter().copied().collect();

            let mut all = authors(&ids[..9]);
            assert_eq!(all.n_unique(), 9);
            for part in ids[9..].chunks(5_000) {
                all.merge(&authors(part));
            }

            assert_eq!(all.n_unique(), known.len());
            assert!(all.sorted().into_iter().eq(known));
            assert_eq!(all, authors(&ids));
        }
        assert_eq!(authors(&[u32::MAX, u32::MAX]).n_unique(), 1);
        assert_eq!(Authors::default().n_unique(), 0);
    }
}
