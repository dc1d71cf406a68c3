//! Tickers: which posts mention them, and their prices.

use std::{collections::BTreeMap, ops};

use rustc_hash::FxHashMap;
use wire::{Bar, Millis, Post, PublicConfig};

use crate::{
    order,
    protocol::Watch,
    series::{Bucket, Grids, bucket::Sample, calendar::Zone, monthly::Monthly},
    text::{tickers::Tickers as Named, topics_match::Words},
    view::{TickerRow, TickersView},
};

/// How many tickers may come from cashtags alone. Further unknown cashtags count for no ticker.
const MAX_MENTIONED: usize = 5_000;

/// How many tickers a list shows.
const MAX_ROWS: usize = 200;

/// Currencies that are preferred when a ticker has prices in several: the dollar, then what is held to it.
const CURRENCIES: [&str; 3] = ["USD", "USDT", "USDC"];

/// Closing prices by the time they are known at.
pub(super) type Closes = BTreeMap<Millis, f64>;

/// Prices of one currency and width.
#[derive(Clone, Debug, Default)]
struct Bars {
    closes: Closes,
    /// Their lows, highs and volumes by month, UTC.
    months: Monthly,
}

/// One ticker.
#[derive(Clone, Debug, Default)]
pub(super) struct Ticker {
    pub(super) symbol: String,
    pub(super) name: Option<String>,
    pub(super) is_configured: bool,
    /// All posts that mention it.
    pub(super) total: Bucket,
    pub(super) grids: Grids,
    /// Prices by currency and width.
    bars: BTreeMap<(String, Millis), Bars>,
    pub(super) n_bars: u64,
}

/// Prices of one ticker in one currency and width.
#[derive(Clone, Copy, Debug)]
pub(super) struct Prices<'a> {
    pub(super) currency: &'a str,
    pub(super) width: Millis,
    pub(super) closes: &'a Closes,
    pub(super) months: &'a Monthly,
}

/// All tickers.
#[derive(Clone, Debug, Default)]
pub(super) struct Tickers {
    ids: FxHashMap<Box<str>, u32>,
    all: Vec<Ticker>,
    /// Finds those that are configured; its targets are ids.
    named: Named,
    n_mentioned_only: usize,
    found: Vec<usize>,
}

impl Tickers {
    /// Takes names and aliases over. Posts that were counted before are not matched again.
    pub(super) fn configure(&mut self, config: &PublicConfig) {
        self.named = Named::default();
        for ticker in &mut self.all {
            (ticker.name, ticker.is_configured) = (None, false);
        }
        for configured in &config.tickers {
            let id = self.id_or_new(&configured.symbol.to_ascii_uppercase());
            self.named.add_symbol(&configured.symbol, id as usize);
            self.named.add_hashtag(&configured.symbol, id as usize);
            for alias in &configured.aliases {
                self.named.add_name(alias, id as usize);
                self.named.add_hashtag(alias, id as usize);
            }
            if let Some(ticker) = self.all.get_mut(id as usize) {
                (ticker.name, ticker.is_configured) = (configured.name.clone(), true);
            }
        }
    }

    /// Which tickers a post mentions: by cashtag, and of those that are configured also by hashtag, pair
    /// (`BTC-USD`), bare symbol or alias; see [`Named`]. Ascending, each once.
    pub(super) fn of_post(&mut self, post: &Post, words: &Words, ids: &mut Vec<u32>) {
        ids.clear();
        self.found.clear();
        self.named.find_in(words, post, &mut self.found);
        ids.extend(self.found.iter().map(|id| *id as u32));
        for cashtag in &post.cashtags {
            ids.extend(self.id_of_mention(cashtag));
        }
        ids.sort_unstable();
        ids.dedup();
    }

    /// Counts a post for one ticker.
    pub(super) fn add_post(&mut self, id: u32, sample: Sample) {
        if let Some(ticker) = self.all.get_mut(id as usize) {
            ticker.total.add(sample);
            ticker.grids.add(sample);
        }
    }

    /// Counts a mention, where nothing but the choice of a ticker depends on it.
    pub(super) fn add_mention(&mut self, id: u32) {
        if let Some(ticker) = self.all.get_mut(id as usize) {
            ticker.total.n += 1;
        }
    }

    /// Forgets every post; prices stay.
    pub(super) fn forget_posts(&mut self) {
        for ticker in &mut self.all {
            (ticker.total, ticker.grids) = (Bucket::default(), Grids::default());
        }
    }

    /// Takes a price in. The caller has seen to it that the bar is new.
    pub(super) fn add_bar(&mut self, bar: &Bar) {
        let id = self.id_or_new(&bar.ticker);
        if let Some(ticker) = self.all.get_mut(id as usize) {
            ticker.n_bars += 1;
            let key = (bar.currency.clone(), bar.width);
            let bars = ticker.bars.entry(key).or_insert_with(|| Bars {
                closes: Closes::default(),
                months: Monthly::new(Zone::utc()),
            });
            bars.closes.insert(bar.close_at(), bar.close);
            bars.months.add_bar(bar);
        }
    }

    pub(super) fn id(&self, symbol: &str) -> Option<u32> {
        self.ids
            .get(symbol)
            .or_else(|| self.ids.get(symbol.to_ascii_uppercase().as_str()))
            .copied()
    }

    pub(super) fn get(&self, id: u32) -> Option<&Ticker> {
        self.all.get(id as usize)
    }

    /// The ticker that charts and moments show: the one that is watched, or else the default one.
    pub(super) fn shown_id(&self, watch: &Watch) -> Option<u32> {
        match &watch.ticker {
            Some(symbol) => self.id(symbol),
            None => self.default_id(),
        }
    }

    /// The most mentioned ticker with prices; without any prices the most mentioned one.
    fn default_id(&self) -> Option<u32> {
        let ids = 0..u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        ids.filter_map(|id| Some((id, self.get(id)?)))
            .filter(|(_, ticker)| ticker.n_bars > 0 || ticker.total.n > 0)
            .map(|(id, ticker)| {
                (
                    ticker.n_bars > 0,
                    ticker.total.n,
                    std::cmp::Reverse(ticker.symbol.as_str()),
                    id,
                )
            })
            .max()
            .map(|(.., id)| id)
    }

    #[inline(never)]
    pub(super) fn view(&self) -> TickersView {
        let mut listed: Vec<&Ticker> = self.all.iter().collect();
        order::sort_by_key(&mut listed, |ticker| {
            (
                std::cmp::Reverse((ticker.total.n, ticker.n_bars)),
                !ticker.is_configured,
                ticker.symbol.as_str(),
            )
        });
        let row = |ticker: &&Ticker| TickerRow {
            symbol: ticker.symbol.clone(),
            name: ticker.name.clone(),
            n_posts: u64::from(ticker.total.n),
            n_bars: ticker.n_bars,
        };
        let is_known =
            |ticker: &&&Ticker| ticker.is_configured || ticker.total.n > 0 || ticker.n_bars > 0;
        TickersView {
            rows: listed
                .iter()
                .filter(is_known)
                .take(MAX_ROWS)
                .map(row)
                .collect(),
        }
    }

    /// Every ticker, in the order they were met.
    pub(super) fn all(&self) -> &[Ticker] {
        &self.all
    }

    /// First and last time that any price is about; `None` without prices.
    pub(super) fn price_span(&self) -> Option<(Millis, Millis)> {
        let series = self.all.iter().flat_map(|ticker| &ticker.bars);
        let ends = series.filter_map(|((_, width), bars)| {
            Some((
                bars.closes.first_key_value()?.0 - width,
                *bars.closes.last_key_value()?.0,
            ))
        });
        ends.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    /// The newest time up to `limit` at which a price is known.
    pub(super) fn newest_close(&self, limit: Millis) -> Option<Millis> {
        let series = self.all.iter().flat_map(|ticker| ticker.bars.values());
        series
            .filter_map(|bars| Some(*bars.closes.range(..=limit).next_back()?.0))
            .max()
    }

    fn id_of_mention(&mut self, symbol: &str) -> Option<u32> {
        if let Some(id) = self.ids.get(symbol) {
            return Some(*id);
        }
        if self.n_mentioned_only >= MAX_MENTIONED {
            return None;
        }
        self.n_mentioned_only += 1;
        Some(self.id_or_new(symbol))
    }

    /// The number of a ticker, which is added if it is new.
    pub(super) fn id_or_new(&mut self, symbol: &str) -> u32 {
        if let Some(id) = self.ids.get(symbol) {
            return *id;
        }
        let id = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        self.ids.insert(symbol.into(), id);
        self.all.push(Ticker {
            symbol: symbol.to_owned(),
            ..Ticker::default()
        });
        id
    }
}

impl Ticker {
    /// The prices that say most about a range: in US dollars or what is held to them where there are any, else in the currency,
    /// and then of the width, whose bars cover most of it; of equals the finer.
    pub(super) fn prices(&self, range: ops::Range<Millis>) -> Option<Prices<'_>> {
        self.prices_among(range, None)
    }

    /// The same among the prices of one currency.
    pub(super) fn prices_in(
        &self,
        currency: &str,
        range: ops::Range<Millis>,
    ) -> Option<Prices<'_>> {
        self.prices_among(range, Some(currency))
    }

    fn prices_among(&self, range: ops::Range<Millis>, wanted: Option<&str>) -> Option<Prices<'_>> {
        let covered = |width: Millis, closes: &Closes| {
            // A close at the range's start belongs to the bar before it.
            let n = closes
                .range(range.start.saturating_add(1)..=range.end.max(range.start.saturating_add(1)))
                .count();
            width.saturating_mul(n as i64)
        };
        self.bars
            .iter()
            .filter(|((currency, _), _)| wanted.is_none_or(|wanted| wanted == currency))
            .map(|((currency, width), bars)| {
                (
                    covered(*width, &bars.closes),
                    Prices {
                        currency,
                        width: *width,
                        closes: &bars.closes,
                        months: &bars.months,
                    },
                )
            })
            .filter(|(covered, _)| *covered > 0)
            .max_by_key(|(covered, p)| {
                (
                    preference(p.currency),
                    *covered,
                    std::cmp::Reverse((p.width, p.currency)),
                )
            })
            .map(|(_, prices)| prices)
    }

    /// The newest close: by time, then of the preferred currency, then of the finer width.
    pub(super) fn last_close(&self) -> Option<f64> {
        let last = |((currency, width), bars): (&(String, Millis), &Bars)| {
            let (at, close) = bars.closes.last_key_value()?;
            Some((
                (
                    *at,
                    preference(currency),
                    std::cmp::Reverse((*width, currency.clone())),
                ),
                *close,
            ))
        };
        self.bars
            .iter()
            .filter_map(last)
            .max_by(|a, b| a.0.cmp(&b.0))
            .map(|(_, close)| close)
    }
}

/// Larger for a currency that is preferred.
fn preference(currency: &str) -> usize {
    let place = CURRENCIES.iter().position(|one| *one == currency);
    place.map_or(0, |place| CURRENCIES.len() - place)
}
