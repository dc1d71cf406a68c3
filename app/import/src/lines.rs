//! Lines of JSON: which of the known kinds they are, and their events.

use wire::{
    Event,
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

fn kind_of_line(line: &str) -> Option<Kind> {
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
        Kind::Moodtape | Kind::Posts | Kind::Prices => take(formats::decode_moodtape(line)),
    }
}
