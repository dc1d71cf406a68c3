//! What is counted about readers. How it is written for Prometheus stands in `page`.

mod page;
mod text;

use std::sync::atomic::AtomicU64;

use crate::counts::{DELIVERY, EVENTS, Histogram, Tally, add};

pub(super) use page::write;

/// Counters since the start.
#[derive(Debug)]
pub(crate) struct Metrics {
    refused: [AtomicU64; Refusal::WORDS.len()],
    ended: [AtomicU64; End::WORDS.len()],
    resumed: [AtomicU64; Resume::WORDS.len()],
    streams: AtomicU64,
    events: AtomicU64,
    bytes: AtomicU64,
    flushes: AtomicU64,
    gaps: AtomicU64,
    resets: AtomicU64,
    delivered: Histogram,
    lag: Histogram,
}

/// Why somebody was not let in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Refusal {
    Full,
    Address,
    Rate,
    Streams,
    Token,
}

/// Why a stream ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum End {
    /// The reader went.
    Client,
    /// It took nothing for too long.
    Slow,
    /// The relay stops.
    Shutdown,
    /// The log could not be read.
    Error,
}

/// From where a stream began.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Resume {
    /// Without a cursor.
    Beginning,
    /// Everything missed was in memory.
    Tail,
    /// Some had to be read from the store.
    Log,
    /// Some is gone.
    Gap,
    /// The cursor means nothing here.
    Reset,
}

// Words stand in the order of what they are for.
impl Refusal {
    const WORDS: [&str; 5] = ["full", "address", "rate", "streams", "token"];

    pub(super) fn word(self) -> &'static str {
        Self::WORDS[self as usize]
    }
}

impl End {
    const WORDS: [&str; 4] = ["client", "slow", "shutdown", "error"];
}

impl Resume {
    const WORDS: [&str; 5] = ["beginning", "tail", "log", "gap", "reset"];
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            refused: Default::default(),
            ended: Default::default(),
            resumed: Default::default(),
            streams: AtomicU64::default(),
            events: AtomicU64::default(),
            bytes: AtomicU64::default(),
            flushes: AtomicU64::default(),
            gaps: AtomicU64::default(),
            resets: AtomicU64::default(),
            delivered: Histogram::new(&DELIVERY),
            lag: Histogram::new(&EVENTS),
        }
    }
}

impl Metrics {
    pub(super) fn refuse(&self, why: Refusal) {
        add(&self.refused[why as usize], 1);
    }

    pub(super) fn begin(&self, from: Resume) {
        add(&self.streams, 1);
        add(&self.resumed[from as usize], 1);
    }

    pub(super) fn end(&self, why: End) {
        add(&self.ended[why as usize], 1);
    }

    /// Counts what was written in one pass or by one reader.
    pub(super) fn sent(&self, sent: &Sent) {
        add(&self.events, sent.n_events);
        add(&self.bytes, sent.n_bytes);
        add(&self.flushes, sent.n_flushes);
        self.delivered.add_all(&sent.delivered);
        self.lag.add_all(&sent.lag);
    }

    pub(super) fn gap(&self) {
        add(&self.gaps, 1);
    }

    pub(super) fn reset(&self) {
        add(&self.resets, 1);
    }
}

/// What was written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    pub(super) n_events: u64,
    pub(super) n_bytes: u64,
    pub(super) n_flushes: u64,
    /// Of pieces with events: how long ago the first of them was published.
    pub(super) delivered: Tally,
    /// Of pieces with events: how far the tip was ahead of the reader.
    lag: Tally,
}

impl Default for Sent {
    fn default() -> Self {
        Self {
            n_events: 0,
            n_bytes: 0,
            n_flushes: 0,
            delivered: Tally::new(&DELIVERY),
            lag: Tally::new(&EVENTS),
        }
    }
}

impl Sent {
    /// A piece has so many events, for a reader that was so far behind.
    pub(super) fn events(&mut self, n_events: u64, lag: u64) {
        if n_events > 0 {
            self.n_events += n_events;
            self.lag.add(lag);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_where_they_are_looked_for() {
        assert_eq!(Refusal::Token.word(), "token");
        assert_eq!(End::WORDS[End::Error as usize], "error");
        assert_eq!(Resume::WORDS[Resume::Reset as usize], "reset");
    }
}
