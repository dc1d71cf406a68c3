//! Generalised ESD with median and MAD, in O(n log n): sorted once, every removal is at an end.

use super::Direction;
use crate::{
    order,
    stats::{quantile::MAD_TO_SD, student},
};

/// The limit for the i-th largest deviation (from 1) of `n` values at level `alpha`.
///
/// # Source
/// Rosner, *Technometrics* 25 (1983).
pub(super) fn critical_value(n: usize, i: usize, alpha: f64, direction: Direction) -> f64 {
    let left = (n - i) as f64;
    let sides = if direction == Direction::Both {
        2.0
    } else {
        1.0
    };
    let t = student::upper_quantile(alpha / (sides * (left + 1.0)), left - 1.0);
    t * left / ((left - 1.0 + t * t) * (left + 1.0)).sqrt()
}

/// Places of the outliers in the order of their removal, at most `max_n`.
///
/// All removed values up to the **largest** i whose deviation passes its limit are outliers: an earlier
/// one may be masked by a later one.
pub(super) fn robust_esd(x: &[f64], max_n: usize, alpha: f64, direction: Direction) -> Vec<usize> {
    let mut sorted = Sorted::new(x);
    let mut removed = Vec::new();
    while removed.len() < max_n.min(x.len().saturating_sub(3)) {
        let median = sorted.median();
        let scale = MAD_TO_SD * sorted.mad(median);
        if scale <= 0.0 {
            break;
        }
        let (idx, deviation) = sorted.remove(median, direction);
        removed.push((idx, deviation / scale));
    }
    let n_outliers = largest_passing(x.len(), &removed, alpha, direction);
    removed.truncate(n_outliers);
    removed.into_iter().map(|(idx, _)| idx).collect()
}

fn largest_passing(n: usize, removed: &[(usize, f64)], alpha: f64, direction: Direction) -> usize {
    let limit = |i| critical_value(n, i, alpha, direction);
    // Limits fall with i, so what does not pass the last one passes none.
    let lowest = if removed.is_empty() {
        0.0
    } else {
        limit(removed.len())
    };
    let passes = |i: usize| removed[i - 1].1 > lowest && removed[i - 1].1 > limit(i);
    (1..=removed.len()).rev().find(|i| passes(*i)).unwrap_or(0)
}

/// The values that remain, `low..high` of the sorted ones.
struct Sorted {
    /// Values with their places, ascending.
    values: Vec<(f64, usize)>,
    low: usize,
    high: usize,
}

impl Sorted {
    fn new(x: &[f64]) -> Self {
        let mut values: Vec<(f64, usize)> = x.iter().copied().zip(0..).collect();
        order::sort_by(&mut values, |a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        // Of equal values the first in time goes first, whichever end they are taken from.
        let upper_half = values.len() / 2;
        for equal in values[upper_half..].chunk_by_mut(|a, b| a.0.total_cmp(&b.0).is_eq()) {
            equal.reverse();
        }
        Self {
            low: 0,
            high: values.len(),
            values,
        }
    }

    fn value(&self, position: usize) -> f64 {
        self.values[position].0
    }

    /// Positions of the one or two middle values.
    fn middle(&self) -> (usize, usize) {
        let sum = self.low + self.high - 1;
        (sum / 2, sum.div_ceil(2))
    }

    fn median(&self) -> f64 {
        let (lower, upper) = self.middle();
        0.5 * (self.value(lower) + self.value(upper))
    }

    /// The median of |x − median|.
    fn mad(&self, median: f64) -> f64 {
        let n = self.high - self.low;
        let upper = self.nearest(n / 2 + 1, median);
        if n.is_multiple_of(2) {
            return 0.5 * (self.nearest(n / 2, median) + upper);
        }
        upper
    }

    /// The k-th smallest of |x − median|, k from 1: distances grow both ways from the middle, and a
    /// binary search says how many of the k lie below it.
    fn nearest(&self, k: usize, median: f64) -> f64 {
        let (_, middle) = self.middle();
        let (n_below, n_above) = (middle - self.low, self.high - middle);
        let below = |j: usize| median - self.value(middle - j);
        let above = |j: usize| self.value(middle + j - 1) - median;
        let (mut least, mut most) = (k.saturating_sub(n_above), k.min(n_below));
        while least < most {
            let taken = (least + most) / 2;
            if below(taken + 1) < above(k - taken) {
                least = taken + 1;
            } else {
                most = taken;
            }
        }
        let last_below = if least > 0 {
            below(least)
        } else {
            f64::NEG_INFINITY
        };
        let last_above = if k > least {
            above(k - least)
        } else {
            f64::NEG_INFINITY
        };
        last_below.max(last_above)
    }

    /// Takes out the value that deviates most; of equal deviations the first in time.
    fn remove(&mut self, median: f64, direction: Direction) -> (usize, f64) {
        let (low_value, low_idx) = self.values[self.low];
        let (high_value, high_idx) = self.values[self.high - 1];
        let (below, above) = (median - low_value, high_value - median);
        let takes_high = match direction {
            Direction::Positive => true,
            Direction::Negative => false,
            Direction::Both => match above.total_cmp(&below) {
                std::cmp::Ordering::Equal => high_idx < low_idx,
                order => order.is_gt(),
            },
        };
        if takes_high {
            self.high -= 1;
            (high_idx, above)
        } else {
            self.low += 1;
            (low_idx, below)
        }
    }
}
