//! Rolling correlation and event study: the sentence with the null first, the chart with its band, the numbers.

use std::sync::Arc;

use analysis::{
    protocol::Panel,
    view::{EventsView, RollingView},
};
use leptos::prelude::*;

use super::{
    method::{Card, Figures},
    shell::{Choose, Shell, TableButton, texts},
    table::{Cells, Table},
};
use crate::{
    charts::{Plottable, canvas::ChartCanvas, curve::Curve, lag::lag_span},
    format,
    query::{Choice, Entry, panels as query},
    state::Views,
    strings::statistics as strings,
};

const TABLE_ROWS: usize = 200;

/// How the relation of posts to price changes over time.
#[component]
pub(crate) fn RollingPanel() -> impl IntoView {
    let view = expect_context::<Views>().panels.rolling;
    let is_table = RwSignal::new(false);
    let source = Signal::derive(move || {
        view.with(|view| Some(Arc::new(Curve::rolling(view.as_deref()?)) as Arc<dyn Plottable>))
    });
    let told = move |tell: fn(&RollingView) -> String| view.with(|view| view.as_deref().map(tell));
    let summary = Signal::derive(move || told(strings::rolling).unwrap_or("loading".to_owned()));
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
    let cells = Memo::new(move |_| {
        view.with(|view| view.as_deref().map(rolling_table).unwrap_or_default())
    });
    let is_found = move || {
        view.with(|v| {
            v.as_ref()
                .and_then(|v| v.whole)
                .is_some_and(|whole| whole.p < 0.05)
        })
    };
    view! {
        <Shell panels=&[Panel::Rolling] name="rolling" title="Rolling correlation" card=Card::Rolling figures
            tools=ViewFn::from(move || rolling_controls(is_table))>
            <p class="verdict" class:found=is_found>{move || told(strings::rolling)}</p>
            <div class="figure-box small" class:loading=move || view.with(Option::is_none)>
                <ChartCanvas name="Rolling correlation" summary source />
                <Show when=is_blank><p class="empty over">"Needs prices and posts of this ticker over the same hours, and more of them than the stretch is long."</p></Show>
            </div>
            <p class="hint">{move || told(strings::rolling_band)}</p>
            {move || is_table.get().then(|| view! { <Table name="Table of correlations over time" cells /> })}
        </Shell>
    }
}

fn rolling_table(view: &RollingView) -> Cells {
    let values = view.values.iter().zip(&view.limits);
    let rows = view.ends.iter().zip(values).rev().take(TABLE_ROWS);
    let row = |(end, (value, limit)): (&i64, (&Option<f32>, &Option<f32>))| {
        let value = value.map_or("too few pairs".to_owned(), |v| {
            format::signed(f64::from(v), 3)
        });
        let limit = limit.map_or("–".to_owned(), |limit| format!("±{limit:.3}"));
        vec![format::date_time(*end), value, limit]
    };
    Cells {
        caption: format!("Newest {TABLE_ROWS} cells at most"),
        head: vec!["Until, UTC", "Correlation", "95 % of chance, pointwise"],
        rows: rows.map(row).collect(),
    }
}

fn rolling_controls(is_table: RwSignal<bool>) -> AnyView {
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
        <TableButton is_table />
    }
    .into_any()
}

/// Returns around unusual numbers of posts.
#[component]
pub(crate) fn EventsPanel() -> impl IntoView {
    let view = expect_context::<Views>().panels.events;
    let is_table = RwSignal::new(false);
    let source = Signal::derive(move || {
        view.with(|view| Some(Arc::new(Curve::events(view.as_deref()?)) as Arc<dyn Plottable>))
    });
    let told = move |tell: fn(&EventsView) -> String| view.with(|view| view.as_deref().map(tell));
    let summary = Signal::derive(move || told(strings::events).unwrap_or("loading".to_owned()));
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
                .is_some_and(|p| p < 0.05)
        })
    };
    let cells =
        Memo::new(move |_| view.with(|view| view.as_deref().map(events_table).unwrap_or_default()));
    view! {
        <Shell panels=&[Panel::Events] name="events" title="Event study" card=Card::Events figures
            tools=ViewFn::from(move || view! { <TableButton is_table /> })>
            <p class="verdict" class:found=is_found>{move || told(strings::events)}</p>
            <div class="figure-box small" class:loading=move || view.with(Option::is_none)>
                <ChartCanvas name="Event study" summary source />
                <Show when=is_blank><p class="empty over">"Needs three unusual numbers of posts with prices around each. Choose All or another ticker."</p></Show>
            </div>
            <p class="hint">{move || told(strings::events_method)}</p>
            {move || is_table.get().then(|| view! { <Table name="Table of returns around events" cells /> })}
        </Shell>
    }
}

fn events_table(view: &EventsView) -> Cells {
    let percent = |value: f64| format!("{} %", format::signed(100.0 * value, 2));
    let points = view.offsets.iter().zip(&view.cumulative).zip(&view.band);
    let row = |((offset, value), (lo, hi)): ((&i32, &f64), &(f64, f64))| {
        let sign = if *offset < 0 { "−" } else { "" };
        vec![
            format!("{sign}{}", lag_span(view.width, offset.abs())),
            percent(*value),
            format!("{} … {}", percent(*lo), percent(*hi)),
        ]
    };
    let at: Vec<String> = view
        .events
        .iter()
        .map(|end| format::date_time(end - view.width))
        .collect();
    Cells {
        caption: format!("Events, UTC: {}", at.join(", ")),
        head: vec!["From the event", "Abnormal return, summed", "95 % band"],
        rows: points.map(row).collect(),
    }
}
