//! The authors of one tag, as far as somebody wants to know them.

use super::log::{Log, Observation};
use crate::voices::Voices;

/// The authors of a run of a tag's observations: of those that were in the window when it was last asked for.
/// What has entered and left since is counted when it is asked for again, so that a step of the window costs
/// nothing here.
#[derive(Clone, Debug, Default)]
pub(super) struct Followed {
    pub(super) voices: Voices,
    /// Serials of the run's ends; valid unless it is empty.
    first: u32,
    last: u32,
    n: u32,
}

impl Followed {
    /// Makes the run that of the window, which has so many observations of the tag, from `first` on.
    pub(super) fn catch_up(&mut self, first: u32, n_posts: u32, log: &Log) {
        if n_posts == 0 || !log.has(self.first) {
            *self = Self::default();
        }
        while self.n > 0 && self.first != first {
            let one = log.at(self.first);
            self.change(one, Voices::remove);
            (self.first, self.n) = (one.after, self.n - 1);
        }
        let mut next = match self.n {
            0 => first,
            _ => log.at(self.last).after,
        };
        self.first = first;
        while self.n < n_posts {
            let one = log.at(next);
            self.change(one, Voices::add);
            (self.last, self.n) = (next, self.n + 1);
            next = one.after;
        }
    }

    /// Shortens the run if this is its end.
    pub(super) fn take_back(&mut self, serial: u32, log: &Log) {
        if self.n > 0 && self.last == serial {
            let one = log.at(serial);
            self.change(one, Voices::remove);
            (self.last, self.n) = (one.before, self.n - 1);
        }
    }

    /// Nobody knows who author 0 is.
    fn change(&mut self, one: &Observation, change: fn(&mut Voices, u64)) {
        if one.author > 0 {
            change(&mut self.voices, one.author.into());
        }
    }
}
