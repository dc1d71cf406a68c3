//! How much a word stands out.

use serde::{Deserialize, Serialize};
use wire::Millis;

use super::counts::Counts;
use super::phrases::Pairs;
use crate::terms::Vocabulary;

/// A word or phrase is shown from so many posts on.
pub const MIN_POSTS: u32 = 5;
/// Words in advance, shared out as in window and background together: the prior.
const PRIOR: f64 = 1_000.0;
/// Phrases are looked for among so many of the words that stand out most.
const N_CANDIDATES: usize = 300;

/// How words are weighed.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum Weighing {
    /// By [`log_odds`] of window against background.
    #[default]
    LogOdds,
    /// By the number of posts in the window.
    Count,
}

/// What is asked. Ranges are `[from, until)` and should not overlap.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Question {
    /// Where the words stand out.
    pub window: (Millis, Millis),
    /// Against which; the time before, as a rule.
    pub background: (Millis, Millis),
    /// How.
    pub by: Weighing,
    /// How many words are wanted.
    pub n_words: usize,
}

/// Words that stand out.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct FoundWords {
    /// Those with the greatest weights first; of equal ones the more frequent, then by text.
    pub words: Vec<FoundWord>,
    /// Posts in the window.
    pub n_posts: usize,
    /// Posts in the background.
    pub n_background: usize,
    /// How the words were weighed: by counts if there is no background, whatever was asked.
    pub by: Weighing,
}

/// A word or a phrase of two.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct FoundWord {
    /// In lower case.
    pub text: String,
    /// Standard deviations (by log-odds) or posts. Where a word is part of phrases that were found, posts with
    /// the phrases do not count for it.
    pub weight: f64,
    /// Posts with it in the window, phrases or not.
    pub n: u32,
    /// Posts with it in the background.
    pub n_background: u32,
    /// Mean compound of the `n` posts, −1…+1.
    pub mean_compound: f64,
}

/// How much likelier a word is in the window than in the background, in standard deviations: the z-score of
/// the difference of its log-odds, with an informative Dirichlet prior.
///
/// ```text
/// a  = 1000 · (y₁ + y₂) / (n₁ + n₂)
/// δ  = ln (y₁ + a)/(n₁ + 1000 − y₁ − a) − ln (y₂ + a)/(n₂ + 1000 − y₂ − a)
/// z  = δ / √(1/(y₁ + a) + 1/(y₂ + a))
/// ```
///
/// `y` are (count in the window, in the background), `n` the sums of the counts of all words.
///
/// ```
/// use analysis::words::log_odds;
///
/// assert!(log_odds((50, 50), (10_000, 10_000)).abs() < 1e-12);
/// // a = 2.75, δ = 1.922, its standard deviation 0.385
/// assert!((log_odds((50, 5), (10_000, 10_000)) - 4.9961).abs() < 1e-3);
/// assert!((log_odds((5, 50), (10_000, 10_000)) + 4.9961).abs() < 1e-3);
/// ```
///
/// # Source
/// Monroe, Colaresi & Quinn, *Political Analysis* 2008, eqs. 16 and 22.
#[must_use]
pub fn log_odds(y: (u32, u32), n: (u64, u64)) -> f64 {
    let [y1, y2] = [y.0, y.1].map(f64::from);
    let [n1, n2] = [n.0, n.1].map(|n| n as f64);
    let prior = PRIOR * (y1 + y2) / (n1 + n2).max(1.0);
    let log_odds = |y: f64, n: f64| ((y + prior) / (n + PRIOR - y - prior).max(1e-9)).ln();
    let variance = 1.0 / (y1 + prior) + 1.0 / (y2 + prior);
    if y1 + y2 > 0.0 {
        (log_odds(y1, n1) - log_odds(y2, n2)) / variance.sqrt()
    } else {
        0.0
    }
}

/// The words of the counts, weighed; `pairs` counts neighbours among the words it is given.
pub(super) fn weigh(
    question: &Question,
    window: &Counts,
    background: &Counts,
    vocabulary: &Vocabulary,
    pairs: impl FnOnce(&[u32]) -> Pairs,
) -> FoundWords {
    let by = if background.n_posts == 0 {
        Weighing::Count
    } else {
        question.by
    };
    let weight = |n: u32, n_background: u32| match by {
        Weighing::LogOdds => log_odds((n, n_background), (window.n_words, background.n_words)),
        Weighing::Count => f64::from(n),
    };
    let mut candidates = candidates(
        window,
        background,
        weight,
        question.n_words.max(N_CANDIDATES),
    );
    let likely: Vec<u32> = candidates
        .iter()
        .take(N_CANDIDATES)
        .map(|(_, word)| *word)
        .collect();
    let pairs = pairs(&likely);
    let mut words = Vec::new();
    // Posts of phrases that each word is part of: in the window, in the background.
    let mut in_phrases: Vec<(u32, (u32, u32))> = Vec::new();
    for phrase in pairs.phrases() {
        let [first, second] = phrase.words;
        let of_phrase = (phrase.n_posts, phrase.n_background);
        in_phrases.extend([(first, of_phrase), (second, of_phrase)]);
        words.push(FoundWord {
            text: format!("{} {}", vocabulary.term(first), vocabulary.term(second)),
            weight: weight(phrase.n_posts, phrase.n_background),
            n: phrase.n_posts,
            n_background: phrase.n_background,
            mean_compound: phrase.mean_compound,
        });
    }
    in_phrases.sort_unstable();
    for (own_weight, word) in &mut candidates {
        let start = in_phrases.partition_point(|(other, _)| other < word);
        let of_word = in_phrases[start..]
            .iter()
            .take_while(|(other, _)| other == word);
        let (n, n_background) =
            of_word.fold((0, 0), |sum: (u32, u32), (_, n)| (sum.0 + n.0, sum.1 + n.1));
        let (count, before) = (window.of(*word), background.of(*word));
        if n > 0 {
            *own_weight = weight(
                count.n.saturating_sub(n),
                before.n.saturating_sub(n_background),
            );
        }
        words.push(FoundWord {
            text: vocabulary.term(*word).to_owned(),
            weight: *own_weight,
            n: count.n,
            n_background: before.n,
            mean_compound: count.mean_compound(),
        });
    }
    words.retain(|word| word.weight > 0.0);
    words.sort_by(|a, b| {
        let by_weight = b.weight.total_cmp(&a.weight);
        by_weight
            .then(b.n.cmp(&a.n))
            .then_with(|| a.text.cmp(&b.text))
    });
    words.truncate(question.n_words);
    FoundWords {
        words,
        n_posts: window.n_posts,
        n_background: background.n_posts,
        by,
    }
}

/// The words with the greatest weights, in that order.
fn candidates(
    window: &Counts,
    background: &Counts,
    weight: impl Fn(u32, u32) -> f64,
    n_wanted: usize,
) -> Vec<(f64, u32)> {
    let frequent = (0..)
        .zip(window.all())
        .filter(|(_, count)| count.n >= MIN_POSTS);
    let mut found: Vec<(f64, u32)> = frequent
        .map(|(word, count)| (weight(count.n, background.of(word).n), word))
        .collect();
    found.retain(|(weight, _)| *weight > 0.0);
    let by_weight = |a: &(f64, u32), b: &(f64, u32)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
    if found.len() > n_wanted {
        found.select_nth_unstable_by(n_wanted, by_weight);
        found.truncate(n_wanted);
    }
    found.sort_unstable_by(by_weight);
    found
}
