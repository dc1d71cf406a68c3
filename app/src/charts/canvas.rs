//! A chart on the page: the canvas, and over it what moves with pointer and keyboard; the table; the menu.
//!
//! Crosshair, brush, read-out and playhead are elements that only change their transform; the canvas is redrawn
//! when view, size or colours change, never when the pointer moves.

mod gestures;
mod menu;
mod overlay;
mod playhead;
mod stage;
mod table;

use std::{rc::Rc, sync::Arc};

use analysis::protocol::{Command, ReplayOrder};
use leptos::{
    html::{Canvas, Div},
    prelude::*,
};
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::{
    Plottable,
    export::{Format, Sheetful},
    scheduler,
};
use crate::{app::Actions, state::Views, strings, theme_switch::Appearance};
use gestures::Gestures;
use menu::ChartMenu;
use overlay::Overlay;
pub(crate) use stage::{SharedCursor, Zoom};
use stage::{Stage, draw, observe};
use table::ChartTable;

/// What a chart draws, or nothing yet.
pub(crate) type PlottableSignal = Signal<Option<Arc<dyn Plottable>>>;

/// What menu, keys and playhead of a chart ask for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Wish {
    Table,
    Save(Format),
    WholeWindow,
    Replay(ReplayOrder),
}

/// The chart with its menu and its table; the title belongs to the panel around it.
#[component]
pub(crate) fn ChartCanvas(
    /// Beginning of the accessible name, and the title of what is saved.
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
    let views = expect_context::<Views>();
    let actions = expect_context::<Actions>();
    let canvas = NodeRef::<Canvas>::new();
    let plot = NodeRef::<Div>::new();
    let stage = StoredValue::new_local(Rc::new(Stage::default()));
    let stage = move || stage.get_value();
    let is_table = RwSignal::new(false);
    let drawn = RwSignal::new(0u32);
    let spoken = RwSignal::new(String::new());
    let preview = RwSignal::new(None);
    let failure = RwSignal::new(None::<String>);

    let redraw = move || {
        let (stage, source) = (stage(), source.get_untracked());
        if let (Some(canvas), Some(source)) = (canvas.get_untracked(), source) {
            let outcome = draw(&canvas, &stage, source, palette.get_untracked());
            if outcome.as_ref().err() != failure.get_untracked().as_ref() {
                failure.set(outcome.err());
            }
            drawn.update(|n| *n += 1);
            if !stage.is_moving() {
                preview.set(None);
            }
        }
    };
    let id = scheduler::register(Rc::new(redraw));
    stage().id.set(Some(id));
    on_cleanup(move || scheduler::unregister(id));
    Effect::new(move |_| {
        source.track();
        palette.track();
        scheduler::mark(id);
    });
    Effect::new(move |_| {
        if let Some(plot) = plot.get() {
            observe(&plot, stage(), redraw);
        }
    });

    let wish = Callback::new(move |wish| match wish {
        Wish::Table => is_table.update(|is| *is = !*is),
        Wish::WholeWindow => toggle_whole_window(plot.get_untracked().as_deref()),
        Wish::Replay(order) => actions.send(&Command::Replay(order)),
        Wish::Save(format) => {
            if let Some(source) = source.get_untracked() {
                let config = views.config.get_untracked();
                let from = strings::provenance(config.as_deref());
                let sheetful = Sheetful {
                    source,
                    size: stage().size.get(),
                    palette: palette.get_untracked(),
                    title: name.to_owned(),
                    summary: format!("{}. {from}", summary.get_untracked()),
                };
                sheetful.save(format);
            }
        }
    });
    let gestures = Gestures {
        stage: StoredValue::new_local(stage()),
        cursor: RwSignal::new(None),
        shared: expect_context(),
        brush: RwSignal::new(None),
        preview,
        spoken,
        on_zoom,
        wish,
        drawn,
    };
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
            on:pointercancel=move |event| gestures.cancel(&event)
            on:pointerleave=move |_| gestures.leave()
            on:blur=move |_| gestures.set_cursor(None)
            on:dblclick=move |_| gestures.zoom(Zoom::Reset)
            on:wheel=move |event| gestures.wheel(&event)
            on:keydown=move |event| gestures.key(&event)
        >
            <canvas
                node_ref=canvas
                aria-hidden="true"
                style:transform=move || preview.get().map(|(shift, scale)| format!("translateX({shift:.1}px) scaleX({scale:.4})"))
            ></canvas>
            <Overlay gestures />
        </div>
        {move || failure.get().map(|why| view! {
            <div class="failed over" role="alert">
                <p>{format!("This chart cannot be drawn: {why}.")}</p>
                <button type="button" on:click=move |_| redraw()>"Retry"</button>
            </div>
        })}
        <output class="vh" aria-live="polite">{move || spoken.get()}</output>
        <Show when=move || is_table.get()><ChartTable name source /></Show>
        <ChartMenu name is_table wish />
    }
}

/// The box around a chart over the whole window, or back.
fn toggle_whole_window(plot: Option<&web_sys::HtmlElement>) {
    if document().fullscreen_element().is_some() {
        document().exit_fullscreen();
        return;
    }
    let figure: Option<Element> = plot.and_then(|plot| plot.parent_element());
    if let Some(figure) = figure.and_then(|figure| figure.dyn_into::<Element>().ok()) {
        // Some phones offer it for videos only.
        let _ = figure.request_fullscreen();
    }
}
