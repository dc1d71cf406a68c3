//! The store over a real IndexedDB, in a real worker.

#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "these are tests")]

use analysis::protocol::StoreState;
use futures::{SinkExt, StreamExt, channel::mpsc};
use wasm_bindgen_futures::spawn_local;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use worker::{
    Input,
    store::{self, Batch, Meta, Report},
};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// A running store. Dropping it ends the store and lets its lock go.
struct Running {
    batches: mpsc::Sender<Batch>,
    reports: mpsc::Receiver<Input>,
}

impl Running {
    fn start() -> Self {
        let (batches, received) = mpsc::channel(1);
        let (sender, reports) = mpsc::channel(4);
        spawn_local(store::run("moodtape".to_owned(), received, sender));
        Self { batches, reports }
    }

    /// Everything stored, and what is kept beside it.
    async fn read(&mut self) -> (String, Meta) {
        let mut lines = Vec::new();
        let mut kept = Meta::default();
        loop {
            match self.reports.next().await {
                Some(Input::Store(Report::Opened(meta))) => kept = meta,
                Some(Input::Store(Report::Loaded(mut more))) => lines.append(&mut more),
                Some(Input::Store(Report::Read)) => {
                    return (String::from_utf8(lines).unwrap(), kept);
                }
                _ => panic!("the store ended before it had been read"),
            }
        }
    }

    async fn state(&mut self) -> StoreState {
        match self.reports.next().await {
            Some(Input::Store(Report::State(state))) => state,
            _ => panic!("the store said something else"),
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

/// `n` bars as event lines from `first` on.
fn lines(first: u64, n: u64) -> String {
    let line = |seq| {
        format!(
            r#"{{"v":1,"seq":{seq},"post":{{"id":"{seq}","source":"x","author":"a","text":"t"}}}}"#
        )
    };
    (first..first + n).map(|seq| line(seq) + "\n").collect()
}

fn batch(first: u64, n: u64) -> Batch {
    Batch {
        lines: lines(first, n).into_bytes(),
        n_events: n as u32,
        n_posts: n as u32,
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
async fn a_deleted_post_is_gone_from_chunks_and_tail() {
    let mut store = empty().await;
    store.append(batch(1, 5_000)).await;
    store.append(batch(5_001, 1)).await;
    let posts = [7, 5_001].map(|id: u64| wire::Identity::of_post("x", &id.to_string()));

    store
        .append(Batch {
            redact: posts.to_vec(),
            ..Batch::default()
        })
        .await;
    store.stop().await;

    let mut store = Running::start();
    let (stored, _) = store.read().await;
    assert_eq!(stored.lines().count(), 5_001);
    assert_eq!(stored.matches(r#""text":"""#).count(), 2);
    store.stop().await;
}
