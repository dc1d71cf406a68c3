//! Listens to a source as long as this relay is the one that may: of relays that share a log only one has the
//! upstream connection, and the others show what that one says of it.

use std::time::Duration;

use tokio::time::sleep;
use wire::{SourceState, SourceStatus};

use super::{Intake, Source, explain_crash, follow};
use crate::log::LogError;

/// How often a relay that stands by looks at what is said of a source.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Follows a source whenever it is this relay's turn, until it has ended or failed for good.
pub(super) async fn follow_when_leading(mut source: impl Source, intake: Intake) {
    if !intake.log.is_shared() {
        return follow(&mut source, &intake).await;
    }
    let name = source.name().to_owned();
    loop {
        let led = tokio::select! {
            led = intake.log.lead(&name) => led,
            () = mirror(&name, &intake) => Err(LogError::Stopped),
        };
        // The log is closed, and the relay with it.
        let Ok((log, grant)) = led else { return };
        let intake = Intake {
            log,
            ..intake.clone()
        };
        let has_ended = tokio::select! {
            () = async {
                explain_crash(&source, &intake).await;
                follow(&mut source, &intake).await;
            } => true,
            () = grant.lost() => false,
        };
        source.hang_up();
        if has_ended {
            intake.log.let_go(&name);
            return;
        }
        tracing::warn!(source = name, "another relay may listen to it now");
    }
}

/// Shows what the relay that listens has said last; never returns.
async fn mirror(name: &str, intake: &Intake) {
    let mut shown = None;
    loop {
        let said = intake
            .log
            .last_status(name)
            .unwrap_or_else(|| SourceStatus {
                state: SourceState::Connecting,
                detail: Some("another relay listens to it".to_owned()),
                ..SourceStatus::default()
            });
        if shown.as_ref() != Some(&said) {
            let now = said.since.unwrap_or_else(|| intake.clock.now());
            let (board, detail) = (&intake.board, said.detail.clone());
            board.set_state(name, said.state, detail, now);
            shown = Some(said);
        }
        sleep(LOOK_EVERY).await;
    }
}
