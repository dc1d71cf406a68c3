//! The clipboard, where the browser lets a page write to it.

use leptos::prelude::window;
use wasm_bindgen_futures::JsFuture;

/// Whether the text is there now. It is absent on an address that is neither https nor localhost.
pub(crate) async fn copy(text: &str) -> bool {
    let navigator = window().navigator();
    let clipboard = js_sys::Reflect::get(&navigator, &"clipboard".into());
    if !clipboard.is_ok_and(|clipboard| clipboard.is_object()) {
        return false;
    }
    JsFuture::from(navigator.clipboard().write_text(text))
        .await
        .is_ok()
}
