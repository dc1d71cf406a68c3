//! A signal for the view of each further panel.

use std::{any::Any, marker::PhantomData, sync::Arc};

use analysis::view::{
    EventsView, LeadersView, MonthsView, PanelViews, PlaceboView, QualityView, RollingView,
    StackView, TrendsView, WhyView,
};
use leptos::prelude::*;

/// Views of whatever kind: a signal of each kind's own would be ten times the code.
type Held = Option<Arc<dyn Any + Send + Sync>>;

/// The view of one panel, or nothing yet.
pub(crate) struct PanelSignal<T> {
    held: ReadSignal<Held>,
    kind: PhantomData<fn() -> T>,
}

impl<T> Clone for PanelSignal<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for PanelSignal<T> {}

impl<T: Send + Sync + 'static> PanelSignal<T> {
    fn new(held: ReadSignal<Held>) -> Self {
        Self {
            held,
            kind: PhantomData,
        }
    }

    /// The view, and to be told when it changes.
    pub(crate) fn get(self) -> Option<Arc<T>> {
        self.held.get()?.downcast().ok()
    }

    /// The same, to be read.
    pub(crate) fn with<U>(self, read: impl FnOnce(&Option<Arc<T>>) -> U) -> U {
        read(&self.get())
    }
}

macro_rules! signals {
    ($($name:ident: $view:ty,)*) => {
        /// The reading ends.
        #[derive(Clone, Copy)]
        pub(crate) struct PanelSignals {
            $(pub(crate) $name: PanelSignal<$view>,)*
        }

        /// The writing ends.
        #[derive(Clone, Copy)]
        pub(super) struct PanelWriters {
            $($name: WriteSignal<Held>,)*
        }

        /// Nothing is known yet.
        pub(super) fn signals() -> (PanelSignals, PanelWriters) {
            $(let $name = signal(None);)*
            (PanelSignals { $($name: PanelSignal::new($name.0),)* }, PanelWriters { $($name: $name.1,)* })
        }

        impl PanelWriters {
            /// Shows the views that changed.
            pub(super) fn apply(self, views: PanelViews) {
                $(if let Some(view) = views.$name {
                    self.$name.set(Some(Arc::new(view)));
                })*
            }
        }
    };
}

signals! {
    leaders: LeadersView,
    trends: TrendsView,
    hours: StackView,
    live: StackView,
    rolling: RollingView,
    events: EventsView,
    months: MonthsView,
    quality: QualityView,
    why: WhyView,
    placebo: PlaceboView,
}
