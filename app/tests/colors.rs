//! The page's colours: contrast by WCAG 2, and whether they stay apart for colour-blind readers.
//!
//! Colour blindness is simulated with the matrices of Machado, Oliveira and Fernandes (2009) at full severity,
//! on linear RGB; distances are CIEDE2000, checked below against published pairs (Sharma et al., 2005).

#![cfg(not(target_arch = "wasm32"))]

use app::charts::theme::Palette;
use plotters::style::RGBColor;

const TOKENS: &str = include_str!("../../style/tokens.css");

type Rgb = [f64; 3];

#[derive(Clone, Copy, Debug)]
enum Theme {
    Light,
    Dark,
}

const THEMES: [Theme; 2] = [Theme::Light, Theme::Dark];

/// Normal sight first.
const SIGHTS: [(&str, [[f64; 3]; 3]); 4] = [
    (
        "normal",
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
    ),
    (
        "protanopia",
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ],
    ),
    (
        "deuteranopia",
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ],
    ),
    (
        "tritanopia",
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ],
    ),
];

/// A custom property of the stylesheet, as linear RGB.
fn token(name: &str, theme: Theme) -> Rgb {
    let start = format!("--{name}: light-dark(");
    let line = TOKENS
        .lines()
        .find(|line| line.trim_start().starts_with(&start));
    let line = line.unwrap_or_else(|| panic!("no token {name}"));
    let place = match theme {
        Theme::Light => 1,
        Theme::Dark => 2,
    };
    let hex = line.split('#').nth(place).expect("a token has two colours");
    let part = |at: usize| linear(u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal"));
    [part(0), part(2), part(4)]
}

fn linear(part: u8) -> f64 {
    let part = f64::from(part) / 255.0;
    match part <= 0.04045 {
        true => part / 12.92,
        false => ((part + 0.055) / 1.055).powf(2.4),
    }
}

fn seen([r, g, b]: Rgb, matrix: [[f64; 3]; 3]) -> Rgb {
    matrix.map(|row| (row[0] * r + row[1] * g + row[2] * b).clamp(0.0, 1.0))
}

fn contrast(a: Rgb, b: Rgb) -> f64 {
    let luminance = |[r, g, b]: Rgb| 0.2126 * r + 0.7152 * g + 0.0722 * b;
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// CIELAB under D65.
fn lab([r, g, b]: Rgb) -> [f64; 3] {
    let x = (0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047;
    let y = 0.2126729 * r + 0.7151522 * g + 0.0721750 * b;
    let z = (0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / 1.08883;
    let f = |t: f64| match t > 216.0 / 24_389.0 {
        true => t.cbrt(),
        false => (24_389.0 / 27.0 * t + 16.0) / 116.0,
    };
    [
        116.0 * f(y) - 16.0,
        500.0 * (f(x) - f(y)),
        200.0 * (f(y) - f(z)),
    ]
}

fn ciede2000([l1, a1, b1]: [f64; 3], [l2, a2, b2]: [f64; 3]) -> f64 {
    let seventh = |c: f64| (c.powi(7) / (c.powi(7) + 25f64.powi(7))).sqrt();
    let mean_c = f64::midpoint(a1.hypot(b1), a2.hypot(b2));
    let g = 0.5 * (1.0 - seventh(mean_c));
    let (a1, a2) = ((1.0 + g) * a1, (1.0 + g) * a2);
    let (c1, c2) = (a1.hypot(b1), a2.hypot(b2));
    let hue = |a: f64, b: f64| b.atan2(a).to_degrees().rem_euclid(360.0);
    let (h1, h2) = (hue(a1, b1), hue(a2, b2));
    let is_grey = c1 * c2 < 1e-12;
    let turn = match h2 - h1 {
        _ if is_grey => 0.0,
        d if d > 180.0 => d - 360.0,
        d if d < -180.0 => d + 360.0,
        d => d,
    };
    let (dl, dc) = (l2 - l1, c2 - c1);
    let dh = 2.0 * (c1 * c2).sqrt() * (turn / 2.0).to_radians().sin();
    let mean_h = match h1 + h2 {
        sum if is_grey => sum,
        sum if (h1 - h2).abs() <= 180.0 => sum / 2.0,
        sum if sum < 360.0 => (sum + 360.0) / 2.0,
        sum => (sum - 360.0) / 2.0,
    };
    let (mean_l, mean_c) = (f64::midpoint(l1, l2), f64::midpoint(c1, c2));
    let cos = |degrees: f64| degrees.to_radians().cos();
    let t =
        1.0 - 0.17 * cos(mean_h - 30.0) + 0.24 * cos(2.0 * mean_h) + 0.32 * cos(3.0 * mean_h + 6.0)
            - 0.20 * cos(4.0 * mean_h - 63.0);
    let theta = 30.0 * (-((mean_h - 275.0) / 25.0).powi(2)).exp();
    let from_50 = (mean_l - 50.0).powi(2);
    let s_l = 1.0 + 0.015 * from_50 / (20.0 + from_50).sqrt();
    let (s_c, s_h) = (1.0 + 0.045 * mean_c, 1.0 + 0.015 * mean_c * t);
    let r_t = -2.0 * seventh(mean_c) * (2.0 * theta).to_radians().sin();
    let (l, c, h) = (dl / s_l, dc / s_c, dh / s_h);
    (l * l + c * c + h * h + r_t * c * h).sqrt()
}

fn distance(a: Rgb, b: Rgb, matrix: [[f64; 3]; 3]) -> f64 {
    ciede2000(lab(seen(a, matrix)), lab(seen(b, matrix)))
}

#[test]
fn distances_are_those_of_the_published_pairs() {
    let pairs = [
        ([50.0, 2.6772, -79.7751], [50.0, 0.0, -82.7485], 2.0425),
        ([50.0, -1.3802, -84.2814], [50.0, 0.0, -82.7485], 1.0000),
        ([50.0, 2.5, 0.0], [73.0, 25.0, -18.0], 27.1492),
        ([50.0, 2.5, 0.0], [58.0, 24.0, 15.0], 19.4535),
        (
            [60.2574, -34.0099, 36.2677],
            [60.4626, -34.1751, 39.4387],
            1.2644,
        ),
        (
            [2.0776, 0.0795, -1.1350],
            [0.9033, -0.0636, -0.5514],
            0.9082,
        ),
    ];

    for (a, b, expected) in pairs {
        let distance = ciede2000(a, b);
        assert!(
            (distance - expected).abs() < 5e-5,
            "{a:?} {b:?}: {distance}"
        );
    }
}

#[test]
fn text_stands_out_from_every_surface() {
    for theme in THEMES {
        for name in ["text", "muted", "accent", "pos", "neu", "neg"] {
            for surface in ["bg", "surface", "raised"] {
                let ratio = contrast(token(name, theme), token(surface, theme));
                assert!(
                    ratio >= 4.5,
                    "{theme:?} --{name} on --{surface}: {ratio:.2}"
                );
            }
        }
        for surface in ["pos-bg", "neg-bg"] {
            let ratio = contrast(token("text", theme), token(surface, theme));
            assert!(ratio >= 7.0, "{theme:?} --text on --{surface}: {ratio:.2}");
        }
        let on_accent = contrast(token("on-accent", theme), token("accent", theme));
        assert!(on_accent >= 4.5, "{theme:?}: {on_accent:.2}");
    }
}

#[test]
fn lines_of_charts_stand_out_from_their_surface() {
    for theme in THEMES {
        for place in 1..=4 {
            let ratio = contrast(
                token(&format!("series-{place}"), theme),
                token("surface", theme),
            );
            assert!(ratio >= 3.0, "{theme:?} --series-{place}: {ratio:.2}");
        }
    }
}

#[test]
fn positive_and_negative_stay_apart_for_everybody() {
    for theme in THEMES {
        for (sight, matrix) in SIGHTS {
            let apart = distance(token("pos", theme), token("neg", theme), matrix);
            assert!(apart >= 30.0, "{theme:?} {sight}: {apart:.1}");
        }
    }
}

#[test]
fn four_series_stay_apart_for_everybody() {
    for theme in THEMES {
        let colors = [1, 2, 3, 4].map(|place| token(&format!("series-{place}"), theme));
        for (sight, matrix) in SIGHTS {
            for (idx, a) in colors.iter().enumerate() {
                for b in &colors[idx + 1..] {
                    let apart = distance(*a, *b, matrix);
                    assert!(apart >= 8.5, "{theme:?} {sight}: {apart:.1}");
                }
            }
        }
    }
}

#[test]
fn charts_have_the_colors_of_the_stylesheet() {
    let of_palette = |RGBColor(r, g, b): RGBColor| [r, g, b].map(linear);
    for (theme, palette) in THEMES.into_iter().zip([Palette::LIGHT, Palette::DARK]) {
        let roles = [
            ("text", palette.text),
            ("surface", palette.surface),
            ("pos", palette.pos),
            ("neg", palette.neg),
            ("series-4", palette.series[3]),
        ];
        for (name, color) in roles {
            let apart = ciede2000(lab(token(name, theme)), lab(of_palette(color)));
            assert!(apart < 0.01, "{theme:?} {name}: {apart}");
        }
    }
}
