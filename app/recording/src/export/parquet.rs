//! Tables as Parquet: every column optional, times as time stamps, meanings in the file's notes.

use archive::{Columns, FormatError, write_table};

use crate::table::{Cell, Column, Kind, Table};

/// Rows in a group: what a reader has to hold in memory at once.
const GROUP: usize = 100_000;

pub(super) fn write(table: &Table) -> Result<Vec<u8>, FormatError> {
    let meanings: Vec<(String, String)> = table.columns.iter().map(meaning).collect();
    let mut notes = vec![("moodtape.table", table.name)];
    notes.extend(
        meanings
            .iter()
            .map(|(name, about)| (name.as_str(), about.as_str())),
    );
    // A table without rows has columns all the same.
    let groups = table
        .rows
        .chunks(GROUP)
        .map(|rows| columns(table.columns, rows));
    let empty = table.rows.is_empty().then(|| columns(table.columns, &[]));
    write_table(groups.chain(empty), &notes)
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
