//! Is a count unusual? A hashtag's count against what its share of the day before lets expect.

/// Below this count nothing is called a burst.
pub const MIN_COUNT: u32 = 5;
/// How much a share wanders by itself from one hour to the next, relative to its size.
const WANDER: f64 = 0.25;
/// The least deviation, in posts: one more or less of a rare tag is no news.
const LEAST_DEVIATION: f64 = 1.0;

/// How unusual a count is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Burst {
    /// The count that was to be expected, in posts.
    pub baseline: f64,
    /// How far the count is above that, in standard deviations; from about 3 on it is remarkable.
    pub score: f64,
}

/// The burst of a tag with `count` posts or authors in a window that holds `n_window` uses of any tag, if
/// `background` of the `n_background` uses in the time before were this tag's.
///
/// With ν = (`background` + ½) · `n_window` / `n_background`, the score is
/// (`count` − ν) / max(√(ν + ν·`n_window`/`n_background` + (ν/4)²), 1): the count of a Poisson process of
/// which the rate is known from so much background only, and wanders by a quarter. Shares instead of rates
/// take out the rhythm of day and week, and a source that was lost. When authors are counted they are
/// compared with posts, which they never exceed: one author cannot make a burst.
///
/// None without a background.
///
/// # Source
/// The Poisson background model of Hendrickson, Kolb, Lehman and Montague, *Trend Detection in Social Data*,
/// Gnip 2015; the floor under the deviation as β in Schubert, Weiler and Kriegel, *SigniTrend*, KDD 2014.
///
/// ```
/// let usual = analysis::trending::burst(100, 10_000, 1_000, 100_000).unwrap();
/// let burst = analysis::trending::burst(40, 10, 1_000, 100_000).unwrap();
///
/// assert!((usual.baseline - 100.0).abs() < 0.1 && usual.score.abs() < 0.1);
/// assert!(burst.score > 30.0);
/// ```
pub fn burst(count: u64, background: u64, n_window: u64, n_background: u64) -> Option<Burst> {
    if n_background == 0 {
        return None;
    }
    let ratio = n_window as f64 / n_background as f64;
    let baseline = (background as f64 + 0.5) * ratio;
    let variance = baseline * (1.0 + ratio) + (WANDER * baseline).powi(2);
    Some(Burst {
        baseline,
        score: (count as f64 - baseline) / variance.sqrt().max(LEAST_DEVIATION),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_popular_tag_is_no_burst_and_without_background_nothing_is_said() {
        assert!(burst(1_200, 100_000, 10_000, 1_000_000).is_some_and(|one| one.score < 1.0));
        assert!(burst(12, 0, 100, 10_000).is_some_and(|one| one.score > 10.0));
        assert!(
            burst(5, 0, 1_000, 100).is_some_and(|one| one.score < 1.0),
            "too little is known"
        );
        assert_eq!(burst(100, 0, 100, 0), None);
    }
}
