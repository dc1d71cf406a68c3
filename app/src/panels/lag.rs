//! Lead or lag: the verdict in words, the plot, and how it was made.

use std::sync::Arc;

use analysis::view::Verdict;
use leptos::prelude::*;

use crate::{
    charts::{Plottable, canvas::ChartCanvas, lag::n_points},
    state::Views,
    strings,
};

/// The panel.
#[component]
pub(crate) fn LagPanel() -> impl IntoView {
    let views = expect_context::<Views>();
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
            </header>
            <p class="verdict" class:found=is_found>{verdict}</p>
            <div class="figure-box small" class:loading=move || views.lag.with(Option::is_none)>
                <ChartCanvas name="Lead or lag" summary source />
                {move || is_blank().then(|| view! {
                    <p class="empty over">"Needs prices and posts of this ticker over the same hours. Choose All or another ticker."</p>
                })}
            </div>
            <p class="hint">{move || views.lag.get().map(|view| strings::lag_method(&view))}</p>
        </section>
    }
}
