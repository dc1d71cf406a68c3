//! The observations that are kept, in order of time, with a thread through those of each tag.

use std::collections::VecDeque;

use wire::Millis;

/// One hashtag of one post, in half a cache line.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Observation {
    pub(super) at: Millis,
    pub(super) author: u32,
    pub(super) spelling: u32,
    pub(super) tag: u32,
    /// Serials of its tag's neighbours in the window; meaningless at the thread's ends.
    pub(super) before: u32,
    pub(super) after: u32,
    pub(super) compound: i16,
}

/// Observations by time, then arrival. A serial stays with an observation while others leave at the front.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    queue: VecDeque<Observation>,
    first_serial: u32,
}

impl Log {
    pub(super) fn push(&mut self, one: Observation) {
        self.queue.push_back(one);
    }

    pub(super) fn front(&self) -> Option<Observation> {
        self.queue.front().copied()
    }

    pub(super) fn pop_front(&mut self) {
        self.queue.pop_front();
        self.first_serial = self.first_serial.wrapping_add(1);
    }

    pub(super) fn last_at(&self) -> Option<Millis> {
        self.queue.back().map(|one| one.at)
    }

    /// How many observations are not after `time`.
    pub(super) fn n_until(&self, time: Millis) -> usize {
        self.queue.partition_point(|one| one.at <= time)
    }

    /// For sorting in what is late; only behind the end of the window.
    pub(super) fn queue_mut(&mut self) -> &mut VecDeque<Observation> {
        &mut self.queue
    }

    pub(super) fn serial(&self, idx: usize) -> u32 {
        self.first_serial.wrapping_add(idx as u32)
    }

    pub(super) fn idx(&self, serial: u32) -> usize {
        serial.wrapping_sub(self.first_serial) as usize
    }

    /// Whether it is kept still.
    pub(super) fn has(&self, serial: u32) -> bool {
        self.idx(serial) < self.queue.len()
    }

    pub(super) fn at(&self, serial: u32) -> &Observation {
        &self.queue[self.idx(serial)]
    }

    pub(super) fn at_mut(&mut self, serial: u32) -> &mut Observation {
        let idx = self.idx(serial);
        &mut self.queue[idx]
    }

    pub(super) fn at_idx(&self, idx: usize) -> Option<&Observation> {
        self.queue.get(idx)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }
}
