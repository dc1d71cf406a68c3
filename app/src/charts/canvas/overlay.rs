//! What moves with the pointer: crosshair, dot, brush, read-out, and the crosshair of another chart.

use leptos::prelude::*;

use super::gestures::Gestures;

/// Over the canvas.
#[component]
pub(super) fn Overlay(gestures: Gestures, drawn: RwSignal<u32>) -> impl IntoView {
    let stage = move || gestures.stage.get_value();
    let at_cursor = Memo::new(move |_| {
        drawn.track();
        gestures.cursor.get().and_then(|idx| stage().readout(idx))
    });
    let echo = Memo::new(move |_| {
        drawn.track();
        let (at, whose) = gestures.shared.at.get()?;
        if Some(whose) == stage().id.get() {
            return None;
        }
        stage().px_of_time(at)
    });
    let x = move || at_cursor.with(|c| c.as_ref().map_or(0.0, |(x, _)| *x));
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
        <div
            class="crosshair echo"
            aria-hidden="true"
            hidden=move || echo.get().is_none()
            style:transform=move || format!("translateX({:.1}px)", echo.get().unwrap_or(0.0))
        ></div>
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
