//! Where a reader has got to: log id and the last seq received.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Names one log. A new log gets a new id, because `seq` starts again at 1.
///
/// 1 to 32 ASCII letters and digits, so that it can stand in a URL and in a server-sent event's id.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct LogId(String);

/// A position in a log. As `after` it is **exclusive**: "the last event I received".
///
/// `seq` starts at 1; 0 means "from the beginning". Written `<log>-<seq>`.
/// A cursor below the log's floor is answered by a `gap` event first, an unknown log by a `reset`.
#[derive(Clone, Debug, Eq, Hash, PartialEq, Deserialize, Serialize)]
pub struct Cursor {
    /// Which log.
    pub log: LogId,
    /// The last seq received; 0 for none.
    pub seq: u64,
}

/// Why a text is not a cursor or a log id.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a cursor looks like `k3x9-1042` (log id, hyphen, number), not {0:?}")]
pub struct CursorError(String);

impl CursorError {
    fn new(text: &str) -> Self {
        Self(text.chars().take(80).collect())
    }
}

impl LogId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for LogId {
    type Error = CursorError;

    fn try_from(text: String) -> Result<Self, CursorError> {
        let is_valid =
            (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
        if is_valid {
            Ok(Self(text))
        } else {
            Err(CursorError::new(&text))
        }
    }
}

impl From<LogId> for String {
    fn from(id: LogId) -> Self {
        id.0
    }
}

impl fmt::Display for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let (log, seq) = text.split_once('-').ok_or_else(|| CursorError::new(text))?;
        let is_number = !seq.is_empty() && seq.bytes().all(|b| b.is_ascii_digit());
        match seq.parse() {
            Ok(seq) if is_number => Ok(Self {
                log: log.to_owned().try_into()?,
                seq,
            }),
            _ => Err(CursorError::new(text)),
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.log, self.seq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_being_written_and_read() {
        let cursor: Cursor = "k3x9-1042".parse().unwrap();

        assert_eq!(cursor.seq, 1042);
        assert_eq!(cursor.to_string(), "k3x9-1042");
    }

    #[test]
    fn what_is_not_a_cursor_is_refused_with_an_example() {
        for text in [
            "",
            "-",
            "a-",
            "-1",
            "a-+1",
            "a-1 ",
            "a b-1",
            "a-99999999999999999999",
        ] {
            let error = text.parse::<Cursor>().unwrap_err();
            assert!(error.to_string().contains("k3x9-1042"), "{text:?}");
        }
    }
}
