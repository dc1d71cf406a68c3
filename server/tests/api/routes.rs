//! Health, configuration, and what is answered to a wrong question.

use crate::helpers::{client, posts, spawn_relay};

#[tokio::test]
async fn the_relay_says_that_it_is_well_and_what_it_serves() {
    let relay = spawn_relay(posts(1), |config| {
        config.topics = vec![wire::config::Topic {
            name: "Bitcoin".into(),
            ..Default::default()
        }];
    })
    .await;

    assert_eq!(relay.get("/healthz").await.status(), 200);
    assert_eq!(relay.get("/readyz").await.status(), 200);
    let config = server::config::HttpConfig {
        listen: relay.address().to_owned(),
        ..Default::default()
    };
    tokio::task::spawn_blocking(move || server::health::check(&config))
        .await
        .unwrap()
        .unwrap();
    let config: wire::PublicConfig = relay.get("/api/v1/config").await.json().await.unwrap();
    assert_eq!(config.topics[0].name, "Bitcoin");
    assert!(config.replay.is_some_and(|replay| replay.speed.is_none()));
    let status = relay.played().await;
    assert_eq!(config.log.unwrap().as_str(), status["log"]);
    assert_eq!(
        (&status["floor"], &status["tip"], &status["readers"]),
        (&1.into(), &1.into(), &0.into())
    );
}

#[tokio::test]
async fn a_wrong_question_gets_a_problem_that_says_what_would_be_right() {
    let relay = spawn_relay(posts(1), |_| {}).await;
    for (path, status) in [
        ("/api/v1/nothing", 404),
        ("/api/v1/stream?after=x", 400),
        ("/api/v1/stream?kinds=x", 400),
    ] {
        let response = relay.get(path).await;
        assert_eq!(response.status(), status, "{path}");
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json",
            "{path}"
        );
    }

    let response = client()
        .post(format!("{}/api/v1/status", relay.base))
        .body("x")
        .send()
        .await
        .unwrap();

    assert_eq!(response.status(), 405);
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
}

#[tokio::test]
async fn every_answer_tells_browsers_not_to_guess() {
    let relay = spawn_relay(posts(1), |_| {}).await;
    for path in [
        "/",
        "/api/v1/status",
        "/api/v1/stream",
        "/api/nothing",
        "/missing.js",
    ] {
        let response = relay.get(path).await;
        assert_eq!(
            response.headers()["x-content-type-options"],
            "nosniff",
            "{path}"
        );
        assert_eq!(
            response.headers()["referrer-policy"],
            "no-referrer",
            "{path}"
        );
    }
}
