//! What these panels show, and the worker behind it, which is started with them.

use std::cell::RefCell;

use analysis::protocol::{
    RangeChoice,
    talk::{
        Ask, Found, MomentView, NewsView, PROTOCOL, PlacesView, Standing, Told, TopicsView, Wish,
        WordsView,
    },
};
use js_sys::{Array, Uint8Array};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{CustomEvent, CustomEventInit, MessageEvent, Worker};

use super::{
    TOPIC_CHOSEN,
    settings::{Settings, tell_page},
    texts,
};
use crate::{
    browser,
    query::{Choice, Entry},
    stream,
};

const SCRIPT: &str = "./worker-talk_loader.js";
/// Up to so many posts topics are fitted without being asked.
const N_UNASKED: u64 = 100_000;

thread_local! {
    static WORKER: RefCell<Option<Worker>> = const { RefCell::new(None) };
}

/// What was found, and ways to ask for something else.
#[derive(Clone, Copy)]
pub(super) struct Desk {
    pub(super) standing: RwSignal<Standing>,
    /// Why there is no worker.
    pub(super) failed: RwSignal<Option<String>>,
    pub(super) words: RwSignal<Option<WordsView>>,
    pub(super) topics: RwSignal<Option<TopicsView>>,
    pub(super) news: RwSignal<Option<NewsView>>,
    pub(super) places: RwSignal<Option<PlacesView>>,
    pub(super) moment: RwSignal<Option<MomentView>>,
    /// Rises when colours may have changed.
    pub(super) look: RwSignal<u32>,
    /// Somebody asked for topics of that many posts.
    pub(super) wants_topics: RwSignal<bool>,
    /// Squares on the map, in tenths of a degree.
    pub(super) square: RwSignal<u32>,
    is_paused: RwSignal<bool>,
    store: RwSignal<String>,
    is_ready: RwSignal<bool>,
    choice: Choice,
    settings: Settings,
}

impl Desk {
    pub(super) fn new(choice: Choice, settings: Settings) -> Self {
        Self {
            standing: RwSignal::default(),
            failed: RwSignal::default(),
            words: RwSignal::default(),
            topics: RwSignal::default(),
            news: RwSignal::default(),
            places: RwSignal::default(),
            moment: RwSignal::default(),
            look: RwSignal::default(),
            wants_topics: RwSignal::default(),
            square: RwSignal::new(20),
            is_paused: RwSignal::new(is_page_paused()),
            store: RwSignal::new(stream::store()),
            is_ready: RwSignal::default(),
            choice,
            settings,
        }
    }

    /// Starts the worker and tells it what is wanted, now and at every change.
    pub(super) fn follow(self) {
        self.start();
        let wish = Memo::new(move |_| self.wish());
        Effect::new(move |before: Option<Option<String>>| {
            let (store, wish) = (self.store.get(), wish.get());
            if !self.is_ready.get() {
                return None;
            }
            let ask = match before.flatten() {
                Some(before) if before == store => Ask::Wish(Box::new(wish)),
                _ => Ask::Start {
                    store: store.clone(),
                    wish: Box::new(wish),
                },
            };
            send(&ask);
            Some(store)
        });
    }

    /// The page is paused or follows another stream, or colours have changed.
    pub(super) fn note_page(self) {
        let is_paused = is_page_paused();
        if self.is_paused.get_untracked() != is_paused {
            self.is_paused.set(is_paused);
        }
        let store = stream::store();
        if self.store.with_untracked(|before| *before != store) {
            self.store.set(store);
        }
        self.look.update(|look| *look += 1);
    }

    /// Topics are fitted: few posts, or somebody asked.
    pub(super) fn fits_topics(self) -> bool {
        let n_selected = self.standing.with(|standing| standing.n_selected);
        self.wants_topics.get() || n_selected <= N_UNASKED
    }

    pub(super) fn begin_fit(self) {
        self.wants_topics.set(true);
        send(&Ask::BeginFit);
    }

    pub(super) fn cancel_fit(self) {
        send(&Ask::CancelFit);
    }

    /// Shows this stretch on the whole page.
    pub(super) fn zoom_to(self, from: i64, to: i64) {
        self.choice.change(Entry::New, |watch| {
            watch.range = RangeChoice::Fixed { from, to };
        });
        tell_page();
    }

    /// Shows only posts with one of these words, on the whole page: they become a topic of the reader's own. If
    /// that is chosen already, it is given up.
    pub(super) fn toggle_words(self, words: &[&str]) {
        let name = texts::topic_name(words);
        if self.is_chosen(&name) {
            self.choice.change(Entry::New, |watch| watch.topics.clear());
            return tell_page();
        }
        let init = CustomEventInit::new();
        init.set_detail(&name.into());
        if let Ok(event) = CustomEvent::new_with_event_init_dict(TOPIC_CHOSEN, &init) {
            let _ = window().dispatch_event(&event);
        }
    }

    pub(super) fn is_chosen(self, topic: &str) -> bool {
        self.choice
            .watch
            .with(|watch| watch.topics.iter().any(|chosen| chosen == topic))
    }

    /// Begins again with a new worker.
    pub(super) fn retry(self) {
        self.failed.set(None);
        self.is_ready.set(false);
        self.start();
    }

    fn wish(self) -> Wish {
        Wish {
            watch: self.choice.watch.get(),
            words: self.settings.words(),
            topics: self.fits_topics().then(|| self.settings.topics()),
            news_words: self.settings.news(),
            square: self.square.get(),
            is_paused: self.is_paused.get(),
        }
    }

    fn start(self) {
        if let Some(old) = WORKER.take() {
            old.terminate();
        }
        let Some(worker) = browser::start_worker(SCRIPT) else {
            return self.failed.set(Some(texts::NO_WORKER.to_owned()));
        };
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            let bytes = event.data().dyn_into::<Uint8Array>();
            let told = bytes
                .ok()
                .and_then(|bytes| postcard::from_bytes(&bytes.to_vec()).ok());
            match told {
                Some(told) => self.take(told),
                None => self.failed.set(Some(texts::OTHER_RELEASE.to_owned())),
            }
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        on_message.forget();
        let on_error = Closure::<dyn FnMut(web_sys::Event)>::new(move |_| {
            self.failed.set(Some(texts::NO_WORKER.to_owned()));
        });
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        on_error.forget();
        WORKER.set(Some(worker));
    }

    fn take(self, told: Told) {
        match told {
            Told::Ready { protocol } if protocol != PROTOCOL => {
                self.failed.set(Some(texts::OTHER_RELEASE.to_owned()));
            }
            Told::Ready { .. } => self.is_ready.set(true),
            Told::Standing(standing) => self.standing.set(standing),
            Told::Found(found) => self.show(*found),
        }
    }

    fn show(self, found: Found) {
        let Found {
            words,
            topics,
            news,
            places,
            moment,
        } = found;
        fn put<T: Send + Sync + 'static>(signal: RwSignal<Option<T>>, new: Option<T>) {
            if new.is_some() {
                signal.set(new);
            }
        }
        put(self.words, words);
        put(self.topics, topics);
        put(self.news, news);
        put(self.places, places);
        put(self.moment, moment);
    }
}

/// The page notes it on the room that it leaves.
fn is_page_paused() -> bool {
    let room = document().get_element_by_id(super::ROOM);
    room.is_some_and(|room| room.get_attribute("data-paused").as_deref() == Some("true"))
}

fn send(ask: &Ask) {
    let Ok(bytes) = postcard::to_stdvec(ask) else {
        return;
    };
    let message = Uint8Array::from(bytes.as_slice());
    WORKER.with_borrow(|worker| {
        // Without a worker nobody waits for it.
        let _ = worker.as_ref().map(|worker| {
            worker.post_message_with_transfer(&message, &Array::of1(&message.buffer()))
        });
    });
}
