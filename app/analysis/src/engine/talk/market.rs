//! Tickers beside the talk: how often each is mentioned, and prices of the one that the chart shows.

use wire::{Bar, Millis, Post, PublicConfig};

use super::{super::tickers::Tickers, shelf::Shelf};
use crate::{
    protocol::{Watch, talk::PricesAfter},
    text::topics_match::Words,
    view::Range,
};

/// Closes after a stretch that are told.
pub const N_CLOSES: usize = 6;

/// Mentions of tickers, and their prices.
#[derive(Default)]
pub(super) struct Market {
    tickers: Tickers,
    /// Kept to save allocations.
    post: Post,
    words: Words,
    ids: Vec<u32>,
}

impl Market {
    pub(super) fn new(config: &PublicConfig) -> Self {
        let mut market = Self::default();
        market.tickers.configure(config);
        market
    }

    /// Takes another list of tickers over; posts are to be counted anew.
    pub(super) fn configure(&mut self, config: &PublicConfig) {
        self.tickers.configure(config);
    }

    pub(super) fn add_bar(&mut self, bar: &Bar) {
        self.tickers.add_bar(bar);
    }

    /// Posts are counted anew.
    pub(super) fn forget_posts(&mut self) {
        self.tickers.forget_posts();
    }

    /// Counts the mentions of a post.
    pub(super) fn add_post(&mut self, shelf: &Shelf, idx: usize) {
        let Some(kept) = shelf.get(idx) else {
            return;
        };
        shelf.restore(kept, &mut self.post);
        self.words.read_post(&self.post);
        self.tickers.of_post(&self.post, &self.words, &mut self.ids);
        let standing = shelf.standing(idx).into_iter();
        for symbol in standing.flat_map(|(tickers, _)| tickers) {
            let id = self.tickers.id(symbol);
            self.ids.extend(id.filter(|id| !self.ids.contains(id)));
        }
        for id in &self.ids {
            self.tickers.add_mention(*id);
        }
    }

    /// The symbol of the ticker that the chart shows.
    pub(super) fn shown(&self, watch: &Watch) -> Option<&str> {
        let ticker = self.tickers.get(self.tickers.shown_id(watch)?)?;
        Some(&ticker.symbol)
    }

    /// Closes after a stretch, of the prices that the chart shows over it; without any there, of those that say most.
    pub(super) fn prices_after(&self, watch: &Watch, range: Range) -> Option<PricesAfter> {
        let ticker = self.tickers.get(self.tickers.shown_id(watch)?)?;
        let prices = ticker
            .prices(range.from..range.to)
            .or_else(|| ticker.prices(Millis::MIN..Millis::MAX))?;
        let before = prices.closes.range(..=range.to).next_back()?;
        let after = prices.closes.range(range.to.saturating_add(1)..);
        let close = |(at, close): (&Millis, &f64)| (*at, *close);
        Some(PricesAfter {
            ticker: ticker.symbol.clone(),
            currency: prices.currency.to_owned(),
            width: prices.width,
            before: close(before),
            after: after.take(N_CLOSES).map(close).collect(),
        })
    }
}
