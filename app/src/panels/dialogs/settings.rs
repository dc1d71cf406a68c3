//! Settings: how the page is written and used, what it keeps, and where the rest is changed.

use analysis::protocol::StoreState;
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{RequestInit, Response};
use wire::SourceState;

use super::Modal;
use crate::{
    app::Actions,
    format::{self, Numbers},
    panels::{
        scoring::ScoringControls,
        topics::{TickersEditor, TopicsEditor},
    },
    preferences::{Preferences, numbers_text, parse_numbers},
    state::Views,
    stream, strings,
    theme_switch::ThemeSwitch,
};

/// The dialog.
#[component]
pub(super) fn Settings() -> impl IntoView {
    view! {
        <Modal title="Settings" class="settings">
            <fieldset>
                <legend>"Look"</legend>
                <Look />
            </fieldset>
            <fieldset>
                <legend>"Scoring"</legend>
                <ScoringControls />
            </fieldset>
            <Lists />
            <fieldset>
                <legend>"Stored in this browser"</legend>
                <Storage />
            </fieldset>
            <fieldset>
                <legend>"Sources"</legend>
                <Sources />
            </fieldset>
        </Modal>
    }
}

#[component]
fn Look() -> impl IntoView {
    let preferences = expect_context::<Preferences>();
    let examples = [
        (Numbers::Point, "1,234.5"),
        (Numbers::Comma, "1.234,5"),
        (Numbers::Space, "1 234.5"),
    ];
    let number_option = move |(numbers, example): (Numbers, &'static str)| {
        let is_chosen = move || preferences.numbers.get() == numbers;
        view! { <option value=numbers_text(numbers) selected=is_chosen>{example}</option> }
    };
    view! {
        <div class="settings-row"><span>"Theme"</span> <ThemeSwitch /></div>
        <label class="settings-row">
            "Times in"
            <select on:change=move |event| preferences.is_local_time.set(event_target_value(&event) == "local")>
                <option value="utc" selected=move || !preferences.is_local_time.get()>"UTC"</option>
                <option value="local" selected=move || preferences.is_local_time.get()>"local time"</option>
            </select>
        </label>
        <label class="settings-row">
            "Numbers as"
            <select on:change=move |event| preferences.numbers.set(parse_numbers(&event_target_value(&event)).unwrap_or_default())>
                {examples.map(number_option).collect_view()}
            </select>
        </label>
        <label class="settings-row">
            "Keys without Ctrl"
            <input
                type="checkbox"
                prop:checked=move || preferences.has_shortcuts.get()
                on:change=move |event| preferences.has_shortcuts.set(event_target_checked(&event))
            />
        </label>
    }
}

/// The reader's own topics and tickers.
#[component]
fn Lists() -> impl IntoView {
    let is_open = RwSignal::new((false, false));
    view! {
        <fieldset>
            <legend>"Topics and tickers"</legend>
            <details on:toggle=move |_| is_open.update(|open| open.0 = true)>
                <summary>"Topics"</summary>
                {move || is_open.get().0.then(|| view! { <TopicsEditor close=|| {} /> })}
            </details>
            <details on:toggle=move |_| is_open.update(|open| open.1 = true)>
                <summary>"Tickers"</summary>
                {move || is_open.get().1.then(|| view! { <TickersEditor close=|| {} /> })}
            </details>
        </fieldset>
    }
}

/// How much is stored, of how much the browser allows.
#[component]
fn Storage() -> impl IntoView {
    let (views, actions) = (expect_context::<Views>(), expect_context::<Actions>());
    let used = RwSignal::new(None::<(f64, f64)>);
    spawn_local(async move { used.set(estimate().await) });
    let stored = move || match views.store.get() {
        StoreState::Kept { n_events, n_posts } => format!(
            "{} posts and {} other events",
            format::count(n_posts),
            format::count(n_events.saturating_sub(n_posts))
        ),
        other => strings::store(&other).unwrap_or_default(),
    };
    let quota = move || {
        used.get().map(|(usage, quota)| {
            let share = if quota > 0.0 { usage / quota } else { 0.0 };
            view! {
                <p>{format!("{} MB of {} MB that this browser allows", megabytes(usage), megabytes(quota))}</p>
                <meter min="0" max="1" high="0.9" value=share.to_string() aria-label="Share of the storage that is used"></meter>
            }
        })
    };
    view! {
        <p>{stored}</p>
        {quota}
        <button
            type="button"
            on:click=move |_| {
                let question = "Delete everything this browser has stored and load it again?";
                if window().confirm_with_message(question).unwrap_or(false) {
                    actions.clear_store();
                }
            }
        >
            "Clear stored data…"
        </button>
    }
}

fn megabytes(bytes: f64) -> String {
    format::count((bytes / 1e6).round().max(0.0) as u64)
}

/// Bytes used and allowed; nothing where the browser does not say.
async fn estimate() -> Option<(f64, f64)> {
    let navigator = window().navigator();
    // Absent on an address that is neither https nor localhost.
    let storage = js_sys::Reflect::get(&navigator, &"storage".into()).ok()?;
    if !storage.is_object() {
        return None;
    }
    let estimate = JsFuture::from(navigator.storage().estimate().ok()?)
        .await
        .ok()?;
    let number = |name: &str| js_sys::Reflect::get(&estimate, &name.into()).ok()?.as_f64();
    Some((number("usage")?, number("quota")?))
}

/// What is listened to; keys never leave the relay, so that there is nothing to enter here.
#[component]
fn Sources() -> impl IntoView {
    let views = expect_context::<Views>();
    // Rows are made anew whenever a source tells something.
    let told = RwSignal::new(None::<(String, String)>);
    let rows = move || {
        let view = views.sources.get();
        let rows = view.map(|view| view.rows.clone()).unwrap_or_default();
        let row = |source: wire::SourceStatus| {
            let mark = match source.state {
                SourceState::Connected => "●",
                SourceState::Connecting => "◌",
                SourceState::Disconnected | SourceState::Failed => "⚠",
                SourceState::Ended => "■",
            };
            let state = strings::source_state(source.state);
            let name = source.source.clone();
            let test = move |_| {
                let name = name.clone();
                spawn_local(async move {
                    told.set(Some((name.clone(), "…".to_owned())));
                    let outcome = test(&name).await;
                    let outcome =
                        outcome.unwrap_or_else(|| "The relay does not answer.".to_owned());
                    told.set(Some((name, outcome)));
                });
            };
            let name = source.source.clone();
            let outcome = move || {
                let told = told.get().filter(|(of, _)| *of == name);
                told.map(|(_, outcome)| outcome)
            };
            view! {
                <li>
                    {mark} " " <b>{source.source}</b> " " {state} {source.detail.map(|detail| format!(" · {detail}"))} " "
                    <button type="button" on:click=test>"Test"</button> " "
                    <span role="status">{outcome}</span>
                </li>
            }
        };
        match rows.is_empty() {
            true => view! { <p class="muted">"No source has reported yet."</p> }.into_any(),
            false => view! { <ul>{rows.into_iter().map(row).collect_view()}</ul> }.into_any(),
        }
    };
    view! {
        {rows}
        <p class="hint">"Sources and their keys are set in the relay’s config.toml; no key ever reaches a browser."</p>
    }
}

/// Has the relay try a source; what came of it in a sentence, unless there is no relay.
async fn test(source: &str) -> Option<String> {
    let source = String::from(js_sys::encode_uri_component(source));
    let relay = Some(stream::relay()).filter(|relay| !relay.is_empty())?;
    let address = format!("{relay}/api/v1/sources/{source}/test");
    let post = RequestInit::new();
    post.set_method("POST");
    let asked = window().fetch_with_str_and_init(&address, &post);
    let answer: Response = JsFuture::from(asked).await.ok()?.unchecked_into();
    match answer.status() {
        200 => JsFuture::from(answer.text().ok()?).await.ok()?.as_string(),
        429 => Some("It was tried a moment ago.".to_owned()),
        _ => None,
    }
}
