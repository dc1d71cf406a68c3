//! Whatever comes in, statistics say what is wrong with it or say nothing: they neither panic nor make up a
//! number.

#![allow(clippy::unwrap_used, reason = "what is not there fails the test")]

use std::fmt::Debug;

use analysis::{
    anomalies::{
        AnomalyError, bucket_width,
        classic::{Classic, classic},
        rosner::rosner,
        shesd::{Scale, ShEsd, shesd},
        stl::periodic_stl,
        streaming::Stream,
    },
    series::{
        Series, Spans,
        as_of::{Seen, counts_as_of, means_as_of},
        decimate::{min_max, min_max_lttb},
        quality::{Intake, Outcome, assess, holes},
        returns::{Transform, log_returns},
        rollup::{Level, Post, Rollup, Zone},
    },
    stats::{
        ccf::ccf,
        correlation::{
            LevelPairs, Measured, Method, correlate,
            rolling::{Lookback, rolling},
        },
        event_study::{Windows, event_study, market_model},
        hayashi_yoshida::{LagGrid, Ticks, TicksError, tick_lead},
        leadlag::{
            Confirm, Lags, Settings, Surrogates, Verdict, among_many, lead_lag, placebo,
            test as lead_lag_test,
        },
        prewhiten::Autoregression,
        random::Random,
        trials::benjamini_yekutieli,
    },
    view::{Class, Range},
};

/// What a statistic says of what it was given.
#[derive(Debug)]
enum Answer {
    /// What is wrong.
    Refused(String),
    /// Explicitly nothing: no value, no verdict, no anomaly.
    Nothing,
    Number,
    /// Something that looks like an answer and is not finite.
    NoNumber(String),
}

type Row = Vec<Option<f64>>;
type Statistic = (&'static str, fn(&Row, &Row) -> Answer);

fn answer<T: Debug, E: ToString>(found: Result<T, E>, is_nothing: impl Fn(&T) -> bool) -> Answer {
    match found {
        Err(error) => Answer::Refused(error.to_string()),
        Ok(found) if is_nothing(&found) => Answer::Nothing,
        Ok(found) => number(&found),
    }
}

/// A number, unless something in it is not finite.
fn number(found: &impl Debug) -> Answer {
    let told = format!("{found:?}");
    match told.contains("NaN") || told.contains("inf") {
        true => Answer::NoNumber(told),
        false => Answer::Number,
    }
}

fn some<T: Debug>(found: Option<T>) -> Answer {
    found.map_or(Answer::Nothing, |found| number(&found))
}

/// Both rows as series, or what is wrong with them.
fn of_series(x: &Row, y: &Row, calculate: impl Fn(&Series, &Series) -> Answer) -> Answer {
    match (Series::new(x.clone()), Series::new(y.clone())) {
        (Ok(x), Ok(y)) => calculate(&x, &y),
        (Err(error), _) | (_, Err(error)) => Answer::Refused(error.to_string()),
    }
}

fn correlation(method: Method, x: &Row, y: &Row) -> Answer {
    of_series(x, y, |x, y| {
        let (x, y) = (Measured::Changes(x), Measured::Changes(y));
        answer(correlate(method, x, y, LevelPairs::Refuse), |_| false)
    })
}

fn rolled(method: Method, x: &Row, y: &Row) -> Answer {
    let lookback = Lookback {
        places: 20,
        min_pairs: 10,
    };
    of_series(x, y, |x, y| {
        let (x, y) = (Measured::Changes(x), Measured::Changes(y));
        let found = rolling(method, x, y, LevelPairs::Refuse, lookback);
        answer(found, |found| found.n_present() == 0)
    })
}

fn ticks_of(row: &Row) -> Result<Ticks, TicksError> {
    let values: Vec<f64> = row.iter().flatten().copied().collect();
    Ticks::levels((0..values.len() as i64).collect(), values)
}

const DRAWS: Surrogates = Surrogates { count: 19, seed: 1 };

/// Statistics of two series on one grid.
const OF_PAIRS: &[Statistic] = &[
    ("Pearson", |x, y| correlation(Method::Pearson, x, y)),
    ("Spearman", |x, y| correlation(Method::Spearman, x, y)),
    ("Kendall", |x, y| correlation(Method::Kendall, x, y)),
    ("rolling Pearson", |x, y| rolled(Method::Pearson, x, y)),
    ("rolling Kendall", |x, y| rolled(Method::Kendall, x, y)),
    ("correlation by lag", |x, y| {
        of_series(x, y, |x, y| answer(ccf(x, y, 5), |_| false))
    }),
    ("lead/lag test", |x, y| {
        let settings = Settings {
            lags: Lags { max: 5, period: 0 },
            surrogates: DRAWS,
            confirm: Confirm::Always,
            ..Settings::default()
        };
        of_series(x, y, |x, y| {
            answer(lead_lag_test(x, y, settings), |found| {
                matches!(found.verdict, Verdict::TooShort { .. }) && found.p_family.is_none()
            })
        })
    }),
    ("lead/lag as the page asks", |x, y| {
        of_series(x, y, |x, y| {
            let found = lead_lag(x, y, Lags { max: 5, period: 0 });
            let is_short = matches!(found.verdict, Verdict::TooShort { .. });
            match is_short && found.p_family.is_none() {
                true => Answer::Nothing,
                false => number(&found),
            }
        })
    }),
    ("lead/lag among many", |x, y| {
        of_series(x, y, |x, y| {
            some(among_many(&[lead_lag(x, y, Lags { max: 5, period: 0 })])[0].p)
        })
    }),
    ("placebo shifts", |x, y| {
        of_series(x, y, |x, y| {
            let found = placebo(x, y, Lags { max: 2, period: 0 }, 40);
            some(found.filter(|found| found.p.is_some()))
        })
    }),
    ("event study", |x, y| {
        let windows = Windows {
            before: 2,
            after: 2,
            estimation: 40,
            period: 1,
        };
        of_series(x, y, |x, y| {
            let events: Vec<usize> = (50..x.len().saturating_sub(3)).step_by(20).collect();
            answer(event_study(x, y, &events, windows, DRAWS), |_| false)
        })
    }),
    ("market model", |x, y| {
        of_series(x, y, |x, y| some(market_model(x.values(), y.values())))
    }),
    ("lead/lag of ticks", |x, y| {
        match (ticks_of(x), ticks_of(y)) {
            (Ok(x), Ok(y)) => {
                let grid = LagGrid { reach: 9, step: 1 };
                answer(tick_lead(&x, &y, grid, DRAWS), |_| false)
            }
            (Err(error), _) | (_, Err(error)) => Answer::Refused(error.to_string()),
        }
    }),
];

/// Statistics of one series; the second is not looked at.
const OF_ONE: &[Statistic] = &[
    ("Seasonal Hybrid ESD", |x, _| {
        answer(shesd(x, &ShEsd::new(7)), |found| found.n == 0)
    }),
    ("the same of logarithms", |x, _| {
        let options = ShEsd {
            scale: Scale::Log1p,
            ..ShEsd::new(7)
        };
        answer(shesd(x, &options), |found| found.n == 0)
    }),
    ("classic anomalies", |x, _| {
        let options = Classic {
            period: 7,
            ..Classic::default()
        };
        answer(classic(x, &options), |found| found.n == 0)
    }),
    ("Rosner's test", |x, _| {
        let present: Vec<f64> = x.iter().flatten().copied().collect();
        answer(rosner(&present, 3, 0.05), |_| false)
    }),
    ("autoregression", |x, _| {
        of_series(x, x, |x, _| {
            let found = Autoregression::fit(x, 5);
            some((found.order() > 0).then_some(found))
        })
    }),
    ("season and trend", |x, _| {
        let present: Vec<f64> = x.iter().flatten().copied().collect();
        // Of a constant the trend is the constant, which is right.
        let moves = present.windows(2).any(|pair| pair[0] < pair[1]);
        some(periodic_stl(&present, 7).filter(|_| moves))
    }),
];

/// 200 places that remember, all above 0.
fn good(seed: u64) -> Row {
    let mut random = Random::new(seed);
    let mut level = 0.0;
    (0..200)
        .map(|_| {
            level = 0.6 * level + random.normal();
            Some(20.0 + level)
        })
        .collect()
}

fn with(value: Option<f64>) -> Row {
    let mut row = good(1);
    row[100] = value;
    row
}

#[test]
fn what_is_no_series_is_refused_by_name_or_answered_with_nothing() {
    let short = |n: usize| good(1)[..n].to_vec();
    let bad = [
        ("NaN", with(Some(f64::NAN))),
        ("infinity", with(Some(f64::INFINITY))),
        ("minus infinity", with(Some(f64::NEG_INFINITY))),
        ("a constant", vec![Some(0.1); 200]),
        ("a constant of zeros", vec![Some(0.0); 200]),
        ("gaps", vec![None; 200]),
        ("one value among gaps", {
            let mut row = vec![None; 200];
            row[100] = Some(1.0);
            row
        }),
        ("nothing", short(0)),
        ("one place", short(1)),
        ("two places", short(2)),
        ("two equal places", vec![Some(3.0); 2]),
    ];
    for (kind, row) in &bad {
        let other = good(2)[..row.len()].to_vec();
        for (statistic, calculate) in OF_PAIRS {
            // A line through what never moves is flat, and an answer; so is one against a market that
            // never moves.
            let is_constant = kind.starts_with("a constant");
            let is_model = is_constant && *statistic == "market model";
            let has_flat_market = is_constant && *statistic == "event study";
            if !is_model {
                check(kind, statistic, calculate(row, &other));
            }
            if !(is_model || has_flat_market) {
                check(kind, statistic, calculate(&other, row));
            }
        }
        for (statistic, calculate) in OF_ONE {
            check(kind, statistic, calculate(row, row));
        }
    }
    for (statistic, calculate) in OF_PAIRS.iter().chain(OF_ONE) {
        let found = calculate(&good(1), &good(2));
        assert!(matches!(found, Answer::Number), "{statistic}: {found:?}");
    }
}

#[test]
fn values_at_the_ends_of_what_a_number_holds_give_finite_answers_or_none() {
    let scaled = |by: f64| -> Row { good(1).iter().map(|v| v.map(|v| v * by)).collect() };
    let ends = [f64::MAX, f64::MIN];
    let mut made_up = Vec::new();
    for row in [
        scaled(1e300),
        scaled(f64::MAX / 40.0),
        scaled(-1e300),
        scaled(1e-300),
        scaled(5e-324),
        with(Some(f64::MAX)),
        with(Some(f64::MIN)),
        with(Some(f64::MIN_POSITIVE)),
        (0..200).map(|t| Some(ends[t % 2])).collect(),
        (0..200).map(|t| Some(t as f64)).collect(),
    ] {
        let other = good(2);
        let told = &row[99..102];
        for (statistic, calculate) in OF_PAIRS.iter().chain(OF_ONE) {
            for (x, y) in [(&row, &other), (&other, &row), (&row, &row)] {
                let found = calculate(x, y);
                if matches!(found, Answer::NoNumber(_)) {
                    made_up.push(format!("{statistic} of {told:?}"));
                }
            }
        }
        let mut stream = Stream::new(1);
        for value in row.iter().cycle().take(1_000) {
            let score = stream.push(*value).map_or(0.0, |score| score.score);
            assert!((0.0..=1.0).contains(&score), "{told:?}: {score}");
        }
    }
    assert!(made_up.is_empty(), "{made_up:#?}");
}

#[track_caller]
fn check(kind: &str, statistic: &str, found: Answer) {
    match found {
        Answer::Number => panic!("{statistic} of {kind} gave a number"),
        Answer::NoNumber(told) => panic!("{statistic} of {kind} gave {told}"),
        Answer::Nothing => {}
        Answer::Refused(message) => {
            assert!(message.len() > 15, "{statistic} of {kind}: {message}");
        }
    }
}

#[test]
fn series_of_different_lengths_are_refused() {
    for (statistic, calculate) in &OF_PAIRS[..7] {
        let found = calculate(&good(1), &good(2)[..150].to_vec());
        assert!(
            matches!(found, Answer::Refused(_)),
            "{statistic}: {found:?}"
        );
    }
}

#[test]
fn times_out_of_order_and_doubled_ones_are_named() {
    let ticks = |times: &[i64]| Ticks::levels(times.to_vec(), vec![1.0; times.len()]);

    assert_eq!(ticks(&[1, 3, 2]), Err(TicksError::Unsorted(2)));
    assert_eq!(ticks(&[1, 3, 3]), Err(TicksError::Duplicate(2)));
    assert_eq!(bucket_width(&[1, 3, 2]), Err(AnomalyError::Unsorted(2)));
    assert_eq!(bucket_width(&[1, 3, 3]), Err(AnomalyError::Duplicate(2)));
    assert!(bucket_width(&[]).is_err());
    assert_eq!(bucket_width(&[i64::MIN, i64::MAX]), Ok(i64::MAX));
    assert!(Zone::new(0, &[(5, 60), (5, 0)]).is_err() && Zone::new(0, &[(5, 60), (1, 0)]).is_err());
    assert_eq!(holes(&[9, 2, 2], 5), []);
}

#[test]
fn posts_of_any_order_and_time_are_counted() {
    let ends = [0, i64::MIN, i64::MAX, -1, 8_640_000_000_000_000, 0];
    let zone = Zone::new(60, &[(0, 120)]).unwrap();
    for level in [
        Level::Minute,
        Level::Hour,
        Level::Day,
        Level::Month,
        Level::Year,
    ] {
        let mut rollup = Rollup::new(level, zone.clone());
        for at in ends {
            rollup.add(Post {
                at,
                compound: i16::MIN,
                class: Class::Neutral,
                author: u32::MAX,
            });
        }

        assert_eq!(rollup.cells().map(|cell| cell.n).sum::<u64>(), 6);
        assert_eq!(rollup.cell(0).n_authors(), 1);
    }
    let empty = Rollup::new(Level::Day, Zone::utc()).cell(0);
    assert_eq!((empty.n, empty.mean(), empty.deviation()), (0, None, None));
}

#[test]
fn a_stream_says_nothing_of_what_is_no_number() {
    let mut stream = Stream::new(0);
    for value in [
        None,
        Some(f64::NAN),
        Some(f64::INFINITY),
        Some(f64::NEG_INFINITY),
    ] {
        assert_eq!(stream.push(value), None);
    }
    assert!(!stream.push(Some(f64::MAX)).unwrap().is_flagged);
}

#[test]
fn points_that_are_no_numbers_are_neither_made_up_nor_fatal() {
    let points: Vec<(f64, f64)> = (0..500)
        .map(|t| {
            (
                f64::from(t),
                if t % 3 == 0 { f64::NAN } else { f64::INFINITY },
            )
        })
        .collect();
    for n in [0, 1, 2, 500] {
        for n_out in [0, 1, 10, 1_000] {
            let kept = min_max_lttb(&points[..n], n_out);
            assert!(kept.len() <= n.min(n_out.max(3)));
            assert!(
                kept.iter()
                    .all(|p| p.0.fract().abs() <= 0.0 && p.0 < n as f64)
            );
            assert!(min_max(&points[..n], n_out, |p| p.1).len() <= n.min(n_out.max(4)));
        }
    }
}

#[test]
fn the_rest_gives_gaps_and_errors_and_no_numbers() {
    let bad = [Some(0.0), Some(-1.0), Some(f64::NAN), None, Some(2.0)];
    assert_eq!(log_returns(&bad).n_present(), 0);
    for transform in [Transform::Returns, Transform::AbsReturns, Transform::Log1p] {
        let series = Series::with_gaps([Some(-2.0)]);
        assert!(transform.apply(&series).is_err());
    }
    assert_eq!(
        benjamini_yekutieli(&[None, Some(f64::NAN)]),
        [None, Some(1.0)]
    );
    let nothing = assess(
        &Intake::default(),
        &Spans::default(),
        Range { from: 9, to: 1 },
    );
    assert_eq!(nothing.outcome, Outcome::Fail);
    let far = Seen {
        at: i64::MAX,
        seen_at: i64::MIN,
        what: f64::NAN,
    };
    assert!(means_as_of(&[far], 0, 0, 9).is_empty());
    assert_eq!(means_as_of(&[far], i64::MIN, i64::MAX, 9).n_present(), 0);
    assert_eq!(counts_as_of(&[far], 0, 3, 9).len(), 3);
}
