//! Who moves first: sentiment and returns of one ticker, on one grid, tested over all lags.

use wire::{
    Millis,
    time::{DAY, HOUR},
};

use super::{Inputs, Memo};
use crate::{
    engine::{
        Engine,
        selection::Own,
        tickers::{Prices, Ticker},
    },
    series::{
        align::{self, Aligned},
        bucket::FIVE_MINUTES,
    },
    stats::leadlag::{Lags, LeadLag, MIN_PAIRS, Peak, lead_lag},
    view::{LagPeak, LagView, Range},
};

/// Largest lag on a grid of hours or 5 minutes: a day or two hours either way.
const MAX_LAG: usize = 24;

/// Largest lag on the index of daily bars: two weeks of trading either way.
const MAX_LAG_DAYS: usize = 10;

/// Most cells of the 5-minute grid and the hourly grid that are tested: the newest.
const MAX_CELLS: i64 = 20_000;

/// What a lag view is computed from.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::engine) struct Input {
    pub(super) ticker: String,
    pub(super) width: Millis,
    pub(super) lags: Lags,
    pub(super) aligned: Aligned,
}

impl Input {
    /// From the beginning of the first cell to the end of the last one.
    pub(super) fn range(&self) -> Range {
        let ends = self.aligned.ends.first().zip(self.aligned.ends.last());
        ends.map(|(first, last)| Range {
            from: first - self.width,
            to: *last,
        })
        .unwrap_or_default()
    }
}

impl Engine {
    /// The test is computed again only when sentiment or returns of a closed cell have changed.
    #[inline(never)]
    pub(super) fn lag(
        &self,
        ticker: Option<u32>,
        range: Range,
        before: &mut Option<Input>,
        inputs: Inputs,
        memo: &mut Memo<LagView>,
    ) -> Option<LagView> {
        if memo.inputs == Some(inputs) {
            return None;
        }
        let input = self.lag_input(ticker, range);
        if before.as_ref() == Some(&input) {
            memo.inputs = Some(inputs);
            return None;
        }
        let view = memo.update(inputs, || view_of(&input));
        *before = Some(input);
        view
    }

    #[inline(never)]
    pub(super) fn lag_input(&self, ticker: Option<u32>, range: Range) -> Input {
        let found = ticker.and_then(|id| self.tickers.get(id));
        let on_grid = ticker.zip(found).and_then(|(id, ticker)| {
            let prices = ticker.prices(range.from..range.to)?;
            Some(self.align(id, ticker, prices, range))
        });
        let (width, lags, aligned) = on_grid.unwrap_or_default();
        Input {
            ticker: self.symbol_shown(found),
            width,
            lags,
            aligned,
        }
    }

    /// Hours where the bars are no wider and there are enough of them, 5 minutes where the bars are fine
    /// enough and hours too few, else the bars' own index (for daily bars: trading days).
    fn align(
        &self,
        id: u32,
        ticker: &Ticker,
        prices: Prices<'_>,
        range: Range,
    ) -> (Millis, Lags, Aligned) {
        let divides = |width: Millis| width % prices.width == 0;
        let has_few_hours = (range.to - range.from) / HOUR < 2 * MIN_PAIRS as i64;
        let width = if divides(FIVE_MINUTES) && has_few_hours {
            FIVE_MINUTES
        } else {
            HOUR
        };
        let grids = self.chart_grids(Some(ticker));
        if !divides(width) {
            let selection = self.selection();
            let within = prices.closes.range(range.from..=range.to.max(range.from));
            let closes: Vec<(Millis, f64)> = within.map(|(at, close)| (*at, *close)).collect();
            let aligned = align::on_closes(&closes, |from, to| {
                let edge = |edge| {
                    self.posts.count(edge, |record| {
                        self.posts.tickers(record).contains(&id)
                            && selection.accepts_but(Own::Tickers, record, &self.posts)
                    })
                };
                grids.sum(from, to, edge)
            });
            return (
                prices.width,
                Lags {
                    max: MAX_LAG_DAYS,
                    period: 0,
                },
                aligned,
            );
        }
        let newest = prices
            .closes
            .range(..=range.to)
            .next_back()
            .map_or(range.from, |(at, _)| *at);
        let last = newest.div_euclid(width);
        let first = (range.from + width - 1)
            .div_euclid(width)
            .max(last - MAX_CELLS)
            .min(last);
        (
            width,
            Lags {
                max: MAX_LAG,
                period: (DAY / width) as usize,
            },
            align::on_buckets(grids.grid(width), first..last, prices.closes),
        )
    }
}

fn view_of(input: &Input) -> LagView {
    let Aligned {
        sentiment, returns, ..
    } = &input.aligned;
    let LeadLag {
        lags,
        correlation,
        bound,
        n,
        n_effective,
        order_x,
        order_y,
        p_family,
        p_surrogate,
        p_raw,
        best_lag,
        best_lag_interval,
        x_leads,
        y_leads,
        verdict,
        ..
    } = lead_lag(sentiment, returns, input.lags);
    LagView {
        ticker: input.ticker.clone(),
        width: input.width,
        range: input.range(),
        lags,
        correlation,
        bound,
        n: u32::try_from(n).unwrap_or(u32::MAX),
        n_effective,
        ar_order: u32::try_from(order_x.max(order_y)).unwrap_or(u32::MAX),
        p_family,
        p_surrogate,
        p_raw,
        best_lag,
        best_lag_interval,
        sentiment_leads: x_leads.map(peak),
        price_leads: y_leads.map(peak),
        n_posts: input.aligned.n_posts.iter().map(|n| u64::from(*n)).sum(),
        n_late: input.aligned.n_late.iter().map(|n| u64::from(*n)).sum(),
        verdict: verdict.into(),
    }
}

fn peak(peak: Peak) -> LagPeak {
    LagPeak {
        lag: peak.lag,
        correlation: peak.correlation,
        p_family: peak.p_family,
    }
}
