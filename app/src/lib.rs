//! The page: state, panels and charts. It computes nothing about posts; views come ready from the worker.
//!
//! ```text
//!  worker ──Update──► link ──► AppState::apply ──► Views (one signal each) ──► panels ──► charts
//!     ▲                                                                          │
//!     └─────────────── Command::Watch ◄── Choice (the URL) ◄─────────────────────┘
//! ```

#![allow(
    unreachable_pub,
    reason = "leptos' `#[component]` makes more public than it is told to"
)]

pub mod charts;
pub mod talk;

mod app;
mod browser;
mod clipboard;
mod format;
mod link;
mod panels;
mod preferences;
mod query;
mod selection;
mod shortcuts;
mod state;
mod stream;
mod strings;
mod theme_switch;

use std::time::Duration;

use leptos::prelude::{document, set_timeout, window};
use wasm_bindgen::JsCast;

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// Puts the page in the place of the shell that index.html shows until then.
pub fn start() {
    std::panic::set_hook(Box::new(|panic| {
        console_error_panic_hook::hook(panic);
        show_crash();
    }));
    // In a task of its own: the browser has just spent one on making this program ready.
    set_timeout(mount, Duration::ZERO);
}

fn mount() {
    let root = document()
        .get_element_by_id("app")
        .and_then(|element| element.dyn_into().ok());
    match root {
        Some(root) => {
            let root: web_sys::HtmlElement = root;
            root.set_inner_html("");
            leptos::mount::mount_to(root, app::App).forget();
        }
        None => leptos::mount::mount_to_body(app::App),
    }
}

/// After a panic nothing of this program runs any more, so the banner lies ready in index.html.
fn show_crash() {
    if let Some(banner) = document().get_element_by_id("crash") {
        let _ = banner.remove_attribute("hidden");
    }
}

/// A mark on the browser's performance timeline.
pub(crate) fn mark(name: &str) {
    if let Some(performance) = window().performance() {
        let _ = performance.mark(name);
    }
}
