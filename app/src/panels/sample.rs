//! Which posts count: what looks like spam and why, which languages, and what is left out.

use analysis::{
    protocol::{Panel, Sampling, Watch},
    spam::REASONS,
    view::SampleView,
};
use leptos::{html::Section, prelude::*};

use super::{
    method::{Card, Figures, Method},
    sight,
};
use crate::{
    format,
    query::{Choice, Entry},
    state::Views,
    strings::{self, sampling::Rests},
};

/// How many of the loudest authors can be left out.
const LOUDEST: [u16; 5] = [1, 3, 10, 30, 100];

/// Caps to choose from.
const CAPS: [u16; 4] = [1, 3, 10, 30];

/// The panel.
#[component]
pub(crate) fn SamplePanel() -> impl IntoView {
    let views = expect_context::<Views>();
    let section = NodeRef::<Section>::new();
    // What rests on the sample is compared: the leaderboard is made for that as well.
    sight::follow(section, &[Panel::Leaders]);
    let figures = Signal::derive(move || {
        views.sample.with(|view| {
            view.as_ref().map_or_else(Figures::default, |view| {
                Figures::new(format!("{} posts", format::count(view.n_posts)), view.range)
            })
        })
    });
    view! {
        <section class="panel sample" aria-labelledby="sample-title" node_ref=section>
            <header>
                <h2 id="sample-title">"What counts"</h2>
                <span class="spacer"></span>
                <SpamListButton />
            </header>
            <Controls />
            <Comparison />
            <p class="caption" data-testid="sample-summary">
                {move || views.sample.with(|view| view.as_deref().map(strings::sample))}
            </p>
            {move || match views.sample.get() {
                None => view! { <div class="loading list-skeleton"></div> }.into_any(),
                Some(view) => view! { <Findings view=(*view).clone() /> }.into_any(),
            }}
            <Method card=Card::Sample figures />
        </section>
    }
}

/// Shows the spam in the list of posts, counted or not.
#[component]
fn SpamListButton() -> impl IntoView {
    let choice = expect_context::<Choice>();
    let is_listed = move || choice.watch.with(|watch| watch.only_spam);
    view! {
        <button
            type="button"
            aria-pressed=move || is_listed().to_string()
            on:click=move |_| choice.change(Entry::New, |watch| watch.only_spam = !watch.only_spam)
        >
            "List the spam"
        </button>
    }
}

#[component]
fn Controls() -> impl IntoView {
    let choice = expect_context::<Choice>();
    let views = expect_context::<Views>();
    let sampling = Memo::new(move |_| choice.watch.with(|watch| watch.sampling.clone()));
    let option = move |cap: Option<u16>| {
        let text = cap.map_or("all".to_owned(), |cap| format!("the first {cap}"));
        let value = cap.map_or(String::new(), |cap| cap.to_string());
        view! { <option value=value prop:selected=move || sampling.get().per_author == cap>{text}</option> }
    };
    let loudest = move || {
        let other = sampling
            .get()
            .without_loudest
            .filter(|n| !LOUDEST.contains(n));
        [None]
            .into_iter()
            .chain(LOUDEST.map(Some))
            .chain(other.map(Some))
    };
    let loudest_option = move |n: Option<u16>| {
        let text = n.map_or("no author".to_owned(), |n| match n {
            1 => "author".to_owned(),
            n => format!("{n} authors"),
        });
        let value = n.map_or(String::new(), |n| n.to_string());
        view! { <option value=value prop:selected=move || sampling.get().without_loudest == n>{text}</option> }
    };
    let sources = Memo::new(move |_| {
        let mut names = views.sample.with(|view| {
            view.as_ref()
                .map_or_else(Vec::new, |view| view.post_sources.clone())
        });
        names.extend(
            sampling
                .get()
                .without_source
                .filter(|name| !names.contains(name)),
        );
        names.insert(0, String::new());
        names
    });
    let source_option = move |name: String| {
        let text = if name.is_empty() {
            "none".to_owned()
        } else {
            name.clone()
        };
        let own = name.clone();
        let is_chosen = move || sampling.get().without_source.unwrap_or_default() == own;
        view! { <option value=name prop:selected=is_chosen>{text}</option> }
    };
    // A link may ask for another cap than those offered.
    let caps = move || {
        let other = sampling.get().per_author.filter(|cap| !CAPS.contains(cap));
        [None]
            .into_iter()
            .chain(CAPS.map(Some))
            .chain(other.map(Some))
    };
    let switch = move |text, entry, of: fn(&mut Sampling) -> &mut bool| {
        view! {
            <label>
                <input
                    type="checkbox"
                    prop:checked=move || *of(&mut sampling.get())
                    on:change=move |event| {
                        let is_on = event_target_checked(&event);
                        choice.change(entry, |watch| *of(&mut watch.sampling) = is_on);
                    }
                />
                " "{text}
            </label>
        }
    };
    view! {
        <div class="sampling" role="group" aria-label="Which posts count">
            {switch("Leave spam out", Entry::New, |sampling| &mut sampling.without_spam)}
            {switch("Only English", Entry::New, |sampling| &mut sampling.only_english)}
            {switch("Leave reposts out", Entry::Same, |sampling| &mut sampling.without_reposts)}
            <label>
                "Leave out the loudest "
                <select on:change=move |event| {
                    let n = event_target_value(&event).parse().ok();
                    choice.change(Entry::Same, |watch| watch.sampling.without_loudest = n);
                }>{move || loudest().map(loudest_option).collect_view()}</select>
            </label>
            <label>
                "Without the source "
                <select on:change=move |event| {
                    let name = event_target_value(&event);
                    let source = (!name.is_empty()).then_some(name);
                    choice.change(Entry::Same, |watch| watch.sampling.without_source = source);
                }>{move || sources.get().into_iter().map(source_option).collect_view()}</select>
            </label>
            <label>
                "Of each author and hour "
                <select on:change=move |event| {
                    let cap = event_target_value(&event).parse().ok();
                    choice.change(Entry::New, |watch| watch.sampling.per_author = cap);
                }>{move || caps().map(option).collect_view()}</select>
            </label>
        </div>
    }
}

/// Figures of every post, what was asked for then, and until when posts were in.
#[derive(Clone, PartialEq)]
struct Known {
    asked: Watch,
    until: wire::Millis,
    rests: Rests,
}

/// What the figures were while every post counted, and what they are now.
#[component]
fn Comparison() -> impl IntoView {
    let views = expect_context::<Views>();
    let choice = expect_context::<Choice>();
    let now = Memo::new(move |_| {
        let (kpi, lag) = (views.kpi.get()?, views.lag.get());
        views
            .panels
            .leaders
            .with(|leaders| Some(Rests::new(&kpi, lag.as_deref(), leaders.as_deref())))
    });
    // What was asked for: views of another sample come a moment later, and not all at once.
    let is_everything =
        Memo::new(move |_| choice.watch.with(|watch| watch.sampling.is_everything()));
    // Figures of another range, ticker or filter are nothing to compare with.
    let asked = Memo::new(move |_| {
        choice.watch.with(|watch| Watch {
            sampling: Sampling::default(),
            ..watch.clone()
        })
    });
    let known = Memo::new(
        move |before: Option<&Option<Known>>| match is_everything.get() {
            true => now.get().map(|rests| Known {
                asked: asked.get(),
                until: views
                    .kpi
                    .with(|kpi| kpi.as_ref().map_or(0, |kpi| kpi.range.to)),
                rests,
            }),
            false => {
                let before = before.cloned().flatten();
                asked.with(|asked| before.filter(|before| before.asked == *asked))
            }
        },
    );
    let before = Memo::new(move |_| known.get().map(|known| known.rests));
    let caption = move || {
        known.with(|known| match known {
            Some(known) => format!(
                "What rests on the posts left out; every post as it was at {}",
                format::date_time(known.until)
            ),
            None => {
                "What rests on the posts left out; let every post count for a moment to compare"
                    .to_owned()
            }
        })
    };
    // Nobody else reads it while every post counts, which is when it has to be kept up.
    Effect::new(move |_| before.with(|_| ()));
    let rows = move || {
        let now = now.get().unwrap_or_default().rows();
        let before = before.get().map(|before| before.rows());
        (0..now.len())
            .map(|idx| {
                let (name, value) = now.get(idx).cloned().unwrap_or_default();
                let before = before.as_ref().and_then(|rows| rows.get(idx));
                let before = before.filter(|(other, _)| *other == name);
                let before = before.map_or("–".to_owned(), |(_, value)| value.clone());
                view! { <tr><th scope="row">{name}</th><td>{before}</td><td>{value}</td></tr> }
            })
            .collect_view()
    };
    view! {
        <Show when=move || !is_everything.get()>
            <table class="comparison">
                <caption>{caption}</caption>
                <thead><tr><th scope="col">"Figure"</th><th scope="col">"Every post"</th><th scope="col">"These posts"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </Show>
    }
}

#[component]
fn Findings(view: SampleView) -> impl IntoView {
    let rows = REASONS.into_iter().zip(view.reasons).map(|(reason, n)| {
        let (name, meaning) = strings::reason(reason);
        view! {
            <tr>
                <th scope="row">{name}<span class="hint">{meaning}</span></th>
                <td>{format::count(n)}</td>
                <td>{format::share(n, view.n_posts)}</td>
            </tr>
        }
    });
    view! {
        <table>
            <caption>"What makes a post spam, as known when it came. A post may have several reasons"</caption>
            <thead><tr>
                <th scope="col">"Reason"</th><th scope="col">"Posts"</th><th scope="col">"Share"</th>
            </tr></thead>
            <tbody>{rows.collect_view()}</tbody>
        </table>
        <p class="caption">{strings::languages(&view)}</p>
    }
}
