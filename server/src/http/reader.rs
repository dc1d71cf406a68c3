//! One reader: a cursor and a wish. It pulls from the log whatever lies behind the cursor.
//!
//! Nothing is queued for a reader, and it makes no difference whether that is history or has just been
//! published: there is one loop over one cursor, whoever runs it (`fanout`).

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use wire::{Cursor, Event, LogId, Reset, Tip, ndjson, sse};

use super::{
    AppState,
    choice::Choice,
    gate::StreamPlace,
    metrics::{Resume, Sent},
};
use crate::{
    backoff::chance,
    log::{Kinds, Page, Read, Want},
};

const TIP_EVERY: Duration = Duration::from_secs(2);
const TIP_EVERY_IN_REPLAY: Duration = Duration::from_secs(1);

/// One open stream.
pub(super) struct Reader {
    pub(super) state: Arc<AppState>,
    pub(super) cursor: Cursor,
    pub(super) want: Want,
    /// What is taken out of it for this reader.
    pub(super) choice: Option<Arc<Choice>>,
    /// Events come to it at most so often, and not before then.
    pub(super) conflate: Option<Duration>,
    pub(super) not_before: Instant,
    /// There is more to be sent, and it has to be told when it has caught up.
    is_behind: bool,
    next_tip: Instant,
    next_heartbeat: Instant,
    _counted: Counted,
    _place: StreamPlace,
}

/// What a reader asks for.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    pub(super) kinds: Kinds,
    pub(super) choice: Option<Arc<Choice>>,
    pub(super) conflate: Option<Duration>,
}

/// What has to be said besides events.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Due {
    pub(super) tip: bool,
    pub(super) heartbeat: bool,
}

impl Reader {
    pub(super) fn new(
        state: Arc<AppState>,
        cursor: Cursor,
        wish: Wish,
        place: StreamPlace,
    ) -> Self {
        let now = Instant::now();
        Self {
            cursor,
            want: Want {
                kinds: wish.kinds,
                ..Want::default()
            },
            choice: wish.choice,
            conflate: wish.conflate,
            not_before: now,
            is_behind: true,
            next_tip: now,
            next_heartbeat: now + state.http.heartbeat(),
            _counted: Counted::new(&state),
            _place: place,
            state,
        }
    }

    /// How long to wait before coming back after a break: not everybody at once.
    pub(super) fn retry(&self) -> String {
        let n_readers = *self.state.n_readers.borrow();
        let spread_ms = 2_000.0_f64.max(n_readers as f64 * 2.0);
        let retry_ms = (1_000.0 + spread_ms * chance()) as u32;
        format!("retry: {retry_ms}\n\n")
    }

    /// Adds what was read to a piece and moves on behind it.
    pub(super) fn take(&mut self, read: Read, piece: &mut Vec<u8>, sent: &mut Sent) {
        match read {
            Read::Page(page) => {
                let n_events = self.write_lines(&page, piece);
                sent.events(n_events, page.tip.saturating_sub(self.cursor.seq));
                self.pass(page.scanned, page.tip);
            }
            Read::Gap(gap) => {
                self.state.metrics.gap();
                self.cursor.seq = gap.to;
                self.is_behind = true;
                self.notice(piece, wire::Body::Gap(gap));
                self.heartbeat(piece);
            }
            Read::Reset { log } => {
                self.state.metrics.reset();
                self.cursor = Cursor {
                    log: log.clone(),
                    seq: 0,
                };
                self.is_behind = true;
                // A replay gives the same events again, so that what was stored of it has to go.
                let discard = self.state.clock.is_replay();
                self.notice(piece, wire::Body::Reset(Reset { log, discard }));
                self.heartbeat(piece);
            }
        }
    }

    fn write_lines(&self, page: &Page, piece: &mut Vec<u8>) -> u64 {
        match &self.choice {
            None => {
                page.lines
                    .iter()
                    .for_each(|line| piece.extend_from_slice(line.frame()));
                page.lines.len() as u64
            }
            Some(choice) => {
                let chosen = choice.of(&page.lines);
                chosen
                    .iter()
                    .for_each(|line| piece.extend_from_slice(line.frame()));
                chosen.len() as u64
            }
        }
    }

    /// Moves the cursor over what has been read up to `scanned`; `tip` was the log's then.
    pub(super) fn pass(&mut self, scanned: u64, tip: u64) {
        self.cursor.seq = scanned;
        if scanned < tip {
            self.is_behind = true;
        } else if self.is_behind {
            self.is_behind = false;
            self.next_tip = Instant::now();
        }
    }

    /// Whether the last read did not reach the tip.
    pub(super) fn is_behind(&self) -> bool {
        self.is_behind
    }

    /// Whether it is too soon for events.
    pub(super) fn is_early(&self, now: Instant) -> bool {
        now < self.not_before
    }

    /// Events up to the tip were sent.
    pub(super) fn pace(&mut self, now: Instant) {
        if let Some(conflate) = self.conflate {
            self.not_before = now + conflate;
        }
    }

    pub(super) fn due(&self, now: Instant) -> Due {
        Due {
            tip: now >= self.next_tip,
            heartbeat: now >= self.next_heartbeat,
        }
    }

    /// When something has to be said, even if nothing happens.
    pub(super) fn next_due(&self) -> Instant {
        self.next_tip.min(self.next_heartbeat)
    }

    /// What is said from time to time: how far this reader has been sent, and the tip.
    pub(super) fn tell_time(&mut self, due: Due, piece: &mut Vec<u8>) {
        if due.heartbeat {
            self.heartbeat(piece);
        }
        if due.tip {
            let tip = Tip {
                tip: self.state.log.head().tip,
                scanned: self.cursor.seq,
                now: self.state.clock.now(),
                sources: self.state.board.snapshot(),
                quotes: self.state.board.quotes(),
            };
            self.notice(piece, wire::Body::Tip(tip));
        }
        self.has_been_told(due);
    }

    /// Sets the times of what has just been said, by this reader or by another one for it.
    pub(super) fn has_been_told(&mut self, due: Due) {
        let now = Instant::now();
        if due.heartbeat {
            self.next_heartbeat = now + self.state.http.heartbeat();
        }
        if due.tip {
            let every = if self.state.clock.is_replay() {
                TIP_EVERY_IN_REPLAY
            } else {
                TIP_EVERY
            };
            self.next_tip = now + every;
        }
    }

    pub(super) fn log_id(&self) -> &LogId {
        &self.cursor.log
    }

    /// What this read would mean for a reader that begins with it.
    pub(super) fn beginning(&self, read: Option<&Read>) -> Resume {
        match read {
            Some(Read::Reset { .. }) => Resume::Reset,
            // Whoever begins misses nothing, whatever was trimmed.
            _ if self.cursor.seq == 0 => Resume::Beginning,
            Some(Read::Gap(_)) => Resume::Gap,
            Some(Read::Page(_)) => Resume::Tail,
            None => Resume::Log,
        }
    }

    fn heartbeat(&self, piece: &mut Vec<u8>) {
        piece
            .extend_from_slice(sse::encode_heartbeat(&self.cursor.log, self.cursor.seq).as_bytes());
    }

    fn notice(&self, piece: &mut Vec<u8>, body: wire::Body) {
        let now = self.state.clock.now();
        let event = Event {
            seq: 0,
            seen_at: now,
            at: now,
            skewed: false,
            imported: false,
            body,
        };
        piece.extend_from_slice(sse::encode_notice(&ndjson::encode_line(&event)).as_bytes());
    }
}

/// Counts a stream as long as it is open.
struct Counted(Arc<AppState>);

impl Counted {
    fn new(state: &Arc<AppState>) -> Self {
        state.n_readers.send_modify(|n| *n += 1);
        Self(Arc::clone(state))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.n_readers.send_modify(|n| *n -= 1);
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use wire::event::{Gap, GapReason};

    use super::*;
    use crate::log::{Log, LogOptions};

    #[tokio::test]
    async fn whoever_begins_without_a_cursor_has_missed_nothing_although_the_log_was_trimmed() {
        let state = AppState::for_tests(Log::inline(LogOptions::default()));
        let gap = Read::Gap(Gap {
            from: 1,
            to: 9,
            reason: GapReason::BelowFloor,
        });
        for (seq, expect) in [(0, Resume::Beginning), (5, Resume::Gap)] {
            let log = state.log.head().log;
            let wish = Wish {
                kinds: Kinds::ALL,
                choice: None,
                conflate: None,
            };
            let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
            let place = state.gate.open_stream(here).unwrap();

            let reader = Reader::new(Arc::clone(&state), Cursor { log, seq }, wish, place);

            assert_eq!(reader.beginning(Some(&gap)), expect);
        }
    }
}
