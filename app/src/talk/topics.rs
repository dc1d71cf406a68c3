//! Topics that a model finds in the selected posts: how it is asked, their shares over time, their terms.

use analysis::protocol::talk::{TopicRow, TopicsView};
use leptos::prelude::*;
use wire::Millis;

use super::{Method, desk::Desk, settings::Settings, texts};
use crate::{
    format,
    panels::shell::{Choose, texts as options},
};

/// Topics that have a band of their own; the others are one band.
const N_BANDS: usize = 8;
/// Terms of a topic that are shown, and those that name it.
const N_TERMS: usize = 15;
const N_NAME: usize = 4;
/// Terms that posts are looked for by when a topic is chosen.
const N_CHOSEN: usize = 3;
/// The drawing's own units.
const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 150.0;

/// The panel.
#[component]
pub(super) fn TopicsPanel() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let method = Signal::derive(move || {
        desk.topics.with(|view| {
            let view = view.as_ref().filter(|view| !view.topics.is_empty());
            view.map(texts::topics_method).unwrap_or_default()
        })
    });
    let stage = Memo::new(
        move |_| match desk.topics.with(|view| stage_of(view.as_ref())) {
            None if desk.fits_topics() => Stage::Fitting,
            stage => stage.unwrap_or(Stage::Asked),
        },
    );
    view! {
        <section class="panel talk-topics" aria-labelledby="talk-topics-title">
            <header>
                <h3 id="talk-topics-title">"Topics found"</h3>
                <span class="spacer"></span>
                <Controls />
            </header>
            <Course />
            {move || match stage.get() {
                Stage::Asked => view! { <Ask /> }.into_any(),
                Stage::Nothing => view! {
                    <p class="empty">"No post of the range has a word of four letters. Choose a longer range or fewer filters."</p>
                }.into_any(),
                Stage::Fitting => view! { <div class="loading list-skeleton"></div> }.into_any(),
                Stage::Found => view! { <Shares /><Rows /> }.into_any(),
            }}
            <p class="hint">"A topic shows only posts with one of its first three terms: they become a topic of yours, and again give it up."</p>
            <Method text=method />
        </section>
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    /// Nobody has asked yet, or it was given up.
    Asked,
    Fitting,
    Nothing,
    Found,
}

fn stage_of(view: Option<&TopicsView>) -> Option<Stage> {
    Some(match view? {
        view if !view.topics.is_empty() => Stage::Found,
        view if view.is_cancelled => Stage::Asked,
        view if view.is_found => Stage::Nothing,
        _ => Stage::Fitting,
    })
}

/// Fits are asked for where they take long.
#[component]
fn Ask() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let n = move || format::count(desk.standing.with(|standing| standing.n_selected));
    view! {
        <p class="empty">
            {move || format!("{} posts are selected: finding topics in them takes a while. ", n())}
            <button type="button" on:click=move |_| desk.begin_fit()>"Find topics"</button>
        </p>
    }
}

#[component]
fn Controls() -> impl IntoView {
    let settings = expect_context::<Settings>();
    let model = Signal::derive(move || settings.get("model"));
    let k = Signal::derive(move || settings.get("k"));
    let numbers = [(String::new(), "k automatic".to_owned())]
        .into_iter()
        .chain((2..=10).map(|k| (k.to_string(), format!("k = {k}"))))
        .collect::<Vec<_>>();
    let as_of = move || settings.get("asof").parse::<u8>().unwrap_or(100);
    let set_as_of = move |event| {
        let value = event_target_value(&event);
        settings.set("asof", if value == "100" { "" } else { &value });
    };
    view! {
        <Choose label="Model" options=options([("", "short texts"), ("lda", "LDA (classic)")]) chosen=model
            on_choice=Callback::new(move |value: String| settings.set("model", &value)) />
        <Choose label="Number of topics" options=numbers chosen=k
            on_choice=Callback::new(move |value: String| settings.set("k", &value)) />
        <label class="field">"seed "
            <input type="number" min="1" max="9999" prop:value=move || settings.topics().seed.to_string()
                on:change=move |event| settings.set("seed", &event_target_value(&event)) />
        </label>
        <label class="field">"known after "
            <input type="range" min="5" max="100" step="5" prop:value=move || as_of().to_string() on:change=set_as_of />
            <span class="nowrap">{move || match as_of() {
                100 => "all (hindsight)".to_owned(),
                share => format!("{share} % of the range"),
            }}</span>
        </label>
    }
}

/// How far the fit is.
#[component]
fn Course() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let percent = Memo::new(move |_| {
        desk.topics.with(|view| {
            let view = view.as_ref()?;
            let (done, total) = view.progress;
            (done < total && !view.is_cancelled).then(|| done * 100 / total.max(1))
        })
    });
    let is_on = Memo::new(move |_| percent.with(Option::is_some));
    move || {
        is_on.get().then(|| {
            view! {
                <p class="talk-course">
                    <progress max="100" aria-label="Finding topics" prop:value=move || percent.get().unwrap_or_default().to_string()></progress>
                    " "{move || format!("{} %", percent.get().unwrap_or_default())}" "
                    <button type="button" on:click=move |_| desk.cancel_fit()>"Cancel"</button>
                </p>
            }
        })
    }
}

/// Shares of the topics over time, stacked.
#[component]
fn Shares() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let bands = Memo::new(move |_| {
        desk.topics
            .with(|view| view.as_ref().map(bands).unwrap_or_default())
    });
    let label = move || {
        desk.topics.with(|view| {
            view.as_ref().map(|view| {
                format!(
                    "Shares of {} topics over time, {}; the list below has the figures",
                    view.topics.len(),
                    texts::stretch(view.range)
                )
            })
        })
    };
    let band = |(idx, points): (usize, String)| {
        view! { <polygon class=format!("band band-{}", idx + 1) points=points></polygon> }
    };
    let ends = move || {
        desk.topics.with(|view| {
            let (first, last) = view.as_ref().map(ends_of).unwrap_or_default();
            view! {
                <span>{first.map(format::date_time)}</span>
                <span>"share of the posts, 0 to 100 %"</span>
                <span>{last.map(format::date_time)}</span>
            }
        })
    };
    view! {
        <svg class="shares" role="img" aria-label=label data-bands=move || bands.with(Vec::len)
            viewBox=format!("0 0 {WIDTH} {HEIGHT}") preserveAspectRatio="none">
            {move || bands.get().into_iter().enumerate().map(band).collect_view()}
        </svg>
        <p class="caption ends">{ends}</p>
    }
}

/// From when to when the cells reach; the last one may end with the range.
fn ends_of(view: &TopicsView) -> (Option<Millis>, Option<Millis>) {
    let first = view.cells.first().map(|(begin, _)| *begin);
    let last = view.cells.last().map(|(begin, _)| begin + view.width);
    let until = match first == Some(view.range.from) {
        true => view.range.to,
        false => Millis::MAX,
    };
    (first, last.map(|last| last.min(until)))
}

/// One polygon a topic, from below; cells without a post are gaps, drawn as nothing.
fn bands(view: &TopicsView) -> Vec<String> {
    let n_bands = view.topics.len().min(N_BANDS + 1);
    let n_cells = view.cells.len().max(1) as f64;
    let mut lower = vec![0.0; view.cells.len()];
    let in_band = |counts: &[u32], idx: usize| -> u32 {
        match idx < N_BANDS {
            true => counts.get(idx).copied().unwrap_or_default(),
            false => counts.iter().skip(N_BANDS).sum(),
        }
    };
    let mut found = Vec::new();
    for idx in 0..n_bands {
        let (mut up, mut down) = (Vec::new(), Vec::new());
        for (cell, ((_, counts), lower)) in view.cells.iter().zip(&mut lower).enumerate() {
            let all: u32 = counts.iter().sum();
            let share = f64::from(in_band(counts, idx)) / f64::from(all.max(1));
            let upper = *lower + share;
            for side in [0.0, 1.0] {
                let x = (cell as f64 + side) / n_cells * WIDTH;
                up.push(point(x, upper));
                down.push(point(x, *lower));
            }
            *lower = upper;
        }
        down.reverse();
        up.append(&mut down);
        found.push(up.join(" "));
    }
    found
}

fn point(x: f64, share: f64) -> String {
    let y = HEIGHT * (1.0 - share.min(1.0));
    format!("{},{}", tenths(x), tenths(y))
}

/// With one decimal; the standard library's way weighs too much.
fn tenths(value: f64) -> String {
    let tenths = (value * 10.0).round() as i64;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// The topics with their figures and terms.
#[component]
fn Rows() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let rows = move || {
        desk.topics.with(|view| {
            let rows = view.iter().flat_map(|view| &view.topics).enumerate();
            rows.map(|(idx, row)| (idx, row.clone()))
                .collect::<Vec<_>>()
        })
    };
    let row = move |(idx, row): (usize, TopicRow)| view! { <Row idx row /> };
    view! {
        <div class="table-box talk-rows" tabindex="0" role="region" aria-label="Topics, listed">
            <table>
                <thead><tr>
                    <th scope="col">"Topic by its terms"</th><th scope="col">"Posts"</th><th scope="col">"Weight"</th>
                    <th scope="col">"NPMI"</th><th scope="col">{format!("Born at, {}", format::zone_name())}</th>
                </tr></thead>
                <tbody>{move || rows().into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}

#[component]
fn Row(idx: usize, row: TopicRow) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let texts_of = |n: usize| row.terms.iter().take(n).map(|(term, _)| term.clone());
    let name = texts_of(N_NAME).collect::<Vec<_>>().join(" · ");
    let chosen: Vec<String> = texts_of(N_CHOSEN).collect();
    let topic = {
        let words: Vec<&str> = chosen.iter().map(String::as_str).collect();
        texts::topic_name(&words)
    };
    let choose = move |_| {
        let words: Vec<&str> = chosen.iter().map(String::as_str).collect();
        desk.toggle_words(&words);
    };
    let term = |(term, p): &(String, f64)| {
        view! { <li>{term.clone()}" "<span class="muted">{format::signed(*p * 100.0, 1).trim_start_matches('+').to_owned()}" %"</span></li> }
    };
    let terms = row.terms.iter().take(N_TERMS).map(term).collect_view();
    let share = (row.weight * 1_000.0).round() as u64;
    view! {
        <tr>
            <th scope="row">
                <span class=format!("swatch band-{}", idx.min(N_BANDS) + 1) aria-hidden="true"></span>
                <button type="button" class="link" aria-pressed=move || desk.is_chosen(&topic).to_string() on:click=choose>{name.clone()}</button>
                <details>
                    <summary>"terms"<span class="vh">{format!(" of {name}")}</span></summary>
                    <ul class="terms">{terms}</ul>
                </details>
            </th>
            <td>{format::count(row.n_posts)}</td>
            <td>{format::share(share, 1_000)}</td>
            <td>{row.coherence.map_or("–".to_owned(), |npmi| format::signed(npmi, 2))}</td>
            <td>{row.born_at.map_or("–".to_owned(), format::date_time)}</td>
        </tr>
    }
}
