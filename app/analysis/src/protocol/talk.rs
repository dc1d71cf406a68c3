//! What the panels about the crowd's talk and their worker say to each other: postcard bytes, as in [`super`].
//!
//! The page states what it wants to see, as with [`Watch`]; the worker tells what it found whenever that changes.

use serde::{Deserialize, Serialize};
use wire::Millis;

use super::Watch;
use crate::{
    news::Article,
    places::{Cluster, CountryRow},
    topics::{Method, Number},
    view::{Counts, Range},
    words::{FoundWord, FoundWords, Weighing},
};

/// Number of this protocol, in the worker's first message.
pub const PROTOCOL: u32 = 2;

/// Page → worker.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum Ask {
    /// Begin to read the database of this name. Sent again, it begins with another one.
    Start {
        /// Its name.
        store: String,
        /// What is wanted at first.
        wish: Box<Wish>,
    },
    /// Something else is wanted.
    Wish(Box<Wish>),
    /// Give the fit of topics up that is under way.
    CancelFit,
    /// Begin one that was given up anew.
    BeginFit,
}

/// What is wanted.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Wish {
    /// Which posts.
    pub watch: Watch,
    /// How words are weighed.
    pub words: WordsWish,
    /// How topics are found; nothing is fitted with `None`.
    pub topics: Option<TopicsWish>,
    /// Words that articles are looked for by; with none those that stand out.
    pub news_words: Vec<String>,
    /// Posts are put together on the map by squares of so many tenths of a degree.
    pub square: u32,
    /// What has been found stays as it is when posts come.
    pub is_paused: bool,
}

/// How words are weighed.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct WordsWish {
    /// By log-odds or counts.
    pub by: Weighing,
    /// Against what.
    pub background: Background,
}

/// The time that words are weighed against.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum Background {
    /// A stretch as long as the range, right before it.
    #[default]
    AsLong,
    /// Everything before the range.
    Everything,
}

/// How topics are found.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct TopicsWish {
    /// The model.
    pub method: Method,
    /// How many.
    pub number: Number,
    /// The same seed finds the same.
    pub seed: u64,
    /// Only with posts that the relay had received when so many hundredths of the range were over; all with `None`.
    pub as_of: Option<u8>,
}

impl WordsWish {
    /// As the page's address has it under its keys; what is not there, or cannot be, is as usual.
    pub fn of_address(get: impl Fn(&str) -> String) -> Self {
        Self {
            by: match get("words").as_str() {
                "counts" => Weighing::Count,
                _ => Weighing::LogOdds,
            },
            background: match get("against").as_str() {
                "everything" => Background::Everything,
                _ => Background::AsLong,
            },
        }
    }
}

impl TopicsWish {
    /// As the page's address has it under its keys; what is not there, or cannot be, is as usual.
    pub fn of_address(get: impl Fn(&str) -> String) -> Self {
        let number = get("k").parse().ok();
        Self {
            method: match get("model").as_str() {
                "lda" => Method::Lda,
                _ => Method::ShortText,
            },
            number: number
                .filter(|k| (2..=10).contains(k))
                .map_or(Number::Automatic, Number::Exactly),
            seed: get("seed").parse().unwrap_or(1),
            as_of: get("asof")
                .parse()
                .ok()
                .filter(|share| (1..100).contains(share)),
        }
    }

    /// The time of a range at which things are shown as they were known then.
    pub fn known_at(&self, range: Range) -> Option<Millis> {
        let share = (range.to - range.from) / 100;
        self.as_of
            .map(|hundredths| range.from + share * Millis::from(hundredths))
    }
}

/// Worker → page.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum Told {
    /// The worker's first message.
    Ready {
        /// [`PROTOCOL`] of the worker.
        protocol: u32,
    },
    /// How far reading and counting are.
    Standing(Standing),
    /// What was found, as far as it has changed.
    Found(Box<Found>),
}

/// What the worker has read.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Standing {
    /// What it does.
    pub stage: Stage,
    /// Posts that were read.
    pub n_posts: u64,
    /// Posts of them that the selection, apart from the range, asks for.
    pub n_selected: u64,
    /// Records that could not be read.
    pub n_damaged: u64,
    /// The newest post's grid time.
    pub newest_at: Option<Millis>,
}

/// What the worker does.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub enum Stage {
    /// Opens the database.
    #[default]
    Opening,
    /// Reads it, and is so far.
    Reading {
        /// Stored records that were read.
        done: u32,
        /// Stored records there are.
        total: u32,
    },
    /// Goes through the posts for another selection.
    Counting {
        /// Posts that were looked at.
        done: u64,
        /// Posts there are.
        total: u64,
    },
    /// Everything is counted.
    Ready,
    /// The browser does not let it read.
    Refused {
        /// Why.
        reason: String,
    },
}

/// What was found.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Found {
    /// Words that stand out.
    pub words: Option<WordsView>,
    /// Topics.
    pub topics: Option<TopicsView>,
    /// Articles.
    pub news: Option<NewsView>,
    /// Posts by place.
    pub places: Option<PlacesView>,
    /// What happened in the range.
    pub moment: Option<MomentView>,
}

/// Words that stand out in the range.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct WordsView {
    /// Where.
    pub range: Range,
    /// Against which.
    pub background: Range,
    /// The words.
    pub found: FoundWords,
    /// How it was asked for; by counts where there is no background.
    pub wish: WordsWish,
}

/// Topics, or how far their fit is.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct TopicsView {
    /// Of which posts.
    pub range: Range,
    /// How they were asked for.
    pub wish: TopicsWish,
    /// Turns that were taken and turns there are; equal at the end.
    pub progress: (u64, u64),
    /// Somebody gave it up.
    pub is_cancelled: bool,
    /// It has come to its end, with topics or without.
    pub is_found: bool,
    /// Posts received later are left out.
    pub as_of: Option<Millis>,
    /// The topics, the largest first. Empty while there are none.
    pub topics: Vec<TopicRow>,
    /// Posts that were studied.
    pub n_posts: u64,
    /// Posts the model was fitted on.
    pub n_sample: u64,
    /// Posts without a term.
    pub n_without_terms: u64,
    /// Posts left out since they came later.
    pub n_later: u64,
    /// Mean coherence.
    pub coherence: Option<f64>,
    /// Posts of each topic over time: where a cell begins, and as many counts as there are topics.
    pub cells: Vec<(Millis, Vec<u32>)>,
    /// How long a cell is.
    pub width: Millis,
}

/// One topic.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct TopicRow {
    /// Its likeliest terms with their probabilities.
    pub terms: Vec<(String, f64)>,
    /// Its share of the fitted posts (or words).
    pub weight: f64,
    /// Posts that have it.
    pub n_posts: u64,
    /// The first of five posts within a day.
    pub born_at: Option<Millis>,
    /// NPMI of its first ten terms.
    pub coherence: Option<f64>,
}

/// Articles of the range.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct NewsView {
    /// When they were first seen.
    pub range: Range,
    /// What they were looked for by.
    pub words: Vec<String>,
    /// The best first.
    pub articles: Vec<ArticleRow>,
    /// Articles in the range.
    pub n_in_range: u64,
    /// Articles of these with one of the words.
    pub n_matched: u64,
    /// Articles there are.
    pub n_articles: u64,
}

/// One article.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct ArticleRow {
    /// The article.
    pub article: Article,
    /// BM25; 0 where nothing was looked for.
    pub score: f64,
    /// The words that it has.
    pub matched: Vec<String>,
}

/// Posts of the range by place.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct PlacesView {
    /// Of which time.
    pub range: Range,
    /// The side of a square in tenths of a degree.
    pub square: u32,
    /// Posts with coordinates.
    pub clusters: Vec<Cluster>,
    /// Countries.
    pub countries: Vec<CountryRow>,
    /// Posts.
    pub n_posts: u64,
    /// Posts without a place.
    pub n_without_place: u64,
    /// Posts at a place in no country.
    pub n_without_country: u64,
    /// Places were not looked up in the outlines of countries, which could not be fetched.
    pub lacks_world: bool,
}

/// What happened in a stretch of time.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct MomentView {
    /// The stretch.
    pub range: Range,
    /// Its posts.
    pub counts: Counts,
    /// Posts of a stretch as long before it.
    pub n_before: u64,
    /// Authors.
    pub n_authors: u64,
    /// Authors of whom nothing was stored before the stretch.
    pub n_new_authors: u64,
    /// Posts that were judged so far.
    pub n_judged: u64,
    /// Posts of these that repeat others.
    pub n_duplicates: u64,
    /// Words that stand out.
    pub terms: Vec<FoundWord>,
    /// How they were weighed.
    pub weighing: Weighing,
    /// Hashtags: posts here and in the stretch before.
    pub hashtags: Vec<(String, u64, u64)>,
    /// Topics by their first terms: posts here, and in the stretch before.
    pub topics: Vec<(String, u64, u64)>,
    /// Its first posts.
    pub first: Vec<FirstPost>,
    /// The best of the articles around it.
    pub articles: Vec<ArticleRow>,
    /// Articles with one of the terms, first seen from [`AROUND`](crate::talk::AROUND) before it to as long after it.
    pub n_articles: u64,
    /// Prices after it.
    pub prices: Option<PricesAfter>,
    /// When all of this could be known at the earliest, but for prices and articles of later: its end, or when its
    /// last post was received.
    pub known_at: Millis,
    /// The hours with most posts, busiest first.
    pub busiest: Vec<(Millis, u64)>,
}

impl MomentView {
    /// Whether an article was first seen before the stretch, during it or after it, in a word.
    pub fn place_of(&self, article: &Article) -> &'static str {
        match article.first_seen_at {
            at if at < self.range.from => "before",
            at if at < self.range.to => "during",
            _ => "after",
        }
    }
}

/// A post as it is quoted.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct FirstPost {
    /// Number of its identity.
    pub key: u64,
    /// Grid time.
    pub at: Millis,
    /// When the relay received it.
    pub seen_at: Millis,
    /// Where it came from.
    pub source: String,
    /// What it says.
    pub text: String,
}

/// Closes from the end of a stretch on.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct PricesAfter {
    /// Of which instrument.
    pub ticker: String,
    /// In which currency.
    pub currency: String,
    /// How long a bar is.
    pub width: Millis,
    /// The last close at or before the end of the stretch.
    pub before: (Millis, f64),
    /// The closes that follow.
    pub after: Vec<(Millis, f64)>,
}
