//! Lead or lag: the verdict in words, the plot, and how it was made.

use std::sync::Arc;

use analysis::view::{LagView, Verdict};
use leptos::prelude::*;

use crate::{
    charts::{
        Plottable,
        canvas::ChartCanvas,
        lag::{lag_span, n_points},
    },
    format,
    state::Views,
    strings,
};

/// The panel.
#[component]
pub(crate) fn LagPanel() -> impl IntoView {
    let views = expect_context::<Views>();
    let is_table = RwSignal::new(false);
    let source = Signal::derive(move || views.lag.get().map(|view| view as Arc<dyn Plottable>));
    let summary = Signal::derive(move || {
        let view = views.lag.get();
        view.map_or("loading".to_owned(), |view| {
            format!("{}, {}", view.ticker, strings::verdict(&view))
        })
    });
    let verdict = move || views.lag.get().map(|view| strings::verdict(&view));
    let is_found = move || {
        let verdict = views
            .lag
            .with(|view| view.as_ref().map(|view| view.verdict));
        matches!(
            verdict,
            Some(Verdict::SentimentLeads { .. } | Verdict::PriceLeads { .. } | Verdict::Together)
        )
    };
    let is_blank = move || {
        views
            .lag
            .with(|view| view.as_ref().is_some_and(|view| n_points(view) == 0))
    };
    view! {
        <section class="panel lag" aria-labelledby="lag-title">
            <header>
                <h2 id="lag-title">"Lead or lag"</h2>
                <span class="muted">{move || views.lag.get().map(|view| view.ticker.clone())}</span>
                <span class="spacer"></span>
                <button type="button" aria-pressed=move || is_table.get().to_string() on:click=move |_| is_table.update(|t| *t = !*t)>
                    "Table"
                </button>
            </header>
            <p class="verdict" class:found=is_found>{verdict}</p>
            <div class="figure-box small" class:loading=move || views.lag.with(Option::is_none)>
                <ChartCanvas name="Lead or lag" summary source />
                {move || is_blank().then(|| view! {
                    <p class="empty over">"Needs prices and posts of this ticker over the same hours. Choose All or another ticker."</p>
                })}
            </div>
            <p class="hint">{move || views.lag.get().map(|view| strings::lag_method(&view))}</p>
            {move || is_table.get().then(|| view! { <LagTable /> })}
        </section>
    }
}

/// The correlations as numbers. The box stays while its rows change, so that it keeps its place.
#[component]
fn LagTable() -> impl IntoView {
    let views = expect_context::<Views>();
    let caption = move || {
        views.lag.get().map(|view| {
            format!(
                "Chance limit ±{:.3}; positive lag: sentiment leads",
                view.bound
            )
        })
    };
    view! {
        <div class="table-box" tabindex="0" role="region" aria-label="Table of correlations">
            <table>
                <caption>{caption}</caption>
                <thead><tr><th scope="col">"Lag"</th><th scope="col">"Correlation r"</th></tr></thead>
                <tbody>{move || views.lag.get().map(|view| table_rows(&view))}</tbody>
            </table>
        </div>
    }
}

fn table_rows(view: &LagView) -> impl IntoView + use<> {
    let rows = view.lags.iter().zip(&view.correlation).map(|(lag, r)| {
        let sign = if *lag < 0 { "−" } else { "" };
        view! {
            <tr>
                <th scope="row">{format!("{sign}{}", lag_span(view.width, lag.abs()))}</th>
                <td>{r.map_or("too few pairs".to_owned(), |r| format::signed(r, 3))}</td>
            </tr>
        }
    });
    rows.collect_view()
}
