//! Statistics give the same numbers in the Wasm build as on any machine, and say how long they take there:
//!
//! ```text
//! cargo test -p analysis --target wasm32-unknown-unknown --profile wasm-release --test browser_statistics -- --nocapture
//! ```
//!
//! The numbers that are pinned here to the bit come from additions, multiplications, divisions and square
//! roots only. What needs a logarithm or an exponential (p-values, scores of the streaming detector) may differ in
//! the last digits from library to library, and has a tolerance.

#![allow(clippy::unwrap_used, reason = "what is not there fails the test")]

use analysis::{
    anomalies::{
        shesd::{ShEsd, shesd},
        streaming::Stream,
    },
    series::rollup::{Level, Rollup, Zone},
    stats::{
        ccf::ccf,
        hayashi_yoshida::{LagGrid, tick_lead},
        leadlag::{Confirm, Lags, Settings, Surrogates, test as lead_lag_test},
    },
};
#[path = "../examples/common/made_up.rs"]
mod made_up;

use made_up::{minutes, pair, posts, ticks};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::{console_log, wasm_bindgen_test, wasm_bindgen_test_configure};

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test_configure!(run_in_browser);

/// Says the best of five means, each over a tenth of a second at least.
#[cfg(target_arch = "wasm32")]
fn tell_time(name: &str, mut calculate: impl FnMut()) {
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let start = js_sys::Date::now();
        let mut n_runs = 0.0;
        let millis = loop {
            calculate();
            n_runs += 1.0;
            let millis = js_sys::Date::now() - start;
            if millis >= 100.0 {
                break millis;
            }
        };
        best = best.min(millis / n_runs);
    }
    console_log!("{name}: {best:.3} ms");
}

/// Times are told in the browser only; `cargo bench` tells those of the machine.
#[cfg(not(target_arch = "wasm32"))]
fn tell_time(_name: &str, mut calculate: impl FnMut()) {
    calculate();
}

/// One number that changes with any bit of any of these.
fn digest(values: impl IntoIterator<Item = f64>) -> u64 {
    let add = |sum: u64, value: f64| {
        (sum.rotate_left(5) ^ value.to_bits()).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    };
    values.into_iter().fold(0, add)
}

#[track_caller]
fn assert_near(found: f64, expected: f64) {
    assert!(
        (found / expected - 1.0).abs() < 1e-9,
        "{found:?} instead of {expected:?}"
    );
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn anomalies_of_ten_days_of_minutes() {
    let minutes = minutes();
    let find = || shesd(&minutes, &ShEsd::new(1_440)).unwrap();

    let found = find();

    let numbers = found
        .anomalies
        .iter()
        .flat_map(|a| [a.idx as f64, a.value, a.expected, a.score]);
    assert_eq!(
        (found.anomalies.len(), digest(numbers)),
        (170, 4_164_326_530_346_043_842)
    );
    tell_time("S-H-ESD, 14,398 minutes", || {
        assert!(!find().anomalies.is_empty());
    });
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn scores_of_the_streaming_detector() {
    let minutes = minutes();
    let scores = || {
        let mut stream = Stream::new(1_440);
        let scores = minutes.iter().filter_map(|v| stream.push(*v));
        scores.fold((0, 0.0), |(n, sum), score| {
            (n + usize::from(score.is_flagged), sum + score.score)
        })
    };

    let (n_flagged, sum) = scores();

    assert_eq!(n_flagged, 5);
    assert_near(sum, 3.211_727_045_147_227);
    tell_time("streaming detector, 14,398 points", || {
        assert!(scores().1 > 0.0);
    });
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn correlations_by_lag() {
    let (x, y) = pair(100_000);
    let correlations = || ccf(&x, &y, 100).unwrap();

    let found = correlations();

    assert_eq!(
        digest(found.values.into_iter().flatten()),
        17_941_042_337_214_229_137
    );
    tell_time("correlations, 201 lags of 100,000", || {
        assert_eq!(correlations().n, 100_000);
    });
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn who_leads_and_how_often_surrogates_do() {
    for (max, expected, p_family) in [
        (24, 6_121_368_422_370_254_684, 6.713642691177896e-10),
        (100, 6_087_155_358_409_449_334, 2.3210477259943853e-9),
    ] {
        let (x, y) = pair(5_000);
        let settings = Settings {
            lags: Lags { max, period: 24 },
            confirm: Confirm::Always,
            ..Settings::default()
        };
        let test = || lead_lag_test(&x, &y, settings).unwrap();

        let found = test();

        assert_eq!(found.best_lag, Some(3));
        let orders = [found.order_x as f64, found.order_y as f64];
        let numbers = found.correlation.into_iter().flatten().chain(orders);
        assert_eq!(digest(numbers.chain(found.p_surrogate)), expected);
        assert_near(found.p_family.unwrap(), p_family);
        tell_time(
            &format!("lead/lag of 5,000, {} lags, 199 surrogates", 2 * max + 1),
            || assert_eq!(test().best_lag, Some(3)),
        );
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn surrogates_rank_a_middling_correlation() {
    let (x, y) = pair(2_000);
    let found = ccf(&x, &y, 24).unwrap();

    let p = [1, 2, 3].map(|seed| {
        let draws = Surrogates { count: 199, seed };
        draws.p_of_largest(&x, &y, &found, 30, 0.07) * 200.0
    });

    assert_eq!(p.map(f64::round).map(|n| n as u32), [84, 108, 106]);
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn who_leads_by_ticks() {
    let (x, y) = (ticks(17_500, 0, 4), ticks(10_500, 15_000, 5));
    let grid = LagGrid {
        reach: 60_000,
        step: 1_000,
    };
    for (count, expected) in [
        (1, 716_288_804_190_565_046),
        (999, 9_570_446_158_468_143_946),
    ] {
        let lead = || tick_lead(&x, &y, grid, Surrogates { count, seed: 1 }).unwrap();

        let found = lead();

        assert_eq!(found.lead, 15_000);
        let ends = [found.interval.0 as f64, found.interval.1 as f64, found.p];
        assert_eq!(digest(found.correlation.into_iter().chain(ends)), expected);
        tell_time(&format!("28,000 ticks, 121 lags, {count} draws"), || {
            assert_eq!(lead().lead, 15_000)
        });
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn a_roll_up_with_unique_authors() {
    const N: u32 = if cfg!(target_arch = "wasm32") {
        1_000_000
    } else {
        100_000
    };
    let posts = posts(N);
    let authors_by = |level| {
        let mut rollup = Rollup::new(level, Zone::utc());
        posts.iter().for_each(|post| rollup.add(*post));
        rollup
            .cells()
            .map(|cell| cell.n_authors() as f64)
            .collect::<Vec<f64>>()
    };
    let first_day = authors_by(Level::Day)[0];
    let in_it: std::collections::BTreeSet<u32> = posts
        .iter()
        .take_while(|post| post.at / 86_400_000 == posts[0].at / 86_400_000)
        .map(|post| post.author)
        .collect();

    assert_eq!(first_day as usize, in_it.len());
    for level in [Level::Hour, Level::Day, Level::Month] {
        tell_time(&format!("{N} posts rolled up by {level:?}"), || {
            assert!(!authors_by(level).is_empty());
        });
    }
}
