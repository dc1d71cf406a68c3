//! The description of the interface: every path and status of it is there, and nothing else is.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::helpers::{eventually, posts, spawn_relay};

const METHODS: [&str; 7] = ["get", "put", "post", "delete", "options", "head", "patch"];

async fn described() -> Value {
    let relay = spawn_relay(posts(1), |_| {}).await;
    relay.json("/api/v1/openapi.json").await
}

#[tokio::test]
async fn every_path_is_described_and_every_described_path_is_there() {
    let document = described().await;

    let described: BTreeSet<&str> = document["paths"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();

    assert_eq!(described, server::paths().into_iter().collect());
}

#[tokio::test]
async fn every_status_that_is_described_is_answered_and_no_other_one() {
    let document = described().await;
    let mut expected = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(METHODS.contains(&&**method));
            let statuses = operation["responses"].as_object().unwrap().keys();
            expected.extend(statuses.map(|status| (path.clone(), status.parse().unwrap())));
        }
    }

    let mut answered = provoked().await;
    answered.extend(while_stopping().await);
    // Only a log that has failed brings this about; held by
    // `a_relay_whose_log_has_ended_is_neither_well_nor_ready`.
    answered.insert(("/healthz".to_owned(), 503));
    // Only a source that waits for its next attempt; held by
    // `the_answer_is_what_the_next_attempt_comes_to`.
    answered.insert(("/api/v1/sources/{name}/test".to_owned(), 429));

    assert_eq!(answered, expected);
}

/// What is answered to right and wrong questions.
async fn provoked() -> BTreeSet<(String, u16)> {
    let relay = spawn_relay(posts(3), |config| config.http.max_streams_per_address = 1).await;
    let reader = relay.follow("").await;
    let mut answered = BTreeSet::from([("/api/v1/stream".to_owned(), 200)]);
    for (path, query) in [
        ("/api/v1/stream", ""),
        ("/api/v1/stream", "?after=x"),
        ("/api/v1/stream", "?kinds=x"),
        ("/api/v1/stream", "?topics=x"),
        ("/api/v1/stream", "?conflate=60001"),
        ("/api/v1/stream", "?conflate=x"),
        ("/api/v1/history", ""),
        ("/api/v1/history", "?after=x"),
        ("/api/v1/history", "?after=other-1"),
        ("/api/v1/history", "?limit=x"),
        ("/api/v1/prices/{ticker}", ""),
        ("/api/v1/prices/{ticker}", "?width=0"),
        ("/api/v1/prices/{ticker}", "?width=x"),
        ("/api/v1/status", ""),
        ("/api/v1/config", ""),
        ("/api/v1/openapi.json", ""),
        ("/healthz", ""),
        ("/readyz", ""),
    ] {
        let response = relay.get(&format!("{path}{query}")).await;
        answered.insert((path.to_owned(), response.status().as_u16()));
        if !response.status().is_success() {
            let content_type = &response.headers()["content-type"];
            assert_eq!(content_type, "application/problem+json", "{path}{query}");
        }
    }
    for source in ["recording", "unknown"] {
        let response = relay.post(&format!("/api/v1/sources/{source}/test")).await;
        let status = response.status().as_u16();
        answered.insert(("/api/v1/sources/{name}/test".to_owned(), status));
    }
    drop(reader);
    answered
}

/// What is answered between the signal and the end, while connections are still accepted.
async fn while_stopping() -> BTreeSet<(String, u16)> {
    let mut relay = spawn_relay(posts(1), |config| config.http.drain_secs = 60.0).await;
    relay.ask_to_stop();
    eventually(async || (relay.get("/readyz").await.status() == 503).then_some(())).await;
    let mut answered = BTreeSet::new();
    for path in ["/api/v1/stream", "/readyz"] {
        let status = relay.get(path).await.status().as_u16();
        answered.insert((path.to_owned(), status));
    }
    answered
}
