//! Reads what another worker of this page stores, and goes on reading as more is stored. Writes nothing.

use std::collections::VecDeque;

use chunks::Record;
use wasm_bindgen::JsValue;

use super::{
    Meta,
    database::{Database, Found, Records},
    from_lines,
};

/// A database that is read along.
pub(crate) struct Follower {
    database: Database,
    /// Keys of what was found so far, each list ascending, as the database gives them.
    chunks: Vec<f64>,
    tail: Vec<f64>,
    queue: VecDeque<(Records, JsValue)>,
    /// Records that were found.
    pub(crate) n_found: u32,
    /// Events in records that could not be read.
    pub(crate) n_damaged: u64,
}

/// Everything was thrown away that had been read: another recording, or another run of it, has begun.
#[derive(Debug)]
pub(crate) struct Gone;

impl Follower {
    pub(crate) async fn open(name: &str) -> Result<Self, idb::Error> {
        Ok(Self {
            database: Database::open(name).await?,
            chunks: Vec::new(),
            tail: Vec::new(),
            queue: VecDeque::new(),
            n_found: 0,
            n_damaged: 0,
        })
    }

    /// What lies beside the events and says how they are read.
    pub(crate) async fn meta(&self) -> Result<Meta, idb::Error> {
        Meta::read(&self.database).await
    }

    /// Looks for records that were stored since.
    pub(crate) async fn look(&mut self) -> Result<Result<(), Gone>, idb::Error> {
        // The tail first: what is sealed in between is then read twice, and does no harm.
        let tail = self.database.keys(Records::Tail).await?;
        let chunks = self.database.keys(Records::Chunks).await?;
        let (tail_keys, chunk_keys) = (numbers(&tail), numbers(&chunks));
        let has =
            |keys: &[f64], key: &f64| keys.binary_search_by(|other| other.total_cmp(key)).is_ok();
        let has_new_chunk = chunk_keys.iter().any(|key| !has(&self.chunks, key));
        let lost_chunk = self.chunks.iter().any(|key| !has(&chunk_keys, key));
        // The tail becomes a chunk when it is long enough; without a new chunk it was thrown away.
        let lost_tail = self.tail.iter().any(|key| !has(&tail_keys, key));
        if lost_chunk || lost_tail && !has_new_chunk {
            return Ok(Err(Gone));
        }
        for (kind, known, keys) in [
            (Records::Chunks, &self.chunks, chunks),
            (Records::Tail, &self.tail, tail),
        ] {
            for key in keys {
                if key.as_f64().is_some_and(|number| !has(known, &number)) {
                    self.queue.push_back((kind, key));
                    self.n_found += 1;
                }
            }
        }
        (self.chunks, self.tail) = (chunk_keys, tail_keys);
        Ok(Ok(()))
    }

    /// Records that were found and not read yet.
    pub(crate) fn n_waiting(&self) -> u32 {
        self.queue.len() as u32
    }

    /// The events of the next record; `None` when all were read.
    pub(crate) async fn read_next(&mut self) -> Result<Option<Vec<Record>>, idb::Error> {
        let Some((kind, key)) = self.queue.pop_front() else {
            return Ok(None);
        };
        let records = match self.database.get(kind, &key).await? {
            // It has become part of a chunk.
            None => Vec::new(),
            Some(Found::Lines(lines)) => from_lines(&lines),
            Some(Found::Chunk(numbers, texts, n)) => crate::codec::read(&numbers, &texts)
                .await
                .unwrap_or_else(|_| {
                    self.n_damaged += n;
                    Vec::new()
                }),
        };
        Ok(Some(records))
    }
}

fn numbers(keys: &[JsValue]) -> Vec<f64> {
    keys.iter().filter_map(JsValue::as_f64).collect()
}
