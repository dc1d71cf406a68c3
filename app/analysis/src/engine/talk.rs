//! What the crowd talks about, for what a person selects: words, topics, articles, places, and one moment explained.
//!
//! ```text
//!  apply(event) ──► shelf (texts, times, sentiment)          step(n) ──► selected posts ──► words, topics
//!                   articles, prices                          found() ──► the views that changed
//! ```
//!
//! It lies beside the engine and scores and judges as that does, but holds texts instead of sums, and runs
//! in a program of its own.

mod market;
mod moment;
mod news;
mod selection;
mod shelf;
mod topics;

pub use self::{market::N_CLOSES, news::AROUND, selection::words_of};

use std::sync::Arc;

use rustc_hash::FxHashSet;
use wire::{Body, Event, Identity, Millis, Post, PublicConfig};

use self::{
    market::Market,
    selection::{Parts, Selector},
    shelf::{Kept, Shelf},
    topics::{Asked, TopicsDesk},
};
use super::scorer::Scorer;
use crate::{
    news::News,
    places::{PlacedPost, Places, World},
    protocol::{
        Method, RangeChoice,
        talk::{Background, Found, PlacesView, Stage, Standing, Wish, WordsView, WordsWish},
    },
    text::word_list::WordList,
    topics::Progress,
    view::Range,
    words::{Question, WordIndex, WordPost},
};

/// Words that are looked for.
const N_WORDS: usize = 200;
/// Words with a lower weight are not told: standard deviations, or posts.
const LEAST_WEIGHT: f64 = 1.0;
/// Clusters that are told; more are not to be told apart on a map.
const N_CLUSTERS: usize = 10_000;

/// Everything that was said, and what a person wants to know of it.
pub struct Talk {
    config: PublicConfig,
    word_list: Option<Arc<WordList>>,
    word_list_text: String,
    scorer: Scorer,
    shelf: Shelf,
    known: FxHashSet<u64>,
    /// Withdrawn before they came.
    tombstones: FxHashSet<u64>,
    news: News,
    market: Market,
    world: Option<World>,
    wish: Wish,
    selector: Selector,
    /// Whether a post is asked for, of as many as were looked at.
    selected: Vec<bool>,
    n_selected: u64,
    span: Option<(Millis, Millis)>,
    newest_seen_at: Millis,
    words: WordIndex,
    topics: TopicsDesk,
    /// What was told last stands for this.
    told: Option<Basis>,
    /// The words that were found last; others are looked for by them.
    words_found: Option<WordsView>,
}

/// What views are made of; those of the same basis are the same.
#[derive(Clone, Debug, PartialEq)]
struct Basis {
    range: Range,
    parts: Parts,
    words: WordsWish,
    news_words: Vec<String>,
    square: u32,
    n_looked_at: usize,
    n_judged: usize,
    n_articles: usize,
    as_of: Option<Millis>,
    ticker: Option<String>,
    n_topics: u64,
    has_world: bool,
}

/// Which views are made of the same as before.
#[derive(Clone, Copy, Debug, Default)]
struct Same {
    words: bool,
    topics: bool,
    news: bool,
    places: bool,
    moment: bool,
}

impl Basis {
    fn same_as(&self, before: &Self) -> Same {
        let posts = (self.range, self.n_looked_at) == (before.range, before.n_looked_at)
            && self.parts == before.parts;
        Same {
            words: posts && self.words == before.words,
            topics: posts && self.n_topics == before.n_topics,
            news: posts
                && (&self.news_words, self.n_articles) == (&before.news_words, before.n_articles),
            places: posts && (self.square, self.has_world) == (before.square, before.has_world),
            moment: posts
                && (self.n_judged, self.n_articles) == (before.n_judged, before.n_articles)
                && (self.as_of, &self.ticker) == (before.as_of, &before.ticker),
        }
    }
}

impl Default for Talk {
    fn default() -> Self {
        Self::new(PublicConfig::default(), Wish::default())
    }
}

impl Talk {
    /// Nothing was said yet. Topics and tickers of the configuration are what the selection names.
    pub fn new(config: PublicConfig, wish: Wish) -> Self {
        let parts = Parts::of(&wish.watch);
        Self {
            scorer: Scorer::new(parts.scoring, None),
            selector: Selector::new(parts, &config),
            market: Market::new(&config),
            config,
            word_list: None,
            word_list_text: String::new(),
            shelf: Shelf::default(),
            known: FxHashSet::default(),
            tombstones: FxHashSet::default(),
            news: News::default(),
            world: None,
            wish,
            selected: Vec::new(),
            n_selected: 0,
            span: None,
            newest_seen_at: 0,
            words: WordIndex::default(),
            topics: TopicsDesk::default(),
            told: None,
            words_found: None,
        }
    }

    /// Takes an event in, once. A withdrawn post says how it goes on counting: its compound, tickers and topics.
    pub fn apply(&mut self, event: &Event, withdrawn: Option<(i16, Vec<String>, Vec<String>)>) {
        let Some(identity) = Identity::of(event) else {
            return;
        };
        if !self.known.insert(identity.0) {
            return;
        }
        match &event.body {
            Body::Post(post) => self.add_post(identity.0, event, post, withdrawn),
            Body::Bar(bar) => self.market.add_bar(bar),
            Body::Delete(delete) => {
                let key = Identity::of_post(&delete.source, &delete.id).0;
                match self.shelf.place_of(key) {
                    Some(idx) => self.withdraw(idx),
                    None => drop(self.tombstones.insert(key)),
                }
            }
            _ => {}
        }
    }

    /// Takes topics and tickers over; those that are selected select anew.
    pub fn configure(&mut self, config: PublicConfig) {
        if self.config.topics != config.topics || self.config.tickers != config.tickers {
            self.config = config;
            self.market.configure(&self.config);
            self.select_anew(Parts::of(&self.wish.watch));
        }
    }

    /// The ticker whose prices are told: the one that is watched, or that the chart shows without a choice.
    pub fn ticker(&self) -> Option<&str> {
        self.market.shown(&self.wish.watch)
    }

    /// Takes a reader's own word list over, as its file has it, or none.
    pub fn set_word_list_text(&mut self, text: Option<String>) {
        let text = text.unwrap_or_default();
        if text == self.word_list_text {
            return;
        }
        let word_list = WordList::parse(text.as_bytes()).ok().map(Arc::new);
        self.word_list_text = text;
        self.set_word_list(word_list);
    }

    /// Takes a reader's own word list over, or none.
    pub fn set_word_list(&mut self, word_list: Option<Arc<WordList>>) {
        self.word_list = word_list;
        if self.wish.watch.scoring.method == Method::WordList {
            self.score_anew();
            self.select_anew(Parts::of(&self.wish.watch));
        }
    }

    /// Takes the outlines of countries.
    pub fn set_world(&mut self, world: World) {
        self.world = Some(world);
    }

    /// States what is wanted.
    pub fn wish(&mut self, wish: Wish) {
        let parts = Parts::of(&wish.watch);
        let has_other_scores = parts.scoring != self.selector.parts.scoring;
        let is_other = parts != self.selector.parts;
        self.wish = wish;
        if has_other_scores {
            self.scorer = Scorer::new(parts.scoring, self.word_list.clone());
            self.score_anew();
        }
        if is_other {
            self.select_anew(parts);
        }
    }

    /// Gives the fit of topics up that is under way.
    pub fn cancel_fit(&mut self) {
        self.topics.cancel();
    }

    /// Begins the fit of topics anew.
    pub fn begin_fit(&mut self) {
        self.topics.forget();
    }

    /// Looks at about so many posts: which are selected, then which topics they have. Returns whether there is
    /// more to do.
    pub fn step(&mut self, n: usize) -> bool {
        let n_before = self.selected.len();
        for _ in 0..n {
            if self.selected.len() >= self.shelf.len() {
                break;
            }
            self.look_at_next();
        }
        if self.selected.len() < self.shelf.len() {
            return true;
        }
        if self.selected.len() > n_before {
            return true;
        }
        let asked = Asked {
            wish: self.wish.topics,
            choice: self.wish.watch.range,
            range: self.range(),
            left_out: self.selector.parts.words(&self.config),
            is_paused: self.wish.is_paused,
        };
        let posts = topics::Posts {
            shelf: &self.shelf,
            selected: &self.selected,
        };
        let is_fitting = self.topics.step(&asked, &posts);
        is_fitting || self.judge_some(n / 8)
    }

    /// How far reading and counting are. Everything that was taken in counts as read.
    pub fn standing(&self) -> Standing {
        let (done, total) = (self.selected.len() as u64, self.shelf.len() as u64);
        Standing {
            stage: match done < total {
                true => Stage::Counting { done, total },
                false => Stage::Ready,
            },
            n_posts: total,
            n_selected: self.n_selected,
            n_damaged: 0,
            newest_at: self.span.map(|(_, last)| last),
        }
    }

    /// How far the fit of topics is.
    pub fn fit_progress(&self) -> Progress {
        self.topics.progress()
    }

    /// The views, if anything about them changed since they were made last; not while posts wait to be looked at.
    pub fn found(&mut self) -> Option<Found> {
        if self.selected.len() < self.shelf.len() {
            return None;
        }
        let range = self.range();
        let basis = Basis {
            range,
            parts: self.selector.parts.clone(),
            words: self.wish.words,
            news_words: self.wish.news_words.clone(),
            square: self.wish.square,
            n_looked_at: self.selected.len(),
            // In eighths, since it hardly changes what is told.
            n_judged: self.selector.n_judged * 8 / self.shelf.len().max(1),
            n_articles: self.news.n_articles(),
            as_of: self.as_of(range),
            ticker: self.ticker().map(str::to_owned),
            n_topics: self.topics.n_changes(),
            has_world: self.world.is_some(),
        };
        let before = self.told.replace(basis.clone());
        if before.as_ref() == Some(&basis) {
            return None;
        }
        let same = before.map_or_else(Same::default, |before| basis.same_as(&before));
        if !same.words || self.words_found.is_none() {
            self.words_found = Some(self.words_view(range));
        }
        // How far a fit is comes often and changes nothing else before its end.
        let topics = (!same.topics).then(|| self.topics.view(self.wish.topics, range));
        let is_same_moment =
            same.words && same.moment && (same.topics || !self.topics.is_complete());
        let words = self.words_found.as_ref()?;
        let terms: Vec<&str> = words.found.words.iter().map(|word| &*word.text).collect();
        Some(Found {
            topics: topics.flatten(),
            news: (!same.words || !same.news).then(|| self.news_view(range, &terms)),
            places: (!same.places).then(|| self.places_view(range)),
            moment: (!is_same_moment).then(|| self.moment_view(range, words)),
            words: (!same.words).then(|| words.clone()),
        })
    }

    /// Makes the next views complete again.
    pub fn refresh(&mut self) {
        self.told = None;
    }

    /// The stretch of time that is wanted.
    fn range(&self) -> Range {
        let (first, last) = self
            .span
            .map_or((0, 0), |(first, last)| (first, last.saturating_add(1)));
        match self.wish.watch.range {
            RangeChoice::All => Range {
                from: first,
                to: last,
            },
            RangeChoice::Last(length) => Range {
                from: last.saturating_sub(length.max(1)),
                to: last,
            },
            RangeChoice::Fixed { from, to } => Range {
                from,
                to: to.max(from),
            },
        }
    }

    /// Nothing that came later is shown beside topics as of a time.
    fn as_of(&self, range: Range) -> Option<Millis> {
        self.wish.topics.and_then(|wish| wish.known_at(range))
    }

    fn add_post(
        &mut self,
        key: u64,
        event: &Event,
        post: &Post,
        withdrawn: Option<(i16, Vec<String>, Vec<String>)>,
    ) {
        let (compound, class) = match &withdrawn {
            Some((compound, ..)) => self.scorer.of_score(*compound),
            None => self.scorer.score(&post.text),
        };
        let is_withdrawn = withdrawn.is_some() || self.tombstones.contains(&key);
        if !is_withdrawn {
            self.add_article(event, post);
        }
        let kept = Kept {
            key,
            at: event.at,
            seen_at: event.seen_at,
            compound: compound.ten_thousandths(),
            class,
            is_withdrawn,
            ..Kept::default()
        };
        self.shelf.push(kept, post);
        if let Some((_, tickers, topics)) = withdrawn {
            self.shelf.note_standing(tickers, topics);
        }
        let (first, last) = self.span.unwrap_or((event.at, event.at));
        self.span = Some((first.min(event.at), last.max(event.at)));
        self.newest_seen_at = self.newest_seen_at.max(event.seen_at);
    }

    fn withdraw(&mut self, idx: usize) {
        if let Some(post) = self.shelf.get_mut(idx) {
            post.is_withdrawn = true;
        }
    }

    fn score_anew(&mut self) {
        self.scorer = Scorer::new(self.wish.watch.scoring, self.word_list.clone());
        for idx in 0..self.shelf.len() {
            let Some(post) = self.shelf.get(idx).copied() else {
                continue;
            };
            let (compound, class) = match post.is_withdrawn {
                true => self.scorer.of_score(post.compound),
                false => self.scorer.score(self.shelf.text(&post)),
            };
            if let Some(post) = self.shelf.get_mut(idx) {
                (post.compound, post.class) = (compound.ten_thousandths(), class);
            }
        }
    }

    fn select_anew(&mut self, parts: Parts) {
        self.selector = Selector::new(parts, &self.config);
        self.selected.clear();
        self.n_selected = 0;
        self.market.forget_posts();
        self.words = WordIndex::default();
        self.topics.forget();
        self.told = None;
    }

    /// Whether the next post is selected; what it says comes into the index.
    fn look_at_next(&mut self) {
        let idx = self.selected.len();
        let counts = !self.selector.needs_judging() || self.selector.judge_next(&mut self.shelf);
        if counts {
            self.market.add_post(&self.shelf, idx);
        }
        let is_selected = counts && self.selector.accepts(&self.shelf, idx);
        self.selected.push(is_selected);
        if let Some(post) = self.shelf.get(idx)
            && is_selected
        {
            self.n_selected += 1;
            self.words.add(WordPost {
                at: post.at,
                compound: post.compound,
                text: self.shelf.text(post),
            });
        }
    }

    /// Judges posts that would not have to be, to know how many repeat others.
    fn judge_some(&mut self, n: usize) -> bool {
        for _ in 0..n.max(1) {
            if self.selector.n_judged >= self.shelf.len() {
                return false;
            }
            self.selector.judge_next(&mut self.shelf);
        }
        true
    }

    /// Places of the selected posts of a range, in the order in which they came.
    fn selected_in(&self, range: Range) -> impl Iterator<Item = usize> + '_ {
        let posts = self.shelf.all().iter().zip(&self.selected).enumerate();
        posts
            .filter(move |(_, (post, is_selected))| {
                **is_selected && range.from <= post.at && post.at < range.to
            })
            .map(|(idx, _)| idx)
    }

    fn words_view(&mut self, range: Range) -> WordsView {
        let length = range.to - range.from;
        let first = self.span.map_or(range.from, |(first, _)| first);
        let from = match self.wish.words.background {
            Background::AsLong => range.from.saturating_sub(length),
            Background::Everything => first,
        };
        let background = Range {
            from: from.min(range.from).max(first.min(range.from)),
            to: range.from,
        };
        let mut found = self.words.weigh(&Question {
            window: (range.from, range.to),
            background: (background.from, background.to),
            by: self.wish.words.by,
            n_words: N_WORDS,
        });
        // What is as frequent as before, or rarer, does not stand out.
        found.words.retain(|word| word.weight >= LEAST_WEIGHT);
        WordsView {
            range,
            background,
            found,
            wish: self.wish.words,
        }
    }

    fn places_view(&self, range: Range) -> PlacesView {
        let mut places = Places::new(self.world.as_ref());
        for idx in self.selected_in(range) {
            let Some(post) = self.shelf.get(idx) else {
                continue;
            };
            let place = self.shelf.place(idx).filter(|_| !post.is_withdrawn);
            places.add(&PlacedPost {
                country: place.and_then(|place| place.country.as_deref()),
                lat_lon: place.and_then(|place| place.lat_lon),
                class: post.class,
                compound: post.compound,
            });
        }
        let square = self.wish.square.max(1);
        let mut clusters = places.clusters(square);
        clusters.truncate(N_CLUSTERS);
        PlacesView {
            range,
            square,
            clusters,
            countries: places.countries(),
            n_posts: places.n_posts(),
            n_without_place: places.n_without_place(),
            n_without_country: places.n_without_country(),
            lacks_world: self.world.is_none(),
        }
    }
}

#[cfg(test)]
mod tests;
