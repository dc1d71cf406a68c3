//! The lag plot's search where there is nothing to find: in shifted series, and in what others did by themselves.

use super::basis::{Basis, Other};
use crate::{
    series::Series,
    stats::{
        event_study::market_model,
        leadlag::{lead_lag, placebo},
    },
    view::PlaceboView,
};

/// Shifts that are compared at most: the largest correlation of 5 of 100 passes the limit.
const MAX_SHIFTS: usize = 99;

/// Other tickers that are compared, the most mentioned.
const MAX_OTHERS: usize = 3;

#[inline(never)]
pub(super) fn placebos(basis: &Basis) -> PlaceboView {
    let input = &*basis.input;
    let (x, y) = (&input.aligned.sentiment, &input.aligned.returns);
    let shifted = placebo(x, y, input.lags, MAX_SHIFTS).unwrap_or_default();
    let of_other = |other: &Other| {
        let found = lead_lag(x, &beyond(&other.returns, y)?, input.lags);
        let n = u32::try_from(found.n).unwrap_or(u32::MAX);
        Some((other.symbol.clone(), n, found.p_family))
    };
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    PlaceboView {
        ticker: input.ticker.clone(),
        n: count(shifted.n),
        n_as_large: count(shifted.n_as_large),
        p: shifted.p,
        limit: shifted.limit,
        shifts: (count(shifted.shifts.0), count(shifted.shifts.1)),
        n_cells: count(input.aligned.ends.len()),
        n_needed: count(shifted.n_needed),
        others: { &basis.others }
            .iter()
            .filter_map(of_other)
            .take(MAX_OTHERS)
            .collect(),
    }
}

/// What another one's returns hold besides what they share with the ticker's own: prices move together, and what
/// goes before one goes before all of them. `None` for too few pairs.
fn beyond(other: &Series, own: &Series) -> Option<Series> {
    let model = market_model(other.values(), own.values())?;
    let rest = |(other, own): (&Option<f64>, &Option<f64>)| {
        Some((*other)? - model.alpha - model.beta * (*own)?)
    };
    Some(Series::with_gaps(
        other.values().iter().zip(own.values()).map(rest),
    ))
}
