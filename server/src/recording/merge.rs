//! Several tracks as one: always the item that is due next.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
};

use wire::{Millis, author::AuthorKey};

use super::{Item, track::Track};

/// Merges tracks by (time, file). Items of one track keep their order.
pub(super) struct Merge {
    key: AuthorKey,
    tracks: Vec<Track>,
    /// The next item of each track that has been read.
    heads: Vec<Option<Item>>,
    /// When each track is due; those without a head are read when their turn comes.
    due: BinaryHeap<Reverse<(Millis, usize, usize)>>,
}

impl Merge {
    pub(super) fn new(tracks: Vec<Track>, key: AuthorKey) -> Self {
        let due = tracks
            .iter()
            .enumerate()
            .map(|(idx, track)| Reverse((track.due_at(), track.file_idx(), idx)));
        Self {
            key,
            heads: tracks.iter().map(|_| None).collect(),
            due: due.collect(),
            tracks,
        }
    }

    /// The next item and its time.
    pub(super) fn next_item(&mut self) -> Option<(Millis, Item)> {
        while let Some(Reverse((due_at, _, idx))) = self.due.pop() {
            let item = self.heads[idx].take();
            if let Some((at, next)) = self.tracks[idx].next(&self.key) {
                self.due.push(Reverse((at, next.file_idx, idx)));
                self.heads[idx] = Some(next);
            }
            if let Some(item) = item {
                return Some((due_at, item));
            }
        }
        None
    }

    /// The next items, as many as fit into a batch; none at the end.
    pub(super) fn next_batch(&mut self, n_items: usize) -> VecDeque<(Millis, Item)> {
        std::iter::from_fn(|| self.next_item())
            .take(n_items)
            .collect()
    }
}
