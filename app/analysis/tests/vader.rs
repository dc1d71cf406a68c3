//! The scores are those of vaderSentiment 3.3.2, to the last digit, on real and on made-up texts.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests read files"
)]

use std::path::{Path, PathBuf};

use analysis::text::sentiment::{Rule, Scratch, Sentiment, Vader};

#[path = "../examples/common/lines.rs"]
#[allow(dead_code, reason = "only the escapes are of use here")]
mod lines;

/// The four scores as the reference prints them.
fn printed(sentiment: &Sentiment) -> String {
    let Sentiment {
        neg,
        neu,
        pos,
        compound,
    } = sentiment;
    format!("{neg:.3}\t{neu:.3}\t{pos:.3}\t{:.4}", compound.value())
}

#[track_caller]
fn check<'a>(cases: impl IntoIterator<Item = (String, &'a str)>) -> usize {
    let vader = Vader::new();
    let finance = Vader::finance();
    let mut scratch = Scratch::default();
    let mut n_cases = 0;
    for (expected, text) in cases {
        assert_eq!(printed(&vader.score(text)), expected, "{text:?}");
        assert_eq!(vader.compound(text), vader.score(text).compound, "{text:?}");
        assert_eq!(
            vader.score_with(&mut scratch, text),
            vader.score(text),
            "{text:?}"
        );
        check_explanation(&vader, text);
        check_explanation(&finance, text);
        n_cases += 1;
    }
    n_cases
}

/// What an explanation says adds up to the score, and every step of it is in the text.
#[track_caller]
fn check_explanation(vader: &Vader, text: &str) {
    let explanation = vader.explain(text);

    assert_eq!(explanation.sentiment, vader.score(text), "{text:?}");
    assert_eq!(
        explanation.compound(),
        explanation.sentiment.compound,
        "{text:?}"
    );
    let mut last_start = 0;
    for word in &explanation.words {
        assert!(
            text.get(word.span.clone())
                .is_some_and(|word| !word.is_empty()),
            "{text:?}"
        );
        assert!(last_start <= word.span.start, "{text:?}: not in order");
        last_start = word.span.start;
        let mut valence = word.strength;
        for change in &word.changes {
            assert!(
                text.get(change.by.clone()).is_some_and(|by| !by.is_empty()),
                "{text:?}"
            );
            assert_eq!(
                change.before.to_bits(),
                valence.to_bits(),
                "{text:?}: {change:?}"
            );
            valence = change.after;
        }
        assert_eq!(word.valence.to_bits(), valence.to_bits(), "{text:?}");
    }
}

#[test]
fn an_explanation_names_each_word_with_the_rules_that_changed_it() {
    let text = "isn't VERY good… but I ❤ it, at least!";

    let explanation = Vader::new().explain(text);

    let told: Vec<_> = explanation
        .words
        .iter()
        .map(|word| {
            let changes = word.changes.iter();
            let changes: Vec<_> = changes
                .map(|change| (change.rule, &text[change.by.clone()]))
                .collect();
            (&text[word.span.clone()], word.strength, changes)
        })
        .collect();
    assert_eq!(told, [("❤", 3.2, vec![(Rule::But, "but")])]);
    assert!((explanation.emphasis - 0.292).abs() < 1e-9);
}

#[test]
fn every_rule_can_be_told() {
    let vader = Vader::new();
    let check = |text: &str, rule: Rule, by: &str| {
        let explanation = vader.explain(text);
        let mut changes = explanation.words.iter().flat_map(|word| &word.changes);
        assert!(
            changes.any(|change| change.rule == rule && &text[change.by.clone()] == by),
            "{text:?}: {explanation:?}"
        );
    };

    check("this is GOOD", Rule::Capitals, "GOOD");
    check("very good", Rule::Booster, "very");
    check("slightly good", Rule::Damper, "slightly");
    check("isn't it good", Rule::Negation, "isn't");
    check("no good", Rule::No, "no");
    check("never so good", Rule::NeverSo, "never");
    check("least good", Rule::Least, "least");
    check("she is the shit", Rule::Idiom, "the");
    check("good but cold", Rule::But, "but");
}

#[test]
fn made_up_texts_score_as_in_the_reference() {
    let fixture = include_str!("fixtures/vader_adversarial.tsv");
    let texts: Vec<_> = fixture
        .lines()
        .map(|line| {
            let text_at = line.match_indices('\t').nth(3).expect("four scores").0;
            (
                line[..text_at].to_owned(),
                lines::unescape(&line[text_at + 1..]),
            )
        })
        .collect();

    let n_cases = check(
        texts
            .iter()
            .map(|(expected, text)| (expected.clone(), text.as_ref())),
    );

    assert_eq!(n_cases, 600);
}

#[test]
fn rated_tweets_score_as_in_the_reference() {
    check_rated("tweets_GroundTruth.odd.tsv", "tweets.scores.odd.tsv", 2_100);
}

#[test]
fn rated_reviews_score_as_in_the_reference() {
    check_rated("amazon_GroundTruth.tsv", "amazon.scores.tsv", 3_708);
}

/// Compares on a file of `id, rating, text` lines with a file of `id, rating, neg, neu, pos, compound` lines.
#[track_caller]
fn check_rated(texts: &str, scores: &str, n_expected: usize) {
    let Some(folder) = shared("vader") else {
        return;
    };
    let read = |name| std::fs::read_to_string(folder.join(name)).expect("a readable file");
    let (texts, scores) = (read(texts), read(scores));
    let texts = texts
        .lines()
        .map(|line| line.splitn(3, '\t').collect::<Vec<_>>());
    let scores = scores
        .lines()
        .skip(1)
        .map(|line| line.split('\t').collect::<Vec<_>>());

    let n_cases = check(texts.zip(scores).map(|(text, score)| {
        assert_eq!(text[0], score[0], "the files go side by side");
        let number = |column: usize| score[column].parse::<f64>().expect("a number");
        let [neg, neu, pos, compound] = [2, 3, 4, 5].map(number);
        (
            format!("{neg:.3}\t{neu:.3}\t{pos:.3}\t{compound:.4}"),
            text[2],
        )
    }));

    assert_eq!(n_cases, n_expected);
}

/// A folder of the data beside the repository, which is not part of it.
fn shared(folder: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let path = std::env::var_os("MOODTAPE_DATA")
        .map_or(beside, PathBuf::from)
        .join(folder);
    if !path.is_dir() {
        eprintln!(
            "SKIPPED: {} is not there; set MOODTAPE_DATA",
            path.display()
        );
        return None;
    }
    Some(path)
}
