//! How a worker that is commanded by the page begins.

use std::future::Future;

use analysis::protocol::{Command, PROTOCOL, Update};
use futures::channel::mpsc::{self, UnboundedReceiver};
use wasm_bindgen::{JsCast, prelude::Closure};
use wasm_bindgen_futures::spawn_local;
use web_sys::MessageEvent;

use crate::updates;

/// Hands the page's messages to `run`, and says that it is ready.
pub fn listen<F>(run: impl FnOnce(UnboundedReceiver<Command>) -> F)
where
    F: Future<Output = ()> + 'static,
{
    console_error_panic_hook::set_once();
    let (commands, received) = mpsc::unbounded::<Command>();
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
        match updates::read_command(&message.data()) {
            // Fails only when the worker has ended, and then nobody waits for an answer.
            Some(command) => drop(commands.unbounded_send(command)),
            // The page asks whether we run: it may not have listened when we said so.
            None => say_ready(),
        }
    });
    updates::scope().set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    // The worker lives as long as its page.
    on_message.forget();
    say_ready();
    spawn_local(run(received));
}

fn say_ready() {
    updates::send(&Update::Ready { protocol: PROTOCOL });
}
