//! Months of the ticker, and whether the data can be trusted.

use analysis::{
    protocol::Panel,
    series::quality::{Line, Outcome},
    view::{Counts, MonthRow, MonthsView, Range},
};
use leptos::prelude::*;

use super::{
    method::{Card, Figures},
    shell::Shell,
    table::{Cells, Table},
};
use crate::{format, state::Views, strings::data as strings};

/// So many stretches are listed, the newest first.
const STRETCHES: usize = 20;

/// Least and greatest prices beside posts, by month.
#[component]
pub(crate) fn MonthsPanel() -> impl IntoView {
    let view = expect_context::<Views>().panels.months;
    let figures = Signal::derive(move || {
        view.with(|view| {
            view.as_ref().map_or_else(Figures::default, |view| {
                let n_posts: u64 = { view.rows.iter().flat_map(|row| row.counts) }
                    .map(|counts| counts.posts)
                    .sum();
                let n_bars: u64 = view.rows.iter().map(|row| row.n_bars).sum();
                let range = match (view.rows.first(), view.rows.last()) {
                    (Some(first), Some(last)) => Range {
                        from: first.start,
                        to: format::next_month(last.start),
                    },
                    _ => Range::default(),
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
        let of_posts = |tell: &dyn Fn(Counts) -> String| row.counts.map_or("–".to_owned(), tell);
        vec![
            strings::month(row),
            strings::range(row.price),
            row.change.map_or("–".to_owned(), |c| {
                format!("{} %", format::signed(100.0 * (c.exp() - 1.0), 1))
            }),
            strings::range(row.volume),
            strings::range(row.market_cap),
            format::count(row.n_bars),
            of_posts(&|counts| format::count(counts.posts)),
            of_posts(&|counts| {
                let mean = counts.mean_compound;
                mean.map_or("–".to_owned(), |mean| format::signed(mean, 3))
            }),
            of_posts(&|counts| {
                format!(
                    "{} / {}",
                    format::share(counts.positive, counts.posts),
                    format::share(counts.negative, counts.posts)
                )
            }),
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
    // Each part by itself, so that what is open stays open while numbers change.
    let lines = Memo::new(move |_| {
        view.with(|view| {
            view.as_ref()
                .map_or_else(Vec::new, |view| view.lines.clone())
        })
    });
    let gaps = Memo::new(move |_| {
        view.with(|view| {
            view.as_ref()
                .map_or_else(Vec::new, |view| newest(&view.gaps))
        })
    });
    let holes = Memo::new(move |_| {
        view.with(|view| {
            view.as_ref()
                .map_or_else(Vec::new, |view| newest(&view.holes))
        })
    });
    let n_gaps = Memo::new(move |_| view.with(|v| v.as_ref().map_or(0, |v| v.gaps.len() as u64)));
    let n_holes = Memo::new(move |_| view.with(|view| view.as_ref().map_or(0, |v| v.n_holes)));
    let sources = Memo::new(move |_| {
        let of = |(name, n): &(String, u64)| format!("{name} {}", format::count(*n));
        let told = view.with(|view| {
            let rows = view.iter().flat_map(|view| &view.of_sources);
            rows.map(of).collect::<Vec<_>>().join(", ")
        });
        if told.is_empty() {
            "none".to_owned()
        } else {
            told
        }
    });
    view! {
        <Shell panels=&[Panel::Quality] name="quality" title="Data quality" card=Card::Quality figures
            tools=ViewFn::from(|| ())>
            <p class="caption" data-testid="quality-summary">{summary}</p>
            <Checks lines=lines />
            <Stretches name="Stretches without a listening source" ranges=gaps n=n_gaps />
            <Stretches name="Holes in the bars of the ticker shown" ranges=holes n=n_holes />
            <p class="hint">{move || format!("Posts of the range by source: {}", sources.get())}</p>
        </Shell>
    }
}

/// As many as [`Stretches`] lists.
pub(super) fn newest(ranges: &[Range]) -> Vec<Range> {
    ranges.iter().rev().take(STRETCHES).copied().collect()
}

#[component]
fn Checks(lines: Memo<Vec<Line>>) -> impl IntoView {
    let row = |line: &Line| {
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
    view! {
        <table>
            <caption>"What came in, check by check"</caption>
            <thead><tr>
                <th scope="col">"Check"</th><th scope="col">"Count"</th><th scope="col">"Share"</th>
                <th scope="col">"Limit"</th><th scope="col">"Outcome"</th>
            </tr></thead>
            <tbody>{move || lines.with(|lines| lines.iter().map(row).collect_view())}</tbody>
        </table>
    }
    .into_any()
}

/// A list that can be opened, of the newest of `n`.
#[component]
pub(super) fn Stretches(
    name: &'static str,
    ranges: Memo<Vec<Range>>,
    n: Memo<u64>,
) -> impl IntoView {
    let has_any = move || n.get() > 0;
    let title = move || match n.get() {
        n if n > STRETCHES as u64 => {
            format!("{name}: {}, the newest {STRETCHES}", format::count(n))
        }
        n => format!("{name}: {n}"),
    };
    let item = |range: &Range| {
        let length = format::span(range.to - range.from);
        let told = format!("{} ({length})", format::stretch(range.from, range.to));
        view! { <li>{told}</li> }
    };
    view! {
        <Show when=has_any>
            <details class="stretches">
                <summary>{title}</summary>
                <ul>{move || ranges.with(|ranges| ranges.iter().map(item).collect_view())}</ul>
            </details>
        </Show>
    }
    .into_any()
}
