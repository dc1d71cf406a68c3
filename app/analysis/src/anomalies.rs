//! Buckets that are unusual for their series: a batch method, a causal one and an older one to compare with.
//!
//! - [`shesd`]: Seasonal Hybrid ESD over a whole range. It may change its mind about the past as more
//!   arrives: its answer is *as known at* the end of the range.
//! - [`streaming`]: one score a bucket from what came before only, for alarms and for replays.
//! - [`classic`]: additive decomposition and Rosner's test.
//! - [`nab`]: how detectors are scored against labelled windows.
//!
//! Unusual means neither wrong nor important.

pub mod classic;
mod esd;
pub mod nab;
pub mod rosner;
pub mod shesd;
pub mod stl;
pub mod streaming;
mod tail;

use serde::{Deserialize, Serialize};
use wire::{Millis, time::DAY};

use crate::{order, stats::quantile::median};

/// Which way a bucket may be unusual.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum Direction {
    /// Too high or too low.
    #[default]
    Both,
    /// Too high.
    Positive,
    /// Too low.
    Negative,
}

/// One unusual bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Anomaly {
    /// Place in the series that was given, from 0.
    pub idx: usize,
    /// What was there, in the unit of the series.
    pub value: f64,
    /// What season and trend led one to expect, in the unit of the series.
    pub expected: f64,
    /// Distance of the residual from the median residual in robust standard deviations (1.4826 MAD);
    /// negative below. Standard deviations for [`classic`].
    pub score: f64,
}

/// What a batch method found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// In the order of the series.
    pub anomalies: Vec<Anomaly>,
    /// Values that were tested.
    pub n: usize,
    /// Whether the search ended at the largest allowed number: there may be more, and a series of this
    /// kind (heavy tails) may be better looked at on a logarithmic scale.
    pub hit_cap: bool,
}

/// Why no answer is given. Indices are places in the series that was given, from 0.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum AnomalyError {
    /// There is not one bucket.
    #[error("the series is empty")]
    Empty,
    /// There are buckets, but none holds a value.
    #[error("the series has gaps only")]
    OnlyGaps,
    /// NaN or infinite.
    #[error("the value at index {0} is not finite; a gap is written as none")]
    NotFinite(usize),
    /// A value whose square and the sum of such squares could overflow.
    #[error("the value at index {0} is too large to calculate with")]
    TooLarge(usize),
    /// A gap between values; at either end gaps are dropped.
    #[error("a gap at index {0} inside the series; choose a range without gaps")]
    InnerGap(usize),
    /// Too few values to know the season.
    #[error("{n} values are too few: two periods, {needed} values, are needed")]
    TooShort {
        /// Values without the gaps at either end.
        n: usize,
        /// Values needed.
        needed: usize,
    },
    /// Every value is the same: nothing can be unusual, and nothing usual either.
    #[error("all {0} values are equal; nothing can be said about what is usual")]
    Constant(usize),
    /// A logarithmic scale is for counts.
    #[error("the value at index {0} is negative; the logarithmic scale is for counts")]
    Negative(usize),
    /// Not a season.
    #[error("a period of {0} buckets; at least 1 is needed")]
    Period(usize),
    /// A window of the long-term mode is too short for its season.
    #[error("a window of {window} values; two periods, {needed} values, are needed")]
    Window {
        /// Values in a window.
        window: usize,
        /// Values needed.
        needed: usize,
    },
    /// The largest share of anomalies.
    #[error("the largest share of anomalies must lie above 0 and be at most 0.49")]
    Share,
    /// The significance level.
    #[error("the significance level must lie above 0 and below 1")]
    Alpha,
    /// Times are not in order.
    #[error("the time at index {0} lies before the one in front of it; sort by time first")]
    Unsorted(usize),
    /// Two rows of one time.
    #[error("the time at index {0} is there twice; join the rows first")]
    Duplicate(usize),
}

/// Sums of squares of values up to this size are finite.
const LARGEST: f64 = 1e140;

/// The width of the buckets that begin at `times`: their most frequent distance, the shortest of several.
///
/// # Errors
/// [`AnomalyError::Unsorted`] and [`AnomalyError::Duplicate`] name the first offender;
/// [`AnomalyError::TooShort`] says that there are not two.
pub fn bucket_width(times: &[Millis]) -> Result<Millis, AnomalyError> {
    let mut steps = Vec::with_capacity(times.len());
    for (idx, pair) in times.windows(2).enumerate() {
        match pair[1].saturating_sub(pair[0]) {
            0 => return Err(AnomalyError::Duplicate(idx + 1)),
            step if step < 0 => return Err(AnomalyError::Unsorted(idx + 1)),
            step => steps.push(step),
        }
    }
    order::sort_by(&mut steps, Ord::cmp);
    steps
        .chunk_by(|a, b| a == b)
        .rev()
        .max_by_key(|equal| equal.len())
        .and_then(|equal| equal.first().copied())
        .ok_or(AnomalyError::TooShort {
            n: times.len(),
            needed: 2,
        })
}

/// The season to look for in buckets of a width: a day, or a week if a bucket is a day. `None` where
/// neither is a whole number of at least two buckets.
pub fn usual_period(width: Millis) -> Option<usize> {
    let season = if width < DAY { DAY } else { 7 * DAY };
    let period = season.checked_div(width).filter(|_| season % width == 0)?;
    usize::try_from(period).ok().filter(|period| *period >= 2)
}

/// The series with each gap between values filled by the median of its place in the season, so that a
/// batch method can look at the rest; what is filled in is no value and must not be told as an anomaly.
/// `None` if a place in the season has no value at all.
pub fn fill_gaps(series: &[Option<f64>], period: usize) -> Option<Vec<Option<f64>>> {
    let first = series.iter().position(Option::is_some)?;
    let last = series.iter().rposition(Option::is_some)?;
    let mut filled = series.to_vec();
    for idx in (first..=last).filter(|idx| series[*idx].is_none()) {
        let same_place = series
            .iter()
            .skip(idx % period.max(1))
            .step_by(period.max(1));
        let mut values: Vec<f64> = same_place.copied().flatten().collect();
        filled[idx] = Some(median(&mut values)?);
    }
    Some(filled)
}

/// Values without the gaps at either end, and where they begin.
fn without_gaps(series: &[Option<f64>]) -> Result<(usize, Vec<f64>), AnomalyError> {
    if series.is_empty() {
        return Err(AnomalyError::Empty);
    }
    for (idx, value) in series.iter().enumerate() {
        refuse_value(idx, value.unwrap_or_default())?;
    }
    let first = series.iter().position(Option::is_some);
    let last = series.iter().rposition(Option::is_some);
    let (Some(first), Some(last)) = (first, last) else {
        return Err(AnomalyError::OnlyGaps);
    };
    let values = (first..=last).map(|idx| series[idx].ok_or(AnomalyError::InnerGap(idx)));
    Ok((first, values.collect::<Result<_, _>>()?))
}

fn refuse_value(idx: usize, value: f64) -> Result<(), AnomalyError> {
    match value.abs() {
        size if !size.is_finite() => Err(AnomalyError::NotFinite(idx)),
        size if size > LARGEST => Err(AnomalyError::TooLarge(idx)),
        _ => Ok(()),
    }
}

fn refuse_constant(values: &[f64]) -> Result<(), AnomalyError> {
    let is_constant = values
        .windows(2)
        .all(|pair| pair[0].total_cmp(&pair[1]).is_eq());
    if is_constant {
        return Err(AnomalyError::Constant(values.len()));
    }
    Ok(())
}

fn refuse_alpha(alpha: f64) -> Result<(), AnomalyError> {
    if alpha > 0.0 && alpha < 1.0 {
        return Ok(());
    }
    Err(AnomalyError::Alpha)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_width_is_the_usual_distance_and_disorder_is_named() {
        assert_eq!(bucket_width(&[0, 5, 10, 25, 30]), Ok(5));
        assert_eq!(bucket_width(&[0, 5, 3]), Err(AnomalyError::Unsorted(2)));
        assert_eq!(bucket_width(&[0, 5, 5]), Err(AnomalyError::Duplicate(2)));
        assert_eq!(
            bucket_width(&[7]),
            Err(AnomalyError::TooShort { n: 1, needed: 2 })
        );
    }

    #[test]
    fn the_usual_period_is_a_day_or_a_week() {
        for (minutes, period) in [
            (1, Some(1_440)),
            (5, Some(288)),
            (60, Some(24)),
            (24 * 60, Some(7)),
            (7, None),
            (0, None),
            (7 * 24 * 60, None),
        ] {
            assert_eq!(usual_period(minutes * 60_000), period, "{minutes}");
        }
    }

    #[test]
    fn gaps_at_the_ends_are_dropped_and_inside_named() {
        let (gap, one) = (None, Some(1.0));

        assert_eq!(without_gaps(&[gap, one, one, gap]), Ok((1, vec![1.0, 1.0])));
        assert_eq!(
            without_gaps(&[one, gap, one]),
            Err(AnomalyError::InnerGap(1))
        );
        assert_eq!(without_gaps(&[gap, gap]), Err(AnomalyError::OnlyGaps));
        assert_eq!(without_gaps(&[]), Err(AnomalyError::Empty));
        assert_eq!(
            without_gaps(&[one, Some(f64::NEG_INFINITY)]),
            Err(AnomalyError::NotFinite(1))
        );
    }
}
