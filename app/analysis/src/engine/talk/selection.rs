//! Which posts a person asks for, apart from their time, told post by post as they came.

use wire::{Post, PublicConfig, tag};

use super::{
    super::{
        judge::{Came, Judge, Judgement, Next},
        posts::Place,
    },
    shelf::Shelf,
};
use crate::{
    protocol::{Sampling, Scoring, Watch},
    spam::Reason,
    text::{
        tickers::Tickers,
        topics_match::{Matcher, Words},
    },
    view::Class,
};

/// What makes a selection; the same parts select the same posts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Parts {
    pub(super) class: Option<Class>,
    hashtag: Option<String>,
    tickers: Vec<String>,
    topics: Vec<String>,
    pub(super) scoring: Scoring,
    sampling: Sampling,
}

impl Parts {
    pub(super) fn of(watch: &Watch) -> Self {
        Self {
            class: watch.class,
            hashtag: watch.hashtag.as_deref().map(tag::fold).map(Into::into),
            tickers: watch.tickers.clone(),
            topics: watch.topics.clone(),
            scoring: watch.scoring,
            sampling: watch.sampling.clone(),
        }
    }

    /// Words that every selected post may have since it was selected by them.
    pub(super) fn words(&self, config: &PublicConfig) -> Vec<String> {
        let of_topics = config.topics.iter();
        let of_topics = of_topics.filter(|topic| self.topics.contains(&topic.name));
        let words = of_topics.flat_map(|topic| topic.keywords.iter());
        let words = words.chain(&self.tickers).chain(&self.hashtag);
        let words = words.map(String::as_str);
        let named = self.topics.iter().filter_map(|name| words_of(name));
        let words = words.chain(named.flatten());
        words
            .flat_map(|words| words.split_whitespace())
            .map(|word| word.trim_start_matches(['#', '$']).to_owned())
            .collect()
    }
}

/// Tells whether a post is asked for.
pub(super) struct Selector {
    pub(super) parts: Parts,
    topics: Matcher,
    tickers: Tickers,
    judge: Judge,
    /// Posts that were judged.
    pub(super) n_judged: usize,
    /// Kept to save allocations.
    post: Post,
    words: Words,
    found: Vec<usize>,
}

impl Selector {
    pub(super) fn new(parts: Parts, config: &PublicConfig) -> Self {
        let mut topics = Matcher::default();
        let wanted = config.topics.iter();
        for topic in wanted.filter(|topic| parts.topics.contains(&topic.name)) {
            topic
                .keywords
                .iter()
                .for_each(|keyword| topics.add(keyword, 0));
        }
        let named = parts.topics.iter().filter_map(|name| words_of(name));
        for word in named.flatten() {
            topics.add(word, 0);
        }
        let mut tickers = Tickers::default();
        let is_wanted = |symbol: &str| {
            let mut wanted = parts.tickers.iter();
            wanted.any(|wanted| wanted.eq_ignore_ascii_case(symbol))
        };
        for ticker in config.tickers.iter().filter(|one| is_wanted(&one.symbol)) {
            tickers.add_symbol(&ticker.symbol, 0);
            tickers.add_hashtag(&ticker.symbol, 0);
            for alias in &ticker.aliases {
                tickers.add_name(alias, 0);
                tickers.add_hashtag(alias, 0);
            }
        }
        Self {
            judge: Judge::new(parts.sampling.clone()),
            parts,
            topics,
            tickers,
            n_judged: 0,
            post: Post::default(),
            words: Words::default(),
            found: Vec::new(),
        }
    }

    /// Posts have to be judged before it is known whether they count.
    pub(super) fn needs_judging(&self) -> bool {
        !self.parts.sampling.is_everything()
    }

    /// Judges the next post that was not judged yet; whether it counts.
    pub(super) fn judge_next(&mut self, shelf: &mut Shelf) -> bool {
        let idx = self.n_judged;
        self.n_judged += 1;
        let Some(kept) = shelf.get(idx).copied() else {
            return false;
        };
        if kept.is_withdrawn {
            return true;
        }
        shelf.restore(&kept, &mut self.post);
        let text = shelf.text(&kept).into();
        let came = Came {
            idx,
            at: kept.at,
            key: kept.key,
            author: kept.author,
            reading: None,
        };
        self.judge.push(came, text, &self.post);
        let Next::Judgement(judgement) = self.judge.next() else {
            return false;
        };
        if let Some(kept) = shelf.get_mut(idx) {
            kept.is_duplicate = is_duplicate(&judgement);
        }
        self.judge.place(judgement.facts) == Place::Counted
    }

    /// Whether everything but time and judgement asks for a post.
    pub(super) fn accepts(&mut self, shelf: &Shelf, idx: usize) -> bool {
        let Some(kept) = shelf.get(idx) else {
            return false;
        };
        let Parts {
            class,
            hashtag,
            tickers,
            topics,
            ..
        } = &self.parts;
        if class.is_some_and(|class| class != kept.class) {
            return false;
        }
        let has_tag = |wanted: &String| {
            let mut tags = shelf.hashtags(kept).iter();
            tags.any(|id| shelf.folded(*id) == wanted)
        };
        if !hashtag.as_ref().is_none_or(has_tag) {
            return false;
        }
        if tickers.is_empty() && topics.is_empty() {
            return true;
        }
        if let Some((of_tickers, of_topics)) = shelf.standing(idx) {
            let has = |wanted: &[String], names: &[String]| {
                wanted.is_empty() || names.iter().any(|name| wanted.contains(name))
            };
            return has(tickers, of_tickers) && has(topics, of_topics);
        }
        shelf.restore(kept, &mut self.post);
        self.words.read_post(&self.post);
        let mut is_found = true;
        if !self.parts.tickers.is_empty() {
            self.found.clear();
            self.tickers
                .find_in(&self.words, &self.post, &mut self.found);
            let cashtags = self.post.cashtags.iter();
            is_found = !self.found.is_empty()
                || cashtags
                    .into_iter()
                    .any(|one| self.parts.tickers.contains(one));
        }
        if is_found && !self.parts.topics.is_empty() {
            self.found.clear();
            self.topics
                .find_in(&self.words, &self.post, &mut self.found);
            is_found = !self.found.is_empty();
        }
        is_found
    }
}

/// The keywords of a topic that is named by them, as `“halts, withdrawals”`: what a person makes of a word or a
/// found topic by choosing it. So a link to it needs nothing else.
pub fn words_of(topic: &str) -> Option<impl Iterator<Item = &str>> {
    let words = topic.strip_prefix('“')?.strip_suffix('”')?;
    Some(words.split(", ").filter(|word| !word.is_empty()))
}

fn is_duplicate(judgement: &Judgement) -> bool {
    let mut findings = judgement.findings.iter();
    findings.any(|finding| finding.reason == Reason::Duplicate)
}
