//! Where a replay stands: which stored events are due, by a clock of its own.
//!
//! Events come in the order in which they were seen. At a time T exactly those are in that were seen by then,
//! so it makes no difference whether T was played to, stepped to or sought.

use std::collections::VecDeque;

use analysis::{
    Engine,
    protocol::{ReplayOrder, ReplayState},
    view::Range,
};
use chunks::Record;
use wire::{Body, Millis};

use crate::recount;

/// Events that are held ready.
const MAX_QUEUED: usize = 8_192;

#[derive(Debug)]
pub(crate) struct Player {
    /// What is played; both ends are reached.
    range: Range,
    queue: VecDeque<Record>,
    /// Nothing comes behind the queue.
    has_all: bool,
    /// Everything seen by then is in, and nothing else.
    clock: Millis,
    /// It is on its way to this time.
    goal: Option<Millis>,
    /// Seconds of the data a second; `None` for as fast as possible.
    speed: Option<f64>,
    is_playing: bool,
    is_looped: bool,
}

/// What has to happen before it goes on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Next {
    /// Nothing.
    GoOn,
    /// A new engine, and the events from the first one on.
    Restart,
}

impl Player {
    /// On its way to the start of the range.
    pub(crate) fn new(range: Range) -> Self {
        Self {
            range,
            queue: VecDeque::new(),
            has_all: false,
            clock: Millis::MIN,
            goal: Some(range.from),
            speed: Some(60.0),
            is_playing: true,
            is_looped: false,
        }
    }

    /// By when what is next must have been seen to be taken in at once.
    pub(crate) fn due(&self) -> Millis {
        self.goal.unwrap_or(self.clock)
    }

    pub(crate) fn push(&mut self, records: Vec<Record>) {
        self.queue.extend(records);
    }

    /// There are no further events.
    pub(crate) fn end(&mut self) {
        self.has_all = true;
    }

    pub(crate) fn wants_more(&self) -> bool {
        !self.has_all && self.queue.len() < MAX_QUEUED
    }

    /// The time that frames are made for.
    pub(crate) fn clock(&self) -> Millis {
        self.clock
    }

    /// Whether what is in is shown: while a time is sought it is not.
    pub(crate) fn is_shown(&self) -> bool {
        self.goal.is_none() || self.is_playing && self.clock >= self.range.from
    }

    pub(crate) fn state(&self) -> ReplayState {
        ReplayState {
            from: self.range.from,
            to: self.range.to,
            at: self.clock.clamp(self.range.from, self.range.to),
            speed: self.speed,
            is_playing: self.is_playing,
            is_looped: self.is_looped,
        }
    }

    pub(crate) fn obey(&mut self, order: ReplayOrder) -> Next {
        match order {
            ReplayOrder::Play if self.clock >= self.range.to => {
                self.is_playing = true;
                return self.seek(self.range.from);
            }
            ReplayOrder::Play => self.is_playing = true,
            ReplayOrder::Pause => self.stop(),
            ReplayOrder::Step => {
                self.stop();
                self.goal = self.next_seen_at().map(|at| at.min(self.range.to));
            }
            ReplayOrder::Seek(at) => return self.seek(at),
            ReplayOrder::Speed(speed) => {
                self.speed = speed.filter(|speed| *speed > 0.0);
                if self.clock >= self.range.from {
                    self.goal = None;
                }
            }
            ReplayOrder::Loop(is_looped) => self.is_looped = is_looped,
        }
        Next::GoOn
    }

    /// To a time of the range; backwards only from the first event on.
    pub(crate) fn seek(&mut self, at: Millis) -> Next {
        let at = at.clamp(self.range.from, self.range.to);
        self.goal = Some(at);
        if at >= self.clock {
            return Next::GoOn;
        }
        self.restart(at);
        Next::Restart
    }

    /// To a time, from the first event on.
    pub(crate) fn restart(&mut self, at: Millis) {
        self.queue.clear();
        self.has_all = false;
        self.clock = Millis::MIN;
        self.goal = Some(at.max(self.range.from));
    }

    /// So many milliseconds have passed outside.
    pub(crate) fn pass(&mut self, millis: f64) -> Next {
        if !self.is_playing || self.goal.is_some() {
            return Next::GoOn;
        }
        if self.clock >= self.range.to {
            if self.is_looped {
                return self.seek(self.range.from);
            }
            self.is_playing = false;
            return Next::GoOn;
        }
        let to = match self.speed {
            Some(speed) => self.clock.saturating_add((millis * speed).ceil() as Millis),
            None => self.range.to,
        };
        self.goal = Some(to.min(self.range.to));
        Next::GoOn
    }

    /// Takes in what is due.
    pub(crate) fn apply(&mut self, engine: &mut Engine) {
        let Some(goal) = self.goal else {
            return;
        };
        let n_due = self
            .queue
            .partition_point(|record| record.event.seen_at <= goal);
        let due: Vec<Record> = self.queue.drain(..n_due).collect();
        if let Some(last) = due.last() {
            self.clock = last.event.seen_at;
        }
        recount::apply(engine, &due);
        if !self.queue.is_empty() || self.has_all {
            self.clock = self.clock.max(goal);
            self.goal = None;
        }
    }

    /// Takes in a chunk's posts by their digest, and its other events. It was due when it was asked for, so
    /// everything before it was, too.
    pub(crate) fn apply_digest(
        &mut self,
        engine: &mut Engine,
        digest: &[u8],
        rest: &[Record],
        to: Millis,
    ) {
        let queued: Vec<Record> = self.queue.drain(..).collect();
        recount::apply(engine, &queued);
        engine.judge(usize::MAX);
        // Whether it can be used was looked at before it was sent.
        let _ = engine.apply_digest(digest);
        recount::apply(engine, rest);
        self.clock = self.clock.max(to);
    }

    fn stop(&mut self) {
        self.is_playing = false;
        // What is sought is still to be reached.
        if self.clock >= self.range.from {
            self.goal = None;
        }
    }

    /// When the next post was seen; of other events there may be thousands between two.
    fn next_seen_at(&self) -> Option<Millis> {
        let mut next = self.queue.iter().map(|record| &record.event);
        let is_post = |event: &&wire::Event| matches!(event.body, Body::Post(_));
        let last = self.queue.back().map(|record| record.event.seen_at);
        next.find(is_post).map(|event| event.seen_at).or(last)
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
