//! A script: which fault is committed when.

use std::time::Duration;

use crate::{Millis, Reply};

/// Something that real upstreams do and should not.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Sends half of the next record and ends the connection.
    HalfThenClose,
    /// Ends the connection in order.
    Close,
    /// Sends half of the next record and tears the connection down.
    Reset,
    /// Says nothing any more, for ever, on the open connection.
    Stall,
    /// Sends a record that is not of the format.
    Garbage,
    /// Sends the last ten records again.
    Duplicates,
    /// Sends the next five records in reverse order.
    Reorder,
    /// Sends the next thirty records at once.
    Burst,
    /// Sends a record with bytes that are no text.
    InvalidUtf8,
    /// Sends a record of five megabytes.
    Huge,
    /// Sends a well-formed record of a kind that nobody knows.
    UnknownEvent,
    /// Sends the withdrawal of the next record before the record.
    DeleteBeforeCreate,
    /// From here on all stamps are wrong by so many milliseconds.
    ClockSkew(Millis),
    /// Ends the connection, and answers every request with this for so long.
    Refuse {
        /// The answer.
        reply: Reply,
        /// For how long.
        lasting: Duration,
    },
    /// Ends the connection, and takes this long for the first byte of every answer for a minute.
    SlowFirstByte(Duration),
}

/// What happens when, from the start of the fake on.
#[derive(Clone, Debug, Default)]
pub struct Script {
    steps: Vec<(Duration, Fault)>,
}

/// How the next answer is disturbed.
#[derive(Clone, Debug)]
pub(crate) enum Refusal {
    Reply(Reply),
    Slow(Duration),
}

impl Script {
    /// One fault.
    pub fn one(at: Duration, fault: Fault) -> Self {
        Self::default().then(at, fault)
    }

    /// The same with one more fault.
    #[must_use]
    pub fn then(mut self, at: Duration, fault: Fault) -> Self {
        self.steps.push((at, fault));
        self.steps.sort_by_key(|(at, _)| *at);
        self
    }

    /// What answers are disturbed by at `now`.
    pub(crate) fn refusal(&self, now: Duration) -> Option<Refusal> {
        self.steps.iter().rev().find_map(|(at, fault)| {
            let lasts = |lasting: Duration| (*at..at.saturating_add(lasting)).contains(&now);
            match fault {
                Fault::Refuse { reply, lasting } if lasts(*lasting) => {
                    Some(Refusal::Reply(reply.clone()))
                }
                Fault::SlowFirstByte(by) if lasts(Duration::from_secs(60)) => {
                    Some(Refusal::Slow(*by))
                }
                _ => None,
            }
        })
    }

    /// How far stamps are off at `now`.
    pub(crate) fn skew(&self, now: Duration) -> Millis {
        let skews = self.steps.iter().rev().filter(|(at, _)| *at <= now);
        let mut skews = skews.filter_map(|(_, fault)| match fault {
            Fault::ClockSkew(by) => Some(*by),
            _ => None,
        });
        skews.next().unwrap_or(0)
    }

    /// When the next fault is due that has not been committed.
    pub(crate) fn next_at(&self) -> Option<Duration> {
        let mut open = self.steps.iter().filter(|(_, fault)| fault.is_once());
        open.next().map(|(at, _)| *at)
    }

    /// The next fault if it is due; it is committed once.
    pub(crate) fn take_due(&mut self, now: Duration) -> Option<Fault> {
        let place = self
            .steps
            .iter()
            .position(|(at, fault)| fault.is_once() && *at <= now)?;
        Some(self.steps.remove(place).1)
    }

    /// Ends of connections that go with refusals: whether one lies in `(after, now]`.
    pub(crate) fn cuts(&self, after: Duration, now: Duration) -> bool {
        self.steps.iter().any(|(at, fault)| {
            matches!(fault, Fault::Refuse { .. } | Fault::SlowFirstByte(_))
                && after < *at
                && *at <= now
        })
    }

    /// When the next refusal begins.
    pub(crate) fn next_cut(&self, after: Duration) -> Option<Duration> {
        let mut cuts = self.steps.iter().filter(|(at, fault)| {
            matches!(fault, Fault::Refuse { .. } | Fault::SlowFirstByte(_)) && *at > after
        });
        cuts.next().map(|(at, _)| *at)
    }
}

impl Fault {
    /// Whether it is committed once, on an open connection or in one answer.
    fn is_once(&self) -> bool {
        !matches!(
            self,
            Self::Refuse { .. } | Self::SlowFirstByte(_) | Self::ClockSkew(_)
        )
    }
}
