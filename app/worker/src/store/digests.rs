//! Digests beside the chunks: read in their place, and written when the engine has made them.

use analysis::{
    digest::{self, Origin},
    engine::N_TEXTS,
    order,
    view::Range,
};
use chunks::Record;
use futures::{SinkExt, channel::mpsc::Sender};
use wasm_bindgen::JsValue;
use wire::{Body, ndjson, time::DAY};

use super::{
    Entry, Report, Store, Withdrawal,
    database::{Found, Kept, Records},
    number,
};
use crate::{Input, codec};

/// So many are asked for at once.
pub(super) const AT_ONCE: usize = 16;
/// Posts are compared with those of a day before them, at most [`analysis::spam::Memory::max_posts`], and which
/// of those hang together follows from what was before: so it is read again for three times as many, and two days.
const N_COMPARED: u64 = 150_000;

/// A chunk of which a digest is to be made.
#[derive(Debug)]
pub struct Undigested {
    pub(super) chunk: u32,
    /// Its posts.
    pub origins: Vec<Origin>,
    rest: Vec<u8>,
    seen: Range,
    is_in_order: bool,
}

/// A digest that was made.
#[derive(Debug)]
pub struct Digested {
    chunk: u32,
    digest: Vec<u8>,
    rest: Vec<u8>,
    seen: Range,
    is_in_order: bool,
}

impl Undigested {
    pub(super) fn of(chunk: u32, records: &[Record]) -> Self {
        let is_post = |record: &&Record| matches!(record.event.body, Body::Post(_));
        let origins: Vec<Origin> = records
            .iter()
            .filter_map(|r| Origin::of(&r.event))
            .collect();
        let mut rest = String::new();
        // Without posts the chunk itself is read.
        if !origins.is_empty() {
            for record in records.iter().filter(|record| !is_post(record)) {
                rest.push_str(&ndjson::encode_line(&record.event));
                rest.push('\n');
            }
        }
        Self {
            chunk,
            origins,
            rest: rest.into_bytes(),
            seen: seen(records),
            is_in_order: records.is_sorted_by_key(|record| record.event.seen_at),
        }
    }

    /// With the digest of its posts.
    pub fn digested(self, digest: Vec<u8>) -> Digested {
        Digested {
            chunk: self.chunk,
            digest,
            rest: self.rest,
            seen: self.seen,
            is_in_order: self.is_in_order,
        }
    }
}

/// When the first and the last of some events was seen.
pub(super) fn seen(records: &[Record]) -> Range {
    let seen_at = || records.iter().map(|record| record.event.seen_at);
    Range {
        from: seen_at().min().unwrap_or_default(),
        to: seen_at().max().unwrap_or_default(),
    }
}

impl Store {
    /// Hands on chunks by their digests, from the first one on; returns how many that were. What comes after one
    /// without a digest is judged by what is in it, and has to wait for it.
    pub(super) async fn read_digests(
        &mut self,
        keys: &[JsValue],
        digest_key: u64,
        reports: &mut Sender<Input>,
    ) -> Result<usize, idb::Error> {
        let mut n = 0;
        for keys in keys.chunks(AT_ONCE) {
            for (key, kept) in keys.iter().zip(self.database.kept(keys).await?) {
                let is_trusted = !self.distrusted.contains(&number(key));
                let Some(kept) = kept.filter(|_| is_trusted) else {
                    return Ok(n);
                };
                if kept.n_posts == 0 {
                    let records = self.read_record(Records::Chunks, key.clone()).await?;
                    let _ = reports.send(Input::Store(Report::Loaded(records))).await;
                    n += 1;
                    continue;
                }
                if !digest::is_for(&kept.digest, digest_key) {
                    return Ok(n);
                }
                let rest = super::from_lines(&kept.rest);
                self.note(Records::Chunks, Entry::kept(key.clone(), &kept));
                let _ = reports
                    .send(Input::Store(Report::Digest(kept.digest)))
                    .await;
                if !rest.is_empty() {
                    let _ = reports.send(Input::Store(Report::Loaded(rest))).await;
                }
                n += 1;
            }
        }
        Ok(n)
    }

    /// Hands on the texts that are needed of what was handed on by digests. Returns whether they can be read.
    pub(super) async fn recall(&mut self, reports: &mut Sender<Input>) -> Result<bool, idb::Error> {
        let _ = reports.send(Input::Store(Report::Counted)).await;
        for key in needed(&self.chunks) {
            // One that is gone was forgotten by another tab.
            if let Some(Found::Chunk(numbers, texts, _)) =
                self.database.get(Records::Chunks, &key).await?
            {
                let Ok(records) = codec::read(&numbers, &texts).await else {
                    self.distrusted.push(number(&key));
                    return Ok(false);
                };
                let _ = reports.send(Input::Store(Report::Recalled(records))).await;
            }
        }
        Ok(true)
    }

    /// Keeps a digest, unless its chunk is gone.
    pub(super) async fn keep(&mut self, digested: Digested) -> Result<(), idb::Error> {
        let is_its = |entry: &&Entry| number(&entry.key) == digested.chunk;
        let Some(entry) = self.chunks.iter().find(is_its) else {
            return Ok(());
        };
        let kept = Kept {
            digest: digested.digest,
            rest: digested.rest,
            n_events: entry.n_events,
            n_posts: entry.n_posts,
            first_at: entry.first_at,
            last_at: entry.last_at,
            seen: digested.seen,
            is_in_order: digested.is_in_order,
        };
        self.database.keep(&entry.key, &kept).await
    }

    /// What is kept beside a chunk, after posts of it were withdrawn.
    pub(super) async fn without(
        &self,
        kind: Records,
        key: &JsValue,
        withdraw: &[Withdrawal],
    ) -> Result<Option<Kept>, idb::Error> {
        if kind == Records::Tail {
            return Ok(None);
        }
        let mut kept = self
            .database
            .kept(std::slice::from_ref(key))
            .await?
            .pop()
            .flatten();
        if let Some(kept) = &mut kept {
            for withdrawal in withdraw {
                if let Some(digest) = digest::withdraw(&kept.digest, withdrawal.post) {
                    kept.digest = digest;
                }
            }
        }
        Ok(kept)
    }
}

/// Keys of the chunks whose texts are shown, or compared with what is to come.
pub(super) fn needed(chunks: &[Entry]) -> Vec<JsValue> {
    let newest = chunks
        .iter()
        .map(|chunk| chunk.last_at)
        .max()
        .unwrap_or_default();
    let mut by_start: Vec<&Entry> = chunks.iter().filter(|chunk| chunk.n_posts > 0).collect();
    order::sort_by(&mut by_start, |a, b| b.first_at.cmp(&a.first_at));
    let mut n_texts = 0;
    let mut shown_from = newest;
    for chunk in by_start {
        shown_from = chunk.first_at;
        n_texts += chunk.n_posts;
        if n_texts >= N_TEXTS as u64 {
            break;
        }
    }
    let mut n_compared = 0;
    let mut needed: Vec<JsValue> = Vec::new();
    for chunk in chunks.iter().rev().filter(|chunk| chunk.n_posts > 0) {
        let is_recent = chunk.last_at > newest - 2 * DAY && n_compared < N_COMPARED;
        n_compared += if is_recent { chunk.n_posts } else { 0 };
        if is_recent || chunk.last_at >= shown_from {
            needed.push(chunk.key.clone());
        }
    }
    needed.reverse();
    needed
}

impl Entry {
    pub(super) fn kept(key: JsValue, kept: &Kept) -> Self {
        Self {
            key,
            n_events: kept.n_events,
            n_posts: kept.n_posts,
            first_at: kept.first_at,
            last_at: kept.last_at,
            is_old: false,
        }
    }
}
