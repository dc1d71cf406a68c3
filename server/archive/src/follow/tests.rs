//! A relay that says what each test wants it to say, and what is in the archive then.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    extract::{RawQuery, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Response as Answer},
};
use tempfile::TempDir;
use tokio::net::TcpListener;
use wire::{
    Gap, Post, Reset, Tip,
    event::GapReason,
    sse::{encode_event, encode_heartbeat, encode_notice},
};

use super::*;
use crate::place::Place;

/// What is said to each connection in turn, and what each asked for.
#[derive(Default)]
struct Script {
    answers: VecDeque<String>,
    asked: Vec<String>,
}

type Shared = Arc<Mutex<Script>>;

struct Fixture {
    script: Shared,
    options: FollowOptions,
    archive: Archive,
    _folder: TempDir,
}

async fn fixture(answers: Vec<String>) -> Fixture {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let script = Shared::default();
    script.lock().unwrap().answers = answers.into();
    let router = Router::new()
        .fallback(answer)
        .with_state(Arc::clone(&script));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let relay = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let folder = tempfile::tempdir().unwrap();
    let place = Place::open(folder.path().to_str().unwrap()).unwrap();
    let options = FollowOptions {
        relay,
        token: Some("open sesame".to_owned()),
        max_events: 2,
        max_wait: Duration::from_secs(3_600),
        tidy_every: 2,
        until: Until::Tip,
    };
    Fixture {
        script,
        options,
        archive: Archive::open(place).await.unwrap(),
        _folder: folder,
    }
}

async fn answer(
    State(script): State<Shared>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let mut script = script.lock().unwrap();
    script.asked.push(query.unwrap_or_default());
    let is_known = headers
        .get(header::AUTHORIZATION)
        .is_some_and(|token| token == "Bearer open sesame");
    if is_known {
        script
            .answers
            .pop_front()
            .unwrap_or_default()
            .into_response()
    } else {
        StatusCode::UNAUTHORIZED.into_response()
    }
}

fn log(id: &str) -> LogId {
    LogId::try_from(id.to_owned()).unwrap()
}

fn post(seq: u64) -> Event {
    let post = Post {
        id: format!("p{seq}"),
        source: "one".into(),
        text: format!("text {seq}"),
        ..Post::default()
    };
    Event {
        seq,
        ..Event::imported(1_400_000_000_000, Body::Post(Box::new(post)))
    }
}

fn said(id: &str, seq: u64) -> String {
    encode_event(&log(id), seq, &ndjson::encode_line(&post(seq)))
}

fn notice(body: Body) -> String {
    encode_notice(&ndjson::encode_line(&Event::imported(7, body)))
}

fn tip(tip: u64) -> String {
    notice(Body::Tip(Tip {
        tip,
        ..Tip::default()
    }))
}

async fn all(archive: &Archive) -> Vec<Event> {
    let mut events = Vec::new();
    for part in &archive.manifest().parts {
        events.extend(archive.read(part).await.unwrap());
    }
    events.sort_by_key(|event| event.seq);
    events
}

#[tokio::test]
async fn breaks_repeats_and_gaps_leave_every_event_once_and_the_gap_said() {
    let gap = Gap {
        from: 5,
        to: 9,
        reason: GapReason::UncleanStop,
    };
    let mut first = [said("k3", 1), said("k3", 2), said("k3", 3), said("k3", 4)].concat();
    first.truncate(first.len() - 9);
    let second = [
        said("k3", 3),
        said("k3", 4),
        notice(Body::Gap(gap.clone())),
        said("k3", 10),
        encode_heartbeat(&log("k3"), 12),
        tip(12),
    ];
    let mut fixture = fixture(vec![first, second.concat()]).await;

    follow(
        &mut fixture.archive,
        &fixture.options,
        std::future::pending(),
    )
    .await
    .unwrap();

    let mut said_gap = Event::imported(7, Body::Gap(gap));
    said_gap.seq = 9;
    let expect = [post(1), post(2), post(3), post(4), said_gap, post(10)];
    assert_eq!(all(&fixture.archive).await, expect);
    assert_eq!(fixture.script.lock().unwrap().asked, ["", "after=k3-3"]);
    assert_eq!(fixture.archive.position().unwrap().seq, 12);
}

#[tokio::test]
async fn a_recording_that_starts_over_is_archived_once() {
    let reset = Body::Reset(Reset {
        log: log("m4"),
        discard: true,
    });
    let answer = [
        said("k3", 1),
        said("k3", 2),
        said("k3", 3),
        notice(reset),
        said("m4", 1),
        tip(1),
    ];
    let mut fixture = fixture(vec![answer.concat()]).await;

    follow(
        &mut fixture.archive,
        &fixture.options,
        std::future::pending(),
    )
    .await
    .unwrap();

    assert_eq!(all(&fixture.archive).await, [post(1)]);
    assert_eq!(fixture.archive.position().unwrap().log, log("m4"));
}

#[tokio::test]
async fn what_came_before_a_stop_is_archived() {
    let mut fixture = fixture(vec![said("k3", 1)]).await;
    let script = Arc::clone(&fixture.script);
    let asked_again = async {
        // The first answer is over once there is a second question.
        while script.lock().unwrap().asked.len() < 2 {
            tokio::task::yield_now().await;
        }
    };

    follow(&mut fixture.archive, &fixture.options, asked_again)
        .await
        .unwrap();

    assert_eq!(all(&fixture.archive).await, [post(1)]);
}

#[tokio::test]
async fn who_is_not_let_in_stops_and_says_so() {
    let mut fixture = fixture(Vec::new()).await;
    fixture.options.token = None;

    let refused = follow(
        &mut fixture.archive,
        &fixture.options,
        std::future::pending(),
    )
    .await;

    assert!(matches!(refused, Err(FollowError::Refused { status, .. }) if status == 401));
}
