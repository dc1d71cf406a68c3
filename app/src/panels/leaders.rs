//! The leaderboard: tickers by mentions or by a class's share, as bars from zero or as a table.

use analysis::{
    protocol::{LeaderSort, Panel},
    view::{LeaderRow, LeadersView},
};
use leptos::prelude::*;

use super::{
    method::{Card, Figures},
    shell::{Choose, Shell, TableButton, texts},
    table::{Cells, Table},
};
use crate::{
    format,
    query::{Choice, Entry, panels as query},
    state::Views,
    strings::{leaders as strings, voices_beside},
};

const AMOUNTS: [u8; 4] = [3, 5, 10, 15];

/// The panel.
#[component]
pub(crate) fn LeadersPanel() -> impl IntoView {
    let views = expect_context::<Views>();
    let is_table = RwSignal::new(false);
    let view = views.panels.leaders;
    let figures = Signal::derive(move || {
        view.with(|view| {
            view.as_ref().map_or_else(Figures::default, |view| {
                let n = format!("{} tickers with posts", format::count(view.n_tickers));
                Figures::new(n, view.period)
            })
        })
    });
    let cells =
        Memo::new(move |_| view.with(|view| view.as_deref().map(table).unwrap_or_default()));
    let empty = move || view.with(|view| view.as_ref().is_some_and(|view| view.rows.is_empty()));
    view! {
        <Shell panels=&[Panel::Leaders] name="leaders" title="Leaderboard" card=Card::Leaders figures tools=ViewFn::from(move || controls(is_table))>
            <p class="caption">{move || view.with(|view| view.as_deref().map(strings::caption))}</p>
            {move || match is_table.get() {
                true => view! { <Table name="Table of tickers" cells /> }.into_any(),
                false => view! { <Bars /> }.into_any(),
            }}
            <Show when=empty><p class="empty">"No post of this stretch mentions a ticker often enough. Choose another level, or sort by mentions."</p></Show>
            <p class="hint">{move || view.with(|view| view.as_deref().map(strings::before))}</p>
        </Shell>
    }
}

fn controls(is_table: RwSignal<bool>) -> AnyView {
    let choice = expect_context::<Choice>();
    let chosen = move |read: fn(&analysis::protocol::LeaderChoice) -> String| {
        Signal::derive(move || choice.watch.with(|watch| read(&watch.panels.leaders)))
    };
    let change = move |write: fn(&mut analysis::protocol::LeaderChoice, &str)| {
        Callback::new(move |text: String| {
            choice.change(Entry::Same, |watch| write(&mut watch.panels.leaders, &text));
        })
    };
    let levels = [
        ("range", "range"),
        ("hour", "hour"),
        ("day", "day"),
        ("month", "month"),
        ("year", "year"),
    ];
    let sorts = [
        ("mentions", "most mentioned"),
        ("positive", "most positive"),
        ("neutral", "most neutral"),
        ("negative", "most negative"),
    ];
    let amounts = AMOUNTS
        .map(|n| (n.to_string(), format!("top {n}")))
        .to_vec();
    view! {
        <Choose label="Level" options=texts(levels) chosen=chosen(|c| query::write_level(c.level).to_owned())
            on_choice=change(|c, text| c.level = query::level(text)) />
        <Choose label="Sorted by" options=texts(sorts) chosen=chosen(|c| query::write_sort(c.sort).to_owned())
            on_choice=change(|c, text| c.sort = query::sort(text)) />
        <Choose label="How many rows" options=amounts chosen=chosen(|c| c.n.to_string())
            on_choice=change(|c, text| c.n = text.parse().unwrap_or(5)) />
        <TableButton is_table />
    }
    .into_any()
}

/// A row with what is needed to draw it.
#[derive(Clone, Debug, Default, PartialEq)]
struct Drawn {
    rank: usize,
    row: LeaderRow,
    has_before: bool,
    /// Length of the bar in percent.
    length: f64,
}

impl Drawn {
    fn of(view: &LeadersView, symbol: &str) -> Option<Self> {
        let idx = view.rows.iter().position(|row| row.symbol == symbol)?;
        let row = view.rows.get(idx)?.clone();
        let most = view.rows.iter().map(|row| row.counts.posts).max()?;
        // By a share every bar is whole and its parts are compared; by mentions its length is.
        let length = match view.choice.sort {
            LeaderSort::Mentions => 100.0 * row.counts.posts as f64 / most.max(1) as f64,
            _ => 100.0,
        };
        Some(Self {
            rank: idx + 1,
            row,
            has_before: view.before.is_some(),
            length,
        })
    }
}

#[component]
fn Bars() -> impl IntoView {
    let view = expect_context::<Views>().panels.leaders;
    let symbols = move || {
        let symbols = |view: &LeadersView| view.rows.iter().map(|row| row.symbol.clone()).collect();
        view.with(|view| view.as_deref().map_or_else(Vec::new, symbols))
    };
    view! {
        <ol class="bars board">
            <For each=symbols key=Clone::clone let:symbol><Bar symbol /></For>
        </ol>
    }
    .into_any()
}

/// Keeps its element while its numbers change.
#[component]
fn Bar(symbol: String) -> impl IntoView {
    let view = expect_context::<Views>().panels.leaders;
    let choice = expect_context::<Choice>();
    let name = StoredValue::new(symbol);
    let drawn = Memo::new(move |before: Option<&Drawn>| {
        let found = view.with(|view| {
            let view = view.as_ref()?;
            name.with_value(|name| Drawn::of(view, name))
        });
        found.or_else(|| before.cloned()).unwrap_or_default()
    });
    let is_chosen = move || {
        let chosen = choice.watch.with(|watch| watch.ticker.clone());
        chosen.is_some_and(|chosen| name.with_value(|name| *name == chosen))
    };
    let part = move |class: &'static str, of: fn(&analysis::view::Counts) -> u64| {
        let share = move || {
            drawn.with(|drawn| {
                let counts = &drawn.row.counts;
                100.0 * of(counts) as f64 / counts.posts.max(1) as f64
            })
        };
        view! { <span class=class hidden=move || share() <= 0.0 style:width=move || format!("{:.2}%", share())></span> }
    };
    view! {
        <li>
            <button
                type="button"
                aria-pressed=move || is_chosen().to_string()
                aria-label=move || drawn.with(|drawn| strings::label(drawn.rank, &drawn.row))
                on:click=move |_| choice.change(Entry::New, |watch| watch.ticker = Some(name.get_value()))
            >
                <span class="rank">{move || drawn.with(|d| d.rank)}</span>
                <span class="bar-name">{name.get_value()}</span>
                <span class="bar-track">
                    <span class="bar" style:width=move || drawn.with(|d| format!("{:.2}%", d.length))>
                        {part("pos", |counts| counts.positive)}
                        {part("neu", |counts| counts.neutral)}
                        {part("neg", |counts| counts.negative)}
                    </span>
                </span>
                <span class="bar-count">{move || drawn.with(|d| format::compact(d.row.counts.posts))}</span>
                <span class="bar-mean" title="Mean compound, −1…+1">
                    {move || drawn.with(|d| d.row.counts.mean_compound.map(|mean| format::signed(mean, 2)))}
                </span>
                <span class="bar-change" title="Rank against the stretch before">
                    {move || drawn.with(|d| strings::moved(d.rank, &d.row, d.has_before))}
                </span>
                <span class="bar-voices">{move || drawn.with(|d| voices_beside(d.row.authors, d.row.voices))}</span>
            </button>
        </li>
    }
    .into_any()
}

fn table(view: &LeadersView) -> Cells {
    let row = |(rank, row): (usize, &LeaderRow)| {
        let counts = row.counts;
        let of = |n: u64| format!("{} ({})", format::count(n), format::share(n, counts.posts));
        vec![
            format!("{rank}. {}", row.symbol),
            format::count(counts.posts),
            format::count(row.authors),
            format::rate(row.voices),
            of(counts.positive),
            of(counts.neutral),
            of(counts.negative),
            counts
                .mean_compound
                .map_or("–".to_owned(), |mean| format::signed(mean, 3)),
            format::change(row.n_before, counts.posts).unwrap_or_else(|| "–".to_owned()),
            strings::moved(rank, row, view.before.is_some()),
        ]
    };
    Cells {
        caption: strings::before(view),
        head: vec![
            "Ticker",
            "Posts",
            "Authors",
            "Voices",
            "Positive",
            "Neutral",
            "Negative",
            "Mean compound",
            "Change",
            "Rank",
        ],
        rows: (1..).zip(&view.rows).map(row).collect(),
    }
}
