//! History: pages by cursor, chosen by kind and time.

use reqwest::Response;
use wire::{Event, ndjson};

use crate::helpers::{DAY_ONE, line, post, posts, seqs, spawn_relay, with};

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
        let next = link.trim_start_matches('<').split('>').next().unwrap();
        // Relative to what was asked, so that it also holds under another path.
        assert!(next.starts_with('?') && next.contains(&cursor), "{next}");
        path = format!("/api/v1/history{next}");
    }

    assert_eq!(found, (1..=250).collect::<Vec<u64>>());
}

#[tokio::test]
async fn a_page_is_no_longer_than_what_the_kernel_holds_for_whoever_takes_nothing() {
    let long = |i| line(&with(post(i), |post| post.text = "x".repeat(1_500)));
    let relay = spawn_relay((0..500).map(long).collect::<String>(), |_| {}).await;
    relay.played().await;

    let (mut found, mut path) = (Vec::new(), "/api/v1/history?limit=10000".to_owned());
    loop {
        let response = relay.get(&path).await;
        let next = response.headers().get("x-next-cursor").cloned();
        let text = response.text().await.unwrap();
        assert!(text.len() < 70_000, "{}", text.len());
        found.extend(
            text.lines()
                .map(|line| ndjson::decode_line(line).unwrap().seq),
        );
        let Some(next) = next else {
            break;
        };
        path = format!(
            "/api/v1/history?limit=10000&after={}",
            next.to_str().unwrap()
        );
    }

    assert_eq!(found, (1..=500).collect::<Vec<u64>>());
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
