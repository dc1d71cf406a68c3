//! The classic way, to compare with: additive decomposition by moving averages, then Rosner's test.

use super::{Anomaly, AnomalyError, Found, refuse_constant, rosner::rosner, without_gaps};
use crate::order;

/// How the classic way is done. By default as dashboards of hourly counts did it: a day's rhythm,
/// level 0.15, at most 20 anomalies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Classic {
    /// Buckets in a season.
    pub period: usize,
    /// Significance level, above 0 and below 1.
    pub alpha: f64,
    /// The largest number of anomalies.
    pub max_n: usize,
}

impl Default for Classic {
    fn default() -> Self {
        Self {
            period: 24,
            alpha: 0.15,
            max_n: 20,
        }
    }
}

/// Finds unusual residuals of the classical additive decomposition.
///
/// The first and last half period have no moving average and are not tested.
///
/// # Errors
/// [`AnomalyError`] names what makes an answer impossible.
///
/// # Source
/// Kendall & Stuart, *The Advanced Theory of Statistics* 3 (1983), for the decomposition (R's
/// `decompose`); Rosner 1983 for the test.
pub fn classic(series: &[Option<f64>], options: &Classic) -> Result<Found, AnomalyError> {
    let (start, y) = without_gaps(series)?;
    let period = options.period;
    if period < 2 {
        return Err(AnomalyError::Period(period));
    }
    let needed = period.saturating_mul(2);
    if y.len() < needed {
        return Err(AnomalyError::TooShort { n: y.len(), needed });
    }
    refuse_constant(&y)?;
    let expected = expected(&y, period);
    let residuals: Vec<f64> = y[period / 2..]
        .iter()
        .zip(&expected)
        .map(|(y, e)| y - e)
        .collect();
    let max_n = options.max_n.min(residuals.len().saturating_sub(3));
    let test = rosner(&residuals, max_n, options.alpha)?;
    let anomaly = |step: usize| {
        let tested = test.idx[step];
        Anomaly {
            idx: start + period / 2 + tested,
            value: y[period / 2 + tested],
            expected: expected[tested],
            score: test.deviation[step],
        }
    };
    let mut anomalies: Vec<Anomaly> = (0..test.n_outliers).map(anomaly).collect();
    order::sort_by_key(&mut anomalies, |anomaly| anomaly.idx);
    Ok(Found {
        anomalies,
        n: residuals.len(),
        hit_cap: test.n_outliers == options.max_n,
    })
}

/// Trend and season where there is a trend: from half a period after the start to half a period before
/// the end.
fn expected(y: &[f64], period: usize) -> Vec<f64> {
    let half = period / 2;
    let trend: Vec<f64> = (half..y.len() - half)
        .map(|t| {
            let window = &y[t - half..=t + half];
            let ends = 0.5 * (window[0] + window[window.len() - 1]);
            let sum: f64 = window.iter().sum();
            // An even period has its ends in two seasons, and each counts half.
            let sum = if period.is_multiple_of(2) {
                sum - ends
            } else {
                sum
            };
            sum / period as f64
        })
        .collect();
    let mut season = vec![(0.0, 0usize); period];
    for (t, trend) in trend.iter().enumerate() {
        let (sum, n) = &mut season[(t + half) % period];
        *sum += y[t + half] - trend;
        *n += 1;
    }
    let season: Vec<f64> = season.iter().map(|(sum, n)| sum / *n as f64).collect();
    let level = season.iter().sum::<f64>() / period as f64;
    let seasonal = |t: usize| season[(t + half) % period] - level;
    trend
        .iter()
        .enumerate()
        .map(|(t, trend)| trend + seasonal(t))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Random;

    #[test]
    fn a_planted_peak_is_found_where_it_is() {
        for period in [24, 7] {
            let mut random = Random::new(5);
            let mut series: Vec<Option<f64>> = (0..240)
                .map(|t| Some((t % period) as f64 + 0.1 * t as f64 + 0.5 * random.normal()))
                .collect();
            series[120] = Some(60.0);

            let found = classic(
                &series,
                &Classic {
                    period,
                    ..Classic::default()
                },
            )
            .unwrap();

            let peak = found
                .anomalies
                .iter()
                .find(|anomaly| anomaly.idx == 120)
                .unwrap();
            let usual = (120 % period) as f64 + 12.0;
            // The peak itself is in the moving average, and so in the expectation.
            assert!((peak.expected - usual).abs() < 12.0, "{period}: {peak:?}");
            assert_eq!(found.n, 240 - 2 * (period / 2));
        }
    }

    #[test]
    fn what_allows_no_answer_is_refused_by_name() {
        let day = Classic::default();
        let short = [Some(1.0), Some(2.0)];

        assert_eq!(classic(&[], &day), Err(AnomalyError::Empty));
        assert_eq!(
            classic(&short, &day),
            Err(AnomalyError::TooShort { n: 2, needed: 48 })
        );
        assert_eq!(
            classic(&[Some(3.0); 48], &day),
            Err(AnomalyError::Constant(48))
        );
        assert_eq!(
            classic(&short, &Classic { period: 1, ..day }),
            Err(AnomalyError::Period(1))
        );
    }
}
