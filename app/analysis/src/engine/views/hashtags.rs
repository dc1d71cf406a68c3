//! Hashtags by count over the window that ends now.

use wire::{
    Millis,
    time::{DAY, MINUTE},
};

use crate::{
    engine::Engine,
    series::bucket::mean_compound,
    trending::TrendingRow,
    view::{Counts, HashtagRow, HashtagsView},
};

impl Engine {
    #[inline(never)]
    pub(super) fn hashtags(&mut self, now: Millis) -> HashtagsView {
        let window = self.watch.hashtag_window.clamp(MINUTE, DAY);
        self.trending.set_window(window);
        self.trending.set_by(self.watch.count_by);
        let top = self.trending.top(now, usize::from(self.watch.n_hashtags));
        HashtagsView {
            until: now,
            window,
            by: self.watch.count_by,
            rows: top.into_iter().map(row).collect(),
            n_distinct: self.trending.n_distinct(now),
            n_posts: self.trending.n_posts(now),
        }
    }
}

fn row(row: TrendingRow) -> HashtagRow {
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
        counts: Counts {
            posts,
            positive,
            neutral,
            negative,
            mean_compound,
        },
    }
}
