//! The line of filters: what the page is narrowed down to, each with a way to take it off.

use analysis::protocol::RangeChoice;
use leptos::prelude::*;

use crate::{
    query::Choice,
    selection::{Filter, filters},
    strings::filters::label,
};

/// Nothing while there is no filter.
#[component]
pub(crate) fn FilterLine() -> impl IntoView {
    let choice = expect_context::<Choice>();
    let on = Memo::new(move |_| choice.watch.with(filters));
    let is_fixed = move || {
        let range = choice.watch.with(|watch| watch.range);
        matches!(range, RangeChoice::Fixed { .. })
    };
    view! {
        <Show when=move || on.with(|on| !on.is_empty())>
            <div class="filter-line" role="group" aria-label="Filters">
                <span class="muted">"Shown:"</span>
                {move || on.get().into_iter().map(|filter| view! { <Chip filter /> }).collect_view()}
                <Show when=is_fixed>
                    <button type="button" class="chip accent" title="L" on:click=move |_| choice.follow()>"→ Newest"</button>
                </Show>
                <span class="spacer"></span>
                <button type="button" class="link" title="X" on:click=move |_| choice.clear_all()>"Clear all"</button>
            </div>
        </Show>
    }
}

#[component]
fn Chip(filter: Filter) -> impl IntoView {
    let choice = expect_context::<Choice>();
    let text = label(&filter);
    let name = format!("Remove filter {text}");
    view! {
        <button type="button" class="chip" aria-label=name on:click=move |_| choice.toggle(&filter)>
            {text} <span aria-hidden="true">" ×"</span>
        </button>
    }
}

/// Narrows everything else down to one thing, and undoes it.
#[component]
pub(super) fn FilterButton(
    filter: Filter,
    class: &'static str,
    #[prop(optional, into)] title: Option<&'static str>,
    #[prop(into)] text: String,
) -> impl IntoView {
    let choice = expect_context::<Choice>();
    let filter = StoredValue::new(filter);
    let is_on = move || {
        choice
            .watch
            .with(|watch| filter.with_value(|filter| filter.is_on(watch)))
    };
    view! {
        <button
            type="button"
            class=class
            title=title
            aria-pressed=move || is_on().to_string()
            on:click=move |_| filter.with_value(|filter| choice.toggle(filter))
        >
            {text}
        </button>
    }
}
