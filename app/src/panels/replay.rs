//! The bar of a replay: where it stands, how fast it goes, and the way out.

use analysis::{
    protocol::{Command, RangeChoice, ReplayOrder, ReplayState},
    view::Range,
};
use leptos::prelude::*;
use wire::Millis;

use crate::{app::Actions, format, query::Choice, state::Views};

/// Seconds of the data a second; 0 for as fast as possible.
const SPEEDS: [u32; 7] = [1, 10, 60, 600, 1_800, 3_600, 0];
/// Everything that is stored.
const ALL: Range = Range {
    from: Millis::MIN,
    to: Millis::MAX,
};

/// Nothing unless something is replayed.
#[component]
pub(crate) fn ReplayBar() -> impl IntoView {
    let views = expect_context::<Views>();
    let is_on = Memo::new(move |_| views.replay.get().is_some());
    move || is_on.get().then(|| view! { <Bar /> })
}

#[component]
fn Bar() -> impl IntoView {
    let views = expect_context::<Views>();
    let actions = expect_context::<Actions>();
    let order = move |order: ReplayOrder| actions.send(&Command::Replay(order));
    let state = move || views.replay.get().unwrap_or_default();
    let of = move |what: fn(&ReplayState) -> Millis| state_of(&state(), what);
    let is_playing = Memo::new(move |_| state().is_playing);
    let toggle = move |_| {
        order(match is_playing.get_untracked() {
            true => ReplayOrder::Pause,
            false => ReplayOrder::Play,
        });
    };
    let speeds = SPEEDS.map(|speed| {
        let name = match speed {
            0 => "as fast as possible".to_owned(),
            speed => format!("×{speed}"),
        };
        let is_chosen = move || state().speed.map_or(0, |speed| speed as u32) == speed;
        view! { <option value=speed.to_string() selected=is_chosen>{name}</option> }
    });
    view! {
        <section class="replay-bar" aria-label="Replay">
            <button type="button" on:click=toggle>{move || if is_playing.get() { "‖ Stop" } else { "▷ Play" }}</button>
            <button type="button" title="On to the next post" on:click=move |_| order(ReplayOrder::Step)>"Step"</button>
            <select aria-label="Speed" on:change=move |event| {
                // Whole numbers: reading any other takes a table of its own.
                let speed = event_target_value(&event).parse::<u32>().unwrap_or(0);
                order(ReplayOrder::Speed((speed > 0).then_some(f64::from(speed))));
            }>{speeds}</select>
            <input
                type="range"
                aria-label="What was known when"
                // Whatever the pointer hits; keys move it by a hundredth.
                step="any"
                min=move || of(|state| state.from)
                max=move || of(|state| state.to)
                prop:value=move || of(|state| state.at)
                // Otherwise it would move on under the pointer.
                on:pointerdown=move |_| order(ReplayOrder::Pause)
                aria-valuetext=move || format::date_time(state().at)
                on:change=move |event| {
                    let slider: web_sys::HtmlInputElement = event_target(&event);
                    order(ReplayOrder::Seek(slider.value_as_number() as Millis));
                }
            />
            <output data-testid="replay-at">{move || format::date_time(state().at)}</output>
            <label>
                <input
                    type="checkbox"
                    prop:checked=move || state().is_looped
                    on:change=move |event| order(ReplayOrder::Loop(event_target_checked(&event)))
                />
                "Loop"
            </label>
            <button type="button" class="accent" on:click=move |_| actions.replay(None)>"Leave the replay"</button>
        </section>
    }
}

/// Numbers as the slider takes them.
fn state_of(state: &ReplayState, what: fn(&ReplayState) -> Millis) -> String {
    what(state).to_string()
}

/// Begins one, of the range that was chosen.
#[component]
pub(crate) fn ReplayButton() -> impl IntoView {
    let actions = expect_context::<Actions>();
    let watch = expect_context::<Choice>().watch;
    let range = Memo::new(move |_| match watch.with(|watch| watch.range) {
        RangeChoice::Fixed { from, to } => Range { from, to },
        RangeChoice::All | RangeChoice::Last(_) => ALL,
    });
    let name = move || match range.get() {
        ALL => "Replay what is stored",
        _ => "Replay the chosen range",
    };
    let title = "Play what is stored as it came, at any speed: what was known when";
    let begin = move |_| actions.replay(Some(range.get_untracked()));
    view! { <button type="button" class="quiet" title=title on:click=begin>{name}</button> }
}
