//! The one line format: an event as a JSON object on one line.
//!
//! `{"v":1,"seq":n,"seen_at":ms,"at":ms,"post":{…}}` with exactly one body key. A reader skips body
//! keys that it does not know, so that an older page survives a newer relay.

use serde::{Deserialize, Serialize};

use crate::{Attention, Bar, Body, Delete, Event, Gap, Millis, Post, Reset, SourceStatus, Tip};

/// Version of the line format.
pub const VERSION: u8 = 1;

/// Why a line is not an event.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// Not JSON, or JSON of another shape. Drop the line and count it; it will never be valid.
    #[error("not an event line: {0}")]
    Syntax(#[from] serde_json::Error),
    /// A newer version of the format. A newer page would understand it.
    #[error("line format version {0}, and this program knows {VERSION}")]
    Version(u8),
    /// The line has no body that this version knows. Skip it and count it.
    #[error("the line has no known body (post, delete, bar, attention, status, tip, gap, reset)")]
    UnknownBody,
}

/// Writes an event as one line, without the line feed at its end.
pub fn encode_line(event: &Event) -> String {
    let mut line = LineOut {
        v: VERSION,
        seq: event.seq,
        seen_at: event.seen_at,
        at: event.at,
        skewed: event.skewed,
        imported: event.imported,
        ..LineOut::default()
    };
    match &event.body {
        Body::Post(post) => line.post = Some(post),
        Body::Delete(delete) => line.delete = Some(delete),
        Body::Bar(bar) => line.bar = Some(bar),
        Body::Attention(attention) => line.attention = Some(attention),
        Body::Status(status) => line.status = Some(status),
        Body::Tip(tip) => line.tip = Some(tip),
        Body::Gap(gap) => line.gap = Some(gap),
        Body::Reset(reset) => line.reset = Some(reset),
    }
    serde_json::to_string(&line).expect("an event has string keys only and no failing serialiser")
}

/// Reads one line. Never panics, whatever the bytes.
///
/// # Errors
/// [`LineError`] says whether the line is broken, newer, or carries nothing this version knows.
pub fn decode_line(line: &str) -> Result<Event, LineError> {
    let line: LineIn = serde_json::from_str(line)?;
    if line.v != VERSION {
        return Err(LineError::Version(line.v));
    }
    let body = line
        .post
        .map(Body::Post)
        .or(line.bar.map(Body::Bar))
        .or(line.attention.map(Body::Attention))
        .or(line.delete.map(Body::Delete))
        .or(line.status.map(Body::Status))
        .or(line.tip.map(Body::Tip))
        .or(line.gap.map(Body::Gap))
        .or(line.reset.map(Body::Reset))
        .ok_or(LineError::UnknownBody)?;
    let LineIn {
        seq,
        seen_at,
        at,
        skewed,
        imported,
        ..
    } = line;
    Ok(Event {
        seq,
        seen_at,
        at,
        skewed,
        imported,
        body,
    })
}

#[derive(Default, Serialize)]
struct LineOut<'a> {
    v: u8,
    seq: u64,
    seen_at: Millis,
    at: Millis,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    skewed: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    imported: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    post: Option<&'a Post>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delete: Option<&'a Delete>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bar: Option<&'a Bar>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attention: Option<&'a Attention>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a SourceStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tip: Option<&'a Tip>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gap: Option<&'a Gap>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reset: Option<&'a Reset>,
}

#[derive(Deserialize)]
struct LineIn {
    v: u8,
    #[serde(default)]
    seq: u64,
    #[serde(default)]
    seen_at: Millis,
    #[serde(default)]
    at: Millis,
    #[serde(default)]
    skewed: bool,
    #[serde(default)]
    imported: bool,
    post: Option<Box<Post>>,
    delete: Option<Delete>,
    bar: Option<Bar>,
    attention: Option<Attention>,
    status: Option<SourceStatus>,
    tip: Option<Tip>,
    gap: Option<Gap>,
    reset: Option<Reset>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Quote, SourceState};

    #[track_caller]
    fn check_round_trip(body: Body) {
        let event = Event {
            seq: 7,
            seen_at: 1_400_000_000_123,
            at: 1_400_000_000_000,
            skewed: false,
            imported: true,
            body,
        };

        let line = encode_line(&event);

        assert!(!line.contains('\n'));
        assert_eq!(decode_line(&line).unwrap(), event);
    }

    #[test]
    fn every_body_survives_being_written_and_read() {
        check_round_trip(Body::Post(Box::new(Post {
            id: "1".into(),
            source: "twitter".into(),
            author: "ab".into(),
            text: "line\nbreak \"quoted\" \u{1F680}".into(),
            hashtags: vec!["Bitcoin".into()],
            ..Post::default()
        })));
        check_round_trip(Body::Delete(Delete {
            source: "twitter".into(),
            id: "1".into(),
        }));
        check_round_trip(Body::Attention(Attention {
            source: "twitter".into(),
            subject: "Bitcoin".into(),
            open_at: 60_000,
            width: 60_000,
            n: 31,
        }));
        check_round_trip(Body::Bar(Bar {
            ticker: "BTC".into(),
            currency: "USD".into(),
            source: "bitstamp".into(),
            open_at: 0,
            width: 3_600_000,
            open: 0.1,
            high: 0.3,
            low: 0.1,
            close: 0.2,
            volume: None,
            market_cap: Some(1e12),
        }));
        let status = SourceStatus {
            source: "demo".into(),
            state: SourceState::Disconnected,
            ..SourceStatus::default()
        };
        check_round_trip(Body::Status(status.clone()));
        check_round_trip(Body::Tip(Tip {
            tip: 9,
            scanned: 8,
            now: 5,
            sources: vec![status],
            quotes: vec![Quote {
                ticker: "BTC".into(),
                currency: "USD".into(),
                source: "demo".into(),
                price: 70_123.45,
                at: 4,
            }],
        }));
        check_round_trip(Body::Gap(Gap {
            from: 1,
            to: 2,
            reason: crate::event::GapReason::BelowFloor,
        }));
        let log = crate::LogId::try_from("k3".to_owned()).unwrap();
        check_round_trip(Body::Reset(Reset { log, discard: true }));
    }

    #[test]
    fn a_body_from_the_future_is_told_apart_from_garbage() {
        assert!(matches!(
            decode_line(r#"{"v":1,"seq":1,"hologram":{}}"#),
            Err(LineError::UnknownBody)
        ));
        assert!(matches!(
            decode_line(r#"{"v":2,"seq":1}"#),
            Err(LineError::Version(2))
        ));
        assert!(matches!(decode_line("garbage"), Err(LineError::Syntax(_))));
    }

    proptest! {
        #[test]
        fn no_line_makes_the_reader_panic(line in ".*") {
            let _ = decode_line(&line);
        }

        #[test]
        fn any_text_survives(text in ".*", at in any::<i64>(), seq in any::<u64>()) {
            let post = Post { id: text.clone(), text, ..Post::default() };
            let event = Event { seq, seen_at: at, at, skewed: true, imported: false, body: Body::Post(Box::new(post)) };
            prop_assert_eq!(decode_line(&encode_line(&event)).unwrap(), event);
        }
    }
}
