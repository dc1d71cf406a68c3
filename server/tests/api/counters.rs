//! Counters: whatever a recording holds, every record is counted once and nothing stops.

use std::{fs, io::Write};

use flate2::{Compression, write::GzEncoder};
use serde_json::json;

use crate::helpers::{line, post, posts, recording_path, spawn_relay, with};

/// Everything that a file can have done to it.
fn awkward() -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(line(&post(0)).bytes());
    bytes.extend(b"garbage\n");
    bytes.extend(line(&post(1)).bytes());
    bytes.extend(line(&post(1)).bytes());
    bytes.extend(line(&with(post(2), |post| post.lang = Some("de".into()))).bytes());
    bytes.extend(line(&with(post(3), |post| post.repost = true)).bytes());
    bytes.extend(line(&with(post(4), |post| post.text = "x".repeat(5_000_000))).bytes());
    bytes.extend(
        line(&post(5))
            .replace("text of", "text \u{1}")
            .bytes()
            .map(|b| if b == 1 { 0xff } else { b }),
    );
    bytes.extend(line(&post(6)).bytes());
    bytes
}

#[tokio::test]
async fn every_record_of_an_awkward_recording_is_counted_once() {
    let relay = spawn_relay(awkward(), |_| {}).await;

    let status = relay.played().await;

    let counts = &status["sources"][0];
    let dropped = json!({"bad_json": 1, "duplicate": 1, "language": 1, "repost": 1, "too_long": 1, "bad_utf8": 1});
    assert_eq!(counts["dropped"], dropped);
    assert_eq!(
        (&counts["received"], &counts["kept"], &counts["unique"]),
        (&json!(9), &json!(3), &json!(5))
    );
    assert_eq!(status["tip"], 3);
}

#[tokio::test]
async fn without_filters_only_what_is_broken_or_repeated_is_refused() {
    let relay = spawn_relay(awkward(), |config| {
        config.filters.languages.clear();
        config.filters.reposts = true;
    })
    .await;

    let status = relay.played().await;

    let counts = &status["sources"][0];
    assert_eq!(
        counts["dropped"],
        json!({"bad_json": 1, "duplicate": 1, "too_long": 1, "bad_utf8": 1})
    );
    assert_eq!(counts["kept"], 5);
}

#[tokio::test]
async fn a_compressed_file_that_stops_in_the_middle_is_played_as_far_as_it_goes() {
    let relay = spawn_relay("", |config| {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(posts(2_000).as_bytes()).unwrap();
        let packed = packed.finish().unwrap();
        let path = recording_path(config).with_extension("ndjson.gz");
        fs::write(&path, &packed[..packed.len() / 2]).unwrap();
        config.sources[0].path = Some(path);
    })
    .await;

    let status = relay.played().await;

    let counts = &status["sources"][0];
    let kept = counts["kept"].as_u64().unwrap();
    assert!((100..2_000).contains(&kept), "{status}");
    let dropped: u64 = counts["dropped"]
        .as_object()
        .unwrap()
        .values()
        .map(|n| n.as_u64().unwrap())
        .sum();
    assert!((1..=2).contains(&dropped), "{status}");
    assert_eq!(counts["received"].as_u64().unwrap(), kept + dropped);
}
