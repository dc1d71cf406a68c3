//! The worker as the page sees it: commands go in, updates come out, a dead worker becomes a trouble.
//!
//! There is one at a time: what follows a relay or files, or what plays a stretch of what is stored.
//!
//! Messages are postcard bytes in an `ArrayBuffer` that is transferred, not copied.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use analysis::{
    protocol::{Command, PROTOCOL, ReplayState, Trouble, Update},
    view::Range,
};
use js_sys::{Array, Uint8Array};
use leptos::prelude::{set_timeout, window};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{Event, MessageEvent, Worker};

use crate::{
    browser,
    state::{AppState, Remedy},
    strings::troubles,
};

/// Where index.html leaves the worker that it has started.
const STARTED_WORKER: &str = "moodtapeWorker";
const FOLLOWING: &str = "./worker-analysis_loader.js";
const PLAYING: &str = "./worker-replay_loader.js";
/// Loading and compiling takes about a second; a phone on a bad line gets half a minute.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// A worker that took another one's place and stops so soon, in milliseconds, before it has shown anything, stops for
/// a reason that yet another one would meet.
const AGAIN_WITHIN: f64 = 60_000.0;

/// The one connection to the worker. It lives as long as the page.
#[derive(Clone)]
pub(crate) struct Link {
    inner: Rc<Inner>,
}

struct Inner {
    state: AppState,
    worker: RefCell<Option<Worker>>,
    /// The stretch that is played, of what is stored, and how that was last said to stand.
    played: Cell<Option<Range>>,
    stood: Cell<Option<ReplayState>>,
    /// It was told to start.
    has_begun: Cell<bool>,
    is_ready: Cell<bool>,
    is_stopped: Cell<bool>,
    /// When it took the place of one that had stopped, unless it has shown something since.
    retried_at: Cell<Option<f64>>,
    /// Sent before the worker listens, a message would be lost: it waits here for Ready.
    queue: RefCell<Vec<Uint8Array>>,
    /// Chunks of files that are not known to be stored, by their number: the next worker gets them again.
    unstored: RefCell<Vec<(u32, Uint8Array)>>,
}

impl Link {
    /// Takes the worker over that index.html has started; what it says goes to `state`.
    pub(crate) fn start(state: AppState) -> Self {
        let worker = property(&window(), STARTED_WORKER);
        let inner = Rc::new(Inner {
            state,
            worker: RefCell::new(worker.and_then(|worker| worker.dyn_into().ok())),
            played: Cell::default(),
            stood: Cell::default(),
            has_begun: Cell::default(),
            is_ready: Cell::default(),
            is_stopped: Cell::default(),
            retried_at: Cell::default(),
            queue: RefCell::default(),
            unstored: RefCell::default(),
        });
        let link = Self { inner };
        link.listen();
        link
    }

    /// The stretch that is played, of what is stored, and how that stands; nothing while somebody is followed.
    pub(crate) fn played(&self) -> (Option<Range>, Option<ReplayState>) {
        (self.inner.played.get(), self.inner.stood.get())
    }

    /// Ends the worker and begins with another one.
    fn change_worker(&self, program: &str) {
        let inner = &self.inner;
        inner.is_ready.set(false);
        if inner.is_stopped.replace(false) {
            inner.retried_at.set(Some(browser::now()));
            inner.queue.take();
            inner.state.restart();
        }
        if let Some(worker) = inner.worker.take() {
            // What it has already said comes too late.
            worker.set_onmessage(None);
            worker.set_onerror(None);
            worker.terminate();
        }
        *inner.worker.borrow_mut() = browser::start_worker(program);
        self.listen();
    }

    /// States what is wanted; waits in line until the worker listens. One that stopped is replaced at the next Start.
    pub(crate) fn send(&self, command: &Command) {
        let inner = &self.inner;
        let mut is_changed = false;
        if let Command::Start { replay, .. } = command {
            let before = inner.played.replace(*replay);
            inner.stood.set(None);
            // One that could not even be loaded is tried again when a person asks for it.
            let is_retried = inner.has_begun.replace(true) && inner.is_stopped.get();
            is_changed = is_retried || replay.is_some() != before.is_some();
            if is_changed {
                self.change_worker(if replay.is_some() { PLAYING } else { FOLLOWING });
            }
        }
        let Ok(bytes) = postcard::to_stdvec(command) else {
            // Commands hold only numbers and text, which postcard always takes.
            leptos::logging::error!("a command could not be encoded");
            return;
        };
        let message = Uint8Array::from(bytes.as_slice());
        inner.pass_on(message);
        if is_changed {
            for (_, chunk) in &*inner.unstored.borrow() {
                inner.pass_on(copy(chunk));
            }
        }
    }

    /// Hands on a command that takes in a chunk of a file, and keeps it until it is stored.
    pub(crate) fn hand_on(&self, no: u32, chunk: Uint8Array) {
        let unstored = (no, copy(&chunk));
        self.inner.unstored.borrow_mut().push(unstored);
        self.inner.pass_on(chunk);
    }

    fn listen(&self) {
        let worker = self.inner.worker.borrow().clone();
        let Some(worker) = worker else {
            return self.inner.stop(troubles::worker_refused(), Remedy::Reload);
        };
        let inner = Rc::clone(&self.inner);
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            inner.on_message(&event.data());
        });
        let inner = Rc::clone(&self.inner);
        // Not typed as ErrorEvent: a script that cannot be loaded gives a plain event without a message.
        let on_error = Closure::<dyn FnMut(Event)>::new(move |event: Event| {
            let message = property(&event, "message").and_then(|message| message.as_string());
            inner.fail(message.as_deref());
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        on_message.forget();
        on_error.forget();
        if property(&worker, "hasFailed").is_some_and(|failed| failed.is_truthy()) {
            return self.inner.fail(None);
        }
        // It may have said that it is ready before anybody listened: an empty message makes it say so again.
        let _ = worker.post_message(&JsValue::NULL);
        let inner = Rc::clone(&self.inner);
        set_timeout(
            move || {
                let is_current = inner.worker.borrow().as_ref() == Some(&worker);
                if is_current && !inner.is_ready.get() {
                    inner.stop(troubles::worker_silent(), Remedy::Reload);
                }
            },
            READY_WITHIN,
        );
    }
}

impl Inner {
    fn on_message(&self, message: &JsValue) {
        if self.is_stopped.get() {
            return;
        }
        let Some(bytes) = message.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec) else {
            return;
        };
        match postcard::from_bytes::<Update>(&bytes) {
            Ok(Update::Ready { protocol }) if protocol != PROTOCOL => {
                self.stop(troubles::new_version(), Remedy::Reload)
            }
            Ok(update) => {
                match &update {
                    Update::Ready { .. } => self.open_queue(),
                    Update::Replay(state) => self.stood.set(Some(*state)),
                    Update::Frame(_) => self.retried_at.set(None),
                    Update::Imported { no, .. } => {
                        let mut unstored = self.unstored.borrow_mut();
                        unstored.retain(|(unstored, _)| unstored != no);
                    }
                    _ => {}
                }
                self.state.apply(update);
            }
            // A worker of another release, whose number happens to be the same or came too late.
            Err(_) => self.stop(troubles::new_version(), Remedy::Reload),
        }
    }

    fn open_queue(&self) {
        crate::mark("worker-ready");
        self.is_ready.set(true);
        for message in self.queue.take() {
            self.post(&message);
        }
    }

    fn pass_on(&self, message: Uint8Array) {
        if self.is_ready.get() {
            self.post(&message);
        } else {
            self.queue.borrow_mut().push(message);
        }
    }

    fn post(&self, message: &Uint8Array) {
        if let Some(worker) = &*self.worker.borrow()
            && worker
                .post_message_with_transfer(message, &Array::of1(&message.buffer()))
                .is_err()
        {
            leptos::logging::error!("a command could not be sent");
        }
    }

    fn fail(&self, message: Option<&str>) {
        let remedy = remedy(self.retried_at.get(), browser::now());
        self.stop(troubles::worker_died(message, remedy), remedy);
    }

    /// A trapped worker is never usable again.
    fn stop(&self, trouble: Trouble, remedy: Remedy) {
        if self.is_stopped.replace(true) {
            return;
        }
        if let Some(worker) = &*self.worker.borrow() {
            worker.terminate();
        }
        self.state.stop(trouble, remedy);
    }
}

fn remedy(retried_at: Option<f64>, now: f64) -> Remedy {
    match retried_at {
        Some(at) if now - at < AGAIN_WITHIN => Remedy::Reload,
        _ => Remedy::Retry,
    }
}

fn copy(message: &Uint8Array) -> Uint8Array {
    message.slice(0, message.length())
}

fn property(object: &JsValue, name: &str) -> Option<JsValue> {
    js_sys::Reflect::get(object, &JsValue::from_str(name)).ok()
}

#[cfg(test)]
mod tests {
    use analysis::view::{Frame, SourcesView};
    use wire::SourceStatus;

    use super::*;

    #[test]
    fn only_a_worker_that_stops_soon_after_it_was_retried_calls_for_the_whole_page() {
        let remedies =
            [None, Some(9_000.0), Some(20_000.0)].map(|retried_at| remedy(retried_at, 70_000.0));

        assert_eq!(remedies, [Remedy::Retry, Remedy::Retry, Remedy::Reload]);
    }

    #[test]
    fn a_frame_with_a_source_that_has_nothing_to_say_survives_the_crossing() {
        let sources = SourcesView {
            rows: vec![SourceStatus::default(); 2],
            ..SourcesView::default()
        };
        let frame = Update::Frame(Box::new(Frame {
            sources: Some(sources),
            ..Frame::default()
        }));

        let bytes = postcard::to_stdvec(&frame).unwrap();

        assert_eq!(postcard::from_bytes::<Update>(&bytes).unwrap(), frame);
    }
}
