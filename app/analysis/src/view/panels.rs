//! What the further panels draw. Each is made only while its panel is in sight.

use serde::{Deserialize, Serialize};
use wire::Millis;

use super::{Counts, Range};
use crate::{
    protocol::{LeaderChoice, RollingChoice},
    series::quality::Line,
};

/// The views of the further panels that changed since the last frame.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct PanelViews {
    /// Tickers by mentions or by mood.
    pub leaders: Option<LeadersView>,
    /// Classes over time of the ticker, and of a second one.
    pub trends: Option<TrendsView>,
    /// Classes over time of all posts.
    pub hours: Option<StackView>,
    /// Posts every five seconds.
    pub live: Option<StackView>,
    /// Correlation over a moving stretch.
    pub rolling: Option<RollingView>,
    /// Returns around unusual numbers of posts.
    pub events: Option<EventsView>,
    /// Months of the ticker.
    pub months: Option<MonthsView>,
    /// Checks of the data.
    pub quality: Option<QualityView>,
    /// What stands behind one bucket.
    pub why: Option<WhyView>,
    /// The lag plot's test against shifted series.
    pub placebo: Option<PlaceboView>,
}

/// Tickers by mentions or by mood over a stretch of time.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct LeadersView {
    /// What was asked for.
    pub choice: LeaderChoice,
    /// The stretch counted.
    pub period: Range,
    /// The one before it that ranks and counts are compared with; `None` where the data does not reach back.
    pub before: Option<Range>,
    /// The first of them, in their order.
    pub rows: Vec<LeaderRow>,
    /// Tickers with posts in the stretch.
    pub n_tickers: u64,
    /// Those of them that have too few posts to be sorted by a share.
    pub n_unranked: u64,
    /// Fewest posts that a share is sorted by.
    pub least_posts: u32,
}

/// One ticker of the leaderboard.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct LeaderRow {
    /// Base symbol.
    pub symbol: String,
    /// Name, where the configuration gives one.
    pub name: Option<String>,
    /// Its place in the stretch before, from 1; `None` where it had none.
    pub rank_before: Option<u32>,
    /// Posts of the stretch that mention it.
    pub counts: Counts,
    /// Distinct authors of these posts.
    pub authors: u64,
    /// Effective number of voices; see [`KpiView::voices`](super::KpiView::voices).
    pub voices: f64,
    /// Posts of the stretch before; 0 where there were none.
    pub n_before: u64,
}

/// Posts by class in cells of time.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct StackView {
    /// Ticker or topic; empty for all posts.
    pub subject: String,
    /// The stretch shown.
    pub range: Range,
    /// Where cells begin, ascending, and where the last one ends.
    pub edges: Vec<Millis>,
    /// Positive, neutral and negative posts by cell; `None` where no source was listening.
    pub cells: Vec<Option<[u32; 3]>>,
    /// All of them.
    pub n: u64,
}

/// Classes over time of one ticker, or of two on the same cells.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct TrendsView {
    /// The watched ticker.
    pub first: StackView,
    /// The one it is compared with.
    pub second: Option<StackView>,
}

/// A correlation over a stretch that moves along, and over the whole range.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct RollingView {
    /// Which ticker.
    pub ticker: String,
    /// What was asked for.
    pub choice: RollingChoice,
    /// The stretch used.
    pub range: Range,
    /// Length of a cell.
    pub width: Millis,
    /// End of each cell; the value beside it was known then.
    pub ends: Vec<Millis>,
    /// Correlation of the newest cells at each end; `None` where there are too few pairs.
    pub values: Vec<Option<f32>>,
    /// Pairs that a value needs.
    pub min_pairs: u32,
    /// Pointwise 95 % limit of |value|, by the pairs of each, for unrelated series of which one has no memory.
    pub limits: Vec<Option<f32>>,
    /// Over the whole range; `None` where there is none, and `why_none` says why.
    pub whole: Option<Whole>,
    /// Why there is no correlation.
    pub why_none: Option<String>,
}

/// One correlation with what stands behind it.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Whole {
    /// −1…+1.
    pub value: f64,
    /// Pairs.
    pub n: u64,
    /// Independent pairs that would know as much.
    pub n_effective: f64,
    /// By the effective n.
    pub p: f64,
    /// 95 % limits by the effective n.
    pub interval: Option<(f64, f64)>,
}

/// Returns around unusual numbers of posts.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct EventsView {
    /// Which ticker.
    pub ticker: String,
    /// The stretch used.
    pub range: Range,
    /// Length of a cell.
    pub width: Millis,
    /// Cells run from close to close: an exchange's nights and weekends count into the next one.
    pub on_closes: bool,
    /// End of the cell of each event that was used.
    pub events: Vec<Millis>,
    /// Events found, used or not.
    pub n_found: u32,
    /// The tickers whose mean return is the market; empty where there is no other.
    pub market: Vec<String>,
    /// Cells that alpha and beta are estimated on.
    pub n_estimation: u32,
    /// Cells from the event, ascending.
    pub offsets: Vec<i32>,
    /// Mean abnormal log return, summed from the first offset on.
    pub cumulative: Vec<f64>,
    /// 95 % band of it by drawing events with replacement.
    pub band: Vec<(f64, f64)>,
    /// Share of placebo studies that end at least as far from 0.
    pub p_placebo: Option<f64>,
    /// Studies drawn.
    pub n_draws: u32,
    /// Why there is no study.
    pub why_none: Option<String>,
}

/// Months of the watched ticker.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct MonthsView {
    /// Which ticker.
    pub ticker: String,
    /// Currency of the prices; empty without prices.
    pub currency: String,
    /// Length of the bars; 0 without prices.
    pub bar_width: Millis,
    /// In the order of the calendar (UTC), months without posts and bars left out.
    pub rows: Vec<MonthRow>,
}

/// One month.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct MonthRow {
    /// Its beginning.
    pub start: Millis,
    /// Lowest low and highest high.
    pub price: Option<(f64, f64)>,
    /// Least and greatest, where bars tell.
    pub market_cap: Option<(f64, f64)>,
    /// Least and greatest traded quantity of a bar.
    pub volume: Option<(f64, f64)>,
    /// Bars of the month.
    pub n_bars: u64,
    /// Log return from its first close to its last.
    pub change: Option<f64>,
    /// Posts that mention the ticker; `None` where no source was listening.
    pub counts: Option<Counts>,
}

/// Checks of the data in the range.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct QualityView {
    /// The stretch looked at.
    pub range: Range,
    /// A line for each check.
    pub lines: Vec<Line>,
    /// Stretches in which no source of posts was listening.
    pub gaps: Vec<Range>,
    /// How much of the range that is, 0…1.
    pub gap_share: f64,
    /// Stretches in which bars of the prices shown are missing, ascending; of too many the newest.
    pub holes: Vec<Range>,
    /// All of them.
    pub n_holes: u64,
    /// Length of those bars.
    pub bar_width: Millis,
    /// Posts of the range by the source that brought them.
    pub of_sources: Vec<(String, u64)>,
}

/// What stands behind one bucket.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct WhyView {
    /// The bucket.
    pub bucket: Range,
    /// The ticker its posts mention; empty for all posts.
    pub ticker: String,
    /// Posts in it.
    pub n_posts: u64,
    /// Of them with a text that is still kept.
    pub n_read: u64,
    /// Their distinct authors.
    pub n_authors: u64,
    /// Effective number of voices.
    pub voices: f64,
    /// The most frequent author's posts.
    pub n_loudest: u64,
    /// Posts that said nearly the same as several of the day before them.
    pub n_alike: u64,
    /// Posts that a rule calls spam.
    pub n_spam: u64,
    /// Words and tags that stand out, most first; none where too few texts are there to compare with.
    pub terms: Vec<Term>,
    /// Posts before the bucket that words are compared with.
    pub n_compared: u64,
    /// So many of them are needed.
    pub least_compared: u32,
    /// By source, most first.
    pub of_sources: Vec<(String, u64)>,
    /// When everything that came in time was there.
    pub knowable_at: Millis,
}

/// A word that stands out.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Term {
    /// In lower case, with its `#` or `$`.
    pub term: String,
    /// Posts of the bucket with it.
    pub n: u64,
    /// Posts that its share of those before lets expect.
    pub expected: f64,
}

/// The lag plot's largest correlation among those of series shifted against each other.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct PlaceboView {
    /// Which ticker.
    pub ticker: String,
    /// Shifts compared.
    pub n: u32,
    /// Those with a largest |correlation| at least as large.
    pub n_as_large: u32,
    /// The share of shifts as good, the series found among them; `None` for fewer than 19.
    pub p: Option<f64>,
    /// 95 of 100 shifts stay below this; `None` for fewer than 19.
    pub limit: Option<f64>,
    /// Shortest and longest shift, in cells.
    pub shifts: (u32, u32),
    /// Cells there are, and cells that 19 shifts without a common lag need.
    pub n_cells: u32,
    /// See there.
    pub n_needed: u32,
    /// The same test of this ticker's sentiment and what another one's prices did beyond this ticker's: its
    /// symbol, pairs and p over all lags.
    pub others: Vec<(String, u32, Option<f64>)>,
}
