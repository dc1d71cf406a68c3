//! The loop that every source shares: connect → decode → filter → de-duplicate → append.
//!
//! A source file says how to connect and what comes; this loop backs off, counts what is refused,
//! keeps the status and never lets an upstream's data stop anything.

#[allow(dead_code, reason = "it is not connected yet")]
mod alpaca;
pub mod board;
pub mod clock;
#[allow(dead_code, reason = "it is not connected yet")]
mod cryptocompare;
#[allow(dead_code, reason = "it is not connected yet")]
mod finnhub;
#[allow(dead_code, reason = "its sources are not connected yet")]
mod html;
#[allow(dead_code, reason = "its sources are not connected yet")]
mod lines;
#[allow(dead_code, reason = "it is not connected yet")]
mod mastodon;
#[allow(dead_code, reason = "it is not connected yet")]
mod minutes;
pub mod recording;
#[allow(dead_code, reason = "it is not connected yet")]
mod reddit;
pub mod sieve;
#[allow(dead_code, reason = "it is not connected yet")]
mod x;

#[cfg(test)]
mod recorded;
#[cfg(test)]
mod tests;

use std::{future::Future, sync::Arc, time::Duration};

use wire::{Body, Event, Millis, SourceState, SourceStatus};

use crate::{
    backoff::Backoff,
    log::{Batch, Log, LogError, Refused},
};
use board::Board;
use clock::Clock;
use sieve::{Record, Sieve, Tally};

/// One upstream.
pub(crate) trait Source: Send {
    /// Its name, as in the configuration.
    fn name(&self) -> &str;

    /// Whether changes of its state belong into the log. Not those of a replay, whose log is to hold
    /// what the recording holds and no more.
    fn logs_its_status(&self) -> bool;

    /// Opens the upstream at the position that was last committed.
    fn connect(
        &mut self,
        position: Option<&str>,
    ) -> impl Future<Output = Result<Start, SourceError>> + Send;

    /// What comes next; waits for it.
    fn next(&mut self) -> impl Future<Output = Result<Step, SourceError>> + Send;
}

/// How a connected source goes on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Start {
    /// Behind what the log holds; that comes again as [`Step::Known`], so that counts stay exact.
    Resume,
    /// From its beginning, in a log of its own.
    Afresh,
}

/// What comes from a source.
#[derive(Debug)]
pub(crate) enum Step {
    /// Records, and the source's position behind them.
    Records {
        records: Vec<Record>,
        position: Option<String>,
    },
    /// Records that the log had taken before a restart: they count and are not appended again.
    Known(Vec<Record>),
    /// There is no more. `position` is what to remember.
    Ended {
        position: Option<String>,
        next: AtEnd,
    },
}

/// What happens when a source has come to its end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum AtEnd {
    /// Nothing.
    Stay,
    /// It begins again after this long.
    Again(Duration),
}

/// Why a source cannot go on.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct SourceError(pub(crate) String);

/// What the loop needs besides the source.
#[derive(Clone)]
pub(crate) struct Intake {
    pub(crate) log: Log,
    pub(crate) filters: wire::config::Filters,
    pub(crate) board: Arc<Board>,
    pub(crate) clock: Arc<Clock>,
}

/// Follows a source until it has ended for good. Dropping it is the way to stop it.
pub(crate) async fn supervise(mut source: impl Source, intake: Intake) {
    let mut attempt = 0;
    loop {
        let follower = Follower::new(&source, &intake);
        let error = match follower.follow(&mut source, &mut attempt).await {
            Ok(AtEnd::Stay) => return,
            Ok(AtEnd::Again(pause)) => {
                tokio::time::sleep(pause).await;
                continue;
            }
            Err(error) => error,
        };
        attempt += 1;
        let pause = Backoff::USUAL.jittered(attempt);
        tracing::warn!(source = source.name(), %error, ?pause, "a source stopped; it will be tried again");
        let detail = format!("{error}; tried again in {} s", pause.as_secs().max(1));
        intake
            .set_state(&source, SourceState::Disconnected, Some(detail))
            .await;
        tokio::time::sleep(pause).await;
    }
}

/// One connection of a source.
struct Follower<'a> {
    intake: &'a Intake,
    sieve: Sieve,
    name: String,
}

impl<'a> Follower<'a> {
    fn new(source: &impl Source, intake: &'a Intake) -> Self {
        Self {
            intake,
            sieve: Sieve::new(intake.filters.clone()),
            name: source.name().to_owned(),
        }
    }

    async fn follow(
        mut self,
        source: &mut impl Source,
        attempt: &mut u32,
    ) -> Result<AtEnd, SourceError> {
        self.intake
            .set_state(source, SourceState::Connecting, None)
            .await;
        let position = self.intake.log.position(&self.name);
        if source.connect(position.as_deref()).await? == Start::Afresh {
            self.begin_afresh().await?;
        }
        self.intake.board.reset_counts(&self.name);
        self.intake
            .set_state(source, SourceState::Connected, None)
            .await;
        *attempt = 0;
        loop {
            match source.next().await? {
                Step::Records { records, position } => {
                    let (events, tally) = self.sieve.sift(records);
                    self.append(events, position).await?;
                    self.intake.board.count(&self.name, &tally);
                }
                Step::Known(records) => {
                    let (_, tally) = self.sieve.sift(records);
                    self.intake.board.count(&self.name, &tally);
                }
                Step::Ended { position, next } => {
                    self.append(Vec::new(), position).await?;
                    let detail = match next {
                        AtEnd::Stay => "played to its end".to_owned(),
                        AtEnd::Again(pause) => {
                            format!("played to its end; begins again in {} s", pause.as_secs())
                        }
                    };
                    self.intake
                        .set_state(source, SourceState::Ended, Some(detail))
                        .await;
                    return Ok(next);
                }
            }
        }
    }

    /// A log that is empty and unused is fresh enough.
    async fn begin_afresh(&self) -> Result<(), SourceError> {
        if self.intake.log.head().tip > 0 {
            self.intake
                .log
                .restart()
                .await
                .map_err(|error| SourceError(error.to_string()))?;
        }
        Ok(())
    }

    /// While the disk is full nothing is taken in and the same batch is tried again and again.
    async fn append(
        &self,
        events: Vec<Event>,
        position: Option<String>,
    ) -> Result<(), SourceError> {
        let position = position.map(|position| (self.name.clone(), position));
        if events.is_empty() && position.is_none() {
            return Ok(());
        }
        let last_at = events.iter().map(|event| event.at).max();
        let mut batch = Batch { events, position };
        let mut attempt = 0;
        loop {
            let refused = match self.intake.log.append(batch).await {
                Ok(_) => break,
                Err(refused) => refused,
            };
            attempt += 1;
            batch = self.wait_for_room(refused, attempt).await?;
        }
        if attempt > 0 {
            self.intake
                .board
                .set_state(&self.name, SourceState::Connected, None);
        }
        self.intake.board.set_last_at(&self.name, last_at);
        Ok(())
    }

    async fn wait_for_room(&self, refused: Refused, attempt: u32) -> Result<Batch, SourceError> {
        let Refused { batch, error } = refused;
        if matches!(error, LogError::Stopped) {
            // The relay is shutting down; this loop is about to be dropped.
            return std::future::pending().await;
        }
        if attempt == 1 {
            tracing::error!(source = self.name, %error, "nothing can be stored; reading goes on");
        }
        let detail =
            format!("{error}; nothing is taken in until it can be stored, reading goes on");
        self.intake
            .board
            .set_state(&self.name, SourceState::Disconnected, Some(detail));
        tokio::time::sleep(Backoff::USUAL.jittered(attempt)).await;
        Ok(batch)
    }
}

impl Intake {
    /// A change goes onto the board and, for live sources, into the log, so that history explains its own holes.
    async fn set_state(&self, source: &impl Source, state: SourceState, detail: Option<String>) {
        let has_changed = self.board.set_state(source.name(), state, detail.clone());
        if !has_changed || !source.logs_its_status() {
            return;
        }
        let status = SourceStatus {
            source: source.name().to_owned(),
            state,
            detail,
            ..SourceStatus::default()
        };
        let now: Millis = self.clock.now();
        let batch = Batch {
            events: vec![Event::live(now, now, Body::Status(status))],
            position: None,
        };
        if let Err(refused) = self.log.append(batch).await {
            tracing::warn!(source = source.name(), error = %refused.error, "a change of state could not be stored");
        }
    }
}

impl Board {
    /// Adds what a sieve let through and held back.
    fn count(&self, source: &str, tally: &Tally) {
        self.change(source, |status| tally.add_to(status));
    }
}
