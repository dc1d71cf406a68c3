//! Pairs of words that follow each other more often than chance would have it.

use super::counts::Count;
use super::reading::JOINED;

/// A pair is a phrase from this ratio on; chance alone exceeds it once in 20 million pairs.
const MIN_RATIO: f64 = 30.0;
/// A pair is a phrase from so many posts on.
const MIN_POSTS: u32 = 5;
const NONE: u16 = u16::MAX;

/// −2 ln λ for the question whether two words follow each other independently, ≥ 0: about χ² with one degree of
/// freedom if they do.
///
/// Of `n_pairs` neighbouring pairs of words `n_first` begin with the one, `n_second` end with the other,
/// `n_both` do both. Zero where these contradict each other.
///
/// ```
/// use analysis::words::log_likelihood_ratio;
///
/// assert!(log_likelihood_ratio(10, 100, 100, 1_000) < 1e-9);
/// assert!((log_likelihood_ratio(110, 2_552, 221, 31_777) - 270.72).abs() < 0.01);
/// ```
///
/// # Source
/// Dunning, *Computational Linguistics* 1993; the second example is *the swiss* in its table.
#[must_use]
pub fn log_likelihood_ratio(n_both: u32, n_first: u32, n_second: u32, n_pairs: u32) -> f64 {
    let [both, first, second, all] = [n_both, n_first, n_second, n_pairs].map(f64::from);
    let neither = all - first - second + both;
    if both > first || both > second || neither < 0.0 {
        return 0.0;
    }
    let term = |found: f64, row: f64, column: f64| {
        if found > 0.0 {
            found * (found * all / (row * column)).ln()
        } else {
            0.0
        }
    };
    let sum = term(both, first, second)
        + term(first - both, first, all - second)
        + term(second - both, all - first, second)
        + term(neither, all - first, all - second);
    (2.0 * sum).max(0.0)
}

/// Counts of neighbours among chosen words.
pub(super) struct Pairs {
    words: Vec<u32>,
    /// Place in `words` of each word of the vocabulary.
    place_of: Vec<u16>,
    pairs: Vec<Pair>,
    n_first: Vec<u32>,
    n_second: Vec<u32>,
    n_pairs: u32,
    stamp: u32,
    phrases: Vec<(usize, usize)>,
}

/// How often a word follows another.
#[derive(Clone, Copy, Default)]
struct Pair {
    n: u32,
    n_posts: u32,
    n_background: u32,
    stamp: u32,
    compound_sum: i64,
    is_phrase: bool,
}

/// Two words that belong together.
pub(super) struct Phrase {
    pub(super) words: [u32; 2],
    pub(super) n_posts: u32,
    pub(super) n_background: u32,
    pub(super) mean_compound: f64,
}

impl Pairs {
    pub(super) fn new(words: &[u32], n_vocabulary: usize) -> Self {
        let mut place_of = vec![NONE; n_vocabulary];
        for (place, word) in (0..NONE).zip(words) {
            if let Some(of_word) = place_of.get_mut(*word as usize) {
                *of_word = place;
            }
        }
        Self {
            place_of,
            pairs: vec![Pair::default(); words.len() * words.len()],
            n_first: vec![0; words.len()],
            n_second: vec![0; words.len()],
            words: words.to_vec(),
            n_pairs: 0,
            stamp: 0,
            phrases: Vec::new(),
        }
    }

    pub(super) fn count(&mut self, post: &[u32], compound: i16) {
        self.stamp += 1;
        for (first, second) in neighbours(post) {
            self.n_pairs += 1;
            let (first, second) = (self.place(first), self.place(second));
            if let Some(first) = first {
                self.n_first[first] += 1;
            }
            if let Some(second) = second {
                self.n_second[second] += 1;
            }
            let Some((first, second)) = first.zip(second) else {
                continue;
            };
            let pair = &mut self.pairs[first * self.words.len() + second];
            pair.n += 1;
            if pair.stamp != self.stamp {
                pair.stamp = self.stamp;
                pair.n_posts += 1;
                pair.compound_sum += i64::from(compound);
            }
        }
    }

    /// Decides which pairs are phrases.
    pub(super) fn keep_phrases(&mut self) {
        for first in 0..self.words.len() {
            for second in 0..self.words.len() {
                let pair = &mut self.pairs[first * self.words.len() + second];
                if pair.n_posts < MIN_POSTS || first == second {
                    continue;
                }
                let (n_first, n_second) = (self.n_first[first], self.n_second[second]);
                let expected = f64::from(n_first) * f64::from(n_second) / f64::from(self.n_pairs);
                pair.is_phrase = f64::from(pair.n) > expected
                    && log_likelihood_ratio(pair.n, n_first, n_second, self.n_pairs) > MIN_RATIO;
                if pair.is_phrase {
                    self.phrases.push((first, second));
                }
            }
        }
    }

    /// Counts the phrases in a post of the background.
    pub(super) fn count_background(&mut self, post: &[u32]) {
        if self.phrases.is_empty() {
            return;
        }
        self.stamp += 1;
        for (first, second) in neighbours(post) {
            let Some((first, second)) = self.place(first).zip(self.place(second)) else {
                continue;
            };
            let pair = &mut self.pairs[first * self.words.len() + second];
            if pair.stamp != self.stamp {
                pair.stamp = self.stamp;
                pair.n_background += 1;
            }
        }
    }

    pub(super) fn phrases(&self) -> impl Iterator<Item = Phrase> + '_ {
        self.phrases.iter().map(|(first, second)| {
            let pair = self.pairs[first * self.words.len() + second];
            let count = Count::of(pair.n_posts, pair.compound_sum);
            Phrase {
                words: [self.words[*first], self.words[*second]],
                n_posts: pair.n_posts,
                n_background: pair.n_background,
                mean_compound: count.mean_compound(),
            }
        })
    }

    fn place(&self, word: u32) -> Option<usize> {
        let place = self.place_of.get(word as usize)?;
        (*place != NONE).then_some(usize::from(*place))
    }
}

/// Words that follow each other with nothing between.
fn neighbours(post: &[u32]) -> impl Iterator<Item = (u32, u32)> + '_ {
    post.windows(2).filter_map(|pair| match pair {
        [first, second] if second & JOINED > 0 => Some((first & !JOINED, second & !JOINED)),
        _ => None,
    })
}
