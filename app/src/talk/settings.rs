//! How these panels show things, in the address beside the choice: the page keeps keys that it does not know.

use analysis::protocol::talk::{TopicsWish, WordsWish};
use form_urlencoded::Serializer;
use leptos::{ev, prelude::*};
use wasm_bindgen::JsValue;
use web_sys::Event;

use crate::browser;

/// Named pairs of the address, those of the page included.
type Pairs = Vec<(String, String)>;

/// The address as these panels read and change it.
#[derive(Clone, Copy)]
pub(super) struct Settings {
    pairs: RwSignal<Pairs>,
}

impl Settings {
    /// Reads the address and follows back and forward.
    pub(super) fn from_url() -> Self {
        let pairs = RwSignal::new(pairs());
        let settings = Self { pairs };
        let on_back = window_event_listener(ev::popstate, move |_| settings.read_again());
        on_cleanup(move || on_back.remove());
        settings
    }

    pub(super) fn read_again(self) {
        let new = pairs();
        if self.pairs.with_untracked(|pairs| *pairs != new) {
            self.pairs.set(new);
        }
    }

    /// What stands under a key; empty without.
    pub(super) fn get(self, key: &str) -> String {
        self.pairs.with(|pairs| {
            let found = pairs.iter().find(|(name, _)| name == key);
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        })
    }

    /// Writes a value, or takes it out when it is empty, without a step in the history.
    pub(super) fn set(self, key: &str, value: &str) {
        let mut new = pairs();
        new.retain(|(name, _)| name != key);
        if !value.is_empty() {
            new.push((key.to_owned(), value.to_owned()));
        }
        let mut query = Serializer::new(String::new());
        query.extend_pairs(&new);
        let url = browser::address_with(&query.finish());
        if let Ok(history) = window().history() {
            let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&url));
        }
        tell_page();
        self.pairs.set(new);
    }

    pub(super) fn words(self) -> WordsWish {
        WordsWish::of_address(|key| self.get(key))
    }

    pub(super) fn topics(self) -> TopicsWish {
        TopicsWish::of_address(|key| self.get(key))
    }

    /// Words that articles are looked for by; one that is empty stands for those that stand out.
    pub(super) fn news(self) -> Vec<String> {
        match self.get("news").as_str() {
            "" => vec![String::new()],
            "all" => Vec::new(),
            words => words.split(' ').map(str::to_owned).collect(),
        }
    }
}

/// The address has changed: the page reads it as if somebody had gone back.
pub(super) fn tell_page() {
    if let Ok(event) = Event::new("popstate") {
        let _ = window().dispatch_event(&event);
    }
}

fn pairs() -> Pairs {
    let search = window().location().search().unwrap_or_default();
    form_urlencoded::parse(search.trim_start_matches('?').as_bytes())
        .map(|(key, value)| (key.into_owned(), value.into_owned()))
        .collect()
}
