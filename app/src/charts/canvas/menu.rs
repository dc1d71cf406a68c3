//! What can be done with any chart.

use leptos::{ev::KeyboardEvent, html, prelude::*};

use super::Wish;
use crate::charts::export::Format;

/// A button in the chart's corner, and what it opens.
#[component]
pub(super) fn ChartMenu(
    name: &'static str,
    is_table: RwSignal<bool>,
    wish: Callback<Wish>,
) -> impl IntoView {
    let menu = NodeRef::<html::Details>::new();
    let summary = NodeRef::<html::Summary>::new();
    let close = move || {
        if let Some(menu) = menu.get_untracked() {
            menu.set_open(false);
        }
    };
    let on_key = move |event: KeyboardEvent| {
        if event.key() == "Escape" && menu.get_untracked().is_some_and(|menu| menu.open()) {
            event.prevent_default();
            close();
            if let Some(summary) = summary.get_untracked() {
                let _ = summary.focus();
            }
        }
    };
    // The focus went elsewhere, so does the menu.
    let on_leave = move |event: leptos::ev::FocusEvent| {
        use wasm_bindgen::JsCast;
        let to: Option<web_sys::Node> = event.related_target().and_then(|to| to.dyn_into().ok());
        let stays = menu
            .get_untracked()
            .is_some_and(|menu| menu.contains(to.as_ref()));
        if to.is_some() && !stays {
            close();
        }
    };
    let entry = move |what: Wish, text: &'static str, key: &'static str| {
        let on_click = move |_| {
            close();
            wish.run(what);
        };
        view! { <button type="button" on:click=on_click>{text} <kbd aria-hidden="true">{key}</kbd></button> }
    };
    view! {
        <details class="chart-menu" node_ref=menu on:keydown=on_key on:focusout=on_leave>
            <summary node_ref=summary aria-label=format!("Table and files of {name}") title="Table and files">"⋯"</summary>
            <div class="chart-menu-list">
                <button type="button" on:click=move |_| { close(); wish.run(Wish::Table); }>
                    {move || if is_table.get() { "Show as chart" } else { "Show as table" }} <kbd aria-hidden="true">"T"</kbd>
                </button>
                {entry(Wish::Save(Format::Csv), "Save numbers (CSV)", "S")}
                {entry(Wish::Save(Format::Svg), "Save picture (SVG)", "V")}
                {entry(Wish::Save(Format::Png), "Save picture (PNG)", "P")}
                {entry(Wish::WholeWindow, "Whole window", "F")}
            </div>
        </details>
    }
}
