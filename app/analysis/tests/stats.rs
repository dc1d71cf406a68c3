//! Correlations and lead/lag against reference values, and against what is known to be true of real data.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    reason = "tests read files, and what cannot be read fails them"
)]

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use analysis::{
    series::{Series, returns::Transform},
    stats::{
        ccf::ccf,
        correlation::{Correlation, LevelPairs, Measured, Method, correlate, fisher_interval},
        leadlag::{Lags, Settings, Verdict, test},
    },
};
use flate2::read::GzDecoder;
use serde_json::Value;

/// The generator whose sums of twelve make the shocks of the reference series.
struct Reference(u64);

impl Reference {
    fn shocks(&mut self, n: usize) -> Vec<f64> {
        let mut uniform = || {
            self.0 = (1_103_515_245 * self.0 + 12_345) % (1 << 31);
            self.0 as f64 / f64::from(1u32 << 31)
        };
        (0..n)
            .map(|_| (0..12).map(|_| uniform()).sum::<f64>() - 6.0)
            .collect()
    }

    /// x remembers (0.6); y remembers (0.3) and follows x three places later (0.5). Two decimals, so that
    /// there are ties.
    fn pair() -> (Series, Series) {
        let mut generator = Self(12_345);
        let (shocks_x, shocks_y) = (generator.shocks(300), generator.shocks(300));
        let (mut x, mut y) = (Vec::<f64>::new(), Vec::<f64>::new());
        for t in 0..300 {
            x.push(0.6 * x.last().unwrap_or(&0.0) + shocks_x[t]);
            let followed = if t >= 3 { 0.5 * x[t - 3] } else { 0.0 };
            y.push(0.3 * y.last().unwrap_or(&0.0) + followed + shocks_y[t]);
        }
        let round = |values: Vec<f64>| {
            values
                .into_iter()
                .map(|v| (v * 100.0).round() / 100.0)
                .collect()
        };
        (round(x), round(y))
    }
}

#[track_caller]
fn assert_close(found: f64, expected: f64) {
    assert!(
        (found - expected).abs() < 1e-10,
        "{found} instead of {expected}"
    );
}

fn correlation(method: Method, x: &Series, y: &Series) -> Correlation {
    let (x, y) = (Measured::Changes(x), Measured::Changes(y));
    correlate(method, x, y, LevelPairs::Refuse).unwrap()
}

#[test]
fn correlations_are_those_of_scipy() {
    let (x, y) = Reference::pair();
    // scipy.stats pearsonr, spearmanr and kendalltau: statistic and p.
    for (method, value, p) in [
        (
            Method::Pearson,
            0.004_160_658_176_207_413_5,
            0.942_789_581_846_456,
        ),
        (
            Method::Spearman,
            0.001_781_304_756_019_818_4,
            0.975_489_391_018_520_8,
        ),
        (
            Method::Kendall,
            0.001_162_400_828_263_283_3,
            0.976_107_502_377_161_4,
        ),
    ] {
        let found = correlation(method, &x, &y);

        assert_close(found.value, value);
        assert_close(found.p_if_independent, p);
        assert_eq!(found.n, 300);
        assert!(found.n_effective < 250.0 && found.p >= found.p_if_independent);
    }
    let (low, high) = fisher_interval(0.004_160_658_176_207_413_5, 300.0).unwrap();
    assert_close(low, -0.109_131_599_009_077_3);
    assert_close(high, 0.117_346_208_887_586_47);
}

#[test]
fn correlations_by_lag_are_those_of_the_reference() {
    let (x, y) = Reference::pair();

    let found = ccf(&x, &y, 20).unwrap();

    for (lag, expected) in [
        (-20, 0.041_805_646_469_324_31),
        (-5, -0.109_415_279_574_128_22),
        (0, 0.004_160_658_176_207_426),
        (3, 0.465_735_593_401_300_66),
        (4, 0.365_474_718_898_649_24),
        (20, -0.039_470_148_540_179_134),
    ] {
        assert_close(found.values[(lag + 20) as usize].unwrap(), expected);
    }
}

#[test]
fn the_whole_file_of_reference_values_is_met() {
    let Some(path) = data_path("golden/correlation.json") else {
        return;
    };
    let golden: Value = serde_json::from_reader(File::open(path).unwrap()).unwrap();
    let numbers = |key: &str| -> Vec<f64> {
        golden[key]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| v.as_f64().unwrap())
            .collect()
    };
    let (x, y): (Series, Series) = (
        numbers("x").into_iter().collect(),
        numbers("y").into_iter().collect(),
    );
    assert_eq!((&x, &y), (&Reference::pair().0, &Reference::pair().1));

    let by_lag = ccf(&x, &y, 20).unwrap().values;
    let own = ccf(&x, &x, 20).unwrap().values;

    for (found, expected) in by_lag
        .iter()
        .zip(numbers("ccf_corr(x[t],y[t+k])_k=-20..20"))
    {
        assert_close(found.unwrap(), expected);
    }
    for (found, expected) in own[20..].iter().zip(numbers("acf_x_0..20")) {
        assert_close(found.unwrap(), expected);
    }
}

#[test]
fn the_reference_series_has_its_known_lead() {
    let (x, y) = Reference::pair();
    let settings = Settings {
        lags: Lags { max: 20, period: 0 },
        ..Settings::default()
    };

    let (ahead, behind) = (
        test(&x, &y, settings).unwrap(),
        test(&y, &x, settings).unwrap(),
    );

    assert_eq!(ahead.verdict, Verdict::XLeads { lag: 3 });
    assert_eq!(behind.verdict, Verdict::YLeads { lag: 3 });
    assert_eq!(ahead.best_lag_interval, Some((3, 3)));
    assert!(ahead.p_family.unwrap() < 1e-6 && ahead.p_surrogate.unwrap() < 0.006);
}

#[test]
fn daily_tweets_of_2014_go_with_the_size_of_returns_on_the_same_day() {
    // Unpacking takes long without optimisation; one ticker must do there.
    let n_tickers = if cfg!(debug_assertions) { 1 } else { 3 };
    for ticker in ["AMZN", "FB", "AAPL"].into_iter().take(n_tickers) {
        let Some((counts, closes)) = stocknet(ticker) else {
            return;
        };
        let returns = Transform::AbsReturns.apply(&closes).unwrap();

        let by_lag = ccf(&Transform::Log1p.apply(&counts).unwrap(), &returns, 2).unwrap();

        let by_lag: Vec<f64> = by_lag.values.into_iter().flatten().collect();
        let greatest = by_lag.iter().copied().fold(f64::MIN, f64::max);
        assert!(by_lag[2] >= greatest, "{ticker}: {by_lag:?}");
        assert!((0.1..0.3).contains(&by_lag[2]), "{ticker}: {by_lag:?}");
    }
}

#[test]
fn where_there_is_nothing_no_lead_is_announced() {
    let Some((counts, closes)) = stocknet("T") else {
        return;
    };
    let settings = |max, period| Settings {
        lags: Lags { max, period },
        ..Settings::default()
    };
    let is_lead = |verdict| matches!(verdict, Verdict::XLeads { .. } | Verdict::YLeads { .. });
    for transform in [Transform::Returns, Transform::AbsReturns] {
        let returns = transform.apply(&closes).unwrap();

        let found = test(&counts, &returns, settings(10, 0)).unwrap();

        assert!(
            !is_lead(found.verdict),
            "T, {transform:?}: {:?}",
            found.verdict
        );
    }

    let Some((counts, sentiment, closes)) = hourly_bitcoin() else {
        return;
    };
    let returns = Transform::Returns.apply(&closes).unwrap();
    for (name, x) in [
        ("volume", Transform::Log1p.apply(&counts).unwrap()),
        ("sentiment", Transform::Diff.apply(&sentiment).unwrap()),
        ("sentiment level", sentiment),
    ] {
        let found = test(&x, &returns, settings(24, 24)).unwrap();

        assert!(
            !is_lead(found.verdict),
            "{name}: {:?} {:?}",
            found.verdict,
            found.p_family
        );
    }
}

/// Tweets of each day of trading in 2014 and its close.
fn stocknet(ticker: &str) -> Option<(Series, Series)> {
    let tweets = data_path(&format!("stocknet/tweets_2014/{ticker}.ndjson.gz"))?;
    let prices =
        std::fs::read_to_string(data_path(&format!("stocknet/prices/{ticker}.csv"))?).unwrap();
    let mut closes: Vec<(i64, f64)> = prices
        .lines()
        .skip(1)
        .filter(|line| line.starts_with("2014"))
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            (day_of(fields[0]), fields[4].parse().unwrap())
        })
        .collect();
    closes.sort_unstable_by_key(|close| close.0);
    let mut by_day: BTreeMap<i64, f64> = closes.iter().map(|close| (close.0, 0.0)).collect();
    for line in BufReader::new(GzDecoder::new(File::open(tweets).unwrap())).lines() {
        // A whole parse of every tweet would take most of the test's time.
        let line = line.unwrap();
        let created_at = line.strip_prefix("{\"created_at\":\"").unwrap();
        let day = tweet_day(&created_at[..30]);
        if let Some(n) = by_day.get_mut(&day) {
            *n += 1.0;
        }
    }
    let counts = by_day.values().copied().collect();
    Some((counts, closes.into_iter().map(|close| close.1).collect()))
}

/// `2014-05-31` as days since 1970.
fn day_of(date: &str) -> i64 {
    let mut parts = date.split('-').map(|part| part.parse::<i64>().unwrap());
    let (year, month, day) = (
        parts.next().unwrap(),
        parts.next().unwrap(),
        parts.next().unwrap(),
    );
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    365 * year + year.div_euclid(4) - year.div_euclid(100)
        + year.div_euclid(400)
        + (153 * month + 2) / 5
        + day
        - 719_469
}

/// `Wed Jan 01 05:01:43 +0000 2014` as days since 1970.
fn tweet_day(created_at: &str) -> i64 {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let month = MONTHS.find(&created_at[4..7]).unwrap() / 3 + 1;
    day_of(&format!(
        "{}-{month:02}-{}",
        &created_at[26..],
        &created_at[8..10]
    ))
}

/// Tweets, mean compound and close of each hour of 2016.
fn hourly_bitcoin() -> Option<(Series, Series, Series)> {
    let path = data_path("crypto/btc_hourly_2016.csv.gz")?;
    let mut text = String::new();
    GzDecoder::new(File::open(path).unwrap())
        .read_to_string(&mut text)
        .unwrap();
    // 29 % of the hours have no row: they are gaps of the grid.
    let hour = |line: &str| {
        let time = line.split(',').nth(1).unwrap();
        day_of(&time[..10]) * 24 + time[11..13].parse::<i64>().unwrap()
    };
    let first = hour(text.lines().nth(1).unwrap());
    let column = |idx: usize| -> Series {
        let mut values = vec![None; 366 * 24];
        for line in text.lines().skip(1) {
            values[(hour(line) - first) as usize] =
                line.split(',').nth(idx).and_then(|v| v.parse().ok());
        }
        Series::with_gaps(values)
    };
    Some((column(7), column(3), column(11)))
}

fn data_path(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("MOODTAPE_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let path = folder.join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("SKIPPED: {} is missing; set MOODTAPE_DATA", path.display());
    None
}
