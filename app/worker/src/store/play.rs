//! Hands stored events on in the order in which they were seen, without writing anything.
//!
//! As long as the chunks were judged in that very order, those that are due as a whole go by their digests. Before
//! anything else follows them, their texts do, as far as they are shown or compared with what comes.

use std::{cell::Cell, rc::Rc};

use analysis::{digest, order, view::Range};
use chunks::Record;
use futures::{
    SinkExt,
    channel::{mpsc::Sender, oneshot},
};
use wasm_bindgen::JsValue;
use wire::Millis;

use super::{
    Entry, Meta,
    database::{Database, Kept, Records},
    digests::{AT_ONCE, needed, seen},
    from_lines, number, records_of,
};

/// Events that are handed on together.
const PIECE: usize = 4_096;

/// What is played of a store.
#[derive(Debug)]
pub enum Played {
    /// What is kept beside the events, and when the first and the last of them was seen. It waits for the key of
    /// digests that can be used.
    Opened(Meta, Range, oneshot::Sender<u64>),
    /// The next posts by their digest, with the other events among them.
    Digest {
        /// Of all posts of a chunk.
        digest: Vec<u8>,
        /// The chunk's other events.
        rest: Vec<Record>,
        /// When the last of them was seen.
        to: Millis,
    },
    /// Posts that were handed on by their digests; the first to come first.
    Recalled(Vec<Record>),
    /// The next events.
    Records(Vec<Record>),
}

/// A stored record that is still to be read.
struct Part {
    kind: Records,
    entry: Entry,
    seen: Range,
    /// It and all parts before it were judged in the order in which they are played.
    is_in_order: bool,
}

/// Plays a store from its first event to its last, for as long as somebody listens. Digests are of chunks that were
/// seen by `due`. What cannot be read is left out: opening the store tells of it.
pub async fn play(name: String, due: Rc<Cell<Millis>>, to: Sender<Played>) {
    // Nothing comes of a store that the browser refuses.
    if let Ok(database) = Database::open(&name).await {
        let playing = Playing {
            database,
            due,
            to,
            handed_on: Vec::new(),
            bare: Vec::new(),
        };
        let _ = playing.play().await;
    }
}

struct Playing {
    database: Database,
    due: Rc<Cell<Millis>>,
    to: Sender<Played>,
    /// Chunks that were handed on.
    handed_on: Vec<Entry>,
    /// Those of them of which the texts were not.
    bare: Vec<u32>,
}

/// Why playing ends before the last event.
enum End {
    /// Nobody listens any more.
    Unheard,
    /// The browser refuses.
    Refused,
}

impl From<idb::Error> for End {
    fn from(_: idb::Error) -> Self {
        Self::Refused
    }
}

impl Playing {
    async fn play(mut self) -> Result<(), End> {
        let meta = Meta::read(&self.database).await?;
        let parts = self.parts().await?;
        let ends = |end: fn(&Range) -> Millis| parts.iter().map(move |part| end(&part.seen));
        let known = Range {
            from: ends(|seen| seen.from).min().unwrap_or_default(),
            to: ends(|seen| seen.to).max().unwrap_or_default(),
        };
        let (key, told) = oneshot::channel();
        self.send(Played::Opened(meta, known, key)).await?;
        let key = told.await.unwrap_or_default();
        // In the order of the log where they were seen at the same time.
        let mut waiting: Vec<Record> = Vec::new();
        for part in parts {
            if part.is_in_order {
                // Nothing that is still to be read was seen before these.
                self.hand_on(&mut waiting, Millis::MAX).await?;
                if part.seen.to <= self.due.get() && self.hand_on_digest(&part, key).await? {
                    continue;
                }
            }
            if part.entry.n_posts > 0 || part.seen.to > self.due.get() {
                self.recall().await?;
            }
            self.hand_on(&mut waiting, part.seen.from).await?;
            waiting.append(&mut records_of(&self.database, part.kind, &part.entry.key).await?);
            self.handed_on.push(part.entry);
            if !waiting.is_sorted_by_key(|record| record.event.seen_at) {
                order::sort_by(&mut waiting, |a, b| a.event.seen_at.cmp(&b.event.seen_at));
            }
        }
        self.recall().await?;
        self.hand_on(&mut waiting, Millis::MAX).await
    }

    async fn send(&mut self, played: Played) -> Result<(), End> {
        self.to.send(played).await.map_err(|_| End::Unheard)
    }

    /// Hands on what was seen before a time.
    async fn hand_on(&mut self, waiting: &mut Vec<Record>, before: Millis) -> Result<(), End> {
        let n = waiting.partition_point(|record| record.event.seen_at < before);
        let mut ready = waiting.drain(..n);
        loop {
            let piece: Vec<Record> = ready.by_ref().take(PIECE).collect();
            if piece.is_empty() {
                return Ok(());
            }
            self.send(Played::Records(piece)).await?;
        }
    }

    /// Hands on a chunk by its digest; `false` without one that can be used.
    async fn hand_on_digest(&mut self, part: &Part, key: u64) -> Result<bool, End> {
        let keys = std::slice::from_ref(&part.entry.key);
        let kept = self.database.kept(keys).await?.pop().flatten();
        let Some(kept) = kept.filter(|kept| digest::is_for(&kept.digest, key)) else {
            return Ok(false);
        };
        self.bare.push(number(&part.entry.key));
        self.handed_on
            .push(Entry::kept(part.entry.key.clone(), &kept));
        let digest = Played::Digest {
            rest: from_lines(&kept.rest),
            digest: kept.digest,
            to: part.seen.to,
        };
        self.send(digest).await?;
        Ok(true)
    }

    /// Hands on the texts that are needed of what was handed on by digests.
    async fn recall(&mut self) -> Result<(), End> {
        if self.bare.is_empty() {
            return Ok(());
        }
        let bare = std::mem::take(&mut self.bare);
        for key in needed(&self.handed_on) {
            if bare.contains(&number(&key)) {
                let records = records_of(&self.database, Records::Chunks, &key).await?;
                self.send(Played::Recalled(records)).await?;
            }
        }
        Ok(())
    }

    /// All records, by when their first event was seen.
    async fn parts(&self) -> Result<Vec<Part>, idb::Error> {
        let mut parts = Vec::new();
        let chunks = self.database.keys(Records::Chunks).await?;
        for keys in chunks.chunks(AT_ONCE) {
            for (key, kept) in keys.iter().zip(self.database.kept(keys).await?) {
                parts.push(match kept {
                    Some(kept) => Part::kept(key.clone(), &kept),
                    None => self.unknown(Records::Chunks, key.clone()).await?,
                });
            }
        }
        for key in self.database.keys(Records::Tail).await? {
            parts.push(self.unknown(Records::Tail, key).await?);
        }
        let mut parts: Vec<(usize, Part)> = parts.into_iter().enumerate().collect();
        order::sort_by(&mut parts, |(_, a), (_, b)| a.seen.from.cmp(&b.seen.from));
        let nexts: Vec<Millis> = parts
            .iter()
            .skip(1)
            .map(|(_, next)| next.seen.from)
            .collect();
        let mut is_in_order = true;
        for (idx, (stored, part)) in parts.iter_mut().enumerate() {
            let is_apart = nexts.get(idx).is_none_or(|next| part.seen.to <= *next);
            is_in_order &= part.is_in_order && *stored == idx && is_apart;
            part.is_in_order = is_in_order;
        }
        Ok(parts.into_iter().map(|(_, part)| part).collect())
    }

    /// A part that has to be read for what is known of it.
    async fn unknown(&self, kind: Records, key: JsValue) -> Result<Part, idb::Error> {
        let records = records_of(&self.database, kind, &key).await?;
        Ok(Part {
            kind,
            seen: seen(&records),
            entry: Entry::new(key, &records),
            is_in_order: false,
        })
    }
}

impl Part {
    fn kept(key: JsValue, kept: &Kept) -> Self {
        Self {
            kind: Records::Chunks,
            entry: Entry::kept(key, kept),
            seen: kept.seen,
            is_in_order: kept.is_in_order,
        }
    }
}
