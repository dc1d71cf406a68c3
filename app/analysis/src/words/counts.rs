//! In how many posts of a range each word is.

use wire::Millis;

/// Counts of words over a range. Made and moved by [`super::WordIndex`].
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    /// `[from, until)`.
    pub(super) range: (Millis, Millis),
    /// Posts that came before this one are counted.
    pub(super) n_arrived: u64,
    pub(super) n_posts: usize,
    /// Sum of `n` over the words.
    pub(super) n_words: u64,
    of_word: Vec<Count>,
    stamp: u32,
}

/// Posts with a word, and their compounds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Count {
    pub(super) n: u32,
    /// The last post that was counted here, so that none counts twice.
    stamp: u32,
    /// In ten-thousandths.
    pub(super) compound_sum: i64,
}

impl Count {
    pub(super) fn of(n: u32, compound_sum: i64) -> Self {
        Self {
            n,
            stamp: 0,
            compound_sum,
        }
    }

    pub(super) fn mean_compound(self) -> f64 {
        self.compound_sum as f64 / f64::from(self.n.max(1)) / 1e4
    }
}

/// Whether a post comes in or goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Change {
    Comes,
    Goes,
}

impl Counts {
    pub(super) fn grow(&mut self, n_words: usize) {
        if self.of_word.len() < n_words {
            self.of_word.resize(n_words, Count::default());
        }
    }

    pub(super) fn all(&self) -> &[Count] {
        &self.of_word
    }

    pub(super) fn of(&self, word: u32) -> Count {
        self.of_word.get(word as usize).copied().unwrap_or_default()
    }

    pub(super) fn change(&mut self, words: &[u32], compound: i16, change: Change) {
        self.stamp = self.stamp.wrapping_add(1);
        let mut n_words = 0;
        for word in words {
            let word = (word & !super::reading::JOINED) as usize;
            let Some(count) = self.of_word.get_mut(word) else {
                continue;
            };
            if count.stamp == self.stamp {
                continue;
            }
            count.stamp = self.stamp;
            n_words += 1;
            match change {
                Change::Comes => {
                    count.n += 1;
                    count.compound_sum += i64::from(compound);
                }
                Change::Goes => {
                    count.n -= 1;
                    count.compound_sum -= i64::from(compound);
                }
            }
        }
        match change {
            Change::Comes => {
                self.n_posts += 1;
                self.n_words += n_words;
            }
            Change::Goes => {
                self.n_posts -= 1;
                self.n_words -= n_words;
            }
        }
    }
}
