//! Counting by steps must give what counting from nothing gives.

use super::*;
use crate::stats::random::Random;
use crate::words::{FoundWord, Weighing};

const WORDS: [&str; 12] = [
    "bitcoin", "market", "fed", "rates", "powell", "crash", "moon", "coach", "goal", "team",
    "ethereum", "merge",
];

fn texts(n: usize, seed: u64) -> Vec<(Millis, String)> {
    let mut random = Random::new(seed);
    let mut word = || WORDS[(random.next_bits() % 12) as usize];
    (0..n)
        .map(|idx| {
            (
                idx as Millis * 60_000,
                [word(), word(), "and", word(), word()].join(" "),
            )
        })
        .collect()
}

fn add(index: &mut WordIndex, texts: &[(Millis, String)]) {
    for (at, text) in texts {
        index.add(WordPost {
            at: *at,
            compound: (text.len() as i16 - 20) * 100,
            text,
        });
    }
}

fn question(window: (Millis, Millis), background: (Millis, Millis)) -> Question {
    Question {
        window,
        background,
        by: Weighing::LogOdds,
        n_words: 50,
    }
}

#[test]
fn ranges_that_move_count_as_if_they_had_always_been_there() {
    let texts = texts(3_000, 1);
    let mut random = Random::new(2);
    let mut moving = WordIndex::default();
    add(&mut moving, &texts[..1_000]);

    for step in 0..60 {
        // Posts come in blocks that are older than those before.
        let block = 1_000 + step * 33..1_033 + step * 33;
        let late: Vec<_> = texts[block]
            .iter()
            .rev()
            .map(|(at, text)| (at % 90_000_000, text.clone()))
            .collect();
        add(&mut moving, &late);
        let start = (random.next_bits() % 40_000_000) as Millis + step as Millis * 500_000;
        let ask = question((start, start + 30_000_000), (start - 40_000_000, start));
        let mut fresh = moving.clone();
        fresh.window = Counts::default();
        fresh.background = Counts::default();

        assert_eq!(moving.weigh(&ask), fresh.weigh(&ask), "step {step}");
    }
}

#[test]
fn a_word_counts_once_a_post_with_the_mean_of_its_posts() {
    let mut index = WordIndex::default();
    for _ in 0..5 {
        for (compound, text) in [(5_000, "moon moon"), (-1_000, "Moon crash")] {
            index.add(WordPost {
                at: 0,
                compound,
                text,
            });
        }
    }

    let mut ask = question((0, 1), (-10, 0));
    ask.by = Weighing::LogOdds;
    let found = index.weigh(&ask);

    assert_eq!(
        (found.n_posts, found.n_background, found.by),
        (10, 0, Weighing::Count)
    );
    let moon = &found.words[0];
    assert_eq!((&*moon.text, moon.n), ("moon", 10));
    assert!((moon.mean_compound - 0.2).abs() < 1e-12);
}

#[test]
fn what_is_frequent_always_does_not_stand_out() {
    let mut index = WordIndex::default();
    for minute in 0..2_000_i64 {
        let text = match minute {
            1_900.. if minute % 2 == 0 => "merger news for the market",
            _ if minute % 3 == 0 => "market opens",
            _ => "weather is fine today",
        };
        index.add(WordPost {
            at: minute * 60_000,
            compound: 0,
            text,
        });
    }

    let mut ask = question((1_900 * 60_000, 2_000 * 60_000), (0, 1_900 * 60_000));
    let by_odds = index.weigh(&ask);
    ask.by = Weighing::Count;
    let by_count = index.weigh(&ask);

    let first = |words: &[FoundWord]| words[0].text.clone();
    assert_eq!(first(&by_count.words), "market");
    assert!(!by_odds.words.iter().any(|word| word.text == "weather"));
    let merger = by_odds
        .words
        .iter()
        .find(|word| word.text == "merger news")
        .unwrap();
    assert_eq!((merger.n, merger.n_background), (50, 0));
    let lonely = by_odds.words.iter().find(|word| word.text == "merger");
    assert!(
        lonely.is_none_or(|word| word.weight < merger.weight / 2.0),
        "{lonely:?}"
    );
}

#[test]
fn what_is_forgotten_is_not_counted() {
    let mut index = WordIndex::default();
    add(&mut index, &texts(600, 3));
    let ask = question((0, 36_000_000), (36_000_000, 72_000_000));
    index.weigh(&ask);

    index.forget_before(5 * HOUR);

    assert_eq!(index.n_posts(), 300);
    assert_eq!(index.weigh(&ask).n_posts, 300);
}
