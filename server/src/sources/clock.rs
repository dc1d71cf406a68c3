//! The clock of the data: the wall clock, or a replay's own, which never runs ahead of its next event.
//!
//! Time that passes is measured by tokio's clock, which tests pause.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::time::Instant;
use wire::Millis;

/// What readers are told as `now`.
#[derive(Debug, Default)]
pub struct Clock {
    replay: Mutex<Option<Replay>>,
    /// An instant and what the clock showed then; the system's clock where there is none.
    set: Option<(Instant, Millis)>,
}

/// Data time as a function of elapsed time.
#[derive(Clone, Copy, Debug)]
struct Replay {
    from: Millis,
    started: Option<Instant>,
    /// Data milliseconds per millisecond.
    speed: f64,
    /// Time of the newest event handed out; the clock is never behind it.
    reached: Millis,
    /// Time of the next event; the clock is never ahead of it.
    limit: Millis,
}

impl Clock {
    /// A clock that shows `now` and runs on as tokio's time does.
    pub fn starting_at(now: Millis) -> Self {
        Self {
            replay: Mutex::default(),
            set: Some((Instant::now(), now)),
        }
    }

    /// The present of the data.
    pub fn now(&self) -> Millis {
        let replay = *self.replay.lock().unwrap_or_else(PoisonError::into_inner);
        replay.map_or_else(|| self.present(), Replay::now)
    }

    /// The present, whatever is replayed.
    fn present(&self) -> Millis {
        let Some((since, now)) = self.set else {
            return wall_clock();
        };
        now.saturating_add(Millis::try_from(since.elapsed().as_millis()).unwrap_or(Millis::MAX))
    }

    /// Whether this is a replay's clock.
    pub fn is_replay(&self) -> bool {
        self.replay
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some()
    }

    /// Stands still at the beginning of a recording.
    pub(crate) fn hold_at(&self, from: Millis) {
        self.set(Replay {
            from,
            started: None,
            speed: 1.0,
            reached: from,
            limit: from,
        });
    }

    /// Runs from now on at `speed`.
    pub(crate) fn run_from(&self, from: Millis, speed: f64) {
        self.set(Replay {
            from,
            started: Some(Instant::now()),
            speed,
            reached: from,
            limit: from,
        });
    }

    /// Tells how far the replay has got and when its next event is due, in data time.
    pub(crate) fn advance(&self, reached: Millis, limit: Millis) {
        if let Some(replay) = &mut *self.replay.lock().unwrap_or_else(PoisonError::into_inner) {
            replay.reached = replay.reached.max(reached);
            replay.limit = limit.max(replay.reached);
        }
    }

    /// How far the clock would have got by now if no event held it; `None` for the wall clock.
    pub(crate) fn due(&self) -> Option<Millis> {
        let replay = *self.replay.lock().unwrap_or_else(PoisonError::into_inner);
        replay.map(Replay::unlimited)
    }

    /// How long until the replay reaches `at`.
    pub(crate) fn wait_until(&self, at: Millis) -> Duration {
        let replay = *self.replay.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(replay) = replay else {
            return Duration::ZERO;
        };
        let to_go = at.saturating_sub(replay.unlimited());
        if to_go <= 0 {
            return Duration::ZERO;
        }
        // At most a day, after which the caller looks again: a stamp from the far future is no overflow.
        let secs = (to_go as f64 / 1_000.0 / replay.speed).clamp(0.001, 86_400.0);
        Duration::from_secs_f64(secs)
    }

    fn set(&self, replay: Replay) {
        *self.replay.lock().unwrap_or_else(PoisonError::into_inner) = Some(replay);
    }
}

impl Replay {
    fn unlimited(self) -> Millis {
        let elapsed = self
            .started
            .map_or(0.0, |started| started.elapsed().as_secs_f64());
        // A float saturates when it is made an integer.
        self.from
            .saturating_add((elapsed * 1_000.0 * self.speed) as Millis)
    }

    fn now(self) -> Millis {
        self.unlimited().min(self.limit).max(self.reached)
    }
}

fn wall_clock() -> Millis {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_replay_clock_moves_on_between_events_and_waits_for_the_next() {
        let clock = Clock::default();
        clock.run_from(1_000, 60.0);
        clock.advance(1_000, 100_000);

        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(clock.now(), 61_000);

        tokio::time::advance(Duration::from_secs(9)).await;
        assert_eq!(clock.now(), 100_000);
        assert_eq!(clock.due(), Some(601_000));
    }

    #[tokio::test(start_paused = true)]
    async fn a_held_clock_stands_still() {
        let clock = Clock::default();
        clock.hold_at(5);

        tokio::time::advance(Duration::from_secs(9)).await;

        assert_eq!(clock.now(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stamp_from_the_far_future_is_waited_for_in_steps() {
        let clock = Clock::default();
        clock.run_from(0, 1.0);

        assert_eq!(clock.wait_until(Millis::MAX), Duration::from_secs(86_400));
        assert_eq!(clock.wait_until(2_000), Duration::from_secs(2));
    }
}
