//! What pointer and keys do to a chart: read, brush, zoom.

use std::rc::Rc;

use leptos::{
    ev::{KeyboardEvent, PointerEvent},
    prelude::*,
};
use wasm_bindgen::JsCast;

use super::{Stage, Zoom};

/// A pointer that moved less than this with the button down has clicked.
const CLICK_PX: f64 = 5.0;

/// What pointer and keys do.
#[derive(Clone, Copy)]
pub(super) struct Gestures {
    pub(super) stage: StoredValue<Rc<Stage>, LocalStorage>,
    pub(super) cursor: RwSignal<Option<usize>>,
    pub(super) brush: RwSignal<Option<(f64, f64)>>,
    pub(super) spoken: RwSignal<String>,
    pub(super) on_zoom: Option<Callback<Zoom>>,
}

impl Gestures {
    /// The main button of a mouse or pen begins a brush. A finger moves the crosshair instead, since
    /// it also scrolls the page.
    pub(super) fn press(self, event: &PointerEvent) {
        if self.on_zoom.is_none() || event.button() != 0 || event.pointer_type() == "touch" {
            self.point(event);
            return;
        }
        let stage = self.stage.get_value();
        stage.drag_from.set(px_of(event));
        if let Some(element) = current_element(event) {
            // Without capture a drag that leaves the chart would never end.
            let _ = element.set_pointer_capture(event.pointer_id());
        }
    }

    pub(super) fn point(self, event: &PointerEvent) {
        let (stage, Some(px)) = (self.stage.get_value(), px_of(event)) else {
            return;
        };
        let Some(frame) = stage.frame() else { return };
        if let Some(from) = stage.drag_from.get() {
            let inside = |px: f64| px.clamp(frame.plot.x0, frame.plot.x1.max(frame.plot.x0));
            self.brush
                .set(((px - from).abs() > CLICK_PX).then(|| (inside(from), inside(px))));
        }
        let idx = stage.stop_at(px);
        if idx != self.cursor.get_untracked() {
            self.cursor.set(idx);
        }
    }

    pub(super) fn release(self, event: &PointerEvent) {
        self.point(event);
        let stage = self.stage.get_value();
        stage.drag_from.set(None);
        if let (Some((from, to)), Some(frame)) = (self.brush.get_untracked(), stage.frame()) {
            let scale = frame.x_scale();
            self.zoom(Zoom::To(
                scale.value_from_px(from.min(to)),
                scale.value_from_px(from.max(to)),
            ));
        }
        self.brush.set(None);
    }

    pub(super) fn cancel(self) {
        self.stage.get_value().drag_from.set(None);
        self.brush.set(None);
    }

    pub(super) fn zoom(self, zoom: Zoom) {
        if let Some(on_zoom) = self.on_zoom {
            on_zoom.run(zoom);
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
            "Enter" | "0" => self.zoom(Zoom::Reset),
            "Escape" => {
                self.cancel();
                self.cursor.set(None);
            }
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
        self.cursor.set(Some(idx));
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
        let at_cursor = self
            .cursor
            .get_untracked()
            .and_then(|idx| stage.stops.borrow().get(idx).copied());
        let middle = at_cursor.unwrap_or(f64::midpoint(from, to));
        self.zoom(Zoom::To(
            middle - (middle - from) * by,
            middle + (to - middle) * by,
        ));
    }
}

fn current_element(event: &PointerEvent) -> Option<web_sys::Element> {
    event.current_target()?.dyn_into().ok()
}

fn px_of(event: &PointerEvent) -> Option<f64> {
    let left = current_element(event)?.get_bounding_client_rect().left();
    Some(f64::from(event.client_x()) - left)
}
