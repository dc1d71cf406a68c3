//! What a study must do, whatever it finds.

use super::*;
use crate::topics::{Method, Number};
use wire::time::HOUR;

const WORDS: [[&str; 6]; 3] = [
    ["banks", "rates", "loans", "credit", "bonds", "yields"],
    ["goals", "match", "coach", "league", "player", "stadium"],
    ["vaccine", "virus", "doctor", "hospital", "patient", "cases"],
];

/// Posts of three subjects, an hour apart, each with four of its subject's words.
fn texts(n: usize) -> Vec<(usize, String)> {
    let mut random = Random::new(9);
    let mut text = || {
        let subject = (random.next_bits() % 3) as usize;
        let mut word = || WORDS[subject][(random.next_bits() % 6) as usize];
        (subject, [word(), word(), word(), word()].join(" "))
    };
    (0..n).map(|_| text()).collect()
}

fn post(idx: usize, text: &str) -> StudiedPost<'_> {
    let at = idx as Millis * HOUR;
    StudiedPost {
        key: idx as u64,
        at,
        seen_at: at,
        text,
    }
}

fn options() -> Options {
    Options {
        settings: Settings {
            number: Number::Exactly(10),
            seed: 1,
            ..Settings::default()
        },
        n_sample: 200,
        as_of: None,
    }
}

fn studied(options: Options, texts: &[(usize, String)], step: usize) -> Study {
    let mut study = Study::new(options, Cleaning::default());
    for (idx, (_, text)) in texts.iter().enumerate() {
        study.add(post(idx, text));
    }
    while !study.step(step).is_done() {}
    study
}

/// Posts whose topic is not that which most of their subject have.
fn n_astray(study: &Study, texts: &[(usize, String)]) -> usize {
    let mut n = vec![[0; 3]; study.findings(1).topics.len()];
    for ((_, topic), (subject, _)) in study.topics_of_posts().zip(texts) {
        n[topic.unwrap()][*subject] += 1;
    }
    let right: usize = n.iter().map(|n: &[usize; 3]| n.iter().max().unwrap()).sum();
    texts.len() - right
}

#[test]
fn a_sample_is_fitted_and_every_post_gets_its_topic() {
    let texts = texts(1_000);

    let study = studied(options(), &texts, 64);
    let findings = study.findings(20);

    assert_eq!((findings.n_posts, findings.n_sample), (1_000, 200));
    assert_eq!(n_astray(&study, &texts), 0);
    assert_eq!(
        findings.topics.iter().map(|one| one.n_posts).sum::<usize>(),
        1_000
    );
    for one in &findings.topics {
        let sum: f64 = one.topic.terms.iter().map(|(_, p)| p).sum();
        assert!(sum > 0.9 && sum < 1.0 + 1e-9, "{sum}");
        assert!(one.topic.coherence.unwrap() > 0.0);
    }
}

#[test]
fn steps_of_any_size_end_in_the_same_findings_and_a_seed_repeats_them() {
    let texts = texts(300);
    for method in [Method::ShortText, Method::Lda] {
        let mut options = options();
        options.settings.method = method;
        options.settings.sweeps = Some(12);

        let [small, large] = [7, 100_000].map(|step| studied(options, &texts, step).findings(20));
        options.settings.seed = 2;
        let other = studied(options, &texts, 7).findings(20);

        assert_eq!(small, large);
        assert_ne!(small, other);
    }
}

#[test]
fn what_is_known_at_a_time_owes_nothing_to_later_posts() {
    let texts = texts(400);
    let until = 250 * HOUR;
    let mut as_of = options();
    as_of.as_of = Some(until);

    let known = studied(as_of, &texts, 64);
    let batch = studied(options(), &texts[..251], 64);

    assert_eq!(known.findings(20).n_later, 149);
    assert_eq!(known.findings(20).topics, batch.findings(20).topics);
    assert!(known.topics_of_posts().eq(batch.topics_of_posts()));
}

#[test]
fn posts_that_come_later_are_taken_in_and_the_sample_keeps_its_share() {
    let texts = texts(1_000);
    let mut study = studied(options(), &texts[..500], 64);

    for (idx, (_, text)) in texts.iter().enumerate().skip(500) {
        study.add(post(idx, text));
    }
    let begun = study.step(1);
    let n_given = study
        .findings(1)
        .topics
        .iter()
        .map(|one| one.n_posts)
        .sum::<usize>();
    while !study.step(64).is_done() {}

    assert!(
        begun.total < 30 * 200,
        "five sweeps and a settling one, not a new fit: {begun:?}"
    );
    assert_eq!(n_given, 0, "what was given before the fit went on is stale");
    assert_eq!(n_astray(&study, &texts), 0);
    let n_sample = study.findings(1).n_sample;
    assert!((340..460).contains(&n_sample), "{n_sample}");
}

#[test]
fn a_topic_is_born_with_the_first_of_five_posts_within_a_day() {
    let days = |days: &[i64]| {
        days.iter()
            .map(|day| day * DAY / 2)
            .collect::<Vec<Millis>>()
    };

    assert_eq!(
        born_at(days(&[0, 9, 40, 41, 41, 42, 42, 80])),
        Some(20 * DAY)
    );
    assert_eq!(born_at(days(&[0, 9, 40, 43, 46, 49])), None);
    assert_eq!(born_at(days(&[1, 1, 1, 1])), None);
}

#[test]
fn posts_without_terms_are_counted_and_have_no_topic() {
    let none = studied(options(), &[], 10);
    let empty = studied(
        options(),
        &[(0, "RT @x: :-)".into()), (0, String::new())],
        10,
    );

    assert_eq!(none.findings(20).topics, []);
    assert_eq!(empty.findings(20).n_without_terms, 2);
    assert!(empty.topics_of_posts().all(|(_, topic)| topic.is_none()));
}
