//! A stream of bytes as lines, cut anywhere by the network: with a longest line, so that no upstream
//! can fill the memory, and with broken lines told apart so that they can be counted.

use bytes::BytesMut;
use tokio_util::codec::{Decoder, LinesCodec, LinesCodecError};

/// The longest line that is kept; longer ones are dropped without being held.
pub(crate) const MAX_LINE_BYTES: usize = 1 << 20;

/// Puts lines together from pieces.
pub(crate) struct Lines {
    codec: LinesCodec,
    rest: BytesMut,
}

impl Default for Lines {
    fn default() -> Self {
        Self {
            codec: LinesCodec::new_with_max_length(MAX_LINE_BYTES),
            rest: BytesMut::new(),
        }
    }
}

impl Lines {
    /// Takes the next bytes in.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.rest.extend_from_slice(bytes);
    }

    /// The next whole line without its end, or the drop reason of a line that cannot be used; `None`
    /// when more bytes are needed.
    pub(crate) fn next(&mut self) -> Option<Result<String, &'static str>> {
        match self.codec.decode(&mut self.rest) {
            Ok(line) => Ok(line).transpose(),
            Err(LinesCodecError::MaxLineLengthExceeded) => Some(Err("too_long")),
            Err(LinesCodecError::Io(_)) => Some(Err("bad_utf8")),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(chunks: &[&[u8]]) -> Vec<Result<String, &'static str>> {
        let mut lines = Lines::default();
        let mut found = Vec::new();
        for chunk in chunks {
            lines.push(chunk);
            found.extend(std::iter::from_fn(|| lines.next()));
        }
        found
    }

    #[test]
    fn both_ends_of_lines_are_known_and_what_has_no_end_is_waited_for() {
        assert_eq!(
            lines(&[b"a\r\n\r\nb\nhalf"]),
            [Ok("a".into()), Ok(String::new()), Ok("b".into())]
        );
    }

    #[test]
    fn a_line_that_is_too_long_or_no_text_is_told_once_and_the_next_is_read() {
        let long = vec![b'x'; 5 << 20];
        let chunks: Vec<&[u8]> = long
            .chunks(70_000)
            .chain([&b"\n\xff\xfe\nok\n"[..]])
            .collect();

        assert_eq!(
            lines(&chunks),
            [Err("too_long"), Err("bad_utf8"), Ok("ok".into())]
        );
    }

    proptest! {
        #[test]
        fn where_the_bytes_are_cut_makes_no_difference(cuts in prop::collection::vec(0usize..24, 0..5)) {
            let text = "{\"a\":\"\u{1F680}\"}\r\n\r\n\u{e9}\nb".as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let chunks: Vec<&[u8]> = cuts.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();

            prop_assert_eq!(lines(&chunks), lines(&[text]));
        }
    }
}
