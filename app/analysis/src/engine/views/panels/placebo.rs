//! The lag plot's search where there is nothing to find: in shifted series, and in the prices of others.

use super::Context;
use crate::{
    engine::{Engine, views::lag::Input},
    series::returns::log_returns,
    stats::leadlag::{lead_lag, placebo},
    view::PlaceboView,
};

/// Shifts that are compared at most: the largest correlation of 5 of 100 passes the limit.
const MAX_SHIFTS: usize = 99;

/// Other tickers whose prices are compared, the most mentioned.
const MAX_OTHERS: usize = 3;

impl Engine {
    #[inline(never)]
    pub(super) fn placebo(&self, input: &Input, context: Context) -> PlaceboView {
        let aligned = &input.aligned;
        let (x, y) = (&aligned.sentiment, &aligned.returns);
        let shifted = placebo(x, y, input.lags, MAX_SHIFTS).unwrap_or_default();
        let mut others: Vec<_> = self.tickers.all().iter().collect();
        others.sort_by(|a, b| b.total.n.cmp(&a.total.n).then(a.symbol.cmp(&b.symbol)));
        let of_other = |symbol: &str, closes: Vec<Option<f64>>| {
            let found = lead_lag(x, &log_returns(&closes), input.lags);
            (
                symbol.to_owned(),
                u32::try_from(found.n).unwrap_or(u32::MAX),
                found.p_family,
            )
        };
        let others = others.into_iter().filter_map(|ticker| {
            let prices = ticker
                .prices(context.range.from..context.range.to)
                .filter(|_| ticker.symbol != input.ticker)?;
            let ends = aligned.ends.iter();
            let closes: Vec<Option<f64>> =
                ends.map(|end| prices.closes.get(end).copied()).collect();
            let is_known = closes.iter().flatten().count() * 2 > closes.len();
            is_known.then(|| of_other(&ticker.symbol, closes))
        });
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        PlaceboView {
            ticker: input.ticker.clone(),
            n: count(shifted.n),
            n_as_large: count(shifted.n_as_large),
            limit: shifted.limit,
            shifts: (count(shifted.shifts.0), count(shifted.shifts.1)),
            others: others.take(MAX_OTHERS).collect(),
        }
    }
}
