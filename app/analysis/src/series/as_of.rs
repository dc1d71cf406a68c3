//! What was known when: data as of an instant, and a check that a calculation does not look ahead.

use wire::Millis;

use crate::series::Series;

/// Something with the time it belongs to and the time it became known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen<T> {
    /// Grid time: where it belongs.
    pub at: Millis,
    /// When it became known.
    pub seen_at: Millis,
    /// What it is.
    pub what: T,
}

/// What was known at `as_of`, in the order of the grid; of equal times in the order seen, then given.
///
/// Every batch calculation becomes one as of an instant by being given this; see [`as_of`].
pub fn known<T: Copy>(all: &[Seen<T>], as_of: Millis) -> Vec<Seen<T>> {
    let mut known: Vec<Seen<T>> = all.iter().copied().filter(|s| s.seen_at <= as_of).collect();
    known.sort_by_key(|s| (s.at, s.seen_at));
    known
}

/// Any batch calculation as of an instant: what it says of what was known at `at`, in the order of
/// [`known`].
///
/// ```
/// use analysis::series::as_of::{Seen, as_of};
///
/// let all = [Seen { at: 1, seen_at: 1, what: 5.0 }, Seen { at: 2, seen_at: 9, what: 7.0 }];
/// assert_eq!(as_of(&all, 8, |known| known.len()), 1);
/// assert_eq!(as_of(&all, 9, |known| known.len()), 2);
/// ```
pub fn as_of<T: Copy, R>(
    all: &[Seen<T>],
    at: Millis,
    calculate: impl FnOnce(&[Seen<T>]) -> R,
) -> R {
    calculate(&known(all, at))
}

/// Means by cell of `width` from `from` on, as they were known at `as_of`. Only cells that had closed by
/// then are places of the series; a cell without values is a gap.
pub fn means_as_of(all: &[Seen<f64>], from: Millis, width: Millis, as_of: Millis) -> Series {
    let mean = |(sum, n): (f64, u32)| (n > 0).then(|| sum / f64::from(n));
    Series::with_gaps(closed_cells(all, from, width, as_of).into_iter().map(mean))
}

/// How many there were in each cell of `width` from `from` on, as known at `as_of`; 0 in a cell without
/// any.
pub fn counts_as_of(all: &[Seen<f64>], from: Millis, width: Millis, as_of: Millis) -> Series {
    let count = |(_, n): (f64, u32)| Some(f64::from(n));
    Series::with_gaps(closed_cells(all, from, width, as_of).into_iter().map(count))
}

/// Sum and number of each cell that had closed by then; no cells of a width below 1.
fn closed_cells(all: &[Seen<f64>], from: Millis, width: Millis, as_of: Millis) -> Vec<(f64, u32)> {
    if width < 1 {
        return Vec::new();
    }
    let n_cells = usize::try_from(as_of.saturating_sub(from).div_euclid(width)).unwrap_or(0);
    let mut cells = vec![(0.0, 0u32); n_cells];
    for seen in known(all, as_of) {
        let place = usize::try_from(seen.at.saturating_sub(from).div_euclid(width));
        if let Some((sum, n)) = place.ok().and_then(|place| cells.get_mut(place)) {
            *sum += seen.what;
            *n += 1;
        }
    }
    cells
}

/// A place whose outcome changes when later data are taken away.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LookAhead {
    /// How many places were left.
    pub cut: usize,
    /// The first of them whose outcome differs.
    pub place: usize,
}

/// Whether a calculation that claims to be causal is: cut off at each of `cuts`, it must give the
/// beginning of what it gives for the whole, to the bit. The first place where it does not.
///
/// ```
/// use analysis::series::{Series, as_of::{LookAhead, look_ahead}};
///
/// let series: Series = [1.0, 2.0, 4.0].into_iter().collect();
/// let next = |s: &Series| {
///     Series::with_gaps((0..s.len()).map(|t| s.values().get(t + 1).copied().flatten()))
/// };
/// assert_eq!(look_ahead(&series, 0..3, next), Some(LookAhead { cut: 1, place: 0 }));
/// assert_eq!(look_ahead(&series, 0..3, Series::clone), None);
/// ```
pub fn look_ahead(
    series: &Series,
    cuts: impl IntoIterator<Item = usize>,
    calculate: impl Fn(&Series) -> Series,
) -> Option<LookAhead> {
    let bits = |value: Option<f64>| value.map(f64::to_bits);
    let whole = calculate(series);
    cuts.into_iter().find_map(|cut| {
        let prefix = Series::with_gaps(series.values().iter().copied().take(cut));
        let part = calculate(&prefix);
        let at = |series: &Series, place: usize| series.values().get(place).copied().map(bits);
        (0..cut.min(series.len()))
            .find(|place| at(&part, *place) != at(&whole, *place))
            .map(|place| LookAhead { cut, place })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_late_changes_the_past_only_once_it_is_seen() {
        let seen = |at, seen_at, what| Seen { at, seen_at, what };
        let all = [seen(5, 5, 1.0), seen(25, 26, 3.0), seen(6, 28, 2.0)];
        let means = |as_of| means_as_of(&all, 0, 10, as_of).values().to_vec();

        assert_eq!(means(9), []);
        assert_eq!(means(27), [Some(1.0), None]);
        assert_eq!(means(30), [Some(1.5), None, Some(3.0)]);
        let counts = counts_as_of(&all, 0, 10, 30);
        assert_eq!(counts.values(), [Some(2.0), Some(0.0), Some(1.0)]);
        assert!(counts_as_of(&all, 0, 0, 30).is_empty());
    }
}
