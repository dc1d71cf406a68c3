//! The cloud of words: buttons in places that do not move as long as the words stay.

use analysis::words::{Cloud, FoundWord, WordBox};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

/// The largest and the smallest letters, in pixels.
const LARGEST: f64 = 34.0;
const SMALLEST: f64 = 12.0;
/// A button is no lower than this, so that a finger hits it.
const LOWEST: f64 = 24.0;
/// Room beside the letters.
const PADDING: f64 = 8.0;

/// A word in its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Placed {
    pub(super) word: FoundWord,
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) size: f64,
}

/// Places words in an area of this width, as little away from where they were as possible; also says how high
/// the cloud is.
pub(super) fn place(
    words: &[FoundWord],
    before: &mut Cloud,
    (width, height): (u32, u32),
) -> (Vec<Placed>, u32) {
    let largest = words.first().map_or(1.0, |word| word.weight).max(1e-9);
    let size_of = |word: &FoundWord| {
        let share = (word.weight / largest).clamp(0.0, 1.0).sqrt();
        SMALLEST + (LARGEST - SMALLEST) * share
    };
    let Some(ruler) = ruler() else {
        return (Vec::new(), height);
    };
    let boxes: Vec<WordBox<'_>> = words
        .iter()
        .map(|word| {
            let size = size_of(word);
            ruler.set_font(&format!(
                "600 {}px system-ui, sans-serif",
                size.round() as u32
            ));
            let measured = ruler
                .measure_text(&word.text)
                .map_or(0.0, |text| text.width());
            WordBox {
                text: &word.text,
                width: (measured + PADDING).ceil() as u32,
                height: (size * 1.25).max(LOWEST).ceil() as u32,
            }
        })
        .collect();
    let cloud = before.next(&boxes, width, height);
    let placed = cloud.words().iter().filter_map(|place| {
        let word = words.iter().find(|word| word.text == place.text)?;
        let as_asked = boxes.iter().find(|asked| asked.text == place.text)?;
        let shrunk = f64::from(place.width) / f64::from(as_asked.width.max(1));
        Some(Placed {
            word: word.clone(),
            x: place.x,
            y: place.y,
            width: place.width,
            height: place.height,
            size: size_of(word).round() * shrunk.min(1.0),
        })
    });
    let placed = placed.collect();
    let height = cloud.height();
    *before = cloud;
    (placed, height)
}

fn ruler() -> Option<CanvasRenderingContext2d> {
    let canvas: HtmlCanvasElement = document().create_element("canvas").ok()?.dyn_into().ok()?;
    canvas.get_context("2d").ok()??.dyn_into().ok()
}
