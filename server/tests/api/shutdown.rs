//! The end: streams are closed, nobody can hold the relay up, and nothing is lost.

use std::time::{Duration, Instant};

use server::config::StoreKind;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::helpers::{
    eventually, in_time, line, narrow_reader, post, posts, source, spawn_relay, with,
};

#[tokio::test]
async fn the_relay_stops_although_readers_are_connected_and_ends_their_streams() {
    let mut relay = spawn_relay(posts(20), |_| {}).await;
    let mut readers = Vec::new();
    for _ in 0..20 {
        let mut reader = relay.follow("").await;
        reader.events(20).await;
        readers.push(reader);
    }

    relay.ask_to_stop();

    in_time(&mut relay.task).await.unwrap();
    for mut reader in readers {
        while in_time(reader.next()).await.is_some() {}
    }
}

#[tokio::test]
async fn a_reader_that_takes_nothing_delays_the_end_by_the_drain_time_at_most() {
    let long = |i| line(&with(post(i), |post| post.text = "x".repeat(2_000)));
    let lines: String = (0..5_000).map(long).collect();
    let mut relay = spawn_relay(lines, |config| {
        config.http.write_timeout_secs = 60.0;
        config.http.drain_secs = 0.2;
    })
    .await;
    relay.played().await;
    let mut stalled = TcpStream::connect(relay.address()).await.unwrap();
    stalled
        .write_all(b"GET /api/v1/stream HTTP/1.1\r\nHost: relay\r\n\r\n")
        .await
        .unwrap();
    eventually(async || (relay.json("/api/v1/status").await["readers"] == 1).then_some(())).await;

    let asked = Instant::now();
    relay.ask_to_stop();
    in_time(&mut relay.task).await.unwrap();

    assert!(
        asked.elapsed() < Duration::from_secs(10),
        "{:?}",
        asked.elapsed()
    );
}

#[tokio::test]
async fn after_a_clean_stop_a_reader_resumes_without_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let lines = posts(200);
    let recording = folder.path().join("recording.ndjson");
    std::fs::write(&recording, &lines).unwrap();
    let start = || {
        spawn_relay("", |config| {
            config.log.store = StoreKind::Sqlite;
            config.log.data = folder.path().join("data");
            let source = source(config);
            (source.path, source.resume) = (Some(recording.clone()), true);
            source.speed = "100".parse().unwrap();
        })
    };
    let mut relay = start().await;
    let mut reader = relay.follow("").await;
    let mut seen: Vec<u64> = reader
        .events(20)
        .await
        .iter()
        .map(|event| event.seq)
        .collect();
    let last_id = reader.last_id.clone();
    relay.ask_to_stop();
    in_time(&mut relay.task).await.unwrap();

    let relay = start().await;
    let mut reader = relay.follow(&format!("?after={last_id}")).await;

    seen.extend(reader.events(180).await.iter().map(|event| event.seq));
    assert_eq!(seen, (1..=200).collect::<Vec<u64>>());
    let counts = relay.played().await["sources"][0].clone();
    assert_eq!(
        (&counts["received"], &counts["unique"], &counts["kept"]),
        (&200.into(), &200.into(), &200.into())
    );
}

#[tokio::test]
async fn a_reader_that_is_behind_gets_no_event_cut_in_two_by_the_farewell() {
    let long = |i| line(&with(post(i), |post| post.text = "x".repeat(2_000)));
    let lines: String = (0..5_000).map(long).collect();
    let mut relay = spawn_relay(lines, |config| config.http.write_timeout_secs = 60.0).await;
    relay.played().await;
    let mut behind = narrow_reader(&relay).await;
    let mut live = relay.follow("?after=&kinds=bar").await;
    eventually(async || (relay.json("/api/v1/status").await["readers"] == 2).then_some(())).await;

    relay.ask_to_stop();
    // All are told at once. From then on this one takes what it is sent.
    while in_time(live.next()).await.is_some() {}
    let mut bytes = Vec::new();
    let _ = in_time(behind.read_to_end(&mut bytes)).await;

    let text = String::from_utf8(bytes).unwrap();
    let (_, frames) = text.split_once("\r\n\r\n").unwrap();
    let whole: Vec<&str> = frames.split_inclusive("\n\n").collect();
    for frame in whole.iter().filter(|frame| frame.ends_with("\n\n")) {
        let is_whole = frame.contains("data: {") && !frame.contains("retry: ");
        let is_retry = frame.starts_with("retry: ") && frame.lines().count() == 2;
        assert!(is_whole || is_retry, "{frame}");
    }
    assert!(whole.len() > 10);
}

#[tokio::test]
async fn before_it_stops_the_relay_says_so_and_still_lets_readers_in() {
    let mut relay = spawn_relay(posts(1), |config| config.http.drain_secs = 60.0).await;
    assert_eq!(relay.get("/readyz").await.status(), 200);

    relay.ask_to_stop();

    eventually(async || (relay.get("/readyz").await.status() == 503).then_some(())).await;
    assert_eq!(relay.get("/healthz").await.status(), 200);
    assert_eq!(relay.get("/api/v1/status").await.status(), 200);
}
