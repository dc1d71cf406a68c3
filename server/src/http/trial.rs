//! Tries a source at once, for somebody who wants to know whether it works.
//!
//! A source that is connected is not called again: that it is connected is the answer. Only the pause before the
//! next attempt of one that is not is cut short, and that not again and again.

use std::{sync::Arc, time::Duration};

use axum::extract::{Path, State};
use tokio::time::{Instant, sleep};
use wire::{SourceState, SourceStatus};

use super::{AppState, error::Problem};

/// An attempt that takes longer is reported as under way.
const PATIENCE: Duration = Duration::from_secs(12);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The outcome in a sentence.
pub(super) async fn test(
    State(state): State<Arc<AppState>>,
    Path(name): Path<String>,
) -> Result<String, Problem> {
    let mut sources = state.board.snapshot().into_iter();
    let Some(before) = sources.find(|status| status.source == name) else {
        return Err(Problem::not_found(format!("there is no source {name:?}")));
    };
    if before.retry_at.is_some() && !state.board.wake(&name) {
        return Err(Problem::too_many("this source was tried a moment ago"));
    }
    let asked_at = Instant::now();
    let mut now = before.clone();
    while is_open(&before, &now) && asked_at.elapsed() < PATIENCE {
        sleep(LOOK_EVERY).await;
        now = state.board.status(&name);
    }
    Ok(outcome(&now))
}

/// Whether the attempt has not come to an end.
fn is_open(before: &SourceStatus, now: &SourceStatus) -> bool {
    match now.state {
        SourceState::Connected | SourceState::Ended | SourceState::Failed => false,
        SourceState::Connecting => true,
        SourceState::Disconnected => now.attempts == before.attempts,
    }
}

fn outcome(status: &SourceStatus) -> String {
    let why = status.detail.as_deref().or(status.error.as_deref());
    match status.state {
        SourceState::Connected => match status.per_minute {
            Some(n) => format!("It works: {n} records in the last minute."),
            None => "It works: it is connected.".to_owned(),
        },
        SourceState::Connecting => "It is still being connected.".to_owned(),
        SourceState::Ended => format!("Nothing more comes: {}.", why.unwrap_or("it has ended")),
        SourceState::Failed => format!("It has been given up: {}.", why.unwrap_or("it failed")),
        SourceState::Disconnected => {
            format!(
                "It does not work: {}.",
                why.unwrap_or("it is not connected")
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Log, LogOptions};

    fn state() -> Arc<AppState> {
        AppState::for_tests(Log::in_memory(LogOptions::default()).unwrap())
    }

    async fn ask(state: &Arc<AppState>) -> Result<String, Problem> {
        test(State(Arc::clone(state)), Path("x".to_owned())).await
    }

    #[tokio::test(start_paused = true)]
    async fn a_source_that_is_connected_is_not_called_again() {
        let state = state();
        state.board.set_state("x", SourceState::Connected, None, 0);

        assert_eq!(ask(&state).await.unwrap(), "It works: it is connected.");
        assert!(state.board.wake("x"), "nobody was woken");
    }

    #[tokio::test(start_paused = true)]
    async fn the_answer_is_what_the_next_attempt_comes_to() {
        let state = state();
        let refused = |detail: &str, attempts| {
            let detail = Some(detail.to_owned());
            state
                .board
                .set_state("x", SourceState::Disconnected, detail, 0);
            state.board.change("x", |status| {
                (status.retry_at, status.attempts) = (Some(60_000), attempts);
            });
        };
        refused("no answer", 1);
        let attempt = async {
            state.board.rest("x", Duration::from_secs(3_600)).await;
            refused("HTTP 503", 2);
        };

        // The source rests before anybody asks.
        let ((), told) = tokio::join!(biased; attempt, ask(&state));

        assert_eq!(told.unwrap(), "It does not work: HTTP 503.");
        assert!(ask(&state).await.is_err(), "it was tried a moment ago");
    }

    #[tokio::test]
    async fn an_unknown_source_is_not_tried() {
        assert!(ask(&state()).await.is_err());
    }
}
