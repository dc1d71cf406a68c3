//! Unusual buckets of the price × sentiment chart: what is marked, how it is found, who stands behind each.

use analysis::{
    anomalies::Direction,
    protocol::{AnomalyChoice, Detector, Measure, WhyChoice},
    view::{AnomaliesView, AnomalyMark, Term},
};
use leptos::{html::Div, prelude::*};

use super::sight::Sight;
use crate::{
    format,
    query::{Choice, Entry, write_detector, write_direction, write_measure},
    state::Views,
    strings,
};

const MEASURES: [(Option<Measure>, &str); 4] = [
    (None, "none"),
    (Some(Measure::Posts), "number of posts"),
    (Some(Measure::Sentiment), "mean compound"),
    (Some(Measure::Price), "price change"),
];
const DETECTORS: [(Detector, &str); 3] = [
    (Detector::Hybrid, "Seasonal Hybrid ESD"),
    (Detector::Stream, "causal detector"),
    (Detector::Classic, "classic"),
];
const DIRECTIONS: [(Direction, &str); 3] = [
    (Direction::Both, "both ways"),
    (Direction::Positive, "too high"),
    (Direction::Negative, "too low"),
];

/// Controls, summary and list, below the chart.
#[component]
pub(crate) fn Anomalies() -> impl IntoView {
    let views = expect_context::<Views>();
    // The market view changes with every post; what is unusual hardly ever does.
    let view = Memo::new(move |_| {
        views
            .market
            .get()
            .and_then(|market| market.anomalies.clone())
    });
    view! {
        <Controls />
        <List view />
        <Why />
    }
}

#[component]
fn Controls() -> impl IntoView {
    let choice = expect_context::<Choice>();
    let chosen = Memo::new(move |_| choice.watch.with(|watch| watch.anomalies));
    let change = move |change: &dyn Fn(&mut AnomalyChoice)| {
        choice.change(Entry::Same, |watch| {
            if let Some(anomalies) = &mut watch.anomalies {
                change(anomalies);
            }
        });
    };
    let measure = move |(measure, name): (Option<Measure>, &'static str)| {
        let is_chosen = move || chosen.get().map(|chosen| chosen.of) == measure;
        view! { <option value=measure.map_or("off", write_measure) prop:selected=is_chosen>{name}</option> }
    };
    let detector = move |(detector, name): (Detector, &'static str)| {
        let is_chosen = move || {
            chosen
                .get()
                .is_some_and(|chosen| chosen.detector == detector)
        };
        view! { <option value=write_detector(detector) prop:selected=is_chosen>{name}</option> }
    };
    let direction = move |(direction, name): (Direction, &'static str)| {
        let is_chosen = move || {
            chosen
                .get()
                .is_some_and(|chosen| chosen.direction == direction)
        };
        view! { <option value=write_direction(direction) prop:selected=is_chosen>{name}</option> }
    };
    let choose_measure = move |name: String| {
        let measure = MEASURES.into_iter().filter_map(|(measure, _)| measure);
        let of = measure.into_iter().find(|of| write_measure(*of) == name);
        choice.change(Entry::Same, |watch| {
            watch.anomalies = of.map(|of| AnomalyChoice {
                of,
                ..watch.anomalies.unwrap_or_default()
            });
        });
    };
    view! {
        <div class="scoring" role="group" aria-label="Unusual buckets">
            <label>
                "Mark unusual "
                <select on:change=move |event| choose_measure(event_target_value(&event))>
                    {MEASURES.map(measure).collect_view()}
                </select>
            </label>
            <Show when=move || chosen.get().is_some()>
                <label>
                    "found by "
                    <select on:change=move |event| {
                        let name = event_target_value(&event);
                        let found = DETECTORS.into_iter().find(|(one, _)| write_detector(*one) == name);
                        change(&|choice| choice.detector = found.map(|(one, _)| one).unwrap_or_default());
                    }>{DETECTORS.map(detector).collect_view()}</select>
                </label>
                <Show when=move || chosen.get().is_some_and(|chosen| chosen.detector == Detector::Hybrid)>
                    <select aria-label="Direction" on:change=move |event| {
                        let name = event_target_value(&event);
                        let found = DIRECTIONS.into_iter().find(|(one, _)| write_direction(*one) == name);
                        change(&|choice| choice.direction = found.map(|(one, _)| one).unwrap_or_default());
                    }>{DIRECTIONS.map(direction).collect_view()}</select>
                </Show>
            </Show>
        </div>
    }
}

/// The box stays while its rows change, so that it stays open and in its place.
#[component]
fn List(view: Memo<Option<AnomaliesView>>) -> impl IntoView {
    let summary = move || view.with(|view| view.as_ref().map(strings::anomalies));
    let has_marks =
        move || view.with(|view| view.as_ref().is_some_and(|view| !view.marks.is_empty()));
    let rows = move || {
        let view = view.get().unwrap_or_default();
        let of = view.choice.of;
        let marks = view.marks.into_iter();
        marks.map(|mark| (of, mark)).collect::<Vec<_>>()
    };
    view! {
        <Show when=has_marks fallback=move || view! { <p class="caption">{summary}</p> }>
            <details class="anomalies">
                <summary>{summary}</summary>
                <div class="table-box" tabindex="0" role="region" aria-label="Unusual buckets, listed">
                    <table>
                        <caption>"Unusual means neither wrong nor important, and says nothing of causes"</caption>
                        <thead><tr>
                            <th scope="col">{format!("Bucket, {}", format::zone_name())}</th><th scope="col">"Value"</th><th scope="col">"Expected"</th>
                            <th scope="col">"Deviation"</th><th scope="col">"Behind it"</th>
                        </tr></thead>
                        <tbody>
                            <For each=rows key=|(of, mark)| (*of, mark.bucket.from, mark.n_posts, mark.n_spam, mark.score.to_bits()) let:row>
                                <Row of=row.0 mark=row.1 />
                            </For>
                        </tbody>
                    </table>
                </div>
            </details>
        </Show>
    }
}

/// What stands behind the bucket that is asked about.
#[component]
fn Why() -> impl IntoView {
    let views = expect_context::<Views>();
    let sight = expect_context::<Sight>();
    let shown = Memo::new(move |_| {
        let asked = sight.why()?;
        let view = views.panels.why.get()?;
        let is_answer = view.bucket == asked.bucket && view.ticker == asked.ticker;
        is_answer.then(|| (*view).clone())
    });
    // The list that a question came from is of one ticker.
    let ticker = shown_ticker(views);
    Effect::new(move |_| {
        let ticker = ticker.get();
        let asked = untrack(|| sight.why());
        if asked.is_some_and(|asked| asked.ticker != ticker) {
            sight.ask_why(None);
        }
    });
    // The answer comes below the list: whoever asked is taken there, once.
    let answer = NodeRef::<Div>::new();
    let told = Memo::new(move |_| shown.with(|view| view.as_ref().map(|view| view.bucket)));
    Effect::new(move |_| {
        if let (Some(_), Some(answer)) = (told.get(), answer.get()) {
            // Where it cannot be focused it still stands there.
            let _ = answer.focus();
        }
    });
    view! {
        {move || shown.get().map(|view| {
            let term = |term: Term| {
                let title = format!("{} posts where {:.1} would be usual", format::count(term.n), term.expected);
                let told = title.clone();
                view! { <li title=told>{term.term}" "<b>{format::count(term.n)}</b><span class="vh">{title}</span></li> }
            };
            let sources = view.of_sources.iter().map(|(name, n)| format!("{name} {}", format::count(*n)));
            let sources: Vec<String> = sources.collect();
            view! {
                <div class="why" role="group" tabindex="-1" node_ref=answer aria-label="Why this bucket is unusual">
                    <p>
                        <b>{format!("{}, {}", view.ticker, format::stretch(view.bucket.from, view.bucket.to))}</b>" "
                        <button type="button" class="link" on:click=move |_| sight.ask_why(None)>"Close"</button>
                    </p>
                    <p>{strings::data::why(&view)}</p>
                    <p class="hint">{strings::data::terms(&view)}</p>
                    <ul class="terms">{view.terms.into_iter().map(term).collect_view()}</ul>
                    <p class="hint">{format!("All posts of the bucket by source: {}", sources.join(", "))}</p>
                </div>
            }
        })}
    }
}

/// The ticker of the list; empty for all posts.
fn shown_ticker(views: Views) -> Memo<String> {
    Memo::new(move |_| {
        let market = views.market.get();
        market.map_or(String::new(), |market| market.ticker.clone())
    })
}

#[component]
fn Row(of: Measure, mark: AnomalyMark) -> impl IntoView {
    let choice = expect_context::<Choice>();
    let bucket = mark.bucket;
    let sight = expect_context::<Sight>();
    let ticker = shown_ticker(expect_context::<Views>());
    let is_asked = move || sight.why().is_some_and(|asked| asked.bucket == bucket);
    let ask = move |_| {
        let asked = WhyChoice {
            bucket,
            ticker: ticker.get_untracked(),
        };
        sight.ask_why(untrack(|| !is_asked()).then_some(asked));
    };
    // Several as long on either side, to see what it stands out of.
    let margin = 6 * (bucket.to - bucket.from);
    view! {
        <tr>
            <th scope="row">
                <button
                    type="button"
                    class="link"
                    title="Zoom to it"
                    on:click=move |_| choice.zoom_to(bucket.from - margin, bucket.to + margin)
                >
                    {format::date_time(bucket.from)}
                </button>
            </th>
            <td>{strings::measured(of, mark.value)}</td>
            <td>{mark.expected.map_or("–".to_owned(), |expected| strings::measured(of, expected))}</td>
            <td>{strings::deviation(&mark)}</td>
            <td class="behind">
                {strings::behind(&mark)}" "
                <button type="button" class="link" aria-pressed=move || is_asked().to_string() on:click=ask>
                    "Why"<span class="vh">{format!(" {} is unusual", format::date_time(bucket.from))}</span>
                </button>
            </td>
        </tr>
    }
}
