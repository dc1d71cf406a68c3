//! Stretches of a file: which have to be fetched, in few requests, and which of those that are there give what is
//! asked for.

use std::ops::Range;

/// Fetching so many bytes that nobody needs costs less than another request.
pub const MAX_GAP: u64 = 16 * 1024;

/// The same in order, those joined that overlap, touch or are no further than `max_gap` apart.
pub fn join(mut ranges: Vec<Range<u64>>, max_gap: u64) -> Vec<Range<u64>> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_by_key(|range| range.start);
    let mut joined: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start <= last.end.saturating_add(max_gap) => {
                last.end = last.end.max(range.end);
            }
            _ => joined.push(range),
        }
    }
    joined
}

/// What none of `held` has of a range.
pub fn lacking(wanted: Range<u64>, held: &[Range<u64>]) -> Vec<Range<u64>> {
    let (mut lacking, mut at) = (Vec::new(), wanted.start);
    for held in join(held.to_vec(), 0) {
        if held.end > at && held.start < wanted.end {
            lacking.push(at..held.start.max(at));
            at = held.end;
        }
    }
    lacking.push(at..wanted.end.max(at));
    lacking.retain(|range| !range.is_empty());
    lacking
}

/// Which of `held` give a range, one behind the other: place in `held` and part of the file. `None` where a byte is
/// in none of them.
pub fn parts(wanted: Range<u64>, held: &[Range<u64>]) -> Option<Vec<(usize, Range<u64>)>> {
    let (mut parts, mut at) = (Vec::new(), wanted.start);
    while at < wanted.end {
        let holding = held.iter().enumerate().filter(|(_, one)| one.contains(&at));
        let (idx, furthest) = holding.max_by_key(|(_, one)| one.end)?;
        let end = furthest.end.min(wanted.end);
        parts.push((idx, at..end));
        at = end;
    }
    Some(parts)
}

/// The range that an HTTP answer holds and the length of the whole file, as in `bytes 0-99/1234`.
pub fn content_range(header: &str) -> Option<(Range<u64>, u64)> {
    let (range, length) = header
        .trim()
        .strip_prefix("bytes")?
        .trim()
        .split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last): (u64, u64) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    let length: u64 = length.trim().parse().ok()?;
    (first <= last && last < length).then(|| (first..last + 1, length))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// One range, not the numbers of it.
    fn one(range: Range<u64>) -> Vec<Range<u64>> {
        Vec::from([range])
    }

    #[test]
    fn ranges_are_joined_across_small_gaps_only() {
        assert_eq!(join(vec![40..50, 0..10, 12..20], 2), [0..20, 40..50]);
        assert_eq!(join(vec![0..10, 10..20, 5..7], 0), one(0..20));
        assert_eq!(join(vec![3..3, 0..1], 0), one(0..1));
    }

    #[test]
    fn an_answer_says_which_part_of_what_length_it_is() {
        assert_eq!(content_range("bytes 0-99/1234"), Some((0..100, 1_234)));
        for unclear in [
            "",
            "bytes */1234",
            "bytes 0-99/*",
            "bytes 5-4/9",
            "bytes 0-9/9",
        ] {
            assert_eq!(content_range(unclear), None, "{unclear}");
        }
    }

    fn range() -> impl Strategy<Value = Range<u64>> {
        (0_u64..60, 0_u64..20).prop_map(|(start, length)| start..start + length)
    }

    proptest! {
        #[test]
        fn what_is_lacking_and_what_is_held_give_each_byte_and_nothing_twice(
            wanted in range(),
            held in proptest::collection::vec(range(), 0..6),
        ) {
            let lacking = lacking(wanted.clone(), &held);

            for at in 0..90 {
                let times = lacking.iter().filter(|range| range.contains(&at)).count();
                let is_held = held.iter().any(|range| range.contains(&at));
                prop_assert_eq!(times, usize::from(wanted.contains(&at) && !is_held));
            }
            let parts = parts(wanted.clone(), &held);
            prop_assert_eq!(parts.is_some(), lacking.is_empty());
            let mut at = wanted.start;
            for (idx, part) in parts.into_iter().flatten() {
                prop_assert_eq!(part.start, at);
                prop_assert!(held[idx].start <= part.start && part.end <= held[idx].end);
                at = part.end;
            }
            prop_assert!(!lacking.is_empty() || at == wanted.end.max(wanted.start));
        }

        #[test]
        fn joined_ranges_hold_what_was_asked_for_and_lie_apart(
            ranges in proptest::collection::vec(range(), 0..6),
            max_gap in 0_u64..9,
        ) {
            let joined = join(ranges.clone(), max_gap);

            for range in ranges {
                let is_in = |one: &Range<u64>| one.start <= range.start && range.end <= one.end;
                prop_assert!(range.is_empty() || joined.iter().any(is_in));
            }
            for pair in joined.windows(2) {
                prop_assert!(pair[0].end + max_gap < pair[1].start);
            }
        }
    }
}
