//! Rolling correlation and event study: the sentence with the null first, the chart with its band, the numbers.

use std::sync::Arc;

use analysis::{
    protocol::Panel,
    view::{EventsView, Range},
};
use leptos::prelude::*;

use super::{
    data::{Stretches, newest},
    looks::Looks,
    method::{Card, Figures},
    shell::{Choose, Shell, texts},
};
use crate::{
    charts::{Plottable, canvas::ChartCanvas, curve::Curve},
    format,
    query::{Choice, Entry, panels as query},
    state::Views,
    strings::statistics as strings,
};

/// How the relation of posts to price changes over time.
#[component]
pub(crate) fn RollingPanel() -> impl IntoView {
    let view = expect_context::<Views>().panels.rolling;
    let source = Signal::derive(move || {
        view.with(|view| Some(Arc::new(Curve::rolling(view.as_deref()?)) as Arc<dyn Plottable>))
    });
    let looks = expect_context::<Looks>();
    let told = move || {
        let looks = looks.so_far();
        view.with(|view| Some(strings::rolling(view.as_deref()?, &looks)))
    };
    let summary = Signal::derive(move || told().unwrap_or("loading".to_owned()));
    let figures = Signal::derive(move || {
        view.with(|view| {
            view.as_ref().map_or_else(Figures::default, |view| {
                let n = view.whole.map_or(0, |whole| whole.n);
                Figures::new(
                    format!(
                        "{} pairs of cells of {}",
                        format::count(n),
                        format::span(view.width)
                    ),
                    view.range,
                )
            })
        })
    });
    let is_blank = move || {
        view.with(|view| {
            view.as_ref()
                .is_some_and(|v| v.values.iter().flatten().next().is_none())
        })
    };
    let is_found = move || {
        view.with(|v| {
            v.as_ref()
                .and_then(|v| v.whole)
                .is_some_and(|whole| looks.so_far().adjusted(whole.p) < 0.05)
        })
    };
    view! {
        <Shell panels=&[Panel::Rolling] name="rolling" title="Rolling correlation" card=Card::Rolling figures
            tools=ViewFn::from(rolling_controls)>
            <p class="verdict" class:found=is_found>{told}</p>
            <div class="figure-box small" class:loading=move || view.with(Option::is_none)>
                <ChartCanvas name="Rolling correlation" summary source />
                <Show when=is_blank><p class="empty over">"Needs prices and posts of this ticker over the same hours, and more of them than the stretch is long."</p></Show>
            </div>
            <p class="hint">{move || view.with(|view| view.as_deref().map(strings::rolling_band))}</p>
        </Shell>
    }
}

fn rolling_controls() -> AnyView {
    let choice = expect_context::<Choice>();
    let pairs = [
        ("sentiment", "mean compound × return"),
        ("posts", "posts × size of return"),
    ];
    let ranks = [("values", "Pearson"), ("ranks", "Spearman")];
    let places = [
        ("24", "24 cells"),
        ("48", "48 cells"),
        ("96", "96 cells"),
        ("168", "168 cells"),
    ];
    let chosen = move |read: fn(&analysis::protocol::RollingChoice) -> String| {
        Signal::derive(move || choice.watch.with(|watch| read(&watch.panels.rolling)))
    };
    let change = move |write: fn(&mut analysis::protocol::RollingChoice, &str)| {
        Callback::new(move |text: String| {
            choice.change(Entry::Same, |watch| write(&mut watch.panels.rolling, &text));
        })
    };
    view! {
        <Choose label="Series" options=texts(pairs) chosen=chosen(|c| query::write_pair(c.pair).to_owned())
            on_choice=change(|c, text| c.pair = query::pair(text)) />
        <Choose label="Correlation" options=texts(ranks) chosen=chosen(|c| query::write_rank(c.rank).to_owned())
            on_choice=change(|c, text| c.rank = query::rank(text)) />
        <Choose label="Stretch" options=texts(places) chosen=chosen(|c| c.places.to_string())
            on_choice=change(|c, text| c.places = text.parse().unwrap_or(48)) />
    }
    .into_any()
}

/// Returns around unusual numbers of posts.
#[component]
pub(crate) fn EventsPanel() -> impl IntoView {
    let view = expect_context::<Views>().panels.events;
    let source = Signal::derive(move || {
        view.with(|view| Some(Arc::new(Curve::events(view.as_deref()?)) as Arc<dyn Plottable>))
    });
    let looks = expect_context::<Looks>();
    let told = move || {
        let looks = looks.so_far();
        view.with(|view| Some(strings::events(view.as_deref()?, &looks)))
    };
    let summary = Signal::derive(move || told().unwrap_or("loading".to_owned()));
    let figures = Signal::derive(move || {
        view.with(|view| {
            view.as_ref().map_or_else(Figures::default, |view| {
                Figures::new(format!("{} events", view.events.len()), view.range)
            })
        })
    });
    let is_blank =
        move || view.with(|view| view.as_ref().is_some_and(|view| view.offsets.is_empty()));
    let is_found = move || {
        view.with(|view| {
            view.as_ref()
                .and_then(|v| v.p_placebo)
                .is_some_and(|p| looks.so_far().adjusted(p) < 0.05)
        })
    };
    let cells_of_events =
        Memo::new(move |_| view.with(|view| view.as_deref().map(cells_of).unwrap_or_default()));
    let newest_events = Memo::new(move |_| cells_of_events.with(|cells| newest(cells)));
    let n_events = Memo::new(move |_| cells_of_events.with(|cells| cells.len() as u64));
    view! {
        <Shell panels=&[Panel::Events] name="events" title="Event study" card=Card::Events figures
            tools=ViewFn::from(|| ())>
            <p class="verdict" class:found=is_found>{told}</p>
            <div class="figure-box small" class:loading=move || view.with(Option::is_none)>
                <ChartCanvas name="Event study" summary source />
                <Show when=is_blank><p class="empty over">"Needs three unusual numbers of posts with prices around each. Choose All or another ticker."</p></Show>
            </div>
            <p class="hint">{move || view.with(|view| view.as_deref().map(strings::events_method))}</p>
            <Stretches name="Events" ranges=newest_events n=n_events />
        </Shell>
    }
}

fn cells_of(view: &EventsView) -> Vec<Range> {
    let cell = |end: &i64| Range {
        from: end - view.width,
        to: *end,
    };
    view.events.iter().map(cell).collect()
}
