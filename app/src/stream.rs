//! Which of the relay's streams the page follows: its own, or the live one beside its recording.
//!
//! Kept in this browser. Another stream is another log with a database of its own, so the page begins anew.

use leptos::prelude::{document, window};

use crate::browser;

const KEY: &str = "stream";
const LONGEST: usize = 40;
/// No stream of a relay: what was imported from files.
pub(crate) const FILES: &str = "/files";

/// What stands before `/api/v1` in the addresses of the stream: nothing, or such as `/live`.
pub(crate) fn base() -> String {
    browser::recall(KEY)
        .filter(|base| is_base(base))
        .unwrap_or_default()
}

/// The relay's address, with the stream's base; empty where files are shown.
pub(crate) fn relay() -> String {
    let base = base();
    if base == FILES {
        return String::new();
    }
    let relay = elsewhere().unwrap_or_else(|| {
        let location = window().location();
        let path = location.pathname().unwrap_or_default();
        // The page may lie in a folder of its host, and the relay's addresses with it.
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        location.origin().unwrap_or_default() + folder
    });
    relay + &base
}

/// The relay of another origin that this page's host has written into index.html. No link can name one: it decides
/// what a reader sees.
fn elsewhere() -> Option<String> {
    let meta = document().query_selector("meta[name=relay]").ok()??;
    let relay = meta.get_attribute("content")?;
    Some(relay.trim_end_matches('/').to_owned()).filter(|relay| !relay.is_empty())
}

/// The database of the stream. Another relay's has another one, since the page's host may have had none before.
pub(crate) fn store() -> String {
    let base = base();
    let relay = elsewhere().filter(|_| base != FILES).unwrap_or_default();
    format!("moodtape{}{relay}", base.replace('/', "-"))
}

/// Follows another stream from now on; the relay's own with an empty base. What was chosen to look at
/// belonged to the data before, and goes.
pub(crate) fn follow(base: &str) {
    keep(base);
    if !base.is_empty() {
        ask_to_keep();
    }
    let location = window().location();
    let _ = location.assign(&location.pathname().unwrap_or_default());
}

/// The next visit begins with this stream.
pub(crate) fn keep(base: &str) {
    browser::remember(KEY, Some(base).filter(|base| !base.is_empty()));
}

/// Asks the browser not to throw data away when the device runs short: whoever opens a file or goes live means
/// to have it again. Some browsers ask the person, some decide by themselves; either answer is fine.
pub(crate) fn ask_to_keep() {
    let navigator = window().navigator();
    // Absent on an address that is neither https nor localhost.
    if js_sys::Reflect::has(&navigator, &"storage".into()).unwrap_or(false)
        && let Ok(asked) = navigator.storage().persist()
    {
        leptos::task::spawn_local(async move {
            let _ = wasm_bindgen_futures::JsFuture::from(asked).await;
        });
    }
}

/// It becomes part of addresses, so only what a relay would say is taken.
fn is_base(base: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'/' | b'-');
    base.len() <= LONGEST
        && base.starts_with('/')
        && !base.starts_with("//")
        && !base.ends_with('/')
        && base.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_path_is_a_base() {
        let is = [
            "/live",
            "/a/b-2",
            "",
            "live",
            "//evil.example",
            "/live/",
            "/Live",
            "/a?b",
        ]
        .map(is_base);

        assert_eq!(is, [true, true, false, false, false, false, false, false]);
    }
}
