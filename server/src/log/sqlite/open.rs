//! Opens the file: lock, tables, what the last run left.

use std::{
    collections::BTreeMap,
    fs::{self, File, TryLockError},
    path::Path,
    time::Duration,
};

use rusqlite::{Connection, OptionalExtension};
use wire::{Millis, author::AuthorKey, event::GapReason};

use super::{SqliteStore, read::SqliteCold, set_meta};
use crate::log::{
    LogError, Synchronous,
    cold::{LastStop, Opened, fresh_author_key, fresh_id},
};

/// Version of the tables.
const VERSION: &str = "2";

/// Pages of the write-ahead log after which it is copied back, 16 MB: most of an index is written once for many
/// commits then.
const CHECKPOINT_PAGES: u32 = 4_000;

/// `line` stands last, so that a scan over times and kinds does not touch the pages that long lines spill to.
pub(super) const EVENTS: &str = "
    CREATE TABLE IF NOT EXISTS events (
        seq INTEGER PRIMARY KEY,
        seen_at INTEGER NOT NULL,
        at INTEGER NOT NULL,
        kind INTEGER NOT NULL,
        identity INTEGER,
        author INTEGER,
        line TEXT NOT NULL
    );
    CREATE INDEX IF NOT EXISTS events_by_identity ON events (identity) WHERE identity NOT NULL;
    CREATE INDEX IF NOT EXISTS events_by_author ON events (author) WHERE author NOT NULL;
";

/// From version 1, which knew the identity of posts only. Its posts are not found by author.
const FROM_VERSION_1: &str = "
    DROP INDEX events_by_post;
    ALTER TABLE events RENAME TO old_events;
";
const COPY_VERSION_1: &str = "
    INSERT INTO events SELECT seq, seen_at, at, kind, post_identity, NULL, line FROM old_events;
    DROP TABLE old_events;
    UPDATE meta SET value = '2' WHERE key = 'version';
";

const OTHER_TABLES: &str = "
    CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS positions (source TEXT PRIMARY KEY, position TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS holes (first_seq INTEGER PRIMARY KEY, last_seq INTEGER NOT NULL);
";

pub(crate) fn open(
    path: &Path,
    synchronous: Synchronous,
) -> Result<(SqliteStore, SqliteCold, Opened), LogError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let lock = lock(path)?;
    let db = Connection::open(path)?;
    db.busy_timeout(Duration::from_secs(5))?;
    check_version(&db, path)?;
    // Must come before the first table; later it would need a VACUUM.
    db.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "secure_delete", "ON")?;
    db.pragma_update(None, "journal_size_limit", 64 << 20)?;
    db.pragma_update(None, "cache_size", -16_384)?;
    db.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    db.pragma_update(
        None,
        "synchronous",
        match synchronous {
            Synchronous::Normal => "NORMAL",
            Synchronous::Full => "FULL",
        },
    )?;
    let opened = prepare(&db, path)?;
    let cold = SqliteCold::new(path.to_owned());
    let is_marked_clean = is_clean(&db)?;
    Ok((
        SqliteStore {
            db,
            synchronous,
            is_marked_clean,
            _lock: lock,
        },
        cold,
        opened,
    ))
}

fn lock(path: &Path) -> Result<File, LogError> {
    let file = File::create(path.with_extension("lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LogError::InUse(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// Before anything is changed: a file of another program, or of a later version, is left as it is.
fn check_version(db: &Connection, path: &Path) -> Result<(), LogError> {
    let named = |name: &str| {
        let tables = "SELECT count(*) FROM sqlite_master WHERE name LIKE ?";
        db.query_row(tables, [name], |row| row.get::<_, u64>(0))
    };
    if named("%")? == 0 {
        return Ok(());
    }
    let version = if named("meta")? > 0 {
        meta(db, "version")?
    } else {
        None
    };
    match version.as_deref() {
        Some("1" | VERSION) => Ok(()),
        other => Err(LogError::Foreign {
            path: path.to_owned(),
            found: other.map_or_else(
                || "it has no version".to_owned(),
                |version| format!("its version is {version:?}"),
            ),
        }),
    }
}

/// Makes what is missing and reads what the last run left.
fn prepare(db: &Connection, path: &Path) -> Result<Opened, LogError> {
    let foreign = |found: String| LogError::Foreign {
        path: path.to_owned(),
        found,
    };
    db.execute_batch("BEGIN IMMEDIATE")?;
    db.execute_batch(OTHER_TABLES)?;
    let is_old = meta(db, "version")?.as_deref() == Some("1");
    if is_old {
        db.execute_batch(FROM_VERSION_1)?;
    }
    db.execute_batch(EVENTS)?;
    if is_old {
        db.execute_batch(COPY_VERSION_1)?;
    }
    if meta(db, "version")?.is_none() {
        let AuthorKey(key) = fresh_author_key()?;
        set_meta(db, "version", VERSION)?;
        set_meta(db, "log_id", fresh_id()?.as_str())?;
        set_meta(
            db,
            "author_key",
            &format!("{:032x}", u128::from_be_bytes(key)),
        )?;
        set_meta(db, "reserved_to", "0")?;
        set_meta(db, "is_clean", "1")?;
    }
    db.execute_batch("COMMIT")?;

    let id = meta(db, "log_id")?.unwrap_or_default();
    let id = id
        .try_into()
        .map_err(|_| foreign("its log id is not one".to_owned()))?;
    let key = meta(db, "author_key")?.unwrap_or_default();
    let key =
        u128::from_str_radix(&key, 16).map_err(|_| foreign("it has no author key".to_owned()))?;
    let Limits { floor, tip, holes } = limits(db)?;
    Ok(Opened {
        id,
        floor,
        tip,
        holes,
        hole_reason: GapReason::UncleanStop,
        positions: positions(db)?,
        author_key: AuthorKey(key.to_be_bytes()),
        last_stop: if is_clean(db)? {
            LastStop::Clean
        } else {
            LastStop::Crash
        },
        newest_seen_at: newest_seen_at(db)?,
    })
}

fn newest_seen_at(db: &Connection) -> rusqlite::Result<Option<Millis>> {
    let newest = "SELECT seen_at FROM events ORDER BY seq DESC LIMIT 1";
    db.query_row(newest, [], |row| row.get(0)).optional()
}

/// How far the log reaches.
struct Limits {
    floor: u64,
    tip: u64,
    holes: Vec<(u64, u64)>,
}

/// After an unclean stop what was reserved and is not stored becomes a hole, since
/// it may have been published.
fn limits(db: &Connection) -> Result<Limits, LogError> {
    let ends = db.query_row("SELECT min(seq), max(seq) FROM events", [], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    let (first, stored): (Option<u64>, Option<u64>) = ends;
    let reserved_to = meta(db, "reserved_to")?
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    let stored = stored.unwrap_or(0);
    let tip = stored.max(reserved_to);
    if !is_clean(db)? && stored < tip {
        let hole = last_hole_end(db)?.max(stored) + 1;
        if hole <= tip {
            db.execute("INSERT OR REPLACE INTO holes VALUES (?, ?)", [hole, tip])?;
        }
    }
    let mut holes = db.prepare("SELECT first_seq, last_seq FROM holes ORDER BY first_seq")?;
    let holes = holes
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let floor = first.unwrap_or(tip + 1);
    Ok(Limits { floor, tip, holes })
}

fn is_clean(db: &Connection) -> rusqlite::Result<bool> {
    Ok(meta(db, "is_clean")?.as_deref() == Some("1"))
}

fn last_hole_end(db: &Connection) -> rusqlite::Result<u64> {
    db.query_row("SELECT coalesce(max(last_seq), 0) FROM holes", [], |row| {
        row.get(0)
    })
}

fn positions(db: &Connection) -> Result<BTreeMap<String, String>, LogError> {
    let mut positions = db.prepare("SELECT source, position FROM positions")?;
    let rows = positions.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn meta(db: &Connection, key: &str) -> rusqlite::Result<Option<String>> {
    db.query_row("SELECT value FROM meta WHERE key = ?", [key], |row| {
        row.get(0)
    })
    .optional()
}
