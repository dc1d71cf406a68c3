//! `kill -9`: the archive's program follows a relay, is killed at random moments, and everything is there once.

use std::{path::Path, process::Child, time::Duration};

use archive::{archive::Archive, place::Place};

use crate::helpers::{
    N_EVENTS, archiver, assert_same, by_folder, by_manifest, files, history, in_time, spawn_relay,
};

const N_KILLS: u32 = 20;

/// Enough for a test, and the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Kills it after so many changes in its folder, and a moment; whether it was still at work.
async fn kill_after(mut archiver: Child, folder: &Path, n_changes: u64, micros: u64) -> bool {
    let mut seen = files(folder);
    let mut n_seen = 0;
    while n_seen < n_changes {
        if archiver.try_wait().unwrap().is_some() {
            return false;
        }
        let now = files(folder);
        n_seen += now.iter().filter(|path| !seen.contains(path)).count() as u64;
        seen = now;
        tokio::task::yield_now().await;
    }
    tokio::time::sleep(Duration::from_micros(micros)).await;
    archiver.kill().unwrap();
    archiver.wait().unwrap();
    true
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archiver_killed_twenty_times_has_every_event_once() {
    let relay = spawn_relay().await;
    let folder = tempfile::tempdir().unwrap();
    let (mut dice, mut n_kills, mut positions) = (Dice(7), 0, Vec::new());
    let to = folder.path().to_str().unwrap();
    while n_kills < N_KILLS {
        let archiver = archiver(&relay, to).spawn().unwrap();
        let (n_changes, micros) = (1 + dice.roll(40), dice.roll(3_000));
        let was_at_work = in_time(kill_after(archiver, folder.path(), n_changes, micros)).await;
        assert!(was_at_work, "only {n_kills} kills: write less at once");
        n_kills += 1;
        let archive = Archive::open(Place::open(to).unwrap()).await.unwrap();
        positions.push(archive.position().map_or(0, |cursor| cursor.seq));
    }

    let mut last = archiver(&relay, to).spawn().unwrap();
    let ended = in_time(tokio::task::spawn_blocking(move || last.wait())).await;
    assert!(ended.unwrap().unwrap().success());

    println!("archived when it was killed: {positions:?}");
    let expect = history(&relay).await;
    assert!(expect.len() as u64 >= N_EVENTS, "{}", expect.len());
    assert!(positions.is_sorted(), "what was archived stays archived");
    assert_same(&by_manifest(folder.path()).await, &expect);
    assert_same(&by_folder(folder.path()), &expect);
}
