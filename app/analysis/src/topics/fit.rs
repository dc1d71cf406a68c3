//! A fit of a topic model that goes on step by step, so that somebody can see how far it is and stop it.

use serde::{Deserialize, Serialize};

use super::coherence::{N_TERMS, npmi};
use super::corpus::Corpus;
use super::lda::Lda;
use super::short_text::{Choice, NONE, Prior, ShortText};

/// Which model.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum Method {
    /// Every post has one topic. Made for short texts.
    #[default]
    ShortText,
    /// Latent Dirichlet allocation: every word has a topic, a post several.
    Lda,
}

/// How many topics.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum Number {
    /// Of short texts: as many as have posts in the end, of [`AUTOMATIC`] that are offered. Of LDA: that number
    /// of 2…10 whose topics are most coherent after a quarter of the sweeps.
    #[default]
    Automatic,
    /// So many are offered. Of short texts some may stay empty; those are left out.
    Exactly(usize),
}

/// How many topics are offered to short texts by themselves.
pub const AUTOMATIC: usize = 300;
/// The numbers of topics that are tried with LDA.
const TRIED: std::ops::RangeInclusive<usize> = 2..=10;
/// How often each document has its turn, unless asked otherwise.
const SWEEPS_SHORT: usize = 30;
const SWEEPS_LDA: usize = 200;
/// The last sweeps of short texts take the likeliest topic instead of drawing one, so that the end is a mode
/// and not what chance left there.
const SETTLING: usize = 3;
/// Sweeps after documents have come.
const SWEEPS_MORE: usize = 5;
/// The prior of the paper.
const PRIOR: Prior = Prior {
    alpha: 0.1,
    beta: 0.1,
};

/// What is to be fitted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Settings {
    /// Which model.
    pub method: Method,
    /// How many topics.
    pub number: Number,
    /// The same seed gives the same topics on every machine.
    pub seed: u64,
    /// How often each document has its turn; none for 30 (short texts) or 200 (LDA).
    pub sweeps: Option<usize>,
}

/// How far a fit is, in turns of documents.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Progress {
    /// Turns that were taken.
    pub done: usize,
    /// Turns there are.
    pub total: usize,
}

impl Progress {
    /// Nothing is left to do.
    #[must_use]
    pub fn is_done(self) -> bool {
        self.done >= self.total
    }
}

/// One topic that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Topic {
    /// Its share of the fitted documents (short texts) or of their words (LDA), 0…1.
    pub weight: f64,
    /// Fitted documents (short texts) or words (LDA) that it has.
    pub n: usize,
    /// Its likeliest terms, likeliest first, each with its probability within the topic.
    pub terms: Vec<(String, f64)>,
    /// How well its first ten terms go together, −1…+1; see [`npmi`].
    pub coherence: Option<f64>,
}

/// A topic model of a corpus, being fitted or fitted. To cancel a fit, drop it.
///
/// ```
/// use analysis::topics::{Corpus, Fit, Number, Settings};
///
/// let mut corpus = Corpus::default();
/// for _ in 0..20 {
///     corpus.push(["bank", "rates", "loan"]);
///     corpus.push(["goal", "match", "coach"]);
/// }
/// let mut fit = Fit::new(corpus, Settings { number: Number::Exactly(5), seed: 1, ..Settings::default() });
/// while !fit.step(100).is_done() {}
///
/// assert_ne!(fit.topic_of(0), fit.topic_of(1));
/// assert_eq!(fit.topics(20).iter().map(|topic| topic.n).sum::<usize>(), 40);
/// ```
#[derive(Clone, Debug)]
pub struct Fit {
    corpus: Corpus,
    sampler: Sampler,
    settings: Settings,
    /// What is to be done, in order; the first is in hand.
    plan: Vec<Sweep>,
    n_swept: usize,
    /// The next document of the sweep in hand.
    next: usize,
    progress: Progress,
    /// With LDA and no number: what was found so far to be most coherent.
    best: Option<(f64, Box<Lda>)>,
    /// Topics of the sampler by weight, largest first.
    ranked: Vec<u32>,
}

/// What is done with each document.
#[derive(Clone, Copy, Debug)]
enum Sweep {
    Scatter,
    Draw,
    Settle,
    /// Begins with another number of topics, and draws.
    Try(usize),
    /// Goes on with the best of those that were tried, and draws.
    TakeBest,
}

#[derive(Clone, Debug)]
enum Sampler {
    ShortText(Box<ShortText>),
    Lda(Box<Lda>),
}

impl Fit {
    /// Prepares a fit; nothing is done yet.
    pub fn new(corpus: Corpus, settings: Settings) -> Self {
        let seed = settings.seed;
        let (sampler, plan) = match (settings.method, settings.number) {
            (Method::ShortText, number) => {
                let k = match number {
                    Number::Automatic => AUTOMATIC.min(corpus.n_documents()),
                    Number::Exactly(k) => k,
                };
                let fit = ShortText::new(&corpus, k.max(1), PRIOR, seed);
                let n_sweeps = settings.sweeps.unwrap_or(SWEEPS_SHORT);
                (Sampler::ShortText(Box::new(fit)), plan_short(n_sweeps))
            }
            (Method::Lda, Number::Exactly(k)) => {
                let n_sweeps = settings.sweeps.unwrap_or(SWEEPS_LDA);
                let fit = Lda::new(&corpus, k.max(1), seed);
                (Sampler::Lda(Box::new(fit)), vec![Sweep::Draw; n_sweeps])
            }
            (Method::Lda, Number::Automatic) => {
                let n_sweeps = settings.sweeps.unwrap_or(SWEEPS_LDA);
                let fit = Lda::new(&corpus, *TRIED.start(), seed);
                (Sampler::Lda(Box::new(fit)), plan_tries(n_sweeps))
            }
        };
        let progress = Progress {
            done: 0,
            total: plan.len() * corpus.n_documents(),
        };
        Self {
            corpus,
            sampler,
            settings,
            plan,
            n_swept: 0,
            next: 0,
            progress,
            best: None,
            ranked: Vec::new(),
        }
    }

    /// Gives up to so many documents their turn. In whatever steps, the end is the same.
    pub fn step(&mut self, n_documents: usize) -> Progress {
        let mut left = n_documents.max(1);
        while left > 0
            && let Some(sweep) = self.plan.get(self.n_swept).copied()
        {
            if self.next == 0 {
                self.begin(sweep);
            }
            let end = self
                .corpus
                .n_documents()
                .min(self.next.saturating_add(left));
            for idx in self.next..end {
                self.visit(idx, sweep);
            }
            left -= end - self.next;
            self.progress.done += end - self.next;
            self.next = end;
            if end == self.corpus.n_documents() {
                self.next = 0;
                self.n_swept += 1;
                left = left.saturating_sub(1);
            }
        }
        self.rank();
        self.progress
    }

    /// How far it is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.progress
    }

    /// Takes in documents that have come since: they and the ones before have five more turns to find
    /// their places. Topics keep what they have, so they stay recognisable.
    pub fn extend<'t, D>(&mut self, documents: impl IntoIterator<Item = D>)
    where
        D: IntoIterator<Item = &'t str>,
    {
        // What is under way is brought to the end of its sweep first, since the sweep ends elsewhere now.
        if self.next > 0 {
            self.step(self.corpus.n_documents() - self.next);
        }
        for document in documents {
            self.corpus.push(document);
        }
        let mut more = vec![Sweep::Draw; SWEEPS_MORE];
        match &mut self.sampler {
            Sampler::ShortText(fit) => {
                fit.grow(&self.corpus);
                more.push(Sweep::Settle);
            }
            Sampler::Lda(fit) => fit.grow(&self.corpus),
        }
        if let Some((_, best)) = &mut self.best {
            best.grow(&self.corpus);
        }
        self.plan.drain(..self.n_swept);
        self.plan.extend(more);
        self.n_swept = 0;
        self.progress = Progress {
            done: 0,
            total: self.plan.len() * self.corpus.n_documents(),
        };
    }

    /// The documents.
    #[must_use]
    pub fn corpus(&self) -> &Corpus {
        &self.corpus
    }

    /// How many topics have anything.
    #[must_use]
    pub fn n_topics(&self) -> usize {
        self.ranked.len()
    }

    /// The topics, that with the greatest weight first, with at most so many terms each.
    #[must_use]
    pub fn topics(&self, n_terms: usize) -> Vec<Topic> {
        let terms = self.ranked_terms(n_terms.max(N_TERMS));
        let numbers: Vec<Vec<u32>> = terms
            .iter()
            .map(|terms| terms.iter().map(|(term, _)| *term).collect())
            .collect();
        let coherence = npmi(&self.corpus, &numbers);
        let total: usize = self.ranked.iter().map(|topic| self.n_of(*topic)).sum();
        let found = self.ranked.iter().zip(terms).zip(coherence);
        let topic = |((topic, terms), coherence): ((&u32, Vec<(u32, u32)>), _)| Topic {
            weight: self.n_of(*topic) as f64 / total as f64,
            n: self.n_of(*topic),
            terms: terms
                .into_iter()
                .take(n_terms)
                .map(|(term, n)| {
                    let text = self.corpus.vocabulary().term(term).to_owned();
                    (text, self.probability(*topic, n))
                })
                .collect(),
            coherence,
        };
        found.map(topic).collect()
    }

    /// Mean coherence of the topics that have one, each counted once; see [`npmi`].
    #[must_use]
    pub fn coherence(&self) -> Option<f64> {
        let terms = self.ranked_terms(N_TERMS);
        let numbers = terms
            .iter()
            .map(|terms| terms.iter().map(|(term, _)| *term).collect());
        let of_topics = npmi(&self.corpus, &numbers.collect::<Vec<Vec<u32>>>());
        let (sum, n) = of_topics
            .iter()
            .flatten()
            .fold((0.0, 0_u32), |(sum, n), one| (sum + one, n + 1));
        (n > 0).then(|| sum / f64::from(n))
    }

    /// The topic of a fitted document, as a place in [`Fit::topics`]; none for an empty one.
    #[must_use]
    pub fn topic_of(&self, idx: usize) -> Option<usize> {
        let topic = match &self.sampler {
            Sampler::ShortText(fit) => fit
                .topics()
                .get(idx)
                .copied()
                .filter(|topic| *topic != NONE),
            Sampler::Lda(fit) => fit
                .assign(self.corpus.document(idx))
                .map(|(topic, _)| topic),
        };
        self.rank_of(topic?)
    }

    /// The likeliest topic of terms by their sorted numbers, and how likely it is; none if there are none.
    ///
    /// Nothing is learned from them.
    pub fn assign(&mut self, terms: &[u32]) -> Option<(usize, f64)> {
        let (topic, share) = match &mut self.sampler {
            Sampler::ShortText(fit) => fit.assign(terms)?,
            Sampler::Lda(fit) => fit.assign(terms)?,
        };
        Some((self.rank_of(topic)?, share))
    }

    fn rank_of(&self, topic: u32) -> Option<usize> {
        self.ranked.iter().position(|other| *other == topic)
    }

    fn begin(&mut self, sweep: Sweep) {
        match (sweep, &mut self.sampler) {
            (Sweep::Try(k), Sampler::Lda(fit)) => {
                let fresh = Lda::new(&self.corpus, k, self.settings.seed);
                let tried = std::mem::replace(fit, Box::new(fresh));
                self.compare(tried);
            }
            (Sweep::TakeBest, Sampler::Lda(fit)) => {
                let tried = fit.clone();
                self.compare(tried);
                if let (Some((_, best)), Sampler::Lda(fit)) = (self.best.take(), &mut self.sampler)
                {
                    *fit = best;
                }
            }
            _ => {}
        }
    }

    /// Keeps what was tried if it is more coherent than all before it. Compared in millionths, since the
    /// last digits of a logarithm are not the same on every machine.
    fn compare(&mut self, tried: Box<Lda>) {
        let fresh = std::mem::replace(&mut self.sampler, Sampler::Lda(tried));
        self.rank();
        let coherence = (self.coherence().unwrap_or(-1.0) * 1e6).round();
        let tried = std::mem::replace(&mut self.sampler, fresh);
        let is_better = self.best.as_ref().is_none_or(|(best, _)| coherence > *best);
        if let Sampler::Lda(tried) = tried
            && is_better
        {
            self.best = Some((coherence, tried));
        }
    }

    fn visit(&mut self, idx: usize, sweep: Sweep) {
        let document = self.corpus.document(idx);
        match (&mut self.sampler, sweep) {
            (Sampler::ShortText(fit), Sweep::Scatter) => fit.visit(idx, document, Choice::AnyTopic),
            (Sampler::ShortText(fit), Sweep::Settle) => fit.visit(idx, document, Choice::Likeliest),
            (Sampler::ShortText(fit), _) => fit.visit(idx, document, Choice::Drawn),
            (Sampler::Lda(fit), _) => fit.visit(idx, document),
        }
    }

    fn rank(&mut self) {
        let mut ranked = match &self.sampler {
            Sampler::ShortText(fit) => fit.live().to_vec(),
            Sampler::Lda(fit) => (0..fit.n_topics() as u32).collect(),
        };
        ranked.retain(|topic| self.n_of(*topic) > 0);
        ranked.sort_by_key(|topic| (std::cmp::Reverse(self.n_of(*topic)), *topic));
        self.ranked = ranked;
    }

    fn n_of(&self, topic: u32) -> usize {
        match &self.sampler {
            Sampler::ShortText(fit) => fit.n_documents(topic) as usize,
            Sampler::Lda(fit) => fit.n_terms(topic) as usize,
        }
    }

    fn probability(&self, topic: u32, n: u32) -> f64 {
        match &self.sampler {
            Sampler::ShortText(fit) => fit.probability(topic, n),
            Sampler::Lda(fit) => fit.probability(topic, n),
        }
    }

    /// Of each topic in rank order its most frequent terms with their counts; of equal ones those that came
    /// first.
    fn ranked_terms(&self, n_terms: usize) -> Vec<Vec<(u32, u32)>> {
        let counts = match &self.sampler {
            Sampler::ShortText(fit) => fit.counts(),
            Sampler::Lda(fit) => fit.counts(),
        };
        let n_slots = self
            .ranked
            .iter()
            .max()
            .map_or(0, |last| *last as usize + 1);
        let mut rank_of = vec![None; n_slots];
        for (rank, topic) in self.ranked.iter().enumerate() {
            rank_of[*topic as usize] = Some(rank);
        }
        let mut terms = vec![Vec::new(); self.ranked.len()];
        for term in 0..self.corpus.n_terms() as u32 {
            for (topic, n) in counts.of(term) {
                if let Some(rank) = rank_of.get(*topic as usize).copied().flatten() {
                    terms[rank].push((term, *n));
                }
            }
        }
        for terms in &mut terms {
            terms.sort_unstable_by_key(|(term, n)| (std::cmp::Reverse(*n), *term));
            terms.truncate(n_terms);
        }
        terms
    }
}

fn plan_short(n_sweeps: usize) -> Vec<Sweep> {
    let n_settling = SETTLING.min(n_sweeps / 2);
    let mut plan = vec![Sweep::Draw; n_sweeps - n_settling];
    if let Some(first) = plan.first_mut() {
        *first = Sweep::Scatter;
    }
    plan.extend(vec![Sweep::Settle; n_settling]);
    plan
}

fn plan_tries(n_sweeps: usize) -> Vec<Sweep> {
    let n_tried = n_sweeps.div_ceil(4);
    let mut plan = Vec::new();
    for k in TRIED {
        plan.push(if k == *TRIED.start() {
            Sweep::Draw
        } else {
            Sweep::Try(k)
        });
        plan.extend(vec![Sweep::Draw; n_tried.saturating_sub(1)]);
    }
    plan.push(Sweep::TakeBest);
    plan.extend(vec![Sweep::Draw; (n_sweeps - n_tried).saturating_sub(1)]);
    plan
}
