//! Buckets put together until their bars are wide enough to see.

use analysis::view::MarketView;
use wire::Millis;

/// A bar of sentiment and posts is at least this wide, gap included; narrower buckets are drawn together.
const COLUMN_PX: f64 = 4.0;

/// Neighbouring buckets drawn as one bar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Column {
    /// Start, inclusive.
    pub from: Millis,
    /// End, exclusive.
    pub to: Millis,
    /// Posts; `None` where no source was listening all along.
    pub n_posts: Option<u64>,
    /// Mean compound over these posts.
    pub mean_compound: Option<f64>,
}

/// A multiple of the bucket width that gives bars wide enough to see.
pub(super) fn column_width(view: &MarketView, plot_px: f64) -> Millis {
    let width = view.width.max(1);
    let length = (view.range.to - view.range.from).max(1) as f64;
    let narrowest = length * COLUMN_PX / plot_px.max(1.0);
    [1, 2, 3, 4, 6, 12, 24, 48, 96, 168, 336, 672]
        .into_iter()
        .map(|n| n * width)
        .find(|candidate| *candidate as f64 >= narrowest)
        .unwrap_or(width * ((narrowest / width as f64).ceil() as Millis).max(1))
}

/// Buckets put together into columns that are aligned to the epoch. Means are weighted by posts.
pub(super) fn columns(view: &MarketView, column_width: Millis) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    let buckets = view.n_posts.iter().zip(&view.mean_compound).enumerate();
    for (idx, (n, mean)) in buckets {
        let bucket = view.start + idx as Millis * view.width.max(1);
        let from = bucket.div_euclid(column_width) * column_width;
        let sum = f64::from(n.unwrap_or(0)) * mean.filter(|m| m.is_finite()).map_or(0.0, f64::from);
        match columns.last_mut() {
            // While a column is being filled, `mean_compound` holds the sum.
            Some(column) if column.from == from => {
                column.n_posts = match (column.n_posts, n) {
                    (None, None) => None,
                    (a, b) => Some(a.unwrap_or(0) + u64::from(b.unwrap_or(0))),
                };
                column.mean_compound = column.mean_compound.map(|s| s + sum);
            }
            _ => columns.push(Column {
                from,
                to: from + column_width,
                n_posts: n.map(u64::from),
                mean_compound: Some(sum),
            }),
        }
    }
    for column in &mut columns {
        let n = column.n_posts.unwrap_or(0);
        column.mean_compound = column
            .mean_compound
            .filter(|_| n > 0)
            .map(|sum| sum / n as f64);
    }
    columns
}

#[cfg(test)]
mod tests {
    use analysis::view::Range;
    use wire::time::{DAY, HOUR, MINUTE};

    use super::*;

    fn view() -> MarketView {
        MarketView {
            range: Range {
                from: 0,
                to: 4 * HOUR,
            },
            width: HOUR,
            bar_width: HOUR,
            n_posts: vec![Some(1), Some(3), None, Some(0)],
            mean_compound: vec![Some(0.8), Some(-0.4), None, None],
            ..MarketView::default()
        }
    }

    #[test]
    fn a_column_weighs_its_buckets_by_their_posts_and_keeps_silence_apart_from_deafness() {
        let joined = columns(&view(), 2 * HOUR);

        assert_eq!(
            joined.iter().map(|c| c.n_posts).collect::<Vec<_>>(),
            [Some(4), Some(0)]
        );
        assert!((joined[0].mean_compound.unwrap() - (0.8 - 1.2) / 4.0).abs() < 1e-6);
        assert_eq!(joined[1].mean_compound, None);
        assert_eq!(columns(&view(), HOUR)[2].n_posts, None);
    }

    #[test]
    fn columns_are_wide_enough_to_see() {
        let many = MarketView {
            range: Range {
                from: 0,
                to: 5 * DAY,
            },
            width: 5 * MINUTE,
            ..view()
        };

        assert_eq!(column_width(&many, 800.0), HOUR);
        assert_eq!(column_width(&view(), 800.0), HOUR);
    }
}
