//! Seasonal Hybrid ESD: a robust season is taken out, then median and MAD decide what is left over.
//!
//! The trend stays in: the median of each window stands for it (*piecewise median*), because a trend that
//! follows the data would swallow long anomalies.

use super::{
    Anomaly, AnomalyError, Direction, Found,
    esd::robust_esd,
    refuse_alpha, refuse_constant,
    stl::{Decomposition, periodic_stl},
    without_gaps,
};
use crate::{
    order,
    stats::quantile::{median, median_and_sd, quantile},
};

/// How Seasonal Hybrid ESD is done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShEsd {
    /// Buckets in a season; 1 for a series without one.
    pub period: usize,
    /// The largest share of buckets that may be anomalies, above 0 and at most 0.49. The search stops
    /// there, and says so.
    pub max_share: f64,
    /// Significance level, above 0 and below 1.
    pub alpha: f64,
    /// Which way a bucket may be unusual.
    pub direction: Direction,
    /// Long series whose level moves: buckets in each window that is looked at by itself. The last
    /// window ends at the last bucket and overlaps the one before.
    pub window: Option<usize>,
    /// Which anomalies are told.
    pub keep: Keep,
    /// How high a bucket must be to be told.
    pub threshold: Threshold,
    /// The scale on which buckets are compared.
    pub scale: Scale,
}

/// Which anomalies are told.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Keep {
    /// All of the range.
    #[default]
    All,
    /// Those in the last period of the range.
    LastPeriod,
}

/// How high a bucket must be to be told, by the highest values of all periods. Holds for low anomalies
/// too, and so leaves out most of them.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Threshold {
    /// Any height.
    #[default]
    None,
    /// The median of the periods' maxima.
    MedianMax,
    /// Their 95th percentile.
    P95,
    /// Their 99th percentile.
    P99,
}

/// The scale on which buckets are compared.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Scale {
    /// As they are.
    #[default]
    Plain,
    /// `ln(1 + count)`: for counts, whose spread grows with their level.
    Log1p,
}

impl ShEsd {
    /// At most 2 % anomalies at level 0.05, both ways, over the whole range.
    pub fn new(period: usize) -> Self {
        Self {
            period,
            max_share: 0.02,
            alpha: 0.05,
            direction: Direction::Both,
            window: None,
            keep: Keep::All,
            threshold: Threshold::None,
            scale: Scale::Plain,
        }
    }
}

/// Finds unusual buckets of a whole range.
///
/// Gaps at either end are dropped. The answer is *as known at* the end of the range: a longer range may
/// change it anywhere.
///
/// # Errors
/// [`AnomalyError`] names what makes an answer impossible.
///
/// # Source
/// Vallis, Hochenbaum & Kejariwal, "A Novel Technique for Long-Term Anomaly Detection in the Cloud",
/// *HotCloud* 2014; Hochenbaum, Vallis & Kejariwal, arXiv 1704.07706.
pub fn shesd(series: &[Option<f64>], options: &ShEsd) -> Result<Found, AnomalyError> {
    let (start, values) = without_gaps(series)?;
    refuse_options(&values, options)?;
    let compared = match options.scale {
        Scale::Plain => values.clone(),
        Scale::Log1p => logarithms(start, &values)?,
    };
    let mut found = Found {
        n: values.len(),
        ..Found::default()
    };
    for from in window_starts(values.len(), options.window) {
        let to = options
            .window
            .map_or(values.len(), |n| (from + n).min(values.len()));
        let (anomalies, hit_cap) = in_window(&compared[from..to], options);
        found.hit_cap |= hit_cap;
        found
            .anomalies
            .extend(anomalies.into_iter().map(|anomaly| Anomaly {
                idx: from + anomaly.idx,
                ..anomaly
            }));
    }
    // Where windows overlap the earlier one's expectation stands.
    order::sort_by_key(&mut found.anomalies, |anomaly| anomaly.idx);
    found.anomalies.dedup_by_key(|anomaly| anomaly.idx);
    let least = least_height(&values, options);
    let first_kept = match options.keep {
        Keep::All => 0,
        Keep::LastPeriod => values.len() - options.period.min(values.len()),
    };
    found.anomalies.retain(|anomaly| {
        anomaly.idx >= first_kept && least.is_none_or(|least| values[anomaly.idx] >= least)
    });
    for anomaly in &mut found.anomalies {
        anomaly.value = values[anomaly.idx];
        anomaly.idx += start;
        if options.scale == Scale::Log1p {
            anomaly.expected = anomaly.expected.exp_m1();
        }
    }
    Ok(found)
}

fn refuse_options(values: &[f64], options: &ShEsd) -> Result<(), AnomalyError> {
    refuse_alpha(options.alpha)?;
    if !(options.max_share > 0.0 && options.max_share <= 0.49) {
        return Err(AnomalyError::Share);
    }
    if options.period == 0 {
        return Err(AnomalyError::Period(0));
    }
    let needed = options.period.saturating_mul(2).max(4);
    if values.len() < needed {
        let n = values.len();
        return Err(AnomalyError::TooShort { n, needed });
    }
    if let Some(window) = options.window.filter(|window| *window < needed) {
        return Err(AnomalyError::Window { window, needed });
    }
    refuse_constant(values)
}

fn logarithms(start: usize, values: &[f64]) -> Result<Vec<f64>, AnomalyError> {
    match values.iter().position(|value| *value < 0.0) {
        Some(idx) => Err(AnomalyError::Negative(start + idx)),
        None => Ok(values.iter().map(|value| value.ln_1p()).collect()),
    }
}

fn window_starts(n: usize, window: Option<usize>) -> Vec<usize> {
    let window = window.unwrap_or(n).min(n);
    (0..n)
        .step_by(window)
        .map(|from| from.min(n - window))
        .collect()
}

/// Anomalies of one window, and whether the search ended at the cap.
fn in_window(y: &[f64], options: &ShEsd) -> (Vec<Anomaly>, bool) {
    let level = median(&mut y.to_vec()).unwrap_or_default();
    // Without a season the level is what one expects.
    let parts = periodic_stl(y, options.period).unwrap_or_else(|| Decomposition {
        seasonal: vec![0.0; y.len()],
        trend: vec![level; y.len()],
    });
    let residuals: Vec<f64> = y
        .iter()
        .zip(&parts.seasonal)
        .map(|(y, s)| y - s - level)
        .collect();
    // At least one anomaly may be found in any series.
    let max_n = ((y.len() as f64 * options.max_share) as usize).max(1);
    let outliers = robust_esd(&residuals, max_n, options.alpha, options.direction);
    let (middle, spread) = median_and_sd(&mut residuals.clone()).unwrap_or_default();
    let anomaly = |idx: &usize| Anomaly {
        idx: *idx,
        value: y[*idx],
        expected: parts.trend[*idx] + parts.seasonal[*idx],
        score: (residuals[*idx] - middle) / spread,
    };
    let hit_cap = outliers.len() == max_n;
    (outliers.iter().map(anomaly).collect(), hit_cap)
}

fn least_height(values: &[f64], options: &ShEsd) -> Option<f64> {
    let share = match options.threshold {
        Threshold::None => return None,
        Threshold::MedianMax => 0.5,
        Threshold::P95 => 0.95,
        Threshold::P99 => 0.99,
    };
    let max = |period: &[f64]| period.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut maxima: Vec<f64> = values.chunks(options.period).map(max).collect();
    order::sort_by(&mut maxima, f64::total_cmp);
    quantile(&maxima, share)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::random::Random;

    /// 20 days of hours with noise, two peaks and a trough.
    fn hours() -> Vec<Option<f64>> {
        let mut random = Random::new(11);
        let mut series: Vec<Option<f64>> = (0..480)
            .map(|t| {
                let season = 30.0 * (std::f64::consts::TAU * t as f64 / 24.0).sin();
                Some(100.0 + season + 3.0 * random.normal())
            })
            .collect();
        for (idx, value) in [(100, 200.0), (200, 5.0), (470, 190.0)] {
            series[idx] = Some(value);
        }
        series
    }

    fn places(series: &[Option<f64>], options: &ShEsd) -> Vec<usize> {
        let found = shesd(series, options).unwrap();
        found.anomalies.iter().map(|anomaly| anomaly.idx).collect()
    }

    #[test]
    fn options_choose_among_planted_anomalies() {
        let (series, day) = (hours(), ShEsd::new(24));
        let with = |direction| ShEsd { direction, ..day };

        #[rustfmt::skip]
        let cases = [
            (day, &[100, 200, 470][..]),
            (with(Direction::Positive), &[100, 470]),
            (with(Direction::Negative), &[200]),
            (ShEsd { keep: Keep::LastPeriod, ..day }, &[470]),
            (ShEsd { threshold: Threshold::MedianMax, ..day }, &[100, 470]),
            (ShEsd { threshold: Threshold::P99, ..day }, &[100]),
        ];
        for (options, expected) in cases {
            assert_eq!(places(&series, &options), expected, "{options:?}");
        }
        let window = Some(168);
        let in_weeks = places(&series, &ShEsd { window, ..day });
        assert!(
            [100, 200, 470].iter().all(|idx| in_weeks.contains(idx)),
            "{in_weeks:?}"
        );
        assert!(in_weeks.is_sorted_by(|a, b| a < b), "{in_weeks:?}");
    }

    #[test]
    fn gaps_at_the_ends_do_not_move_an_index_and_the_expectation_is_of_the_season() {
        let mut series = vec![None; 7];
        series.extend(hours());
        series.push(None);

        let found = shesd(&series, &ShEsd::new(24)).unwrap();

        let first = found.anomalies[0];
        assert_eq!((first.idx, first.value, found.n), (107, 200.0, 480));
        assert!((first.expected - 126.0).abs() < 5.0, "{first:?}");
        assert!(first.score > 10.0 && !found.hit_cap, "{first:?}");
    }

    #[test]
    fn that_the_cap_was_hit_is_said() {
        let options = ShEsd {
            max_share: 0.001,
            ..ShEsd::new(24)
        };

        let found = shesd(&hours(), &options).unwrap();

        assert_eq!((found.anomalies.len(), found.hit_cap), (1, true));
    }

    #[test]
    fn on_a_logarithmic_scale_values_and_expectations_are_still_counts() {
        let options = ShEsd {
            scale: Scale::Log1p,
            ..ShEsd::new(24)
        };

        let found = shesd(&hours(), &options).unwrap();

        let trough = found
            .anomalies
            .iter()
            .find(|anomaly| anomaly.idx == 200)
            .unwrap();
        assert!((trough.expected - 126.0).abs() < 10.0, "{trough:?}");
        assert!((trough.value - 5.0).abs() < 1e-12);
        let mut series = hours();
        series[3] = Some(-1.0);
        assert_eq!(shesd(&series, &options), Err(AnomalyError::Negative(3)));
    }

    #[test]
    fn what_allows_no_answer_is_refused_by_name() {
        let (series, day) = (hours(), ShEsd::new(24));
        let refused = |series: &[Option<f64>], options: ShEsd| shesd(series, &options).unwrap_err();
        let mut faulty = series.clone();
        faulty[9] = Some(f64::NAN);
        let mut torn = series.clone();
        torn[50] = None;
        let (n, needed) = (47, 48);

        #[rustfmt::skip]
        let cases = [
            (&[][..], day, AnomalyError::Empty),
            (&[None, None], day, AnomalyError::OnlyGaps),
            (&[Some(1.0)], day, AnomalyError::TooShort { n: 1, needed }),
            (&series[..n], day, AnomalyError::TooShort { n, needed }),
            (&[Some(7.0); 60], day, AnomalyError::Constant(60)),
            (&faulty, day, AnomalyError::NotFinite(9)),
            (&torn, day, AnomalyError::InnerGap(50)),
            (&series, ShEsd::new(0), AnomalyError::Period(0)),
            (&series, ShEsd { max_share: 0.5, ..day }, AnomalyError::Share),
            (&series, ShEsd { alpha: 0.0, ..day }, AnomalyError::Alpha),
            (&series, ShEsd { window: Some(30), ..day }, AnomalyError::Window { window: 30, needed }),
        ];
        for (series, options, error) in cases {
            assert_eq!(refused(series, options), error);
        }
    }

    /// The definition, word by word and in O(n² log n).
    fn esd_by_definition(x: &[f64], max_n: usize, alpha: f64, direction: Direction) -> Vec<usize> {
        let mut left: Vec<usize> = (0..x.len()).collect();
        let (mut removed, mut n_outliers) = (Vec::new(), 0);
        for i in 1..=max_n {
            let values: Vec<f64> = left.iter().map(|idx| x[*idx]).collect();
            let (median, sd) = median_and_sd(&mut values.clone()).unwrap();
            if sd <= 0.0 {
                break;
            }
            let deviation = |idx: &usize| match direction {
                Direction::Both => (x[*idx] - median).abs(),
                Direction::Positive => x[*idx] - median,
                Direction::Negative => median - x[*idx],
            };
            let first = |a: usize, b: usize| if deviation(&b) > deviation(&a) { b } else { a };
            let farthest = left.iter().copied().reduce(first).unwrap();
            let limit = super::super::esd::critical_value(x.len(), i, alpha, direction);
            removed.push(farthest);
            if deviation(&farthest) / sd > limit {
                n_outliers = i;
            }
            left.retain(|idx| *idx != farthest);
        }
        removed.truncate(n_outliers);
        removed
    }

    proptest! {
        #[test]
        fn the_fast_test_is_the_definition(
            x in prop::collection::vec((-20i32..20, 0usize..6), 8..60), share in 0.05f64..0.49, way in 0usize..3,
        ) {
            // Whole numbers, so that there are ties, with a far one now and then.
            let x: Vec<f64> = x.iter().map(|(v, far)| f64::from(*v) * if *far == 0 { 9.0 } else { 1.0 }).collect();
            let direction = [Direction::Both, Direction::Positive, Direction::Negative][way];
            let max_n = (x.len() as f64 * share) as usize;

            prop_assert_eq!(
                robust_esd(&x, max_n, 0.05, direction),
                esd_by_definition(&x, max_n, 0.05, direction)
            );
        }

        #[test]
        fn no_numbers_make_it_panic(
            values in prop::collection::vec(prop::option::weighted(0.99, any::<f64>()), 0..80), period in 0usize..9,
        ) {
            let options = ShEsd { max_share: 0.3, ..ShEsd::new(period) };
            // A result or an error, both are fine.
            _ = shesd(&values, &options).is_ok();
            _ = shesd(&values, &ShEsd { scale: Scale::Log1p, window: Some(20), ..options }).is_ok();
        }
    }
}
