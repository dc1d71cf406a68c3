//! Withdrawals, counts by an upstream, and gaps in columns.

use wire::{Attention, Body, Delete, Event, Gap, event::GapReason};

use super::{bodies, next};
use crate::columns::{Columns, FormatError, Table};

pub(super) fn write_deletes(columns: &mut Columns, events: &[Event]) {
    columns.ids(
        "id",
        bodies!(events, Delete).map(|delete| delete.id.as_str()),
    );
}

pub(super) fn read_deletes(table: &mut Table, source: &str) -> Result<Vec<Body>, FormatError> {
    let ids = table.texts("id")?.into_iter();
    let delete = |id| Delete {
        source: source.to_owned(),
        id,
    };
    Ok(ids.map(|id| Body::Delete(delete(id))).collect())
}

pub(super) fn write_attention(columns: &mut Columns, events: &[Event]) {
    let counts = || bodies!(events, Attention);
    columns.words("subject", counts().map(|count| count.subject.as_str()));
    columns.times("open_at", counts().map(|count| count.open_at));
    columns.lengths("width", counts().map(|count| count.width));
    columns.counts("n", counts().map(|count| count.n));
}

pub(super) fn read_attention(table: &mut Table, source: &str) -> Result<Vec<Body>, FormatError> {
    let mut opened = table.integers("open_at")?.into_iter();
    let mut widths = table.integers("width")?.into_iter();
    let mut counts = table.counts("n")?.into_iter();
    let subjects = table.texts("subject")?.into_iter();
    subjects
        .map(|subject| {
            Ok(Body::Attention(Attention {
                source: source.to_owned(),
                subject,
                open_at: next(&mut opened, "open_at")?,
                width: next(&mut widths, "width")?,
                n: next(&mut counts, "n")?,
            }))
        })
        .collect()
}

pub(super) fn write_gaps(columns: &mut Columns, events: &[Event]) {
    let gaps = || bodies!(events, Gap);
    columns.counts("from_seq", gaps().map(|gap| gap.from));
    columns.counts("to_seq", gaps().map(|gap| gap.to));
    columns.words("reason", gaps().map(|gap| reason(gap.reason)));
}

pub(super) fn read_gaps(table: &mut Table) -> Result<Vec<Body>, FormatError> {
    let mut firsts = table.counts("from_seq")?.into_iter();
    let mut lasts = table.counts("to_seq")?.into_iter();
    let reasons = table.texts("reason")?.into_iter();
    reasons
        .map(|name| {
            let known = [GapReason::BelowFloor, GapReason::UncleanStop];
            let found = known.into_iter().find(|known| reason(*known) == name);
            Ok(Body::Gap(Gap {
                from: next(&mut firsts, "from_seq")?,
                to: next(&mut lasts, "to_seq")?,
                reason: found.ok_or(FormatError::Value("reason"))?,
            }))
        })
        .collect()
}

fn reason(reason: GapReason) -> &'static str {
    match reason {
        GapReason::BelowFloor => "below_floor",
        GapReason::UncleanStop => "unclean_stop",
    }
}
