//! Messages between worker and page: postcard bytes in an `ArrayBuffer` that is transferred, not copied.

use analysis::protocol::{Command, Update};
use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::DedicatedWorkerGlobalScope;

/// The worker's global object.
pub fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

/// Sends an update to the page.
pub fn send(update: &Update) {
    let bytes = postcard::to_stdvec(update).expect("an update has no failing serialiser");
    let array = Uint8Array::from(bytes.as_slice());
    scope()
        .post_message_with_transfer(&array, &Array::of1(&array.buffer()))
        .expect("an array buffer can be transferred");
}

/// Reads a message of the page; `None` when it is not one of this protocol.
pub fn read_command(message: &JsValue) -> Option<Command> {
    let bytes = message.dyn_ref::<Uint8Array>()?.to_vec();
    postcard::from_bytes(&bytes).ok()
}
