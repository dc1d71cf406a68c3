//! Sources and data quality: what came in, what was kept, what was refused and why, what is stored here.

use analysis::{
    order::sort_by,
    protocol::StoreState,
    view::{Range, SourcesView},
};
use leptos::prelude::*;
use wire::{Millis, SourceStatus, config::Filters};

use super::method::{Card, Figures, Method};
use crate::{app::Actions, format, panels::replay::ReplayButton, state::Views, strings};

/// The panel.
#[component]
pub(crate) fn SourcesPanel() -> impl IntoView {
    let views = expect_context::<Views>();
    let figures = Signal::derive(move || {
        let n = views
            .sources
            .with(|view| view.as_ref().map_or(0, |view| view.n_events));
        Figures::new(format!("{} events", format::count(n)), Range::default())
    });
    view! {
        <section class="panel sources" aria-labelledby="sources-title">
            <header><h2 id="sources-title">"Sources"</h2></header>
            <Totals />
            {move || match views.sources.get() {
                None => view! { <div class="loading list-skeleton"></div> }.into_any(),
                Some(view) if view.rows.is_empty() => {
                    view! { <p class="empty">"No source has reported yet. The relay tells every few seconds."</p> }.into_any()
                }
                Some(view) => view! {
                    <ul class="source-list">
                        {view.rows.iter().cloned().map(|row| view! { <SourceLine row /> }).collect_view()}
                    </ul>
                }.into_any(),
            }}
            <Quality />
            <Method card=Card::Sources figures />
        </section>
    }
}

/// Both numbers plainly: what came in and what was kept.
#[component]
fn Totals() -> impl IntoView {
    let views = expect_context::<Views>();
    let total = move |of: fn(&SourceStatus) -> u64| {
        views.sources.with(|view| {
            view.as_ref()
                .map_or(0, |view| view.rows.iter().map(of).sum())
        })
    };
    let filters = move || {
        let config = views.config.get();
        strings::filters(
            config
                .as_deref()
                .map_or(&Filters::default(), |config| &config.filters),
        )
    };
    view! {
        <p class="totals">
            <span class="nowrap">
                <b data-testid="unique-posts">{move || format::count(total(|row| row.unique_posts))}</b>" unique posts received"
            </span>
            " · "
            <span class="nowrap">
                <b data-testid="kept-posts">{move || format::count(total(|row| row.kept_posts))}</b>" kept by filters"
            </span>
            {move || format!(" ({})", filters())}
        </p>
    }
}

#[component]
fn SourceLine(row: SourceStatus) -> impl IntoView {
    let state = strings::source_state(row.state);
    let time = |what: &'static str, at: Option<Millis>| {
        at.map(|at| view! { {what} <time datetime=format::iso(at)>{format::date_time(at)}</time> })
    };
    let last = time(" · last event ", row.last_at);
    let since = time(" since ", row.since);
    let retry = time(" · next attempt ", row.retry_at);
    view! {
        <li>
            <p>
                <b>{row.source.clone()}</b>" "
                <span class=format!("state {state}")>{state}</span>
                <span class="muted">{since}</span>
                {row.detail.clone().map(|detail| format!(" · {detail}"))}
            </p>
            <p class="muted">{counters(&row)}{last}{retry}</p>
            {strings::source_trouble(&row).map(|text| view! { <p class="muted">{text}</p> })}
            {(!row.dropped.is_empty()).then(|| view! { <p class="muted">{dropped(&row)}</p> })}
        </li>
    }
}

/// A source that a recording only tells of has sent nothing itself.
fn counters(row: &SourceStatus) -> String {
    match row.received {
        0 => "nothing received".to_owned(),
        n => {
            let per_minute = row.per_minute.map_or(String::new(), |n| {
                format!(" ({} in the last minute)", format::count(n))
            });
            format!(
                "{} received{per_minute} · {} unique · {} kept",
                format::count(n),
                format::count(row.unique),
                format::count(row.kept)
            )
        }
    }
}

/// `dropped: language 8,123, repost 4,695`: most first.
fn dropped(row: &SourceStatus) -> String {
    let mut reasons: Vec<_> = row.dropped.iter().collect();
    sort_by(&mut reasons, |a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
    let reasons: Vec<String> = reasons
        .into_iter()
        .map(|(reason, n)| format!("{} {}", reason.replace('_', " "), format::count(*n)))
        .collect();
    format!("dropped: {}", reasons.join(", "))
}

/// What this browser holds and what was wrong with what came.
#[component]
fn Quality() -> impl IntoView {
    let views = expect_context::<Views>();
    let actions = expect_context::<Actions>();
    let n = move |of: fn(&SourcesView) -> u64| {
        move || {
            views
                .sources
                .with(|v| v.as_ref().map_or("–".to_owned(), |v| format::count(of(v))))
        }
    };
    let stored = move || match views.store.get() {
        StoreState::Kept { n_posts, .. } => format::count(n_posts),
        other => strings::store(&other).unwrap_or_default(),
    };
    let events = move || match views.store.get() {
        StoreState::Kept { n_events, .. } => {
            Some(format!("posts, {} events", format::count(n_events)))
        }
        _ => None,
    };
    let fact = |name: &'static str, title: &'static str, of: fn(&SourcesView) -> u64| {
        view! { <div title=title><dt>{name}</dt><dd>{n(of)}</dd></div> }
    };
    view! {
        <dl class="facts">
            <div title="Kept on this device, so that the page opens without a network">
                <dt>"Stored in this browser"</dt>
                <dd><span data-testid="stored-posts">{stored}</span>" "<span class="muted">{events}</span></dd>
            </div>
            {fact("Posts in use", "Distinct posts behind the numbers above", |v| v.n_posts)}
            {fact("Repeated", "Events that came again and were left out", |v| v.n_repeated)}
            {fact("Late", "Posts that came more than 60 s after they were posted", |v| v.n_late)}
            {fact("Deleted", "Posts withdrawn by their authors", |v| v.n_deleted)}
            {fact("Gaps", "Stretches of the log that this browser missed", |v| v.n_gaps)}
            {fact("Unreadable", "Lines that this program could not read", |v| v.n_unreadable)}
        </dl>
        <ReplayButton />
        <button
            type="button"
            class="quiet"
            on:click=move |_| {
                let question = "Delete everything this browser has stored and load it again?";
                if window().confirm_with_message(question).unwrap_or(false) {
                    actions.clear_store();
                }
            }
        >
            "Clear stored data…"
        </button>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drop_reasons_stand_by_weight() {
        let dropped_by = [
            ("repost".to_owned(), 4_695),
            ("wrong_language".to_owned(), 8_123),
        ];
        let row = SourceStatus {
            dropped: dropped_by.into_iter().collect(),
            ..SourceStatus::default()
        };

        assert_eq!(dropped(&row), "dropped: wrong language 8,123, repost 4,695");
    }
}
