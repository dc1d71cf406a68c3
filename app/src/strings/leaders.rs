//! Sentences of the leaderboard and the ticker trends.

use analysis::{
    protocol::LeaderSort,
    view::{LeaderRow, LeadersView, StackView},
};

use super::voices_beside;
use crate::format;

/// What is ranked, over which stretch, out of how many.
pub(crate) fn caption(view: &LeadersView) -> String {
    let by = match view.choice.sort {
        LeaderSort::Mentions => "posts that mention them",
        LeaderSort::Positive => "share of positive posts",
        LeaderSort::Neutral => "share of neutral posts",
        LeaderSort::Negative => "share of negative posts",
    };
    let few = match view.n_unranked {
        0 => String::new(),
        n => format!(
            ", {} not ranked for fewer than {} posts",
            format::count(n),
            view.least_posts
        ),
    };
    format!(
        "By {by}, {} UTC, {} of {} tickers{few}",
        format::stretch(view.period.from, view.period.to),
        view.rows.len(),
        format::count(view.n_tickers)
    )
}

/// What is compared with.
pub(crate) fn before(view: &LeadersView) -> String {
    view.before.map_or_else(
        || "Nothing before it to compare with".to_owned(),
        |before| {
            format!(
                "Ranks and changes against {} UTC",
                format::stretch(before.from, before.to)
            )
        },
    )
}

/// `▲ 2`, `▼ 1`, `=`, `new`: how a rank moved.
pub(crate) fn moved(rank: usize, row: &LeaderRow, has_before: bool) -> String {
    match row.rank_before {
        _ if !has_before => String::new(),
        None => "new".to_owned(),
        Some(before) => {
            let up = i64::from(before) - rank as i64;
            match up {
                0 => "=".to_owned(),
                1.. => format!("↑{up}"),
                _ => format!("↓{}", -up),
            }
        }
    }
}

/// A row in words.
pub(crate) fn label(rank: usize, row: &LeaderRow) -> String {
    let counts = row.counts;
    let of = |n: u64| format::share(n, counts.posts);
    let mean = counts
        .mean_compound
        .map_or("–".to_owned(), |mean| format::signed(mean, 2));
    format!(
        "{rank}. {}, {} posts: {} positive, {} neutral, {} negative; mean compound {mean}{}; show this ticker",
        row.symbol,
        format::count(counts.posts),
        of(counts.positive),
        of(counts.neutral),
        of(counts.negative),
        voices_beside(row.authors, row.voices)
            .map_or(String::new(), |voices| format!("; {voices}")),
    )
}

/// What a stacked chart shows, for people who cannot see it.
pub(crate) fn stack(view: &StackView) -> String {
    let mut sum = [0u64; 3];
    let mut n_unheard = 0;
    for cell in &view.cells {
        match cell {
            Some(cell) => (0..3).for_each(|k| sum[k] += u64::from(cell[k])),
            None => n_unheard += 1,
        }
    }
    let n: u64 = sum.iter().sum();
    let subject = match view.subject.as_str() {
        "" => "all posts".to_owned(),
        subject => subject.to_owned(),
    };
    let unheard = match n_unheard {
        0 => String::new(),
        1 => ", 1 cell without a listening source".to_owned(),
        n => format!(", {n} cells without a listening source"),
    };
    format!(
        "{subject}, {} posts in {} cells: {} positive, {} neutral, {} negative{unheard}",
        format::count(n),
        view.cells.len(),
        format::share(sum[0], n),
        format::share(sum[1], n),
        format::share(sum[2], n),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rank_moves_up_towards_the_first() {
        let row = |rank_before| LeaderRow {
            rank_before,
            ..LeaderRow::default()
        };

        assert_eq!(moved(1, &row(Some(3)), true), "↑2");
        assert_eq!(moved(3, &row(Some(1)), true), "↓2");
        assert_eq!(moved(3, &row(Some(3)), true), "=");
        assert_eq!(
            (moved(1, &row(None), true), moved(1, &row(None), false)),
            ("new".into(), String::new())
        );
    }

    #[test]
    fn a_row_tells_who_stands_behind_its_posts_where_that_is_known() {
        let row = |authors, voices| LeaderRow {
            authors,
            voices,
            ..LeaderRow::default()
        };

        assert!(label(1, &row(1_200, 4.06)).contains("; 1,200 authors · 4.1 voices; show"));
        assert!(label(1, &row(1, 1.0)).contains("; 1 author · 1.0 voices; show"));
        assert!(label(1, &row(0, 0.0)).contains("compound –; show"));
    }
}
