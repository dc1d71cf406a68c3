//! The store over a real IndexedDB, in a real worker.

#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::{cell::Cell, rc::Rc};

use analysis::{Engine, protocol::StoreState, view::Range};
use chunks::Withdrawn;
use futures::{SinkExt, StreamExt, channel::mpsc};
use wasm_bindgen_futures::spawn_local;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use wire::{Body, Millis, PublicConfig, ndjson};
use worker::{
    Input,
    store::{self, Batch, Meta, Played, Report, Undigested, Withdrawal},
};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// No digest is made with it here.
const DIGEST_KEY: u64 = 1;

/// A running store. Dropping it ends the store and lets its lock go.
struct Running {
    batches: mpsc::Sender<Batch>,
    reports: mpsc::Receiver<Input>,
    n_damaged: u64,
    /// Key of the digests that can be used.
    digest_key: u64,
    undigested: Vec<Undigested>,
    /// What was read: by digests, once more from the start, and texts.
    n_digests: usize,
    n_restarts: usize,
    n_recalled: usize,
}

impl Running {
    fn start() -> Self {
        Self::start_with(DIGEST_KEY)
    }

    fn start_with(digest_key: u64) -> Self {
        let (batches, received) = mpsc::channel(1);
        let (sender, reports) = mpsc::channel(4);
        spawn_local(store::run("moodtape".to_owned(), received, sender));
        Self {
            batches,
            reports,
            n_damaged: 0,
            digest_key,
            undigested: Vec::new(),
            n_digests: 0,
            n_restarts: 0,
            n_recalled: 0,
        }
    }

    /// Everything stored, and what is kept beside it.
    async fn read(&mut self) -> (Vec<String>, Meta) {
        let mut lines = Vec::new();
        let mut kept = Meta::default();
        loop {
            match self.reports.next().await {
                Some(Input::Store(Report::Opened(meta, key))) => {
                    kept = meta;
                    let _ = key.send(self.digest_key);
                }
                Some(Input::Store(Report::Digest(_))) => self.n_digests += 1,
                Some(Input::Store(Report::Recalled(records))) => self.n_recalled += records.len(),
                Some(Input::Store(Report::Restart)) => {
                    self.n_restarts += 1;
                    lines.clear();
                }
                Some(Input::Store(Report::Loaded(records))) => {
                    for record in records {
                        lines.push(ndjson::encode_line(&record.event));
                    }
                }
                Some(Input::Store(Report::Damaged { n_events })) => self.n_damaged = n_events,
                Some(Input::Store(Report::Read)) => {
                    return (lines, kept);
                }
                Some(_) => {}
                None => panic!("the store ended before it had been read"),
            }
        }
    }

    async fn state(&mut self) -> StoreState {
        loop {
            match self.reports.next().await {
                Some(Input::Store(Report::State(state))) => return state,
                Some(Input::Store(Report::Undigested(chunk))) => self.undigested.push(chunk),
                _ => panic!("the store said something else"),
            }
        }
    }

    /// Waits for it; the store keeps nothing before.
    async fn told_that_it_is_free(&mut self) {
        loop {
            match self.reports.next().await {
                Some(Input::Store(Report::Free)) => return,
                Some(Input::Store(Report::State(StoreState::NotKept { .. }))) => {}
                _ => panic!("the store said something else"),
            }
        }
    }

    async fn append(&mut self, batch: Batch) -> StoreState {
        self.batches.send(batch).await.unwrap();
        self.state().await
    }

    /// Ends the store; its lock is free afterwards.
    async fn stop(mut self) {
        drop(self.batches);
        while self.reports.next().await.is_some() {}
    }
}

/// `n` posts as event lines from `first` on.
fn lines(first: u64, n: u64) -> Vec<String> {
    let line = |seq| {
        format!(
            r#"{{"v":1,"seq":{seq},"seen_at":{seq},"at":{seq},"post":{{"id":"{seq}","source":"x","author":"a","text":"t"}}}}"#
        )
    };
    (first..first + n).map(line).collect()
}

fn batch(first: u64, n: u64) -> Batch {
    let events = lines(first, n);
    let events = events.iter().map(|line| ndjson::decode_line(line).unwrap());
    Batch {
        records: events.map(Into::into).collect(),
        meta: vec![("cursor", format!("log-{}", first + n - 1))],
        ..Batch::default()
    }
}

async fn empty() -> Running {
    let mut store = Running::start();
    store.read().await;
    store.state().await;
    store
        .append(Batch {
            starts_anew: true,
            ..Batch::default()
        })
        .await;
    store
}

#[wasm_bindgen_test]
async fn a_reopened_store_gives_back_every_event_in_order_and_the_cursor_behind_them() {
    let mut store = empty().await;
    store.append(batch(1, 10)).await;
    // Long enough to seal the tail with it.
    store.append(batch(11, 5_000)).await;
    let state = store.append(batch(5_011, 3)).await;
    store.stop().await;

    let mut store = Running::start();
    let (stored, meta) = store.read().await;

    assert_eq!(
        state,
        StoreState::Kept {
            n_events: 5_013,
            n_posts: 5_013
        }
    );
    assert_eq!(stored, lines(1, 5_013));
    assert_eq!(meta.cursor.as_deref(), Some("log-5013"));
    assert_eq!(store.state().await, state);
    store.stop().await;
}

#[wasm_bindgen_test]
async fn a_new_recording_starts_with_an_empty_store() {
    let mut store = empty().await;
    store.append(batch(1, 5_000)).await;

    let state = store
        .append(Batch {
            starts_anew: true,
            ..batch(1, 2)
        })
        .await;
    store.stop().await;

    let mut store = Running::start();
    assert_eq!(
        state,
        StoreState::Kept {
            n_events: 2,
            n_posts: 2
        }
    );
    assert_eq!(store.read().await.0, lines(1, 2));
    store.stop().await;
}

#[wasm_bindgen_test]
async fn a_second_tab_reads_what_is_stored_and_says_that_it_keeps_nothing() {
    let mut first = empty().await;
    first.append(batch(1, 2)).await;

    let mut second = Running::start();

    assert_eq!(second.read().await.0, lines(1, 2));
    assert!(matches!(second.state().await, StoreState::NotKept { .. }));
    second.stop().await;
    first.stop().await;
}

#[wasm_bindgen_test]
async fn a_tab_that_keeps_nothing_is_told_when_the_one_that_does_has_gone() {
    let mut first = empty().await;
    let mut second = Running::start();
    second.read().await;
    assert!(matches!(second.state().await, StoreState::NotKept { .. }));
    first.append(batch(1, 2)).await;

    first.stop().await;

    second.told_that_it_is_free().await;
    second.stop().await;
    let mut again = Running::start();
    assert_eq!(again.read().await.0, lines(1, 2));
    assert!(matches!(again.state().await, StoreState::Kept { .. }));
    again.stop().await;
}

#[wasm_bindgen_test]
async fn what_another_tab_stored_after_it_was_read_is_read_before_anything_is_kept() {
    let mut first = empty().await;
    let mut second = Running::start();
    second.read().await;

    first.append(batch(1, 2)).await;
    first.stop().await;

    second.told_that_it_is_free().await;
    second.stop().await;
}

#[wasm_bindgen_test]
async fn a_withdrawn_post_is_gone_from_chunks_and_tail_and_its_score_stays() {
    let mut store = empty().await;
    store.append(batch(1, 5_000)).await;
    store.append(batch(5_001, 1)).await;
    let withdraw = [7, 5_001].map(|id: i64| Withdrawal {
        post: wire::Identity::of_post("x", &id.to_string()),
        at: id,
        stays: Withdrawn {
            compound: -17,
            ..Withdrawn::default()
        },
    });

    store
        .append(Batch {
            withdraw: withdraw.to_vec(),
            ..Batch::default()
        })
        .await;
    store.stop().await;

    let mut store = Running::start();
    let (mut n, mut withdrawn) = (0, Vec::new());
    while let Some(Input::Store(report)) = store.reports.next().await {
        match report {
            Report::Opened(_, key) => drop(key.send(DIGEST_KEY)),
            Report::Loaded(records) => {
                n += records.len();
                let records = records.into_iter().filter(|r| r.withdrawn.is_some());
                withdrawn.extend(records);
            }
            Report::Read => break,
            _ => {}
        }
    }
    assert_eq!((n, withdrawn.len()), (5_001, 2));
    for record in withdrawn {
        assert_eq!(record.withdrawn.unwrap().compound, -17);
        assert!(matches!(&record.event.body, Body::Post(post) if post.text.is_empty()));
    }
    store.state().await;
    store.stop().await;
}

/// Writes something else over the first chunk's texts.
async fn damage_first_texts() {
    change(&["texts"], async |transaction| {
        let texts = transaction.object_store("texts").unwrap();
        let keys = texts.get_all_keys(None, None).unwrap().await.unwrap();
        let bytes = js_sys::Uint8Array::from(&b"MTTX\x01 and then nothing that was written"[..]);
        texts.put(&bytes, Some(&keys[0])).unwrap().await.unwrap();
    })
    .await;
}

/// Runs `change` on the store's records, behind its back.
async fn change(names: &[&str], change: impl AsyncFnOnce(&idb::Transaction)) {
    let database = idb::Factory::new().unwrap().open("moodtape", None).unwrap();
    let database = database.await.unwrap();
    let transaction = database
        .transaction(names, idb::TransactionMode::ReadWrite)
        .unwrap();
    change(&transaction).await;
    transaction.commit().unwrap().await.unwrap();
    database.close();
}

#[wasm_bindgen_test]
async fn a_damaged_chunk_is_set_apart_and_the_rest_is_read() {
    let mut store = empty().await;
    store.append(batch(1, 5_000)).await;
    store.append(batch(5_001, 5_000)).await;
    store.append(batch(10_001, 5)).await;
    store.stop().await;
    damage_first_texts().await;

    let mut store = Running::start();
    let (stored, _) = store.read().await;
    let state = store.state().await;
    let n_damaged = store.n_damaged;
    store.stop().await;
    let mut store = Running::start();
    let again = store.read().await.0;

    let n = 5_005;
    assert_eq!(stored, lines(5_001, n));
    assert_eq!((n_damaged, store.n_damaged), (5_000, 0));
    let expected = StoreState::Kept {
        n_events: n,
        n_posts: n,
    };
    assert_eq!(state, expected);
    assert_eq!(again, stored);
    store.state().await;
    store.stop().await;
}

#[wasm_bindgen_test]
async fn lines_of_the_first_version_are_read_and_brought_into_todays_form() {
    let store = empty().await;
    store.stop().await;
    change(&["chunks", "tail"], async |transaction| {
        for (name, first, n) in [("chunks", 1, 3), ("tail", 4, 2)] {
            let text = lines(first, n).join("\n") + "\n";
            let record = js_sys::Object::new();
            let bytes = js_sys::Uint8Array::from(text.as_bytes());
            js_sys::Reflect::set(&record, &"lines".into(), &bytes).unwrap();
            let store = transaction.object_store(name).unwrap();
            store.add(&record, None).unwrap().await.unwrap();
        }
    })
    .await;

    let mut store = Running::start();
    let (first, _) = store.read().await;
    let state = store.state().await;
    store.append(batch(6, 1)).await;
    store.stop().await;
    let mut store = Running::start();
    let (again, _) = store.read().await;

    let expected = StoreState::Kept {
        n_events: 5,
        n_posts: 5,
    };
    assert_eq!((first, state), (lines(1, 5), expected));
    assert_eq!(again, lines(1, 6));
    store.state().await;
    store.stop().await;
    change(&["chunks", "tail"], async |transaction| {
        for name in ["chunks", "tail"] {
            let store = transaction.object_store(name).unwrap();
            let records = store.get_all(None, None).unwrap().await.unwrap();
            for record in records {
                assert!(js_sys::Reflect::has(&record, &"numbers".into()).unwrap());
            }
        }
    })
    .await;
}

/// Stores posts and the digest of their chunk; returns its key.
async fn digested(store: &mut Running, first: u64, n: u64) -> u64 {
    store.append(batch(first, n)).await;
    let mut engine = Engine::new(&PublicConfig::default());
    for record in batch(first, n).records {
        engine.apply(&record.event);
    }
    engine.judge(usize::MAX);
    let chunk = store.undigested.pop().unwrap();
    let digest = engine.digest(&chunk.origins).unwrap();
    store
        .append(Batch {
            digests: vec![chunk.digested(digest)],
            ..Batch::default()
        })
        .await;
    engine.digest_key()
}

#[wasm_bindgen_test]
async fn a_digest_is_handed_on_in_the_place_of_its_chunk_unless_it_was_made_in_another_way() {
    let mut store = empty().await;
    let key = digested(&mut store, 1, 5_000).await;
    store.append(batch(5_001, 2)).await;
    store.stop().await;

    let mut fitting = Running::start_with(key);
    let (read, _) = fitting.read().await;
    let state = fitting.state().await;
    let counts = (fitting.n_digests, fitting.n_recalled);
    fitting.stop().await;
    let mut other = Running::start();
    let (all, _) = other.read().await;

    assert_eq!((counts, read), ((1, 5_000), lines(5_001, 2)));
    let kept = StoreState::Kept {
        n_events: 5_002,
        n_posts: 5_002,
    };
    assert_eq!((state, other.state().await), (kept.clone(), kept));
    assert_eq!((other.n_digests, all), (0, lines(1, 5_002)));
    other.stop().await;
}

#[wasm_bindgen_test]
async fn a_digest_whose_chunk_is_damaged_is_taken_back() {
    let mut store = empty().await;
    let key = digested(&mut store, 1, 5_000).await;
    store.append(batch(5_001, 2)).await;
    store.stop().await;
    damage_first_texts().await;

    let mut store = Running::start_with(key);
    let (read, _) = store.read().await;

    assert_eq!((store.n_restarts, store.n_damaged), (1, 5_000));
    assert_eq!(read, lines(5_001, 2));
    store.state().await;
    store.stop().await;
}

#[wasm_bindgen_test]
async fn a_withdrawn_post_leaves_the_digest_of_its_chunk_usable_and_without_its_author() {
    let mut store = empty().await;
    let key = digested(&mut store, 1, 5_000).await;
    let withdrawal = Withdrawal {
        post: wire::Identity::of_post("x", "7"),
        at: 7,
        stays: Withdrawn::default(),
    };
    store
        .append(Batch {
            withdraw: vec![withdrawal],
            ..Batch::default()
        })
        .await;
    store.stop().await;

    let mut store = Running::start_with(key);
    let mut engine = Engine::new(&PublicConfig::default());
    while let Some(Input::Store(report)) = store.reports.next().await {
        match report {
            Report::Opened(_, told) => drop(told.send(key)),
            Report::Digest(digest) => engine.apply_digest(&digest).unwrap(),
            Report::Read => break,
            _ => {}
        }
    }

    let summary = engine.summary();
    assert_eq!((summary.counts.posts, summary.n_deleted), (5_000, 1));
    assert!(engine.is_withdrawn(wire::Identity::of_post("x", "7")));
    store.state().await;
    store.stop().await;
}

#[wasm_bindgen_test]
async fn what_comes_before_a_chunk_of_a_file_lies_before_it() {
    let mut store = empty().await;
    store.append(batch(1, 3)).await;
    let records = batch(4, 3).records;
    store
        .append(Batch {
            sealed: vec![store::Chunk::unsealed(records).unwrap()],
            ..batch(7, 1)
        })
        .await;
    store.stop().await;

    let mut store = Running::start();
    let (read, _) = store.read().await;

    assert_eq!(read, lines(1, 7));
    store.state().await;
    store.stop().await;
}

#[wasm_bindgen_test]
async fn a_store_is_played_in_the_order_in_which_its_events_were_seen() {
    let mut store = empty().await;
    for first in [6_001, 1] {
        let records = batch(first, 6_000).records;
        store
            .append(Batch {
                sealed: vec![store::Chunk::unsealed(records).unwrap()],
                ..Batch::default()
            })
            .await;
    }
    store.append(batch(12_001, 2)).await;
    store.stop().await;

    let played = play(DIGEST_KEY, Millis::MAX).await;

    assert_eq!((played.range.from, played.range.to), (1, 12_002));
    assert_eq!(played.seen, (1..=12_002).collect::<Vec<_>>());
}

#[wasm_bindgen_test]
async fn a_chunk_that_is_due_is_played_by_its_digest_and_its_texts_come_before_what_follows() {
    let mut store = empty().await;
    let key = digested(&mut store, 1, 5_000).await;
    store.append(batch(5_001, 2)).await;
    store.stop().await;

    let due = play(key, 5_000).await;
    let due_later = play(key, 4_999).await;
    let made_otherwise = play(DIGEST_KEY, 5_000).await;

    assert_eq!((due.n_digests, due.n_recalled), (1, 5_000));
    assert_eq!(due.seen, [5_001, 5_002]);
    for whole in [due_later, made_otherwise] {
        assert_eq!((whole.n_digests, whole.seen.len()), (0, 5_002));
    }
}

#[wasm_bindgen_test]
async fn chunks_that_were_judged_in_another_order_are_not_played_by_their_digests() {
    let mut store = empty().await;
    digested(&mut store, 5_001, 5_000).await;
    let key = digested(&mut store, 1, 5_000).await;
    store.stop().await;

    let played = play(key, Millis::MAX).await;

    assert_eq!((played.n_digests, played.seen.len()), (0, 10_000));
}

/// What came of playing a store.
#[derive(Default)]
struct Heard {
    range: Range,
    n_digests: usize,
    n_recalled: usize,
    /// When the events were seen that came as they are, in the order in which they came.
    seen: Vec<Millis>,
}

async fn play(key: u64, due: Millis) -> Heard {
    let (sender, mut played) = mpsc::channel(1);
    let due = Rc::new(Cell::new(due));
    spawn_local(store::play("moodtape".to_owned(), due, sender));
    let mut heard = Heard::default();
    while let Some(piece) = played.next().await {
        match piece {
            Played::Opened(_, range, told) => {
                heard.range = range;
                told.send(key).unwrap();
            }
            Played::Digest { .. } => heard.n_digests += 1,
            Played::Recalled(records) => {
                assert!(heard.seen.is_empty());
                heard.n_recalled += records.len();
            }
            Played::Records(records) => {
                let seen = records.iter().map(|record| record.event.seen_at);
                heard.seen.extend(seen);
            }
        }
    }
    heard
}
