//! `kill -9`: the program itself, killed in the middle of a replay and started again.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use wire::{Body, event::GapReason};

use crate::helpers::{Reader, client, eventually, posts};

const N_POSTS: u64 = 3_000;

/// The program. Killed when dropped.
struct Program {
    child: Child,
    base: String,
}

impl Program {
    /// Starts it and waits for the line that says where it is.
    fn start(folder: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_moodtape-relay"));
        command
            .current_dir(folder)
            .args(["--listen", "127.0.0.1:0", "--speed", "1000"]);
        command.args(["--recording", "recording.ndjson", "--data", "data"]);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let base = line
            .trim()
            .strip_prefix("Moodtape is at ")
            .expect(&line)
            .to_owned();
        Self { child, base }
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn a_killed_relay_loses_nothing_repeats_nothing_and_announces_the_hole() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("recording.ndjson"), posts(N_POSTS)).unwrap();
    let mut program = Program::start(folder.path());
    let mut reader = Reader::open(&program.base, "", None).await;
    let mut ids = Vec::new();
    let mut n_gaps = 0;
    for n_seen in [500, 1_000] {
        while ids.len() < n_seen {
            take(&mut reader, &mut ids, &mut n_gaps).await;
        }
        let last_id = reader.last_id.clone();
        program.kill();
        program = Program::start(folder.path());
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
    let mut program = Program::start(folder.path());
    let mut reader = Reader::open(&program.base, "", None).await;
    let mut ids = Vec::new();
    while ids.len() < 5 {
        take(&mut reader, &mut ids, &mut 0).await;
    }
    has_ended(&program).await;

    let last_id = reader.last_id.clone();
    program.kill();
    program = Program::start(folder.path());
    let mut reader = Reader::open(&program.base, &format!("?after={last_id}"), None).await;
    while ids.len() < usize::try_from(N_POSTS).unwrap() {
        take(&mut reader, &mut ids, &mut 0).await;
    }

    let expect: Vec<String> = (0..N_POSTS).map(|i| format!("p{i}")).collect();
    assert_eq!(ids, expect);
    assert_eq!(has_ended(&program).await["kept"], N_POSTS);
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
