//! Least and greatest prices, market capitalisation and volume by month, beside what was posted.

use std::collections::BTreeMap;

use wire::{Millis, time::DAY};

use crate::{
    engine::{Engine, MAX_TIME},
    series::{
        Bucket,
        calendar::{Date, Level, Zone},
    },
    view::{MonthRow, MonthsView},
};

impl Engine {
    /// Of all months of the ticker, whatever the range, by the bars that cover most of them.
    #[inline(never)]
    pub(super) fn months(&self, id: Option<u32>, now: Millis) -> MonthsView {
        let found = id.and_then(|id| self.tickers.get(id));
        let prices = found.and_then(|ticker| ticker.prices(-MAX_TIME..MAX_TIME));
        let covered = self.covered(now);
        let zone = Zone::utc();
        let mut rows: BTreeMap<Millis, (MonthRow, Bucket)> = BTreeMap::new();
        for (year, month, row) in prices.iter().flat_map(|prices| prices.months.rows()) {
            let start = start_of(year, month);
            let (_, end) = zone.cell(Level::Month, start);
            // A close belongs to the bar before it.
            let mut closes = prices.iter().flat_map(|p| p.closes.range(start + 1..=end));
            let first = closes.next();
            let change = first
                .zip(closes.next_back())
                .map(|((_, first), (_, last))| (last / first).ln());
            let entry = rows.entry(start).or_default();
            entry.0 = MonthRow {
                price: row.price,
                market_cap: row.market_cap,
                volume: row.volume,
                n_bars: row.n_bars,
                change: change.filter(|change| change.is_finite()),
                ..MonthRow::default()
            };
        }
        let days = found.map(|_| self.chart_grids(found).grid(DAY).cells(i64::MIN, i64::MAX));
        for (day, bucket) in days.into_iter().flatten() {
            let (start, _) = zone.cell(Level::Month, day * DAY);
            rows.entry(start).or_default().1.merge(bucket);
        }
        let row = |(start, (row, posts)): (Millis, (MonthRow, Bucket))| MonthRow {
            start,
            counts: {
                let (_, end) = zone.cell(Level::Month, start);
                let is_known = posts.n > 0 || covered.meets(start, end);
                is_known.then(|| posts.counts())
            },
            ..row
        };
        MonthsView {
            ticker: self.symbol_shown(found),
            currency: prices.map_or(String::new(), |prices| prices.currency.to_owned()),
            bar_width: prices.map_or(0, |prices| prices.width),
            rows: rows.into_iter().map(row).collect(),
        }
    }
}

fn start_of(year: i64, month: u8) -> Millis {
    Date {
        year,
        month,
        day: 1,
    }
    .days()
        * DAY
}
