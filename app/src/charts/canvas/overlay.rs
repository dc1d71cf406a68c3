//! What moves over a chart: crosshair, dot, brush, read-out, the crosshair of another chart, and the playhead.

use leptos::prelude::*;

use super::{gestures::Gestures, playhead};

/// Over the canvas.
#[component]
pub(super) fn Overlay(gestures: Gestures) -> impl IntoView {
    let drawn = gestures.drawn;
    let stage = move || gestures.stage.get_value();
    let at_cursor = Memo::new(move |_| {
        drawn.track();
        gestures.cursor.get().and_then(|idx| stage().readout(idx))
    });
    let echo = move || {
        let (at, whose) = gestures.shared.at.get()?;
        if Some(whose) == stage().id.get() {
            return None;
        }
        stage().px_of_time(at)
    };
    let cursor_x = move || at_cursor.with(|c| c.as_ref().map(|(x, _)| *x));
    let x = move || cursor_x().unwrap_or(0.0);
    let dot_y = move || at_cursor.with(|c| c.as_ref().and_then(|(_, readout)| readout.dot_y));
    let brush = gestures.brush;
    let brush_px = move || {
        let ends = brush.get();
        ends.map_or((0.0, 0.0), |(a, b)| (a.min(b), (b - a).abs()))
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
        {line(playhead::NAME, drawn, gestures.playhead())}
        {line("crosshair echo", drawn, Box::new(echo))}
        {line("crosshair", drawn, Box::new(cursor_x))}
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

/// Where a line stands, if anywhere.
pub(super) type Place = Box<dyn Fn() -> Option<f64> + Send + Sync>;

/// An upright line.
fn line(class: &'static str, drawn: RwSignal<u32>, place: Place) -> AnyView {
    let x = Memo::new(move |_| {
        drawn.track();
        place()
    });
    view! {
        <div
            class=class
            aria-hidden="true"
            hidden=move || x.get().is_none()
            style:transform=move || format!("translateX({:.1}px)", x.get().unwrap_or(0.0))
        ></div>
    }
    .into_any()
}
