//! A chart's numbers, to read as a table and to save as CSV.

use wire::Millis;

use crate::format;

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A moment: in the reader's zone in a table, ISO 8601 in UTC in a file.
    Time(Millis),
    /// A number with its text, which may be rounded and have a unit; a file gets the number.
    Number(f64, String),
    /// What is no number.
    Text(String),
    /// No value, and why; empty in a file.
    Gap(&'static str),
}

/// Rows under columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// What the columns hold, with units.
    pub columns: Vec<String>,
    /// In the order of the chart's axis.
    pub rows: Vec<Vec<Cell>>,
}

impl Cell {
    /// As a person reads it.
    pub fn text(&self) -> String {
        match self {
            Self::Time(at) => format::date_time(*at),
            Self::Number(_, text) | Self::Text(text) => text.clone(),
            Self::Gap(why) => (*why).to_owned(),
        }
    }

    /// As programs read it.
    fn field(&self) -> String {
        match self {
            Self::Time(at) => format::iso(*at),
            Self::Number(value, _) => plain(*value),
            Self::Text(text) => quoted(text),
            Self::Gap(_) => String::new(),
        }
    }
}

impl Table {
    /// RFC 4180, with a line of names.
    pub fn csv(&self) -> String {
        let names = self.columns.iter().map(|name| quoted(name));
        let mut text = names.collect::<Vec<_>>().join(",");
        for row in &self.rows {
            text.push_str("\r\n");
            text.push_str(&row.iter().map(Cell::field).collect::<Vec<_>>().join(","));
        }
        text.push_str("\r\n");
        text
    }
}

/// Ten decimals at most, none that say nothing; empty for what is no number.
fn plain(value: f64) -> String {
    if !value.is_finite() {
        return String::new();
    }
    let text = format!("{value:.10}");
    match text.trim_end_matches('0').trim_end_matches('.') {
        "-0" => "0".to_owned(),
        text => text.to_owned(),
    }
}

/// A field that a spreadsheet takes for text, even where it looks like a formula.
fn quoted(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '@', '\t']);
    let guard = if is_formula { "'" } else { "" };
    match is_formula || text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{guard}{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_holds_plain_numbers_utc_times_and_empty_gaps() {
        let table = Table {
            columns: vec!["From".into(), "Close, USD".into(), "Posts".into()],
            rows: vec![
                vec![
                    Cell::Time(0),
                    Cell::Number(24_310.5, "24,310.50".into()),
                    Cell::Gap("no data"),
                ],
                vec![
                    Cell::Time(60_000),
                    Cell::Number(-0.0, "0".into()),
                    Cell::Text("a \"b\"".into()),
                ],
            ],
        };

        let expected = "From,\"Close, USD\",Posts\r\n1970-01-01T00:00:00Z,24310.5,\r\n1970-01-01T00:01:00Z,0,\"a \"\"b\"\"\"\r\n";
        assert_eq!(table.csv(), expected);
    }

    #[test]
    fn no_text_becomes_a_formula() {
        assert_eq!(quoted("=1+1"), "\"'=1+1\"");
        assert_eq!(quoted("BTC"), "BTC");
    }
}
