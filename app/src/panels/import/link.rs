//! The import worker as the page sees it. It is loaded when the first file is opened.

use std::cell::RefCell;

use import::{
    Choice, Preview,
    protocol::{Make, News, Order, Progress, Said, State},
};
use js_sys::{Array, Uint8Array};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{File, MessageEvent, Worker};
use wire::PublicConfig;

use super::Stage;
use crate::{app::Actions, browser, strings::import as words};

const SCRIPT: &str = "./worker-import_loader.js";

thread_local! {
    /// The worker that is being used, and what waits for it to listen.
    static WORKER: RefCell<Option<Worker>> = const { RefCell::new(None) };
    static WAITING: RefCell<Option<Waiting>> = const { RefCell::new(None) };
}

/// Lies beside the page, for hosts without a relay.
const DEMO: &str = "./demo.ndjson.gz";

enum Waiting {
    File(File),
    Address(String),
    Make(Box<Make>),
}

/// What is being imported.
#[derive(Clone, Copy)]
pub(crate) struct Importing {
    pub(crate) stage: RwSignal<Stage>,
    /// Name of the file.
    pub(crate) name: RwSignal<String>,
    /// How far it is; a signal of its own, so that buttons stay while figures change.
    pub(crate) progress: RwSignal<Progress>,
    /// What is said of a check or of a file that is made.
    pub(crate) said: RwSignal<Said>,
    /// Of the recording that is imported: its posts sort by these topics and tickers.
    lists: StoredValue<Option<PublicConfig>>,
    actions: Actions,
}

impl Importing {
    pub(crate) fn new(actions: Actions) -> Self {
        Self {
            stage: RwSignal::default(),
            name: RwSignal::default(),
            progress: RwSignal::default(),
            said: RwSignal::default(),
            lists: StoredValue::default(),
            actions,
        }
    }

    /// Looks at a file; whatever was under way before is given up.
    pub(crate) fn look(self, file: File) {
        let name = file.name();
        self.look_at(Waiting::File(file), name, Stage::Looking);
    }

    /// The same with a file that lies at an address.
    pub(crate) fn fetch(self, address: &str) {
        let waiting = Waiting::Address(whole_address(address));
        self.look_at(waiting, address.to_owned(), Stage::Looking);
    }

    /// Reads the recording that lies beside the page, without a question.
    pub(crate) fn fetch_demo(self) {
        let waiting = Waiting::Address(DEMO.to_owned());
        self.look_at(waiting, String::new(), Stage::Demo);
    }

    /// Asks for an address.
    pub(crate) fn ask(self) {
        self.close();
        self.name.set(String::new());
        self.stage.set(Stage::Asking(None));
    }

    /// Computes the recording anew that was looked at.
    pub(crate) fn verify(self) {
        self.stage.set(Stage::Verifying);
        self.order(&Order::Verify);
    }

    /// Makes something of what is stored, unless a file is just being read.
    pub(crate) fn make(self, make: Make) {
        let state = self.progress.with_untracked(|progress| progress.state);
        let is_reading = self.stage.get_untracked() == Stage::Running
            && matches!(state, State::Running | State::Paused);
        if is_reading {
            return self.said.set(Said {
                what: words::READING.to_owned(),
                ..Said::default()
            });
        }
        self.look_at(Waiting::Make(Box::new(make)), String::new(), Stage::None);
    }

    fn look_at(self, what: Waiting, name: String, stage: Stage) {
        self.close();
        self.name.set(name);
        self.stage.set(stage);
        WAITING.set(Some(what));
        if self.load().is_none() {
            self.stage.set(Stage::Failed);
        }
    }

    /// Reads the file that was looked at; then posts count by the topics and tickers of `lists`.
    pub(crate) fn begin(self, choice: Choice, lists: Option<PublicConfig>) {
        self.lists.set_value(lists);
        self.progress.set(Progress::default());
        if !self.is_demo() {
            self.stage.set(Stage::Running);
        }
        self.order(&Order::Begin {
            choice: Some(choice),
            key: author_key(),
            scoring: self.actions.scoring(),
        });
    }

    pub(crate) fn order(self, order: &Order) {
        send(order, None);
    }

    /// Gives up what is under way; what was stored stays.
    pub(crate) fn close(self) {
        if let Some(worker) = WORKER.take() {
            worker.terminate();
        }
        self.said.set(Said::default());
        self.stage.set(Stage::None);
    }

    fn load(self) -> Option<()> {
        let worker = browser::start_worker(SCRIPT)?;
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            let data = event.data();
            if let Some(chunk) = data.dyn_ref::<Array>() {
                let no = chunk.get(0).as_f64().unwrap_or_default() as u32;
                return self.actions.hand_on(no, chunk.get(1).unchecked_into());
            }
            let bytes = data.dyn_into::<Uint8Array>();
            let news = bytes
                .ok()
                .and_then(|b| postcard::from_bytes(&b.to_vec()).ok());
            match news {
                Some(news) => self.take(news),
                // A worker of another release.
                None => self.stage.set(Stage::Failed),
            }
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        on_message.forget();
        let on_error = Closure::<dyn FnMut(web_sys::Event)>::new(move |_| {
            self.stage.set(Stage::Failed);
        });
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        on_error.forget();
        WORKER.set(Some(worker));
        Some(())
    }

    fn take(self, news: News) {
        match news {
            News::Ready => match WAITING.take() {
                Some(Waiting::File(file)) => send(&Order::Look, Some(&file)),
                Some(Waiting::Address(address)) => self.order(&Order::Fetch(address)),
                Some(Waiting::Make(make)) => self.order(&Order::Make(make)),
                None => {}
            },
            News::Seen(Preview {
                choice: Some(choice),
                ..
            }) if self.is_demo() => self.begin(choice, None),
            News::Seen(preview) => self.stage.set(Stage::Seen(Box::new(preview))),
            // What was read of it at an earlier visit is stored.
            News::Unreachable(_) if self.is_demo() => self.close(),
            News::Unreachable(why) => self.stage.set(Stage::Asking(Some(why))),
            News::Said(said) => self.said.set(said),
            News::Progress(progress) => {
                let is_over = progress.state == State::Done;
                self.progress.set(progress);
                if is_over && let Some(lists) = self.lists.try_update_value(Option::take).flatten()
                {
                    let topics = Some(lists.topics).filter(|topics| !topics.is_empty());
                    let tickers = Some(lists.tickers).filter(|tickers| !tickers.is_empty());
                    self.actions.set_topics(topics);
                    self.actions.set_tickers(tickers);
                }
                if is_over && self.is_demo() {
                    self.close();
                }
            }
        }
    }

    fn is_demo(self) -> bool {
        self.stage.get_untracked() == Stage::Demo
    }
}

/// The file that the page's own address asks for, as in `?open=posts.csv`.
pub(crate) fn wanted_address() -> Option<String> {
    let search = window().location().search().unwrap_or_default();
    let query = web_sys::UrlSearchParams::new_with_str(&search).ok()?;
    query.get("open").filter(|address| !address.is_empty())
}

/// An address beside the page, as the worker that fetches it understands it.
fn whole_address(address: &str) -> String {
    let page = window().location().href().unwrap_or_default();
    let whole = web_sys::Url::new_with_base(address, &page);
    whole.map_or_else(|_| address.to_owned(), |url| url.href())
}

/// The analysis worker has stored a chunk.
pub(crate) fn note_stored(no: u32, n_known: u32) {
    send(&Order::Stored { no, n_known }, None);
}

fn send(order: &Order, file: Option<&File>) {
    let Ok(bytes) = postcard::to_stdvec(order) else {
        return;
    };
    let file = file.map_or(JsValue::NULL, |file| file.clone().into());
    let message = Array::of2(&Uint8Array::from(bytes.as_slice()), &file);
    WORKER.with_borrow(|worker| {
        // Without a worker nobody waits for it.
        let _ = worker.as_ref().map(|worker| worker.post_message(&message));
    });
}

/// Authors of all files of this browser are hashed with one key, which nobody else has.
fn author_key() -> [u8; 16] {
    const KEY: &str = "author-key";
    let kept = browser::recall(KEY).and_then(|text| u128::from_str_radix(&text, 16).ok());
    let key = kept.unwrap_or_else(|| {
        let word = || u128::from((js_sys::Math::random() * f64::from(u32::MAX)) as u32);
        let key = word() << 96 | word() << 64 | word() << 32 | word();
        // Where nothing can be kept, the next visit has another key, and nothing stored to compare with.
        browser::remember(KEY, Some(&format!("{key:x}")));
        key
    });
    key.to_le_bytes()
}
