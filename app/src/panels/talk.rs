//! Leaves room for the panels about the crowd's talk, and loads their program when somebody comes near.

use js_sys::Function;
use leptos::{html::Section, prelude::*};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Event;
use wire::config::Topic;

use crate::{
    app::Actions,
    browser,
    preferences::Preferences,
    query::{Choice, Entry},
    state::Views,
    talk::{PAGE_CHANGED, TOPIC_CHOSEN},
    theme_switch::Appearance,
};

/// The room.
#[component]
pub(crate) fn TalkPanel() -> impl IntoView {
    let section = NodeRef::<Section>::new();
    let choice = expect_context::<Choice>();
    let views = expect_context::<Views>();
    let actions = expect_context::<Actions>();
    let (style, palette) = (
        expect_context::<Preferences>().style,
        expect_context::<Appearance>().palette,
    );
    Effect::new(move |_| {
        choice.watch.track();
        style.track();
        palette.track();
        views.is_paused.track();
        if let Some(section) = section.get() {
            let is_paused = views.is_paused.get_untracked().to_string();
            let _ = section.set_attribute("data-paused", &is_paused);
            if let Ok(event) = Event::new(PAGE_CHANGED) {
                let _ = window().dispatch_event(&event);
            }
        }
    });
    Effect::new(move |_| {
        if let Some(section) = section.get() {
            browser::follow_sight(&section.clone(), move |is_seen| {
                if is_seen {
                    load(&section);
                }
            });
        }
    });
    let on_topic = window_event_listener_untyped(TOPIC_CHOSEN, move |event| {
        let name = js_sys::Reflect::get(&event, &JsValue::from_str("detail"));
        if let Some(name) = name.ok().and_then(|name| name.as_string()) {
            choose(name, views, actions, choice);
        }
    });
    on_cleanup(move || on_topic.remove());
    view! { <section id="talk" class="talk loading" aria-label="What the crowd talks about" node_ref=section></section> }
}

/// Makes a topic of the words that its name lists, in the place of those that were made before and are not
/// chosen any more, and chooses it alone.
fn choose(name: String, views: Views, actions: Actions, choice: Choice) {
    let words = analysis::talk::words_of(&name);
    let keywords = words.into_iter().flatten().map(str::to_owned).collect();
    let list = views.topic_list.get_untracked();
    let topics = list.iter().flat_map(|list| &list.items);
    let mut topics: Vec<Topic> = topics
        .filter(|topic| !topic.name.starts_with('“'))
        .cloned()
        .collect();
    topics.push(Topic {
        name: name.clone(),
        keywords,
        ..Topic::default()
    });
    actions.set_topics(Some(topics));
    choice.change(Entry::New, |watch| watch.topics = vec![name]);
}

/// Once; index.html knows how.
fn load(section: &web_sys::Element) {
    let load = js_sys::Reflect::get(&window(), &"loadTalk".into());
    if let Some(load) = load.ok().and_then(|load| load.dyn_into::<Function>().ok()) {
        let _ = load.call1(&JsValue::NULL, section);
    }
}
