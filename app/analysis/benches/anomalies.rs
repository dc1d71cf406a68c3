//! How fast anomalies are found in ten days of minutes, all at once and point by point.
//!
//! The minutes are those of `$MOODTAPE_DATA` (default: the data beside the repository) if they are there,
//! and made-up ones with a season, a peak now and then and a drift, the same everywhere.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a benchmark reads files"
)]

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};

use analysis::anomalies::shesd::{ShEsd, Threshold, shesd};
use analysis::anomalies::stl::periodic_stl;
use analysis::anomalies::streaming::Stream;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

#[path = "../examples/common/made_up.rs"]
#[allow(dead_code, reason = "another benchmark is about the rest")]
mod made_up;

const DAY: usize = 1_440;

criterion_group!(benches, batch, streaming);
criterion_main!(benches);

fn batch(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("anomalies/shesd");
    group.sample_size(20);
    for (kind, series) in [
        ("made_up", Some(made_up::minutes())),
        ("minutes", real_minutes()),
    ] {
        let Some(series) = series else {
            eprintln!("SKIPPED anomalies/shesd/minutes: set MOODTAPE_DATA");
            continue;
        };
        if kind == "minutes" {
            check(&series);
        }
        let values: Vec<f64> = series.iter().flatten().copied().collect();
        group.throughput(Throughput::Elements(series.len() as u64));
        group.bench_function(format!("{kind}/stl"), |bencher| {
            bencher.iter(|| black_box(periodic_stl(&values, DAY)));
        });
        for max_share in [0.02, 0.1] {
            let options = ShEsd {
                max_share,
                ..ShEsd::new(DAY)
            };
            group.bench_function(format!("{kind}/at_most_{max_share}"), |bencher| {
                bencher.iter(|| black_box(shesd(&series, &options)));
            });
        }
    }
}

/// That what is timed finds what R's AnomalyDetection finds.
fn check(series: &[Option<f64>]) {
    let plain = ShEsd::new(DAY);
    let threshold = |threshold| ShEsd { threshold, ..plain };
    #[rustfmt::skip]
    let cases = [
        (plain, 131),
        (ShEsd { max_share: 0.1, ..plain }, 131),
        (ShEsd { window: Some(14 * DAY), ..plain }, 131),
        (threshold(Threshold::P95), 1),
        (threshold(Threshold::P99), 1),
    ];
    for (options, n) in cases {
        let found = shesd(series, &options).map(|found| found.anomalies.len());
        assert_eq!(found, Ok(n), "{options:?}");
    }
}

fn streaming(criterion: &mut Criterion) {
    let series = made_up::minutes();
    let mut group = criterion.benchmark_group("anomalies/stream");
    group.throughput(Throughput::Elements(series.len() as u64));
    group.bench_function("made_up", |bencher| {
        bencher.iter(|| {
            let mut stream = Stream::new(DAY);
            for value in &series {
                black_box(stream.push(*value));
            }
        });
    });
}

fn real_minutes() -> Option<Vec<Option<f64>>> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("MOODTAPE_DATA").map_or(beside, PathBuf::from);
    let text = fs::read_to_string(folder.join("shesd/raw_data.csv")).ok()?;
    let value = |line: &str| line.rsplit(',').next().and_then(|field| field.parse().ok());
    Some(text.lines().skip(1).map(value).collect())
}
