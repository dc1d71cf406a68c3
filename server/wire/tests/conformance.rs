//! Holds `wire::tag` against the conformance suite of twitter-text (Apache-2.0), where it is at hand:
//! in `twitter_text/` of the folder that `MOODTAPE_DATA` names, else of `../shared/data`.
//!
//! The suite's positions count code points.

#![allow(
    clippy::disallowed_methods,
    reason = "a test finds and reads the suite itself"
)]
#![allow(clippy::unwrap_used, reason = "a suite of another form stops the test")]

use std::path::PathBuf;

use serde_yaml_ng::Value;
use wire::tag::{Kind, Tag, cashtags, hashtags, mentions, scan, urls};

/// The cases of one section, or `None` (said loudly) where the suite is missing.
fn cases(file: &str, section: &str) -> Option<Vec<Value>> {
    let in_repository = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let data = std::env::var_os("MOODTAPE_DATA")
        .map_or_else(|| PathBuf::from(in_repository), PathBuf::from);
    let path = data.join("twitter_text").join(file);
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!(
            "SKIPPED {file}/{section}: {} is missing; set MOODTAPE_DATA",
            path.display()
        );
        return None;
    };
    let suite: Value = serde_yaml_ng::from_str(&text).unwrap();
    Some(suite["tests"][section].as_sequence().unwrap().clone())
}

/// Runs `answer` over every case of a section and compares with `expected`; `n` is how many there are.
#[track_caller]
fn check(file: &str, section: &str, n: usize, answer: impl Fn(&str) -> Value) {
    check_against(file, section, n, |case| case["expected"].clone(), answer);
}

#[track_caller]
fn check_against(
    file: &str,
    section: &str,
    n: usize,
    expected: impl Fn(&Value) -> Value,
    answer: impl Fn(&str) -> Value,
) {
    let Some(cases) = cases(file, section) else {
        return;
    };
    assert_eq!(
        cases.len(),
        n,
        "{file}/{section} has other cases than it used to"
    );
    let failed: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let (expected, found) = (expected(case), answer(case["text"].as_str().unwrap()));
            let difference = format!(
                "{:?}\n  expected {expected:?}\n  found    {found:?}",
                case["description"]
            );
            (expected != found).then_some(difference)
        })
        .collect();

    assert!(
        failed.is_empty(),
        "{} of {n} cases of {file}/{section}:\n{}",
        failed.len(),
        failed.join("\n")
    );
}

fn texts<'a>(found: impl Iterator<Item = Tag<'a>>) -> Value {
    Value::Sequence(found.map(|tag| Value::from(tag.text)).collect())
}

/// The form of the sections with positions; a list's name, where the suite has one, is empty.
fn placed<'a>(text: &str, key: &str, found: impl Iterator<Item = Tag<'a>>) -> Value {
    let position = |byte: usize| Value::from(text[..byte].chars().count());
    let one = |tag: Tag<'_>| {
        let indices = vec![position(tag.range.start), position(tag.range.end)];
        let pairs = [
            (Value::from(key), Value::from(tag.text)),
            (Value::from("indices"), indices.into()),
        ];
        Value::Mapping(pairs.into_iter().collect())
    };
    Value::Sequence(found.map(one).collect())
}

#[test]
fn hashtags_are_those_of_the_suite() {
    check("extract.yml", "hashtags", 65, |text| texts(hashtags(text)));
    check("extract.yml", "hashtags_from_astral", 3, |text| {
        texts(hashtags(text))
    });
    check("extract.yml", "hashtags_with_indices", 8, |text| {
        placed(text, "hashtag", hashtags(text))
    });
}

#[test]
fn cashtags_are_those_of_the_suite() {
    check("extract.yml", "cashtags", 8, |text| texts(cashtags(text)));
    check("extract.yml", "cashtags_with_indices", 2, |text| {
        placed(text, "cashtag", cashtags(text))
    });
}

#[test]
fn mentions_are_those_of_the_suite_and_lists_are_none() {
    let without_lists = |case: &Value| {
        let all = case["expected"].as_sequence().unwrap().iter();
        let mentions = all.filter(|one| one["list_slug"] == "").cloned();
        Value::Sequence(
            mentions
                .map(|mut one| {
                    one.as_mapping_mut().unwrap().remove("list_slug");
                    one
                })
                .collect(),
        )
    };
    let answer = |text: &str| placed(text, "screen_name", mentions(text));

    check("extract.yml", "mentions", 23, |text| texts(mentions(text)));
    check("extract.yml", "mentions_with_indices", 3, answer);
    check_against(
        "extract.yml",
        "mentions_or_lists_with_indices",
        5,
        without_lists,
        answer,
    );
}

#[test]
fn urls_are_those_of_the_suite() {
    check("extract.yml", "urls", 91, |text| texts(urls(text)));
    check("extract.yml", "urls_with_indices", 10, |text| {
        placed(text, "url", urls(text))
    });
    check("extract.yml", "urls_with_directional_markers", 2, |text| {
        placed(text, "url", urls(text))
    });
    check("extract.yml", "tco_urls_with_params", 5, |text| {
        texts(urls(text))
    });
}

#[test]
fn every_top_level_domain_of_the_suite_is_known() {
    check("tlds.yml", "country", 315, |text| texts(urls(text)));
    check("tlds.yml", "generic", 1259, |text| texts(urls(text)));
}

#[test]
fn a_valid_hashtag_or_name_is_found_whole() {
    let is_whole = |text: &str, found: Vec<Tag<'_>>| {
        Value::from(matches!(found.as_slice(), [tag] if tag.range == (0..text.len())))
    };

    check("validate.yml", "hashtags", 7, |text| {
        is_whole(text, hashtags(text).collect())
    });
    check("validate.yml", "usernames", 4, |text| {
        is_whole(text, mentions(text).collect())
    });
}

/// The texts between `before` and `after` in marked-up text, which the suite expects from a linker.
fn between(markup: &str, before: &str, after: &str) -> Value {
    let parts = markup.split(before).skip(1);
    Value::Sequence(
        parts
            .map(|part| Value::from(part.split(after).next().unwrap().replace("&amp;", "&")))
            .collect(),
    )
}

#[test]
fn what_the_suite_would_link_is_found() {
    let linked = |before: &'static str, after: &'static str| {
        move |case: &Value| between(case["expected"].as_str().unwrap(), before, after)
    };
    let with_scheme = |text: &str| texts(urls(text).filter(|url| url.text.contains("://")));

    let hashtag = linked("title=\"#", "\"");
    check_against("autolink.yml", "hashtags", 70, hashtag, |text| {
        texts(hashtags(text))
    });
    let cashtag = linked("title=\"$", "\"");
    check_against("autolink.yml", "cashtags", 2, cashtag, |text| {
        texts(cashtags(text))
    });
    let name = linked("https://twitter.com/", "\"");
    check_against("autolink.yml", "usernames", 19, name, |text| {
        texts(mentions(text))
    });
    check_against(
        "autolink.yml",
        "urls",
        78,
        linked("<a href=\"", "\""),
        with_scheme,
    );
}

#[test]
fn all_kinds_come_in_order_of_appearance() {
    let Some(cases) = cases("autolink.yml", "all") else {
        return;
    };

    for case in &cases {
        let text = case["text"].as_str().unwrap();
        let found: Vec<Tag<'_>> = scan(text).collect();

        assert!(found.is_sorted_by_key(|tag| tag.range.start));
        for (kind, n) in [
            (Kind::Hashtag, hashtags(text).count()),
            (Kind::Cashtag, cashtags(text).count()),
            (Kind::Mention, mentions(text).count()),
            (Kind::Url, urls(text).count()),
        ] {
            assert_eq!(
                found.iter().filter(|tag| tag.kind == kind).count(),
                n,
                "{kind:?} in {text:?}"
            );
        }
    }
}
