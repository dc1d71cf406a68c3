//! A recording's bytes to what its lines hold, with the hash over them.

use std::io::Write;

use flate2::write::MultiGzDecoder;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use wire::{Body, Event, ndjson};

use crate::{
    aggregates::Sum,
    file::{Head, Seal, Stands, hex},
    table::Cell,
};

/// No line of a recording is longer.
const MAX_LINE: usize = 4 << 20;
/// So much is unpacked at once.
const STEP: usize = 1 << 14;

/// What a line holds.
pub(super) enum Content {
    Head(Box<Head>),
    Post(Box<Event>, Stands),
    Event(Box<Event>),
    /// What only a moment is explained by; a post with how it counts.
    Aside(Box<Event>, Option<Stands>),
    Sums(Vec<Sum>),
    Ids(u64),
    Rows {
        table: String,
        columns: Vec<String>,
        rows: Vec<Vec<Cell>>,
    },
    /// As stated, and as found.
    Seal(Seal, Seal),
    Broken,
}

/// Cuts bytes into lines, unpacked if they are packed.
#[derive(Default)]
pub(super) struct Lines {
    packing: Packing,
    pending: Vec<u8>,
    hash: Sha256,
    n_lines: u64,
    is_damaged: bool,
}

#[derive(Default)]
enum Packing {
    #[default]
    Unknown,
    None,
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
}

impl Lines {
    pub(super) fn push(&mut self, bytes: &[u8], mut take: impl FnMut(Content)) {
        for piece in bytes.chunks(STEP) {
            self.unpack(piece);
            self.cut(&mut take);
        }
    }

    /// Returns whether nothing was damaged.
    pub(super) fn finish(mut self, mut take: impl FnMut(Content)) -> bool {
        if let Packing::Gzip(gzip) = &mut self.packing {
            self.is_damaged |= gzip.try_finish().is_err();
            self.pending.append(gzip.get_mut());
        }
        self.cut(&mut take);
        // Every line ends with a line feed.
        !self.is_damaged && self.pending.is_empty()
    }

    fn unpack(&mut self, bytes: &[u8]) {
        if let Packing::Unknown = self.packing {
            self.packing = match bytes {
                [0x1f, 0x8b, ..] => Packing::Gzip(Box::new(MultiGzDecoder::new(Vec::new()))),
                _ => Packing::None,
            };
        }
        match &mut self.packing {
            Packing::Gzip(gzip) => {
                self.is_damaged |= gzip.write_all(bytes).is_err();
                // Otherwise what little there is of a short file comes out at its end only.
                let _ = gzip.flush();
                self.pending.append(gzip.get_mut());
            }
            _ => self.pending.extend_from_slice(bytes),
        }
    }

    fn cut(&mut self, take: &mut impl FnMut(Content)) {
        let pending = std::mem::take(&mut self.pending);
        let mut rest = pending.as_slice();
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let (line, behind) = rest.split_at(end + 1);
            rest = behind;
            let content = self.read(line.trim_ascii_end());
            self.hash.update(line);
            self.n_lines += 1;
            take(content);
        }
        if rest.len() > MAX_LINE {
            self.is_damaged = true;
        } else {
            self.pending = rest.to_vec();
        }
    }

    fn read(&self, line: &[u8]) -> Content {
        let Ok(text) = std::str::from_utf8(line) else {
            return Content::Broken;
        };
        let Ok(parts) = serde_json::from_str::<Parts>(text) else {
            return Content::Broken;
        };
        if let Some(head) = parts.recording {
            return Content::Head(head);
        }
        if let Some(seal) = parts.seal {
            let found = Seal {
                lines: self.n_lines,
                sha256: hex(&self.hash.clone().finalize()),
            };
            return Content::Seal(seal, found);
        }
        if let Some(sums) = parts.sums {
            return Content::Sums(sums);
        }
        if let Some(ids) = parts.ids {
            return Content::Ids(ids.len() as u64);
        }
        if let Some(table) = parts.table {
            return Content::Rows {
                table,
                columns: parts.columns,
                rows: parts.rows,
            };
        }
        match ndjson::decode_line(text) {
            Ok(event) if parts.aside => Content::Aside(Box::new(event), parts.stands),
            Ok(event) if matches!(event.body, Body::Post(_)) => match parts.stands {
                Some(stands) => Content::Post(Box::new(event), stands),
                None => Content::Broken,
            },
            Ok(event) => Content::Event(Box::new(event)),
            Err(_) => Content::Broken,
        }
    }
}

/// The keys that only recordings have.
#[derive(Deserialize)]
struct Parts {
    recording: Option<Box<Head>>,
    stands: Option<Stands>,
    #[serde(default)]
    aside: bool,
    sums: Option<Vec<Sum>>,
    ids: Option<Vec<serde::de::IgnoredAny>>,
    table: Option<String>,
    #[serde(default)]
    columns: Vec<String>,
    #[serde(default)]
    rows: Vec<Vec<Cell>>,
    seal: Option<Seal>,
}
