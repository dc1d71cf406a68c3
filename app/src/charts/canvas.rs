//! A chart on the page: the canvas, and over it what moves with pointer and keyboard.
//!
//! Crosshair, brush and read-out are elements that only change their transform; the canvas is redrawn
//! when view, size or colours change, never when the pointer moves.

mod gestures;

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::Arc,
};

use leptos::{
    html::{Canvas, Div},
    prelude::*,
};
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{IntersectionObserver, IntersectionObserverEntry, ResizeObserver};

use super::{
    Drawing, Frame, Plottable, Readout,
    backend::Sharp,
    scheduler::{self, ChartId, Visibility},
    sheet::{Sheet, Size},
};
use crate::theme_switch::Appearance;
use gestures::Gestures;

/// What a chart draws, or nothing yet.
pub(crate) type PlottableSignal = Signal<Option<Arc<dyn Plottable>>>;

/// What a person asks of the horizontal axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Zoom {
    /// Show this stretch.
    To(f64, f64),
    /// Show the whole again.
    Reset,
}

thread_local! {
    static IS_FIRST_CHART_DRAWN: Cell<bool> = const { Cell::new(false) };
}

/// Local state of one chart: the last drawing and the gesture under way.
#[derive(Default)]
struct Stage {
    drawing: RefCell<Option<Box<dyn Drawing>>>,
    stops: RefCell<Vec<f64>>,
    size: Cell<Size>,
    drag_from: Cell<Option<f64>>,
    id: Cell<Option<ChartId>>,
}

impl Stage {
    fn frame(&self) -> Option<Frame> {
        self.drawing
            .borrow()
            .as_ref()
            .map(|drawing| drawing.frame())
    }

    fn readout(&self, idx: usize) -> Option<(f64, Readout)> {
        let drawing = self.drawing.borrow();
        let x = *self.stops.borrow().get(idx)?;
        let drawing = drawing.as_ref()?;
        Some((
            drawing.frame().x_scale().px_from_value(x),
            drawing.readout(idx)?,
        ))
    }

    /// The stop nearest to a pixel.
    fn stop_at(&self, px: f64) -> Option<usize> {
        let x = self.frame()?.x_scale().value_from_px(px);
        nearest(&self.stops.borrow(), x)
    }
}

/// The chart itself; title, tools and table belong to the panel around it.
#[component]
pub(crate) fn ChartCanvas(
    /// Beginning of the accessible name.
    name: &'static str,
    /// Rest of the accessible name: what the chart shows, in a sentence.
    summary: Signal<String>,
    /// What is drawn.
    source: PlottableSignal,
    /// Where zooming goes; without it the axis stands still.
    #[prop(optional)]
    on_zoom: Option<Callback<Zoom>>,
) -> impl IntoView {
    let palette = expect_context::<Appearance>().palette;
    let canvas = NodeRef::<Canvas>::new();
    let plot = NodeRef::<Div>::new();
    let stage = StoredValue::new_local(Rc::new(Stage::default()));
    let stage = move || stage.get_value();
    let cursor = RwSignal::new(None::<usize>);
    let brush = RwSignal::new(None::<(f64, f64)>);
    let spoken = RwSignal::new(String::new());
    // Rises with every drawing, so that the crosshair follows a new layout.
    let drawn = RwSignal::new(0u32);

    let redraw = move || {
        let (stage, source) = (stage(), source.get_untracked());
        if let (Some(canvas), Some(source)) = (canvas.get_untracked(), source) {
            draw(&canvas, &stage, source, palette.get_untracked());
            drawn.update(|n| *n += 1);
        }
    };
    stage().id.set(Some(scheduler::register(Rc::new(redraw))));

    Effect::new(move |_| {
        source.track();
        palette.track();
        if let Some(id) = stage().id.get() {
            scheduler::mark(id);
        }
    });
    Effect::new(move |_| {
        if let Some(plot) = plot.get() {
            observe(&plot, stage(), redraw);
        }
    });

    let gestures = Gestures {
        stage: StoredValue::new_local(stage()),
        cursor,
        brush,
        spoken,
        on_zoom,
    };
    let at_cursor = Memo::new(move |_| {
        drawn.track();
        cursor.get().and_then(|idx| stage().readout(idx))
    });
    let extent = move || source.get().map(|source| source.extent());
    view! {
        <div
            class="plot"
            class:zoomable=on_zoom.is_some()
            node_ref=plot
            tabindex="0"
            role="group"
            aria-roledescription="chart"
            aria-label=move || format!("{name}: {}", summary.get())
            data-from=move || extent().map(|(from, _)| from.to_string())
            data-to=move || extent().map(|(_, to)| to.to_string())
            data-points=move || source.get().map_or(0, |source| source.n_points()).to_string()
            on:pointerdown=move |event| gestures.press(&event)
            on:pointermove=move |event| gestures.point(&event)
            on:pointerup=move |event| gestures.release(&event)
            on:pointercancel=move |_| gestures.cancel()
            on:pointerleave=move |_| cursor.set(None)
            on:blur=move |_| cursor.set(None)
            on:dblclick=move |_| gestures.zoom(Zoom::Reset)
            on:keydown=move |event| gestures.key(&event)
        >
            <canvas node_ref=canvas aria-hidden="true"></canvas>
            <Overlay at_cursor brush />
        </div>
        <output class="vh" aria-live="polite">{move || spoken.get()}</output>
    }
}

/// Crosshair, dot, brush and read-out.
#[component]
fn Overlay(
    at_cursor: Memo<Option<(f64, Readout)>>,
    brush: RwSignal<Option<(f64, f64)>>,
) -> impl IntoView {
    let x = move || at_cursor.with(|c| c.as_ref().map_or(0.0, |(x, _)| *x));
    let dot_y = move || at_cursor.with(|c| c.as_ref().and_then(|(_, readout)| readout.dot_y));
    let brush_px = move || {
        brush
            .get()
            .map_or((0.0, 0.0), |(a, b)| (a.min(b), (b - a).abs()))
    };
    let tip = move || {
        at_cursor.get().map(|(_, readout)| {
            let values = readout.values.into_iter();
            let values = values
                .map(|(name, value)| view! { <span>{name} " " <b>{value}</b></span> })
                .collect_view();
            view! { <span class="tip-title">{readout.title}</span> {values} }
        })
    };
    let is_idle = move || at_cursor.with(Option::is_none);
    view! {
        <div class="crosshair" aria-hidden="true" hidden=is_idle style:transform=move || format!("translateX({:.1}px)", x())></div>
        <div
            class="dot"
            aria-hidden="true"
            hidden=move || dot_y().is_none()
            style:transform=move || format!("translate({:.1}px,{:.1}px)", x(), dot_y().unwrap_or(0.0))
        ></div>
        <div
            class="brush"
            aria-hidden="true"
            hidden=move || brush.get().is_none()
            style:transform=move || format!("translateX({:.1}px)", brush_px().0)
            style:width=move || format!("{:.1}px", brush_px().1)
        ></div>
        <div class="tip" aria-hidden="true" hidden=is_idle style:--x=move || format!("{:.0}px", x())>{tip}</div>
    }
}

fn draw(
    canvas: &web_sys::HtmlCanvasElement,
    stage: &Stage,
    source: Arc<dyn Plottable>,
    palette: super::theme::Palette,
) {
    let size = stage.size.get();
    if size.width < 1.0 || size.height < 1.0 {
        return;
    }
    let has_points = source.n_points() > 0;
    let drawing = source.layout(size);
    let Some((backend, units_per_px)) = Sharp::new(canvas, size, window().device_pixel_ratio())
    else {
        return;
    };
    if let Err(error) = drawing.draw(&Sheet::new(backend, units_per_px, palette)) {
        leptos::logging::error!("drawing a chart: {error}");
    }
    *stage.stops.borrow_mut() = drawing.stops();
    *stage.drawing.borrow_mut() = Some(drawing);
    if has_points && !IS_FIRST_CHART_DRAWN.replace(true) {
        crate::mark("first-chart");
    }
}

/// Follows size and visibility of the plot for as long as the component lives.
fn observe(plot: &web_sys::HtmlDivElement, stage: Rc<Stage>, redraw: impl Fn() + 'static) {
    let element = plot.clone();
    let resized_stage = Rc::clone(&stage);
    let on_resize = Closure::<dyn FnMut()>::new(move || {
        let size = Size {
            width: f64::from(element.client_width()),
            height: f64::from(element.client_height()),
        };
        if size != resized_stage.size.replace(size) {
            // At once: the next frame would show a stretched or empty canvas.
            redraw();
        }
    });
    let on_sight = Closure::<dyn FnMut(js_sys::Array)>::new(move |entries: js_sys::Array| {
        let entry: Option<IntersectionObserverEntry> = entries.pop().dyn_into().ok();
        if let (Some(entry), Some(id)) = (entry, stage.id.get()) {
            let is_seen = entry.is_intersecting();
            scheduler::set_visibility(
                id,
                if is_seen {
                    Visibility::InSight
                } else {
                    Visibility::OutOfSight
                },
            );
        }
    });
    let resize = ResizeObserver::new(on_resize.as_ref().unchecked_ref());
    let sight = IntersectionObserver::new(on_sight.as_ref().unchecked_ref());
    if let (Ok(resize), Ok(sight)) = (resize, sight) {
        resize.observe(plot);
        sight.observe(plot);
        let kept = StoredValue::new_local((resize, sight, on_resize, on_sight));
        on_cleanup(move || {
            kept.with_value(|(resize, sight, ..)| {
                resize.disconnect();
                sight.disconnect();
            });
        });
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
