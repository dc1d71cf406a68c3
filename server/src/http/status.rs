//! How the relay is: for people, for the page, and for whatever watches over it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{Json, extract::State};
use serde::Serialize;
use wire::{LogId, Millis, PublicConfig, SourceStatus};

use super::{AppState, error::Problem};
use crate::log::Log;

/// What makes the relay well: that its logs can be written, and that it is not about to stop.
pub(crate) struct Health {
    logs: Vec<Log>,
    is_draining: AtomicBool,
}

impl Health {
    pub(crate) fn new(logs: Vec<Log>) -> Self {
        Self {
            logs,
            is_draining: AtomicBool::new(false),
        }
    }

    /// From now on others shall be asked.
    pub(crate) fn drain(&self) {
        self.is_draining.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_draining(&self) -> bool {
        self.is_draining.load(Ordering::Relaxed)
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.logs.iter().all(Log::is_open)
    }
}

/// The answer of `GET /api/v1/status`.
#[derive(Debug, Serialize)]
pub(super) struct Status {
    version: &'static str,
    log: LogId,
    /// The oldest seq still held.
    floor: u64,
    /// The newest seq.
    tip: u64,
    /// The clock of the data.
    now: Millis,
    /// Open streams.
    readers: usize,
    sources: Vec<SourceStatus>,
}

pub(super) async fn status(State(state): State<Arc<AppState>>) -> Json<Status> {
    let head = state.log.head();
    Json(Status {
        version: env!("CARGO_PKG_VERSION"),
        log: head.log,
        floor: head.floor,
        tip: head.tip,
        now: state.clock.now(),
        readers: *state.n_readers.borrow(),
        sources: state.board.snapshot(),
    })
}

pub(super) async fn config(State(state): State<Arc<AppState>>) -> Json<PublicConfig> {
    let log = Some(state.log.head().log);
    Json(PublicConfig {
        log,
        ..PublicConfig::clone(&state.public)
    })
}

/// The process runs, and its logs can be written: otherwise only a new start helps.
pub(super) async fn healthz(State(state): State<Arc<AppState>>) -> Result<&'static str, Problem> {
    if state.health.is_alive() {
        Ok("ok\n")
    } else {
        Err(Problem::unavailable("the log cannot be written any more"))
    }
}

/// Requests may be sent here; not while the relay is about to stop.
pub(super) async fn readyz(state: State<Arc<AppState>>) -> Result<&'static str, Problem> {
    if state.health.is_draining() {
        return Err(Problem::unavailable("the relay is stopping"));
    }
    healthz(state).await.map(|_| "ready\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::LogOptions;

    #[tokio::test]
    async fn a_relay_whose_log_has_ended_is_neither_well_nor_ready() {
        let log = Log::in_memory(LogOptions::default()).unwrap();
        let state = State(AppState::for_tests(log.clone()));
        assert!(healthz(state.clone()).await.is_ok());
        assert!(readyz(state.clone()).await.is_ok());

        log.close().await.unwrap();

        assert!(healthz(state.clone()).await.is_err());
        assert!(readyz(state).await.is_err());
    }

    #[tokio::test]
    async fn a_relay_that_is_about_to_stop_is_well_but_not_ready() {
        let log = Log::in_memory(LogOptions::default()).unwrap();
        let state = State(AppState::for_tests(log));

        state.health.drain();

        assert!(healthz(state.clone()).await.is_ok());
        assert!(readyz(state).await.is_err());
    }
}
