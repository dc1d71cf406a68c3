//! Dialogs over the page: the palette, the list of keys, the settings, files to take away.

mod help;
mod palette;
mod save;
mod settings;

use leptos::{html, prelude::*};
use wasm_bindgen::JsCast;

use crate::shortcuts::{Desk, Dialog};

/// Whichever dialog is open.
#[component]
pub(crate) fn Dialogs() -> impl IntoView {
    let desk = expect_context::<Desk>();
    move || {
        desk.dialog.get().map(|dialog| match dialog {
            Dialog::Palette => view! { <palette::Palette /> }.into_any(),
            Dialog::Help => view! { <help::Help /> }.into_any(),
            Dialog::Save => view! { <save::Save /> }.into_any(),
            Dialog::Settings => view! { <settings::Settings /> }.into_any(),
        })
    }
}

/// Closes what is open, by way of the browser, which gives the focus back to what had it.
fn close_open() {
    let open = document().query_selector("dialog[open]").ok().flatten();
    let open: Option<web_sys::HtmlDialogElement> = open.and_then(|open| open.dyn_into().ok());
    if let Some(open) = open {
        open.close();
    }
}

/// The frame of a dialog. The browser keeps the focus inside, closes on Esc and gives the focus back.
#[component]
fn Modal(title: &'static str, class: &'static str, children: Children) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        if let Some(dialog) = dialog.get() {
            // Refused only where it is open already.
            let _ = dialog.show_modal();
        }
    });
    // A click on the shadow around the dialog closes it; inside, something else is its target.
    let on_click = move |event: leptos::ev::MouseEvent| {
        let itself = dialog.get_untracked();
        if itself.is_some_and(|itself| event.target().as_ref() == Some(itself.as_ref())) {
            close_open();
        }
    };
    view! {
        <dialog
            class=format!("dialog {class}")
            node_ref=dialog
            aria-label=title
            on:close=move |_| desk.dialog.set(None)
            on:click=on_click
        >
            <div class="dialog-body">
                <header>
                    <h2>{title}</h2>
                    <span class="spacer"></span>
                    <button type="button" aria-label="Close" on:click=move |_| close_open()>"×"</button>
                </header>
                {children()}
            </div>
        </dialog>
    }
}
