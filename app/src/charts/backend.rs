//! What charts are drawn on. A canvas: plotters' backend made sharp, with device pixels and coordinates finer
//! than one of them. Or an SVG file, behind the same type, so that charts are compiled once.
//!
//! plotters knows whole units only, so lines that move slowly would jump. This backend claims a size
//! that is a few times larger and lets the canvas scale it down.

use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
};
use plotters_canvas::CanvasBackend;
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use super::{
    sheet::Size,
    vector::{UNITS_PER_PX, Vector},
};

type Fault = DrawingErrorKind<<CanvasBackend as DrawingBackend>::ErrorType>;

/// A canvas, or a file, to draw one picture on.
pub struct Sharp {
    target: Target,
}

enum Target {
    Canvas {
        inner: CanvasBackend,
        context: CanvasRenderingContext2d,
        units_per_device_px: u32,
    },
    Vector {
        vector: Vector,
        size: (u32, u32),
    },
}

impl Sharp {
    /// Clears the canvas, fits it to `size` and gives the backend with its units per CSS pixel.
    ///
    /// `None` without a 2-D context.
    pub fn new(
        canvas: &HtmlCanvasElement,
        size: Size,
        device_pixel_ratio: f64,
    ) -> Option<(Self, f64)> {
        let ratio = if device_pixel_ratio > 0.0 {
            device_pixel_ratio
        } else {
            1.0
        };
        let (width, height) = (
            (size.width * ratio).round() as u32,
            (size.height * ratio).round() as u32,
        );
        // Setting a size clears and reallocates, even when it is the same.
        if canvas.width() != width {
            canvas.set_width(width);
        }
        if canvas.height() != height {
            canvas.set_height(height);
        }
        let context: CanvasRenderingContext2d = canvas.get_context("2d").ok()??.dyn_into().ok()?;
        let units_per_device_px = if ratio < 2.0 { 4 } else { 2 };
        let scale = 1.0 / f64::from(units_per_device_px);
        context.set_transform(1.0, 0.0, 0.0, 1.0, 0.0, 0.0).ok()?;
        context.clear_rect(0.0, 0.0, f64::from(width), f64::from(height));
        context
            .set_transform(scale, 0.0, 0.0, scale, 0.0, 0.0)
            .ok()?;
        // The default, miter, draws spikes at sharp turns.
        context.set_line_join("round");
        let inner = CanvasBackend::with_canvas_object(canvas.clone())?;
        let target = Target::Canvas {
            inner,
            context,
            units_per_device_px,
        };
        Some((Self { target }, ratio * f64::from(units_per_device_px)))
    }

    /// A file of this size, and its units per CSS pixel. What is drawn is found in `vector`.
    pub fn vector(vector: &Vector, size: Size) -> (Self, f64) {
        let units = |px: f64| (px * UNITS_PER_PX).round().max(0.0) as u32;
        let target = Target::Vector {
            vector: vector.clone(),
            size: (units(size.width), units(size.height)),
        };
        (Self { target }, UNITS_PER_PX)
    }
}

impl DrawingBackend for Sharp {
    type ErrorType = <CanvasBackend as DrawingBackend>::ErrorType;

    fn get_size(&self) -> (u32, u32) {
        match &self.target {
            Target::Canvas {
                inner,
                units_per_device_px,
                ..
            } => {
                let (width, height) = inner.get_size();
                (width * units_per_device_px, height * units_per_device_px)
            }
            Target::Vector { size, .. } => *size,
        }
    }

    fn ensure_prepared(&mut self) -> Result<(), Fault> {
        match &mut self.target {
            Target::Canvas { inner, .. } => inner.ensure_prepared(),
            Target::Vector { .. } => Ok(()),
        }
    }

    fn present(&mut self) -> Result<(), Fault> {
        match &mut self.target {
            Target::Canvas { inner, .. } => inner.present(),
            Target::Vector { .. } => Ok(()),
        }
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Result<(), Fault> {
        match &mut self.target {
            Target::Canvas { inner, .. } => inner.draw_pixel(point, color)?,
            Target::Vector { vector, .. } => {
                vector.rect(point, (point.0 + 1, point.1 + 1), &color, true)
            }
        }
        Ok(())
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Result<(), Fault> {
        match &mut self.target {
            Target::Canvas { inner, .. } => inner.draw_line(from, to, style)?,
            Target::Vector { vector, .. } => vector.path([from, to], style, false),
        }
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: BackendCoord,
        bottom_right: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Result<(), Fault> {
        match &mut self.target {
            Target::Canvas { inner, .. } => {
                inner.draw_rect(upper_left, bottom_right, style, fill)?
            }
            Target::Vector { vector, .. } => vector.rect(upper_left, bottom_right, style, fill),
        }
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Result<(), Fault> {
        match &mut self.target {
            Target::Canvas { inner, .. } => inner.draw_path(path, style)?,
            Target::Vector { vector, .. } => vector.path(path, style, false),
        }
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Result<(), Fault> {
        match &mut self.target {
            Target::Canvas { inner, .. } => inner.draw_circle(center, radius, style, fill)?,
            Target::Vector { vector, .. } => vector.circle(center, radius, style, fill),
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Result<(), Fault> {
        match &mut self.target {
            Target::Canvas { inner, .. } => inner.fill_polygon(path, style)?,
            Target::Vector { vector, .. } => vector.path(path, style, true),
        }
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        at: BackendCoord,
    ) -> Result<(), Fault> {
        match &mut self.target {
            Target::Canvas { inner, .. } => inner.draw_text(text, style, at)?,
            Target::Vector { vector, .. } => vector.text(text, style, at),
        }
        Ok(())
    }

    /// Asks the canvas. plotters' own way puts an element into the page and forces a layout per label.
    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        style: &S,
    ) -> Result<(u32, u32), Fault> {
        let size = style.size();
        let width = match &self.target {
            Target::Canvas { context, .. } => {
                let (slant, family) = (style.style(), style.family());
                context.set_font(&format!("{} {size}px {}", slant.as_str(), family.as_str()));
                let metrics = context.measure_text(text);
                metrics.map_or(0.0, |metrics| metrics.width())
            }
            // Nothing is measured in a file; a little more than half a square a letter is usual.
            Target::Vector { .. } => text.chars().count() as f64 * size * 0.55,
        };
        Ok((width.ceil() as u32, size.ceil() as u32))
    }
}
