//! The Wasm build scores as the reference does, and says how fast, beside the crate `vader_sentiment`; and how
//! many posts the whole engine, the scanner of tags and the list of trending ones take in a second:
//!
//! ```text
//! cargo test -p analysis --target wasm32-unknown-unknown --profile wasm-release --test browser_speed -- --nocapture
//! ```
//!
//! A browser has no files; `SPEED_TEXTS` in the environment of the build gives it other texts than the
//! made-up ones, one a line.

#![cfg(target_arch = "wasm32")]

use std::{cell::RefCell, hint::black_box};

use analysis::{
    Engine,
    protocol::CountBy,
    text::sentiment::{Scratch, Sentiment, Vader},
    trending::Trending,
};
use vader_sentiment::SentimentIntensityAnalyzer;
use wasm_bindgen_test::{console_log, wasm_bindgen_test, wasm_bindgen_test_configure};
use wire::{Body, tag};

#[path = "../examples/common/lines.rs"]
#[allow(dead_code, reason = "only the escapes are of use here")]
mod lines;

#[path = "../examples/common/demo.rs"]
#[allow(dead_code, reason = "only the posts are of use here")]
mod demo;

wasm_bindgen_test_configure!(run_in_browser);

const MADE_UP: &str = include_str!("fixtures/vader_adversarial.tsv");

/// Scores and text of each line.
fn made_up() -> impl Iterator<Item = (&'static str, String)> {
    MADE_UP.lines().map(|line| {
        let text_at = line.match_indices('\t').nth(3).expect("four scores").0;
        (
            &line[..text_at],
            lines::unescape(&line[text_at + 1..]).into_owned(),
        )
    })
}

#[wasm_bindgen_test]
fn made_up_texts_score_as_in_the_reference() {
    let vader = Vader::new();

    for (expected, text) in made_up() {
        let Sentiment {
            neg,
            neu,
            pos,
            compound,
        } = vader.score(&text);
        let compound = compound.value();
        assert_eq!(
            format!("{neg:.3}\t{neu:.3}\t{pos:.3}\t{compound:.4}"),
            expected,
            "{text:?}"
        );
    }
}

#[wasm_bindgen_test]
fn posts_a_second_are_told() {
    let texts: Vec<String> = match option_env!("SPEED_TEXTS") {
        Some(texts) => texts.lines().map(str::to_owned).collect(),
        None => made_up().map(|(_, text)| text).collect(),
    };
    let start = js_sys::Date::now();
    let vader = Vader::new();
    let ready = js_sys::Date::now() - start;
    let peer = SentimentIntensityAnalyzer::new();
    peer.polarity_scores(""); // it reads its lexicon now

    // The two take turns, so that a busy moment of the machine meets both.
    let scratch = RefCell::new(Scratch::default());
    let (mut best, mut best_compound, mut best_peer) = (0.0_f64, 0.0_f64, 0.0_f64);
    for _ in 0..5 {
        best = best.max(posts_per_second(&texts, |text| {
            _ = black_box(vader.score_with(&mut scratch.borrow_mut(), text))
        }));
        best_compound = best_compound.max(posts_per_second(&texts, |text| {
            _ = black_box(vader.compound_with(&mut scratch.borrow_mut(), text))
        }));
        best_peer = best_peer.max(posts_per_second(&texts, |text| {
            _ = black_box(peer.polarity_scores(text))
        }));
    }

    console_log!(
        "{} texts, posts/s: score {best:.0}, compound {best_compound:.0}, vader_sentiment {best_peer:.0}; \
         Vader::new {ready} ms",
        texts.len()
    );
    assert!(best > 0.0 && best_peer > 0.0);
}

#[wasm_bindgen_test]
fn posts_a_second_through_the_whole_engine_are_told() {
    let posts = demo::posts(20_000);
    let mut best = f64::INFINITY;
    for _ in 0..7 {
        let mut engine = Engine::new(&demo::config());
        let start = js_sys::Date::now();
        posts.iter().for_each(|post| _ = engine.apply(post));
        best = best.min(js_sys::Date::now() - start);
        assert_eq!(engine.n_posts(), 20_000);
    }
    console_log!("engine: {:.0} posts/s", 20_000.0 * 1000.0 / best);
}

#[wasm_bindgen_test]
fn texts_a_second_read_for_tags_are_told() {
    let posts = demo::posts(2_000);
    let texts: Vec<String> = posts
        .iter()
        .filter_map(|event| match &event.body {
            Body::Post(post) => Some(post.text.clone()),
            _ => None,
        })
        .collect();
    let hashtags = posts_per_second(&texts, |text| {
        _ = black_box(tag::hashtags(text).count());
    });
    let all = posts_per_second(&texts, |text| {
        let n_tags = tag::hashtags(text).count() + tag::cashtags(text).count();
        _ = black_box(n_tags + tag::mentions(text).count() + tag::urls(text).count());
    });
    console_log!("texts/s: hashtags {hashtags:.0}, all four kinds {all:.0}");
}

#[wasm_bindgen_test]
fn updates_a_second_of_trending_hashtags_are_told() {
    for n_distinct in [1_000_u64, 10_000, 100_000] {
        // Few tags are much more frequent than the rest, as in `trending_speed`.
        let names: Vec<String> = (0..n_distinct).map(|n| format!("Tag{n}")).collect();
        let mut state = 7_u64;
        let mut below = |n: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % n
        };
        let tags: Vec<&str> = (0..300_000)
            .map(|_| names[(below(n_distinct) * below(n_distinct) / n_distinct) as usize].as_str())
            .collect();
        let mut best = f64::INFINITY;
        for _ in 0..5 {
            let mut trending = Trending::new(300_000, CountBy::Posts).keep_for(600_000);
            let start = js_sys::Date::now();
            for (at, three) in (0..).step_by(9).zip(tags.chunks(3)) {
                trending.observe(at, 1, three.iter().copied(), 1_000);
                black_box(trending.n_distinct(at));
            }
            best = best.min(js_sys::Date::now() - start);
        }
        let rate = tags.len() as f64 / best / 1e3;
        console_log!("trending, {n_distinct} tags: {rate:.2} M updates/s");
    }
}

/// Scores all texts again and again for half a second.
fn posts_per_second(texts: &[String], score: impl Fn(&str)) -> f64 {
    let start = js_sys::Date::now();
    let mut n_scored = 0;
    loop {
        texts.iter().for_each(|text| score(text));
        n_scored += texts.len();
        let millis = js_sys::Date::now() - start;
        if millis >= 500.0 {
            return n_scored as f64 * 1000.0 / millis;
        }
    }
}
