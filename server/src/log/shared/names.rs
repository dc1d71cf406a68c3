//! What things are called in the shared log, and what a copy remembers beside the positions of sources.

use wire::{Body, Event};

use super::lease::Grant;
use crate::log::line::identity;

/// Up to where everything was copied.
pub(in crate::log) const COPIED: &str = "@copied";
/// The key that authors are hashed under.
pub(in crate::log) const AUTHOR_KEY: &str = "@author_key";

/// Header: of which log the message is. A stream that was made anew is another log.
pub(super) const LOG: &str = "Log";
/// Header: the lease under which it was published, and of which source.
pub(super) const LEASE: &str = "Lease";
/// Header: name and position of a source.
pub(super) const POSITION: &str = "Position";

/// The end of a copy as it stands under [`COPIED`]: seq, and when the server took it; 0 where that is unknown.
pub(in crate::log) fn copied(text: &str) -> (u64, i64) {
    let (seq, stamp) = text.split_once(' ').unwrap_or((text, ""));
    (seq.parse().unwrap_or(0), stamp.parse().unwrap_or(0))
}

/// The newest lease of a source.
pub(in crate::log) fn lease_of(source: &str) -> String {
    format!("@lease/{source}")
}

/// The newest event about a source's state.
pub(in crate::log) fn status_of(source: &str) -> String {
    format!("@status/{source}")
}

/// The kind and the source of an event, as the end of a subject.
pub(super) fn subject_of(event: &Event) -> String {
    let (kind, source) = match &event.body {
        Body::Post(post) => ("post", &*post.source),
        Body::Delete(delete) => ("delete", &*delete.source),
        Body::Bar(bar) => ("bar", &*bar.source),
        Body::Attention(attention) => ("attention", &*attention.source),
        Body::Status(status) => ("status", &*status.source),
        Body::Tip(_) | Body::Gap(_) | Body::Reset(_) => ("other", "relay"),
    };
    format!("{kind}.{}", token(source))
}

/// What the server tells repeats by within its window; the log itself tells them exactly.
///
/// Only what came under the same lease is a repeat: copies pass over what comes under a lease that was taken over, and
/// it must not keep out the same event from the successor.
pub(super) fn message_id(event: &Event, line: &str, grant: Option<&Grant>) -> String {
    let what = match (&event.body, identity(&event.body)) {
        (Body::Delete(_), identity) => format!("delete:{identity:016x}"),
        (_, 0) => format!("line:{:016x}", wire::Identity::of_post("line", line).0),
        (_, identity) => format!("{identity:016x}"),
    };
    format!("{}:{what}", grant.map_or(0, Grant::token))
}

/// A name as one token of a subject or as a key: other bytes than letters, digits and `-_` as `=` and two digits.
pub(super) fn token(name: &str) -> String {
    let mut token = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => token.push(char::from(byte)),
            other => token.push_str(&format!("={other:02x}")),
        }
    }
    if token.is_empty() {
        token.push('=');
    }
    token
}

/// A text within a header, which is one line.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_any_letters_is_one_token() {
        assert_eq!(token("bluesky-1_a"), "bluesky-1_a");
        assert_eq!(token("news.a *>"), "news=2ea=20=2a=3e");
        assert_ne!(token("ü"), token("u"));
        assert_eq!(token(""), "=");
    }
}
