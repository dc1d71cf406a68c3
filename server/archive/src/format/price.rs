//! Bars in columns.

use wire::{Bar, Body, Event};

use super::{bodies, next};
use crate::columns::{Columns, FormatError, Table};

pub(super) fn write(columns: &mut Columns, events: &[Event]) {
    let bars = || bodies!(events, Bar);
    columns.words("ticker", bars().map(|bar| bar.ticker.as_str()));
    columns.words("currency", bars().map(|bar| bar.currency.as_str()));
    columns.times("open_at", bars().map(|bar| bar.open_at));
    columns.lengths("width", bars().map(|bar| bar.width));
    columns.numbers("open", bars().map(|bar| bar.open));
    columns.numbers("high", bars().map(|bar| bar.high));
    columns.numbers("low", bars().map(|bar| bar.low));
    columns.numbers("close", bars().map(|bar| bar.close));
    columns.optional_numbers("volume", bars().map(|bar| bar.volume));
    columns.optional_numbers("market_cap", bars().map(|bar| bar.market_cap));
}

pub(super) fn read(table: &mut Table, source: &str) -> Result<Vec<Body>, FormatError> {
    let bars = read_bars(table, source)?.into_iter();
    Ok(bars.map(Body::Bar).collect())
}

/// Every bar is checked as if it came from the network.
pub(crate) fn read_bars(table: &mut Table, source: &str) -> Result<Vec<Bar>, FormatError> {
    let mut tickers = table.texts("ticker")?.into_iter();
    let mut currencies = table.texts("currency")?.into_iter();
    let mut opened = table.integers("open_at")?.into_iter();
    let mut widths = table.integers("width")?.into_iter();
    let mut opens = table.numbers("open")?.into_iter();
    let mut highs = table.numbers("high")?.into_iter();
    let mut lows = table.numbers("low")?.into_iter();
    let mut closes = table.numbers("close")?.into_iter();
    let mut volumes = table.optional_numbers("volume")?.into_iter();
    let mut caps = table.optional_numbers("market_cap")?.into_iter();
    let mut bars = Vec::with_capacity(table.n_rows());
    for _ in 0..table.n_rows() {
        let bar = Bar {
            ticker: next(&mut tickers, "ticker")?,
            currency: next(&mut currencies, "currency")?,
            source: source.to_owned(),
            open_at: next(&mut opened, "open_at")?,
            width: next(&mut widths, "width")?,
            open: next(&mut opens, "open")?,
            high: next(&mut highs, "high")?,
            low: next(&mut lows, "low")?,
            close: next(&mut closes, "close")?,
            volume: next(&mut volumes, "volume")?,
            market_cap: next(&mut caps, "market_cap")?,
        };
        bar.check().map_err(|_| FormatError::Value("close"))?;
        bars.push(bar);
    }
    Ok(bars)
}
