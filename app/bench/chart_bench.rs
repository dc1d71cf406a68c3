//! The chart of `charts/lines.rs` for `e2e/bench/chart-redraw.bench.ts`, which draws it beside uPlot.
//!
//! Built only with the feature `bench`, so that nothing of it is in the page.

use std::sync::Arc;

use analysis::view::Range;
use app::charts::{
    backend::Sharp,
    lines::{LinesChart, LinesView, Series},
    sheet::{Sheet, Size},
    theme::Palette,
};
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::HtmlCanvasElement;

fn main() {}

/// Three series over one range.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Bench {
    view: Arc<LinesView>,
}

#[wasm_bindgen]
impl Bench {
    /// Times in milliseconds, and the values of each series at them.
    #[wasm_bindgen(constructor)]
    pub fn new(times: &[f64], a: &[f64], b: &[f64], c: &[f64], from: f64, to: f64) -> Self {
        let series = |name: &str, values: &[f64], is_second| Series {
            name: name.to_owned(),
            points: times.iter().copied().zip(values.iter().copied()).collect(),
            is_second,
        };
        let view = LinesView {
            series: vec![
                series("CPU", a, false),
                series("RAM", b, false),
                series("TCP Out", c, true),
            ],
            range: Range {
                from: from as i64,
                to: to as i64,
            },
            max_step: i64::MAX,
            unit: "%".to_owned(),
            second_unit: "MB".to_owned(),
            decimals: 1,
            ..LinesView::default()
        };
        Self {
            view: Arc::new(view),
        }
    }

    /// Lays out, decimates and draws; returns whether that could be done.
    pub fn draw(&self, canvas: &HtmlCanvasElement, width: f64, height: f64, ratio: f64) -> bool {
        let size = Size { width, height };
        let chart = LinesChart::new(Arc::clone(&self.view), size);
        let Some((backend, units_per_px)) = Sharp::new(canvas, size, ratio) else {
            return false;
        };
        chart
            .draw(&Sheet::new(backend, units_per_px, Palette::LIGHT))
            .is_ok()
    }
}
