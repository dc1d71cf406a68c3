//! What is said of a file to a person, so that the page need not know what there is to say.

use analysis::series::quality::{Check, Outcome};

use crate::{Choice, Encoding, Kind, Report, protocol::Quality};

pub(crate) const UNKNOWN: &str = "This file is neither a table of posts or prices nor posts in JSON that are known here. Nothing was read from it.";

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

/// How good the data is: the outcome of all checks, and what is notable.
pub(crate) fn quality(report: &Report, n_known: u64) -> Quality {
    let quality = report.quality(n_known);
    let outcome = match quality.outcome {
        Outcome::Pass => "Data quality: all checks pass.",
        Outcome::Warn => "Data quality: read with care.",
        Outcome::Fail => "Data quality: a check fails.",
    };
    let lines = quality.lines.iter();
    let notable = lines.filter(|line| line.outcome != Outcome::Pass);
    Quality {
        outcome: outcome.to_owned(),
        notable: notable
            .map(|line| (line.count, check(line.check).to_owned()))
            .collect(),
    }
}

/// How much of a file of `size` bytes was fetched.
pub fn fetched(n: u64, size: u64) -> (u64, String) {
    let percent = 100 * n / size.max(1);
    (n, format!("bytes fetched, {percent} % of the file"))
}

fn check(check: Check) -> &'static str {
    match check {
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
    }
}
