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
    /// reader is in the way, the next checkpoint does it. What precedes is committed whatever becomes of
    /// this, so that it must not be reported as failed.
    fn cut_write_ahead_log(&self) {
        let cut = self
            .db
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .optional();
        if let Err(error) = cut {
            tracing::warn!(%error, "deleted text stays in the write-ahead log for now");
        }
    }

    /// As little a failure of what was committed before.
    fn give_pages_back(&self) {
        if let Err(error) = give_pages_back(&self.db) {
            tracing::warn!(%error, "the log's file stays larger than it has to be for now");
        }
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

    fn kinds_of(&self, identities: &[u64]) -> Result<Vec<Kinds>, LogError> {
        // Without it every lookup locks the file anew, which takes longer than to look.
        let snapshot = self.db.unchecked_transaction()?;
        let mut find = snapshot
            .prepare_cached("SELECT kind FROM events WHERE identity = ? AND identity NOT NULL")?;
        let mut found = Vec::with_capacity(identities.len());
        for identity in identities {
            let mut rows = find.query([identity.cast_signed()])?;
            let mut kinds = Kinds::NONE;
            while let Some(row) = rows.next()? {
                kinds = kinds.and(Kinds::from_bits(row.get(0)?));
            }
            found.push(kinds);
        }
        Ok(found)
    }

    fn posts_of(&self, log: &LogId, author: u64) -> Result<Vec<Line>, LogError> {
        let mut find = self.db.prepare_cached(
            "SELECT seq, at, seen_at, line, identity FROM events WHERE author = ? AND author NOT NULL",
        )?;
        let found = find.query_map([author.cast_signed()], |row| post_line(log, row))?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }

    fn seq_of_post(&self, identity: u64) -> Result<Option<u64>, LogError> {
        let mut find = self.db.prepare_cached(
            "SELECT seq FROM events WHERE identity = ? AND identity NOT NULL AND kind = ?",
        )?;
        let of_post = params![identity.cast_signed(), Kinds::POST.bits()];
        Ok(find.query_row(of_post, |row| row.get(0)).optional()?)
    }

    fn commit(&mut self, commit: &Commit<'_>) -> Result<Vec<Line>, LogError> {
        let transaction = self.db.transaction()?;
        {
            let mut insert = transaction.prepare_cached(
                "INSERT INTO events (seq, seen_at, at, kind, identity, author, line) VALUES (?, ?, ?, ?, ?, ?, ?)",
            )?;
            for line in commit.lines {
                let number = |number: u64| (number != 0).then_some(number.cast_signed());
                insert.execute(params![
                    line.seq,
                    line.seen_at,
                    line.at,
                    line.kind.bits(),
                    number(line.identity),
                    number(line.author),
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
        if let Some((first, last)) = commit.hole {
            let hole = "INSERT OR REPLACE INTO holes VALUES (?, ?)";
            transaction.execute(hole, [first, last])?;
        }
        let mut tombstones = Vec::new();
        for identity in commit.withdrawn {
            tombstones.extend(withdraw(&transaction, commit.log, *identity)?);
        }
        transaction.commit()?;
        if !tombstones.is_empty() {
            self.cut_write_ahead_log();
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
        self.give_pages_back();
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
        self.give_pages_back();
        self.cut_write_ahead_log();
        Ok(())
    }

    fn close(&mut self, tip: u64) -> Result<(), LogError> {
        if !self.is_marked_clean {
            self.commit_durably(|transaction| {
                set_meta(transaction, "reserved_to", &tip.to_string())?;
                set_meta(transaction, "is_clean", "1")
            })?;
            self.is_marked_clean = true;
        }
        self.cut_write_ahead_log();
        Ok(())
    }
}

/// Empties the text of a post in place; returns its line as it is now.
fn withdraw(
    transaction: &rusqlite::Transaction<'_>,
    log: &LogId,
    identity: u64,
) -> rusqlite::Result<Vec<Line>> {
    let mut find = transaction.prepare_cached(
        "SELECT seq, at, seen_at, line, identity FROM events WHERE identity = ? AND identity NOT NULL AND kind = ?",
    )?;
    let of_post = params![identity.cast_signed(), Kinds::POST.bits()];
    let found = find.query_map(of_post, |row| post_line(log, row))?;
    let found = found.collect::<rusqlite::Result<Vec<Line>>>()?;
    let mut update =
        transaction.prepare_cached("UPDATE events SET line = ?, author = NULL WHERE seq = ?")?;
    let mut tombstones = Vec::new();
    for tombstone in found.iter().filter_map(|line| line.tombstone(log)) {
        update.execute(params![tombstone.json(), tombstone.seq])?;
        tombstones.push(tombstone);
    }
    Ok(tombstones)
}

fn post_line(log: &LogId, row: &rusqlite::Row<'_>) -> rusqlite::Result<Line> {
    let (seq, at, seen_at) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let json: String = row.get(3)?;
    let identity = row.get::<_, i64>(4)?.cast_unsigned();
    Ok(Line::from_parts(
        log,
        seq,
        at,
        seen_at,
        Kinds::POST,
        identity,
        &json,
    ))
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
