//! Metrics: on a listener of their own, in the format of Prometheus, and true.

use std::collections::BTreeSet;

use tokio::net::TcpListener;

use crate::helpers::{client, eventually, posts, spawn_relay};

async fn text_of(address: &str) -> String {
    let response = client()
        .get(format!("http://{address}/metrics"))
        .send()
        .await;
    let response = response.unwrap();
    assert_eq!(
        response.headers()["content-type"],
        "text/plain; version=0.0.4"
    );
    response.text().await.unwrap()
}

fn value(text: &str, sample: &str) -> Option<f64> {
    let line = text
        .lines()
        .find(|line| line.split(' ').next() == Some(sample))?;
    line.rsplit(' ').next()?.parse().ok()
}

#[tokio::test]
async fn readers_events_and_refusals_are_counted_on_the_admin_listener_only() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let admin = free.local_addr().unwrap().to_string();
    drop(free);
    let relay = spawn_relay(posts(50), |config| {
        config.http.admin = Some(admin.clone());
        config.http.max_streams_per_address = 1;
    })
    .await;
    relay.played().await;
    let mut reader = relay.follow("").await;
    reader.events(50).await;
    assert_eq!(relay.get("/api/v1/stream").await.status(), 429);

    let text = text_of(&admin).await;

    for (sample, expect) in [
        ("relay_sse_clients{stream=\"main\"}", 1.0),
        ("relay_sse_connections_total", 1.0),
        ("relay_sse_resumes_total{outcome=\"beginning\"}", 1.0),
        ("relay_sse_rejected_total{reason=\"streams\"}", 1.0),
        ("relay_sse_events_sent_total", 50.0),
        ("relay_log_first_seq{stream=\"main\"}", 1.0),
        ("relay_log_next_seq{stream=\"main\"}", 51.0),
        ("relay_upstream_events_total{source=\"recording\"}", 50.0),
    ] {
        assert_eq!(value(&text, sample), Some(expect), "{sample}\n{text}");
    }
    drop(reader);
    eventually(async || {
        let text = text_of(&admin).await;
        let ended = value(&text, "relay_sse_disconnects_total{reason=\"client\"}");
        (ended == Some(1.0)).then_some(())
    })
    .await;
    assert_ne!(relay.get("/metrics").await.status(), 200);
}

#[tokio::test]
async fn every_sample_belongs_to_a_family_that_was_described_once() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let admin = free.local_addr().unwrap().to_string();
    drop(free);
    let relay = spawn_relay(posts(5), |config| config.http.admin = Some(admin.clone())).await;
    relay.played().await;

    let text = text_of(&admin).await;

    let mut families = BTreeSet::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(families.insert(name.to_owned()), "{name} is there twice");
            assert_eq!(name.ends_with("_total"), kind == "counter", "{name}");
        } else if !line.starts_with('#') {
            let name = line.split(['{', ' ']).next().unwrap();
            let family = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|end| name.strip_suffix(end))
                .filter(|family| families.contains(*family))
                .unwrap_or(name);
            assert!(families.contains(family), "{line}");
            assert!(
                line.rsplit(' ').next().unwrap().parse::<f64>().is_ok(),
                "{line}"
            );
        }
    }
    assert!(families.len() > 20);
}
