//! Auto, dark or light: kept in this browser, set on the root element, and read back as chart colours.

use leptos::prelude::*;
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::HtmlElement;

use crate::{browser, charts::theme::Palette};

const STORAGE_KEY: &str = "theme";

/// What the person chose.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Theme {
    /// As the system says.
    #[default]
    Auto,
    Dark,
    Light,
}

impl Theme {
    const ALL: [Self; 3] = [Self::Auto, Self::Dark, Self::Light];

    fn name(self) -> &'static str {
        match self {
            Self::Auto => "Auto",
            Self::Dark => "Dark",
            Self::Light => "Light",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.name() == name)
    }
}

/// The page's colours, for charts.
#[derive(Clone, Copy)]
pub(crate) struct Appearance {
    /// Changes with the theme and with the system's wishes.
    pub(crate) palette: ReadSignal<Palette>,
    set_palette: WriteSignal<Palette>,
    theme: RwSignal<Theme>,
}

impl Appearance {
    /// Reads the kept choice and follows the system.
    pub(crate) fn new() -> Self {
        let kept = browser::recall(STORAGE_KEY);
        let theme = kept
            .as_deref()
            .and_then(Theme::from_name)
            .unwrap_or_default();
        show(theme);
        let (palette, set_palette) = signal(read_palette());
        let appearance = Self {
            palette,
            set_palette,
            theme: RwSignal::new(theme),
        };
        for query in [
            "(prefers-color-scheme: dark)",
            "(prefers-contrast: more)",
            "(forced-colors: active)",
        ] {
            appearance.follow(query);
        }
        appearance
    }

    /// The one after it, in a circle.
    pub(crate) fn next(self) {
        let now = self.theme.get_untracked();
        let after = Theme::ALL.iter().skip_while(|theme| **theme != now).nth(1);
        self.choose(after.copied().unwrap_or_default());
    }

    fn choose(self, theme: Theme) {
        show(theme);
        browser::remember(STORAGE_KEY, Some(theme.name()));
        self.theme.set(theme);
        self.set_palette.set(read_palette());
    }

    /// The listener lives as long as the page.
    fn follow(self, query: &str) {
        let Ok(Some(list)) = window().match_media(query) else {
            return;
        };
        let on_change = Closure::<dyn FnMut()>::new(move || self.set_palette.set(read_palette()));
        list.set_onchange(Some(on_change.as_ref().unchecked_ref()));
        // A list that nobody holds may be collected together with its listener.
        std::mem::forget(list);
        on_change.forget();
    }
}

/// The choice of three.
#[component]
pub(crate) fn ThemeSwitch() -> impl IntoView {
    let appearance = expect_context::<Appearance>();
    let options = Theme::ALL.map(|theme| {
        let is_chosen = move || appearance.theme.get() == theme;
        view! { <option value=theme.name() selected=is_chosen>{theme.name()}</option> }
    });
    view! {
        <label class="field">
            <span class="vh">"Theme"</span>
            <select
                aria-label="Theme"
                on:change=move |event| {
                    if let Some(theme) = Theme::from_name(&event_target_value(&event)) {
                        appearance.choose(theme);
                    }
                }
            >
                {options.collect_view()}
            </select>
        </label>
    }
}

/// `color-scheme` in `style/tokens.css` hangs on this attribute.
fn show(theme: Theme) {
    if let Some(root) = document().document_element() {
        let _ = match theme {
            Theme::Auto => root.remove_attribute("data-theme"),
            Theme::Dark => root.set_attribute("data-theme", "dark"),
            Theme::Light => root.set_attribute("data-theme", "light"),
        };
    }
}

/// Custom properties are not resolved by `getComputedStyle`, a property that uses them is.
fn read_palette() -> Palette {
    let probe: Option<HtmlElement> = document()
        .create_element("i")
        .ok()
        .and_then(|e| e.dyn_into().ok());
    let (Some(probe), Some(body)) = (probe, document().body()) else {
        return Palette::DARK;
    };
    // Else every colour would be read as the system's colour of text, where it asks for its own.
    let _ = probe.style().set_property("forced-color-adjust", "none");
    if body.append_child(&probe).is_err() {
        return Palette::DARK;
    }
    let palette = Palette::from_css(|name| {
        probe
            .style()
            .set_property("color", &format!("var({name})"))
            .ok()?;
        window()
            .get_computed_style(&probe)
            .ok()??
            .get_property_value("color")
            .ok()
    });
    probe.remove();
    palette
}
