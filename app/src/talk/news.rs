//! Articles that feeds brought, on the axis of time and as a list.

use analysis::protocol::talk::{ArticleRow, NewsView};
use leptos::prelude::*;

use super::{Method, desk::Desk, settings::Settings, texts};
use crate::{
    format,
    panels::shell::{Choose, texts as options},
};

/// The panel.
#[component]
pub(super) fn NewsPanel() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let settings = expect_context::<Settings>();
    let method = Signal::derive(move || {
        desk.news
            .with(|view| view.as_ref().map(texts::news_method).unwrap_or_default())
    });
    let chosen = Signal::derive(move || match settings.get("news").as_str() {
        value @ ("" | "all") => value.to_owned(),
        _ => "own".to_owned(),
    });
    let topics = Memo::new(move |_| {
        desk.topics.with(|view| {
            let rows = view.iter().flat_map(|view| view.topics.iter().take(6));
            let words = rows.map(|row| {
                let terms = row.terms.iter().take(4).map(|(term, _)| term.as_str());
                terms.collect::<Vec<_>>().join(" ")
            });
            words.collect::<Vec<_>>()
        })
    });
    let all_options = move || {
        let mut all = options([
            ("", "of the words that stand out"),
            ("all", "all of the range"),
        ]);
        all.extend(
            topics
                .get()
                .into_iter()
                .map(|words| (words.clone(), format!("of the topic {words}"))),
        );
        let own = settings.get("news");
        if !all.iter().any(|(value, _)| *value == own) {
            all.push((own.clone(), format!("with {own}")));
        }
        all
    };
    let value = Signal::derive(move || match chosen.get().as_str() {
        "own" => settings.get("news"),
        _ => chosen.get(),
    });
    view! {
        <section class="panel talk-news" aria-labelledby="talk-news-title">
            <header>
                <h3 id="talk-news-title">"News"</h3>
                <span class="spacer"></span>
                {move || view! { <Choose label="Which articles" options=all_options() chosen=value
                    on_choice=Callback::new(move |value: String| settings.set("news", &value)) /> }}
            </header>
            {move || match desk.news.get() {
                None => view! { <div class="loading list-skeleton"></div> }.into_any(),
                Some(view) if view.articles.is_empty() => view! { <p class="empty">{empty(&view)}</p> }.into_any(),
                Some(view) => list(view).into_any(),
            }}
            <Method text=method />
        </section>
    }
}

fn empty(view: &NewsView) -> String {
    if view.n_articles == 0 {
        return "No article is stored. A relay with a source of kind “feeds” in its configuration visits news feeds, and their articles \
                appear here."
            .to_owned();
    }
    match view.n_in_range {
        0 => format!(
            "Of {} articles none was first seen in {}. Choose a longer range.",
            format::count(view.n_articles),
            texts::stretch(view.range)
        ),
        n => format!(
            "None of the {} articles of the range has one of: {}. Choose all of the range.",
            format::count(n),
            view.words.join(", ")
        ),
    }
}

fn list(view: NewsView) -> impl IntoView {
    let length = (view.range.to - view.range.from).max(1) as f64;
    let from = view.range.from;
    let mark = move |row: &ArticleRow| {
        let share = (row.article.first_seen_at - from) as f64 / length;
        let thousandths = (share * 1_000.0).round() as i64;
        view! { <i style:left=format!("{}.{}%", thousandths / 10, thousandths % 10) title=row.article.title.clone()></i> }
    };
    let marks = view.articles.iter().map(mark).collect_view();
    let ends = (
        format::date_time(view.range.from),
        format::date_time(view.range.to),
    );
    view! {
        <div class="axis" role="img" aria-label=format!("When {} articles were first seen", view.articles.len())>{marks}</div>
        <p class="caption ends"><span>{ends.0}</span><span>{ends.1}</span></p>
        <ol class="talk-list" aria-label="Articles">
            {view.articles.into_iter().map(|row| view! { <Article row /> }).collect_view()}
        </ol>
    }
}

/// One article, beside a moment with its place before, during or after that.
#[component]
pub(super) fn Article(row: ArticleRow, #[prop(optional)] place: &'static str) -> impl IntoView {
    let times = texts::times(&row, place);
    let ArticleRow {
        article, matched, ..
    } = row;
    let matched = match matched.is_empty() {
        true => String::new(),
        false => format!("; has {}", matched.join(", ")),
    };
    let title = match article.url.is_empty() {
        true => view! { <b>{article.title}</b> }.into_any(),
        false => view! { <a href=article.url target="_blank" rel="noopener noreferrer">{article.title}</a> }.into_any(),
    };
    view! {
        <li>
            {title}
            <p class="muted">{times}{matched}</p>
            {(!article.summary.is_empty()).then(|| view! { <p>{article.summary}</p> })}
        </li>
    }
}
