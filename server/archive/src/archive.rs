//! An archive that is open for writing: what is appended is in it once, whatever happens in between.
//!
//! Files are written first, under names that were never used; the manifest, which makes them count, last and
//! as a whole. What a crash leaves besides is removed at the next start. Who reads by the manifest sees every
//! event once at any time; who reads whole folders may see a file and what it was merged into for a moment.

mod tidy;

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{BuildHasher, Hasher, RandomState},
};

use futures::{StreamExt, TryStreamExt};
use object_store::UpdateVersion;
use wire::{Body, Cursor, Event, LogId};

use crate::{
    Codec, FormatError, Kind, daily, decode, encode,
    manifest::{MANIFEST, Manifest, Part, Partition, VERSION, Withdrawn, day_of, hour_of},
    place::{Place, PlaceError},
    source_of, withdraw,
};

/// Files that are written at once.
const PUTS_AT_ONCE: usize = 8;

/// Why something cannot be archived.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The folder or bucket fails, or another archiver writes there.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// A file of the archive cannot be read, or events cannot become one.
    #[error("{path:?}: {source}")]
    Format {
        /// The file.
        path: String,
        /// Why.
        source: FormatError,
    },
    /// The manifest cannot be read.
    #[error("the archive's manifest is not one: {0}")]
    Manifest(#[from] serde_json::Error),
    /// The manifest is of a newer version.
    #[error("the archive's manifest has the version {0}, and this program knows {VERSION}")]
    Version(u32),
    /// Events of another log than the one that was followed so far.
    #[error("the archive follows the log {0}; events of {1} need a new beginning first")]
    OtherLog(LogId, LogId),
}

/// An archive that is open for writing.
#[derive(Debug)]
pub struct Archive {
    place: Place,
    manifest: Manifest,
    version: Option<UpdateVersion>,
    /// In the names of this run's files, so that no two runs write the same one.
    run: u64,
    codec: Codec,
}

impl Archive {
    /// Opens an archive, made where there is none, and removes what a crash left.
    ///
    /// # Errors
    /// [`ArchiveError`].
    pub async fn open(place: Place) -> Result<Self, ArchiveError> {
        let found = place.find(MANIFEST).await?;
        let (manifest, version) = match found {
            Some((text, version)) => (serde_json::from_slice(&text)?, Some(version)),
            None => (Manifest::default(), None),
        };
        if manifest.version > VERSION {
            return Err(ArchiveError::Version(manifest.version));
        }
        let archive = Self {
            place,
            manifest,
            version,
            run: RandomState::new().build_hasher().finish(),
            codec: Codec::default(),
        };
        archive.remove_orphans().await?;
        Ok(archive)
    }

    /// Files of events are compressed like this from now on; those that are there stay as they are.
    pub fn compress_by(&mut self, codec: Codec) {
        self.codec = codec;
    }

    /// Which files count.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Up to where the relay's log is archived; `None` for an empty archive.
    pub fn position(&self) -> Option<&Cursor> {
        self.manifest.position.as_ref()
    }

    /// Archives the events of `log` up to `to`; those that it has already are left out.
    ///
    /// # Errors
    /// [`ArchiveError`]; nothing has changed then, and the same may be tried again.
    pub async fn append(
        &mut self,
        log: &LogId,
        to: u64,
        mut events: Vec<Event>,
    ) -> Result<(), ArchiveError> {
        let from = match &self.manifest.position {
            Some(position) if position.log != *log => {
                return Err(ArchiveError::OtherLog(position.log.clone(), log.clone()));
            }
            Some(position) => position.seq + 1,
            None => 1,
        };
        if to < from {
            return Ok(());
        }
        events.retain(|event| (from..=to).contains(&event.seq) && Kind::of(&event.body).is_some());
        events.sort_by_key(|event| event.seq);
        events.dedup_by_key(|event| event.seq);
        let mut next = self.manifest.clone();
        let mut older = honour_withdrawals(&mut events);
        if !self.manifest.parts.iter().all(|part| part.log == *log) {
            // What was found here may have been sent in an earlier log, too.
            older.extend(withdrawals(&events));
        }
        next.withdrawn.extend(older);
        next.stale_days
            .extend(events.iter().filter_map(daily::day_touched));
        let parts = sort(events);
        let parts = parts.into_iter().map(|(partition, events)| {
            let name = self.name(log, from, to);
            (partition, name, events)
        });
        let written = self.write_all(log, (from, to), parts.collect()).await?;
        next.parts.extend(written);
        next.position = Some(Cursor {
            log: log.clone(),
            seq: to,
        });
        self.commit(next, Vec::new()).await
    }

    /// Goes on with another log, from its beginning.
    ///
    /// # Errors
    /// [`ArchiveError`].
    pub async fn follow_log(&mut self, log: &LogId) -> Result<(), ArchiveError> {
        let position = Cursor {
            log: log.clone(),
            seq: 0,
        };
        let next = Manifest {
            position: Some(position),
            ..self.manifest.clone()
        };
        self.commit(next, Vec::new()).await
    }

    /// Throws away what came from the log that was followed: the relay plays its recording again.
    ///
    /// # Errors
    /// [`ArchiveError`].
    pub async fn discard_log(&mut self) -> Result<(), ArchiveError> {
        let Some(position) = self.manifest.position.clone() else {
            return Ok(());
        };
        let mut next = self.manifest.clone();
        let (gone, kept) = next
            .parts
            .drain(..)
            .partition(|part| part.log == position.log);
        let gone: Vec<Part> = gone;
        next.parts = kept;
        // Prices touch the day before the one they lie in, too.
        let days = gone.iter().map(|part| day_of(part.hour));
        next.stale_days.extend(days.flat_map(|day| [day - 1, day]));
        next.position = None;
        let gone = gone.into_iter().map(|part| part.path).collect();
        self.commit(next, gone).await
    }

    /// The events of a file of this archive.
    ///
    /// # Errors
    /// [`ArchiveError`].
    pub async fn read(&self, part: &Part) -> Result<Vec<Event>, ArchiveError> {
        let file = self.place.get(&part.path).await?;
        decode(file).map_err(|source| failed(&part.path, source))
    }

    async fn write_all(
        &self,
        log: &LogId,
        (from, to): (u64, u64),
        parts: Vec<(Partition, String, Vec<Event>)>,
    ) -> Result<Vec<Part>, ArchiveError> {
        let parts = futures::stream::iter(parts).map(async |(partition, name, events)| {
            self.write_part(log, (from, to), &partition, &name, &events)
                .await
        });
        parts.buffered(PUTS_AT_ONCE).try_collect().await
    }

    /// It counts once the manifest names it.
    async fn write_part(
        &self,
        log: &LogId,
        (from, to): (u64, u64),
        partition: &Partition,
        name: &str,
        events: &[Event],
    ) -> Result<Part, ArchiveError> {
        let path = partition.path(name);
        let file = encode(partition.kind, &partition.source, log, self.codec, events)
            .map_err(|source| failed(&path, source))?;
        let bytes = file.len() as u64;
        self.place.put(&path, file).await?;
        Ok(Part {
            path,
            kind: partition.kind.name().to_owned(),
            source: partition.source.clone(),
            hour: partition.hour,
            log: log.clone(),
            from,
            to,
            rows: events.len() as u64,
            bytes,
        })
    }

    /// Never used before, also not by a run that was killed or by another archiver.
    fn name(&self, log: &LogId, from: u64, to: u64) -> String {
        let generation = self.manifest.generation + 1;
        format!(
            "{log}-{from}-{to}-{generation}-{:08x}.parquet",
            self.run >> 32
        )
    }

    /// Makes `next` what counts; then what no longer counts goes.
    async fn commit(&mut self, mut next: Manifest, gone: Vec<String>) -> Result<(), ArchiveError> {
        next.version = VERSION;
        next.generation = self.manifest.generation + 1;
        let text = serde_json::to_vec(&next)?;
        let version = self.place.replace(MANIFEST, text, self.version.clone());
        self.version = Some(version.await?);
        self.manifest = next;
        for path in gone {
            if let Err(error) = self.place.remove(&path).await {
                tracing::warn!(%error, path, "a file that no longer counts stays for now");
            }
        }
        Ok(())
    }

    async fn remove_orphans(&self) -> Result<(), ArchiveError> {
        let parts = self.manifest.parts.iter().map(|part| part.path.as_str());
        let daily = self.manifest.daily.iter().map(|daily| daily.path.as_str());
        let known: BTreeSet<&str> = parts.chain(daily).collect();
        let folders = Kind::ALL.map(|kind| format!("kind={kind}"));
        let tables = daily::TABLES.map(|table| format!("daily={table}"));
        for folder in folders.iter().chain(&tables) {
            for path in self.place.settled(folder).await? {
                if !known.contains(path.as_str()) {
                    self.place.remove(&path).await?;
                }
            }
        }
        Ok(())
    }
}

fn failed(path: &str, source: FormatError) -> ArchiveError {
    ArchiveError::Format {
        path: path.to_owned(),
        source,
    }
}

/// Empties the posts of this batch that are withdrawn in it; returns the others, which are older.
fn honour_withdrawals(events: &mut [Event]) -> BTreeSet<Withdrawn> {
    let mut named: BTreeSet<Withdrawn> = withdrawals(events).collect();
    if named.is_empty() {
        return named;
    }
    for event in events {
        if let Body::Post(post) = &mut event.body
            && named.remove(&Withdrawn {
                source: post.source.clone(),
                id: post.id.clone(),
            })
        {
            withdraw(post);
        }
    }
    named
}

fn withdrawals(events: &[Event]) -> impl Iterator<Item = Withdrawn> {
    events.iter().filter_map(|event| match &event.body {
        Body::Delete(delete) => Some(Withdrawn {
            source: delete.source.clone(),
            id: delete.id.clone(),
        }),
        _ => None,
    })
}

fn sort(events: Vec<Event>) -> BTreeMap<Partition, Vec<Event>> {
    let mut parts: BTreeMap<Partition, Vec<Event>> = BTreeMap::new();
    for event in events {
        let Some(kind) = Kind::of(&event.body) else {
            continue;
        };
        let partition = Partition {
            kind,
            source: source_of(&event.body).to_owned(),
            hour: hour_of(event.at),
        };
        parts.entry(partition).or_default().push(event);
    }
    parts
}

#[cfg(test)]
mod tests;
