//! A recording as a source: reads ahead on a thread of its own and hands out what is due.
//!
//! It begins when the first reader has connected, so that whoever opens the page sees it from its
//! beginning. Time is the recording's own; see [`super::clock`].

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::{mpsc, watch};
use wire::{Millis, author::AuthorKey, time::HOUR};

use super::{AtEnd, Source, SourceError, Start, Step, clock::Clock, sieve::Record};
use crate::{
    config::{RecordingStart, SourceConfig, Speed},
    recording::{Recording, RecordingError},
};

/// Records that are read and handed over together.
const CHUNK: usize = 500;
/// Chunks that may wait: enough to keep the reader's thread busy, little enough to bound memory.
const MAX_WAITING_CHUNKS: usize = 4;
/// Records handed to the log at once.
const MAX_STEP: usize = 2_000;
/// How long the whole of a recording takes at speed `auto`.
const AUTO_SECS: f64 = 180.0;

/// Plays one recording.
pub(crate) struct RecordingSource {
    config: SourceConfig,
    path: PathBuf,
    key: AuthorKey,
    clock: Arc<Clock>,
    n_readers: watch::Receiver<usize>,
    pace: Pace,
    /// Opened already, to find errors before anything else starts. Nobody contends for it; the mutex
    /// makes it shareable between threads, which a recording itself is not.
    opened: Mutex<Option<Opened>>,
    play: Option<Play>,
}

/// A recording whose first records have been taken out, to know when it begins.
struct Opened {
    recording: Recording,
    first: VecDeque<Record>,
}

/// How fast, from when, and what is not waited for.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// Data milliseconds per millisecond; `None` for as fast as possible.
    speed: Option<f64>,
    /// When something is said for the first time; what lies before is handed out at once.
    from: Millis,
    /// What lies behind this is handed out at once.
    to: Millis,
}

/// A recording while it is played.
struct Play {
    chunks: mpsc::Receiver<Vec<Record>>,
    waiting: VecDeque<Record>,
    n_taken: u64,
    /// Records that the log took before a restart and that are still to be passed over.
    n_known: u64,
    has_started: bool,
    reached: Millis,
}

impl RecordingSource {
    /// Opens the recording. Reads all of it once where its length decides the speed. Blocks.
    ///
    /// # Errors
    /// When there is nothing to play.
    pub(crate) fn open(
        config: SourceConfig,
        key: AuthorKey,
        clock: Arc<Clock>,
        n_readers: watch::Receiver<usize>,
    ) -> Result<Self, RecordingError> {
        let path = config.path.clone().unwrap_or_default();
        let opened = Opened::open(&path, &key)?;
        for note in opened.recording.notes() {
            tracing::warn!("{note}");
        }
        let pace = Pace::of(&config, &opened);
        clock.hold_at(pace.from);
        Ok(Self {
            config,
            path,
            key,
            clock,
            n_readers,
            pace,
            opened: Mutex::new(Some(opened)),
            play: None,
        })
    }

    /// Data seconds per second; `None` for as fast as possible.
    pub(crate) fn speed(&self) -> Option<f64> {
        self.pace.speed
    }

    fn preroll(&self) -> Millis {
        (self.config.preroll_hours * HOUR as f64) as Millis
    }

    async fn open_again(&self) -> Result<Opened, SourceError> {
        let (path, key) = (self.path.clone(), self.key);
        let opened = tokio::task::spawn_blocking(move || Opened::open(&path, &key)).await;
        opened
            .map_err(|error| SourceError(error.to_string()))?
            .map_err(|error| SourceError(error.to_string()))
    }

    fn position_at(&self, n_taken: u64) -> Option<String> {
        self.config
            .resume
            .then(|| format!("{n_taken} of {}", self.path.display()))
    }

    fn position_at_end(&self) -> Option<String> {
        self.config
            .resume
            .then(|| format!("end of {}", self.path.display()))
    }

    /// How many records the log has taken of this recording; `None` when it is to be played from its start.
    fn n_known(&self, position: Option<&str>) -> Option<u64> {
        let (n_taken, path) = position?.split_once(" of ")?;
        let is_same = self.config.resume && path == self.path.display().to_string();
        n_taken.parse().ok().filter(|_| is_same)
    }
}

impl Source for RecordingSource {
    fn name(&self) -> &str {
        &self.config.name
    }

    fn logs_its_status(&self) -> bool {
        false
    }

    async fn connect(&mut self, position: Option<&str>) -> Result<Start, SourceError> {
        let opened = self
            .opened
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let opened = match opened {
            Some(opened) => opened,
            None => self.open_again().await?,
        };
        let n_known = self.n_known(position);
        self.clock.hold_at(self.pace.from);
        self.play = Some(Play::start(opened, n_known.unwrap_or(0), self.pace.from));
        Ok(if n_known.is_some() {
            Start::Resume
        } else {
            Start::Afresh
        })
    }

    async fn next(&mut self) -> Result<Step, SourceError> {
        let Some(play) = &mut self.play else {
            return Err(SourceError("nothing is being played".to_owned()));
        };
        if play.n_known > 0 {
            let known = play.take_known().await;
            if !known.is_empty() {
                return Ok(Step::Known(known));
            }
        }
        if !play.has_started {
            self.start_clock().await;
        }
        let Some(play) = &mut self.play else {
            return Err(SourceError("nothing is being played".to_owned()));
        };
        match play.take_due(&self.clock, self.pace).await {
            Some(records) => {
                let position = play.n_taken;
                Ok(Step::Records {
                    records,
                    position: self.position_at(position),
                })
            }
            None => {
                self.play = None;
                let next = if self.config.looped {
                    AtEnd::Again(Duration::from_secs_f64(self.config.loop_pause_secs))
                } else {
                    AtEnd::Stay
                };
                Ok(Step::Ended {
                    position: self.position_at_end(),
                    next,
                })
            }
        }
    }
}

impl RecordingSource {
    /// Waits for the first reader where that is wanted, then lets the clock run.
    async fn start_clock(&mut self) {
        if self.config.start == RecordingStart::FirstReader && *self.n_readers.borrow() == 0 {
            tracing::info!(recording = %self.path.display(), "waiting for the first reader");
            if self.n_readers.wait_for(|n| *n > 0).await.is_err() {
                // The server is gone and takes this loop with it.
                std::future::pending::<()>().await;
            }
        }
        let preroll = self.preroll();
        let Some(play) = &mut self.play else { return };
        play.has_started = true;
        play.fill().await;
        let first = first_seen_at(&play.waiting);
        let begin = self.pace.from.saturating_add(preroll);
        // After a restart it goes on where it was, without waiting for what is known.
        let from = if play.n_taken > 0 {
            begin.max(first.unwrap_or(begin))
        } else {
            begin
        };
        match self.pace.speed {
            Some(speed) => self.clock.run_from(from, speed),
            None => self.clock.hold_at(self.pace.from),
        }
        tracing::info!(recording = %self.path.display(), speed = ?self.pace.speed, "playing");
    }
}

impl Pace {
    fn of(config: &SourceConfig, Opened { recording, first }: &Opened) -> Self {
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

    fn is_due(self, seen_at: Millis, clock: &Clock) -> bool {
        self.speed.is_none() || seen_at > self.to || clock.due().is_none_or(|now| seen_at <= now)
    }
}

impl Opened {
    fn open(path: &Path, key: &AuthorKey) -> Result<Self, RecordingError> {
        let mut recording = Recording::open(path, key)?;
        let items = std::iter::from_fn(|| recording.next_item()).take(CHUNK);
        let first = items.map(|item| item.event).collect();
        Ok(Self { recording, first })
    }
}

/// When the first record that could be decoded was seen.
fn first_seen_at(records: &VecDeque<Record>) -> Option<Millis> {
    records.iter().flatten().map(|event| event.seen_at).next()
}

impl Play {
    fn start(
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
    async fn fill(&mut self) {
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
    async fn take_known(&mut self) -> Vec<Record> {
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
    async fn take_due(&mut self, clock: &Clock, pace: Pace) -> Option<Vec<Record>> {
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

    fn take(&mut self, n_due: usize, clock: &Clock) -> Vec<Record> {
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
