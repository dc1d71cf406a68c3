//! `kill -9`: the program itself, killed in the middle of a replay and started again.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use tokio::{sync::watch, task::JoinSet};
use wire::{Body, event::GapReason};

use crate::{
    helpers::{Reader, Said, client, eventually, in_time, posts},
    program::{Program, program},
};

const N_POSTS: u64 = 3_000;

/// Starts the program over the recording of a folder.
fn start(folder: &Path) -> Program {
    let args = [
        "--speed",
        "1000",
        "--recording",
        "recording.ndjson",
        "--data",
        "data",
    ];
    Program::start(program(folder).args(args).stderr(Stdio::null()))
}

#[tokio::test]
async fn a_killed_relay_loses_nothing_repeats_nothing_and_announces_the_hole() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("recording.ndjson"), posts(N_POSTS)).unwrap();
    let mut program = start(folder.path());
    let mut reader = Reader::open(&program.base, "", None).await;
    let mut ids = Vec::new();
    let mut n_gaps = 0;
    for n_seen in [500, 1_000] {
        while ids.len() < n_seen {
            take(&mut reader, &mut ids, &mut n_gaps).await;
        }
        let last_id = reader.last_id.clone();
        program.kill();
        program = start(folder.path());
        reader = Reader::open(&program.base, &format!("?after={last_id}"), None).await;
    }

    while ids.len() < usize::try_from(N_POSTS).unwrap() {
        take(&mut reader, &mut ids, &mut n_gaps).await;
    }

    let expect: Vec<String> = (0..N_POSTS).map(|i| format!("p{i}")).collect();
    let first_wrong = ids
        .iter()
        .zip(&expect)
        .position(|(id, expect)| id != expect);
    assert_eq!(first_wrong, None, "of {} posts", ids.len());
    assert!(n_gaps >= 1, "the hole was not announced");
    let counts = has_ended(&program).await;
    assert_eq!(
        (&counts["received"], &counts["kept"]),
        (&N_POSTS.into(), &N_POSTS.into())
    );
}

#[tokio::test]
async fn a_relay_killed_after_the_end_gives_readers_that_were_behind_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("recording.ndjson"), posts(N_POSTS)).unwrap();
    let mut program = start(folder.path());
    let mut reader = Reader::open(&program.base, "", None).await;
    let mut ids = Vec::new();
    while ids.len() < 5 {
        take(&mut reader, &mut ids, &mut 0).await;
    }
    has_ended(&program).await;

    let last_id = reader.last_id.clone();
    program.kill();
    program = start(folder.path());
    let mut reader = Reader::open(&program.base, &format!("?after={last_id}"), None).await;
    while ids.len() < usize::try_from(N_POSTS).unwrap() {
        take(&mut reader, &mut ids, &mut 0).await;
    }

    let expect: Vec<String> = (0..N_POSTS).map(|i| format!("p{i}")).collect();
    assert_eq!(ids, expect);
    assert_eq!(has_ended(&program).await["kept"], N_POSTS);
}

/// One of many readers: goes and comes back at random, and when the relay is killed.
async fn restless(mut base: watch::Receiver<String>, seed: u64) -> Vec<String> {
    let mut dice = seed;
    // Enough for a test, and the same every time: a step of a linear congruence.
    let mut roll = move || {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (dice >> 40) % 400
    };
    let (mut ids, mut last_id) = (Vec::new(), String::new());
    while ids.len() < usize::try_from(N_POSTS).unwrap() {
        let address = base.borrow_and_update().clone();
        let Some(mut reader) = Reader::try_open(&address, &format!("?after={last_id}")).await
        else {
            // Nobody there: it has been killed, and its successor will be told.
            let _ = base.changed().await;
            continue;
        };
        for _ in 0..=roll() {
            match reader.next().await {
                Some(Said::Event(_, event)) => {
                    if let Body::Post(post) = event.body {
                        ids.push(post.id);
                    }
                }
                Some(Said::Heartbeat(_)) => {}
                None => break,
            }
            if ids.len() >= usize::try_from(N_POSTS).unwrap() {
                break;
            }
        }
        last_id.clone_from(&reader.last_id);
    }
    ids
}

#[tokio::test]
async fn fifty_restless_readers_lose_nothing_while_the_relay_is_killed_five_times() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("recording.ndjson"), posts(N_POSTS)).unwrap();
    let limits = "[http]\nmax_streams_per_address = 1000\nmax_connections_per_address = 1000\n";
    std::fs::write(folder.path().join("config.toml"), limits).unwrap();
    let mut program = start(folder.path());
    let (base, bases) = watch::channel(program.base.clone());
    let mut readers = JoinSet::new();
    for seed in 0..50 {
        readers.spawn(restless(bases.clone(), seed));
    }

    for n_kept in [300, 800, 1_300, 1_800, 2_400] {
        let mut probe = Reader::open(&program.base, "", None).await;
        for _ in 0..n_kept {
            while !matches!(probe.event().await.body, Body::Post(_)) {}
        }
        program.kill();
        program = start(folder.path());
        base.send_replace(program.base.clone());
    }

    let expect: Vec<String> = (0..N_POSTS).map(|i| format!("p{i}")).collect();
    while let Some(ids) = in_time(readers.join_next()).await {
        let ids = ids.unwrap();
        let first_wrong = ids
            .iter()
            .zip(&expect)
            .position(|(id, expect)| id != expect);
        assert_eq!(first_wrong, None, "nothing lost, nothing twice");
        assert_eq!(ids.len(), expect.len());
    }
}

/// The status of the only source, once it has played its recording to the end.
async fn has_ended(program: &Program) -> serde_json::Value {
    eventually(async || {
        let response = client()
            .get(format!("{}/api/v1/status", program.base))
            .send()
            .await
            .unwrap();
        let status: serde_json::Value = response.json().await.unwrap();
        (status["sources"][0]["state"] == "ended").then(|| status["sources"][0].clone())
    })
    .await
}

async fn take(reader: &mut Reader, ids: &mut Vec<String>, n_gaps: &mut u64) {
    match reader.event().await.body {
        Body::Post(post) => ids.push(post.id),
        Body::Gap(gap) => {
            assert_eq!(gap.reason, GapReason::UncleanStop);
            *n_gaps += 1;
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_keeps_it_from_starting_is_said_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("bad.toml"), "[filters]\nlangages = []\n").unwrap();
    let bad_config = ["--config", "bad.toml"].as_slice();
    for (args, expect) in [
        (
            ["--recording", "nowhere.ndjson"].as_slice(),
            "nowhere.ndjson",
        ),
        (
            bad_config,
            "bad.toml, line 2: there is no key `langages` here; did you mean `languages`?",
        ),
        (&["--sped", "3"], "there is no argument \"--sped\""),
        (
            &["check-config", "--recording", "nowhere.ndjson"],
            "nowhere.ndjson",
        ),
        (
            &["health", "--listen", "127.0.0.1:1"],
            "no relay answers at 127.0.0.1:1",
        ),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_moodtape-relay"));
        let output = command
            .current_dir(folder.path())
            .args(args)
            .env("RUST_LOG", "off")
            .output()
            .unwrap();

        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}: {said}");
        assert!(
            said.starts_with("moodtape-relay: ") && said.contains(expect),
            "{args:?}: {said}"
        );
        assert_eq!(said.lines().count(), 1, "{args:?}: {said}");
    }
}
