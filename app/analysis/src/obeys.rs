//! Which parts of what a person selected each view leaves out, and why: one table for the engine's tests and for
//! the method cards that tell it.

/// A part of what a person selects.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Part {
    /// The stretch of time.
    Range,
    /// The class of posts.
    Class,
    /// The hashtag.
    Hashtag,
    /// The tickers that posts have to mention.
    Tickers,
    /// The topics that posts have to belong to.
    Topics,
    /// Which posts count: spam, languages, a cap for each author, reposts, sources, the loudest.
    Sampling,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Range,
        Self::Class,
        Self::Hashtag,
        Self::Tickers,
        Self::Topics,
        Self::Sampling,
    ];

    /// As a sentence names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Range => "range",
            Self::Class => "class",
            Self::Hashtag => "hashtag",
            Self::Tickers => "tickers",
            Self::Topics => "topics",
            Self::Sampling => "sample",
        }
    }
}

/// A view of posts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "each is the view of this name")]
pub enum Shown {
    Kpi,
    Market,
    Hashtags,
    Posts,
    Lag,
    Placebo,
    Topics,
    Sample,
    Sources,
    Leaders,
    Trends,
    Hours,
    Live,
    Rolling,
    Events,
    Months,
    Quality,
    Why,
}

impl Shown {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::Kpi,
        Self::Market,
        Self::Hashtags,
        Self::Posts,
        Self::Lag,
        Self::Placebo,
        Self::Topics,
        Self::Sample,
        Self::Sources,
        Self::Leaders,
        Self::Trends,
        Self::Hours,
        Self::Live,
        Self::Rolling,
        Self::Events,
        Self::Months,
        Self::Quality,
        Self::Why,
    ];

    /// What the view leaves out of a selection, and why; everything else narrows it down.
    pub fn leaves_out(self) -> (&'static [Part], &'static str) {
        use Part::{Class, Hashtag, Range, Sampling, Tickers, Topics};
        match self {
            Self::Posts | Self::Sample => (&[], ""),
            Self::Kpi | Self::Hours => (&[Class], "it shows all classes"),
            Self::Hashtags => (&[Hashtag], "it offers hashtags"),
            Self::Topics => (&[Topics], "it offers topics"),
            Self::Market | Self::Lag | Self::Placebo | Self::Rolling | Self::Events => {
                (&[Tickers], "it has a ticker of its own")
            }
            Self::Why => (&[Tickers, Range], "it has a ticker and a bucket of its own"),
            Self::Months => (
                &[Tickers, Range],
                "it has a ticker of its own and shows all of its months",
            ),
            Self::Leaders | Self::Trends => (
                &[Class, Tickers],
                "it compares tickers of its own by all classes",
            ),
            Self::Live => (
                &[Class, Range],
                "it shows all classes, up to the clock of the data",
            ),
            Self::Quality => (
                &[Class, Hashtag, Tickers, Topics, Sampling],
                "it checks what came in, counted or not",
            ),
            Self::Sources => (
                &[Range, Class, Hashtag, Tickers, Topics, Sampling],
                "it tells what came in, counted or not",
            ),
        }
    }
}
