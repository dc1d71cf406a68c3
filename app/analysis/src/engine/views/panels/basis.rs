//! What the statistics of the panels are made of: one ticker on one grid, how much was posted where anybody
//! listened, and what others did meanwhile.

use std::{cmp::Reverse, rc::Rc};

use wire::Millis;

use crate::{
    engine::{Engine, views::lag::Input},
    order,
    series::{Series, Spans, align::MAX_CLOSURE},
};

/// So many other tickers are looked at, the most mentioned that have prices at the same times.
const MAX_OTHERS: usize = 20;

/// So many are tried.
const MAX_TRIED: usize = 100;

/// Of a cell at least this share must have been listened to, for its posts to be compared with others.
const LEAST_HEARD: f64 = 0.5;

/// One ticker with what it is compared with.
#[derive(Debug)]
pub(super) struct Basis {
    pub(super) input: Rc<Input>,
    /// Posts for each width of time that was listened to; a gap where less than half of a cell was.
    pub(super) rates: Series,
    pub(super) others: Rc<Vec<Other>>,
}

/// Returns of another ticker over the same cells.
#[derive(Debug, PartialEq)]
pub(super) struct Other {
    pub(super) symbol: String,
    pub(super) returns: Series,
}

/// From what others were taken.
#[derive(Debug, Eq, PartialEq)]
struct Source {
    bars: u64,
    ticker: String,
    currency: String,
    /// Start of the first cell, end of the last one, and how many.
    cells: (Option<Millis>, Option<Millis>, usize),
    /// Those tried, in their order.
    ids: Vec<u32>,
}

/// A basis as it was made last.
#[derive(Debug, Default)]
pub(super) struct Memory {
    others: Option<(Source, Rc<Vec<Other>>)>,
    basis: Option<Rc<Basis>>,
}

impl Engine {
    /// The same basis as before, unless anything in it has changed.
    #[inline(never)]
    pub(super) fn basis(
        &self,
        input: &Rc<Input>,
        covered: &Spans,
        memory: &mut Memory,
    ) -> Rc<Basis> {
        let rates = rates(input, covered);
        let others = self.others(input, &mut memory.others);
        let is_same = |known: &Rc<Basis>| {
            Rc::ptr_eq(&known.input, input) && known.rates == rates && *known.others == *others
        };
        let basis = memory.basis.take().filter(is_same).unwrap_or_else(|| {
            let input = Rc::clone(input);
            Rc::new(Basis {
                input,
                rates,
                others,
            })
        });
        memory.basis = Some(Rc::clone(&basis));
        basis
    }

    fn others(
        &self,
        input: &Input,
        known: &mut Option<(Source, Rc<Vec<Other>>)>,
    ) -> Rc<Vec<Other>> {
        let aligned = &input.aligned;
        let tickers = (0..).zip(self.tickers.all());
        let mut tried: Vec<_> = tickers
            .filter(|(_, ticker)| ticker.n_bars > 0 && ticker.symbol != input.ticker)
            .map(|(id, ticker)| (Reverse(ticker.total.n), &ticker.symbol, id))
            .collect();
        order::sort_by(&mut tried, Ord::cmp);
        let source = Source {
            bars: self.versions.bars,
            ticker: input.ticker.clone(),
            currency: input.currency.clone(),
            cells: (
                aligned.starts.first().copied(),
                aligned.ends.last().copied(),
                aligned.ends.len(),
            ),
            ids: tried
                .into_iter()
                .map(|(.., id)| id)
                .take(MAX_TRIED)
                .collect(),
        };
        if let Some((before, others)) = known
            && *before == source
        {
            return Rc::clone(others);
        }
        let others = source.ids.iter().filter_map(|id| self.other(*id, input));
        let others: Rc<Vec<Other>> = Rc::new(others.take(MAX_OTHERS).collect());
        *known = Some((source, Rc::clone(&others)));
        others
    }

    /// `None` where its prices, in the same currency, are known at less than half of the cells.
    fn other(&self, id: u32, input: &Input) -> Option<Other> {
        let ticker = self.tickers.get(id)?;
        let range = input.range();
        let prices = ticker.prices_in(&input.currency, range.from..range.to)?;
        let cells = input.aligned.starts.iter().zip(&input.aligned.ends);
        let change = |(from, to): (&Millis, &Millis)| {
            let (before, after) = (prices.closes.get(from)?, prices.closes.get(to)?);
            (to - from <= MAX_CLOSURE).then(|| (after / before).ln())
        };
        let returns = Series::with_gaps(cells.map(change));
        (returns.n_present() * 2 > returns.len()).then(|| Other {
            symbol: ticker.symbol.clone(),
            returns,
        })
    }
}

/// A count is known only where somebody listened, and of cells of unequal length, or heard in part, only rates
/// can be compared.
fn rates(input: &Input, covered: &Spans) -> Series {
    let aligned = &input.aligned;
    let cells = aligned
        .starts
        .iter()
        .zip(&aligned.ends)
        .zip(&aligned.n_posts);
    Series::with_gaps(cells.map(|((from, to), n)| {
        let heard = covered.length_within(*from, *to) as f64;
        let is_enough = heard > 0.0 && heard >= LEAST_HEARD * (to - from) as f64;
        is_enough.then(|| f64::from(*n) * input.width as f64 / heard)
    }))
}

#[cfg(test)]
mod tests {
    use wire::time::{DAY, HOUR};

    use super::*;
    use crate::{series::align::Aligned, view::Range};

    #[test]
    fn three_days_of_posts_in_one_cell_are_no_burst_and_silence_unheard_is_a_gap() {
        let input = Input {
            width: DAY,
            aligned: Aligned {
                starts: vec![0, DAY, 4 * DAY, 5 * DAY],
                ends: vec![DAY, 4 * DAY, 5 * DAY, 6 * DAY],
                n_posts: vec![10, 30, 0, 4],
                ..Aligned::default()
            },
            ..Input::default()
        };
        let heard = [(0, 4 * DAY), (5 * DAY, 5 * DAY + 12 * HOUR)];
        let covered = Spans::new(heard.map(|(from, to)| Range { from, to }));

        let rates = rates(&input, &covered);

        assert_eq!(rates.values(), [Some(10.0), Some(10.0), None, Some(8.0)]);
    }
}
