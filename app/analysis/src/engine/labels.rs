//! Topics and tickers of posts. Many posts have the same ones, so these are kept once and posts have a number.

use crate::hash_index::{HashIndex, hash_of};

/// Sets of topics and tickers by number: from 1 on, in the order in which they were met; 0 has nothing in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Labels {
    /// By number, less one.
    all: Vec<Label>,
    /// Ids of the tickers, one label's after the other's.
    tickers: Vec<u32>,
    index: HashIndex,
}

#[derive(Clone, Copy, Debug)]
struct Label {
    topics: u64,
    /// Where its tickers end; they begin where those of the label before end.
    end: u32,
}

impl Labels {
    /// The number of these topics, as [`topic_set`](super::posts::topic_set) has them, and these tickers.
    pub(super) fn number(&mut self, topics: u64, tickers: &[u32]) -> u32 {
        if topics == 0 && tickers.is_empty() {
            return 0;
        }
        let hash = hash_of((topics, tickers));
        let is_meant =
            |number: u32| self.topics(number) == topics && self.tickers(number) == tickers;
        if let Some(number) = self.index.find(hash, is_meant) {
            return number;
        }
        self.tickers.extend_from_slice(tickers);
        let end = self.tickers.len() as u32;
        self.all.push(Label { topics, end });
        let number = self.all.len() as u32;
        self.index.insert(hash, number);
        number
    }

    /// One more than the highest number.
    pub(super) fn n_numbers(&self) -> usize {
        self.all.len() + 1
    }

    pub(super) fn topics(&self, number: u32) -> u64 {
        self.label(number).map_or(0, |label| label.topics)
    }

    pub(super) fn tickers(&self, number: u32) -> &[u32] {
        let start = self.label(number.wrapping_sub(1)).map_or(0, |it| it.end);
        let end = self.label(number).map_or(0, |label| label.end);
        let tickers = self.tickers.get(start as usize..end as usize);
        tickers.unwrap_or_default()
    }

    fn label(&self, number: u32) -> Option<&Label> {
        self.all.get((number as usize).wrapping_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_given_a_number_is_found_by_it(
            given in prop::collection::vec((0_u64..3, prop::collection::vec(0_u32..3, 0..3)), 0..60),
        ) {
            let mut labels = Labels::default();
            let numbers: Vec<u32> = given.iter().map(|(topics, tickers)| labels.number(*topics, tickers)).collect();

            for (number, (topics, tickers)) in numbers.iter().zip(&given) {
                prop_assert_eq!((labels.topics(*number), labels.tickers(*number)), (*topics, tickers.as_slice()));
                prop_assert_eq!(*number == 0, *topics == 0 && tickers.is_empty());
                prop_assert_eq!(labels.number(*topics, tickers), *number);
            }
        }
    }
}
