//! Messages between worker and page: postcard bytes in an `ArrayBuffer` that is transferred, not copied.

use analysis::protocol::Command;
use js_sys::{Array, Uint8Array};
use postcard::ser_flavors::Flavor;
use serde::Serialize;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::DedicatedWorkerGlobalScope;

/// The worker's global object.
pub fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

/// Sends an update, or news of a file, to the page.
pub fn send<T: Serialize>(message: &T) {
    let message = encoded(message);
    transfer(&message, &Array::of1(&message.buffer()));
}

/// Sends a numbered command, which the page hands on as it is.
pub fn hand_on(no: u32, command: &Command) {
    let command = encoded(command);
    let buffers = Array::of1(&command.buffer());
    transfer(&Array::of2(&no.into(), &command), &buffers);
}

fn encoded<T: Serialize>(message: &T) -> Uint8Array {
    let bytes = postcard::serialize_with_flavor(message, Bytes::default())
        .expect("a message has no failing serialiser");
    Uint8Array::from(bytes.as_slice())
}

fn transfer(message: &JsValue, buffers: &Array) {
    scope()
        .post_message_with_transfer(message, buffers)
        .expect("an array buffer can be transferred");
}

/// Reads a message of the page; `None` when it is not one of this protocol.
pub fn read_command(message: &JsValue) -> Option<Command> {
    let bytes = message.dyn_ref::<Uint8Array>()?.to_vec();
    postcard::from_bytes(&bytes).ok()
}

/// As postcard's own vector, which is copied into every place that writes a number.
#[derive(Default)]
struct Bytes(Vec<u8>);

impl Flavor for Bytes {
    type Output = Vec<u8>;

    #[inline(never)]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    #[inline(never)]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<Vec<u8>> {
        Ok(self.0)
    }
}
