//! One chart's local state: the last drawing, its size, and the gesture under way.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::Arc,
};

use leptos::prelude::*;
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::ResizeObserver;

use crate::{
    browser,
    charts::{
        Drawing, Frame, Plottable, Readout,
        backend::Sharp,
        scheduler::{self, ChartId, Visibility},
        sheet::{Sheet, Size},
        theme::Palette,
    },
};

/// What a person asks of the horizontal axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Zoom {
    /// Show this stretch.
    To(f64, f64),
    /// Show the whole again.
    Reset,
}

/// The time at the cursor, and whose cursor it is: charts over time show each other's.
#[derive(Clone, Copy, Default)]
pub(crate) struct SharedCursor {
    pub(super) at: RwSignal<Option<(f64, ChartId)>>,
}

thread_local! {
    static IS_FIRST_CHART_DRAWN: Cell<bool> = const { Cell::new(false) };
}

#[derive(Default)]
pub(super) struct Stage {
    drawing: RefCell<Option<Box<dyn Drawing>>>,
    pub(super) stops: RefCell<Vec<f64>>,
    pub(super) size: Cell<Size>,
    pub(super) id: Cell<Option<ChartId>>,
    /// The horizontal axis is time.
    pub(super) is_over_time: Cell<bool>,
    /// Where the main button went down, and what it does; of the playhead, how far beside it.
    pub(super) drag: Cell<Option<(f64, Drag)>>,
    /// The time that the playhead is dragged to.
    pub(super) held: Cell<Option<f64>>,
    /// Fingers on the chart, by their number.
    pub(super) fingers: RefCell<Vec<(i32, f64)>>,
    /// Axis values under two fingers when the second one came down.
    pub(super) pinched: Cell<Option<(f64, f64)>>,
    /// Where moving will have led, once it ends.
    pub(super) target: Cell<Option<(f64, f64)>>,
    /// Where the chart begins in the window, while a pointer is on it: asking makes the browser lay the page out.
    pub(super) left: Cell<Option<f64>>,
}

/// What dragging does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Drag {
    Brush,
    Pan,
    Playhead,
}

impl Stage {
    pub(super) fn frame(&self) -> Option<Frame> {
        let drawing = self.drawing.borrow();
        drawing.as_ref().map(|drawing| drawing.frame())
    }

    /// The axis is being moved, and shown so before it is drawn.
    pub(super) fn is_moving(&self) -> bool {
        self.target.get().is_some()
    }

    pub(super) fn readout(&self, idx: usize) -> Option<(f64, Readout)> {
        let drawing = self.drawing.borrow();
        let x = *self.stops.borrow().get(idx)?;
        let drawing = drawing.as_ref()?;
        Some((
            drawing.frame().x_scale().px_from_value(x),
            drawing.readout(idx)?,
        ))
    }

    /// The stop nearest to a pixel.
    pub(super) fn stop_at(&self, px: f64) -> Option<usize> {
        let x = self.frame()?.x_scale().value_from_px(px);
        nearest(&self.stops.borrow(), x)
    }

    /// Where a time lies, if it is in sight.
    pub(super) fn px_of_time(&self, at: f64) -> Option<f64> {
        let frame = self.frame().filter(|_| self.is_over_time.get())?;
        (frame.x.0 <= at && at <= frame.x.1).then(|| frame.x_scale().px_from_value(at))
    }
}

/// Draws and lays out anew; what stood in the way otherwise.
pub(super) fn draw(
    canvas: &web_sys::HtmlCanvasElement,
    stage: &Stage,
    source: Arc<dyn Plottable>,
    palette: Palette,
) -> Result<(), String> {
    let size = stage.size.get();
    if size.width < 1.0 || size.height < 1.0 {
        return Ok(());
    }
    let (has_points, is_over_time) = (source.n_points() > 0, source.is_over_time());
    let drawing = source.layout(size);
    let Some((backend, units_per_px)) = Sharp::new(canvas, size, window().device_pixel_ratio())
    else {
        return Err("the browser gives no surface to draw on".to_owned());
    };
    let drawn = drawing.draw(&Sheet::new(backend, units_per_px, palette));
    stage.is_over_time.set(is_over_time);
    *stage.stops.borrow_mut() = drawing.stops();
    *stage.drawing.borrow_mut() = Some(drawing);
    if has_points && !IS_FIRST_CHART_DRAWN.replace(true) {
        crate::mark("first-chart");
    }
    drawn.map_err(|error| error.to_string())
}

/// Follows size and visibility of the plot for as long as the component lives.
pub(super) fn observe(
    plot: &web_sys::HtmlDivElement,
    stage: Rc<Stage>,
    redraw: impl Fn() + 'static,
) {
    let element = plot.clone();
    let resized_stage = Rc::clone(&stage);
    let on_resize = Closure::<dyn FnMut()>::new(move || {
        let size = Size {
            width: f64::from(element.client_width()),
            height: f64::from(element.client_height()),
        };
        resized_stage.left.set(None);
        if size != resized_stage.size.replace(size) {
            // At once: the next frame would show a stretched or empty canvas.
            redraw();
        }
    });
    browser::follow_sight(plot, move |is_seen| {
        if let Some(id) = stage.id.get() {
            let visibility = match is_seen {
                true => Visibility::InSight,
                false => Visibility::OutOfSight,
            };
            scheduler::set_visibility(id, visibility);
        }
    });
    if let Ok(resize) = ResizeObserver::new(on_resize.as_ref().unchecked_ref()) {
        resize.observe(plot);
        let kept = StoredValue::new_local((resize, on_resize));
        on_cleanup(move || kept.with_value(|(resize, _)| resize.disconnect()));
    }
}

/// The index of the stop nearest to `x`; stops rise.
fn nearest(stops: &[f64], x: f64) -> Option<usize> {
    let right = stops.partition_point(|stop| *stop < x);
    let candidates = [right.checked_sub(1), Some(right)]
        .into_iter()
        .flatten()
        .filter(|idx| *idx < stops.len());
    candidates.min_by(|a, b| (stops[*a] - x).abs().total_cmp(&(stops[*b] - x).abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_stops_at_the_nearest_point() {
        let stops = [0.0, 10.0, 20.0];

        assert_eq!(
            [-5.0, 4.0, 6.0, 99.0].map(|x| nearest(&stops, x)),
            [Some(0), Some(0), Some(1), Some(2)]
        );
        assert_eq!(nearest(&[], 1.0), None);
    }
}
