//! Ranks, and the correlation of orders.

use crate::order;

/// Kendall's tau-b and how far it lies from chance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kendall {
    /// tau-b, −1…+1.
    pub value: f64,
    /// Concordant less discordant pairs in standard deviations under independence, ties considered.
    pub z: f64,
}

/// Ranks from 1; equal values share the average of their places.
pub fn average_ranks(values: &[f64]) -> Vec<f64> {
    let mut places: Vec<usize> = (0..values.len()).collect();
    order::sort_by(&mut places, |a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut first = 0;
    for tied in places.chunk_by(|a, b| is_tied(values[*a], values[*b])) {
        let rank = first as f64 + (tied.len() + 1) as f64 / 2.0;
        for idx in tied {
            ranks[*idx] = rank;
        }
        first += tied.len();
    }
    ranks
}

/// Kendall's tau-b in O(n log n); `None` where either row has one value only.
///
/// # Source
/// Knight, *JASA* 61 (1966) 436–439, counts the exchanges of a merge sort; variance with ties: Kendall,
/// *Rank Correlation Methods* (4th ed., 1970), ch. 4.
pub fn kendall(x: &[f64], y: &[f64]) -> Option<Kendall> {
    let mut pairs: Vec<(f64, f64)> = x.iter().copied().zip(y.iter().copied()).collect();
    order::sort_by(&mut pairs, |a, b| {
        a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
    });
    let tied_x = Ties::count(pairs.chunk_by(|a, b| is_tied(a.0, b.0)).map(<[_]>::len));
    let tied_both = Ties::count(
        pairs
            .chunk_by(|a, b| is_tied(a.0, b.0) && is_tied(a.1, b.1))
            .map(<[_]>::len),
    );
    let mut ys: Vec<f64> = pairs.iter().map(|pair| pair.1).collect();
    let n_exchanges = sort_counting(&mut ys);
    let tied_y = Ties::count(ys.chunk_by(|a, b| is_tied(*a, *b)).map(<[_]>::len));

    let n = pairs.len() as f64;
    let n_pairs = n * (n - 1.0) / 2.0;
    let difference = n_pairs - tied_x.pairs - tied_y.pairs + tied_both.pairs - 2.0 * n_exchanges;
    let (free_x, free_y) = (n_pairs - tied_x.pairs, n_pairs - tied_y.pairs);
    if free_x <= 0.0 || free_y <= 0.0 {
        return None;
    }
    let mut variance = (n * (n - 1.0) * (2.0 * n + 5.0) - tied_x.cubes - tied_y.cubes) / 18.0
        + 2.0 * tied_x.pairs * tied_y.pairs / (n * (n - 1.0));
    if n > 2.0 {
        variance += tied_x.triples * tied_y.triples / (9.0 * n * (n - 1.0) * (n - 2.0));
    }
    Some(Kendall {
        value: (difference / free_x.sqrt() / free_y.sqrt()).clamp(-1.0, 1.0),
        z: difference / variance.sqrt(),
    })
}

/// Sums over groups of t equal values.
#[derive(Clone, Copy, Default)]
struct Ties {
    /// t (t − 1) / 2
    pairs: f64,
    /// t (t − 1) (t − 2)
    triples: f64,
    /// t (t − 1) (2 t + 5)
    cubes: f64,
}

impl Ties {
    fn count(groups: impl Iterator<Item = usize>) -> Self {
        let mut ties = Self::default();
        for n in groups {
            let t = n as f64;
            ties.pairs += t * (t - 1.0) / 2.0;
            ties.triples += t * (t - 1.0) * (t - 2.0);
            ties.cubes += t * (t - 1.0) * (2.0 * t + 5.0);
        }
        ties
    }
}

/// −0 and 0 are one value here.
#[allow(clippy::float_cmp, reason = "ties are values that are the same")]
fn is_tied(a: f64, b: f64) -> bool {
    a == b
}

/// Merge sort from the bottom up; how many pairs were out of order.
fn sort_counting(values: &mut Vec<f64>) -> f64 {
    let n = values.len();
    let mut from = std::mem::take(values);
    let mut to = Vec::with_capacity(n);
    let mut n_exchanges: u64 = 0;
    let mut width = 1;
    while width < n {
        to.clear();
        for run in from.chunks(2 * width) {
            let (mut left, mut right) = run.split_at(width.min(run.len()));
            while let (Some(a), Some(b)) = (left.first(), right.first()) {
                if a <= b {
                    to.push(*a);
                    left = &left[1..];
                } else {
                    n_exchanges += left.len() as u64;
                    to.push(*b);
                    right = &right[1..];
                }
            }
            to.extend_from_slice(left);
            to.extend_from_slice(right);
        }
        std::mem::swap(&mut from, &mut to);
        width *= 2;
    }
    *values = from;
    n_exchanges as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn equal_values_share_their_average_rank() {
        assert_eq!(
            average_ranks(&[3.0, -0.0, 3.0, 0.0, 9.0, 3.0]),
            [4.0, 1.5, 4.0, 1.5, 6.0, 4.0]
        );
        assert!(average_ranks(&[]).is_empty());
    }

    #[test]
    fn orders_of_one_value_have_no_correlation() {
        assert_eq!(kendall(&[1.0; 5], &[1.0, 2.0, 3.0, 4.0, 5.0]), None);
        assert_eq!(kendall(&[], &[]), None);
    }

    proptest! {
        #[test]
        fn tau_is_that_of_looking_at_every_pair(
            pairs in prop::collection::vec((-6i32..6, -6i32..6), 3..60),
        ) {
            let (x, y): (Vec<f64>, Vec<f64>) =
                pairs.iter().map(|(x, y)| (f64::from(*x), f64::from(*y))).unzip();
            let (mut difference, mut free_x, mut free_y) = (0, 0, 0);
            for (i, a) in pairs.iter().enumerate() {
                for b in &pairs[..i] {
                    difference += (a.0 - b.0).signum() * (a.1 - b.1).signum();
                    free_x += i32::from(a.0 != b.0);
                    free_y += i32::from(a.1 != b.1);
                }
            }
            let found = kendall(&x, &y);

            prop_assert_eq!(found.is_none(), free_x == 0 || free_y == 0);
            if let Some(found) = found {
                let expected = f64::from(difference) / (f64::from(free_x) * f64::from(free_y)).sqrt();
                prop_assert!((found.value - expected).abs() < 1e-12);
            }
        }
    }
}
