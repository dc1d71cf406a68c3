//! Mastodon's server-sent events: bytes to named events. Its comments, `:)` on opening and `:thump`
//! every 15 s, say that the connection lives; there are no ids.

use crate::net::lines::{MAX_LINE_BYTES, Piece, Splitter};

/// What was found in the bytes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Found {
    /// A comment: the connection lives.
    KeepAlive,
    /// A whole event.
    Event { name: String, data: String },
    /// A line or event that cannot be used, with its drop reason.
    Broken(&'static str),
}

/// Puts events together from pieces.
#[derive(Default)]
pub(crate) struct Events {
    splitter: Splitter,
    event: Unfinished,
}

/// The event that is being read.
#[derive(Default)]
struct Unfinished {
    name: String,
    data: String,
    /// Why it cannot be used.
    broken: Option<&'static str>,
}

impl Events {
    /// Takes the next bytes in and returns what they complete.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Vec<Found> {
        let mut found = Vec::new();
        let event = &mut self.event;
        self.splitter.push(bytes, |piece| {
            let line = match piece {
                Piece::Line(line) => String::from_utf8(line).map_err(|_| "bad_utf8"),
                Piece::TooLong => Err("too_long"),
            };
            match line {
                Ok(line) => found.extend(event.read_line(&line)),
                Err(reason) => event.broken = Some(reason),
            }
        });
        found
    }
}

impl Unfinished {
    fn read_line(&mut self, line: &str) -> Option<Found> {
        if line.is_empty() {
            return self.end();
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" => return Some(Found::KeepAlive),
            "event" => value.clone_into(&mut self.name),
            "data" if self.data.len() + value.len() > MAX_LINE_BYTES => {
                self.broken = Some("too_long");
            }
            "data" => {
                if !self.data.is_empty() {
                    self.data.push('\n');
                }
                self.data.push_str(value);
            }
            _ => {}
        }
        None
    }

    /// A blank line ends an event; without data there is none.
    fn end(&mut self) -> Option<Found> {
        let (name, data) = (
            std::mem::take(&mut self.name),
            std::mem::take(&mut self.data),
        );
        match self.broken.take() {
            Some(reason) => Some(Found::Broken(reason)),
            None if data.is_empty() => None,
            None => Some(Found::Event { name, data }),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(chunks: &[&[u8]]) -> Vec<Found> {
        let mut events = Events::default();
        let mut found = Vec::new();
        for chunk in chunks {
            found.extend(events.push(chunk));
        }
        found
    }

    fn event(name: &str, data: &str) -> Found {
        Found::Event {
            name: name.into(),
            data: data.into(),
        }
    }

    #[test]
    fn a_stream_opens_thumps_and_brings_events() {
        let bytes = b":)\nevent: update\ndata: {\"id\":\"1\"}\n\n:thump\nevent: delete\ndata: 108914430312582020\n\n:thump\n";

        assert_eq!(
            found(&[bytes]),
            [
                Found::KeepAlive,
                event("update", r#"{"id":"1"}"#),
                Found::KeepAlive,
                event("delete", "108914430312582020"),
                Found::KeepAlive,
            ]
        );
    }

    #[test]
    fn a_thump_in_the_middle_of_an_event_does_not_end_it() {
        assert_eq!(
            found(&[b"event: update\n:thump\ndata: 1\ndata: 2\n\n"]),
            [Found::KeepAlive, event("update", "1\n2")]
        );
    }

    #[test]
    fn an_event_without_data_or_without_end_is_none() {
        assert_eq!(found(&[b"event: update\n\ndata: half"]), []);
        assert_eq!(found(&[b"retry: 5\nid: 7\nodd\n\n"]), []);
    }

    #[test]
    fn a_broken_event_is_told_once_and_the_next_is_read() {
        let long = [
            b"event: update\ndata: ".as_slice(),
            &vec![b'x'; 5 << 20],
            b"\n\ndata: ok\n\n",
        ]
        .concat();
        assert_eq!(
            found(&[&long]),
            [Found::Broken("too_long"), event("", "ok")]
        );

        let many = "data: 0123456789\n".repeat(200_000) + "\ndata: ok\n\n";
        assert_eq!(
            found(&[many.as_bytes()]),
            [Found::Broken("too_long"), event("", "ok")]
        );

        assert_eq!(
            found(&[b"data: \xff\n\ndata: ok\n\n"]),
            [Found::Broken("bad_utf8"), event("", "ok")]
        );
    }

    proptest! {
        #[test]
        fn where_the_bytes_are_cut_makes_no_difference(cuts in prop::collection::vec(0usize..60, 0..6)) {
            let text = ":)\nevent: update\r\ndata: {\"x\":\"\u{e9}\u{1F680}\"}\n\n:thump\nevent: delete\ndata: 1\n\n".as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let chunks: Vec<&[u8]> = cuts.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();

            prop_assert_eq!(found(&chunks), found(&[text]));
        }
    }
}
