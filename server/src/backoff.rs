//! How long to wait before trying again: `base` is what tests assert, `jittered` is what is slept.

use std::time::Duration;

/// Doubling waits between two limits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backoff {
    pub(crate) first: Duration,
    pub(crate) longest: Duration,
}

impl Backoff {
    /// For an upstream or a full disk.
    pub(crate) const USUAL: Self = Self {
        first: Duration::from_secs(1),
        longest: Duration::from_secs(60),
    };
    /// For the listening socket, when the process is out of file handles.
    pub(crate) const ACCEPT: Self = Self {
        first: Duration::from_millis(50),
        longest: Duration::from_secs(2),
    };

    /// The wait after `attempt` failures in a row, counted from 1.
    pub(crate) fn base(self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1).min(30);
        self.first.saturating_mul(1 << doublings).min(self.longest)
    }

    /// The wait, up to a fifth longer or shorter, so that many relays do not come back at once.
    pub(crate) fn jittered(self, attempt: u32) -> Duration {
        self.base(attempt).mul_f64(0.8 + 0.4 * chance())
    }
}

/// A number in `0.0..1.0`; the middle where the machine gives no randomness.
pub(crate) fn chance() -> f64 {
    getrandom::u32().map_or(0.5, |bits| f64::from(bits) / (f64::from(u32::MAX) + 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_the_longest() {
        let secs: Vec<u64> = (1..9)
            .map(|attempt| Backoff::USUAL.base(attempt).as_secs())
            .collect();

        assert_eq!(secs, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(Backoff::USUAL.base(u32::MAX).as_secs(), 60);
    }

    #[test]
    fn jitter_stays_within_a_fifth() {
        for _ in 0..1_000 {
            let wait = Backoff::USUAL.jittered(4).as_secs_f64();
            assert!((6.4..9.6).contains(&wait), "{wait}");
        }
    }
}
