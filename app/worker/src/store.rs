//! The one writer of IndexedDB: events in sealed chunks, a small tail, and the cursor beside them.
//!
//! ```text
//!  meta    "cursor" | "config" | "tip" | "topics" | "tickers" | "word_list" ──► text
//!  chunks  1, 2, 3 …                   ──► { lines: Uint8Array, n }   sealed: at least SEAL_AT events
//!  tail    1, 2, 3 …                   ──► { lines: Uint8Array, n }   one record a batch, moved into a chunk when full
//! ```
//!
//! `lines` are event lines as they came over the network, so the stored event goes the same road as the
//! live one. A batch and the cursor behind it are written in one transaction: **the cursor never says more
//! than what is stored.**

mod database;

use analysis::protocol::StoreState;
use futures::{
    SinkExt, StreamExt,
    channel::mpsc::{Receiver, Sender},
};
use wire::{Body, Event, Identity, ndjson};

use crate::{Input, lock};
use database::{Database, Records};

/// A batch that makes the tail this long is sealed together with it.
const SEAL_AT: u32 = 4_096;

/// What the worker's loop asks the store to keep: new events and where the reader stands behind them.
#[derive(Debug, Default)]
pub struct Batch {
    /// Forget everything stored before: another recording, or another run of it, has begun.
    pub starts_anew: bool,
    /// Hand everything stored on once more, this batch included: the engine begins again.
    pub reads_again: bool,
    /// Event lines, each ended by a line feed.
    pub lines: Vec<u8>,
    /// Number of lines.
    pub n_events: u32,
    /// Posts among them.
    pub n_posts: u32,
    /// Posts whose text and author must go from what is already stored.
    pub redact: Vec<Identity>,
    /// Texts to keep under `meta`, by key; the cursor among them.
    pub meta: Vec<(&'static str, String)>,
}

/// What the store tells the worker's loop.
pub enum Report {
    /// The store is open, or refused and empty; its events follow.
    Opened(Meta),
    /// Stored event lines, in the order in which they were stored.
    Loaded(Vec<u8>),
    /// Everything stored has been handed on.
    Read,
    /// How the store is now.
    State(StoreState),
}

/// What is kept beside the events.
#[derive(Debug, Default)]
pub struct Meta {
    /// Position behind the newest stored event.
    pub cursor: Option<String>,
    /// The relay's configuration as last seen.
    pub config: Option<String>,
    /// The last `tip` line.
    pub tip: Option<String>,
    /// The reader's own topics.
    pub topics: Option<String>,
    /// The reader's own tickers.
    pub tickers: Option<String>,
    /// The reader's word list, as its file has it.
    pub word_list: Option<String>,
}

impl Batch {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        !self.starts_anew
            && !self.reads_again
            && self.n_events == 0
            && self.redact.is_empty()
            && self.meta.is_empty()
    }
}

/// Hands on what is stored, then keeps what comes.
///
/// Where the browser refuses, the page is told once that nothing is kept, and batches are dropped.
pub async fn run(name: String, mut batches: Receiver<Batch>, mut reports: Sender<Input>) {
    let opened = match Store::open(&name, &mut reports).await {
        Ok(store) => Ok(store),
        Err(error) => {
            let _ = reports
                .send(Input::Store(Report::Opened(Meta::default())))
                .await;
            Err(format!("This browser refuses to store data ({error})"))
        }
    };
    if reports.send(Input::Store(Report::Read)).await.is_err() {
        return;
    }
    let mut store = match opened {
        Ok(store) => match lock::hold(&name).await {
            Ok(lock) => Ok((store, lock)),
            Err(lock::Taken) => Err("Another tab of this page keeps the data".to_owned()),
        },
        Err(reason) => Err(reason),
    };
    loop {
        let state = match &store {
            Ok((store, _)) => StoreState::Kept {
                n_events: store.n_events,
                n_posts: store.n_posts,
            },
            Err(reason) => StoreState::NotKept {
                reason: reason.clone(),
            },
        };
        if reports
            .send(Input::Store(Report::State(state)))
            .await
            .is_err()
        {
            return;
        }
        let Some(batch) = batches.next().await else {
            return;
        };
        if let Ok((open, _)) = &mut store
            && let Err(error) = open.append(batch, &mut reports).await
        {
            store = Err(format!("Storing failed ({error})"));
        }
    }
}

struct Store {
    database: Database,
    n_events: u64,
    n_posts: u64,
    /// Events in the tail.
    n_tail: u32,
}

impl Store {
    /// Opens the database and hands on what is in it.
    async fn open(name: &str, reports: &mut Sender<Input>) -> Result<Self, idb::Error> {
        let database = Database::open(name).await?;
        let meta = Meta {
            cursor: database.meta("cursor").await?,
            config: database.meta("config").await?,
            tip: database.meta("tip").await?,
            topics: database.meta("topics").await?,
            tickers: database.meta("tickers").await?,
            word_list: database.meta("word_list").await?,
        };
        let _ = reports.send(Input::Store(Report::Opened(meta))).await;
        let mut store = Self {
            database,
            n_events: 0,
            n_posts: 0,
            n_tail: 0,
        };
        store.read(reports).await?;
        Ok(store)
    }

    async fn read(&mut self, reports: &mut Sender<Input>) -> Result<(), idb::Error> {
        (self.n_events, self.n_posts, self.n_tail) = (0, 0, 0);
        for records in [Records::Chunks, Records::Tail] {
            for key in self.database.keys(records).await? {
                let lines = self.database.lines(records, &key).await?;
                let (n_events, n_posts) = count(&lines);
                self.n_events += u64::from(n_events);
                self.n_posts += u64::from(n_posts);
                if records == Records::Tail {
                    self.n_tail += n_events;
                }
                let _ = reports.send(Input::Store(Report::Loaded(lines))).await;
            }
        }
        Ok(())
    }

    async fn append(
        &mut self,
        batch: Batch,
        reports: &mut Sender<Input>,
    ) -> Result<(), idb::Error> {
        if batch.starts_anew {
            self.database.clear().await?;
            (self.n_events, self.n_posts, self.n_tail) = (0, 0, 0);
        }
        // A post may be deleted in the very batch that brings it.
        let mut lines = redacted(&batch.lines, &batch.redact).unwrap_or(batch.lines);
        if self.n_tail + batch.n_events >= SEAL_AT {
            let mut sealed = Vec::new();
            for key in self.database.keys(Records::Tail).await? {
                sealed.append(&mut self.database.lines(Records::Tail, &key).await?);
            }
            sealed.append(&mut lines);
            let n_sealed = self.n_tail + batch.n_events;
            self.database.seal(&sealed, n_sealed, &batch.meta).await?;
            self.n_tail = 0;
        } else {
            self.database
                .append(&lines, batch.n_events, &batch.meta)
                .await?;
            self.n_tail += batch.n_events;
        }
        self.n_events += u64::from(batch.n_events);
        self.n_posts += u64::from(batch.n_posts);
        if !batch.redact.is_empty() {
            self.redact(&batch.redact).await?;
        }
        if batch.reads_again {
            self.read(reports).await?;
            let _ = reports.send(Input::Store(Report::Read)).await;
        }
        Ok(())
    }

    /// Takes text and author out of stored posts. Rewrites every record that holds one of them.
    async fn redact(&mut self, posts: &[Identity]) -> Result<(), idb::Error> {
        for records in [Records::Chunks, Records::Tail] {
            for key in self.database.keys(records).await? {
                let lines = self.database.lines(records, &key).await?;
                if let Some(lines) = redacted(&lines, posts) {
                    let (n_events, _) = count(&lines);
                    self.database
                        .replace(records, &key, &lines, n_events)
                        .await?;
                }
            }
        }
        Ok(())
    }
}

/// Number of events and of posts among stored lines.
fn count(lines: &[u8]) -> (u32, u32) {
    let lines = lines.split(|b| *b == b'\n').filter(|line| !line.is_empty());
    lines.fold((0, 0), |(n_events, n_posts), line| {
        let is_post = line.windows(8).any(|bytes| bytes == b"\"post\":{");
        (n_events + 1, n_posts + u32::from(is_post))
    })
}

/// The same lines without text and author of the given posts; `None` when none of them is there.
fn redacted(lines: &[u8], posts: &[Identity]) -> Option<Vec<u8>> {
    if posts.is_empty() {
        return None;
    }
    let mut out = Vec::with_capacity(lines.len());
    let mut has_changed = false;
    for line in lines.split_inclusive(|b| *b == b'\n') {
        let event = std::str::from_utf8(line)
            .ok()
            .and_then(|line| ndjson::decode_line(line).ok());
        match event {
            Some(mut event)
                if Identity::of(&event).is_some_and(|identity| posts.contains(&identity)) =>
            {
                has_changed |= blank(&mut event);
                out.extend_from_slice(ndjson::encode_line(&event).as_bytes());
                out.push(b'\n');
            }
            _ => out.extend_from_slice(line),
        }
    }
    has_changed.then_some(out)
}

/// Returns whether there was anything to take out.
fn blank(event: &mut Event) -> bool {
    match &mut event.body {
        Body::Post(post) => {
            let had_text = !post.text.is_empty() || !post.author.is_empty();
            post.text.clear();
            post.author.clear();
            post.url = None;
            had_text
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use wire::Post;

    use super::*;

    fn line(id: &str) -> String {
        let post = Post {
            id: id.into(),
            source: "x".into(),
            author: "a".into(),
            text: "hello".into(),
            ..Post::default()
        };
        ndjson::encode_line(&Event::imported(1, Body::Post(Box::new(post)))) + "\n"
    }

    #[test]
    fn a_deleted_post_loses_text_and_author_and_the_others_keep_theirs() {
        let lines = line("1") + &line("2");

        let redacted = redacted(lines.as_bytes(), &[Identity::of_post("x", "2")]).unwrap();

        let redacted = String::from_utf8(redacted).unwrap();
        assert_eq!(redacted.matches("hello").count(), 1);
        assert_eq!(count(redacted.as_bytes()), (2, 2));
    }

    #[test]
    fn nothing_is_rewritten_where_the_post_is_not_there_or_already_blank() {
        let posts = [Identity::of_post("x", "2")];
        let once = redacted(line("2").as_bytes(), &posts).unwrap();

        assert!(redacted(line("1").as_bytes(), &posts).is_none());
        assert!(redacted(&once, &posts).is_none());
    }
}
