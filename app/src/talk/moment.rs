//! One stretch of time explained, as a card that can be copied and saved as text.

use analysis::protocol::{RangeChoice, talk::MomentView};
use leptos::{prelude::*, task::spawn_local};
use wire::time::HOUR;

use super::{Method, desk::Desk, news::Article, texts};
use crate::{browser, clipboard, format, query::Choice};

/// The panel.
#[component]
pub(super) fn MomentPanel() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let choice = expect_context::<Choice>();
    let is_everything = move || choice.watch.with(|watch| watch.range == RangeChoice::All);
    let is_copied = RwSignal::new(false);
    let text = move || {
        desk.moment
            .with_untracked(|view| view.as_ref().map(texts::moment))
    };
    let copy = move |_| {
        let Some(text) = text() else { return };
        is_copied.set(false);
        spawn_local(async move { is_copied.set(clipboard::copy(&text).await) });
    };
    let save = move |_| {
        if let Some(text) = text() {
            browser::save_text("moodtape-moment.txt", "text/plain;charset=utf-8", &text);
        }
    };
    let method = Signal::derive(move || {
        desk.moment
            .with(|view| view.as_ref().map(texts::moment_method).unwrap_or_default())
    });
    view! {
        <section class="panel talk-moment" aria-labelledby="talk-moment-title">
            <header>
                <h3 id="talk-moment-title">"Explain this moment"</h3>
                <span class="spacer"></span>
                <button type="button" on:click=copy>"Copy as text"</button>
                <button type="button" on:click=save>"Save as text"</button>
                <span role="status">{move || is_copied.get().then_some("Copied")}</span>
            </header>
            {move || is_everything().then(|| view! {
                <p class="caption">"Everything is shown. Choose a stretch in a chart, an unusual bucket, or one of the busiest hours:"</p>
            })}
            <Busiest />
            {move || desk.moment.get().map_or_else(
                || view! { <div class="loading list-skeleton"></div> }.into_any(),
                |view| card(&view).into_any(),
            )}
            <Method text=method />
        </section>
    }
}

/// Ways to moments that may need an explanation.
#[component]
fn Busiest() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let hours = Memo::new(move |_| {
        desk.moment.with(|view| {
            view.as_ref()
                .map(|view| view.busiest.clone())
                .unwrap_or_default()
        })
    });
    let hour = move |(at, n): (i64, u64)| {
        view! {
            <button type="button" class="chip" on:click=move |_| desk.zoom_to(at, at + HOUR)>
                {format::date_time(at)}", "{format::count(n)}" posts"
            </button>
        }
    };
    view! {
        <div class="chips" role="group" aria-label="Hours with most posts">
            {move || hours.get().into_iter().map(hour).collect_view()}
        </div>
    }
}

fn card(view: &MomentView) -> impl IntoView + use<> {
    let facts = texts::facts(view).into_iter();
    let facts = facts.filter(|(_, told)| !told.is_empty());
    let fact = |(name, told): (&'static str, String)| view! { <dt>{name}</dt><dd>{told}</dd> };
    let post = |post: &analysis::protocol::talk::FirstPost| {
        view! {
            <li><span class="muted">{format!("{}, {} ", format::date_time(post.at), post.source)}</span>{post.text.clone()}</li>
        }
    };
    let first = view.first.iter().map(post).collect_view();
    let articles: Vec<_> = view
        .articles
        .iter()
        .map(|row| (view.place_of(&row.article), row.clone()))
        .collect();
    let n_articles = texts::n_articles(view);
    view! {
        <dl class="method-card talk-card" data-testid="talk-moment">{facts.map(fact).collect_view()}</dl>
        <h4>"First posts"</h4>
        <ul class="talk-list">{first}</ul>
        <p class="caption">{n_articles}</p>
        <ul class="talk-list">{articles.into_iter().map(|(place, row)| view! { <Article row place /> }).collect_view()}</ul>
    }
}
