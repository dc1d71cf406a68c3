//! What keys do, in one table: it is what the page obeys, what the help sheet lists and what the palette offers.

use analysis::protocol::RangeChoice;
use leptos::{
    ev::{self, KeyboardEvent},
    prelude::*,
};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use crate::{
    app::Actions,
    clipboard,
    preferences::Preferences,
    query::{Choice, Entry},
    theme_switch::Appearance,
};

/// Something the page can do, whatever asks for it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Action {
    Pause,
    Follow,
    ResetRange,
    ClearLast,
    ClearAll,
    Palette,
    Help,
    Settings,
    Save,
    Theme,
    Zone,
    CopyLink,
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shortcut {
    /// As `KeyboardEvent.key` has it; none for what has no key of its own.
    key: Option<&'static str>,
    /// As a person reads it.
    pub(crate) keys: &'static str,
    pub(crate) what: &'static str,
    pub(crate) action: Action,
}

const fn line(
    key: Option<&'static str>,
    keys: &'static str,
    what: &'static str,
    action: Action,
) -> Shortcut {
    Shortcut {
        key,
        keys,
        what,
        action,
    }
}

/// Everything that works anywhere on the page.
pub(crate) const EVERYWHERE: [Shortcut; 13] = [
    line(
        Some(" "),
        "Space",
        "Pause or resume everything that moves",
        Action::Pause,
    ),
    line(Some("l"), "L", "Follow the newest data", Action::Follow),
    line(Some("0"), "0", "Show the whole range", Action::ResetRange),
    line(
        Some("Escape"),
        "Esc",
        "Take the last filter off",
        Action::ClearLast,
    ),
    line(Some("x"), "X", "Take all filters off", Action::ClearAll),
    line(
        None,
        "Ctrl K or ⌘ K",
        "Find a command, ticker, topic or panel",
        Action::Palette,
    ),
    line(Some("/"), "/", "The same", Action::Palette),
    line(
        Some("d"),
        "D",
        "Next theme: as the system, dark, light",
        Action::Theme,
    ),
    line(
        Some("u"),
        "U",
        "Times in UTC or in local time",
        Action::Zone,
    ),
    line(Some(","), ",", "Settings", Action::Settings),
    line(
        Some("e"),
        "E",
        "Save what is shown as a file, and check it",
        Action::Save,
    ),
    line(
        Some("c"),
        "C",
        "Copy a link to what is shown",
        Action::CopyLink,
    ),
    line(Some("?"), "?", "List of keys and gestures", Action::Help),
];

/// What works while a chart has the focus; `charts/canvas` obeys it.
pub(crate) const IN_A_CHART: [(&str, &str); 12] = [
    (
        "← →",
        "Read the point before or after; with Shift ten further",
    ),
    ("Home, End", "Read the first or last point"),
    ("[ and ]", "Zoom: begin and end at the point that is read"),
    (
        "+ and −",
        "Zoom in and out; also Ctrl with the wheel, and two fingers",
    ),
    ("Drag", "Zoom to a stretch; with Shift move along"),
    (
        "Drag the playhead",
        "Replay from there; with keys by the slider above",
    ),
    ("Double click, Enter", "Show the whole range"),
    ("T", "The chart as a table, and back"),
    ("S", "Save the numbers as CSV"),
    ("V", "Save the picture as SVG"),
    ("P", "Save the picture as PNG"),
    ("F", "The chart over the whole window, and back"),
];

/// A dialog that is open.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Dialog {
    Palette,
    Help,
    Settings,
    Save,
}

/// What actions need. Handed down as context.
#[derive(Clone, Copy)]
pub(crate) struct Desk {
    pub(crate) dialog: RwSignal<Option<Dialog>>,
    actions: Actions,
    choice: Choice,
    appearance: Appearance,
    preferences: Preferences,
}

impl Desk {
    pub(crate) fn new(
        actions: Actions,
        choice: Choice,
        appearance: Appearance,
        preferences: Preferences,
    ) -> Self {
        Self {
            dialog: RwSignal::new(None),
            actions,
            choice,
            appearance,
            preferences,
        }
    }

    /// Does it; returns whether there was anything to do.
    pub(crate) fn act(self, action: Action) -> bool {
        match action {
            Action::Pause => self.actions.toggle_pause(),
            Action::Follow => self.choice.follow(),
            Action::ResetRange => self
                .choice
                .change(Entry::New, |watch| watch.range = RangeChoice::All),
            Action::ClearLast => return self.choice.clear_last(),
            Action::ClearAll => self.choice.clear_all(),
            Action::Palette => self.dialog.set(Some(Dialog::Palette)),
            Action::Help => self.dialog.set(Some(Dialog::Help)),
            Action::Settings => self.dialog.set(Some(Dialog::Settings)),
            Action::Save => self.dialog.set(Some(Dialog::Save)),
            Action::Theme => self.appearance.next(),
            Action::Zone => self.preferences.is_local_time.update(|is| *is = !*is),
            Action::CopyLink => copy_link(),
        }
        true
    }

    /// Obeys the table for as long as the page lives.
    pub(crate) fn listen(self) {
        let listener = window_event_listener(ev::keydown, move |event| self.on_key(&event));
        on_cleanup(move || listener.remove());
    }

    fn on_key(self, event: &KeyboardEvent) {
        if event.default_prevented() || self.dialog.get_untracked().is_some() {
            return;
        }
        let key = event.key();
        if (event.ctrl_key() || event.meta_key()) && key.eq_ignore_ascii_case("k") {
            event.prevent_default();
            self.act(Action::Palette);
            return;
        }
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        if !self.preferences.has_shortcuts.get_untracked() || is_taken(event, &key) {
            return;
        }
        let done = match key.parse::<usize>() {
            Ok(number @ 1..=9) => go_to_panel(number - 1),
            _ => action_of(&key).is_some_and(|action| self.act(action)),
        };
        if done {
            event.prevent_default();
        }
    }
}

/// What a key does anywhere on the page.
fn action_of(key: &str) -> Option<Action> {
    let key = key.to_lowercase();
    let mut lines = EVERYWHERE.iter();
    let line = lines.find(|line| line.key.is_some_and(|known| known.to_lowercase() == key))?;
    Some(line.action)
}

/// The element with the focus needs the key itself.
fn is_taken(event: &KeyboardEvent, key: &str) -> bool {
    let target: Option<Element> = event.target().and_then(|target| target.dyn_into().ok());
    let Some(target) = target else { return false };
    let is_in = |selector: &str| matches!(target.closest(selector), Ok(Some(_)));
    match key {
        " " => {
            is_in("input, select, textarea, button, summary, a, [contenteditable], [role=region]")
        }
        "Escape" => is_in("input, textarea, [contenteditable]"),
        // A list jumps to the entry that begins with the letter.
        _ => is_in("input, select, textarea, [contenteditable]"),
    }
}

/// Panels of the page with their headings, in their order.
pub(crate) fn panels() -> Vec<(String, HtmlElement)> {
    let Ok(headings) = document().query_selector_all("main h2") else {
        return Vec::new();
    };
    let headings = (0..headings.length()).filter_map(|idx| headings.get(idx));
    let headings = headings.filter_map(|node| node.dyn_into::<HtmlElement>().ok());
    headings
        .map(|heading| (heading.text_content().unwrap_or_default(), heading))
        .collect()
}

/// Brings a panel into sight and the focus to its heading.
pub(crate) fn go_to(heading: &HtmlElement) {
    // A heading takes the focus only when it is told to.
    let _ = heading.set_attribute("tabindex", "-1");
    let _ = heading.focus();
    heading.scroll_into_view();
}

fn go_to_panel(idx: usize) -> bool {
    let panels = panels();
    let heading = panels.get(idx);
    if let Some((_, heading)) = heading {
        go_to(heading);
    }
    heading.is_some()
}

/// Where that is not allowed, the address bar still has the link.
fn copy_link() {
    let href = window().location().href().unwrap_or_default();
    leptos::task::spawn_local(async move {
        clipboard::copy(&href).await;
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_does_what_its_line_says_in_either_case() {
        assert_eq!(action_of(" "), Some(Action::Pause));
        assert_eq!(
            (action_of("l"), action_of("L")),
            (Some(Action::Follow), Some(Action::Follow))
        );
        assert_eq!(action_of("q"), None);
    }

    #[test]
    fn no_key_stands_for_two_things() {
        let mut keys: Vec<_> = EVERYWHERE.iter().filter_map(|line| line.key).collect();
        let n = keys.len();
        keys.sort_unstable();
        keys.dedup();

        assert_eq!(keys.len(), n);
    }
}
