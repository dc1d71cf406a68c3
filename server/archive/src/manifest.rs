//! What an archive holds: which files count, and up to which place in the relay's log they reach.

use std::collections::BTreeSet;

use object_store::path::{Path, PathPart};
use serde::{Deserialize, Serialize};
use wire::{
    Cursor, LogId, Millis,
    time::{DAY, HOUR},
};

use crate::Kind;

/// Its name.
pub const MANIFEST: &str = "manifest.json";
/// Version of its form.
pub(crate) const VERSION: u32 = 1;

/// Which files count. Whatever else lies there is left from a crash and is removed.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Manifest {
    /// Version of this form.
    pub version: u32,
    /// Rises with every change.
    pub generation: u64,
    /// Everything up to here is in `parts`, once.
    pub position: Option<Cursor>,
    /// Files of events.
    pub parts: Vec<Part>,
    /// Sums by day, made of `parts`.
    pub daily: Vec<Daily>,
    /// Posts that were withdrawn and whose text may still lie in a file.
    pub withdrawn: Vec<Withdrawn>,
    /// Days, counted from 1970, whose sums are to be made again.
    pub stale_days: BTreeSet<i64>,
}

/// A file of events of one kind and source within one hour.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Part {
    /// Where it lies.
    pub path: String,
    /// Name of what it holds.
    pub kind: String,
    /// Whose events.
    pub source: String,
    /// The hour's beginning; events are sorted into hours by `at`.
    pub hour: Millis,
    /// The log whose seqs it holds.
    pub log: LogId,
    /// It holds all of the log's events of its kind, source and hour from this seq …
    pub from: u64,
    /// … to this one, inclusive.
    pub to: u64,
    /// How many events.
    pub rows: u64,
    /// How large.
    pub bytes: u64,
}

/// Sums of one day.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Daily {
    /// Where it lies.
    pub path: String,
    /// What is summed: `mentions` or `prices`.
    pub table: String,
    /// Days since 1970, in UTC.
    pub day: i64,
}

/// A post that its author or the platform withdrew.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Withdrawn {
    /// Its source.
    pub source: String,
    /// The upstream's id.
    pub id: String,
}

/// One folder of events.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Partition {
    pub(crate) kind: Kind,
    pub(crate) source: String,
    pub(crate) hour: Millis,
}

impl Partition {
    /// `kind=post/source=bluesky/date=2026-11-22/hour=07/<name>`.
    pub(crate) fn path(&self, name: &str) -> String {
        let hour = self.hour.rem_euclid(DAY) / HOUR;
        let parts = [
            format!("kind={}", self.kind),
            format!("source={}", self.source),
            format!("date={}", date(day_of(self.hour))),
            format!("hour={hour:02}"),
            name.to_owned(),
        ];
        join(&parts)
    }
}

impl Part {
    pub(crate) fn partition(&self) -> Option<Partition> {
        Some(Partition {
            kind: Kind::parse(&self.kind)?,
            source: self.source.clone(),
            hour: self.hour,
        })
    }
}

/// A path whose parts may hold any character.
pub(crate) fn join(parts: &[String]) -> String {
    Path::from_iter(parts.iter().map(|part| PathPart::from(part.as_str()))).to_string()
}

pub(crate) fn hour_of(at: Millis) -> Millis {
    at.div_euclid(HOUR).saturating_mul(HOUR)
}

pub(crate) fn day_of(at: Millis) -> i64 {
    at.div_euclid(DAY)
}

/// `2026-11-22`. Times that no calendar has are put at its nearer end.
pub(crate) fn date(day: i64) -> String {
    let first_day = i64::from(chrono::NaiveDate::MIN.to_epoch_days());
    let last_day = i64::from(chrono::NaiveDate::MAX.to_epoch_days());
    let day = i32::try_from(day.clamp(first_day, last_day)).unwrap_or_default();
    let date = chrono::NaiveDate::from_epoch_days(day).unwrap_or_default();
    date.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_says_kind_source_date_and_hour_whatever_the_name_of_the_source() {
        let partition = |source: &str, at| Partition {
            kind: Kind::Post,
            source: source.to_owned(),
            hour: hour_of(at),
        };

        assert_eq!(
            partition("bluesky", 1_400_000_000_000).path("a"),
            "kind=post/source=bluesky/date=2014-05-13/hour=16/a"
        );
        assert_eq!(
            partition("../a/b", -1).path("a"),
            "kind=post/source=..%2Fa%2Fb/date=1969-12-31/hour=23/a"
        );
    }

    #[test]
    fn no_time_is_without_a_date() {
        for at in [i64::MIN, i64::MAX] {
            assert!(!date(day_of(at)).is_empty());
        }
    }
}
