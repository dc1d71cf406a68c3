//! Hashtags by count over the window that ends now.

use wire::{
    Millis,
    time::{DAY, MINUTE},
};

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
        let window = self.watch.hashtag_window.clamp(MINUTE, DAY);
        self.trending.set_window(window);
        self.trending.set_by(self.watch.count_by);
        let k = usize::from(self.watch.n_hashtags);
        let rows = match self.watch.rank_by {
            RankBy::Count => self.trending.top_with_bursts(now, k),
            RankBy::Burst => {
                let top = self.trending.top_bursts(now, k).into_iter();
                top.map(|(row, burst)| (row, Some(burst))).collect()
            }
        };
        HashtagsView {
            until: now,
            window,
            by: self.watch.count_by,
            rank_by: self.watch.rank_by,
            rows: rows.into_iter().map(row).collect(),
            n_distinct: self.trending.n_distinct(now),
            n_posts: self.trending.n_posts(now),
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
    }
}
