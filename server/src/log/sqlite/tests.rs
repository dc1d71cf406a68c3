//! What only a file can be asked: stops of all kinds, a second relay, a full disk, traces of what was deleted.

use std::{fs, path::Path, sync::Arc};

use wire::event::{Gap, GapReason};

use super::{Synchronous, open};
use crate::log::{
    Batch, Log, LogError, LogOptions, Read, Want,
    conformance::{append, cursor, delete, page, post},
};

fn open_in(folder: &Path) -> Log {
    Log::open(&folder.join("log.sqlite"), LogOptions::default()).unwrap()
}

/// Lets go of a log as a crash would; returns when its file is free again.
async fn crash(log: Log, folder: &Path) {
    drop(log);
    let lock = fs::File::open(folder.join("log.lock")).unwrap();
    tokio::task::spawn_blocking(move || lock.lock())
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn after_a_clean_stop_the_log_goes_on_without_a_hole() {
    let folder = tempfile::tempdir().unwrap();
    let log = open_in(folder.path());
    append(&log, vec![post(1), post(2)]).await;
    let head = log.head();
    log.close().await.unwrap();
    crash(log, folder.path()).await;

    let log = open_in(folder.path());

    assert_eq!(log.head(), head);
    append(&log, vec![post(3)]).await;
    let page = page(&log, 0, Want::default()).await;
    assert_eq!(
        page.lines.iter().map(|line| line.seq).collect::<Vec<_>>(),
        [1, 2, 3]
    );
}

#[tokio::test]
async fn after_a_crash_nothing_is_lost_and_the_skipped_seqs_are_announced() {
    let folder = tempfile::tempdir().unwrap();
    let log = open_in(folder.path());
    let position = Some(("s".to_owned(), "2".to_owned()));
    log.append(Batch {
        events: vec![post(1), post(2)],
        position,
        ..Batch::default()
    })
    .await
    .unwrap();
    let before = log.head();
    crash(log, folder.path()).await;

    let log = open_in(folder.path());

    assert_eq!(log.position("s").as_deref(), Some("2"));
    assert_eq!(page(&log, 0, Want::default()).await.lines.len(), 2);
    let tip = append(&log, vec![post(3)]).await;
    assert!(tip > before.tip + 1);
    let Read::Gap(gap) = log.read(&cursor(&log, 2), &Want::default()).await.unwrap() else {
        panic!("no gap")
    };
    assert_eq!(
        gap,
        Gap {
            from: 3,
            to: tip - 1,
            reason: GapReason::UncleanStop
        }
    );
    assert_eq!(page(&log, gap.to, Want::default()).await.lines[0].seq, tip);
}

#[tokio::test]
async fn the_holes_of_several_crashes_are_all_announced() {
    let folder = tempfile::tempdir().unwrap();
    for id in 1..4 {
        let log = open_in(folder.path());
        append(&log, vec![post(id)]).await;
        crash(log, folder.path()).await;
    }
    // And one that came before anything was appended.
    crash(open_in(folder.path()), folder.path()).await;

    let log = open_in(folder.path());

    let (mut after, mut n_lines, mut n_gaps) = (0, 0, 0);
    while after < log.head().tip {
        match log
            .read(&cursor(&log, after), &Want::default())
            .await
            .unwrap()
        {
            Read::Page(page) => (after, n_lines) = (page.scanned, n_lines + page.lines.len()),
            Read::Gap(gap) => {
                assert_eq!(gap.from, after + 1);
                (after, n_gaps) = (gap.to, n_gaps + 1);
            }
            Read::Reset { log } => panic!("reset to {log}"),
        }
    }
    assert_eq!((n_lines, n_gaps), (3, 3));
}

#[tokio::test]
async fn a_second_relay_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let _log = open_in(folder.path());

    let second = Log::open(&folder.path().join("log.sqlite"), LogOptions::default());

    let error = second.err().expect("the file is in use").to_string();
    assert!(
        error.contains("another relay already uses") && error.contains("--data"),
        "{error}"
    );
}

#[tokio::test]
async fn a_file_that_is_no_log_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("log.sqlite"),
        "this is no database, only a text that is long enough".repeat(40),
    )
    .unwrap();

    assert!(Log::open(&folder.path().join("log.sqlite"), LogOptions::default()).is_err());
}

#[test]
fn a_file_of_another_program_or_a_later_version_is_left_as_it_is() {
    for made in [
        "CREATE TABLE notes (text TEXT)",
        "CREATE TABLE meta (name TEXT)",
        "CREATE TABLE meta (key TEXT, value TEXT); INSERT INTO meta VALUES ('version', '3')",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.sqlite");
        let db = rusqlite::Connection::open(&path).unwrap();
        db.execute_batch(made).unwrap();
        drop(db);
        let before = fs::read(&path).unwrap();

        assert!(Log::open(&path, LogOptions::default()).is_err(), "{made}");

        assert_eq!(fs::read(&path).unwrap(), before, "{made}");
    }
}

#[tokio::test]
async fn withdrawn_text_is_in_none_of_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let log = open_in(folder.path());
    append(&log, (0..500).map(post).collect()).await;
    assert!(holds(folder.path(), b"text of 123"));

    append(&log, vec![delete(123)]).await;

    assert!(!holds(folder.path(), b"text of 123\""));
    assert!(holds(folder.path(), b"text of 124"));
}

fn holds(folder: &Path, bytes: &[u8]) -> bool {
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|entry| fs::read(entry.unwrap().path()).unwrap());
    files
        .into_iter()
        .any(|file| memchr::memmem::find(&file, bytes).is_some())
}

#[tokio::test]
async fn a_full_disk_refuses_the_batch_and_leaves_readers_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (store, cold, opened) =
        open(&folder.path().join("log.sqlite"), Synchronous::Normal).unwrap();
    store.db.pragma_update(None, "max_page_count", 40).unwrap();
    let log = Log::start(
        Box::new(store),
        Arc::new(cold),
        opened,
        LogOptions::default(),
    )
    .unwrap();
    append(&log, (0..100).map(post).collect()).await;

    let refused = log
        .append(Batch {
            events: (100..2_000).map(post).collect(),
            ..Batch::default()
        })
        .await
        .unwrap_err();

    assert!(matches!(refused.error, LogError::Full), "{}", refused.error);
    assert_eq!(refused.batch.events.len(), 1_900);
    assert_eq!(page(&log, 0, Want::default()).await.lines.len(), 100);
    assert_eq!(log.head().tip, 100);
    assert_eq!(append(&log, vec![post(100)]).await, 101);
}

#[tokio::test]
async fn a_log_of_the_first_version_goes_on_and_knows_its_posts() {
    let folder = tempfile::tempdir().unwrap();
    let log = open_in(folder.path());
    append(&log, vec![post(1), post(2)]).await;
    let head = log.head();
    log.close().await.unwrap();
    crash(log, folder.path()).await;
    let db = rusqlite::Connection::open(folder.path().join("log.sqlite")).unwrap();
    db.execute_batch(
        "DROP INDEX events_by_identity; DROP INDEX events_by_author;
         ALTER TABLE events RENAME TO newer;
         CREATE TABLE events (seq INTEGER PRIMARY KEY, seen_at INTEGER NOT NULL, at INTEGER NOT NULL,
             kind INTEGER NOT NULL, post_identity INTEGER, line TEXT NOT NULL);
         CREATE INDEX events_by_post ON events (post_identity) WHERE post_identity NOT NULL;
         INSERT INTO events SELECT seq, seen_at, at, kind, identity, line FROM newer;
         DROP TABLE newer;
         UPDATE meta SET value = '1' WHERE key = 'version';",
    )
    .unwrap();
    drop(db);

    let log = open_in(folder.path());

    assert_eq!(log.head(), head);
    assert_eq!(append(&log, vec![post(1), post(3)]).await, 3);
    append(&log, vec![delete(2)]).await;
    let lines = page(&log, 0, Want::default()).await.lines;
    assert_eq!(lines[1].post().unwrap().text, "");
}

#[tokio::test]
async fn how_far_a_source_has_got_is_stored_with_its_events_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let log = open_in(folder.path());
    let at = |position: &str| Some(("s".to_owned(), position.to_owned()));
    let batch = |events, position| Batch {
        events,
        position,
        ..Batch::default()
    };
    log.append(batch(vec![post(1)], at("1"))).await.unwrap();
    crash(log, folder.path()).await;
    let log = open_in(folder.path());
    assert_eq!(log.position("s").as_deref(), Some("1"));
    crash(log, folder.path()).await;
    let db = rusqlite::Connection::open(folder.path().join("log.sqlite")).unwrap();
    db.execute_batch(
        "CREATE TRIGGER refuse BEFORE INSERT ON positions BEGIN SELECT RAISE(ABORT, 'no'); END;",
    )
    .unwrap();
    drop(db);

    let log = open_in(folder.path());
    let refused = log.append(batch(vec![post(2)], at("2"))).await;

    assert!(refused.is_err());
    assert_eq!(log.position("s").as_deref(), Some("1"));
    assert_eq!(page(&log, 0, Want::default()).await.lines.len(), 1);
}
