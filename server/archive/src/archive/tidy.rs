//! What is done to an archive from time to time: withdrawn text goes, small files become one, days are summed.

use std::collections::{BTreeMap, BTreeSet};

use wire::LogId;

use super::{Archive, ArchiveError, failed};
use crate::{
    Kind,
    columns::Table,
    daily,
    manifest::{Daily, Part, Partition, day_of, hour_of},
    withdraw,
};

/// So many files of an hour that is not over are merged.
const MANY: usize = 8;
/// Merges that are announced by one manifest.
const MERGES_AT_ONCE: usize = 32;

impl Archive {
    /// Takes withdrawn text out, merges small files, and sums the days that changed.
    ///
    /// # Errors
    /// [`ArchiveError`]; what was done before it stays done.
    pub async fn tidy(&mut self) -> Result<(), ArchiveError> {
        self.withdraw_texts().await?;
        self.merge().await?;
        self.sum_days().await
    }

    /// Looks through every file of posts of the sources in question, newest first, until all are found. One
    /// that is found nowhere was never archived.
    async fn withdraw_texts(&mut self) -> Result<(), ArchiveError> {
        if self.manifest.withdrawn.is_empty() {
            return Ok(());
        }
        // A post has one place in a log, and one more in a log that was begun anew.
        let mut wanted: BTreeMap<(LogId, String), BTreeSet<String>> = BTreeMap::new();
        let logs: BTreeSet<_> = self.manifest.parts.iter().map(|part| &part.log).collect();
        for log in logs {
            for post in &self.manifest.withdrawn {
                let of_source = (log.clone(), post.source.clone());
                wanted.entry(of_source).or_default().insert(post.id.clone());
            }
        }
        let mut next = self.manifest.clone();
        let mut gone = Vec::new();
        for part in next.parts.iter_mut().rev() {
            let of_source = (part.log.clone(), part.source.clone());
            let Some(ids) = wanted.get_mut(&of_source).filter(|ids| !ids.is_empty()) else {
                continue;
            };
            if part.kind == Kind::Post.name()
                && let Some(rewritten) = self.without(part, ids).await?
            {
                let old = std::mem::replace(part, rewritten);
                gone.push(old.path);
            }
        }
        next.withdrawn.clear();
        self.commit(next, gone).await
    }

    /// The file without the text of those posts, if it has any of them; they are taken out of `ids`.
    async fn without(
        &self,
        part: &Part,
        ids: &mut BTreeSet<String>,
    ) -> Result<Option<Part>, ArchiveError> {
        let file = self.place.get(&part.path).await?;
        let read = Table::read(file, |name| name == "id").and_then(|mut table| table.texts("id"));
        let held = read.map_err(|source| failed(&part.path, source))?;
        let found: BTreeSet<String> = held.into_iter().filter(|id| ids.remove(id)).collect();
        let Some(partition) = part.partition().filter(|_| !found.is_empty()) else {
            return Ok(None);
        };
        let mut events = self.read(part).await?;
        for event in &mut events {
            if let wire::Body::Post(post) = &mut event.body
                && found.contains(&post.id)
            {
                withdraw(post);
            }
        }
        let name = self.name(&part.log, part.from, part.to);
        let range = (part.from, part.to);
        let part = self.write_part(&part.log, range, &partition, &name, &events);
        Ok(Some(part.await?))
    }

    /// The files of each hour that is over become one, and those of the present hour once there are many.
    async fn merge(&mut self) -> Result<(), ArchiveError> {
        let newest = self.manifest.parts.iter().map(|part| part.hour).max();
        let present = newest.map_or(0, hour_of);
        let mut folders: BTreeMap<_, Vec<Part>> = BTreeMap::new();
        for part in &self.manifest.parts {
            if let Some(partition) = part.partition() {
                let log = part.log.clone();
                folders
                    .entry((partition, log))
                    .or_default()
                    .push(part.clone());
            }
        }
        let (mut merged, mut gone) = (Vec::new(), BTreeSet::new());
        for ((partition, _), parts) in folders {
            let n_enough = if partition.hour < present { 2 } else { MANY };
            if parts.len() >= n_enough
                && let Some(part) = self.merged(&partition, parts.clone()).await?
            {
                merged.push(part);
                gone.extend(parts.into_iter().map(|part| part.path));
            }
            if merged.len() >= MERGES_AT_ONCE {
                self.replace_parts(&mut merged, &mut gone).await?;
            }
        }
        self.replace_parts(&mut merged, &mut gone).await
    }

    async fn merged(
        &self,
        partition: &Partition,
        mut parts: Vec<Part>,
    ) -> Result<Option<Part>, ArchiveError> {
        parts.sort_by_key(|part| part.from);
        let [first, .., last] = parts.as_slice() else {
            return Ok(None);
        };
        let (log, range) = (&first.log, (first.from, last.to));
        let mut events = Vec::new();
        for part in &parts {
            events.extend(self.read(part).await?);
        }
        let name = self.name(log, range.0, range.1);
        let merged = self.write_part(log, range, partition, &name, &events);
        Ok(Some(merged.await?))
    }

    async fn replace_parts(
        &mut self,
        merged: &mut Vec<Part>,
        gone: &mut BTreeSet<String>,
    ) -> Result<(), ArchiveError> {
        if merged.is_empty() {
            return Ok(());
        }
        let mut next = self.manifest.clone();
        next.parts.retain(|part| !gone.contains(&part.path));
        next.parts.append(merged);
        let gone = std::mem::take(gone);
        self.commit(next, gone.into_iter().collect()).await
    }

    /// Makes the sums of every day that changed anew, from its files.
    async fn sum_days(&mut self) -> Result<(), ArchiveError> {
        if self.manifest.stale_days.is_empty() {
            return Ok(());
        }
        let mut next = self.manifest.clone();
        let days = std::mem::take(&mut next.stale_days);
        let (old, kept) = next
            .daily
            .drain(..)
            .partition(|sum| days.contains(&sum.day));
        let old: Vec<Daily> = old;
        next.daily = kept;
        let name = format!("{}-{:08x}.parquet", next.generation + 1, self.run >> 32);
        for day in days {
            for (table, file) in self.sums(day).await? {
                let path = daily::path(table, day, &name);
                self.place.put(&path, file).await?;
                next.daily.push(Daily {
                    path,
                    table: table.to_owned(),
                    day,
                });
            }
        }
        let gone = old.into_iter().map(|sum| sum.path).collect();
        self.commit(next, gone).await
    }

    async fn sums(&self, day: i64) -> Result<Vec<(&'static str, Vec<u8>)>, ArchiveError> {
        let mut sums = daily::Sums::new(day);
        for part in &self.manifest.parts {
            let kind = Kind::parse(&part.kind);
            // A bar lies where it closed, which may be the first moment of the next day.
            let is_near = match kind {
                Some(Kind::Post) => day_of(part.hour) == day,
                Some(Kind::Bar) => day_of(part.hour) == day || day_of(part.hour) == day + 1,
                _ => false,
            };
            if is_near && let Some(kind) = kind {
                let file = self.place.get(&part.path).await?;
                let added = sums.add(kind, file, &part.source);
                added.map_err(|source| failed(&part.path, source))?;
            }
        }
        sums.files().map_err(|source| failed("daily", source))
    }
}
