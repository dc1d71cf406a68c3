//! The header of a price table: which column holds what.

use crate::{Millis, formats::calendar};

/// Where each quantity stands in a row.
#[derive(Debug)]
pub(super) struct Columns {
    time_idx: usize,
    is_epoch: bool,
    price_idxs: [usize; 4],
    symbol_idx: Option<usize>,
    market_cap_idx: Option<usize>,
    /// Volume columns with what their name says behind `volume`, e.g. `btc`.
    volumes: Vec<(usize, String)>,
}

/// Whether a line is the header of a price table: it names a time, open, high, low and close.
pub fn is_header(line: &str) -> bool {
    Columns::find(line).is_some()
}

/// Which columns of a price table with this header are read; `None` for a line that is no such header.
pub fn used(header: &str) -> Option<Vec<bool>> {
    let columns = Columns::find(header)?;
    let is_used = |idx: usize| {
        idx == columns.time_idx
            || columns.price_idxs.contains(&idx)
            || [columns.symbol_idx, columns.market_cap_idx].contains(&Some(idx))
            || columns.volumes.iter().any(|(volume, _)| *volume == idx)
    };
    Some((0..split(header).len()).map(is_used).collect())
}

impl Columns {
    /// Reads a header; `None` when it lacks a column that a bar needs.
    pub(super) fn find(line: &str) -> Option<Self> {
        let names: Vec<String> = split(line).iter().map(|name| plain(name)).collect();
        let idx_of = |wanted: &[&str]| {
            wanted
                .iter()
                .find_map(|name| names.iter().position(|n| n == name))
        };
        let epoch_idx = idx_of(&["unix", "unixtime", "unixtimestamp", "time", "timestampms"]);
        let date_idx = idx_of(&["date", "timestamp", "datetime", "opentime"]);
        let volumes = names
            .iter()
            .enumerate()
            .filter_map(|(idx, name)| Some((idx, name.strip_prefix("volume")?.to_owned())));
        Some(Self {
            time_idx: epoch_idx.or(date_idx)?,
            is_epoch: epoch_idx.is_some(),
            price_idxs: [
                idx_of(&["open"])?,
                idx_of(&["high"])?,
                idx_of(&["low"])?,
                idx_of(&["close"])?,
            ],
            symbol_idx: idx_of(&["symbol", "ticker", "pair"]),
            market_cap_idx: idx_of(&["marketcap"]),
            volumes: volumes.collect(),
        })
    }

    /// The time column holds days, as far as its name says.
    pub(super) fn has_dates_only(&self) -> bool {
        !self.is_epoch
    }

    pub(super) fn open_at(&self, cells: &[String]) -> Option<Millis> {
        let text = cells.get(self.time_idx)?;
        calendar::parse_epoch(text).or_else(|| calendar::parse_table(text))
    }

    /// Open, high, low, close.
    pub(super) fn prices(&self, cells: &[String]) -> Option<[f64; 4]> {
        let [open, high, low, close] = self.price_idxs.map(|idx| number(cells, idx));
        Some([open?, high?, low?, close?])
    }

    pub(super) fn symbol<'a>(&self, cells: &'a [String]) -> Option<&'a str> {
        cells.get(self.symbol_idx?).map(|cell| cell.trim())
    }

    pub(super) fn market_cap(&self, cells: &[String]) -> Option<f64> {
        number(cells, self.market_cap_idx?)
    }

    /// Volume in units of the instrument and its worth in `currency`, each where the row has it.
    pub(super) fn volumes(
        &self,
        cells: &[String],
        currency: &str,
    ) -> Option<(Option<f64>, Option<f64>)> {
        let is_worth = |name: &str| {
            matches!(name, "to" | "currency" | "quote") || name.eq_ignore_ascii_case(currency)
        };
        let cell_of = |wants_worth: bool| {
            let mut columns = self
                .volumes
                .iter()
                .filter(|(_, name)| is_worth(name) == wants_worth);
            columns.next().and_then(|(idx, _)| number(cells, *idx))
        };
        (!self.volumes.is_empty()).then(|| (cell_of(false), cell_of(true)))
    }
}

/// Splits a row at its commas; a quoted cell may hold commas and doubled quotes.
pub(super) fn split(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut is_quoted = false;
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if is_quoted && characters.peek() == Some(&'"') => {
                characters.next();
                push(&mut cells, '"');
            }
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => cells.push(String::new()),
            _ => push(&mut cells, character),
        }
    }
    cells
}

fn push(cells: &mut [String], character: char) {
    if let Some(cell) = cells.last_mut() {
        cell.push(character);
    }
}

/// `Volume_(BTC)` → `volumebtc`, so that spelling does not matter.
fn plain(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// `inf` and `NaN` are numbers to Rust; [`crate::Bar::check`] refuses them.
fn number(cells: &[String], idx: usize) -> Option<f64> {
    cells.get(idx)?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_cells_keep_their_commas() {
        assert_eq!(split(r#"a,"b,""c""",,d"#), ["a", "b,\"c\"", "", "d"]);
        assert_eq!(split(""), [""]);
    }

    #[test]
    fn a_column_that_no_bar_needs_is_not_read() {
        let used = used("Date,Open,High,Low,Close,Adj Close,Volume").unwrap();

        assert_eq!(used, [true, true, true, true, true, false, true]);
        assert_eq!(super::used("Date,Open"), None);
    }

    #[test]
    fn a_header_needs_a_time_and_four_prices() {
        assert!(is_header(
            "time,close,high,low,open,volumefrom,volumeto,mid"
        ));
        assert!(is_header(
            "\u{feff}Date,Open,High,Low,Close,Adj Close,Volume"
        ));
        assert!(!is_header("Date,Open,High,Low,Adj Close"));
        assert!(!is_header("https://www.example.org"));
    }
}
