//! Which panels a person can see: only their views are made.

use std::cell::Cell;

use analysis::protocol::{Panel, Wanted, Watch, WhyChoice};
use leptos::{html::Section, prelude::*};

use crate::browser;

/// Asked for at a time when somebody reads on in the list of posts.
const POSTS_AT_ONCE: u16 = 100;
/// So many rows of posts are the most.
const N_POSTS: u16 = 500;

/// What is in sight, how far somebody has read, and which bucket is asked about. None of it is part of the address.
#[derive(Clone, Copy)]
pub(crate) struct Sight {
    wanted: RwSignal<Wanted>,
    /// Posts beyond those that the list begins with.
    n_more_posts: RwSignal<u16>,
    /// How many sections need each.
    n_needing: StoredValue<[u8; 32]>,
    why: RwSignal<Option<WhyChoice>>,
}

impl Sight {
    pub(crate) fn new() -> Self {
        Self {
            wanted: RwSignal::new(Wanted::default()),
            n_more_posts: RwSignal::new(0),
            n_needing: StoredValue::new([0; 32]),
            why: RwSignal::new(None),
        }
    }

    /// The same choice with what is in sight.
    pub(crate) fn added_to(self, watch: Watch) -> Watch {
        let mut watch = Watch {
            wanted: self.wanted.get(),
            n_posts: N_POSTS.min(watch.n_posts + self.n_more_posts.get()),
            ..watch
        };
        watch.panels.why = self.why.get();
        watch
    }

    /// A section that needs this came into sight.
    pub(crate) fn show(self, panel: Panel) {
        if self.need(panel, u8::saturating_add) == 1 {
            self.wanted.update(|wanted| *wanted = wanted.with(panel));
        }
    }

    /// It went out of sight.
    pub(crate) fn hide(self, panel: Panel) {
        if self.need(panel, u8::saturating_sub) == 0 {
            self.wanted.update(|wanted| *wanted = wanted.without(panel));
        }
    }

    /// Somebody has come to the end of the list of posts.
    pub(crate) fn read_on(self) {
        self.n_more_posts
            .update(|n| *n = N_POSTS.min(*n + POSTS_AT_ONCE));
    }

    /// Somebody is back at its top.
    pub(crate) fn read_from_the_top(self) {
        if self.n_more_posts.get_untracked() > 0 {
            self.n_more_posts.set(0);
        }
    }

    fn need(self, panel: Panel, change: fn(u8, u8) -> u8) -> u8 {
        let mut now = 0;
        self.n_needing.update_value(|n_needing| {
            if let Some(n) = n_needing.get_mut(panel as usize) {
                *n = change(*n, 1);
                now = *n;
            }
        });
        now
    }

    /// Asks what stands behind a bucket; no longer with `None`.
    pub(crate) fn ask_why(self, asked: Option<WhyChoice>) {
        match (self.why.get_untracked(), &asked) {
            (None, Some(_)) => self.show(Panel::Why),
            (Some(_), None) => self.hide(Panel::Why),
            _ => {}
        }
        self.why.set(asked);
    }

    /// The bucket that is asked about.
    pub(crate) fn why(self) -> Option<WhyChoice> {
        self.why.get()
    }
}

/// Follows whether a section is in sight, for as long as it is there.
pub(crate) fn follow(section: NodeRef<Section>, panels: &'static [Panel]) {
    let sight = expect_context::<Sight>();
    Effect::new(move |_| {
        if let Some(section) = section.get() {
            observe(&section, sight, panels);
        }
    });
}

fn observe(section: &web_sys::Element, sight: Sight, panels: &'static [Panel]) {
    let was_seen = Cell::new(false);
    browser::follow_sight(section, move |is_seen| {
        if was_seen.replace(is_seen) == is_seen {
            return;
        }
        for panel in panels {
            match is_seen {
                true => sight.show(*panel),
                false => sight.hide(*panel),
            }
        }
    });
}
