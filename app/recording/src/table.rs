//! Tables: columns with a unit and a meaning, rows of cells.

use serde::{Deserialize, Serialize};
use wire::Millis;

/// Rows under columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// In file names and in recordings.
    pub name: &'static str,
    /// What its columns are.
    pub columns: &'static [Column],
    /// As many cells each as there are columns.
    pub rows: Vec<Vec<Cell>>,
}

/// What stands in a column.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Column {
    /// Its name in every format.
    pub name: &'static str,
    /// What its values are.
    pub kind: Kind,
    /// What they are counted in; empty for names.
    pub unit: &'static str,
    /// What they mean.
    pub about: &'static str,
    /// What must be known to compute them.
    pub needs: Needs,
}

/// What the values of a column are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Characters.
    Text,
    /// Whole numbers.
    Integer,
    /// Numbers.
    Number,
    /// Unix milliseconds, UTC.
    Time,
    /// Yes or no.
    Flag,
}

/// What must be known to compute a column.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Needs {
    /// Counts and sums by five minutes, and prices.
    Buckets,
    /// Single posts, with or without their texts.
    Posts,
    /// Who wrote them, and what they say.
    People,
}

/// One value; what is not known is [`Cell::None`].
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Cell {
    /// There is no value.
    None,
    /// Yes or no.
    Flag(bool),
    /// A whole number or a time.
    Integer(i64),
    /// A finite number.
    Number(f64),
    /// Characters.
    Text(String),
}

/// A column that can be computed from buckets.
pub(crate) const fn column(
    name: &'static str,
    kind: Kind,
    unit: &'static str,
    about: &'static str,
) -> Column {
    Column {
        name,
        kind,
        unit,
        about,
        needs: Needs::Buckets,
    }
}

impl Column {
    /// The same, needing more.
    pub(crate) const fn needing(self, needs: Needs) -> Self {
        Self { needs, ..self }
    }
}

impl Table {
    /// An empty table.
    pub(crate) fn new(name: &'static str, columns: &'static [Column]) -> Self {
        Self {
            name,
            columns,
            rows: Vec::new(),
        }
    }
}

impl Cell {
    /// The same value: numbers to the tenth digit, since browsers and processors differ in the last ones.
    pub fn agrees(&self, other: &Self) -> bool {
        match (self.number(), other.number()) {
            (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0),
            _ => self == other,
        }
    }

    /// As a person reads it.
    pub fn shown(&self) -> String {
        match self {
            Self::None => "nothing".to_owned(),
            Self::Text(text) => text.clone(),
            other => serde_json::to_string(other).unwrap_or_default(),
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            Self::Integer(integer) => Some(*integer as f64),
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Millis> for Cell {
    fn from(at: Millis) -> Self {
        Self::Integer(at)
    }
}

impl From<u64> for Cell {
    fn from(count: u64) -> Self {
        Self::Integer(i64::try_from(count).unwrap_or(i64::MAX))
    }
}

impl From<u32> for Cell {
    fn from(count: u32) -> Self {
        Self::Integer(count.into())
    }
}

impl From<i32> for Cell {
    fn from(number: i32) -> Self {
        Self::Integer(number.into())
    }
}

impl From<f64> for Cell {
    fn from(number: f64) -> Self {
        // JSON has no other numbers.
        if number.is_finite() {
            Self::Number(number)
        } else {
            Self::None
        }
    }
}

impl From<f32> for Cell {
    fn from(number: f32) -> Self {
        f64::from(number).into()
    }
}

impl From<bool> for Cell {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::None, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_agree_to_the_tenth_digit_and_nothing_agrees_with_nothing_only() {
        assert!(Cell::from(0.1 + 0.2).agrees(&Cell::from(0.3)));
        assert!(Cell::from(3u32).agrees(&Cell::from(3.0)));
        assert!(!Cell::from(0.300_001).agrees(&Cell::from(0.3)));
        assert!(!Cell::None.agrees(&Cell::from(0.0)));
        assert!(Cell::None.agrees(&Cell::from(f64::NAN)));
    }

    #[test]
    fn a_cell_comes_back_from_its_json() {
        for cell in [
            Cell::None,
            Cell::from(true),
            Cell::from(-7i32),
            Cell::from(0.5),
            Cell::from("x"),
        ] {
            let json = serde_json::to_string(&cell).unwrap();

            assert_eq!(serde_json::from_str::<Cell>(&json).unwrap(), cell, "{json}");
        }
    }
}
