//! State and counters of every source as they are now.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use wire::{Millis, SourceState, SourceStatus};

/// One status a source; changed by the source's own loop, read by whoever tells readers.
#[derive(Debug, Default)]
pub struct Board(Mutex<BTreeMap<String, SourceStatus>>);

impl Board {
    /// Every source's status, by name.
    pub fn snapshot(&self) -> Vec<SourceStatus> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .cloned()
            .collect()
    }

    /// Returns whether the state is another one than before.
    pub(crate) fn set_state(
        &self,
        source: &str,
        state: SourceState,
        detail: Option<String>,
    ) -> bool {
        let mut has_changed = false;
        self.change(source, |status| {
            has_changed = status.state != state;
            (status.state, status.detail) = (state, detail);
        });
        has_changed
    }

    pub(crate) fn set_last_at(&self, source: &str, last_at: Option<Millis>) {
        self.change(source, |status| {
            status.last_at = status.last_at.max(last_at)
        });
    }

    pub(crate) fn reset_counts(&self, source: &str) {
        self.change(source, |status| {
            let (state, detail) = (status.state, status.detail.take());
            *status = SourceStatus {
                source: source.to_owned(),
                state,
                detail,
                ..SourceStatus::default()
            };
        });
    }

    pub(crate) fn change(&self, source: &str, change: impl FnOnce(&mut SourceStatus)) {
        let mut statuses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || SourceStatus {
            source: source.to_owned(),
            ..SourceStatus::default()
        };
        change(statuses.entry(source.to_owned()).or_insert_with(fresh));
    }
}
