//! Several relays over one real `nats-server`: the same ids, one leader a source, nothing lost and nothing twice.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tempfile::TempDir;
use wire::{Body, Cursor, Event, SourceState, SourceStatus, event::GapReason};

use super::{Grant, SharedOptions, Tenure, nats::NatsServer};
use crate::log::{
    Batch, Kinds, Line, Log, LogError, LogOptions, Read, Want,
    conformance::{append, cursor, delete, page, post},
};

/// The server of tests which only want a stream of their own; `None` where there is none.
pub(in crate::log) fn server() -> Option<&'static NatsServer> {
    static SERVER: OnceLock<Option<NatsServer>> = OnceLock::new();
    SERVER.get_or_init(NatsServer::start).as_ref()
}

/// A stream that nobody else has.
pub(in crate::log) fn fresh_stream(server: &NatsServer) -> SharedOptions {
    static N: AtomicU64 = AtomicU64::new(0);
    let name = format!("t{}", N.fetch_add(1, Ordering::Relaxed));
    SharedOptions {
        address: format!("{}/{name}", server.address()).parse().unwrap(),
        token: None,
        lease: Duration::from_millis(1_500),
    }
}

/// One relay's log, with its copy.
pub(in crate::log) struct Relay {
    pub(in crate::log) log: Log,
    pub(in crate::log) folder: TempDir,
}

pub(in crate::log) fn relay(stream: &SharedOptions, options: LogOptions) -> Relay {
    relay_in(tempfile::tempdir().unwrap(), stream, options)
}

fn relay_in(folder: TempDir, stream: &SharedOptions, options: LogOptions) -> Relay {
    let log = Log::open_shared(stream, &folder.path().join("copy.sqlite"), options).unwrap();
    Relay { log, folder }
}

fn usual(stream: &SharedOptions) -> Relay {
    relay(stream, LogOptions::default())
}

/// Why a relay without a copy cannot use the stream.
fn refusal(stream: &SharedOptions) -> String {
    let folder = tempfile::tempdir().unwrap();
    let opened = Log::open_shared(stream, &folder.path().join("c"), LogOptions::default());
    opened.err().expect("it cannot be used").to_string()
}

async fn until_tip(log: &Log, tip: u64) {
    let mut published = log.published();
    let reached = async {
        while log.head().tip < tip {
            published.changed().await.unwrap();
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(30), reached).await;
    in_time.unwrap_or_else(|_| panic!("the tip is {} and not {tip}", log.head().tip));
}

async fn frames(log: &Log) -> Vec<(u64, String)> {
    let want = Want {
        max_bytes: usize::MAX,
        ..Want::default()
    };
    let lines = page(log, 0, want).await.lines;
    lines
        .iter()
        .map(|line| (line.seq, line.json().to_owned()))
        .collect()
}

async fn ids(log: &Log) -> Vec<String> {
    let want = Want {
        kinds: Kinds::POST,
        max_bytes: usize::MAX,
        ..Want::default()
    };
    let lines = page(log, 0, want).await.lines;
    lines
        .iter()
        .filter_map(Line::post)
        .map(|post| post.id)
        .collect()
}

fn with_position(ids: std::ops::Range<u64>, position: u64) -> Batch {
    Batch {
        events: ids.map(post).collect(),
        position: Some(("bluesky".to_owned(), position.to_string())),
        ..Batch::default()
    }
}

/// How the lease of the usual source has gone at this relay.
fn tenure(log: &Log) -> Tenure {
    log.tenures()["bluesky"].clone()
}

/// Appends until it is taken, as a source's loop does.
async fn insist(log: &Log, mut batch: Batch) {
    loop {
        match log.append(batch).await {
            Ok(_) => return,
            Err(refused) => {
                assert!(
                    matches!(refused.error, LogError::Shared { .. }),
                    "{}",
                    refused.error
                );
                batch = *refused.batch;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

#[tokio::test]
async fn two_relays_give_the_same_ids_and_one_key_for_authors() {
    let Some(server) = server() else { return };
    let stream = fresh_stream(server);
    let (a, b) = (usual(&stream), usual(&stream));

    append(&a.log, (0..50).map(post).collect()).await;
    append(&b.log, (40..90).map(post).collect()).await;
    append(&a.log, vec![delete(7), post(90)]).await;
    until_tip(&a.log, 92).await;
    until_tip(&b.log, 92).await;

    assert_eq!(a.log.head(), b.log.head());
    assert_eq!(a.log.author_key(), b.log.author_key());
    let (of_a, of_b) = (frames(&a.log).await, frames(&b.log).await);
    assert_eq!(of_a, of_b);
    assert_eq!(of_a.len(), 92);
    assert!(!of_a[7].1.contains("text of 7"), "{}", of_a[7].1);
}

#[tokio::test]
async fn a_reader_that_moves_from_one_relay_to_another_loses_nothing_and_repeats_nothing() {
    let Some(server) = server() else { return };
    let stream = fresh_stream(server);
    let (a, b) = (usual(&stream), usual(&stream));
    append(&a.log, (0..200).map(post).collect()).await;
    until_tip(&b.log, 200).await;

    let (mut found, mut at) = (Vec::new(), cursor(&a.log, 0));
    for turn in 0.. {
        let log = [&a.log, &b.log][turn % 2];
        let want = Want {
            max_lines: 17,
            ..Want::default()
        };
        let Read::Page(page) = log.read(&at, &want).await.unwrap() else {
            panic!("a cursor of one relay is good at the other")
        };
        found.extend(page.lines.iter().map(|line| line.seq));
        at = Cursor {
            seq: page.scanned,
            ..at
        };
        if page.scanned == page.tip {
            break;
        }
    }

    assert_eq!(found, (1..=200).collect::<Vec<u64>>());
}

#[tokio::test]
async fn a_relay_that_was_away_catches_up_and_one_that_was_killed_goes_on() {
    let Some(server) = server() else { return };
    let stream = fresh_stream(server);
    let (a, b) = (usual(&stream), usual(&stream));
    append(&a.log, (0..10).map(post).collect()).await;
    until_tip(&b.log, 10).await;
    let Relay { log, folder } = b;
    log.close().await.unwrap();
    drop(log);

    append(&a.log, (10..500).map(post).collect()).await;
    let b = relay_in(folder, &stream, LogOptions::default());
    until_tip(&b.log, 500).await;

    assert_eq!(frames(&a.log).await, frames(&b.log).await);
}

#[tokio::test]
async fn withdrawn_text_is_gone_from_the_stream_too() {
    let Some(server) = server() else { return };
    let stream = fresh_stream(server);
    let a = usual(&stream);
    append(&a.log, (0..10).map(post).collect()).await;

    append(&a.log, vec![delete(3), post(20), delete(20)]).await;

    // A relay that comes later sees what the stream still holds, and finds no gap in it.
    let b = usual(&stream);
    until_tip(&b.log, 13).await;
    let all = frames(&b.log).await;
    assert!(
        all.iter()
            .all(|(_, line)| !line.contains("text of 3") && !line.contains("text of 20"))
    );
    assert_eq!(all.len(), 12, "the post itself is not there any more");
    let read = b
        .log
        .read(&cursor(&b.log, 0), &Want::default())
        .await
        .unwrap();
    assert!(matches!(read, Read::Page(_)), "{read:?}");
}

#[tokio::test]
async fn what_concerns_posts_that_are_still_on_their_way_waits_for_them() {
    let Some(server) = server() else { return };
    let stream = fresh_stream(server);
    let a = usual(&stream);
    // As many as are published together, so that what follows is a group of its own.
    let posts: Vec<Event> = (0..4_000).map(post).collect();
    let next = vec![post(3_998), delete(3_999), post(5_000)];

    let of = |events: Vec<Event>| Batch {
        events,
        ..Batch::default()
    };
    let (first, next) = tokio::join!(a.log.append(of(posts)), a.log.append(of(next)));

    assert_eq!(first.unwrap().n_repeats, 0);
    assert_eq!(next.unwrap().n_repeats, 1);
    let b = usual(&stream);
    until_tip(&b.log, 4_002).await;
    let all = frames(&b.log).await;
    assert_eq!(all.len(), 4_001, "the post itself is not there any more");
    assert!(all.iter().all(|(_, line)| !line.contains("text of 3999")));
}

#[tokio::test]
async fn what_left_the_stream_before_a_relay_copied_it_is_announced_as_a_gap() {
    let Some(server) = server() else { return };
    let stream = fresh_stream(server);
    let (a, b) = (usual(&stream), usual(&stream));
    append(&a.log, (0..10).map(post).collect()).await;
    until_tip(&b.log, 10).await;
    let Relay { log, folder } = b;
    log.close().await.unwrap();
    drop(log);
    append(&a.log, (10..60).map(post).collect()).await;
    let client = async_nats::connect(server.address()).await.unwrap();
    let context = async_nats::jetstream::new(client);
    let name = stream.address.to_string();
    let of_nats = context
        .get_stream(name.rsplit('/').next().unwrap())
        .await
        .unwrap();
    of_nats.purge().sequence(41).await.unwrap();

    let late = usual(&stream);
    let b = relay_in(folder, &stream, LogOptions::default());
    until_tip(&late.log, 60).await;
    until_tip(&b.log, 60).await;

    for (log, from) in [(&late.log, 1), (&b.log, 11)] {
        let read = log
            .read(&cursor(log, from - 1), &Want::default())
            .await
            .unwrap();
        let Read::Gap(gap) = read else {
            panic!("no gap but {read:?}")
        };
        assert_eq!(
            (gap.from, gap.to, gap.reason),
            (from, 40, GapReason::BelowFloor)
        );
        assert_eq!(page(log, 40, Want::default()).await.lines.len(), 20);
    }
    assert_eq!(
        page(&b.log, 0, Want::default()).await.lines.len(),
        10,
        "what was copied stays"
    );
    assert_eq!(late.log.head().floor, 41);
}

#[tokio::test]
async fn a_stream_that_is_made_anew_is_another_log_at_every_relay() {
    let Some(server) = server() else { return };
    let stream = fresh_stream(server);
    let (a, b) = (usual(&stream), usual(&stream));
    append(&a.log, (0..10).map(post).collect()).await;
    until_tip(&b.log, 10).await;
    let old = cursor(&b.log, 10);

    a.log.restart().await.unwrap();
    append(&a.log, vec![post(100)]).await;
    let mut published = b.log.published();
    while b.log.head() != a.log.head() {
        published.changed().await.unwrap();
    }

    assert_ne!(b.log.head().log, old.log);
    let read = b.log.read(&old, &Want::default()).await.unwrap();
    assert!(matches!(read, Read::Reset { .. }), "{read:?}");
}

#[tokio::test]
async fn a_stream_that_lost_its_newest_events_is_copied_anew_even_where_others_have_their_seqs() {
    let Some(mut server) = NatsServer::start() else {
        return;
    };
    let stream = fresh_stream(&server);
    let (a, b) = (usual(&stream), usual(&stream));
    insist(&a.log, with_position(0..10, 10)).await;
    until_tip(&b.log, 10).await;
    server.keep();
    insist(&a.log, with_position(10..20, 20)).await;
    until_tip(&b.log, 20).await;
    let Relay { log, folder } = b;
    log.close().await.unwrap();
    drop(log);

    server.fall_back();
    // As many as were lost, before the relay that knew the others is there again.
    let fresh = usual(&stream);
    until_tip(&fresh.log, 10).await;
    insist(&fresh.log, with_position(50..60, 60)).await;
    let b = relay_in(folder, &stream, LogOptions::default());
    insist(&fresh.log, with_position(60..61, 61)).await;

    let expect: Vec<String> = (0..10).chain(50..61).map(|id| id.to_string()).collect();
    for log in [&fresh.log, &b.log, &a.log] {
        let in_time = tokio::time::timeout(Duration::from_secs(30), async {
            while ids(log).await != expect {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        assert!(in_time.await.is_ok(), "{:?}", ids(log).await);
    }
}

#[tokio::test]
async fn a_server_that_wants_a_token_is_told_it() {
    let Some(server) = NatsServer::start_with_token("hunter2") else {
        return;
    };
    let without = fresh_stream(&server);
    let with = SharedOptions {
        token: Some("hunter2".to_owned()),
        ..without.clone()
    };

    let a = usual(&with);
    append(&a.log, vec![post(1)]).await;

    let error = refusal(&without);

    assert!(error.contains("cannot be used"), "{error}");
}

#[tokio::test]
async fn while_the_server_is_away_history_is_read_and_nothing_is_taken_in() {
    let Some(mut server) = NatsServer::start() else {
        return;
    };
    let stream = fresh_stream(&server);
    let a = usual(&stream);
    append(&a.log, (0..10).map(post).collect()).await;
    server.kill();

    let refused = a.log.append(with_position(10..20, 1)).await.unwrap_err();

    assert!(
        matches!(refused.error, LogError::Shared { .. }),
        "{}",
        refused.error
    );
    assert_eq!(refused.batch.events.len(), 10, "it can be tried again");
    assert_eq!(ids(&a.log).await.len(), 10);
    // A relay that is started now serves what it has.
    let Relay { log, folder } = a;
    log.close().await.unwrap();
    drop(log);
    let a = relay_in(folder, &stream, LogOptions::default());
    assert_eq!(ids(&a.log).await.len(), 10);
    server.start_again();
    insist(&a.log, *refused.batch).await;
    assert_eq!(ids(&a.log).await.len(), 20);
    assert_eq!(a.log.position("bluesky").as_deref(), Some("1"));
}

#[tokio::test]
async fn without_server_and_copy_a_relay_does_not_start_and_says_why() {
    let options = SharedOptions {
        address: "nats://127.0.0.1:1/x".parse().unwrap(),
        token: None,
        lease: Duration::from_secs(5),
    };

    let error = refusal(&options);

    assert!(error.contains("nats://127.0.0.1:1/x"), "{error}");
}

#[tokio::test]
async fn the_server_killed_in_the_middle_of_publishing_costs_nothing_and_doubles_nothing() {
    let Some(mut server) = NatsServer::start() else {
        return;
    };
    let stream = fresh_stream(&server);
    let (a, b) = (usual(&stream), usual(&stream));
    let publishing = {
        let log = a.log.clone();
        tokio::spawn(async move {
            for start in (0..60).map(|batch| batch * 100) {
                insist(&log, with_position(start..start + 100, start + 100)).await;
            }
        })
    };

    for tip in [500, 2_000, 4_000] {
        until_tip(&b.log, tip).await;
        server.start_again();
    }
    publishing.await.unwrap();
    until_tip(&b.log, a.log.head().tip).await;

    let (mut of_a, of_b) = (ids(&a.log).await, ids(&b.log).await);
    assert_eq!(of_a, of_b);
    of_a.sort_by_key(|id| id.parse::<u64>().unwrap());
    let expect: Vec<String> = (0..6_000).map(|id| id.to_string()).collect();
    assert_eq!(of_a, expect);
    assert_eq!(b.log.position("bluesky").as_deref(), Some("6000"));
}

#[tokio::test]
async fn one_relay_listens_to_a_source_and_another_takes_over_where_it_broke_off() {
    let Some(server) = server() else { return };
    let stream = fresh_stream(server);
    let (a, b) = (usual(&stream), usual(&stream));
    let (leader, grant) = a.log.lead("bluesky").await.unwrap();
    leader.append(with_position(0..10, 10)).await.unwrap();
    let heard = SourceStatus {
        source: "bluesky".into(),
        state: SourceState::Connected,
        ..SourceStatus::default()
    };
    append(&leader, vec![Event::imported(77, Body::Status(heard))]).await;
    let log = b.log.clone();
    let stands_by = tokio::spawn(async move { log.lead("bluesky").await });
    assert!(grant.broke_off_at().is_none() && grant.is_valid());

    // As a crash would: nobody lets go of the lease.
    drop((leader, a));
    let (successor, _) = stands_by.await.unwrap().unwrap();

    assert_eq!(successor.position("bluesky").as_deref(), Some("10"));
    assert_eq!(successor.broke_off_at(), Some(77));
    successor.append(with_position(5..20, 20)).await.unwrap();
    let expect: Vec<String> = (0..20).map(|id| id.to_string()).collect();
    assert_eq!(ids(&b.log).await, expect);
}

#[tokio::test]
async fn a_relay_that_stops_lets_go_of_its_leases_at_once() {
    let Some(server) = server() else { return };
    let stream = SharedOptions {
        lease: Duration::from_secs(600),
        ..fresh_stream(server)
    };
    let (a, b) = (usual(&stream), usual(&stream));
    a.log.lead("bluesky").await.unwrap();
    a.log.lead("news").await.unwrap();

    a.log.close().await.unwrap();

    let both = async {
        b.log.lead("bluesky").await.unwrap();
        b.log.lead("news").await.unwrap();
    };
    // The next attempt of one that stands by would come after more than a minute.
    tokio::time::timeout(Duration::from_secs(30), both)
        .await
        .unwrap();
}

#[tokio::test]
async fn what_comes_under_a_lease_that_was_taken_over_is_passed_over_by_every_relay() {
    let Some(server) = server() else { return };
    let stream = fresh_stream(server);
    let (a, b) = (usual(&stream), usual(&stream));
    let (zombie, old) = a.log.lead("bluesky").await.unwrap();
    zombie.append(with_position(0..10, 10)).await.unwrap();
    // It believes in its lease for ever, as if it had been frozen behind its last look at it.
    let old = Grant::immortal(&old);
    let zombie = zombie.under(old);
    let leases = a.log.leases.as_ref().unwrap();
    leases.let_go("bluesky");
    let (successor, _) = b.log.lead("bluesky").await.unwrap();
    successor.append(with_position(10..20, 20)).await.unwrap();

    zombie.append(with_position(100..110, 7)).await.unwrap();
    successor.append(with_position(20..30, 30)).await.unwrap();
    until_tip(&a.log, b.log.head().tip).await;

    let expect: Vec<String> = (0..30).map(|id| id.to_string()).collect();
    for log in [&a.log, &b.log] {
        assert_eq!(ids(log).await, expect);
        assert_eq!(log.position("bluesky").as_deref(), Some("30"));
    }
    // Nor does a relay see it that comes later.
    let late = usual(&stream);
    until_tip(&late.log, a.log.head().tip).await;
    assert_eq!(ids(&late.log).await, expect);
}

#[tokio::test]
async fn what_a_relay_publishes_too_late_does_not_stand_in_for_the_same_from_its_successor() {
    let Some(server) = server() else { return };
    let stream = fresh_stream(server);
    let (a, b) = (usual(&stream), usual(&stream));
    let (zombie, old) = a.log.lead("bluesky").await.unwrap();
    let zombie = zombie.under(Grant::immortal(&old));
    a.log.leases.as_ref().unwrap().let_go("bluesky");
    let (successor, _) = b.log.lead("bluesky").await.unwrap();

    // Every copy passes it over; the server must not take what follows for a repeat of it.
    zombie.append(with_position(0..10, 10)).await.unwrap();
    successor.append(with_position(0..20, 20)).await.unwrap();
    until_tip(&a.log, b.log.head().tip).await;

    let expect: Vec<String> = (0..20).map(|id| id.to_string()).collect();
    for log in [&a.log, &b.log] {
        assert_eq!(ids(log).await, expect);
    }
}

#[tokio::test]
async fn a_lease_that_is_lost_is_told_and_refuses_what_is_appended_under_it() {
    let Some(mut server) = NatsServer::start() else {
        return;
    };
    let stream = fresh_stream(&server);
    let a = usual(&stream);
    let (leader, grant) = a.log.lead("bluesky").await.unwrap();

    server.kill();
    grant.lost().await;

    let refused = leader.append(with_position(0..5, 5)).await.unwrap_err();
    assert!(
        matches!(refused.error, LogError::Overtaken),
        "{}",
        refused.error
    );
    let tenure = tenure(&a.log);
    assert_eq!((tenure.is_held, tenure.renewed_at), (false, None));
    assert_eq!((tenure.n_taken_over, tenure.n_fenced), (1, 1));
}

#[tokio::test]
async fn a_lease_is_counted_as_lost_once_and_one_that_is_let_go_of_is_not() {
    let Some(mut server) = NatsServer::start() else {
        return;
    };
    let stream = fresh_stream(&server);
    let a = usual(&stream);
    a.log.lead("bluesky").await.unwrap();
    a.log.lead("news").await.unwrap();
    a.log.let_go("news");

    server.kill();

    let in_time = tokio::time::timeout(Duration::from_secs(30), async {
        while tenure(&a.log).n_lost == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    in_time.await.unwrap();
    server.start_again();
    a.log.lead("bluesky").await.unwrap();
    let bluesky = tenure(&a.log);
    assert_eq!((bluesky.n_taken_over, bluesky.n_lost), (2, 1));
    assert!(bluesky.is_held && bluesky.renewed_at.is_some());
    let news = &a.log.tenures()["news"];
    assert_eq!(
        (news.is_held, news.n_taken_over, news.n_lost),
        (false, 1, 0)
    );
}

#[tokio::test]
async fn a_position_goes_out_only_when_all_before_it_is_acknowledged() {
    let Some(mut server) = NatsServer::start() else {
        return;
    };
    let stream = fresh_stream(&server);
    let (a, b) = (usual(&stream), usual(&stream));
    insist(&a.log, with_position(0..10, 10)).await;
    until_tip(&b.log, 10).await;

    // What is sent reaches a server that cannot acknowledge it, and lies there.
    server.freeze();
    let refused = a.log.append(with_position(10..20, 20)).await.unwrap_err();
    server.thaw();
    // All that the relay has sent meanwhile comes before this.
    let marker = Batch {
        events: vec![post(100)],
        ..Batch::default()
    };
    insist(&a.log, marker).await;
    until_tip(&b.log, a.log.head().tip).await;

    let stored = (10..19).map(|id| id.to_string());
    let before = (0..10).map(|id| id.to_string());
    let expect: Vec<String> = before.chain(stored).chain(["100".to_owned()]).collect();
    assert_eq!(
        ids(&b.log).await,
        expect,
        "all but what brings the position"
    );
    assert_eq!(b.log.position("bluesky").as_deref(), Some("10"));
    insist(&a.log, *refused.batch).await;
    until_tip(&b.log, a.log.head().tip).await;
    assert_eq!(ids(&b.log).await.last().map(String::as_str), Some("19"));
    assert_eq!(ids(&b.log).await.len(), 21);
    assert_eq!(b.log.position("bluesky").as_deref(), Some("20"));
}
