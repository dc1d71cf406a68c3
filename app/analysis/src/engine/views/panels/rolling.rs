//! How the relation of posts to price changes over time.

use super::basis::Basis;
use crate::{
    protocol::{Pair, Rank, RollingChoice},
    series::{Series, returns::Transform},
    stats::{
        correlation::{
            LevelPairs, Measured, Method, correlate, fisher_interval,
            rolling::{Lookback, rolling as over_lookback},
        },
        leadlag::MIN_PAIRS,
    },
    view::{RollingView, Whole},
};

/// Shortest lookback: a correlation of fewer pairs says nothing.
const LEAST_PLACES: usize = 12;

#[inline(never)]
pub(super) fn rolling(basis: &Basis, choice: RollingChoice) -> RollingView {
    let input = &*basis.input;
    let (x, y) = series(basis, choice.pair);
    let method = match choice.rank {
        Rank::Values => Method::Pearson,
        Rank::Ranks => Method::Spearman,
    };
    let places = usize::from(choice.places).max(LEAST_PLACES);
    let lookback = Lookback {
        places,
        min_pairs: (places / 2).max(LEAST_PLACES),
    };
    let limits = limits(&x, &y, places);
    let (x, y) = (Measured::Changes(&x), Measured::Changes(&y));
    let values = over_lookback(method, x, y, LevelPairs::Refuse, lookback).unwrap_or_default();
    let whole = correlate(method, x, y, LevelPairs::Refuse);
    let why_none = whole.as_ref().err().map(ToString::to_string);
    let whole = whole.ok().map(|found| Whole {
        value: found.value,
        n: found.n as u64,
        n_effective: found.n_effective,
        p: found.p,
        interval: found.interval,
    });
    let n_pairs = whole.map_or(0, |whole| whole.n);
    let is_enough = n_pairs >= MIN_PAIRS as u64;
    RollingView {
        ticker: input.ticker.clone(),
        choice,
        range: input.range(),
        width: input.width,
        ends: input.aligned.ends.clone(),
        values: values
            .values()
            .iter()
            .map(|v| v.map(|v| v as f32))
            .collect(),
        min_pairs: u32::try_from(lookback.min_pairs).unwrap_or(u32::MAX),
        limits: { values.values().iter().zip(limits) }
            .map(|(value, limit)| limit.filter(|_| value.is_some()))
            .collect(),
        whole: whole.filter(|_| is_enough),
        why_none: why_none.or_else(|| {
            (!is_enough).then(|| format!("{n_pairs} pairs of values, and {MIN_PAIRS} are needed"))
        }),
    }
}

/// How far from 0 chance brings the value at each place: by the pairs that this value has.
fn limits(x: &Series, y: &Series, places: usize) -> Vec<Option<f32>> {
    let is_pair = x
        .values()
        .iter()
        .zip(y.values())
        .map(|(x, y)| x.is_some() && y.is_some());
    let mut n_until = vec![0_u32];
    n_until.extend(is_pair.scan(0, |n, is_pair| {
        *n += u32::from(is_pair);
        Some(*n)
    }));
    let limit = |end: usize| {
        let n = n_until.get(end)? - n_until.get(end.checked_sub(places)?)?;
        fisher_interval(0.0, f64::from(n)).map(|(_, limit)| limit as f32)
    };
    (1..n_until.len()).map(limit).collect()
}

/// Both on one grid and neither of them wandering.
fn series(basis: &Basis, pair: Pair) -> (Series, Series) {
    let aligned = &basis.input.aligned;
    match pair {
        Pair::SentimentReturn => (aligned.sentiment.clone(), aligned.returns.clone()),
        Pair::PostsMove => {
            let logs = basis.rates.values().iter().map(|rate| rate.map(f64::ln_1p));
            let logs = Series::with_gaps(logs);
            let sizes = aligned.returns.values().iter().map(|r| r.map(f64::abs));
            (
                Transform::Diff.apply(&logs).unwrap_or_default(),
                Series::with_gaps(sizes),
            )
        }
    }
}
