//! Where a replay stands, on every chart over time: a line with a grip that seeks as the slider of the replay's bar
//! does. With keys the slider is the way.

use analysis::protocol::{RangeChoice, ReplayOrder};
use leptos::{ev::PointerEvent, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::Element;
use wire::Millis;

use super::{
    Wish,
    gestures::{Gestures, capture},
    overlay::Place,
    stage::{Drag, Stage},
};
use crate::{
    charts::{Frame, scale::Rect},
    query::Choice,
    state::Views,
};

/// A chart that is not held to a range ends with the last event that it knows. The replay may be past that by such a
/// share of the axis, and stands at its end.
const PAST_THE_END: f64 = 0.125;
/// What the stylesheet calls the line; its grip is a part that the stylesheet adds.
pub(super) const NAME: &str = "playhead";

impl Gestures {
    /// Where the line stands, if the chart shows that time.
    pub(super) fn playhead(self) -> Place {
        let replay = expect_context::<Views>().replay;
        let watch = expect_context::<Choice>().watch;
        Box::new(move || {
            let state = replay.get()?;
            let past = match watch.with(|watch| watch.range) {
                RangeChoice::Fixed { .. } => 0.0,
                RangeChoice::All | RangeChoice::Last(_) => PAST_THE_END,
            };
            let stage = self.stage.get_value();
            let frame = stage.frame().filter(|_| stage.is_over_time.get())?;
            px_of(frame, stage.held.get().unwrap_or(state.at as f64), past)
        })
    }

    /// Takes hold of the line if its grip is under the pointer: the rest of it does not react to one.
    pub(super) fn grasp(self, stage: &Stage, event: &PointerEvent) -> bool {
        let target = event.target().map(JsCast::unchecked_into::<Element>);
        let is_grip = target.is_some_and(|target| target.class_name() == NAME);
        let is_grasped = is_grip && event.button() == 0;
        if is_grasped {
            // Otherwise it would move on under the pointer.
            self.wish.run(Wish::Replay(ReplayOrder::Pause));
            capture(stage, event, (f64::from(event.offset_x()), Drag::Playhead));
        }
        is_grasped
    }

    /// Takes the line along, without drawing anything anew.
    pub(super) fn pull(self, stage: &Stage, frame: Frame, px: f64) {
        let Rect { x0, x1, .. } = frame.plot;
        let at = frame.x_scale().value_from_px(px.min(x1).max(x0));
        stage.held.set(Some(at));
        self.drawn.update(|n| *n += 1);
    }

    /// Seeks where the line is let go. A click has pulled it nowhere.
    pub(super) fn drop_playhead(self, stage: &Stage) {
        if let Some(at) = self.let_playhead_go(stage) {
            self.wish.run(Wish::Replay(ReplayOrder::Seek(at as Millis)));
        }
    }

    /// It stands where the replay stands again.
    pub(super) fn let_playhead_go(self, stage: &Stage) -> Option<f64> {
        let held = stage.held.take();
        if let Some((_, Drag::Playhead)) = stage.drag.get() {
            stage.drag.set(None);
            self.drawn.update(|n| *n += 1);
        }
        held
    }
}

fn px_of(frame: Frame, at: f64, past: f64) -> Option<f64> {
    let (from, to) = frame.x;
    let is_shown = from <= at && at <= to + (to - from) * past;
    is_shown.then(|| frame.x_scale().px_from_value(at.min(to)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_stands_at_its_time_and_only_where_the_chart_shows_that_time() {
        let frame = Frame {
            plot: Rect {
                x0: 50.0,
                x1: 150.0,
                ..Rect::default()
            },
            x: (1_000.0, 2_000.0),
        };
        let held_to_a_range = [999.0, 1_000.0, 1_500.0, 2_000.0, 2_001.0];
        let with_all_there_is = [999.0, 2_000.0, 2_100.0, 2_126.0];

        assert_eq!(
            held_to_a_range.map(|at| px_of(frame, at, 0.0)),
            [None, Some(50.0), Some(100.0), Some(150.0), None]
        );
        assert_eq!(
            with_all_there_is.map(|at| px_of(frame, at, PAST_THE_END)),
            [None, Some(150.0), Some(150.0), None]
        );
    }
}
