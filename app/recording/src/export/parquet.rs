//! Tables as Parquet: every column optional, times as time stamps, meanings in the file's notes.

use archive::{Codec, Columns, FormatError, write_table};

use crate::table::{Cell, Column, Kind, Table};

/// Rows in a group: what a reader has to hold in memory at once.
const GROUP: usize = 100_000;

/// A file that grows by groups of rows.
pub(super) struct File {
    /// Rows that make no group yet.
    table: Table,
    groups: Vec<Columns>,
}

impl File {
    pub(super) fn new(table: Table) -> Self {
        Self {
            table,
            groups: Vec::new(),
        }
    }

    /// Adds rows; those of another table take the place of a table without rows.
    pub(super) fn take(&mut self, mut table: Table) {
        if self.table.columns == table.columns {
            self.table.rows.append(&mut table.rows);
        } else {
            self.table = table;
        }
        if self.table.rows.len() >= GROUP {
            self.close_group();
        }
    }

    pub(super) fn finish(mut self) -> Result<Vec<u8>, FormatError> {
        // A table without rows has columns all the same.
        if !self.table.rows.is_empty() || self.groups.is_empty() {
            self.close_group();
        }
        let meanings: Vec<(String, String)> = self.table.columns.iter().map(meaning).collect();
        let meanings = meanings.iter();
        let meanings = meanings.map(|(name, about)| (name.as_str(), about.as_str()));
        let notes: Vec<(&str, &str)> = [("moodtape.table", self.table.name)]
            .into_iter()
            .chain(meanings)
            .collect();
        write_table(Codec::Snappy, self.groups.into_iter(), &notes)
    }

    fn close_group(&mut self) {
        let rows = std::mem::take(&mut self.table.rows);
        self.groups.push(columns(self.table.columns, &rows));
    }
}

fn meaning(column: &Column) -> (String, String) {
    let unit = match column.unit {
        "" => String::new(),
        unit => format!(" [{unit}]"),
    };
    (
        format!("column.{}", column.name),
        format!("{}{unit}", column.about),
    )
}

fn columns(columns: &[Column], rows: &[Vec<Cell>]) -> Columns {
    let mut out = Columns::default();
    for (place, column) in columns.iter().enumerate() {
        let cells = rows.iter().map(|row| row.get(place));
        match column.kind {
            Kind::Text => out.optional_words(column.name, cells.map(|cell| text(cell?))),
            Kind::Integer => out.optional_integers(column.name, cells.map(|cell| integer(cell?))),
            Kind::Time => out.optional_times(column.name, cells.map(|cell| integer(cell?))),
            Kind::Number => out.optional_numbers(column.name, cells.map(|cell| number(cell?))),
            Kind::Flag => out.optional_flags(column.name, cells.map(|cell| flag(cell?))),
        }
    }
    out
}

fn text(cell: &Cell) -> Option<&str> {
    match cell {
        Cell::Text(text) => Some(text),
        _ => None,
    }
}

fn integer(cell: &Cell) -> Option<i64> {
    match cell {
        Cell::Integer(integer) => Some(*integer),
        _ => None,
    }
}

fn number(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Number(number) => Some(*number),
        Cell::Integer(integer) => Some(*integer as f64),
        _ => None,
    }
}

fn flag(cell: &Cell) -> Option<bool> {
    match cell {
        Cell::Flag(flag) => Some(*flag),
        _ => None,
    }
}
