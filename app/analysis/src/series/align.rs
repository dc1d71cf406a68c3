//! Sentiment and returns on one grid, each known at the end of its cell.
//!
//! A cell's sentiment is known when the cell closes, and so is its return; a lag of 1 therefore
//! never looks ahead.

use std::{collections::BTreeMap, ops::Range as IdxRange};

use wire::{Millis, time::DAY};

use crate::series::{BucketGrid, Series, bucket::Bucket, returns::log_returns};

/// The longest ordinary closure of a market, between two closes of daily bars: a long weekend with a
/// holiday on either side. More than that is a hole in the data, and the return across it a gap.
pub const MAX_CLOSURE: Millis = 5 * DAY;

/// Sentiment (x) and log returns (y) on one grid; equal lengths.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Aligned {
    /// Start of each cell. On a regular grid the end of the one before.
    pub starts: Vec<Millis>,
    /// End of each cell, ascending.
    pub ends: Vec<Millis>,
    /// Mean compound of the posts of the cell that came in time.
    pub sentiment: Series,
    /// Log return over the cell.
    pub returns: Series,
    /// Posts of the cell that came in time. 0 says nothing about whether a source was listening.
    pub n_posts: Vec<u32>,
    /// Posts of the cell that came late and are left out of its sentiment.
    pub n_late: Vec<u32>,
}

/// On a regular grid: cell `i` of `cells` is bucket `i` of `grid`, its return runs between the closes
/// known at its two ends. `closes` maps the time a close is known at to its price.
pub fn on_buckets(
    grid: &BucketGrid,
    cells: IdxRange<i64>,
    closes: &BTreeMap<Millis, f64>,
) -> Aligned {
    let n = usize::try_from(cells.end - cells.start).unwrap_or(0);
    let mut sentiment = vec![None; n];
    let (mut n_posts, mut n_late) = (vec![0; n], vec![0; n]);
    for (idx, bucket) in grid.cells(cells.start, cells.end) {
        let place = usize::try_from(idx - cells.start).ok().filter(|i| *i < n);
        if let Some(place) = place {
            sentiment[place] = bucket.mean_on_time();
            n_posts[place] = bucket.n - bucket.n_late;
            n_late[place] = bucket.n_late;
        }
    }
    let end_of = |idx: i64| (idx + 1) * grid.width();
    // One close more than cells: the first cell's return starts at its beginning.
    let prices: Vec<Option<f64>> = (cells.start - 1..cells.end)
        .map(|idx| closes.get(&end_of(idx)).copied())
        .collect();
    let returns = log_returns(&prices)
        .values()
        .iter()
        .skip(1)
        .copied()
        .collect::<Vec<_>>();
    Aligned {
        starts: cells.clone().map(|idx| idx * grid.width()).collect(),
        ends: cells.map(end_of).collect(),
        sentiment: Series::with_gaps(sentiment),
        returns: Series::with_gaps(returns),
        n_posts,
        n_late,
    }
}

/// On the bars' own index, for instruments that do not trade every day: cell `i` runs from the close
/// before to close `i`, so posts of closed hours and days count into the next close.
///
/// `posts_between(from, to)` gives the posts of `[from, to)`. The first close has no cell before it and
/// only starts the second. A cell that does not end after it begins, since the closes are not in the order
/// of time, is a gap.
pub fn on_closes(
    closes: &[(Millis, f64)],
    mut posts_between: impl FnMut(Millis, Millis) -> Bucket,
) -> Aligned {
    let mut aligned = Aligned::default();
    let (mut sentiment, mut returns) = (Vec::new(), Vec::new());
    for pair in closes.windows(2) {
        let [(before, price_before), (end, price)] = *pair else {
            continue;
        };
        let is_hole = !(1..=MAX_CLOSURE).contains(&end.saturating_sub(before));
        let posts = posts_between(before, end);
        aligned.starts.push(before);
        aligned.ends.push(end);
        aligned.n_posts.push(posts.n - posts.n_late);
        aligned.n_late.push(posts.n_late);
        sentiment.push(posts.mean_on_time().filter(|_| !is_hole));
        returns.push((!is_hole).then(|| (price / price_before).ln()));
    }
    aligned.sentiment = Series::with_gaps(sentiment);
    aligned.returns = Series::with_gaps(returns);
    aligned
}

#[cfg(test)]
mod tests {
    use wire::time::HOUR;

    use super::*;
    use crate::{series::bucket::Sample, view::Class};

    fn sample(at: Millis, compound: i16) -> Sample {
        Sample {
            at,
            compound,
            class: Class::Neutral,
            late: false,
        }
    }

    #[test]
    fn a_cells_return_ends_where_its_sentiment_does() {
        let mut grid = BucketGrid::new(HOUR);
        grid.add(sample(HOUR, 5_000));
        grid.add(Sample {
            late: true,
            ..sample(2 * HOUR, 5_000)
        });
        let closes = BTreeMap::from([(HOUR, 1.0), (2 * HOUR, 2.0), (4 * HOUR, 2.0)]);

        let aligned = on_buckets(&grid, 1..4, &closes);

        assert_eq!(aligned.ends, [2 * HOUR, 3 * HOUR, 4 * HOUR]);
        assert_eq!(aligned.sentiment.values(), [Some(0.5), None, None]);
        assert_eq!(aligned.returns.values(), [Some(2f64.ln()), None, None]);
        assert_eq!(
            (aligned.n_posts, aligned.n_late),
            (vec![1, 0, 0], vec![0, 1, 0])
        );
    }

    #[test]
    fn posts_of_a_closed_weekend_count_into_the_next_close() {
        let mut grid = BucketGrid::new(HOUR);
        grid.add(sample(2 * DAY, 4_000));
        let closes = [(DAY, 1.0), (4 * DAY, 2.0), (20 * DAY, 8.0)];

        let aligned = on_closes(&closes, |from, to| grid.sum(from / HOUR, to / HOUR));

        assert_eq!(
            (aligned.starts, aligned.ends),
            (vec![DAY, 4 * DAY], vec![4 * DAY, 20 * DAY])
        );
        assert_eq!(aligned.sentiment.values(), [Some(0.4), None]);
        assert_eq!(aligned.returns.values(), [Some(2f64.ln()), None]);
    }
}
