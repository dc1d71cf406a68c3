//! Hashtags by count over the window that ends now.

use wire::Millis;

use crate::{
    engine::Engine,
    protocol::RankBy,
    series::bucket::mean_compound,
    trending::{Burst, MIN_COUNT, TrendingRow},
    view::{Counts, HashtagRow, HashtagsView},
};

impl Engine {
    #[inline(never)]
    pub(super) fn hashtags(&mut self, now: Millis) -> HashtagsView {
        let window = self.hashtag_window();
        // A fixed range shows what was trending at its end.
        let until = self
            .hashtags_end()
            .map_or(now, |end| end.saturating_sub(1).min(now));
        let trending = self.selected.hashtags().unwrap_or(&mut self.trending);
        trending.set_window(window);
        trending.set_by(self.watch.count_by);
        let k = usize::from(self.watch.n_hashtags);
        let rows = match self.watch.rank_by {
            RankBy::Count => trending.top_with_bursts(until, k),
            RankBy::Burst => {
                let top = trending.top_bursts(until, k).into_iter();
                top.map(|(row, burst)| (row, Some(burst))).collect()
            }
        };
        HashtagsView {
            until,
            window,
            by: self.watch.count_by,
            rank_by: self.watch.rank_by,
            rows: rows.into_iter().map(row).collect(),
            n_distinct: trending.n_distinct(until),
            n_posts: trending.n_posts(until),
        }
    }
}

fn row((row, burst): (TrendingRow, Option<Burst>)) -> HashtagRow {
    let TrendingRow {
        tag,
        count,
        previous,
        positive,
        neutral,
        negative,
        compound_sum,
        authors,
        voices,
    } = row;
    let posts = positive + neutral + negative;
    let mean_compound = mean_compound(compound_sum, posts);
    HashtagRow {
        tag,
        count,
        previous,
        baseline: burst.map(|burst| burst.baseline),
        burst: burst
            .filter(|_| count >= u64::from(MIN_COUNT))
            .map(|burst| burst.score),
        counts: Counts {
            posts,
            positive,
            neutral,
            negative,
            mean_compound,
        },
        authors,
        voices,
    }
}
