//! Reads columns by their names. A column that a file does not have is empty; one that is not asked for is
//! left alone, so that old files and new programs, and the other way round, go together.

use std::collections::BTreeMap;

use parquet::{
    column::reader::{ColumnReader, ColumnReaderImpl},
    data_type::{ByteArray, DataType},
    file::reader::{FileReader, RowGroupReader},
};
use wire::Millis;

use super::FormatError;
use crate::pages::Sound;

/// Rows that are read at once.
const STEP: usize = 8_192;

/// The wanted columns of a file.
#[derive(Default)]
pub(crate) struct Table {
    n_rows: usize,
    columns: BTreeMap<String, Column>,
}

#[derive(Default)]
struct Column {
    values: Option<Values>,
    definitions: Vec<i16>,
    repetitions: Vec<i16>,
}

enum Values {
    Flags(Vec<bool>),
    Integers(Vec<i64>),
    Numbers(Vec<f64>),
    Texts(Vec<ByteArray>),
}

/// The notes that a file carries besides its rows.
pub(crate) fn notes(file: &dyn FileReader) -> BTreeMap<String, String> {
    let notes = file.metadata().file_metadata().key_value_metadata();
    let notes = notes.into_iter().flatten();
    notes
        .filter_map(|note| Some((note.key.clone(), note.value.clone()?)))
        .collect()
}

impl Table {
    /// Reads the columns whose names `is_wanted` likes.
    #[cfg(feature = "tool")]
    pub(crate) fn read(
        file: bytes::Bytes,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Result<Self, FormatError> {
        use parquet::file::serialized_reader::SerializedFileReader;

        let file = SerializedFileReader::new(file)?;
        let mut table = Self::default();
        for n_group in 0..file.num_row_groups() {
            table.read_group(&Sound(file.get_row_group(n_group)?), &is_wanted)?;
        }
        Ok(table)
    }

    /// Reads one group of rows.
    pub(crate) fn of_group(file: &dyn FileReader, n_group: usize) -> Result<Self, FormatError> {
        let mut table = Self::default();
        table.read_group(&Sound(file.get_row_group(n_group)?), |_| true)?;
        Ok(table)
    }

    fn read_group(
        &mut self,
        group: &dyn RowGroupReader,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Result<(), FormatError> {
        let n_rows = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
        self.n_rows += n_rows;
        for (place, about) in group.metadata().columns().iter().enumerate() {
            let Some(name) = about.column_path().parts().first() else {
                continue;
            };
            if !is_wanted(name) {
                continue;
            }
            let column = self.columns.entry(name.clone()).or_default();
            column.read(group.get_column_reader(place)?, n_rows)?;
        }
        Ok(())
    }

    pub(crate) fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// All false where the file does not have them.
    pub(crate) fn flags(&mut self, name: &'static str) -> Result<Vec<bool>, FormatError> {
        match self.required(name)? {
            None => Ok(vec![false; self.n_rows]),
            Some(Values::Flags(values)) => Ok(values),
            Some(_) => Err(FormatError::Column(name)),
        }
    }

    pub(crate) fn integers(&mut self, name: &'static str) -> Result<Vec<Millis>, FormatError> {
        match self.required(name)? {
            Some(Values::Integers(values)) => Ok(values),
            _ => Err(FormatError::Column(name)),
        }
    }

    pub(crate) fn counts(&mut self, name: &'static str) -> Result<Vec<u64>, FormatError> {
        let values = self.integers(name)?.into_iter();
        Ok(values.map(i64::cast_unsigned).collect())
    }

    pub(crate) fn numbers(&mut self, name: &'static str) -> Result<Vec<f64>, FormatError> {
        match self.required(name)? {
            Some(Values::Numbers(values)) => Ok(values),
            _ => Err(FormatError::Column(name)),
        }
    }

    pub(crate) fn texts(&mut self, name: &'static str) -> Result<Vec<String>, FormatError> {
        match self.required(name)? {
            Some(Values::Texts(values)) => strings(name, values).collect(),
            _ => Err(FormatError::Column(name)),
        }
    }

    pub(crate) fn optional_texts(
        &mut self,
        name: &'static str,
    ) -> Result<Vec<Option<String>>, FormatError> {
        match self.optional(name)? {
            (_, None) => Ok(vec![None; self.n_rows]),
            (definitions, Some(Values::Texts(values))) => {
                let values = strings(name, values).collect::<Result<Vec<_>, _>>()?;
                self.spread(name, &definitions, values)
            }
            _ => Err(FormatError::Column(name)),
        }
    }

    pub(crate) fn optional_integers(
        &mut self,
        name: &'static str,
    ) -> Result<Vec<Option<i64>>, FormatError> {
        match self.optional(name)? {
            (_, None) => Ok(vec![None; self.n_rows]),
            (definitions, Some(Values::Integers(values))) => {
                self.spread(name, &definitions, values)
            }
            _ => Err(FormatError::Column(name)),
        }
    }

    pub(crate) fn optional_counts(
        &mut self,
        name: &'static str,
    ) -> Result<Vec<Option<u64>>, FormatError> {
        let values = self.optional_integers(name)?.into_iter();
        Ok(values.map(|value| value.map(i64::cast_unsigned)).collect())
    }

    pub(crate) fn optional_numbers(
        &mut self,
        name: &'static str,
    ) -> Result<Vec<Option<f64>>, FormatError> {
        match self.optional(name)? {
            (_, None) => Ok(vec![None; self.n_rows]),
            (definitions, Some(Values::Numbers(values))) => self.spread(name, &definitions, values),
            _ => Err(FormatError::Column(name)),
        }
    }

    pub(crate) fn lists_of_texts(
        &mut self,
        name: &'static str,
    ) -> Result<Vec<Vec<String>>, FormatError> {
        match self.columns.remove(name) {
            None => Ok(vec![Vec::new(); self.n_rows]),
            Some(Column {
                values: Some(Values::Texts(values)),
                definitions,
                repetitions,
            }) => {
                let values = strings(name, values).collect::<Result<Vec<_>, _>>()?;
                self.fold(name, &definitions, &repetitions, values)
            }
            _ => Err(FormatError::Column(name)),
        }
    }

    pub(crate) fn lists_of_counts(
        &mut self,
        name: &'static str,
    ) -> Result<Vec<Vec<u64>>, FormatError> {
        match self.columns.remove(name) {
            None => Ok(vec![Vec::new(); self.n_rows]),
            Some(Column {
                values: Some(Values::Integers(values)),
                definitions,
                repetitions,
            }) => {
                let values = values.into_iter().map(i64::cast_unsigned).collect();
                self.fold(name, &definitions, &repetitions, values)
            }
            _ => Err(FormatError::Column(name)),
        }
    }

    fn required(&mut self, name: &'static str) -> Result<Option<Values>, FormatError> {
        let Some(column) = self.columns.remove(name) else {
            return Ok(None);
        };
        let values = column.values.ok_or(FormatError::Column(name))?;
        let n_values = match &values {
            Values::Flags(values) => values.len(),
            Values::Integers(values) => values.len(),
            Values::Numbers(values) => values.len(),
            Values::Texts(values) => values.len(),
        };
        if n_values != self.n_rows || !column.repetitions.is_empty() {
            return Err(FormatError::Value(name));
        }
        Ok(Some(values))
    }

    fn optional(&mut self, name: &'static str) -> Result<(Vec<i16>, Option<Values>), FormatError> {
        let Some(column) = self.columns.remove(name) else {
            return Ok((Vec::new(), None));
        };
        let values = column.values.ok_or(FormatError::Column(name))?;
        Ok((column.definitions, Some(values)))
    }

    /// Puts values where they are said to be.
    fn spread<T>(
        &self,
        name: &'static str,
        definitions: &[i16],
        values: Vec<T>,
    ) -> Result<Vec<Option<T>>, FormatError> {
        let mut values = values.into_iter();
        let rows: Vec<_> = definitions
            .iter()
            .map(|there| if *there > 0 { values.next() } else { None })
            .collect();
        if rows.len() == self.n_rows {
            Ok(rows)
        } else {
            Err(FormatError::Value(name))
        }
    }

    fn fold<T>(
        &self,
        name: &'static str,
        definitions: &[i16],
        repetitions: &[i16],
        values: Vec<T>,
    ) -> Result<Vec<Vec<T>>, FormatError> {
        let (mut rows, mut values) = (Vec::with_capacity(self.n_rows), values.into_iter());
        for (there, repetition) in definitions.iter().zip(repetitions) {
            if *repetition == 0 {
                rows.push(Vec::new());
            }
            if *there > 0 {
                let row: &mut Vec<T> = rows.last_mut().ok_or(FormatError::Value(name))?;
                row.push(values.next().ok_or(FormatError::Value(name))?);
            }
        }
        if rows.len() == self.n_rows {
            Ok(rows)
        } else {
            Err(FormatError::Value(name))
        }
    }
}

impl Column {
    fn read(&mut self, reader: ColumnReader, n_rows: usize) -> Result<(), FormatError> {
        let wrong = FormatError::Column("of a type that is not written here");
        let values = self.values.take();
        let values = match (reader, values) {
            (ColumnReader::BoolColumnReader(reader), None) => {
                Values::Flags(self.drain(reader, n_rows, Vec::new())?)
            }
            (ColumnReader::BoolColumnReader(reader), Some(Values::Flags(values))) => {
                Values::Flags(self.drain(reader, n_rows, values)?)
            }
            (ColumnReader::Int64ColumnReader(reader), None) => {
                Values::Integers(self.drain(reader, n_rows, Vec::new())?)
            }
            (ColumnReader::Int64ColumnReader(reader), Some(Values::Integers(values))) => {
                Values::Integers(self.drain(reader, n_rows, values)?)
            }
            (ColumnReader::DoubleColumnReader(reader), None) => {
                Values::Numbers(self.drain(reader, n_rows, Vec::new())?)
            }
            (ColumnReader::DoubleColumnReader(reader), Some(Values::Numbers(values))) => {
                Values::Numbers(self.drain(reader, n_rows, values)?)
            }
            (ColumnReader::ByteArrayColumnReader(reader), None) => {
                Values::Texts(self.drain(reader, n_rows, Vec::new())?)
            }
            (ColumnReader::ByteArrayColumnReader(reader), Some(Values::Texts(values))) => {
                Values::Texts(self.drain(reader, n_rows, values)?)
            }
            _ => return Err(wrong),
        };
        self.values = Some(values);
        Ok(())
    }

    fn drain<D: DataType>(
        &mut self,
        mut reader: ColumnReaderImpl<D>,
        n_rows: usize,
        mut values: Vec<D::T>,
    ) -> Result<Vec<D::T>, FormatError> {
        let mut n_left = n_rows;
        while n_left > 0 {
            let (n_read, _, _) = reader.read_records(
                n_left.min(STEP),
                Some(&mut self.definitions),
                Some(&mut self.repetitions),
                &mut values,
            )?;
            if n_read == 0 {
                break;
            }
            n_left -= n_read;
        }
        Ok(values)
    }
}

fn strings(
    name: &'static str,
    values: Vec<ByteArray>,
) -> impl Iterator<Item = Result<String, FormatError>> {
    let text = move |value: ByteArray| match value.as_utf8() {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Err(FormatError::Value(name)),
    };
    values.into_iter().map(text)
}
