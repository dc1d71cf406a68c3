//! Whether the numbers can be trusted: what was refused, doubled, missing or late.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;
use wire::{Millis, SourceStatus};

use super::Context;
use crate::{
    engine::Engine,
    series::quality::{Intake, assess, holes},
    view::{QualityView, Range},
};

/// Reasons for which a relay leaves out what is sound: the wishes of whoever runs it.
const ON_PURPOSE: [&str; 5] = [
    "language",
    "repost",
    "sensitive",
    "other_rule",
    "unknown_post",
];
const DUPLICATE: &str = "duplicate";

/// More holes than these are not listed, only counted.
const MAX_HOLES: usize = 50;

impl Engine {
    #[inline(never)]
    pub(super) fn quality(&self, context: Context) -> QualityView {
        let Context { ticker, range, now } = context;
        let until = now
            .max(self.span.map_or(now, |(_, last)| last))
            .saturating_add(1);
        let looked_at = Range {
            from: range.from,
            to: range.to.min(until).max(range.from),
        };
        let intake = self.intake();
        let quality = assess(&intake, &self.sources.covered(until), looked_at);
        let missing: Millis = quality.gaps.iter().map(|gap| gap.to - gap.from).sum();
        let length = looked_at.to - looked_at.from;
        let prices = ticker
            .and_then(|id| self.tickers.get(id))
            .and_then(|ticker| ticker.prices(range.from..range.to));
        let bar_width = prices.map_or(0, |prices| prices.width);
        let closes: Vec<Millis> = prices.map_or_else(Vec::new, |prices| {
            let within = prices.closes.range(range.from..=range.to.max(range.from));
            within.map(|(at, _)| *at).collect()
        });
        let mut holes = holes(&closes, bar_width);
        holes.truncate(MAX_HOLES);
        QualityView {
            range: looked_at,
            lines: quality.lines,
            gaps: quality.gaps,
            gap_share: missing as f64 / length.max(1) as f64,
            holes,
            bar_width,
            of_sources: self.posts_by_source(range),
        }
    }

    /// What the relay counted, and what this program found in what it was sent.
    fn intake(&self) -> Intake {
        let rows = self.sources.rows();
        let sum = |of: &dyn Fn(&SourceStatus) -> u64| rows.iter().map(of).sum::<u64>();
        let dropped_by = |is_wanted: &dyn Fn(&str) -> bool| {
            let of_row = |row: &SourceStatus| {
                let wanted = row.dropped.iter().filter(|(reason, _)| is_wanted(reason));
                wanted.map(|(_, n)| n).sum()
            };
            sum(&of_row)
        };
        let received = sum(&|row| row.received);
        let found = Intake {
            null_keys: self.n_no_author,
            orphans: self.n_orphans,
            late: u64::from(self.total.n_late),
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
        let is_left_out = |reason: &str| ON_PURPOSE.contains(&reason);
        Intake {
            received,
            dropped: dropped_by(&|reason| !is_left_out(reason) && reason != DUPLICATE),
            filtered: dropped_by(&is_left_out),
            duplicates: dropped_by(&|reason| reason == DUPLICATE),
            kept: sum(&|row| row.kept),
            ..found
        }
    }

    /// Every post of the range, counted or not, by who brought it.
    pub(super) fn posts_by_source(&self, range: Range) -> Vec<(String, u64)> {
        let mut counts: FxHashMap<u16, u64> = FxHashMap::default();
        for record in self.posts.within(range.from..range.to) {
            *counts.entry(record.source).or_default() += 1;
        }
        let mut named: Vec<(String, u64)> = counts
            .into_iter()
            .map(|(id, n)| (self.names.name(u32::from(id)).to_owned(), n))
            .collect();
        named.sort_unstable_by(|a, b| (Reverse(a.1), &a.0).cmp(&(Reverse(b.1), &b.0)));
        named
    }
}
