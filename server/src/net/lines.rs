//! Bytes as they arrive, cut into lines of bounded length. Pure.

/// The longest line that is kept; longer ones are passed over without being held.
pub(crate) const MAX_LINE_BYTES: usize = 1 << 20;

/// What was between two line feeds, without a carriage return at its end.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Piece {
    /// A line, perhaps empty.
    Line(Vec<u8>),
    /// A line that was longer than any that is kept.
    TooLong,
}

/// Cuts a stream of bytes at its line feeds, wherever the network has cut it.
#[derive(Debug, Default)]
pub(crate) struct Splitter {
    rest: Vec<u8>,
    is_skipping: bool,
}

impl Splitter {
    /// Takes the next bytes in and hands every complete line on.
    pub(crate) fn push(&mut self, mut bytes: &[u8], mut on_piece: impl FnMut(Piece)) {
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            let (line, rest) = bytes.split_at(end);
            self.keep(line);
            let mut line = std::mem::take(&mut self.rest);
            if std::mem::take(&mut self.is_skipping) {
                on_piece(Piece::TooLong);
            } else {
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                on_piece(Piece::Line(line));
            }
            bytes = rest.get(1..).unwrap_or_default();
        }
        self.keep(bytes);
    }

    /// Whether the last line has not ended: half a record, if the connection ends now.
    pub(crate) fn has_rest(&self) -> bool {
        self.is_skipping || !self.rest.is_empty()
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.is_skipping || self.rest.len() + bytes.len() > MAX_LINE_BYTES {
            self.is_skipping = true;
            self.rest = Vec::new();
        } else {
            self.rest.extend_from_slice(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(chunks: &[&[u8]]) -> Vec<Piece> {
        let (mut splitter, mut found) = (Splitter::default(), Vec::new());
        for chunk in chunks {
            splitter.push(chunk, |piece| found.push(piece));
        }
        found
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over_and_the_next_one_is_whole() {
        let long = vec![b'x'; 5 << 20];
        let mut splitter = Splitter::default();
        let mut found = Vec::new();
        for chunk in long.chunks(8_192).chain([&b"\nnext\r\nhal"[..]]) {
            splitter.push(chunk, |piece| found.push(piece));
            assert!(splitter.rest.len() <= MAX_LINE_BYTES);
        }

        assert_eq!(found, [Piece::TooLong, Piece::Line(b"next".to_vec())]);
        assert!(splitter.has_rest());
    }

    proptest! {
        #[test]
        fn lines_are_the_same_however_the_network_cuts_them(text in "[ab\\r\\n]{0,60}", at in prop::collection::vec(0_usize..60, 0..6)) {
            let bytes = text.as_bytes();
            let mut cuts: Vec<usize> = at.into_iter().map(|at| at.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let chunks: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();

            prop_assert_eq!(cut(&chunks), cut(&[bytes]));
        }
    }
}
