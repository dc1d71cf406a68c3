//! Tags in the order of their counts, as far down as anybody looks, kept so through every step up or down
//! in constant time.

use crate::order;

/// How many tags are kept in order when more would do.
const ENOUGH: u32 = 256;
/// So many are cut back to [`ENOUGH`].
const TOO_MANY: usize = 1024;

/// Counts of tags, and the tags with the highest in falling order.
///
/// A count changes by one, so a tag only ever moves to the edge of its group of equal counts, and the
/// edge moves past it. Most tags are rare and never near the top: those with less than `least` are
/// counted but not ordered, so a step of theirs touches nothing else.
#[derive(Clone, Debug)]
pub(super) struct Ranks<T> {
    /// Tags with a count of at least `least`, by falling count.
    head: Vec<u32>,
    /// At least 1.
    least: u32,
    tags: Vec<Ranked<T>>,
    /// By count: how many tags have more than that.
    n_above: Vec<u32>,
}

/// A tag's standing beside whatever else is known of it, in one cache line: most steps miss the cache here.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
struct Ranked<T> {
    count: u32,
    /// Where it is in `head`, if it is.
    place: u32,
    known: T,
}

impl<T> Default for Ranks<T> {
    fn default() -> Self {
        Self {
            head: Vec::new(),
            least: 1,
            tags: Vec::new(),
            n_above: vec![0],
        }
    }
}

impl<T: Default> Ranks<T> {
    /// Takes in a tag, with count 0; one that is in stays as it is.
    pub(super) fn add(&mut self, tag: u32) {
        if self.tags.len() <= tag as usize {
            self.tags.resize_with(tag as usize + 1, Ranked::default);
        }
    }

    #[cfg(test)]
    pub(super) fn n_places(&self) -> usize {
        self.tags.len()
    }

    /// What is known of a tag that is in.
    pub(super) fn of(&self, tag: u32) -> &T {
        &self.tags[tag as usize].known
    }

    pub(super) fn of_mut(&mut self, tag: u32) -> &mut T {
        &mut self.tags[tag as usize].known
    }

    pub(super) fn raise(&mut self, tag: u32) {
        let standing = &mut self.tags[tag as usize];
        let count = standing.count;
        standing.count += 1;
        let edge = self.n_above[count as usize];
        self.n_above[count as usize] += 1;
        if self.n_above.len() == count as usize + 1 {
            self.n_above.push(0);
        }
        if count >= self.least {
            self.put(tag, edge);
        } else if count + 1 == self.least {
            standing.place = self.head.len() as u32;
            self.head.push(tag);
            if self.head.len() > TOO_MANY {
                self.cut_back();
            }
        }
    }

    pub(super) fn lower(&mut self, tag: u32) {
        let standing = &mut self.tags[tag as usize];
        let less = standing.count - 1;
        standing.count = less;
        self.n_above[less as usize] -= 1;
        if less + 1 >= self.least {
            self.put(tag, self.n_above[less as usize]);
            if less + 1 == self.least {
                self.head.pop();
            }
        }
    }

    pub(super) fn count(&self, tag: u32) -> u32 {
        self.tags[tag as usize].count
    }

    /// How many tags have a count above 0.
    pub(super) fn n_counted(&self) -> u32 {
        self.n_above.first().copied().unwrap_or(0)
    }

    /// Tags with a count of at least `count`, in no particular order.
    pub(super) fn at_least(&self, count: u32) -> impl Iterator<Item = u32> {
        let standings = self.tags.iter().enumerate();
        standings.filter_map(move |(tag, standing)| (standing.count >= count).then_some(tag as u32))
    }

    /// The `k` tags with the highest counts above 0; of equal ones those with the smaller key.
    pub(super) fn top<K: Ord>(&mut self, k: usize, key: impl Fn(u32, &T) -> K) -> Vec<u32> {
        let k = k.min(self.n_counted() as usize);
        if self.head.len() < k {
            self.reach_down_to(k as u32);
        }
        let key = |tag: &u32| key(*tag, self.of(*tag));
        let mut top = Vec::with_capacity(k);
        while top.len() < k {
            let count = self.count(self.head[top.len()]) as usize;
            let end = self.n_above[count - 1] as usize;
            let mut group = self.head[top.len()..end].to_vec();
            let n_wanted = k - top.len();
            if n_wanted < group.len() {
                group.select_nth_unstable_by_key(n_wanted, key);
                group.truncate(n_wanted);
            }
            order::sort_by_key(&mut group, key);
            top.append(&mut group);
        }
        top
    }

    /// Forgets the order of the lowest counts, as long as enough are left.
    fn cut_back(&mut self) {
        let n_above = |count: u32| self.n_above.get(count as usize).copied().unwrap_or(0);
        let mut least = self.least;
        while n_above(least) >= ENOUGH {
            least += 1;
        }
        self.head.truncate(n_above(least - 1) as usize);
        self.least = least;
    }

    /// Orders so many tags at least, by going through all; seldom, since many must fall before the next.
    fn reach_down_to(&mut self, n: u32) {
        let n = n.max(ENOUGH).min(self.n_counted());
        let least = 1 + self
            .n_above
            .iter()
            .rposition(|n_above| *n_above >= n)
            .unwrap_or(0) as u32;
        self.head = self.at_least(least).collect();
        let tags = &mut self.tags;
        order::sort_by_key(&mut self.head, |tag| {
            std::cmp::Reverse(tags[*tag as usize].count)
        });
        for (place, tag) in self.head.iter().enumerate() {
            tags[*tag as usize].place = place as u32;
        }
        self.least = least;
    }

    /// Changes places with whoever stands at `place`.
    fn put(&mut self, tag: u32, place: u32) {
        let old = self.tags[tag as usize].place;
        let other = self.head[place as usize];
        self.head[old as usize] = other;
        self.tags[other as usize].place = old;
        self.head[place as usize] = tag;
        self.tags[tag as usize].place = place;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(40) })]

        /// Many more tags than are kept in order, so that the order is cut back and built up again.
        #[test]
        fn the_top_is_that_of_sorting_all(seed in 1_u64.., n_tags in 1_u32..4_000, skew in 1_u64..4) {
            let mut random = seed;
            let mut below = |n: u64| { random ^= random << 13; random ^= random >> 7; random ^= random << 17; random % n };
            let mut ranks: Ranks<()> = Ranks::default();
            let mut counts = vec![0_u32; n_tags as usize];
            (0..n_tags).for_each(|tag| ranks.add(tag));
            for step in 0..12_000 {
                let tag = (0..skew).map(|_| below(n_tags.into())).min().unwrap_or(0) as usize;
                // First more up than down, then the other way round.
                if below(10) < if step < 6_000 { 8 } else { 2 } {
                    counts[tag] += 1;
                    ranks.raise(tag as u32);
                } else if counts[tag] > 0 {
                    counts[tag] -= 1;
                    ranks.lower(tag as u32);
                }
                if step % 500 == 0 {
                    let k = below(600) as usize;
                    let mut sorted: Vec<u32> = (0..n_tags).filter(|tag| counts[*tag as usize] > 0).collect();
                    sorted.sort_by_key(|tag| (std::cmp::Reverse(counts[*tag as usize]), *tag));
                    sorted.truncate(k);
                    prop_assert_eq!(ranks.top(k, |tag, ()| tag), sorted);
                }
            }
        }
    }
}
