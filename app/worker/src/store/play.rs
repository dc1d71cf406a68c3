//! Hands stored events on in the order in which they were seen, without writing anything.

use analysis::{order, view::Range};
use chunks::Record;
use futures::{SinkExt, channel::mpsc::Sender};
use wasm_bindgen::JsValue;
use wire::Millis;

use crate::codec;

use super::{
    Meta,
    database::{Database, Found, Records},
    digests::seen,
    from_lines,
};

/// Events that are handed on together.
const PIECE: usize = 4_096;

/// What is played of a store.
#[derive(Debug)]
pub enum Played {
    /// What is kept beside the events, and when the first and the last of them was seen.
    Opened(Meta, Range),
    /// The next events.
    Records(Vec<Record>),
}

/// A stored record that is still to be read.
struct Part {
    kind: Records,
    key: JsValue,
    seen: Range,
}

/// Plays a store from its first event to its last, for as long as somebody listens. What cannot be read is left
/// out: opening the store tells of it.
pub async fn play(name: String, mut to: Sender<Played>) {
    // Nothing comes of a store that the browser refuses.
    let _ = try_play(&name, &mut to).await;
}

async fn try_play(name: &str, to: &mut Sender<Played>) -> Result<(), idb::Error> {
    let database = Database::open(name).await?;
    let meta = Meta::read(&database).await?;
    let parts = parts(&database).await?;
    let known = Range {
        from: parts
            .iter()
            .map(|part| part.seen.from)
            .min()
            .unwrap_or_default(),
        to: parts
            .iter()
            .map(|part| part.seen.to)
            .max()
            .unwrap_or_default(),
    };
    if to.send(Played::Opened(meta, known)).await.is_err() {
        return Ok(());
    }
    // In the order of the log where they were seen at the same time.
    let mut waiting: Vec<Record> = Vec::new();
    for part in &parts {
        if !hand_on(&mut waiting, part.seen.from, to).await {
            return Ok(());
        }
        let mut records = read(&database, part).await?;
        waiting.append(&mut records);
        if !waiting.is_sorted_by_key(|record| record.event.seen_at) {
            order::sort_by(&mut waiting, |a, b| a.event.seen_at.cmp(&b.event.seen_at));
        }
    }
    hand_on(&mut waiting, Millis::MAX, to).await;
    Ok(())
}

/// Hands on what was seen before a time; returns whether anybody listens.
async fn hand_on(waiting: &mut Vec<Record>, before: Millis, to: &mut Sender<Played>) -> bool {
    let n = waiting.partition_point(|record| record.event.seen_at < before);
    let mut ready = waiting.drain(..n);
    loop {
        let piece: Vec<Record> = ready.by_ref().take(PIECE).collect();
        if piece.is_empty() {
            return true;
        }
        if to.send(Played::Records(piece)).await.is_err() {
            return false;
        }
    }
}

/// All records, by when their first event was seen.
async fn parts(database: &Database) -> Result<Vec<Part>, idb::Error> {
    let mut parts = Vec::new();
    for kind in [Records::Chunks, Records::Tail] {
        for key in database.keys(kind).await? {
            let mut part = Part {
                kind,
                key,
                seen: Range::default(),
            };
            let kept = match kind {
                Records::Chunks => database.kept(std::slice::from_ref(&part.key)).await?.pop(),
                Records::Tail => None,
            };
            part.seen = match kept.flatten() {
                Some(kept) => Range {
                    from: kept.first_seen_at,
                    to: kept.last_seen_at,
                },
                None => seen(&read(database, &part).await?),
            };
            parts.push(part);
        }
    }
    order::sort_by(&mut parts, |a, b| a.seen.from.cmp(&b.seen.from));
    Ok(parts)
}

async fn read(database: &Database, part: &Part) -> Result<Vec<Record>, idb::Error> {
    Ok(match database.get(part.kind, &part.key).await? {
        Some(Found::Chunk(numbers, texts, _)) => {
            codec::read(&numbers, &texts).await.unwrap_or_default()
        }
        Some(Found::Lines(lines)) => from_lines(&lines),
        None => Vec::new(),
    })
}
