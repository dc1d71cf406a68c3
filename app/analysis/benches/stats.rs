//! How fast correlations by lag, the lead/lag test, tick-level lead/lag, roll-ups and decimation are.

#![allow(clippy::unwrap_used, reason = "a wrong answer must not be a fast one")]

use std::hint::black_box;

use analysis::{
    series::{
        decimate::{min_max, min_max_lttb},
        rollup::{Cell, Level, Rollup, Zone},
    },
    stats::{
        ccf::ccf,
        correlation::{LevelPairs, Measured, Method, correlate},
        hayashi_yoshida::{LagGrid, tick_lead},
        leadlag::{Confirm, Lags, Settings, Surrogates, test},
    },
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

#[path = "../examples/common/made_up.rs"]
#[allow(dead_code, reason = "another benchmark is about the minutes")]
mod made_up;

use made_up::{pair, posts, ticks as ticks_of};

criterion_group!(benches, correlations, leads, ticks, rollups, decimation);
criterion_main!(benches);

fn correlations(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("correlation");
    group.sample_size(20);
    let (x, y) = pair(100_000);
    group.bench_function("ccf_100_lags/100000", |bencher| {
        bencher.iter(|| {
            let found = ccf(black_box(&x), black_box(&y), 100).unwrap();
            assert!(found.values[103] > found.values[100]);
        });
    });
    for (name, method) in [("spearman", Method::Spearman), ("kendall", Method::Kendall)] {
        let (x, y) = pair(10_000);
        group.bench_function(format!("{name}/10000"), |bencher| {
            bencher.iter(|| {
                let (x, y) = (Measured::Changes(&x), Measured::Changes(&y));
                let found = correlate(method, x, y, LevelPairs::Refuse).unwrap();
                assert!(found.value > 0.05);
            });
        });
    }
}

fn leads(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("leadlag");
    group.sample_size(10);
    for (n, max) in [(720, 24), (5_000, 24), (5_000, 100), (20_000, 24)] {
        let (x, y) = pair(n);
        let settings = Settings {
            lags: Lags { max, period: 24 },
            confirm: Confirm::Always,
            ..Settings::default()
        };
        group.bench_function(format!("199_surrogates_{max}_lags/{n}"), |bencher| {
            bencher.iter(|| {
                let found = test(black_box(&x), black_box(&y), settings).unwrap();
                assert!(found.p_surrogate.is_some());
            });
        });
    }
}

fn ticks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("ticks");
    group.sample_size(10);
    let (x, y) = (ticks_of(17_500, 0, 4), ticks_of(10_500, 15_000, 5));
    let grid = LagGrid {
        reach: 60_000,
        step: 1_000,
    };
    for count in [1, 999] {
        group.bench_function(format!("121_lags_{count}_draws/28000"), |bencher| {
            bencher.iter(|| {
                let draws = Surrogates { count, seed: 1 };
                let found = tick_lead(black_box(&x), black_box(&y), grid, draws).unwrap();
                assert!((found.lead - 15_000).abs() < 2_000);
            });
        });
    }
}

fn rollups(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("rollup");
    group.sample_size(10);
    const N: u32 = 1_000_000;
    group.throughput(Throughput::Elements(u64::from(N)));
    let posts = posts(N);
    for level in [Level::Hour, Level::Day, Level::Month] {
        for (name, authors) in [("posts", false), ("posts_and_authors", true)] {
            group.bench_function(format!("{name}/{level:?}"), |bencher| {
                bencher.iter(|| {
                    let mut rollup = Rollup::new(level, Zone::utc());
                    for post in &posts {
                        if authors {
                            rollup.add(*post)
                        } else {
                            rollup.add_without_author(*post)
                        }
                    }
                    assert_eq!(rollup.cells().map(|cell| cell.n).sum::<u64>(), u64::from(N));
                    let n_authors: usize = rollup.cells().map(Cell::n_authors).sum();
                    assert_eq!(n_authors > 0, authors);
                });
            });
        }
    }
    let mut hours = Rollup::new(Level::Hour, Zone::utc());
    posts.iter().for_each(|post| hours.add(*post));
    group.bench_function("hours_to_days_with_authors", |bencher| {
        bencher.iter(|| {
            let days = hours.rolled_up(Level::Day, &Zone::utc()).unwrap();
            assert!(days.cells().map(Cell::n_authors).sum::<usize>() > 50_000);
        });
    });
}

fn decimation(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decimation");
    group.sample_size(10);
    let (x, _) = pair(1_000_000);
    let points: Vec<(f64, f64)> = x
        .values()
        .iter()
        .flatten()
        .enumerate()
        .map(|(t, v)| (t as f64, *v))
        .collect();
    group.bench_function("min_max_to_2000/1000000", |bencher| {
        bencher.iter(|| assert!(min_max(&points, 2_000, |p| p.1).len() <= 2_000));
    });
    group.bench_function("min_max_lttb_to_2000/1000000", |bencher| {
        bencher.iter(|| assert_eq!(min_max_lttb(&points, 2_000).len(), 2_000));
    });
}
