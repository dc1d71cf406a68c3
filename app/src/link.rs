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

use analysis::protocol::{Command, PROTOCOL, Trouble, Update};
use js_sys::{Array, Uint8Array};
use leptos::prelude::{set_timeout, window};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{Event, MessageEvent, Worker};

use crate::{browser, state::AppState, strings::troubles};

/// Where index.html leaves the worker that it has started.
const STARTED_WORKER: &str = "moodtapeWorker";
const FOLLOWING: &str = "./worker-analysis_loader.js";
const PLAYING: &str = "./worker-replay_loader.js";
/// Loading and compiling takes about a second; a phone on a bad line gets half a minute.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// The one connection to the worker. It lives as long as the page.
#[derive(Clone)]
pub(crate) struct Link {
    inner: Rc<Inner>,
}

struct Inner {
    state: AppState,
    worker: RefCell<Option<Worker>>,
    is_playing: Cell<bool>,
    is_ready: Cell<bool>,
    is_stopped: Cell<bool>,
    /// Sent before the worker listens, a message would be lost: it waits here for Ready.
    queue: RefCell<Vec<Uint8Array>>,
}

impl Link {
    /// Takes the worker over that index.html has started; what it says goes to `state`.
    pub(crate) fn start(state: AppState) -> Self {
        let worker = property(&window(), STARTED_WORKER);
        let inner = Rc::new(Inner {
            state,
            worker: RefCell::new(worker.and_then(|worker| worker.dyn_into().ok())),
            is_playing: Cell::new(false),
            is_ready: Cell::new(false),
            is_stopped: Cell::new(false),
            queue: RefCell::default(),
        });
        let link = Self { inner };
        link.listen();
        link
    }

    /// Ends the worker and begins with another one.
    fn change_worker(&self, is_playing: bool) {
        let inner = &self.inner;
        inner.is_playing.set(is_playing);
        inner.is_ready.set(false);
        if let Some(worker) = inner.worker.take() {
            // What it has already said comes too late.
            worker.set_onmessage(None);
            worker.set_onerror(None);
            worker.terminate();
        }
        let program = if is_playing { PLAYING } else { FOLLOWING };
        *inner.worker.borrow_mut() = browser::start_worker(program);
        self.listen();
    }

    /// States what is wanted; waits in line until the worker listens.
    pub(crate) fn send(&self, command: &Command) {
        if let Command::Start { replay, .. } = command
            && replay.is_some() != self.inner.is_playing.get()
        {
            self.change_worker(replay.is_some());
        }
        let Ok(bytes) = postcard::to_stdvec(command) else {
            // Commands hold only numbers and text, which postcard always takes.
            leptos::logging::error!("a command could not be encoded");
            return;
        };
        let message = Uint8Array::from(bytes.as_slice());
        if self.inner.is_ready.get() {
            self.inner.post(&message);
        } else {
            self.inner.queue.borrow_mut().push(message);
        }
    }

    fn listen(&self) {
        let worker = self.inner.worker.borrow().clone();
        let Some(worker) = worker else {
            return self.inner.stop(troubles::worker_refused());
        };
        let inner = Rc::clone(&self.inner);
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            inner.on_message(&event.data());
        });
        let inner = Rc::clone(&self.inner);
        // Not typed as ErrorEvent: a script that cannot be loaded gives a plain event without a message.
        let on_error = Closure::<dyn FnMut(Event)>::new(move |event: Event| {
            let message = property(&event, "message").and_then(|message| message.as_string());
            inner.stop(troubles::worker_died(message.as_deref()));
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        on_message.forget();
        on_error.forget();
        if property(&worker, "hasFailed").is_some_and(|failed| failed.is_truthy()) {
            return self.inner.stop(troubles::worker_died(None));
        }
        // It may have said that it is ready before anybody listened: an empty message makes it say so again.
        let _ = worker.post_message(&JsValue::NULL);
        let inner = Rc::clone(&self.inner);
        set_timeout(
            move || {
                let is_current = inner.worker.borrow().as_ref() == Some(&worker);
                if is_current && !inner.is_ready.get() {
                    inner.stop(troubles::worker_silent());
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
                self.stop(troubles::new_version())
            }
            Ok(update) => {
                let is_first = matches!(update, Update::Ready { .. });
                self.state.apply(update);
                if is_first {
                    self.open_queue();
                }
            }
            // A worker of another release, whose number happens to be the same or came too late.
            Err(_) => self.stop(troubles::new_version()),
        }
    }

    fn open_queue(&self) {
        crate::mark("worker-ready");
        self.is_ready.set(true);
        for message in self.queue.take() {
            self.post(&message);
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

    /// A trapped worker is never usable again.
    fn stop(&self, trouble: Trouble) {
        if self.is_stopped.replace(true) {
            return;
        }
        if let Some(worker) = &*self.worker.borrow() {
            worker.terminate();
        }
        self.state.stop(trouble);
    }
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
