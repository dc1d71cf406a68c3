//! Topics: how many posts each has, and an editor for the reader's own.

use analysis::view::{Counts, TopicRow, TopicsView};
use leptos::prelude::*;
use wire::config::{MAX_TOPICS, Topic};

use crate::{app::Actions, format, state::Views};

/// The panel.
#[component]
pub(crate) fn TopicsPanel() -> impl IntoView {
    let views = expect_context::<Views>();
    let is_editing = RwSignal::new(false);
    let are_own = move || {
        views
            .topic_list
            .with(|list| list.as_ref().is_some_and(|list| list.are_own))
    };
    view! {
        <section class="panel topics" aria-labelledby="topics-title">
            <header>
                <h2 id="topics-title">"Topics"</h2>
                <span class="muted">{move || if are_own() { "yours" } else { "the relay’s" }}</span>
                <span class="spacer"></span>
                <button type="button" aria-expanded=move || is_editing.get().to_string() on:click=move |_| is_editing.update(|on| *on = !*on)>
                    "Edit"
                </button>
            </header>
            <Show when=move || is_editing.get()><Editor is_editing /></Show>
            {move || match views.topics.get() {
                None => view! { <div class="loading list-skeleton"></div> }.into_any(),
                Some(view) => view! { <Table view=(*view).clone() /> }.into_any(),
            }}
        </section>
    }
}

#[component]
fn Table(view: TopicsView) -> impl IntoView {
    let other = TopicRow {
        name: "of no topic".to_owned(),
        counts: view.other,
        previous: None,
    };
    let rows = view.rows.into_iter().chain([other]).map(|row| {
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
                <th scope="row">{row.name}</th>
                <td>{format::count(posts)}</td>
                <td>{change}</td>
                <td class="pos tone">{format::share(positive, posts)}</td>
                <td class="neg tone">{format::share(negative, posts)}</td>
                <td>{mean_compound.map_or("–".to_owned(), |mean| format::signed(mean, 3))}</td>
            </tr>
        }
    });
    view! {
        <table>
            <caption>"Posts in the range; one may belong to several topics"</caption>
            <thead><tr>
                <th scope="col">"Topic"</th><th scope="col">"Posts"</th><th scope="col">"Change"</th>
                <th scope="col">"Positive"</th><th scope="col">"Negative"</th><th scope="col">"Mean"</th>
            </tr></thead>
            <tbody>{rows.collect_view()}</tbody>
        </table>
    }
}

/// One line of the editor, with a number that stays when others are removed.
#[derive(Clone)]
struct Line {
    id: usize,
    topic: Topic,
    name: RwSignal<String>,
    keywords: RwSignal<String>,
}

impl Line {
    fn new(id: usize, topic: Topic) -> Self {
        Self {
            id,
            name: RwSignal::new(topic.name.clone()),
            keywords: RwSignal::new(topic.keywords.join(", ")),
            topic,
        }
    }

    /// The topic as edited; what the editor does not show stays.
    fn topic(&self) -> Topic {
        Topic {
            name: self.name.get_untracked().trim().to_owned(),
            keywords: keywords_of(&self.keywords.get_untracked()),
            ..self.topic.clone()
        }
    }
}

/// Names and keywords. Nothing changes until it is applied.
#[component]
fn Editor(is_editing: RwSignal<bool>) -> impl IntoView {
    let views = expect_context::<Views>();
    let actions = expect_context::<Actions>();
    let list = views.topic_list.get_untracked();
    let topics = list.map(|list| list.topics.clone()).unwrap_or_default();
    let next_id = StoredValue::new(topics.len());
    let lines: Vec<Line> = topics
        .into_iter()
        .enumerate()
        .map(|(id, topic)| Line::new(id, topic))
        .collect();
    let lines = RwSignal::new(lines);
    let add = move |_| {
        let id = next_id.get_value();
        next_id.set_value(id + 1);
        lines.update(|lines| lines.push(Line::new(id, Topic::default())));
    };
    let is_full = move || lines.with(Vec::len) >= MAX_TOPICS;
    let apply = move |topics: Option<Vec<Topic>>| {
        actions.set_topics(topics);
        is_editing.set(false);
    };
    let field = |label: &'static str, value: RwSignal<String>| {
        view! {
            <input
                aria-label=label
                placeholder=label
                maxlength="500"
                prop:value=move || value.get()
                on:input=move |event| value.set(event_target_value(&event))
            />
        }
    };
    view! {
        <form
            class="topic-editor"
            on:submit=move |event| {
                event.prevent_default();
                apply(Some(lines.with_untracked(|lines| lines.iter().map(Line::topic).collect())));
            }
        >
            <p class="hint">"Words or phrases, separated by commas; # or $ in front asks for the tag. Every stored post is counted again."</p>
            <For each=move || lines.get() key=|line| line.id let:line>
                <div class="topic-line">
                    {field("Name", line.name)}
                    {field("Keywords", line.keywords)}
                    <button
                        type="button"
                        aria-label=move || format!("Remove {}", line.name.get())
                        on:click=move |_| lines.update(|lines| lines.retain(|other| other.id != line.id))
                    >"×"</button>
                </div>
            </For>
            <div class="chips">
                <button type="button" on:click=add disabled=is_full>"Add a topic"</button>
                <button type="submit" class="accent">"Apply"</button>
                <button type="button" on:click=move |_| apply(None)>"Back to the relay’s"</button>
            </div>
        </form>
    }
}

fn keywords_of(text: &str) -> Vec<String> {
    text.split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_stand_between_commas() {
        assert_eq!(
            keywords_of(" #btc, halving day ,, "),
            ["#btc", "halving day"]
        );
    }
}
