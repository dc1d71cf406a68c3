//! Topics: how many posts each has, and editors for the reader's own topics and tickers.

use analysis::view::{Counts, TopicRow, TopicsView};
use leptos::prelude::*;
use wire::config::MAX_TOPICS;

use super::{
    filters::FilterButton,
    list_editor::{ListEditor, Wording},
    method::{Card, Figures, Method},
};
use crate::{app::Actions, format, selection::Filter, state::Views, strings};

/// What is being edited.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Edited {
    Topics,
    Tickers,
}

/// The panel.
#[component]
pub(crate) fn TopicsPanel() -> impl IntoView {
    let views = expect_context::<Views>();
    let edited = RwSignal::new(None);
    let figures = Signal::derive(move || {
        views.topics.with(|view| {
            view.as_ref().map_or_else(Figures::default, |view| {
                let n: u64 = view.rows.iter().map(|row| row.counts.posts).sum();
                let none = format::count(view.other.posts);
                Figures::new(
                    format!("{} posts in topics, {none} in none", format::count(n)),
                    view.range,
                )
            })
        })
    });
    let are_own = move || {
        views
            .topic_list
            .with(|list| list.as_ref().is_some_and(|list| list.are_own))
    };
    let button = move |what: Edited, name: &'static str| {
        let is_open = move || edited.get() == Some(what);
        let toggle = move |_| edited.update(|open| *open = (*open != Some(what)).then_some(what));
        view! {
            <button type="button" aria-expanded=move || is_open().to_string() on:click=toggle>{name}</button>
        }
    };
    view! {
        <section class="panel topics" aria-labelledby="topics-title">
            <header>
                <h2 id="topics-title">"Topics"</h2>
                <span class="muted">{move || if are_own() { "yours" } else { "the relay’s" }}</span>
                <span class="spacer"></span>
                {button(Edited::Topics, "Edit topics")}
                {button(Edited::Tickers, "Edit tickers")}
            </header>
            {move || edited.get().map(|what| match what {
                Edited::Topics => view! { <TopicsEditor close=move || edited.set(None) /> }.into_any(),
                Edited::Tickers => view! { <TickersEditor close=move || edited.set(None) /> }.into_any(),
            })}
            {move || match views.topics.get() {
                None => view! { <div class="loading list-skeleton"></div> }.into_any(),
                Some(view) => view! { <Table view=(*view).clone() /> }.into_any(),
            }}
            <Method card=Card::Topics figures />
        </section>
    }
}

/// For the reader's own topics.
#[component]
pub(crate) fn TopicsEditor(close: impl Fn() + Copy + Send + Sync + 'static) -> impl IntoView {
    let list = expect_context::<Views>().topic_list.get_untracked();
    let actions = expect_context::<Actions>();
    let wording = Wording {
        name: "Name",
        words: "Keywords",
        add: "Add a topic",
        hint: "Words or phrases, separated by commas; # or $ in front asks for the tag. Every stored post is counted again.",
    };
    let apply = move |topics| {
        actions.set_topics(topics);
        close();
    };
    view! { <ListEditor items=list.map(|list| list.items.clone()).unwrap_or_default() limit=MAX_TOPICS wording apply /> }
}

/// For the reader's own tickers.
#[component]
pub(crate) fn TickersEditor(close: impl Fn() + Copy + Send + Sync + 'static) -> impl IntoView {
    let list = expect_context::<Views>().ticker_list.get_untracked();
    let actions = expect_context::<Actions>();
    let wording = Wording {
        name: "Symbol",
        words: "Company or coin names",
        add: "Add a ticker",
        hint: "Cashtags count for every ticker. Those listed here are also found by bare symbol (AAPL), pair (BTC-USD) and name. Symbols that are everyday words, as NOW or IT, need their $; names that are, as Target, a capital inside a sentence. Every stored post is counted again.",
    };
    let apply = move |tickers| {
        actions.set_tickers(tickers);
        close();
    };
    view! { <ListEditor items=list.map(|list| list.items.clone()).unwrap_or_default() limit=500 wording apply /> }
}

#[component]
fn Table(view: TopicsView) -> impl IntoView {
    let other = TopicRow {
        name: "of no topic".to_owned(),
        counts: view.other,
        previous: None,
        ..TopicRow::default()
    };
    let is_counted_elsewhere = view.rows.iter().any(|row| row.counted_elsewhere.is_some());
    let rows = view
        .rows
        .into_iter()
        .map(|row| (row, true))
        .chain([(other, false)]);
    let rows = rows.map(|(row, is_choice)| {
        let Counts {
            posts,
            positive,
            negative,
            mean_compound,
            ..
        } = row.counts;
        let change = row
            .previous
            .and_then(|before| format::change(before.posts, posts));
        view! {
            <tr>
                <th scope="row"><TopicName name=row.name is_choice /></th>
                <td>{format::count(posts)}</td>
                {is_counted_elsewhere.then(|| view! { <td>{row.counted_elsewhere.map(format::count)}</td> })}
                <td>{change}</td>
                <td title=strings::voices_of(row.authors, row.voices)>{(row.authors > 0).then(|| format::count(row.authors))}</td>
                <td class="pos tone">{format::share(positive, posts)}</td>
                <td class="neg tone">{format::share(negative, posts)}</td>
                <td>{mean_compound.map_or("–".to_owned(), |mean| format::signed(mean, 3))}</td>
            </tr>
        }
    });
    view! {
        <div class="table-box" tabindex="0" role="region" aria-label="Posts by subject">
        <table>
            <caption>"Posts in the range; one may belong to several topics"</caption>
            <thead><tr>
                <th scope="col">"Topic"</th><th scope="col">"Posts"</th>
                {is_counted_elsewhere.then(|| view! { <th scope="col" title="All of X’s posts on the topic in whole minutes of the range, as X counts them. They are not sent and count nowhere else.">"On X"</th> })}
                <th scope="col">"Change"</th><th scope="col">"Authors"</th>
                <th scope="col">"Positive"</th><th scope="col">"Negative"</th><th scope="col">"Mean"</th>
            </tr></thead>
            <tbody>{rows.collect_view()}</tbody>
        </table>
        </div>
    }
}

/// The name of a topic, by which the page is narrowed down to it; "of no topic" is none.
#[component]
fn TopicName(name: String, is_choice: bool) -> impl IntoView {
    if !is_choice {
        return name.into_any();
    }
    let filter = Filter::Topic(name.clone());
    view! { <FilterButton filter class="link" title="Only posts of this topic" text=name /> }
        .into_any()
}
