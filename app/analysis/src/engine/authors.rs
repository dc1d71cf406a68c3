//! Authors by number: of numbers without holes a list can count, where hashes would each have to be looked up.

use rustc_hash::FxHashMap;

/// Numbers in the order in which authors were met, from 1 on; 0 is an author who is not known.
#[derive(Clone, Debug, Default)]
pub(super) struct Authors {
    numbers: FxHashMap<u64, u32>,
    /// By number, less one.
    hashes: Vec<u64>,
}

impl Authors {
    /// The number of the author with this hash, which is 0 for none.
    pub(super) fn number(&mut self, hash: u64) -> u32 {
        if hash == 0 {
            return 0;
        }
        let next = u32::try_from(self.hashes.len() + 1).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(hash).or_insert(next);
        if number == next {
            self.hashes.push(hash);
        }
        number
    }

    /// The hash of the author with this number: the same in every engine, whatever came first.
    pub(super) fn hash(&self, number: u32) -> u64 {
        let place = (number as usize).checked_sub(1);
        let hash = place.and_then(|place| self.hashes.get(place));
        hash.copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authors_are_numbered_once_and_nobody_is_nobody() {
        let mut authors = Authors::default();

        let numbers = [77, 0, 9, 77].map(|hash| authors.number(hash));

        assert_eq!(numbers, [1, 0, 2, 1]);
        assert_eq!(numbers.map(|number| authors.hash(number)), [77, 0, 9, 77]);
        assert_eq!(authors.hash(3), 0);
    }
}
