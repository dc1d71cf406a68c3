//! STL decomposition with a strictly periodic season, robust against outliers: what R's
//! `stl(x, s.window = "periodic", robust = TRUE)` gives.
//!
//! Written for speed where it costs nothing: weights depend on distances only and are made once; the
//! low-pass filter is linear and becomes one dot product a point; with a window of `10n + 1` the
//! seasonal smoother is a straight line between two weighted means.

mod loess;

use loess::{Fit, Loess};

use super::refuse_value;
use crate::stats::quantile::median;

/// How often the robustness weights are made anew; R's `outer`.
const N_OUTER: usize = 15;

/// A series as the sum of a trend, a season and what remains.
#[derive(Clone, Debug, PartialEq)]
pub struct Decomposition {
    /// The same value at the same place of every period, in the unit of the series.
    pub seasonal: Vec<f64>,
    /// Smooth level, in the unit of the series.
    pub trend: Vec<f64>,
}

/// Splits `y` with a season of `period` values. `None` unless there are two whole periods of at least
/// two values each, and for a value that is not finite or too large to calculate with.
///
/// Windows: seasonal `10n + 1` of degree 0, trend the next odd number from `1.5 period / (1 − 1.5 /
/// (10n + 1))`, low pass the next odd number from `period`, both of degree 1; every tenth of a window is
/// fitted and joined by lines; 1 inner and 15 outer rounds.
///
/// # Source
/// Cleveland, Cleveland, McRae & Terpenning, "STL", *Journal of Official Statistics* 6 (1990).
pub fn periodic_stl(y: &[f64], period: usize) -> Option<Decomposition> {
    let n = y.len();
    let is_bad = |value: &f64| refuse_value(0, *value).is_err();
    if period < 2 || n / 2 < period || y.iter().any(is_bad) {
        return None;
    }
    let seasonal_window = 10.0 * n as f64 + 1.0;
    let trend_window = next_odd((1.5 * period as f64 / (1.0 - 1.5 / seasonal_window)).ceil());
    let mut rounds = Rounds {
        y,
        period,
        low_pass: Loess::new(n, next_odd(period as f64)),
        trend_smoother: Loess::new(n, trend_window),
        robustness: None,
        cycles: vec![0.0; n + 2 * period],
        once: vec![0.0; n + period + 1],
        twice: vec![0.0; n + 2],
        rest: vec![0.0; n],
        seasonal: vec![0.0; n],
        trend: vec![0.0; n],
    };
    rounds.smooth();
    for _ in 0..N_OUTER {
        rounds.weigh();
        rounds.smooth();
    }
    let Rounds { trend, .. } = rounds;
    let mut seasonal = rounds.seasonal;
    make_periodic(&mut seasonal, period);
    Some(Decomposition { seasonal, trend })
}

fn next_odd(window: f64) -> usize {
    let window = window.round() as usize;
    window + usize::from(window.is_multiple_of(2))
}

/// What one round hands to the next.
struct Rounds<'a> {
    y: &'a [f64],
    period: usize,
    low_pass: Loess,
    trend_smoother: Loess,
    /// One weight a value in 0…1; none in the first round.
    robustness: Option<Vec<f64>>,
    /// Smoothed places of the period, one period longer than the series at either end.
    cycles: Vec<f64>,
    /// `cycles` averaged once, and twice.
    once: Vec<f64>,
    twice: Vec<f64>,
    /// As long as the series: what is smoothed next.
    rest: Vec<f64>,
    seasonal: Vec<f64>,
    trend: Vec<f64>,
}

impl Rounds<'_> {
    /// One inner round: season from what the trend leaves, then trend from what the season leaves.
    fn smooth(&mut self) {
        self.smooth_cycles();
        moving_average(&self.cycles, self.period, &mut self.once);
        moving_average(&self.once, self.period, &mut self.twice);
        moving_average(&self.twice, 3, &mut self.rest);
        self.low_pass
            .smooth(&self.rest, Fit::Unweighted, &mut self.seasonal);
        for (t, seasonal) in self.seasonal.iter_mut().enumerate() {
            *seasonal = self.cycles[self.period + t] - *seasonal;
            self.rest[t] = self.y[t] - *seasonal;
        }
        let fit = self
            .robustness
            .as_deref()
            .map_or(Fit::Unweighted, Fit::Weighted);
        self.trend_smoother.smooth(&self.rest, fit, &mut self.trend);
    }

    /// Smooths the values of each place of the period, and continues them by one period either way.
    fn smooth_cycles(&mut self) {
        let n = self.y.len();
        for place in 0..self.period {
            let k = (n - place).div_ceil(self.period);
            let line = CycleLine::new(n, k, |at| {
                let t = place + at * self.period;
                let weight = self.robustness.as_ref().map_or(1.0, |weights| weights[t]);
                (self.y[t] - self.trend[t], weight)
            });
            for at in 0..k + 2 {
                self.cycles[place + at * self.period] = line.value(at);
            }
        }
    }

    /// Bisquare weights of the residuals, at six times their median.
    fn weigh(&mut self) {
        let residuals = &mut self.rest;
        for (t, residual) in residuals.iter_mut().enumerate() {
            *residual = (self.y[t] - self.trend[t] - self.seasonal[t]).abs();
        }
        let weights = self
            .robustness
            .get_or_insert_with(|| vec![1.0; self.y.len()]);
        weights.copy_from_slice(residuals);
        let limit = 6.0 * median(residuals).unwrap_or_default();
        for weight in weights {
            *weight = match *weight {
                r if r <= 0.001 * limit => 1.0,
                r if r <= 0.999 * limit => (1.0 - (r / limit).powi(2)).powi(2),
                _ => 0.0,
            };
        }
    }
}

/// The smoothed values of one place of the period: the window is so long that only the ends and the
/// continuations are fitted, and a line joins the ends.
struct CycleLine {
    k: usize,
    before: f64,
    first: f64,
    last: f64,
    after: f64,
}

impl CycleLine {
    /// `sample(i)` is the value and the robustness weight of the i-th of `k` periods, from 0.
    fn new(n: usize, k: usize, sample: impl Fn(usize) -> (f64, f64)) -> Self {
        let mean_at = |x: f64| {
            let reach = (x - 1.0).max(k as f64 - x) + ((10 * n + 1 - k) / 2) as f64;
            let mut sums = (0.0, 0.0);
            for at in 0..k {
                let (value, robustness) = sample(at);
                let weight = loess::tricube((at as f64 + 1.0 - x).abs(), reach) * robustness;
                sums = (sums.0 + weight, sums.1 + weight * value);
            }
            (sums.0 > 0.0).then(|| sums.1 / sums.0)
        };
        // Where every value has weight 0 the value itself stands.
        let mean = mean_at(1.0);
        let first = mean.unwrap_or(sample(0).0);
        // So near that all distances have weight 1: one mean, and a flat line.
        if k as f64 <= 0.001 * ((10 * n + 1 - k) / 2) as f64 && mean.is_some() {
            return Self {
                k,
                before: first,
                first,
                last: first,
                after: first,
            };
        }
        let last = mean_at(k as f64).unwrap_or(sample(k - 1).0);
        Self {
            k,
            before: mean_at(0.0).unwrap_or(first),
            first,
            last,
            after: mean_at(k as f64 + 1.0).unwrap_or(last),
        }
    }

    /// From the period before the series (0) to the one behind it (`k + 1`).
    fn value(&self, at: usize) -> f64 {
        if at == 0 {
            self.before
        } else if at == self.k + 1 {
            self.after
        } else if at == self.k {
            self.last
        } else {
            let slope = (self.last - self.first) / (self.k - 1) as f64;
            self.first + slope * (at - 1) as f64
        }
    }
}

/// Averages of `width` neighbours; `out` is `width − 1` shorter than `x`.
fn moving_average(x: &[f64], width: usize, out: &mut [f64]) {
    let mut sum: f64 = x[..width].iter().sum();
    out[0] = sum / width as f64;
    for t in 1..out.len() {
        sum += x[t + width - 1] - x[t - 1];
        out[t] = sum / width as f64;
    }
}

/// Replaces each value by the mean of its place in the period.
fn make_periodic(seasonal: &mut [f64], period: usize) {
    for place in 0..period {
        let values = seasonal.iter().skip(place).step_by(period);
        let mean = values.clone().sum::<f64>() / values.len() as f64;
        for value in seasonal.iter_mut().skip(place).step_by(period) {
            *value = mean;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Random;

    /// Written by `stl_reference.py` with statsmodels 0.15.0.
    const REFERENCE: &str = include_str!("../../tests/fixtures/stl.tsv");

    /// The series of `stl_reference.py`.
    fn series(period: usize, n: usize, seed: u64) -> Vec<f64> {
        let mut random = Random::new(seed);
        let value = |t: usize| {
            let (noise, luck) = (random.uniform(), random.uniform());
            let season = 10.0 * (std::f64::consts::TAU * t as f64 / period as f64).sin();
            let peak = if luck > 0.98 { 40.0 } else { 0.0 };
            50.0 + season + 20.0 * (t as f64 / n as f64).powi(2) + 8.0 * noise + peak
        };
        (0..n).map(value).collect()
    }

    #[test]
    fn season_and_trend_are_those_of_the_reference() {
        for line in REFERENCE.lines() {
            let cells: Vec<f64> = line.split('\t').map(|cell| cell.parse().unwrap()).collect();
            let (period, n, seed) = (cells[0] as usize, cells[1] as usize, cells[2] as u64);

            let parts = periodic_stl(&series(period, n, seed), period).unwrap();

            for place in cells[3..].chunks(3) {
                let t = place[0] as usize;
                let (seasonal, trend) = (parts.seasonal[t] - place[1], parts.trend[t] - place[2]);
                assert!(
                    seasonal.abs() < 1e-9,
                    "period {period}, seasonal {t}: {seasonal}"
                );
                assert!(trend.abs() < 1e-9, "period {period}, trend {t}: {trend}");
            }
        }
    }

    #[test]
    fn less_than_two_periods_have_no_decomposition() {
        assert_eq!(periodic_stl(&[1.0, 2.0, 3.0], 2), None);
        assert_eq!(periodic_stl(&[1.0, 2.0, 3.0], 1), None);
        assert!(periodic_stl(&[1.0, 2.0, 1.0, 2.0], 2).is_some());
    }
}
