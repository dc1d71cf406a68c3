//! Price and sentiment of one ticker on one grid.

use wire::{
    Millis, Quote,
    time::{DAY, HOUR},
};

use super::anomalies::{self, Buckets};
use crate::{
    engine::{
        Engine,
        posts::Record,
        selection::Own,
        tickers::{Prices, Ticker},
    },
    protocol::{Detector, Measure},
    series::{Grids, Spans, bucket::FIVE_MINUTES, decimate},
    view::{Close, MarketView, Range},
    voices::Voices,
};

/// The finest width is taken that needs no more buckets than this.
const MAX_BUCKETS: i64 = 700;

/// Most points of the price line.
const MAX_CLOSES: usize = 2_000;

/// Most buckets at all: ten years of days. Of a longer range the newest part is shown.
const MOST_BUCKETS: i64 = 3_660;

/// Most buckets that a causal detector runs through: a year of 5 minutes.
const MOST_LEARNT_FROM: i64 = 105_120;

/// Seasons before the range that a batch method is also shown, to know what is usual.
const N_PERIODS_BEFORE: i64 = 8;

/// The part of a grid that is shown: buckets `first..last`.
#[derive(Clone, Copy, Debug)]
struct Cells {
    width: Millis,
    first: i64,
    last: i64,
}

impl Engine {
    /// Of one ticker, or of all posts while no ticker is known.
    #[inline(never)]
    pub(super) fn market(
        &self,
        ticker: Option<u32>,
        range: Range,
        now: Millis,
        memory: &mut anomalies::Memory,
    ) -> MarketView {
        let found = ticker.and_then(|id| self.tickers.get(id));
        // A ticker that was asked for and never occurred has no posts, rather than all of them.
        let shows_all = found.is_none() && self.watch.ticker.is_none();
        let grids = (shows_all || found.is_some()).then(|| self.chart_grids(found));
        let selection = self.selection();
        let (range, cells) = cells_of(range);
        let until = now
            .max(self.span.map_or(now, |(_, last)| last))
            .saturating_add(1);
        let covered = self.sources.covered(until);

        let (n_posts, mean_compound) = columns(grids, cells, &covered);
        let is_counted = |record: &Record| {
            ticker.is_none_or(|id| self.posts.tickers(record).contains(&id))
                && selection.accepts_but(Own::TICKERS, record, &self.posts)
        };
        let n = grids.map_or(0, |grids| {
            let edge = |edge| self.posts.count(edge, is_counted);
            grids.sum(range.from, range.to, edge).n
        });
        let voices = match ticker {
            Some(id) => self.tallies.labels.voices_of_ticker(id),
            None => shows_all.then(|| self.tallies.posts.voices()),
        };
        let prices = found.and_then(|ticker| ticker.prices(range.from..range.to));
        let anomalies = self.watch.anomalies.map(|choice| {
            let buckets = match choice.of {
                Measure::Price => prices
                    .map(|prices| returns(prices, range))
                    .unwrap_or_default(),
                Measure::Posts | Measure::Sentiment => {
                    let n_before = match choice.detector {
                        Detector::Stream => MOST_LEARNT_FROM,
                        Detector::Hybrid | Detector::Classic => {
                            N_PERIODS_BEFORE * anomalies::period_of(cells.width) as i64
                        }
                    };
                    let all = self.with_cells_before(cells, n_before);
                    let (posts, means) = columns(grids, all, &covered);
                    closed_buckets(all, cells.first, now, |idx| match choice.of {
                        Measure::Posts => posts.get(idx).copied().flatten().map(f64::from),
                        _ => means.get(idx).copied().flatten().map(f64::from),
                    })
                }
            };
            self.anomalies(choice, buckets, ticker, memory)
        });
        MarketView {
            ticker: self.symbol_shown(found),
            currency: prices
                .map(|prices| prices.currency.to_owned())
                .unwrap_or_default(),
            range,
            width: cells.width,
            start: cells.first * cells.width,
            n_posts,
            mean_compound,
            closes: prices
                .map(|prices| closes_of(prices, range))
                .unwrap_or_default(),
            bar_width: prices.map_or(0, |prices| prices.width),
            gaps: covered.gaps(Range {
                from: range.from,
                to: range.to.min(until),
            }),
            n: u64::from(n),
            authors: voices.map_or(0, Voices::n_authors),
            voices: voices.map_or(0.0, Voices::effective),
            anomalies,
            quote: self.quote_of(found, prices.map(|prices| prices.currency), now),
        }
    }

    fn quote_of(
        &self,
        ticker: Option<&Ticker>,
        currency: Option<&str>,
        now: Millis,
    ) -> Option<Quote> {
        let symbol = &ticker?.symbol;
        self.sources.quote(symbol, currency, now).cloned()
    }

    /// So many cells more, but none from before the first post.
    fn with_cells_before(&self, cells: Cells, n: i64) -> Cells {
        let first_post = self.posts.all().first().map(|post| post.at);
        let first = first_post.map_or(cells.first, |at| at.div_euclid(cells.width));
        Cells {
            first: first.max(cells.first - n).min(cells.first),
            ..cells
        }
    }

    /// The ticker's own spelling, or what was asked for.
    pub(super) fn symbol_shown(&self, found: Option<&Ticker>) -> String {
        found
            .map(|ticker| ticker.symbol.clone())
            .or_else(|| self.watch.ticker.clone())
            .unwrap_or_default()
    }
}

/// Posts and mean compound by bucket.
fn columns(
    grids: Option<&Grids>,
    cells: Cells,
    covered: &Spans,
) -> (Vec<Option<u32>>, Vec<Option<f32>>) {
    let Cells { width, first, last } = cells;
    let mut n_posts: Vec<Option<u32>> = (first..last)
        .map(|idx| covered.meets(idx * width, (idx + 1) * width).then_some(0))
        .collect();
    let mut mean_compound = vec![None; n_posts.len()];
    for (idx, bucket) in grids
        .iter()
        .flat_map(|grids| grids.grid(width).cells(first, last))
    {
        let place = usize::try_from(idx - first).unwrap_or(usize::MAX);
        if let (Some(n), Some(mean)) = (n_posts.get_mut(place), mean_compound.get_mut(place)) {
            *n = Some(bucket.n);
            *mean = bucket.mean().map(|mean| mean as f32);
        }
    }
    (n_posts, mean_compound)
}

/// The cells that have closed, from `all.first` on; those before `shown_from` are only learnt from.
fn closed_buckets(
    all: Cells,
    shown_from: i64,
    now: Millis,
    value: impl Fn(usize) -> Option<f64>,
) -> Buckets {
    let Cells { width, first, last } = all;
    let n = usize::try_from(last.min(now.div_euclid(width)) - first).unwrap_or(0);
    let range = |idx: usize| {
        let from = (first + idx as i64) * width;
        Range {
            from,
            to: from + width,
        }
    };
    Buckets {
        ranges: (0..n).map(range).collect(),
        values: (0..n).map(value).collect(),
        first_shown: usize::try_from(shown_from - first).unwrap_or(0),
        period: anomalies::period_of(width),
    }
}

/// Log returns from close to close.
fn returns(prices: Prices<'_>, range: Range) -> Buckets {
    let closes: Vec<(&Millis, &f64)> = prices
        .closes
        .range(range.from..=range.to.max(range.from))
        .collect();
    let pairs = closes.windows(2).filter_map(|pair| match pair {
        [(from, before), (to, after)] => Some((
            Range {
                from: **from,
                to: **to,
            },
            (*after / *before).ln(),
        )),
        _ => None,
    });
    let (ranges, values) = pairs
        .map(|(range, value)| (range, Some(value).filter(|v| v.is_finite())))
        .unzip();
    Buckets {
        ranges,
        values,
        first_shown: 0,
        period: 1,
    }
}

/// The range, cut to what can be shown, and the buckets that it touches.
fn cells_of(range: Range) -> (Range, Cells) {
    let cells = |width: Millis| {
        let first = range.from.div_euclid(width);
        let last = if range.from < range.to {
            (range.to - 1).div_euclid(width) + 1
        } else {
            first
        };
        Cells { width, first, last }
    };
    let fits = |cells: &Cells| cells.last - cells.first <= MAX_BUCKETS;
    let fine = [FIVE_MINUTES, HOUR].map(cells).into_iter().find(fits);
    let cells = fine.unwrap_or_else(|| {
        let days = cells(DAY);
        Cells {
            first: days.first.max(days.last - MOST_BUCKETS),
            ..days
        }
    });
    (
        Range {
            from: range.from.max(cells.first * cells.width),
            to: range.to,
        },
        cells,
    )
}

fn closes_of(prices: Prices<'_>, range: Range) -> Vec<Close> {
    let to = range.to.max(range.from);
    let before = prices.closes.range(..range.from).next_back();
    let within = prices.closes.range(range.from..=to);
    let after = prices.closes.range(to + 1..).next();
    let closes: Vec<Close> = before
        .into_iter()
        .chain(within)
        .chain(after)
        .map(|(at, price)| Close {
            at: *at,
            price: *price,
        })
        .collect();
    decimate::min_max(&closes, MAX_CLOSES, |close| close.price)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_finest_width_is_taken_that_fits() {
        let width = |length| {
            cells_of(Range {
                from: 0,
                to: length,
            })
            .1
            .width
        };

        assert_eq!(width(700 * FIVE_MINUTES), FIVE_MINUTES);
        assert_eq!(width(700 * FIVE_MINUTES + 1), HOUR);
        assert_eq!(width(700 * HOUR + 1), DAY);
        assert_eq!(width(0), FIVE_MINUTES);
    }

    #[test]
    fn a_range_of_centuries_is_cut_to_its_newest_part() {
        let (range, cells) = cells_of(Range {
            from: -90_000 * DAY,
            to: 20_000 * DAY,
        });

        assert_eq!(
            (range.to, cells.last - cells.first),
            (20_000 * DAY, MOST_BUCKETS)
        );
        assert_eq!(range.from, cells.first * DAY);
    }
}
