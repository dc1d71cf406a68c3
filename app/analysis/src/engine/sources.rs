//! How the sources are now, and when any of them was listening.

use std::collections::{BTreeMap, BTreeSet};

use wire::{Millis, Quote, SourceStatus, Tip, time::MINUTE};

use crate::{news::is_feed, series::Spans, view::Range};

/// When, and which state: whether the source was listening then.
type Changes = BTreeMap<(Millis, u8), bool>;

/// States and counters by source, and what follows about gaps.
#[derive(Clone, Debug, Default)]
pub(super) struct Sources {
    /// Changes of state by source, in time order: (when, state, was it listening).
    changes: BTreeMap<String, Changes>,
    /// The newest change of state by source.
    latest: BTreeMap<String, ((Millis, u8), SourceStatus)>,
    /// The newest tip's sources with the tip's time.
    tip: BTreeMap<String, (Millis, SourceStatus)>,
    /// Names that bars carry.
    of_bars: BTreeSet<String>,
    /// What people post, and articles of news feeds.
    posts: Heard,
    articles: Heard,
    /// Of the newest tip.
    quotes: Vec<Quote>,
}

/// Who brought posts, and when the first and last of them were.
#[derive(Clone, Debug, Default)]
struct Heard {
    sources: BTreeSet<String>,
    /// Of files whose lines carry one time only.
    imported: Option<(Millis, Millis)>,
    /// Of all others.
    live: Option<(Millis, Millis)>,
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
        let heard = match is_feed(source) {
            true => &mut self.articles,
            false => &mut self.posts,
        };
        if !heard.sources.contains(source) {
            heard.sources.insert(source.to_owned());
        }
        let span = match is_imported {
            true => &mut heard.imported,
            false => &mut heard.live,
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
        let sources = self.posts.sources.union(&self.articles.sources);
        sources.cloned().collect()
    }

    /// When at least one source of posts was listening, up to `until`.
    ///
    /// By the changes of state of the sources that posts name; of all but the sources of prices and news feeds
    /// while no post names any of them. What people post is not heard by a feed, so feeds count only where there
    /// is nothing else. Before the first known change, and without any, from the first post on
    /// (the log's floor may have risen past the change); files of a foreign kind know no states and are
    /// covered from their first post to their last.
    pub(super) fn covered(&self, until: Millis) -> Spans {
        let mut heard = &self.posts;
        let mut changes = self.changes_of(&|name| heard.sources.contains(name));
        if changes.is_empty() {
            changes = self.changes_of(&|name| !self.of_bars.contains(name) && !is_feed(name));
        }
        if changes.is_empty() && heard.sources.is_empty() {
            heard = &self.articles;
            changes = self.changes_of(&is_feed);
        }
        let mut spans: Vec<Range> = heard
            .imported
            .iter()
            .map(|(first, last)| Range {
                from: *first,
                to: last + 1,
            })
            .collect();
        let first_change = changes
            .iter()
            .filter_map(|changes| changes.keys().next())
            .map(|(at, _)| *at)
            .min();
        if let Some((first, last)) = heard.live {
            spans.push(Range {
                from: first,
                to: first_change.unwrap_or(last + 1),
            });
        }
        for changes in changes {
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

    fn changes_of(&self, is_wanted: &dyn Fn(&str) -> bool) -> Vec<&Changes> {
        let named = self.changes.iter().filter(|(name, _)| is_wanted(name));
        named.map(|(_, changes)| changes).collect()
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
    fn an_outage_is_a_gap_although_a_news_feed_is_connected() {
        for name in ["bluesky", "a name of one's own"] {
            for feed in ["news", "news example.org/rss", "wire example.org/rss"] {
                let mut sources = Sources::default();
                // Articles of the first visit are as old as they say.
                sources.add_post(1, "news", false);
                sources.add_post(12, "bluesky", false);
                sources.add_post(25, "news", false);
                for (at, source, state) in [
                    (10, name, SourceState::Connected),
                    (10, feed, SourceState::Connected),
                    (20, name, SourceState::Disconnected),
                    (30, name, SourceState::Connected),
                ] {
                    sources.add_status(at, &status(source, state));
                }

                assert_eq!(
                    sources.covered(50).ranges(),
                    [Range { from: 10, to: 20 }, Range { from: 30, to: 50 }],
                    "{name} beside {feed}"
                );
                assert_eq!(sources.of_posts(), ["bluesky", "news"]);
            }
        }
    }

    #[test]
    fn a_feed_is_listened_to_where_there_is_nothing_else() {
        let mut sources = Sources::default();
        sources.add_bar_source("prices");
        sources.add_status(0, &status("prices", SourceState::Connected));
        sources.add_status(10, &status("news example.org/rss", SourceState::Connected));
        sources.add_status(
            30,
            &status("news example.org/rss", SourceState::Disconnected),
        );
        sources.add_post(12, "news", false);

        assert_eq!(sources.covered(50).ranges(), [Range { from: 10, to: 30 }]);

        sources.add_post(40, "a file's own source", true);
        assert_eq!(sources.covered(50).ranges(), [Range { from: 40, to: 41 }]);
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
