//! How well scores agree with people: VADER beside its finance mode, on labelled posts about markets, and on
//! rated tweets about anything.
//!
//! ```text
//! sentiment_accuracy [a|b]        half a (the default) or b of the labelled posts
//! ```
//!
//! The posts lie in `$MOODTAPE_DATA/labelled`. A post is in half a if the upper bit of the FNV-1a hash of its
//! text is 0. Entries of `finance.tsv` may be weighed by half a; half b only measures. AUC: how often a
//! positive post scores above a negative one. Balanced accuracy: mean share of the two kinds that is
//! classified right at ±0.05, neutral being wrong. Coverage: share that is not neutral. In brackets are 95 %
//! intervals of 1,000 seeded bootstrap samples; those of a difference are of paired samples.

#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stdout,
    reason = "a program reads files and prints"
)]

use std::path::{Path, PathBuf};

use analysis::stats::random::Random;
use analysis::text::sentiment::{Scratch, Vader};
use anyhow::{Context, Result, bail};

/// File, column of the text, column of the label, and the label of a positive post.
const SETS: [(&str, usize, usize, &str); 3] = [
    ("surge_crypto.csv", 0, 1, "Positive"),
    ("stock_tweets_first_half.csv", 0, 1, "1"),
    ("stockemotions_train.csv", 5, 4, "bullish"),
];
const N_SAMPLES: usize = 1000;

fn main() -> Result<()> {
    let half = match std::env::args().nth(1).as_deref() {
        None | Some("a") => 0,
        Some("b") => 1,
        Some(other) => bail!("a or b, not {other:?}"),
    };
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let data = std::env::var_os("MOODTAPE_DATA").map_or(beside, PathBuf::from);
    let methods = [("vader", Vader::new()), ("finance", Vader::finance())];
    for (file, text_at, label_at, positive) in SETS {
        let path = data.join("labelled").join(file);
        let posts = read_posts(&path, text_at, label_at, positive, half)?;
        println!("{file}, {} posts", posts.len());
        let scored = methods
            .each_ref()
            .map(|(name, vader)| (*name, scored(vader, &posts)));
        for (name, posts) in &scored {
            print_figures(name, posts);
        }
        let difference = |sample: &[usize]| {
            let [(_, vader), (_, finance)] = &scored;
            auc(finance, sample) - auc(vader, sample)
        };
        println!(
            "  finance - vader: AUC {}",
            interval(posts.len(), difference)
        );
    }
    print_agreement(&data.join("vader/tweets_GroundTruth.odd.tsv"), &methods)
}

struct Post {
    text: String,
    is_positive: bool,
}

/// The posts of one half; 0 is a.
fn read_posts(
    path: &Path,
    text_at: usize,
    label_at: usize,
    positive: &str,
    half: u64,
) -> Result<Vec<Post>> {
    let mut reader = csv::Reader::from_path(path).with_context(|| path.display().to_string())?;
    let mut posts = Vec::new();
    for record in reader.byte_records() {
        let record = record?;
        let cell = |at: usize| String::from_utf8_lossy(record.get(at).unwrap_or_default());
        let text = cell(text_at).into_owned();
        if fnv1a(text.as_bytes()) >> 63 == half {
            let is_positive = cell(label_at) == positive;
            posts.push(Post { text, is_positive });
        }
    }
    Ok(posts)
}

fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}

/// Compound in ten-thousandths of each post, and whether it is positive.
fn scored(vader: &Vader, posts: &[Post]) -> Vec<(i16, bool)> {
    let mut scratch = Scratch::default();
    let mut compound = |text: &str| vader.compound_with(&mut scratch, text).ten_thousandths();
    posts
        .iter()
        .map(|post| (compound(&post.text), post.is_positive))
        .collect()
}

fn print_figures(name: &str, posts: &[(i16, bool)]) {
    println!(
        "  {name:8} AUC {}  balanced accuracy {}  coverage {}",
        interval(posts.len(), |sample| auc(posts, sample)),
        interval(posts.len(), |sample| balanced_accuracy(posts, sample)),
        interval(posts.len(), |sample| coverage(posts, sample)),
    );
}

/// A figure of all posts, with its bootstrap interval.
fn interval(n_posts: usize, figure: impl Fn(&[usize]) -> f64) -> String {
    let all: Vec<_> = (0..n_posts).collect();
    let mut random = Random::new(42);
    let mut figures: Vec<_> = (0..N_SAMPLES)
        .map(|_| {
            let sample: Vec<_> = (0..n_posts)
                .map(|_| (random.uniform() * n_posts as f64) as usize)
                .collect();
            figure(&sample)
        })
        .collect();
    figures.sort_by(f64::total_cmp);
    let (low, high) = (
        figures[N_SAMPLES / 40],
        figures[N_SAMPLES - 1 - N_SAMPLES / 40],
    );
    format!("{:.3} [{low:.3}, {high:.3}]", figure(&all))
}

/// Mann–Whitney: the share of pairs in which the positive post scores higher, ties counted half.
fn auc(posts: &[(i16, bool)], sample: &[usize]) -> f64 {
    const N_SCORES: usize = 20_001;
    let mut counts = vec![[0_u32; 2]; N_SCORES];
    for at in sample {
        let (score, is_positive) = posts[*at];
        counts[(i32::from(score) + 10_000) as usize][usize::from(is_positive)] += 1;
    }
    let (mut n_negative, mut n_positive, mut n_won) = (0.0, 0.0, 0.0);
    for [negative, positive] in counts {
        n_won += f64::from(positive) * (n_negative + f64::from(negative) / 2.0);
        n_negative += f64::from(negative);
        n_positive += f64::from(positive);
    }
    n_won / (n_negative * n_positive)
}

fn balanced_accuracy(posts: &[(i16, bool)], sample: &[usize]) -> f64 {
    let share_right = |kind: bool| {
        let of_kind = sample
            .iter()
            .map(|at| posts[*at])
            .filter(|(_, label)| *label == kind);
        let (mut n, mut n_right) = (0.0, 0.0);
        for (score, _) in of_kind {
            n += 1.0;
            let is_right = if kind { score >= 500 } else { score <= -500 };
            n_right += f64::from(u8::from(is_right));
        }
        n_right / n
    };
    (share_right(true) + share_right(false)) / 2.0
}

fn coverage(posts: &[(i16, bool)], sample: &[usize]) -> f64 {
    let n_told = sample
        .iter()
        .filter(|at| posts[**at].0.abs() >= 500)
        .count();
    n_told as f64 / sample.len() as f64
}

/// Pearson's r with the mean of 20 raters, on general tweets.
fn print_agreement(path: &Path, methods: &[(&str, Vader)]) -> Result<()> {
    let file = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let mut rated = Vec::new();
    for line in file.lines() {
        let mut fields = line.splitn(3, '\t').skip(1);
        let (rating, text) = fields
            .next()
            .zip(fields.next())
            .context("id, rating, text")?;
        rated.push((rating.parse::<f64>()?, text));
    }
    println!(
        "general tweets, {} of them, r with their raters",
        rated.len()
    );
    for (name, vader) in methods {
        let score = |text: &str| vader.compound(text).value();
        let pairs: Vec<_> = rated
            .iter()
            .map(|(rating, text)| (*rating, score(text)))
            .collect();
        let of_sample = |sample: &[usize]| pearson(sample.iter().map(|at| pairs[*at]));
        println!("  {name:8} r {}", interval(pairs.len(), of_sample));
    }
    Ok(())
}

fn pearson(pairs: impl Iterator<Item = (f64, f64)> + Clone) -> f64 {
    let n = pairs.clone().count() as f64;
    let sum = pairs
        .clone()
        .fold((0.0, 0.0), |sum, (x, y)| (sum.0 + x, sum.1 + y));
    let (mean_x, mean_y) = (sum.0 / n, sum.1 / n);
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (x, y) in pairs {
        xx += (x - mean_x) * (x - mean_x);
        yy += (y - mean_y) * (y - mean_y);
        xy += (x - mean_x) * (y - mean_y);
    }
    xy / (xx * yy).sqrt()
}
