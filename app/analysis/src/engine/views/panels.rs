//! Views of the panels that are in sight. None of them is made while nobody can see it.

mod basis;
mod events;
mod leaders;
mod months;
mod placebo;
mod quality;
mod rolling;
mod stacks;
mod why;

use std::rc::Rc;

use wire::Millis;

use self::basis::Basis;
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
    why_of: Option<why::Source>,
    holes: quality::Holes,
    /// From what the statistics were made; those of events, whose prices may close at night, apart.
    basis: basis::Memory,
    sessions: Option<(Rc<lag::Input>, Option<Rc<lag::Input>>)>,
    of_sessions: basis::Memory,
    rolled: Option<(RollingChoice, Rc<Basis>)>,
    studied: Option<Rc<Basis>>,
    shifted: Option<Rc<Basis>>,
}

impl Engine {
    pub(super) fn panels(
        &self,
        context: Context,
        aligned: &Rc<lag::Input>,
        memory: &mut Memory,
    ) -> PanelViews {
        let Context { ticker, range, now } = context;
        let wanted = self.watch.wanted;
        let Versions { posts, watch, .. } = self.versions;
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
        let mut views = PanelViews::default();
        if wanted.has(Panel::Leaders) {
            let level = self.watch.panels.leaders.level;
            // A cell that is not over is compared with as much of the one before it.
            let cell = level.map(|level| self.cell_at_end(level, range));
            let clock = cell.filter(|cell| now < cell.to).map_or(0, |_| now);
            let make = || self.leaders(range, now);
            views.leaders = memory.leaders.update(of(of_posts, clock), make);
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
            let make = || self.months(ticker, now);
            views.months = memory.months.update(of(self.versions, now), make);
        }
        if wanted.has(Panel::Quality) {
            let holes = &mut memory.holes;
            let make = || self.quality(context, holes);
            views.quality = memory.quality.update(of(self.versions, now), make);
        }
        if wanted.has(Panel::Why)
            && let Some(asked) = &self.watch.panels.why
        {
            let source = self.why_source(asked);
            if memory.why_of.as_ref() != Some(&source) {
                memory.why_of = Some(source);
                views.why = memory.why.send(self.why(asked));
            }
        }
        self.statistics(context, aligned, memory, &mut views);
        views
    }

    /// What is computed from sentiment and returns on one grid, again only when anything that enters has changed.
    fn statistics(
        &self,
        context: Context,
        aligned: &Rc<lag::Input>,
        memory: &mut Memory,
        views: &mut PanelViews,
    ) {
        let wanted = self.watch.wanted;
        let wanted = [Panel::Rolling, Panel::Events, Panel::Placebo].map(|p| wanted.has(p));
        let [is_rolling, is_events, is_placebo] = wanted;
        if wanted == [false; 3] {
            return;
        }
        let covered = self.covered(context.now);
        let basis = self.basis(aligned, &covered, &mut memory.basis);
        let choice = self.watch.panels.rolling;
        let is_same = |(seen, before): &(RollingChoice, Rc<Basis>)| {
            *seen == choice && Rc::ptr_eq(before, &basis)
        };
        if is_rolling && !memory.rolled.as_ref().is_some_and(is_same) {
            memory.rolled = Some((choice, Rc::clone(&basis)));
            views.rolling = memory.rolling.send(rolling::rolling(&basis, choice));
        }
        if is_placebo && is_other(memory.shifted.as_ref(), &basis) {
            memory.shifted = Some(Rc::clone(&basis));
            views.placebo = memory.placebo.send(placebo::placebos(&basis));
        }
        if is_events {
            let basis = match self.sessions(aligned, context.ticker, &mut memory.sessions) {
                Some(input) => self.basis(&input, &covered, &mut memory.of_sessions),
                None => basis,
            };
            if is_other(memory.studied.as_ref(), &basis) {
                memory.studied = Some(Rc::clone(&basis));
                views.events = memory.events.send(events::events(&basis));
            }
        }
    }

    /// The same prices from close to close, where those of the grid are broken by closures.
    fn sessions(
        &self,
        aligned: &Rc<lag::Input>,
        ticker: Option<u32>,
        known: &mut Option<(Rc<lag::Input>, Option<Rc<lag::Input>>)>,
    ) -> Option<Rc<lag::Input>> {
        if let Some((before, sessions)) = known
            && Rc::ptr_eq(before, aligned)
        {
            return sessions.clone();
        }
        let sessions = self.on_sessions(aligned, ticker).map(Rc::new);
        *known = Some((Rc::clone(aligned), sessions.clone()));
        sessions
    }
}

fn is_other(before: Option<&Rc<Basis>>, now: &Rc<Basis>) -> bool {
    before.is_none_or(|before| !Rc::ptr_eq(before, now))
}
