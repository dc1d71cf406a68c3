//! The loop that every source shares: connect → decode → filter → de-duplicate → append.
//!
//! A source file says how to connect and what comes; this loop backs off by the upstream's own
//! schedule, counts what is refused, keeps the status and never lets an upstream's data stop anything.

mod alpaca;
pub mod bars;
pub mod binance;
pub mod board;
pub mod clock;
pub mod coinbase;
pub mod coingecko;
mod cryptocompare;
pub mod feeds;
mod finnhub;
pub mod html;
pub mod jetstream;
mod leading;
pub(crate) mod live;
mod mastodon;
mod minutes;
mod needs;
pub(crate) mod policy;
pub mod recording;
mod reddit;
pub mod sieve;
pub(crate) mod subjects;
mod text;
mod x;

#[cfg(test)]
mod faults;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod tests;

use std::{future::Future, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::FutureExt;

use tokio::time::{Instant, sleep};
use wire::{
    Body, Delete, Event, Identity, Millis, Missed, Quote, SourceState, SourceStatus, time::MINUTE,
};

use crate::{
    backoff::Backoff,
    log::{Appended, Batch, Log, LogError, Refused},
    net::{Secret, SourceError},
};
use board::Board;
use clock::Clock;
use policy::{Failures, Policy, Refusal, jittered};
use sieve::{Record, Sieve, Tally};
use subjects::Subjects;

/// A connection that has delivered something and lasted so long has worked. One that is cut sooner has
/// not: an upstream that accepts, sends and closes would be called again and again without a pause.
const WORKED_AFTER: Duration = Duration::from_secs(10);
/// A connection that has lasted so long has worked, even if nothing came.
const WORKED_IN_SILENCE_AFTER: Duration = Duration::from_secs(60);
/// A delete may overtake its post by less than this.
const DELETE_MAY_COME_FIRST: Millis = 10 * MINUTE;

/// One upstream.
pub(crate) trait Source: Send {
    /// Its name, as in the configuration.
    fn name(&self) -> &str;

    /// Whether it listens to the present. Not a replay: its log is to hold what the recording holds
    /// and no more, so that changes of its state stay out.
    fn is_live(&self) -> bool {
        true
    }

    /// When it is tried again.
    fn policy(&self) -> Policy {
        Policy::USUAL
    }

    /// US dollars spent so far, by the upstream's list of prices.
    fn cost_usd(&self) -> Option<f64> {
        None
    }

    /// The newest prices since they were last asked for.
    fn quotes(&mut self) -> Vec<Quote> {
        Vec::new()
    }

    /// When the post that is deleted was written, where the delete tells.
    fn deleted_post_time(&self, _delete: &Delete) -> Option<Millis> {
        None
    }

    /// Opens the upstream at the position that was last committed.
    fn connect(
        &mut self,
        position: Option<&str>,
    ) -> impl Future<Output = Result<Start, SourceError>> + Send;

    /// Lets go of a connection that has failed: nothing of it is to stay open while the next one is waited for.
    fn hang_up(&mut self) {}

    /// What comes next; waits for it, but not without a limit.
    fn next(&mut self) -> impl Future<Output = Result<Step, SourceError>> + Send;
}

/// How a connected source goes on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Start {
    /// With the present, and whatever the upstream offers again of the past.
    Live,
    /// Behind what the log holds; that comes again as [`Step::Known`], so that counts stay exact.
    Resume,
    /// From its beginning, in a log of its own.
    Afresh,
}

/// What comes from a source.
#[derive(Debug)]
pub(crate) enum Step {
    /// Records, perhaps none, and the source's position behind them.
    Records {
        records: Vec<Record>,
        position: Option<String>,
    },
    /// Records that the log had taken before a restart: they count and are not appended again.
    Known(Vec<Record>),
    /// What was posted in this stretch of time will not come any more.
    Missed(Missed),
    /// Everything of these authors, named by their hashes, has to go.
    AuthorsGone(Vec<String>),
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

/// What the loop needs besides the source.
#[derive(Clone)]
pub(crate) struct Intake {
    pub(crate) log: Log,
    pub(crate) filters: wire::config::Filters,
    /// What posts have to be about; `None` keeps them all.
    pub(crate) subjects: Option<Arc<Subjects>>,
    /// The source's key, so that nothing shows it that the upstream says.
    pub(crate) key: Option<Secret>,
    pub(crate) board: Arc<Board>,
    pub(crate) clock: Arc<Clock>,
}

/// Follows a source until it has ended or failed for good. Dropping it is the way to stop it.
///
/// A fault of ours ends this source only, and is said like any other failure.
pub(crate) async fn supervise(mut source: impl Source, intake: Intake) {
    follow(&mut source, &intake).await;
}

/// The same of a source that is used again if this is dropped.
async fn follow(source: &mut impl Source, intake: &Intake) {
    let (name, is_live) = (source.name().to_owned(), source.is_live());
    let attended = AssertUnwindSafe(attend(source, intake));
    if attended.catch_unwind().await.is_err() {
        let error = SourceError::Own("a fault of the relay itself".to_owned());
        let mut follower = Follower::new(name, is_live, intake);
        follower.failed(&error, 1, None).await;
    }
}

async fn attend(source: &mut impl Source, intake: &Intake) {
    let mut follower = Follower::new(source.name().to_owned(), source.is_live(), intake);
    let mut failures = Failures::default();
    // Where there is a key it may be at fault; a recording that cannot be read stays so.
    let is_open_to_all = follower.is_live && intake.key.is_none();
    let refusal = if is_open_to_all {
        Refusal::MayPass
    } else {
        Refusal::IsFinal
    };
    follower.set_state(SourceState::Connecting, None).await;
    loop {
        (follower.has_delivered, follower.worked) = (false, false);
        let error = match follower.follow(source).await {
            Ok(AtEnd::Stay) => return,
            Ok(AtEnd::Again(pause)) => {
                sleep(pause).await;
                continue;
            }
            Err(error) if is_open_to_all => error.without_key(),
            Err(error) => error,
        };
        source.hang_up();
        let pause = source
            .policy()
            .pause(&error, &mut failures, follower.worked, refusal)
            .map(jittered);
        follower.failed(&error, failures.all, pause).await;
        let Some(pause) = pause else { return };
        intake.board.rest(&follower.name, pause).await;
    }
}

/// What is known of a source across its connections.
struct Follower<'a> {
    intake: &'a Intake,
    sieve: Sieve,
    name: String,
    is_live: bool,
    /// Whether anything came over this connection …
    has_delivered: bool,
    /// … and whether it has lasted, so that failures before it no longer count.
    worked: bool,
    /// What the log says about the source, so that it says nothing twice.
    logged: Option<(SourceState, Option<String>)>,
}

impl<'a> Follower<'a> {
    fn new(name: String, is_live: bool, intake: &'a Intake) -> Self {
        Self {
            intake,
            sieve: Sieve::new(intake.filters.clone(), intake.subjects.clone()),
            name,
            is_live,
            has_delivered: false,
            worked: false,
            logged: None,
        }
    }

    /// One connection, until it ends or breaks.
    async fn follow(&mut self, source: &mut impl Source) -> Result<AtEnd, SourceError> {
        let position = self.intake.log.position(&self.name);
        let start = source.connect(position.as_deref()).await?;
        if start != Start::Live {
            if start == Start::Afresh {
                self.begin_afresh().await?;
            }
            self.sieve.forget();
            self.intake.board.reset_counts(&self.name);
        }
        self.connected().await;
        let since = Instant::now();
        loop {
            let step = source.next().await;
            self.intake.board.quote(source.quotes());
            let enough = if self.has_delivered {
                WORKED_AFTER
            } else {
                WORKED_IN_SILENCE_AFTER
            };
            self.worked = since.elapsed() >= enough;
            self.spent(source.cost_usd());
            match step? {
                Step::Records { records, position } => {
                    let forgettable = self.forgettable(source, &records);
                    self.take(records, position, forgettable).await?;
                }
                Step::Known(records) => {
                    let (_, tally) = self.sieve.sift(records);
                    self.count(&tally);
                }
                Step::Missed(gap) => self.missed(gap).await,
                Step::AuthorsGone(authors) => self.withdraw(authors).await?,
                Step::Ended { position, next } => {
                    self.take(Vec::new(), position, Vec::new()).await?;
                    let detail = match next {
                        AtEnd::Stay => "played to its end".to_owned(),
                        AtEnd::Again(pause) => {
                            format!("played to its end; begins again in {} s", pause.as_secs())
                        }
                    };
                    self.set_state(SourceState::Ended, Some(detail)).await;
                    return Ok(next);
                }
            }
        }
    }

    /// Deletes of posts so old that they would be in the log if they had been kept. Of a whole network
    /// most deletes are of posts that were never kept, and readers need not hear of them.
    fn forgettable(&self, source: &impl Source, records: &[Record]) -> Vec<u64> {
        let recent = self.intake.clock.now() - DELETE_MAY_COME_FIRST;
        let deletes = records
            .iter()
            .flatten()
            .filter_map(|event| match &event.body {
                Body::Delete(delete) => Some(delete),
                _ => None,
            });
        let old = deletes.filter(|delete| {
            let written = source.deleted_post_time(delete);
            written.is_some_and(|at| at < recent)
        });
        old.map(|delete| Identity::of_post(&delete.source, &delete.id).0)
            .collect()
    }

    async fn take(
        &mut self,
        records: Vec<Record>,
        position: Option<String>,
        forgettable: Vec<u64>,
    ) -> Result<(), SourceError> {
        self.has_delivered |= !records.is_empty();
        let (events, mut tally) = self.sieve.sift(records);
        // A commit for nothing would wake every reader for nothing.
        let stored = self.intake.log.position(&self.name);
        let position = position.filter(|position| stored.as_ref() != Some(position));
        let batch = Batch {
            events,
            position: position.map(|position| (self.name.clone(), position)),
            forgettable,
        };
        let appended = self.append(batch).await?;
        tally.repeated(appended);
        self.count(&tally);
        Ok(())
    }

    fn count(&self, tally: &Tally) {
        self.intake.board.count(&self.name, tally);
        if self.is_live {
            self.intake.board.count_rate(&self.name, tally.received);
        }
    }

    fn spent(&self, cost_usd: Option<f64>) {
        if cost_usd.is_some() {
            let board = &self.intake.board;
            board.change(&self.name, |status| status.cost_usd = cost_usd);
        }
    }

    /// A log that is empty and unused is fresh enough.
    async fn begin_afresh(&self) -> Result<(), SourceError> {
        if self.intake.log.head().tip > 0 {
            let restarted = self.intake.log.restart().await;
            restarted.map_err(|error| SourceError::Own(error.to_string()))?;
        }
        Ok(())
    }

    async fn withdraw(&self, authors: Vec<String>) -> Result<(), SourceError> {
        for author in authors {
            let now = self.intake.clock.now();
            let withdrawn = self.intake.log.withdraw_author(&author, now).await;
            withdrawn.map_err(|error| SourceError::Own(error.to_string()))?;
        }
        Ok(())
    }

    /// While the disk is full nothing is taken in
    /// and the same batch is tried again and again.
    async fn append(&mut self, mut batch: Batch) -> Result<Appended, SourceError> {
        if batch.events.is_empty() && batch.position.is_none() {
            return Ok(Appended::default());
        }
        let last_at = batch.events.iter().map(|event| event.at).max();
        let mut attempt = 0;
        let appended = loop {
            let refused = match self.intake.log.append(batch).await {
                Ok(appended) => break appended,
                Err(refused) => refused,
            };
            attempt += 1;
            batch = self.wait_for_room(refused, attempt).await?;
        };
        if attempt > 0 {
            self.connected().await;
        }
        self.intake.board.set_last_at(&self.name, last_at);
        Ok(appended)
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
        let (board, now) = (&self.intake.board, self.intake.clock.now());
        board.set_state(&self.name, SourceState::Disconnected, Some(detail), now);
        sleep(Backoff::USUAL.jittered(attempt)).await;
        Ok(*batch)
    }
}

/// What is told about the source: at once on the board, and in the log of a live source, so that
/// history explains its own holes.
impl Follower<'_> {
    async fn connected(&mut self) {
        self.intake.board.change(&self.name, |status| {
            (status.error, status.retry_at, status.attempts) = (None, None, 0);
        });
        self.set_state(SourceState::Connected, None).await;
    }

    async fn failed(&mut self, error: &SourceError, attempts: u32, pause: Option<Duration>) {
        let now = self.intake.clock.now();
        let retry_at = pause.map(|pause| now.saturating_add(pause.as_millis() as Millis));
        self.intake.board.change(&self.name, |status| {
            status.error = Some(error.word().to_owned());
            (status.attempts, status.retry_at) = (attempts, retry_at);
        });
        if pause.is_some() {
            self.intake.board.note_fault(&self.name, |faults| {
                *faults.n_reconnects.entry(error.word()).or_default() += 1;
            });
        }
        let error = match &self.intake.key {
            Some(key) => key.redact(&error.to_string()),
            None => error.to_string(),
        };
        let detail = match pause {
            None => error.clone(),
            Some(Duration::ZERO) => format!("{error}; tried again at once"),
            Some(pause) => format!("{error}; tried again in {} s", pause.as_secs().max(1)),
        };
        let state = if pause.is_some() {
            SourceState::Disconnected
        } else {
            SourceState::Failed
        };
        tracing::warn!(source = self.name, %error, ?pause, attempts, "a source cannot be heard");
        self.set_state(state, Some(detail)).await;
    }

    async fn missed(&mut self, gap: Missed) {
        tracing::warn!(
            source = self.name,
            from = gap.from,
            to = gap.to,
            "events were missed"
        );
        let board = &self.intake.board;
        board.note_fault(&self.name, |faults| faults.n_gaps += 1);
        board.change(&self.name, |status| status.gap = Some(gap));
        self.log_status().await;
    }

    async fn set_state(&mut self, state: SourceState, detail: Option<String>) {
        let now = self.intake.clock.now();
        self.intake.board.set_state(&self.name, state, detail, now);
        let said = (state, self.intake.board.status(&self.name).error);
        if self.logged.as_ref() != Some(&said) {
            self.logged = Some(said);
            self.log_status().await;
        }
    }

    /// Without counters: those of the present are in every tip.
    async fn log_status(&self) {
        if !self.is_live {
            return;
        }
        let now = self.intake.clock.now();
        let status = self.intake.board.status(&self.name);
        log_status(&self.intake.log, status, now, now).await;
    }
}

/// Says of a live source that nothing was heard since the relay broke off, so that the time until it
/// listens again is a hole and not a time without posts.
pub(crate) async fn explain_crash(source: &impl Source, intake: &Intake) {
    if let Some(at) = intake.log.broke_off_at() {
        let detail = "the relay broke off".to_owned();
        let status = unheard(source.name().to_owned(), detail, at);
        log_status(&intake.log, status, at, intake.clock.now()).await;
    }
}

/// The same of every source that was heard until the relay was stopped. Their loops have ended.
pub(crate) async fn explain_stop(intake: &Intake) {
    let now = intake.clock.now();
    for status in intake.board.snapshot() {
        if status.state.is_listening() {
            let detail = "the relay was stopped".to_owned();
            let log = intake.log.on_behalf_of(&status.source);
            // What another relay listens to goes on without this one.
            if !intake.log.is_shared() || log.is_leading() {
                log_status(&log, unheard(status.source, detail, now), now, now).await;
            }
        }
    }
}

fn unheard(source: String, detail: String, since: Millis) -> SourceStatus {
    SourceStatus {
        source,
        state: SourceState::Disconnected,
        detail: Some(detail),
        since: Some(since),
        ..SourceStatus::default()
    }
}

/// Stores a change of state as of `at`, without counters.
async fn log_status(log: &Log, status: SourceStatus, at: Millis, now: Millis) {
    let status = SourceStatus {
        received: 0,
        unique: 0,
        kept: 0,
        unique_posts: 0,
        kept_posts: 0,
        dropped: Default::default(),
        per_minute: None,
        ..status
    };
    let source = status.source.clone();
    let event = Event {
        // What the relay says of itself needs no check against its clock.
        at,
        skewed: false,
        ..Event::live(now, now, Body::Status(status))
    };
    let batch = Batch {
        events: vec![event],
        ..Batch::default()
    };
    if let Err(refused) = log.append(batch).await {
        tracing::warn!(source, error = %refused.error, "a change of state could not be stored");
    }
}

impl Board {
    /// Adds what a sieve let through and held back.
    fn count(&self, source: &str, tally: &Tally) {
        self.change(source, |status| tally.add_to(status));
    }
}
