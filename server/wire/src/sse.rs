//! Server-sent events, as far as this protocol uses them: one unnamed event per line of the log.
//!
//! A frame is `id: <log>-<seq>` and `data: <line>`; a heartbeat is an `id` without data; `retry` and
//! comments may come at any time. [`Parser`] takes the bytes as they arrive, cut anywhere.

use crate::LogId;

/// Writes one event: its id, its line, and the blank line that ends it.
///
/// `line` has no line breaks, as [`crate::ndjson::encode_line`] promises.
pub fn encode_event(log: &LogId, seq: u64, line: &str) -> String {
    format!("id: {log}-{seq}\ndata: {line}\n\n")
}

/// Writes an event that leaves the reader's position alone (`tip`, `gap`, `reset`).
pub fn encode_notice(line: &str) -> String {
    format!("data: {line}\n\n")
}

/// Writes a heartbeat: "you have been sent everything up to here".
pub fn encode_heartbeat(log: &LogId, scanned: u64) -> String {
    format!("id: {log}-{scanned}\n\n")
}

/// The wait, in milliseconds, that a relay asked for with its last words: `bytes` end with a `retry` field.
///
/// A relay that stops says so to each reader, a different wait to each, so that they do not all come back at
/// once. Only whole fields count; the last words may be cut in two, and then nothing was asked for.
pub fn farewell(bytes: &[u8]) -> Option<u32> {
    let text = bytes.strip_suffix(b"\n\n")?;
    let start = memchr::memrchr(b'\n', text).map_or(0, |end| end + 1);
    let wait = text.get(start..)?.strip_prefix(b"retry: ")?;
    std::str::from_utf8(wait).ok()?.parse().ok()
}

/// What the parser found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Field<'a> {
    /// The reader's position once the event has ended.
    Id(&'a str),
    /// One line of data.
    Data(&'a str),
    /// The blank line that ends an event: its id is now the reader's position.
    End,
}

/// Splits a byte stream into fields, as the HTML standard says for `text/event-stream`.
///
/// Every `data` line is handed on by itself, since no event of this protocol has more than one.
/// Lines that are not UTF-8 are left out and counted.
#[derive(Debug, Default)]
pub struct Parser {
    /// The beginning of a line whose end has not arrived yet.
    rest: Vec<u8>,
    n_broken: u64,
}

impl Parser {
    /// Takes the next bytes in and hands every complete field to `on_field`.
    pub fn push(&mut self, mut bytes: &[u8], mut on_field: impl FnMut(Field<'_>)) {
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            let line = &bytes[..end];
            if self.rest.is_empty() {
                self.n_broken += u64::from(!read_line(line, &mut on_field));
            } else {
                self.rest.extend_from_slice(line);
                self.n_broken += u64::from(!read_line(&self.rest, &mut on_field));
                self.rest.clear();
            }
            bytes = &bytes[end + 1..];
        }
        self.rest.extend_from_slice(bytes);
    }

    /// How many lines were not UTF-8.
    pub fn n_broken(&self) -> u64 {
        self.n_broken
    }
}

/// Returns whether the line was UTF-8.
fn read_line(line: &[u8], on_field: &mut impl FnMut(Field<'_>)) -> bool {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let Ok(line) = std::str::from_utf8(line) else {
        return false;
    };
    let (name, value) = line.split_once(':').unwrap_or((line, ""));
    let value = value.strip_prefix(' ').unwrap_or(value);
    match name {
        "" if line.is_empty() => on_field(Field::End),
        "id" => on_field(Field::Id(value)),
        "data" => on_field(Field::Data(value)),
        _ => {}
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(chunks: &[&[u8]]) -> Vec<String> {
        let mut parser = Parser::default();
        let mut fields = Vec::new();
        for chunk in chunks {
            parser.push(chunk, |field| fields.push(format!("{field:?}")));
        }
        fields
    }

    #[test]
    fn a_frame_gives_its_id_and_then_its_data() {
        let log = LogId::try_from("k3".to_owned()).unwrap();
        let frame = encode_event(&log, 12, r#"{"v":1}"#);

        assert_eq!(
            parse(&[frame.as_bytes()]),
            [r#"Id("k3-12")"#, r#"Data("{\"v\":1}")"#, "End"]
        );
    }

    #[test]
    fn comments_retry_and_carriage_returns_do_no_harm() {
        assert_eq!(
            parse(&[b": hello\r\nretry: 500\r\nid: a-1\r\n\r\n"]),
            [r#"Id("a-1")"#, "End"]
        );
    }

    #[test]
    fn a_line_that_is_not_utf8_is_counted_and_the_rest_goes_on() {
        let mut parser = Parser::default();
        let mut n_fields = 0;

        parser.push(b"data: \xff\ndata: ok\n", |_| n_fields += 1);

        assert_eq!((n_fields, parser.n_broken()), (1, 1));
    }

    #[test]
    fn the_last_words_of_a_relay_tell_how_long_to_wait() {
        assert_eq!(farewell(b"retry: 1500\n\n"), Some(1_500));
        assert_eq!(farewell(b"data: {}\n\nretry: 1500\n\n"), Some(1_500));
        assert_eq!(farewell(b"retry: 1500\n\nid: a-1\n\n"), None);
        assert_eq!(farewell(b"retry: 15"), None);
        assert_eq!(farewell(b"data: retry: 7\n\n"), None);
        assert_eq!(farewell(b"retry: -1\n\n"), None);
        assert_eq!(farewell(b""), None);
    }

    proptest! {
        #[test]
        fn where_the_bytes_are_cut_makes_no_difference(cuts in prop::collection::vec(0usize..60, 0..6)) {
            let text = "retry: 9\n\nid: a-1\ndata: {\"x\":\"\u{00e9}\u{1F680}\"}\n\nid: a-2\n\n".as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|c| c.min(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let chunks: Vec<&[u8]> = cuts.windows(2).map(|w| &text[w[0]..w[1]]).collect();

            prop_assert_eq!(parse(&chunks), parse(&[text]));
        }
    }
}
