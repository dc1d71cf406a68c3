//! Which articles of news feeds belong to a moment and to some words.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use wire::Millis;

use crate::terms::Vocabulary;

/// How fast further occurrences of a word stop counting.
const K1: f64 = 1.2;
/// How much longer articles are held to need more occurrences.
const B: f64 = 0.75;
/// A word of the title counts as often as so many of the summary.
const TITLE: u32 = 2;

/// Whether a source of this name is a news feed: in posts it is `news`, in recordings one whose name ends so; the
/// relay's states of sources name each feed by its address behind a name.
#[must_use]
pub fn is_feed(source: &str) -> bool {
    let (name, address) = source.split_once(' ').unwrap_or((source, ""));
    matches!(name, "news" | "feeds") || name.ends_with("-news") || address.contains('/')
}

/// One article as a feed brought it.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Article {
    /// What the feed knows it by, or else its address; the same article again changes the one before.
    pub id: String,
    /// Which feed.
    pub source: String,
    /// Its title.
    pub title: String,
    /// What the feed says of its content, without markup; may be empty.
    pub summary: String,
    /// Where it can be read.
    pub url: String,
    /// When its publisher says it was published: another clock, and sometimes the time of the last change.
    pub published_at: Option<Millis>,
    /// When the relay first saw it, by which it is put in time: nobody here could have known it before.
    pub first_seen_at: Millis,
}

/// What is looked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewsQuestion<'q> {
    /// Articles first seen in `[from, until)`.
    pub window: (Millis, Millis),
    /// The moment in it that matters: of equally good articles the nearest comes first.
    pub around: Millis,
    /// Words of an anomaly or a topic; with none, every article of the window is an answer.
    pub words: Vec<&'q str>,
    /// How many articles are wanted.
    pub n_articles: usize,
}

/// An article that answers.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundArticle<'n> {
    /// The article, with when it was first seen and when published.
    pub article: &'n Article,
    /// BM25 of title and summary, ≥ 0; comparable within one answer only.
    pub score: f64,
    /// How long after the moment it was first seen; negative: before it.
    pub after: Millis,
    /// The words that it has, of those that were asked for, in their order.
    pub matched: Vec<String>,
}

/// What was found, and among how many.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundNews<'n> {
    /// The best first.
    pub articles: Vec<FoundArticle<'n>>,
    /// Articles in the window.
    pub n_in_window: usize,
    /// Articles of these with at least one of the words.
    pub n_matched: usize,
}

/// Articles, searchable by time and words.
///
/// ```
/// use analysis::news::{Article, News, NewsQuestion};
///
/// let mut news = News::default();
/// news.add(Article {
///     id: "1".into(),
///     title: "Exchange halts withdrawals".into(),
///     first_seen_at: 5_000,
///     ..Article::default()
/// });
/// let question = NewsQuestion { window: (0, 10_000), around: 4_000, words: vec!["withdrawals"], n_articles: 5 };
/// let found = news.find(&question);
/// assert_eq!((found.articles[0].matched.len(), found.articles[0].after), (1, 1_000));
/// ```
#[derive(Clone, Debug, Default)]
pub struct News {
    articles: Vec<Indexed>,
    by_id: FxHashMap<(String, String), usize>,
    vocabulary: Vocabulary,
}

#[derive(Clone, Debug)]
struct Indexed {
    article: Article,
    /// Words in ascending order, each with how often it is there, those of the title more.
    words: Vec<(u32, u32)>,
    length: u32,
}

impl News {
    /// Takes in an article, or what changed about it. It keeps the earlier time at which it was first seen, and
    /// an earlier time of publication.
    pub fn add(&mut self, mut article: Article) {
        let id = (article.source.clone(), article.id.clone());
        let place = self.by_id.get(&id).copied();
        if let Some(known) = place.and_then(|place| self.articles.get(place)) {
            let known = &known.article;
            article.first_seen_at = article.first_seen_at.min(known.first_seen_at);
            article.published_at = match (article.published_at, known.published_at) {
                (Some(new), Some(old)) => Some(new.min(old)),
                (new, old) => new.or(old),
            };
        }
        let indexed = self.indexed(article);
        match place.and_then(|place| self.articles.get_mut(place)) {
            Some(known) => *known = indexed,
            None => {
                self.by_id.insert(id, self.articles.len());
                self.articles.push(indexed);
            }
        }
    }

    /// How many articles there are.
    #[must_use]
    pub fn n_articles(&self) -> usize {
        self.articles.len()
    }

    /// The articles of a window that have any of the words, the best first.
    ///
    /// ```text
    /// score = Σ over words  ln(1 + (N − n + ½)/(n + ½)) · f·(k₁ + 1) / (f + k₁·(1 − b + b·length/mean length))
    /// ```
    ///
    /// with k₁ = 1.2, b = 0.75, f the occurrences of the word (those in the title count twice), n of N
    /// articles having it. N are the articles first seen before the end of the window, so that an answer does not
    /// change by what comes later.
    ///
    /// # Source
    /// Robertson & Zaragoza, *Foundations and Trends in Information Retrieval* 2009.
    #[must_use]
    pub fn find(&self, question: &NewsQuestion<'_>) -> FoundNews<'_> {
        let (from, until) = question.window;
        let known: Vec<&Indexed> = self
            .articles
            .iter()
            .filter(|indexed| indexed.article.first_seen_at < until)
            .collect();
        let words = self.numbers(&question.words);
        let scorer = Scorer::new(&known, &words);
        let in_window = known
            .iter()
            .filter(|indexed| indexed.article.first_seen_at >= from);
        let n_in_window = in_window.clone().count();
        let mut articles: Vec<FoundArticle<'_>> = in_window
            .filter_map(|indexed| {
                let (score, matched) = scorer.score(indexed);
                let is_answer = question.words.is_empty() || !matched.is_empty();
                is_answer.then(|| FoundArticle {
                    article: &indexed.article,
                    score,
                    after: indexed
                        .article
                        .first_seen_at
                        .saturating_sub(question.around),
                    matched,
                })
            })
            .collect();
        let n_matched = articles.len();
        articles.sort_by(|a, b| {
            let by_score = b.score.total_cmp(&a.score);
            let by_time = a.after.unsigned_abs().cmp(&b.after.unsigned_abs());
            by_score
                .then(by_time)
                .then_with(|| a.article.id.cmp(&b.article.id))
        });
        articles.truncate(question.n_articles);
        FoundNews {
            articles,
            n_in_window,
            n_matched,
        }
    }

    fn indexed(&mut self, article: Article) -> Indexed {
        let mut counts: BTreeMap<u32, u32> = BTreeMap::new();
        let mut length = 0;
        for (text, weight) in [(&article.title, TITLE), (&article.summary, 1)] {
            for word in words_of(text) {
                *counts.entry(self.vocabulary.number(&word)).or_default() += weight;
                length += weight;
            }
        }
        Indexed {
            article,
            words: counts.into_iter().collect(),
            length,
        }
    }

    /// The words of a question with their numbers, each once; those of a phrase one by one.
    fn numbers(&self, words: &[&str]) -> Vec<(String, u32)> {
        let mut found: Vec<(String, u32)> = Vec::new();
        for word in words.iter().flat_map(|word| words_of(word)) {
            let number = self.vocabulary.find(&word);
            if let Some(number) = number
                && !found.iter().any(|(_, other)| *other == number)
            {
                found.push((word, number));
            }
        }
        found
    }
}

/// What a question's words are worth among the known articles.
struct Scorer<'q> {
    /// Word, number, rarity.
    words: Vec<(&'q str, u32, f64)>,
    mean_length: f64,
}

impl<'q> Scorer<'q> {
    fn new(known: &[&Indexed], words: &'q [(String, u32)]) -> Self {
        let n_known = known.len() as f64;
        let lengths: u64 = known.iter().map(|indexed| u64::from(indexed.length)).sum();
        let rarity = |number: u32| {
            let n = known
                .iter()
                .filter(|indexed| indexed.n_of(number) > 0)
                .count() as f64;
            (1.0 + (n_known - n + 0.5) / (n + 0.5)).ln()
        };
        Self {
            words: words
                .iter()
                .map(|(word, number)| (word.as_str(), *number, rarity(*number)))
                .collect(),
            mean_length: (lengths as f64 / n_known.max(1.0)).max(1.0),
        }
    }

    fn score(&self, indexed: &Indexed) -> (f64, Vec<String>) {
        let length = f64::from(indexed.length) / self.mean_length;
        let mut score = 0.0;
        let mut matched = Vec::new();
        for (word, number, rarity) in &self.words {
            let n = f64::from(indexed.n_of(*number));
            if n > 0.0 {
                score += rarity * n * (K1 + 1.0) / (n + K1 * (1.0 - B + B * length));
                matched.push((*word).to_owned());
            }
        }
        (score, matched)
    }
}

impl Indexed {
    fn n_of(&self, word: u32) -> u32 {
        let place = self.words.binary_search_by_key(&word, |(other, _)| *other);
        place.map_or(0, |place| self.words[place].1)
    }
}

/// Runs of letters and digits in lower case, an apostrophe's end left out.
fn words_of(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|char: char| !char.is_alphanumeric() && !matches!(char, '\'' | '’'))
        .map(|word| {
            word.split(['\'', '’'])
                .next()
                .unwrap_or_default()
                .to_lowercase()
        })
        .filter(|word| word.chars().nth(1).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn article(id: &str, first_seen_at: Millis, title: &str, summary: &str) -> Article {
        Article {
            id: id.into(),
            source: "feed".into(),
            title: title.into(),
            summary: summary.into(),
            first_seen_at,
            ..Article::default()
        }
    }

    fn news() -> News {
        let mut news = News::default();
        for (id, at, title, summary) in [
            (
                "a",
                100,
                "Markets calm",
                "A quiet day for markets and the exchange.",
            ),
            ("b", 200, "Exchange halts withdrawals", "Customers wait."),
            (
                "c",
                300,
                "Regulator’s view",
                "The exchange that halts withdrawals is under review, says one.",
            ),
            ("d", 900, "Exchange reopens", "Withdrawals work again."),
        ] {
            news.add(article(id, at, title, summary));
        }
        news
    }

    fn ids<'a>(found: &'a FoundNews<'_>) -> Vec<&'a str> {
        found
            .articles
            .iter()
            .map(|one| one.article.id.as_str())
            .collect()
    }

    #[test]
    fn the_article_with_more_of_the_words_in_its_title_comes_first() {
        let news = news();
        let question = NewsQuestion {
            window: (100, 500),
            around: 250,
            words: vec!["exchange withdrawals", "halts", "Unheard"],
            n_articles: 10,
        };

        let found = news.find(&question);

        assert_eq!(ids(&found), ["b", "c", "a"]);
        assert_eq!((found.n_in_window, found.n_matched), (3, 3));
        assert_eq!(
            found.articles[0].matched,
            ["exchange", "withdrawals", "halts"]
        );
        assert_eq!(found.articles[1].after, 50);
    }

    #[test]
    fn the_score_is_that_of_the_formula() {
        let mut news = News::default();
        news.add(article("a", 1, "merger", "merger soon"));
        news.add(article("b", 2, "weather", ""));
        let question = NewsQuestion {
            window: (0, 10),
            around: 0,
            words: vec!["merger"],
            n_articles: 1,
        };

        let score = news.find(&question).articles[0].score;

        // One of two articles; three occurrences with the title's; length 4 of a mean of 3.
        let expected = 2.0_f64.ln() * 3.0 * 2.2 / (3.0 + 1.2 * (0.25 + 0.75 * 4.0 / 3.0));
        assert!((score - expected).abs() < 1e-12, "{score} {expected}");
    }

    #[test]
    fn without_words_the_nearest_in_time_come_first() {
        let news = news();
        let question = NewsQuestion {
            window: (0, 1_000),
            around: 320,
            words: Vec::new(),
            n_articles: 3,
        };

        assert_eq!(ids(&news.find(&question)), ["c", "b", "a"]);
    }

    #[test]
    fn an_answer_does_not_change_by_what_comes_later() {
        let mut news = news();
        let question = NewsQuestion {
            window: (0, 500),
            around: 0,
            words: vec!["exchange"],
            n_articles: 9,
        };
        let scores = |news: &News| -> Vec<f64> {
            news.find(&question)
                .articles
                .iter()
                .map(|one| one.score)
                .collect()
        };
        let before = scores(&news);

        news.add(article("e", 500, "Exchange exchange", "exchange"));

        assert!(
            before
                .iter()
                .zip(scores(&news))
                .all(|(a, b)| a.total_cmp(&b).is_eq())
        );
    }

    #[test]
    fn an_article_that_comes_again_is_changed_and_keeps_when_it_was_first_seen() {
        let mut news = news();
        let mut again = article("b", 700, "Exchange halts all trade", "");
        again.published_at = Some(150);

        news.add(again);
        let question = NewsQuestion {
            window: (0, 1_000),
            around: 0,
            words: vec!["trade"],
            n_articles: 9,
        };
        let found = news.find(&question);

        assert_eq!((news.n_articles(), ids(&found)), (4, vec!["b"]));
        let found = found.articles[0].article;
        assert_eq!((found.first_seen_at, found.published_at), (200, Some(150)));
    }
}
