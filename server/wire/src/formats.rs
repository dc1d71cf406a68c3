//! Pure decoders of file formats: one line or row in, one event or a drop reason out.
//!
//! The relay's recordings and the browser's import share them. Nothing here opens a file.

pub mod calendar;
pub mod price_csv;
pub mod twitter_v1;
pub mod twitter_v2;

use crate::{
    Body, Event,
    author::AuthorKey,
    ndjson::{self, LineError},
};

/// What a file's lines are.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Format {
    /// Event lines of this program, see [`crate::ndjson`].
    Moodtape,
    /// Verbatim Twitter v1.1 statuses, one JSON object a line.
    TwitterV1,
    /// Prices with a header line, see [`price_csv`].
    PriceCsv,
}

/// Why one line or row did not become an event. Drop it, count it under [`FormatError::reason`], go on.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, thiserror::Error)]
pub enum FormatError {
    /// Not JSON, or JSON of another shape.
    #[error("not JSON of the expected shape")]
    Json,
    /// The line or file stops in the middle.
    #[error("it stops in the middle")]
    Truncated,
    /// No id, so that repeats could not be told.
    #[error("it has no id")]
    NoId,
    /// No author.
    #[error("it has no author")]
    NoAuthor,
    /// No text.
    #[error("it has no text")]
    NoText,
    /// No time stamp, or one that cannot be read.
    #[error("its time stamp cannot be read")]
    Time,
    /// A row's date cannot be read.
    #[error("its date cannot be read")]
    Date,
    /// A row's prices are missing or cannot be prices.
    #[error("its prices are missing or cannot be prices")]
    Price,
    /// A row's volume or market capitalisation is negative.
    #[error("its volume or market capitalisation is negative")]
    Volume,
    /// A row names no instrument.
    #[error("it names no instrument")]
    Symbol,
    /// One row alone does not tell how long its interval is.
    #[error("nothing tells how long its interval is")]
    Width,
    /// JSON of a known format with a body that this version does not know.
    #[error("it carries nothing this version knows")]
    UnknownBody,
    /// A line of a newer version of the format.
    #[error("it is of a newer version of the format")]
    Version,
    /// A notice between relay and reader (`tip`, `gap`, `reset`), which has no place in a file.
    #[error("it is a notice of the stream, not an event")]
    StreamOnly,
    /// Longer than a line may be.
    #[error("it is longer than a line may be")]
    TooLong,
    /// Not UTF-8.
    #[error("it is not UTF-8")]
    Utf8,
    /// The compressed data is damaged; what follows is lost.
    #[error("the compressed data is damaged")]
    Gzip,
    /// The file could not be read further.
    #[error("the file could not be read further")]
    Unreadable,
}

impl FormatError {
    /// The drop reason it is counted under. These names are part of the interface and stay.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Json => "bad_json",
            Self::Truncated => "truncated",
            Self::NoId => "no_id",
            Self::NoAuthor => "no_author",
            Self::NoText => "no_text",
            Self::Time => "bad_time",
            Self::Date => "bad_date",
            Self::Price => "bad_price",
            Self::Volume => "bad_volume",
            Self::Symbol => "bad_symbol",
            Self::Width => "no_width",
            Self::UnknownBody => "unknown_body",
            Self::Version => "newer_version",
            Self::StreamOnly => "stream_only",
            Self::TooLong => "too_long",
            Self::Utf8 => "bad_utf8",
            Self::Gzip => "bad_gzip",
            Self::Unreadable => "unreadable",
        }
    }
}

impl From<&serde_json::Error> for FormatError {
    fn from(error: &serde_json::Error) -> Self {
        if error.is_eof() {
            Self::Truncated
        } else {
            Self::Json
        }
    }
}

impl From<LineError> for FormatError {
    fn from(error: LineError) -> Self {
        match error {
            LineError::Syntax(error) => Self::from(&error),
            LineError::Version(_) => Self::Version,
            LineError::UnknownBody => Self::UnknownBody,
        }
    }
}

impl Format {
    /// Tells a file's format from its name and its beginning; `None` when it is no recording.
    ///
    /// `head` is the first line or, better, the first few: broken lines at the start are passed over,
    /// and some price files have a line of advertisement above their header.
    pub fn detect(file_name: &str, head: &str) -> Option<Self> {
        let lines = || {
            head.trim_start_matches('\u{feff}')
                .lines()
                .map(str::trim)
                .filter(|line| !line.is_empty())
        };
        if let Some(format) = lines().find_map(json_format) {
            return Some(format);
        }
        let name = file_name.to_ascii_lowercase();
        let is_table = name.ends_with(".csv") || name.ends_with(".csv.gz");
        (is_table
            && lines()
                .take(price_csv::MAX_PREAMBLE + 1)
                .any(price_csv::is_header))
        .then_some(Self::PriceCsv)
    }
}

/// Decodes one event line of this program; its three times and its author's hash stay as they are.
///
/// # Errors
/// As [`ndjson::decode_line`], and [`FormatError::StreamOnly`] for notices of the stream.
pub fn decode_moodtape(line: &str) -> Result<Event, FormatError> {
    let event = ndjson::decode_line(line)?;
    match &event.body {
        Body::Tip(_) | Body::Gap(_) | Body::Reset(_) => Err(FormatError::StreamOnly),
        Body::Post(post) if post.id.is_empty() => Err(FormatError::NoId),
        _ => Ok(event),
    }
}

/// Decodes one line of a format that has one event a line.
///
/// # Errors
/// [`FormatError`]; price tables are read by [`price_csv::Reader`] and are an error here.
pub fn decode_line(format: Format, line: &str, key: &AuthorKey) -> Result<Event, FormatError> {
    match format {
        Format::Moodtape => decode_moodtape(line),
        Format::TwitterV1 => twitter_v1::decode(line, key),
        Format::PriceCsv => Err(FormatError::UnknownBody),
    }
}

fn json_format(line: &str) -> Option<Format> {
    #[derive(serde::Deserialize)]
    struct Probe {
        v: Option<serde::de::IgnoredAny>,
        seen_at: Option<serde::de::IgnoredAny>,
        created_at: Option<serde::de::IgnoredAny>,
        id_str: Option<serde::de::IgnoredAny>,
        user: Option<serde::de::IgnoredAny>,
        delete: Option<serde::de::IgnoredAny>,
    }
    if !line.starts_with('{') {
        return None;
    }
    let probe: Probe = serde_json::from_str(line).ok()?;
    if probe.v.is_some() && probe.seen_at.is_some() {
        Some(Format::Moodtape)
    } else if probe.delete.is_some()
        || probe.created_at.is_some() && probe.id_str.is_some() && probe.user.is_some()
    {
        Some(Format::TwitterV1)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_detect(file_name: &str, head: &str, expect: Option<Format>) {
        assert_eq!(
            Format::detect(file_name, head),
            expect,
            "{file_name}: {head}"
        );
    }

    #[test]
    fn a_format_is_told_by_what_the_lines_are() {
        let status = r#"{"created_at":"Wed Jan 01 01:18:36 +0000 2014","id_str":"1","text":"x","user":{"id_str":"2"}}"#;
        check_detect("a.ndjson.gz", status, Some(Format::TwitterV1));
        check_detect(
            "a",
            &format!("\u{feff}\n{{broken\n{status}"),
            Some(Format::TwitterV1),
        );
        check_detect(
            "a.json",
            r#"{"delete":{"status":{"id_str":"1","user_id_str":"2"}}}"#,
            Some(Format::TwitterV1),
        );
        check_detect(
            "a.txt",
            r#"{"v":1,"seq":1,"seen_at":1,"at":1,"post":{}}"#,
            Some(Format::Moodtape),
        );
        check_detect(
            "AAPL.csv",
            "Date,Open,High,Low,Close,Adj Close,Volume",
            Some(Format::PriceCsv),
        );
        let url =
            "https://www.example.org\nunix,date,symbol,open,high,low,close,Volume BTC,Volume USD";
        check_detect("BTC.CSV.gz", url, Some(Format::PriceCsv));
    }

    #[test]
    fn what_is_no_recording_is_left_alone() {
        check_detect("LICENSE", "MIT License\n\nCopyright", None);
        check_detect("StockTable", "Sector\tSymbol\tCompany", None);
        check_detect("tweets.csv", "author,date,text", None);
        check_detect("a.json", r#"{"name":"x"}"#, None);
        check_detect("empty", "", None);
    }

    #[test]
    fn a_notice_of_the_stream_has_no_place_in_a_file() {
        let tip = r#"{"v":1,"seq":0,"seen_at":0,"at":0,"tip":{"tip":1,"scanned":1,"now":0}}"#;

        assert_eq!(decode_moodtape(tip), Err(FormatError::StreamOnly));
    }

    #[test]
    fn a_line_that_stops_in_the_middle_is_told_apart_from_garbage() {
        assert_eq!(
            decode_moodtape(r#"{"v":1,"seq":"#),
            Err(FormatError::Truncated)
        );
        assert_eq!(decode_moodtape("garbage"), Err(FormatError::Json));
        assert_eq!(
            decode_moodtape(r#"{"v":9,"seq":1}"#),
            Err(FormatError::Version)
        );
        assert_eq!(
            decode_moodtape(r#"{"v":1,"seq":1,"hologram":{}}"#),
            Err(FormatError::UnknownBody)
        );
    }
}
