//! A file from its first byte to its last: what it is, then its events, row by row.

use std::{collections::VecDeque, ops::Range};

use chunks::Withdrawn;
use csv_core::ReadRecordResult;
use wire::{
    Event, Identity,
    author::AuthorKey,
    formats::{FormatError, price_csv},
};

use crate::{
    Choice, Encoding, Kind, Preview, Report, dialect,
    encoding::{self, Transcoder},
    lines,
    parquet::{self, Pieces},
    prices,
    spread::{self, Spread},
    table::{self, Columns},
    unpack::{Part, Unpacker},
    words,
};

/// So much of a file decides what it is taken for.
const HEAD: usize = 256 * 1024;
/// A row or line that is longer is refused: mostly it is a quote that nobody closed.
const MAX_ROW: usize = 1 << 20;
/// The same for a last row with so many lines.
const MAX_LINES: usize = 20;
const N_PREVIEW: usize = 12;
const CELL_LEN: usize = 200;

/// Looks at a file's beginning. `n` bytes or the whole file; more than a few hundred thousand are not needed.
pub fn preview(name: &str, head: &[u8]) -> Preview {
    let (mut unpacker, mut parts) = (Unpacker::default(), Vec::new());
    unpacker.push(head, &mut parts);
    // What little there is of a short file comes out at its end only.
    unpacker.finish(&mut parts);
    let (mut entry, mut bytes) = (None, Vec::new());
    for part in parts {
        match part {
            Part::Begin(_) if !bytes.is_empty() => break,
            Part::Begin(name) => entry = name,
            Part::Bytes(mut more) => bytes.append(&mut more),
            Part::End | Part::Damaged => {}
        }
    }
    let name = entry.as_deref().unwrap_or(name);
    if bytes.starts_with(parquet::MAGIC) {
        return preview_of_parquet(name, &parquet::whole(bytes), entry.clone());
    }
    bytes.truncate(HEAD);
    let choice = detect(name, &bytes);
    let is_date_open = choice
        .as_ref()
        .is_some_and(|choice| dialect::is_date_open(choice, &text(choice.encoding, &bytes)));
    let rows = choice
        .as_ref()
        .map_or_else(Vec::new, |choice| first_rows(choice, &bytes));
    Preview {
        says: says(choice.as_ref()),
        choice,
        rows,
        entry,
        is_date_open,
        recorded: None,
    }
}

/// What can be told by what is there of it.
pub(crate) fn preview_of_parquet(name: &str, file: &Pieces, entry: Option<String>) -> Preview {
    let (choice, rows) = parquet::detect(name, file).unzip();
    let rows = rows.into_iter().flatten().take(N_PREVIEW);
    Preview {
        says: says(choice.as_ref()),
        choice,
        rows: rows.map(|row| row.into_iter().map(cut).collect()).collect(),
        entry,
        ..Preview::default()
    }
}

fn says(choice: Option<&Choice>) -> String {
    choice.map_or_else(|| words::UNKNOWN.to_owned(), words::seen)
}

fn cut(cell: String) -> String {
    cell.chars().take(CELL_LEN).collect()
}

fn first_rows(choice: &Choice, bytes: &[u8]) -> Vec<Vec<String>> {
    let text = text(choice.encoding, bytes);
    let rows = match choice.kind {
        Kind::Posts | Kind::Prices => dialect::rows(&text, choice.delimiter),
        _ => spread::as_lines(&text)
            .lines()
            .take(N_PREVIEW)
            .map(|line| vec![line.to_owned()])
            .collect(),
    };
    let rows = rows.into_iter().take(N_PREVIEW);
    rows.map(|row| row.into_iter().map(cut).collect()).collect()
}

fn text(encoding: Encoding, bytes: &[u8]) -> String {
    let mut out = Vec::new();
    Transcoder::new(encoding).push(bytes, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// What a file is, by its beginning.
fn detect(name: &str, head: &[u8]) -> Option<Choice> {
    let encoding = encoding::detect(head);
    let text = text(encoding, head);
    let with_kind = |kind| Choice {
        encoding,
        kind,
        delimiter: b',',
        ..Choice::default()
    };
    if let Some(kind) = lines::kind(&spread::as_lines(&text)) {
        return Some(with_kind(kind));
    }
    if prices::is_table(&text) {
        return Some(with_kind(Kind::Prices));
    }
    dialect::detect(name, &text, encoding)
}

/// Takes a file in piece by piece.
pub struct Reader {
    name: String,
    key: AuthorKey,
    /// As a person says; otherwise each entry is looked at.
    choice: Option<Choice>,
    unpacker: Unpacker,
    entry: Option<EntryReader>,
    /// Files that came as a whole and are read piece by piece.
    waiting: VecDeque<parquet::Reading>,
    report: Report,
}

/// One file, or one of those in a zip file.
struct EntryReader {
    name: String,
    /// What has come before it is known what it is; of a Parquet file everything.
    head: Vec<u8>,
    body: Option<Body>,
}

struct Body {
    transcoder: Transcoder,
    kind: Kind,
    /// Text from the beginning of the row that is being read.
    pending: Vec<u8>,
    layout: Layout,
    n_rows: u64,
    table: Option<Table>,
    prices: Option<price_csv::Reader>,
}

/// How values lie in a file that is no table.
enum Layout {
    /// Nothing has come.
    Unknown,
    Lines,
    Spread(Spread),
}

struct Table {
    parser: csv_core::Reader,
    columns: Columns,
    delimiter: u8,
    skips_header: bool,
    /// How far `pending` has been parsed, and the cells of the row so far.
    n_parsed: usize,
    cells: Vec<u8>,
    n_cells: usize,
    ends: Vec<usize>,
    n_ends: usize,
}

impl Reader {
    /// A reader for the file of this name. Authors are hashed with `key`. Without a choice it is taken for
    /// what it looks like.
    pub fn new(name: &str, choice: Option<Choice>, key: AuthorKey) -> Self {
        Self {
            name: name.to_owned(),
            key,
            choice,
            unpacker: Unpacker::default(),
            entry: None,
            waiting: VecDeque::new(),
            report: Report::default(),
        }
    }

    /// A reader for a Parquet file of which only parts are there.
    pub(crate) fn of_parquet(
        name: &str,
        key: AuthorKey,
        opened: Result<parquet::Reading, String>,
    ) -> Self {
        let mut reader = Self::new(name, None, key);
        reader.take_parquet(opened, name);
        reader
    }

    /// What is needed of a Parquet file of which only parts are there, up to its last row.
    pub fn needs_of_all(&self) -> Vec<Range<u64>> {
        let reading = self.waiting.front();
        reading.map_or_else(Vec::new, parquet::Reading::needs_of_all)
    }

    /// What has to be given of it before [`Self::read_on`].
    pub fn needs(&self) -> Vec<Range<u64>> {
        let reading = self.waiting.front();
        reading.map_or_else(Vec::new, parquet::Reading::needs)
    }

    /// Takes in what stands in it from `start` on.
    pub fn give(&mut self, start: u64, bytes: Vec<u8>) {
        self.report.n_bytes += bytes.len() as u64;
        if let Some(reading) = self.waiting.front() {
            reading.give(start, bytes);
        }
    }

    /// How an event that came out goes on counting, if it is a post whose text is gone.
    pub fn withdrawn(&mut self, event: &Event) -> Option<Withdrawn> {
        if self.report.withdrawn.is_empty() {
            return None;
        }
        self.report.withdrawn.remove(&Identity::of(event)?.0)
    }

    /// Takes the next bytes in; what is complete with them goes to `out`.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<Event>) {
        self.report.n_bytes += bytes.len() as u64;
        let mut parts = Vec::new();
        self.unpacker.push(bytes, &mut parts);
        self.take(parts, out);
    }

    /// The file has ended; what came as a whole has still to be asked for, by [`Self::read_on`].
    pub fn finish(&mut self, out: &mut Vec<Event>) {
        let mut parts = Vec::new();
        self.unpacker.finish(&mut parts);
        self.take(parts, out);
    }

    /// Reads on in what came as a whole, some thousand rows; returns whether there is more.
    pub fn read_on(&mut self, out: &mut Vec<Event>) -> bool {
        let Some(reading) = self.waiting.pop_front() else {
            return false;
        };
        if let Some(rest) = reading.step(&self.key, &mut self.report, out) {
            self.waiting.push_front(rest);
        }
        !self.waiting.is_empty()
    }

    /// What became of it so far.
    pub fn report(&self) -> &Report {
        &self.report
    }

    fn take(&mut self, parts: Vec<Part>, out: &mut Vec<Event>) {
        for part in parts {
            match part {
                Part::Begin(entry) => {
                    self.entry = Some(EntryReader {
                        name: entry.unwrap_or_else(|| self.name.clone()),
                        head: Vec::new(),
                        body: None,
                    });
                }
                Part::Bytes(bytes) => self.take_bytes(&bytes, out),
                Part::End => self.end_entry(out),
                Part::Damaged => {
                    self.end_entry(out);
                    self.report.refuse(FormatError::Gzip, 0, "");
                }
            }
        }
    }

    fn take_parquet(&mut self, opened: Result<parquet::Reading, String>, name: &str) {
        match opened {
            Ok(reading) => self.waiting.push_back(reading),
            Err(why) => self.report.refuse_as("parquet", &why, 0, name),
        }
    }

    fn take_bytes(&mut self, bytes: &[u8], out: &mut Vec<Event>) {
        let Some(entry) = &mut self.entry else { return };
        if entry.body.is_none() {
            entry.head.extend_from_slice(bytes);
            if entry.head.len() >= HEAD && !entry.head.starts_with(parquet::MAGIC) {
                self.begin_body(out);
            }
            return;
        }
        if let Some(body) = &mut entry.body {
            body.push(bytes, &self.key, &mut self.report, out);
        }
    }

    fn begin_body(&mut self, out: &mut Vec<Event>) {
        let Some(entry) = &mut self.entry else { return };
        let head = std::mem::take(&mut entry.head);
        let looked_at = head.get(..HEAD).unwrap_or(&head);
        let choice = fitting(self.choice.as_ref(), || detect(&entry.name, looked_at));
        match choice {
            Some(choice) => {
                let mut body = Body::new(&entry.name, &choice);
                body.push(&head, &self.key, &mut self.report, out);
                entry.body = Some(body);
            }
            None => {
                let first = String::from_utf8_lossy(&head);
                let why = "it is neither a table nor lines of a known kind";
                let first = first.lines().next().unwrap_or_default();
                self.report.refuse_as("unknown_format", why, 1, first);
                self.entry = None;
            }
        }
    }

    fn end_entry(&mut self, out: &mut Vec<Event>) {
        let is_parquet = |entry: &mut EntryReader| entry.head.starts_with(parquet::MAGIC);
        if let Some(entry) = self.entry.take_if(is_parquet) {
            let opened = parquet::open_whole(&entry.name, entry.head, self.choice.as_ref());
            return self.take_parquet(opened, &entry.name);
        }
        let is_unread = |entry: &EntryReader| entry.body.is_none() && !entry.head.is_empty();
        if self.entry.as_ref().is_some_and(is_unread) {
            self.begin_body(out);
        }
        if let Some(body) = self.entry.take().and_then(|entry| entry.body) {
            body.finish(&self.key, &mut self.report, out);
        }
    }
}

/// What a person said of the first file in a zip file holds for those of the same kind; any other is taken for
/// what it looks like.
fn fitting(said: Option<&Choice>, detect: impl FnOnce() -> Option<Choice>) -> Option<Choice> {
    let Some(said) = said else { return detect() };
    match detect() {
        Some(found) if found.kind != said.kind => Some(found),
        Some(found) if found.kind == Kind::Posts && found.roles.len() != said.roles.len() => {
            Some(found)
        }
        _ => Some(said.clone()),
    }
}

impl Body {
    fn new(name: &str, choice: &Choice) -> Self {
        let table = || Table {
            parser: table::parser(choice.delimiter),
            columns: Columns::new(choice),
            delimiter: choice.delimiter,
            skips_header: choice.has_header,
            n_parsed: 0,
            cells: vec![0; 4_096],
            n_cells: 0,
            ends: vec![0; 64],
            n_ends: 0,
        };
        Self {
            transcoder: Transcoder::new(choice.encoding),
            kind: choice.kind,
            pending: Vec::new(),
            layout: Layout::Unknown,
            n_rows: 0,
            table: (choice.kind == Kind::Posts).then(table),
            prices: (choice.kind == Kind::Prices).then(|| price_csv::Reader::new(name)),
        }
    }

    fn push(&mut self, bytes: &[u8], key: &AuthorKey, report: &mut Report, out: &mut Vec<Event>) {
        if let Layout::Spread(spread) = &mut self.layout {
            let mut text = Vec::new();
            self.transcoder.push(bytes, &mut text);
            spread.push(&text, &mut self.pending);
        } else {
            self.transcoder.push(bytes, &mut self.pending);
        }
        if self.table.is_some() {
            self.read_rows(key, report, out);
            return;
        }
        self.see_layout();
        self.read_lines(key, report, out);
    }

    /// The first bytes are hundreds of thousands, or all there are.
    fn see_layout(&mut self) {
        if !matches!(self.layout, Layout::Unknown) || self.pending.is_empty() {
            return;
        }
        if self.prices.is_some() || !spread::is_spread(&self.pending) {
            self.layout = Layout::Lines;
            return;
        }
        let (mut spread, text) = (Spread::default(), std::mem::take(&mut self.pending));
        spread.push(&text, &mut self.pending);
        self.layout = Layout::Spread(spread);
    }

    fn finish(mut self, key: &AuthorKey, report: &mut Report, out: &mut Vec<Event>) {
        if self.table.is_some() {
            self.end_rows(key, report, out);
        } else if !self.pending.is_empty() {
            self.pending.push(b'\n');
            self.read_lines(key, report, out);
        }
        if let Some(reader) = self.prices {
            prices::finish(reader, report, out);
        }
    }

    fn read_lines(&mut self, key: &AuthorKey, report: &mut Report, out: &mut Vec<Event>) {
        let pending = std::mem::take(&mut self.pending);
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', &pending) {
            let line = pending.get(start..end).unwrap_or_default();
            start = end + 1;
            self.read_line(line, key, report, out);
        }
        let rest = pending.get(start..).unwrap_or_default();
        if rest.len() > MAX_ROW {
            self.n_rows += 1;
            report.n_rows += 1;
            report.refuse(FormatError::TooLong, self.n_rows, "");
        } else {
            self.pending.extend_from_slice(rest);
        }
    }

    fn read_line(
        &mut self,
        line: &[u8],
        key: &AuthorKey,
        report: &mut Report,
        out: &mut Vec<Event>,
    ) {
        self.n_rows += 1;
        let text = String::from_utf8_lossy(line);
        let line = text.trim();
        if line.is_empty() || self.kind == Kind::Moodtape && lines::is_of_recording(line) {
            return;
        }
        report.n_rows += 1;
        report.n_repaired += u64::from(matches!(text, std::borrow::Cow::Owned(_)));
        match &mut self.prices {
            Some(reader) => {
                if let Err(error) = reader.push(self.n_rows, line) {
                    report.refuse(error, self.n_rows, line);
                }
            }
            None => lines::decode(self.kind, (self.n_rows, line), key, report, out),
        }
    }

    fn read_rows(&mut self, key: &AuthorKey, report: &mut Report, out: &mut Vec<Event>) {
        let Some(table) = &mut self.table else { return };
        // Where the row begins that is being read.
        let mut start = 0;
        loop {
            let unread = self.pending.get(table.n_parsed..).unwrap_or_default();
            // An empty input would say that there is no more.
            let result = match unread.is_empty() {
                true => ReadRecordResult::InputEmpty,
                false => table.step(unread),
            };
            match result {
                ReadRecordResult::Record => {
                    self.n_rows += 1;
                    start = table.n_parsed;
                    table.take_row(self.n_rows, key, report, out);
                }
                ReadRecordResult::InputEmpty | ReadRecordResult::End => {
                    if table.n_parsed - start <= MAX_ROW {
                        break;
                    }
                    start = table.begin_behind_line(&self.pending, start);
                    self.n_rows += 1;
                    report.n_rows += 1;
                    report.refuse(FormatError::TooLong, self.n_rows, "");
                }
                // Room has been made.
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {}
            }
        }
        self.pending.drain(..start.min(self.pending.len()));
        table.n_parsed -= start;
    }

    /// The last row, which need not end with a line feed.
    fn end_rows(&mut self, key: &AuthorKey, report: &mut Report, out: &mut Vec<Event>) {
        while !self.pending.is_empty() {
            let n_lines = memchr::memchr_iter(b'\n', &self.pending).count();
            let Some(table) = &mut self.table else { return };
            if n_lines > MAX_LINES {
                let start = table.begin_behind_line(&self.pending, 0);
                let line: Vec<u8> = self
                    .pending
                    .drain(..start.min(self.pending.len()))
                    .collect();
                table.n_parsed -= start;
                self.n_rows += 1;
                report.n_rows += 1;
                let why = "a quote is not closed";
                report.refuse_as(
                    "open_quote",
                    why,
                    self.n_rows,
                    &String::from_utf8_lossy(&line),
                );
                self.read_rows(key, report, out);
                continue;
            }
            // An empty input says that there is no more.
            while matches!(
                table.step(&[]),
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull
            ) {}
            if table.n_ends > 0 {
                self.n_rows += 1;
                table.take_row(self.n_rows, key, report, out);
            }
            return;
        }
    }
}

impl Table {
    /// Parses on until a row ends, the text ends, or room has to be made, which is done.
    fn step(&mut self, unread: &[u8]) -> ReadRecordResult {
        let cells = self.cells.get_mut(self.n_cells..).unwrap_or_default();
        let ends = self.ends.get_mut(self.n_ends..).unwrap_or_default();
        let (result, n_in, n_out, n_ends) = self.parser.read_record(unread, cells, ends);
        self.n_parsed += n_in;
        self.n_cells += n_out;
        self.n_ends += n_ends;
        match result {
            ReadRecordResult::OutputFull => self.cells.resize(2 * self.cells.len(), 0),
            ReadRecordResult::OutputEndsFull => self.ends.resize(2 * self.ends.len(), 0),
            _ => {}
        }
        result
    }

    fn take_row(&mut self, row: u64, key: &AuthorKey, report: &mut Report, out: &mut Vec<Event>) {
        let cells = self.cells.get(..self.n_cells).unwrap_or_default();
        let ends = self.ends.get(..self.n_ends).unwrap_or_default();
        let is_header = std::mem::take(&mut self.skips_header);
        let is_empty = ends.len() <= 1 && cells.iter().all(u8::is_ascii_whitespace);
        if !is_header && !is_empty {
            self.columns.read((row, cells, ends), key, report, out);
        }
        (self.n_cells, self.n_ends) = (0, 0);
    }

    /// Gives the row up that begins at `start`, and begins again behind its first line; returns where.
    fn begin_behind_line(&mut self, pending: &[u8], start: usize) -> usize {
        let rest = pending.get(start..).unwrap_or_default();
        let end = memchr::memchr(b'\n', rest).map_or(pending.len(), |end| start + end + 1);
        self.parser = table::parser(self.delimiter);
        (self.n_cells, self.n_ends) = (0, 0);
        self.n_parsed = end;
        end
    }
}
