//! How posts are scored and classed: the method, the limits, and the reader's own word list.

use analysis::{protocol::Method, text::sentiment::Limits};
use js_sys::Uint8Array;
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Event, HtmlInputElement};

use crate::{
    app::Actions,
    query::{Choice, Entry, parse_method, write_method},
    state::Views,
    strings,
};

/// The controls, one line.
#[component]
pub(crate) fn ScoringControls() -> impl IntoView {
    let choice = expect_context::<Choice>();
    let method = Memo::new(move |_| choice.watch.with(|watch| watch.scoring.method));
    let is_strict = move || {
        choice
            .watch
            .with(|watch| watch.scoring.limits == Limits::Strict)
    };
    let option = move |one: Method| {
        view! { <option value=write_method(one) selected=move || method.get() == one>{strings::method(one)}</option> }
    };
    let methods = [Method::Vader, Method::Finance, Method::WordList];
    view! {
        <div class="scoring" role="group" aria-label="How posts are scored">
            <label>
                "Scored by "
                <select on:change=move |event| {
                    if let Some(method) = parse_method(&event_target_value(&event)) {
                        choice.change(Entry::Same, |watch| watch.scoring.method = method);
                    }
                }>{methods.map(option).collect_view()}</select>
            </label>
            <Show when=move || method.get() != Method::WordList fallback=WordListFile>
                <label>
                    "Neutral "
                    <select on:change=move |event| {
                        let limits = if event_target_value(&event) == "strict" { Limits::Strict } else { Limits::Customary };
                        choice.change(Entry::Same, |watch| watch.scoring.limits = limits);
                    }>
                        <option value="customary" selected=move || !is_strict()>"within ±0.05"</option>
                        <option value="strict" selected=is_strict>"only at 0"</option>
                    </select>
                </label>
            </Show>
        </div>
    }
}

/// Asks for the file and says what became of it.
#[component]
fn WordListFile() -> impl IntoView {
    let actions = expect_context::<Actions>();
    let word_list = expect_context::<Views>().word_list;
    view! {
        <label>
            "Word list "
            <input
                type="file"
                accept=".csv,.json,.tsv,.txt"
                title="Loughran–McDonald CSV, AFINN JSON, or lines of word, tab, weight. It stays in this browser."
                on:change=move |event| take_file(&event, actions)
            />
        </label>
        <span class="muted" role="status">{move || strings::word_list(&word_list.get())}</span>
    }
}

/// The same file can be chosen again after it was mended, so the field is emptied.
fn take_file(event: &Event, actions: Actions) {
    let input: HtmlInputElement = event_target(event);
    let Some(file) = input.files().and_then(|files| files.get(0)) else {
        return;
    };
    spawn_local(async move {
        // A file that went away between choosing and reading is like none.
        if let Ok(buffer) = JsFuture::from(file.array_buffer()).await {
            actions.load_word_list(Uint8Array::new(&buffer).to_vec());
        }
        input.set_value("");
    });
}
