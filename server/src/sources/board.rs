//! State and counters of every source as they are now.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, timeout},
};
use wire::{Millis, Quote, SourceState, SourceStatus};

/// Over how long the rate is counted.
const RATE_OVER: Duration = Duration::from_secs(60);
/// Whoever wants a source tried at once is heard no sooner than this after the last time: its upstream is to
/// be spared, whoever looks.
const TRY_EVERY: Duration = Duration::from_secs(10);

/// One status a source; changed by the source's own loop, read by whoever tells readers.
#[derive(Debug, Default)]
pub struct Board {
    entries: Mutex<BTreeMap<String, Entry>>,
    /// By ticker and currency.
    quotes: Mutex<BTreeMap<(String, String), Quote>>,
}

/// What has gone wrong with a source since the relay was started.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    /// Connections that were given up to be made again, by the word for why.
    pub(crate) n_reconnects: BTreeMap<&'static str, u64>,
    /// Stretches of time of which nothing will come any more.
    pub(crate) n_gaps: u64,
}

#[derive(Debug, Default)]
struct Entry {
    status: SourceStatus,
    faults: Faults,
    /// Seconds of the last minute in which records came, and how many; of live sources only.
    recent: Option<VecDeque<(Instant, u64)>>,
    /// Ends the pause before the next attempt.
    woken: Arc<Notify>,
    woken_at: Option<Instant>,
}

impl Board {
    /// Every source's status, by name.
    pub fn snapshot(&self) -> Vec<SourceStatus> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.values_mut().map(Entry::now).collect()
    }

    /// What has gone wrong, by name.
    pub(crate) fn faults(&self) -> Vec<(String, Faults)> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let faults = entries
            .iter()
            .map(|(name, entry)| (name.clone(), entry.faults.clone()));
        faults.collect()
    }

    pub(crate) fn note_fault(&self, source: &str, note: impl FnOnce(&mut Faults)) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        note(&mut entry(&mut entries, source).faults);
    }

    /// The newest price of each instrument in each currency.
    pub fn quotes(&self) -> Vec<Quote> {
        let quotes = self.quotes.lock().unwrap_or_else(PoisonError::into_inner);
        quotes.values().cloned().collect()
    }

    /// Notes prices; of two upstreams the one that was heard last counts.
    pub(crate) fn quote(&self, newest: Vec<Quote>) {
        if newest.is_empty() {
            return;
        }
        let mut quotes = self.quotes.lock().unwrap_or_else(PoisonError::into_inner);
        for quote in newest {
            quotes.insert((quote.ticker.clone(), quote.currency.clone()), quote);
        }
    }

    /// The status of one source.
    pub(crate) fn status(&self, source: &str) -> SourceStatus {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let status = entries.get_mut(source).map(Entry::now);
        status.unwrap_or_else(|| fresh(source))
    }

    /// The pause before the next attempt, unless somebody wants that at once.
    pub(crate) async fn rest(&self, source: &str, pause: Duration) {
        let woken = {
            let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(&entry(&mut entries, source).woken)
        };
        // Either way the next attempt is due.
        let _ = timeout(pause, woken.notified()).await;
    }

    /// Ends the pause of a source; `false` if somebody did so a moment ago.
    pub(crate) fn wake(&self, source: &str) -> bool {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entry(&mut entries, source);
        let is_too_soon = entry.woken_at.is_some_and(|at| at.elapsed() < TRY_EVERY);
        if !is_too_soon {
            entry.woken_at = Some(Instant::now());
            entry.woken.notify_waiters();
        }
        !is_too_soon
    }

    /// Returns whether the state is another one than before. `at` is the clock of the data.
    pub(crate) fn set_state(
        &self,
        source: &str,
        state: SourceState,
        detail: Option<String>,
        at: Millis,
    ) -> bool {
        let mut has_changed = false;
        self.change(source, |status| {
            has_changed = status.state != state || status.since.is_none();
            if has_changed {
                status.since = Some(at);
            }
            (status.state, status.detail) = (state, detail);
        });
        has_changed
    }

    pub(crate) fn set_last_at(&self, source: &str, last_at: Option<Millis>) {
        self.change(source, |status| {
            status.last_at = status.last_at.max(last_at)
        });
    }

    /// Counts records of a live source for its rate.
    pub(crate) fn count_rate(&self, source: &str, n: u64) {
        let now = Instant::now();
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = entry(&mut entries, source).recent.get_or_insert_default();
        // Also while nobody looks.
        forget_old(recent);
        match recent.back_mut() {
            Some((second, counted)) if now.duration_since(*second).as_secs() == 0 => *counted += n,
            _ => recent.push_back((now, n)),
        }
    }

    pub(crate) fn reset_counts(&self, source: &str) {
        self.change(source, |status| {
            let (state, since) = (status.state, status.since);
            let detail = status.detail.take();
            *status = SourceStatus {
                state,
                since,
                detail,
                ..fresh(source)
            };
        });
    }

    pub(crate) fn change(&self, source: &str, change: impl FnOnce(&mut SourceStatus)) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut entry(&mut entries, source).status);
    }
}

impl Entry {
    fn now(&mut self) -> SourceStatus {
        if let Some(recent) = &mut self.recent {
            forget_old(recent);
            self.status.per_minute = Some(recent.iter().map(|(_, n)| n).sum());
        }
        self.status.clone()
    }
}

fn forget_old(recent: &mut VecDeque<(Instant, u64)>) {
    while recent
        .front()
        .is_some_and(|(second, _)| second.elapsed() >= RATE_OVER)
    {
        recent.pop_front();
    }
}

fn entry<'a>(entries: &'a mut BTreeMap<String, Entry>, source: &str) -> &'a mut Entry {
    entries.entry(source.to_owned()).or_insert_with(|| Entry {
        status: fresh(source),
        ..Entry::default()
    })
}

fn fresh(source: &str) -> SourceStatus {
    SourceStatus {
        source: source.to_owned(),
        ..SourceStatus::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn counting_takes_no_more_room_while_nobody_looks() {
        let board = Board::default();
        for _ in 0..1_000 {
            board.count_rate("x", 1);
            tokio::time::advance(Duration::from_secs(1)).await;
        }

        let entries = board.entries.lock().unwrap();
        assert!(entries["x"].recent.as_ref().unwrap().len() <= 60);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_ends_when_somebody_asks_but_not_for_whoever_asks_all_the_time() {
        let board = Arc::new(Board::default());
        let began = Instant::now();
        let rest = |board: &Arc<Board>| {
            let board = Arc::clone(board);
            tokio::spawn(async move { board.rest("x", RATE_OVER).await })
        };

        let first = rest(&board);
        tokio::task::yield_now().await;
        assert!(board.wake("x"));
        first.await.unwrap();
        assert_eq!(began.elapsed(), Duration::ZERO);

        let second = rest(&board);
        tokio::task::yield_now().await;
        assert!(!board.wake("x"));
        second.await.unwrap();
        assert_eq!(began.elapsed(), RATE_OVER);
    }

    #[tokio::test(start_paused = true)]
    async fn the_rate_counts_the_last_minute_only() {
        let board = Board::default();
        for _ in 0..30 {
            board.count_rate("x", 4);
            tokio::time::advance(Duration::from_secs(3)).await;
        }
        assert_eq!(board.status("x").per_minute, Some(76));

        tokio::time::advance(RATE_OVER).await;

        assert_eq!(board.status("x").per_minute, Some(0));
        assert_eq!(board.status("never heard of").per_minute, None);
    }
}
