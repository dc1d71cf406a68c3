//! How the sources are now, and when any of them was listening.

use std::collections::{BTreeMap, BTreeSet};

use wire::{Millis, Quote, SourceStatus, Tip, time::MINUTE};

use crate::{series::Spans, view::Range};

/// States and counters by source, and what follows about gaps.
#[derive(Clone, Debug, Default)]
pub(super) struct Sources {
    /// Changes of state by source, in time order: (when, state, was it listening).
    changes: BTreeMap<String, BTreeMap<(Millis, u8), bool>>,
    /// The newest change of state by source.
    latest: BTreeMap<String, ((Millis, u8), SourceStatus)>,
    /// The newest tip's sources with the tip's time.
    tip: BTreeMap<String, (Millis, SourceStatus)>,
    /// Names that bars carry, and names that posts carry.
    of_bars: BTreeSet<String>,
    of_posts: BTreeSet<String>,
    /// From the first to the last post of files whose lines carry one time only.
    imported: Option<(Millis, Millis)>,
    /// From the first to the last other post.
    live: Option<(Millis, Millis)>,
    /// Of the newest tip.
    quotes: Vec<Quote>,
}

/// An older price is none of now.
const MAX_QUOTE_AGE: Millis = 2 * MINUTE;

impl Sources {
    pub(super) fn add_status(&mut self, at: Millis, status: &SourceStatus) {
        let when = (at, status.state as u8);
        let changes = self.changes.entry(status.source.clone()).or_default();
        changes.insert(when, status.state.is_listening());
        let latest = self
            .latest
            .entry(status.source.clone())
            .or_insert_with(|| (when, status.clone()));
        if when >= latest.0 {
            *latest = (when, status.clone());
        }
    }

    pub(super) fn set_tip(&mut self, tip: &Tip) {
        for status in &tip.sources {
            self.tip
                .insert(status.source.clone(), (tip.now, status.clone()));
        }
        let sound = tip.quotes.iter().filter(|quote| quote.is_sound());
        self.quotes = sound.cloned().collect();
    }

    /// The newest price of an instrument, if it is one of now.
    pub(super) fn quote(
        &self,
        ticker: &str,
        currency: Option<&str>,
        now: Millis,
    ) -> Option<&Quote> {
        self.quotes.iter().find(|quote| {
            quote.ticker == ticker
                && currency.is_none_or(|currency| quote.currency == currency)
                && now - quote.at <= MAX_QUOTE_AGE
        })
    }

    pub(super) fn add_bar_source(&mut self, name: &str) {
        if !self.of_bars.contains(name) {
            self.of_bars.insert(name.to_owned());
        }
    }

    pub(super) fn add_post(&mut self, at: Millis, source: &str, is_imported: bool) {
        if !self.of_posts.contains(source) {
            self.of_posts.insert(source.to_owned());
        }
        let span = if is_imported {
            &mut self.imported
        } else {
            &mut self.live
        };
        let (first, last) = span.unwrap_or((at, at));
        *span = Some((first.min(at), last.max(at)));
    }

    /// The present state of every source, by name: the newest tip's, unless a later event changed it.
    pub(super) fn rows(&self) -> Vec<SourceStatus> {
        let mut rows: BTreeMap<&str, &SourceStatus> = BTreeMap::new();
        for (name, ((at, _), status)) in &self.latest {
            let tip = self.tip.get(name).filter(|(now, _)| now >= at);
            rows.insert(name, tip.map_or(status, |(_, status)| status));
        }
        for (name, (_, status)) in &self.tip {
            rows.entry(name).or_insert(status);
        }
        rows.into_values().cloned().collect()
    }

    /// Sources that brought posts, by name.
    pub(super) fn of_posts(&self) -> Vec<String> {
        self.of_posts.iter().cloned().collect()
    }

    /// When at least one source of posts was listening, up to `until`.
    ///
    /// By the changes of state of the sources that posts name; of all but the sources of prices while no
    /// post names any of them. Before the first known change, and without any, from the first post on
    /// (the log's floor may have risen past the change); files of a foreign kind know no states and are
    /// covered from their first post to their last.
    pub(super) fn covered(&self, until: Millis) -> Spans {
        let named = |names: &BTreeSet<String>, wanted: bool| -> Vec<_> {
            self.changes
                .iter()
                .filter(|(name, _)| names.contains(*name) == wanted)
                .collect()
        };
        let mut of_posts = named(&self.of_posts, true);
        if of_posts.is_empty() {
            of_posts = named(&self.of_bars, false);
        }
        let mut spans: Vec<Range> = self
            .imported
            .iter()
            .map(|(first, last)| Range {
                from: *first,
                to: last + 1,
            })
            .collect();
        let first_change = of_posts
            .iter()
            .filter_map(|(_, changes)| changes.keys().next())
            .map(|(at, _)| *at)
            .min();
        if let Some((first, last)) = self.live {
            spans.push(Range {
                from: first,
                to: first_change.unwrap_or(last + 1),
            });
        }
        for (_, changes) in of_posts {
            let mut since = None;
            for ((at, _), is_listening) in changes {
                match (since, is_listening) {
                    (None, true) => since = Some(*at),
                    (Some(from), false) => {
                        spans.push(Range { from, to: *at });
                        since = None;
                    }
                    _ => {}
                }
            }
            spans.extend(since.map(|from| Range { from, to: until }));
        }
        Spans::new(spans)
    }
}

#[cfg(test)]
mod tests {
    use wire::SourceState;

    use super::*;

    fn status(source: &str, state: SourceState) -> SourceStatus {
        SourceStatus {
            source: source.into(),
            state,
            ..SourceStatus::default()
        }
    }

    #[test]
    fn a_gap_is_where_no_source_of_posts_was_listening() {
        let mut sources = Sources::default();
        sources.add_post(12, "a", false);
        sources.add_post(16, "b", false);
        for (at, name, state) in [
            (10, "a", SourceState::Connected),
            (20, "a", SourceState::Disconnected),
            (15, "b", SourceState::Connected),
            (25, "b", SourceState::Failed),
            (30, "a", SourceState::Connected),
            (0, "prices", SourceState::Connected),
            (
                0,
                "the recording that all of it comes from",
                SourceState::Connected,
            ),
        ] {
            sources.add_status(at, &status(name, state));
        }

        let gaps = sources.covered(50).gaps(Range { from: 5, to: 50 });

        assert_eq!(
            gaps,
            [Range { from: 5, to: 10 }, Range { from: 25, to: 30 }]
        );
    }

    #[test]
    fn before_any_post_every_source_but_those_of_prices_may_send_some() {
        let mut sources = Sources::default();
        sources.add_bar_source("prices");
        sources.add_status(0, &status("prices", SourceState::Connected));
        sources.add_status(10, &status("a", SourceState::Connected));

        assert_eq!(sources.covered(50).ranges(), [Range { from: 10, to: 50 }]);
    }

    #[test]
    fn without_any_state_everything_between_first_and_last_post_is_covered() {
        let mut sources = Sources::default();
        for (at, is_imported) in [(10, true), (90, true), (200, false), (210, false)] {
            sources.add_post(at, "a", is_imported);
        }

        assert_eq!(
            sources.covered(500).ranges(),
            [Range { from: 10, to: 91 }, Range { from: 200, to: 211 }]
        );
    }

    #[test]
    fn the_present_state_is_the_tips_unless_a_later_event_changed_it() {
        let mut sources = Sources::default();
        sources.add_status(10, &status("a", SourceState::Connected));
        sources.set_tip(&Tip {
            now: 20,
            sources: vec![SourceStatus {
                kept: 7,
                ..status("a", SourceState::Connected)
            }],
            ..Tip::default()
        });

        assert_eq!(sources.rows()[0].kept, 7);

        sources.add_status(30, &status("a", SourceState::Disconnected));
        assert_eq!(sources.rows()[0].state, SourceState::Disconnected);
    }
}
