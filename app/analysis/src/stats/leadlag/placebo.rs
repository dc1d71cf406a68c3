//! The same search where nothing can be found: one series shifted against the other by more than any lag looked at.

use super::{
    Lags, MIN_BUCKETS_PER_LAG, is_shown, n_pairs,
    whiten::{known_period, whiten},
};
use crate::{
    order,
    series::Series,
    stats::ccf::{Ccf, ccf},
};

/// Shifts below which neither p nor limit is given: 5 % of fewer is less than one.
pub const MIN_SHIFTS: usize = 19;

/// The largest correlation found among those of shifted series.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Placebo {
    /// The largest |correlation| of the prewhitened series over the lags looked at.
    pub largest: f64,
    /// Shifts that could be compared.
    pub n: usize,
    /// Those whose largest |correlation| is at least as large.
    pub n_as_large: usize,
    /// The share of them, the series found among them; `None` for fewer than 19 shifts.
    pub p: Option<f64>,
    /// 95 % of the shifts stay at or below it; `None` for fewer than 19.
    pub limit: Option<f64>,
    /// Shortest and longest shift, in buckets; 0 without any.
    pub shifts: (usize, usize),
    /// Buckets that 19 shifts need.
    pub n_needed: usize,
}

/// Compares the largest correlation of x and y with those of x turned round, while the memory of each series
/// stays as it is. No lag is looked at twice: each shift is further from every other, and from none, than
/// twice the largest lag. Otherwise neighbours would count the same correlations again, and the largest of
/// many shifts would be that of a few.
///
/// At most `most` shifts, evenly spread and the same every time. `None` where the series never move.
///
/// # Source
/// Circular shifts as surrogates: Andrzejak et al., *Physical Review E* 68 (2003) 066202.
pub fn placebo(x: &Series, y: &Series, lags: Lags, most: usize) -> Option<Placebo> {
    let n_both = n_pairs(x, y);
    let max_lag = lags.max.min(n_both / MIN_BUCKETS_PER_LAG);
    let period = known_period(lags.period, n_both);
    let (x, y) = (whiten(x, period).rest, whiten(y, period).rest);
    let largest = largest_of(&ccf(&x, &y, max_lag).ok()?)?;
    let arc = 2 * max_lag + 1;
    // The circle of all shifts in arcs of the lags looked at; one of them is taken by the series as they are.
    let count = (x.len() / arc).saturating_sub(1).min(most);
    let shift = |idx: usize| idx * x.len() / (count + 1);
    let mut found: Vec<f64> = (1..=count)
        .filter_map(|idx| {
            let mut values = x.values().to_vec();
            values.rotate_right(shift(idx));
            largest_of(&ccf(&Series::with_gaps(values), &y, max_lag).ok()?)
        })
        .collect();
    order::sort_by(&mut found, f64::total_cmp);
    let n_as_large = found.iter().filter(|other| **other >= largest).count();
    let is_enough = found.len() >= MIN_SHIFTS;
    let place = (found.len() * 95).div_ceil(100).checked_sub(1);
    Some(Placebo {
        largest,
        n: found.len(),
        n_as_large,
        p: is_enough.then(|| (n_as_large + 1) as f64 / (found.len() + 1) as f64),
        limit: place
            .filter(|_| is_enough)
            .and_then(|place| found.get(place).copied()),
        shifts: match count {
            0 => (0, 0),
            count => (shift(1), shift(count)),
        },
        n_needed: (MIN_SHIFTS + 1) * arc,
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

    fn remembering(n: usize, seed: u64) -> Series {
        let mut level = 0.0;
        let step = |shock: f64| {
            level = 0.5 * level + shock;
            level
        };
        noise(n, seed).into_iter().map(step).collect()
    }

    #[test]
    fn what_follows_stands_out_of_its_shifts() {
        let (x, mut y) = (noise(1_000, 1), noise(1_000, 2));
        for t in 3..1_000 {
            y[t] += 0.6 * x[t - 3];
        }

        let found = placebo(
            &x.into_iter().collect(),
            &y.into_iter().collect(),
            HOURS,
            99,
        )
        .unwrap();

        assert_eq!(
            (found.n, found.n_as_large, found.shifts),
            (19, 0, (50, 950))
        );
        assert!(found.p.is_some_and(|p| (p - 0.05).abs() < 1e-12));
        assert!(found.largest > 2.0 * found.limit.unwrap());
    }

    /// Unrelated series must come out as often as the p says, with and without a memory.
    #[test]
    fn of_unrelated_series_five_in_a_hundred_have_a_p_of_5_percent() {
        let lags = Lags { max: 3, period: 0 };
        let n_seeds = 400;
        let white = |n, seed| noise(n, seed).into_iter().collect();
        let makers: [&dyn Fn(usize, u64) -> Series; 2] = [&white, &remembering];
        for make in makers {
            let (mut n_below_5, mut n_below_20) = (0, 0);
            for seed in 0..n_seeds {
                let (x, y) = (make(160, 2 * seed + 1), make(160, 2 * seed + 2));
                let p = placebo(&x, &y, lags, 99).unwrap().p.unwrap();
                n_below_5 += u32::from(p <= 0.05);
                n_below_20 += u32::from(p <= 0.2);
            }

            // 20 ± 4.4 and 80 ± 8, three standard deviations either way.
            assert!((7..=33).contains(&n_below_5), "{n_below_5}");
            assert!((56..=104).contains(&n_below_20), "{n_below_20}");
        }
    }

    #[test]
    fn shifts_never_share_a_lag_and_too_few_of_them_give_no_p() {
        for n in [40, 168, 400, 979, 980, 5_000] {
            let (x, y) = (noise(n, 3), noise(n, 4));

            let found = placebo(
                &x.into_iter().collect(),
                &y.into_iter().collect(),
                HOURS,
                99,
            );

            let found = found.unwrap();
            let arc = found.n_needed / (MIN_SHIFTS + 1);
            let step = found.shifts.0;
            assert!(
                found.n == 0 || (step >= arc && n - found.shifts.1 >= arc),
                "{found:?}"
            );
            assert_eq!(found.p.is_some(), found.n >= MIN_SHIFTS);
            assert_eq!(found.limit.is_some(), found.n >= MIN_SHIFTS);
        }
    }

    #[test]
    fn what_never_moves_has_no_placebo() {
        let flat: Series = [1.0; 300].into_iter().collect();

        assert_eq!(placebo(&flat, &flat, HOURS, 99), None);
    }
}
