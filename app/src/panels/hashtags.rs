//! Trending hashtags: bars from zero, split by class, over a window that slides with the data.

use analysis::{
    protocol::{CountBy, RankBy},
    view::{Counts, HashtagRow, HashtagsView, Range},
};
use leptos::prelude::*;
use wire::{
    Millis,
    time::{HOUR, MINUTE},
};

use super::{
    method::{Card, Figures, Method},
    shell::TableButton,
    table::{Cells, Table},
};
use crate::{
    format,
    query::{Choice, Entry},
    selection::Filter,
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
    let is_table = RwSignal::new(false);
    let cells = Memo::new(move |_| {
        views
            .hashtags
            .with(|view| view.as_deref().map(table).unwrap_or_default())
    });
    let figures = Signal::derive(move || {
        views.hashtags.with(|view| {
            view.as_ref().map_or_else(Figures::default, |view| {
                let range = Range {
                    from: view.until - view.window,
                    to: view.until,
                };
                Figures::new(format!("{} posts", format::count(view.n_posts)), range)
            })
        })
    });
    let empty = move || {
        views
            .hashtags
            .get()
            .filter(|view| view.rows.is_empty())
            .map(|v| strings::hashtags_empty(&v))
    };
    view! {
        <section class="panel hashtags" aria-labelledby="hashtags-title">
            <header>
                <h2 id="hashtags-title">"Trending hashtags"</h2>
                <span class="spacer"></span>
                <Controls />
                <TableButton is_table />
            </header>
            <p class="caption">{caption}</p>
            {move || match is_table.get() {
                true => view! { <Table name="Table of hashtags" cells /> }.into_any(),
                false => view! { <Bars /> }.into_any(),
            }}
            {move || empty().map(|text| view! { <p class="empty">{text}</p> })}
            <Show when=move || views.hashtags.with(Option::is_none)><div class="loading list-skeleton"></div></Show>
            <Method card=Card::Hashtags figures />
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
    let is_by_burst = move || choice.watch.with(|watch| watch.rank_by == RankBy::Burst);
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
            aria-label="Ranked by"
            on:change=move |event| {
                let by = if event_target_value(&event) == "burst" { RankBy::Burst } else { RankBy::Count };
                choice.change(Entry::Same, |watch| watch.rank_by = by);
            }
        >
            <option value="count" selected=move || !is_by_burst()>"most used"</option>
            <option value="burst" selected=is_by_burst>"most unusual"</option>
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

/// A row keeps its element while its numbers change, and with it the focus.
#[component]
fn Bars() -> impl IntoView {
    let views = expect_context::<Views>();
    let tags = move || {
        let view = views.hashtags.get();
        view.map(|view| {
            view.rows
                .iter()
                .map(|row| row.tag.clone())
                .collect::<Vec<_>>()
        })
        .unwrap_or_default()
    };
    view! {
        <ol class="bars">
            <For each=tags key=Clone::clone let:tag><Bar tag /></For>
        </ol>
    }
}

/// A row with the largest count of its list, from which the bars are measured.
type Measured = (HashtagRow, u64);

#[component]
fn Bar(tag: String) -> impl IntoView {
    let views = expect_context::<Views>();
    let choice = expect_context::<Choice>();
    let name = StoredValue::new(tag);
    let row = Memo::new(move |before: Option<&Measured>| {
        let view = views.hashtags.get();
        let found = view.and_then(|view| name.with_value(|tag| measured(&view, tag)));
        // A row that has just left the list is about to be removed.
        found.or_else(|| before.cloned()).unwrap_or_default()
    });
    let is_chosen = move || {
        let filter = Filter::Hashtag(name.get_value());
        choice.watch.with(|watch| filter.is_on(watch))
    };
    let on_click = move |_| {
        choice.toggle(&Filter::Hashtag(name.get_value()));
    };
    let length = move || row.with(|(row, most)| percent(row.count, *most));
    let part = move |class: &'static str, of: fn(&Counts) -> u64| {
        let is_empty = move || row.with(|(row, _)| of(&row.counts) == 0);
        let width = move || row.with(|(row, _)| percent(of(&row.counts), row.counts.posts));
        view! { <span class=class hidden=is_empty style:width=width></span> }
    };
    view! {
        <li>
            <button
                type="button"
                title="Only posts with it"
                aria-pressed=move || is_chosen().to_string()
                aria-label=move || row.with(|(row, _)| label(row))
                on:click=on_click
            >
                <span class="bar-name">
                    {format!("#{}", name.get_value())}
                    {move || row.with(|(row, _)| strings::burst(row)).map(|(short, long)| view! {
                        " "<span class="burst" title=long>{short}</span>
                    })}
                </span>
                <span class="bar-track">
                    <span class="bar" style:width=length>
                        {part("pos", |counts| counts.positive)}
                        {part("neu", |counts| counts.neutral)}
                        {part("neg", |counts| counts.negative)}
                    </span>
                </span>
                <span class="bar-count">{move || row.with(|(row, _)| format::count(row.count))}</span>
                <span class="bar-change">{move || row.with(|(row, _)| change(row))}</span>
                <span class="bar-voices">{move || row.with(|(row, _)| strings::voices_beside(row.authors, row.voices))}</span>
            </button>
        </li>
    }
}

/// Every number behind the bars, what was to be expected among them.
fn table(view: &HashtagsView) -> Cells {
    let row = |row: &HashtagRow| {
        let counts = row.counts;
        let of = |n: u64| format::share(n, counts.posts);
        vec![
            format!("#{}", row.tag),
            format::count(row.count),
            format::count(row.authors),
            format::rate(row.voices),
            change(row),
            row.baseline
                .map_or("–".to_owned(), |expected| format!("{expected:.1}")),
            row.burst
                .map_or("–".to_owned(), |burst| format::signed(burst, 1)),
            of(counts.positive),
            of(counts.negative),
            counts
                .mean_compound
                .map_or("–".to_owned(), |mean| format::signed(mean, 3)),
        ]
    };
    Cells {
        caption: "Expected: by the share of the day before. Burst: standard deviations above that, from a count of 5 on".to_owned(),
        head: vec!["Hashtag", "Count", "Authors", "Voices", "Change", "Expected", "Burst", "Positive", "Negative", "Mean compound"],
        rows: view.rows.iter().map(row).collect(),
    }
}

fn measured(view: &HashtagsView, tag: &str) -> Option<Measured> {
    let most = view.rows.iter().map(|row| row.count).max()?;
    let row = view.rows.iter().find(|row| row.tag == tag)?;
    Some((row.clone(), most))
}

fn label(row: &HashtagRow) -> String {
    let Counts {
        positive,
        neutral,
        negative,
        ..
    } = row.counts;
    format!(
        "#{}, {}, {} against the window before; {positive} positive, {neutral} neutral, {negative} negative posts{}{}",
        row.tag,
        row.count,
        change(row),
        strings::voices_beside(row.authors, row.voices)
            .map_or(String::new(), |voices| format!("; {voices}")),
        strings::burst(row).map_or(String::new(), |(_, long)| format!("; {long}"))
    )
}

fn change(row: &HashtagRow) -> String {
    format::signed(row.count as f64 - row.previous as f64, 0)
}

fn percent(part: u64, whole: u64) -> String {
    format!("{:.2}%", part as f64 / whole.max(1) as f64 * 100.0)
}
