//! Tickers by mentions or by mood, in the range or in a cell of the calendar.

use std::{
    cmp::{Ordering, Reverse},
    ops,
};

use wire::Millis;

use crate::{
    engine::{
        Engine, MAX_TIME,
        posts::Record,
        selection::{CLASSES_OF_TICKERS, Selection},
    },
    order,
    protocol::{LeaderSort, Panel},
    series::{
        Bucket, Grids,
        bucket::FIVE_MINUTES,
        calendar::{Level, Zone},
    },
    view::{Counts, LeaderRow, LeadersView, Range},
    voices::Voices,
};

/// Fewest posts that a share is sorted by: of one post every share is nothing or all.
const LEAST_POSTS: u64 = 5;

/// A ticker's place in the list of all, and its posts.
type Standing = (u32, Counts);

impl Engine {
    /// Counts the authors of the posts that the leaderboard shows while it is in sight, if those are not the
    /// posts that are counted anyway.
    pub(in crate::engine::views) fn count_leading(&mut self, range: Range, selection: &Selection) {
        if !self.watch.wanted.has(Panel::Leaders) {
            return;
        }
        let period = match self.watch.panels.leaders.level {
            _ if self.leads_by_range() => Range::default(),
            None => range,
            Some(level) => self.cell_at_end(level, range),
        };
        let of_all_classes = Selection {
            class: None,
            ..selection.clone()
        };
        let tally = &mut self.tallies.leaders;
        tally.move_to(period.from..period.to, &of_all_classes, &self.posts);
    }

    /// Does the leaderboard show the posts of the range, of all classes? Their authors are counted anyway.
    fn leads_by_range(&self) -> bool {
        self.watch.panels.leaders.level.is_none() && self.watch.class.is_none()
    }

    #[inline(never)]
    pub(super) fn leaders(&self, range: Range, now: Millis) -> LeadersView {
        let choice = self.watch.panels.leaders;
        let (period, before) = match choice.level {
            None => (range, self.before(range)),
            Some(level) => self.cells_at_end(level, range, now),
        };
        let standings = self.standings(period, choice.sort);
        let earlier = before.map_or_else(Vec::new, |before| self.standings(before, choice.sort));
        let tally = match self.leads_by_range() {
            true => &self.tallies.labels,
            false => &self.tallies.leaders,
        };
        let row = |(id, counts): &Standing| {
            let ticker = self.tickers.get(*id)?;
            let voices = tally.voices_of_ticker(*id);
            let place = earlier.iter().position(|(other, _)| other == id);
            let had_a_rank = |(_, counts): &Standing| is_ranked(counts, choice.sort);
            let earlier = place.and_then(|place| Some((place, earlier.get(place)?)));
            Some(LeaderRow {
                symbol: ticker.symbol.clone(),
                name: ticker.name.clone(),
                rank_before: earlier
                    .filter(|(_, standing)| had_a_rank(standing))
                    .and_then(|(place, _)| u32::try_from(place + 1).ok()),
                counts: *counts,
                authors: voices.map_or(0, Voices::n_authors),
                voices: voices.map_or(0.0, Voices::effective),
                n_before: earlier.map_or(0, |(_, (_, counts))| counts.posts),
            })
        };
        let is_shown = |(_, counts): &&Standing| is_ranked(counts, choice.sort);
        let n_ranked = standings.iter().filter(is_shown).count() as u64;
        LeadersView {
            choice,
            period,
            before,
            rows: standings
                .iter()
                .filter(is_shown)
                .take(usize::from(choice.n.clamp(3, 15)))
                .filter_map(row)
                .collect(),
            n_tickers: standings.len() as u64,
            n_unranked: standings.len() as u64 - n_ranked,
            least_posts: match choice.sort {
                LeaderSort::Mentions => 1,
                _ => LEAST_POSTS as u32,
            },
        }
    }

    /// The cell that holds the last moment of a range, and of the one before it what corresponds to the part that
    /// has passed; the posts must reach back to its beginning.
    fn cells_at_end(&self, level: Level, range: Range, now: Millis) -> (Range, Option<Range>) {
        let period = self.cell_at_end(level, range);
        let (from, to) = Zone::utc().cell_before(level, period.from);
        let to = match now < period.to {
            true => to.min(from + (now - period.from).max(0)),
            false => to,
        };
        let first = self.posts.all().first().map(|post| post.at);
        let is_known = from < to && first.is_some_and(|first| first <= from);
        (period, is_known.then_some(Range { from, to }))
    }

    /// The cell of the calendar, in UTC, with the newest post of a range.
    pub(super) fn cell_at_end(&self, level: Level, range: Range) -> Range {
        // The range may end with a close, at which a cell without posts begins.
        let newest = self.posts.within(range.from..range.to).last();
        let at = newest.map_or(range.to.saturating_sub(1), |post| post.at);
        let (from, to) = Zone::utc().cell(level, at);
        Range { from, to }
    }

    /// Tickers with posts in a stretch: those with a rank in its order, then the rest.
    fn standings(&self, period: Range, sort: LeaderSort) -> Vec<Standing> {
        let (cells, edges) = on_cells(period);
        let mut at_edges = vec![Bucket::default(); self.tickers.all().len()];
        let of_edges = edges.into_iter().flat_map(|edge| self.posts.within(edge));
        let selection = self.selection();
        let is_selected = |record: &&Record| {
            record.is_counted() && selection.accepts_but(CLASSES_OF_TICKERS, record, &self.posts)
        };
        for record in of_edges.filter(is_selected) {
            for id in self.posts.tickers(record) {
                at_edges[*id as usize].add(record.sample());
            }
        }
        let tickers = (0..).zip(self.tickers.all().iter().zip(at_edges));
        let mut standings: Vec<Standing> = tickers
            .filter(|(_, (ticker, _))| ticker.total.n > 0)
            .map(|(id, (ticker, at_edges))| {
                let sum = |grids: &Grids| grids.sum(cells.from, cells.to, |_| Bucket::default());
                let mut sum = self
                    .compared_grids(id, ticker)
                    .map_or(Bucket::default(), sum);
                sum.merge(&at_edges);
                (id, sum.counts())
            })
            .filter(|(_, counts)| counts.posts > 0)
            .collect();
        let symbol = |id: u32| self.tickers.get(id).map(|ticker| ticker.symbol.as_str());
        order::sort_by(&mut standings, |a, b| {
            let by = is_ranked(&b.1, sort).cmp(&is_ranked(&a.1, sort));
            by.then_with(|| compare(&b.1, &a.1, sort))
                .then_with(|| Reverse(a.1.posts).cmp(&Reverse(b.1.posts)))
                .then_with(|| symbol(a.0).cmp(&symbol(b.0)))
        });
        standings
    }

    /// Selected posts of a stretch that mention a ticker, by these sums of them.
    pub(super) fn mentions(&self, id: u32, grids: &Grids, period: Range) -> u32 {
        let selection = self.selection();
        let is_selected = |record: &Record| {
            self.posts.tickers(record).contains(&id)
                && selection.accepts_but(CLASSES_OF_TICKERS, record, &self.posts)
        };
        let edge = |edge| self.posts.count(edge, is_selected);
        grids.sum(period.from, period.to, edge).n
    }
}

/// What of a stretch lies on whole cells of the finest grid, and what is left at its ends.
pub(super) fn on_cells(range: Range) -> (Range, [ops::Range<Millis>; 2]) {
    let range = Range {
        from: range.from.clamp(-MAX_TIME, MAX_TIME),
        to: range.to.clamp(-MAX_TIME, MAX_TIME),
    };
    let from = -(-range.from).div_euclid(FIVE_MINUTES) * FIVE_MINUTES;
    let to = range.to.div_euclid(FIVE_MINUTES) * FIVE_MINUTES;
    match from < to {
        true => (Range { from, to }, [range.from..from, to..range.to]),
        false => {
            let none = Range { from, to: from };
            (none, [range.from..range.to.max(range.from), to..to])
        }
    }
}

fn is_ranked(counts: &Counts, sort: LeaderSort) -> bool {
    sort == LeaderSort::Mentions || counts.posts >= LEAST_POSTS
}

/// Shares are compared as fractions of whole numbers, so that equal ones are equal.
fn compare(a: &Counts, b: &Counts, sort: LeaderSort) -> Ordering {
    let part = |counts: &Counts| match sort {
        LeaderSort::Mentions => counts.posts,
        LeaderSort::Positive => counts.positive,
        LeaderSort::Neutral => counts.neutral,
        LeaderSort::Negative => counts.negative,
    };
    match sort {
        LeaderSort::Mentions => part(a).cmp(&part(b)),
        _ => (u128::from(part(a)) * u128::from(b.posts))
            .cmp(&(u128::from(part(b)) * u128::from(a.posts))),
    }
}
