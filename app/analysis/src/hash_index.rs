//! Numbers by hash in one row of memory: a look-up touches one cache line as a rule.

use std::hash::{BuildHasher, Hash};

use rustc_hash::FxBuildHasher;

const EMPTY: u32 = u32::MAX;
/// Places at first; a power of two.
const FEWEST: usize = 16;

/// Numbers (below `u32::MAX`) under hashes, which need not be distinct. Open addressing: a number lies at the
/// place that its hash names, or right behind others that came before it.
#[derive(Clone, Debug, Default)]
pub(crate) struct HashIndex {
    /// A power of two, or none; at least a quarter is empty.
    places: Vec<Place>,
    n: usize,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    hash: u32,
    number: u32,
}

const FREE: Place = Place {
    hash: 0,
    number: EMPTY,
};

/// A hash to put a number under.
pub(crate) fn hash_of(name: impl Hash) -> u32 {
    FxBuildHasher.hash_one(name) as u32
}

impl HashIndex {
    /// The first of the numbers under this hash that is the one meant.
    pub(crate) fn find(&self, hash: u32, is_meant: impl Fn(u32) -> bool) -> Option<u32> {
        let mut idx = self.home(hash);
        while let Some(place) = self.places.get(idx).filter(|place| place.number != EMPTY) {
            if place.hash == hash && is_meant(place.number) {
                return Some(place.number);
            }
            idx = self.next(idx);
        }
        None
    }

    pub(crate) fn insert(&mut self, hash: u32, number: u32) {
        if (self.n + 1) * 4 > self.places.len() * 3 {
            self.grow();
        }
        self.n += 1;
        self.put(Place { hash, number });
    }

    /// Takes a number out that was put in under this hash.
    pub(crate) fn remove(&mut self, hash: u32, number: u32) {
        let mut hole = self.home(hash);
        while self.number_at(hole) != number {
            if self.number_at(hole) == EMPTY {
                return;
            }
            hole = self.next(hole);
        }
        self.n -= 1;
        // Whoever lies behind the hole and would be looked for from before it moves into it.
        let mut idx = self.next(hole);
        while let Some(place) = self.places.get(idx).filter(|p| p.number != EMPTY).copied() {
            let distance = |from: usize| idx.wrapping_sub(from) & (self.places.len() - 1);
            if distance(self.home(place.hash)) >= distance(hole) {
                self.set(hole, place);
                hole = idx;
            }
            idx = self.next(idx);
        }
        self.set(hole, FREE);
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.n
    }

    fn grow(&mut self) {
        let n_places = (self.places.len() * 2).max(FEWEST);
        let old = std::mem::replace(&mut self.places, vec![FREE; n_places]);
        for place in old.into_iter().filter(|place| place.number != EMPTY) {
            self.put(place);
        }
    }

    fn put(&mut self, place: Place) {
        let mut idx = self.home(place.hash);
        while self.number_at(idx) != EMPTY {
            idx = self.next(idx);
        }
        self.set(idx, place);
    }

    fn home(&self, hash: u32) -> usize {
        hash as usize & self.places.len().wrapping_sub(1)
    }

    fn next(&self, idx: usize) -> usize {
        (idx + 1) & self.places.len().wrapping_sub(1)
    }

    fn number_at(&self, idx: usize) -> u32 {
        self.places.get(idx).map_or(EMPTY, |place| place.number)
    }

    fn set(&mut self, idx: usize, place: Place) {
        if let Some(there) = self.places.get_mut(idx) {
            *there = place;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Few hashes, so that numbers lie in each other's way and around the end of the row.
        #[test]
        fn numbers_are_found_as_in_a_map(steps in prop::collection::vec((0u32..60, any::<bool>()), 0..400)) {
            let mut index = HashIndex::default();
            let mut map = BTreeMap::new();
            let hash = |number: u32| (number % 7).wrapping_sub(3);
            for (number, is_in) in steps {
                let known = map.insert(number, is_in).unwrap_or(false);
                match (known, is_in) {
                    (false, true) => index.insert(hash(number), number),
                    (true, false) => index.remove(hash(number), number),
                    _ => {}
                }
                for (number, is_in) in &map {
                    let found = index.find(hash(*number), |other| other == *number);
                    prop_assert_eq!(found, Some(*number).filter(|_| *is_in));
                }
                prop_assert_eq!(index.len(), map.values().filter(|is_in| **is_in).count());
            }
        }
    }
}
