//! Small fingerprints of texts by which similar ones are found: shingles, and one-permutation MinHash
//! with optimal densification.
//!
//! # Source
//! Shrivastava, *Optimal Densification for Fast and Accurate Minwise Hashing*, ICML 2017. Bands as in
//! Leskovec, Rajaraman and Ullman, *Mining of Massive Datasets*, 3.4.

use std::cmp::Ordering;

use wide::u8x16;

/// Characters in a shingle.
const SHINGLE: usize = 5;
/// Groups of lanes; two texts meet if one whole group agrees.
pub(super) const N_BANDS: usize = 16;
/// Lanes in a group.
const N_ROWS: usize = 4;
const N_LANES: usize = N_BANDS * N_ROWS;
const EMPTY: u32 = u32::MAX;

/// Lanes of which a byte is kept for a first comparison.
const N_PRINT: usize = 48;
/// Near-duplicates have at least so many equal bytes in their prints: .8 × 48 = 38 on average, and from
/// [`SURE_FROM`] shingles on a standard deviation of at most 4.5, so that less than one in a thousand is missed.
const LEAST_ALIKE: u32 = 24;
const SURE_FROM: usize = 40;

/// Words of 32 bits that a sketch fills.
pub(super) const N_WORDS: usize = N_BANDS + N_PRINT / 4;

/// What the shingles of a text come down to.
#[derive(Clone, Debug)]
pub(super) struct Sketch {
    pub(super) bands: [u32; N_BANDS],
    pub(super) print: Print,
    /// Equal bytes that the print of a near-duplicate has at least.
    pub(super) least_alike: u32,
}

impl Sketch {
    /// Bands and print, to be written down.
    pub(super) fn words(&self) -> impl Iterator<Item = u32> {
        let print = self
            .print
            .0
            .as_chunks()
            .0
            .iter()
            .map(|word| u32::from_le_bytes(*word));
        self.bands.into_iter().chain(print)
    }

    /// From what was written down, of so many shingles.
    pub(super) fn of_words(words: &[u32], n_shingles: usize) -> Self {
        let mut words = words.iter().copied();
        let mut next = || words.next().unwrap_or_default();
        let bands = std::array::from_fn(|_| next());
        let mut print = [0; N_PRINT];
        for word in print.as_chunks_mut().0 {
            *word = next().to_le_bytes();
        }
        Self::new(bands, Print(print), n_shingles)
    }

    fn new(bands: [u32; N_BANDS], print: Print, n_shingles: usize) -> Self {
        // Of a few shingles many lanes are borrowed, so that they say little together.
        let is_sure = n_shingles >= SURE_FROM;
        Self {
            bands,
            print,
            least_alike: if is_sure { LEAST_ALIKE } else { 0 },
        }
    }
}

/// A byte of each of the first lanes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Print([u8; N_PRINT]);

impl Print {
    /// How many bytes are equal: the Jaccard index is about the share of these.
    #[inline]
    pub(super) fn n_alike(&self, other: &Self) -> u32 {
        let (mine, others) = (self.0.as_chunks().0, other.0.as_chunks().0);
        let n_equal = |(a, b): (&[u8; 16], &[u8; 16])| {
            let equal = u8x16::new(*a).simd_eq(u8x16::new(*b));
            equal.to_bitmask().count_ones()
        };
        mine.iter().zip(others).map(n_equal).sum()
    }
}

/// The distinct shingles of a text as sorted hashes of 32 bits.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Shingles(Vec<u32>);

impl Shingles {
    /// Every five characters in a row; a shorter text is one shingle, an empty one has none.
    pub(super) fn read(&mut self, text: &str) {
        self.0.clear();
        let mut window = [0_u64; SHINGLE];
        let mut n_read = 0;
        for c in text.chars() {
            window.rotate_left(1);
            window[SHINGLE - 1] = u64::from(u32::from(c));
            n_read += 1;
            if n_read >= SHINGLE {
                self.0.push(hash_of(window));
            }
        }
        if (1..SHINGLE).contains(&n_read) {
            self.0.push(hash_of(window));
        }
        self.0.sort_unstable();
        self.0.dedup();
    }

    /// Those that were read somewhere else, each once and ascending.
    pub(super) fn copy(&mut self, shingles: &[u32]) {
        self.0.clear();
        self.0.extend_from_slice(shingles);
    }

    pub(super) fn all(&self) -> &[u32] {
        &self.0
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// A copy in no more memory than needed.
    pub(super) fn boxed(&self) -> Box<[u32]> {
        self.0.as_slice().into()
    }

    /// The share of common shingles among all of both, if it is at least `least`.
    pub(super) fn jaccard(&self, other: &[u32], least: f64) -> Option<f64> {
        let (n_mine, n_other) = (self.0.len(), other.len());
        let (smaller, larger) = (n_mine.min(n_other), n_mine.max(n_other));
        if larger == 0 || (smaller as f64) < least * larger as f64 {
            return None;
        }
        // With so many common ones the index is just large enough; so many may be missed on either side.
        let n_needed = (least * (n_mine + n_other) as f64 / (1.0 + least)).floor() as usize;
        let (mut n_spare, mut n_spare_other) = (
            n_mine.checked_sub(n_needed)?,
            n_other.checked_sub(n_needed)?,
        );
        let (mut mine, mut others) = (self.0.iter(), other.iter());
        let (mut next, mut next_other) = (mine.next(), others.next());
        let mut n_common = 0_usize;
        while let (Some(a), Some(b)) = (next, next_other) {
            match a.cmp(b) {
                Ordering::Equal => {
                    n_common += 1;
                    (next, next_other) = (mine.next(), others.next());
                }
                Ordering::Less => {
                    n_spare = n_spare.checked_sub(1)?;
                    next = mine.next();
                }
                Ordering::Greater => {
                    n_spare_other = n_spare_other.checked_sub(1)?;
                    next_other = others.next();
                }
            }
        }
        let jaccard = n_common as f64 / (n_mine + n_other - n_common) as f64;
        (jaccard >= least).then_some(jaccard)
    }

    /// One number a band; texts of a Jaccard similarity s share at least one with probability
    /// 1 − (1 − s⁴)¹⁶: .9998 at .8, .64 at .5, .12 at .3.
    pub(super) fn sketch(&self) -> Sketch {
        let lanes = self.lanes();
        let mut bands = [0; N_BANDS];
        for (band, rows) in bands.iter_mut().zip(lanes.chunks_exact(N_ROWS)) {
            let hash = rows
                .iter()
                .fold(0_u64, |hash, lane| mix(hash ^ u64::from(*lane)));
            *band = (hash >> 32) as u32;
        }
        let mut print = [0; N_PRINT];
        for (byte, lane) in print.iter_mut().zip(&lanes) {
            *byte = (lane >> 8) as u8;
        }
        Sketch::new(bands, Print(print), self.0.len())
    }

    /// The least hash among the shingles that fall in each lane; an empty lane borrows from another one,
    /// chosen by the lane's number alone, so that equal sets stay equal.
    fn lanes(&self) -> [u32; N_LANES] {
        let mut lanes = [EMPTY; N_LANES];
        for hash in &self.0 {
            // Sorted hashes and their lanes must have nothing to do with each other.
            let mixed = mix(u64::from(*hash) ^ 0x51_7C_C1_B7_27_22_0A_95);
            let lane = (mixed >> 58) as usize;
            lanes[lane] = lanes[lane].min((mixed as u32) & !1);
        }
        if self.0.is_empty() {
            return lanes;
        }
        let filled = lanes;
        for (idx, lane) in lanes.iter_mut().enumerate() {
            let mut attempt = 0_u64;
            while *lane == EMPTY {
                attempt += 1;
                let other = mix((idx as u64) << 32 | attempt) >> 58;
                *lane = filled[other as usize];
            }
        }
        lanes
    }
}

fn hash_of(window: [u64; SHINGLE]) -> u32 {
    // A character has 21 bits: three go into one word, two into the next.
    let [a, b, c, d, e] = window;
    (mix(mix(a << 42 | b << 21 | c) ^ (d << 21 | e)) >> 32) as u32
}

/// A hash of whole texts, the same on every machine.
pub(super) fn hash_text(text: &str) -> u64 {
    let mut hash = text.len() as u64;
    for chunk in text.as_bytes().chunks(8) {
        let mut word = [0; 8];
        for (to, from) in word.iter_mut().zip(chunk) {
            *to = *from;
        }
        hash = mix(hash ^ u64::from_le_bytes(word));
    }
    hash
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014), a bijection.
fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shingles(text: &str) -> Shingles {
        let mut shingles = Shingles::default();
        shingles.read(text);
        shingles
    }

    #[test]
    fn shingles_are_five_characters_each_once() {
        assert_eq!(shingles("").len(), 0);
        assert_eq!(shingles("abc").len(), 1);
        assert_eq!(shingles("abcdefg").len(), 3);
        assert_eq!(shingles("abababababab").len(), 2);
        assert_eq!(shingles("比特币价格").len(), 1);
        assert_ne!(shingles("abc"), shingles("abd"));
    }

    #[test]
    fn the_jaccard_index_is_common_shingles_over_all() {
        let a = shingles("abcdefg");
        let b = shingles("abcdefgh");

        assert!(
            a.jaccard(&b.boxed(), 0.0)
                .is_some_and(|j| (j - 0.75).abs() < 1e-12)
        );
        assert_eq!(a.jaccard(&b.boxed(), 0.76), None);
        assert_eq!(a.jaccard(&shingles("").boxed(), 0.0), Some(0.0));
        assert_eq!(shingles("").jaccard(&[], 0.0), None);
    }

    proptest! {
        /// Giving up early must not give up what is near enough.
        #[test]
        fn the_index_is_that_of_two_sets(
            a in prop::collection::btree_set(0_u32..60, 0..50),
            b in prop::collection::btree_set(0_u32..60, 0..50),
            least in 0.0..1.0,
        ) {
            let (mine, others): (Vec<u32>, Vec<u32>) = (a.iter().copied().collect(), b.iter().copied().collect());

            let found = Shingles(mine).jaccard(&others, least);

            let expected = a.intersection(&b).count() as f64 / a.union(&b).count() as f64;
            prop_assert_eq!(found, (expected >= least).then_some(expected));
        }
    }

    #[test]
    fn lanes_agree_as_often_as_shingles_do() {
        // Many pairs of which the index is known: the share of equal lanes estimates it.
        let mut random = 7_u64;
        let mut draw = |n: usize| -> Vec<u32> {
            (0..n)
                .map(|_| {
                    random = mix(random);
                    random as u32
                })
                .collect()
        };
        let (mut n_equal, mut expected) = (0, 0.0);
        for _ in 0..400 {
            let common = draw(40);
            let set = |own: Vec<u32>| {
                let mut all = [common.clone(), own].concat();
                all.sort_unstable();
                Shingles(all)
            };
            let (a, b) = (set(draw(10)), set(draw(6)));
            expected += a.jaccard(&b.boxed(), 0.0).unwrap_or(0.0);
            n_equal += a
                .lanes()
                .iter()
                .zip(b.lanes())
                .filter(|(a, b)| **a == *b)
                .count();
        }

        let share = n_equal as f64 / (400 * N_LANES) as f64;

        assert!(
            (share - expected / 400.0).abs() < 0.01,
            "{share} instead of {}",
            expected / 400.0
        );
    }
}
