//! Awkward texts by hand, and random ones against comparing every pair.

use std::collections::BTreeSet;

use proptest::prelude::*;
use wire::time::{HOUR, MINUTE};

use super::*;

fn index() -> Duplicates {
    Duplicates::new(Memory::default())
}

#[track_caller]
fn check_same(a: &str, b: &str, expect: bool) {
    let mut duplicates = index();
    duplicates.observe(1, 0, a);

    let standing = duplicates.observe(2, 1, b);

    assert_eq!(standing.n_posts, 1 + u32::from(expect), "{a:?} and {b:?}");
}

#[test]
fn copies_with_another_link_ticker_number_or_name_are_copies() {
    let text = "Best signals in the market, 300% profit on $DOGE! Join https://t.co/abc @ann";

    check_same(
        text,
        "best signals in the market 25% profit on $SHIB — join https://x.io/1 @bob",
        true,
    );
    check_same(text, &format!("RT @carl: {text}"), true);
    check_same(
        text,
        "I went to the market and bought three apples for my neighbour",
        false,
    );
}

#[test]
fn one_changed_word_in_a_long_text_is_a_copy_in_a_short_one_not() {
    let long = "Navy Seal copypasta: I will have you know that I graduated top of my class and I have been \
                involved in numerous secret raids, and I have over three hundred confirmed trades on the desk";

    check_same(long, &long.replace("secret", "public"), true);
    check_same("buy the dip now", "buy the top now", false);
}

#[test]
fn short_texts_and_pictures_are_compared_whole() {
    check_same("gm", "GM!!", true);
    check_same("gm", "gn", false);
    check_same("🚀🚀🚀", "🚀", true);
    check_same("🚀🌕", "🚀💎", false);
    check_same("", "", false);
    check_same("https://t.co/a", "https://t.co/b", false);
}

#[test]
fn scripts_without_spaces_are_compared_too() {
    let text = "ビットコインの価格が上がっています。今すぐ参加して無料で受け取ってください";

    check_same(text, &text.replace("無料", "有料"), false);
    check_same(text, &format!("{text}！ https://t.co/x"), true);
    check_same(
        "比特币价格今天大涨，请大家注意风险控制，不要追高买入",
        "比特币价格今天大涨 请大家注意风险控制 不要追高买入 $BTC",
        true,
    );
}

#[test]
fn a_held_key_changes_nothing_and_a_removed_one_leaves_nothing() {
    let mut duplicates = index();
    let text = "the very same text three times";
    for key in [1, 2, 3, 3, 2] {
        duplicates.observe(key, 0, text);
    }
    assert_eq!(duplicates.standing(1).map(|one| one.n_posts), Some(3));

    for key in [2, 1, 2, 3, 9] {
        duplicates.remove(key);
    }

    assert!(duplicates.is_empty() && duplicates.n_texts() == 0);
    assert!(
        duplicates
            .texts
            .iter()
            .all(|text| text.shingles.is_empty() && text.hash == 0)
    );
    assert_eq!(duplicates.observe(4, 1, text).n_posts, 1);
}

#[test]
fn what_is_older_than_the_window_or_too_many_is_forgotten() {
    let memory = Memory {
        keep: HOUR,
        max_posts: 3,
    };
    let mut duplicates = Duplicates::new(memory);
    let text = "the very same text again and again";
    let n_posts: Vec<u32> = [0, 10, 59, 61, 62, 63, 64, 200]
        .into_iter()
        .enumerate()
        .map(|(key, minute)| {
            duplicates
                .observe(key as u64, minute * MINUTE, text)
                .n_posts
        })
        .collect();

    assert_eq!(n_posts, [1, 2, 3, 3, 3, 3, 3, 1]);
    assert_eq!(
        duplicates.observe(100, 100 * MINUTE, text).n_posts,
        2,
        "judged by what is held"
    );
    assert_eq!(
        (duplicates.len(), duplicates.n_texts()),
        (1, 1),
        "but too old to be kept"
    );
}

#[test]
fn memory_is_used_again() {
    let mut duplicates = Duplicates::new(Memory {
        keep: HOUR,
        max_posts: 50,
    });
    for key in 0..5_000_u64 {
        duplicates.observe(key, key as Millis, &spelled(key));
    }

    assert!(
        duplicates.texts.len() <= 52
            && duplicates.clusters.len() <= 52
            && duplicates.order.len() <= 51
    );
    assert_eq!(duplicates.bands.n_held(), 50);
}

/// A number in letters, since digits are folded.
fn spelled(mut number: u64) -> String {
    let mut text = String::from("post ");
    for _ in 0..8 {
        text.push(char::from(b'a' + (number % 26) as u8));
        text.push(char::from(b'a' + (number * 7 % 26) as u8));
        number /= 3;
    }
    text
}

/// Cluster sizes by comparing every pair.
fn brute_force(texts: &[String]) -> Vec<u32> {
    let shingles: Vec<Shingles> = texts
        .iter()
        .map(|text| {
            let mut shingles = Shingles::default();
            shingles.read(Template::of(text).text());
            shingles
        })
        .collect();
    let mut cluster: Vec<usize> = (0..texts.len()).collect();
    for a in 0..texts.len() {
        for b in 0..a {
            if shingles[a]
                .jaccard(&shingles[b].boxed(), LEAST_JACCARD)
                .is_some()
            {
                let (from, into) = (cluster[a], cluster[b]);
                cluster
                    .iter_mut()
                    .filter(|one| **one == from)
                    .for_each(|one| *one = into);
            }
        }
    }
    let size = |one: &usize| cluster.iter().filter(|other| *other == one).count() as u32;
    cluster.iter().map(size).collect()
}

/// Ten of sixteen words in every text, so that all share shingles; and copies of earlier ones with one to three
/// letters changed.
fn hostile(n_texts: usize) -> Vec<String> {
    const WORDS: [&str; 16] = [
        "market", "signal", "moon", "earnings", "today", "price", "support", "volume", "holding",
        "never", "breakout", "weekend", "chart", "people", "waiting", "bottom",
    ];
    let mut random = 7_u64;
    let mut below = |n: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % n as u64) as usize
    };
    let mut texts: Vec<String> = Vec::new();
    for nth in 0..n_texts {
        let text = if nth > 0 && below(3) == 0 {
            let mut copy = texts[below(nth)].clone();
            for _ in 0..1 + below(3) {
                let at = below(copy.len());
                copy.replace_range(at..=at, "x");
            }
            copy
        } else {
            let words: Vec<&str> = (0..10).map(|_| WORDS[below(16)]).collect();
            words.join(" ")
        };
        texts.push(text);
    }
    texts
}

#[test]
fn among_texts_of_the_same_words_near_duplicates_are_found_and_nothing_else() {
    let texts = hostile(1_000);
    let sets: Vec<BTreeSet<String>> = texts.iter().map(|text| shingles_of(text)).collect();
    let mut duplicates = index();
    let (mut n_hits, mut n_misses, mut n_false) = (0, 0, 0);
    for (key, text) in texts.iter().enumerate() {
        let is_found = duplicates.observe(key as u64, 0, text).n_posts > 1;

        let is_near = |other: &BTreeSet<String>| {
            let n_common = other.intersection(&sets[key]).count();
            n_common as f64 >= LEAST_JACCARD * (other.len() + sets[key].len() - n_common) as f64
        };
        match (is_found, sets[..key].iter().any(is_near)) {
            (true, true) => n_hits += 1,
            (false, true) => n_misses += 1,
            (true, false) => n_false += 1,
            (false, false) => {}
        }
    }

    assert!(n_hits > 100, "{n_hits}");
    assert_eq!(n_false, 0);
    assert!(n_misses * 50 < n_hits, "{n_misses} missed, {n_hits} found");
}

/// By the definition: every five characters in a row of the template.
fn shingles_of(text: &str) -> BTreeSet<String> {
    let template = Template::of(text);
    let chars: Vec<char> = template.text().chars().collect();
    chars.windows(5).map(|five| five.iter().collect()).collect()
}

fn variations() -> impl Strategy<Value = Vec<String>> {
    let word = prop::sample::select(vec![
        "moon", "market", "trading", "coins", "today", "buy", "signal", "free",
    ]);
    let base = prop::collection::vec(word, 4..9).prop_map(|words| words.join(" "));
    let change = (
        any::<prop::sample::Index>(),
        prop::sample::select(vec!["", "x", "yes", "🚀", " "]),
    );
    let text = (base, prop::collection::vec(change, 1..4)).prop_map(|(base, changes)| {
        let changed = |(at, new): (prop::sample::Index, &str)| {
            let mut text = base.clone();
            text.insert_str(at.index(base.len()), new);
            text
        };
        changes.into_iter().map(changed).collect::<Vec<_>>()
    });
    prop::collection::vec(text, 1..8).prop_map(|groups| groups.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn clusters_are_those_of_comparing_every_pair(texts in variations()) {
        let mut duplicates = index();
        for (key, text) in texts.iter().enumerate() {
            duplicates.observe(key as u64, 0, text);
        }

        let found: Vec<u32> = (0..texts.len())
            .map(|key| duplicates.standing(key as u64).map_or(0, |one| one.n_posts))
            .collect();

        prop_assert_eq!(found, brute_force(&texts));
    }

    #[test]
    fn removing_all_but_some_equals_never_having_seen_the_rest_of_other_clusters(
        texts in variations(), removed in prop::collection::vec(any::<bool>(), 40),
    ) {
        let mut duplicates = index();
        for (key, text) in texts.iter().enumerate() {
            duplicates.observe(key as u64, 0, text);
        }
        let sizes = brute_force(&texts);
        for key in (0..texts.len()).filter(|key| removed[*key]) {
            duplicates.remove(key as u64);
        }

        let n_left = (0..texts.len()).filter(|key| !removed[*key]).count();
        prop_assert_eq!(duplicates.len(), n_left);
        for key in (0..texts.len()).filter(|key| !removed[*key]) {
            let n_posts = duplicates.standing(key as u64).map_or(0, |one| one.n_posts);
            prop_assert!((1..=sizes[key]).contains(&n_posts));
        }
        for key in 0..texts.len() {
            duplicates.remove(key as u64);
        }
        prop_assert!(duplicates.is_empty() && duplicates.n_texts() == 0 && duplicates.bands.n_held() == 0);
    }
}
