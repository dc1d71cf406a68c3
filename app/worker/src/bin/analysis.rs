//! The analysis worker's entry: hands the page's messages to [`worker::run`] and says that it is ready.

use analysis::protocol::{Command, PROTOCOL, Update};
use futures::channel::mpsc;
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::MessageEvent;

fn main() {
    console_error_panic_hook::set_once();
    let (commands, received) = mpsc::unbounded::<Command>();
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
        match worker::updates::read_command(&message.data()) {
            // Fails only when the worker has ended, and then nobody waits for an answer.
            Some(command) => drop(commands.unbounded_send(command)),
            // The page asks whether we run: it may not have listened when we said so.
            None => say_ready(),
        }
    });
    worker::updates::scope().set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    // The worker lives as long as its page.
    on_message.forget();
    say_ready();
    wasm_bindgen_futures::spawn_local(worker::run(received));
}

fn say_ready() {
    worker::updates::send(&Update::Ready { protocol: PROTOCOL });
}
