//! Sentences of the page that depend on data, as pure functions; fixed labels stand in the panels.
//!
//! Sentence case, no full stop on labels, and never a claim of cause: what is measured is association.

use analysis::{
    protocol::{LinkState, StoreState, Trouble},
    view::{HashtagsView, LagView, MarketView, PostsView, SourcesView, Verdict},
};
use wire::{Millis, PublicConfig, SourceState, config::Filters, time::MINUTE};

use crate::{
    charts::{lag::lag_span, market},
    format,
    state::Health,
};

/// What the header's pill says about the connection.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Pill {
    pub(crate) tone: Tone,
    pub(crate) text: String,
    /// There is an attempt to wait for, which can be made at once.
    pub(crate) can_retry: bool,
}

/// How the pill looks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Tone {
    Busy,
    Live,
    Replay,
    Offline,
}

impl Tone {
    /// Class of the pill.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Live => "live",
            Self::Replay => "replay",
            Self::Offline => "offline",
        }
    }

    /// Shape that says the same without colour.
    pub(crate) fn glyph(self) -> &'static str {
        match self {
            Self::Busy => "◌",
            Self::Live => "●",
            Self::Replay => "▷",
            Self::Offline => "○",
        }
    }
}

/// The connection in one short line.
pub(crate) fn pill(
    health: &Health,
    link: LinkState,
    config: Option<&PublicConfig>,
    sources: Option<&SourcesView>,
    now: Option<Millis>,
) -> Pill {
    let (tone, text, can_retry) = match (health, link) {
        (Health::Stopped(_), _) => (Tone::Offline, "STOPPED".to_owned(), false),
        (Health::Starting, _) => (Tone::Busy, "STARTING".to_owned(), false),
        (_, LinkState::Connecting) => (Tone::Busy, "CONNECTING".to_owned(), false),
        (_, LinkState::Offline { attempt: 0..=2, .. }) => {
            (Tone::Busy, "RECONNECTING".to_owned(), true)
        }
        (_, LinkState::Offline { .. }) => (Tone::Offline, offline(now), true),
        (_, LinkState::Open { behind }) if behind > BEHIND => (
            Tone::Busy,
            format!("CATCHING UP {}", format::compact(behind)),
            false,
        ),
        (_, LinkState::Open { .. }) => match config.and_then(|config| config.replay.as_ref()) {
            Some(replay) => (Tone::Replay, replaying(replay, sources), false),
            None => (Tone::Live, live(sources, now), false),
        },
    };
    Pill {
        tone,
        text,
        can_retry,
    }
}

/// With fewer events to come the page counts as up to date: a live stream is always a little behind.
const BEHIND: u64 = 500;

fn offline(now: Option<Millis>) -> String {
    match now.filter(|now| *now > 0) {
        Some(now) => format!(
            "OFFLINE · showing stored data to {}",
            format::date_time(now)
        ),
        None => "OFFLINE · nothing stored yet".to_owned(),
    }
}

fn replaying(replay: &wire::config::ReplayInfo, sources: Option<&SourcesView>) -> String {
    let speed = replay.speed.map_or("×max".to_owned(), |speed| match speed {
        speed if speed >= 10.0 => format!("×{}", format::count(speed.round() as u64)),
        speed => format!("×{speed}"),
    });
    let synthetic = if replay.synthetic {
        " · synthetic"
    } else {
        ""
    };
    let rows = sources.map_or(&[][..], |sources| &sources.rows);
    let has_ended = !rows.is_empty() && rows.iter().all(|row| row.state == SourceState::Ended);
    let ended = if has_ended { " · ended" } else { "" };
    format!("REPLAY {} {speed}{synthetic}{ended}", replay.name)
}

fn live(sources: Option<&SourcesView>, now: Option<Millis>) -> String {
    let newest =
        sources.and_then(|sources| sources.rows.iter().filter_map(|row| row.last_at).max());
    match newest.zip(now).map(|(newest, now)| now - newest) {
        Some(age) if age > 2 * MINUTE => format!(
            "LIVE · last event {} ago",
            format::span(age / MINUTE * MINUTE)
        ),
        _ => "LIVE".to_owned(),
    }
}

/// The note above a recording; `None` when data is live.
pub(crate) fn replay_note(config: &PublicConfig) -> Option<String> {
    let replay = config.replay.as_ref()?;
    let what = if replay.synthetic {
        "a synthetic recording, made up by a program"
    } else {
        "a recording"
    };
    Some(format!(
        "You are watching {what} ({}). Nothing in it happens now.",
        replay.name
    ))
}

/// What a lag plot says, the usual outcome first.
pub(crate) fn verdict(view: &LagView) -> String {
    let n = format!("n = {}", format::count(u64::from(view.n)));
    match view.verdict {
        Verdict::None => format!("No evidence of a lead at any lag ({n})"),
        Verdict::TooShort { needed } => format!(
            "Too few pairs for a statement: {} of {} needed",
            format::count(u64::from(view.n)),
            format::count(u64::from(needed)),
        ),
        Verdict::Together => format!("Sentiment and price move together, neither is ahead ({n})"),
        Verdict::SentimentLeads { lag } => {
            format!(
                "Sentiment leads price by {} in this range ({n})",
                lag_span(view.width, lag)
            )
        }
        Verdict::PriceLeads { lag } => {
            format!(
                "Price leads sentiment by {} in this range ({n})",
                lag_span(view.width, lag)
            )
        }
    }
}

/// How the lag plot was made.
pub(crate) fn lag_method(view: &LagView) -> String {
    format!(
        "One lag = {}. Both series prewhitened, AR order {}. Effective n before that {}. Band: 95 % over all lags together.",
        format::span(view.width),
        view.ar_order,
        format::count(view.n_effective.max(0.0).round() as u64),
    )
}

/// What the price × sentiment chart shows, for people who cannot see it.
pub(crate) fn market_summary(view: &MarketView) -> String {
    let range = format::stretch(view.range.from, view.range.to);
    let mut closes = view.closes.iter().filter(|c| c.price.is_finite());
    let price = match (closes.clone().next(), closes.next_back()) {
        (Some(first), Some(last)) => {
            let move_ = (last.price / first.price - 1.0) * 100.0;
            format!(
                "close {} to {} {}, {} %",
                format::price(first.price),
                format::price(last.price),
                view.currency,
                format::signed(move_, 1)
            )
        }
        _ => "no prices".to_owned(),
    };
    let gaps = match view.gaps.len() {
        0 => String::new(),
        1 => ", 1 gap without data".to_owned(),
        n => format!(", {n} gaps without data"),
    };
    let mean = mean_compound(view).map_or(String::new(), |mean| {
        format!(", mean compound {}", format::signed(mean, 2))
    });
    format!(
        "{}, {range}, {price}{mean}, {} posts{gaps}",
        view.ticker,
        format::count(view.n)
    )
}

fn mean_compound(view: &MarketView) -> Option<f64> {
    let buckets = view.n_posts.iter().zip(&view.mean_compound);
    let (sum, n) =
        buckets
            .filter_map(|(n, mean)| n.zip(*mean))
            .fold((0.0, 0.0), |(sum, n), (posts, mean)| {
                (
                    sum + f64::from(posts) * f64::from(mean),
                    n + f64::from(posts),
                )
            });
    (n > 0.0).then(|| sum / n)
}

/// Why a chart is empty, and what helps.
pub(crate) fn market_empty(view: &MarketView) -> Option<String> {
    if market::n_points(view) > 0 {
        return None;
    }
    let ticker = if view.ticker.is_empty() {
        "any ticker".to_owned()
    } else {
        view.ticker.clone()
    };
    Some(format!(
        "No posts about {ticker} and no prices in this range. Choose All or another ticker."
    ))
}

/// Why the list of hashtags is empty, and what helps.
pub(crate) fn hashtags_empty(view: &HashtagsView) -> String {
    format!(
        "No hashtags among {} posts of the last {}. Choose a longer window.",
        format::count(view.n_posts),
        format::span(view.window)
    )
}

/// Why the list of posts is empty.
pub(crate) fn posts_empty(view: &PostsView) -> String {
    match view.n_in_range {
        0 => "No posts in this range yet. They appear here as they arrive.".to_owned(),
        n => format!(
            "None of {} posts in this range match the filters.",
            format::count(n)
        ),
    }
}

/// `English, no reposts`: which posts the relay keeps.
pub(crate) fn filters(filters: &Filters) -> String {
    let mut rules = vec![match filters.languages.as_slice() {
        [] => "all languages".to_owned(),
        languages => languages
            .iter()
            .map(|code| language(code))
            .collect::<Vec<_>>()
            .join(" or "),
    }];
    if !filters.reposts {
        rules.push("no reposts".to_owned());
    }
    if !filters.sensitive {
        rules.push("nothing sensitive".to_owned());
    }
    rules.join(", ")
}

fn language(code: &str) -> String {
    let names = [
        ("en", "English"),
        ("de", "German"),
        ("fr", "French"),
        ("es", "Spanish"),
        ("it", "Italian"),
    ];
    let more = [("pt", "Portuguese"), ("nl", "Dutch"), ("ja", "Japanese")];
    let known = names
        .into_iter()
        .chain(more)
        .find(|(known, _)| *known == code);
    known.map_or(code.to_owned(), |(_, name)| name.to_owned())
}

/// The state of a source in a word.
pub(crate) fn source_state(state: SourceState) -> &'static str {
    match state {
        SourceState::Connecting => "connecting",
        SourceState::Connected => "connected",
        SourceState::Disconnected => "disconnected",
        SourceState::Ended => "ended",
        SourceState::Failed => "failed",
    }
}

/// What this browser keeps, where it is not a number.
pub(crate) fn store(state: &StoreState) -> Option<String> {
    match state {
        StoreState::Opening => Some("opening".to_owned()),
        StoreState::NotKept { reason } => Some(format!("not kept: {reason}")),
        StoreState::Kept { .. } => None,
    }
}

fn trouble(what: &str, still_works: &str, what_to_do: &str) -> Trouble {
    Trouble {
        what: what.to_owned(),
        still_works: still_works.to_owned(),
        what_to_do: what_to_do.to_owned(),
    }
}

/// Another release's worker met this page.
pub(crate) fn new_version() -> Trouble {
    trouble(
        "A new version is here.",
        "What is shown stays readable.",
        "Reload to use it.",
    )
}

/// The browser would not start a worker.
pub(crate) fn worker_refused() -> Trouble {
    trouble(
        "This browser does not start the background program.",
        "Nothing can be shown without it.",
        "Use a current Firefox, Chrome or Safari, and reload.",
    )
}

/// The worker never answered.
pub(crate) fn worker_silent() -> Trouble {
    trouble(
        "The background program did not start.",
        "Nothing can be shown without it.",
        "Check that the server delivers .wasm files, and reload.",
    )
}

/// The worker failed.
pub(crate) fn worker_died(message: Option<&str>) -> Trouble {
    let detail = message.map_or(String::new(), |message| format!(" ({message})"));
    trouble(
        &format!("The background program stopped{detail}."),
        "What is shown stays readable, stored data is safe.",
        "Reload to go on.",
    )
}

#[cfg(test)]
mod tests {
    use wire::{SourceStatus, config::ReplayInfo, time::HOUR};

    use super::*;

    fn text(link: LinkState, config: Option<&PublicConfig>, now: Option<Millis>) -> String {
        pill(&Health::Running, link, config, None, now).text
    }

    #[test]
    fn the_pill_says_what_is_going_on() {
        let replay = ReplayInfo {
            name: "week".into(),
            speed: Some(600.0),
            synthetic: true,
            looped: false,
        };
        let config = PublicConfig {
            replay: Some(replay),
            ..PublicConfig::default()
        };
        let open = |behind| LinkState::Open { behind };
        let away = |attempt| LinkState::Offline {
            attempt,
            retry_in: 1_000,
        };

        assert_eq!(
            text(open(0), Some(&config), None),
            "REPLAY week ×600 · synthetic"
        );
        assert_eq!(text(open(12_431), Some(&config), None), "CATCHING UP 12.4K");
        assert_eq!(text(open(0), None, None), "LIVE");
        assert_eq!(text(away(1), None, Some(HOUR)), "RECONNECTING");
        assert_eq!(
            text(away(9), None, Some(HOUR)),
            "OFFLINE · showing stored data to 1 Jan 1970 01:00"
        );
    }

    #[test]
    fn silence_on_a_live_stream_is_told() {
        let row = SourceStatus {
            last_at: Some(0),
            ..SourceStatus::default()
        };
        let sources = SourcesView {
            rows: vec![row],
            ..SourcesView::default()
        };

        let pill = pill(
            &Health::Running,
            LinkState::Open { behind: 0 },
            None,
            Some(&sources),
            Some(5 * MINUTE + 7),
        );

        assert_eq!(pill.text, "LIVE · last event 5 min ago");
    }

    #[test]
    fn the_verdict_begins_with_the_null() {
        let view = |verdict| LagView {
            n: 1_200,
            width: HOUR,
            verdict,
            ..LagView::default()
        };

        assert_eq!(
            verdict(&view(Verdict::None)),
            "No evidence of a lead at any lag (n = 1,200)"
        );
        assert!(
            verdict(&view(Verdict::TooShort { needed: 2_000 })).ends_with("1,200 of 2,000 needed")
        );
        assert!(
            verdict(&view(Verdict::SentimentLeads { lag: 3 }))
                .starts_with("Sentiment leads price by 3 h")
        );
    }

    #[test]
    fn filters_are_told_in_words() {
        assert_eq!(filters(&Filters::default()), "English, no reposts");
    }
}
