//! How many posts an upstream counts on a subject without sending them. Never added to counts of posts.

use std::collections::BTreeMap;

use wire::{Attention, Millis};

use crate::view::Range;

/// Counts by subject and by the start of their interval.
#[derive(Debug, Default)]
pub(super) struct Counted {
    by_subject: BTreeMap<String, BTreeMap<Millis, (Millis, u64)>>,
}

impl Counted {
    /// Takes a count in; of two of the same interval, from two upstreams, the larger stands.
    pub(super) fn add(&mut self, attention: &Attention) {
        let intervals = self
            .by_subject
            .entry(attention.subject.clone())
            .or_default();
        let count = (attention.close_at(), attention.n);
        let held = intervals.entry(attention.open_at).or_insert(count);
        *held = count.max(*held);
    }

    /// The sum over the intervals that lie in the range as a whole; `None` where there is none.
    pub(super) fn sum(&self, subject: &str, range: Range) -> Option<u64> {
        if range.from >= range.to {
            return None;
        }
        let intervals = self.by_subject.get(subject)?.range(range.from..range.to);
        let whole = intervals.filter(|(_, (close_at, _))| *close_at <= range.to);
        let counts = whole.map(|(_, (_, n))| *n);
        counts.reduce(u64::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_intervals_of_a_subject_are_summed() {
        let mut counted = Counted::default();
        let mut add = |subject: &str, open_at, n| {
            counted.add(&Attention {
                source: "twitter".into(),
                subject: subject.into(),
                open_at,
                width: 60,
                n,
            });
        };
        add("Bitcoin", 0, 5);
        add("Bitcoin", 60, 7);
        add("Bitcoin", 120, 0);
        add("Stocks", 60, 100);

        let sum = |from, to| counted.sum("Bitcoin", Range { from, to });
        assert_eq!(sum(0, 180), Some(12));
        assert_eq!(sum(30, 150), Some(7));
        assert_eq!(sum(120, 180), Some(0));
        assert_eq!(sum(130, 500), None);
        assert_eq!(sum(500, 100), None);
        assert_eq!(counted.sum("Other", Range { from: 0, to: 500 }), None);
    }
}
