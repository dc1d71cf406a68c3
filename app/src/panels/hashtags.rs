//! Trending hashtags: bars from zero, split by class, over a window that slides with the data.

use std::sync::Arc;

use analysis::{
    protocol::CountBy,
    view::{HashtagRow, HashtagsView},
};
use leptos::prelude::*;
use wire::{
    Millis,
    time::{HOUR, MINUTE},
};

use crate::{
    format,
    query::{Choice, Entry},
    state::Views,
    strings,
};

const WINDOWS: [Millis; 7] = [
    MINUTE,
    5 * MINUTE,
    15 * MINUTE,
    HOUR,
    6 * HOUR,
    12 * HOUR,
    24 * HOUR,
];
const AMOUNTS: [u16; 4] = [5, 10, 20, 50];

/// The panel.
#[component]
pub(crate) fn HashtagsPanel() -> impl IntoView {
    let views = expect_context::<Views>();
    let caption = move || views.hashtags.get().map(|view| caption(&view));
    let list = move || match views.hashtags.get() {
        None => view! { <div class="loading list-skeleton"></div> }.into_any(),
        Some(view) if view.rows.is_empty() => {
            view! { <p class="empty">{strings::hashtags_empty(&view)}</p> }.into_any()
        }
        Some(view) => view! { <Bars view /> }.into_any(),
    };
    view! {
        <section class="panel hashtags" aria-labelledby="hashtags-title">
            <header>
                <h2 id="hashtags-title">"Trending hashtags"</h2>
                <span class="spacer"></span>
                <Controls />
            </header>
            <p class="caption">{caption}</p>
            {list}
        </section>
    }
}

fn caption(view: &HashtagsView) -> String {
    let by = match view.by {
        CountBy::Posts => "posts",
        CountBy::Authors => "authors",
    };
    format!(
        "Counted in {by}, {} to {}, {} posts, {} different hashtags",
        format::time_of_day(view.until - view.window),
        format::date_time(view.until),
        format::count(view.n_posts),
        format::count(view.n_distinct),
    )
}

#[component]
fn Controls() -> impl IntoView {
    let choice = expect_context::<Choice>();
    let window_option = move |window: Millis| {
        let is_chosen = move || choice.watch.with(|watch| watch.hashtag_window == window);
        view! { <option value=window.to_string() selected=is_chosen>{format::span(window)}</option> }
    };
    let amount_option = move |amount: u16| {
        let is_chosen = move || choice.watch.with(|watch| watch.n_hashtags == amount);
        view! { <option value=amount.to_string() selected=is_chosen>{format!("top {amount}")}</option> }
    };
    let is_by_authors = move || {
        choice
            .watch
            .with(|watch| watch.count_by == CountBy::Authors)
    };
    view! {
        <select
            aria-label="Window"
            on:change=move |event| {
                if let Ok(window) = event_target_value(&event).parse() {
                    choice.change(Entry::Same, |watch| watch.hashtag_window = window);
                }
            }
        >
            {WINDOWS.map(window_option).collect_view()}
        </select>
        <select
            aria-label="Count by"
            on:change=move |event| {
                let by = if event_target_value(&event) == "authors" { CountBy::Authors } else { CountBy::Posts };
                choice.change(Entry::Same, |watch| watch.count_by = by);
            }
        >
            <option value="posts" selected=move || !is_by_authors()>"by posts"</option>
            <option value="authors" selected=is_by_authors>"by authors"</option>
        </select>
        <select
            aria-label="How many hashtags"
            on:change=move |event| {
                if let Ok(amount) = event_target_value(&event).parse() {
                    choice.change(Entry::Same, |watch| watch.n_hashtags = amount);
                }
            }
        >
            {AMOUNTS.map(amount_option).collect_view()}
        </select>
    }
}

#[component]
fn Bars(view: Arc<HashtagsView>) -> impl IntoView {
    let most = view.rows.iter().map(|row| row.count).max().unwrap_or(1);
    let rows = view
        .rows
        .iter()
        .cloned()
        .map(|row| view! { <Bar row most /> })
        .collect_view();
    view! { <ol class="bars">{rows}</ol> }
}

#[component]
fn Bar(row: HashtagRow, most: u64) -> impl IntoView {
    let choice = expect_context::<Choice>();
    let HashtagRow {
        tag,
        count,
        previous,
        counts,
    } = row;
    let chosen_tag = tag.clone();
    let is_chosen = move || {
        choice.watch.with(|watch| {
            watch
                .hashtag
                .as_ref()
                .is_some_and(|t| t.to_lowercase() == chosen_tag.to_lowercase())
        })
    };
    let was_chosen = is_chosen.clone();
    let clicked_tag = tag.clone();
    let on_click = move |_| {
        let hashtag = (!was_chosen()).then(|| clicked_tag.clone());
        choice.change(Entry::Same, |watch| watch.hashtag = hashtag);
    };
    let share = |n: u64| format!("{:.2}%", n as f64 / counts.posts.max(1) as f64 * 100.0);
    let change = format::signed(count as f64 - previous as f64, 0);
    let label = format!(
        "#{tag}, {count}, {change} against the window before; {} positive, {} neutral, {} negative posts",
        counts.positive, counts.neutral, counts.negative
    );
    view! {
        <li>
            <button
                type="button"
                title="Show its posts"
                aria-pressed=move || is_chosen().to_string()
                aria-label=label
                on:click=on_click
            >
                <span class="bar-name">{format!("#{tag}")}</span>
                <span class="bar-track">
                    <span class="bar" style:width=format!("{:.2}%", count as f64 / most.max(1) as f64 * 100.0)>
                        <span class="pos" style:width=share(counts.positive)></span>
                        <span class="neu" style:width=share(counts.neutral)></span>
                        <span class="neg" style:width=share(counts.negative)></span>
                    </span>
                </span>
                <span class="bar-count">{format::count(count)}</span>
                <span class="bar-change">{change}</span>
            </button>
        </li>
    }
}
