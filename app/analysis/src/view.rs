//! What each panel draws, ready to draw.
//!
//! All times are Unix milliseconds in UTC. `None` in a series is a gap: no value exists, and none is made up.

mod panels;

use serde::{Deserialize, Serialize};
use wire::{Millis, Quote, SourceStatus};

use crate::{
    protocol::{AnomalyChoice, CountBy, RankBy, Sampling, Scoring},
    spam::{Finding, N_REASONS},
};

pub use panels::{
    EventsView, LeaderRow, LeadersView, MonthRow, MonthsView, PanelViews, PlaceboView, QualityView,
    RollingView, StackView, Term, TrendsView, Whole, WhyView,
};

/// All views that changed since the last frame.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Frame {
    /// The clock of the data when the frame was made: *as known at*.
    pub now: Millis,
    /// Counts over the range.
    pub kpi: Option<KpiView>,
    /// Price and sentiment of one ticker.
    pub market: Option<MarketView>,
    /// Trending hashtags.
    pub hashtags: Option<HashtagsView>,
    /// Recent posts.
    pub posts: Option<PostsView>,
    /// Cross-correlation of price and sentiment.
    pub lag: Option<LagView>,
    /// Posts by topic.
    pub topics: Option<TopicsView>,
    /// Tickers to choose from.
    pub tickers: Option<TickersView>,
    /// Sources and data quality.
    pub sources: Option<SourcesView>,
    /// Spam, languages, and what was left out.
    pub sample: Option<SampleView>,
    /// Of the panels that are in sight.
    pub panels: PanelViews,
}

/// `[from, to)`.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Range {
    /// Start, inclusive.
    pub from: Millis,
    /// End, exclusive.
    pub to: Millis,
}

/// How a text reads, by the limits of [`Scoring`](crate::protocol::Scoring).
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub enum Class {
    /// Compound at or below the lower limit: −0.05, or anything below 0.
    Negative,
    /// Between.
    #[default]
    Neutral,
    /// Compound at or above the upper limit: +0.05, or anything above 0.
    Positive,
}

/// Posts by class with their mean compound.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Counts {
    /// All posts.
    pub posts: u64,
    /// Positive posts.
    pub positive: u64,
    /// Neutral posts.
    pub neutral: u64,
    /// Negative posts.
    pub negative: u64,
    /// Mean compound in −1…+1; `None` without posts.
    pub mean_compound: Option<f64>,
}

/// Counts over the range.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct KpiView {
    /// The stretch counted: `[from, to)`.
    pub range: Range,
    /// Counts in the range.
    pub counts: Counts,
    /// Counts in the equally long stretch before it; `None` where the data does not reach back that far.
    pub previous: Option<Counts>,
    /// Distinct authors in the range.
    pub authors: u64,
    /// Effective number of voices in the range: as many authors, all equally busy, would be as evenly
    /// spread. Between 1 and `authors`; 0 without posts. exp(H) of the posts' shares by author.
    pub voices: f64,
    /// What scored the posts.
    pub scoring: Scoring,
    /// Posts per minute over the last `rate_window` of data time.
    pub posts_per_minute: f64,
    /// What `posts_per_minute` looks back over.
    pub rate_window: Millis,
}

/// Price and sentiment of one ticker over the range, on one grid.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct MarketView {
    /// Which ticker.
    pub ticker: String,
    /// Currency of the prices; empty when there are none.
    pub currency: String,
    /// The stretch shown.
    pub range: Range,
    /// Width of a bucket: 5 min, 1 h or 1 day.
    pub width: Millis,
    /// Start of the first bucket, a multiple of `width`; bucket `i` starts at `start + i·width`.
    pub start: Millis,
    /// Posts per bucket; `None` where no source was listening.
    pub n_posts: Vec<Option<u32>>,
    /// Mean compound per bucket; `None` without posts.
    pub mean_compound: Vec<Option<f32>>,
    /// Closes in time order, at most about 2,000; each known at `at`, the bar's end. One more lies on
    /// either side of the range where there is one, so that the line reaches the edges.
    pub closes: Vec<Close>,
    /// Width of the bars behind `closes`; 0 without prices.
    pub bar_width: Millis,
    /// Stretches in which a source was not listening, merged, in time order.
    pub gaps: Vec<Range>,
    /// Posts that mention the ticker in the range.
    pub n: u64,
    /// Their distinct authors.
    pub authors: u64,
    /// Effective number of voices among them; see [`KpiView::voices`].
    pub voices: f64,
    /// Unusual buckets, where they were asked for.
    pub anomalies: Option<AnomaliesView>,
    /// The newest price, while prices are heard; in the currency of the closes where there are any.
    pub quote: Option<Quote>,
}

/// Unusual buckets of a range.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct AnomaliesView {
    /// What was looked for.
    pub choice: AnomalyChoice,
    /// Closed buckets with a value that were tested.
    pub n: u64,
    /// Buckets without one.
    pub n_gaps: u64,
    /// The search ended at its largest number; there may be more.
    pub hit_cap: bool,
    /// The strongest, at most 50, in time order.
    pub marks: Vec<AnomalyMark>,
    /// How many more there are.
    pub n_more: u64,
    /// Why nothing could be tested.
    pub why_none: Option<String>,
}

/// One unusual bucket and who stands behind it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct AnomalyMark {
    /// The bucket.
    pub bucket: Range,
    /// What was there: posts, compound, or return as a share of the price.
    pub value: f64,
    /// What season and level led one to expect; not said by [`Detector::Stream`](crate::protocol::Detector).
    pub expected: Option<f64>,
    /// Distance from that in robust standard deviations; 0…1 for the causal detector, flagged from 0.5 on.
    pub score: f64,
    /// When it could first be known; `None` where it was found with hindsight.
    pub knowable_at: Option<Millis>,
    /// Posts in the bucket.
    pub n_posts: u64,
    /// Their distinct authors.
    pub n_authors: u64,
    /// Those that look like spam.
    pub n_spam: u64,
    /// Their most frequent hashtags, at most three, with their posts.
    pub hashtags: Vec<(String, u64)>,
}

/// One closing price.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Close {
    /// When the bar ended.
    pub at: Millis,
    /// Its last price.
    pub price: f64,
}

/// Hashtags by count over a sliding window.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct HashtagsView {
    /// The window ends here, inclusive.
    pub until: Millis,
    /// The window is `(until − window, until]`.
    pub window: Millis,
    /// What is counted.
    pub by: CountBy,
    /// What puts a hashtag on the list.
    pub rank_by: RankBy,
    /// Count or burst descending, then first seen.
    pub rows: Vec<HashtagRow>,
    /// Distinct hashtags in the window.
    pub n_distinct: u64,
    /// Posts in the window, with or without hashtags.
    pub n_posts: u64,
}

/// One hashtag.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct HashtagRow {
    /// Most frequent spelling, without `#`.
    pub tag: String,
    /// Posts or authors in the window.
    pub count: u64,
    /// The same in the window before.
    pub previous: u64,
    /// The count that its share of the day before lets expect; `None` without a day before.
    pub baseline: Option<f64>,
    /// How far the count is above that, in standard deviations; only from a count of 5 on.
    pub burst: Option<f64>,
    /// Posts with it in the window, by class.
    pub counts: Counts,
    /// Distinct authors of these posts.
    pub authors: u64,
    /// Effective number of voices; see [`KpiView::voices`].
    pub voices: f64,
}

/// Posts of the range by topic. A post may belong to several.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct TopicsView {
    /// The stretch counted: `[from, to)`.
    pub range: Range,
    /// In the order of the configuration.
    pub rows: Vec<TopicRow>,
    /// Posts of no topic.
    pub other: Counts,
}

/// One topic.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct TopicRow {
    /// Its name.
    pub name: String,
    /// Counts in the range.
    pub counts: Counts,
    /// Counts in the equally long stretch before it; `None` where the data does not reach back that far.
    pub previous: Option<Counts>,
    /// Distinct authors in the range.
    pub authors: u64,
    /// Effective number of voices; see [`KpiView::voices`].
    pub voices: f64,
    /// Posts of the range as an upstream counts them that does not send them; `None` where none does.
    pub counted_elsewhere: Option<u64>,
}

/// The newest posts that match the choice.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct PostsView {
    /// Newest first.
    pub rows: Vec<PostRow>,
    /// All posts in the range that match, shown or not.
    pub n_matching: u64,
    /// All posts in the range.
    pub n_in_range: u64,
}

/// One post.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct PostRow {
    /// Stable key of the post.
    pub key: u64,
    /// Source it came from.
    pub source: String,
    /// Grid time.
    pub at: Millis,
    /// Its text; `None` when it was deleted.
    pub text: Option<String>,
    /// How it reads.
    pub class: Class,
    /// VADER compound, −1…+1.
    pub compound: f32,
    /// Tickers that it mentions.
    pub tickers: Vec<String>,
    /// Where to read it; `http` or `https` only.
    pub url: Option<String>,
    /// It came more than 60 s after it was posted.
    pub late: bool,
    /// Why it is spam; empty if it is not, or has not been judged yet.
    pub findings: Vec<Finding>,
    /// Posts of the last day that say nearly the same, itself included; 1 if there is no other.
    pub n_alike: u32,
    /// It is in the counts.
    pub is_counted: bool,
    /// What it answers, where that is kept.
    pub parent: Option<ParentRow>,
}

/// The post that another one answers.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct ParentRow {
    /// Grid time.
    pub at: Millis,
    /// Its text.
    pub text: String,
    /// How it reads.
    pub class: Class,
    /// Compound, −1…+1.
    pub compound: f32,
}

/// What the posts of the range are, as far as it decides whether they count.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct SampleView {
    /// The stretch looked at: `[from, to)`.
    pub range: Range,
    /// What counts.
    pub sampling: Sampling,
    /// Posts in the range, counted or not.
    pub n_posts: u64,
    /// Posts, of any time, that have not been judged yet.
    pub n_waiting: u64,
    /// Posts that a rule calls spam, counted or not.
    pub spam: Counts,
    /// Posts by reason, in the order of [`REASONS`](crate::spam::REASONS); one may have several.
    pub reasons: [u64; N_REASONS],
    /// Posts in English.
    pub n_english: u64,
    /// Posts in another language.
    pub n_foreign: u64,
    /// Posts left out as spam.
    pub n_out_spam: u64,
    /// Posts left out for their language, not being left out as spam.
    pub n_out_language: u64,
    /// Posts left out since their author had posted enough in that hour.
    pub n_out_author: u64,
    /// Posts left out as reposts.
    pub n_out_repost: u64,
    /// Posts left out for their source.
    pub n_out_source: u64,
    /// Posts left out since their author is among those with most posts.
    pub n_out_loudest: u64,
    /// Sources that brought posts, by name.
    pub post_sources: Vec<String>,
}

/// Cross-correlation of sentiment (x) and price returns (y) by lag.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct LagView {
    /// Which ticker.
    pub ticker: String,
    /// Grid width: one lag is one bucket; for daily bars one lag is one trading day.
    pub width: Millis,
    /// The stretch used.
    pub range: Range,
    /// Lags in buckets, ascending; **positive: sentiment leads price**.
    pub lags: Vec<i32>,
    /// Correlation of the prewhitened series at each lag; `None` where too few pairs remain.
    pub correlation: Vec<Option<f64>>,
    /// Family-wise 95 % limit of |correlation| over all lags, if neither series knew of the other.
    pub bound: f64,
    /// Buckets with both a return and a mean compound, after prewhitening.
    pub n: u32,
    /// Effective number of independent pairs before prewhitening.
    pub n_effective: f64,
    /// The larger of the orders of the two autoregressions, one removed from each series.
    pub ar_order: u32,
    /// p of the largest |correlation| over all lags; `None` where there is none to compare.
    pub p_family: Option<f64>,
    /// The same by phase-randomised surrogates, drawn only where `p_family` is below .05: both have to be.
    pub p_surrogate: Option<f64>,
    /// p of the largest |correlation| as if its lag had been the only one looked at.
    pub p_raw: Option<f64>,
    /// Lag of the largest |correlation|, and the first and last of those that hold 95 % of the probability.
    pub best_lag: Option<i32>,
    /// See `best_lag`.
    pub best_lag_interval: Option<(i32, i32)>,
    /// The largest |correlation| of lags above 0.
    pub sentiment_leads: Option<LagPeak>,
    /// The largest |correlation| of lags below 0.
    pub price_leads: Option<LagPeak>,
    /// Posts in the cells used.
    pub n_posts: u64,
    /// Posts of these cells that came late and are left out of the test.
    pub n_late: u64,
    /// What follows.
    pub verdict: Verdict,
}

/// The largest |correlation| in one direction.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct LagPeak {
    /// Buckets; positive: sentiment leads price.
    pub lag: i32,
    /// Of the prewhitened series.
    pub correlation: f64,
    /// Over all lags of both directions.
    pub p_family: f64,
}

/// What a lag plot says.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub enum Verdict {
    /// Fewer pairs than are needed for a statement.
    TooShort {
        /// Pairs needed.
        needed: u32,
    },
    /// No lag passes the limit: no evidence of a lead. The usual result.
    #[default]
    None,
    /// The largest |correlation| passes the limit, with sentiment ahead by `lag` buckets.
    SentimentLeads {
        /// Buckets, positive.
        lag: i32,
    },
    /// The same with price ahead.
    PriceLeads {
        /// Buckets, positive.
        lag: i32,
    },
    /// The largest |correlation| passes the limit at lag 0: they move together.
    Together,
}

/// Tickers that occur in the data, most mentioned first.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct TickersView {
    /// At most 200.
    pub rows: Vec<TickerRow>,
}

/// One ticker.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct TickerRow {
    /// Base symbol.
    pub symbol: String,
    /// Name, where the configuration gives one.
    pub name: Option<String>,
    /// Posts that mention it.
    pub n_posts: u64,
    /// Bars known for it.
    pub n_bars: u64,
}

/// Sources and what became of what they sent.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct SourcesView {
    /// State and counters by source, sorted by name.
    pub rows: Vec<SourceStatus>,
    /// Distinct events in the engine.
    pub n_events: u64,
    /// Distinct posts in the engine.
    pub n_posts: u64,
    /// Events that came again and were left out.
    pub n_repeated: u64,
    /// Posts that came more than 60 s late.
    pub n_late: u64,
    /// Posts that were deleted.
    pub n_deleted: u64,
    /// Stretches of the log that this reader missed.
    pub n_gaps: u64,
    /// Lines that this program could not read.
    pub n_unreadable: u64,
}
