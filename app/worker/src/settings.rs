//! What a reader brings along: topics, tickers and a word list of their own. They are kept beside the events.

use std::sync::Arc;

use analysis::{
    Counting, Engine,
    protocol::{List, Update, Watch, WordListState},
    text::word_list::WordList,
};
use wire::{
    PublicConfig,
    config::{MAX_TOPICS, Ticker, Topic},
};

/// Larger files are no word lists. The largest in use, Loughran and McDonald's, has 9 MB.
const MAX_WORD_LIST: usize = 16 << 20;

/// Names are looked for in every post; so many tickers are listed at most.
const MAX_TICKERS: usize = 500;

/// The reader's own topics, tickers and word list.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    /// `None`: those of the relay.
    topics: Option<Vec<Topic>>,
    /// `None`: those of the relay.
    tickers: Option<Vec<Ticker>>,
    word_list: Option<Arc<WordList>>,
    /// The file behind it.
    word_list_text: String,
    /// What was wrong with the last file.
    refused: Option<String>,
}

impl Settings {
    /// From what was kept. What cannot be read any more is left out.
    pub(crate) fn restore(
        topics: Option<&str>,
        tickers: Option<&str>,
        word_list: Option<String>,
    ) -> Self {
        let mut settings = Self {
            topics: topics.and_then(|text| serde_json::from_str(text).ok()),
            tickers: tickers.and_then(|text| serde_json::from_str(text).ok()),
            ..Self::default()
        };
        if let Some(text) = word_list.filter(|text| !text.is_empty()) {
            settings.set_word_list(text.into_bytes());
            settings.refused = None;
        }
        settings
    }

    /// What to keep, by key. An empty text stands for nothing.
    pub(crate) fn kept(&self) -> [(&'static str, String); 3] {
        let topics = self.topics.as_ref().map(serde_json::to_string);
        let tickers = self.tickers.as_ref().map(serde_json::to_string);
        let text = |json: Option<serde_json::Result<String>>| {
            json.and_then(Result::ok).unwrap_or_default()
        };
        [
            ("topics", text(topics)),
            ("tickers", text(tickers)),
            ("word_list", self.word_list_text.clone()),
        ]
    }

    /// Returns whether that changes anything.
    pub(crate) fn set_topics(&mut self, topics: Option<Vec<Topic>>) -> bool {
        let topics = topics.map(|mut topics| {
            topics.retain(|topic| !topic.name.is_empty() && !topic.keywords.is_empty());
            topics.truncate(MAX_TOPICS);
            topics
        });
        let has_changed = self.topics != topics;
        self.topics = topics;
        has_changed
    }

    /// Returns whether that changes anything.
    pub(crate) fn set_tickers(&mut self, tickers: Option<Vec<Ticker>>) -> bool {
        let tickers = tickers.map(|mut tickers| {
            for ticker in &mut tickers {
                ticker.symbol = ticker
                    .symbol
                    .trim_start_matches('$')
                    .trim()
                    .to_ascii_uppercase();
            }
            tickers.retain(|ticker| !ticker.symbol.is_empty());
            tickers.truncate(MAX_TICKERS);
            tickers
        });
        let has_changed = self.tickers != tickers;
        self.tickers = tickers;
        has_changed
    }

    /// Takes a file with a word list; returns whether it is one. A broken one changes nothing.
    pub(crate) fn set_word_list(&mut self, bytes: Vec<u8>) -> bool {
        if bytes.len() > MAX_WORD_LIST {
            self.refused = Some("the file is larger than 16 MB".to_owned());
            return false;
        }
        let list = match WordList::parse(&bytes) {
            Ok(list) => list,
            Err(error) => {
                self.refused = Some(error.to_string());
                return false;
            }
        };
        self.word_list = Some(Arc::new(list));
        self.word_list_text = String::from_utf8(bytes).unwrap_or_default();
        self.refused = None;
        true
    }

    /// An engine that counts by them.
    pub(crate) fn new_engine(&self, config: &PublicConfig, watch: &Watch) -> Engine {
        let config = self.applied_to(config);
        let counting = Counting {
            scoring: watch.scoring,
            sampling: watch.sampling.clone(),
            word_list: self.word_list.clone(),
        };
        let mut engine = Engine::counting(&config, counting);
        engine.watch(watch.clone());
        engine
    }

    /// The relay's configuration with the reader's topics and tickers.
    pub(crate) fn applied_to(&self, config: &PublicConfig) -> PublicConfig {
        let mut config = config.clone();
        if let Some(topics) = &self.topics {
            config.topics.clone_from(topics);
        }
        if let Some(tickers) = &self.tickers {
            config.tickers.clone_from(tickers);
        }
        config
    }

    pub(crate) fn list_updates(&self, config: &PublicConfig) -> [Update; 2] {
        [
            Update::Topics(list(self.topics.as_ref(), &config.topics)),
            Update::Tickers(list(self.tickers.as_ref(), &config.tickers)),
        ]
    }

    pub(crate) fn word_list_update(&self) -> Update {
        Update::WordList(match (&self.refused, &self.word_list) {
            (Some(reason), _) => WordListState::Refused {
                reason: reason.clone(),
            },
            (None, Some(list)) => WordListState::Loaded {
                n_words: list.n_words() as u64,
            },
            (None, None) => WordListState::None,
        })
    }
}

fn list<T: Clone>(own: Option<&Vec<T>>, relays: &[T]) -> List<T> {
    List {
        items: own.map_or_else(|| relays.to_vec(), Clone::clone),
        are_own: own.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topic(name: &str) -> Topic {
        Topic {
            name: name.to_owned(),
            keywords: vec!["moon".to_owned()],
            ..Topic::default()
        }
    }

    fn ticker(symbol: &str) -> Ticker {
        Ticker {
            symbol: symbol.to_owned(),
            ..Ticker::default()
        }
    }

    #[test]
    fn own_topics_tickers_and_words_come_back_from_what_was_kept() {
        let mut settings = Settings::default();
        settings.set_topics(Some(vec![topic("Space"), Topic::default()]));
        settings.set_word_list(b"moon\t1\n".to_vec());

        settings.set_tickers(Some(vec![ticker("$moon"), Ticker::default()]));

        let [(_, topics), (_, tickers), (_, words)] = settings.kept();
        let restored = Settings::restore(Some(&topics), Some(&tickers), Some(words));

        assert_eq!(restored.topics, Some(vec![topic("Space")]));
        assert_eq!(restored.tickers, Some(vec![ticker("MOON")]));
        assert_eq!(restored.kept(), settings.kept());
        assert_eq!(
            restored.word_list_update(),
            Update::WordList(WordListState::Loaded { n_words: 1 })
        );
    }

    #[test]
    fn a_broken_word_list_is_refused_by_its_line_and_the_one_before_stays() {
        let mut settings = Settings::default();
        settings.set_word_list(b"moon\t1\n".to_vec());

        assert!(!settings.set_word_list(b"moon\t1\nsun\n".to_vec()));

        let Update::WordList(WordListState::Refused { reason }) = settings.word_list_update()
        else {
            panic!("not refused");
        };
        assert!(reason.contains("line 2"), "{reason}");
        assert_eq!(settings.word_list.map(|list| list.n_words()), Some(1));
    }

    #[test]
    fn without_own_topics_those_of_the_relay_count() {
        let config = PublicConfig {
            topics: vec![topic("Relay")],
            ..PublicConfig::default()
        };
        let mut settings = Settings::default();

        assert_eq!(settings.applied_to(&config).topics, config.topics);
        assert!(settings.set_topics(Some(Vec::new())));
        assert!(settings.applied_to(&config).topics.is_empty());
        assert!(settings.set_topics(None) && !settings.set_topics(None));
    }
}
