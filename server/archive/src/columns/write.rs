//! Writes columns: each value once, in the encoding that suits it.

use std::sync::Arc;

use bytes::Bytes;
use parquet::{
    basic::{
        Compression, Encoding, GzipLevel, LogicalType, Repetition, TimeUnit, Type as Physical,
    },
    column::writer::ColumnWriter,
    data_type::ByteArray,
    file::{
        metadata::KeyValue,
        properties::{EnabledStatistics, WriterProperties},
        writer::SerializedFileWriter,
    },
    schema::types::{ColumnPath, Type},
};
use wire::Millis;

use super::FormatError;

/// How the pages of a file are compressed. Every reader of Parquet knows all of them.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Codec {
    /// Fast, and in a browser some kilobytes of code.
    #[default]
    Snappy,
    /// Smaller, and slower to write.
    Gzip,
    /// Not at all.
    None,
}

impl Codec {
    /// The codec of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "snappy" => Self::Snappy,
            "gzip" => Self::Gzip,
            "none" => Self::None,
            _ => return None,
        })
    }

    fn of_parquet(self) -> Compression {
        match self {
            Self::Snappy => Compression::SNAPPY,
            Self::Gzip => Compression::GZIP(GzipLevel::default()),
            Self::None => Compression::UNCOMPRESSED,
        }
    }
}

/// The columns of one group of rows, in order.
#[derive(Default)]
pub struct Columns(Vec<Column>);

struct Column {
    name: &'static str,
    shape: Shape,
    meaning: Option<LogicalType>,
    encoding: Option<Encoding>,
    values: Values,
    /// How much of the path to a value is there; empty for a required column.
    definitions: Vec<i16>,
    /// 0 for the first value of a row; of lists only.
    repetitions: Vec<i16>,
}

#[derive(Clone, Copy, PartialEq)]
enum Shape {
    Required,
    Optional,
    List,
}

enum Values {
    Flags(Vec<bool>),
    Integers(Vec<i64>),
    Numbers(Vec<f64>),
    Texts(Vec<ByteArray>),
}

impl Columns {
    pub(crate) fn flags(&mut self, name: &'static str, values: impl Iterator<Item = bool>) {
        self.required(name, Values::Flags(values.collect()));
    }

    /// Counts and places; above 2^63 they would turn negative, and back when read.
    pub(crate) fn counts(&mut self, name: &'static str, values: impl Iterator<Item = u64>) {
        let values = values.map(u64::cast_signed).collect();
        let column = self.required(name, Values::Integers(values));
        column.encoding = Some(Encoding::DELTA_BINARY_PACKED);
    }

    /// Lengths of time.
    pub(crate) fn lengths(&mut self, name: &'static str, values: impl Iterator<Item = Millis>) {
        self.required(name, Values::Integers(values.collect()));
    }

    pub(crate) fn times(&mut self, name: &'static str, values: impl Iterator<Item = Millis>) {
        let column = self.required(name, Values::Integers(values.collect()));
        (column.meaning, column.encoding) = (Some(time()), Some(Encoding::DELTA_BINARY_PACKED));
    }

    pub(crate) fn numbers(&mut self, name: &'static str, values: impl Iterator<Item = f64>) {
        self.required(name, Values::Numbers(values.collect()));
    }

    /// Texts that repeat: a dictionary and small numbers.
    pub(crate) fn words<'a>(&mut self, name: &'static str, values: impl Iterator<Item = &'a str>) {
        let column = self.required(name, Values::Texts(texts(values)));
        column.meaning = Some(LogicalType::String);
    }

    /// Texts each of which begins like the one before.
    pub(crate) fn ids<'a>(&mut self, name: &'static str, values: impl Iterator<Item = &'a str>) {
        self.words(name, values);
        self.encode_last(Encoding::DELTA_BYTE_ARRAY);
    }

    /// Texts that have nothing in common.
    pub(crate) fn texts<'a>(&mut self, name: &'static str, values: impl Iterator<Item = &'a str>) {
        self.words(name, values);
        self.encode_last(Encoding::DELTA_LENGTH_BYTE_ARRAY);
    }

    /// Texts that repeat.
    pub fn optional_words<'a>(
        &mut self,
        name: &'static str,
        values: impl Iterator<Item = Option<&'a str>>,
    ) {
        let (definitions, values) = present(values);
        let column = self.optional(name, definitions, Values::Texts(texts(values.into_iter())));
        column.meaning = Some(LogicalType::String);
    }

    pub(crate) fn optional_ids<'a>(
        &mut self,
        name: &'static str,
        values: impl Iterator<Item = Option<&'a str>>,
    ) {
        self.optional_words(name, values);
        self.encode_last(Encoding::DELTA_BYTE_ARRAY);
    }

    /// Times in UTC.
    pub fn optional_times(
        &mut self,
        name: &'static str,
        values: impl Iterator<Item = Option<Millis>>,
    ) {
        let (definitions, values) = present(values);
        let column = self.optional(name, definitions, Values::Integers(values));
        (column.meaning, column.encoding) = (Some(time()), Some(Encoding::DELTA_BINARY_PACKED));
    }

    pub(crate) fn optional_counts(
        &mut self,
        name: &'static str,
        values: impl Iterator<Item = Option<u64>>,
    ) {
        let (definitions, values) = present(values.map(|value| value.map(u64::cast_signed)));
        self.optional(name, definitions, Values::Integers(values));
    }

    /// Numbers of any size.
    pub fn optional_numbers(
        &mut self,
        name: &'static str,
        values: impl Iterator<Item = Option<f64>>,
    ) {
        let (definitions, values) = present(values);
        self.optional(name, definitions, Values::Numbers(values));
    }

    /// Whole numbers of either sign.
    pub fn optional_integers(
        &mut self,
        name: &'static str,
        values: impl Iterator<Item = Option<i64>>,
    ) {
        let (definitions, values) = present(values);
        self.optional(name, definitions, Values::Integers(values));
    }

    /// Yes or no.
    pub fn optional_flags(
        &mut self,
        name: &'static str,
        values: impl Iterator<Item = Option<bool>>,
    ) {
        let (definitions, values) = present(values);
        self.optional(name, definitions, Values::Flags(values));
    }

    pub(crate) fn lists_of_words<'a, L: Iterator<Item = &'a str>>(
        &mut self,
        name: &'static str,
        rows: impl Iterator<Item = L>,
    ) {
        let (definitions, repetitions, values) = flatten(rows);
        let column = self.optional(name, definitions, Values::Texts(texts(values.into_iter())));
        (column.shape, column.repetitions) = (Shape::List, repetitions);
        column.meaning = Some(LogicalType::String);
    }

    pub(crate) fn lists_of_counts<L: Iterator<Item = u64>>(
        &mut self,
        name: &'static str,
        rows: impl Iterator<Item = L>,
    ) {
        let (definitions, repetitions, values) = flatten(rows);
        let values = values.into_iter().map(u64::cast_signed).collect();
        let column = self.optional(name, definitions, Values::Integers(values));
        (column.shape, column.repetitions) = (Shape::List, repetitions);
    }

    fn required(&mut self, name: &'static str, values: Values) -> &mut Column {
        self.push(name, Shape::Required, Vec::new(), values)
    }

    fn optional(
        &mut self,
        name: &'static str,
        definitions: Vec<i16>,
        values: Values,
    ) -> &mut Column {
        self.push(name, Shape::Optional, definitions, values)
    }

    fn push(
        &mut self,
        name: &'static str,
        shape: Shape,
        definitions: Vec<i16>,
        values: Values,
    ) -> &mut Column {
        self.0.push(Column {
            name,
            shape,
            meaning: None,
            encoding: None,
            values,
            definitions,
            repetitions: Vec::new(),
        });
        let last = self.0.len() - 1;
        &mut self.0[last]
    }

    fn encode_last(&mut self, encoding: Encoding) {
        if let Some(column) = self.0.last_mut() {
            column.encoding = Some(encoding);
        }
    }
}

/// Writes a file of one group of rows for each of `groups`, which have the same columns, and its notes.
///
/// # Errors
/// [`FormatError::Foreign`] where there are no groups; [`FormatError::Parquet`] says what the format refuses.
pub fn write(
    codec: Codec,
    mut groups: impl Iterator<Item = Columns>,
    notes: &[(&str, &str)],
) -> Result<Vec<u8>, FormatError> {
    let Some(first) = groups.next() else {
        return Err(FormatError::Foreign("no events at all".to_owned()));
    };
    let fields = first.0.iter().map(Column::field);
    let fields = fields.collect::<Result<Vec<_>, _>>()?;
    let schema = Type::group_type_builder("event")
        .with_fields(fields)
        .build()?;
    let notes = notes
        .iter()
        .map(|(name, value)| KeyValue::new((*name).to_owned(), (*value).to_owned()));
    let mut properties = WriterProperties::builder()
        .set_compression(codec.of_parquet())
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .set_created_by("moodtape".to_owned())
        .set_key_value_metadata(Some(notes.collect()));
    for column in &first.0 {
        if let Some(encoding) = column.encoding {
            properties = properties
                .set_column_dictionary_enabled(column.path(), false)
                .set_column_encoding(column.path(), encoding);
        }
    }
    let properties = Arc::new(properties.build());
    let mut file = SerializedFileWriter::new(Vec::new(), Arc::new(schema), properties)?;
    for columns in std::iter::once(first).chain(groups) {
        let mut group = file.next_row_group()?;
        for column in &columns.0 {
            let Some(mut writer) = group.next_column()? else {
                return Err(FormatError::Column(column.name));
            };
            column.write(writer.untyped())?;
            writer.close()?;
        }
        group.close()?;
    }
    Ok(file.into_inner()?)
}

impl Column {
    fn field(&self) -> Result<Arc<Type>, FormatError> {
        let physical = match self.values {
            Values::Flags(_) => Physical::BOOLEAN,
            Values::Integers(_) => Physical::INT64,
            Values::Numbers(_) => Physical::DOUBLE,
            Values::Texts(_) => Physical::BYTE_ARRAY,
        };
        let leaf = |name, repetition| {
            Type::primitive_type_builder(name, physical)
                .with_repetition(repetition)
                .with_logical_type(self.meaning.clone())
                .build()
                .map(Arc::new)
        };
        Ok(match self.shape {
            Shape::Required => leaf(self.name, Repetition::REQUIRED)?,
            Shape::Optional => leaf(self.name, Repetition::OPTIONAL)?,
            Shape::List => {
                let list = Type::group_type_builder("list")
                    .with_repetition(Repetition::REPEATED)
                    .with_fields(vec![leaf("element", Repetition::REQUIRED)?])
                    .build()?;
                let outer = Type::group_type_builder(self.name)
                    .with_repetition(Repetition::REQUIRED)
                    .with_logical_type(Some(LogicalType::List))
                    .with_fields(vec![Arc::new(list)])
                    .build()?;
                Arc::new(outer)
            }
        })
    }

    fn path(&self) -> ColumnPath {
        let mut parts = vec![self.name.to_owned()];
        if self.shape == Shape::List {
            parts.extend(["list".to_owned(), "element".to_owned()]);
        }
        ColumnPath::new(parts)
    }

    fn write(&self, writer: &mut ColumnWriter<'_>) -> Result<(), FormatError> {
        let definitions = (self.shape != Shape::Required).then_some(&self.definitions[..]);
        let repetitions = (self.shape == Shape::List).then_some(&self.repetitions[..]);
        match (&self.values, writer) {
            (Values::Flags(values), ColumnWriter::BoolColumnWriter(writer)) => {
                writer.write_batch(values, definitions, repetitions)?
            }
            (Values::Integers(values), ColumnWriter::Int64ColumnWriter(writer)) => {
                writer.write_batch(values, definitions, repetitions)?
            }
            (Values::Numbers(values), ColumnWriter::DoubleColumnWriter(writer)) => {
                writer.write_batch(values, definitions, repetitions)?
            }
            (Values::Texts(values), ColumnWriter::ByteArrayColumnWriter(writer)) => {
                writer.write_batch(values, definitions, repetitions)?
            }
            _ => return Err(FormatError::Column(self.name)),
        };
        Ok(())
    }
}

fn time() -> LogicalType {
    LogicalType::timestamp(true, TimeUnit::MILLIS)
}

/// Copied into one piece of memory that all of them share.
fn texts<'a>(values: impl Iterator<Item = &'a str>) -> Vec<ByteArray> {
    let (mut all, mut ends) = (Vec::new(), Vec::new());
    for value in values {
        all.extend_from_slice(value.as_bytes());
        ends.push(all.len());
    }
    let (all, mut start) = (Bytes::from(all), 0);
    let cut = |end| {
        let text = all.slice(start..end);
        start = end;
        ByteArray::from(text)
    };
    ends.into_iter().map(cut).collect()
}

fn present<T>(values: impl Iterator<Item = Option<T>>) -> (Vec<i16>, Vec<T>) {
    let (mut definitions, mut found) = (Vec::new(), Vec::new());
    for value in values {
        definitions.push(i16::from(value.is_some()));
        found.extend(value);
    }
    (definitions, found)
}

fn flatten<T, L: Iterator<Item = T>>(
    rows: impl Iterator<Item = L>,
) -> (Vec<i16>, Vec<i16>, Vec<T>) {
    let (mut definitions, mut repetitions, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        let n_before = values.len();
        values.extend(row);
        let n = values.len() - n_before;
        // An empty list takes a place too.
        definitions.extend(std::iter::repeat_n(i16::from(n > 0), n.max(1)));
        repetitions.extend((0..n.max(1)).map(|place| i16::from(place > 0)));
    }
    (definitions, repetitions, values)
}
