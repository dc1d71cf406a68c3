//! A recording while it is played: what waits, what is due, how fast.

use std::{collections::VecDeque, path::Path};

use tokio::sync::mpsc;
use wire::{Millis, author::AuthorKey};

use crate::{
    config::{SourceConfig, Speed},
    recording::{Recording, RecordingError},
    sources::{clock::Clock, sieve::Record},
};

/// Records that are read and handed over together.
const CHUNK: usize = 500;
/// Chunks that may wait: enough to keep the reader's thread busy, little enough to bound memory.
const MAX_WAITING_CHUNKS: usize = 4;
/// Records handed to the log at once.
const MAX_STEP: usize = 2_000;
/// How long the whole of a recording takes at speed `auto`.
const AUTO_SECS: f64 = 180.0;

/// A recording whose first records have been taken out, to know when it begins.
pub(super) struct Opened {
    pub(super) recording: Recording,
    pub(super) first: VecDeque<Record>,
}

/// How fast, from when, and what is not waited for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Data milliseconds per millisecond; `None` for as fast as possible.
    pub(super) speed: Option<f64>,
    /// When something is said for the first time; what lies before is handed out at once.
    pub(super) from: Millis,
    /// What lies behind this is handed out at once.
    pub(super) to: Millis,
}

/// A recording while it is played.
pub(super) struct Play {
    chunks: mpsc::Receiver<Vec<Record>>,
    pub(super) waiting: VecDeque<Record>,
    pub(super) n_taken: u64,
    /// Records that the log took before a restart and that are still to be passed over.
    pub(super) n_known: u64,
    pub(super) has_started: bool,
    reached: Millis,
}

impl Pace {
    pub(super) fn of(config: &SourceConfig, Opened { recording, first }: &Opened) -> Self {
        let speed = match config.speed {
            Speed::Unlimited => None,
            Speed::Times(speed) => Some(speed),
            Speed::Auto => Some(1.0),
        };
        if speed.is_none() {
            return Self {
                speed,
                from: first_seen_at(first).unwrap_or(0),
                to: Millis::MAX,
            };
        }
        let span = recording
            .post_span()
            .or_else(|| recording.span())
            .unwrap_or((0, 0));
        if config.speed != Speed::Auto {
            return Self {
                speed,
                from: span.0,
                to: Millis::MAX,
            };
        }
        let preroll_secs = config.preroll_hours * 3_600.0;
        let secs = (span.1.saturating_sub(span.0) as f64 / 1_000.0 - preroll_secs).max(1.0);
        Self {
            speed: Some((secs / AUTO_SECS).max(1.0).round()),
            from: span.0,
            to: span.1,
        }
    }

    pub(super) fn is_due(self, seen_at: Millis, clock: &Clock) -> bool {
        self.speed.is_none() || seen_at > self.to || clock.due().is_none_or(|now| seen_at <= now)
    }
}

impl Opened {
    pub(super) fn open(path: &Path, key: &AuthorKey) -> Result<Self, RecordingError> {
        let mut recording = Recording::open(path, key)?;
        let items = std::iter::from_fn(|| recording.next_item()).take(CHUNK);
        let first = items.map(|item| item.event).collect();
        Ok(Self { recording, first })
    }
}

/// When the first record that could be decoded was seen.
pub(super) fn first_seen_at(records: &VecDeque<Record>) -> Option<Millis> {
    records.iter().flatten().map(|event| event.seen_at).next()
}

impl Play {
    pub(super) fn start(
        Opened {
            mut recording,
            first,
        }: Opened,
        n_known: u64,
        from: Millis,
    ) -> Self {
        let (sender, chunks) = mpsc::channel(MAX_WAITING_CHUNKS);
        // The thread ends with the recording, or when nobody receives any more.
        tokio::task::spawn_blocking(move || {
            loop {
                let items = std::iter::from_fn(|| recording.next_item()).take(CHUNK);
                let chunk: Vec<Record> = items.map(|item| item.event).collect();
                if chunk.is_empty() || sender.blocking_send(chunk).is_err() {
                    return;
                }
            }
        });
        Self {
            chunks,
            waiting: first,
            n_taken: 0,
            n_known,
            has_started: false,
            reached: from,
        }
    }

    /// Makes sure that something waits, unless the recording has ended.
    pub(super) async fn fill(&mut self) {
        if self.waiting.is_empty()
            && let Some(chunk) = self.chunks.recv().await
        {
            self.waiting.extend(chunk);
        }
        while self.waiting.len() < MAX_STEP
            && let Ok(chunk) = self.chunks.try_recv()
        {
            self.waiting.extend(chunk);
        }
    }

    /// Records that the log has already; none when the recording has become shorter than it was.
    pub(super) async fn take_known(&mut self) -> Vec<Record> {
        self.fill().await;
        let n = usize::try_from(self.n_known)
            .unwrap_or(usize::MAX)
            .min(self.waiting.len());
        let known: Vec<Record> = self.waiting.drain(..n).collect();
        self.n_known = if n == 0 { 0 } else { self.n_known - n as u64 };
        self.n_taken += n as u64;
        known
    }

    /// Waits until something is due and takes all that is; `None` at the end.
    pub(super) async fn take_due(&mut self, clock: &Clock, pace: Pace) -> Option<Vec<Record>> {
        loop {
            self.fill().await;
            if self.waiting.is_empty() {
                clock.advance(self.reached, self.reached);
                return None;
            }
            let is_due = |record: &&Record| {
                record
                    .as_ref()
                    .map_or(true, |event| pace.is_due(event.seen_at, clock))
            };
            let n_due = self
                .waiting
                .iter()
                .take(MAX_STEP)
                .take_while(is_due)
                .count();
            if n_due > 0 {
                return Some(self.take(n_due, clock));
            }
            let next = first_seen_at(&self.waiting).unwrap_or(self.reached);
            clock.advance(self.reached, next);
            tokio::time::sleep(clock.wait_until(next)).await;
        }
    }

    pub(super) fn take(&mut self, n_due: usize, clock: &Clock) -> Vec<Record> {
        let due: Vec<Record> = self.waiting.drain(..n_due).collect();
        let newest = due.iter().flatten().map(|event| event.seen_at).max();
        self.reached = self.reached.max(newest.unwrap_or(self.reached));
        self.n_taken += n_due as u64;
        clock.advance(
            self.reached,
            first_seen_at(&self.waiting).unwrap_or(self.reached),
        );
        due
    }
}
