//! A file as lines of text: plain or gzip by its content, whatever its lines are.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

use flate2::bufread::MultiGzDecoder;
use wire::formats::FormatError;

/// The longest line that is read; longer ones are dropped without being held.
pub const MAX_LINE_BYTES: usize = 1 << 20;

const BUFFER_BYTES: usize = 64 << 10;

/// Reads lines one by one into one buffer.
pub(super) struct Lines {
    input: Box<dyn BufRead + Send>,
    line: Vec<u8>,
    line_no: u64,
    has_ended: bool,
}

/// How much of a file is wanted.
#[derive(Clone, Copy)]
pub(super) enum Extent {
    /// All of it.
    Whole,
    /// So many bytes, after decompression.
    Bytes(u64),
}

impl Lines {
    pub(super) fn open(path: &Path, extent: Extent) -> io::Result<Self> {
        let mut file = BufReader::with_capacity(BUFFER_BYTES, File::open(path)?);
        let is_gzip = file.fill_buf()?.starts_with(&[0x1f, 0x8b]);
        let input: Box<dyn BufRead + Send> = if is_gzip {
            Box::new(BufReader::with_capacity(
                BUFFER_BYTES,
                MultiGzDecoder::new(file),
            ))
        } else {
            Box::new(file)
        };
        let input = match extent {
            Extent::Whole => input,
            Extent::Bytes(limit) => Box::new(input.take(limit)),
        };
        Ok(Self::new(input))
    }

    fn new(input: Box<dyn BufRead + Send>) -> Self {
        Self {
            input,
            line: Vec::new(),
            line_no: 0,
            has_ended: false,
        }
    }

    /// Number of the line that was read last, from 1.
    pub(super) fn line_no(&self) -> u64 {
        self.line_no
    }

    /// The next line without its end, or why it cannot be read; `None` behind the last one.
    ///
    /// A file that cannot be read further gives one error, and then ends. What had been read of a
    /// line by then is lost.
    pub(super) fn next_line(&mut self) -> Option<Result<&str, FormatError>> {
        if self.has_ended {
            return None;
        }
        self.line_no += 1;
        match self.read_line() {
            Ok(Read1::End) => None,
            Ok(Read1::TooLong) => Some(Err(FormatError::TooLong)),
            Ok(Read1::Line) => {
                let line = self.line.strip_suffix(b"\r").unwrap_or(&self.line);
                let mark = if self.line_no == 1 {
                    "\u{feff}".as_bytes()
                } else {
                    b""
                };
                let line = line.strip_prefix(mark).unwrap_or(line);
                Some(std::str::from_utf8(line).map_err(|_| FormatError::Utf8))
            }
            Err(error) => {
                self.has_ended = true;
                Some(Err(reason_of(&error)))
            }
        }
    }

    fn read_line(&mut self) -> io::Result<Read1> {
        self.line.clear();
        let mut n_bytes = 0;
        loop {
            let buffer = match self.input.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                buffer => buffer?,
            };
            let end = memchr::memchr(b'\n', buffer);
            let piece = &buffer[..end.unwrap_or(buffer.len())];
            n_bytes += piece.len();
            if n_bytes <= MAX_LINE_BYTES {
                self.line.extend_from_slice(piece);
            } else {
                self.line.clear();
            }
            self.has_ended = buffer.is_empty();
            let n_used = piece.len() + usize::from(end.is_some());
            self.input.consume(n_used);
            if self.has_ended && n_bytes == 0 {
                return Ok(Read1::End);
            }
            if end.is_some() || self.has_ended {
                return Ok(if n_bytes <= MAX_LINE_BYTES {
                    Read1::Line
                } else {
                    Read1::TooLong
                });
            }
        }
    }
}

enum Read1 {
    Line,
    TooLong,
    End,
}

fn reason_of(error: &io::Error) -> FormatError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => FormatError::Truncated,
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => FormatError::Gzip,
        _ => FormatError::Unreadable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &'static [u8]) -> Vec<(u64, Result<String, FormatError>)> {
        // A tiny buffer, so that lines are put together from pieces.
        let mut lines = Lines::new(Box::new(BufReader::with_capacity(3, bytes)));
        let mut read = Vec::new();
        while let Some(line) = lines.next_line().map(|line| line.map(str::to_owned)) {
            read.push((lines.line_no(), line));
        }
        read
    }

    #[test]
    fn lines_come_without_their_ends_whatever_those_are() {
        let lines = read("\u{feff}one\r\n\ntwo\nthree".as_bytes());

        let texts: Vec<_> = lines
            .iter()
            .map(|(line_no, line)| (*line_no, line.as_deref().unwrap()))
            .collect();
        assert_eq!(texts, [(1, "one"), (2, ""), (3, "two"), (4, "three")]);
        assert_eq!(read(b""), []);
    }

    #[test]
    fn a_line_that_is_not_utf8_does_not_stop_the_next_one() {
        assert_eq!(
            read(b"\xff\xfe\nok\n"),
            [(1, Err(FormatError::Utf8)), (2, Ok("ok".to_owned()))]
        );
    }

    #[test]
    fn a_line_that_is_too_long_is_not_held() {
        let text = [vec![b'x'; 3 * MAX_LINE_BYTES], b"\nok\n".to_vec()].concat();
        let mut lines = Lines::new(Box::new(BufReader::new(io::Cursor::new(text))));

        assert_eq!(lines.next_line(), Some(Err(FormatError::TooLong)));
        assert_eq!(lines.next_line(), Some(Ok("ok")));
        assert!(lines.line.capacity() <= 2 * MAX_LINE_BYTES);
        assert_eq!(lines.next_line(), None);
    }
}
