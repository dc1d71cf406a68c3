//! Lead or lag: the verdict in words, the plot, and how it was made.

use std::sync::Arc;

use analysis::{
    protocol::{Panel, RangeChoice, Watch},
    stats::trials::{Trial, Trials},
    text::sentiment::Limits,
    view::Verdict,
};
use leptos::{html::Section, prelude::*};

use super::{
    method::{Card, Figures, Method},
    sight,
};
use crate::{
    charts::{Plottable, canvas::ChartCanvas, lag::n_points},
    format,
    query::{Choice, write_method},
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
    let trials = StoredValue::new(Trials::default());
    let n_looks = count_looks(views, expect_context::<Choice>(), trials);
    let facts = move || {
        let n_looks = n_looks.get();
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
                ("p".to_owned(), trials.with_value(|trials| statistics::p_values(&view, trials))),
                ("Pairs".to_owned(), n),
                ("Placebo".to_owned(), placebo),
                ("Looks".to_owned(), statistics::trials(n_looks)),
                ("Latency floor".to_owned(), statistics::latency_floor(&view)),
            ];
            let fact = |(name, text): (String, String)| view! { <div><dt>{name}</dt><dd>{text}</dd></div> };
            facts.into_iter().map(fact).collect_view()
        })
    };
    view! { <dl class="card-facts">{facts}</dl> }
}

/// Every test whose outcome was shown, counted when it comes and not when it is asked for.
fn count_looks(views: Views, choice: Choice, trials: StoredValue<Trials>) -> Memo<usize> {
    let look = move |test: String, ticker: &str, width| {
        let trial = Trial {
            test,
            ticker: ticker.to_owned(),
            width,
            sample: choice.watch.with_untracked(sample_of),
        };
        trials.update_value(|trials| {
            trials.look(trial);
        });
    };
    let of_lag = Memo::new(move |n: Option<&usize>| {
        if let Some(view) = views.lag.get().filter(|view| view.p_family.is_some()) {
            look("lag".to_owned(), &view.ticker, view.width);
        }
        n.map_or(0, |n| n + 1)
    });
    let of_rolling = Memo::new(move |n: Option<&usize>| {
        let view = views.panels.rolling.get();
        if let Some(view) = view.filter(|view| view.whole.is_some()) {
            // The outcome told is that of the whole range, whatever the stretch.
            let test = format!("{:?} {:?}", view.choice.pair, view.choice.rank);
            look(test, &view.ticker, view.width);
        }
        n.map_or(0, |n| n + 1)
    });
    let of_events = Memo::new(move |n: Option<&usize>| {
        let view = views.panels.events.get();
        if let Some(view) = view.filter(|view| view.p_placebo.is_some()) {
            look("events".to_owned(), &view.ticker, view.width);
        }
        n.map_or(0, |n| n + 1)
    });
    Memo::new(move |_| {
        for seen in [of_lag, of_rolling, of_events] {
            // Read, not only tracked: a memo that nobody reads is not made.
            seen.get();
        }
        trials.with_value(Trials::n)
    })
}

/// The part of a choice that makes another test of the same ticker.
fn sample_of(watch: &Watch) -> String {
    let Watch {
        range,
        scoring,
        sampling,
        class,
        hashtag,
        tickers,
        topics,
        ..
    } = watch;
    let range = match range {
        RangeChoice::Fixed { from, to } => format!("{from}-{to}"),
        RangeChoice::Last(length) => length.to_string(),
        RangeChoice::All => String::new(),
    };
    let limits = scoring.limits == Limits::Strict;
    let method = write_method(scoring.method);
    format!(
        "{range} {method} {limits} {} {class:?} {hashtag:?} {tickers:?} {topics:?}",
        strings::sampling::told(sampling)
    )
}
