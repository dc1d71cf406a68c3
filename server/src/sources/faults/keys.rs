//! What the fault tables of the sources with keys share: key files, the moment a source is back, and
//! one run of one cell.

use std::{
    fs,
    path::PathBuf,
    sync::{OnceLock, PoisonError},
};

use tempfile::TempDir;

use super::*;

/// A file that holds this key.
pub(super) fn key_file(key: &str) -> Option<PathBuf> {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    static WRITING: Mutex<()> = Mutex::new(());
    let folder = FOLDER.get_or_init(|| tempfile::tempdir().unwrap());
    let path = folder.path().join(key);
    let _one_by_one = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    // Another test may be reading it: what is written once stays.
    if !path.exists() {
        fs::write(&path, key).unwrap();
    }
    Some(path)
}

/// What a fault hits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Hits {
    /// A stream that is open.
    OpenStream,
    /// The next answer of an upstream that is asked again and again.
    NextAnswer,
}

/// One fault of one source, and what came of it.
pub(super) struct Run {
    pub(super) listening: Listening,
    heard: Heard,
    back_after: Option<Duration>,
}

impl Run {
    /// Listens for `secs` to `host`, which commits the fault at its time. `is_opening` tells the
    /// requests that open what the fault has closed.
    pub(super) async fn of(
        network: FakeNetwork,
        (host, source): (&str, SourceConfig),
        (fault, hits): (&Fault, Hits),
        secs: u64,
        is_opening: impl Fn(&Request) -> bool,
    ) -> Self {
        let log = Log::inline(LogOptions::default());
        Self::about(
            (log, network),
            Vec::new(),
            (host, source),
            (fault, hits),
            secs,
            is_opening,
        )
        .await
    }

    /// The same with topics, and a log that may hold something already.
    pub(super) async fn about(
        (log, network): (Log, FakeNetwork),
        topics: Vec<Topic>,
        (host, source): (&str, SourceConfig),
        (fault, hits): (&Fault, Hits),
        secs: u64,
        is_opening: impl Fn(&Request) -> bool,
    ) -> Self {
        let name = source.label().to_owned();
        let listening = try_listen(log, network, topics, vec![source]).unwrap();
        listening.run_for(secs).await;

        let refused_for = match fault {
            Fault::Refuse { lasting, .. } => lasting.as_secs(),
            Fault::SlowFirstByte(_) => 60,
            _ => 0,
        };
        let answered_from = FAULT_AT + Duration::from_secs(refused_for);
        let requests = listening.network.requests(host).into_iter();
        let opening = requests.filter(|(_, request)| is_opening(request));
        let mut times = opening.map(|(at, _)| at);
        let opened_again = times
            .find(|at| *at >= answered_from)
            .map(|at| at - FAULT_AT);
        let back_after = match hits {
            Hits::OpenStream => opened_again,
            Hits::NextAnswer => unheard_for(&listening).await,
        };
        let heard = Heard {
            status: listening.board.status(&name),
            statuses: listening.statuses().await,
        };
        Self {
            listening,
            heard,
            back_after,
        }
    }

    pub(super) fn check(&self, differences: &mut Differences, name: &str, expect: Reaction) {
        differences.check(name, expect, &self.heard, self.back_after);
    }

    /// Whether a gap is known that has not been filled.
    pub(super) fn has_gap(&self) -> bool {
        self.heard.status.gap.is_some()
    }
}

/// How long the first trouble lasted, as the log tells it.
async fn unheard_for(listening: &Listening) -> Option<Duration> {
    let events = listening.events(Kinds::STATUS).await;
    let is_in = |event: &&Event, state| matches!(&event.body, Body::Status(status) if status.state == state);
    let from = events
        .iter()
        .find(|event| is_in(event, SourceState::Disconnected))?;
    let mut later = events.iter().filter(|event| event.seq > from.seq);
    let to = later.find(|event| is_in(event, SourceState::Connected))?;
    Some(Duration::from_millis(to.seen_at.abs_diff(from.seen_at)))
}
