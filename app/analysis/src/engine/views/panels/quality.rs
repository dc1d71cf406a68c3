//! Whether the numbers can be trusted: what was refused, doubled, missing or late.

use std::cmp::Reverse;

use wire::{Millis, SourceStatus, drops::DropKind};

use super::{Context, leaders::on_cells};
use crate::{
    engine::{Engine, tickers::Prices, views::holes},
    order,
    series::{
        Bucket,
        quality::{Intake, assess},
    },
    view::{QualityView, Range},
};

/// Of more holes than these the newest are listed.
const MAX_HOLES: usize = 50;

/// Missing bars, and from what they were found.
pub(super) type Holes = Option<((u64, Option<u32>, Range), Vec<Range>)>;

impl Engine {
    #[inline(never)]
    pub(super) fn quality(&self, context: Context, known: &mut Holes) -> QualityView {
        let Context { ticker, range, now } = context;
        let until = self.until(now);
        let looked_at = Range {
            from: range.from,
            to: range.to.min(until).max(range.from),
        };
        let intake = self.intake();
        let quality = assess(&intake, &self.covered(now), looked_at);
        let missing: Millis = quality.gaps.iter().map(|gap| gap.to - gap.from).sum();
        let length = looked_at.to - looked_at.from;
        let prices = ticker
            .and_then(|id| self.tickers.get(id))
            .and_then(|ticker| ticker.prices(range.from..range.to));
        let bar_width = prices.map_or(0, |prices| prices.width);
        let holes = prices.map_or_else(Vec::new, |prices| {
            self.holes(ticker, prices, looked_at, known)
        });
        let n_listed = holes.len().min(MAX_HOLES);
        QualityView {
            range: looked_at,
            lines: quality.lines,
            gaps: quality.gaps,
            gap_share: missing as f64 / length.max(1) as f64,
            n_holes: holes.len() as u64,
            holes: { &holes }
                .iter()
                .skip(holes.len() - n_listed)
                .copied()
                .collect(),
            bar_width,
            of_sources: self.posts_by_source(range),
        }
    }

    /// The newest bar is not missed before the next one could be there as well.
    fn holes(
        &self,
        ticker: Option<u32>,
        prices: Prices<'_>,
        range: Range,
        known: &mut Holes,
    ) -> Vec<Range> {
        let width = prices.width.max(1);
        let whole = |at: Millis| at.div_euclid(width) * width;
        let range = Range {
            from: whole(range.from),
            to: whole(range.to.saturating_sub(width)).max(whole(range.from)),
        };
        let source = (self.versions.bars, ticker, range);
        match known {
            Some((before, holes)) if *before == source => holes.clone(),
            _ => {
                let holes = holes::missing(prices, range);
                *known = Some((source, holes.clone()));
                holes
            }
        }
    }

    /// What the relay counted, and what this program found in what it was sent.
    fn intake(&self) -> Intake {
        let rows = self.sources.rows();
        let sum = |of: &dyn Fn(&SourceStatus) -> u64| rows.iter().map(of).sum::<u64>();
        let dropped_by = |kind: DropKind| {
            let of_row = |row: &SourceStatus| {
                let wanted = row.dropped.iter();
                let wanted = wanted.filter(|(reason, _)| DropKind::of(reason) == kind);
                wanted.map(|(_, n)| n).sum()
            };
            sum(&of_row)
        };
        let received = sum(&|row| row.received);
        let found = Intake {
            null_keys: self.n_no_author,
            orphans: self.n_orphans,
            held: self.n_events(),
            held_posts: self.n_posts(),
            held_bars: self.tickers.all().iter().map(|ticker| ticker.n_bars).sum(),
            late: self.n_late,
            skewed: self.n_skewed,
            ..Intake::default()
        };
        if received == 0 {
            // Files without a relay's account of them.
            return Intake {
                received: self.n_events() + self.n_repeated + self.n_unreadable,
                dropped: self.n_unreadable,
                duplicates: self.n_repeated,
                kept: self.n_events(),
                ..found
            };
        }
        Intake {
            received,
            dropped: dropped_by(DropKind::Unusable),
            filtered: dropped_by(DropKind::OnPurpose),
            duplicates: dropped_by(DropKind::Repeat),
            kept: sum(&|row| row.kept),
            ..found
        }
    }

    /// Every post of the range, counted or not, by who brought it.
    pub(super) fn posts_by_source(&self, range: Range) -> Vec<(String, u64)> {
        let (cells, edges) = on_cells(range);
        let mut at_edges = vec![0; self.of_sources.len()];
        for record in edges.into_iter().flat_map(|edge| self.posts.within(edge)) {
            at_edges[usize::from(record.source)] += 1;
        }
        let mut named: Vec<(String, u64)> = (0..)
            .zip(self.of_sources.iter().zip(at_edges))
            .map(|(id, (grids, at_edges))| {
                let sum = grids.sum(cells.from, cells.to, |_| Bucket::default());
                let n = u64::from(sum.n) + at_edges;
                (self.names.name(id).to_owned(), n)
            })
            .filter(|(_, n)| *n > 0)
            .collect();
        order::sort_by(&mut named, |a, b| {
            (Reverse(a.1), &a.0).cmp(&(Reverse(b.1), &b.0))
        });
        named
    }
}
