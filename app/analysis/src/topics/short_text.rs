//! A model for short texts: every document belongs to one topic, a topic is a distribution over terms, and
//! how many topics there are shows itself.
//!
//! Collapsed Gibbs sampling of the Dirichlet multinomial mixture. Documents are taken in turn; each is given
//! a topic by the odds that the others leave it:
//!
//! ```text
//! p(topic k) ∝ (m_k + α) · Π_terms Π_{j<c} (n_kw + β + j) / Π_{i<length} (n_k + V·β + i)
//! ```
//!
//! with m, n counted without the document. Only multiplications and divisions, in a fixed order, so that
//! every machine gives the same topics. A topic that has none of the document's terms needs one factor
//! only, looked up by the length; a document that stays where it is changes nothing.
//!
//! # Source
//! Yin & Wang, *KDD* 2014, eq. 4.

use super::corpus::{Corpus, groups};
use super::counts::Counts;
use crate::stats::random::Random;

/// Documents up to this length go by the table; the products of longer ones could leave the range of numbers.
const TABLE: usize = 24;

/// What the mixture assumes before it has seen anything.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Prior {
    /// Posts that every topic has in advance.
    pub(super) alpha: f64,
    /// Times that every topic has every term in advance.
    pub(super) beta: f64,
}

/// The sampler with its state.
#[derive(Clone, Debug)]
pub(super) struct ShortText {
    prior: Prior,
    random: Random,
    /// Of each document; [`NONE`] for one without terms, and before its first turn.
    topics: Vec<u32>,
    counts: Counts,
    slots: Vec<Slot>,
    /// Topics that have documents, ascending.
    live: Vec<u32>,
    /// V·β.
    floor: f64,
    /// `table[topic][length − 1]`: the weight of a topic for a document of which it has no term.
    table: Vec<[f64; TABLE]>,
    weights: Vec<f64>,
    ratios: Vec<f64>,
}

/// No topic.
pub(super) const NONE: u32 = u32::MAX;

/// How a topic is found for a document.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Choice {
    /// Drawn, all with the same odds.
    AnyTopic,
    /// Drawn by the odds.
    Drawn,
    /// The likeliest; of equal ones the first.
    Likeliest,
}

/// How much a topic has.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    n_documents: u32,
    n_terms: u32,
}

impl ShortText {
    /// At most `k` topics. Documents get theirs when they have their first turn.
    pub(super) fn new(corpus: &Corpus, k: usize, prior: Prior, seed: u64) -> Self {
        let mut fit = Self {
            prior,
            random: Random::new(seed),
            topics: Vec::new(),
            counts: Counts::default(),
            slots: vec![Slot::default(); k],
            live: Vec::new(),
            floor: 0.0,
            table: vec![[0.0; TABLE]; k],
            weights: vec![0.0; k],
            ratios: vec![1.0; k],
        };
        fit.grow(corpus);
        fit
    }

    /// Makes room for what the corpus has more than before.
    pub(super) fn grow(&mut self, corpus: &Corpus) {
        self.topics.resize(corpus.n_documents(), NONE);
        self.counts.grow(corpus.n_terms());
        self.floor = corpus.n_terms() as f64 * self.prior.beta;
        (0..self.slots.len() as u32).for_each(|topic| self.tabulate(topic));
    }

    /// Gives a document its turn.
    pub(super) fn visit(&mut self, idx: usize, document: &[u32], choice: Choice) {
        let Some(before) = self.topics.get(idx).copied() else {
            return;
        };
        if document.is_empty() {
            return;
        }
        let after = match choice {
            Choice::AnyTopic => self.any_topic(),
            Choice::Drawn => {
                let total = self.weigh(document, before);
                self.draw(total)
            }
            Choice::Likeliest => {
                self.weigh(document, before);
                self.likeliest()
            }
        };
        if after == before {
            return;
        }
        if before != NONE {
            self.take_out(document, before);
        }
        self.put_in(document, after);
        self.topics[idx] = after;
    }

    /// The likeliest topic for terms that were not fitted, and how likely it is among the topics.
    pub(super) fn assign(&mut self, document: &[u32]) -> Option<(u32, f64)> {
        if document.is_empty() || self.live.is_empty() {
            return None;
        }
        let total = self.weigh(document, NONE);
        let n_free = self.slots.len() - self.live.len();
        let of_free = self.weights.get(self.live.len()).copied();
        let total = total - of_free.filter(|_| n_free > 0).unwrap_or(0.0);
        let (place, weight) = greatest(&self.weights[..self.live.len()]);
        Some((self.live[place], weight / total))
    }

    pub(super) fn topics(&self) -> &[u32] {
        &self.topics
    }

    pub(super) fn counts(&self) -> &Counts {
        &self.counts
    }

    pub(super) fn live(&self) -> &[u32] {
        &self.live
    }

    pub(super) fn n_documents(&self, topic: u32) -> u32 {
        self.slots[topic as usize].n_documents
    }

    /// How likely a term that a topic has `n` times is in it.
    pub(super) fn probability(&self, topic: u32, n: u32) -> f64 {
        let n_terms = f64::from(self.slots[topic as usize].n_terms);
        (f64::from(n) + self.prior.beta) / (n_terms + self.floor)
    }

    /// Writes the weight of each live topic, then that of all free ones together; returns their sum. The
    /// document is counted as if it were not in `own`.
    fn weigh(&mut self, document: &[u32], own: u32) -> f64 {
        if document.len() <= TABLE {
            self.weigh_by_table(document, own);
        } else {
            self.weigh_long(document, own);
        }
        let n_weights = self.live.len() + usize::from(self.live.len() < self.slots.len());
        self.weights[..n_weights].iter().sum()
    }

    fn weigh_by_table(&mut self, document: &[u32], own: u32) {
        let beta = self.prior.beta;
        for (term, n) in groups(document) {
            let mut expected = beta;
            (1..n).for_each(|j| expected *= beta + f64::from(j));
            for (topic, count) in self.counts.of(term) {
                let count = f64::from(if *topic == own { count - n } else { *count });
                let mut found = count + beta;
                (1..n).for_each(|j| found *= count + beta + f64::from(j));
                self.ratios[*topic as usize] *= found / expected;
            }
        }
        let length = document.len();
        for (place, topic) in self.live.iter().enumerate() {
            let topic = *topic as usize;
            let ratio = std::mem::replace(&mut self.ratios[topic], 1.0);
            let base = if topic as u32 == own {
                self.base(self.without(own, length), length)
            } else {
                self.table[topic][length - 1]
            };
            self.weights[place] = base * ratio;
        }
        if self.live.len() < self.slots.len() {
            let n_free = (self.slots.len() - self.live.len()) as f64;
            self.weights[self.live.len()] = n_free * self.base(Slot::default(), length);
        }
    }

    /// The same, factor by factor for all topics at once, with all weights brought back whenever they grow
    /// too small or too large.
    fn weigh_long(&mut self, document: &[u32], own: u32) {
        let n_live = self.live.len();
        let n_free = self.slots.len() - n_live;
        let n_weights = n_live + usize::from(n_free > 0);
        let (alpha, beta, floor, length) = (
            self.prior.alpha,
            self.prior.beta,
            self.floor,
            document.len(),
        );
        let slot_at = |place: usize| match self.live.get(place) {
            Some(topic) if *topic == own => self.without(own, length),
            Some(topic) => self.slots[*topic as usize],
            None => Slot::default(),
        };
        let slots: Vec<Slot> = (0..n_weights).map(slot_at).collect();
        for (weight, slot) in self.weights.iter_mut().zip(&slots) {
            *weight = f64::from(slot.n_documents) + alpha;
        }
        if n_free > 0 {
            self.weights[n_live] = alpha * n_free as f64;
        }
        let mut n_before = 0;
        for (term, n) in groups(document) {
            self.ratios.fill(0.0);
            for (topic, count) in self.counts.of(term) {
                self.ratios[*topic as usize] =
                    f64::from(if *topic == own { count - n } else { *count });
            }
            for (place, slot) in slots.iter().enumerate() {
                let count = self
                    .live
                    .get(place)
                    .map_or(0.0, |topic| self.ratios[*topic as usize]);
                for j in 0..n {
                    let factor = (count + beta + f64::from(j)) * floor
                        / (f64::from(slot.n_terms) + floor + f64::from(n_before + j));
                    self.weights[place] *= factor;
                }
            }
            n_before += n;
            bring_back(&mut self.weights[..n_weights]);
        }
        self.ratios.fill(1.0);
    }

    /// What a topic has besides a document of this length.
    fn without(&self, topic: u32, length: usize) -> Slot {
        let slot = self.slots[topic as usize];
        Slot {
            n_documents: slot.n_documents - 1,
            n_terms: slot.n_terms - length as u32,
        }
    }

    /// The weight of a topic that has none of a document's terms, times (V·β)^length.
    fn base(&self, slot: Slot, length: usize) -> f64 {
        let mut weight = f64::from(slot.n_documents) + self.prior.alpha;
        for i in 0..length {
            weight *= self.floor / (f64::from(slot.n_terms) + self.floor + i as f64);
        }
        weight
    }

    fn tabulate(&mut self, topic: u32) {
        let slot = self.slots[topic as usize];
        let mut weight = f64::from(slot.n_documents) + self.prior.alpha;
        for (i, entry) in self.table[topic as usize].iter_mut().enumerate() {
            weight *= self.floor / (f64::from(slot.n_terms) + self.floor + i as f64);
            *entry = weight;
        }
    }

    fn draw(&mut self, total: f64) -> u32 {
        let mut left = self.random.uniform() * total;
        for (place, topic) in self.live.iter().enumerate() {
            left -= self.weights[place];
            if left < 0.0 {
                return *topic;
            }
        }
        self.free()
    }

    fn any_topic(&mut self) -> u32 {
        let k = self.slots.len();
        ((self.random.uniform() * k as f64) as usize).min(k - 1) as u32
    }

    fn likeliest(&self) -> u32 {
        if self.live.is_empty() {
            return self.free();
        }
        let (place, _) = greatest(&self.weights[..self.live.len()]);
        self.live[place]
    }

    /// The first topic without documents; where there is none, the last one.
    fn free(&self) -> u32 {
        let free = (0..)
            .zip(&self.slots)
            .find(|(_, slot)| slot.n_documents == 0);
        free.map_or(self.slots.len() as u32 - 1, |(topic, _)| topic)
    }

    fn put_in(&mut self, document: &[u32], topic: u32) {
        for (term, n) in groups(document) {
            self.counts.add(term, topic, n);
        }
        let slot = &mut self.slots[topic as usize];
        slot.n_documents += 1;
        slot.n_terms += document.len() as u32;
        if slot.n_documents == 1 {
            let place = self.live.partition_point(|other| *other < topic);
            self.live.insert(place, topic);
        }
        self.tabulate(topic);
    }

    fn take_out(&mut self, document: &[u32], topic: u32) {
        for (term, n) in groups(document) {
            self.counts.remove(term, topic, n);
        }
        let slot = &mut self.slots[topic as usize];
        slot.n_documents -= 1;
        slot.n_terms -= document.len() as u32;
        if slot.n_documents == 0 {
            self.live.retain(|other| *other != topic);
        }
        self.tabulate(topic);
    }
}

/// Where the greatest weight is, the first of equal ones, and how great it is.
fn greatest(weights: &[f64]) -> (usize, f64) {
    let start = (0, weights.first().copied().unwrap_or(0.0));
    weights
        .iter()
        .enumerate()
        .fold(start, |best, (place, weight)| {
            if *weight > best.1 {
                (place, *weight)
            } else {
                best
            }
        })
}

/// Multiplies all weights by one power of two, which is exact, if the greatest is very small or large.
fn bring_back(weights: &mut [f64]) {
    const SMALL: f64 = 1e-100;
    const LARGE: f64 = 1e100;
    let (_, greatest) = greatest(weights);
    let factor = match greatest {
        ..SMALL => 2.0_f64.powi(300),
        LARGE.. => 2.0_f64.powi(-300),
        _ => return,
    };
    weights.iter_mut().for_each(|weight| *weight *= factor);
}
