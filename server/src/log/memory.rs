//! A store that ends with the process: lines in memory, sharing their bytes with the tail.

use std::{
    collections::{BTreeMap, VecDeque, hash_map::Entry},
    sync::{Arc, PoisonError, RwLock, RwLockWriteGuard},
};

use rustc_hash::FxHashMap;
use wire::{Cursor, LogId, event::GapReason};

use super::{
    Kinds, Line, LogError, Want,
    cold::{Cold, Commit, LastStop, Limit, Opened, Store, fresh_author_key, fresh_id},
    tail::gather,
};

/// Lines removed at once.
const TRIM_STEP: usize = 1_000;

pub(super) struct MemoryStore(Arc<RwLock<Lines>>);
pub(super) struct MemoryCold(Arc<RwLock<Lines>>);

#[derive(Default)]
struct Lines {
    held: VecDeque<Line>,
    n_bytes: u64,
    /// Which kinds of line are held of an identity.
    kinds: FxHashMap<u64, Kinds>,
}

pub(super) fn create() -> Result<(MemoryStore, MemoryCold, Opened), LogError> {
    let lines = Arc::new(RwLock::new(Lines::default()));
    let opened = Opened {
        id: fresh_id()?,
        floor: 1,
        tip: 0,
        holes: Vec::new(),
        hole_reason: GapReason::UncleanStop,
        positions: BTreeMap::new(),
        author_key: fresh_author_key()?,
        last_stop: LastStop::Clean,
        newest_seen_at: None,
    };
    Ok((MemoryStore(Arc::clone(&lines)), MemoryCold(lines), opened))
}

impl MemoryStore {
    fn lines(&self) -> RwLockWriteGuard<'_, Lines> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn reserve(&mut self, _to: u64) -> Result<(), LogError> {
        Ok(())
    }

    fn kinds_of(&self, identities: &[u64]) -> Result<Vec<Kinds>, LogError> {
        let lines = self.lines();
        let kinds = |identity| lines.kinds.get(identity).copied().unwrap_or(Kinds::NONE);
        Ok(identities.iter().map(kinds).collect())
    }

    fn posts_of(&self, _log: &LogId, author: u64) -> Result<Vec<Line>, LogError> {
        let lines = self.lines();
        let theirs = lines.held.iter().filter(|line| line.author == author);
        Ok(theirs.cloned().collect())
    }

    fn seq_of_post(&self, identity: u64) -> Result<Option<u64>, LogError> {
        let lines = self.lines();
        let found = lines
            .held
            .iter()
            .find(|line| line.identity == identity && line.kind == Kinds::POST);
        Ok(found.map(|line| line.seq))
    }

    fn commit(&mut self, commit: &Commit<'_>) -> Result<Vec<Line>, LogError> {
        let mut lines = self.lines();
        for line in commit.lines {
            lines.n_bytes += line.weight() as u64;
            lines.held.push_back(line.clone());
            if line.identity != 0 {
                let kinds = lines.kinds.entry(line.identity).or_insert(Kinds::NONE);
                *kinds = kinds.and(line.kind);
            }
        }
        if commit.withdrawn.is_empty() {
            return Ok(Vec::new());
        }
        let mut tombstones = Vec::new();
        let gone = lines
            .held
            .iter_mut()
            .filter(|line| commit.withdrawn.contains(&line.identity));
        for line in gone.filter(|line| line.kind == Kinds::POST) {
            if let Some(tombstone) = line.tombstone(commit.log) {
                *line = tombstone.clone();
                tombstones.push(tombstone);
            }
        }
        lines.n_bytes = lines.held.iter().map(|line| line.weight() as u64).sum();
        Ok(tombstones)
    }

    fn next_floor(&self, limit: &Limit) -> Result<Option<u64>, LogError> {
        let lines = self.lines();
        let mut excess = limit
            .max_bytes
            .map_or(0, |max| lines.n_bytes.saturating_sub(max));
        let mut floor = None;
        for line in lines.held.iter().take(TRIM_STEP) {
            if excess == 0
                && limit
                    .seen_before
                    .is_none_or(|before| line.seen_at >= before)
            {
                break;
            }
            excess = excess.saturating_sub(line.weight() as u64);
            floor = Some(line.seq + 1);
        }
        Ok(floor)
    }

    fn trim(&mut self, floor: u64) -> Result<(), LogError> {
        let mut lines = self.lines();
        while lines.held.front().is_some_and(|line| line.seq < floor) {
            let Some(line) = lines.held.pop_front() else {
                break;
            };
            lines.n_bytes -= line.weight() as u64;
            // A delete of the post that goes may still be held.
            if let Entry::Occupied(mut kinds) = lines.kinds.entry(line.identity) {
                let left = kinds.get().without(line.kind);
                if left == Kinds::NONE {
                    kinds.remove();
                } else {
                    kinds.insert(left);
                }
            }
        }
        Ok(())
    }

    fn restart(&mut self, _id: &LogId) -> Result<(), LogError> {
        *self.lines() = Lines::default();
        Ok(())
    }

    fn close(&mut self, _tip: u64) -> Result<(), LogError> {
        Ok(())
    }
}

impl Cold for MemoryCold {
    fn read(&self, after: &Cursor, up_to: u64, want: &Want) -> Result<(Vec<Line>, u64), LogError> {
        let lines = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let start = lines.held.partition_point(|line| line.seq <= after.seq);
        Ok(gather(lines.held.range(start..), up_to, want))
    }

    fn n_bytes(&self) -> Option<u64> {
        Some(
            self.0
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .n_bytes,
        )
    }
}
