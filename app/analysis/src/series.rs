//! Values on a grid, each finite or an explicit gap, and how posts and bars become them.

pub mod align;
pub mod as_of;
pub mod bucket;
pub mod calendar;
pub mod decimate;
pub mod monthly;
pub mod quality;
pub mod returns;
pub mod rollup;
pub mod spans;

pub use bucket::{Bucket, BucketGrid, Grids};
pub use spans::Spans;

/// Values in the order of a grid, each finite or a gap (`None`).
///
/// A gap is never filled in: calculations leave it out and say how many values remained.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series(Vec<Option<f64>>);

/// Why numbers are not a series.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SeriesError {
    /// A value is NaN or infinite. Say `None` where there is no value.
    #[error("the value at index {0} is not finite; a gap is written as none")]
    NotFinite(usize),
}

impl Series {
    /// Takes values and gaps.
    ///
    /// # Errors
    /// [`SeriesError::NotFinite`] names the first value that is NaN or infinite.
    pub fn new(values: Vec<Option<f64>>) -> Result<Self, SeriesError> {
        match values
            .iter()
            .position(|value| value.is_some_and(|v| !v.is_finite()))
        {
            Some(idx) => Err(SeriesError::NotFinite(idx)),
            None => Ok(Self(values)),
        }
    }

    /// Takes values and gaps; what is not finite becomes a gap.
    pub fn with_gaps(values: impl IntoIterator<Item = Option<f64>>) -> Self {
        Self(
            values
                .into_iter()
                .map(|value| value.filter(|v| v.is_finite()))
                .collect(),
        )
    }

    /// Values and gaps.
    pub fn values(&self) -> &[Option<f64>] {
        &self.0
    }

    /// Length of the grid, gaps included.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the grid has no place at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many values are not gaps.
    pub fn n_present(&self) -> usize {
        self.0.iter().flatten().count()
    }

    /// Mean of the values that are not gaps; 0 where there are none.
    pub(crate) fn mean(&self) -> f64 {
        self.0.iter().flatten().sum::<f64>() / self.n_present().max(1) as f64
    }

    /// Distances from the mean; 0 in a gap, which adds nothing to a sum of products.
    pub(crate) fn deviations(&self) -> Vec<f64> {
        let mean = self.mean();
        let deviation = |value: &Option<f64>| value.map_or(0.0, |v| v - mean);
        self.0.iter().map(deviation).collect()
    }
}

impl FromIterator<f64> for Series {
    /// Numbers without gaps; what is not finite becomes a gap.
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        Self::with_gaps(values.into_iter().map(Some))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_not_finite_is_refused_or_becomes_a_gap() {
        let values = vec![Some(1.0), None, Some(f64::NAN), Some(f64::INFINITY)];

        assert_eq!(Series::new(values.clone()), Err(SeriesError::NotFinite(2)));
        assert_eq!(
            Series::with_gaps(values).values(),
            [Some(1.0), None, None, None]
        );
    }
}
