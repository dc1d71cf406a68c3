//! Reads what has left memory, over connections of its own that cannot write.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, params};
use wire::Cursor;

use crate::log::{Line, LogError, Want, cold::Cold, line::Kinds};

/// Idle connections are kept for the next read; there are never more than reads at once.
pub(crate) struct SqliteCold {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl SqliteCold {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            idle: Mutex::default(),
        }
    }

    fn connection(&self) -> Result<Connection, LogError> {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        if let Some(db) = idle {
            return Ok(db);
        }
        let db = Connection::open_with_flags(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        db.busy_timeout(Duration::from_secs(5))?;
        Ok(db)
    }
}

impl Cold for SqliteCold {
    fn read(&self, after: &Cursor, up_to: u64, want: &Want) -> Result<(Vec<Line>, u64), LogError> {
        let db = self.connection()?;
        let found = read(&db, after, up_to, want)?;
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(db);
        Ok(found)
    }

    /// The file, and what has not been copied into it yet.
    fn n_bytes(&self) -> Option<u64> {
        let n_bytes = |path: &Path| path.metadata().map(|found| found.len()).ok();
        let ahead = n_bytes(Path::new(&format!("{}-wal", self.path.display())));
        Some(n_bytes(&self.path)? + ahead.unwrap_or(0))
    }
}

fn read(
    db: &Connection,
    after: &Cursor,
    up_to: u64,
    want: &Want,
) -> Result<(Vec<Line>, u64), LogError> {
    let mut select = db.prepare_cached(
        "SELECT seq, at, seen_at, kind, identity, line FROM events
         WHERE seq > ? AND seq <= ? AND kind & ? AND at >= ? AND at < ? ORDER BY seq",
    )?;
    let mut rows = select.query(params![
        after.seq,
        up_to,
        want.kinds.bits(),
        want.from,
        want.to
    ])?;
    let (mut found, mut n_bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let kind = Kinds::from_bits(row.get(3)?);
        let identity = row.get::<_, Option<i64>>(4)?.map_or(0, i64::cast_unsigned);
        let json = row.get_ref(5)?.as_str().map_err(rusqlite::Error::from)?;
        let line = Line::from_parts(
            &after.log,
            row.get(0)?,
            row.get(1)?,
            row.get(2)?,
            kind,
            identity,
            json,
        );
        n_bytes += line.frame().len();
        let seq = line.seq;
        found.push(line);
        if n_bytes >= want.max_bytes || found.len() >= want.max_lines {
            return Ok((found, seq));
        }
    }
    Ok((found, up_to))
}
