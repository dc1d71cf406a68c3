//! The rules: what each measures, where its limit lies, and what a verdict says.

use serde::{Deserialize, Serialize};
use wire::{Millis, Post};

use super::companions::{Companions, MAX_TICKERS};
use super::duplicates::{Duplicates, Memory, Standing};
use super::phrases::bait;
use super::rates::Rates;
use super::reading::Reading;
use super::style::broadcast_style;
use super::template::{Template, before_link};
use crate::order;

/// Why a post is spam.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub enum Reason {
    /// So many posts of the last day, this one included, are near-duplicates.
    Duplicate,
    /// So many posts of this author in one minute of event time.
    Rate,
    /// So many different cashtags.
    Cashtags,
    /// So many tickers that merely ride on a popular one.
    Piggyback,
    /// So many give-away phrases, by weight.
    Phrase,
    /// So great a share of links among links and words.
    Links,
}

/// How many reasons there are.
pub const N_REASONS: usize = 6;
/// In the order in which they are told.
pub const REASONS: [Reason; N_REASONS] = [
    Reason::Duplicate,
    Reason::Rate,
    Reason::Cashtags,
    Reason::Piggyback,
    Reason::Phrase,
    Reason::Links,
];

/// A post is spam if it is *above* one of these.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Near-duplicate posts with a template of 40 characters or more.
    pub duplicates: f32,
    /// Near-duplicate posts of 20 to 39 characters, which people also hit upon by themselves.
    pub middling_duplicates: f32,
    /// Near-duplicate posts of 5 to 19 characters: people do say "buy the dip". Shorter ones are free.
    pub short_duplicates: f32,
    /// Posts an author and minute.
    pub rate: f32,
    /// Different cashtags.
    pub cashtags: f32,
    /// Tickers that ride on a popular one.
    pub riders: f32,
    /// Weight of give-away phrases, below which a text does not bait (so this one is reached, not passed).
    pub bait: f32,
    /// Share of links.
    pub links: f32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            duplicates: 2.0,
            middling_duplicates: 4.0,
            short_duplicates: 10.0,
            rate: 6.0,
            cashtags: 5.0,
            riders: 2.0,
            bait: 0.9,
            links: 0.5,
        }
    }
}

/// What one rule found.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Finding {
    /// Which rule.
    pub reason: Reason,
    /// What was measured, in the unit of the reason.
    pub value: f32,
    /// The limit that it is above.
    pub limit: f32,
}

/// What the rules say of a post, as known when it came.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Verdict {
    findings: [Option<Finding>; N_REASONS],
}

/// The rules with what they remember. It judges; whether a judgement counts is the caller's choice.
///
/// ```
/// use analysis::spam::{Limits, Memory, Reason, Spam};
/// use wire::Post;
///
/// let mut spam = Spam::new(Limits::default(), Memory::default());
/// let post = |text: &str| Post { text: text.into(), ..Post::default() };
///
/// let (talk, bait) = ("I like $AAPL and $MSFT for the long run", "HUGE airdrop, DM me now!");
/// let ham = spam.observe(1, 0, 11, &post(talk));
/// let found = spam.observe(2, 0, 12, &post(bait));
///
/// assert_eq!(ham.reason(), None);
/// assert_eq!(found.reason(), Some(Reason::Phrase));
/// assert!(found.score(bait) > 0.5 && ham.score(talk) < 0.5);
/// ```
#[derive(Clone, Debug)]
pub struct Spam {
    limits: Limits,
    duplicates: Duplicates,
    rates: Rates,
    companions: Companions,
    template: Template,
}

/// What was found of a text, by itself and among others.
struct Found {
    standing: Standing,
    bait: f32,
    link_share: f32,
}

impl Spam {
    /// Rules with nothing seen yet.
    pub fn new(limits: Limits, memory: Memory) -> Self {
        Self {
            limits,
            duplicates: Duplicates::new(memory),
            rates: Rates::default(),
            companions: Companions::default(),
            template: Template::default(),
        }
    }

    /// Judges a post by what has been seen so far, and remembers it.
    ///
    /// `key` is the caller's name for the post and given once; `author` is a number of theirs, 0 if
    /// unknown. Tags are taken from the post. A post that only repeats another (`repost`) is counted
    /// among the duplicates but not blamed for being one.
    pub fn observe(&mut self, key: u64, at: Millis, author: u64, post: &Post) -> Verdict {
        let mut template = std::mem::take(&mut self.template);
        template.read(&post.text);
        let found = Found {
            standing: self.duplicates.observe_template(key, at, &template),
            bait: bait(&template),
            link_share: link_share(&post.text),
        };
        self.template = template;
        self.verdict(at, author, post, found)
    }

    /// The same where the text was read before; that of the post is not looked at.
    pub fn observe_reading(
        &mut self,
        key: u64,
        at: Millis,
        author: u64,
        post: &Post,
        reading: Reading<'_>,
    ) -> Verdict {
        let found = Found {
            standing: self.duplicates.observe_reading(key, at, reading),
            bait: reading.bait(),
            link_share: reading.link_share(),
        };
        self.verdict(at, author, post, found)
    }

    fn verdict(&mut self, at: Millis, author: u64, post: &Post, found: Found) -> Verdict {
        let (standing, limits) = (found.standing, self.limits);
        let mut verdict = Verdict::default();
        if !post.repost {
            let limit = match standing.n_chars {
                0..=4 => f32::INFINITY,
                5..=19 => limits.short_duplicates,
                20..=39 => limits.middling_duplicates,
                _ => limits.duplicates,
            };
            verdict.measure(Reason::Duplicate, standing.n_posts as f32, limit);
        }
        if author != 0 {
            let rate = self.rates.observe(author, at);
            verdict.measure(Reason::Rate, rate as f32, limits.rate);
        }
        if !post.cashtags.is_empty() {
            let mut tickers = distinct(post.cashtags.iter().map(String::as_str));
            verdict.measure(Reason::Cashtags, tickers.len() as f32, limits.cashtags);
            tickers.truncate(MAX_TICKERS);
            let n_riders = self.companions.observe(at, author, &tickers);
            verdict.measure(Reason::Piggyback, n_riders as f32, limits.riders);
        }
        verdict.measure(Reason::Phrase, found.bait, limits.bait);
        verdict.measure(Reason::Links, found.link_share, limits.links);
        verdict
    }

    /// Takes in authors and times of posts that were judged before, in their order.
    pub fn remember_authors(&mut self, posts: &[(u64, Millis)]) {
        self.rates.catch_up(posts);
    }

    /// Takes in the cashtags of a post that was judged before. Its text is what [`Self::recall`] takes.
    pub fn remember_cashtags<'t>(
        &mut self,
        at: Millis,
        author: u64,
        cashtags: impl Iterator<Item = &'t str>,
    ) {
        let tickers = distinct(cashtags);
        if !tickers.is_empty() {
            self.companions.observe(at, author, &tickers);
        }
    }

    /// Lets later posts be compared with the text of one that was judged before.
    pub fn recall(&mut self, key: u64, at: Millis, text: &str) {
        self.duplicates.observe(key, at, text);
    }

    /// Forgets a post and its text, for good. Other verdicts stay as they were given.
    pub fn remove(&mut self, key: u64) {
        self.duplicates.remove(key);
    }

    /// The index of near-duplicates, to ask how large a post's cluster is by now.
    pub fn duplicates(&self) -> &Duplicates {
        &self.duplicates
    }
}

impl Verdict {
    /// Did a rule find something?
    pub fn is_spam(&self) -> bool {
        self.findings.iter().any(Option::is_some)
    }

    /// What was found, in the order of [`REASONS`].
    pub fn findings(&self) -> impl Iterator<Item = Finding> {
        self.findings.into_iter().flatten()
    }

    /// The first reason, if there is one.
    pub fn reason(&self) -> Option<Reason> {
        self.findings().next().map(|finding| finding.reason)
    }

    fn measure(&mut self, reason: Reason, value: f32, limit: f32) {
        if value > limit {
            self.findings[reason as usize] = Some(Finding {
                reason,
                value,
                limit,
            });
        }
    }

    /// How likely the post with this text is spam, for ranking: 0…1, at least 0.5 exactly if there is a finding.
    /// Without one the style decides alone, in the lower half; findings lift into the upper half.
    pub fn score(&self, text: &str) -> f32 {
        let style = broadcast_style(text);
        // Each finding halves what is left, the more so the farther above its limit.
        let doubt: f32 = self
            .findings()
            .map(|one| 0.5 * (one.limit.max(0.1) / one.value).min(1.0))
            .product();
        match self.is_spam() {
            true => 0.5 + 0.5 * (1.0 - doubt * (1.0 - 0.5 * style)),
            false => 0.499 * style,
        }
    }
}

fn distinct<'t>(cashtags: impl Iterator<Item = &'t str>) -> Vec<&'t str> {
    let mut tickers: Vec<&str> = cashtags.collect();
    order::sort_by(&mut tickers, |a, b| a.cmp(b));
    tickers.dedup();
    tickers
}

/// Links among links and words, tags being none; 0 unless three links and tags come together, since
/// people do post a picture with a tag.
pub(super) fn link_share(text: &str) -> f32 {
    let (mut n_links, mut n_words, mut n_tags) = (0.0_f32, 0.0_f32, 0.0_f32);
    for chunk in text.split_whitespace() {
        let words = before_link(chunk);
        n_links += f32::from(u8::from(words.len() < chunk.len()));
        let mut chars = words.chars();
        match (chars.next(), chars.next()) {
            (Some('#' | '$'), Some(c)) if !c.is_ascii_digit() => n_tags += 1.0,
            (Some('@') | None, _) => {}
            _ => n_words += f32::from(u8::from(words.chars().any(char::is_alphanumeric))),
        }
    }
    if n_links + n_tags < 3.0 || n_links == 0.0 {
        return 0.0;
    }
    n_links / (n_links + n_words)
}

#[cfg(test)]
mod tests;
