//! History: pages by cursor, chosen by kind and time.

use reqwest::Response;
use wire::{Event, ndjson};

use crate::helpers::{DAY_ONE, posts, seqs, spawn_relay};

async fn events(response: Response) -> Vec<Event> {
    let text = response.text().await.unwrap();
    text.lines()
        .map(|line| ndjson::decode_line(line).unwrap())
        .collect()
}

#[tokio::test]
async fn pages_cover_the_log_exactly_once() {
    let relay = spawn_relay(posts(250), |_| {}).await;
    relay.played().await;

    let (mut found, mut path) = (Vec::new(), "/api/v1/history?limit=100".to_owned());
    loop {
        let response = relay.get(&path).await;
        assert_eq!(response.headers()["content-type"], "application/x-ndjson");
        let link = response
            .headers()
            .get("link")
            .map(|link| link.to_str().unwrap().to_owned());
        let cursor = response
            .headers()
            .get("x-next-cursor")
            .map(|cursor| cursor.to_str().unwrap().to_owned());
        found.extend(seqs(&events(response).await));
        let (Some(link), Some(cursor)) = (link, cursor) else {
            break;
        };
        path = link
            .trim_start_matches('<')
            .split('>')
            .next()
            .unwrap()
            .to_owned();
        assert!(path.contains(&cursor));
    }

    assert_eq!(found, (1..=250).collect::<Vec<u64>>());
}

#[tokio::test]
async fn a_range_of_time_is_from_inclusive_to_exclusive() {
    let relay = spawn_relay(posts(100), |_| {}).await;
    relay.played().await;
    let (from, to) = (DAY_ONE + 10_000, DAY_ONE + 20_000);

    let response = relay
        .get(&format!("/api/v1/history?from={from}&to={to}&kinds=post"))
        .await;

    assert_eq!(
        seqs(&events(response).await),
        (11..=20).collect::<Vec<u64>>()
    );
    let bars = relay
        .get(&format!("/api/v1/history?from={from}&to={to}&kinds=bar"))
        .await;
    assert_eq!(events(bars).await, []);
}

#[tokio::test]
async fn what_cannot_be_answered_is_explained() {
    let relay = spawn_relay(posts(1), |_| {}).await;
    for (query, status, expect) in [
        ("limit=0", 400, "limit is 0"),
        ("limit=10001", 400, "limit is 10001"),
        ("kinds=quote", 400, "there is no kind \"quote\""),
        ("after=7", 400, "a cursor looks like"),
        ("after=other-7", 404, "other-7 is no place in the log"),
    ] {
        let response = relay.get(&format!("/api/v1/history?{query}")).await;

        assert_eq!(response.status(), status, "{query}");
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );
        let problem: serde_json::Value = response.json().await.unwrap();
        assert!(
            problem["detail"].as_str().unwrap().contains(expect),
            "{problem}"
        );
        assert_eq!(problem["status"], status);
    }
}
