//! The further panels' charts, in the same way.

use std::sync::Arc;

use analysis::view::{EventsView, Range, RollingView, StackView};
use app::charts::{
    curve::{Curve, CurveChart},
    sheet::Size,
    stack::{Form, Stack, StackChart},
    theme::Palette,
};
use expect_test::expect_file;
use wire::{Millis, time::HOUR};

use super::{check, svg};

const WIDE: Size = Size {
    width: 640.0,
    height: 240.0,
};
const PHONE: Size = Size {
    width: 340.0,
    height: 240.0,
};
const START: Millis = 1_678_752_000_000;

/// A day and a half of posts with a gap in which nobody listened and a silence in which somebody did.
fn posts() -> StackView {
    let n: Millis = 36;
    let count = |idx: Millis| match idx {
        14..19 => None,
        5 => Some([0; 3]),
        _ => Some([
            8 + (idx % 7) as u32,
            10 + (idx % 3) as u32,
            4 + (idx % 5) as u32,
        ]),
    };
    StackView {
        subject: "BTC".into(),
        range: Range {
            from: START,
            to: START + n * HOUR,
        },
        edges: (0..=n).map(|idx| START + idx * HOUR).collect(),
        cells: (0..n).map(count).collect(),
        n: 840,
    }
}

fn stack_svg(view: StackView, form: Form, size: Size, palette: Palette) -> String {
    let chart = StackChart::new(
        Arc::new(Stack {
            view: Arc::new(view),
            form,
        }),
        size,
    );
    svg(size, palette, |sheet| chart.draw(sheet))
}

fn curve_svg(curve: Curve, size: Size, palette: Palette) -> String {
    let chart = CurveChart::new(Arc::new(curve), size);
    svg(size, palette, |sheet| chart.draw(sheet))
}

#[test]
fn classes_are_stacked_from_zero_and_a_gap_is_hatched() {
    check(
        &stack_svg(posts(), Form::Counts, WIDE, Palette::LIGHT),
        expect_file!["stack_counts.svg"],
    );
    check(
        &stack_svg(posts(), Form::Shares, PHONE, Palette::DARK),
        expect_file!["stack_shares_phone_dark.svg"],
    );
}

#[test]
fn the_band_of_chance_lies_under_the_curve() {
    let is_known = |idx: i32| idx > 11 && !(30..36).contains(&idx);
    let rolling = RollingView {
        width: HOUR,
        range: Range {
            from: START,
            to: START + 60 * HOUR,
        },
        ends: (1..=60).map(|idx| START + idx * HOUR).collect(),
        values: (0..60)
            .map(|idx| is_known(idx).then(|| (idx as f32 / 9.0).sin() * 0.5))
            .collect(),
        limits: (0..60).map(|idx| is_known(idx).then_some(0.28)).collect(),
        ..RollingView::default()
    };
    let events = EventsView {
        width: HOUR,
        offsets: (-6..=12).collect(),
        cumulative: (-6..=12)
            .map(|k| if k > 0 { -0.002 * f64::from(k) } else { 0.0 })
            .collect(),
        band: (-6..=12)
            .map(|k| f64::from(k + 7) * 0.001)
            .map(|w| (-0.002 - w, w))
            .collect(),
        ..EventsView::default()
    };

    check(
        &curve_svg(Curve::rolling(&rolling), WIDE, Palette::LIGHT),
        expect_file!["rolling.svg"],
    );
    check(
        &curve_svg(Curve::events(&events), PHONE, Palette::DARK),
        expect_file!["events_phone_dark.svg"],
    );
}

#[test]
fn nothing_at_all_can_be_drawn() {
    for form in [Form::Counts, Form::Shares] {
        let svg = stack_svg(StackView::default(), form, WIDE, Palette::LIGHT);
        assert!(svg.contains("Posts"), "{svg}");
    }
    let svg = curve_svg(
        Curve::rolling(&RollingView::default()),
        WIDE,
        Palette::LIGHT,
    );
    assert!(svg.contains("Correlation") && !svg.contains("NaN"));
    let svg = curve_svg(Curve::events(&EventsView::default()), PHONE, Palette::DARK);
    assert!(svg.contains("return") && !svg.contains("NaN"));
}
