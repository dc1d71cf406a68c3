//! Lines of JSON: which of the known kinds they are, and their events.

use chunks::Withdrawn;
use serde::{Deserialize, de::IgnoredAny};
use wire::{
    Event, Identity,
    author::AuthorKey,
    formats::{self, Format, FormatError, twitter_v2},
};

use crate::{Kind, Report, snscrape};

/// What a file's lines are; broken ones at the beginning are passed over.
pub(crate) fn kind(head: &str) -> Option<Kind> {
    let lines = head.lines().map(str::trim);
    lines
        .filter(|line| line.starts_with('{'))
        .find_map(kind_of_line)
}

/// Lines of a recording that hold no event: what it is, sums, results, and its seal.
const OF_RECORDINGS: [&str; 5] = ["recording", "sums", "ids", "table", "seal"];

/// Whether a line belongs to a recording and holds no event.
pub(crate) fn is_of_recording(line: &str) -> bool {
    let rest = line.strip_prefix("{\"v\":1,\"");
    let key = rest.and_then(|rest| rest.split('"').next());
    key.is_some_and(|key| OF_RECORDINGS.contains(&key))
}

/// How a post counts whose text is not in a recording.
fn withdrawn(line: &str) -> Option<Withdrawn> {
    #[derive(Deserialize)]
    struct Line {
        stands: Stands,
    }
    #[derive(Deserialize)]
    struct Stands {
        compound: i16,
        #[serde(default)]
        topics: Vec<String>,
        #[serde(default)]
        tickers: Vec<String>,
        #[serde(default)]
        judgement: u16,
        without: Option<IgnoredAny>,
    }
    if !line.contains("\"without\":") {
        return None;
    }
    let Line { stands } = serde_json::from_str(line).ok()?;
    stands.without.map(|_| Withdrawn {
        compound: stands.compound,
        topics: stands.topics,
        tickers: stands.tickers,
        judgement: stands.judgement,
    })
}

fn kind_of_line(line: &str) -> Option<Kind> {
    if is_of_recording(line) {
        return Some(Kind::Moodtape);
    }
    match Format::detect("", line) {
        Some(Format::Moodtape) => return Some(Kind::Moodtape),
        Some(Format::TwitterV1) => return Some(Kind::TwitterV1),
        _ => {}
    }
    if snscrape::is_line(line) {
        return Some(Kind::Snscrape);
    }
    twitter_v2::decode(line, &AuthorKey([0; 16]))
        .is_ok()
        .then_some(Kind::TwitterV2)
}

/// Decodes one line.
pub(crate) fn decode(
    kind: Kind,
    (row, line): (u64, &str),
    key: &AuthorKey,
    report: &mut Report,
    out: &mut Vec<Event>,
) {
    let mut take = |record: Result<Event, FormatError>| match record {
        Ok(event) => {
            report.take(&event);
            out.push(event);
        }
        Err(error) => report.refuse(error, row, line),
    };
    match kind {
        Kind::TwitterV1 => take(formats::decode_line(Format::TwitterV1, line, key)),
        Kind::TwitterV2 => match twitter_v2::decode(line, key) {
            Ok(records) => records.into_iter().for_each(take),
            Err(error) => take(Err(error)),
        },
        Kind::Snscrape => take(snscrape::decode(line, key)),
        Kind::Moodtape | Kind::Posts | Kind::Prices => {
            take(formats::decode_moodtape(line));
            if let (Some(withdrawn), Some(event)) = (withdrawn(line), out.last())
                && let Some(identity) = Identity::of(event)
            {
                report.withdrawn.insert(identity.0, withdrawn);
            }
        }
    }
}
