//! The one writer of IndexedDB: events in sealed chunks, a small tail, and the cursor beside them.
//!
//! ```text
//!  meta    "cursor" | "config" | "tip" | "topics" | "tickers" | "word_list" ──► text
//!  chunks  1, 2, 3 …   ──► { numbers, n, posts, from, to }          sealed: at least SEAL_AT events
//!  texts   1, 2, 3 …   ──► texts of the chunk with the same key
//!  digests 1, 2, 3 …   ──► { digest, rest, n, posts, from, to }     what the engine found in it
//!  tail    1, 2, 3 …   ──► { numbers, texts, n, posts, from, to }   one record a batch, moved into a chunk when full
//!  quarantine          ──► { reason, record, texts }                what could not be read
//! ```
//!
//! `numbers` and `texts` are a chunk of the package [`chunks`]. A batch and the cursor behind it are written
//! in one transaction: **the cursor never says more than what is stored.** The first version of the schema
//! kept event lines; they are read, and rewritten by the first tab that may write.
//!
//! Chunks are read by their digests where these can be used, and of the newest the texts behind them. A digest
//! is a thing to save time: one that is not there, or was made in another way, is made again.

mod database;
mod digests;
pub(crate) mod follower;
mod play;

use std::pin::pin;

use analysis::protocol::StoreState;
use chunks::{ChunkError, Record, Sealed, Withdrawn};
use futures::{
    FutureExt, SinkExt, StreamExt,
    channel::{
        mpsc::{Receiver, Sender},
        oneshot,
    },
    future::pending,
    select_biased,
};
use wasm_bindgen::JsValue;
use wire::{Body, Identity, Millis, PublicConfig, ndjson};

use crate::{Input, codec, lock};
use database::{Database, Found, Records, reason};
pub use digests::{Digested, Undigested};
pub use play::{Played, play};

/// A batch that makes the tail this long is sealed together with it.
const SEAL_AT: usize = 4_096;
/// Times further from 1970 are taken for this one, as by the engine.
const MAX_TIME: Millis = 8_640_000_000_000_000;

/// What the worker's loop asks the store to keep: new events and where the reader stands behind them.
#[derive(Debug, Default)]
pub struct Batch {
    /// Forget everything stored before: another recording, or another run of it, has begun.
    pub starts_anew: bool,
    /// Hand everything stored on once more, this batch included, to an engine that uses digests with this key.
    pub reads_again: Option<u64>,
    /// New events.
    pub records: Vec<Record>,
    /// Chunks of new events, complete as they come from a file.
    pub sealed: Vec<Chunk>,
    /// Chunks of a file that are stored with this batch, in whichever form.
    pub imported: Vec<Imported>,
    /// Digests of chunks that are stored.
    pub digests: Vec<Digested>,
    /// Posts whose text and author must go from what is stored.
    pub withdraw: Vec<Withdrawal>,
    /// Texts to keep under `meta`, by key; the cursor among them.
    pub meta: Vec<(&'static str, String)>,
}

/// A chunk to be stored.
#[derive(Debug)]
pub struct Chunk {
    form: Form,
    entry: Entry,
    undigested: Undigested,
}

#[derive(Debug)]
enum Form {
    Sealed(Sealed),
    Records(Vec<Record>),
}

/// A chunk of a file that is safe, or never will be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Imported {
    /// Its number.
    pub no: u32,
    /// Events of it that were in already.
    pub n_known: u32,
}

impl Chunk {
    /// A chunk of these records; `None` without any.
    pub fn unsealed(records: Vec<Record>) -> Option<Self> {
        (!records.is_empty()).then(|| Self {
            entry: Entry::new(JsValue::UNDEFINED, &records),
            undigested: Undigested::of(0, &records),
            form: Form::Records(records),
        })
    }

    /// A chunk with what is in it, which is stored as it is.
    pub fn of(numbers: Vec<u8>, texts: Vec<u8>, records: &[Record]) -> Self {
        let summary = chunks::summary(&numbers).unwrap_or_default();
        Self {
            entry: Entry::new(JsValue::UNDEFINED, records),
            undigested: Undigested::of(0, records),
            form: Form::Sealed(Sealed {
                numbers,
                texts,
                summary,
            }),
        }
    }
}

/// A post that its author withdrew.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Withdrawal {
    /// The post.
    pub post: Identity,
    /// Its grid time.
    pub at: Millis,
    /// What is kept of it.
    pub stays: Withdrawn,
}

/// What the store tells the worker's loop.
pub enum Report {
    /// The store is open, or refused and empty; its events follow. It waits for the key of digests that can be used.
    Opened(Meta, oneshot::Sender<u64>),
    /// About so many posts follow.
    Expected(usize),
    /// A digest that can be used, of stored events that need not be read.
    Digest(Vec<u8>),
    /// All digests have been handed on.
    Counted,
    /// Posts that were in a digest, with their texts; the first to come first.
    Recalled(Vec<Record>),
    /// Everything that was handed on is to be forgotten: it could not all be read. It follows again.
    Restart,
    /// Stored events, in the order in which they were stored.
    Loaded(Vec<Record>),
    /// A chunk of which there is no digest.
    Undigested(Undigested),
    /// Records that could not be read.
    Damaged {
        /// Events that were in them, as was noted beside them.
        n_events: u64,
    },
    /// Everything stored has been handed on.
    Read,
    /// There is nothing that could be handed on once more.
    Unread,
    /// No other tab keeps the data any more: who begins anew may, once it has read what that one has stored.
    Free,
    /// Chunks of a file are stored.
    Imported(Vec<Imported>),
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

impl Meta {
    async fn read(database: &Database) -> Result<Self, idb::Error> {
        Ok(Self {
            cursor: database.meta("cursor").await?,
            config: database.meta("config").await?,
            tip: database.meta("tip").await?,
            topics: database.meta("topics").await?,
            tickers: database.meta("tickers").await?,
            word_list: database.meta("word_list").await?,
        })
    }

    /// The configuration; that of no relay where there is none, or one that cannot be read.
    pub(crate) fn config(&self) -> PublicConfig {
        let text = self.config.as_deref();
        let config = text.and_then(|text| serde_json::from_str(text).ok());
        config.unwrap_or_default()
    }
}

impl Batch {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        !self.starts_anew
            && self.reads_again.is_none()
            && self.records.is_empty()
            && self.sealed.is_empty()
            && self.imported.is_empty()
            && self.digests.is_empty()
            && self.withdraw.is_empty()
            && self.meta.is_empty()
    }
}

/// Hands on what is stored, then keeps what comes.
///
/// Where the browser refuses, or while another tab keeps the data, the page is told that nothing is kept, and
/// batches are dropped.
pub async fn run(name: String, mut batches: Receiver<Batch>, mut reports: Sender<Input>) {
    // In line before anything is read: a tab that ends meanwhile makes room for this one.
    let mut request = lock::request(&name);
    let opened = match Store::open(&name, &mut reports).await {
        Ok(store) => Ok(store),
        Err(error) => {
            let (key, _) = oneshot::channel();
            let opened = Report::Opened(Meta::default(), key);
            let _ = reports.send(Input::Store(opened)).await;
            Err(format!(
                "This browser refuses to store data ({})",
                reason(&error)
            ))
        }
    };
    if reports.send(Input::Store(Report::Read)).await.is_err() {
        return;
    }
    let mut only_read = None;
    let mut store = match opened {
        Ok(store) => match request.patiently().await {
            // What was stored while it was read has not been handed on.
            Some(lock) if store.is_current().await => {
                tidied(store).await.map(|store| (store, lock))
            }
            has_had_turn => {
                if has_had_turn.is_some() {
                    request = lock::request(&name);
                }
                only_read = Some(store);
                Err("Another tab of this page keeps the data".to_owned())
            }
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
        let turn = async {
            match only_read {
                Some(_) => request.granted().await,
                None => pending().await,
            }
        };
        let batch = select_biased! {
            batch = batches.next() => batch,
            _ = pin!(turn.fuse()) => {
                let _ = reports.send(Input::Store(Report::Free)).await;
                continue;
            }
        };
        let Some(batch) = batch else {
            return;
        };
        let imported = batch.imported.clone();
        let reads_again = batch.reads_again;
        let done = match (&mut store, &mut only_read) {
            (Ok((open, _)), _) => open.append(batch, &mut reports).await,
            (Err(_), Some(open)) => match reads_again {
                Some(key) => open.read_again(key, &mut reports).await,
                None => Ok(()),
            },
            (Err(_), None) => {
                if reads_again.is_some() {
                    let _ = reports.send(Input::Store(Report::Unread)).await;
                }
                Ok(())
            }
        };
        if let Err(error) = done {
            store = Err(format!("Storing failed ({})", reason(&error)));
        }
        // Also what is not kept is said to be done with: the state says that nothing is.
        if !imported.is_empty() {
            let _ = reports.send(Input::Store(Report::Imported(imported))).await;
        }
    }
}

struct Store {
    database: Database,
    /// The chunks, and what is known of them without opening them.
    chunks: Vec<Entry>,
    /// The tail's records.
    tail: Vec<Entry>,
    n_events: u64,
    n_posts: u64,
    /// Records that could not be read, and why.
    damaged: Vec<(Records, JsValue, ChunkError)>,
    /// Events that were in them.
    n_damaged: u64,
    /// Chunks whose digests are there, and which could not be read themselves.
    distrusted: Vec<u32>,
    /// The highest keys of tail and chunks when it was read, 0 without any.
    newest: [u32; 2],
}

/// A stored record.
#[derive(Debug)]
struct Entry {
    key: JsValue,
    n_events: u64,
    n_posts: u64,
    first_at: Millis,
    last_at: Millis,
    /// It still has the form of the schema's first version.
    is_old: bool,
}

impl Store {
    /// Opens the database and hands on what is in it.
    async fn open(name: &str, reports: &mut Sender<Input>) -> Result<Self, idb::Error> {
        let database = Database::open(name).await?;
        let meta = Meta::read(&database).await?;
        let (key, told) = oneshot::channel();
        let _ = reports.send(Input::Store(Report::Opened(meta, key))).await;
        let mut store = Self {
            database,
            chunks: Vec::new(),
            tail: Vec::new(),
            n_events: 0,
            n_posts: 0,
            damaged: Vec::new(),
            n_damaged: 0,
            distrusted: Vec::new(),
            newest: [0; 2],
        };
        store.read(told.await.unwrap_or_default(), reports).await?;
        Ok(store)
    }

    /// Whether nothing was stored since it was read. Keys only grow.
    async fn is_current(&self) -> bool {
        let tail = self.database.keys(Records::Tail).await;
        let chunks = self.database.keys(Records::Chunks).await;
        let (Ok(tail), Ok(chunks)) = (tail, chunks) else {
            return false;
        };
        self.newest == [highest(&tail), highest(&chunks)]
    }

    /// Hands everything on, by digests with this key as far as they go.
    async fn read(&mut self, key: u64, reports: &mut Sender<Input>) -> Result<(), idb::Error> {
        while !self.try_read(key, reports).await? {
            let _ = reports.send(Input::Store(Report::Restart)).await;
        }
        Ok(())
    }

    /// Returns whether all could be read that had to.
    async fn try_read(
        &mut self,
        digest_key: u64,
        reports: &mut Sender<Input>,
    ) -> Result<bool, idb::Error> {
        self.forget();
        // Another tab may seal the tail meanwhile: what is read first cannot be missed, and twice does no harm.
        let mut tail = Vec::new();
        let tail_keys = self.database.keys(Records::Tail).await?;
        let newest_of_tail = highest(&tail_keys);
        for key in tail_keys {
            tail.append(&mut self.read_record(Records::Tail, key).await?);
        }
        let mut keys = self.database.keys(Records::Chunks).await?;
        self.newest = [newest_of_tail, highest(&keys)];
        let n_expected = Report::Expected(keys.len() * SEAL_AT);
        let _ = reports.send(Input::Store(n_expected)).await;
        let n_digested = self.read_digests(&keys, digest_key, reports).await?;
        if n_digested > 0 && !self.recall(reports).await? {
            return Ok(false);
        }
        for key in keys.drain(n_digested..) {
            let chunk = number(&key);
            let records = self.read_record(Records::Chunks, key).await?;
            let undigested = Undigested::of(chunk, &records);
            let _ = reports.send(Input::Store(Report::Loaded(records))).await;
            let _ = reports
                .send(Input::Store(Report::Undigested(undigested)))
                .await;
        }
        let _ = reports.send(Input::Store(Report::Loaded(tail))).await;
        if !self.damaged.is_empty() {
            let n_events = self.n_damaged;
            let _ = reports
                .send(Input::Store(Report::Damaged { n_events }))
                .await;
        }
        Ok(true)
    }

    fn forget(&mut self) {
        (self.n_events, self.n_posts, self.n_damaged) = (0, 0, 0);
        self.chunks.clear();
        self.tail.clear();
        self.damaged.clear();
    }

    /// Reads one record and notes that it is there.
    async fn read_record(
        &mut self,
        kind: Records,
        key: JsValue,
    ) -> Result<Vec<Record>, idb::Error> {
        let (records, is_old) = match self.database.get(kind, &key).await? {
            None => return Ok(Vec::new()),
            Some(Found::Lines(lines)) => (from_lines(&lines), true),
            Some(Found::Chunk(numbers, texts, n)) => match codec::read(&numbers, &texts).await {
                Ok(records) => (records, false),
                Err(error) => {
                    self.n_damaged += n;
                    self.damaged.push((kind, key, error));
                    return Ok(Vec::new());
                }
            },
        };
        let entry = Entry {
            is_old,
            ..Entry::new(key, &records)
        };
        self.note(kind, entry);
        Ok(records)
    }

    fn note(&mut self, kind: Records, entry: Entry) {
        self.n_events += entry.n_events;
        self.n_posts += entry.n_posts;
        match kind {
            Records::Chunks => self.chunks.push(entry),
            Records::Tail => self.tail.push(entry),
        }
    }

    /// Brings records of the first version into today's form, and sets apart what could not be read. What a
    /// newer version wrote stays for it.
    async fn tidy(&mut self) -> Result<(), idb::Error> {
        for (kind, key, error) in std::mem::take(&mut self.damaged) {
            if !matches!(error, ChunkError::Version(_)) {
                let reason = error.to_string();
                self.database.set_apart(kind, &key, &reason).await?;
            }
        }
        for (kind, entries) in [
            (Records::Chunks, &mut self.chunks),
            (Records::Tail, &mut self.tail),
        ] {
            for entry in entries.iter_mut().filter(|entry| entry.is_old) {
                if let Some(Found::Lines(lines)) = self.database.get(kind, &entry.key).await?
                    && let Some(sealed) = codec::seal(&from_lines(&lines)).await
                {
                    let replaced = self.database.replace(kind, &entry.key, &sealed, None);
                    replaced.await?;
                    entry.is_old = false;
                }
            }
        }
        Ok(())
    }

    async fn append(
        &mut self,
        batch: Batch,
        reports: &mut Sender<Input>,
    ) -> Result<(), idb::Error> {
        let Batch {
            starts_anew,
            reads_again,
            mut records,
            sealed: chunks,
            imported: _,
            digests,
            withdraw,
            meta,
        } = batch;
        if starts_anew {
            self.database.clear().await?;
            self.forget();
        }
        for digested in digests {
            self.keep(digested).await?;
        }
        if !chunks.is_empty() && !self.tail.is_empty() {
            self.seal(Vec::new(), &[], reports).await?;
        }
        for Chunk {
            form,
            mut entry,
            mut undigested,
        } in chunks
        {
            let sealed = match form {
                Form::Sealed(sealed) => Some(sealed),
                Form::Records(records) => codec::seal(&records).await,
            };
            let Some(sealed) = sealed else {
                continue;
            };
            entry.key = self.database.add(&sealed, &[], &[]).await?;
            undigested.chunk = number(&entry.key);
            self.note(Records::Chunks, entry);
            let _ = reports
                .send(Input::Store(Report::Undigested(undigested)))
                .await;
        }
        // Before the cursor moves past the withdrawal, which the relay does not send twice. A post may also be
        // withdrawn in the very batch that brings it.
        self.withdraw(&withdraw).await?;
        redact(&mut records, &withdraw);
        let n_tail: u64 = self.tail.iter().map(|entry| entry.n_events).sum();
        if n_tail as usize + records.len() >= SEAL_AT {
            self.seal(records, &meta, reports).await?;
        } else {
            let chunk = codec::seal(&records).await;
            if let Some(key) = self.database.append(chunk.as_ref(), &meta).await? {
                self.note(Records::Tail, Entry::new(key, &records));
            }
        }
        match reads_again {
            Some(key) => self.read_again(key, reports).await,
            None => Ok(()),
        }
    }

    async fn read_again(
        &mut self,
        key: u64,
        reports: &mut Sender<Input>,
    ) -> Result<(), idb::Error> {
        self.read(key, reports).await?;
        let _ = reports.send(Input::Store(Report::Read)).await;
        Ok(())
    }

    /// Makes one chunk of the tail and what is new.
    async fn seal(
        &mut self,
        mut new: Vec<Record>,
        meta: &[(&'static str, String)],
        reports: &mut Sender<Input>,
    ) -> Result<(), idb::Error> {
        let (mut records, mut tail) = (Vec::new(), Vec::new());
        for entry in std::mem::take(&mut self.tail) {
            self.n_events -= entry.n_events;
            self.n_posts -= entry.n_posts;
            records.append(&mut records_of(&self.database, Records::Tail, &entry.key).await?);
            tail.push(entry.key);
        }
        records.append(&mut new);
        if let Some(sealed) = codec::seal(&records).await {
            let key = self.database.add(&sealed, &tail, meta).await?;
            let undigested = Undigested::of(number(&key), &records);
            self.note(Records::Chunks, Entry::new(key, &records));
            let _ = reports
                .send(Input::Store(Report::Undigested(undigested)))
                .await;
        }
        Ok(())
    }

    /// Takes text and author out of stored posts, in the records whose stretch of time they lie in.
    async fn withdraw(&self, withdraw: &[Withdrawal]) -> Result<(), idb::Error> {
        for (kind, entries) in [(Records::Chunks, &self.chunks), (Records::Tail, &self.tail)] {
            for entry in entries {
                if !withdraw.iter().any(|post| entry.may_hold(post.at)) {
                    continue;
                }
                let mut records = records_of(&self.database, kind, &entry.key).await?;
                if redact(&mut records, withdraw)
                    && let Some(sealed) = codec::seal(&records).await
                {
                    let kept = self.without(kind, &entry.key, withdraw).await?;
                    let replaced = self
                        .database
                        .replace(kind, &entry.key, &sealed, kept.as_ref());
                    replaced.await?;
                }
            }
        }
        Ok(())
    }
}

impl Entry {
    fn new(key: JsValue, records: &[Record]) -> Self {
        let times = || records.iter().map(|record| record.event.at);
        let is_post = |record: &&Record| matches!(record.event.body, Body::Post(_));
        Self {
            key,
            n_events: records.len() as u64,
            n_posts: records.iter().filter(is_post).count() as u64,
            first_at: times().min().unwrap_or_default(),
            last_at: times().max().unwrap_or_default(),
            is_old: false,
        }
    }

    fn may_hold(&self, at: Millis) -> bool {
        let limited = |at: Millis| at.clamp(-MAX_TIME, MAX_TIME);
        (limited(self.first_at)..=limited(self.last_at)).contains(&at)
    }
}

/// Keys come ascending.
fn highest(keys: &[JsValue]) -> u32 {
    keys.last().map_or(0, number)
}

/// The key of a record.
fn number(key: &JsValue) -> u32 {
    key.as_f64().unwrap_or_default() as u32
}

async fn tidied(mut store: Store) -> Result<Store, String> {
    let tidied = store.tidy().await;
    tidied.map_err(|error| format!("Storing failed ({})", reason(&error)))?;
    Ok(store)
}

/// The events of a stored record, as far as they can be read.
async fn records_of(
    database: &Database,
    kind: Records,
    key: &JsValue,
) -> Result<Vec<Record>, idb::Error> {
    Ok(match database.get(kind, key).await? {
        Some(Found::Chunk(numbers, texts, _)) => {
            codec::read(&numbers, &texts).await.unwrap_or_default()
        }
        Some(Found::Lines(lines)) => from_lines(&lines),
        None => Vec::new(),
    })
}

/// Lines that cannot be read were counted when they came and are left out.
fn from_lines(lines: &[u8]) -> Vec<Record> {
    let lines = lines.split(|b| *b == b'\n');
    let lines = lines.filter_map(|line| std::str::from_utf8(line).ok());
    lines
        .filter_map(|line| ndjson::decode_line(line).ok())
        .map(Record::from)
        .collect()
}

/// Takes text and author of the given posts out; returns whether any of them is there.
fn redact(records: &mut [Record], withdraw: &[Withdrawal]) -> bool {
    let mut has_changed = false;
    for record in records.iter_mut().filter(|_| !withdraw.is_empty()) {
        let identity = Identity::of(&record.event);
        let Some(withdrawal) = withdraw.iter().find(|one| Some(one.post) == identity) else {
            continue;
        };
        if let Body::Post(post) = &mut record.event.body
            && record.withdrawn.is_none()
        {
            post.text.clear();
            post.author.clear();
            post.url = None;
            record.withdrawn = Some(withdrawal.stays.clone());
            has_changed = true;
        }
    }
    has_changed
}

#[cfg(test)]
mod tests {
    use wire::{Event, Post};

    use super::*;

    fn record(id: &str) -> Record {
        let post = Post {
            id: id.into(),
            source: "x".into(),
            author: "a".into(),
            text: "hello".into(),
            url: Some("https://x.com/1".into()),
            ..Post::default()
        };
        Event::imported(1, Body::Post(Box::new(post))).into()
    }

    fn withdrawal(id: &str) -> Withdrawal {
        Withdrawal {
            post: Identity::of_post("x", id),
            at: 1,
            stays: Withdrawn {
                compound: 4_404,
                ..Withdrawn::default()
            },
        }
    }

    #[test]
    fn a_withdrawn_post_loses_text_and_author_and_keeps_its_score() {
        let mut records = [record("1"), record("2")];

        assert!(redact(&mut records, &[withdrawal("2")]));

        let left = chunks::read_numbers(&chunks::seal(&records).unwrap().numbers).unwrap();
        assert_eq!(records[0], record("1"));
        assert_eq!(
            left[1], records[1],
            "no text, and so nothing is lost without the texts"
        );
        assert_eq!(records[1].withdrawn, Some(withdrawal("2").stays));
        assert!(!format!("{:?}", records[1]).contains("hello"));
    }

    #[test]
    fn nothing_is_rewritten_where_the_post_is_not_there_or_already_withdrawn() {
        let mut records = [record("2")];
        redact(&mut records, &[withdrawal("2")]);

        assert!(!redact(&mut records, &[withdrawal("2")]));
        assert!(!redact(&mut [record("1")], &[withdrawal("2")]));
    }

    #[test]
    fn only_records_whose_times_fit_are_searched() {
        let entry = Entry {
            last_at: 9,
            ..Entry::new(JsValue::NULL, &[record("1")])
        };

        assert!(entry.may_hold(1) && entry.may_hold(9));
        assert!(!entry.may_hold(0) && !entry.may_hold(10));
    }
}
