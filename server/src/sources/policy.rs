//! When a source is tried again: each upstream's own published schedule, as values. Pure but for the jitter.

use std::time::Duration;

use crate::{
    backoff::chance,
    net::{SourceError, error::ErrorClass},
};

/// How waits grow with failures in a row.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Schedule {
    /// `step`, 2 × `step`, 3 × `step` …
    Linear { step: Duration, longest: Duration },
    /// `first`, 2 × `first`, 4 × `first` …
    Doubling { first: Duration, longest: Duration },
}

/// What to do about each kind of trouble with one upstream.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Policy {
    pub(crate) transport: Schedule,
    pub(crate) http: Schedule,
    pub(crate) rate_limit: Schedule,
    pub(crate) protocol: Schedule,
    /// A connection that worked and broke is opened again at once, the first time.
    pub(crate) at_once_after_success: bool,
}

/// Failures in a row, each kind by itself, since the source last worked.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Failures {
    transport: u32,
    http: u32,
    rate_limit: u32,
    protocol: u32,
    fatal: u32,
    pub(crate) all: u32,
}

impl Schedule {
    pub(crate) const fn doubling(first_secs: u64, longest_secs: u64) -> Self {
        Self::Doubling {
            first: Duration::from_secs(first_secs),
            longest: Duration::from_secs(longest_secs),
        }
    }

    /// The wait after `n` failures in a row, counted from 1.
    pub(crate) fn base(self, n: u32) -> Duration {
        match self {
            Self::Linear { step, longest } => step.saturating_mul(n).min(longest),
            Self::Doubling { first, longest } => {
                let doublings = n.saturating_sub(1).min(30);
                first.saturating_mul(1 << doublings).min(longest)
            }
        }
    }
}

/// What is to be done about a refusal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Refusal {
    /// Nothing: only whoever runs the relay can help, e.g. by another key.
    IsFinal,
    /// To ask again much later. Without a key nothing has to be mended here: a gateway's 403 or the 404 of
    /// a deploy goes away by itself.
    MayPass,
}

impl Refusal {
    /// How long to wait, where a refusal may pass.
    const PATIENCE: Schedule = Schedule::doubling(900, 21_600);
}

impl Policy {
    /// For upstreams that publish no schedule.
    pub(crate) const USUAL: Self = Self {
        transport: Schedule::doubling(1, 60),
        http: Schedule::doubling(5, 320),
        rate_limit: Schedule::doubling(60, 900),
        protocol: Schedule::doubling(5, 320),
        at_once_after_success: true,
    };

    /// Where every request counts, or is paid for: none is made again at once.
    pub(crate) const POLLED: Self = Self {
        transport: Schedule::doubling(60, 3_600),
        http: Schedule::doubling(60, 3_600),
        protocol: Schedule::doubling(60, 3_600),
        at_once_after_success: false,
        ..Self::USUAL
    };

    /// The wait before the next attempt; `None` when there is to be none. `worked` says whether the
    /// connection that failed had delivered something for a while.
    pub(crate) fn pause(
        &self,
        error: &SourceError,
        failures: &mut Failures,
        worked: bool,
        refusal: Refusal,
    ) -> Option<Duration> {
        if worked {
            *failures = Failures::default();
        }
        let class = error.class();
        let (schedule, n) = match class {
            ErrorClass::Transport => (self.transport, &mut failures.transport),
            ErrorClass::Http => (self.http, &mut failures.http),
            ErrorClass::RateLimit => (self.rate_limit, &mut failures.rate_limit),
            ErrorClass::Protocol => (self.protocol, &mut failures.protocol),
            ErrorClass::Fatal if refusal == Refusal::IsFinal => return None,
            ErrorClass::Fatal => (Refusal::PATIENCE, &mut failures.fatal),
        };
        *n += 1;
        failures.all += 1;
        if worked && self.at_once_after_success && class == ErrorClass::Transport {
            return Some(Duration::ZERO);
        }
        // After the attempt that was made at once the schedule begins at its beginning.
        let asked = error.asked_wait().unwrap_or_default();
        Some(schedule.base(*n).max(asked))
    }
}

/// The wait, up to a fifth longer and never shorter, since an upstream may have asked for it.
pub(crate) fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(1.0 + 0.2 * chance())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(policy: Policy, error: &SourceError, n: u32) -> Vec<f64> {
        let mut failures = Failures::default();
        let mut pause = || {
            policy
                .pause(error, &mut failures, false, Refusal::MayPass)
                .unwrap()
                .as_secs_f64()
        };
        (0..n).map(|_| pause()).collect()
    }

    #[test]
    fn each_kind_of_trouble_has_its_own_schedule() {
        let transport = SourceError::Transport("x".into());
        let http = SourceError::Http {
            status: 503,
            wait: None,
        };
        let rate_limit = SourceError::RateLimit {
            status: 429,
            wait: None,
        };

        assert_eq!(
            waits(Policy::USUAL, &transport, 8),
            [1., 2., 4., 8., 16., 32., 60., 60.]
        );
        assert_eq!(
            waits(Policy::USUAL, &http, 8),
            [5., 10., 20., 40., 80., 160., 320., 320.]
        );
        assert_eq!(
            waits(Policy::USUAL, &rate_limit, 5),
            [60., 120., 240., 480., 900.]
        );
    }

    #[test]
    fn what_the_upstream_asks_for_is_waited_for() {
        let asked = |secs| SourceError::RateLimit {
            status: 429,
            wait: Some(Duration::from_secs(secs)),
        };

        assert_eq!(waits(Policy::USUAL, &asked(3_600), 2), [3_600., 3_600.]);
        assert_eq!(waits(Policy::USUAL, &asked(1), 2), [60., 120.]);
    }

    #[test]
    fn what_would_be_refused_again_is_not_tried_again_or_much_later() {
        for error in [
            SourceError::Auth(String::new()),
            SourceError::Unavailable(String::new()),
            SourceError::Refused(String::new()),
        ] {
            let pause =
                Policy::USUAL.pause(&error, &mut Failures::default(), true, Refusal::IsFinal);
            assert_eq!(pause, None, "{error}");
            assert_eq!(
                waits(Policy::USUAL, &error, 7),
                [900., 1_800., 3_600., 7_200., 14_400., 21_600., 21_600.]
            );
        }
    }

    #[test]
    fn a_connection_that_worked_is_opened_again_at_once_and_then_by_the_schedule() {
        let error = SourceError::Closed(String::new());
        let mut failures = Failures::default();
        let mut pause = |worked| {
            Policy::USUAL
                .pause(&error, &mut failures, worked, Refusal::MayPass)
                .unwrap()
                .as_secs()
        };

        assert_eq!([pause(false), pause(false), pause(false)], [1, 2, 4]);
        assert_eq!([pause(true), pause(false), pause(true)], [0, 2, 0]);
    }

    #[test]
    fn jitter_only_ever_makes_a_wait_longer_and_by_a_fifth_at_most() {
        for _ in 0..1_000 {
            let wait = jittered(Duration::from_secs(10)).as_secs_f64();
            assert!((10.0..=12.0).contains(&wait), "{wait}");
        }
    }
}
