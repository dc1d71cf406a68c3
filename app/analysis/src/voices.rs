//! How many people stand behind a count: distinct authors, and how evenly the posts are spread over them.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

/// Fixed point of the sum of n ln n, so that taking away is exactly the opposite of adding, in any order.
const UNIT: f64 = (1_u64 << 24) as f64;
/// By how much a post more of an author raises that sum, by their posts with it. Of an author with more posts the
/// rest is summed when somebody asks.
static STEPS: LazyLock<Box<[u64; N_STEPS as usize]>> = LazyLock::new(|| {
    let step = |n: usize| n_ln_n(n as u32) - n_ln_n(n.saturating_sub(1) as u32);
    Box::new(std::array::from_fn(step))
});
const N_STEPS: u32 = 1 << 12;

/// A list may have so many places, of a byte each, for each author in it: with more, a map would be smaller.
const MOST_PLACES: u64 = 16;
/// A list of so many places is never too long.
const SHORT: u64 = 256;
/// Stands in a list for an author with so many posts or more, which are counted beside it.
const MANY: u8 = u8::MAX;

/// Posts by author, added and taken away one by one. An author is any number; numbers without large holes are
/// counted fastest.
///
/// ```
/// use analysis::voices::Voices;
///
/// let mut voices = Voices::default();
/// for author in [1, 1, 1, 1, 2, 3] {
///     voices.add(author);
/// }
///
/// assert_eq!((voices.n_posts(), voices.n_authors()), (6, 3));
/// assert!((voices.effective() - 2.381).abs() < 0.001);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Voices {
    /// Posts of the authors with low numbers, by number. Small, since nearly every step here misses the cache.
    list: Vec<u8>,
    /// Posts of each other author, and of those with [`MANY`]; who has none is not held.
    others: FxHashMap<u64, u32>,
    n_authors: u64,
    n_posts: u64,
    /// Σ n ln n over the authors as far as [`STEPS`] go, in 1/[`UNIT`].
    sum_n_ln_n: u64,
    /// Authors with more posts than that.
    n_loud: u64,
}

impl Voices {
    /// Counts a post of this author, who is any number of the caller's.
    pub fn add(&mut self, author: u64) {
        if author >= self.list.len() as u64 && author < MOST_PLACES * self.n_authors + SHORT {
            self.lengthen(author);
        }
        let n = match self.list.get_mut(place(author)) {
            Some(n) if *n < MANY - 1 => {
                *n += 1;
                u32::from(*n)
            }
            _ => self.add_other(author),
        };
        self.n_authors += u64::from(n == 1);
        self.n_posts += 1;
        self.n_loud += u64::from(n == N_STEPS);
        self.sum_n_ln_n += step(n);
    }

    /// Takes back a post of this author; nothing happens if none is counted.
    pub fn remove(&mut self, author: u64) {
        let n = match self.list.get_mut(place(author)) {
            Some(0) => return,
            Some(n) if *n < MANY => {
                *n -= 1;
                u32::from(*n) + 1
            }
            _ => match self.remove_other(author) {
                Some(n) => n,
                None => return,
            },
        };
        self.n_authors -= u64::from(n == 1);
        self.n_posts -= 1;
        self.n_loud -= u64::from(n == N_STEPS);
        self.sum_n_ln_n -= step(n);
    }

    /// As [`Self::add`] for each of these authors. Nothing but counting is done between two of them, so that the
    /// processor has many of them under way at once: nearly each one has to be fetched from memory.
    pub fn add_all(&mut self, authors: &[u32]) {
        let steps = &*STEPS;
        let (mut n_new, mut sum, mut n_posts) = (0, 0, 0);
        for author in authors {
            match self.list.get_mut(*author as usize) {
                Some(n) if *n < MANY - 1 => {
                    *n += 1;
                    n_posts += 1;
                    n_new += u64::from(*n == 1);
                    sum += steps[usize::from(*n)];
                }
                _ => self.add(u64::from(*author)),
            }
        }
        self.n_posts += n_posts;
        self.n_authors += n_new;
        self.sum_n_ln_n += sum;
    }

    /// As [`Self::remove`] for each of these authors.
    pub fn remove_all(&mut self, authors: &[u32]) {
        let steps = &*STEPS;
        let (mut n_gone, mut sum, mut n_posts) = (0, 0, 0);
        for author in authors {
            match self.list.get_mut(*author as usize) {
                Some(n) if (1..MANY).contains(n) => {
                    sum += steps[usize::from(*n)];
                    *n -= 1;
                    n_posts += 1;
                    n_gone += u64::from(*n == 0);
                }
                _ => self.remove(u64::from(*author)),
            }
        }
        self.n_posts -= n_posts;
        self.n_authors -= n_gone;
        self.sum_n_ln_n -= sum;
    }

    /// Counts a post of an author who is not in the list, or has many; returns how many.
    #[inline(never)]
    fn add_other(&mut self, author: u64) -> u32 {
        if let Some(n) = self.others.get_mut(&author) {
            *n += 1;
            return *n;
        }
        let listed = self.list.get_mut(place(author));
        let before = listed.map_or(0, |n| u32::from(std::mem::replace(n, MANY)));
        self.others.insert(author, before + 1);
        before + 1
    }

    /// Takes one back; returns how many there were.
    #[inline(never)]
    fn remove_other(&mut self, author: u64) -> Option<u32> {
        let n = self.others.get_mut(&author)?;
        let before = *n;
        *n -= 1;
        let listed = self.list.get_mut(place(author));
        match listed {
            Some(listed) if before == u32::from(MANY) => {
                *listed = MANY - 1;
                self.others.remove(&author);
            }
            None if before == 1 => drop(self.others.remove(&author)),
            _ => {}
        }
        Some(before)
    }

    /// Makes the list reach this author, at least doubling it.
    #[inline(never)]
    fn lengthen(&mut self, author: u64) {
        let n_places = (place(author) + 1).max(2 * self.list.len());
        self.list.resize(n_places, 0);
        self.others
            .retain(|author, n| match self.list.get_mut(place(*author)) {
                Some(listed) => {
                    *listed = u8::try_from(*n).unwrap_or(MANY);
                    *listed == MANY
                }
                None => true,
            });
    }

    /// Posts counted.
    pub fn n_posts(&self) -> u64 {
        self.n_posts
    }

    /// Distinct authors.
    pub fn n_authors(&self) -> u64 {
        self.n_authors
    }

    /// The effective number of voices: how many equally busy authors would be as evenly spread. Between 1
    /// and [`Voices::n_authors`], which it reaches if all post alike; 0 without posts.
    ///
    /// It is exp(H) with Shannon's entropy H = −Σ pᵢ ln pᵢ = ln N − (Σ nᵢ ln nᵢ)/N, exact to about 10⁻⁷.
    ///
    /// # Source
    /// Hill, *Diversity and Evenness*, Ecology 54 (1973), the number of order 1; Jost, Oikos 113 (2006).
    #[inline(never)]
    pub fn effective(&self) -> f64 {
        if self.n_posts == 0 {
            return 0.0;
        }
        let n = self.n_posts as f64;
        let rest = |n: &u32| n_ln_n(*n) - n_ln_n(N_STEPS - 1);
        let sum_n_ln_n = match self.n_loud {
            0 => self.sum_n_ln_n,
            _ => {
                let loud = self.others.values().filter(|n| **n >= N_STEPS);
                self.sum_n_ln_n + loud.map(rest).sum::<u64>()
            }
        };
        let entropy = n.ln() - sum_n_ln_n as f64 / UNIT / n;
        entropy.exp().min(self.n_authors() as f64).max(1.0)
    }
}

/// An author's place in a list.
fn place(author: u64) -> usize {
    usize::try_from(author).unwrap_or(usize::MAX)
}

/// What the author's `n`th post adds to the sum, as far as that goes.
#[inline]
fn step(n: u32) -> u64 {
    STEPS.get(n as usize).copied().unwrap_or_default()
}

fn n_ln_n(n: u32) -> u64 {
    let n = f64::from(n);
    if n < 2.0 {
        0
    } else {
        (n * n.ln() * UNIT).round() as u64
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn voices_of(authors: &[u64]) -> Voices {
        let mut voices = Voices::default();
        authors.iter().for_each(|author| voices.add(*author));
        voices
    }

    #[test]
    fn equal_authors_count_fully_and_a_loud_one_hardly() {
        assert!((voices_of(&[1, 2, 3, 4]).effective() - 4.0).abs() < 1e-6);
        assert!((voices_of(&[7; 50]).effective() - 1.0).abs() < 1e-6);
        let loud = voices_of(&[[9; 97].as_slice(), &[1, 2, 3]].concat());
        assert!(
            (1.0..1.3).contains(&loud.effective()),
            "{}",
            loud.effective()
        );
        assert!(voices_of(&[]).effective() < 1e-12);
    }

    #[test]
    fn an_author_with_thousands_of_posts_is_counted_like_any_other() {
        for author in [5, 1 << 40] {
            for n in [254, 255, 256, 3_000, N_STEPS - 1, N_STEPS, 9_000] {
                let mut voices = voices_of(&[1, 2, 2]);
                (0..n).for_each(|_| voices.add(author));
                assert_eq!(
                    (voices.n_posts(), voices.n_authors()),
                    (u64::from(n) + 3, 3)
                );
                let entropy = [1, 2, n]
                    .map(|n| n as f64 / voices.n_posts() as f64)
                    .map(|p| -p * p.ln());
                assert!((voices.effective() - entropy.iter().sum::<f64>().exp()).abs() < 1e-4);

                (0..n).for_each(|_| voices.remove(author));
                voices.remove(author);
                let without = voices_of(&[1, 2, 2]);
                assert_eq!(voices.n_posts(), 3);
                assert_eq!(voices.sum_n_ln_n, without.sum_n_ln_n);
            }
        }
    }

    proptest! {
        #[test]
        fn authors_in_a_row_count_as_they_would_one_by_one(
            kept in prop::collection::vec(0_u32..6, 0..400), gone in prop::collection::vec(0_u32..6, 0..400),
        ) {
            // Some beyond the list, and some with more posts than steps are at hand for.
            let spread = [0, 1, 200, 300, 70_000, u32::MAX];
            let [kept, gone] = [kept, gone].map(|all| all.into_iter().map(|place| spread[place as usize]).collect::<Vec<u32>>());
            let (mut at_once, mut singly) = (Voices::default(), Voices::default());
            for authors in [&gone, &kept] {
                at_once.add_all(authors);
                authors.iter().for_each(|author| singly.add(u64::from(*author)));
            }
            let read = |v: &Voices| (v.n_posts(), v.n_authors(), v.sum_n_ln_n);
            prop_assert_eq!(read(&at_once), read(&singly));

            // One who is not counted changes nothing.
            let gone = [gone.as_slice(), &[77]].concat();
            at_once.remove_all(&gone);
            gone.iter().for_each(|author| singly.remove(u64::from(*author)));

            prop_assert_eq!(read(&at_once), read(&singly));
        }
    }

    proptest! {
        #[test]
        fn taking_away_equals_never_having_added(kept in prop::collection::vec(0_u64..8, 0..60),
            gone in prop::collection::vec(0_u64..8, 0..60), is_spread in prop::bool::ANY) {
            // Numbers of authors, or hashes.
            let spread = [0, 1, 63, 70, 290, 5_000, 1 << 40, u64::MAX - 1];
            let author = |place: u64| if is_spread { spread[place as usize] } else { place };
            let [kept, gone] = [kept, gone].map(|all| all.into_iter().map(author).collect::<Vec<u64>>());
            let mut voices = voices_of(&[gone.clone(), kept.clone()].concat());
            gone.iter().rev().for_each(|author| voices.remove(*author));
            voices.remove(99);
            voices.remove(u64::MAX);
            let fresh = voices_of(&kept);

            let read = |v: &Voices| (v.n_posts(), v.n_authors(), v.sum_n_ln_n);
            prop_assert_eq!(read(&voices), read(&fresh));
            let counts: Vec<f64> = (0..8).map(author).map(|a| kept.iter().filter(|b| **b == a).count() as f64).filter(|n| *n > 0.0).collect();
            let n = kept.len() as f64;
            let entropy: f64 = counts.iter().map(|c| -(c / n) * (c / n).ln()).sum();
            let expected = if kept.is_empty() { 0.0 } else { entropy.exp() };
            prop_assert!((fresh.effective() - expected).abs() < 1e-5);
        }
    }
}
