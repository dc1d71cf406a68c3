//! Lead or lag: the verdict in words, the plot, and how it was made.

use std::sync::Arc;

use analysis::{protocol::Panel, view::Verdict};
use leptos::{html::Section, prelude::*};

use super::{
    looks::Looks,
    method::{Card, Figures, Method},
    sight,
};
use crate::{
    charts::{Plottable, canvas::ChartCanvas, lag::n_points},
    format,
    state::Views,
    strings::{self, statistics},
};

/// The panel.
#[component]
pub(crate) fn LagPanel() -> impl IntoView {
    let views = expect_context::<Views>();
    let section = NodeRef::<Section>::new();
    sight::follow(section, &[Panel::Placebo]);
    let figures = Signal::derive(move || {
        views.lag.with(|view| {
            view.as_ref().map_or_else(Figures::default, |view| {
                let n = format!(
                    "{} pairs of cells of {}",
                    format::count(u64::from(view.n)),
                    format::span(view.width)
                );
                Figures::new(n, view.range)
            })
        })
    });
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
        <section class="panel lag" aria-labelledby="lag-title" node_ref=section>
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
            <Credibility />
            <p class="hint">{move || views.lag.get().map(|view| strings::lag_method(&view))}</p>
            <Method card=Card::Lag figures />
        </section>
    }
}

/// Both directions, the best lag, what looking often does, placebos and the shortest lead that can be told.
#[component]
fn Credibility() -> impl IntoView {
    let views = expect_context::<Views>();
    let looks = expect_context::<Looks>();
    let facts = move || {
        let looks = looks.so_far();
        views.lag.get().map(|view| {
            let [sentiment, price] = statistics::directions(&view);
            let placebo = views.panels.placebo.with(|placebo| {
                let placebo = placebo.as_ref().filter(|placebo| placebo.ticker == view.ticker);
                placebo.map_or("–".to_owned(), |placebo| statistics::placebo(placebo))
            });
            let n = format!(
                "n = {} after prewhitening, n_eff = {} before",
                format::count(u64::from(view.n)),
                format::count(view.n_effective.max(0.0).round() as u64)
            );
            let facts = [
                sentiment,
                price,
                ("Best lag".to_owned(), statistics::best_lag(&view)),
                ("p".to_owned(), statistics::p_values(&view, &looks)),
                ("Pairs".to_owned(), n),
                ("Placebo".to_owned(), placebo),
                ("Looks".to_owned(), statistics::trials(looks.n())),
                ("Latency floor".to_owned(), statistics::latency_floor(&view)),
            ];
            let fact = |(name, text): (String, String)| view! { <div><dt>{name}</dt><dd>{text}</dd></div> };
            facts.into_iter().map(fact).collect_view()
        })
    };
    view! { <dl class="card-facts">{facts}</dl> }
}
