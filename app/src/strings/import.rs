//! What the page says about files that are imported.

use analysis::series::quality::{Check, Line, Outcome};
use import::{
    Choice, Encoding, Kind, Role,
    protocol::{self, Finding, Progress, State, Unreachable},
};

use crate::format;

pub(crate) const FAILED: &str = "The part of this page that reads files could not be loaded. Everything else works; reload to try again.";
pub(crate) const UNKNOWN: &str = "This file is neither a table of posts or prices nor posts in JSON that are known here. Nothing was read from it.";

pub(crate) const READING: &str = "A file is being read. Wait for it, or cancel it.";

/// What a check found, and whether it holds.
pub(crate) fn finding(finding: &Finding) -> String {
    let mark = match finding.outcome {
        protocol::Outcome::Pass => "✓",
        protocol::Outcome::Unknown => "?",
        protocol::Outcome::Fail => "✗",
    };
    format!("{mark} {}", finding.what)
}

/// The worst of what a check found.
pub(crate) fn found(worst: Option<protocol::Outcome>) -> &'static str {
    match worst {
        Some(protocol::Outcome::Fail) => "Something does not hold.",
        Some(protocol::Outcome::Unknown) => "Everything that could be computed again holds.",
        _ => "Everything holds.",
    }
}

pub(crate) const ADDRESS: &str = "The file is fetched by this browser and read in it; nobody else is told. Its host must allow that for pages from elsewhere (CORS). A link to this page may name it, as in ?open=ADDRESS.";

/// Why nothing came from an address.
pub(crate) fn unreachable(why: Unreachable) -> String {
    match why {
        Unreachable::Status(status) => {
            format!("The host refused: HTTP {status}. Is the address right?")
        }
        Unreachable::NoAnswer => "No file came from there. Either nothing answers at this address, or its host does not let pages from elsewhere read it (CORS), or this page's host forbids asking elsewhere, as the relay does. Save the file and open it from your disk.".to_owned(),
    }
}

/// Roles of columns by the names in which they are offered.
pub(crate) const ROLES: [(Role, &str); 10] = [
    (Role::Ignore, "–"),
    (Role::Id, "Post id"),
    (Role::Time, "Time"),
    (Role::Text, "Text"),
    (Role::Author, "Author"),
    (Role::Lang, "Language"),
    (Role::Url, "Address"),
    (Role::ReplyTo, "Answers post"),
    (Role::Repost, "Is a repost"),
    (Role::Clock, "Time of day"),
];

pub(crate) fn title(name: &str) -> String {
    match name {
        "" => "Import".to_owned(),
        name => format!("Import {name}"),
    }
}

/// What the file is taken for.
pub(crate) fn seen(choice: &Choice) -> String {
    let encoding = match choice.encoding {
        Encoding::Utf8 => "UTF-8",
        Encoding::Latin1 => "Windows-1252",
        Encoding::Utf16Le | Encoding::Utf16Be => "UTF-16",
    };
    let what = match choice.kind {
        Kind::Posts => {
            let delimiter = match choice.delimiter {
                b'\t' => "tabs",
                b';' => "semicolons",
                b'|' => "bars",
                _ => "commas",
            };
            let header = if choice.has_header { "with" } else { "without" };
            return format!(
                "Table of posts, cells between {delimiter}, {header} a header, {encoding}. Dates without a zone count as UTC. Authors are kept as hashes."
            );
        }
        Kind::Prices => "Table of prices",
        Kind::Moodtape => "Recording of this program",
        Kind::TwitterV1 => "Posts as Twitter v1.1 writes them",
        Kind::TwitterV2 => "Posts as Twitter v2 writes them",
        Kind::Snscrape => "Posts as snscrape writes them",
    };
    format!("{what}, {encoding}.")
}

/// How far it is, in one line. Where nothing is kept, what is counted is in this tab alone.
pub(crate) fn course(progress: &Progress, is_kept: bool) -> String {
    let Progress {
        report,
        n_stored,
        n_known,
        ..
    } = progress;
    let state = match progress.state {
        State::Running => "Reading",
        State::Paused => "Paused",
        State::Done => "Done",
        State::Cancelled => "Stopped",
        State::Unreadable => "The file could not be read further",
    };
    let stored = match is_kept {
        true => "stored",
        false => "counted, nothing stored",
    };
    let seconds = (progress.millis as f64 / 1e3).max(1e-3);
    let rate = format::compact((report.n_rows as f64 / seconds) as u64);
    let mut line = format!(
        "{state} · {} rows · {} {stored} · {} were there already · {} refused · {rate} rows/s",
        format::count(report.n_rows),
        format::count(*n_stored),
        format::count(*n_known),
        format::count(report.n_refused()),
    );
    if report.n_repaired > 0 {
        line += &format!(
            " · {} with broken characters",
            format::count(report.n_repaired)
        );
    }
    line
}

pub(crate) fn sample(row: u64, text: &str) -> String {
    let text: String = text.chars().take(80).collect();
    format!("row {}: {text}", format::count(row))
}

pub(crate) fn quality(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "Data quality: all checks pass.",
        Outcome::Warn => "Data quality: read with care.",
        Outcome::Fail => "Data quality: a check fails.",
    }
}

pub(crate) fn quality_line(line: &Line) -> String {
    let what = match line.check {
        Check::Presence => "nothing was kept",
        Check::Balance => "records unaccounted for",
        Check::NullKeys => "without an author",
        Check::Orphans => "naming what is not there",
        Check::Duplicates => "there already",
        Check::Gaps => "without a source",
        Check::Skew => "with an implausible time",
        Check::Late => "late",
        Check::Dropped => "refused",
        Check::Filtered => "left out",
    };
    format!("{} {what}", format::count(line.count))
}

/// A file's content as an address, to be saved.
pub(crate) fn data_url(text: &str) -> String {
    let encoded: String = js_sys::encode_uri_component(text).into();
    format!("data:text/csv;charset=utf-8,{encoded}")
}

#[cfg(test)]
mod tests {
    use import::Report;

    use super::*;

    #[test]
    fn the_course_says_every_number_with_its_unit() {
        let progress = Progress {
            state: State::Done,
            n_stored: 1_500,
            n_known: 2,
            millis: 1_000,
            report: Report {
                n_rows: 1_502,
                ..Report::default()
            },
            ..Progress::default()
        };

        assert_eq!(
            course(&progress, true),
            "Done · 1,502 rows · 1,500 stored · 2 were there already · 0 refused · 1,502 rows/s"
        );
        assert!(course(&progress, false).contains("1,500 counted, nothing stored"));
    }
}
