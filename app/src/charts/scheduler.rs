//! When charts are drawn: one chart in an animation frame, so that none of them waits long for the page
//! to react, and charts out of sight only when they come back. A hidden page gets no frames, so it draws
//! nothing. A chart is drawn just after the frame: within it the page's layout is not done yet, and
//! measuring a text would force it.

use std::{cell::RefCell, rc::Rc, time::Duration};

use leptos::prelude::{request_animation_frame, set_timeout};

thread_local! {
    static PAGE: RefCell<Page> = RefCell::default();
}

#[derive(Default)]
struct Page {
    queue: Queue,
    draws: Vec<Rc<dyn Fn()>>,
}

/// Names a chart of this page.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct ChartId(usize);

/// Adds a chart; `draw` is called once for all marks that it got until its turn.
pub(crate) fn register(draw: Rc<dyn Fn()>) -> ChartId {
    PAGE.with_borrow_mut(|page| {
        page.draws.push(draw);
        page.queue.add()
    })
}

/// The chart is gone. Its number is not used again.
pub(crate) fn unregister(ChartId(idx): ChartId) {
    PAGE.with_borrow_mut(|page| {
        page.queue
            .set_visibility(ChartId(idx), Visibility::OutOfSight);
        if let Some(draw) = page.draws.get_mut(idx) {
            *draw = Rc::new(|| ());
        }
    });
}

/// The chart no longer shows its data, size or colours.
pub(crate) fn mark(chart: ChartId) {
    let must_ask = PAGE.with_borrow_mut(|page| page.queue.mark(chart));
    ask_if(must_ask);
}

/// The chart came into sight or left it.
pub(crate) fn set_visibility(chart: ChartId, visibility: Visibility) {
    let must_ask = PAGE.with_borrow_mut(|page| page.queue.set_visibility(chart, visibility));
    ask_if(must_ask);
}

/// Whether a person can see a chart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Visibility {
    InSight,
    OutOfSight,
}

fn ask_if(must_ask: bool) {
    if must_ask {
        request_animation_frame(|| set_timeout(draw_due, Duration::ZERO));
    }
}

fn draw_due() {
    // The borrow ends before anything is drawn, since drawing may mark charts again.
    let (due, must_ask) = PAGE.with_borrow_mut(|page| {
        let due = page.queue.take_due();
        let draw = due.and_then(|ChartId(idx)| page.draws.get(idx).cloned());
        (draw, page.queue.must_ask())
    });
    ask_if(must_ask);
    if let Some(draw) = due {
        draw();
    }
}

/// Which charts are due. Knows nothing of browsers.
#[derive(Debug, Default)]
struct Queue {
    charts: Vec<State>,
    /// Where the search for the next one begins.
    next: usize,
    is_frame_asked: bool,
}

#[derive(Clone, Copy, Debug)]
struct State {
    is_due: bool,
    is_visible: bool,
}

impl Queue {
    fn add(&mut self) -> ChartId {
        self.charts.push(State {
            is_due: false,
            is_visible: true,
        });
        ChartId(self.charts.len() - 1)
    }

    /// Returns whether a frame must be asked for.
    fn mark(&mut self, ChartId(idx): ChartId) -> bool {
        if let Some(chart) = self.charts.get_mut(idx) {
            chart.is_due = true;
        }
        self.must_ask()
    }

    fn set_visibility(&mut self, ChartId(idx): ChartId, visibility: Visibility) -> bool {
        if let Some(chart) = self.charts.get_mut(idx) {
            chart.is_visible = visibility == Visibility::InSight;
        }
        self.must_ask()
    }

    /// The chart whose turn it is in the frame that was asked for; they take turns.
    fn take_due(&mut self) -> Option<ChartId> {
        self.is_frame_asked = false;
        let n = self.charts.len();
        let idx = (0..n).map(|step| (self.next + step) % n).find(|idx| {
            self.charts
                .get(*idx)
                .is_some_and(|c| c.is_due && c.is_visible)
        })?;
        if let Some(chart) = self.charts.get_mut(idx) {
            chart.is_due = false;
        }
        self.next = idx + 1;
        Some(ChartId(idx))
    }

    fn must_ask(&mut self) -> bool {
        let must_ask = !self.is_frame_asked && self.charts.iter().any(|c| c.is_due && c.is_visible);
        self.is_frame_asked |= must_ask;
        must_ask
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_marks_make_one_frame_and_one_drawing() {
        let mut queue = Queue::default();
        let chart = queue.add();

        let asked = [queue.mark(chart), queue.mark(chart)];

        assert_eq!(asked, [true, false]);
        assert_eq!(queue.take_due(), Some(chart));
        assert_eq!(queue.take_due(), None);
    }

    #[test]
    fn charts_take_turns_one_in_a_frame() {
        let mut queue = Queue::default();
        let (a, b) = (queue.add(), queue.add());
        queue.mark(b);
        queue.mark(a);

        assert_eq!(queue.take_due(), Some(a));
        assert!(queue.must_ask(), "another frame for the other chart");
        // The first one, due again at once, does not push the other one back.
        queue.mark(a);
        assert_eq!(queue.take_due(), Some(b));
    }

    #[test]
    fn a_chart_out_of_sight_waits_until_it_is_seen() {
        let mut queue = Queue::default();
        let chart = queue.add();
        queue.set_visibility(chart, Visibility::OutOfSight);

        assert!(!queue.mark(chart));
        assert!(queue.set_visibility(chart, Visibility::InSight));
        assert_eq!(queue.take_due(), Some(chart));
    }
}
