//! What one reader wants of a page: posts of some topics only, of each price only the newest.

use std::time::Duration;

use rustc_hash::FxHashSet;
use wire::{Body, config::Topic, ndjson};

use crate::{
    log::{Kinds, Line},
    sources::subjects::Subjects,
};

/// A reader's choice.
#[derive(Debug, Default)]
pub(super) struct Choice {
    topics: Option<OfTopics>,
    /// Pieces come at most so often, and each has only the newest bar of a series.
    pub(super) conflate: Option<Duration>,
}

#[derive(Debug)]
struct OfTopics {
    subjects: Subjects,
    /// Bars of these belong to the topics; of all where a topic has none.
    tickers: Vec<String>,
}

impl Choice {
    /// The choice of topics by name, `None` for all. The error is the name that no topic has.
    pub(super) fn new(
        known: &[Topic],
        topics: Option<&str>,
        conflate: Option<Duration>,
    ) -> Result<Option<Self>, String> {
        let topics = topics.filter(|names| !names.is_empty());
        if topics.is_none() && conflate.is_none() {
            return Ok(None);
        }
        let topics = topics
            .map(|names| OfTopics::new(known, names))
            .transpose()?;
        Ok(Some(Self { topics, conflate }))
    }

    /// The lines that are wanted, in their order. Deletes, states of sources and counts always are.
    pub(super) fn of<'a>(&self, lines: &'a [Line]) -> Vec<&'a Line> {
        let mut series = FxHashSet::default();
        let mut chosen: Vec<&Line> = lines
            .iter()
            .rev()
            .filter(|line| self.wants(line, &mut series))
            .collect();
        chosen.reverse();
        chosen
    }

    /// Lines are shown to it from the newest to the oldest.
    fn wants(&self, line: &Line, series: &mut FxHashSet<(String, String, String, i64)>) -> bool {
        if !line.kind.overlaps(Kinds::POST.and(Kinds::BAR)) {
            return true;
        }
        let Ok(event) = ndjson::decode_line(line.json()) else {
            return true;
        };
        match event.body {
            Body::Post(post) => {
                let topics = self.topics.as_ref();
                topics.is_none_or(|topics| topics.subjects.touch(&post))
            }
            Body::Bar(bar) => {
                let topics = self.topics.as_ref();
                let is_ours = topics.is_none_or(|topics| topics.tickers.contains(&bar.ticker));
                let name = (bar.ticker, bar.currency, bar.source, bar.width);
                is_ours && (self.conflate.is_none() || series.insert(name))
            }
            _ => true,
        }
    }
}

impl OfTopics {
    fn new(known: &[Topic], names: &str) -> Result<Self, String> {
        let mut topics = Vec::new();
        for name in names.split(',').map(str::trim) {
            let found = known
                .iter()
                .find(|topic| topic.name.to_lowercase() == name.to_lowercase());
            topics.push(found.ok_or_else(|| name.to_owned())?.clone());
        }
        let tickers = topics.iter().filter_map(|topic| topic.ticker.clone());
        Ok(Self {
            tickers: tickers.collect(),
            subjects: Subjects::new(&topics, &[]).ok_or_else(|| names.to_owned())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use wire::{Bar, Event, LogId, Post};

    use super::*;

    fn topics() -> Vec<Topic> {
        let topic = |name: &str, word: &str, ticker: &str| Topic {
            name: name.into(),
            keywords: vec![word.into()],
            ticker: Some(ticker.into()),
            ..Topic::default()
        };
        vec![
            topic("Bitcoin", "btc", "BTC"),
            topic("Acme", "acme", "ACME"),
        ]
    }

    fn post(seq: u64, text: &str) -> Line {
        let post = Post {
            id: seq.to_string(),
            source: "test".into(),
            text: text.into(),
            ..Post::default()
        };
        line(seq, Body::Post(Box::new(post)))
    }

    fn bar(seq: u64, ticker: &str) -> Line {
        line(
            seq,
            Body::Bar(Bar {
                ticker: ticker.into(),
                currency: "USD".into(),
                source: "test".into(),
                open_at: seq.cast_signed() * 60_000,
                width: 60_000,
                open: 1.0,
                high: 1.0,
                low: 1.0,
                close: 1.0,
                volume: None,
                market_cap: None,
            }),
        )
    }

    fn line(seq: u64, body: Body) -> Line {
        let log = LogId::try_from("k3".to_owned()).unwrap();
        let event = Event {
            seq,
            ..Event::imported(7, body)
        };
        Line::encode(&log, &event)
    }

    fn chosen(topics_asked: Option<&str>, conflate: Option<u64>) -> Vec<u64> {
        let lines = [
            post(1, "buy btc now"),
            post(2, "acme rises"),
            bar(3, "BTC"),
            bar(4, "BTC"),
            bar(5, "ACME"),
            post(6, "nothing"),
        ];
        let conflate = conflate.map(Duration::from_millis);
        let choice = Choice::new(&topics(), topics_asked, conflate).unwrap();
        let choice = choice.unwrap_or_default();
        choice.of(&lines).iter().map(|line| line.seq).collect()
    }

    #[test]
    fn a_topic_has_its_posts_and_the_bars_of_its_ticker() {
        assert_eq!(chosen(Some("bitcoin"), None), [1, 3, 4]);
        assert_eq!(chosen(Some("Acme, Bitcoin"), None), [1, 2, 3, 4, 5]);
        assert_eq!(chosen(None, None), [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn of_each_price_only_the_newest_is_kept_and_every_post() {
        assert_eq!(chosen(None, Some(100)), [1, 2, 4, 5, 6]);
        assert_eq!(chosen(Some("Bitcoin"), Some(100)), [1, 4]);
    }

    #[test]
    fn a_topic_that_is_not_known_is_named() {
        let refused = Choice::new(&topics(), Some("Acme,Gold"), None);

        assert_eq!(refused.err(), Some("Gold".to_owned()));
    }
}
