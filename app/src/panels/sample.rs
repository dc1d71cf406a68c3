//! Which posts count: what looks like spam and why, which languages, and what is left out.

use analysis::{spam::REASONS, view::SampleView};
use leptos::prelude::*;

use crate::{
    format,
    query::{Choice, Entry},
    state::Views,
    strings,
};

/// Caps to choose from.
const CAPS: [u16; 4] = [1, 3, 10, 30];

/// The panel.
#[component]
pub(crate) fn SamplePanel() -> impl IntoView {
    let views = expect_context::<Views>();
    view! {
        <section class="panel sample" aria-labelledby="sample-title">
            <header>
                <h2 id="sample-title">"What counts"</h2>
                <span class="spacer"></span>
                <SpamListButton />
            </header>
            <Controls />
            <p class="caption" data-testid="sample-summary">
                {move || views.sample.with(|view| view.as_deref().map(strings::sample))}
            </p>
            {move || match views.sample.get() {
                None => view! { <div class="loading list-skeleton"></div> }.into_any(),
                Some(view) => view! { <Findings view=(*view).clone() /> }.into_any(),
            }}
        </section>
    }
}

/// Shows the spam in the list of posts, counted or not.
#[component]
fn SpamListButton() -> impl IntoView {
    let choice = expect_context::<Choice>();
    let is_listed = move || choice.watch.with(|watch| watch.only_spam);
    view! {
        <button
            type="button"
            aria-pressed=move || is_listed().to_string()
            on:click=move |_| choice.change(Entry::New, |watch| watch.only_spam = !watch.only_spam)
        >
            "List the spam"
        </button>
    }
}

#[component]
fn Controls() -> impl IntoView {
    let choice = expect_context::<Choice>();
    let sampling = Memo::new(move |_| choice.watch.with(|watch| watch.sampling));
    let option = move |cap: Option<u16>| {
        let text = cap.map_or("all".to_owned(), |cap| format!("the first {cap}"));
        let value = cap.map_or(String::new(), |cap| cap.to_string());
        view! { <option value=value prop:selected=move || sampling.get().per_author == cap>{text}</option> }
    };
    // A link may ask for another cap than those offered.
    let caps = move || {
        let other = sampling.get().per_author.filter(|cap| !CAPS.contains(cap));
        [None]
            .into_iter()
            .chain(CAPS.map(Some))
            .chain(other.map(Some))
    };
    view! {
        <div class="sampling" role="group" aria-label="Which posts count">
            <label>
                <input
                    type="checkbox"
                    prop:checked=move || sampling.get().without_spam
                    on:change=move |event| {
                        let is_on = event_target_checked(&event);
                        choice.change(Entry::New, |watch| watch.sampling.without_spam = is_on);
                    }
                />
                " Leave spam out"
            </label>
            <label>
                <input
                    type="checkbox"
                    prop:checked=move || sampling.get().only_english
                    on:change=move |event| {
                        let is_on = event_target_checked(&event);
                        choice.change(Entry::New, |watch| watch.sampling.only_english = is_on);
                    }
                />
                " Only English"
            </label>
            <label>
                "Of each author and hour "
                <select on:change=move |event| {
                    let cap = event_target_value(&event).parse().ok();
                    choice.change(Entry::New, |watch| watch.sampling.per_author = cap);
                }>{move || caps().map(option).collect_view()}</select>
            </label>
        </div>
    }
}

#[component]
fn Findings(view: SampleView) -> impl IntoView {
    let rows = REASONS.into_iter().zip(view.reasons).map(|(reason, n)| {
        let (name, meaning) = strings::reason(reason);
        view! {
            <tr>
                <th scope="row">{name}<span class="hint">{meaning}</span></th>
                <td>{format::count(n)}</td>
                <td>{format::share(n, view.n_posts)}</td>
            </tr>
        }
    });
    view! {
        <table>
            <caption>"What makes a post spam, as known when it came. A post may have several reasons"</caption>
            <thead><tr>
                <th scope="col">"Reason"</th><th scope="col">"Posts"</th><th scope="col">"Share"</th>
            </tr></thead>
            <tbody>{rows.collect_view()}</tbody>
        </table>
        <p class="caption">{strings::languages(&view)}</p>
    }
}
