//! Replays: when they begin, and how they begin again.

use server::config::{RecordingStart, Speed, StoreKind};
use wire::Body;

use crate::helpers::{Said, posts, seqs, source, spawn_relay};

#[tokio::test]
async fn a_recording_that_begins_again_is_a_new_log_and_readers_are_told_to_discard_the_old_one() {
    let relay = spawn_relay(posts(5), |config| {
        (source(config).looped, source(config).loop_pause_secs) = (true, 0.05);
    })
    .await;
    let mut reader = relay.follow("").await;
    assert_eq!(seqs(&reader.events(5).await), [1, 2, 3, 4, 5]);
    let first = reader.last_id.split('-').next().unwrap().to_owned();

    let Body::Reset(reset) = reader.event().await.body else {
        panic!("no reset")
    };

    assert!(reset.discard);
    assert_ne!(reset.log.as_str(), first);
    assert_eq!(seqs(&reader.events(5).await), [1, 2, 3, 4, 5]);
    assert!(reader.last_id.starts_with(reset.log.as_str()));
}

#[tokio::test]
async fn nothing_is_played_before_somebody_watches() {
    let relay = spawn_relay(posts(5), |config| {
        (source(config).start, source(config).speed) =
            (RecordingStart::FirstReader, Speed::Times(1_000.0));
    })
    .await;
    assert_eq!(relay.json("/api/v1/status").await["tip"], 0);

    let mut reader = relay.follow("").await;

    let Some(Said::Event(None, event)) = reader.next().await else {
        panic!("no notice")
    };
    assert!(matches!(event.body, Body::Tip(tip) if tip.tip == 0 && tip.now > 0));
    assert_eq!(seqs(&reader.events(5).await), [1, 2, 3, 4, 5]);
    let config = relay.json("/api/v1/config").await;
    assert_eq!(config["replay"]["name"], "recording.ndjson");
    assert_eq!(config["replay"]["speed"], 1_000.0);
}

#[tokio::test]
async fn without_resume_a_restart_of_the_relay_is_a_new_log() {
    let folder = tempfile::tempdir().unwrap();
    let mut logs = Vec::new();
    for _ in 0..2 {
        let mut relay = spawn_relay(posts(5), |config| {
            config.log.store = StoreKind::Sqlite;
            config.log.data = folder.path().to_owned();
        })
        .await;
        let status = relay.played().await;
        assert_eq!(status["tip"], 5);
        logs.push(status["log"].clone());
        relay.ask_to_stop();
        (&mut relay.task).await.unwrap();
    }

    assert_ne!(logs[0], logs[1]);
}
