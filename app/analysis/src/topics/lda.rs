//! Latent Dirichlet allocation, the classic view: every word of a document has a topic of its own.
//!
//! Collapsed Gibbs sampling; the odds of a word's topic are split into three sums of which two are over the
//! few topics that the document or the word has:
//!
//! ```text
//! p(topic k) ∝ (n_dk + α)(n_kw + β) / (n_k + V·β)
//!            = αβ/(n_k + Vβ)  +  n_dk·β/(n_k + Vβ)  +  (n_dk + α)·n_kw/(n_k + Vβ)
//! ```
//!
//! # Source
//! Griffiths & Steyvers, *PNAS* 2004; the split: Yao, Mimno & McCallum, *KDD* 2009.

use super::corpus::Corpus;
use super::counts::Counts;
use super::short_text::NONE;
use crate::stats::random::Random;

/// Times that a document has every topic in advance.
const ALPHA: f64 = 0.1;
/// Times that a topic has every term in advance.
const BETA: f64 = 0.01;
/// How often the share of each topic in a document is estimated anew from the one before.
const N_ESTIMATES: usize = 20;

/// The sampler with its state.
#[derive(Clone, Debug)]
pub(super) struct Lda {
    random: Random,
    /// Of each word, in the order of the corpus; [`NONE`] before its first turn.
    topics: Vec<u32>,
    /// Where each document begins in `topics`.
    starts: Vec<usize>,
    counts: Counts,
    /// Words of each topic.
    n_terms: Vec<u32>,
    /// V·β.
    floor: f64,
    /// Words of the document in hand, by topic.
    in_document: Vec<u32>,
    /// The topics it has.
    at_hand: Vec<u32>,
}

impl Lda {
    /// `k` topics. Words get theirs when their document has its first turn.
    pub(super) fn new(corpus: &Corpus, k: usize, seed: u64) -> Self {
        let mut fit = Self {
            random: Random::new(seed),
            topics: Vec::new(),
            starts: Vec::new(),
            counts: Counts::default(),
            n_terms: vec![0; k],
            floor: 0.0,
            in_document: vec![0; k],
            at_hand: Vec::new(),
        };
        fit.grow(corpus);
        fit
    }

    /// Makes room for what the corpus has more than before.
    pub(super) fn grow(&mut self, corpus: &Corpus) {
        for idx in self.starts.len()..corpus.n_documents() {
            self.starts.push(self.topics.len());
            let end = self.topics.len() + corpus.document(idx).len();
            self.topics.resize(end, NONE);
        }
        self.counts.grow(corpus.n_terms());
        self.floor = corpus.n_terms() as f64 * BETA;
    }

    /// Gives each word of a document its turn.
    pub(super) fn visit(&mut self, idx: usize, document: &[u32]) {
        let Some(start) = self.starts.get(idx).copied() else {
            return;
        };
        for place in start..start + document.len() {
            let topic = self.topics[place];
            if topic != NONE {
                self.enter(topic);
            }
        }
        let mut smooth: f64 = (0..self.n_terms.len()).map(|k| self.smooth(k)).sum();
        for (place, term) in (start..).zip(document) {
            let before = self.topics[place];
            if before != NONE {
                self.leave(before);
                smooth -= self.smooth(before as usize);
                self.counts.remove(*term, before, 1);
                self.n_terms[before as usize] -= 1;
                smooth += self.smooth(before as usize);
            }
            let after = self.draw(*term, smooth);
            smooth -= self.smooth(after as usize);
            self.counts.add(*term, after, 1);
            self.n_terms[after as usize] += 1;
            smooth += self.smooth(after as usize);
            self.enter(after);
            self.topics[place] = after;
        }
        for topic in self.at_hand.drain(..) {
            self.in_document[topic as usize] = 0;
        }
    }

    /// The topic with the greatest share of a document, and the share.
    ///
    /// The shares are estimated by expectation and maximisation with the topics held as they are, from equal
    /// shares on, so nothing is drawn.
    pub(super) fn assign(&self, document: &[u32]) -> Option<(u32, f64)> {
        let k = self.n_terms.len();
        if document.is_empty() || k == 0 {
            return None;
        }
        let mut shares = vec![1.0 / k as f64; k];
        let mut sums = vec![0.0; k];
        let mut of_term = vec![0.0; k];
        for _ in 0..N_ESTIMATES {
            sums.fill(ALPHA);
            for term in document {
                let mut total = 0.0;
                for topic in 0..k {
                    of_term[topic] = shares[topic] * BETA / self.n_with_prior(topic);
                }
                for (topic, n) in self.counts.of(*term) {
                    let topic = *topic as usize;
                    of_term[topic] =
                        shares[topic] * (f64::from(*n) + BETA) / self.n_with_prior(topic);
                }
                of_term.iter().for_each(|share| total += share);
                for (sum, share) in sums.iter_mut().zip(&of_term) {
                    *sum += share / total;
                }
            }
            let total = document.len() as f64 + ALPHA * k as f64;
            for (share, sum) in shares.iter_mut().zip(&sums) {
                *share = sum / total;
            }
        }
        let best = shares
            .iter()
            .enumerate()
            .fold((0, 0.0), |best, (topic, share)| {
                if *share > best.1 {
                    (topic, *share)
                } else {
                    best
                }
            });
        Some((best.0 as u32, best.1))
    }

    pub(super) fn counts(&self) -> &Counts {
        &self.counts
    }

    pub(super) fn n_topics(&self) -> usize {
        self.n_terms.len()
    }

    pub(super) fn n_terms(&self, topic: u32) -> u32 {
        self.n_terms[topic as usize]
    }

    /// How likely a term that a topic has `n` times is in it.
    pub(super) fn probability(&self, topic: u32, n: u32) -> f64 {
        (f64::from(n) + BETA) / self.n_with_prior(topic as usize)
    }

    fn n_with_prior(&self, topic: usize) -> f64 {
        f64::from(self.n_terms[topic]) + self.floor
    }

    fn smooth(&self, topic: usize) -> f64 {
        ALPHA * BETA / self.n_with_prior(topic)
    }

    fn enter(&mut self, topic: u32) {
        let n = &mut self.in_document[topic as usize];
        *n += 1;
        if *n == 1 {
            self.at_hand.push(topic);
        }
    }

    fn leave(&mut self, topic: u32) {
        let n = &mut self.in_document[topic as usize];
        *n -= 1;
        if *n == 0 {
            self.at_hand.retain(|other| *other != topic);
        }
    }

    fn draw(&mut self, term: u32, smooth: f64) -> u32 {
        let of_term = self.counts.of(term).iter();
        let by_term: f64 = of_term.map(|(topic, n)| self.by_term(*topic, *n)).sum();
        let of_document = self.at_hand.iter();
        let by_document: f64 = of_document.map(|topic| self.by_document(*topic)).sum();
        let mut left = self.random.uniform() * (by_term + by_document + smooth);
        for (topic, n) in self.counts.of(term) {
            left -= self.by_term(*topic, *n);
            if left < 0.0 {
                return *topic;
            }
        }
        for topic in &self.at_hand {
            left -= self.by_document(*topic);
            if left < 0.0 {
                return *topic;
            }
        }
        for topic in 0..self.n_terms.len() {
            left -= self.smooth(topic);
            if left < 0.0 {
                return topic as u32;
            }
        }
        self.n_terms.len() as u32 - 1
    }

    /// What a topic weighs because it has the word in hand `n` times.
    fn by_term(&self, topic: u32, n: u32) -> f64 {
        let in_document = f64::from(self.in_document[topic as usize]);
        (in_document + ALPHA) * f64::from(n) / self.n_with_prior(topic as usize)
    }

    /// What it weighs because the document in hand has it.
    fn by_document(&self, topic: u32) -> f64 {
        let in_document = f64::from(self.in_document[topic as usize]);
        in_document * BETA / self.n_with_prior(topic as usize)
    }
}
