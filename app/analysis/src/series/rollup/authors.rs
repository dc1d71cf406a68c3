//! How many different authors there are, exactly, without a set for each cell.

/// Authors seen, exactly: sorted up to a point, then as they came.
#[derive(Clone, Debug, Default)]
pub(super) struct Authors {
    /// The first `n` of them, and room for more.
    ids: Vec<u32>,
    n: usize,
    n_sorted: usize,
    /// Some may be there twice.
    may_repeat: bool,
}

/// Places for authors in a cell to begin with, at least.
const LEAST_ROOM: usize = 8;

/// So many authors are kept as they came; sorting out who is there twice is left to the reader.
const FEW_AUTHORS: usize = 4_096;

/// Clearing so many words of bits costs no more than sorting one author.
const WORDS_PER_AUTHOR: usize = 8;

/// In which stretch of posts of one cell an author was seen last. As long as posts come in order this alone
/// tells who is new in a cell.
#[derive(Clone, Debug, Default)]
pub(super) struct Latest {
    /// By author.
    stretches: Vec<u32>,
    /// One less than the number of the present one; a 0 above means never.
    n_before: u32,
}

/// Authors with greater numbers have no place in [`Latest`], which else would take more than 4 MB.
const MAX_PLACES: usize = 1 << 20;

impl Latest {
    /// Another stretch begins.
    pub(super) fn forget(&mut self) {
        self.n_before = self.n_before.wrapping_add(1);
        if self.n_before == u32::MAX {
            *self = Self::default();
        }
    }

    /// 1 if this is the author's first post of the stretch, else 0: a number, since nobody could foresee which
    /// way to branch. `None` for an author who has no place yet.
    #[inline]
    fn count_first(&mut self, author: u32) -> Option<usize> {
        let now = self.n_before + 1;
        let latest = self.stretches.get_mut(author as usize)?;
        let n_first = usize::from(*latest != now);
        *latest = now;
        Some(n_first)
    }

    /// Makes a place for an author who has none, unless it would be too far away.
    fn admit(&mut self, author: u32) -> bool {
        let author = author as usize;
        if author < MAX_PLACES {
            self.stretches.resize((author + 1).next_power_of_two(), 0);
        }
        author < MAX_PLACES
    }
}

impl PartialEq for Authors {
    fn eq(&self, other: &Self) -> bool {
        self.sorted() == other.sorted()
    }
}

impl Authors {
    /// Without authors, and with room for as many as another cell has: cells side by side are alike.
    pub(super) fn with_room_as(other: &Self) -> Self {
        Self {
            ids: vec![0; other.n.max(LEAST_ROOM)],
            ..Self::default()
        }
    }

    #[inline]
    pub(super) fn add(&mut self, author: u32, latest: &mut Latest) {
        let n_first = match latest.count_first(author) {
            Some(n_first) => n_first,
            None => self.count_other(author, latest),
        };
        if self.n == self.ids.len() {
            self.make_room();
        }
        // Written in any case, and left behind where the author is not new.
        if let Some(next) = self.ids.get_mut(self.n) {
            *next = author;
            self.n += n_first;
        }
    }

    #[cold]
    fn count_other(&mut self, author: u32, latest: &mut Latest) -> usize {
        self.may_repeat |= !latest.admit(author);
        latest.count_first(author).unwrap_or(1)
    }

    #[cold]
    fn make_room(&mut self) {
        self.compact_if_doubled();
        if 2 * self.n >= self.ids.len() {
            self.ids.resize((2 * self.n).max(LEAST_ROOM), 0);
        }
    }

    /// Another stretch of posts begins; those before it may have the same authors.
    pub(super) fn go_on(&mut self) {
        self.may_repeat = true;
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.may_repeat = true;
        self.ids.truncate(self.n);
        self.ids.extend_from_slice(other.ids());
        self.n = self.ids.len();
        self.compact_if_doubled();
    }

    fn ids(&self) -> &[u32] {
        self.ids.get(..self.n).unwrap_or_default()
    }

    /// Sorting only when the row has doubled keeps the work for one author constant on average.
    fn compact_if_doubled(&mut self) {
        if self.may_repeat && self.n >= 2 * self.n_sorted.max(FEW_AUTHORS) {
            self.compact();
        }
    }

    fn compact(&mut self) {
        self.ids.truncate(self.n);
        match bits(&self.ids, 1) {
            Some((bits, _)) => {
                self.ids.clear();
                self.ids.extend(ones(&bits));
            }
            None => {
                self.ids.sort_unstable();
                self.ids.dedup();
            }
        }
        self.n = self.ids.len();
        self.n_sorted = self.n;
    }

    fn sorted(&self) -> Vec<u32> {
        let mut all = self.clone();
        all.compact();
        all.ids
    }

    pub(super) fn n_unique(&self) -> usize {
        if !self.may_repeat || self.n_sorted == self.n {
            return self.n;
        }
        match bits(self.ids(), WORDS_PER_AUTHOR) {
            Some((_, n_set)) => n_set,
            None => self.sorted().len(),
        }
    }
}

/// A bit for each author, in words of 64, and how many are set. `None` where the numbers of the authors are so
/// large that it would take more than this many words for each of them.
fn bits(ids: &[u32], words_per_author: usize) -> Option<(Vec<u64>, usize)> {
    let greatest = *ids.iter().max()? as usize;
    let n_words = greatest / 64 + 1;
    if n_words > words_per_author * ids.len() {
        return None;
    }
    let mut bits = vec![0u64; n_words];
    let mut n_set = 0;
    for id in ids {
        let word = bits.get_mut(*id as usize / 64)?;
        let bit = 1 << (id % 64);
        n_set += usize::from(*word & bit == 0);
        *word |= bit;
    }
    Some((bits, n_set))
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
        let (mut authors, mut latest) = (Authors::default(), Latest::default());
        ids.iter().for_each(|id| authors.add(*id, &mut latest));
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
        assert_eq!(authors(&[u32::MAX, 5, u32::MAX]).n_unique(), 2);
        assert_eq!(authors(&[MAX_PLACES as u32 - 1; 9]).n_unique(), 1);
        assert_eq!(Authors::default().n_unique(), 0);
    }
}
