//! Texts as upstreams send them and as they are kept, and instants as upstreams are asked for them.

use chrono::{DateTime, SecondsFormat};
use tokio_tungstenite::tungstenite::Message;
use wire::Millis;

/// An instant as upstreams are asked for it, `2026-08-20T10:35:00Z`.
pub(crate) fn rfc3339(at: Millis) -> String {
    let instant = DateTime::from_timestamp_millis(at).unwrap_or_default();
    instant.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A text as it is kept: of a very long one the beginning.
pub(crate) fn shortened(mut text: String) -> String {
    const MAX_CHARS: usize = 5_000;
    if let Some((end, _)) = text.char_indices().nth(MAX_CHARS) {
        text.truncate(end);
    }
    text
}

/// A message of a web socket as text, or the drop reason of one that is none.
pub(crate) fn text_of(message: Message) -> Result<String, &'static str> {
    String::from_utf8(message.into_data().into()).map_err(|_| "bad_utf8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_very_long_text_the_beginning_is_kept() {
        assert_eq!(shortened("ä".repeat(5_000)).chars().count(), 5_000);
        assert_eq!(shortened("ä".repeat(5_001)).chars().count(), 5_000);
    }
}
