//! A hash table from short spellings to what is known of them: filled once, then only asked.

use super::Word;

/// A spelling of up to [`MAX_BYTES`] bytes, ASCII letters in lower case, with its length in the last byte.
pub(super) type Key = [u64; 3];

pub(super) const MAX_BYTES: usize = 23;

pub(super) struct Table {
    /// For each place the upper half of the hash, and then one more than the index of the entry; 0 is free.
    /// The half hash tells nearly every other word apart without a look at the entries.
    places: Vec<u32>,
    entries: Vec<(Key, Word)>,
}

impl Table {
    /// A table for so many spellings at most.
    pub(super) fn with_capacity(n_entries: usize) -> Self {
        Self {
            places: vec![0; (2 * n_entries).next_power_of_two()],
            entries: Vec::with_capacity(n_entries),
        }
    }

    pub(super) fn get(&self, key: &Key) -> Option<&Word> {
        let entry_idx = self.place(key).1?;
        Some(&self.entries.get(entry_idx)?.1)
    }

    /// What is known of a spelling, to be added to.
    pub(super) fn entry(&mut self, key: Key) -> &mut Word {
        let entry_idx = match self.place(&key) {
            (_, Some(entry_idx)) => entry_idx,
            (place, None) => {
                self.entries.push((key, Word::default()));
                self.places[place] = half(hash(&key)) << 16 | self.entries.len() as u32;
                self.entries.len() - 1
            }
        };
        &mut self.entries[entry_idx].1
    }

    /// Where the key is or would be, and the index of its entry.
    #[inline]
    fn place(&self, key: &Key) -> (usize, Option<usize>) {
        let hash = hash(key);
        let mask = self.places.len() - 1;
        let mut place = (hash >> 32) as usize & mask;
        loop {
            let found = self.places[place];
            if found == 0 {
                return (place, None);
            }
            let entry_idx = (found & 0xFFFF) as usize - 1;
            if found >> 16 == half(hash) && self.entries[entry_idx].0 == *key {
                return (place, Some(entry_idx));
            }
            place = (place + 1) & mask;
        }
    }

    #[cfg(test)]
    pub(super) fn words(&self) -> impl Iterator<Item = &Word> {
        self.entries.iter().map(|(_, word)| word)
    }
}

fn half(hash: u64) -> u32 {
    (hash >> 48) as u32
}

/// Multiplication carries upwards only, so the upper bits are brought down once in between.
fn hash(key: &Key) -> u64 {
    let mixed = key[0] ^ key[1].wrapping_mul(MIXERS[0]) ^ key[2].wrapping_mul(MIXERS[1]);
    (mixed ^ mixed >> 32).wrapping_mul(MIXERS[2])
}

/// Odd numbers without a pattern: the fractions of √2, √3 and √5.
const MIXERS: [u64; 3] = [
    0x6A09_E667_F3BC_C909,
    0xBB67_AE85_84CA_A73B,
    0x3C6E_F372_FE94_F82B,
];

/// The key of a spelling, unless it is too long to be known.
#[inline]
pub(super) fn key(bytes: &[u8]) -> Option<Key> {
    let length = (bytes.len() as u64) << 56;
    match bytes.len() {
        0..=8 => Some([lower(short(bytes)), 0, length]),
        9..=16 => Some([lower(word(bytes, 0)), lower(end(bytes, 8)), length]),
        17..=MAX_BYTES => Some([
            lower(word(bytes, 0)),
            lower(word(bytes, 8)),
            lower(end(bytes, 16)) | length,
        ]),
        _ => None,
    }
}

/// The eight bytes from `at` on.
fn word(bytes: &[u8], at: usize) -> u64 {
    let eight = bytes.get(at..at + 8).and_then(|part| part.try_into().ok());
    u64::from_le_bytes(eight.unwrap_or_default())
}

/// The bytes from `at` on, of which there are one to eight after others.
fn end(bytes: &[u8], at: usize) -> u64 {
    word(bytes, bytes.len() - 8) >> (8 * (8 - (bytes.len() - at)))
}

/// All of at most eight bytes, in parts that may overlap.
fn short(bytes: &[u8]) -> u64 {
    let four = |at: usize| {
        let four = bytes.get(at..at + 4).and_then(|part| part.try_into().ok());
        u64::from(u32::from_le_bytes(four.unwrap_or_default()))
    };
    match *bytes {
        [] => 0,
        [a] => u64::from(a),
        [a, b] => u64::from(a) | u64::from(b) << 8,
        [a, b, c] => u64::from(a) | u64::from(b) << 8 | u64::from(c) << 16,
        _ => four(0) | four(bytes.len() - 4) << (8 * (bytes.len() - 4)),
    }
}

/// Eight bytes at once with `A`…`Z` in lower case. Seven bits of a byte cannot carry into the next.
fn lower(bytes: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let low = bytes & (0x7F * EACH);
    let from_a = low + u64::from(0x80 - b'A') * EACH;
    let beyond_z = low + u64::from(0x7F - b'Z') * EACH;
    let is_capital = (from_a & !beyond_z & !bytes) & (0x80 * EACH);
    bytes | is_capital >> 2
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_holds_every_byte_in_lower_case() {
        for n in 0..=MAX_BYTES {
            let bytes: Vec<u8> = (0..n).map(|at| b'A' + at as u8).collect();

            let key = key(&bytes).expect("it is short");

            let held: Vec<u8> = key.iter().flat_map(|part| part.to_le_bytes()).collect();
            assert_eq!(held[..n], bytes.to_ascii_lowercase()[..], "{n}");
            assert_eq!(usize::from(held[23]), n);
            assert!(held[n..23].iter().all(|byte| *byte == 0));
        }
        assert_eq!(key(&[b'a'; MAX_BYTES + 1]), None);
    }

    #[test]
    fn every_byte_has_the_lower_case_of_ascii() {
        for byte in 0..=u8::MAX {
            let spread = u64::from_le_bytes([byte; 8]);

            assert_eq!(lower(spread).to_le_bytes(), [byte.to_ascii_lowercase(); 8]);
        }
    }

    proptest! {
        #[test]
        fn a_table_finds_what_was_put_in_and_nothing_else(
            inside in prop::collection::btree_set("[a-c]{0,12}", 0..200),
            outside in prop::collection::btree_set("[a-c]{0,12}", 0..200),
        ) {
            let mut table = Table::with_capacity(200);
            for text in &inside {
                *table.entry(key(text.as_bytes()).unwrap()) = Word::of_tenths(1);
            }

            for text in inside.union(&outside) {
                let found = table.get(&key(text.as_bytes()).unwrap());
                prop_assert_eq!(found.is_some_and(|word| word.is_in_lexicon()), inside.contains(text));
            }
        }
    }
}
