//! What one reader wants of a page: posts of some topics only, of each price only the newest.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError, Weak},
};

use rustc_hash::FxHashSet;
use wire::{Body, Post, config::Topic, ndjson};

use crate::{
    log::{Kinds, Line},
    sources::subjects::Subjects,
};

/// A choice. Whoever chooses the same has the same one, so that what is put together for one of them serves
/// all of them.
#[derive(Debug, Default)]
pub(super) struct Choice {
    topics: Option<OfTopics>,
    bars: Bars,
}

/// Which bars of a price a piece has.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Bars {
    #[default]
    All,
    Newest,
}

/// The choices of readers that are there.
#[derive(Debug, Default)]
pub(crate) struct Choices(Mutex<BTreeMap<Key, Weak<Choice>>>);

/// The places of the topics, `None` for all, and the bars.
type Key = (Option<BTreeSet<usize>>, Bars);

#[derive(Debug)]
struct OfTopics {
    /// `None` where none of them has a word.
    subjects: Option<Subjects>,
    /// Bars of these belong to the topics; to a topic without a ticker belong none.
    tickers: Vec<String>,
}

impl Choices {
    /// The choice of topics by name, `None` for everything. The error is the name that no topic has.
    pub(super) fn get(
        &self,
        known: &[Topic],
        topics: Option<&str>,
        bars: Bars,
    ) -> Result<Option<Arc<Choice>>, String> {
        let topics = topics.filter(|names| !names.is_empty());
        let topics = topics.map(|names| places(known, names)).transpose()?;
        if topics.is_none() && bars == Bars::All {
            return Ok(None);
        }
        let key = (topics, bars);
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(choice) = held.get(&key).and_then(Weak::upgrade) {
            return Ok(Some(choice));
        }
        let topics = key.0.as_ref().map(|places| OfTopics::new(known, places));
        let choice = Arc::new(Choice { topics, bars });
        held.retain(|_, choice| choice.strong_count() > 0);
        held.insert(key, Arc::downgrade(&choice));
        Ok(Some(choice))
    }
}

/// Where the topics of these names stand, each once.
fn places(known: &[Topic], names: &str) -> Result<BTreeSet<usize>, String> {
    let known: Vec<String> = known
        .iter()
        .map(|topic| topic.name.to_lowercase())
        .collect();
    let place = |name: &str| {
        let wanted = name.to_lowercase();
        let found = known.iter().position(|known| *known == wanted);
        found.ok_or_else(|| name.to_owned())
    };
    names.split(',').map(|name| place(name.trim())).collect()
}

impl Choice {
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
        // To look into a line costs a hundred times what it costs to send it.
        let is_looked_into = match self.topics {
            Some(_) => line.kind.overlaps(Kinds::POST.and(Kinds::BAR)),
            None => line.kind.overlaps(Kinds::BAR),
        };
        if !is_looked_into {
            return true;
        }
        let Ok(event) = ndjson::decode_line(line.json()) else {
            return true;
        };
        match event.body {
            Body::Post(post) => {
                let topics = self.topics.as_ref();
                topics.is_none_or(|topics| topics.touch(&post))
            }
            Body::Bar(bar) => {
                let topics = self.topics.as_ref();
                let is_ours = topics.is_none_or(|topics| topics.tickers.contains(&bar.ticker));
                let name = (bar.ticker, bar.currency, bar.source, bar.width);
                is_ours && (self.bars == Bars::All || series.insert(name))
            }
            _ => true,
        }
    }
}

impl OfTopics {
    fn new(known: &[Topic], places: &BTreeSet<usize>) -> Self {
        let chosen = places.iter().filter_map(|place| known.get(*place).cloned());
        let topics: Vec<Topic> = chosen.collect();
        let tickers = topics.iter().filter_map(|topic| topic.ticker.clone());
        Self {
            tickers: tickers.collect(),
            subjects: Subjects::new(&topics, &[]),
        }
    }

    fn touch(&self, post: &Post) -> bool {
        let subjects = self.subjects.as_ref();
        subjects.is_some_and(|subjects| subjects.touch(post))
    }
}

#[cfg(test)]
mod tests {
    use wire::{Bar, Event, LogId};

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

    fn get(choices: &Choices, names: Option<&str>, bars: Bars) -> Option<Arc<Choice>> {
        choices.get(&topics(), names, bars).unwrap()
    }

    fn chosen(names: Option<&str>, bars: Bars) -> Vec<u64> {
        let lines = [
            post(1, "buy btc now"),
            post(2, "acme rises"),
            bar(3, "BTC"),
            bar(4, "BTC"),
            bar(5, "ACME"),
            post(6, "nothing"),
        ];
        let choice = get(&Choices::default(), names, bars).unwrap_or_default();
        choice.of(&lines).iter().map(|line| line.seq).collect()
    }

    #[test]
    fn a_topic_has_its_posts_and_the_bars_of_its_ticker() {
        assert_eq!(chosen(Some("bitcoin"), Bars::All), [1, 3, 4]);
        assert_eq!(chosen(Some("Acme, Bitcoin"), Bars::All), [1, 2, 3, 4, 5]);
        assert_eq!(chosen(None, Bars::All), [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn of_each_price_only_the_newest_is_kept_and_every_post() {
        assert_eq!(chosen(None, Bars::Newest), [1, 2, 4, 5, 6]);
        assert_eq!(chosen(Some("Bitcoin"), Bars::Newest), [1, 4]);
    }

    #[test]
    fn a_topic_that_is_not_known_is_named() {
        let refused = Choices::default().get(&topics(), Some("Acme,Gold"), Bars::All);

        assert_eq!(refused.err(), Some("Gold".to_owned()));
    }

    #[test]
    fn whoever_chooses_the_same_shares_it_and_nothing_is_kept_of_those_who_left() {
        let choices = Choices::default();
        let first = get(&choices, Some("acme,bitcoin"), Bars::All).unwrap();

        let same = get(&choices, Some("Bitcoin,ACME, bitcoin"), Bars::All).unwrap();
        let other = get(&choices, Some("Bitcoin,ACME"), Bars::Newest).unwrap();

        assert!(Arc::ptr_eq(&first, &same));
        assert!(!Arc::ptr_eq(&first, &other));
        drop((first, same, other));
        let _next = get(&choices, Some("acme"), Bars::All);
        assert_eq!(choices.0.lock().unwrap().len(), 1);
    }
}
