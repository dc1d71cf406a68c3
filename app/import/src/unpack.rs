//! Gzip and zip, read forwards and in pieces: what comes out are the entries, one after the other.

use flate2::{Crc, Decompress, FlushDecompress, Status, write::MultiGzDecoder};
use std::io::Write;

/// What comes out.
#[derive(Debug)]
pub(crate) enum Part {
    /// A file begins; a zip file's entry has a name.
    Begin(Option<String>),
    Bytes(Vec<u8>),
    /// The file ends.
    End,
    /// The packing is damaged; nothing follows.
    Damaged,
}

/// Most bytes that come out at once.
const STEP: usize = 1 << 16;
const LOCAL: [u8; 4] = *b"PK\x03\x04";
const DESCRIPTOR: [u8; 4] = *b"PK\x07\x08";

#[derive(Default)]
pub(crate) struct Unpacker {
    /// Bytes that wait for more.
    pending: Vec<u8>,
    state: State,
}

#[derive(Default)]
enum State {
    /// Nothing is known before the first four bytes.
    #[default]
    Unknown,
    Plain,
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
    /// Before the header of an entry.
    Zip,
    Entry(Box<Entry>),
    /// Behind the last entry, or behind damage.
    Done,
}

struct Entry {
    inflate: Option<Decompress>,
    /// Bytes left of an entry that is not deflated.
    n_left: u64,
    has_descriptor: bool,
    is_wanted: bool,
    crc: Crc,
    expected_crc: u32,
}

impl Unpacker {
    pub(crate) fn push(&mut self, bytes: &[u8], parts: &mut Vec<Part>) {
        self.pending.extend_from_slice(bytes);
        while self.step(parts) {}
    }

    /// The file has ended.
    pub(crate) fn finish(&mut self, parts: &mut Vec<Part>) {
        match std::mem::replace(&mut self.state, State::Done) {
            State::Unknown => {
                parts.push(Part::Begin(None));
                parts.push(Part::Bytes(std::mem::take(&mut self.pending)));
                parts.push(Part::End);
            }
            State::Plain => parts.push(Part::End),
            State::Gzip(mut gzip) => {
                let is_whole = gzip.try_finish().is_ok();
                parts.push(Part::Bytes(std::mem::take(gzip.get_mut())));
                parts.push(if is_whole { Part::End } else { Part::Damaged });
            }
            State::Entry(_) => parts.push(Part::Damaged),
            State::Zip | State::Done => {}
        }
    }

    /// Returns whether there may be more to do.
    fn step(&mut self, parts: &mut Vec<Part>) -> bool {
        match &mut self.state {
            State::Unknown => self.begin(parts),
            State::Done => {
                self.pending.clear();
                false
            }
            State::Plain => {
                if !self.pending.is_empty() {
                    parts.push(Part::Bytes(std::mem::take(&mut self.pending)));
                }
                false
            }
            State::Gzip(gzip) => {
                let is_sound = gzip.write_all(&self.pending).is_ok();
                self.pending.clear();
                parts.push(Part::Bytes(std::mem::take(gzip.get_mut())));
                if !is_sound {
                    parts.push(Part::Damaged);
                    self.state = State::Done;
                }
                false
            }
            State::Zip => self.begin_entry(parts),
            State::Entry(_) => self.read_entry(parts),
        }
    }

    fn begin(&mut self, parts: &mut Vec<Part>) -> bool {
        let Some(magic) = self.pending.first_chunk::<4>() else {
            return false;
        };
        self.state = match magic {
            [0x1f, 0x8b, ..] => State::Gzip(Box::new(MultiGzDecoder::new(Vec::new()))),
            _ if *magic == LOCAL => State::Zip,
            _ => State::Plain,
        };
        if !matches!(self.state, State::Zip) {
            parts.push(Part::Begin(None));
        }
        true
    }

    /// Reads the header of an entry. Behind the last one comes the directory, which is not needed.
    fn begin_entry(&mut self, parts: &mut Vec<Part>) -> bool {
        let Some(header) = self.pending.first_chunk::<30>() else {
            return false;
        };
        if header[..4] != LOCAL {
            self.state = State::Done;
            return true;
        }
        let u16_at = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
        let u32_at = |at: usize| {
            u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
        };
        let (flags, method) = (u16_at(6), u16_at(8));
        let (expected_crc, n_packed) = (u32_at(14), u32_at(18));
        let name_end = 30 + usize::from(u16_at(26));
        let end = name_end + usize::from(u16_at(28));
        let Some(name) = self
            .pending
            .get(30..name_end)
            .filter(|_| self.pending.len() >= end)
        else {
            return false;
        };
        let name = String::from_utf8_lossy(name).into_owned();
        self.pending.drain(..end);
        let has_descriptor = flags & 8 != 0;
        let can_read = matches!((method, has_descriptor), (8, _) | (0, false)) && flags & 1 == 0;
        if !can_read || n_packed == u32::MAX {
            parts.push(Part::Damaged);
            self.state = State::Done;
            return true;
        }
        let is_wanted = !name.ends_with('/') && !name.starts_with("__MACOSX/");
        if is_wanted {
            parts.push(Part::Begin(Some(name)));
        }
        self.state = State::Entry(Box::new(Entry {
            inflate: (method == 8).then(|| Decompress::new(false)),
            n_left: n_packed.into(),
            has_descriptor,
            is_wanted,
            crc: Crc::new(),
            expected_crc,
        }));
        true
    }

    fn read_entry(&mut self, parts: &mut Vec<Part>) -> bool {
        let State::Entry(entry) = &mut self.state else {
            return false;
        };
        let (mut out, mut n_used) = (Vec::new(), 0);
        let is_end;
        if let Some(inflate) = &mut entry.inflate {
            out.reserve(STEP);
            let before = inflate.total_in();
            match inflate.decompress_vec(&self.pending, &mut out, FlushDecompress::None) {
                Ok(status) => is_end = status == Status::StreamEnd,
                Err(_) => {
                    parts.push(Part::Damaged);
                    self.state = State::Done;
                    return true;
                }
            }
            n_used = usize::try_from(inflate.total_in() - before).unwrap_or(usize::MAX);
        } else {
            let n = usize::try_from(entry.n_left)
                .unwrap_or(usize::MAX)
                .min(self.pending.len());
            out.extend_from_slice(self.pending.get(..n).unwrap_or_default());
            entry.n_left -= n as u64;
            n_used += n;
            is_end = entry.n_left == 0;
        }
        self.pending.drain(..n_used.min(self.pending.len()));
        let has_moved = n_used > 0 || !out.is_empty();
        entry.crc.update(&out);
        if entry.is_wanted && !out.is_empty() {
            parts.push(Part::Bytes(out));
        }
        if !is_end {
            return has_moved;
        }
        self.end_entry(parts)
    }

    /// Behind the data may stand its checksum and lengths, with or without a mark before them.
    fn end_entry(&mut self, parts: &mut Vec<Part>) -> bool {
        let State::Entry(entry) = &mut self.state else {
            return false;
        };
        let mut expected = entry.expected_crc;
        if entry.has_descriptor {
            if self.pending.len() < 16 {
                // A last entry has the directory behind it, so more must come; what was inflated is out.
                entry.inflate = None;
                entry.n_left = 0;
                return false;
            }
            let start = if self.pending.starts_with(&DESCRIPTOR) {
                4
            } else {
                0
            };
            let crc = self
                .pending
                .get(start..)
                .and_then(|rest| rest.first_chunk());
            expected = crc.map_or(expected, |crc| u32::from_le_bytes(*crc));
            self.pending.drain(..start + 12);
        }
        if entry.is_wanted {
            parts.push(match entry.crc.sum() == expected {
                true => Part::End,
                false => Part::Damaged,
            });
        }
        self.state = State::Zip;
        true
    }
}
