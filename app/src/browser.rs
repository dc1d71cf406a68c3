//! What browsers offer and may refuse: a drawer for settings, files to save, workers, and word of what is in sight.

use std::time::Duration;

use js_sys::Array;
use leptos::prelude::*;
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{
    Blob, BlobPropertyBag, Element, HtmlAnchorElement, IntersectionObserver,
    IntersectionObserverEntry, Storage, Url, Worker, WorkerOptions, WorkerType,
};

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

/// Starts the worker of a script, unless the browser refuses.
pub(crate) fn start_worker(script: &str) -> Option<Worker> {
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    Worker::new_with_options(script, &options).ok()
}

/// Milliseconds on a clock that only rises.
pub(crate) fn now() -> f64 {
    window()
        .performance()
        .map_or(0.0, |performance| performance.now())
}

/// The page's address with another query, without its host.
pub(crate) fn address_with(query: &str) -> String {
    let location = window().location();
    let path = location.pathname().unwrap_or_default();
    let hash = location.hash().unwrap_or_default();
    match query.is_empty() {
        true => path + &hash,
        false => format!("{path}?{query}{hash}"),
    }
}

/// Gives a person a text as a file.
pub(crate) fn save_text(name: &str, mime: &str, text: &str) {
    let kind = BlobPropertyBag::new();
    kind.set_type(mime);
    let parts = Array::of1(&text.into());
    if let Ok(blob) = Blob::new_with_str_sequence_and_options(&parts, &kind) {
        save_blob(name, &blob);
    }
}

/// Gives a person a file.
pub(crate) fn save_blob(name: &str, blob: &Blob) {
    let link = document().create_element("a").ok();
    let link: Option<HtmlAnchorElement> = link.and_then(|link| link.dyn_into().ok());
    if let (Some(link), Ok(url)) = (link, Url::create_object_url_with_blob(blob)) {
        link.set_href(&url);
        link.set_download(name);
        link.click();
        // The browser has to have begun before the address goes.
        let forget = move || drop(Url::revoke_object_url(&url));
        set_timeout(forget, Duration::from_secs(30));
    } else {
        leptos::logging::warn!("a file could not be made at {:?}", window().origin());
    }
}

/// Tells whether an element is in sight, now and at every change, for as long as the component lives.
pub(crate) fn follow_sight(element: &Element, tell: impl Fn(bool) + 'static) {
    let on_sight = Closure::<dyn Fn(Array)>::new(move |entries: Array| {
        let entry: Option<IntersectionObserverEntry> = entries.pop().dyn_into().ok();
        tell(entry.is_some_and(|entry| entry.is_intersecting()));
    });
    if let Ok(observer) = IntersectionObserver::new(on_sight.as_ref().unchecked_ref()) {
        observer.observe(element);
        let kept = StoredValue::new_local((observer, on_sight));
        on_cleanup(move || kept.with_value(|(observer, _)| observer.disconnect()));
    }
}
