//! Batch anomalies against the answers of others: public series that are not part of the repository.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stderr,
    reason = "tests read files and say what they skip"
)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use analysis::anomalies::{
    Direction, Found,
    classic::{Classic, classic},
    shesd::{Keep, ShEsd, Threshold, shesd},
};

/// Public data that is not part of the repository.
fn shared_data(name: &str) -> Option<String> {
    let root = std::env::var("MOODTAPE_DATA").map_or_else(
        |_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let path = root.join(name);
    let text = fs::read_to_string(&path);
    if text.is_err() {
        eprintln!(
            "SKIPPED: {} is missing; set MOODTAPE_DATA to the folder with the test data",
            path.display()
        );
    }
    text.ok()
}

/// The last column of a CSV file with a header.
fn last_column(text: &str) -> Vec<Option<f64>> {
    let last = |line: &str| line.rsplit(',').next().and_then(|field| field.parse().ok());
    text.lines().skip(1).map(last).collect()
}

fn find(series: &[Option<f64>], options: &ShEsd) -> Found {
    shesd(series, options).expect("a series without faults")
}

/// Counts of R's AnomalyDetection on its own series of 14,398 minutes.
#[test]
fn a_long_series_of_minutes_has_the_anomalies_that_the_original_finds() {
    let Some(text) = shared_data("shesd/raw_data.csv") else {
        return;
    };
    let series = last_column(&text);
    let plain = ShEsd::new(1_440);
    let with = |direction| ShEsd { direction, ..plain };
    let threshold = |threshold| ShEsd { threshold, ..plain };
    let window = |n| ShEsd {
        window: Some(n),
        ..plain
    };

    #[rustfmt::skip]
    let cases = [
        ("positive", with(Direction::Positive), 51),
        ("negative", with(Direction::Negative), 87),
        ("last period", ShEsd { keep: Keep::LastPeriod, ..plain }, 25),
        ("windows of 4 periods", window(4 * 1_440), 237),
        ("median of maxima", threshold(Threshold::MedianMax), 6),
        ("95th percentile of maxima", threshold(Threshold::P95), 1),
        ("99th percentile of maxima", threshold(Threshold::P99), 1),
    ];
    for (name, options, n) in cases {
        let found = find(&series, &options);

        assert_eq!(found.anomalies.len(), n, "{name}");
        // One of the short windows is full; everywhere else the test itself ended the search.
        assert_eq!(found.hit_cap, name == "windows of 4 periods", "{name}");
    }
}

#[test]
fn places_values_and_expectations_are_those_of_the_original() {
    let names = [
        "shesd/raw_data.csv",
        "shesd/vec_both_max0.02_period1440_evalue.csv",
    ];
    let [Some(text), Some(golden)] = names.map(shared_data) else {
        return;
    };
    let ours = find(&last_column(&text), &ShEsd::new(1_440)).anomalies;

    let golden: Vec<&str> = golden.lines().skip(1).collect();
    assert_eq!(ours.len(), golden.len());
    for (anomaly, line) in ours.iter().zip(golden) {
        let ours = format!(
            "{},{},{}",
            anomaly.idx + 1,
            anomaly.value,
            anomaly.expected.trunc()
        );
        assert_eq!(ours, line);
    }
}

#[test]
fn a_short_series_and_one_without_season_come_out_right() {
    let Some(text) = shared_data("shesd/small_series.json") else {
        return;
    };
    let golden: serde_json::Value = serde_json::from_str(&text).unwrap();
    let series = |value: &serde_json::Value| -> Vec<Option<f64>> {
        value
            .as_array()
            .unwrap()
            .iter()
            .map(serde_json::Value::as_f64)
            .collect()
    };
    let idx = |value: &serde_json::Value| -> Vec<usize> {
        serde_json::from_value(value.clone()).unwrap()
    };
    let places = |series: &[Option<f64>], period, direction| -> Vec<usize> {
        let options = ShEsd {
            max_share: 0.2,
            direction,
            ..ShEsd::new(period)
        };
        find(series, &options)
            .anomalies
            .iter()
            .map(|a| a.idx)
            .collect()
    };
    let weekly = series(&golden["series"]);
    let expected = &golden["expected_0_based"];
    let flat = &golden["no_seasonality"];

    assert_eq!(places(&weekly, 7, Direction::Both), idx(&expected["both"]));
    assert_eq!(
        places(&weekly, 7, Direction::Positive),
        idx(&expected["positive"])
    );
    assert_eq!(
        places(&weekly, 7, Direction::Negative),
        idx(&expected["negative"])
    );
    assert_eq!(
        places(&series(&flat["series"]), 1, Direction::Both),
        idx(&flat["expected_0_based"])
    );
}

#[test]
fn the_classic_way_gives_what_it_gave() {
    let Some(text) = shared_data("earlier_systems/esd_airpassengers.json") else {
        return;
    };
    let golden: serde_json::Value = serde_json::from_str(&text).unwrap();
    let series: Vec<Option<f64>> = golden["ary"]
        .as_array()
        .unwrap()
        .iter()
        .map(serde_json::Value::as_f64)
        .collect();

    for level in ["0.95", "0.5", "0.2", "0.15", "0.05"] {
        let options = Classic {
            period: 12,
            alpha: level.parse().unwrap(),
            ..Classic::default()
        };
        let found = classic(&series, &options).unwrap();

        let response = &golden[level]["response"];
        let mut expected: Vec<usize> =
            serde_json::from_value(response["idx_anoms"].clone()).unwrap();
        expected.sort_unstable();
        let ours: Vec<usize> = found.anomalies.iter().map(|a| a.idx).collect();
        assert_eq!(ours, expected, "{level}");
        assert_eq!(Some(found.n as u64), response["values_used"].as_u64());
        for anomaly in &found.anomalies {
            let residual = golden["resid"][anomaly.idx - 6].as_f64().unwrap();
            assert!(
                (anomaly.value - anomaly.expected - residual).abs() < 1e-6,
                "{level}"
            );
        }
    }
}
