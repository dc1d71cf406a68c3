//! How fast texts are scored, beside the crate `vader_sentiment` on the same texts.
//!
//! The texts are the rated tweets of `$MOODTAPE_DATA` (default: the data beside the repository), or else the
//! made-up ones of the tests. `peers/vader.py` times the Python package on the same file.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a benchmark reads files"
)]

use std::hint::black_box;
use std::path::{Path, PathBuf};

use analysis::text::sentiment::Vader;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use vader_sentiment::SentimentIntensityAnalyzer;

criterion_group!(benches, vader);
criterion_main!(benches);

fn vader(criterion: &mut Criterion) {
    let (kind, texts) = texts();
    let vader = Vader::new();
    let peer = SentimentIntensityAnalyzer::new();
    let peer_compound = |text: &str| peer.polarity_scores(text)["compound"];
    check_that_both_score(&texts, |text| vader.compound(text).value(), peer_compound);

    let mut group = criterion.benchmark_group("sentiment");
    group
        .sample_size(20)
        .throughput(Throughput::Elements(texts.len() as u64));
    group.bench_function(format!("vader/{kind}"), |bencher| {
        bencher.iter(|| {
            texts
                .iter()
                .for_each(|text| _ = black_box(vader.score(text)))
        });
    });
    group.bench_function(format!("vader_compound/{kind}"), |bencher| {
        bencher.iter(|| {
            texts
                .iter()
                .for_each(|text| _ = black_box(vader.compound(text)))
        });
    });
    group.bench_function(format!("peer_vader_sentiment/{kind}"), |bencher| {
        bencher.iter(|| {
            texts
                .iter()
                .for_each(|text| _ = black_box(peer.polarity_scores(text)))
        });
    });
    group.finish();
}

/// A fast program that does nothing would be no news: most texts have a score, and most pairs agree.
fn check_that_both_score(
    texts: &[String],
    ours: impl Fn(&str) -> f64,
    theirs: impl Fn(&str) -> f64,
) {
    let pairs = texts.iter().map(|text| (ours(text), theirs(text)));
    let (mut n_scored, mut n_alike) = (0, 0);
    for (ours, theirs) in pairs {
        n_scored += usize::from(ours.abs() >= 0.05);
        n_alike += usize::from((ours - theirs).abs() < 0.05);
    }
    let share = |n: usize| n as f64 / texts.len() as f64;
    eprintln!(
        "{} texts; {n_scored} have a score, {n_alike} are alike",
        texts.len()
    );
    assert!(share(n_scored) > 0.5 && share(n_alike) > 0.5);
}

/// What the texts are, and the texts.
fn texts() -> (&'static str, Vec<String>) {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let beside = package.join("../../../shared/data");
    let data = std::env::var_os("MOODTAPE_DATA").map_or(beside, PathBuf::from);
    let last_column = |file: String| -> Vec<String> {
        file.lines()
            .filter_map(|line| Some(line.rsplit_once('\t')?.1.to_owned()))
            .collect()
    };
    match std::fs::read_to_string(data.join("vader/tweets_GroundTruth.odd.tsv")) {
        Ok(tweets) => ("tweets", last_column(tweets)),
        Err(_) => {
            eprintln!(
                "SKIPPED: no tweets in {}; set MOODTAPE_DATA",
                data.display()
            );
            let made_up = include_str!("../tests/fixtures/vader_adversarial.tsv");
            ("made_up", last_column(made_up.to_owned()))
        }
    }
}
