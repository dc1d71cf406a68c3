//! What must be said above everything else: a recording is no live data, and troubles.

use analysis::protocol::Trouble;
use leptos::prelude::*;

use crate::{
    app::Actions,
    browser,
    state::{Health, Remedy, Views},
    strings::{self, troubles},
};

const NOTE_KEY: &str = "replay-note";

/// Notes and troubles, in the order of their weight.
#[component]
pub(crate) fn Notices() -> impl IntoView {
    let views = expect_context::<Views>();
    let actions = expect_context::<Actions>();
    // The pill in the header goes on saying it.
    let is_note_read = RwSignal::new(browser::recall(NOTE_KEY).is_some());
    let not_stored = move || views.store.with(troubles::not_stored);
    let stopped = move || match views.health.get() {
        Health::Stopped(trouble, remedy) => Some((trouble, remedy)),
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
        {move || stopped().map(|(trouble, remedy)| view! {
            <div class="notice bad" role="alert">
                <TroubleText trouble />
                <RemedyButton remedy of="" />
            </div>
        })}
        {move || not_stored().map(|trouble| view! {
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
                    browser::remember(NOTE_KEY, Some("read"));
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

/// Brings numbers back, `of` a panel or of the whole page.
#[component]
pub(super) fn RemedyButton(remedy: Remedy, of: &'static str) -> impl IntoView {
    let actions = expect_context::<Actions>();
    let (name, remedy): (_, fn(Actions)) = match remedy {
        Remedy::Retry => ("Retry", Actions::retry),
        Remedy::Reload => ("Reload", |_| reload()),
    };
    view! {
        <button type="button" on:click=move |_| remedy(actions)>{name}<span class="vh">{format!(" {of}")}</span></button>
    }
    .into_any()
}

fn reload() {
    // A browser that refuses to reload has a button of its own for it.
    let _ = window().location().reload();
}
