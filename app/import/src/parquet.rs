//! Parquet files: those of this program's archive, and tables of posts or prices with columns like any other
//! table's. Their directory stands at the end, so a file is read once it is there as a whole, some thousand
//! rows at a time.

use std::vec;

use bytes::Bytes;
use parquet::{
    file::{reader::FileReader, serialized_reader::SerializedFileReader},
    record::{Field, Row, reader::RowIter},
};
use wire::{Event, author::AuthorKey, formats::price_csv};

use crate::{Choice, Encoding, Kind, Report, dialect, prices, table::Columns};

/// How every such file begins.
pub(crate) const MAGIC: &[u8] = b"PAR1";

/// Rows that are read at once.
const STEP: usize = 4_096;

/// A file that is being read.
pub(crate) enum Reading {
    /// Events of the archive.
    Events(vec::IntoIter<Event>),
    Posts(Rows, Columns),
    Prices(Rows, price_csv::Reader),
}

/// Rows as they come, with the number of the last one.
pub(crate) struct Rows {
    rows: RowIter<'static>,
    n_rows: u64,
}

/// What a file is taken for, and its first rows, the names of its columns before them.
pub(crate) fn detect(name: &str, bytes: Bytes) -> Option<(Choice, Vec<Vec<String>>)> {
    let choice = |kind| Choice {
        kind,
        delimiter: b',',
        ..Choice::default()
    };
    let file = SerializedFileReader::new(bytes).ok()?;
    let is_ours = is_of_archive(&file);
    let mut rows = vec![names(&file)];
    let read = Rows::of(file).rows.take(dialect::N_ROWS);
    rows.extend(read.filter_map(Result::ok).map(|row| cells(&row)));
    let found = match () {
        () if is_ours => choice(Kind::Moodtape),
        () if is_of_prices(rows.first()?) => choice(Kind::Prices),
        () => dialect::detect_rows(name, &rows, Encoding::Utf8, b',')?,
    };
    Some((found, rows))
}

/// Begins to read a file.
pub(crate) fn open(name: &str, bytes: Vec<u8>, said: Option<&Choice>) -> Result<Reading, String> {
    let bytes = Bytes::from(bytes);
    let file = SerializedFileReader::new(bytes.clone()).map_err(|error| error.to_string())?;
    if is_of_archive(&file) {
        let events = archive::decode(bytes).map_err(|error| error.to_string())?;
        return Ok(Reading::Events(events.into_iter()));
    }
    let header = names(&file);
    if is_of_prices(&header) {
        let mut reader = price_csv::Reader::new(name);
        let taken = reader.push(1, &header.join(","));
        taken.map_err(|error| error.to_string())?;
        return Ok(Reading::Prices(Rows::of(file), reader));
    }
    let choice = match said.filter(|said| said.roles.len() == header.len()) {
        Some(said) => Some(said.clone()),
        None => detect(name, bytes).map(|(choice, _)| choice),
    };
    let choice = choice.filter(|choice| choice.kind == Kind::Posts);
    let choice = choice.ok_or("its columns are neither those of posts nor of prices")?;
    Ok(Reading::Posts(Rows::of(file), Columns::new(&choice)))
}

impl Reading {
    /// Reads some more; `None` at the end.
    pub(crate) fn step(
        mut self,
        key: &AuthorKey,
        report: &mut Report,
        out: &mut Vec<Event>,
    ) -> Option<Self> {
        match &mut self {
            Self::Events(events) => {
                for event in events.by_ref().take(STEP) {
                    report.n_rows += 1;
                    report.take(&event);
                    out.push(event);
                }
                (events.len() > 0).then_some(self)
            }
            Self::Posts(rows, columns) => {
                let n = rows.step(report, |row, cells, report| {
                    let (mut bytes, mut ends) = (Vec::new(), Vec::new());
                    for cell in cells {
                        bytes.extend_from_slice(cell.as_bytes());
                        ends.push(bytes.len());
                    }
                    columns.read((row, &bytes, &ends), key, report, out);
                });
                (n > 0).then_some(self)
            }
            Self::Prices(rows, reader) => {
                let n = rows.step(report, |row, cells, report| {
                    report.n_rows += 1;
                    let line = cells.join(",");
                    if let Err(error) = reader.push(row, &line) {
                        report.refuse(error, row, &line);
                    }
                });
                if n > 0 {
                    return Some(self);
                }
                if let Self::Prices(_, reader) = self {
                    prices::finish(reader, report, out);
                }
                None
            }
        }
    }
}

impl Rows {
    fn of(file: SerializedFileReader<Bytes>) -> Self {
        Self {
            rows: RowIter::from_file_into(Box::new(file)),
            // The names of the columns are the first one, as in any table.
            n_rows: 1,
        }
    }

    /// Hands some rows on; returns how many there were.
    fn step(
        &mut self,
        report: &mut Report,
        mut take: impl FnMut(u64, Vec<String>, &mut Report),
    ) -> usize {
        let mut n = 0;
        for row in self.rows.by_ref().take(STEP) {
            self.n_rows += 1;
            match row {
                Ok(row) => take(self.n_rows, cells(&row), report),
                Err(error) => {
                    report.n_rows += 1;
                    report.refuse_as("parquet", &error.to_string(), self.n_rows, "");
                    // What follows a damaged page cannot be told apart.
                    return 0;
                }
            }
            n += 1;
        }
        n
    }
}

fn is_of_archive(file: &SerializedFileReader<Bytes>) -> bool {
    let notes = file.metadata().file_metadata().key_value_metadata();
    let mut notes = notes.into_iter().flatten();
    notes.any(|note| note.key == "moodtape.kind")
}

fn is_of_prices(header: &[String]) -> bool {
    price_csv::is_header(&header.join(","))
}

fn names(file: &SerializedFileReader<Bytes>) -> Vec<String> {
    let schema = file.metadata().file_metadata().schema();
    let fields = schema.get_fields().iter();
    fields.map(|field| field.name().to_owned()).collect()
}

fn cells(row: &Row) -> Vec<String> {
    row.get_column_iter()
        .map(|(_, field)| cell(field))
        .collect()
}

/// As it would stand in a table of text: times as milliseconds since 1970, dates as dates.
fn cell(field: &Field) -> String {
    const DAY: i64 = wire::time::DAY;
    match field {
        Field::Null => String::new(),
        Field::Str(text) => text.clone(),
        Field::Bytes(bytes) => String::from_utf8_lossy(bytes.data()).into_owned(),
        Field::TimestampMillis(at) => at.to_string(),
        Field::TimestampMicros(at) => at.div_euclid(1_000).to_string(),
        Field::Date(days) => (i64::from(*days) * DAY).to_string(),
        other => other.to_string(),
    }
}
