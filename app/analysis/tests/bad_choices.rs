//! Choices that make no sense, times at the ends of time, and nothing at all: refused by name or answered with
//! nothing, by every public statistic; none panics or goes on for ever.

#![allow(clippy::unwrap_used, reason = "what is not there fails the test")]

use std::collections::BTreeMap;

use analysis::{
    anomalies::{
        AnomalyError,
        classic::{Classic, classic},
        fill_gaps,
        rosner::rosner,
        shesd::{ShEsd, shesd},
        stl::periodic_stl,
        streaming::knowable_at,
        usual_period,
    },
    protocol::CountBy,
    series::{
        Bucket, BucketGrid, Series, Spans,
        align::{on_buckets, on_closes},
        monthly::Monthly,
        quality::{Intake, assess},
        rollup::{Level, Zone},
    },
    stats::{
        ccf::ccf,
        correlation::{
            LevelPairs, Measured, Method, correlate, fisher_interval, n_effective,
            rolling::{Lookback, rolling},
        },
        event_study::{EventStudyError, Windows, event_study},
        hayashi_yoshida::{LagGrid, Ticks, TicksError, tick_lead},
        leadlag::{Confirm, Lags, Settings, Surrogates, Verdict, placebo, test as lead_lag_test},
        prewhiten::Autoregression,
        quantile::{median, quantile},
        random::Random,
        student,
    },
    topics::{self, Cleaning, Corpus, Fit, Number, Options, StudiedPost, Study},
    trending::{Trending, burst},
    view::Range,
    voices::Voices,
    words::{Question, Weighing, WordIndex, WordPost, log_odds},
};
use wire::{Millis, time::DAY};

#[path = "fixtures/made.rs"]
mod made;

const DRAWS: Surrogates = Surrogates { count: 19, seed: 1 };
const ENDS: [Millis; 4] = [Millis::MIN, -1, 0, Millis::MAX];

fn noise(seed: u64) -> Vec<f64> {
    let mut random = Random::new(seed);
    (0..200).map(|_| 20.0 + random.normal()).collect()
}

fn series(seed: u64) -> Series {
    noise(seed).into_iter().collect()
}

#[test]
fn anomalies_refuse_seasons_shares_and_levels_by_name() {
    let x: Vec<Option<f64>> = noise(1).into_iter().map(Some).collect();
    let week = ShEsd::new(7);
    let classic_week = Classic {
        period: 7,
        ..Classic::default()
    };
    for period in [0, 101, usize::MAX / 2 + 1, usize::MAX] {
        let classic_of = Classic {
            period,
            ..classic_week
        };
        assert!(shesd(&x, &ShEsd { period, ..week }).is_err(), "{period}");
        assert!(classic(&x, &classic_of).is_err(), "{period}");
        assert_eq!(periodic_stl(&noise(1), period), None);
    }
    for max_share in [0.0, -0.1, 0.5, f64::NAN, f64::INFINITY] {
        let found = shesd(&x, &ShEsd { max_share, ..week });
        assert_eq!(found, Err(AnomalyError::Share), "{max_share}");
    }
    for alpha in [0.0, 1.0, -1.0, f64::NAN, f64::INFINITY] {
        let refused = Err(AnomalyError::Alpha);
        let classic_of = Classic {
            alpha,
            ..classic_week
        };
        assert_eq!(shesd(&x, &ShEsd { alpha, ..week }), refused);
        assert_eq!(classic(&x, &classic_of), refused, "{alpha}");
        assert!(rosner(&noise(1), 1, alpha).is_err(), "{alpha}");
    }
    let window = |n| ShEsd {
        window: Some(n),
        ..week
    };
    assert!(shesd(&x, &window(3)).is_err() && shesd(&x, &window(usize::MAX)).is_ok());
    assert!(rosner(&noise(1), usize::MAX, 0.05).is_err());
}

#[test]
fn event_studies_refuse_events_and_windows_by_name() {
    let (x, y) = (series(1), series(2));
    let windows = Windows {
        before: 2,
        after: 2,
        estimation: 40,
        period: 1,
    };
    let study = |events: &[usize], windows| event_study(&x, &y, events, windows, DRAWS);

    let too_long = Windows {
        before: usize::MAX,
        after: usize::MAX,
        ..windows
    };
    let unknown = Windows {
        estimation: 2,
        ..windows
    };
    for (events, windows, refused) in [
        (vec![60, 70, 200], windows, EventStudyError::Outside(200)),
        (vec![60, 50, 70], windows, EventStudyError::Unsorted(1)),
        (vec![60, 60, 70], windows, EventStudyError::Unsorted(1)),
        (vec![], windows, EventStudyError::TooFew { n: 0 }),
        (vec![60, 70, 80], too_long, EventStudyError::TooFew { n: 0 }),
        (vec![60, 70, 80], unknown, EventStudyError::Estimation(2)),
    ] {
        assert_eq!(study(&events, windows), Err(refused));
    }
    let endless = Windows {
        period: usize::MAX,
        ..windows
    };
    assert!(study(&[60, 70, 80], endless).is_ok_and(|found| found.p_placebo.is_none()));
}

#[test]
fn lags_orders_and_lookbacks_beyond_the_series_are_cut_to_it() {
    let (x, y) = (series(1), series(2));
    let lags = Lags {
        max: usize::MAX,
        period: usize::MAX,
    };
    let settings = Settings {
        lags,
        surrogates: DRAWS,
        ..Settings::default()
    };
    let undrawn = Settings {
        lags: Lags { max: 5, period: 0 },
        surrogates: Surrogates { count: 0, seed: 1 },
        confirm: Confirm::Always,
        ..Settings::default()
    };
    let endless = Lookback {
        places: usize::MAX,
        min_pairs: usize::MAX,
    };

    assert_eq!(ccf(&x, &y, usize::MAX).unwrap().lags.len(), 399);
    assert!(lead_lag_test(&x, &y, settings).is_ok());
    assert!(placebo(&x, &y, lags, usize::MAX).is_some_and(|found| found.p.is_none()));
    assert!(Autoregression::fit(&x, usize::MAX).order() < 40);
    let unconfirmed = lead_lag_test(&x, &x, undrawn).unwrap();
    assert_eq!(unconfirmed.verdict, Verdict::NoReliableLeadOrLag);
    for method in [Method::Pearson, Method::Spearman, Method::Kendall] {
        let (a, b) = (Measured::Changes(&x), Measured::Changes(&y));
        let rolled = rolling(method, a, b, LevelPairs::Refuse, endless);
        assert_eq!(rolled.map(|found| found.n_present()), Ok(0));
        let (a, b) = (Measured::Levels(&x), Measured::Levels(&y));
        assert!(correlate(method, a, b, LevelPairs::Refuse).is_err());
    }
}

#[test]
fn ticks_at_the_ends_of_time_overflow_nothing_and_lags_are_refused() {
    let ends = |first: Millis, seed: u64| {
        let between = (0..100).map(|t| first + t);
        let times = [Millis::MIN].into_iter().chain(between);
        let times: Vec<Millis> = times.chain([Millis::MAX]).collect();
        let values = noise(seed)[..times.len()].to_vec();
        Ticks::levels(times, values).unwrap()
    };
    let (x, y) = (ends(0, 1), ends(Millis::MAX - 200, 2));
    let lead = |reach, step| tick_lead(&x, &y, LagGrid { reach, step }, DRAWS);

    let found = lead(Millis::MAX, Millis::MAX / 3).unwrap();
    assert!(found.correlation.iter().all(|value| value.is_finite()));
    for (reach, step) in [(0, 1), (5, 0), (5, -1), (-5, 1), (1, 5), (Millis::MAX, 1)] {
        assert_eq!(lead(reach, step), Err(TicksError::Lags), "{reach} {step}");
    }
}

#[test]
fn what_tests_are_made_of_says_nothing_of_what_it_cannot_know() {
    let nan = f64::NAN;
    for (r, n) in [
        (nan, 9.0),
        (2.0, 9.0),
        (-1.5, 9.0),
        (0.5, nan),
        (0.5, 3.0),
        (0.5, -1.0),
    ] {
        assert_eq!(fisher_interval(r, n), None, "{r} {n}");
    }
    assert_eq!(quantile(&[1.0, 2.0], nan), None);
    assert_eq!((quantile(&[], 0.5), median(&mut [])), (None, None));
    assert!(student::upper_quantile(nan, 5.0).is_nan());
    for (t, df) in [(nan, 5.0), (1.0, 0.0), (1.0, -1.0), (1.0, nan)] {
        assert!(student::two_sided(t, df) >= 1.0, "{t} {df}");
    }
    assert!(n_effective(&Series::default(), &Series::default(), 0) <= 0.0);
}

#[test]
fn a_long_memory_and_few_pairs_have_a_probability_all_the_same() {
    let ramp = |from: usize| {
        let is_there = move |t: &usize| (from..from + 505).contains(t);
        Series::with_gaps((0..1_000).map(|t| Some(t as f64).filter(|_| is_there(&t))))
    };
    let (x, y) = (ramp(0), ramp(495));
    for method in [Method::Pearson, Method::Spearman, Method::Kendall] {
        let (a, b) = (Measured::Changes(&x), Measured::Changes(&y));

        let found = correlate(method, a, b, LevelPairs::Refuse).unwrap();

        assert_eq!(found.n, 10);
        assert!(found.n_effective < 4.0, "{found:?}");
        let range = found.p_if_independent..=1.0;
        assert!(range.contains(&found.p), "{found:?}");
    }
}

#[test]
fn closes_that_are_not_in_the_order_of_time_give_gaps() {
    let closes = [
        (0, 1.0),
        (DAY, 2.0),
        (DAY, 3.0),
        (0, 4.0),
        (Millis::MIN, 5.0),
        (Millis::MAX, 0.0),
    ];
    let prices = BTreeMap::from([(0, 1.0), (10, -1.0), (20, f64::NAN), (30, 2.0)]);

    let on_closes = on_closes(&closes, |_, _| Bucket::default());
    let on_buckets = on_buckets(&BucketGrid::new(10), 0..4, &prices);

    let is_present: Vec<bool> = on_closes
        .returns
        .values()
        .iter()
        .map(Option::is_some)
        .collect();
    assert_eq!(is_present, [true, false, false, false, false]);
    let returns = on_buckets.returns;
    assert_eq!((returns.len(), returns.n_present()), (4, 0));
}

#[test]
fn gaps_and_seasons_of_nothing_are_nothing() {
    let one = [Some(1.0), None, Some(2.0)];
    let filled = [Some(1.0), Some(1.5), Some(2.0)];

    assert_eq!(fill_gaps(&[], 7), None);
    assert_eq!(fill_gaps(&[None; 9], 7), None);
    assert_eq!(fill_gaps(&one, 0).unwrap(), filled);
    assert_eq!(fill_gaps(&one, usize::MAX), None, "a place without a value");
    for width in [0, -5, Millis::MIN, Millis::MAX] {
        assert_eq!(usual_period(width), None, "{width}");
    }
    assert_eq!(knowable_at(Millis::MAX, 1, Millis::MAX), Millis::MAX);
}

#[test]
fn bars_and_dates_of_any_time_have_a_month() {
    let zone = Zone::new(840, &[(0, -720)]).unwrap();
    let mut monthly = Monthly::new(zone.clone());
    for at in ENDS {
        monthly.add_bar(&made::bar("BTC", at, 1.0));
        for level in [Level::Minute, Level::Day, Level::Month, Level::Year] {
            let (from, to) = zone.cell(level, at);
            let (_, end_before) = zone.cell_before(level, from);
            // Before the first cell there is none.
            let is_before = end_before <= from || at == Millis::MIN;
            assert!(from < to && is_before, "{level:?} {at}");
        }
    }
    let n_bars: u64 = monthly.rows().map(|(.., month)| month.n_bars).sum();
    assert_eq!(n_bars, 4);
    let everything = Range {
        from: Millis::MIN,
        to: Millis::MAX,
    };
    let unheard = assess(&Intake::default(), &Spans::default(), everything);
    assert_eq!(unheard.gaps, [everything]);
}

#[test]
fn trends_and_voices_take_any_post() {
    for by in [CountBy::Posts, CountBy::Authors] {
        let mut trending = Trending::new(Millis::MAX, by);
        for at in ENDS.into_iter().chain([0]) {
            trending.observe(at, 0, ["", "a", "A"], i16::MIN);
            for until in ENDS {
                let rows = trending.top(until, usize::MAX);
                assert!(rows.iter().all(|row| row.count <= 5), "{rows:?}");
                assert!(trending.top_bursts(until, usize::MAX).is_empty());
            }
        }
    }
    let most = u64::MAX;
    assert_eq!(burst(most, 0, 0, 0), None);
    assert!(burst(most, most, most, 1).is_some_and(|one| one.score.is_finite()));
    let mut voices = Voices::default();
    voices.remove(5);
    assert!(voices.n_posts() == 0 && voices.effective() <= 0.0);
}

#[test]
fn words_of_any_time_and_window_have_finite_weights() {
    let mut index = WordIndex::default();
    for at in ENDS {
        let text = "crash \u{0}\u{FFFF} crash";
        index.add(WordPost {
            at,
            compound: i16::MIN,
            text,
        });
    }
    for window in [
        (0, 0),
        (5, -5),
        (Millis::MIN, Millis::MAX),
        (Millis::MAX, Millis::MIN),
    ] {
        let found = index.weigh(&Question {
            window,
            background: window,
            by: Weighing::LogOdds,
            n_words: usize::MAX,
        });
        assert!(found.words.iter().all(|word| word.weight.is_finite()));
    }
    for y in [(0, 0), (5, 0), (0, 5), (u32::MAX, 0)] {
        for n in [(0, 0), (u64::MAX, 1)] {
            assert!(log_odds(y, n).is_finite(), "{y:?} {n:?}");
        }
    }
}

#[test]
fn topics_of_nothing_are_none() {
    for method in [topics::Method::ShortText, topics::Method::Lda] {
        for number in [Number::Automatic, Number::Exactly(0), Number::Exactly(3)] {
            let settings = topics::Settings {
                method,
                number,
                sweeps: Some(0),
                ..topics::Settings::default()
            };
            let mut fit = Fit::new(Corpus::default(), settings);
            while !fit.step(10).is_done() {}
            assert!(fit.topics(5).iter().all(|topic| topic.n == 0));

            let options = Options {
                settings,
                n_sample: 0,
                as_of: None,
            };
            let mut study = Study::new(options, Cleaning::default());
            for (at, text) in ENDS.into_iter().zip(["", "bank rates", "\u{0}", "rates"]) {
                study.add(StudiedPost {
                    key: 1,
                    at,
                    seen_at: at,
                    text,
                });
            }
            while !study.step(0).is_done() {}
            let found = study.findings(5).topics;
            assert!(found.iter().all(|one| one.topic.weight.is_finite()));
        }
    }
}
