//! Stretches of time: when a source was listening, and the gaps that follow from it.

use wire::Millis;

use crate::{order, view::Range};

/// Disjoint, not touching, non-empty stretches `[from, to)` in time order.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Spans(Vec<Range>);

impl Spans {
    /// Merges stretches of any order; empty ones vanish.
    pub fn new(ranges: impl IntoIterator<Item = Range>) -> Self {
        let mut ranges: Vec<Range> = ranges
            .into_iter()
            .filter(|range| range.from < range.to)
            .collect();
        order::sort_by_key(&mut ranges, |range| (range.from, range.to));
        let mut merged: Vec<Range> = Vec::with_capacity(ranges.len());
        for range in ranges {
            match merged.last_mut() {
                Some(last) if range.from <= last.to => last.to = last.to.max(range.to),
                _ => merged.push(range),
            }
        }
        Self(merged)
    }

    /// The stretches.
    pub fn ranges(&self) -> &[Range] {
        &self.0
    }

    /// Whether any part of `[from, to)` is covered.
    pub fn meets(&self, from: Millis, to: Millis) -> bool {
        let next = self.0.partition_point(|range| range.to <= from);
        self.0.get(next).is_some_and(|range| range.from < to)
    }

    /// How much of `[from, to)` is covered.
    pub fn length_within(&self, from: Millis, to: Millis) -> Millis {
        let next = self.0.partition_point(|range| range.to <= from);
        let parts = self.0.iter().skip(next).take_while(|range| range.from < to);
        parts
            .map(|range| range.to.min(to) - range.from.max(from))
            .sum()
    }

    /// What of `within` is not covered.
    pub fn gaps(&self, within: Range) -> Vec<Range> {
        let mut gaps = Vec::new();
        let mut from = within.from;
        let next = self.0.partition_point(|range| range.to <= within.from);
        for range in self
            .0
            .iter()
            .skip(next)
            .take_while(|range| range.from < within.to)
        {
            if from < range.from {
                gaps.push(Range {
                    from,
                    to: range.from,
                });
            }
            from = range.to;
        }
        if from < within.to {
            gaps.push(Range {
                from,
                to: within.to,
            });
        }
        gaps
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spans(ranges: &[(Millis, Millis)]) -> Spans {
        Spans::new(ranges.iter().map(|(from, to)| Range {
            from: *from,
            to: *to,
        }))
    }

    #[test]
    fn what_no_stretch_covers_is_a_gap() {
        let spans = spans(&[(5, 7), (0, 2), (2, 3), (9, 9)]);

        assert_eq!(
            spans.ranges(),
            [Range { from: 0, to: 3 }, Range { from: 5, to: 7 }]
        );
        assert_eq!(
            spans.gaps(Range { from: 1, to: 9 }),
            [Range { from: 3, to: 5 }, Range { from: 7, to: 9 }]
        );
        assert_eq!(
            Spans::default().gaps(Range { from: 1, to: 9 }),
            [Range { from: 1, to: 9 }]
        );
    }

    proptest! {
        #[test]
        fn every_instant_is_either_covered_or_in_a_gap(
            ranges in prop::collection::vec((0i64..40, 0i64..40), 0..8), from in 0i64..40, length in 1i64..40,
        ) {
            let spans = spans(&ranges);
            let gaps = spans.gaps(Range { from, to: from + length });

            let missing: Millis = gaps.iter().map(|gap| gap.to - gap.from).sum();
            prop_assert_eq!(spans.length_within(from, from + length), length - missing);
            for t in from..from + length {
                let is_covered = ranges.iter().any(|(a, b)| (*a..*b).contains(&t));
                prop_assert_eq!(spans.meets(t, t + 1), is_covered);
                let length = Millis::from(is_covered);
                prop_assert_eq!(spans.length_within(t, t + 1), length);
                prop_assert_eq!(gaps.iter().any(|gap| (gap.from..gap.to).contains(&t)), !is_covered);
            }
        }
    }
}
