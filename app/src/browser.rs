//! What browsers offer and may refuse: a drawer for settings, and word of what is in sight.

use leptos::prelude::*;
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{Element, IntersectionObserver, IntersectionObserverEntry, Storage};

/// What was kept under a name, on an earlier visit or now.
pub(crate) fn recall(key: &str) -> Option<String> {
    drawer()?.get_item(key).ok()?
}

/// Keeps a text under a name; with `None` nothing. Private windows may refuse: then it lasts as long as the page.
pub(crate) fn remember(key: &str, text: Option<&str>) {
    if let Some(drawer) = drawer() {
        let _ = match text {
            Some(text) => drawer.set_item(key, text),
            None => drawer.remove_item(key),
        };
    }
}

fn drawer() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

/// Tells whether an element is in sight, now and at every change, for as long as the component lives.
pub(crate) fn follow_sight(element: &Element, tell: impl Fn(bool) + 'static) {
    let on_sight = Closure::<dyn Fn(js_sys::Array)>::new(move |entries: js_sys::Array| {
        let entry: Option<IntersectionObserverEntry> = entries.pop().dyn_into().ok();
        tell(entry.is_some_and(|entry| entry.is_intersecting()));
    });
    if let Ok(observer) = IntersectionObserver::new(on_sight.as_ref().unchecked_ref()) {
        observer.observe(element);
        let kept = StoredValue::new_local((observer, on_sight));
        on_cleanup(move || kept.with_value(|(observer, _)| observer.disconnect()));
    }
}
