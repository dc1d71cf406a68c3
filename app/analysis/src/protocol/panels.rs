//! What a person chooses on the further panels, and which of them are in sight.

use serde::{Deserialize, Serialize};
use wire::{Millis, time::MINUTE};

use crate::{series::calendar::Level, view::Range};

/// A panel whose view is made only while somebody can see it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Panel {
    /// Tickers by mentions or by mood.
    Leaders,
    /// Classes over time of one ticker, or of two.
    Trends,
    /// Classes over time of all posts.
    Hours,
    /// Posts every five seconds.
    Live,
    /// Correlation over a moving stretch.
    Rolling,
    /// Returns around unusual numbers of posts.
    Events,
    /// Months of the ticker.
    Months,
    /// Checks of the data.
    Quality,
    /// What stands behind one bucket.
    Why,
    /// The test by shifted series beside the lag plot.
    Placebo,
}

/// The panels that are in sight.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Wanted(u32);

impl Wanted {
    /// All of them.
    pub const ALL: Self = Self(u32::MAX);

    /// Is this one in sight?
    pub fn has(self, panel: Panel) -> bool {
        self.0 >> panel as u32 & 1 == 1
    }

    /// The same with this one in sight.
    pub fn with(self, panel: Panel) -> Self {
        Self(self.0 | 1 << panel as u32)
    }

    /// The same with this one out of sight.
    pub fn without(self, panel: Panel) -> Self {
        Self(self.0 & !(1 << panel as u32))
    }
}

/// What the further panels show.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct PanelChoices {
    /// The leaderboard.
    pub leaders: LeaderChoice,
    /// How long a cell of the ticker trends is; `None` as the range needs.
    pub trend_level: Option<Level>,
    /// The ticker that the watched one is compared with.
    pub second: Option<String>,
    /// How far posts every five seconds look back.
    pub live_window: LiveWindow,
    /// Posts every five seconds of this topic only.
    pub live_topic: Option<String>,
    /// The rolling correlation.
    pub rolling: RollingChoice,
    /// Posts drawn at random by this seed instead of the newest.
    pub random: Option<u32>,
    /// The bucket that is asked about.
    pub why: Option<WhyChoice>,
}

/// A bucket that is asked about.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct WhyChoice {
    /// The bucket.
    pub bucket: Range,
    /// The ticker whose posts are meant, which may be watched no longer; empty for all posts.
    pub ticker: String,
}

/// Which tickers lead.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct LeaderChoice {
    /// The calendar's cell, in UTC, at the end of the range; `None` for the range itself.
    pub level: Option<Level>,
    /// By what they are sorted.
    pub sort: LeaderSort,
    /// How many, 3 to 15.
    pub n: u8,
}

impl Default for LeaderChoice {
    fn default() -> Self {
        Self {
            level: None,
            sort: LeaderSort::default(),
            n: 5,
        }
    }
}

/// By what tickers are sorted.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum LeaderSort {
    /// Posts that mention them.
    #[default]
    Mentions,
    /// Share of positive posts among those.
    Positive,
    /// Share of neutral posts.
    Neutral,
    /// Share of negative posts.
    Negative,
}

/// How far posts every five seconds look back.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct LiveWindow(pub Millis);

impl Default for LiveWindow {
    fn default() -> Self {
        Self(5 * MINUTE)
    }
}

/// What is correlated over a stretch that moves along.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct RollingChoice {
    /// Which two series.
    pub pair: Pair,
    /// Which correlation.
    pub rank: Rank,
    /// Cells of the stretch, at least 12.
    pub places: u16,
}

impl Default for RollingChoice {
    fn default() -> Self {
        Self {
            pair: Pair::default(),
            rank: Rank::default(),
            places: 48,
        }
    }
}

/// Two series that are compared; neither wanders.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum Pair {
    /// Mean compound and return.
    #[default]
    SentimentReturn,
    /// Change of ln(1 + posts) and size of the return.
    PostsMove,
}

/// Of values or of ranks.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum Rank {
    /// Pearson's, of the values.
    #[default]
    Values,
    /// Spearman's, of the ranks.
    Ranks,
}
