//! What the further panels show, in the address: one key for each panel, its parts parted by dots.

use analysis::{
    protocol::{LeaderSort, LiveWindow, Pair, PanelChoices, Rank},
    series::calendar::Level,
};
use wire::time::MINUTE;

const LEVELS: [(Option<Level>, &str); 5] = [
    (None, "range"),
    (Some(Level::Hour), "hour"),
    (Some(Level::Day), "day"),
    (Some(Level::Month), "month"),
    (Some(Level::Year), "year"),
];
const SORTS: [(LeaderSort, &str); 4] = [
    (LeaderSort::Mentions, "mentions"),
    (LeaderSort::Positive, "positive"),
    (LeaderSort::Neutral, "neutral"),
    (LeaderSort::Negative, "negative"),
];
const PAIRS: [(Pair, &str); 2] = [
    (Pair::SentimentReturn, "sentiment"),
    (Pair::PostsMove, "posts"),
];
const RANKS: [(Rank, &str); 2] = [(Rank::Values, "values"), (Rank::Ranks, "ranks")];

/// Takes a key over if it is one of these.
pub(super) fn read(key: &str, value: &str, panels: &mut PanelChoices) -> bool {
    let mut parts = value.split('.');
    let mut part = || parts.next().unwrap_or_default();
    match key {
        "board" => {
            panels.leaders.level = level(part());
            panels.leaders.sort = found(SORTS, part()).unwrap_or_default();
            panels.leaders.n = part().parse().unwrap_or(5);
        }
        "trend" => panels.trend_level = level(value),
        "second" => panels.second = super::text_of(value),
        "live" => {
            panels.live_window = value.parse().map_or(LiveWindow::default(), |n: i64| {
                LiveWindow(n.saturating_mul(MINUTE))
            });
        }
        "random" => panels.random = value.parse().ok(),
        "live-topic" => panels.live_topic = super::text_of(value),
        "rolling" => {
            panels.rolling.pair = found(PAIRS, part()).unwrap_or_default();
            panels.rolling.rank = found(RANKS, part()).unwrap_or_default();
            panels.rolling.places = part().parse().unwrap_or(48);
        }
        _ => return false,
    }
    true
}

/// Writes what is not at its default.
pub(super) fn write(panels: &PanelChoices, put: &mut impl FnMut(&str, &str)) {
    let usual = PanelChoices::default();
    let leaders = panels.leaders;
    if leaders != usual.leaders {
        let (level, sort) = (write_level(leaders.level), name(SORTS, leaders.sort));
        put("board", &format!("{level}.{sort}.{}", leaders.n));
    }
    if panels.trend_level.is_some() {
        put("trend", write_level(panels.trend_level));
    }
    if let Some(second) = &panels.second {
        put("second", second);
    }
    if panels.live_window != usual.live_window {
        put("live", &(panels.live_window.0 / MINUTE).to_string());
    }
    if let Some(topic) = &panels.live_topic {
        put("live-topic", topic);
    }
    if let Some(seed) = panels.random {
        put("random", &seed.to_string());
    }
    let rolling = panels.rolling;
    if rolling != usual.rolling {
        let (pair, rank) = (name(PAIRS, rolling.pair), name(RANKS, rolling.rank));
        put("rolling", &format!("{pair}.{rank}.{}", rolling.places));
    }
}

/// Brings choices into the limits of [`PanelChoices`].
pub(super) fn in_limits(panels: &mut PanelChoices) {
    panels.leaders.n = panels.leaders.n.clamp(3, 15);
    panels.rolling.places = panels.rolling.places.clamp(12, 1_000);
    panels.live_window.0 = panels.live_window.0.clamp(MINUTE, 30 * MINUTE);
}

/// A level in the address and in the lists.
pub(crate) fn write_level(level: Option<Level>) -> &'static str {
    name(LEVELS, level)
}

pub(crate) fn level(text: &str) -> Option<Level> {
    found(LEVELS, text).flatten()
}

pub(crate) fn write_sort(sort: LeaderSort) -> &'static str {
    name(SORTS, sort)
}

pub(crate) fn sort(text: &str) -> LeaderSort {
    found(SORTS, text).unwrap_or_default()
}

pub(crate) fn write_pair(pair: Pair) -> &'static str {
    name(PAIRS, pair)
}

pub(crate) fn pair(text: &str) -> Pair {
    found(PAIRS, text).unwrap_or_default()
}

pub(crate) fn write_rank(rank: Rank) -> &'static str {
    name(RANKS, rank)
}

pub(crate) fn rank(text: &str) -> Rank {
    found(RANKS, text).unwrap_or_default()
}

fn found<T: Copy, const N: usize>(all: [(T, &str); N], text: &str) -> Option<T> {
    let mut all = all.into_iter();
    all.find(|(_, name)| *name == text).map(|(one, _)| one)
}

fn name<T: Copy + PartialEq, const N: usize>(all: [(T, &'static str); N], one: T) -> &'static str {
    let mut all = all.into_iter();
    all.find(|(other, _)| *other == one)
        .map_or("", |(_, name)| name)
}
