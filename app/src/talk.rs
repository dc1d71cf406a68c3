//! What the crowd talks about: a program of its own, which the page loads when somebody comes near these panels.
//!
//! ```text
//!  page ──address, event "moodtape"──► talk ──Ask──► worker-talk ──► IndexedDB
//!   ▲                                   │ ▲             │
//!   └──address, event "popstate"────────┘ └────Told─────┘
//! ```
//!
//! What is chosen lives in the address, which both programs read and change; so there is little else to say.

mod cloud;
mod desk;
mod map;
mod moment;
mod news;
mod settings;
mod texts;
mod topics;
mod words;

use leptos::{mount::mount_to, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use self::{
    desk::Desk, map::MapPanel, moment::MomentPanel, news::NewsPanel, settings::Settings,
    topics::TopicsPanel, words::WordsPanel,
};
use crate::{preferences::Preferences, query::Choice};

/// Where the page leaves room.
const ROOM: &str = "talk";
/// The page says with it that the choice, or how things are written or coloured, has changed.
pub(crate) const PAGE_CHANGED: &str = "moodtape";
/// A topic of these words is to be chosen; the page keeps the list.
pub(crate) const TOPIC_CHOSEN: &str = "moodtape-topic";

/// Fills the room that the page leaves.
pub fn start() {
    std::panic::set_hook(Box::new(|panic| {
        console_error_panic_hook::hook(panic);
        show_crash();
    }));
    let Some(root) = document()
        .create_element("div")
        .ok()
        .and_then(|element| element.dyn_into::<HtmlElement>().ok())
    else {
        return;
    };
    root.set_class_name("talk-panels");
    move_in(&root);
    let own = root.clone();
    mount_to(root, move || view! { <Talk root=own /> }).forget();
}

/// The page makes its panels anew when times are to be written in another way, and the room with them.
fn move_in(root: &HtmlElement) {
    let Some(room) = document().get_element_by_id(ROOM) else {
        return;
    };
    if !room.contains(Some(root)) {
        room.set_inner_html("");
        let _ = room.append_child(root);
    }
    let _ = room.class_list().remove_1("loading");
}

fn show_crash() {
    if let Some(room) = document().get_element_by_id(ROOM) {
        room.set_inner_html(texts::CRASHED);
    }
}

#[component]
fn Talk(root: HtmlElement) -> impl IntoView {
    let choice = Choice::from_url();
    let preferences = Preferences::new();
    let settings = Settings::from_url();
    let desk = Desk::new(choice, settings);
    provide_context(choice);
    provide_context(settings);
    provide_context(desk);
    let root = StoredValue::new_local(root);
    let on_change = window_event_listener_untyped(PAGE_CHANGED, move |_| {
        root.with_value(move_in);
        choice.read_again();
        preferences.read_again();
        settings.read_again();
        desk.note_page();
    });
    on_cleanup(move || on_change.remove());
    desk.follow();
    let style = move || [preferences.style.get()];
    view! {
        <For each=style key=|style| *style let:_style>
            <header class="talk-header">
                <h2 id="talk-title">"What the crowd talks about"</h2>
                <p class="caption" role="status" data-testid="talk-standing">{move || texts::standing(&desk.standing.get())}</p>
                <Troubles />
            </header>
            <WordsPanel />
            <TopicsPanel />
            <MomentPanel />
            <NewsPanel />
            <MapPanel />
        </For>
    }
}

/// Why there is nothing, and what to do.
#[component]
fn Troubles() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let trouble = Memo::new(move |_| {
        let of_worker = desk.failed.get();
        of_worker.or_else(|| desk.standing.with(texts::trouble))
    });
    move || {
        trouble.get().map(|text| {
            view! {
                <div class="failed" role="alert">
                    <p>{text}</p>
                    <button type="button" on:click=move |_| desk.retry()>"Retry"<span class="vh">" what the crowd talks about"</span></button>
                </div>
            }
        })
    }
}

/// The definition, the n and the window of what a panel shows.
#[component]
fn Method(#[prop(into)] text: Signal<String>) -> impl IntoView {
    view! { <p class="hint talk-method"><b>"Method"</b>" "{move || text.get()}</p> }
}
