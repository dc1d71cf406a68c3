//! What pointer, wheel and keys do to a chart: read, brush, zoom, move along.
//!
//! While the axis is being moved the picture is only shifted and stretched; it is drawn anew when the
//! movement ends, so that neither worker nor address is asked for every step of it.

use std::{rc::Rc, time::Duration};

use leptos::{
    ev::{KeyboardEvent, PointerEvent, WheelEvent},
    prelude::*,
};
use wasm_bindgen::JsCast;

use super::{
    Wish,
    stage::{Drag, SharedCursor, Stage, Zoom},
};
use crate::charts::{Frame, export::Format};

/// A pointer that moved less than this with the button down has clicked.
const CLICK_PX: f64 = 5.0;
/// A turn of the wheel has ended when nothing came for so long.
const WHEEL_REST: Duration = Duration::from_millis(150);
/// A movement that changed nothing leaves no drawing to wait for.
const PREVIEW_AT_MOST: Duration = Duration::from_millis(600);

/// What pointer and keys do.
#[derive(Clone, Copy)]
pub(super) struct Gestures {
    pub(super) stage: StoredValue<Rc<Stage>, LocalStorage>,
    pub(super) cursor: RwSignal<Option<usize>>,
    pub(super) shared: SharedCursor,
    pub(super) brush: RwSignal<Option<(f64, f64)>>,
    /// How the picture is shifted and stretched until it is drawn anew.
    pub(super) preview: RwSignal<Option<(f64, f64)>>,
    pub(super) spoken: RwSignal<String>,
    pub(super) on_zoom: Option<Callback<Zoom>>,
    pub(super) wish: Callback<Wish>,
    /// Rises with every drawing, and when the playhead is dragged: what lies over the chart follows.
    pub(super) drawn: RwSignal<u32>,
}

impl Gestures {
    /// The main button of a mouse or pen begins a brush, with Shift it moves the axis. A finger moves the
    /// crosshair instead, since it also scrolls the page; two fingers zoom.
    pub(super) fn press(self, event: &PointerEvent) {
        let stage = self.stage.get_value();
        let Some(px) = px_of(&stage, event) else {
            return;
        };
        if self.grasp(&stage, event) {
            return;
        }
        if event.pointer_type() == "touch" {
            stage.fingers.borrow_mut().push((event.pointer_id(), px));
            stage.pinched.set(self.under_two_fingers(&stage));
            return self.point(event);
        }
        if self.on_zoom.is_none() || event.button() != 0 {
            return self.point(event);
        }
        let drag = if event.shift_key() {
            Drag::Pan
        } else {
            Drag::Brush
        };
        capture(&stage, event, (px, drag));
    }

    pub(super) fn point(self, event: &PointerEvent) {
        let stage = self.stage.get_value();
        let Some(px) = px_of(&stage, event) else {
            return;
        };
        let Some(frame) = stage.frame() else { return };
        let mut n_fingers = 0;
        for (id, at) in stage.fingers.borrow_mut().iter_mut() {
            n_fingers += 1;
            if *id == event.pointer_id() {
                *at = px;
            }
        }
        if n_fingers >= 2 {
            return self.pinch(&stage, frame);
        }
        match stage.drag.get() {
            Some((from, Drag::Brush)) => {
                let inside = |px: f64| px.clamp(frame.plot.x0, frame.plot.x1.max(frame.plot.x0));
                let is_brush = (px - from).abs() > CLICK_PX;
                self.brush.set(is_brush.then(|| (inside(from), inside(px))));
            }
            Some((from, Drag::Pan)) => {
                let per_px = (frame.x.1 - frame.x.0) / frame.plot.width().max(1.0);
                let by = (from - px) * per_px;
                self.show_moved(&stage, frame, (frame.x.0 + by, frame.x.1 + by));
            }
            Some((beside, Drag::Playhead)) => self.pull(&stage, frame, px - beside),
            None => {}
        }
        self.set_cursor(stage.stop_at(px));
    }

    pub(super) fn release(self, event: &PointerEvent) {
        let stage = self.stage.get_value();
        self.drop_playhead(&stage);
        self.point(event);
        if let (Some((from, to)), Some(frame)) = (self.brush.get_untracked(), stage.frame()) {
            let scale = frame.x_scale();
            self.zoom(Zoom::To(
                scale.value_from_px(from.min(to)),
                scale.value_from_px(from.max(to)),
            ));
        }
        self.end_moving(&stage);
        self.let_go(&stage, event);
    }

    /// The browser took the pointer away, for example to scroll.
    pub(super) fn cancel(self, event: &PointerEvent) {
        let stage = self.stage.get_value();
        stage.target.set(None);
        self.preview.set(None);
        self.let_go(&stage, event);
    }

    fn let_go(self, stage: &Stage, event: &PointerEvent) {
        self.let_playhead_go(stage);
        stage.drag.set(None);
        stage.pinched.set(None);
        let id = event.pointer_id();
        stage
            .fingers
            .borrow_mut()
            .retain(|(finger, _)| *finger != id);
        self.brush.set(None);
    }

    /// With Ctrl, which is also what a trackpad says for two fingers; a plain wheel scrolls the page.
    pub(super) fn wheel(self, event: &WheelEvent) {
        let stage = self.stage.get_value();
        let (Some(frame), true) = (stage.frame(), event.ctrl_key() || event.meta_key()) else {
            return;
        };
        if self.on_zoom.is_none() {
            return;
        }
        event.prevent_default();
        let (from, to) = stage.target.get().unwrap_or(frame.x);
        let by = (event.delta_y().clamp(-100.0, 100.0) * 0.004).exp();
        let px = px_of(&stage, event).unwrap_or(f64::midpoint(frame.plot.x0, frame.plot.x1));
        let share = ((px - frame.plot.x0) / frame.plot.width().max(1.0)).clamp(0.0, 1.0);
        let middle = from + (to - from) * share;
        let target = (middle - (middle - from) * by, middle + (to - middle) * by);
        self.show_moved(&stage, frame, target);
        let commit = move || {
            let stage = self.stage.get_value();
            let is_at_rest = stage
                .target
                .get()
                .is_some_and(|now| now.0.total_cmp(&target.0).is_eq());
            if is_at_rest {
                self.end_moving(&stage);
            }
        };
        set_timeout(commit, WHEEL_REST);
    }

    pub(super) fn zoom(self, zoom: Zoom) {
        if let Some(on_zoom) = self.on_zoom {
            on_zoom.run(zoom);
        }
    }

    /// The pointer has gone; where the chart lies may change before it comes back.
    pub(super) fn leave(self) {
        self.stage.get_value().left.set(None);
        self.set_cursor(None);
    }

    /// Moves the cursor, and that of the other charts over time.
    pub(super) fn set_cursor(self, idx: Option<usize>) {
        if idx == self.cursor.get_untracked() {
            return;
        }
        self.cursor.set(idx);
        let stage = self.stage.get_value();
        let at = idx.and_then(|idx| stage.stops.borrow().get(idx).copied());
        let at = at.filter(|_| stage.is_over_time.get());
        self.shared.at.set(at.zip(stage.id.get()));
    }

    fn under_two_fingers(self, stage: &Stage) -> Option<(f64, f64)> {
        let frame = stage.frame().filter(|_| self.on_zoom.is_some())?;
        match stage.fingers.borrow().as_slice() {
            [(_, a), (_, b)] => Some((value_at(frame, *a), value_at(frame, *b))),
            _ => None,
        }
    }

    /// Keeps under each finger what was there when it came down.
    fn pinch(self, stage: &Stage, frame: Frame) {
        let fingers = stage.fingers.borrow();
        let (Some((a, b)), [(_, px_a), (_, px_b)]) = (stage.pinched.get(), fingers.as_slice())
        else {
            return;
        };
        let apart = px_b - px_a;
        if apart.abs() < 10.0 || (b - a).abs() <= 0.0 || (b - a).signum() * apart.signum() < 0.0 {
            return;
        }
        let per_px = (b - a) / apart;
        let from = a - (px_a - frame.plot.x0) * per_px;
        let target = (from, from + frame.plot.width() * per_px);
        self.show_moved(stage, frame, target);
    }

    /// Shows the picture as it would roughly look over `target`.
    fn show_moved(self, stage: &Stage, frame: Frame, target: (f64, f64)) {
        let length = target.1 - target.0;
        if !length.is_finite() || length <= 0.0 {
            return;
        }
        stage.target.set(Some(target));
        let scale = (frame.x.1 - frame.x.0) / length;
        let from_px = frame.plot.x0 + (frame.x.0 - target.0) / length * frame.plot.width();
        self.preview
            .set(Some((from_px - frame.plot.x0 * scale, scale)));
    }

    fn end_moving(self, stage: &Stage) {
        if let Some((from, to)) = stage.target.take() {
            self.zoom(Zoom::To(from, to));
            let clear = move || {
                if !self.stage.get_value().is_moving() {
                    self.preview.set(None);
                }
            };
            set_timeout(clear, PREVIEW_AT_MOST);
        }
    }

    pub(super) fn key(self, event: &KeyboardEvent) {
        if event.ctrl_key() || event.alt_key() || event.meta_key() {
            return;
        }
        let step = if event.shift_key() { 10 } else { 1 };
        match event.key().as_str() {
            "ArrowLeft" => self.step(-step),
            "ArrowRight" => self.step(step),
            "Home" => self.step(isize::MIN / 2),
            "End" => self.step(isize::MAX / 2),
            "+" | "=" => self.scale(0.5),
            "-" | "−" => self.scale(2.0),
            "[" => self.cut(|(_, to), at| (at, to)),
            "]" => self.cut(|(from, _), at| (from, at)),
            "Enter" | "0" => self.zoom(Zoom::Reset),
            "t" | "T" => self.wish.run(Wish::Table),
            "s" | "S" => self.wish.run(Wish::Save(Format::Csv)),
            "v" | "V" => self.wish.run(Wish::Save(Format::Svg)),
            "p" | "P" => self.wish.run(Wish::Save(Format::Png)),
            "f" | "F" => self.wish.run(Wish::WholeWindow),
            "Escape" if self.cursor.get_untracked().is_some() => self.set_cursor(None),
            _ => return,
        }
        event.prevent_default();
    }

    /// Moves the cursor and says what is there.
    fn step(self, by: isize) {
        let stage = self.stage.get_value();
        let n_stops = stage.stops.borrow().len() as isize;
        if n_stops == 0 {
            return;
        }
        let from = self
            .cursor
            .get_untracked()
            .map_or(if by < 0 { n_stops } else { -1 }, |idx| idx as isize);
        let idx = from.saturating_add(by).clamp(0, n_stops - 1) as usize;
        self.set_cursor(Some(idx));
        self.spoken.set(
            stage
                .readout(idx)
                .map(|(_, readout)| readout.sentence())
                .unwrap_or_default(),
        );
    }

    /// Zooms about the cursor, else about the middle.
    fn scale(self, by: f64) {
        let stage = self.stage.get_value();
        let Some(frame) = stage.frame() else { return };
        let (from, to) = frame.x;
        let middle = self.at_cursor(&stage).unwrap_or(f64::midpoint(from, to));
        self.zoom(Zoom::To(
            middle - (middle - from) * by,
            middle + (to - middle) * by,
        ));
    }

    /// Makes the stop under the cursor an end of the range.
    fn cut(self, ends: fn((f64, f64), f64) -> (f64, f64)) {
        let stage = self.stage.get_value();
        if let (Some(frame), Some(at)) = (stage.frame(), self.at_cursor(&stage)) {
            let (from, to) = ends(frame.x, at);
            if from < to {
                self.zoom(Zoom::To(from, to));
            }
        }
    }

    fn at_cursor(self, stage: &Stage) -> Option<f64> {
        let idx = self.cursor.get_untracked()?;
        stage.stops.borrow().get(idx).copied()
    }
}

/// The axis value at a pixel, also beside the plot.
fn value_at(frame: Frame, px: f64) -> f64 {
    let share = (px - frame.plot.x0) / frame.plot.width().max(1.0);
    frame.x.0 + share * (frame.x.1 - frame.x.0)
}

/// Without capture a drag that leaves the chart would never end.
pub(super) fn capture(stage: &Stage, event: &PointerEvent, drag: (f64, Drag)) {
    stage.drag.set(Some(drag));
    if let Some(element) = current_element(event) {
        let _ = element.set_pointer_capture(event.pointer_id());
    }
}

fn current_element(event: &web_sys::Event) -> Option<web_sys::Element> {
    event.current_target()?.dyn_into().ok()
}

fn px_of(stage: &Stage, event: &web_sys::MouseEvent) -> Option<f64> {
    let measure = || Some(current_element(event)?.get_bounding_client_rect().left());
    let left = stage.left.get().or_else(measure);
    stage.left.set(left);
    Some(f64::from(event.client_x()) - left?)
}
