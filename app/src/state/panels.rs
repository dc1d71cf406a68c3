//! A signal for the view of each further panel.

use analysis::view::{
    EventsView, LeadersView, MonthsView, PanelViews, PlaceboView, QualityView, RollingView,
    StackView, TrendsView, WhyView,
};
use leptos::prelude::*;

use super::{Shown, Writer, show};

macro_rules! signals {
    ($($name:ident: $view:ty,)*) => {
        /// The reading ends.
        #[derive(Clone, Copy)]
        pub(crate) struct PanelSignals {
            $(pub(crate) $name: Shown<$view>,)*
        }

        /// The writing ends.
        #[derive(Clone, Copy)]
        pub(super) struct PanelWriters {
            $($name: Writer<$view>,)*
        }

        /// Nothing is known yet.
        pub(super) fn signals() -> (PanelSignals, PanelWriters) {
            $(let $name = signal(None);)*
            (PanelSignals { $($name: $name.0,)* }, PanelWriters { $($name: $name.1,)* })
        }

        impl PanelWriters {
            /// Shows the views that changed.
            pub(super) fn apply(self, views: PanelViews) {
                $(show(self.$name, views.$name);)*
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
