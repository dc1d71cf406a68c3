//! How the relay is: for people, for the page, and for whatever watches over it.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Serialize;
use wire::{LogId, Millis, PublicConfig, SourceStatus};

use super::{AppState, error::Problem};

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

/// The process runs.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// Requests may be sent here; not while the relay is stopping.
pub(super) async fn readyz(State(state): State<Arc<AppState>>) -> Result<&'static str, Problem> {
    if *state.stop.borrow() {
        Err(Problem::unavailable("the relay is stopping"))
    } else {
        Ok("ready\n")
    }
}
