//! Posts by class in cells of time: of all posts, of one ticker or two, and every five seconds.

use wire::{
    Millis,
    time::{DAY, HOUR, SECOND},
};

use super::Context;
use crate::{
    engine::{Engine, selection::Own},
    protocol::LiveWindow,
    series::{
        Bucket, Grids, Spans,
        calendar::{Level, Zone},
    },
    view::{Class, Range, StackView, TrendsView},
};

/// Without a level the finest one is taken that needs no more cells than this.
const MAX_CELLS: i64 = 240;

/// Of more cells than these the newest are shown.
const MOST_CELLS: usize = 1_000;

/// Length of a cell of the live chart.
const LIVE_CELL: Millis = 5 * SECOND;

/// How far the live chart can look back.
const LONGEST_LIVE: Millis = 30 * 60 * SECOND;

impl Engine {
    /// All selected posts, by the hour where there are not too many.
    #[inline(never)]
    pub(super) fn hours(&self, context: Context) -> StackView {
        let Range { from, to } = context.range;
        StackView {
            n: self.figures(from, to).posts,
            ..self.stack(self.figure_grids(), None, context)
        }
    }

    /// The watched ticker and, where one is chosen, a second one on the same cells.
    #[inline(never)]
    pub(super) fn trends(&self, context: Context) -> TrendsView {
        let panels = &self.watch.panels;
        let of = |id: u32| {
            let ticker = self.tickers.get(id)?;
            let none = Grids::default();
            let grids = self.compared_grids(id, ticker).unwrap_or(&none);
            let stack = self.stack(grids, panels.trend_level, context);
            Some(StackView {
                subject: ticker.symbol.clone(),
                n: u64::from(self.mentions(id, grids, context.range)),
                ..stack
            })
        };
        let unknown = |symbol: &String| StackView {
            subject: symbol.clone(),
            range: context.range,
            ..StackView::default()
        };
        let second = panels.second.as_ref().map(|symbol| {
            let found = self.tickers.id(symbol).and_then(of);
            found.unwrap_or_else(|| unknown(symbol))
        });
        TrendsView {
            first: context.ticker.and_then(of).unwrap_or_default(),
            second,
        }
    }

    fn stack(&self, grids: &Grids, level: Option<Level>, context: Context) -> StackView {
        let range = context.range;
        let covered = self.covered(context.now);
        // The grids know nothing finer than five minutes, which would be too many cells anyway.
        let level = level.map(|level| level.max(Level::Hour));
        let mut edges = edges(range, level.unwrap_or_else(|| level_for(range)));
        let cells = edges.windows(2).map(|pair| match pair {
            [from, to] => cell(grids, *from, *to, &covered),
            _ => None,
        });
        let mut cells: Vec<Option<[u32; 3]>> = cells.collect();
        // A range that ends with a close only touches the cell that begins there.
        let starts_at_end = edges.len() > 2 && edges.iter().rev().nth(1) == Some(&(range.to - 1));
        if starts_at_end
            && cells
                .last()
                .is_some_and(|cell| cell.unwrap_or_default() == [0; 3])
        {
            edges.pop();
            cells.pop();
        }
        StackView {
            subject: String::new(),
            range,
            cells,
            edges,
            n: 0,
        }
    }

    /// Selected posts, of the last minutes, up to the cell that is now being filled.
    #[inline(never)]
    pub(super) fn live(&self, now: Millis) -> StackView {
        let LiveWindow(window) = self.watch.panels.live_window;
        let n_cells = window.clamp(LIVE_CELL, LONGEST_LIVE) / LIVE_CELL;
        let end = now.div_euclid(LIVE_CELL) + 1;
        let range = Range {
            from: (end - n_cells) * LIVE_CELL,
            to: end * LIVE_CELL,
        };
        let topic = self.watch.panels.live_topic.as_ref();
        let topic_idx = topic.and_then(|name| {
            let mut topics = self.topic_config.iter();
            topics.position(|topic| topic.name == *name)
        });
        // A topic of its own stands for those that are selected.
        let own = match topic {
            Some(_) => Own::CLASS.and(Own::TOPICS),
            None => Own::CLASS,
        };
        let selection = self.selection();
        let mut counts = vec![[0; 3]; n_cells as usize];
        let mut n = 0;
        for record in self.posts.within(range.from..range.to) {
            let is_of_topic =
                topic.is_none() || topic_idx.is_some_and(|t| self.posts.is_in_topic(record, t));
            let idx = (record.at - range.from) / LIVE_CELL;
            if let Some(cell) = counts.get_mut(idx as usize)
                && record.is_counted()
                && is_of_topic
                && selection.accepts_but(own, record, &self.posts)
            {
                n += 1;
                match record.class {
                    Class::Positive => cell[0] += 1,
                    Class::Neutral => cell[1] += 1,
                    Class::Negative => cell[2] += 1,
                }
            }
        }
        let edges: Vec<Millis> = { 0..=n_cells }
            .map(|idx| range.from + idx * LIVE_CELL)
            .collect();
        let covered = self.covered(now);
        let known = |(from, counts): (&Millis, [u32; 3])| {
            let is_known = counts != [0; 3] || covered.meets(*from, from + LIVE_CELL);
            is_known.then_some(counts)
        };
        StackView {
            subject: topic.cloned().unwrap_or_default(),
            range,
            cells: edges.iter().zip(counts).map(known).collect(),
            edges,
            n,
        }
    }
}

fn level_for(range: Range) -> Level {
    let length = range.to - range.from;
    match length {
        _ if length <= MAX_CELLS * HOUR => Level::Hour,
        _ if length <= MAX_CELLS * DAY => Level::Day,
        _ => Level::Month,
    }
}

/// Where the cells that a range touches begin, and where the last one ends; of too many the newest.
fn edges(range: Range, level: Level) -> Vec<Millis> {
    let zone = Zone::utc();
    if range.from >= range.to {
        return Vec::new();
    }
    let (start, end) = zone.cell(level, range.to - 1);
    let mut edges = vec![end, start];
    while let Some(start) = edges.last().copied()
        && start > range.from
        && edges.len() <= MOST_CELLS
    {
        edges.push(zone.cell_before(level, start).0);
    }
    edges.reverse();
    edges
}

/// Cells begin and end with cells of the grid, so there is no part of one to be counted by itself.
fn cell(grids: &Grids, from: Millis, to: Millis, covered: &Spans) -> Option<[u32; 3]> {
    let sum = grids.sum(from, to, |_| Bucket::default());
    (sum.n > 0 || covered.meets(from, to)).then_some([
        sum.n_positive,
        sum.n - sum.n_positive - sum.n_negative,
        sum.n_negative,
    ])
}
