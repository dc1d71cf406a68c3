//! What each further panel costs a frame: the demo's week, every panel by itself, the best of many.
//!
//! `cargo run --release -p analysis --example panel_cost`

use std::{hint::black_box, time::Instant};

use analysis::{
    Engine,
    protocol::{Panel, PanelChoices, Wanted, Watch},
    view::Range,
};
use wire::time::HOUR;

#[path = "common/demo.rs"]
mod demo;

const ROUNDS: usize = 30;

#[allow(clippy::print_stdout, reason = "a program for people")]
fn main() {
    let events = demo::week();
    let mut engine = Engine::new(&demo::config());
    for event in &events {
        engine.apply(event);
    }
    engine.judge(usize::MAX);
    let now = engine.now().unwrap_or_default();
    let middle = now - 84 * HOUR;
    let panels = [
        Panel::Leaders,
        Panel::Trends,
        Panel::Hours,
        Panel::Live,
        Panel::Rolling,
        Panel::Events,
        Panel::Months,
        Panel::Quality,
        Panel::Why,
        Panel::Placebo,
    ];
    let mut cost = |wanted: Wanted| {
        let mut best = f64::INFINITY;
        for round in 0..ROUNDS {
            // Another range each time, so that nothing is as it was; first without the panel.
            let watch = |wanted| Watch {
                panels: PanelChoices {
                    second: Some("ETH".to_owned()),
                    why: Some(Range {
                        from: middle - HOUR * round as i64,
                        to: middle + HOUR - HOUR * round as i64,
                    }),
                    ..PanelChoices::default()
                },
                range: analysis::protocol::RangeChoice::Fixed {
                    from: now - 160 * HOUR - HOUR * (round as i64 % 2),
                    to: now,
                },
                wanted,
                ..Watch::default()
            };
            engine.watch(watch(Wanted::default()));
            black_box(engine.frame(now));
            engine.watch(watch(wanted));
            let start = Instant::now();
            black_box(engine.frame(now));
            best = best.min(start.elapsed().as_secs_f64() * 1e6);
        }
        best
    };
    println!("{} events; µs natively, best of {ROUNDS}", events.len());
    println!("nothing new   {:8.0}", cost(Wanted::default()));
    for panel in panels {
        println!("{panel:<12?}  {:8.0}", cost(Wanted::default().with(panel)));
    }
}
