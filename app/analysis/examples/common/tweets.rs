//! The shared tweets, for measuring by hand: `$MOODTAPE_DATA/stocknet/tweets_2014`.
//!
//! A program takes it in by `#[path = "common/tweets.rs"] mod tweets;`.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "programs read files"
)]

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;

/// `n` texts spread evenly over all tweets, in the order of the files; none where the data are missing.
pub(crate) fn spread(n: usize) -> Vec<String> {
    let all: Vec<String> = with_language().map(|(text, _)| text).collect();
    let step = (all.len() as f64 / n as f64).max(1.0);
    (0..n.min(all.len()))
        .map(|idx| all[(idx as f64 * step) as usize].clone())
        .collect()
}

/// All texts with the language that the platform says.
pub(crate) fn with_language() -> impl Iterator<Item = (String, String)> {
    let in_repository = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let data = std::env::var_os("MOODTAPE_DATA").map_or_else(in_repository, PathBuf::from);
    let folder = std::fs::read_dir(data.join("stocknet/tweets_2014"));
    let mut paths: Vec<PathBuf> = folder
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    let lines = paths
        .into_iter()
        .filter_map(|path| File::open(path).ok())
        .flat_map(|file| {
            BufReader::new(GzDecoder::new(file))
                .lines()
                .map_while(Result::ok)
        });
    lines.filter_map(|line| {
        let status: serde_json::Value = serde_json::from_str(&line).ok()?;
        let field = |name: &str| Some(status.get(name)?.as_str()?.to_owned());
        Some((field("text")?, field("lang").unwrap_or_default()))
    })
}
