//! How often somebody has looked, and what that does to a p-value.
//!
//! Whoever looks at a hundred combinations sees five with p < 0.05 although there is nothing. The
//! combinations looked at are therefore counted, and levels follow the count.

use std::collections::BTreeSet;

use crate::order;
use wire::Millis;

/// One combination that was looked at.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Trial {
    /// Which test, with what was chosen for it.
    pub test: String,
    /// The ticker.
    pub ticker: String,
    /// Width of the buckets.
    pub width: Millis,
    /// Which posts entered, over which range: equal texts for equal choices.
    pub sample: String,
}

/// The distinct combinations looked at so far.
#[derive(Clone, Debug, Default)]
pub struct Trials(BTreeSet<Trial>);

impl Trials {
    /// Counts a combination, unless it has been looked at before; how many there are now.
    pub fn look(&mut self, trial: Trial) -> usize {
        self.0.insert(trial);
        self.0.len()
    }

    /// Distinct combinations looked at.
    pub fn n(&self) -> usize {
        self.0.len()
    }

    /// The level each single p must pass so that a false alarm among all of them has the probability
    /// `alpha` at most.
    ///
    /// # Source
    /// Bonferroni's inequality.
    pub fn level(&self, alpha: f64) -> f64 {
        alpha / self.n().max(1) as f64
    }

    /// A p-value with the looking considered: times the number of combinations, at most 1.
    pub fn adjusted(&self, p: f64) -> f64 {
        (p * self.n().max(1) as f64).min(1.0)
    }
}

/// Adjusted p-values in the order given: those at or below q belong to discoveries of which a share of
/// q at most is false on average, however the tests depend on each other.
///
/// `None` (not tested) stays `None` and does not count; p outside of 0…1 is taken as the nearest end, NaN
/// as 1.
///
/// # Source
/// Benjamini & Yekutieli, *Annals of Statistics* 29 (2001) 1165–1188.
pub fn benjamini_yekutieli(p: &[Option<f64>]) -> Vec<Option<f64>> {
    let usable = |p: f64| if p.is_nan() { 1.0 } else { p.clamp(0.0, 1.0) };
    let mut order: Vec<(usize, f64)> = p
        .iter()
        .enumerate()
        .filter_map(|(idx, p)| Some((idx, usable((*p)?))))
        .collect();
    order::sort_by(&mut order, |a, b| b.1.total_cmp(&a.1));
    let n = order.len();
    let harmonic: f64 = (1..=n).map(|i| 1.0 / i as f64).sum();
    let mut adjusted = vec![None; p.len()];
    let mut least: f64 = 1.0;
    for (place, (idx, p)) in order.into_iter().enumerate() {
        let rank = (n - place) as f64;
        least = least.min(p * n as f64 * harmonic / rank);
        if let Some(adjusted) = adjusted.get_mut(idx) {
            *adjusted = Some(least);
        }
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(ticker: &str, test: &str) -> Trial {
        Trial {
            test: test.to_owned(),
            ticker: ticker.to_owned(),
            width: 3_600_000,
            sample: String::new(),
        }
    }

    #[test]
    fn looking_twice_at_one_thing_is_one_trial() {
        let mut trials = Trials::default();

        let counts = [
            ("BTC", "lag"),
            ("BTC", "lag"),
            ("ETH", "lag"),
            ("ETH", "rolling"),
        ]
        .map(|(ticker, test)| trials.look(trial(ticker, test)));

        assert_eq!(counts, [1, 1, 2, 3]);
        assert!((trials.level(0.06) - 0.02).abs() < 1e-15);
        assert!((trials.adjusted(0.01) - 0.03).abs() < 1e-15 && trials.adjusted(0.9) >= 1.0);
        assert!((Trials::default().adjusted(0.01) - 0.01).abs() < 1e-15);
    }

    #[test]
    fn adjusted_p_values_are_those_of_the_definition() {
        // By hand: n Σ 1/i = 4 · 25/12 = 25/3; sorted .001 .01 .02 .5 over their ranks.
        let p = [Some(0.02), None, Some(0.001), Some(0.5), Some(0.01)];

        let adjusted = benjamini_yekutieli(&p);

        let expected = [
            Some(0.02 * 25.0 / 9.0),
            None,
            Some(0.025 / 3.0),
            Some(1.0),
            Some(0.125 / 3.0),
        ];
        for (found, expected) in adjusted.iter().zip(expected) {
            assert_eq!(found.is_some(), expected.is_some());
            assert!((found.unwrap_or(0.0) - expected.unwrap_or(0.0)).abs() < 1e-12);
        }
        assert_eq!(benjamini_yekutieli(&[Some(f64::NAN)]), [Some(1.0)]);
        assert!(benjamini_yekutieli(&[]).is_empty());
    }
}
