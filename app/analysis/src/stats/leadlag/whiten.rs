//! Takes out of a series what it knows of itself: its daily rhythm, its memory, its few largest shocks.

use super::MAX_SHOCK;
use crate::{
    series::Series,
    stats::{
        fft::{Complex, Fft},
        prewhiten::{Autoregression, usual_max_order},
        quantile::median_and_sd,
    },
};

/// How many whole periods are needed to know a rhythm.
const MIN_PERIODS: usize = 4;

/// How many further rhythms are taken out at most, one frequency each.
const MAX_LINES: usize = 8;

/// Probability that noise is taken for a rhythm. It may be so large because taking one frequency out of
/// noise costs next to nothing.
const LINE_ALPHA: f64 = 0.01;

/// What remains of a series, and what was taken out of it.
pub(super) struct White {
    pub(super) rest: Series,
    /// Order of the autoregression.
    pub(super) order: usize,
}

/// The period whose rhythm is taken out, if `n` values are enough to know it.
pub(super) fn known_period(period: usize, n: usize) -> Option<usize> {
    (period > 1 && n / MIN_PERIODS >= period).then_some(period)
}

/// Outliers go first, or they would make up the rhythm and the autoregression.
pub(super) fn whiten(series: &Series, period: Option<usize>) -> White {
    let mut level = without_outliers(series);
    if let Some(period) = period {
        level = without_rhythm(&level, period);
    }
    let mut white = without_memory(&level);
    for _ in 0..MAX_LINES {
        let fft = Fft::at_least(4 * level.len());
        let Some(frequency) = strongest_line(&white.rest, &fft) else {
            break;
        };
        level = without_line(&level, frequency, &fft);
        white = without_memory(&level);
    }
    white
}

fn without_memory(level: &Series) -> White {
    let own = Autoregression::fit(level, usual_max_order(level.n_present()));
    White {
        rest: without_outliers(&own.residuals(level)),
        order: own.order(),
    }
}

/// The frequency that stands out of white noise, in turns per length of the transform.
///
/// # Source
/// Fisher, *Proceedings of the Royal Society* A 125 (1929): the power of noise at a frequency is
/// exponential, so that the largest of m passes `z` times the mean with probability `m exp(−z)`.
fn strongest_line(rest: &Series, fft: &Fft) -> Option<usize> {
    let mut z = Complex::zeros(fft.len());
    for (re, deviation) in z.re.iter_mut().zip(rest.deviations()) {
        *re = deviation;
    }
    let total: f64 = z.re.iter().map(|v| v * v).sum();
    fft.forward(&mut z);
    let power = |f: &usize| z.re[*f] * z.re[*f] + z.im[*f] * z.im[*f];
    let strongest = (1..fft.len() / 2).max_by(|a, b| power(a).total_cmp(&power(b)))?;
    let limit = (0.5 * rest.len() as f64 / LINE_ALPHA).ln();
    (total > 0.0 && power(&strongest) > limit * total).then_some(strongest)
}

/// Less the sine and cosine of this frequency that fit best.
fn without_line(level: &Series, frequency: usize, fft: &Fft) -> Series {
    let mean = level.mean();
    let wave = |t: usize| fft.factor(t * frequency % fft.len());
    let (mut cc, mut ss, mut cs, mut cv, mut sv) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (t, value) in level.values().iter().enumerate() {
        if let Some(value) = value {
            let ((c, s), v) = (wave(t), value - mean);
            cc += c * c;
            ss += s * s;
            cs += c * s;
            cv += c * v;
            sv += s * v;
        }
    }
    let determinant = cc * ss - cs * cs;
    if determinant <= 1e-9 * cc * ss {
        return level.clone();
    }
    let (a, b) = (
        (cv * ss - sv * cs) / determinant,
        (sv * cc - cv * cs) / determinant,
    );
    let rest = |(t, value): (usize, &Option<f64>)| {
        let (c, s) = wave(t);
        value.map(|v| v - a * c - b * s)
    };
    Series::with_gaps(level.values().iter().enumerate().map(rest))
}

/// Less the mean of each place in the period.
fn without_rhythm(series: &Series, period: usize) -> Series {
    let mut sums = vec![(0.0, 0.0); period];
    for (t, value) in series.values().iter().enumerate() {
        if let Some(value) = value {
            sums[t % period].0 += value;
            sums[t % period].1 += 1.0;
        }
    }
    let rest = |(t, value): (usize, &Option<f64>)| {
        value.map(|v| v - sums[t % period].0 / sums[t % period].1)
    };
    Series::with_gaps(series.values().iter().enumerate().map(rest))
}

/// Values beyond [`MAX_SHOCK`] robust standard deviations (1.4826 times the median absolute deviation)
/// pulled in to there. Where more than half of the values are equal there is no such measure, and
/// nothing is changed.
fn without_outliers(series: &Series) -> Series {
    let mut values: Vec<f64> = series.values().iter().flatten().copied().collect();
    let Some((middle, spread)) = median_and_sd(&mut values) else {
        return series.clone();
    };
    let reach = MAX_SHOCK * spread;
    if reach <= 0.0 {
        return series.clone();
    }
    Series::with_gaps(
        series
            .values()
            .iter()
            .map(|value| value.map(|v| v.max(middle - reach).min(middle + reach))),
    )
}
