//! Live sources beside a recording: nothing is connected before somebody asks, and then it is quick.

use std::{sync::Arc, time::Duration};

use fakes::{Fake, Fault, Script, binance::Binance, jetstream::Jetstream};
use server::config::{SourceConfig, SourceKind};
use tokio::{net::TcpListener, time::Instant};
use wire::{Body, Millis, SourceState};

use crate::helpers::{Relay, eventually, posts, spawn_relay};

/// Fakes that take a tenth of a second to answer, and a relay that plays a recording and knows them.
struct World {
    relay: Relay,
    posts: Arc<Fake>,
    prices: Arc<Fake>,
}

async fn world() -> World {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let now = now.as_millis() as Millis;
    let slow = || {
        Script::one(
            Duration::ZERO,
            Fault::SlowFirstByte(Duration::from_millis(100)),
        )
    };
    let posts_fake = Fake::new(Jetstream::new(now - 60_000, 100, 5_000), slow(), now);
    let (posts_at, posts_fake) = listening(posts_fake).await;
    let (prices_at, prices_fake) = listening(Fake::new(Binance, slow(), now)).await;
    let relay = spawn_relay(posts(3), |config| {
        config.sources.push(SourceConfig {
            kind: SourceKind::Jetstream,
            url: Some(format!("ws://{posts_at}/subscribe")),
            ..SourceConfig::default()
        });
        config.sources.push(SourceConfig {
            kind: SourceKind::Binance,
            url: Some(format!("ws://{prices_at}/stream")),
            history_url: Some(format!("http://{prices_at}/api/v3/klines")),
            pairs: vec!["BTC-USD".into()],
            ..SourceConfig::default()
        });
    })
    .await;
    World {
        relay,
        posts: posts_fake,
        prices: prices_fake,
    }
}

async fn listening(fake: Fake) -> (String, Arc<Fake>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, fake) = (listener.local_addr().unwrap().to_string(), Arc::new(fake));
    tokio::spawn(fakes::serve(listener, Arc::clone(&fake)));
    (address, fake)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_connected_before_a_live_reader_comes_and_then_posts_come_within_two_seconds() {
    let world = world().await;
    world.relay.played().await;
    let config = world.relay.json("/api/v1/config").await;
    assert_eq!(config["live"]["base"], "/live");
    assert_eq!(
        config["live"]["sources"],
        serde_json::json!(["jetstream", "binance"])
    );
    assert!(world.posts.requests().is_empty() && world.prices.requests().is_empty());

    let asked = Instant::now();
    let mut reader = Relay::follow_at(&format!("{}/live", world.relay.base), "").await;
    let first = loop {
        let event = reader.event().await;
        if let Body::Post(post) = event.body {
            break post;
        }
    };
    let waited = asked.elapsed();

    assert!(first.text.contains("bitcoin"), "{first:?}");
    assert!(waited < Duration::from_secs(2), "{waited:?}");
    let recorded = world.relay.json("/api/v1/status").await;
    assert_eq!(
        recorded["sources"].as_array().unwrap().len(),
        1,
        "the recording is by itself"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_live_stream_has_a_log_clock_and_configuration_of_its_own() {
    let world = world().await;
    let recorded = world.relay.json("/api/v1/config").await;
    let live = world.relay.json("/live/api/v1/config").await;

    assert_ne!(recorded["log"], live["log"]);
    assert!(live["replay"].is_null() && live["live"].is_null());
    let status = world.relay.json("/live/api/v1/status").await;
    assert!(
        status["now"].as_i64().unwrap() > 1_700_000_000_000,
        "the present: {status}"
    );
    let refused = world.relay.get("/live/api/v1/nothing").await;
    assert_eq!(refused.status(), 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prices_are_answered_in_the_width_that_is_asked_for() {
    let world = world().await;
    let reader = Relay::follow_at(&format!("{}/live", world.relay.base), "").await;
    eventually(async || {
        let status = world.relay.json("/live/api/v1/status").await;
        let sources = status["sources"].as_array()?.clone();
        let binance = sources
            .into_iter()
            .find(|source| source["source"] == "binance")?;
        assert_ne!(
            binance["state"],
            serde_json::to_value(SourceState::Failed).unwrap()
        );
        (binance["kept"].as_u64()? > 900).then_some(())
    })
    .await;

    let minutes = world.relay.json("/live/api/v1/prices/btc").await;
    let hours = world
        .relay
        .json("/live/api/v1/prices/BTC?width=3600000&currency=usd")
        .await;

    let (minutes, hours) = (
        minutes["bars"].as_array().unwrap(),
        hours["bars"].as_array().unwrap(),
    );
    assert!(minutes.len() > 900, "{}", minutes.len());
    assert!((16..=18).contains(&hours.len()), "{}", hours.len());
    let hour = &hours[5];
    let within = minutes.iter().filter(|bar| {
        (0..3_600_000).contains(&(bar[0].as_i64().unwrap() - hour[0].as_i64().unwrap()))
    });
    let within: Vec<_> = within.collect();
    assert_eq!(within.len(), 60);
    assert_eq!((&within[0][1], &within[59][4]), (&hour[1], &hour[4]));
    let high = within
        .iter()
        .map(|bar| bar[2].as_f64().unwrap())
        .fold(0.0, f64::max);
    assert!((high - hour[2].as_f64().unwrap()).abs() < 1e-9);
    let none = world.relay.json("/live/api/v1/prices/NOSUCH").await;
    assert_eq!(none["bars"].as_array().unwrap().len(), 0);
    assert_eq!(
        world
            .relay
            .get("/live/api/v1/prices/BTC?width=0")
            .await
            .status(),
        400
    );
    drop(reader);
}
