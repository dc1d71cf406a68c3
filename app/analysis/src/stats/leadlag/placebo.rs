//! The same search where nothing can be found: one series shifted against the other by more than any lag looked at.

use super::{
    Lags, MIN_BUCKETS_PER_LAG, is_shown, n_pairs,
    whiten::{known_period, whiten},
};
use crate::{
    series::Series,
    stats::ccf::{Ccf, ccf},
};

/// Shifts below which no limit is given: of fewer, 95 % cannot be told from all.
const MIN_SHIFTS: usize = 19;

/// The largest correlation found among those of shifted series.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Placebo {
    /// The largest |correlation| of the prewhitened series over the lags looked at.
    pub largest: f64,
    /// Shifts that could be compared.
    pub n: usize,
    /// Those whose largest |correlation| is at least as large.
    pub n_as_large: usize,
    /// 95 % of the shifts stay at or below it; `None` for fewer than 19.
    pub limit: Option<f64>,
    /// Shortest and longest shift, in buckets.
    pub shifts: (usize, usize),
}

/// Compares the largest correlation of x and y with those of x turned round by at least twice the largest lag
/// and one: what went with what then lies out of reach, while the memory of each series stays as it is.
///
/// At most `most` shifts, evenly spread and the same every time. `None` where the series are too short or
/// never move.
///
/// # Source
/// Circular shifts as surrogates: Andrzejak et al., *Physical Review E* 68 (2003) 066202.
pub fn placebo(x: &Series, y: &Series, lags: Lags, most: usize) -> Option<Placebo> {
    let n_both = n_pairs(x, y);
    let max_lag = lags.max.min(n_both / MIN_BUCKETS_PER_LAG);
    let period = known_period(lags.period, n_both);
    let (x, y) = (whiten(x, period).rest, whiten(y, period).rest);
    let largest = largest_of(&ccf(&x, &y, max_lag).ok()?)?;
    let least = 2 * max_lag + 1;
    let room = x.len().checked_sub(2 * least)? + 1;
    let count = room.min(most.max(1));
    let mut found: Vec<f64> = (0..count)
        .filter_map(|idx| {
            let mut values = x.values().to_vec();
            values.rotate_right(least + idx * room / count);
            largest_of(&ccf(&Series::with_gaps(values), &y, max_lag).ok()?)
        })
        .collect();
    found.sort_unstable_by(f64::total_cmp);
    let place = (found.len() * 95).div_ceil(100).checked_sub(1);
    Some(Placebo {
        largest,
        n: found.len(),
        n_as_large: found.iter().filter(|other| **other >= largest).count(),
        limit: place
            .filter(|_| found.len() >= MIN_SHIFTS)
            .and_then(|place| found.get(place).copied()),
        shifts: (least, least + (count - 1) * room / count),
    })
}

fn largest_of(ccf: &Ccf) -> Option<f64> {
    let shown = ccf.values.iter().zip(&ccf.n_pairs);
    shown
        .filter(|(_, n)| is_shown(**n))
        .filter_map(|(value, _)| Some((*value)?.abs()))
        .max_by(f64::total_cmp)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Random;

    const HOURS: Lags = Lags {
        max: 24,
        period: 24,
    };

    fn noise(n: usize, seed: u64) -> Vec<f64> {
        let mut random = Random::new(seed);
        (0..n).map(|_| random.normal()).collect()
    }

    #[test]
    fn what_follows_stands_out_of_its_shifts_and_what_does_not_lies_among_them() {
        let (x, other) = (noise(400, 1), noise(400, 2));
        let mut follows = other.clone();
        for t in 3..400 {
            follows[t] += 0.6 * x[t - 3];
        }
        let of = |y: Vec<f64>| {
            let x: Series = x.iter().copied().collect();
            placebo(&x, &y.into_iter().collect(), HOURS, 99).unwrap()
        };

        let (found, none) = (of(follows), of(other));

        assert_eq!((found.n, found.n_as_large, found.shifts.0), (99, 0, 49));
        assert!(found.largest > 2.0 * found.limit.unwrap());
        assert!(none.n_as_large > 5, "{none:?}");
    }

    #[test]
    fn too_short_a_series_has_no_placebo() {
        let series: Series = noise(8, 3).into_iter().collect();
        let flat: Series = [1.0; 300].into_iter().collect();

        assert!(placebo(&series, &series, HOURS, 99).is_none_or(|placebo| placebo.limit.is_none()));
        assert_eq!(placebo(&flat, &flat, HOURS, 99), None);
    }
}
