//! Every chart drawn to SVG and compared with a committed picture, so that a change of a chart is seen in review.
//!
//! `UPDATE_EXPECT=1 cargo test -p app --test charts` accepts what is drawn now.

#![cfg(not(target_arch = "wasm32"))]

#[path = "charts/panels.rs"]
mod panels;

use std::sync::Arc;

use analysis::view::{AnomaliesView, AnomalyMark, Close, LagView, MarketView, Range, Verdict};
use app::charts::{
    Plottable,
    backend::Sharp,
    lag::LagChart,
    lines::{LinesChart, LinesView, Series},
    market::MarketChart,
    sheet::{Drawn, Sheet, Size},
    theme::Palette,
    vector::{Picture, Vector},
};
use expect_test::{ExpectFile, expect_file};
use plotters::prelude::SVGBackend;
use wire::{Millis, time::HOUR};

const WIDE: Size = Size {
    width: 640.0,
    height: 320.0,
};
const PHONE: Size = Size {
    width: 340.0,
    height: 300.0,
};
const START: Millis = 1_678_752_000_000;

/// A made-up day and a half: a price that swings, sentiment that swings slower, silence at night, a gap.
fn day() -> MarketView {
    let n = 36;
    let range = Range {
        from: START,
        to: START + n * HOUR,
    };
    let swing = |idx: Millis, period: f64| (idx as f64 / period * std::f64::consts::TAU).sin();
    let is_gap = |idx: Millis| (14..19).contains(&idx);
    let is_silent = |idx: Millis| (3..5).contains(&idx);
    let posts = |idx: Millis| {
        if is_silent(idx) {
            0
        } else {
            20 + (10.0 * swing(idx, 9.0)) as u32
        }
    };
    MarketView {
        ticker: "BTC".into(),
        currency: "USD".into(),
        range,
        width: HOUR,
        start: START,
        n_posts: (0..n)
            .map(|idx| (!is_gap(idx)).then(|| posts(idx)))
            .collect(),
        mean_compound: (0..n)
            .map(|idx| (!is_gap(idx) && !is_silent(idx)).then(|| (0.6 * swing(idx, 17.0)) as f32))
            .collect(),
        closes: (1..=n)
            .filter(|idx| !(25..30).contains(idx))
            .map(|idx| Close {
                at: START + idx * HOUR,
                price: 24_000.0 + 600.0 * swing(idx, 11.0),
            })
            .collect(),
        bar_width: HOUR,
        gaps: vec![Range {
            from: START + 14 * HOUR,
            to: START + 19 * HOUR,
        }],
        n: 640,
        authors: 310,
        voices: 120.5,
        anomalies: None,
        quote: None,
    }
}

fn lags() -> LagView {
    let correlation = |lag: i32| 0.35 * (-f64::from((lag - 3).pow(2)) / 4.0).exp() - 0.05;
    LagView {
        ticker: "BTC".into(),
        width: HOUR,
        range: Range {
            from: START,
            to: START + 400 * HOUR,
        },
        lags: (-24..=24).collect(),
        correlation: (-24..=24)
            .map(|lag| (lag != 24).then(|| correlation(lag)))
            .collect(),
        bound: 0.16,
        n: 380,
        n_effective: 310.0,
        ar_order: 2,
        p_family: Some(0.001),
        p_surrogate: Some(0.005),
        verdict: Verdict::SentimentLeads { lag: 3 },
        ..LagView::default()
    }
}

/// Three series over the same day, one of them on the second axis, with a gap in all.
fn lines() -> LinesView {
    let wave = |period: f64, height: f64, middle: f64| -> Vec<(f64, f64)> {
        let at = |idx: Millis| (START + idx * HOUR / 4) as f64;
        let value =
            |idx: Millis| middle + height * (idx as f64 / period * std::f64::consts::TAU).sin();
        let is_there = |idx: &Millis| !(56..76).contains(idx);
        (0..144)
            .filter(is_there)
            .map(|idx| (at(idx), value(idx)))
            .collect()
    };
    let series = |name: &str, points, is_second| Series {
        name: name.to_owned(),
        points,
        is_second,
    };
    LinesView {
        series: vec![
            series("BTC", wave(40.0, 0.4, 0.1), false),
            series("ETH", wave(60.0, 0.3, 0.0), false),
            series("Posts", wave(30.0, 20.0, 60.0), true),
        ],
        range: day().range,
        max_step: HOUR,
        gaps: day().gaps,
        unit: "Mean compound".into(),
        second_unit: "Posts".into(),
        decimals: 1,
    }
}

fn svg(
    size: Size,
    palette: Palette,
    draw: impl for<'a> FnOnce(&Sheet<SVGBackend<'a>>) -> Drawn<SVGBackend<'a>>,
) -> String {
    let mut svg = String::new();
    {
        let backend = SVGBackend::with_string(&mut svg, (size.width as u32, size.height as u32));
        draw(&Sheet::new(backend, 1.0, palette)).expect("a string takes every drawing");
    }
    svg
}

fn lines_svg(view: LinesView, size: Size, palette: Palette) -> String {
    let chart = LinesChart::new(Arc::new(view), size);
    svg(size, palette, |sheet| chart.draw(sheet))
}

/// What a person saves from a chart.
fn saved(source: Arc<dyn Plottable>, size: Size, palette: Palette) -> String {
    let vector = Vector::default();
    let (backend, units_per_px) = Sharp::vector(&vector, size);
    let drawing = source.layout(size);
    drawing
        .draw(&Sheet::new(backend, units_per_px, palette))
        .expect("a file takes every drawing");
    let picture = Picture {
        size: (size.width, size.height),
        body: &vector.body(),
        title: "Price × sentiment",
        summary: "BTC, 14 Mar 2023 & after. Synthetic recording, Moodtape",
        colors: ("#ffffff", "#12181f"),
    };
    picture.svg()
}

fn market_svg(view: MarketView, size: Size, palette: Palette) -> String {
    let chart = MarketChart::new(Arc::new(view), size);
    svg(size, palette, |sheet| chart.draw(sheet))
}

fn lag_svg(view: LagView, size: Size, palette: Palette) -> String {
    let chart = LagChart::new(Arc::new(view), size);
    svg(size, palette, |sheet| chart.draw(sheet))
}

#[track_caller]
fn check(svg: &str, expect: ExpectFile) {
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    expect.assert_eq(svg);
}

#[test]
fn price_sentiment_posts_and_gaps_of_a_day() {
    check(
        &market_svg(day(), WIDE, Palette::LIGHT),
        expect_file!["charts/market_day_light.svg"],
    );
    check(
        &market_svg(day(), PHONE, Palette::DARK),
        expect_file!["charts/market_day_phone_dark.svg"],
    );
}

#[test]
fn zoomed_in_the_line_is_cut_at_the_edges_and_not_bent() {
    let range = Range {
        from: START + 6 * HOUR,
        to: START + 9 * HOUR,
    };

    check(
        &market_svg(MarketView { range, ..day() }, WIDE, Palette::LIGHT),
        expect_file!["charts/market_zoomed.svg"],
    );
}

#[test]
fn a_ticker_without_prices_gives_its_room_to_sentiment() {
    let view = MarketView {
        closes: Vec::new(),
        bar_width: 0,
        ..day()
    };

    check(
        &market_svg(view, WIDE, Palette::LIGHT),
        expect_file!["charts/market_no_prices.svg"],
    );
}

#[test]
fn a_single_point_is_seen() {
    let closes = vec![Close {
        at: START + HOUR,
        price: 10.0,
    }];
    let view = MarketView {
        n_posts: vec![Some(1)],
        mean_compound: vec![Some(0.0)],
        closes,
        gaps: Vec::new(),
        ..day()
    };

    check(
        &market_svg(view, WIDE, Palette::LIGHT),
        expect_file!["charts/market_single_point.svg"],
    );
}

#[test]
fn unusual_buckets_are_marked_in_their_lane() {
    let mark = |hour: Millis| AnomalyMark {
        bucket: Range {
            from: START + hour * HOUR,
            to: START + (hour + 1) * HOUR,
        },
        ..AnomalyMark::default()
    };
    let view = MarketView {
        anomalies: Some(AnomaliesView {
            marks: vec![mark(3), mark(20)],
            ..AnomaliesView::default()
        }),
        ..day()
    };

    check(
        &market_svg(view, WIDE, Palette::LIGHT),
        expect_file!["charts/market_anomalies.svg"],
    );
}

#[test]
fn nothing_at_all_can_be_drawn() {
    check(
        &market_svg(MarketView::default(), WIDE, Palette::LIGHT),
        expect_file!["charts/market_empty.svg"],
    );
    check(
        &lag_svg(LagView::default(), WIDE, Palette::LIGHT),
        expect_file!["charts/lag_empty.svg"],
    );
}

#[test]
fn stems_stand_over_the_band_of_chance() {
    check(
        &lag_svg(lags(), WIDE, Palette::LIGHT),
        expect_file!["charts/lag_light.svg"],
    );
    check(
        &lag_svg(lags(), PHONE, Palette::DARK),
        expect_file!["charts/lag_phone_dark.svg"],
    );
}

#[test]
fn lines_have_a_dash_and_a_hue_each_and_break_where_there_is_no_data() {
    check(
        &lines_svg(lines(), WIDE, Palette::LIGHT),
        expect_file!["charts/lines_light.svg"],
    );
    check(
        &lines_svg(lines(), PHONE, Palette::DARK),
        expect_file!["charts/lines_phone_dark.svg"],
    );
    check(
        &lines_svg(LinesView::default(), WIDE, Palette::LIGHT),
        expect_file!["charts/lines_empty.svg"],
    );
}

#[test]
fn a_saved_picture_says_what_it_is_and_shows_what_the_page_shows() {
    let svg = saved(Arc::new(day()), WIDE, Palette::LIGHT);

    assert!(svg.contains("<title>Price × sentiment</title>") && svg.contains("&amp; after"));
    check(&svg, expect_file!["charts/market_saved.svg"]);
}

#[test]
fn a_chart_is_also_a_table_with_every_bucket_and_its_gaps() {
    let csv = (Arc::new(day()) as Arc<dyn Plottable>).table().csv();
    let lines: Vec<&str> = csv.lines().collect();

    assert_eq!(lines.len(), 1 + 36);
    assert_eq!(
        lines[0],
        "From,\"Close, USD\",Mean compound,Posts about BTC in 1 h"
    );
    assert_eq!(lines[1], "2023-03-14T00:00:00Z,24324.3844904734,0,20");
    assert_eq!(lines[15], "2023-03-14T14:00:00Z,24453.4497446126,,");
    let lags = (Arc::new(lags()) as Arc<dyn Plottable>).table();
    assert_eq!((lags.rows.len(), lags.columns.len()), (49, 3));
}

#[test]
fn a_chart_without_a_table_of_its_own_lists_what_is_read_at_each_stop() {
    struct Bare(Arc<MarketView>);
    impl Plottable for Bare {
        fn layout(self: Arc<Self>, size: Size) -> Box<dyn app::charts::Drawing> {
            Box::new(MarketChart::new(Arc::clone(&self.0), size))
        }
        fn n_points(&self) -> usize {
            1
        }
        fn extent(&self) -> (f64, f64) {
            (0.0, 1.0)
        }
    }

    let table = Arc::new(Bare(Arc::new(day()))).table();

    assert_eq!(table.columns, ["At", "close", "compound", "posts"]);
    assert_eq!(table.rows.len(), 36);
    assert!(table.rows.iter().all(|row| row.len() == 4));
}

#[test]
fn values_and_sizes_out_of_all_bounds_make_no_chart_panic() {
    let wild = [f64::NAN, f64::INFINITY, -1e300, 1e300, 0.0];
    for (width, height) in [(0.0, 0.0), (1.0, 1.0), (30.0, 2_000.0), (5_000.0, 10.0)] {
        let size = Size { width, height };
        let closes = wild
            .iter()
            .enumerate()
            .map(|(idx, price)| Close {
                at: idx as Millis,
                price: *price,
            })
            .collect();
        let range = Range { from: 0, to: 4 };
        let market = MarketView {
            closes,
            range,
            mean_compound: vec![Some(f32::NAN); 4],
            n_posts: vec![Some(9); 4],
            ..day()
        };
        let lag = LagView {
            correlation: wild.iter().map(|r| Some(*r)).collect(),
            bound: f64::NAN,
            ..lags()
        };

        let drawn = market_svg(market, size, Palette::DARK) + &lag_svg(lag, size, Palette::DARK);

        assert!(!drawn.contains("NaN"));
    }
}
