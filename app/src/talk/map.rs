//! Posts by place: clusters over the outlines of countries, and the countries in a table.

use std::{cell::RefCell, f64::consts::TAU};

use analysis::{
    places::{Cluster, CountryRow, World},
    protocol::talk::PlacesView,
    view::Class,
};
use leptos::{ev, html, prelude::*, task::spawn_local};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    CanvasRenderingContext2d, Element, HtmlCanvasElement, KeyboardEvent, Path2d, PointerEvent,
};

use super::{Method, desk::Desk, texts};
use crate::{
    format,
    panels::{css_class, glyph},
};

/// The outlines of countries, beside the page.
const WORLD: &str = "./world.bin";
/// How far one can go in, each twice the one before; and the squares at each, in tenths of a degree.
const SQUARES: [u32; 6] = [20, 10, 5, 3, 2, 1];
const CLASSES: [Class; 3] = [Class::Neutral, Class::Negative, Class::Positive];
/// What a key press or button moves by, in parts of what is shown.
const STEP: f64 = 0.2;
/// Countries of the table.
const N_ROWS: usize = 60;

thread_local! {
    /// Of all countries; see [`outlines`].
    static OUTLINES: RefCell<Option<Path2d>> = const { RefCell::new(None) };
}

/// What part of the world is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Frame {
    lat: f64,
    lon: f64,
    zoom: usize,
}

const WHOLE: Frame = Frame {
    lat: 15.0,
    lon: 0.0,
    zoom: 0,
};

/// The panel.
#[component]
pub(super) fn MapPanel() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let method = Signal::derive(move || {
        desk.places
            .with(|view| view.as_ref().map(texts::places_method).unwrap_or_default())
    });
    let has_world = RwSignal::new(OUTLINES.with_borrow(Option::is_some));
    spawn_local(async move {
        if !has_world.get_untracked() && fetch_world().await.is_ok() {
            has_world.set(true);
        }
    });
    let told = move || desk.places.with(|view| view.as_ref().map(summary));
    let is_empty = Memo::new(move |_| {
        desk.places.with(|view| {
            view.as_ref()
                .map(|view| view.n_posts == view.n_without_place)
        })
    });
    view! {
        <section class="panel talk-map" aria-labelledby="talk-map-title">
            <header>
                <h3 id="talk-map-title">"Where posts come from"</h3>
            </header>
            <p class="caption" data-testid="talk-places">{told}</p>
            {move || match is_empty.get() {
                None => view! { <div class="loading list-skeleton"></div> }.into_any(),
                Some(true) => view! {
                    <p class="empty">"No selected post of the range carries a place: most platforms do not say any. Choose a longer range."</p>
                }.into_any(),
                Some(false) => view! { <div class="talk-split"><Map has_world /><Countries /></div> }.into_any(),
            }}
            <Method text=method />
        </section>
    }
}

fn summary(view: &PlacesView) -> String {
    format!(
        "{} of {} posts carry a place ({})",
        format::count(view.n_posts - view.n_without_place),
        format::count(view.n_posts),
        format::share(view.n_posts - view.n_without_place, view.n_posts),
    )
}

async fn fetch_world() -> Result<(), JsValue> {
    let response = JsFuture::from(window().fetch_with_str(WORLD)).await?;
    let response: web_sys::Response = response.dyn_into()?;
    let bytes = JsFuture::from(response.array_buffer()?).await?;
    let bytes = js_sys::Uint8Array::new(&bytes).to_vec();
    // Without outlines clusters and countries are shown all the same.
    OUTLINES.set(World::read(&bytes).ok().as_ref().and_then(outlines));
    Ok(())
}

#[component]
fn Map(has_world: RwSignal<bool>) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let frame = RwSignal::new(WHOLE);
    let canvas = NodeRef::<html::Canvas>::new();
    let size = RwSignal::new((0_u32, 0_u32));
    let measure = move || {
        if let Some(canvas) = canvas.get_untracked() {
            let side = |length: i32| u32::try_from(length).unwrap_or_default();
            size.set((side(canvas.client_width()), side(canvas.client_height())));
        }
    };
    Effect::new(move |_| {
        if canvas.get().is_some() {
            measure();
        }
    });
    let on_resize = window_event_listener(ev::resize, move |_| measure());
    on_cleanup(move || on_resize.remove());
    Effect::new(move |_| {
        let frame = frame.get();
        desk.square
            .set(SQUARES.get(frame.zoom).copied().unwrap_or(20));
    });
    let zoomed = Memo::new(move |_| frame.get().zoom);
    let circles = RwSignal::new_local(Vec::new());
    Effect::new(move |_| {
        let per_degree = per_degree(zoomed.get(), size.get());
        desk.places.with(|view| {
            let clusters = view.as_ref().map_or(&[][..], |view| &view.clusters);
            crate::mark("map-circles-begin");
            circles.set(circles_of(clusters, per_degree));
            crate::mark("map-circles-end");
        });
    });
    Effect::new(move |_| {
        desk.look.track();
        has_world.track();
        let (size, frame) = (size.get(), frame.get());
        if let Some(canvas) = canvas.get() {
            circles.with(|circles| draw(&canvas, size, frame, circles));
        }
    });
    let zoom = move |by: isize| {
        frame.update(|frame| {
            frame.zoom = frame.zoom.saturating_add_signed(by).min(SQUARES.len() - 1);
            *frame = in_limits(*frame);
        });
    };
    let pan = move |right: f64, up: f64| {
        frame.update(|frame| {
            let width = 360.0 / scale(frame.zoom);
            frame.lon += right * width;
            frame.lat += up * width / 2.0;
            *frame = in_limits(*frame);
        });
    };
    let on_key = move |event: KeyboardEvent| {
        match event.key().as_str() {
            "ArrowLeft" => pan(-STEP, 0.0),
            "ArrowRight" => pan(STEP, 0.0),
            "ArrowUp" => pan(0.0, STEP),
            "ArrowDown" => pan(0.0, -STEP),
            "+" | "=" => zoom(1),
            "-" => zoom(-1),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    let dragged = StoredValue::new(None::<(f64, f64)>);
    let pointed = RwSignal::new(String::new());
    let on_move = move |event: PointerEvent| {
        let at = (f64::from(event.client_x()), f64::from(event.client_y()));
        let (width, height) = size.get_untracked();
        if let Some(before) = dragged.get_value() {
            dragged.set_value(Some(at));
            let (width, height) = (f64::from(width.max(1)), f64::from(height.max(1)));
            return pan((before.0 - at.0) / width, (at.1 - before.1) / height);
        }
        let place = (f64::from(event.offset_x()), f64::from(event.offset_y()));
        let nearest = desk.places.with_untracked(|view| {
            let clusters = view.as_ref().map_or(&[][..], |view| &view.clusters);
            nearest(clusters, frame.get_untracked(), (width, height), place).map(cluster_text)
        });
        pointed.set(nearest.unwrap_or_default());
    };
    let label = move || {
        let n = desk
            .places
            .with(|view| view.as_ref().map_or(0, |view| view.clusters.len()));
        format!(
            "Map of posts in {n} places, arrow keys move it, + and − zoom; the table has the countries"
        )
    };
    view! {
        <div class="map-box">
            <canvas class="map" tabindex="0" role="img" aria-label=label node_ref=canvas
                data-clusters=move || desk.places.with(|view| view.as_ref().map_or(0, |view| view.clusters.len()))
                on:keydown=on_key
                on:pointermove=on_move
                on:pointerdown=move |event: PointerEvent| dragged.set_value(Some((f64::from(event.client_x()), f64::from(event.client_y()))))
                on:pointerup=move |_| dragged.set_value(None)
                on:pointerleave=move |_| dragged.set_value(None)></canvas>
            <p class="map-tools">
                <button type="button" aria-label="Zoom in" disabled=move || frame.get().zoom + 1 == SQUARES.len() on:click=move |_| zoom(1)>"+"</button>
                <button type="button" aria-label="Zoom out" disabled=move || frame.get().zoom == 0 on:click=move |_| zoom(-1)>"−"</button>
                <button type="button" on:click=move |_| frame.set(WHOLE)>"Whole world"</button>
                <span class="caption">{move || pointed.get()}</span>
            </p>
            <p class="caption legend">
                {CLASSES.map(|class| view! {
                    <span class=css_class(class)><i class="probe" data-class=css_class(class)>{glyph(class)}</i>" "{crate::panels::class_name(class)}</span>
                })}
                <i class="probe land" data-class="land"></i><i class="probe coast" data-class="coast"></i>
            </p>
        </div>
    }
}

/// Pixels for a degree are so many times as many as where the whole world is shown.
fn scale(zoom: usize) -> f64 {
    f64::from(1_u32 << zoom)
}

fn in_limits(frame: Frame) -> Frame {
    let (width, height) = (360.0 / scale(frame.zoom), 150.0 / scale(frame.zoom));
    let (x, y) = ((360.0 - width) / 2.0, (150.0 - height) / 2.0);
    Frame {
        lon: frame.lon.max(-x).min(x),
        lat: frame.lat.max(15.0 - y).min(15.0 + y),
        ..frame
    }
}

/// Pixels of a degree.
fn per_degree(zoom: usize, (width, _): (u32, u32)) -> f64 {
    f64::from(width) / 360.0 * scale(zoom)
}

/// Equal distances for equal degrees: simple, and honest about the place of a point if not about areas.
fn project(frame: Frame, size: (u32, u32), (lat, lon): (f64, f64)) -> (f64, f64) {
    let per_degree = per_degree(frame.zoom, size);
    let (width, height) = size;
    (
        f64::from(width) / 2.0 + (lon - frame.lon) * per_degree,
        f64::from(height) / 2.0 - (lat - frame.lat) * per_degree,
    )
}

/// By area, so that ten times as many look ten times as large.
fn radius(n: u64) -> f64 {
    (2.0 + 1.2 * (n as f64).sqrt()).min(28.0)
}

fn class_of(cluster: &Cluster) -> Class {
    match cluster.tally.mean_compound() {
        Some(mean) if mean >= 0.05 => Class::Positive,
        Some(mean) if mean <= -0.05 => Class::Negative,
        _ => Class::Neutral,
    }
}

fn draw(canvas: &HtmlCanvasElement, size: (u32, u32), frame: Frame, circles: &[(Class, Path2d)]) {
    let context = canvas.get_context("2d").ok().flatten();
    let context = context.and_then(|context| context.dyn_into::<CanvasRenderingContext2d>().ok());
    let (Some(context), (1.., 1..)) = (context, size) else {
        return;
    };
    let ratio = window().device_pixel_ratio().max(1.0);
    crate::mark("map-begin");
    // Setting the size clears it.
    canvas.set_width((f64::from(size.0) * ratio) as u32);
    canvas.set_height((f64::from(size.1) * ratio) as u32);
    let _ = context.scale(ratio, ratio);
    let colour = |name: &str| colour(canvas, name);
    let (x, y) = project(frame, size, (0.0, 0.0));
    let _ = context.translate(x, y);
    OUTLINES.with_borrow(|outlines| {
        if let Some(outlines) = outlines {
            context.set_fill_style_str(&colour("land"));
            context.set_stroke_style_str(&colour("coast"));
            let per_degree = per_degree(frame.zoom, size);
            context.save();
            let _ = context.scale(per_degree, -per_degree);
            context.set_line_width(0.7 / per_degree);
            context.fill_with_path_2d(outlines);
            context.stroke_with_path(outlines);
            context.restore();
        }
    });
    context.set_global_alpha(0.75);
    for (class, circles) in circles {
        context.set_fill_style_str(&colour(css_class(*class)));
        context.fill_with_path_2d(circles);
    }
    crate::mark("map-end");
}

/// All circles of a class as one path, in pixels from where the equator meets Greenwich: whoever moves the map
/// draws them again at another place.
fn circles_of(clusters: &[Cluster], per_degree: f64) -> Vec<(Class, Path2d)> {
    let circles = |class: Class| {
        let path = Path2d::new().ok()?;
        for cluster in clusters.iter().filter(|one| class_of(one) == class) {
            let (lat, lon) = cluster.lat_lon;
            let (x, y) = (lon * per_degree, -lat * per_degree);
            let radius = radius(cluster.tally.n());
            path.move_to(x + radius, y);
            let _ = path.arc(x, y, radius, 0.0, TAU);
        }
        Some((class, path))
    };
    CLASSES.into_iter().filter_map(circles).collect()
}

/// The same of all countries, in degrees.
fn outlines(world: &World) -> Option<Path2d> {
    let path = Path2d::new().ok()?;
    for ring in world
        .countries()
        .iter()
        .flat_map(|country| country.polygons.iter().flatten())
    {
        // What crosses ±180° is drawn on both sides.
        let crosses = ring.iter().any(|(lon, _)| lon.abs() > 180.0);
        let east = ring.iter().any(|(lon, _)| *lon > 180.0);
        let shifts = [0.0, if east { -360.0 } else { 360.0 }];
        for shift in shifts.into_iter().take(1 + usize::from(crosses)) {
            for (idx, (lon, lat)) in ring.iter().enumerate() {
                match idx {
                    0 => path.move_to(lon + shift, *lat),
                    _ => path.line_to(lon + shift, *lat),
                }
            }
            path.close_path();
        }
    }
    Some(path)
}

/// The stylesheet's colour for a name, read from what shows it.
fn colour(canvas: &HtmlCanvasElement, name: &str) -> String {
    let probe = canvas.parent_element().and_then(|map| {
        let selector = format!(".probe[data-class={name}]");
        map.query_selector(&selector).ok().flatten()
    });
    let style = |probe: Element| window().get_computed_style(&probe).ok().flatten();
    let style = probe.and_then(style);
    style
        .and_then(|style| style.get_property_value("color").ok())
        .unwrap_or_default()
}

fn nearest(
    clusters: &[Cluster],
    frame: Frame,
    size: (u32, u32),
    (x, y): (f64, f64),
) -> Option<&Cluster> {
    let distance = |cluster: &&Cluster| {
        let at = project(frame, size, cluster.lat_lon);
        (at.0 - x).hypot(at.1 - y) - radius(cluster.tally.n())
    };
    let found = clusters
        .iter()
        .min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
    (distance(&found) < 6.0).then_some(found)
}

fn cluster_text(cluster: &Cluster) -> String {
    let (lat, lon) = cluster.lat_lon;
    let degrees = |value: f64, positive, negative| {
        let tenths = (value.abs() * 10.0).round() as i64;
        let side = if value < 0.0 { negative } else { positive };
        format!("{}.{}° {side}", tenths / 10, tenths % 10)
    };
    let mean = cluster.tally.mean_compound();
    format!(
        "{}, {}: {} posts, mean compound {}",
        degrees(lat, "N", "S"),
        degrees(lon, "E", "W"),
        format::count(cluster.tally.n()),
        mean.map_or("–".to_owned(), |mean| format::signed(mean, 2)),
    )
}

#[component]
fn Countries() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let rows = move || {
        desk.places.with(|view| {
            let rows = view.iter().flat_map(|view| &view.countries);
            rows.take(N_ROWS).cloned().collect::<Vec<_>>()
        })
    };
    let share = |row: &CountryRow, n: u64| format::share(n, row.tally.n());
    let row = move |row: CountryRow| {
        let mean = row.tally.mean_compound();
        view! {
            <tr>
                <th scope="row">{row.name.clone()}</th>
                <td>{format::count(row.tally.n())}</td>
                <td class="tone pos">{share(&row, row.tally.positive)}</td>
                <td>{share(&row, row.tally.neutral)}</td>
                <td class="tone neg">{share(&row, row.tally.negative)}</td>
                <td>{mean.map_or("–".to_owned(), |mean| format::signed(mean, 2))}</td>
            </tr>
        }
    };
    view! {
        <div class="table-box" tabindex="0" role="region" aria-label="Posts by country">
            <table>
                <thead><tr>
                    <th scope="col">"Country"</th><th scope="col">"Posts"</th><th scope="col">"▲"</th>
                    <th scope="col">"●"</th><th scope="col">"▼"</th><th scope="col">"Mean"</th>
                </tr></thead>
                <tbody>{move || rows().into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}
