//! A store in one SQLite file that any analyst's tool can open.
//!
//! Write-ahead log, one writer; a lock file keeps a second relay out without keeping readers out.
//! Events and resume positions are committed together. Seqs are reserved in blocks by a commit that is
//! on the disk before any of them is used: after a power failure no published seq is given out again.

mod open;
mod read;

#[cfg(test)]
mod tests;

use std::fs::File;

use rusqlite::{Connection, OptionalExtension, params};
use wire::LogId;

use super::{
    Line, LogError, Synchronous,
    cold::{Commit, Limit, Store},
    line::Kinds,
};

pub(super) use open::open;

/// Rows removed at once.
const TRIM_STEP: u32 = 1_000;

pub(super) struct SqliteStore {
    db: Connection,
    synchronous: Synchronous,
    /// Whether the file says that a clean stop preceded.
    is_marked_clean: bool,
    /// Held as long as the store lives.
    _lock: File,
}

impl SqliteStore {
    /// Commits `change` so that it is on the disk when this returns.
    fn commit_durably(
        &mut self,
        change: impl FnOnce(&rusqlite::Transaction<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), LogError> {
        self.db.pragma_update(None, "synchronous", "FULL")?;
        let transaction = self.db.transaction()?;
        change(&transaction)?;
        transaction.commit()?;
        if self.synchronous == Synchronous::Normal {
            self.db.pragma_update(None, "synchronous", "NORMAL")?;
        }
        Ok(())
    }

    /// Deleted text is still in the write-ahead log until it has been copied back and cut off. Where a
    /// reader is in the way, the next checkpoint does it.
    fn cut_write_ahead_log(&self) -> Result<(), LogError> {
        self.db
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .optional()?;
        Ok(())
    }

    fn used_bytes(&self) -> Result<u64, LogError> {
        let number = |name: &str| {
            self.db
                .pragma_query_value(None, name, |row| row.get::<_, u64>(0))
        };
        let pages = number("page_count")?.saturating_sub(number("freelist_count")?);
        Ok(pages * number("page_size")?)
    }
}

impl Store for SqliteStore {
    fn reserve(&mut self, to: u64) -> Result<(), LogError> {
        self.commit_durably(|transaction| {
            set_meta(transaction, "reserved_to", &to.to_string())?;
            set_meta(transaction, "is_clean", "0")
        })?;
        self.is_marked_clean = false;
        Ok(())
    }

    fn commit(&mut self, commit: &Commit<'_>) -> Result<Vec<Line>, LogError> {
        let transaction = self.db.transaction()?;
        {
            let mut insert = transaction.prepare_cached(
                "INSERT INTO events (seq, seen_at, at, kind, post_identity, line) VALUES (?, ?, ?, ?, ?, ?)",
            )?;
            for line in commit.lines {
                let identity =
                    (line.post_identity != 0).then_some(line.post_identity.cast_signed());
                insert.execute(params![
                    line.seq,
                    line.seen_at,
                    line.at,
                    line.kind.bits(),
                    identity,
                    line.json()
                ])?;
            }
            let mut advance = transaction.prepare_cached(
                "INSERT OR REPLACE INTO positions (source, position) VALUES (?, ?)",
            )?;
            for (source, position) in commit.positions {
                advance.execute(params![source, position])?;
            }
        }
        let mut tombstones = Vec::new();
        for identity in commit.withdrawn {
            tombstones.extend(withdraw(&transaction, commit.log, *identity)?);
        }
        transaction.commit()?;
        if !tombstones.is_empty() {
            self.cut_write_ahead_log()?;
        }
        Ok(tombstones)
    }

    fn next_floor(&self, limit: &Limit) -> Result<Option<u64>, LogError> {
        let is_too_large = match limit.max_bytes {
            Some(max_bytes) => self.used_bytes()? > max_bytes,
            None => false,
        };
        if !is_too_large && limit.seen_before.is_none() {
            return Ok(None);
        }
        let mut oldest = self
            .db
            .prepare_cached("SELECT seq, seen_at FROM events ORDER BY seq LIMIT ?")?;
        let mut rows = oldest.query([TRIM_STEP])?;
        let mut floor = None;
        while let Some(row) = rows.next()? {
            let (seq, seen_at): (u64, i64) = (row.get(0)?, row.get(1)?);
            if !is_too_large && limit.seen_before.is_none_or(|before| seen_at >= before) {
                break;
            }
            floor = Some(seq + 1);
        }
        Ok(floor)
    }

    fn trim(&mut self, floor: u64) -> Result<(), LogError> {
        let transaction = self.db.transaction()?;
        transaction.execute("DELETE FROM events WHERE seq < ?", [floor])?;
        transaction.execute("DELETE FROM holes WHERE last_seq < ?", [floor])?;
        transaction.commit()?;
        give_pages_back(&self.db)?;
        Ok(())
    }

    fn restart(&mut self, id: &LogId) -> Result<(), LogError> {
        self.commit_durably(|transaction| {
            transaction
                .execute_batch("DROP TABLE events; DELETE FROM holes; DELETE FROM positions;")?;
            transaction.execute_batch(open::EVENTS)?;
            set_meta(transaction, "log_id", id.as_str())?;
            set_meta(transaction, "reserved_to", "0")?;
            set_meta(transaction, "is_clean", "1")
        })?;
        self.is_marked_clean = true;
        give_pages_back(&self.db)?;
        self.cut_write_ahead_log()
    }

    fn close(&mut self, tip: u64) -> Result<(), LogError> {
        if !self.is_marked_clean {
            self.commit_durably(|transaction| {
                set_meta(transaction, "reserved_to", &tip.to_string())?;
                set_meta(transaction, "is_clean", "1")
            })?;
            self.is_marked_clean = true;
        }
        self.cut_write_ahead_log()
    }
}

/// Empties the text of a post in place; returns its line as it is now.
fn withdraw(
    transaction: &rusqlite::Transaction<'_>,
    log: &LogId,
    identity: u64,
) -> rusqlite::Result<Vec<Line>> {
    let mut find = transaction
        .prepare_cached("SELECT seq, at, seen_at, line FROM events WHERE post_identity = ? AND post_identity NOT NULL")?;
    let found = find.query_map([identity.cast_signed()], |row| {
        let json: String = row.get(3)?;
        Ok(Line::from_parts(
            log,
            row.get(0)?,
            row.get(1)?,
            row.get(2)?,
            Kinds::POST,
            identity,
            &json,
        ))
    })?;
    let found = found.collect::<rusqlite::Result<Vec<Line>>>()?;
    let mut update = transaction.prepare_cached("UPDATE events SET line = ? WHERE seq = ?")?;
    let mut tombstones = Vec::new();
    for tombstone in found.iter().filter_map(|line| line.tombstone(log)) {
        update.execute(params![tombstone.json(), tombstone.seq])?;
        tombstones.push(tombstone);
    }
    Ok(tombstones)
}

fn set_meta(db: &Connection, key: &str, value: &str) -> rusqlite::Result<()> {
    db.execute(
        "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)",
        params![key, value],
    )?;
    Ok(())
}

/// The pragma frees one page at each step.
fn give_pages_back(db: &Connection) -> rusqlite::Result<()> {
    let mut vacuum = db.prepare("PRAGMA incremental_vacuum")?;
    let mut rows = vacuum.query([])?;
    while rows.next()?.is_some() {}
    Ok(())
}
