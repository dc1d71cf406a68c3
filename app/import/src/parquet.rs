//! Parquet files: those of this program's archive, and tables of posts or prices with columns like any other
//! table's. Their directory stands at the end. With it a file is read one group of rows after the other, of each the
//! columns that are needed, so that no more than that has to be there.

mod pieces;

use std::{ops::Range, sync::Arc, vec};

use archive::Sound;
use bytes::Bytes;
use parquet::{
    errors::ParquetError,
    file::{
        metadata::RowGroupMetaData,
        reader::{FileReader, Length},
        serialized_reader::SerializedFileReader,
    },
    record::{
        Field, Row,
        reader::{ReaderIter, TreeBuilder},
    },
    schema::types::{SchemaDescPtr, SchemaDescriptor, Type},
};
use wire::{Event, author::AuthorKey, formats::price_csv};

use crate::{
    Choice, Encoding, Kind, Preview, Reader, Report, Role, dialect, prices,
    ranges::{self, MAX_GAP},
    reader,
    table::Columns,
};
pub(crate) use pieces::Pieces;

/// How every such file begins.
pub const MAGIC: &[u8] = b"PAR1";

/// Rows that are read at once.
const STEP: usize = 4_096;
/// A group of rows, packed, must fit into a browser's memory.
const MAX_GROUP: u64 = 1 << 30;

/// A Parquet file of which only parts are there.
pub struct Parquet {
    name: String,
    pieces: Pieces,
}

/// A file that is being read.
pub(crate) struct Reading {
    file: SerializedFileReader<Pieces>,
    pieces: Pieces,
    kind: Rows,
    /// Which of its columns are read.
    is_read: Vec<bool>,
    /// These columns.
    schema: SchemaDescPtr,
    /// The group of rows that is being read, or comes next.
    n_group: usize,
    group: Option<Group>,
    /// Number of the last row.
    n_rows: u64,
}

/// What the rows of a file are.
enum Rows {
    /// Events of the archive.
    Events(archive::Groups),
    Posts(Columns),
    Prices(price_csv::Reader),
}

/// What is left of a group of rows.
enum Group {
    Events(vec::IntoIter<Event>),
    Rows(ReaderIter),
}

impl Parquet {
    /// A file of that many bytes, of which nothing is there yet.
    pub fn new(name: &str, len: u64) -> Self {
        Self {
            name: name.to_owned(),
            pieces: Pieces::new(len),
        }
    }

    /// Adds what stands in the file from `start` on.
    pub fn give(&self, start: u64, bytes: Vec<u8>) {
        self.pieces.add(start, bytes.into());
    }

    /// Looks at its first rows.
    ///
    /// # Errors
    /// What has to be given before.
    pub fn preview(&self) -> Result<Preview, Vec<Range<u64>>> {
        let preview = reader::preview_of_parquet(&self.name, &self.pieces, None);
        self.unless_lacking(preview)
    }

    /// Begins to read it; what [`Reader::needs`] asks for has to be given from then on.
    ///
    /// # Errors
    /// What has to be given before.
    pub fn read(&self, choice: Option<Choice>, key: AuthorKey) -> Result<Reader, Vec<Range<u64>>> {
        let opened = open(&self.name, &self.pieces, choice.as_ref());
        let opened = self.unless_lacking(opened)?;
        self.pieces.clear();
        Ok(Reader::of_parquet(&self.name, key, opened))
    }

    fn unless_lacking<T>(&self, done: T) -> Result<T, Vec<Range<u64>>> {
        match self.pieces.take_lacking() {
            lacking if lacking.is_empty() => Ok(done),
            lacking => Err(ranges::join(lacking, MAX_GAP)),
        }
    }
}

/// What a file is taken for, and its first rows, the names of its columns before them.
pub(crate) fn detect(name: &str, pieces: &Pieces) -> Option<(Choice, Vec<Vec<String>>)> {
    let file = SerializedFileReader::new(pieces.clone()).ok()?;
    check(&file, pieces.len()).ok()?;
    detect_in(name, &file, pieces)
}

fn detect_in(
    name: &str,
    file: &SerializedFileReader<Pieces>,
    pieces: &Pieces,
) -> Option<(Choice, Vec<Vec<String>>)> {
    let choice = |kind| Choice {
        kind,
        delimiter: b',',
        ..Choice::default()
    };
    let mut rows = vec![names(file)];
    rows.extend(first_rows(file, pieces));
    let found = match () {
        () if archive::Groups::are_in(file) => choice(Kind::Moodtape),
        () if price_csv::is_header(&rows.first()?.join(",")) => choice(Kind::Prices),
        () => dialect::detect_rows(name, &rows, Encoding::Utf8, b',')?,
    };
    Some((found, rows))
}

/// Begins to read a file.
pub(crate) fn open(name: &str, pieces: &Pieces, said: Option<&Choice>) -> Result<Reading, String> {
    let words = |error: ParquetError| error.to_string();
    let file = SerializedFileReader::new(pieces.clone()).map_err(words)?;
    check(&file, pieces.len())?;
    let header = names(&file);
    let (kind, is_read) = if archive::Groups::are_in(&file) {
        let groups = archive::Groups::of(&file).map_err(|error| error.to_string())?;
        (Rows::Events(groups), vec![true; header.len()])
    } else if let Some(is_read) = price_csv::used(&header.join(",")) {
        let mut reader = price_csv::Reader::new(name);
        let taken = reader.push(1, &only(&is_read, header).join(","));
        taken.map_err(|error| error.to_string())?;
        (Rows::Prices(reader), is_read)
    } else {
        let choice = match said.filter(|said| said.roles.len() == header.len()) {
            Some(said) => Some(said.clone()),
            None => detect_in(name, &file, pieces).map(|(choice, _)| choice),
        };
        let choice = choice.filter(|choice| choice.kind == Kind::Posts);
        let mut choice = choice.ok_or("its columns are neither those of posts nor of prices")?;
        let is_read = choice.roles.iter().map(|role| *role != Role::Ignore);
        let is_read: Vec<bool> = is_read.collect();
        choice.roles = only(&is_read, choice.roles);
        (Rows::Posts(Columns::new(&choice)), is_read)
    };
    let schema = file.metadata().file_metadata().schema();
    let fields = only(&is_read, schema.get_fields().to_vec());
    let schema = Type::group_type_builder(schema.name()).with_fields(fields);
    let schema = SchemaDescriptor::new(Arc::new(schema.build().map_err(words)?));
    let reading = Reading {
        file,
        pieces: pieces.clone(),
        kind,
        is_read,
        schema: Arc::new(schema),
        n_group: 0,
        group: None,
        // The names of the columns are the first one, as in any table.
        n_rows: 1,
    };
    let length = |range: Range<u64>| range.end - range.start;
    let length_of = |n| reading.of_group(n).into_iter().map(length).sum::<u64>();
    match (0..reading.n_groups()).any(|n| length_of(n) > MAX_GROUP) {
        true => Err("its groups of rows are too large to be read here".to_owned()),
        false => Ok(reading),
    }
}

/// A file that is wholly there.
pub(crate) fn open_whole(
    name: &str,
    bytes: Vec<u8>,
    said: Option<&Choice>,
) -> Result<Reading, String> {
    open(name, &whole(bytes), said)
}

pub(crate) fn whole(bytes: Vec<u8>) -> Pieces {
    Pieces::whole(Bytes::from(bytes))
}

impl Reading {
    /// What is needed for all rows, a group of them after the other.
    pub(crate) fn needs_of_all(&self) -> Vec<Range<u64>> {
        let groups = 0..self.n_groups();
        groups.flat_map(|n| self.of_group(n)).collect()
    }

    /// What has to be given before the next step.
    pub(crate) fn needs(&self) -> Vec<Range<u64>> {
        if self.group.is_some() || self.n_group == self.n_groups() {
            return Vec::new();
        }
        let mut needs = self.of_group(self.n_group);
        needs.retain(|range| !self.pieces.has(range.clone()));
        needs
    }

    pub(crate) fn give(&self, start: u64, bytes: Vec<u8>) {
        self.pieces.add(start, bytes.into());
    }

    /// Reads some more; `None` at the end.
    pub(crate) fn step(
        mut self,
        key: &AuthorKey,
        report: &mut Report,
        out: &mut Vec<Event>,
    ) -> Option<Self> {
        let group = match self.group.take() {
            Some(group) => Ok(Some(group)),
            None => self.begin_group(),
        };
        let is_going_on = match group {
            Ok(None) => false,
            Ok(Some(Group::Events(events))) => {
                self.take_events(events, report, out);
                true
            }
            Ok(Some(Group::Rows(rows))) => self.take_rows(rows, key, report, out),
            Err(why) => {
                report.refuse_as("parquet", &why, self.n_rows, "");
                false
            }
        };
        if is_going_on {
            return Some(self);
        }
        if let Rows::Prices(reader) = self.kind {
            prices::finish(reader, report, out);
        }
        None
    }

    fn n_groups(&self) -> usize {
        self.file.num_row_groups()
    }

    /// The columns that are read, of a group of rows.
    fn of_group(&self, n_group: usize) -> Vec<Range<u64>> {
        let about = self.file.metadata();
        let schema = about.file_metadata().schema_descr();
        let is_read =
            |leaf: usize| self.is_read.get(schema.get_column_root_idx(leaf)) == Some(&true);
        let columns = columns_of(about.row_group(n_group)).into_iter().enumerate();
        let read = columns.filter(|(leaf, _)| is_read(*leaf));
        ranges::join(read.map(|(_, range)| range).collect(), MAX_GAP)
    }

    fn begin_group(&mut self) -> Result<Option<Group>, String> {
        if self.n_group == self.n_groups() {
            return Ok(None);
        }
        if let Rows::Events(groups) = &self.kind {
            let events = groups.read(&self.file, self.n_group);
            let events = events.map_err(|error| error.to_string())?;
            return Ok(Some(Group::Events(events.into_iter())));
        }
        let rows = rows_of(&self.file, self.n_group, self.schema.clone(), STEP);
        rows.map(|rows| Some(Group::Rows(rows)))
            .map_err(|error| error.to_string())
    }

    fn end_group(&mut self) {
        self.n_group += 1;
        self.pieces.clear();
    }

    fn take_events(
        &mut self,
        mut events: vec::IntoIter<Event>,
        report: &mut Report,
        out: &mut Vec<Event>,
    ) {
        for event in events.by_ref().take(STEP) {
            self.n_rows += 1;
            report.n_rows += 1;
            report.take(&event);
            out.push(event);
        }
        match events.len() {
            0 => self.end_group(),
            _ => self.group = Some(Group::Events(events)),
        }
    }

    /// Returns whether to go on: what follows a damaged page cannot be told apart.
    fn take_rows(
        &mut self,
        mut rows: ReaderIter,
        key: &AuthorKey,
        report: &mut Report,
        out: &mut Vec<Event>,
    ) -> bool {
        for _ in 0..STEP {
            let Some(row) = rows.next() else {
                self.end_group();
                return true;
            };
            self.n_rows += 1;
            match row {
                Ok(row) => self.kind.take(self.n_rows, &cells(&row), key, report, out),
                Err(error) => {
                    report.n_rows += 1;
                    report.refuse_as("parquet", &error.to_string(), self.n_rows, "");
                    return false;
                }
            }
        }
        self.group = Some(Group::Rows(rows));
        true
    }
}

impl Rows {
    fn take(
        &mut self,
        row: u64,
        cells: &[String],
        key: &AuthorKey,
        report: &mut Report,
        out: &mut Vec<Event>,
    ) {
        match self {
            Self::Posts(columns) => {
                let (mut bytes, mut ends) = (Vec::new(), Vec::new());
                for cell in cells {
                    bytes.extend_from_slice(cell.as_bytes());
                    ends.push(bytes.len());
                }
                columns.read((row, &bytes, &ends), key, report, out);
            }
            Self::Prices(reader) => {
                report.n_rows += 1;
                let line = cells.join(",");
                if let Err(error) = reader.push(row, &line) {
                    report.refuse(error, row, &line);
                }
            }
            // They come as a whole group.
            Self::Events(_) => {}
        }
    }
}

/// The directory says nothing that cannot be: what reads by it believes it.
fn check(file: &SerializedFileReader<Pieces>, len: u64) -> Result<(), String> {
    let groups = file.metadata().row_groups().iter();
    let mut columns = groups.flat_map(RowGroupMetaData::columns);
    let is_within = columns.all(|column| {
        let start = column.dictionary_page_offset();
        let start = u64::try_from(start.unwrap_or(column.data_page_offset()));
        let length = u64::try_from(column.compressed_size());
        let end = start.ok().zip(length.ok());
        let end = end.and_then(|(start, length)| start.checked_add(length));
        end.is_some_and(|end| end <= len)
    });
    match is_within {
        true => Ok(()),
        false => Err("its directory names parts that are not there".to_owned()),
    }
}

/// Where the columns of a group of rows lie, in the order of the schema's leaves.
fn columns_of(group: &RowGroupMetaData) -> Vec<Range<u64>> {
    let ranges = group.columns().iter().map(|column| {
        let (start, length) = column.byte_range();
        start..start + length
    });
    ranges.collect()
}

/// As many as are looked at; what is lacking of them is noted in `pieces`.
fn first_rows(file: &SerializedFileReader<Pieces>, pieces: &Pieces) -> Vec<Vec<String>> {
    let schema = file.metadata().file_metadata().schema_descr_ptr();
    let mut first = Vec::new();
    for n_group in 0..file.num_row_groups() {
        for range in columns_of(file.metadata().row_group(n_group)) {
            pieces.want(range.start..range.end.min(range.start + pieces::AT_LEAST));
        }
        let Ok(rows) = rows_of(file, n_group, schema.clone(), dialect::N_ROWS) else {
            break;
        };
        let n_left = dialect::N_ROWS - first.len();
        first.extend(
            rows.map_while(Result::ok)
                .take(n_left)
                .map(|row| cells(&row)),
        );
        if first.len() == dialect::N_ROWS {
            break;
        }
    }
    first
}

fn rows_of(
    file: &SerializedFileReader<Pieces>,
    n_group: usize,
    schema: SchemaDescPtr,
    at_once: usize,
) -> Result<ReaderIter, ParquetError> {
    let group = Sound(file.get_row_group(n_group)?);
    let builder = TreeBuilder::new().with_batch_size(at_once);
    builder.as_iter(schema, &group)
}

fn only<T>(is_read: &[bool], all: Vec<T>) -> Vec<T> {
    let read = all
        .into_iter()
        .zip(is_read)
        .filter(|(_, is_read)| **is_read);
    read.map(|(one, _)| one).collect()
}

fn names(file: &SerializedFileReader<Pieces>) -> Vec<String> {
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
