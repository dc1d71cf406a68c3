//! The engine on whole recordings: the demo with its known truths, and a year of real posts and prices.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stderr,
    reason = "tests read files and say what they skip"
)]

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
};

use analysis::{
    Counting, Engine,
    digest::Origin,
    protocol::{AnomalyChoice, Detector, Measure, RangeChoice, Sampling, Scoring, Watch},
    readings::{self, Readings},
    series::Series,
    stats::ccf::ccf,
    view::{AnomalyMark, Frame, LagView, Range, Verdict},
};
use flate2::read::GzDecoder;
use wire::{
    Body, Event, Millis, PublicConfig,
    author::AuthorKey,
    formats::{Format, decode_line, price_csv::Reader},
    ndjson,
    time::{DAY, HOUR},
};

/// Monday 2 March 2026, 00:00 UTC: the demo's first moment.
const MONDAY: Millis = 1_772_409_600_000;

fn demo() -> Vec<Event> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/demo.ndjson.gz");
    let lines = BufReader::new(GzDecoder::new(
        File::open(path).expect("the demo recording is in the repository"),
    ))
    .lines();
    lines
        .map(|line| ndjson::decode_line(&line.expect("UTF-8")).expect("an event"))
        .collect()
}

/// Public data that is not part of the repository.
fn shared_data(name: &str) -> Option<PathBuf> {
    let root = std::env::var("MOODTAPE_DATA").map_or_else(
        |_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let path = root.join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!(
        "SKIPPED: {} is missing; set MOODTAPE_DATA to the folder with the test data",
        path.display()
    );
    None
}

fn lag_of(engine: &mut Engine, ticker: &str) -> LagView {
    engine.watch(Watch {
        ticker: Some(ticker.into()),
        ..Watch::default()
    });
    engine.refresh();
    let now = engine.now().expect("events are in");
    engine
        .frame(now)
        .lag
        .expect("everything is in a refreshed frame")
}

#[test]
fn the_demo_is_judged_the_same_when_its_texts_were_read_beforehand() {
    let events = demo();
    let mut reader = readings::Reader::new(Scoring::default());
    let mut judged = [true, false].map(|is_read| {
        let mut engine = Engine::new(&PublicConfig::default());
        for chunk in events.chunks(1_000) {
            chunk.iter().for_each(|event| reader.read(event));
            let mut readings = Readings::open(&reader.take());
            for event in chunk {
                engine.apply_read(event, readings.next().filter(|_| is_read));
            }
        }
        engine.judge(usize::MAX);
        engine
    });
    let origins: Vec<Origin> = events.iter().filter_map(Origin::of).collect();

    let [read, plain] = judged.each_mut().map(|engine| engine.digest(&origins));

    assert!(read.is_some() && read == plain);
}

#[test]
fn in_the_demo_sentiment_leads_bitcoin_by_three_hours_and_nothing_else() {
    let mut engine = Engine::new(&PublicConfig::default());
    demo().iter().for_each(|event| {
        engine.apply(event);
    });

    let verdicts = ["BTC", "ETH", "SOL", "DOGE"].map(|ticker| lag_of(&mut engine, ticker).verdict);

    assert_eq!(
        verdicts,
        [
            Verdict::SentimentLeads { lag: 3 },
            Verdict::None,
            Verdict::None,
            Verdict::None
        ]
    );
    // ACME trades seven hours a day, five days: too few returns for a statement.
    assert_eq!(
        lag_of(&mut engine, "ACME").verdict,
        Verdict::TooShort { needed: 60 }
    );
}

#[test]
fn in_the_demo_the_lost_source_is_a_gap() {
    let mut engine = Engine::new(&PublicConfig::default());
    demo().iter().for_each(|event| {
        engine.apply(event);
    });

    let frame = engine.frame(engine.now().unwrap());

    let thursday = MONDAY + 72 * HOUR;
    let market = frame.market.unwrap();
    assert_eq!(market.ticker, "BTC");
    assert_eq!(
        market
            .gaps
            .iter()
            .filter(|gap| gap.to - gap.from >= HOUR)
            .collect::<Vec<_>>(),
        [&Range {
            from: thursday + 10 * HOUR,
            to: thursday + 13 * HOUR
        }]
    );
    assert_eq!(market.closes.len(), 168);
    let kpi = frame.kpi.unwrap();
    // Of the crowd 5,664, and 40 articles, which are posts of their feed.
    assert_eq!(kpi.counts.posts, 5_704);
    assert_eq!(
        kpi.counts.positive + kpi.counts.neutral + kpi.counts.negative,
        5_704
    );
}

#[test]
fn in_the_demo_the_wave_of_spam_is_found_and_can_be_left_out() {
    let sampling = Sampling {
        without_spam: true,
        ..Sampling::default()
    };
    let counting = Counting {
        sampling,
        ..Counting::default()
    };
    let mut engine = Engine::counting(&PublicConfig::default(), counting);
    demo().iter().for_each(|event| {
        engine.apply(event);
    });
    engine.judge(usize::MAX);
    let friday = MONDAY + 96 * HOUR;
    engine.watch(Watch {
        hashtag: Some("giveaway".into()),
        range: RangeChoice::Fixed {
            from: friday + 8 * HOUR,
            to: friday + 10 * HOUR,
        },
        only_spam: true,
        ..Watch::default()
    });

    let posts = engine.frame(engine.now().unwrap()).posts.unwrap();

    assert_eq!((posts.n_matching, posts.rows.len()), (150, 100));
    assert!(posts.rows.iter().all(|row| !row.is_counted));
}

#[test]
fn in_the_demo_the_burst_is_unusual_and_an_outage_does_not_stop_the_search() {
    let mut engine = Engine::new(&PublicConfig::default());
    demo().iter().for_each(|event| {
        engine.apply(event);
    });
    let mut marks = |ticker: &str, of: Measure, detector: Detector| {
        let choice = AnomalyChoice {
            of,
            detector,
            ..AnomalyChoice::default()
        };
        engine.watch(Watch {
            ticker: Some(ticker.into()),
            anomalies: Some(choice),
            ..Watch::default()
        });
        let view = engine.frame(engine.now().unwrap()).market.unwrap();
        view.anomalies.unwrap()
    };

    let burst = marks("DOGE", Measure::Posts, Detector::Hybrid);
    let gappy = marks("SOL", Measure::Sentiment, Detector::Hybrid);
    let refused = marks("SOL", Measure::Sentiment, Detector::Stream);

    let tuesday = MONDAY + 24 * HOUR;
    let is_burst = |mark: &&AnomalyMark| mark.bucket.from == tuesday + 16 * HOUR;
    let burst = burst
        .marks
        .iter()
        .find(is_burst)
        .expect("the burst is found");
    assert!(burst.score > 3.0 && burst.n_authors > 20, "{burst:?}");
    assert_eq!(burst.hashtags[0].0, "DogeDay");
    engine.watch(Watch {
        ticker: Some("DOGE".into()),
        range: RangeChoice::Fixed {
            from: tuesday,
            to: tuesday + 24 * HOUR,
        },
        ..Watch::default()
    });
    let zoomed = engine.frame(engine.now().unwrap()).market.unwrap();
    let zoomed = zoomed.anomalies.unwrap();
    assert_eq!(
        zoomed.why_none, None,
        "five minutes are judged by the day before"
    );
    let is_in_burst =
        |mark: &AnomalyMark| (16..18).contains(&((mark.bucket.from - tuesday) / HOUR));
    assert!(zoomed.marks.iter().any(is_in_burst), "{zoomed:?}");
    assert!(
        gappy.n_gaps >= 3 && gappy.why_none.is_none(),
        "the outage is left out: {gappy:?}"
    );
    assert!(refused.why_none.is_some() && refused.marks.is_empty());
}

#[test]
fn the_demo_backwards_gives_the_same_views() {
    let events = demo();
    let (mut forwards, mut backwards) = (
        Engine::new(&PublicConfig::default()),
        Engine::new(&PublicConfig::default()),
    );
    events.iter().for_each(|event| {
        forwards.apply(event);
    });
    events.iter().rev().for_each(|event| {
        backwards.apply(event);
    });

    let now = forwards.now().unwrap();

    assert_eq!(backwards.now(), Some(now));
    // Of deleted posts those that are known to be do not wait to be judged.
    let [forwards_frame, backwards_frame] = [&mut forwards, &mut backwards].map(|engine| Frame {
        sample: None,
        ..engine.frame(now)
    });
    assert_eq!(forwards_frame, backwards_frame);
    assert_eq!(forwards.summary(), backwards.summary());
}

#[test]
fn the_cross_correlation_is_that_of_the_reference() {
    let Some(path) = shared_data("golden/correlation.json") else {
        return;
    };
    let golden: serde_json::Value = serde_json::from_reader(File::open(path).unwrap()).unwrap();
    let numbers = |key: &str| -> Vec<f64> { serde_json::from_value(golden[key].clone()).unwrap() };
    let series = |key: &str| numbers(key).into_iter().collect::<Series>();

    let found = ccf(&series("x"), &series("y"), 20).unwrap();
    let own = ccf(&series("x"), &series("x"), 20).unwrap();

    let expected = numbers("ccf_corr(x[t],y[t+k])_k=-20..20");
    assert_eq!((found.values.len(), found.n), (expected.len(), 300));
    for (value, expected) in found.values.iter().zip(&expected) {
        assert!((value.unwrap() - expected).abs() < 1e-10);
    }
    for (value, expected) in own.values.iter().skip(20).zip(numbers("acf_x_0..20")) {
        assert!((value.unwrap() - expected).abs() < 1e-10);
    }
}

#[test]
fn a_year_of_real_posts_does_not_lead_real_prices() {
    let Some(folder) = shared_data("stocknet") else {
        return;
    };
    let tickers = [
        "AAPL", "FB", "AMZN", "GOOG", "MSFT", "INTC", "BAC", "GE", "WMT", "DIS",
    ];
    let mut engine = Engine::new(&PublicConfig::default());
    for ticker in tickers {
        for event in real_posts(&folder, ticker).chain(real_prices(&folder, ticker)) {
            engine.apply(&event);
        }
    }

    let views = tickers.map(|ticker| lag_of(&mut engine, ticker));

    for view in &views {
        let LagView {
            ticker,
            n,
            n_effective,
            bound,
            ar_order,
            verdict,
            ..
        } = view;
        eprintln!(
            "{ticker:5} n {n} n_eff {n_effective:.0} AR {ar_order} bound {bound:.3} {verdict:?}"
        );
    }
    assert!(views.iter().all(|view| view.width == DAY && view.n > 60));
    // At a false alarm in twenty, two of ten happen by chance now and then; three hardly ever. (Of all 61
    // tickers with enough posts two have one.)
    let is_alarm = |view: &&LagView| {
        matches!(
            view.verdict,
            Verdict::SentimentLeads { .. } | Verdict::PriceLeads { .. }
        )
    };
    let n_alarms = views.iter().filter(is_alarm).count();
    assert!(n_alarms <= 2, "{n_alarms} of 10 tickers with a lead");
}

fn real_posts(folder: &Path, ticker: &str) -> impl Iterator<Item = Event> + use<> {
    let file = File::open(folder.join(format!("tweets_2014/{ticker}.ndjson.gz")))
        .expect("a file per ticker");
    let lines = BufReader::new(GzDecoder::new(file))
        .lines()
        .map_while(Result::ok);
    lines.filter_map(|line| decode_line(Format::TwitterV1, &line, &AuthorKey([0; 16])).ok())
}

fn real_prices(folder: &Path, ticker: &str) -> impl Iterator<Item = Event> + use<> {
    let path = format!("prices/{ticker}.csv");
    let mut reader = Reader::new(&format!("stocknet/{path}"));
    let lines = BufReader::new(File::open(folder.join(path)).expect("a file per ticker")).lines();
    for (n, line) in (1..).zip(lines.map_while(Result::ok)) {
        reader.push(n, &line).expect("these prices are clean");
    }
    let bars: Vec<Event> = reader
        .finish()
        .bars()
        .map(|(_, bar)| Event::imported(bar.close_at(), Body::Bar(bar)))
        .collect();
    bars.into_iter()
}
