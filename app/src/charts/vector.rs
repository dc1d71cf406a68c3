//! A chart as an SVG file: what is drawn, written down in CSS pixels.
//!
//! plotters has an SVG backend too, but a chart's `draw` would be compiled once more for it, and it knows
//! no title and no description.

use std::{cell::RefCell, fmt::Write as _, rc::Rc};

use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle,
    text_anchor::{HPos, VPos},
};

/// Parts of a CSS pixel that coordinates are given in.
pub(super) const UNITS_PER_PX: f64 = 20.0;

/// What was written so far; clones write to the same.
#[derive(Clone, Debug, Default)]
pub struct Vector {
    out: Rc<RefCell<String>>,
}

impl Vector {
    /// The elements that were drawn.
    pub fn body(&self) -> String {
        self.out.borrow().clone()
    }

    pub(super) fn rect<S: BackendStyle>(
        &self,
        a: BackendCoord,
        b: BackendCoord,
        style: &S,
        is_filled: bool,
    ) {
        let (x, y) = (a.0.min(b.0), a.1.min(b.1));
        let (width, height) = ((a.0 - b.0).abs(), (a.1 - b.1).abs());
        let size = [x, y, width, height].map(px);
        let [x, y, width, height] = &size;
        let paint = paint(style, is_filled);
        self.write(format_args!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"{paint}/>\n"
        ));
    }

    pub(super) fn circle<S: BackendStyle>(
        &self,
        (x, y): BackendCoord,
        radius: u32,
        style: &S,
        is_filled: bool,
    ) {
        let (x, y, r) = (px(x), px(y), px(radius as i32));
        let paint = paint(style, is_filled);
        self.write(format_args!(
            "<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\"{paint}/>\n"
        ));
    }

    pub(super) fn path<S: BackendStyle>(
        &self,
        points: impl IntoIterator<Item = BackendCoord>,
        style: &S,
        is_filled: bool,
    ) {
        let mut text = String::new();
        for (x, y) in points {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&px(x));
            text.push(',');
            text.push_str(&px(y));
        }
        let element = if is_filled { "polygon" } else { "polyline" };
        let paint = paint(style, is_filled);
        self.write(format_args!("<{element} points=\"{text}\"{paint}/>\n"));
    }

    pub(super) fn text<S: BackendTextStyle>(&self, text: &str, style: &S, (x, y): BackendCoord) {
        let anchor = match style.anchor().h_pos {
            HPos::Left => "start",
            HPos::Center => "middle",
            HPos::Right => "end",
        };
        let down = match style.anchor().v_pos {
            VPos::Top => ".76em",
            VPos::Center => ".35em",
            VPos::Bottom => "0",
        };
        let family = style.family();
        let (x, y, size) = (px(x), px(y), px(style.size().round() as i32));
        let family = family.as_str();
        let (fill, text) = (color(style.color()), escaped(text));
        self.write(format_args!(
            "<text x=\"{x}\" y=\"{y}\" dy=\"{down}\" text-anchor=\"{anchor}\" font-size=\"{size}\" font-family=\"{family}\" fill=\"{fill}\">{text}</text>\n"
        ));
    }

    fn write(&self, text: std::fmt::Arguments<'_>) {
        // A string takes everything.
        let _ = self.out.borrow_mut().write_fmt(text);
    }
}

/// A picture as a whole, with what it says for people who cannot see it.
#[derive(Clone, Debug)]
pub struct Picture<'a> {
    /// Width and height of the drawing in CSS pixels.
    pub size: (f64, f64),
    /// What is drawn.
    pub body: &'a str,
    /// Above it.
    pub title: &'a str,
    /// Below it, and as the description.
    pub summary: &'a str,
    /// Colours of the surface and of text, as CSS.
    pub colors: (&'a str, &'a str),
}

/// Height of the lines above and below the drawing.
pub const MARGIN_PX: f64 = 28.0;

impl Picture<'_> {
    /// The file's text.
    pub fn svg(&self) -> String {
        let (width, height) = (self.size.0.round(), self.size.1.round());
        let whole = height + 2.0 * MARGIN_PX;
        let below = whole - 10.0;
        let (title, summary) = (escaped(self.title), escaped(self.summary));
        let ((surface, ink), body) = (self.colors, self.body);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{whole:.0}\" viewBox=\"0 0 {width:.0} {whole:.0}\" role=\"img\" font-family=\"system-ui, sans-serif\">\n\
             <title>{title}</title>\n<desc>{summary}</desc>\n\
             <rect width=\"100%\" height=\"100%\" fill=\"{surface}\"/>\n\
             <text x=\"8\" y=\"19\" font-size=\"14\" font-weight=\"600\" fill=\"{ink}\">{title}</text>\n\
             <g transform=\"translate(0 {MARGIN_PX:.0})\">\n{body}</g>\n\
             <text x=\"8\" y=\"{below:.0}\" font-size=\"10\" fill=\"{ink}\">{summary}</text>\n</svg>\n"
        )
    }
}

/// CSS pixels with at most two decimals.
fn px(units: i32) -> String {
    let hundredths = (f64::from(units) * 100.0 / UNITS_PER_PX).round() as i64;
    let sign = if hundredths < 0 { "-" } else { "" };
    let (whole, rest) = (hundredths.abs() / 100, hundredths.abs() % 100);
    match rest {
        0 => format!("{sign}{whole}"),
        rest if rest % 10 == 0 => format!("{sign}{whole}.{}", rest / 10),
        rest => format!("{sign}{whole}.{rest:02}"),
    }
}

fn paint<S: BackendStyle>(style: &S, is_filled: bool) -> String {
    let (color, alpha) = (color(style.color()), opacity(style.color()));
    if is_filled {
        return format!(" fill=\"{color}\"{alpha}");
    }
    let width = px(style.stroke_width() as i32);
    format!(
        " fill=\"none\" stroke=\"{color}\" stroke-width=\"{width}\" stroke-linejoin=\"round\"{alpha}"
    )
}

fn color(BackendColor { rgb: (r, g, b), .. }: BackendColor) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn opacity(color: BackendColor) -> String {
    let hundredths = (color.alpha * 100.0).round().clamp(0.0, 100.0) as u32;
    match hundredths {
        100 => String::new(),
        some => format!(" opacity=\"0.{some:02}\""),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_are_short_and_exact_to_the_hundredth() {
        assert_eq!([20, -30, 1, 0].map(px), ["1", "-1.5", "0.05", "0"]);
    }

    #[test]
    fn what_a_picture_says_cannot_break_out_of_its_element() {
        let picture = Picture {
            size: (100.0, 50.0),
            body: "",
            title: "<b> & \"x\"",
            summary: "",
            colors: ("white", "black"),
        };

        assert!(
            picture
                .svg()
                .contains("<title>&lt;b&gt; &amp; &quot;x&quot;</title>")
        );
    }
}
