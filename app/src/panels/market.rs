//! Price × sentiment of one ticker, with the choice of ticker and range.

use std::sync::Arc;

use analysis::{
    order::sort_by,
    protocol::{RangeChoice, Watch},
    view::TickerRow,
};
use leptos::prelude::*;
use wire::{
    Millis,
    time::{DAY, HOUR},
};

use super::{
    anomalies::Anomalies,
    method::{Card, Figures, Method},
};
use crate::{
    charts::{
        Plottable,
        canvas::{ChartCanvas, Zoom},
    },
    format,
    query::{Choice, Entry, MONTH},
    state::Views,
    strings,
};

const RANGES: [(&str, &str, RangeChoice); 5] = [
    ("6h", "Last 6 hours", RangeChoice::Last(6 * HOUR)),
    ("1D", "Last day", RangeChoice::Last(DAY)),
    ("1W", "Last week", RangeChoice::Last(7 * DAY)),
    ("1M", "Last month", RangeChoice::Last(MONTH)),
    ("All", "Everything there is", RangeChoice::All),
];

/// The panel.
#[component]
pub(crate) fn MarketPanel() -> impl IntoView {
    let views = expect_context::<Views>();
    let choice = expect_context::<Choice>();
    let source = Signal::derive(move || views.market.get().map(|view| view as Arc<dyn Plottable>));
    let summary = Signal::derive(move || {
        views
            .market
            .get()
            .map_or("loading".to_owned(), |view| strings::market_summary(&view))
    });
    let figures = Signal::derive(move || {
        views.market.with(|view| {
            view.as_ref().map_or_else(Figures::default, |view| {
                let n = format!(
                    "{} posts, {} closes",
                    format::count(view.n),
                    format::count(view.closes.len() as u64)
                );
                Figures::new(n, view.range)
            })
        })
    });
    let empty = move || {
        views
            .market
            .get()
            .and_then(|view| strings::market_empty(&view))
    };
    let on_zoom = Callback::new(move |zoom| match zoom {
        Zoom::To(from, to) => choice.move_to(from as Millis, to as Millis, newest(views, choice)),
        Zoom::Reset => choice.change(Entry::New, |watch| watch.range = RangeChoice::All),
    });
    view! {
        <section class="panel market" aria-labelledby="market-title">
            <header>
                <h2 id="market-title">"Price × sentiment"</h2>
                <TickerSelect />
                <NewestPrice />
                <RangeButtons />
            </header>
            <p class="caption">{move || views.market.with(Option::is_some).then(|| summary.get())}</p>
            <div class="figure-box" class:loading=move || views.market.with(Option::is_none)>
                <ChartCanvas name="Price × sentiment" summary source on_zoom />
                {move || empty().map(|text| view! { <p class="empty over">{text}</p> })}
            </div>
            <p class="hint pointer">"Drag to zoom, with Shift to move along, double-click to reset. With the keyboard: arrows read, + and − zoom, Enter resets; ? lists the rest."</p>
            <Anomalies />
            <Method card=Card::Market figures />
        </section>
    }
}

/// Where the data ends. A range that reaches it moves on with it.
fn newest(views: Views, choice: Choice) -> Option<Millis> {
    let is_fixed = choice
        .watch
        .with_untracked(|watch| matches!(watch.range, RangeChoice::Fixed { .. }));
    match is_fixed {
        true => views.now.get_untracked(),
        false => views.market.get_untracked().map(|view| view.range.to),
    }
}

/// What was last paid, while prices are heard.
#[component]
fn NewestPrice() -> impl IntoView {
    let views = expect_context::<Views>();
    let quote = Memo::new(move |_| views.market.with(|view| view.as_ref()?.quote.clone()));
    move || {
        quote.get().map(|quote| {
            let heard = format!("{}, heard at {} {}", quote.source, format::time_of_day(quote.at), format::zone_name());
            view! { <span class="quote" title=heard><b>{format::price(quote.price)}</b>" "{quote.currency}" now"</span> }
        })
    }
}

#[component]
fn TickerSelect() -> impl IntoView {
    let views = expect_context::<Views>();
    let choice = expect_context::<Choice>();
    let shown = Memo::new(move |_| {
        let chosen = choice.watch.with(|watch| watch.ticker.clone());
        chosen
            .or_else(|| views.market.get().map(|view| view.ticker.clone()))
            .unwrap_or_default()
    });
    // Counts change with every post; the options only when a ticker comes or goes.
    let rows = Memo::new(move |_| {
        let tickers = views.tickers.get();
        shown.with(|shown| {
            options(
                tickers.as_ref().map_or(&[][..], |tickers| &tickers.rows),
                shown,
            )
        })
    });
    view! {
        <label class="field">
            <span class="vh">"Ticker"</span>
            <select
                aria-label="Ticker"
                on:change=move |event| {
                    let symbol = event_target_value(&event);
                    choice.change(Entry::New, |watch| watch.ticker = Some(symbol));
                }
            >
                <For each=move || rows.get() key=Clone::clone let:row>
                    <TickerOption row shown />
                </For>
            </select>
        </label>
    }
}

#[component]
fn TickerOption(row: (String, String), shown: Memo<String>) -> impl IntoView {
    let (symbol, label) = row;
    let value = symbol.clone();
    view! { <option value=value prop:selected=move || shown.with(|shown| *shown == symbol)>{label}</option> }
}

/// Symbols with their labels: those with prices first, then by name; the shown one is always among them.
fn options(rows: &[TickerRow], shown: &str) -> Vec<(String, String)> {
    let mut rows: Vec<&TickerRow> = rows.iter().collect();
    sort_by(&mut rows, |a, b| {
        (a.n_bars == 0, &a.symbol).cmp(&(b.n_bars == 0, &b.symbol))
    });
    let mut options: Vec<(String, String)> = rows
        .iter()
        .map(|row| (row.symbol.clone(), label(row)))
        .collect();
    if !options.iter().any(|(symbol, _)| symbol == shown) {
        let label = if shown.is_empty() { "–" } else { shown };
        options.insert(0, (shown.to_owned(), label.to_owned()));
    }
    options
}

fn label(row: &TickerRow) -> String {
    let name = row
        .name
        .as_ref()
        .map_or(String::new(), |name| format!(" · {name}"));
    let prices = if row.n_bars == 0 { ", no prices" } else { "" };
    format!("{}{name}{prices}", row.symbol)
}

#[component]
fn RangeButtons() -> impl IntoView {
    let choice = expect_context::<Choice>();
    let is = move |range: RangeChoice| choice.watch.with(|watch: &Watch| watch.range == range);
    let is_zoomed = move || {
        choice
            .watch
            .with(|watch| matches!(watch.range, RangeChoice::Fixed { .. }))
    };
    let button = move |(name, title, range): (&'static str, &'static str, RangeChoice)| {
        view! {
            <button
                type="button"
                title=title
                aria-pressed=move || is(range).to_string()
                on:click=move |_| choice.change(Entry::New, |watch| watch.range = range)
            >
                {name}
            </button>
        }
    };
    view! {
        <div class="segments" role="group" aria-label="Range">
            {RANGES.map(button).collect_view()}
        </div>
        <Show when=is_zoomed>
            <button type="button" class="accent" on:click=move |_| choice.change(Entry::New, |watch| watch.range = RangeChoice::All)>
                "Reset zoom"
            </button>
        </Show>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tickers_with_prices_come_first_and_the_shown_one_is_never_missing() {
        let row = |symbol: &str, n_bars| TickerRow {
            symbol: symbol.into(),
            n_bars,
            ..TickerRow::default()
        };
        let symbols = |shown| {
            options(&[row("ZZZ", 1), row("AAA", 0)], shown)
                .into_iter()
                .map(|(symbol, _)| symbol)
        };

        assert_eq!(symbols("ZZZ").collect::<Vec<_>>(), ["ZZZ", "AAA"]);
        assert_eq!(symbols("NEW").collect::<Vec<_>>(), ["NEW", "ZZZ", "AAA"]);
    }
}
