//! What others read: an archive through DuckDB and pyarrow.
//!
//! Both come from PyPI into an environment below the target folder; where that cannot be had the test says so.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use archive::{archive::Archive, place::Place};
use serde_json::{Value, json};
use wire::{Body, Event, LogId};

use crate::helpers::{N_EVENTS, START, event};

const PACKAGES: [&str; 3] = ["duckdb==2.0.0", "pyarrow==26.0.1", "pytz==2026.6"];

#[tokio::test]
async fn duckdb_and_pyarrow_read_what_was_archived() {
    let Some(python) = python() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().to_str().unwrap();
    let events = archived(to).await;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/program/read_back.py");

    let output = Command::new(python).args([script, to]).output().unwrap();

    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let found: Vec<Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let expect = expect(&events);
    assert_eq!(found, [expect.clone(), expect]);
}

/// Archived in four pieces and tidied; returns what is in it, as it has to be read.
async fn archived(to: &str) -> Vec<Event> {
    let log = LogId::try_from("k3".to_owned()).unwrap();
    let mut archive = Archive::open(Place::open(to).unwrap()).await.unwrap();
    let mut events: Vec<Event> = (0..N_EVENTS).map(event).collect();
    for (seq, event) in (1..).zip(&mut events) {
        event.seq = seq;
    }
    for piece in events.chunks(1_500) {
        let tip = piece.last().unwrap().seq;
        archive.append(&log, tip, piece.to_vec()).await.unwrap();
    }
    archive.tidy().await.unwrap();
    let mut held = Vec::new();
    for part in archive.manifest().parts.clone() {
        held.extend(archive.read(&part).await.unwrap());
    }
    held
}

fn expect(events: &[Event]) -> Value {
    let posts: Vec<_> = events
        .iter()
        .filter_map(|event| match &event.body {
            Body::Post(post) => Some((event.seq, post)),
            _ => None,
        })
        .collect();
    let (mut closes, mut n_bars, mut counts) = (0.0, 0, 0);
    for event in events {
        match &event.body {
            Body::Bar(bar) => (closes, n_bars) = (closes + bar.close, n_bars + 1),
            Body::Attention(attention) => counts += attention.n,
            _ => {}
        }
    }
    let n_empty = posts
        .iter()
        .filter(|(_, post)| post.text.is_empty())
        .count();
    assert!(n_empty > 0, "some were withdrawn");
    json!({
        "posts": posts.len(),
        "ids": posts.len(),
        "seqs": posts.iter().map(|(seq, _)| seq).sum::<u64>(),
        "empty": n_empty,
        "tags": posts.len(),
        "sources": ["one", "two"],
        "first": START,
        "in_wrong_hour": 0,
        "closes": closes,
        "bars": n_bars,
        "counts": counts,
        "mentions": posts.len(),
    })
}

/// A python that has the packages; `None`, said loudly, where there can be none.
fn python() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("archive-python");
    let python = folder.join("bin/python");
    let has_packages = |python: &Path| {
        let imports = "import duckdb, pyarrow.dataset, pytz";
        is_well(Command::new(python).args(["-c", imports]).output())
    };
    if has_packages(&python) {
        return Some(python);
    }
    let made = Command::new("python3")
        .args(["-m", "venv"])
        .arg(&folder)
        .output();
    let mut install = Command::new(folder.join("bin/pip"));
    install.args(["install", "--quiet"]).args(PACKAGES);
    if is_well(made) && is_well(install.output()) && has_packages(&python) {
        return Some(python);
    }
    // Past the test runner, which keeps to itself what a passing test prints.
    let _ = writeln!(
        std::io::stderr(),
        "SKIPPED: nothing was read back by DuckDB and pyarrow; {PACKAGES:?} cannot be installed for python3"
    );
    None
}

fn is_well(output: std::io::Result<Output>) -> bool {
    output.is_ok_and(|output| output.status.success())
}
