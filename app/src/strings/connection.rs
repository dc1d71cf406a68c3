//! How the connection is, in one short line for the header.

use analysis::{protocol::LinkState, view::SourcesView};
use wire::{Millis, PublicConfig, SourceState, config::ReplayInfo, time::MINUTE};

use crate::{format, state::Health};

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
    Paused,
}

impl Tone {
    /// Class of the pill.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Live => "live",
            Self::Replay => "replay",
            Self::Offline => "offline",
            Self::Paused => "paused",
        }
    }

    /// Shape that says the same without colour.
    pub(crate) fn glyph(self) -> &'static str {
        match self {
            Self::Busy => "◌",
            Self::Live => "●",
            Self::Replay => "▷",
            Self::Offline => "○",
            Self::Paused => "‖",
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
        (Health::Stopped(..), _) => (Tone::Offline, "STOPPED".to_owned(), false),
        (Health::Starting, _) => (Tone::Busy, "STARTING".to_owned(), false),
        (_, LinkState::Files) => match config.and_then(|config| config.replay.as_ref()) {
            Some(replay) => (Tone::Replay, replaying(replay, sources), false),
            None => (Tone::Replay, "FILES".to_owned(), false),
        },
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

/// The button that leads back to what the relay itself sends, and what it leaves.
pub(crate) fn way_back(shows_files: bool) -> (&'static str, &'static str) {
    match shows_files {
        true => ("Leave the files", "What was imported stays in this browser"),
        false => ("Back to the recording", "Leave the live sources"),
    }
}

/// The same while the person wants nothing to move. What is a recording stays named as one.
pub(crate) fn paused(pill: &Pill) -> Pill {
    let what = match pill.tone {
        Tone::Replay => "PAUSED · REPLAY",
        _ => "PAUSED",
    };
    Pill {
        tone: Tone::Paused,
        text: what.to_owned(),
        can_retry: false,
    }
}

/// With fewer events to come the page counts as up to date: a live stream is always a little behind.
pub(crate) const BEHIND: u64 = 500;

fn offline(now: Option<Millis>) -> String {
    match now.filter(|now| *now > 0) {
        Some(now) => format!(
            "OFFLINE · showing stored data to {}",
            format::date_time(now)
        ),
        None => "OFFLINE · nothing stored yet".to_owned(),
    }
}

fn replaying(replay: &ReplayInfo, sources: Option<&SourcesView>) -> String {
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
    // On a phone every letter counts, and nobody chooses by the packing.
    let name = replay
        .name
        .trim_end_matches(".gz")
        .trim_end_matches(".ndjson");
    format!("REPLAY {name} {speed}{synthetic}{ended}")
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

#[cfg(test)]
mod tests {
    use wire::{SourceStatus, time::HOUR};

    use super::*;

    fn text(link: LinkState, config: Option<&PublicConfig>, now: Option<Millis>) -> String {
        pill(&Health::Running, link, config, None, now).text
    }

    #[test]
    fn the_pill_says_what_is_going_on() {
        let replay = ReplayInfo {
            name: "week.ndjson.gz".into(),
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
        assert_eq!(text(LinkState::Files, None, None), "FILES");
        assert_eq!(
            text(LinkState::Files, Some(&config), None),
            "REPLAY week ×600 · synthetic"
        );
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
}
