//! Posts rolled up to minutes, hours, calendar days, months and years, each level from a finer one.
//!
//! A cell holds sums, never means, so that cells add up exactly whatever the order: the mean of a month is
//! by posts, not the mean of its days' means.

mod authors;

use authors::{Authors, Latest};
use wire::Millis;

use super::calendar::MAX_TIME;
pub use super::calendar::{Level, Zone};
use crate::{
    series::bucket::{Bucket, mean_compound},
    view::Class,
};

/// What is counted of one post.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Post {
    /// Grid time. What is further from 1970 than [`MAX_TIME`] counts as if it were as far.
    pub at: Millis,
    /// VADER compound in ten-thousandths.
    pub compound: i16,
    /// How the text reads.
    pub class: Class,
    /// A number for the author, the same for all of their posts. Small numbers, counted up from 0, are
    /// told apart faster than large ones, and take four bytes each up to the greatest.
    pub author: u32,
}

/// What fell into `[start, end)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Inclusive.
    pub start: Millis,
    /// Exclusive.
    pub end: Millis,
    /// Posts.
    pub n: u64,
    /// Posts with class positive.
    pub n_positive: u64,
    /// Posts with class negative.
    pub n_negative: u64,
    /// Sum of compounds in ten-thousandths.
    pub sum: i64,
    /// Sum of their squares.
    pub sum_squares: i64,
    /// Least and greatest compound; in an empty cell each at its limit the other way round. Of 32 bits, since
    /// compilers read two neighbours of 16 at once, and wait until both have been written.
    least: i32,
    greatest: i32,
    authors: Authors,
}

impl Default for Cell {
    fn default() -> Self {
        Self::empty((0, 0))
    }
}

impl Cell {
    fn empty((start, end): (Millis, Millis)) -> Self {
        Self {
            start,
            end,
            n: 0,
            n_positive: 0,
            n_negative: 0,
            sum: 0,
            sum_squares: 0,
            least: i32::MAX,
            greatest: i32::MIN,
            authors: Authors::default(),
        }
    }

    #[inline]
    fn add(&mut self, post: &Post) {
        let compound = i64::from(post.compound);
        self.n += 1;
        self.n_positive += u64::from(post.class == Class::Positive);
        self.n_negative += u64::from(post.class == Class::Negative);
        self.sum += compound;
        self.sum_squares += compound * compound;
        self.least = self.least.min(post.compound.into());
        self.greatest = self.greatest.max(post.compound.into());
    }

    /// Adds what another cell holds; start and end stay.
    fn merge(&mut self, other: &Self) {
        self.n += other.n;
        self.n_positive += other.n_positive;
        self.n_negative += other.n_negative;
        self.sum += other.sum;
        self.sum_squares += other.sum_squares;
        self.least = self.least.min(other.least);
        self.greatest = self.greatest.max(other.greatest);
        self.authors.merge(&other.authors);
    }

    /// Least and greatest compound in ten-thousandths; `None` in an empty cell.
    pub fn range(&self) -> Option<(i16, i16)> {
        (self.n > 0).then_some((self.least as i16, self.greatest as i16))
    }

    /// Mean compound in −1…+1; `None` without posts.
    pub fn mean(&self) -> Option<f64> {
        mean_compound(self.sum, self.n)
    }

    /// Standard deviation of the compounds, divisor n − 1; `None` below two posts.
    pub fn deviation(&self) -> Option<f64> {
        let n = i128::from(self.n);
        let squares = n * i128::from(self.sum_squares) - i128::from(self.sum).pow(2);
        (n > 1).then(|| (squares as f64 / (n * (n - 1)) as f64).sqrt() / 10_000.0)
    }

    /// Unique authors.
    pub fn n_authors(&self) -> usize {
        self.authors.n_unique()
    }

    /// The same counts as a bucket of the fixed grids, without late posts.
    pub fn bucket(&self) -> Bucket {
        let count = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        let (min, max) = self.range().unwrap_or_default();
        Bucket {
            n: count(self.n),
            n_positive: count(self.n_positive),
            n_negative: count(self.n_negative),
            sum: self.sum,
            min,
            max,
            ..Bucket::default()
        }
    }
}

/// Why a roll-up cannot be made of another.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RollupError {
    /// The levels are not in order.
    #[error("{from:?} cannot be rolled up to {to:?}")]
    NotFiner {
        /// Level there is.
        from: Level,
        /// Level asked for.
        to: Level,
    },
    /// A cell lies on both sides of a limit: hours under an offset of half an hour, say. Roll up from five
    /// minutes or from minutes.
    #[error(
        "the cell that begins at {start} belongs to two coarser ones; roll up from a finer level"
    )]
    Straddles {
        /// Start of the finer cell.
        start: Millis,
    },
    /// The roll-ups differ in level or zone. A mistake of the caller.
    #[error("roll-ups of different levels or zones do not add up")]
    Different,
}

/// Posts of one key by cell of one level; only cells with posts are held.
#[derive(Clone, Debug)]
pub struct Rollup {
    level: Level,
    zone: Zone,
    /// Ascending.
    cells: Vec<Cell>,
    /// The cell of the last post: the next one is most likely in it as well.
    last: usize,
    latest: Latest,
}

impl PartialEq for Rollup {
    fn eq(&self, other: &Self) -> bool {
        (self.level, &self.zone, &self.cells) == (other.level, &other.zone, &other.cells)
    }
}

impl Rollup {
    /// Without posts.
    pub fn new(level: Level, zone: Zone) -> Self {
        Self {
            level,
            zone,
            cells: Vec::new(),
            last: 0,
            latest: Latest::default(),
        }
    }

    /// Counts one post; posts may come in any order.
    #[inline]
    pub fn add(&mut self, post: Post) {
        self.go_to(post.at);
        let cell = &mut self.cells[self.last];
        cell.add(&post);
        cell.authors.add(post.author, &mut self.latest);
    }

    /// Counts one post whose author is not asked for.
    #[inline]
    pub fn add_without_author(&mut self, post: Post) {
        self.cell_at(post.at).add(&post);
    }

    fn cell_at(&mut self, at: Millis) -> &mut Cell {
        self.go_to(at);
        &mut self.cells[self.last]
    }

    /// Makes the cell that holds an instant the last one.
    #[inline]
    fn go_to(&mut self, at: Millis) {
        let at = at.clamp(-MAX_TIME, MAX_TIME);
        let is_in_last = self
            .cells
            .get(self.last)
            .is_some_and(|cell| cell.start <= at && at < cell.end);
        if !is_in_last {
            self.go_to_other(at);
        }
    }

    #[cold]
    fn go_to_other(&mut self, at: Millis) {
        self.latest.forget();
        self.last = self.cells.partition_point(|cell| cell.end <= at);
        match self
            .cells
            .get_mut(self.last)
            .filter(|cell| cell.start <= at)
        {
            Some(cell) => cell.authors.go_on(),
            None => {
                let mut cell = Cell::empty(self.zone.cell(self.level, at));
                if let Some(before) = self.last.checked_sub(1).and_then(|idx| self.cells.get(idx)) {
                    cell.authors = Authors::with_room_as(&before.authors);
                }
                self.cells.insert(self.last, cell);
            }
        }
    }

    /// The cells with posts, ascending.
    pub fn cells(&self) -> impl Iterator<Item = &Cell> {
        self.cells.iter()
    }

    /// What fell into the cell that holds an instant; empty where there were no posts.
    pub fn cell(&self, at: Millis) -> Cell {
        let at = at.clamp(-MAX_TIME, MAX_TIME);
        let idx = self.cells.partition_point(|cell| cell.end <= at);
        let found = self.cells.get(idx).filter(|cell| cell.start <= at);
        found
            .cloned()
            .unwrap_or_else(|| Cell::empty(self.zone.cell(self.level, at)))
    }

    /// The cell that holds an instant and the one before it, across the ends of months and years.
    pub fn with_previous(&self, at: Millis) -> (Cell, Cell) {
        let now = self.cell(at);
        let before = self.cell(now.start - 1);
        (now, before)
    }

    /// Every cell from the first to the last one with posts, the empty ones too: zero counts, no means.
    pub fn without_holes(&self) -> Vec<Cell> {
        let mut all: Vec<Cell> = Vec::new();
        for cell in &self.cells {
            while let Some(end) = all.last().map(|c| c.end).filter(|end| *end < cell.start) {
                all.push(Cell::empty(self.zone.cell(self.level, end)));
            }
            all.push(cell.clone());
        }
        all
    }

    /// Adds what another roll-up of equal level and zone holds.
    ///
    /// # Errors
    /// [`RollupError::Different`].
    pub fn merge(&mut self, other: &Self) -> Result<(), RollupError> {
        if (self.level, &self.zone) != (other.level, &other.zone) {
            return Err(RollupError::Different);
        }
        for cell in &other.cells {
            self.cell_at(cell.start).merge(cell);
        }
        Ok(())
    }

    /// The same posts on a coarser level, in a zone of choice.
    ///
    /// # Errors
    /// [`RollupError`]: the level is not coarser, or a cell belongs to two coarser ones.
    pub fn rolled_up(&self, level: Level, zone: &Zone) -> Result<Self, RollupError> {
        let is_calendar = self.level >= Level::Day;
        if level <= self.level || (is_calendar && *zone != self.zone) {
            return Err(RollupError::NotFiner {
                from: self.level,
                to: level,
            });
        }
        let mut coarse = Self::new(level, zone.clone());
        for cell in &self.cells {
            let into = coarse.cell_at(cell.start);
            if cell.end > into.end {
                return Err(RollupError::Straddles { start: cell.start });
            }
            into.merge(cell);
        }
        Ok(coarse)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use wire::time::{DAY, HOUR, MINUTE};

    use super::*;

    fn post(at: Millis, compound: i16, author: u32) -> Post {
        let class = match compound {
            500.. => Class::Positive,
            ..=-500 => Class::Negative,
            _ => Class::Neutral,
        };
        Post {
            at,
            compound,
            class,
            author,
        }
    }

    fn rollup(level: Level, zone: &Zone, posts: &[Post]) -> Rollup {
        let mut rollup = Rollup::new(level, zone.clone());
        posts.iter().for_each(|post| rollup.add(*post));
        rollup
    }

    #[test]
    fn january_is_compared_with_december() {
        let year = 365 * DAY;
        let posts = [
            post(year - 1, 100, 1),
            post(year, 300, 1),
            post(year + DAY, 500, 2),
        ];

        let months = rollup(Level::Month, &Zone::utc(), &posts);
        let (january, december) = months.with_previous(year + 5 * DAY);

        assert_eq!((january.n, january.n_authors(), december.n), (2, 2, 1));
        assert_eq!((december.start, december.end), (334 * DAY, year));
        assert_eq!(months.with_previous(100 * DAY).0.mean(), None);
    }

    #[test]
    fn cells_without_posts_are_zero_and_not_missing() {
        let posts = [post(0, 100, 1), post(3 * HOUR, 300, 1)];

        let all = rollup(Level::Hour, &Zone::utc(), &posts).without_holes();

        assert_eq!(
            all.iter().map(|cell| cell.n).collect::<Vec<_>>(),
            [1, 0, 0, 1]
        );
        assert_eq!((all[1].mean(), all[1].range()), (None, None));
    }

    #[test]
    fn hours_do_not_make_up_days_of_half_an_hours_offset() {
        let india = Zone::new(330, &[]).unwrap();
        let posts = [post(18 * HOUR, 1, 1), post(18 * HOUR + 45 * MINUTE, 1, 1)];

        let hours = rollup(Level::Hour, &Zone::utc(), &posts);
        let minutes = rollup(Level::FiveMinutes, &Zone::utc(), &posts);

        assert_eq!(
            hours.rolled_up(Level::Day, &india),
            Err(RollupError::Straddles { start: 18 * HOUR })
        );
        assert_eq!(
            minutes
                .rolled_up(Level::Day, &india)
                .unwrap()
                .cells()
                .count(),
            2
        );
        assert!(hours.rolled_up(Level::Minute, &india).is_err());
    }

    proptest! {
        #[test]
        fn levels_splits_and_orders_give_the_same_cells(
            posts in prop::collection::vec((-900 * DAY..900 * DAY, -10_000i16..=10_000, 0u32..9), 0..120),
            split in 0usize..120,
            in_order in any::<bool>(),
        ) {
            let zone = Zone::new(60, &[(0, 120), (90 * DAY, 60)]).unwrap();
            let mut posts: Vec<Post> = posts.into_iter().map(|(at, c, a)| post(at, c, a)).collect();
            if in_order {
                posts.sort_by_key(|post| post.at);
            }
            let (first, second) = posts.split_at(split.min(posts.len()));
            let mut finer = rollup(Level::Minute, &zone, first);
            finer.merge(&rollup(Level::Minute, &zone, second)).unwrap();

            for level in [Level::FiveMinutes, Level::Hour, Level::Day, Level::Month, Level::Year] {
                finer = finer.rolled_up(level, &zone).unwrap();
                let mut backwards = posts.clone();
                backwards.reverse();
                let direct = rollup(level, &zone, &backwards);

                prop_assert_eq!(&finer.cells, &direct.cells);
                let in_turn = rollup(level, &zone, &posts);
                prop_assert!(in_turn.cells().map(Cell::n_authors).eq(direct.cells().map(Cell::n_authors)));
                for cell in finer.cells() {
                    let inside: Vec<&Post> =
                        posts.iter().filter(|p| (cell.start..cell.end).contains(&p.at)).collect();
                    prop_assert_eq!(cell.n, inside.len() as u64);
                    prop_assert_eq!(cell.sum, inside.iter().map(|p| i64::from(p.compound)).sum::<i64>());
                    let authors: BTreeSet<u32> = inside.iter().map(|p| p.author).collect();
                    prop_assert_eq!(cell.n_authors(), authors.len());
                }
            }
        }
    }
}
