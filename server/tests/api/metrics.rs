//! Metrics: on a listener of their own, in the format of Prometheus, and true.

use std::collections::BTreeSet;

use tokio::net::TcpListener;

use server::config::{LiveStart, SourceConfig, SourceKind};

use crate::helpers::{client, eventually, line, post, posts, spawn_relay};

/// What operators are promised, without its prefix.
const PROMISED: [&str; 37] = [
    "build_info gauge",
    "upstream_connected gauge",
    "upstream_reconnects_total counter",
    "upstream_last_event_timestamp_seconds gauge",
    "upstream_events_total counter",
    "upstream_decode_errors_total counter",
    "upstream_gaps_total counter",
    "events_deduplicated_total counter",
    "log_first_seq gauge",
    "log_next_seq gauge",
    "log_bytes gauge",
    "log_append_seconds histogram",
    "log_commit_seconds histogram",
    "log_fsync_seconds histogram",
    "log_errors_total counter",
    "lease_held gauge",
    "lease_renewal_age_seconds gauge",
    "lease_takeovers_total counter",
    "lease_lost_total counter",
    "lease_fenced_total counter",
    "sse_clients gauge",
    "sse_connections_total counter",
    "sse_rejected_total counter",
    "sse_disconnects_total counter",
    "sse_events_sent_total counter",
    "sse_bytes_sent_total counter",
    "sse_flushes_total counter",
    "sse_lag_events histogram",
    "sse_resumes_total counter",
    "sse_gaps_total counter",
    "sse_resets_total counter",
    "delivery_seconds histogram",
    "hub_ring_bytes gauge",
    "process_cpu_seconds_total counter",
    "process_resident_memory_bytes gauge",
    "process_threads gauge",
    "process_open_fds gauge",
];

async fn free_address() -> String {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    free.local_addr().unwrap().to_string()
}

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
    let admin = free_address().await;
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
    let admin = free_address().await;
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

#[tokio::test]
async fn every_promised_name_is_there_with_its_kind_and_what_it_means() {
    let admin = free_address().await;
    let relay = spawn_relay(posts(5), |config| config.http.admin = Some(admin.clone())).await;
    relay.played().await;

    let text = text_of(&admin).await;

    for promised in PROMISED {
        let name = promised.split(' ').next().unwrap();
        let is = |start: String| text.lines().any(|line| line.starts_with(&start));
        assert!(is(format!("# TYPE relay_{promised}")), "{promised}\n{text}");
        assert!(is(format!("# HELP relay_{name} ")), "{promised}\n{text}");
    }
}

#[tokio::test]
async fn figures_of_sources_log_and_readers_move_when_they_should() {
    let (admin, nobody) = (free_address().await, free_address().await);
    let lines = posts(50) + "garbage\n" + &line(&post(1));
    let relay = spawn_relay(lines, |config| {
        config.http.admin = Some(admin.clone());
        config.live.start = LiveStart::AtOnce;
        config.sources.push(SourceConfig {
            kind: SourceKind::Jetstream,
            url: Some(format!("ws://{nobody}/subscribe")),
            ..SourceConfig::default()
        });
    })
    .await;
    relay.played().await;
    let lagging = "relay_sse_lag_events_count";
    assert_eq!(value(&text_of(&admin).await, lagging), Some(0.0));

    let mut reader = relay.follow("").await;
    reader.events(50).await;

    let text = eventually(async || {
        let text = text_of(&admin).await;
        let reconnects =
            "relay_upstream_reconnects_total{source=\"jetstream\",reason=\"transport\"}";
        value(&text, reconnects).map(|_| text)
    })
    .await;
    for sample in [
        "relay_upstream_decode_errors_total{source=\"recording\",kind=\"bad_json\"}",
        "relay_events_deduplicated_total",
        "relay_log_append_seconds_count{stream=\"main\"}",
        "relay_log_commit_seconds_count{stream=\"main\"}",
        "relay_log_fsync_seconds_count{stream=\"main\"}",
        "relay_log_bytes{stream=\"main\"}",
        "relay_hub_ring_bytes{stream=\"main\"}",
        "relay_process_cpu_seconds_total",
        lagging,
    ] {
        assert!(value(&text, sample) > Some(0.0), "{sample}\n{text}");
    }
    for (sample, expect) in [
        ("relay_upstream_connected{source=\"jetstream\"}", 0.0),
        ("relay_upstream_gaps_total{source=\"recording\"}", 0.0),
        ("relay_log_errors_total{stream=\"main\",op=\"append\"}", 0.0),
        // The reader came when all fifty were there.
        ("relay_sse_lag_events_bucket{le=\"30\"}", 0.0),
        ("relay_sse_lag_events_sum", 50.0),
    ] {
        assert_eq!(value(&text, sample), Some(expect), "{sample}\n{text}");
    }
}
