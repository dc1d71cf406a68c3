//! Saves what a chart shows: its numbers as CSV, its picture as SVG or PNG.

use std::sync::Arc;

use leptos::prelude::document;
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{Blob, CanvasRenderingContext2d, HtmlCanvasElement};

use super::{
    Plottable,
    backend::Sharp,
    sheet::{Sheet, Size},
    theme::{Palette, css},
    vector::{MARGIN_PX, Picture, Vector},
};
use crate::browser;

/// Pixels of a saved picture to the CSS pixel.
const PNG_SCALE: f64 = 2.0;

/// A chart with all that stands on its picture.
pub(crate) struct Sheetful {
    pub(crate) source: Arc<dyn Plottable>,
    pub(crate) size: Size,
    pub(crate) palette: Palette,
    pub(crate) title: String,
    pub(crate) summary: String,
}

/// What can be saved.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Format {
    Csv,
    Svg,
    Png,
}

impl Format {
    fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Svg => "svg",
            Self::Png => "png",
        }
    }

    fn mime(self) -> &'static str {
        match self {
            Self::Csv => "text/csv;charset=utf-8",
            Self::Svg => "image/svg+xml",
            Self::Png => "image/png",
        }
    }
}

impl Sheetful {
    /// Hands the file to the browser.
    pub(crate) fn save(self, format: Format) {
        let name = format!("moodtape-{}.{}", slug(&self.title), format.ending());
        match format {
            Format::Csv => browser::save_text(&name, format.mime(), &self.source.table().csv()),
            Format::Svg => browser::save_text(&name, format.mime(), &self.svg()),
            Format::Png => self.save_png(name),
        }
    }

    fn svg(self) -> String {
        let vector = Vector::default();
        let (backend, units_per_px) = Sharp::vector(&vector, self.size);
        let drawing = self.source.layout(self.size);
        if let Err(error) = drawing.draw(&Sheet::new(backend, units_per_px, self.palette)) {
            leptos::logging::error!("drawing a chart: {error}");
        }
        let (surface, ink) = (css(self.palette.surface), css(self.palette.text));
        Picture {
            size: (self.size.width, self.size.height),
            body: &vector.body(),
            title: &self.title,
            summary: &self.summary,
            colors: (&surface, &ink),
        }
        .svg()
    }

    fn save_png(self, name: String) {
        let Some(canvas) = self.picture() else { return };
        let on_blob = Closure::once_into_js(move |blob: JsValue| {
            if let Ok(blob) = blob.dyn_into::<Blob>() {
                browser::save_blob(&name, &blob);
            }
        });
        // Refused only for a canvas with foreign pictures.
        let _ = canvas.to_blob(on_blob.unchecked_ref());
    }

    /// The chart with title and summary on a canvas of its own.
    fn picture(self) -> Option<HtmlCanvasElement> {
        let chart = new_canvas()?;
        let (backend, units_per_px) = Sharp::new(&chart, self.size, PNG_SCALE)?;
        let drawing = self.source.layout(self.size);
        drawing
            .draw(&Sheet::new(backend, units_per_px, self.palette))
            .ok()?;

        let whole = new_canvas()?;
        let px = |css: f64| (css * PNG_SCALE).round();
        whole.set_width(px(self.size.width) as u32);
        let height = self.size.height + 2.0 * MARGIN_PX;
        whole.set_height(px(height) as u32);
        let context: CanvasRenderingContext2d = whole.get_context("2d").ok()??.dyn_into().ok()?;
        context.set_fill_style_str(&css(self.palette.surface));
        context.fill_rect(0.0, 0.0, px(self.size.width), px(height));
        context
            .draw_image_with_html_canvas_element(&chart, 0.0, px(MARGIN_PX))
            .ok()?;
        context.set_fill_style_str(&css(self.palette.text));
        context.set_font(&format!("600 {}px system-ui, sans-serif", px(14.0)));
        context.fill_text(&self.title, px(8.0), px(19.0)).ok()?;
        context.set_font(&format!("{}px system-ui, sans-serif", px(10.0)));
        context
            .fill_text(&self.summary, px(8.0), px(height - 10.0))
            .ok()?;
        Some(whole)
    }
}

fn new_canvas() -> Option<HtmlCanvasElement> {
    document().create_element("canvas").ok()?.dyn_into().ok()
}

/// `price-sentiment-btc`: small letters and digits.
fn slug(title: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric();
    let words = title
        .split(|c: char| !is_plain(c))
        .filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_after_its_chart() {
        assert_eq!(
            slug("Price × sentiment, BTC/USD"),
            "price-sentiment-btc-usd"
        );
    }
}
