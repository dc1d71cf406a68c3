//! Reading ahead: unpacking and decoding on threads of their own, while the caller works on what they found.

use std::{
    collections::VecDeque,
    fmt, fs, io,
    sync::mpsc::{Receiver, sync_channel},
    thread,
};

use wire::{Millis, author::AuthorKey};

use super::{Item, files::File, merge::Merge, track::Track};

/// How many threads read ahead when there are files enough.
const N_READERS: usize = 2;
/// Items are handed over in batches, of which so many may wait: enough to never stand still, and
/// some megabytes at the most.
const BATCH_ITEMS: usize = 256;
const MAX_WAITING_BATCHES: usize = 4;

/// The merged items of all tracks. Dropping it ends the threads.
pub(super) struct Ahead {
    parts: Vec<Part>,
}

/// Some of the tracks, merged.
struct Part {
    source: Source,
    /// What has been taken from the source and not been used yet; empty only at the end.
    batch: VecDeque<(Millis, Item)>,
}

enum Source {
    /// Tables, which have been read already.
    Here(Box<Merge>),
    /// Lines, which a thread reads. It ends when nobody receives any more.
    Thread(Receiver<VecDeque<(Millis, Item)>>),
}

impl Ahead {
    /// Starts the threads, or says that the system has none left.
    pub(super) fn start(files: &[File], tracks: Vec<Track>, key: AuthorKey) -> io::Result<Self> {
        let (mut lines, tables): (Vec<Track>, Vec<Track>) =
            tracks.into_iter().partition(Track::has_lines);
        let n_bytes = |track: &Track| {
            let file = files.get(track.file_idx());
            file.and_then(|file| fs::metadata(&file.path).ok())
                .map_or(0, |meta| meta.len())
        };
        // Largest first, each to the thread that has least to do.
        lines.sort_by_cached_key(|track| std::cmp::Reverse(n_bytes(track)));
        let n_threads = N_READERS.min(lines.len());
        let mut groups: Vec<(u64, Vec<Track>)> = (0..n_threads).map(|_| (0, Vec::new())).collect();
        for track in lines {
            if let Some(group) = groups.iter_mut().min_by_key(|(n_bytes, _)| *n_bytes) {
                group.0 += n_bytes(&track);
                group.1.push(track);
            }
        }
        let merges = groups
            .into_iter()
            .map(|(_, tracks)| Merge::new(tracks, key));
        let parts: io::Result<Vec<Part>> = merges
            .map(|merge| Ok(Part::new(Source::spawn(merge)?)))
            .collect();
        let mut parts = parts?;
        parts.push(Part::new(Source::Here(Box::new(Merge::new(tables, key)))));
        Ok(Self { parts })
    }

    pub(super) fn next_item(&mut self) -> Option<Item> {
        let due = |part: &Part| part.batch.front().map(|(at, item)| (*at, item.file_idx));
        let waiting = self.parts.iter_mut().filter_map(|part| {
            part.refill();
            due(part).map(|due| (due, part))
        });
        let (_, part) = waiting.min_by_key(|(due, _)| *due)?;
        part.batch.pop_front().map(|(_, item)| item)
    }
}

impl Part {
    fn new(source: Source) -> Self {
        Self {
            source,
            batch: VecDeque::new(),
        }
    }

    fn refill(&mut self) {
        if self.batch.is_empty() {
            self.batch = match &mut self.source {
                Source::Here(merge) => merge.next_batch(BATCH_ITEMS),
                Source::Thread(batches) => batches.recv().unwrap_or_default(),
            };
        }
    }
}

impl Source {
    fn spawn(mut merge: Merge) -> io::Result<Self> {
        let (sender, receiver) = sync_channel(MAX_WAITING_BATCHES);
        let read = move || {
            loop {
                let batch = merge.next_batch(BATCH_ITEMS);
                let is_end = batch.is_empty();
                if is_end || sender.send(batch).is_err() {
                    break;
                }
            }
        };
        thread::Builder::new()
            .name("recording".to_owned())
            .spawn(read)?;
        Ok(Self::Thread(receiver))
    }
}

impl fmt::Debug for Ahead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ahead")
            .field("n_parts", &self.parts.len())
            .finish_non_exhaustive()
    }
}
