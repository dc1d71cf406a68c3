//! Posts by class over time: all of them, those of the last minutes, and those of one ticker beside another.

use std::sync::Arc;

use analysis::{
    order::sort_by,
    protocol::{LiveWindow, Panel, RangeChoice},
    view::StackView,
};
use leptos::prelude::*;
use wire::{Millis, time::MINUTE};

use super::{
    method::{Card, Figures},
    shell::{Choose, Shell, texts},
};
use crate::{
    charts::{
        Plottable,
        canvas::{ChartCanvas, Zoom},
        stack::{Form, Stack},
    },
    format,
    query::{Choice, Entry, panels as query},
    state::Views,
    strings::leaders as strings,
};

fn figures(view: Option<&StackView>) -> Figures {
    view.map_or_else(Figures::default, |view| {
        Figures::new(format!("{} posts", format::count(view.n)), view.range)
    })
}

/// A chart of one stack.
#[component]
fn StackChart(
    name: &'static str,
    view: Memo<Option<Arc<StackView>>>,
    form: Form,
    /// Dragging chooses a range.
    can_zoom: Signal<bool>,
) -> impl IntoView {
    let choice = expect_context::<Choice>();
    let source = Signal::derive(move || {
        let stack = view.get().map(|view| Stack { view, form });
        stack.map(|stack| Arc::new(stack) as Arc<dyn Plottable>)
    });
    let summary = Signal::derive(move || {
        view.with(|view| view.as_deref().map_or("loading".to_owned(), strings::stack))
    });
    let on_zoom = Callback::new(move |zoom| {
        if can_zoom.get_untracked() {
            match zoom {
                Zoom::To(from, to) => choice.zoom_to(from as Millis, to as Millis),
                Zoom::Reset => choice.change(Entry::Same, |watch| watch.range = RangeChoice::All),
            }
        }
    });
    let is_empty = move || view.with(|view| view.as_ref().is_some_and(|view| view.n == 0));
    view! {
        <div class="figure-box small" class:loading=move || view.with(Option::is_none)>
            <ChartCanvas name summary source on_zoom />
            <Show when=is_empty><p class="empty over">"No posts here yet. Choose a longer stretch or another ticker."</p></Show>
        </div>
    }
    .into_any()
}

/// Posts per hour of the range.
#[component]
pub(crate) fn HoursPanel() -> impl IntoView {
    let views = expect_context::<Views>();
    let view = Memo::new(move |_| views.panels.hours.get());
    let figures = Signal::derive(move || view.with(|view| figures(view.as_deref())));
    view! {
        <Shell panels=&[Panel::Hours] name="hours" title="Posts over time" card=Card::Hours figures
            tools=ViewFn::from(|| ())>
            <StackChart name="Posts over time" view form=Form::Counts can_zoom=Signal::stored(true) />
        </Shell>
    }
}

/// Posts every five seconds.
#[component]
pub(crate) fn LivePanel() -> impl IntoView {
    let views = expect_context::<Views>();
    let is_stopped = RwSignal::new(false);
    let view = Memo::new(move |before: Option<&Option<Arc<StackView>>>| {
        let newest = views.panels.live.get();
        match (before, &newest) {
            (Some(Some(before)), Some(newest))
                if is_stopped.get() && is_same_choice(before, newest) =>
            {
                Some(Arc::clone(before))
            }
            _ => newest,
        }
    });
    let figures = Signal::derive(move || view.with(|view| figures(view.as_deref())));
    view! {
        <Shell panels=&[Panel::Live] name="live" title="Posts every 5 s" card=Card::Live figures
            tools=ViewFn::from(move || live_controls(is_stopped))>
            <StackChart name="Posts every 5 s" view form=Form::Counts can_zoom=Signal::stored(false) />
        </Shell>
    }
}

/// Only time is held back: another topic or window is shown at once.
fn is_same_choice(a: &StackView, b: &StackView) -> bool {
    a.subject == b.subject && a.cells.len() == b.cells.len()
}

fn live_controls(is_stopped: RwSignal<bool>) -> AnyView {
    let choice = expect_context::<Choice>();
    let views = expect_context::<Views>();
    let windows = [
        ("1", "1 min"),
        ("5", "5 min"),
        ("15", "15 min"),
        ("30", "30 min"),
    ];
    let window = Signal::derive(move || {
        choice
            .watch
            .with(|watch| (watch.panels.live_window.0 / MINUTE).to_string())
    });
    let on_window = Callback::new(move |text: String| {
        choice.change(Entry::Same, |watch| {
            watch.panels.live_window = LiveWindow(text.parse().unwrap_or(5) * MINUTE);
        });
    });
    let topics = Memo::new(move |_| {
        let list = views.topic_list.get();
        let names = list.iter().flat_map(|list| &list.items);
        names.map(|topic| topic.name.clone()).collect::<Vec<_>>()
    });
    let topic = Signal::derive(move || {
        choice
            .watch
            .with(|watch| watch.panels.live_topic.clone().unwrap_or_default())
    });
    let on_topic = Callback::new(move |text: String| {
        choice.change(Entry::Same, |watch| {
            watch.panels.live_topic = (!text.is_empty()).then_some(text);
        });
    });
    let topic_options = move || {
        let names = topics.get().into_iter().map(|name| (name.clone(), name));
        [(String::new(), "all topics".to_owned())]
            .into_iter()
            .chain(names)
            .collect::<Vec<_>>()
    };
    view! {
        {move || view! { <Choose label="Topic" options=topic_options() chosen=topic on_choice=on_topic /> }}
        <Choose label="Looks back" options=texts(windows) chosen=window on_choice=on_window />
        <button type="button" aria-pressed=move || is_stopped.get().to_string() on:click=move |_| is_stopped.update(|s| *s = !*s)>
            "Hold"
        </button>
    }
    .into_any()
}

/// The watched ticker over time, beside a second one.
#[component]
pub(crate) fn TrendsPanel() -> impl IntoView {
    let views = expect_context::<Views>();
    let trends = views.panels.trends;
    let first = Memo::new(move |_| {
        trends.with(|view| view.as_ref().map(|view| Arc::new(view.first.clone())))
    });
    let second =
        Memo::new(move |_| trends.with(|view| view.as_ref()?.second.clone().map(Arc::new)));
    let has_second = move || second.with(Option::is_some);
    let figures = Signal::derive(move || first.with(|view| figures(view.as_deref())));
    let can_zoom = Signal::stored(true);
    let name = move |view: Memo<Option<Arc<StackView>>>| {
        let subject = view.with(|view| view.as_ref().map(|view| view.subject.clone()));
        let subject = subject.filter(|subject| !subject.is_empty());
        subject.map(|subject| view! { <h3>{subject}</h3> })
    };
    view! {
        <Shell panels=&[Panel::Trends] name="trends" title="Ticker trends" card=Card::Trends figures
            tools=ViewFn::from(trend_controls)>
            {move || name(first)}
            <StackChart name="Trend of the ticker" view=first form=Form::Shares can_zoom />
            <Show when=has_second>
                {move || name(second)}
                <StackChart name="Trend of the second ticker" view=second form=Form::Shares can_zoom />
            </Show>
        </Shell>
    }
}

fn trend_controls() -> AnyView {
    let choice = expect_context::<Choice>();
    let views = expect_context::<Views>();
    let levels = [
        ("range", "as the range needs"),
        ("hour", "hours"),
        ("day", "days"),
        ("month", "months"),
    ];
    let level = Signal::derive(move || {
        choice
            .watch
            .with(|watch| query::write_level(watch.panels.trend_level).to_owned())
    });
    let on_level = Callback::new(move |text: String| {
        choice.change(Entry::Same, |watch| {
            watch.panels.trend_level = query::level(&text)
        });
    });
    let second = Signal::derive(move || {
        choice
            .watch
            .with(|watch| watch.panels.second.clone().unwrap_or_default())
    });
    let on_second = Callback::new(move |text: String| {
        choice.change(Entry::Same, |watch| {
            watch.panels.second = (!text.is_empty()).then_some(text);
        });
    });
    let symbols = Memo::new(move |_| {
        let tickers = views.tickers.get();
        let rows = tickers.iter().flat_map(|view| &view.rows);
        let mut symbols: Vec<String> = rows.map(|row| row.symbol.clone()).collect();
        second.with(|second| {
            if !second.is_empty() && !symbols.contains(second) {
                symbols.push(second.clone());
            }
        });
        sort_by(&mut symbols, String::cmp);
        symbols
    });
    let options = move || {
        let symbols = symbols
            .get()
            .into_iter()
            .map(|symbol| (symbol.clone(), format!("and {symbol}")));
        let none = (String::new(), "alone".to_owned());
        [none].into_iter().chain(symbols).collect::<Vec<_>>()
    };
    view! {
        {move || view! { <Choose label="Compare with" options=options() chosen=second on_choice=on_second /> }}
        <Choose label="Cells" options=texts(levels) chosen=level on_choice=on_level />
    }
    .into_any()
}
