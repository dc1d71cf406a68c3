//! Topics are the same to the last post in the Wasm build as on any machine; and how long it takes to find many:
//!
//! ```text
//! cargo test -p analysis --target wasm32-unknown-unknown --profile wasm-release --test browser_topics -- --nocapture
//! ```

use analysis::topics::{Corpus, Fit, Method, Number, Settings};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::{console_log, wasm_bindgen_test, wasm_bindgen_test_configure};

#[path = "../examples/common/made_up_texts.rs"]
mod made_up_texts;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test_configure!(run_in_browser);

/// A number that changes with the topic of any document.
fn checksum(n: usize, n_words: usize, settings: Settings) -> u64 {
    let mut corpus = Corpus::default();
    for (_, text) in made_up_texts::documents(n, n_words, 40, 7) {
        corpus.push(text.split_whitespace());
    }
    let mut fit = Fit::new(corpus, settings);
    while !fit.step(999).is_done() {}
    // Fowler, Noll and Vo's.
    (0..n).fold(0xcbf2_9ce4_8422_2325, |sum, idx| {
        let topic = fit.topic_of(idx).map_or(u64::MAX, |topic| topic as u64);
        (sum ^ topic).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn a_seed_gives_the_same_topics_on_every_machine() {
    let settings = |method, number| Settings {
        method,
        number,
        seed: 1,
        sweeps: Some(10),
    };

    let short = checksum(2_000, 6, settings(Method::ShortText, Number::Automatic));
    let long = checksum(200, 60, settings(Method::ShortText, Number::Exactly(20)));
    let lda = checksum(1_000, 8, settings(Method::Lda, Number::Exactly(8)));
    let automatic = checksum(300, 8, settings(Method::Lda, Number::Automatic));

    let found = [short, long, lda, automatic];
    let expected = [
        0x28f3_19ed_8f81_aeee,
        0xea21_67cf_57a5_0f2f,
        0xed40_4f6e_5bcb_d60e,
        0x43b0_3c4d_0a1c_e5e6,
    ];
    assert_eq!(found, expected);
}

/// As natively in the benchmark `topics`.
#[cfg(target_arch = "wasm32")]
#[wasm_bindgen_test]
fn seconds_for_three_hundred_topics_are_told() {
    let mut corpus = Corpus::default();
    for (_, text) in made_up_texts::documents(11_000, 6, 150, 7) {
        corpus.push(text.split_whitespace());
    }
    let settings = Settings {
        method: Method::ShortText,
        number: Number::Exactly(300),
        seed: 1,
        sweeps: Some(30),
    };
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let mut fit = Fit::new(corpus.clone(), settings);
        let start = js_sys::Date::now();
        while !fit.step(5_000).is_done() {}
        best = best.min(js_sys::Date::now() - start);
        assert!(fit.n_topics() >= 10);
    }
    console_log!("11,000 documents of 6 words, at most 300 topics, 30 sweeps: {best:.0} ms");
}
