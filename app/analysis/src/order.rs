//! Sorting of short lists. The standard library's sort is compiled anew for each comparison, 4 to 9 kB of it;
//! this is one copy for all, at the price of a call for each comparison.

use std::cmp::Ordering;

/// Sorts; equal elements keep their order.
pub fn sort_by<T>(list: &mut [T], mut compare: impl FnMut(&T, &T) -> Ordering) {
    let mut order: Vec<u32> = (0..list.len() as u32).collect();
    sort_places(&mut order, &mut |a, b| {
        compare(&list[a as usize], &list[b as usize])
    });
    take_places(list, &mut order);
}

/// Sorts by a key; equal elements keep their order.
pub(crate) fn sort_by_key<T, K: Ord>(list: &mut [T], key: impl Fn(&T) -> K) {
    sort_by(list, |a, b| key(a).cmp(&key(b)));
}

#[inline(never)]
fn sort_places(places: &mut [u32], compare: &mut dyn FnMut(u32, u32) -> Ordering) {
    places.sort_by(|a, b| compare(*a, *b));
}

/// Each place of the list takes the element that `from` names for it.
fn take_places<T>(list: &mut [T], from: &mut [u32]) {
    for start in 0..list.len() {
        let mut place = start;
        loop {
            let source = std::mem::replace(&mut from[place], place as u32) as usize;
            if source == start {
                break;
            }
            list.swap(place, source);
            place = source;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_list_is_sorted_as_the_standard_library_sorts_it(mut list in prop::collection::vec((0_u8..9, any::<u16>()), 0..200)) {
            let mut expected = list.clone();
            expected.sort_by_key(|(key, _)| *key);

            sort_by_key(&mut list, |(key, _)| *key);

            prop_assert_eq!(list, expected);
        }
    }
}
