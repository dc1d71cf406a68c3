//! Tables to take away: posts, bars, sums, anomalies and lead/lag results as CSV, NDJSON or Parquet.

mod csv;
pub(crate) use csv::time as iso;
mod parquet;

use chunks::Record;
use serde::{Deserialize, Serialize};
use wire::{Bar, Body, Event, Post};

use crate::{
    Session, aggregates, moment,
    redact::{Redactor, Without},
    table::{Cell, Column, Kind, Table, column},
    terms::Texts,
};

/// Which table.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum What {
    /// A row a post.
    #[default]
    Posts,
    /// A row a bar.
    Bars,
    /// A row for five minutes of all posts, of each topic, and of each ticker.
    Aggregates,
    /// Unusual buckets of each ticker.
    Anomalies,
    /// Correlation by lag of each ticker.
    LeadLag,
    /// What every column of every table means.
    Columns,
}

/// In which form.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum Format {
    /// Comma-separated, with a header, UTF-8.
    #[default]
    Csv,
    /// An object a line.
    Ndjson,
    /// Columns, compressed by Snappy.
    Parquet,
}

impl What {
    /// Every one.
    pub const ALL: [Self; 6] = [
        Self::Posts,
        Self::Bars,
        Self::Aggregates,
        Self::Anomalies,
        Self::LeadLag,
        Self::Columns,
    ];

    /// In file names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Posts => "posts",
            Self::Bars => "bars",
            Self::Aggregates => "aggregates",
            Self::Anomalies => "anomalies",
            Self::LeadLag => "lead-lag",
            Self::Columns => "columns",
        }
    }
}

impl Format {
    /// In file names.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
        }
    }
}

const POSTS: &[Column] = &[
    column("source", Kind::Text, "", "the service it came from"),
    column("id", Kind::Text, "", "the service's own id"),
    column("at", Kind::Time, "UTC", "by which it is counted"),
    column("seen_at", Kind::Time, "UTC", "when it was received"),
    column(
        "posted_at",
        Kind::Time,
        "UTC",
        "as its author's program says",
    ),
    column(
        "author",
        Kind::Text,
        "",
        "hashed, with a key of this file alone",
    ),
    column("lang", Kind::Text, "BCP 47", "as the service says"),
    column("text", Kind::Text, "", "where the source's terms allow it"),
    column("hashtags", Kind::Text, "", "separated by spaces"),
    column("cashtags", Kind::Text, "", "separated by spaces"),
    column("tickers", Kind::Text, "", "that it counts for"),
    column(
        "topics",
        Kind::Text,
        "",
        "that it counts for, separated by semicolons",
    ),
    column("compound", Kind::Number, "-1 to +1", "its score"),
    column("class", Kind::Text, "", "positive, neutral or negative"),
    column("repost", Kind::Flag, "", "it only repeats another one"),
    column(
        "late",
        Kind::Flag,
        "",
        "it came more than 60 s after it was posted",
    ),
    column("reply_to", Kind::Text, "", "id of the post it answers"),
    column(
        "country",
        Kind::Text,
        "ISO 3166-1",
        "where its author says it was written",
    ),
    column("url", Kind::Text, "", "where it can be read"),
    column(
        "without_text",
        Kind::Text,
        "",
        "why it has no text: withdrawn, or terms",
    ),
];

const BARS: &[Column] = &[
    column("ticker", Kind::Text, "", ""),
    column("currency", Kind::Text, "", "of the prices"),
    column("source", Kind::Text, "", "the service it came from"),
    column("open_at", Kind::Time, "UTC", "start, inclusive"),
    column(
        "close_at",
        Kind::Time,
        "UTC",
        "end, exclusive; it was known then",
    ),
    column("width", Kind::Integer, "ms", "length"),
    column("open", Kind::Number, "currency", "first price"),
    column("high", Kind::Number, "currency", "highest price"),
    column("low", Kind::Number, "currency", "lowest price"),
    column("close", Kind::Number, "currency", "last price"),
    column("volume", Kind::Number, "units of the ticker", "traded"),
    column(
        "market_cap",
        Kind::Number,
        "currency",
        "market capitalisation",
    ),
];

const COLUMNS: &[Column] = &[
    column("table", Kind::Text, "", ""),
    column("column", Kind::Text, "", ""),
    column("type", Kind::Text, "", ""),
    column("unit", Kind::Text, "", ""),
    column("meaning", Kind::Text, "", ""),
];

/// Writes one table in two passes over a session's events, of which only posts and bars need the second one.
pub struct Export {
    what: What,
    format: Format,
    redactor: Redactor,
    out: Out,
}

/// Rows that are written, or wait to be: columns are written when all of them are there.
enum Out {
    Lines { bytes: Vec<u8>, has_header: bool },
    Columns(parquet::File),
}

impl Export {
    /// Begins. Authors are hashed again with `salt`, which nobody keeps.
    pub fn new(what: What, format: Format, texts: Texts, salt: [u8; 16]) -> Self {
        let columns = match what {
            What::Bars => BARS,
            _ => POSTS,
        };
        Self {
            what,
            format,
            redactor: Redactor::new(texts, salt),
            out: match format {
                Format::Parquet => {
                    Out::Columns(parquet::File::new(Table::new(what.name(), columns)))
                }
                Format::Csv | Format::Ndjson => Out::Lines {
                    bytes: Vec::new(),
                    has_header: false,
                },
            },
        }
    }

    /// Whether events have to be handed over once more.
    pub fn needs_events(&self) -> bool {
        matches!(self.what, What::Posts | What::Bars)
    }

    /// Writes stored events that the session has taken in.
    pub fn write(&mut self, session: &mut Session, records: &[Record]) {
        let columns = match self.what {
            What::Posts => POSTS,
            What::Bars => BARS,
            _ => return,
        };
        let mut table = Table::new(self.what.name(), columns);
        for record in records {
            let is_wanted = match &record.event.body {
                Body::Post(_) => self.what == What::Posts,
                Body::Bar(_) => self.what == What::Bars,
                _ => false,
            };
            let passed = is_wanted
                .then(|| self.redactor.pass(session, record))
                .flatten();
            if let Some(passed) = passed {
                table
                    .rows
                    .extend(row(session, &passed.event, passed.without));
            }
        }
        self.take(table);
    }

    /// Bytes that are ready.
    pub fn ready(&mut self) -> Vec<u8> {
        match &mut self.out {
            Out::Lines { bytes, .. } => std::mem::take(bytes),
            Out::Columns(_) => Vec::new(),
        }
    }

    /// The last bytes.
    ///
    /// # Errors
    /// [`archive::FormatError`] where Parquet cannot hold the table.
    pub fn finish(mut self, session: &mut Session) -> Result<Vec<u8>, archive::FormatError> {
        match self.what {
            What::Posts => self.take(Table::new("posts", POSTS)),
            What::Bars => self.take(Table::new("bars", BARS)),
            What::Columns => self.take(dictionary(session)),
            What::Aggregates => {
                let (tickers, range) = (session.tickers(), session.range());
                let config = session.basis().config.clone();
                let sums = aggregates::sums(session.engine(), &config, &tickers, range);
                self.take(aggregates::table(&sums));
            }
            What::Anomalies | What::LeadLag => {
                let name = match self.what {
                    What::LeadLag => "lead_lag",
                    _ => "anomalies",
                };
                let tables = session.outputs().into_iter();
                tables
                    .filter(|table| table.name == name)
                    .for_each(|table| self.take(table));
            }
        }
        match self.out {
            Out::Lines { bytes, .. } => Ok(bytes),
            Out::Columns(file) => file.finish(),
        }
    }

    fn take(&mut self, table: Table) {
        match &mut self.out {
            Out::Columns(file) => file.take(table),
            Out::Lines { bytes, has_header } => match self.format {
                Format::Csv => {
                    if !std::mem::replace(has_header, true) {
                        csv::write_header(table.columns, bytes);
                    }
                    csv::write_rows(&table, bytes);
                }
                _ => write_lines(&table, bytes),
            },
        }
    }
}

fn row(session: &mut Session, event: &Event, without: Option<Without>) -> Option<Vec<Cell>> {
    match &event.body {
        Body::Post(post) => post_row(session, event, post, without),
        Body::Bar(bar) => Some(bar_row(bar)),
        _ => None,
    }
}

fn post_row(
    session: &mut Session,
    event: &Event,
    post: &Post,
    without: Option<Without>,
) -> Option<Vec<Cell>> {
    let (standing, class) = session.standing(event)?;
    let text = |text: &str| match text {
        "" => Cell::None,
        text => text.into(),
    };
    let optional = |text: &Option<String>| text.as_deref().into();
    let country = post
        .place
        .as_ref()
        .and_then(|place| place.country.as_deref());
    Some(vec![
        text(&post.source),
        text(&post.id),
        event.at.into(),
        event.seen_at.into(),
        post.posted_at.into(),
        text(&post.author),
        optional(&post.lang),
        text(&post.text),
        text(&post.hashtags.join(" ")),
        text(&post.cashtags.join(" ")),
        text(&standing.tickers.join(" ")),
        text(&standing.topics.join(";")),
        Cell::from(f64::from(standing.compound) / 10_000.0),
        class.into(),
        post.repost.into(),
        event.is_late().into(),
        optional(&post.reply_to),
        country.into(),
        optional(&post.url),
        without
            .map(|why| match why {
                Without::Withdrawn => "withdrawn",
                Without::Terms => "terms",
            })
            .into(),
    ])
}

fn bar_row(bar: &Bar) -> Vec<Cell> {
    vec![
        bar.ticker.as_str().into(),
        bar.currency.as_str().into(),
        bar.source.as_str().into(),
        bar.open_at.into(),
        bar.close_at().into(),
        bar.width.into(),
        bar.open.into(),
        bar.high.into(),
        bar.low.into(),
        bar.close.into(),
        bar.volume.into(),
        bar.market_cap.into(),
    ]
}

fn write_lines(table: &Table, out: &mut Vec<u8>) {
    for row in &table.rows {
        let cells = table.columns.iter().zip(row);
        let cells = cells.filter(|(_, cell)| **cell != Cell::None);
        // A map with the order of the columns.
        let mut begin = b'{';
        for (column, cell) in cells {
            out.push(begin);
            begin = b',';
            out.extend_from_slice(
                serde_json::to_string(column.name)
                    .unwrap_or_default()
                    .as_bytes(),
            );
            out.push(b':');
            out.extend_from_slice(serde_json::to_string(cell).unwrap_or_default().as_bytes());
        }
        if begin == b'{' {
            out.push(b'{');
        }
        out.extend_from_slice(b"}\n");
    }
}

/// What every column means.
fn dictionary(session: &mut Session) -> Table {
    let mut tables = vec![
        Table::new("posts", POSTS),
        Table::new("bars", BARS),
        aggregates::table(&[]),
    ];
    tables.extend(session.outputs());
    tables.extend(moment::empty());
    let mut dictionary = Table::new("columns", COLUMNS);
    for table in tables {
        for column in table.columns {
            let kind = match column.kind {
                Kind::Text => "text",
                Kind::Integer => "whole number",
                Kind::Number => "number",
                Kind::Time => "time: ISO 8601 in CSV, else milliseconds since 1970",
                Kind::Flag => "yes or no",
            };
            let cells = [table.name, column.name, kind, column.unit, column.about];
            dictionary.rows.push(cells.map(Cell::from).into());
        }
    }
    dictionary
}

/// `moodtape-posts-2026-03-02.csv`.
pub fn file_name(what: What, format: Format, session: &Session) -> String {
    let from = session.range().from;
    format!(
        "moodtape-{}-{}.{}",
        what.name(),
        csv::date(from),
        format.ending()
    )
}

/// `moodtape-recording-2026-03-02-1a2b3c4d.ndjson.gz`, with the first digits of the content's hash.
pub fn recording_name(session: &Session, sha256: &str) -> String {
    let (from, hash) = (session.range().from, sha256.get(..8).unwrap_or(sha256));
    format!("moodtape-recording-{}-{hash}.ndjson.gz", csv::date(from))
}
