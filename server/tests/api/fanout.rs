//! The fan-out: readers that were live and fall behind, and what one reader asks for itself alone.

use server::config::{RecordingStart, Speed};
use tokio::io::AsyncReadExt;
use wire::{
    Bar, Body, Event,
    config::Topic,
    ndjson,
    sse::{Field, Parser},
};

use crate::helpers::{
    DAY_ONE, Relay, eventually, in_time, line, narrow_reader, post, posts, seqs, source,
    spawn_relay, with,
};

/// Ten megabytes within some seconds, from the first reader on.
async fn relay_that_plays_on(write_timeout_secs: f64) -> Relay {
    let long = |i| {
        line(&with(post(i), |post| {
            post.text = format!("{i} {}", "x".repeat(2_000))
        }))
    };
    spawn_relay((0..N_LONG).map(long).collect::<String>(), |config| {
        config.http.write_timeout_secs = write_timeout_secs;
        let source = source(config);
        (source.start, source.speed) = (RecordingStart::FirstReader, Speed::Times(2_000.0));
    })
    .await
}

const N_LONG: u64 = 5_000;

#[tokio::test]
async fn a_live_reader_that_takes_nothing_is_dropped_and_others_get_everything() {
    let relay = relay_that_plays_on(0.3).await;
    let mut stalled = narrow_reader(&relay).await;
    let mut other = relay.follow("").await;

    let events = other.events(N_LONG as usize).await;

    assert_eq!(seqs(&events), (1..=N_LONG).collect::<Vec<u64>>());
    eventually(async || {
        let status = relay.json("/api/v1/status").await;
        (status["readers"] == 1).then_some(())
    })
    .await;
    let mut held = Vec::new();
    let _ = in_time(stalled.read_to_end(&mut held)).await;
    assert!((1_000..600_000).contains(&held.len()), "{}", held.len());
}

#[tokio::test]
async fn a_live_reader_that_falls_behind_catches_up_without_loss() {
    let relay = relay_that_plays_on(60.0).await;
    let mut late = narrow_reader(&relay).await;
    relay.played().await;

    let (mut parser, mut found, mut piece) = (Parser::default(), Vec::new(), vec![0; 64 << 10]);
    while found.last() != Some(&N_LONG) {
        let n = in_time(late.read(&mut piece)).await.unwrap();
        assert!(n > 0, "it was dropped after {:?}", found.last());
        parser.push(&piece[..n], |field| {
            if let Field::Data(text) = field {
                let event = ndjson::decode_line(text).unwrap();
                found.extend(Some(event.seq).filter(|seq| *seq > 0));
            }
        });
    }

    assert_eq!(found, (1..=N_LONG).collect::<Vec<u64>>());
}

#[tokio::test]
async fn many_readers_at_different_places_all_get_what_lies_behind_theirs() {
    let relay = spawn_relay(posts(1_000), |config| {
        let source = source(config);
        (source.start, source.speed) = (RecordingStart::FirstReader, Speed::Times(500.0));
    })
    .await;
    let mut first = relay.follow("").await;
    let mut readers = Vec::new();
    for n in [1, 50, 120] {
        first.events(n).await;
        let after = first.last_id.clone();
        let seq: u64 = after.split('-').nth(1).unwrap().parse().unwrap();
        readers.push((seq, relay.follow(&format!("?after={after}")).await));
    }

    for (after, mut reader) in readers {
        let events = reader.events((1_000 - after) as usize).await;
        assert_eq!(seqs(&events), (after + 1..=1_000).collect::<Vec<u64>>());
    }
}

fn bar(minute: i64, ticker: &str) -> Event {
    let bar = Bar {
        ticker: ticker.into(),
        currency: "USD".into(),
        source: "test".into(),
        open_at: DAY_ONE + minute * 60_000,
        width: 60_000,
        open: 1.0,
        high: 1.0,
        low: 1.0,
        close: 1.0,
        volume: None,
        market_cap: None,
    };
    Event::imported(DAY_ONE + (minute + 1) * 60_000, Body::Bar(bar))
}

#[tokio::test]
async fn a_reader_may_ask_for_some_topics_and_for_the_newest_prices_only() {
    let talk = |i, text: &str| line(&with(post(i), |post| post.text = text.to_owned()));
    let mut lines = talk(0, "bitcoin rises") + &talk(1, "nothing of it");
    for minute in 0..5 {
        lines += &(line(&bar(minute, "BTC")) + &line(&bar(minute, "ETH")));
    }
    let relay = spawn_relay(lines, |config| {
        config.topics = vec![Topic {
            name: "Bitcoin".into(),
            keywords: vec!["bitcoin".into()],
            ticker: Some("BTC".into()),
            ..Topic::default()
        }];
    })
    .await;
    relay.played().await;
    for (query, expect) in [
        ("?topics=bitcoin", &[1, 3, 5, 7, 9, 11][..]),
        ("?conflate=100", &[1, 2, 11, 12]),
        ("?topics=Bitcoin&conflate=100", &[1, 11]),
    ] {
        let mut reader = relay.follow(query).await;
        let events = reader.events(expect.len()).await;
        assert_eq!(seqs(&events), expect, "{query}");
    }
}
