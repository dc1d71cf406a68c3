//! How fast texts are scored, beside the crates `vader_sentiment` and `vader-sentimental` on the same texts,
//! whose answers are compared with ours in the same run.
//!
//! The texts are the rated tweets of `$MOODTAPE_DATA` (default: the data beside the repository), or else the
//! made-up ones of the tests. `peers/vader.py` times the Python package on the same file. The contenders take
//! turns, and what counts is the CPU time of this thread in the best of the rounds, so that other work on the
//! machine does little harm.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark reads files, and prints"
)]

#[path = "../examples/common/cpu.rs"]
mod cpu;

use std::hint::black_box;
use std::path::{Path, PathBuf};

use analysis::text::sentiment::{Scratch, Vader};

const N_ROUNDS: usize = 9;

/// How often a round goes through the texts: the system counts CPU time in steps of milliseconds.
const N_TIMES: u64 = 20;

/// Four scores of a text as the reference rounds them.
type Scores = String;

struct Contender<'a> {
    name: &'static str,
    score: Box<dyn FnMut(&str) -> Scores + 'a>,
    /// The same without printing.
    run: Box<dyn FnMut(&str) + 'a>,
    best_nanos: u64,
}

fn main() {
    let (kind, texts) = texts();
    let (vader, finance) = (Vader::new(), Vader::finance());
    let (mut scratch, mut finance_scratch) = (Scratch::default(), Scratch::default());
    let mut compound_scratch = Scratch::default();
    let peer = vader_sentiment::SentimentIntensityAnalyzer::new();
    let fork = vader_sentimental::SentimentIntensityAnalyzer::new();
    let ours = |vader: &Vader, text: &str| {
        let all = vader.score(text);
        printed([all.neg, all.neu, all.pos, all.compound.value()])
    };
    let mut contenders = [
        Contender::new(
            "score_with",
            |text| ours(&vader, text),
            |text| {
                _ = black_box(vader.score_with(&mut scratch, text));
            },
        ),
        Contender::new(
            "score",
            |text| ours(&vader, text),
            |text| {
                _ = black_box(vader.score(text));
            },
        ),
        Contender::new(
            "compound_with",
            |text| ours(&vader, text),
            |text| {
                _ = black_box(vader.compound_with(&mut compound_scratch, text));
            },
        ),
        Contender::new(
            "finance score_with",
            |text| ours(&finance, text),
            |text| {
                _ = black_box(finance.score_with(&mut finance_scratch, text));
            },
        ),
        Contender::new(
            "crate vader_sentiment",
            |text| {
                let all = peer.polarity_scores(text);
                printed(["neg", "neu", "pos", "compound"].map(|part| all[part]))
            },
            |text| _ = black_box(peer.polarity_scores(text)),
        ),
        Contender::new(
            "crate vader-sentimental",
            |text| {
                let all = fork.polarity_scores(text);
                printed([all.neg, all.neu, all.pos, all.compound])
            },
            |text| _ = black_box(fork.polarity_scores(text)),
        ),
    ];

    for _ in 0..N_ROUNDS {
        for contender in &mut contenders {
            let start = cpu::nanos();
            for _ in 0..N_TIMES {
                texts.iter().for_each(|text| (contender.run)(text));
            }
            contender.best_nanos = contender.best_nanos.min(cpu::nanos() - start);
        }
    }

    println!(
        "{} texts ({kind}), best of {N_ROUNDS} rounds of CPU time",
        texts.len()
    );
    let reference: Vec<_> = texts.iter().map(|text| ours(&vader, text)).collect();
    for contender in &mut contenders {
        let (mut n_equal, mut n_compounds) = (0, 0);
        for (text, ours) in texts.iter().zip(&reference) {
            let answer = (contender.score)(text);
            n_equal += usize::from(answer == *ours);
            n_compounds += usize::from(compound(&answer) == compound(ours));
        }
        let share = |n: usize| 100.0 * n as f64 / texts.len() as f64;
        println!(
            "{:24} {:>9.0} texts/s  compound as by `score` {:>5.1} %, all four {:>5.1} %",
            contender.name,
            (texts.len() as u64 * N_TIMES) as f64 * 1e9 / contender.best_nanos as f64,
            share(n_compounds),
            share(n_equal),
        );
    }
}

impl<'a> Contender<'a> {
    fn new(
        name: &'static str,
        score: impl FnMut(&str) -> Scores + 'a,
        run: impl FnMut(&str) + 'a,
    ) -> Self {
        Self {
            name,
            score: Box::new(score),
            run: Box::new(run),
            best_nanos: u64::MAX,
        }
    }
}

fn printed([neg, neu, pos, compound]: [f64; 4]) -> Scores {
    // A zero has no sign here.
    let [neg, neu, pos] = [neg, neu, pos].map(|share| format!("{:.3}", share + 0.0));
    format!("{neg} {neu} {pos} {:.4}", compound + 0.0)
}

fn compound(scores: &str) -> Option<&str> {
    scores.split(' ').nth(3)
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
