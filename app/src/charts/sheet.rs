//! A sheet to draw on, in CSS pixels: plotters' drawing area with the page's palette and type size.
//!
//! Everything is generic over plotters' backend: SVG in tests, a canvas in the page.

use plotters::{
    coord::{Shift, cartesian::Cartesian2d, types::RangedCoordf64},
    drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea},
    element::{Circle, PathElement, Rectangle},
    prelude::DrawingBackend,
    style::{
        Color, FontDesc, FontFamily, FontStyle, RGBColor, ShapeStyle, TextStyle,
        text_anchor::{HPos, Pos, VPos},
    },
};

use super::{
    clip::{Point, Window, clip_polyline},
    scale::{Rect, Scale},
    theme::Palette,
};

/// What drawing gives.
pub type Drawn<DB> = Result<(), DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;

/// Height of labels in CSS pixels.
pub const LABEL_PX: f64 = 11.0;

const FONT: &str = "system-ui, sans-serif";

/// Width and height in CSS pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Size {
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

/// A drawing area that is measured in CSS pixels.
pub struct Sheet<DB: DrawingBackend> {
    area: DrawingArea<DB, Shift>,
    /// Backend units per CSS pixel.
    units_per_px: f64,
    /// Colours to draw with.
    pub palette: Palette,
}

/// Which part of a text stands at its position.
#[derive(Clone, Copy, Debug)]
pub enum Anchor {
    /// Left end, at the text's middle height.
    Left,
    /// Right end, at the text's middle height.
    Right,
    /// Middle of the upper edge.
    Top,
    /// Left end of the upper edge.
    TopLeft,
    /// Right end of the upper edge.
    TopRight,
}

impl<DB: DrawingBackend> Sheet<DB> {
    /// Takes a backend with `units_per_px` units to the CSS pixel.
    pub fn new(backend: DB, units_per_px: f64, palette: Palette) -> Self {
        Self {
            area: backend.into_drawing_area(),
            units_per_px,
            palette,
        }
    }

    /// Hands the drawing over to the backend.
    ///
    /// # Errors
    /// What the backend refuses.
    pub fn present(&self) -> Drawn<DB> {
        self.area.present()
    }

    /// A plain line one CSS pixel wide, horizontal or vertical; drawn as a rectangle so that it is crisp.
    ///
    /// # Errors
    /// What the backend refuses.
    pub fn hairline(&self, (x0, y0): Point, (x1, y1): Point, color: RGBColor) -> Drawn<DB> {
        let (x0, y0) = (x0.round(), y0.round());
        let rect = Rect {
            x0,
            y0,
            x1: x1.round().max(x0 + 1.0),
            y1: y1.round().max(y0 + 1.0),
        };
        self.fill(rect, color, 1.0)
    }

    /// A filled rectangle.
    ///
    /// # Errors
    /// What the backend refuses.
    pub fn fill(&self, rect: Rect, color: RGBColor, alpha: f64) -> Drawn<DB> {
        let corners = [self.unit((rect.x0, rect.y0)), self.unit((rect.x1, rect.y1))];
        self.area
            .draw(&Rectangle::new(corners, color.mix(alpha).filled()))
    }

    /// A thin open line through points of the screen.
    ///
    /// # Errors
    /// What the backend refuses.
    pub fn stroke(&self, points: &[Point], color: RGBColor, width_px: f64) -> Drawn<DB> {
        let points: Vec<_> = points.iter().map(|p| self.unit(*p)).collect();
        self.area
            .draw(&PathElement::new(points, self.line_style(color, width_px)))
    }

    /// Slanted lines over a rectangle: *no data*.
    ///
    /// # Errors
    /// What the backend refuses.
    pub fn hatch(&self, rect: Rect, color: RGBColor) -> Drawn<DB> {
        const STEP_PX: f64 = 8.0;
        self.fill(rect, color, 0.35)?;
        let window = Window {
            x: (rect.x0, rect.x1),
            y: (rect.y0, rect.y1),
        };
        // Lines x + y = c, aligned to the sheet so that neighbouring bands match.
        let first = ((rect.x0 + rect.y0) / STEP_PX).ceil();
        let n = ((rect.width() + rect.height()) / STEP_PX).ceil();
        for idx in 0..=n as usize {
            let c = (first + idx as f64) * STEP_PX;
            let line = [(c - rect.y1, rect.y1), (c - rect.y0, rect.y0)];
            for part in clip_polyline(&line, window) {
                self.stroke(&part, color, 1.0)?;
            }
        }
        Ok(())
    }

    /// One line of text.
    ///
    /// # Errors
    /// What the backend refuses.
    pub fn text(&self, text: &str, at: Point, anchor: Anchor, color: RGBColor) -> Drawn<DB> {
        let (h_pos, v_pos) = match anchor {
            Anchor::Left => (HPos::Left, VPos::Center),
            Anchor::Right => (HPos::Right, VPos::Center),
            Anchor::Top => (HPos::Center, VPos::Top),
            Anchor::TopLeft => (HPos::Left, VPos::Top),
            Anchor::TopRight => (HPos::Right, VPos::Top),
        };
        let font = FontDesc::new(
            FontFamily::Name(FONT),
            LABEL_PX * self.units_per_px,
            FontStyle::Normal,
        );
        let style = TextStyle::from(font)
            .color(&color)
            .pos(Pos::new(h_pos, v_pos));
        self.area.draw_text(text, &style, self.unit(at))
    }

    /// A part of the sheet with its own axes.
    pub fn lane(&self, rect: Rect, x: (f64, f64), y: (f64, f64)) -> Lane<'_, DB> {
        let (left, top) = self.unit((rect.x0, rect.y0));
        let (right, bottom) = self.unit((rect.x1, rect.y1));
        let axes = Cartesian2d::new(x.0..x.1, y.0..y.1, (left..right, bottom..top));
        Lane {
            sheet: self,
            area: self.area.apply_coord_spec(axes),
            window: Window { x, y },
            x: Scale {
                lo: x.0,
                hi: x.1,
                px_lo: rect.x0,
                px_hi: rect.x1,
            },
            y: Scale {
                lo: y.0,
                hi: y.1,
                px_lo: rect.y1,
                px_hi: rect.y0,
            },
        }
    }

    fn line_style(&self, color: RGBColor, width_px: f64) -> ShapeStyle {
        color.stroke_width((width_px * self.units_per_px).round().max(1.0) as u32)
    }

    fn unit(&self, (x, y): Point) -> (i32, i32) {
        (
            (x * self.units_per_px).round() as i32,
            (y * self.units_per_px).round() as i32,
        )
    }
}

/// A part of a sheet with its own axes: points are given in axis values and cut to the part.
pub struct Lane<'a, DB: DrawingBackend> {
    sheet: &'a Sheet<DB>,
    area: DrawingArea<DB, Cartesian2d<RangedCoordf64, RangedCoordf64>>,
    window: Window,
    /// Screen from the horizontal axis.
    pub x: Scale,
    /// Screen from the vertical axis.
    pub y: Scale,
}

impl<DB: DrawingBackend> Lane<'_, DB> {
    /// A line, cut to the lane. A single point becomes a dot.
    ///
    /// # Errors
    /// What the backend refuses.
    pub fn line(&self, points: &[Point], color: RGBColor, width_px: f64) -> Drawn<DB> {
        for part in clip_polyline(points, self.window) {
            match part.as_slice() {
                [point] => self.dot(*point, width_px * 1.5, color)?,
                _ => self.area.draw(&PathElement::new(
                    part,
                    self.sheet.line_style(color, width_px),
                ))?,
            }
        }
        Ok(())
    }

    /// A line of dashes, given as lengths in CSS pixels by turns drawn and left out; whole without any.
    ///
    /// # Errors
    /// What the backend refuses.
    pub fn dashed(
        &self,
        points: &[Point],
        color: RGBColor,
        width_px: f64,
        dashes: &[f64],
    ) -> Drawn<DB> {
        if dashes.is_empty() {
            return self.line(points, color, width_px);
        }
        for part in clip_polyline(points, self.window) {
            let on_screen = |p: &Point| (self.x.px_from_value(p.0), self.y.px_from_value(p.1));
            let part: Vec<Point> = part.iter().map(on_screen).collect();
            for dash in cut_into_dashes(&part, dashes) {
                self.sheet.stroke(&dash, color, width_px)?;
            }
        }
        Ok(())
    }

    /// Where it lies.
    pub fn rect(&self) -> Rect {
        Rect {
            x0: self.x.px_lo,
            y0: self.y.px_hi,
            x1: self.x.px_hi,
            y1: self.y.px_lo,
        }
    }

    /// A filled circle, left out where its middle lies outside.
    ///
    /// # Errors
    /// What the backend refuses.
    pub fn dot(&self, point: Point, radius_px: f64, color: RGBColor) -> Drawn<DB> {
        if clip_polyline(&[point], self.window).is_empty() {
            return Ok(());
        }
        let radius = (radius_px * self.sheet.units_per_px).round().max(1.0) as i32;
        self.area.draw(&Circle::new(point, radius, color.filled()))
    }

    /// A filled rectangle between two corners, cut to the lane.
    ///
    /// # Errors
    /// What the backend refuses.
    pub fn block(&self, x: (f64, f64), y: (f64, f64), color: RGBColor, alpha: f64) -> Drawn<DB> {
        let cut = |(lo, hi): (f64, f64), (from, to): (f64, f64)| (lo.max(from), hi.min(to));
        let (x, y) = (
            cut(x, self.window.x),
            cut((y.0.min(y.1), y.0.max(y.1)), self.window.y),
        );
        if x.0 > x.1 || y.0 > y.1 {
            return Ok(());
        }
        self.area.draw(&Rectangle::new(
            [(x.0, y.0), (x.1, y.1)],
            color.mix(alpha).filled(),
        ))
    }
}

/// The drawn parts of a line on the screen.
fn cut_into_dashes(points: &[Point], dashes: &[f64]) -> Vec<Vec<Point>> {
    let mut parts: Vec<Vec<Point>> = Vec::new();
    let (mut turn, mut left) = (0, dashes.first().copied().unwrap_or(1.0).max(0.5));
    let mut is_open = false;
    for pair in points.windows(2) {
        let &[mut from, to] = pair else { continue };
        loop {
            let is_drawn = turn % 2 == 0;
            let length = (to.0 - from.0).hypot(to.1 - from.1);
            let share = if length > left { left / length } else { 1.0 };
            let end = (
                from.0 + (to.0 - from.0) * share,
                from.1 + (to.1 - from.1) * share,
            );
            match parts.last_mut() {
                Some(part) if is_drawn && is_open => part.push(end),
                _ if is_drawn => parts.push(vec![from, end]),
                _ => {}
            }
            is_open = is_drawn;
            if length <= left {
                left -= length;
                break;
            }
            from = end;
            turn += 1;
            left = dashes
                .get(turn % dashes.len())
                .copied()
                .unwrap_or(1.0)
                .max(0.5);
            is_open = false;
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_go_round_corners_and_leave_out_what_they_should() {
        let line = [(0.0, 0.0), (4.0, 0.0), (4.0, 6.0)];

        let parts = cut_into_dashes(&line, &[6.0, 2.0]);

        let expected = vec![
            vec![(0.0, 0.0), (4.0, 0.0), (4.0, 2.0)],
            vec![(4.0, 4.0), (4.0, 6.0)],
        ];
        assert_eq!(parts, expected);
    }
}
