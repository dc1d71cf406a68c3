//! Name, connection, pause, and what leads to palette, settings and help.

use std::time::Duration;

use analysis::protocol::LinkState;
use leptos::prelude::*;
use wire::{config::LiveInfo, time::SECOND};

use crate::{
    app::Actions,
    format,
    panels::import::{OpenAddress, OpenFile},
    shortcuts::{Action, Desk},
    state::Views,
    stream,
    strings::{self, connection},
    theme_switch::ThemeSwitch,
};

/// The sticky line on top.
#[component]
pub(crate) fn Header() -> impl IntoView {
    view! {
        <header class="top">
            <a class="skip" href="#main">"Skip to content"</a>
            <h1>
                <svg viewBox="0 0 16 16" width="18" height="18" aria-hidden="true">
                    <path d="M1 9l3-5 3 8 3-6 2 3h3" fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round" />
                </svg>
                "Moodtape"
            </h1>
            <ConnectionPill />
            <StreamButton />
            <OpenFile />
            <OpenAddress />
            <CatchingUp />
            <span class="spacer"></span>
            <Tools />
        </header>
    }
}

/// What can be done from anywhere, with its key.
#[component]
fn Tools() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let views = expect_context::<Views>();
    let button = move |glyph: &'static str,
                       name: &'static str,
                       key: &'static str,
                       action: Action| {
        view! {
            <button type="button" class="tool" aria-label=name title=format!("{name} ({key})") on:click=move |_| { desk.act(action); }>
                {glyph}
            </button>
        }
    };
    let pause = move || match views.is_paused.get() {
        true => "▷ Resume",
        false => "‖ Pause",
    };
    view! {
        <button
            type="button"
            class="pause"
            class:accent=move || views.is_paused.get()
            title="Stop everything that moves by itself (Space)"
            on:click=move |_| { desk.act(Action::Pause); }
        >
            {pause}
        </button>
        <button type="button" class="search" title="Ctrl K or /" on:click=move |_| { desk.act(Action::Palette); }>
            "Find" <kbd aria-hidden="true">" ⌘K"</kbd>
        </button>
        <button type="button" class="zone" title="Zone of all times (U)" on:click=move |_| { desk.act(Action::Zone); }>
            {format::zone_name()}
        </button>
        <ThemeSwitch />
        {button("⤓", "Save and check", "E", Action::Save)}
        {button("⚙", "Settings", ",", Action::Settings)}
        {button("?", "Keys and gestures", "?", Action::Help)}
    }
}

/// From the recording to the live sources and back.
#[component]
fn StreamButton() -> impl IntoView {
    let views = expect_context::<Views>();
    let base = stream::base();
    let is_beside = !base.is_empty();
    let (back, title) = connection::way_back(base == stream::FILES);
    let live = Memo::new(move |_| views.config.get().and_then(|config| config.live.clone()));
    let to_live = move |live: LiveInfo| {
        let title = strings::live_sources(&live);
        view! { <button type="button" class="accent" title=title on:click=move |_| stream::follow(&live.base)>"Go live"</button> }
    };
    view! {
        {move || live.get().filter(|_| !is_beside).map(to_live)}
        {is_beside.then(|| view! {
            <button type="button" title=title on:click=|_| stream::follow("")>{back}</button>
        })}
    }
}

/// How much of what the relay has is here, while that is less than everything.
#[component]
fn CatchingUp() -> impl IntoView {
    let views = expect_context::<Views>();
    // The most that was ever missing since it was nothing, and what is missing now.
    let missing = Memo::new(move |before: Option<&(u64, u64)>| {
        let most = before.map_or(0, |(most, _)| *most);
        match views.link.get() {
            LinkState::Open { behind } if behind > connection::BEHIND => (most.max(behind), behind),
            LinkState::Open { .. } => (0, 0),
            _ => (most, before.map_or(0, |(_, now)| *now)),
        }
    });
    let share = move || {
        let (most, now) = missing.get();
        (most > 0 && now > 0).then(|| (most - now) as f64 / most as f64)
    };
    view! {
        <Show when=move || share().is_some()>
            <progress max="1" value=move || share().unwrap_or(0.0).to_string() aria-label="Taking in what the relay has"></progress>
        </Show>
    }
}

#[component]
fn ConnectionPill() -> impl IntoView {
    let views = expect_context::<Views>();
    let actions = expect_context::<Actions>();
    let seconds = countdown(views);
    let pill = Memo::new(move |_| {
        let (config, sources) = (views.config.get(), views.sources.get());
        let health = views.health.get();
        let pill = connection::pill(
            &health,
            views.link.get(),
            config.as_deref(),
            sources.as_deref(),
            views.now.get(),
        );
        match views.is_paused.get() {
            true => connection::paused(&pill),
            false => pill,
        }
    });
    Effect::new(move |_| {
        let is_replay = views
            .config
            .get()
            .is_some_and(|config| config.replay.is_some());
        document().set_title(if is_replay {
            "▷ Replay – Moodtape"
        } else {
            "Moodtape"
        });
    });
    let wait = move || {
        let seconds = seconds.get().filter(|_| pill.with(|pill| pill.can_retry));
        seconds.filter(|s| *s > 0).map(|s| format!(" in {s} s"))
    };
    view! {
        <span class=move || format!("pill {}", pill.with(|p| p.tone.class()))>
            <span aria-hidden="true">{move || pill.with(|p| p.tone.glyph())}" "</span>
            <span role="status" aria-label="Connection">{move || pill.with(|p| p.text.clone())}</span>
            // Not part of the status: it would be read out every second.
            <span aria-hidden="true">{wait}</span>
            <Show when=move || pill.with(|p| p.can_retry)>
                <button type="button" class="link" on:click=move |_| actions.reconnect()>"Now"</button>
            </Show>
        </span>
    }
}

/// Seconds until the next attempt, counted down here because the worker tells it once.
fn countdown(views: Views) -> ReadSignal<Option<i64>> {
    let (seconds, set_seconds) = signal(None);
    let tick = move || set_seconds.update(|s| *s = s.map(|s: i64| (s - 1).max(0)));
    let start = move |retry_in: i64| {
        set_seconds.set(Some((retry_in + SECOND - 1) / SECOND));
        set_interval_with_handle(tick, Duration::from_secs(1)).ok()
    };
    // A timer is the outside world: the effect starts and stops it, the timer counts.
    Effect::new(move |running: Option<Option<IntervalHandle>>| {
        if let Some(timer) = running.flatten() {
            timer.clear();
        }
        match views.link.get() {
            LinkState::Offline { retry_in, .. } => start(retry_in),
            _ => None,
        }
    });
    seconds
}
