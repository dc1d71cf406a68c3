//! Sums of a day, by ticker: how often it was mentioned, and its prices. Sums of longer times, such as months, are
//! made of these: for a year they are some hundred small files instead of thousands of hours.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use wire::{Bar, Body, Event, Millis, time::DAY};

use crate::{
    FormatError, Kind,
    columns::{Codec, Columns, Table, write},
    format::read_bars,
    manifest::{date, day_of, join},
};

/// Names of the tables.
pub const TABLES: [&str; 2] = [MENTIONS, PRICES];
const MENTIONS: &str = "mentions";
const PRICES: &str = "prices";

/// The day whose sums an event changes. Bars longer than a day are in none.
pub(crate) fn day_touched(event: &Event) -> Option<i64> {
    match &event.body {
        Body::Post(post) if !post.cashtags.is_empty() => Some(day_of(event.at)),
        Body::Bar(bar) if bar.width <= DAY => Some(day_of(bar.open_at)),
        _ => None,
    }
}

/// `daily=prices/date=2026-11-22/<name>`.
pub(crate) fn path(table: &str, day: i64, name: &str) -> String {
    let date = date(day);
    join(&[
        format!("daily={table}"),
        format!("date={date}"),
        name.to_owned(),
    ])
}

/// What is summed of one day.
pub(crate) struct Sums {
    day: i64,
    mentions: BTreeMap<String, Mentions>,
    prices: BTreeMap<(String, String, Millis), Prices>,
}

#[derive(Default)]
struct Mentions {
    n_posts: u64,
    n_reposts: u64,
    authors: BTreeSet<String>,
}

struct Prices {
    first: Bar,
    last: Bar,
    high: f64,
    low: f64,
    volume: Option<f64>,
    /// Least and greatest of one bar.
    volumes: Option<MinMax>,
    market_caps: Option<MinMax>,
    n_bars: u64,
}

type MinMax = (f64, f64);

impl Sums {
    pub(crate) fn new(day: i64) -> Self {
        Self {
            day,
            mentions: BTreeMap::new(),
            prices: BTreeMap::new(),
        }
    }

    /// Adds what a file holds of the day.
    pub(crate) fn add(&mut self, kind: Kind, file: Bytes, source: &str) -> Result<(), FormatError> {
        match kind {
            Kind::Post => self.add_posts(file),
            Kind::Bar => {
                let mut table = Table::read(file, |_| true)?;
                for bar in read_bars(&mut table, source)? {
                    self.add_bar(bar);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Only the columns that count are read.
    fn add_posts(&mut self, file: Bytes) -> Result<(), FormatError> {
        let wanted = ["author", "cashtags", "repost"];
        let mut table = Table::read(file, |name| wanted.contains(&name))?;
        let authors = table.texts("author")?;
        let reposts = table.flags("repost")?;
        let cashtags = table.lists_of_texts("cashtags")?;
        for ((author, is_repost), tickers) in authors.into_iter().zip(reposts).zip(cashtags) {
            // Twice in a post is one mention.
            for ticker in BTreeSet::from_iter(tickers) {
                let sum = self.mentions.entry(ticker).or_default();
                sum.n_posts += 1;
                sum.n_reposts += u64::from(is_repost);
                if !author.is_empty() {
                    sum.authors.insert(author.clone());
                }
            }
        }
        Ok(())
    }

    fn add_bar(&mut self, bar: Bar) {
        if day_of(bar.open_at) != self.day || bar.width > DAY {
            return;
        }
        let key = (bar.ticker.clone(), bar.currency.clone(), bar.width);
        let sum = self.prices.entry(key).or_insert_with(|| Prices {
            first: bar.clone(),
            last: bar.clone(),
            high: bar.high,
            low: bar.low,
            volume: None,
            volumes: None,
            market_caps: None,
            n_bars: 0,
        });
        sum.n_bars += 1;
        sum.high = sum.high.max(bar.high);
        sum.low = sum.low.min(bar.low);
        if let Some(volume) = bar.volume {
            sum.volume = Some(sum.volume.unwrap_or(0.0) + volume);
            widen(&mut sum.volumes, volume);
        }
        if let Some(market_cap) = bar.market_cap {
            widen(&mut sum.market_caps, market_cap);
        }
        if bar.open_at < sum.first.open_at {
            sum.first = bar;
        } else if bar.open_at > sum.last.open_at {
            sum.last = bar;
        }
    }

    /// The tables that have rows.
    pub(crate) fn files(&self) -> Result<Vec<(&'static str, Vec<u8>)>, FormatError> {
        let mut files = Vec::new();
        if !self.mentions.is_empty() {
            files.push((MENTIONS, self.mentions_file()?));
        }
        if !self.prices.is_empty() {
            files.push((PRICES, self.prices_file()?));
        }
        Ok(files)
    }

    fn mentions_file(&self) -> Result<Vec<u8>, FormatError> {
        let (mut columns, sums) = (Columns::default(), || self.mentions.values());
        columns.words("ticker", self.mentions.keys().map(String::as_str));
        columns.counts("n_posts", sums().map(|sum| sum.n_posts));
        columns.counts("n_reposts", sums().map(|sum| sum.n_reposts));
        columns.counts("n_authors", sums().map(|sum| sum.authors.len() as u64));
        file(columns, MENTIONS)
    }

    fn prices_file(&self) -> Result<Vec<u8>, FormatError> {
        let (mut columns, sums) = (Columns::default(), || self.prices.values());
        let keys = || self.prices.keys();
        columns.words("ticker", keys().map(|(ticker, ..)| ticker.as_str()));
        columns.words("currency", keys().map(|(_, currency, _)| currency.as_str()));
        columns.lengths("width", keys().map(|(.., width)| *width));
        columns.numbers("open", sums().map(|sum| sum.first.open));
        columns.numbers("high", sums().map(|sum| sum.high));
        columns.numbers("low", sums().map(|sum| sum.low));
        columns.numbers("close", sums().map(|sum| sum.last.close));
        columns.optional_numbers("volume", sums().map(|sum| sum.volume));
        columns.counts("n_bars", sums().map(|sum| sum.n_bars));
        let volumes = || sums().map(|sum| sum.volumes);
        columns.optional_numbers("volume_min", volumes().map(|v| Some(v?.0)));
        columns.optional_numbers("volume_max", volumes().map(|v| Some(v?.1)));
        let caps = || sums().map(|sum| sum.market_caps);
        columns.optional_numbers("market_cap_min", caps().map(|cap| Some(cap?.0)));
        columns.optional_numbers("market_cap_max", caps().map(|cap| Some(cap?.1)));
        file(columns, PRICES)
    }
}

fn file(columns: Columns, table: &str) -> Result<Vec<u8>, FormatError> {
    let notes = [("moodtape.daily", table)];
    write(Codec::default(), std::iter::once(columns), &notes)
}

fn widen(range: &mut Option<MinMax>, value: f64) {
    let (min, max) = range.unwrap_or((value, value));
    *range = Some((min.min(value), max.max(value)));
}
