//! How the relation of posts to price changes over time.

use crate::{
    engine::views::lag::Input,
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

pub(super) fn rolling(input: &Input, choice: RollingChoice) -> RollingView {
    let (x, y) = series(input, choice.pair);
    let method = match choice.rank {
        Rank::Values => Method::Pearson,
        Rank::Ranks => Method::Spearman,
    };
    let places = usize::from(choice.places).max(LEAST_PLACES);
    let lookback = Lookback {
        places,
        min_pairs: (places / 2).max(LEAST_PLACES),
    };
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
        limit: fisher_interval(0.0, places as f64).map_or(1.0, |(_, limit)| limit),
        whole: whole.filter(|_| is_enough),
        why_none: why_none.or_else(|| {
            (!is_enough).then(|| format!("{n_pairs} pairs of values, and {MIN_PAIRS} are needed"))
        }),
    }
}

/// Both on one grid and neither of them wandering.
fn series(input: &Input, pair: Pair) -> (Series, Series) {
    let aligned = &input.aligned;
    match pair {
        Pair::SentimentReturn => (aligned.sentiment.clone(), aligned.returns.clone()),
        Pair::PostsMove => {
            let logs = |n: &u32| Some(f64::from(*n).ln_1p());
            let logs = Series::with_gaps(aligned.n_posts.iter().map(logs));
            let sizes = aligned.returns.values().iter().map(|r| r.map(f64::abs));
            (
                Transform::Diff.apply(&logs).unwrap_or_default(),
                Series::with_gaps(sizes),
            )
        }
    }
}
