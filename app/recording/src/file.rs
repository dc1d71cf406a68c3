//! The recording file: lines of JSON packed by gzip, the first of which says what it is and the last one
//! holds a hash over all before it.
//!
//! ```text
//!  {"v":1,"recording":{…}}             what decides how events count, tool, lexicon, range        Head
//!  {"v":1,…,"post":{…},"stands":{…}}   events, as everywhere else, and how each post counts
//!  {"v":1,…,"post":{…},…,"aside":true}  what a moment is explained by and lies around the stretch
//!  {"v":1,"sums":[…]} {"v":1,"ids":…}  instead of posts, where only aggregates are given
//!  {"v":1,"table":…,"rows":[…]}        results
//!  {"v":1,"seal":{…}}                  number of lines before it, and the SHA-256 of their bytes    Seal
//! ```
//!
//! Whatever reads event lines, the relay among them, reads a recording as well.

use std::io::Write;

use analysis::{Standing, protocol::Watch, text::lexicon_version, view::Range};
use chunks::Record;
use flate2::{Compression, write::GzEncoder};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use wire::{Body, Millis, PublicConfig, ndjson};

use crate::{
    Session, aggregates,
    moment::{Explained, Moment},
    outputs::{self, Question},
    redact::{Passed, Redactor, Without},
    table::{Cell, Table},
    terms::Texts,
};

/// Version of the format.
pub const VERSION: u32 = 2;

/// Things of which several stand in a line.
const PER_LINE: usize = 200;

/// What a recording says of itself.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Head {
    /// [`VERSION`].
    pub version: u32,
    /// The program that wrote it.
    pub tool: String,
    /// Number of the word lists that scored the posts, in hexadecimal.
    pub lexicon: String,
    /// How much of the posts is in it.
    pub texts: Texts,
    /// Start of the stretch, inclusive.
    pub from: Millis,
    /// End of the stretch, exclusive.
    pub to: Millis,
    /// The clock of the data, for the results.
    pub now: Millis,
    /// Tickers that results are given for.
    pub tickers: Vec<String>,
    /// Stretches in which no source was listening.
    pub gaps: Vec<(Millis, Millis)>,
    /// Topics, tickers and filters.
    pub config: PublicConfig,
    /// Scoring and sampling.
    pub watch: Watch,
    /// The moment that is explained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explained: Option<Explained>,
}

/// A recording's end.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Seal {
    /// Lines before it.
    pub lines: u64,
    /// SHA-256 of all bytes before it, in hexadecimal.
    pub sha256: String,
}

/// How a post counts.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Stands {
    /// Compound in ten-thousandths.
    pub(crate) compound: i16,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) topics: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tickers: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) without: Option<Without>,
    /// What it was judged to be.
    #[serde(default)]
    pub(crate) judgement: u16,
}

/// Writes a recording in two passes over a session's events: the first one is [`Session::take`].
pub struct Writer {
    gzip: GzEncoder<Vec<u8>>,
    hash: Sha256,
    n_lines: u64,
    redactor: Redactor,
    texts: Texts,
    moment: Option<Moment>,
    ids: Vec<(String, String, String)>,
}

impl Writer {
    /// Begins with what the session is. Authors are hashed again with `salt`, which nobody keeps.
    pub fn new(session: &mut Session, texts: Texts, salt: [u8; 16]) -> Self {
        Self::explaining(session, None, texts, salt)
    }

    /// The same with a moment of it, which has read its records.
    pub fn explaining(
        session: &mut Session,
        mut moment: Option<Moment>,
        texts: Texts,
        salt: [u8; 16],
    ) -> Self {
        let mut head = head(session, texts);
        let mut tables = Vec::new();
        if let Some(moment) = &mut moment {
            let (explained, ticker) = moment.explained();
            head.explained = Some(explained);
            head.watch.ticker = head.watch.ticker.or(ticker);
            tables = moment.tables(session);
        }
        let mut writer = Self {
            gzip: GzEncoder::new(Vec::new(), Compression::new(6)),
            hash: Sha256::new(),
            n_lines: 0,
            redactor: Redactor::new(texts, salt),
            texts,
            moment,
            ids: Vec::new(),
        };
        writer.line(&Line {
            recording: Some(&head),
            ..Line::default()
        });
        // Near the beginning, where they can be shown before everything is read.
        for table in &tables {
            writer.write_table(table);
        }
        writer
    }

    /// Writes stored events, those that lie outside or may not be handed on left out.
    pub fn write(&mut self, session: &mut Session, records: &[Record]) {
        for record in records {
            let Some(passed) = self.redactor.pass(session, record) else {
                self.write_aside(session, record);
                continue;
            };
            match (&record.event.body, self.texts) {
                (Body::Post(post), Texts::Aggregates) => {
                    let hash = content_hash(&post.source, &post.id, &post.text);
                    self.ids.push((post.source.clone(), post.id.clone(), hash));
                    if self.ids.len() >= PER_LINE {
                        self.write_ids();
                    }
                }
                (Body::Post(_), _) => {
                    if let Some(line) = post_line(session, &passed) {
                        self.raw(line);
                    }
                }
                // A withdrawal is carried out already, and names what is gone.
                (Body::Delete(_), _) => {}
                _ => self.raw(ndjson::encode_line(&passed.event)),
            }
        }
    }

    /// Bytes of the file that are ready.
    pub fn ready(&mut self) -> Vec<u8> {
        std::mem::take(self.gzip.get_mut())
    }

    /// Writes the results and the seal; returns the last bytes and the seal.
    pub fn finish(mut self, session: &mut Session) -> (Vec<u8>, Seal) {
        if self.texts == Texts::Aggregates {
            self.write_ids();
            let (tickers, range) = (session.tickers(), session.range());
            let config = session.basis().config.clone();
            let sums = aggregates::sums(session.engine(), &config, &tickers, range);
            for sums in sums.chunks(PER_LINE) {
                self.line(&Line {
                    sums: Some(sums),
                    ..Line::default()
                });
            }
        }
        for table in session.outputs() {
            self.write_table(&table);
        }
        let seal = Seal {
            lines: self.n_lines,
            sha256: hex(&self.hash.clone().finalize()),
        };
        self.line(&Line {
            seal: Some(&seal),
            ..Line::default()
        });
        // Writing to memory does not fail.
        (self.gzip.finish().unwrap_or_default(), seal)
    }

    /// What the moment needs of what is not of the session.
    fn write_aside(&mut self, session: &Session, record: &Record) {
        let around = self
            .moment
            .as_mut()
            .and_then(|moment| moment.session_of(session, &record.event));
        let Some(around) = around else {
            return;
        };
        let is_post = matches!(record.event.body, Body::Post(_));
        if is_post && self.texts == Texts::Aggregates {
            return;
        }
        let Some(passed) = self.redactor.redact(around, record) else {
            return;
        };
        let line = match is_post {
            true => post_line(around, &passed),
            false => Some(ndjson::encode_line(&passed.event)),
        };
        if let Some(mut line) = line {
            line.pop();
            self.raw(format!("{line},\"aside\":true}}"));
        }
    }

    fn write_ids(&mut self) {
        let ids = std::mem::take(&mut self.ids);
        if !ids.is_empty() {
            self.line(&Line {
                ids: Some(&ids),
                ..Line::default()
            });
        }
    }

    fn write_table(&mut self, table: &Table) {
        let names: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
        // A table without rows is a result, too.
        let n_lines = table.rows.len().div_ceil(PER_LINE).max(1);
        for idx in 0..n_lines {
            let rows = table.rows.iter().skip(idx * PER_LINE).take(PER_LINE);
            let rows: Vec<&Vec<Cell>> = rows.collect();
            self.line(&Line {
                table: Some(table.name),
                columns: (idx == 0).then_some(&names),
                rows: Some(&rows),
                ..Line::default()
            });
        }
    }

    fn line(&mut self, line: &Line<'_>) {
        // Keys are strings, and numbers finite.
        self.raw(serde_json::to_string(line).unwrap_or_default());
    }

    fn raw(&mut self, mut line: String) {
        line.push('\n');
        self.n_lines += 1;
        self.hash.update(line.as_bytes());
        let _ = self.gzip.write_all(line.as_bytes());
    }
}

#[derive(Serialize)]
struct Line<'a> {
    v: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    recording: Option<&'a Head>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sums: Option<&'a [aggregates::Sum]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ids: Option<&'a [(String, String, String)]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    columns: Option<&'a Vec<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<&'a Vec<&'a Vec<Cell>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seal: Option<&'a Seal>,
}

impl Default for Line<'_> {
    fn default() -> Self {
        Self {
            v: ndjson::VERSION,
            recording: None,
            sums: None,
            ids: None,
            table: None,
            columns: None,
            rows: None,
            seal: None,
        }
    }
}

impl From<Standing> for Stands {
    fn from(standing: Standing) -> Self {
        Self {
            compound: standing.compound,
            topics: standing.topics,
            tickers: standing.tickers,
            judgement: standing.judgement,
            without: None,
        }
    }
}

impl From<Stands> for Standing {
    fn from(stands: Stands) -> Self {
        Self {
            compound: stands.compound,
            topics: stands.topics,
            tickers: stands.tickers,
            judgement: stands.judgement,
        }
    }
}

/// A post with how it counts.
fn post_line(session: &mut Session, passed: &Passed) -> Option<String> {
    let (standing, _) = session.standing(&passed.event)?;
    let stands = Stands {
        without: passed.without,
        ..Stands::from(standing)
    };
    let mut line = ndjson::encode_line(&passed.event);
    line.pop();
    let stands = serde_json::to_string(&stands).unwrap_or_default();
    Some(format!("{line},\"stands\":{stands}}}"))
}

fn head(session: &mut Session, texts: Texts) -> Head {
    let (range, now, tickers) = (session.range(), session.now(), session.tickers());
    let basis = session.basis().clone();
    let question = Question {
        watch: &basis.watch,
        tickers: &tickers,
        range,
        now,
    };
    let gaps = outputs::gaps(session.engine(), &question);
    Head {
        version: VERSION,
        tool: tool(),
        lexicon: lexicon(),
        texts,
        from: range.from,
        to: range.to,
        now,
        tickers,
        gaps: gaps.iter().map(|Range { from, to }| (*from, *to)).collect(),
        config: basis.config,
        watch: basis.watch,
        explained: None,
    }
}

/// This program and its version.
pub(crate) fn tool() -> String {
    concat!("moodtape ", env!("CARGO_PKG_VERSION")).to_owned()
}

pub(crate) fn lexicon() -> String {
    format!("{:016x}", lexicon_version())
}

/// Who has the post can check that it is the one that was counted: SHA-256 over source, id and text, a zero
/// byte between each, its first eight bytes in hexadecimal.
pub fn content_hash(source: &str, id: &str, text: &str) -> String {
    let mut hash = Sha256::new();
    for (idx, part) in [source, id, text].into_iter().enumerate() {
        if idx > 0 {
            hash.update([0]);
        }
        hash.update(part.as_bytes());
    }
    let mut hash = hex(&hash.finalize());
    hash.truncate(16);
    hash
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or('0');
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}
