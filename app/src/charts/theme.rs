//! The colours charts are drawn with. Besides `style/tokens.css` the only place with literal colours.

use plotters::style::RGBColor;

/// One colour per role; the roles are the custom properties of `style/tokens.css`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Palette {
    /// Price line and values.
    pub text: RGBColor,
    /// Labels of axes.
    pub muted: RGBColor,
    /// Grid lines and frames.
    pub line: RGBColor,
    /// Surface behind the chart.
    pub surface: RGBColor,
    /// What is marked.
    pub accent: RGBColor,
    /// Positive.
    pub pos: RGBColor,
    /// Neutral.
    pub neu: RGBColor,
    /// Negative.
    pub neg: RGBColor,
    /// Series that are told apart, in their order.
    pub series: [RGBColor; 4],
}

impl Palette {
    /// The dark theme, as in `style/tokens.css`.
    pub const DARK: Self = Self {
        text: RGBColor(0xE6, 0xED, 0xF3),
        muted: RGBColor(0x9A, 0xA7, 0xB4),
        line: RGBColor(0x2A, 0x34, 0x41),
        surface: RGBColor(0x12, 0x18, 0x20),
        accent: RGBColor(0x7A, 0xA2, 0xFF),
        pos: RGBColor(0x5A, 0xB4, 0xF0),
        neu: RGBColor(0x9A, 0xA7, 0xB4),
        neg: RGBColor(0xF2, 0x8E, 0x2B),
        series: [
            RGBColor(0x56, 0xB4, 0xE9),
            RGBColor(0xE6, 0x9F, 0x00),
            RGBColor(0xCC, 0x79, 0xA7),
            RGBColor(0xE6, 0xED, 0xF3),
        ],
    };

    /// The light theme, as in `style/tokens.css`.
    pub const LIGHT: Self = Self {
        text: RGBColor(0x12, 0x18, 0x1F),
        muted: RGBColor(0x57, 0x60, 0x6A),
        line: RGBColor(0xD5, 0xDC, 0xE3),
        surface: RGBColor(0xFF, 0xFF, 0xFF),
        accent: RGBColor(0x2F, 0x54, 0xC8),
        pos: RGBColor(0x00, 0x68, 0xB3),
        neu: RGBColor(0x5F, 0x6B, 0x77),
        neg: RGBColor(0xB3, 0x47, 0x00),
        series: [
            RGBColor(0x00, 0x72, 0xB2),
            RGBColor(0xB3, 0x59, 0x00),
            RGBColor(0x8E, 0x3B, 0x86),
            RGBColor(0x12, 0x18, 0x1F),
        ],
    };

    /// Reads the colours of the page, as `color_of` resolves a custom property to `rgb(…)`.
    ///
    /// A colour that cannot be read keeps its value from [`Palette::DARK`].
    pub fn from_css(color_of: impl Fn(&str) -> Option<String>) -> Self {
        let read = |name: &str, or: RGBColor| {
            color_of(name)
                .and_then(|text| parse_rgb(&text))
                .unwrap_or(or)
        };
        let or = Self::DARK;
        Self {
            text: read("--text", or.text),
            muted: read("--muted", or.muted),
            line: read("--line", or.line),
            surface: read("--surface", or.surface),
            accent: read("--accent", or.accent),
            pos: read("--pos", or.pos),
            neu: read("--neu", or.neu),
            neg: read("--neg", or.neg),
            series: [
                read("--series-1", or.series[0]),
                read("--series-2", or.series[1]),
                read("--series-3", or.series[2]),
                read("--series-4", or.series[3]),
            ],
        }
    }

    /// Colour of the series at a place; from the fifth on all the same.
    pub fn series(&self, place: usize) -> RGBColor {
        self.series.get(place).copied().unwrap_or(self.muted)
    }
}

/// A colour as CSS has it.
pub(crate) fn css(RGBColor(r, g, b): RGBColor) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// `rgb(1, 2, 3)` or `rgba(1, 2, 3, 0.5)`, as browsers print a computed colour.
fn parse_rgb(text: &str) -> Option<RGBColor> {
    let numbers = text
        .trim()
        .strip_prefix("rgb")?
        .trim_start_matches('a')
        .strip_prefix('(')?
        .strip_suffix(')')?;
    let mut parts = numbers
        .split([',', ' ', '/'])
        .filter(|part| !part.is_empty());
    let mut next = || parts.next()?.parse::<u8>().ok();
    Some(RGBColor(next()?, next()?, next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKENS: &str = include_str!("../../../style/tokens.css");

    #[test]
    fn computed_colours_are_read() {
        assert_eq!(parse_rgb("rgb(1, 2, 3)"), Some(RGBColor(1, 2, 3)));
        assert_eq!(parse_rgb("rgba(1, 2, 3, 0.5)"), Some(RGBColor(1, 2, 3)));
        assert_eq!(parse_rgb("light-dark(#fff, #000)"), None);
    }

    /// The stylesheet's light and dark value of a custom property.
    fn token(name: &str) -> (RGBColor, RGBColor) {
        let line = TOKENS
            .lines()
            .find(|line| line.trim_start().starts_with(&format!("{name}:")))
            .unwrap();
        let hex: Vec<&str> = line.split('#').skip(1).map(|rest| &rest[..6]).collect();
        let color = |hex: &str| {
            let part = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
            RGBColor(part(0), part(2), part(4))
        };
        (color(hex[0]), color(hex[1]))
    }

    #[test]
    fn charts_and_stylesheet_have_the_same_colours() {
        type Role = fn(&Palette) -> RGBColor;
        let roles: [(&str, Role); 12] = [
            ("--text", |p| p.text),
            ("--muted", |p| p.muted),
            ("--line", |p| p.line),
            ("--surface", |p| p.surface),
            ("--accent", |p| p.accent),
            ("--pos", |p| p.pos),
            ("--neu", |p| p.neu),
            ("--neg", |p| p.neg),
            ("--series-1", |p| p.series[0]),
            ("--series-2", |p| p.series[1]),
            ("--series-3", |p| p.series[2]),
            ("--series-4", |p| p.series[3]),
        ];
        for (name, color_of) in roles {
            assert_eq!(
                token(name),
                (color_of(&Palette::LIGHT), color_of(&Palette::DARK)),
                "{name}"
            );
        }
    }

    /// Relative luminance as WCAG 2 defines it.
    fn luminance(RGBColor(r, g, b): RGBColor) -> f64 {
        let linear = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.040_45 {
                c / 12.92
            } else {
                ((c + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
    }

    #[test]
    fn text_and_marks_stand_out_from_the_surface() {
        for palette in [Palette::DARK, Palette::LIGHT] {
            for color in [
                palette.text,
                palette.muted,
                palette.accent,
                palette.pos,
                palette.neu,
                palette.neg,
            ] {
                let (a, b) = (luminance(color), luminance(palette.surface));
                let contrast = (a.max(b) + 0.05) / (a.min(b) + 0.05);
                assert!(contrast >= 4.5, "{color:?}: {contrast}");
            }
        }
    }
}
