//! What the further panels have in common: they are made only while in sight, have a title, tools and a method.

use analysis::protocol::Panel;
use leptos::{html::Section, prelude::*};

use super::{
    method::{Card, Figures, Method},
    sight,
};

/// A panel around its contents.
#[component]
pub(crate) fn Shell(
    /// Which views it needs.
    panels: &'static [Panel],
    /// Beginning of its ids, and its class.
    name: &'static str,
    title: &'static str,
    /// What stands beside the title.
    tools: ViewFn,
    card: Card,
    figures: Signal<Figures>,
    children: Children,
) -> impl IntoView {
    let section = NodeRef::<Section>::new();
    sight::follow(section, panels);
    view! {
        <section class=format!("panel {name}") aria-labelledby=format!("{name}-title") node_ref=section>
            <header>
                <h2 id=format!("{name}-title")>{title}</h2>
                <span class="spacer"></span>
                {tools.run()}
            </header>
            {children()}
            <Method card figures />
        </section>
    }
    .into_any()
}

/// A list to choose from: values as they stand in the address, and names.
#[component]
pub(crate) fn Choose(
    label: &'static str,
    options: Vec<(String, String)>,
    #[prop(into)] chosen: Signal<String>,
    on_choice: Callback<String>,
) -> impl IntoView {
    let option = move |(value, name): (String, String)| {
        let own = value.clone();
        view! { <option value=value prop:selected=move || chosen.with(|chosen| *chosen == own)>{name}</option> }
    };
    view! {
        <select aria-label=label on:change=move |event| on_choice.run(event_target_value(&event))>
            {options.into_iter().map(option).collect_view()}
        </select>
    }
    .into_any()
}

/// Pairs of texts for [`Choose`].
pub(crate) fn texts<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    let text = |(value, name): (&str, &str)| (value.to_owned(), name.to_owned());
    pairs.into_iter().map(text).collect()
}

/// A button that switches between chart and table.
#[component]
pub(crate) fn TableButton(is_table: RwSignal<bool>) -> impl IntoView {
    view! {
        <button type="button" aria-pressed=move || is_table.get().to_string() on:click=move |_| is_table.update(|t| *t = !*t)>
            "Table"
        </button>
    }
    .into_any()
}
