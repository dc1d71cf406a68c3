//! Every statistic as of an instant is that of what was seen by then, and causal ones never look ahead.

#![allow(clippy::unwrap_used, reason = "what is not there fails the test")]

use analysis::{
    anomalies::{
        classic::{Classic, classic},
        fill_gaps,
        rosner::rosner,
        shesd::{Scale, ShEsd, shesd},
        stl::periodic_stl,
        streaming::Stream,
    },
    series::{
        Bucket, BucketGrid, Series,
        align::{on_buckets, on_closes},
        as_of::{Seen, as_of, counts_as_of, known, look_ahead, means_as_of},
        bucket::Sample,
        decimate::{min_max, min_max_lttb},
        returns::Transform,
        rollup::{Level, Post, Rollup, Zone},
    },
    stats::{
        ccf::ccf,
        correlation::{
            LevelPairs, Measured, Method, correlate, n_effective,
            rolling::{Lookback, rolling},
        },
        event_study::{Windows, event_study, market_model},
        hayashi_yoshida::{LagGrid, Ticks, tick_lead},
        leadlag::{Confirm, Lags, Settings, Surrogates, among_many, placebo, test},
        prewhiten::Autoregression,
        random::Random,
    },
    view::Class,
};
use proptest::prelude::*;

const WIDTH: i64 = 10;

/// Values that become known up to 25 after they belong, in the order in which they become known.
fn seen(n: usize, seed: u64) -> Vec<Seen<f64>> {
    let mut random = Random::new(seed);
    let mut all: Vec<Seen<f64>> = (0..n)
        .map(|_| {
            let at = (random.uniform() * n as f64 * 5.0) as i64;
            Seen {
                at,
                seen_at: at + (random.uniform() * 25.0) as i64,
                what: random.normal(),
            }
        })
        .collect();
    all.sort_by_key(|s| s.seen_at);
    all
}

/// What a reader has who joined at the start and stopped at `as_of`: the prefix of the stream, in the
/// order of the stream, never sorted, never filtered by anything else.
fn live(stream: &[Seen<f64>], as_of: i64) -> Vec<Seen<f64>> {
    stream
        .iter()
        .take_while(|s| s.seen_at <= as_of)
        .copied()
        .collect()
}

/// All statistics of a pair of series in one line, to the last bit.
fn all_statistics(x: &Series, y: &Series) -> String {
    let (a, b) = (Measured::Changes(x), Measured::Changes(y));
    let correlations = [Method::Pearson, Method::Spearman, Method::Kendall]
        .map(|method| correlate(method, a, b, LevelPairs::Refuse));
    let surrogates = Surrogates { count: 19, seed: 3 };
    let settings = Settings {
        lags: Lags { max: 5, period: 7 },
        surrogates,
        confirm: Confirm::Always,
        ..Settings::default()
    };
    let windows = Windows {
        before: 2,
        after: 2,
        estimation: 40,
        period: 1,
    };
    let n = x.len();
    let events: Vec<usize> = (50..n.saturating_sub(5)).step_by(9).collect();
    let lead = test(x, y, settings);
    let study = event_study(x, y, &events, windows, surrogates);
    let model = market_model(x.values(), y.values());
    let memory = (Autoregression::fit(x, 6), n_effective(x, y, n));
    let by_lag = (ccf(x, y, 5), placebo(x, y, settings.lags, 40));
    let tests: Vec<_> = [lead, test(y, x, settings)].into_iter().flatten().collect();
    let judged = among_many(&tests);
    format!("{correlations:?} {tests:?} {judged:?} {study:?} {model:?} {memory:?} {by_lag:?}")
}

/// All anomalies of a series of counts in one line, to the last bit.
fn all_anomalies(counts: &Series) -> String {
    let week = ShEsd::new(7);
    let options = [
        week,
        ShEsd {
            scale: Scale::Log1p,
            window: Some(40),
            ..week
        },
    ];
    let robust = options.map(|options| shesd(counts.values(), &options));
    let day = Classic {
        period: 7,
        ..Classic::default()
    };
    let present: Vec<f64> = counts.values().iter().flatten().copied().collect();
    let points: Vec<(f64, f64)> = (0..).map(f64::from).zip(present.iter().copied()).collect();
    let drawn = (
        min_max(&points, 40, |point| point.1),
        min_max_lttb(&points, 40),
    );
    format!(
        "{robust:?} {:?} {:?} {:?} {:?} {drawn:?}",
        classic(counts.values(), &day),
        rosner(&present, 5, 0.05),
        periodic_stl(&present, 7),
        fill_gaps(counts.values(), 7),
    )
}

proptest! {
    // Each case is dear; PROPTEST_CASES asks for more of them here too.
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 32))]

    #[test]
    fn as_of_an_instant_is_the_batch_over_what_was_seen_by_then(seed in 0u64..1_000, share in 0.1f64..1.1) {
        let (x, y) = (seen(300, seed), seen(300, seed + 1_000));
        let as_of = (share * 1_500.0) as i64;

        let at_the_time = all_statistics(
            &means_as_of(&live(&x, as_of), 0, WIDTH, as_of),
            &means_as_of(&live(&y, as_of), 0, WIDTH, as_of),
        );
        let afterwards = all_statistics(
            &means_as_of(&x, 0, WIDTH, as_of),
            &means_as_of(&y, 0, WIDTH, as_of),
        );

        prop_assert_eq!(at_the_time, afterwards);
        prop_assert_eq!(
            all_anomalies(&counts_as_of(&live(&x, as_of), 0, WIDTH, as_of)),
            all_anomalies(&counts_as_of(&x, 0, WIDTH, as_of))
        );
    }

    #[test]
    fn ticks_that_come_late_are_unknown_until_they_come(seed in 0u64..1_000, share in 0.3f64..1.1) {
        let (x, y) = (seen(250, seed), seen(250, seed + 1_000));
        let at = (share * 1_250.0) as i64;
        let ticks = |known: &[Seen<f64>]| {
            let mut known = known.to_vec();
            known.sort_by_key(|s| (s.at, s.seen_at));
            known.dedup_by_key(|s| s.at);
            Ticks::levels(known.iter().map(|s| s.at).collect(), known.iter().map(|s| s.what).collect()).unwrap()
        };
        let lead = |x: &Ticks, y: &Ticks| {
            tick_lead(x, y, LagGrid { reach: 50, step: 5 }, Surrogates { count: 19, seed: 1 })
        };

        let at_the_time = lead(&ticks(&live(&x, at)), &ticks(&live(&y, at)));

        prop_assert_eq!(at_the_time, lead(&as_of(&x, at, ticks), &as_of(&y, at, ticks)));
    }

    #[test]
    fn ticks_as_of_an_instant_do_not_know_the_later_ones(seed in 0u64..1_000, n in 70usize..200) {
        let mut random = Random::new(seed);
        let mut stream = || {
            let (mut at, mut level) = (0, 0.0);
            let ticks = (0..200).map(|_| {
                at += 1 + (random.uniform() * 50.0) as i64;
                level += random.normal();
                (at, level)
            });
            ticks.unzip::<i64, f64, Vec<i64>, Vec<f64>>()
        };
        let ((times_x, x), (times_y, y)) = (stream(), stream());
        let as_of = times_x[n];
        let until = |times: &[i64], values: &[f64]| {
            let n = times.iter().take_while(|t| **t <= as_of).count();
            Ticks::levels(times[..n].to_vec(), values[..n].to_vec()).unwrap()
        };
        let whole = |times: &[i64], values: &[f64]| {
            Ticks::levels(times.to_vec(), values.to_vec()).unwrap().as_of(as_of)
        };
        let lead = |x: &Ticks, y: &Ticks| {
            tick_lead(x, y, LagGrid { reach: 200, step: 20 }, Surrogates { count: 19, seed: 1 })
        };

        prop_assert_eq!(
            lead(&until(&times_x, &x), &until(&times_y, &y)),
            lead(&whole(&times_x, &x), &whole(&times_y, &y))
        );
    }

    #[test]
    fn a_rollup_that_grew_with_the_stream_is_the_batch_at_every_instant(seed in 0u64..1_000) {
        let stream = seen(150, seed);
        let post = |s: &Seen<f64>| Post {
            at: s.at * 60_000,
            compound: (s.what * 1_000.0) as i16,
            class: Class::Neutral,
            author: s.at as u32 % 7,
        };
        let mut grown = Rollup::new(Level::Hour, Zone::utc());
        for (idx, s) in stream.iter().enumerate() {
            grown.add(post(s));
            let is_last_of_instant = stream.get(idx + 1).is_none_or(|next| next.seen_at > s.seen_at);
            if is_last_of_instant && idx % 10 == 0 {
                let mut batch = Rollup::new(Level::Hour, Zone::utc());
                known(&stream, s.seen_at).iter().for_each(|s| batch.add(post(s)));
                prop_assert!(grown.cells().eq(batch.cells()));
            }
        }
    }

    #[test]
    fn sentiment_and_returns_on_a_grid_are_those_of_what_was_seen(seed in 0u64..1_000, share in 0.1f64..1.1) {
        let (posts, prices) = (seen(200, seed), seen(60, seed + 1_000));
        let at = (share * 1_000.0) as i64;
        let n_cells = at / WIDTH;
        let aligned = |posts: &[Seen<f64>], prices: &[Seen<f64>]| {
            let mut grid = BucketGrid::new(WIDTH);
            for post in posts {
                grid.add(Sample {
                    at: post.at,
                    compound: (post.what * 1_000.0) as i16,
                    class: Class::Neutral,
                    late: post.seen_at - post.at > 20,
                });
            }
            // A close is known at the end of its cell, and one price is enough for each.
            let closes = prices.iter().map(|p| (p.at / WIDTH * WIDTH, p.what.exp()));
            let mut closes: Vec<(i64, f64)> = closes.collect();
            closes.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
            closes.dedup_by_key(|close| close.0);
            let regular = on_buckets(&grid, 0..n_cells, &closes.iter().copied().collect());
            let sum = |from: i64, to: i64| grid.sum(from / WIDTH, to / WIDTH);
            (regular, on_closes(&closes, sum))
        };

        let at_the_time = aligned(&live(&posts, at), &live(&prices, at));

        prop_assert_eq!(at_the_time, as_of(&posts, at, |posts| as_of(&prices, at, |prices| aligned(posts, prices))));
    }

    #[test]
    fn causal_outcomes_do_not_change_when_the_future_is_taken_away(seed in 0u64..1_000) {
        let x = means_as_of(&seen(200, seed), 0, WIDTH, 1_000);
        let positive = Series::with_gaps(x.values().iter().map(|v| v.map(f64::exp)));
        let cuts = || (0..=x.len()).step_by(7);
        for transform in [Transform::None, Transform::Diff, Transform::Returns, Transform::AbsReturns, Transform::Log1p] {
            prop_assert_eq!(look_ahead(&positive, cuts(), |s| transform.apply(s).unwrap()), None);
        }
        let scores = |s: &Series| {
            let mut stream = Stream::new(288);
            // Long enough a past for scores: the series again and again, its last time to be cut off.
            for value in (0..400).map(|t| positive.values()[t % positive.len()]) {
                stream.push(value);
            }
            Series::with_gaps(s.values().iter().map(|v| Some(stream.push(*v)?.score)))
        };
        prop_assert_eq!(look_ahead(&positive, cuts(), scores), None);
        let returns_between_closes = |s: &Series| {
            let closes: Vec<(i64, f64)> = s.values().iter().zip(0..).map(|(v, t)| (t, v.unwrap_or(1.0))).collect();
            let aligned = on_closes(&closes, |_, _| Bucket::default());
            Series::with_gaps([None].into_iter().chain(aligned.returns.values().iter().copied()))
        };
        prop_assert_eq!(look_ahead(&positive, cuts(), returns_between_closes), None);
        for method in [Method::Pearson, Method::Spearman, Method::Kendall] {
            let own_square = |s: &Series| {
                let squares = Series::with_gaps(s.values().iter().map(|v| v.map(|v| v * v)));
                let lookback = Lookback { places: 12, min_pairs: 5 };
                rolling(method, Measured::Changes(s), Measured::Changes(&squares), LevelPairs::Refuse, lookback)
                    .unwrap()
            };
            prop_assert_eq!(look_ahead(&x, cuts(), own_square), None);
        }
    }
}

#[test]
fn a_calculation_that_looks_ahead_is_caught() {
    let x = means_as_of(&seen(200, 1), 0, WIDTH, 1_000);
    let less_its_mean = |s: &Series| {
        let mean = s.values().iter().flatten().sum::<f64>() / s.n_present().max(1) as f64;
        Series::with_gaps(s.values().iter().map(|v| v.map(|v| v - mean)))
    };

    assert!(look_ahead(&x, [20, 50], less_its_mean).is_some());
}
