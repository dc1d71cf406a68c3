//! How well the spam score ranks labelled posts: the public half of UtkML's set, split by hash into a half
//! to tune on and a half to test on. Run by hand.
//!
//! ```text
//! spam_auc [--fit]
//! ```
//!
//! `--fit` also fits the weights of the style anew, on the tuning half alone, and prints them.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stdout,
    reason = "a program reads files and prints"
)]

use std::path::{Path, PathBuf};

use analysis::spam::{
    FEATURES, Limits, Memory, N_FEATURES, REASONS, Spam, broadcast_style, features,
};
use anyhow::{Context, Result};
use wire::{Post, tag};

struct Example {
    text: String,
    is_spam: bool,
    is_test: bool,
}

fn main() -> Result<()> {
    let examples = read_examples()?;
    let n_spam = examples.iter().filter(|one| one.is_spam).count();
    println!("{} posts, {n_spam} of them spam", examples.len());
    report(
        "style alone",
        &examples,
        &examples
            .iter()
            .map(|one| broadcast_style(&one.text))
            .collect::<Vec<_>>(),
    );
    let mut spam = Spam::new(Limits::default(), Memory::default());
    let mut found = [[0_u32; 2]; 6];
    let scores: Vec<f32> = examples
        .iter()
        .enumerate()
        .map(|(key, one)| {
            let post = Post {
                text: one.text.clone(),
                cashtags: tag::cashtags(&one.text)
                    .map(|tag| tag.text.to_uppercase())
                    .collect(),
                ..Post::default()
            };
            let verdict = spam.observe(key as u64, key as i64 * 60_000, 0, &post);
            for finding in verdict.findings() {
                found[finding.reason as usize][usize::from(one.is_spam)] += 1;
            }
            verdict.score(&one.text)
        })
        .collect();
    report("score", &examples, &scores);
    for (reason, [quality, spam]) in REASONS.iter().zip(found) {
        println!("{reason:?}: found in {spam} posts labelled spam, {quality} others");
    }
    if std::env::args().any(|argument| argument == "--fit") {
        fit(&examples);
    }
    Ok(())
}

fn report(name: &str, examples: &[Example], scores: &[f32]) {
    let auc_of = |is_test: bool| {
        let half = examples
            .iter()
            .zip(scores)
            .filter(|(one, _)| one.is_test == is_test);
        auc(half.map(|(one, score)| (*score, one.is_spam)).collect())
    };
    println!(
        "AUC of the {name}: tuning half {:.4}, test half {:.4}",
        auc_of(false),
        auc_of(true)
    );
}

/// The probability that a spam post ranks above another one, ties counting half.
fn auc(mut ranked: Vec<(f32, bool)>) -> f64 {
    ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut sum, mut n_spam) = (0.0, 0.0, 0.0);
    for group in ranked.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        let spam = group.iter().filter(|one| one.1).count() as f64;
        let others = group.len() as f64 - spam;
        sum += spam * (below + 0.5 * others);
        below += others;
        n_spam += spam;
    }
    sum / (n_spam * below)
}

/// Logistic regression with a ridge of 10 on standardised features, by plain gradient descent.
fn fit(examples: &[Example]) {
    let tuning: Vec<&Example> = examples.iter().filter(|one| !one.is_test).collect();
    let rows: Vec<[f64; N_FEATURES]> = tuning
        .iter()
        .map(|one| features(&one.text).map(f64::from))
        .collect();
    let n = rows.len() as f64;
    let mut mean = [0.0; N_FEATURES];
    let mut sd = [0.0; N_FEATURES];
    for j in 0..N_FEATURES {
        mean[j] = rows.iter().map(|row| row[j]).sum::<f64>() / n;
        sd[j] = (rows
            .iter()
            .map(|row| (row[j] - mean[j]).powi(2))
            .sum::<f64>()
            / n)
            .sqrt()
            .max(1e-9);
    }
    let mut weights = [0.0; N_FEATURES];
    let mut constant = 0.0;
    for _ in 0..4_000 {
        let mut gradient = [0.0; N_FEATURES];
        let mut drift = 0.0;
        for (row, one) in rows.iter().zip(&tuning) {
            let sum: f64 = (0..N_FEATURES)
                .map(|j| weights[j] * (row[j] - mean[j]) / sd[j])
                .sum();
            let error = 1.0 / (1.0 + (-sum - constant).exp()) - f64::from(u8::from(one.is_spam));
            drift += error / n;
            for j in 0..N_FEATURES {
                gradient[j] += error * (row[j] - mean[j]) / sd[j] / n;
            }
        }
        constant -= 0.5 * drift;
        for j in 0..N_FEATURES {
            weights[j] -= 0.5 * (gradient[j] + 10.0 * weights[j] / n);
        }
    }
    let raw: Vec<f64> = (0..N_FEATURES).map(|j| weights[j] / sd[j]).collect();
    constant -= (0..N_FEATURES).map(|j| raw[j] * mean[j]).sum::<f64>();
    for (name, weight) in FEATURES.iter().zip(&raw) {
        println!("    {weight:.3}, // {name}");
    }
    println!("    {constant:.3}, // the constant");
}

fn read_examples() -> Result<Vec<Example>> {
    let in_repository = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let data = std::env::var_os("MOODTAPE_DATA").map_or_else(in_repository, PathBuf::from);
    let path = data.join("spam/utkml_first_half.csv");
    let mut reader = csv::Reader::from_path(&path)
        .with_context(|| format!("{}; set MOODTAPE_DATA", path.display()))?;
    let mut examples = Vec::new();
    for record in reader.byte_records() {
        let record = record?;
        let field = |idx| String::from_utf8_lossy(record.get(idx).unwrap_or_default()).into_owned();
        let text = field(0);
        // FNV-1a, whose low bit would only be that of the last characters.
        let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| {
            (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3)
        });
        examples.push(Example {
            is_spam: field(6) == "Spam",
            is_test: (hash >> 40) & 1 == 1,
            text,
        });
    }
    Ok(examples)
}
