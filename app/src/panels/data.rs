//! Months of the ticker, and whether the data can be trusted.

use analysis::{
    protocol::Panel,
    series::quality::{Line, Outcome},
    view::{MonthRow, MonthsView, QualityView},
};
use leptos::prelude::*;

use super::{
    method::{Card, Figures},
    shell::Shell,
    table::{Cells, Table},
};
use crate::{format, state::Views, strings::data as strings};

/// Least and greatest prices beside posts, by month.
#[component]
pub(crate) fn MonthsPanel() -> impl IntoView {
    let view = expect_context::<Views>().panels.months;
    let figures = Signal::derive(move || {
        view.with(|view| {
            view.as_ref().map_or_else(Figures::default, |view| {
                let n_posts: u64 = view.rows.iter().map(|row| row.counts.posts).sum();
                let n_bars: u64 = view.rows.iter().map(|row| row.n_bars).sum();
                let range = match (view.rows.first(), view.rows.last()) {
                    (Some(first), Some(last)) => analysis::view::Range {
                        from: first.start,
                        to: format::next_month(last.start),
                    },
                    _ => analysis::view::Range::default(),
                };
                let n = format!(
                    "{} posts, {} bars",
                    format::count(n_posts),
                    format::count(n_bars)
                );
                Figures::new(n, range)
            })
        })
    });
    let cells =
        Memo::new(move |_| view.with(|view| view.as_deref().map(months_table).unwrap_or_default()));
    let is_empty = move || view.with(|view| view.as_ref().is_some_and(|view| view.rows.is_empty()));
    let ticker = move || view.with(|view| view.as_ref().map(|view| view.ticker.clone()));
    view! {
        <Shell panels=&[Panel::Months] name="months" title="Month by month" card=Card::Months figures
            tools=ViewFn::from(move || view! { <span class="muted">{ticker}</span> })>
            <Table name="Months: price, volume, posts and sentiment" cells />
            <Show when=is_empty><p class="empty">"No month of this ticker has prices or posts yet."</p></Show>
        </Shell>
    }
}

fn months_table(view: &MonthsView) -> Cells {
    let row = |row: &MonthRow| {
        let counts = row.counts;
        vec![
            strings::month(row),
            strings::range(row.price),
            row.change.map_or("–".to_owned(), |c| {
                format!("{} %", format::signed(100.0 * (c.exp() - 1.0), 1))
            }),
            strings::range(row.volume),
            strings::range(row.market_cap),
            format::count(row.n_bars),
            format::count(counts.posts),
            counts
                .mean_compound
                .map_or("–".to_owned(), |mean| format::signed(mean, 3)),
            format!(
                "{} / {}",
                format::share(counts.positive, counts.posts),
                format::share(counts.negative, counts.posts)
            ),
        ]
    };
    let prices = match view.bar_width {
        0 => "No prices".to_owned(),
        width => format!(
            "Prices in {}, bars of {}",
            view.currency,
            format::span(width)
        ),
    };
    Cells {
        caption: format!(
            "{prices}; volume and market capitalisation of single bars; all months known, UTC"
        ),
        head: vec![
            "Month",
            "Price, least … greatest",
            "Change",
            "Volume of a bar",
            "Market cap",
            "Bars",
            "Posts",
            "Mean compound",
            "Positive / negative",
        ],
        rows: view.rows.iter().rev().map(row).collect(),
    }
}

/// Checks of the data.
#[component]
pub(crate) fn QualityPanel() -> impl IntoView {
    let view = expect_context::<Views>().panels.quality;
    let figures = Signal::derive(move || {
        view.with(|view| {
            view.as_ref().map_or_else(Figures::default, |view| {
                let n: u64 = view.of_sources.iter().map(|(_, n)| n).sum();
                Figures::new(
                    format!("{} posts in the range", format::count(n)),
                    view.range,
                )
            })
        })
    });
    let summary = move || view.with(|view| view.as_deref().map(strings::quality));
    view! {
        <Shell panels=&[Panel::Quality] name="quality" title="Data quality" card=Card::Quality figures
            tools=ViewFn::from(|| ())>
            <p class="caption" data-testid="quality-summary">{summary}</p>
            {move || view.with(|view| view.as_deref().map(report))}
        </Shell>
    }
}

fn report(view: &QualityView) -> AnyView {
    let line = |line: &Line| {
        let class = match line.outcome {
            Outcome::Pass => "state",
            Outcome::Warn => "state warn",
            Outcome::Fail => "state failed",
        };
        let limit = format!("{:.0} %", 100.0 * line.limit);
        view! {
            <tr>
                <th scope="row">{strings::check(line.check)}</th>
                <td>{strings::amount(line)}</td>
                <td>{format!("{:.1} %", 100.0 * line.share)}</td>
                <td>{limit}</td>
                <td><span class=class>{strings::outcome(line.outcome)}</span></td>
            </tr>
        }
    };
    let stretches = |name: &'static str, ranges: &[analysis::view::Range]| {
        (!ranges.is_empty()).then(|| {
            let items = ranges.iter().rev().take(20).map(|range| {
                view! { <li>{format!("{} ({})", format::stretch(range.from, range.to), format::span(range.to - range.from))}</li> }
            });
            view! {
                <details class="stretches">
                    <summary>{format!("{name}: {}", ranges.len())}</summary>
                    <ul>{items.collect_view()}</ul>
                </details>
            }
        })
    };
    let sources: Vec<String> = view
        .of_sources
        .iter()
        .map(|(name, n)| format!("{name} {}", format::count(*n)))
        .collect();
    view! {
        <table>
            <thead><tr>
                <th scope="col">"Check"</th><th scope="col">"Count"</th><th scope="col">"Share"</th>
                <th scope="col">"Limit"</th><th scope="col">"Outcome"</th>
            </tr></thead>
            <tbody>{view.lines.iter().map(line).collect_view()}</tbody>
        </table>
        {stretches("Stretches without a listening source", &view.gaps)}
        {stretches("Holes in the bars of the ticker shown", &view.holes)}
        <p class="hint">{format!("Posts of the range by source: {}", match sources.is_empty() { true => "none".to_owned(), false => sources.join(", ") })}</p>
    }
    .into_any()
}
