//! A recording as a source: reads ahead on a thread of its own and hands out what is due.
//!
//! It begins when the first reader has connected, so that whoever opens the page sees it from its
//! beginning. Time is the recording's own; see [`super::clock`].

mod play;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::watch;
use wire::{Millis, author::AuthorKey, time::HOUR};

use super::{
    AtEnd, Source, Start, Step,
    clock::Clock,
    policy::{Policy, Schedule},
};
use crate::{
    config::{RecordingStart, SourceConfig},
    log::{LastStop, Log},
    net::SourceError,
    recording::RecordingError,
};
use play::{Opened, Pace, Play, first_seen_at};

/// Marks the position of a recording that was played to its end.
const WHOLE: &str = "all ";

/// Plays one recording.
pub(crate) struct RecordingSource {
    config: SourceConfig,
    path: PathBuf,
    key: AuthorKey,
    clock: Arc<Clock>,
    n_readers: watch::Receiver<usize>,
    /// How the relay's last run ended, until the first connection has taken it into account.
    last_stop: LastStop,
    pace: Pace,
    /// Opened already, to find errors before anything else starts. Nobody contends for it; the mutex
    /// makes it shareable between threads, which a recording itself is not.
    opened: Mutex<Option<Opened>>,
    play: Option<Play>,
}

impl RecordingSource {
    /// Opens the recording. Reads all of it once where its length decides the speed. Blocks.
    ///
    /// # Errors
    /// When there is nothing to play.
    pub(crate) fn open(
        config: SourceConfig,
        log: &Log,
        clock: Arc<Clock>,
        n_readers: watch::Receiver<usize>,
    ) -> Result<Self, RecordingError> {
        let path = config.path.clone().unwrap_or_default();
        let key = log.author_key();
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
            last_stop: log.last_stop(),
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
            .map_err(|error| SourceError::Own(error.to_string()))?
            .map_err(|error| SourceError::Own(error.to_string()))
    }

    /// What to remember of how much the log has taken. `whole` marks the end.
    fn position_at(&self, n_taken: u64, whole: &str) -> Option<String> {
        self.config
            .resume
            .then(|| format!("{whole}{n_taken} of {}", self.path.display()))
    }

    /// How many records the log has taken of this recording; `None` when it is to be played from its start.
    ///
    /// One that was played to its end is played again, but not after a crash: then its readers may
    /// still have to be sent the rest.
    fn n_known(&self, position: Option<&str>) -> Option<u64> {
        let position = position.filter(|_| self.config.resume)?;
        let is_over = position.starts_with(WHOLE) && self.last_stop == LastStop::Clean;
        let (n_taken, path) = position.trim_start_matches(WHOLE).split_once(" of ")?;
        let is_same = path == self.path.display().to_string();
        n_taken.parse().ok().filter(|_| is_same && !is_over)
    }
}

impl Source for RecordingSource {
    fn name(&self) -> &str {
        self.config.label()
    }

    fn is_live(&self) -> bool {
        false
    }

    fn policy(&self) -> Policy {
        Policy {
            transport: Schedule::doubling(1, 60),
            at_once_after_success: false,
            ..Policy::USUAL
        }
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
        self.last_stop = LastStop::Clean;
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
            return Err(SourceError::Own("nothing is being played".to_owned()));
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
            return Err(SourceError::Own("nothing is being played".to_owned()));
        };
        match play.take_due(&self.clock, self.pace).await {
            Some(records) => {
                let position = play.n_taken;
                Ok(Step::Records {
                    records,
                    position: self.position_at(position, ""),
                })
            }
            None => {
                let n_taken = play.n_taken;
                self.play = None;
                let next = if self.config.looped {
                    AtEnd::Again(Duration::from_secs_f64(self.config.loop_pause_secs))
                } else {
                    AtEnd::Stay
                };
                Ok(Step::Ended {
                    position: self.position_at(n_taken, WHOLE),
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
        let speed = self.pace.speed;
        let speed = speed.map_or_else(|| "unlimited".to_owned(), |speed| format!("{speed}"));
        tracing::info!(recording = %self.path.display(), %speed, "playing");
    }
}
