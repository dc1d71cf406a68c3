//! Changes of state of a source in columns.

use std::collections::BTreeMap;

use wire::{Body, Event, Missed, SourceState, SourceStatus};

use super::{bodies, next};
use crate::columns::{Columns, FormatError, Table};

pub(super) const STATES: [(SourceState, &str); 5] = [
    (SourceState::Connecting, "connecting"),
    (SourceState::Connected, "connected"),
    (SourceState::Disconnected, "disconnected"),
    (SourceState::Ended, "ended"),
    (SourceState::Failed, "failed"),
];

pub(super) fn write(columns: &mut Columns, events: &[Event]) {
    let all = || bodies!(events, Status);
    columns.words("state", all().map(|status| name_of(status.state)));
    columns.optional_words("detail", all().map(|status| status.detail.as_deref()));
    columns.counts("received", all().map(|status| status.received));
    columns.counts("unique", all().map(|status| status.unique));
    columns.counts("kept", all().map(|status| status.kept));
    columns.counts("unique_posts", all().map(|status| status.unique_posts));
    columns.counts("kept_posts", all().map(|status| status.kept_posts));
    columns.lists_of_words(
        "drop_reasons",
        all().map(|status| status.dropped.keys().map(String::as_str)),
    );
    columns.lists_of_counts(
        "drop_counts",
        all().map(|status| status.dropped.values().copied()),
    );
    columns.optional_times("last_at", all().map(|status| status.last_at));
    columns.optional_times("since", all().map(|status| status.since));
    columns.optional_words("error", all().map(|status| status.error.as_deref()));
    columns.counts("attempts", all().map(|status| status.attempts.into()));
    columns.optional_times("retry_at", all().map(|status| status.retry_at));
    columns.optional_times("missed_from", all().map(|status| Some(status.gap?.from)));
    columns.optional_times("missed_to", all().map(|status| Some(status.gap?.to)));
    columns.optional_counts("per_minute", all().map(|status| status.per_minute));
    columns.optional_numbers("cost_usd", all().map(|status| status.cost_usd));
}

pub(super) fn read(table: &mut Table, source: &str) -> Result<Vec<Body>, FormatError> {
    let mut states = table.texts("state")?.into_iter();
    let mut details = table.optional_texts("detail")?.into_iter();
    let mut received = table.counts("received")?.into_iter();
    let mut unique = table.counts("unique")?.into_iter();
    let mut kept = table.counts("kept")?.into_iter();
    let mut unique_posts = table.counts("unique_posts")?.into_iter();
    let mut kept_posts = table.counts("kept_posts")?.into_iter();
    let mut reasons = table.lists_of_texts("drop_reasons")?.into_iter();
    let mut dropped = table.lists_of_counts("drop_counts")?.into_iter();
    let mut last = table.optional_integers("last_at")?.into_iter();
    let mut since = table.optional_integers("since")?.into_iter();
    let mut errors = table.optional_texts("error")?.into_iter();
    let mut attempts = table.counts("attempts")?.into_iter();
    let mut retries = table.optional_integers("retry_at")?.into_iter();
    let mut missed_from = table.optional_integers("missed_from")?.into_iter();
    let mut missed_to = table.optional_integers("missed_to")?.into_iter();
    let mut per_minute = table.optional_counts("per_minute")?.into_iter();
    let mut costs = table.optional_numbers("cost_usd")?.into_iter();
    let mut bodies = Vec::with_capacity(table.n_rows());
    for _ in 0..table.n_rows() {
        let reasons = next(&mut reasons, "drop_reasons")?;
        let dropped: BTreeMap<_, _> = reasons
            .into_iter()
            .zip(next(&mut dropped, "drop_counts")?)
            .collect();
        let missed = next(&mut missed_from, "missed_from")?.zip(next(&mut missed_to, "missed_to")?);
        let attempts = next(&mut attempts, "attempts")?;
        bodies.push(Body::Status(SourceStatus {
            source: source.to_owned(),
            state: state_of(&next(&mut states, "state")?)?,
            detail: next(&mut details, "detail")?,
            received: next(&mut received, "received")?,
            unique: next(&mut unique, "unique")?,
            kept: next(&mut kept, "kept")?,
            unique_posts: next(&mut unique_posts, "unique_posts")?,
            kept_posts: next(&mut kept_posts, "kept_posts")?,
            dropped,
            last_at: next(&mut last, "last_at")?,
            since: next(&mut since, "since")?,
            error: next(&mut errors, "error")?,
            attempts: u32::try_from(attempts).map_err(|_| FormatError::Value("attempts"))?,
            retry_at: next(&mut retries, "retry_at")?,
            gap: missed.map(|(from, to)| Missed { from, to }),
            per_minute: next(&mut per_minute, "per_minute")?,
            cost_usd: next(&mut costs, "cost_usd")?,
        }));
    }
    Ok(bodies)
}

fn name_of(state: SourceState) -> &'static str {
    let known = STATES.iter().find(|(known, _)| *known == state);
    known.map_or("connecting", |(_, name)| name)
}

fn state_of(name: &str) -> Result<SourceState, FormatError> {
    let known = STATES.iter().find(|(_, known)| *known == name);
    known.map_or(Err(FormatError::Value("state")), |(state, _)| Ok(*state))
}
