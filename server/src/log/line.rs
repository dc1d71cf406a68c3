//! One line of the log, encoded once: its server-sent event, and within it the NDJSON line.

use bytes::Bytes;
use wire::{Body, Event, Identity, LogId, Millis, ndjson, sse};

/// Bytes that a line takes besides its text; keeps bounds honest for short lines.
const OVERHEAD: usize = 96;

/// An event as it goes to readers.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its place in the log.
    pub seq: u64,
    /// Its grid time.
    pub at: Millis,
    /// When the relay received it.
    pub seen_at: Millis,
    /// What its body is, as one bit.
    pub kind: Kinds,
    /// What repeats are told by: of a post, of the post that a delete withdraws, of a bar, of a count; 0 for other bodies.
    pub(crate) identity: u64,
    /// Of a post, so that all of an author's posts can be found; 0 for other bodies.
    pub(crate) author: u64,
    frame: Bytes,
    /// Where in `frame` the NDJSON line begins.
    line_start: usize,
}

/// A set of kinds of body, one bit each.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Kinds(u8);

impl Kinds {
    /// Every kind.
    pub const ALL: Self = Self(0b1_1111);
    /// Posts.
    pub const POST: Self = Self(0b0001);
    /// Bars.
    pub const BAR: Self = Self(0b0010);
    /// Changes of state of a source.
    pub const STATUS: Self = Self(0b0100);
    /// Withdrawals of posts.
    pub const DELETE: Self = Self(0b1000);
    /// Counts of posts by an upstream.
    pub const ATTENTION: Self = Self(0b1_0000);

    /// Whether `other` has a kind in common with these.
    pub fn overlaps(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Reads `post,bar`; the error is the word that names no kind.
    ///
    /// # Errors
    /// The unknown word.
    pub fn parse(text: &str) -> Result<Self, String> {
        text.split(',')
            .map(str::trim)
            .try_fold(Self(0), |kinds, word| {
                let kind = match word {
                    "post" => Self::POST,
                    "bar" => Self::BAR,
                    "status" => Self::STATUS,
                    "delete" => Self::DELETE,
                    "attention" => Self::ATTENTION,
                    _ => return Err(word.to_owned()),
                };
                Ok(Self(kinds.0 | kind.0))
            })
    }

    pub(crate) const NONE: Self = Self(0);

    pub(crate) fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(crate) fn bits(self) -> u8 {
        self.0
    }

    pub(crate) fn from_bits(bits: u8) -> Self {
        Self(bits & Self::ALL.0)
    }

    pub(super) fn of(body: &Body) -> Self {
        match body {
            Body::Post(_) => Self::POST,
            Body::Bar(_) => Self::BAR,
            Body::Status(_) => Self::STATUS,
            Body::Delete(_) => Self::DELETE,
            Body::Attention(_) => Self::ATTENTION,
            // They live on the stream only and never come here.
            Body::Tip(_) | Body::Gap(_) | Body::Reset(_) => Self(0),
        }
    }
}

impl Line {
    pub(crate) fn encode(log: &LogId, event: &Event) -> Self {
        let author = match &event.body {
            Body::Post(post) => author_number(&post.author),
            _ => 0,
        };
        let json = ndjson::encode_line(event);
        let line = Self::from_parts(
            log,
            event.seq,
            event.at,
            event.seen_at,
            Kinds::of(&event.body),
            identity(&event.body),
            &json,
        );
        Self { author, ..line }
    }

    pub(crate) fn from_parts(
        log: &LogId,
        seq: u64,
        at: Millis,
        seen_at: Millis,
        kind: Kinds,
        identity: u64,
        json: &str,
    ) -> Self {
        let frame = sse::encode_event(log, seq, json);
        // The frame ends with the line and two line feeds.
        let line_start = frame.len().saturating_sub(2 + json.len());
        Self {
            seq,
            at,
            seen_at,
            kind,
            identity,
            author: 0,
            frame: Bytes::copy_from_slice(frame.as_bytes()),
            line_start,
        }
    }

    /// The server-sent event.
    pub fn frame(&self) -> &Bytes {
        &self.frame
    }

    /// The NDJSON line with its line feed.
    pub fn ndjson(&self) -> Bytes {
        self.frame.slice(self.line_start..self.frame.len() - 1)
    }

    /// The NDJSON line without its line feed.
    pub(crate) fn json(&self) -> &str {
        let json = &self.frame[self.line_start..self.frame.len() - 2];
        std::str::from_utf8(json).expect("it was copied from a str")
    }

    /// Bytes to count for it.
    pub(crate) fn weight(&self) -> usize {
        self.frame.len() + OVERHEAD
    }

    /// The post in it, decoded again.
    pub(crate) fn post(&self) -> Option<wire::Post> {
        match ndjson::decode_line(self.json()).ok()?.body {
            Body::Post(post) => Some(*post),
            _ => None,
        }
    }

    /// The same post without text, author and whatever else could lead to its author; its place, its
    /// times and its tags stay, so that counts do not move.
    pub(crate) fn tombstone(&self, log: &LogId) -> Option<Self> {
        let mut event = ndjson::decode_line(self.json()).ok()?;
        let Body::Post(post) = &mut event.body else {
            return None;
        };
        empty(post);
        event.seq = self.seq;
        Some(Self::encode(log, &event))
    }

    pub(crate) fn matches(&self, want: &super::Want) -> bool {
        self.kind.overlaps(want.kinds) && (want.from..want.to).contains(&self.at)
    }
}

/// Takes everything out of a post that its author could want gone. Its id stays, by which it is known.
pub(super) fn empty(post: &mut wire::Post) {
    post.text.clear();
    post.author.clear();
    post.url = None;
    post.place = None;
    post.reply_to = None;
}

/// What repeats of an event are told by; 0 for one that has no repeats.
pub(super) fn identity(body: &Body) -> u64 {
    match body {
        Body::Post(post) => Identity::of_post(&post.source, &post.id).0,
        Body::Delete(delete) => Identity::of_post(&delete.source, &delete.id).0,
        Body::Bar(bar) => Identity::of_bar(bar).0,
        Body::Attention(attention) => Identity::of_attention(attention).0,
        Body::Status(_) | Body::Tip(_) | Body::Gap(_) | Body::Reset(_) => 0,
    }
}

/// An author's hash as the number that it is; 0 for what is none.
pub(super) fn author_number(author: &str) -> u64 {
    u64::from_str_radix(author, 16).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_within_the_frame_is_the_line() {
        let log = LogId::try_from("a1".to_owned()).unwrap();
        let post = wire::Post {
            id: "1".into(),
            source: "x".into(),
            text: "hi".into(),
            ..Default::default()
        };
        let event = Event {
            seq: 3,
            ..Event::imported(7, Body::Post(Box::new(post)))
        };

        let line = Line::encode(&log, &event);

        assert_eq!(line.json(), ndjson::encode_line(&event));
        assert_eq!(line.ndjson(), format!("{}\n", line.json()));
        assert_eq!(
            line.frame(),
            &format!("id: a1-3\ndata: {}\n\n", line.json())
        );
    }

    #[test]
    fn a_tombstone_keeps_what_counts_need_and_nothing_of_the_author() {
        let log = LogId::try_from("a1".to_owned()).unwrap();
        let post = wire::Post {
            id: "1".into(),
            source: "x".into(),
            author: "secret".into(),
            text: "secret".into(),
            url: Some("https://example.org/secret".into()),
            cashtags: vec!["AAPL".into()],
            ..Default::default()
        };
        let event = Event {
            seq: 3,
            ..Event::imported(7, Body::Post(Box::new(post)))
        };

        let line = Line::encode(&log, &event).tombstone(&log).unwrap();

        assert!(!line.json().contains("secret"));
        assert!(line.json().contains("AAPL"));
        assert_eq!((line.seq, line.at), (3, 7));
    }

    #[test]
    fn kinds_are_read_by_name_and_an_unknown_one_is_named() {
        assert_eq!(Kinds::parse("post, bar"), Ok(Kinds(0b11)));
        assert_eq!(Kinds::parse("post,quote"), Err("quote".to_owned()));
    }
}
