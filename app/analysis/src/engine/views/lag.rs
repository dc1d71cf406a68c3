//! Who moves first: sentiment and returns of one ticker, on one grid, tested over all lags.

use std::rc::Rc;

use wire::{
    Millis,
    time::{DAY, HOUR},
};

use super::{Inputs, Memo, holes};
use crate::{
    engine::{
        Engine,
        posts::Record,
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
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::engine) struct Input {
    pub(super) ticker: String,
    /// Of its prices.
    pub(super) currency: String,
    pub(super) width: Millis,
    /// Cells run from close to close, whatever lies between, and not along a regular grid.
    pub(super) is_on_closes: bool,
    pub(super) lags: Lags,
    pub(super) aligned: Aligned,
}

impl Input {
    /// From the beginning of the first cell to the end of the last one.
    pub(super) fn range(&self) -> Range {
        let ends = self.aligned.starts.first().zip(self.aligned.ends.last());
        ends.map(|(first, last)| Range {
            from: *first,
            to: *last,
        })
        .unwrap_or_default()
    }
}

impl Engine {
    /// Sentiment and returns on one grid: the same as before, not only equal to it, unless a closed cell has
    /// changed, so that whoever computes with it can see that there is nothing to do.
    #[inline(never)]
    pub(super) fn aligned(
        &self,
        ticker: Option<u32>,
        inputs: Inputs,
        known: &mut Option<(Inputs, Rc<Input>)>,
    ) -> Rc<Input> {
        let (before, same) = known.take().unzip();
        let input = match same {
            Some(same) if before == Some(inputs) => same,
            same => {
                let input = self.lag_input(ticker, inputs.range);
                same.filter(|same| **same == input)
                    .unwrap_or_else(|| Rc::new(input))
            }
        };
        *known = Some((inputs, Rc::clone(&input)));
        input
    }

    /// The test is computed again only when sentiment or returns of a closed cell have changed.
    #[inline(never)]
    pub(super) fn lag(
        &self,
        input: &Rc<Input>,
        before: &mut Option<Rc<Input>>,
        memo: &mut Memo<LagView>,
    ) -> Option<LagView> {
        if before
            .as_ref()
            .is_some_and(|before| Rc::ptr_eq(before, input))
        {
            return None;
        }
        *before = Some(Rc::clone(input));
        memo.send(view_of(input))
    }

    fn lag_input(&self, ticker: Option<u32>, range: Range) -> Input {
        let found = ticker.and_then(|id| self.tickers.get(id));
        let on_grid = ticker.zip(found).and_then(|(id, ticker)| {
            let prices = ticker.prices(range.from..range.to)?;
            Some(Input {
                currency: prices.currency.to_owned(),
                ..self.align(id, ticker, prices, range)
            })
        });
        Input {
            ticker: self.symbol_shown(found),
            ..on_grid.unwrap_or_default()
        }
    }

    /// The same prices from close to close, for studies that need unbroken stretches: on a regular grid the
    /// nights and weekends of an exchange are gaps. `None` where it is on closes already, and where prices are
    /// known round the clock or on weekends.
    #[inline(never)]
    pub(super) fn on_sessions(&self, input: &Input, ticker: Option<u32>) -> Option<Input> {
        let returns = &input.aligned.returns;
        let is_broken = returns.n_present() * 3 < returns.len() * 2;
        let (id, found) = ticker.zip(ticker.and_then(|id| self.tickers.get(id)))?;
        let range = input.range();
        let prices = found.prices_in(&input.currency, range.from..range.to)?;
        if input.is_on_closes || !is_broken || holes::is_open_on_weekends(prices) {
            return None;
        }
        let is_on_grid = |(at, _): &(&Millis, &f64)| *at % input.width == 0;
        let within = prices.closes.range(range.from..=range.to.max(range.from));
        let closes = within.filter(is_on_grid).map(|(at, close)| (*at, *close));
        let closes: Vec<(Millis, f64)> = closes.collect();
        Some(Input {
            aligned: self.align_on_closes(id, found, &closes),
            is_on_closes: true,
            ..input.clone()
        })
    }

    fn align_on_closes(&self, id: u32, ticker: &Ticker, closes: &[(Millis, f64)]) -> Aligned {
        let (grids, selection) = (self.chart_grids(Some(ticker)), self.selection());
        let is_wanted = |record: &Record| {
            self.posts.tickers(record).contains(&id)
                && selection.accepts_but(Own::TICKERS, record, &self.posts)
        };
        align::on_closes(closes, |from, to| {
            grids.sum(from, to, |edge| self.posts.count(edge, is_wanted))
        })
    }

    /// Hours where the bars are no wider and there are enough of them, 5 minutes where the bars are fine
    /// enough and hours too few, else the bars' own index (for daily bars: trading days).
    fn align(&self, id: u32, ticker: &Ticker, prices: Prices<'_>, range: Range) -> Input {
        let divides = |width: Millis| width % prices.width == 0;
        let has_few_hours = (range.to - range.from) / HOUR < 2 * MIN_PAIRS as i64;
        let width = if divides(FIVE_MINUTES) && has_few_hours {
            FIVE_MINUTES
        } else {
            HOUR
        };
        let grids = self.chart_grids(Some(ticker));
        if !divides(width) {
            let within = prices.closes.range(range.from..=range.to.max(range.from));
            let closes: Vec<(Millis, f64)> = within.map(|(at, close)| (*at, *close)).collect();
            return Input {
                width: prices.width,
                is_on_closes: true,
                lags: Lags {
                    max: MAX_LAG_DAYS,
                    period: 0,
                },
                aligned: self.align_on_closes(id, ticker, &closes),
                ..Input::default()
            };
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
        Input {
            width,
            lags: Lags {
                max: MAX_LAG,
                period: (DAY / width) as usize,
            },
            aligned: align::on_buckets(grids.grid(width), first..last, prices.closes),
            ..Input::default()
        }
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
