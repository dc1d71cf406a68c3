//! Tables of prices: a header line, then a row a bar. Columns are found by their names, never by position.
//!
//! Known to be read: Yahoo-style daily tables, CryptoDataDownload's tables of Bitstamp and others
//! (newest first, an advertisement above the header, `12-AM` hours, swapped volume columns) and
//! CryptoCompare's `time,close,high,low,open,volumefrom,volumeto`.

mod columns;
mod name;

use std::collections::BTreeMap;

use crate::{
    Bar, Millis,
    bar::BarError,
    formats::FormatError,
    time::{DAY, HOUR, MINUTE},
};
use columns::Columns;
pub use columns::{is_header, used};
pub use name::FileName;

/// How many lines may stand above the header.
pub const MAX_PREAMBLE: usize = 3;

/// How far `volume × price` may be from the volume in money and still be the same trades.
const SAME_TRADES: std::ops::Range<f64> = 0.5..2.0;

/// Takes a table in line by line, in any order of time, and gives its bars in order.
///
/// The whole table is held, 80 bytes a row: many tables begin with their newest row, and the length
/// of a bar only shows in the distances between rows.
#[derive(Debug)]
pub struct Reader {
    name: FileName,
    columns: Option<Columns>,
    n_preamble: usize,
    symbols: Vec<Symbol>,
    rows: Vec<Row>,
    n_swapped: u64,
    n_dropped_volumes: u64,
}

/// A table that has been read.
#[derive(Debug)]
pub struct PriceTable {
    source: String,
    symbols: Vec<Symbol>,
    rows: Vec<Row>,
    /// Rows that are good in themselves and refused all the same, with their line numbers.
    pub refused: Vec<(u64, FormatError)>,
    /// Rows whose two volume columns were swapped, against their header, and put right.
    pub n_swapped: u64,
    /// Rows that lost their volume because its two columns contradict each other and the prices.
    pub n_dropped_volumes: u64,
}

#[derive(Debug)]
struct Symbol {
    /// As it stands in the table; empty when the file's name says it.
    cell: String,
    ticker: String,
    currency: String,
    width: Millis,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    open_at: Millis,
    line_no: u64,
    symbol_idx: usize,
    prices: [f64; 4],
    volume: Option<f64>,
    market_cap: Option<f64>,
}

impl Reader {
    /// A reader for the file of this name. What no column says is taken from the name, so the
    /// folder belongs to it where there is one: `stocknet/prices/AAPL.csv`.
    pub fn new(path: &str) -> Self {
        Self {
            name: FileName::parse(path),
            columns: None,
            n_preamble: 0,
            symbols: Vec::new(),
            rows: Vec::new(),
            n_swapped: 0,
            n_dropped_volumes: 0,
        }
    }

    /// Takes one line in; the header and the lines above it are not rows and no errors.
    ///
    /// # Errors
    /// Why the row is not a bar. Count it, and go on with the next line.
    pub fn push(&mut self, line_no: u64, line: &str) -> Result<(), FormatError> {
        let line = line
            .trim_start_matches('\u{feff}')
            .trim_end_matches(['\r', '\n']);
        if line.trim().is_empty() {
            return Ok(());
        }
        match self.columns.take() {
            Some(columns) => {
                let row = self.read_row(&columns, line_no, line);
                self.columns = Some(columns);
                self.rows.push(row?);
            }
            None => {
                self.columns = Columns::find(line);
                let is_preamble = self.columns.is_some() || self.n_preamble < MAX_PREAMBLE;
                self.n_preamble += 1;
                return if is_preamble {
                    Ok(())
                } else {
                    Err(FormatError::UnknownBody)
                };
            }
        }
        Ok(())
    }

    /// The table, its bars in order of `close_at` and then of their lines.
    pub fn finish(mut self) -> PriceTable {
        self.rows.sort_by_key(|row| (row.open_at, row.line_no));
        for idx in 0..self.symbols.len() {
            let times = self
                .rows
                .iter()
                .filter(|row| row.symbol_idx == idx)
                .map(|row| row.open_at);
            let width = usual_distance(times)
                .or(self.name.width)
                .or_else(|| self.width_of_time_column());
            self.symbols[idx].width = width.unwrap_or(0);
        }
        let symbols = self.symbols;
        let (mut rows, unclear): (Vec<Row>, Vec<Row>) = self
            .rows
            .into_iter()
            .partition(|row| symbols[row.symbol_idx].width > 0);
        rows.sort_by_key(|row| (row.open_at + symbols[row.symbol_idx].width, row.line_no));
        PriceTable {
            source: self.name.source,
            symbols,
            rows,
            refused: unclear
                .into_iter()
                .map(|row| (row.line_no, FormatError::Width))
                .collect(),
            n_swapped: self.n_swapped,
            n_dropped_volumes: self.n_dropped_volumes,
        }
    }

    fn read_row(
        &mut self,
        columns: &Columns,
        line_no: u64,
        line: &str,
    ) -> Result<Row, FormatError> {
        let cells = columns::split(line);
        let open_at = columns.open_at(&cells).ok_or(FormatError::Date)?;
        let prices = columns.prices(&cells).ok_or(FormatError::Price)?;
        let symbol_idx = self.symbol_idx(columns, &cells)?;
        let mut volume = None;
        if let Some((stated, money)) = columns.volumes(&cells, &self.symbols[symbol_idx].currency) {
            volume = stated;
            if let (Some(base), Some(money)) = (stated, money) {
                volume = self.settle_volume(base, money, &prices);
            }
        }
        let row = Row {
            open_at,
            line_no,
            symbol_idx,
            prices,
            volume,
            market_cap: columns.market_cap(&cells),
        };
        self.check(&row)?;
        Ok(row)
    }

    /// The volume in units of the instrument, from the two columns that should hold it and its worth.
    fn settle_volume(
        &mut self,
        base: f64,
        money: f64,
        [_, high, low, _]: &[f64; 4],
    ) -> Option<f64> {
        let price = f64::midpoint(*high, *low);
        let is_same = |base: f64, money: f64| SAME_TRADES.contains(&(money / (base * price)));
        let is_empty = base.abs() + money.abs() < f64::MIN_POSITIVE;
        if is_empty || is_same(base, money) {
            return Some(base);
        }
        if is_same(money, base) {
            self.n_swapped += 1;
            return Some(money);
        }
        self.n_dropped_volumes += 1;
        None
    }

    fn symbol_idx(&mut self, columns: &Columns, cells: &[String]) -> Result<usize, FormatError> {
        let cell = columns.symbol(cells).unwrap_or_default();
        if let Some(idx) = self.symbols.iter().position(|symbol| symbol.cell == cell) {
            return Ok(idx);
        }
        let (ticker, currency) = if cell.is_empty() {
            (self.name.ticker.clone(), self.name.currency.clone())
        } else {
            name::split_pair(cell)
                .or_else(|| Some((cell.to_ascii_uppercase(), None)))
                .unwrap_or_default()
        };
        if !name::is_ticker(&ticker) {
            return Err(FormatError::Symbol);
        }
        let currency = currency.unwrap_or_else(|| "USD".to_owned());
        self.symbols.push(Symbol {
            cell: cell.to_owned(),
            ticker,
            currency,
            width: 0,
        });
        Ok(self.symbols.len() - 1)
    }

    /// Applies the rules of [`Bar::check`]; the width is known only at the end.
    fn check(&self, row: &Row) -> Result<(), FormatError> {
        match self.symbols[row.symbol_idx].bar(row, "", MINUTE).check() {
            Ok(()) => Ok(()),
            Err(BarError::Volume) => Err(FormatError::Volume),
            Err(BarError::Price | BarError::Order | BarError::Width) => Err(FormatError::Price),
        }
    }

    fn width_of_time_column(&self) -> Option<Millis> {
        let is_daily = !self.rows.is_empty() && self.rows.iter().all(|row| row.open_at % DAY == 0);
        let is_dated = self
            .columns
            .as_ref()
            .is_some_and(|columns| columns.has_dates_only());
        (is_daily && is_dated).then_some(DAY)
    }
}

impl PriceTable {
    /// The bars with their line numbers, in order of `close_at`.
    pub fn bars(&self) -> impl ExactSizeIterator<Item = (u64, Bar)> + '_ {
        (0..self.rows.len()).map(|idx| self.bar_at(idx))
    }

    /// The bar at a place in the order, with its line number; `None` behind the last one.
    pub fn bar(&self, idx: usize) -> Option<(u64, Bar)> {
        (idx < self.rows.len()).then(|| self.bar_at(idx))
    }

    /// How many bars there are.
    pub fn n_bars(&self) -> usize {
        self.rows.len()
    }

    fn bar_at(&self, idx: usize) -> (u64, Bar) {
        let row = &self.rows[idx];
        let symbol = &self.symbols[row.symbol_idx];
        (row.line_no, symbol.bar(row, &self.source, symbol.width))
    }
}

impl Symbol {
    fn bar(&self, row: &Row, source: &str, width: Millis) -> Bar {
        let [open, high, low, close] = row.prices;
        Bar {
            ticker: self.ticker.clone(),
            currency: self.currency.clone(),
            source: source.to_owned(),
            open_at: row.open_at,
            width,
            open,
            high,
            low,
            close,
            volume: row.volume,
            market_cap: row.market_cap,
        }
    }
}

/// The most frequent distance between neighbours; the smaller of two equally frequent ones.
fn usual_distance(times: impl Iterator<Item = Millis>) -> Option<Millis> {
    let mut counts = BTreeMap::<Millis, u64>::new();
    let mut before = None;
    for time in times {
        let distance = before.replace(time).map_or(0, |before| time - before);
        if distance > 0 {
            *counts.entry(distance).or_default() += 1;
        }
    }
    let most = counts.values().copied().max()?;
    counts
        .into_iter()
        .find(|(_, count)| *count == most)
        .map(|(distance, _)| distance)
}

/// Reads a width as file names have it: `1h`, `d`, `5m`.
fn parse_width(token: &str) -> Option<Millis> {
    let digits = token.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let amount: Millis = if digits.is_empty() {
        1
    } else {
        digits.parse().ok()?
    };
    let unit = match token[digits.len()..].to_ascii_lowercase().as_str() {
        "m" | "min" | "minute" => MINUTE,
        "h" | "hour" | "hourly" => HOUR,
        "d" | "day" | "daily" => DAY,
        _ => return None,
    };
    (1..=1_000).contains(&amount).then_some(amount * unit)
}

#[cfg(test)]
mod tests;
