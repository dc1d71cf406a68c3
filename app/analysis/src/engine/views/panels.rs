//! Views of the panels that are in sight. None of them is made while nobody can see it.

mod events;
mod leaders;
mod months;
mod placebo;
mod quality;
mod rolling;
mod stacks;
mod why;

use wire::Millis;

use super::{Inputs, Memo, lag};
use crate::{
    engine::{Engine, Versions},
    protocol::{Panel, RollingChoice},
    view::{
        EventsView, LeadersView, MonthsView, PanelViews, PlaceboView, QualityView, Range,
        RollingView, StackView, TrendsView, WhyView,
    },
};

/// What a frame is made for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context {
    pub(super) ticker: Option<u32>,
    pub(super) range: Range,
    pub(super) now: Millis,
}

/// What was sent last, and from what it was made.
#[derive(Debug, Default)]
pub(super) struct Memory {
    leaders: Memo<LeadersView>,
    trends: Memo<TrendsView>,
    hours: Memo<StackView>,
    live: Memo<StackView>,
    rolling: Memo<RollingView>,
    events: Memo<EventsView>,
    months: Memo<MonthsView>,
    quality: Memo<QualityView>,
    why: Memo<WhyView>,
    placebo: Memo<PlaceboView>,
    /// Sentiment and returns on one grid, and from what they were taken.
    aligned: Option<(Inputs, lag::Input)>,
    rolled: Option<(RollingChoice, lag::Input)>,
    studied: Option<lag::Input>,
    shifted: Option<lag::Input>,
}

impl Engine {
    pub(super) fn panels(&self, context: Context, memory: &mut Memory) -> PanelViews {
        let Context { ticker, range, now } = context;
        let wanted = self.watch.wanted;
        let Versions {
            posts,
            judged,
            bars,
            watch,
            ..
        } = self.versions;
        let of = |versions: Versions, now: Millis| Inputs {
            versions,
            range,
            now,
        };
        let none = Versions::default();
        let of_posts = Versions {
            posts,
            watch,
            ..none
        };
        let of_prices = Versions { bars, ..of_posts };
        let of_judged = Versions { judged, ..of_posts };
        let mut views = PanelViews::default();
        if wanted.has(Panel::Leaders) {
            let make = || self.leaders(range);
            views.leaders = memory.leaders.update(of(of_posts, 0), make);
        }
        if wanted.has(Panel::Trends) {
            // Where sources listen reaches as far as the clock of the data.
            let make = || self.trends(context);
            views.trends = memory.trends.update(of(self.versions, now), make);
        }
        if wanted.has(Panel::Hours) {
            let make = || self.hours(context);
            views.hours = memory.hours.update(of(self.versions, now), make);
        }
        if wanted.has(Panel::Live) {
            let make = || self.live(now);
            views.live = memory.live.update(of(self.versions, now), make);
        }
        if wanted.has(Panel::Months) {
            let make = || self.months(ticker, range);
            views.months = memory.months.update(of(of_prices, 0), make);
        }
        if wanted.has(Panel::Quality) {
            let make = || self.quality(context);
            views.quality = memory.quality.update(of(self.versions, now), make);
        }
        if wanted.has(Panel::Why)
            && let Some(bucket) = self.watch.panels.why
        {
            let make = || self.why(bucket, ticker);
            views.why = memory.why.update(of(of_judged, 0), make);
        }
        self.statistics(context, of(of_prices, 0), memory, &mut views);
        views
    }

    /// What is computed from sentiment and returns on one grid, again only when a closed cell has changed.
    fn statistics(
        &self,
        context: Context,
        inputs: Inputs,
        memory: &mut Memory,
        views: &mut PanelViews,
    ) {
        let wanted = self.watch.wanted;
        let wanted_now = [Panel::Rolling, Panel::Events, Panel::Placebo].map(|p| wanted.has(p));
        if wanted_now == [false; 3] {
            return;
        }
        let is_known = |(before, _): &(Inputs, lag::Input)| *before == inputs;
        if !memory.aligned.as_ref().is_some_and(is_known) {
            let input = self.lag_input(context.ticker, context.range);
            memory.aligned = Some((inputs, input));
        }
        let Some((_, input)) = &memory.aligned else {
            return;
        };
        let choice = self.watch.panels.rolling;
        let [is_rolling, is_events, is_placebo] = wanted_now;
        let is_same =
            |(seen, before): &(RollingChoice, lag::Input)| *seen == choice && before == input;
        if is_rolling && !memory.rolled.as_ref().is_some_and(is_same) {
            memory.rolled = Some((choice, input.clone()));
            views.rolling = memory.rolling.send(rolling::rolling(input, choice));
        }
        if is_events && memory.studied.as_ref() != Some(input) {
            memory.studied = Some(input.clone());
            views.events = memory.events.send(self.events(input, context));
        }
        if is_placebo && memory.shifted.as_ref() != Some(input) {
            memory.shifted = Some(input.clone());
            views.placebo = memory.placebo.send(self.placebo(input, context));
        }
    }
}
