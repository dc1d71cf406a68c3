//! What must be said above everything else: a recording is no live data, and troubles.

use analysis::protocol::Trouble;
use leptos::prelude::*;

use crate::{
    app::Actions,
    state::{Health, Views},
    strings,
};

const NOTE_KEY: &str = "replay-note";

/// Notes and troubles, in the order of their weight.
#[component]
pub(crate) fn Notices() -> impl IntoView {
    let views = expect_context::<Views>();
    let actions = expect_context::<Actions>();
    let is_note_read = RwSignal::new(kept().is_some());
    let stopped = move || match views.health.get() {
        Health::Stopped(trouble) => Some(trouble),
        Health::Starting | Health::Running => None,
    };
    let note = Memo::new(move |_| {
        let config = views.config.get();
        config
            .as_deref()
            .and_then(strings::replay_note)
            .filter(|_| !is_note_read.get())
    });
    view! {
        <div class="notices">
        {move || stopped().map(|trouble| view! {
            <div class="notice bad" role="alert">
                <TroubleText trouble />
                <button type="button" on:click=|_| reload()>"Reload"</button>
            </div>
        })}
        {move || views.trouble.get().map(|trouble| view! {
            <div class="notice bad" role="alert">
                <TroubleText trouble />
                <button type="button" on:click=move |_| actions.put_trouble_aside()>"Dismiss"</button>
            </div>
        })}
        {move || note.get().map(|note| view! {
            <div class="notice" role="note">
                <p>{note}</p>
                <button type="button" on:click=move |_| {
                    keep();
                    is_note_read.set(true);
                }>"Got it"</button>
            </div>
        })}
        </div>
    }
}

#[component]
fn TroubleText(trouble: Trouble) -> impl IntoView {
    view! { <p><strong>{trouble.what}</strong>" "{trouble.still_works}" "{trouble.what_to_do}</p> }
}

/// The note was read in this browser before; the pill in the header goes on saying it.
fn kept() -> Option<String> {
    window().local_storage().ok()??.get_item(NOTE_KEY).ok()?
}

fn keep() {
    if let Ok(Some(storage)) = window().local_storage() {
        // Where nothing can be kept, the note comes again.
        let _ = storage.set_item(NOTE_KEY, "read");
    }
}

fn reload() {
    // A browser that refuses to reload has a button of its own for it.
    let _ = window().location().reload();
}
