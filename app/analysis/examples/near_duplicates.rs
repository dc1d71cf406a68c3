//! How many near-duplicates the index finds and how fast, held against comparing every pair of tweets. Run
//! by hand; needs the shared tweets.
//!
//! ```text
//! near_duplicates [N_POSTS]
//! ```

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stdout,
    reason = "a program reads files and prints"
)]

#[path = "common/tweets.rs"]
mod tweets;

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use analysis::spam::{Duplicates, LEAST_JACCARD, Memory, Template};
use anyhow::{Result, ensure};

fn main() -> Result<()> {
    let n_posts = std::env::args().nth(1).map_or(Ok(20_000), |n| n.parse())?;
    let texts = tweets::spread(n_posts);
    ensure!(
        !texts.is_empty(),
        "the tweets are missing; set MOODTAPE_DATA"
    );
    let memory = Memory {
        max_posts: usize::MAX,
        ..Memory::default()
    };
    let mut best = f64::INFINITY;
    let mut found = Vec::new();
    let mut duplicates = Duplicates::new(memory);
    for _ in 0..5 {
        duplicates = Duplicates::new(memory);
        let start = Instant::now();
        found = texts
            .iter()
            .enumerate()
            .map(|(key, text)| duplicates.observe(key as u64, 0, text).n_posts > 1)
            .collect();
        best = best.min(start.elapsed().as_secs_f64());
    }
    println!(
        "{} posts, {} templates: {:.0} posts/s, {:.2} µs each (best of 5)",
        texts.len(),
        duplicates.n_texts(),
        texts.len() as f64 / best,
        best / texts.len() as f64 * 1e6
    );
    compare(&texts, &found, &duplicates);
    Ok(())
}

/// Every pair of templates by its true Jaccard index, over sets of strings.
fn compare(texts: &[String], found: &[bool], duplicates: &Duplicates) {
    let templates: Vec<String> = texts
        .iter()
        .map(|text| Template::of(text).text().to_owned())
        .collect();
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    let mut firsts = Vec::new();
    let number_of: Vec<usize> = templates
        .iter()
        .enumerate()
        .map(|(key, template)| {
            *numbers.entry(template.as_str()).or_insert_with(|| {
                firsts.push(key);
                firsts.len() - 1
            })
        })
        .collect();
    let sets = shingle_sets(firsts.iter().map(|key| templates[*key].as_str()));
    // Pairs of different templates; equal ones are found by their hash.
    let (mut n_true, mut n_true_found) = (0_u64, 0_u64);
    let mut has_earlier = vec![false; firsts.len()];
    let cluster_of = clusters(&firsts, duplicates);
    let (mut n_same_cluster, mut n_same_and_true) = (0_u64, 0_u64);
    for b in 0..sets.len() {
        for a in 0..b {
            let is_near = jaccard(&sets[a], &sets[b]) >= LEAST_JACCARD;
            let is_same = cluster_of[a] == cluster_of[b];
            has_earlier[b] |= is_near;
            n_true += u64::from(is_near);
            n_true_found += u64::from(is_near && is_same);
            n_same_cluster += u64::from(is_same);
            n_same_and_true += u64::from(is_near && is_same);
        }
    }
    let mut seen = HashSet::new();
    let (mut hits, mut misses, mut false_alarms) = (0_u64, 0_u64, 0_u64);
    for (key, number) in number_of.iter().enumerate() {
        let is_copy = (!seen.insert(*number) || has_earlier[*number]) && !templates[key].is_empty();
        hits += u64::from(is_copy && found[key]);
        misses += u64::from(is_copy && !found[key]);
        false_alarms += u64::from(!is_copy && found[key]);
    }
    println!(
        "posts with an earlier near-duplicate: {} of {}; recall {:.5}, precision {:.5}",
        hits + misses,
        texts.len(),
        hits as f64 / (hits + misses) as f64,
        hits as f64 / (hits + false_alarms) as f64
    );
    println!(
        "pairs of different templates: {n_true}; in one cluster {:.5}; of {n_same_cluster} pairs in one cluster {:.5} are near themselves, the rest by way of others",
        n_true_found as f64 / n_true as f64,
        n_same_and_true as f64 / n_same_cluster as f64
    );
}

/// Hashes of strings of five characters, by another hash than the product's.
fn shingle_sets<'t>(templates: impl Iterator<Item = &'t str>) -> Vec<Vec<u64>> {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let hash = |shingle: &[char]| {
        let mut hasher = DefaultHasher::new();
        shingle.hash(&mut hasher);
        hasher.finish()
    };
    templates
        .map(|template| {
            let chars: Vec<char> = template.chars().collect();
            let mut set: Vec<u64> = if chars.len() < 5 {
                vec![hash(&chars)]
            } else {
                chars.windows(5).map(hash).collect()
            };
            set.sort_unstable();
            set.dedup();
            set
        })
        .collect()
}

fn jaccard(a: &[u64], b: &[u64]) -> f64 {
    if (a.len().min(b.len()) as f64) < LEAST_JACCARD * a.len().max(b.len()) as f64 {
        return 0.0;
    }
    let (mut i, mut j, mut n_common) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        n_common += usize::from(a[i] == b[j]);
        (i, j) = (i + usize::from(a[i] <= b[j]), j + usize::from(b[j] <= a[i]));
    }
    n_common as f64 / (a.len() + b.len() - n_common) as f64
}

fn clusters(firsts: &[usize], duplicates: &Duplicates) -> Vec<Option<u32>> {
    firsts
        .iter()
        .map(|key| duplicates.standing(*key as u64).map(|one| one.cluster))
        .collect()
}
