//! Posts counted on grids of 5 minutes, an hour and a day, so that no range is ever counted post by post.

use std::{collections::BTreeMap, ops};

use wire::{
    Millis,
    time::{DAY, HOUR, MINUTE},
};

use crate::view::{Class, Counts};

/// Width of the finest grid.
pub const FIVE_MINUTES: Millis = 5 * MINUTE;

/// What is counted of one post.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Sample {
    /// Grid time.
    pub at: Millis,
    /// VADER compound in ten-thousandths, −10,000…+10,000.
    pub compound: i16,
    /// How the text reads.
    pub class: Class,
    /// The post came late: counted where it belongs, left out of lead/lag statistics.
    pub late: bool,
}

/// What fell in one cell of a grid. Sums are exact integers, so that order never matters.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Bucket {
    /// Posts.
    pub n: u32,
    /// Posts with class positive.
    pub n_positive: u32,
    /// Posts with class negative.
    pub n_negative: u32,
    /// Posts that came late.
    pub n_late: u32,
    /// Sum of compounds in ten-thousandths.
    pub sum: i64,
    /// The part of `sum` that came late.
    pub sum_late: i64,
    /// Least compound in ten-thousandths; 0 in an empty bucket.
    pub min: i16,
    /// Greatest compound in ten-thousandths; 0 in an empty bucket.
    pub max: i16,
}

impl Bucket {
    /// Counts one post.
    pub fn add(&mut self, sample: Sample) {
        let late = u32::from(sample.late);
        let compound = i64::from(sample.compound);
        self.merge(&Self {
            n: 1,
            n_positive: u32::from(sample.class == Class::Positive),
            n_negative: u32::from(sample.class == Class::Negative),
            n_late: late,
            sum: compound,
            sum_late: compound * i64::from(late),
            min: sample.compound,
            max: sample.compound,
        });
    }

    /// Adds what another bucket holds: hours roll up to days exactly, means by n.
    pub fn merge(&mut self, other: &Self) {
        if other.n == 0 {
            return;
        }
        (self.min, self.max) = if self.n == 0 {
            (other.min, other.max)
        } else {
            (self.min.min(other.min), self.max.max(other.max))
        };
        self.n += other.n;
        self.n_positive += other.n_positive;
        self.n_negative += other.n_negative;
        self.n_late += other.n_late;
        self.sum += other.sum;
        self.sum_late += other.sum_late;
    }

    /// Mean compound in −1…+1; `None` without posts.
    pub fn mean(&self) -> Option<f64> {
        mean_compound(self.sum, u64::from(self.n))
    }

    /// Mean compound of the posts that came in time; `None` without such posts.
    pub fn mean_on_time(&self) -> Option<f64> {
        mean_compound(self.sum - self.sum_late, u64::from(self.n - self.n_late))
    }

    /// Counts as a panel shows them.
    pub fn counts(&self) -> Counts {
        Counts {
            posts: u64::from(self.n),
            positive: u64::from(self.n_positive),
            neutral: u64::from(self.n - self.n_positive - self.n_negative),
            negative: u64::from(self.n_negative),
            mean_compound: self.mean(),
        }
    }
}

/// Mean in −1…+1 of `n` compounds with this sum in ten-thousandths; `None` for `n = 0`.
pub fn mean_compound(sum: i64, n: u64) -> Option<f64> {
    (n > 0).then(|| sum as f64 / (n as f64 * 10_000.0))
}

/// Buckets `[i·width, (i + 1)·width)` of one width, aligned to the Unix epoch in UTC.
///
/// Only cells with posts are held; every other cell is empty.
#[derive(Clone, Debug)]
pub struct BucketGrid {
    width: Millis,
    /// All but the newest.
    cells: BTreeMap<i64, Bucket>,
    /// Where nearly every post of a stream falls.
    newest: Option<(i64, Bucket)>,
}

impl BucketGrid {
    /// An empty grid; a width below 1 counts as 1.
    pub fn new(width: Millis) -> Self {
        Self {
            width: width.max(1),
            cells: BTreeMap::new(),
            newest: None,
        }
    }

    /// Width of a bucket.
    pub fn width(&self) -> Millis {
        self.width
    }

    /// Counts one post.
    pub fn add(&mut self, sample: Sample) {
        self.cell_mut(sample.at.div_euclid(self.width)).add(sample);
    }

    /// Adds everything that another grid of the same or a divided width holds.
    pub fn merge(&mut self, other: &Self) {
        for (idx, bucket) in other.cells(i64::MIN, i64::MAX) {
            let start = idx.saturating_mul(other.width);
            self.cell_mut(start.div_euclid(self.width)).merge(bucket);
        }
    }

    fn cell_mut(&mut self, idx: i64) -> &mut Bucket {
        let newest_idx = self.newest.map_or(i64::MIN, |(newest_idx, _)| newest_idx);
        if idx < newest_idx {
            return self.cells.entry(idx).or_default();
        }
        if idx > newest_idx {
            self.cells.extend(self.newest.take());
        }
        &mut self.newest.get_or_insert((idx, Bucket::default())).1
    }

    /// The buckets with posts among `from_idx..to_idx`, ascending.
    pub fn cells(&self, from_idx: i64, to_idx: i64) -> impl Iterator<Item = (i64, &Bucket)> {
        let range = from_idx..to_idx.max(from_idx);
        let newest = self.newest.iter().map(|(idx, bucket)| (idx, bucket));
        self.cells
            .range(range.clone())
            .chain(newest.filter(move |(idx, _)| range.contains(idx)))
            .map(|(idx, bucket)| (*idx, bucket))
    }

    /// The sum over `from_idx..to_idx`.
    pub fn sum(&self, from_idx: i64, to_idx: i64) -> Bucket {
        let mut sum = Bucket::default();
        self.cells(from_idx, to_idx)
            .for_each(|(_, bucket)| sum.merge(bucket));
        sum
    }
}

/// The same posts on the three grids: 5 minutes, an hour, a day.
#[derive(Clone, Debug)]
pub struct Grids {
    five_minutes: BucketGrid,
    hour: BucketGrid,
    day: BucketGrid,
}

impl Default for Grids {
    fn default() -> Self {
        Self {
            five_minutes: BucketGrid::new(FIVE_MINUTES),
            hour: BucketGrid::new(HOUR),
            day: BucketGrid::new(DAY),
        }
    }
}

impl Grids {
    /// Counts one post on every grid.
    pub fn add(&mut self, sample: Sample) {
        self.five_minutes.add(sample);
        self.hour.add(sample);
        self.day.add(sample);
    }

    /// The coarsest grid whose width is at most `width`; the finest one if none is.
    pub fn grid(&self, width: Millis) -> &BucketGrid {
        if width >= DAY {
            &self.day
        } else if width >= HOUR {
            &self.hour
        } else {
            &self.five_minutes
        }
    }

    /// Exact sum over `[from, to)`: whole days, then whole hours, then whole 5 minutes, and the two
    /// ends, each shorter than 5 minutes, by `edge`, which counts the posts of a range one by one.
    pub fn sum(
        &self,
        from: Millis,
        to: Millis,
        mut edge: impl FnMut(ops::Range<Millis>) -> Bucket,
    ) -> Bucket {
        let mut total = Bucket::default();
        let mut outer: Vec<ops::Range<Millis>> = Vec::with_capacity(8);
        outer.push(from..to.max(from));
        for grid in [&self.day, &self.hour, &self.five_minutes] {
            let mut rest = Vec::with_capacity(4);
            for range in outer {
                let first = range.start.div_euclid(grid.width)
                    + i64::from(range.start.rem_euclid(grid.width) != 0);
                let last = range.end.div_euclid(grid.width);
                if first >= last {
                    rest.push(range);
                    continue;
                }
                total.merge(&grid.sum(first, last));
                rest.push(range.start..first * grid.width);
                rest.push(last * grid.width..range.end);
            }
            outer = rest;
        }
        for range in outer.into_iter().filter(|range| !range.is_empty()) {
            total.merge(&edge(range));
        }
        total
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample(at: Millis, compound: i16) -> Sample {
        let class = match compound {
            500.. => Class::Positive,
            ..=-500 => Class::Negative,
            _ => Class::Neutral,
        };
        Sample {
            at,
            compound,
            class,
            late: compound % 7 == 0,
        }
    }

    fn brute_force(samples: &[Sample], range: ops::Range<Millis>) -> Bucket {
        let mut sum = Bucket::default();
        samples
            .iter()
            .filter(|s| range.contains(&s.at))
            .for_each(|s| sum.add(*s));
        sum
    }

    #[test]
    fn a_bucket_begins_at_its_start_also_before_1970() {
        let mut grid = BucketGrid::new(HOUR);
        for at in [-1, -HOUR, -HOUR - 1, 0, HOUR - 1, HOUR] {
            grid.add(sample(at, 1));
        }

        let cells: Vec<_> = grid
            .cells(i64::MIN, i64::MAX)
            .map(|(idx, bucket)| (idx, bucket.n))
            .collect();

        assert_eq!(cells, [(-2, 1), (-1, 2), (0, 2), (1, 1)]);
    }

    #[test]
    fn a_mean_is_by_posts_and_late_posts_can_be_left_out() {
        let mut bucket = Bucket::default();
        bucket.add(Sample {
            at: 0,
            compound: 10_000,
            class: Class::Positive,
            late: true,
        });
        bucket.add(Sample {
            at: 0,
            compound: -5_000,
            class: Class::Negative,
            late: false,
        });

        assert_eq!(
            (bucket.mean(), bucket.mean_on_time()),
            (Some(0.25), Some(-0.5))
        );
        assert_eq!((bucket.min, bucket.max), (-5_000, 10_000));
        assert_eq!(Bucket::default().mean(), None);
    }

    proptest! {
        #[test]
        fn the_sum_over_any_range_is_what_counting_one_by_one_gives(
            posts in prop::collection::vec((-3 * DAY..3 * DAY, -10_000i16..=10_000), 0..80),
            from in -4 * DAY..4 * DAY,
            length in 0..5 * DAY,
        ) {
            let samples: Vec<Sample> = posts.into_iter().map(|(at, compound)| sample(at, compound)).collect();
            let mut grids = Grids::default();
            samples.iter().for_each(|s| grids.add(*s));
            let mut longest_edge = 0;

            let sum = grids.sum(from, from + length, |range| {
                longest_edge = longest_edge.max(range.end - range.start);
                brute_force(&samples, range)
            });

            prop_assert_eq!(sum, brute_force(&samples, from..from + length));
            prop_assert!(longest_edge < 2 * FIVE_MINUTES);
        }

        #[test]
        fn finer_buckets_roll_up_to_coarser_ones_exactly(
            posts in prop::collection::vec((-3 * DAY..3 * DAY, -10_000i16..=10_000), 0..80),
        ) {
            let (mut fine, mut coarse, mut rolled) =
                (BucketGrid::new(HOUR), BucketGrid::new(DAY), BucketGrid::new(DAY));
            for (at, compound) in posts {
                fine.add(sample(at, compound));
                coarse.add(sample(at, compound));
            }

            rolled.merge(&fine);

            prop_assert_eq!(rolled.cells, coarse.cells);
        }
    }
}
