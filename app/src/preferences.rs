//! How this reader wants the page: time zone, numbers, keys. Kept in this browser, never in the address.

use leptos::prelude::*;
use wire::{Millis, time::MINUTE};

use crate::{
    browser,
    format::{self, Numbers, Zone},
};

const ZONE: &str = "zone";
const NUMBERS: &str = "numbers";
const KEYS: &str = "shortcuts";

/// What the reader chose. A change of how things are written makes the panels anew.
#[derive(Clone, Copy)]
pub(crate) struct Preferences {
    pub(crate) is_local_time: RwSignal<bool>,
    pub(crate) numbers: RwSignal<Numbers>,
    /// Keys without Ctrl do something (WCAG 2.1.4 asks for a way to switch them off).
    pub(crate) has_shortcuts: RwSignal<bool>,
    /// Whatever is written anew when it changes.
    pub(crate) style: Memo<(bool, Numbers)>,
}

impl Preferences {
    /// Reads what was kept and keeps what changes.
    pub(crate) fn new() -> Self {
        let is_local_time = kept(ZONE, recalled_zone(), zone_text);
        let numbers = kept(NUMBERS, recalled_numbers(), numbers_text);
        let has_shortcuts = browser::recall(KEYS).as_deref() != Some(keys_text(false));
        let has_shortcuts = kept(KEYS, has_shortcuts, keys_text);
        let style = Memo::new(move |_| {
            let style = (is_local_time.get(), numbers.get());
            let zone = match style.0 {
                true => Zone::local(ahead_of_utc),
                false => Zone::default(),
            };
            format::set(zone, style.1);
            style
        });
        Self {
            is_local_time,
            numbers,
            has_shortcuts,
            style,
        }
    }

    /// The page's other program may have changed what is kept.
    pub(crate) fn read_again(self) {
        refresh(self.is_local_time, recalled_zone());
        refresh(self.numbers, recalled_numbers());
    }
}

fn recalled_zone() -> bool {
    browser::recall(ZONE).as_deref() == Some(zone_text(true))
}

fn recalled_numbers() -> Numbers {
    let text = browser::recall(NUMBERS);
    text.as_deref().and_then(parse_numbers).unwrap_or_default()
}

/// Whoever reads it is told only of another value.
fn refresh<T: PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, value: T) {
    if signal.with_untracked(|before| *before != value) {
        signal.set(value);
    }
}

/// Numbers by the name under which they are kept.
pub(crate) fn parse_numbers(text: &str) -> Option<Numbers> {
    [Numbers::Point, Numbers::Comma, Numbers::Space]
        .into_iter()
        .find(|numbers| numbers_text(*numbers) == text)
}

pub(crate) fn numbers_text(numbers: Numbers) -> &'static str {
    match numbers {
        Numbers::Point => "point",
        Numbers::Comma => "comma",
        Numbers::Space => "space",
    }
}

fn zone_text(is_local: bool) -> &'static str {
    match is_local {
        true => "local",
        false => "utc",
    }
}

fn keys_text(is_on: bool) -> &'static str {
    match is_on {
        true => "on",
        false => "off",
    }
}

/// A signal that is written to the browser's storage whenever it changes.
fn kept<T: Copy + Send + Sync + 'static>(
    key: &'static str,
    recalled: T,
    write: fn(T) -> &'static str,
) -> RwSignal<T> {
    let value = RwSignal::new(recalled);
    Effect::new(move |is_later: Option<()>| {
        let text = write(value.get());
        if is_later.is_some() {
            browser::remember(key, Some(text));
        }
    });
    value
}

/// What the reader's clock is ahead of UTC at a moment, as the browser knows it.
fn ahead_of_utc(at: Millis) -> Millis {
    let minutes = js_sys::Date::new(&(at as f64).into()).get_timezone_offset();
    // Beyond the browser's calendar there is none.
    match minutes.is_finite() {
        true => -(minutes as Millis) * MINUTE,
        false => 0,
    }
}
