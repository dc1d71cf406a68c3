//! Everything of a chunk but the texts: what all events have, then the columns of each kind.

use wire::{Body, Event, ndjson};

use crate::{
    ChunkError, MAX_EVENTS, Record, Summary,
    bars::{self, BarsIn, BarsOut},
    bytes::{In, Out},
    pack::{self, Section},
    posts::{self, PostsIn, PostsOut},
};

const MAGIC: [u8; 4] = *b"MTNC";

const POST: u8 = 0;
const BAR: u8 = 1;
/// A body that comes rarely: a whole line.
const OTHER: u8 = 2;
const KIND: u8 = 3;
const SKEWED: u8 = 4;
const IMPORTED: u8 = 8;

/// Kinds, seqs, times, lines of rare bodies.
const N_COMMON: usize = 4;
const N_COLUMNS: usize = N_COMMON + posts::N_COLUMNS + bars::N_COLUMNS;

/// The columns, and what can be known of them but for the hash of the texts.
pub(crate) fn parts(records: &[Record]) -> (Vec<Vec<u8>>, Summary) {
    let mut summary = Summary {
        n_events: records.len() as u32,
        first_at: records.iter().map(|r| r.event.at).min().unwrap_or(0),
        last_at: records.iter().map(|r| r.event.at).max().unwrap_or(0),
        ..Summary::default()
    };
    let mut common = CommonOut::default();
    let (mut posts, mut bars) = (PostsOut::default(), BarsOut::default());
    for record in records {
        let kind = match &record.event.body {
            Body::Post(post) => {
                summary.n_posts += 1;
                posts.write(record.event.at, post, record.withdrawn.as_ref());
                POST
            }
            Body::Bar(bar) => {
                summary.n_bars += 1;
                bars.write(bar);
                BAR
            }
            _ => OTHER,
        };
        common.write(kind, &record.event);
    }
    let columns = common.into_columns().into_iter();
    let columns = columns
        .chain(posts.into_columns())
        .chain(bars.into_columns());
    (columns.collect(), summary)
}

/// Puts the columns together, each with its deflated form.
pub(crate) fn write<'a>(
    parts: impl Iterator<Item = (&'a [u8], &'a [u8])>,
    summary: &Summary,
) -> Vec<u8> {
    let mut body = Out::default();
    write_summary(&mut body, summary);
    parts.for_each(|(part, deflated)| pack::put(&mut body, part, deflated));
    pack::frame(MAGIC, &body.0)
}

pub(crate) fn read_summary(bytes: &[u8]) -> Result<Summary, ChunkError> {
    let (mut body, _) = pack::unframe(MAGIC, bytes)?;
    parse_summary(&mut body)
}

/// Where the columns lie.
pub(crate) fn sections(bytes: &[u8]) -> Result<(Vec<Section<'_>>, Summary), ChunkError> {
    let (mut body, _) = pack::unframe(MAGIC, bytes)?;
    let summary = parse_summary(&mut body)?;
    let sections = (0..N_COLUMNS).map(|_| pack::section(&mut body));
    Ok((sections.collect::<Result<_, _>>()?, summary))
}

pub(crate) fn read<'a>(
    mut columns: impl Iterator<Item = &'a [u8]>,
    summary: &Summary,
) -> Result<Vec<Record>, ChunkError> {
    let mut next = || columns.next().unwrap_or_default();
    let mut common = CommonIn::new(std::array::from_fn(|_| next()));
    let mut posts = PostsIn::new(std::array::from_fn(|_| next()))?;
    let mut bars = BarsIn::new(std::array::from_fn(|_| next()));
    let mut records = Vec::with_capacity(common.n_events().min(summary.n_events as usize));
    for _ in 0..summary.n_events {
        let (kind, mut event) = common.read()?;
        let mut withdrawn = None;
        match kind {
            POST => {
                let (post, note) = posts.read(event.at)?;
                event.body = Body::Post(Box::new(post));
                withdrawn = note;
            }
            BAR => event.body = Body::Bar(bars.read()?),
            _ => {}
        }
        records.push(Record { event, withdrawn });
    }
    Ok(records)
}

fn write_summary(out: &mut Out, summary: &Summary) {
    out.u64(summary.n_events.into());
    out.u64(summary.n_posts.into());
    out.u64(summary.n_bars.into());
    out.i64(summary.first_at);
    out.i64(summary.last_at);
    out.fixed(summary.texts_hash);
}

fn parse_summary(read: &mut In<'_>) -> Result<Summary, ChunkError> {
    let summary = Summary {
        n_events: read.u32()?,
        n_posts: read.u32()?,
        n_bars: read.u32()?,
        first_at: read.i64()?,
        last_at: read.i64()?,
        texts_hash: read.fixed()?,
    };
    if summary.n_events as usize > MAX_EVENTS {
        return Err(ChunkError::TooLarge);
    }
    Ok(summary)
}

/// What every event has. Numbers are written as the distance from the event before.
#[derive(Debug, Default)]
struct CommonOut {
    kinds: Out,
    seqs: Out,
    times: Out,
    lines: Out,
    last_seq: u64,
    last_seen_at: i64,
}

impl CommonOut {
    fn write(&mut self, kind: u8, event: &Event) {
        let skewed = if event.skewed { SKEWED } else { 0 };
        let imported = if event.imported { IMPORTED } else { 0 };
        self.kinds.byte(kind | skewed | imported);
        let seq = event.seq.wrapping_sub(self.last_seq);
        self.seqs.i64(seq.wrapping_sub(1) as i64);
        self.times
            .i64(event.seen_at.wrapping_sub(self.last_seen_at));
        self.times.i64(event.seen_at.wrapping_sub(event.at));
        self.last_seq = event.seq;
        self.last_seen_at = event.seen_at;
        if kind == OTHER {
            self.lines.text(&ndjson::encode_line(event));
        }
    }

    fn into_columns(self) -> [Vec<u8>; N_COMMON] {
        [self.kinds.0, self.seqs.0, self.times.0, self.lines.0]
    }
}

#[derive(Debug)]
struct CommonIn<'a> {
    kinds: In<'a>,
    seqs: In<'a>,
    times: In<'a>,
    lines: In<'a>,
    last_seq: u64,
    last_seen_at: i64,
}

impl<'a> CommonIn<'a> {
    fn new([kinds, seqs, times, lines]: [&'a [u8]; N_COMMON]) -> Self {
        Self {
            kinds: In(kinds),
            seqs: In(seqs),
            times: In(times),
            lines: In(lines),
            last_seq: 0,
            last_seen_at: 0,
        }
    }

    /// A byte each.
    fn n_events(&self) -> usize {
        self.kinds.0.len()
    }

    /// The event, complete if it is of a rare kind; otherwise the caller puts its body in.
    fn read(&mut self) -> Result<(u8, Event), ChunkError> {
        let flags = self.kinds.byte()?;
        let seq = (self.seqs.i64()? as u64).wrapping_add(1);
        self.last_seq = self.last_seq.wrapping_add(seq);
        self.last_seen_at = self.last_seen_at.wrapping_add(self.times.i64()?);
        let at = self.last_seen_at.wrapping_sub(self.times.i64()?);
        let body = match flags & KIND {
            POST | BAR => Body::Post(Box::default()),
            OTHER => {
                let line = self.lines.text()?;
                let event = ndjson::decode_line(line).map_err(|_| ChunkError::Value("line"))?;
                event.body
            }
            _ => return Err(ChunkError::Value("kind")),
        };
        let event = Event {
            seq: self.last_seq,
            seen_at: self.last_seen_at,
            at,
            skewed: flags & SKEWED != 0,
            imported: flags & IMPORTED != 0,
            body,
        };
        Ok((flags & KIND, event))
    }
}
