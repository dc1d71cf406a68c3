//! The stream: resume without loss or repeat, and what is said besides events.

use wire::{Body, event::GapReason};

use crate::helpers::{Reader, Said, client, in_time, line, post, posts, seqs, spawn_relay, with};

#[tokio::test]
async fn a_reader_that_comes_back_by_address_misses_nothing_and_gets_nothing_twice() {
    let relay = spawn_relay(posts(500), |_| {}).await;
    let mut reader = relay.follow("").await;
    let mut seen = seqs(&reader.events(100).await);
    let last_id = reader.last_id.clone();
    drop(reader);

    let mut reader = relay.follow(&format!("?after={last_id}")).await;

    seen.extend(seqs(&reader.events(400).await));
    assert_eq!(seen, (1..=500).collect::<Vec<u64>>());
}

#[tokio::test]
async fn the_header_of_a_reconnecting_browser_wins_over_its_old_address() {
    let relay = spawn_relay(posts(500), |_| {}).await;
    let log = relay.played().await["log"].as_str().unwrap().to_owned();

    let mut reader = Reader::open(
        &relay.base,
        &format!("?after={log}-3"),
        Some(&format!("{log}-400")),
    )
    .await;

    assert_eq!(
        seqs(&reader.events(100).await),
        (401..=500).collect::<Vec<u64>>()
    );
}

#[tokio::test]
async fn an_unknown_log_or_a_place_beyond_the_tip_is_answered_by_a_reset_and_everything() {
    let relay = spawn_relay(posts(3), |_| {}).await;
    let log = relay.played().await["log"].as_str().unwrap().to_owned();
    for (after, header) in [
        ("?after=other-2", None),
        ("", Some("garbage")),
        (&*format!("?after={log}-4"), None),
    ] {
        let mut reader = Reader::open(&relay.base, after, header).await;

        let Body::Reset(reset) = reader.event().await.body else {
            panic!("no reset for {after:?} {header:?}")
        };
        assert_eq!(reset.log.as_str(), log);
        assert!(reset.discard, "a replay comes again as a whole");
        assert_eq!(seqs(&reader.events(3).await), [1, 2, 3]);
    }
}

#[tokio::test]
async fn a_cursor_below_the_floor_gets_a_gap_first() {
    let long = |i| line(&with(post(i), |post| post.text = "x".repeat(1_000)));
    let lines: String = (0..4_000).map(long).collect();
    let relay = spawn_relay(lines, |config| config.log.keep_mib = Some(1)).await;
    let status = relay.played().await;
    let log = status["log"].as_str().unwrap();

    // What is told is followed, not the status: the log may still be trimming.
    let mut reader = relay.follow(&format!("?after={log}-1")).await;
    let mut next = 2;
    let event = loop {
        let event = reader.event().await;
        let Body::Gap(gap) = &event.body else {
            break event;
        };
        assert_eq!((gap.from, gap.reason), (next, GapReason::BelowFloor));
        next = gap.to + 1;
    };

    assert!(next > 2, "nothing was trimmed");
    assert_eq!(event.seq, next);
    let floor = relay.json("/api/v1/status").await["floor"]
        .as_u64()
        .unwrap();
    assert!(
        next <= floor,
        "{next} is said to be below the floor {floor}"
    );
}

#[tokio::test]
async fn a_filtered_reader_is_told_how_far_it_has_been_scanned() {
    let relay = spawn_relay(posts(50), |config| config.http.heartbeat_secs = 0.01).await;
    let log = relay.played().await["log"].as_str().unwrap().to_owned();

    let mut reader = relay.follow("?kinds=bar,status").await;

    loop {
        match reader.next().await.expect("the stream goes on") {
            Said::Heartbeat(id) if id == format!("{log}-50") => break,
            Said::Heartbeat(_) => {}
            Said::Event(id, event) => assert!(
                id.is_none() && matches!(event.body, Body::Tip(_)),
                "{event:?}"
            ),
        }
    }
}

#[tokio::test]
async fn a_reader_that_has_caught_up_is_told_so_at_once() {
    let relay = spawn_relay(posts(20), |_| {}).await;
    relay.played().await;

    let mut reader = relay.follow("").await;
    reader.events(20).await;

    let Some(Said::Event(None, event)) = reader.next().await else {
        panic!("no notice")
    };
    let Body::Tip(tip) = event.body else {
        panic!("{event:?}")
    };
    assert_eq!((tip.tip, tip.scanned), (20, 20));
    assert_eq!(tip.now, post(19).seen_at);
    assert_eq!(tip.sources[0].kept, 20);
}

#[tokio::test]
async fn the_bytes_are_what_any_event_source_reads() {
    let relay = spawn_relay(posts(2), |_| {}).await;
    let log = relay.played().await["log"].as_str().unwrap().to_owned();

    let mut response = relay.get("/api/v1/stream").await;

    let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "text/event-stream");
    assert_eq!(header("cache-control"), "no-cache, no-transform");
    assert_eq!(header("x-accel-buffering"), "no");
    let mut text = String::new();
    while !text.contains(&format!("id: {log}-2\n")) || !text.ends_with("\n\n") {
        let bytes = in_time(response.chunk()).await.unwrap().unwrap();
        text.push_str(std::str::from_utf8(&bytes).unwrap());
    }
    assert!(text.starts_with("retry: "), "{text}");
    for field in text.lines().filter(|field| !field.is_empty()) {
        // One name for all events keeps their order; a comment would be invisible to scripts.
        let (name, value) = field.split_once(": ").unwrap();
        assert!(["retry", "id", "data"].contains(&name), "{field}");
        assert!(!value.is_empty() && !value.contains('\r'), "{field}");
    }
}

#[tokio::test]
async fn the_stream_is_never_compressed() {
    let relay = spawn_relay(posts(2), |_| {}).await;

    let request = client()
        .get(format!("{}/api/v1/stream", relay.base))
        .header("accept-encoding", "gzip, br");
    let response = request.send().await.unwrap();

    assert!(response.headers().get("content-encoding").is_none());
}
