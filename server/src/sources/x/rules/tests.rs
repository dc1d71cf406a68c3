//! What rules are made of topics, and what is changed at X.

use fakes::x::grammar;
use proptest::prelude::*;

use super::*;

fn topic(keywords: &[&str]) -> Topic {
    Topic {
        keywords: keywords
            .iter()
            .map(|keyword| (*keyword).to_owned())
            .collect(),
        ..Topic::default()
    }
}

fn narrowing() -> Narrowing {
    Narrowing::of(&Filters::default(), None)
}

fn held(id: &str, value: &str, tag: &str) -> Held {
    Held {
        id: id.into(),
        value: value.into(),
        tag: Some(tag.into()),
    }
}

#[track_caller]
fn check_term(keyword: &str, expect: Option<&str>) {
    assert_eq!(term(keyword).as_deref(), expect, "{keyword:?}");
}

#[test]
fn a_keyword_is_a_word_a_tag_or_a_phrase() {
    check_term("bitcoin", Some("bitcoin"));
    check_term(" $BTC ", Some("$BTC"));
    check_term("$brk.b", Some("$brk.b"));
    check_term("#Bitcoin", Some("#Bitcoin"));
    check_term("proof  of work", Some("\"proof of work\""));
    check_term("AT&T", Some("\"AT&T\""));
    check_term("köln", Some("köln"));
}

#[test]
fn nothing_in_a_keyword_is_taken_for_an_operator() {
    check_term("OR", Some("\"OR\""));
    check_term("-short", Some("\"-short\""));
    check_term("from:someone", Some("\"from:someone\""));
    check_term("(a) \"b\" \\c", Some("\"(a) b c\""));
    check_term("$100", Some("\"$100\""));
    check_term("#2024", Some("\"#2024\""));
    check_term("a\nb", Some("\"a b\""));
    check_term("---", None);
    check_term("\"\"", None);
    check_term("", None);
}

#[test]
fn a_rule_asks_for_every_topic_once_and_only_for_what_is_kept() {
    let topics = [
        topic(&["bitcoin", "$BTC", "#bitcoin"]),
        topic(&["Bitcoin", "ether"]),
    ];
    let ticker = Ticker {
        symbol: "btc".into(),
        ..Ticker::default()
    };

    let rules = compile(&topics, &[ticker], &narrowing(), Caps::STREAM).unwrap();

    assert_eq!(
        rules,
        ["(bitcoin OR $BTC OR #bitcoin OR ether) lang:en -is:retweet"]
    );
}

#[test]
fn the_narrowing_follows_the_filters() {
    let filters = |languages: &[&str], reposts| Filters {
        languages: languages.iter().map(|lang| (*lang).to_owned()).collect(),
        reposts,
        ..Filters::default()
    };
    let rule = |filters, sample| {
        let narrowing = Narrowing::of(&filters, sample);
        compile(&[topic(&["a", "b"])], &[], &narrowing, Caps::STREAM)
            .unwrap()
            .concat()
    };

    assert_eq!(rule(filters(&[], true), None), "a OR b");
    assert_eq!(
        rule(filters(&["en-GB", "de"], true), Some(10)),
        "(a OR b) (lang:en OR lang:de) sample:10"
    );
    assert_eq!(rule(filters(&[], false), Some(100)), "(a OR b) -is:retweet");
}

#[test]
fn a_keyword_that_fits_into_no_rule_is_named() {
    let long = "x".repeat(1_010);

    let error = compile(&[topic(&[&long])], &[], &narrowing(), Caps::STREAM).unwrap_err();

    assert!(matches!(error, RulesError::TooLong { n_chars: 1_024, .. }));
    assert_eq!(
        compile(&[topic(&["…"])], &[], &narrowing(), Caps::STREAM),
        Err(RulesError::Nothing)
    );
}

#[test]
fn a_query_for_counts_leaves_out_what_does_not_fit() {
    let long = "x".repeat(600);

    let query = query(
        &topic(&["btc", &long, "BTC", "ether"]),
        &narrowing(),
        Caps::COUNTS,
    );

    assert_eq!(query.as_deref(), Some("(btc OR ether) lang:en -is:retweet"));
}

#[test]
fn only_what_differs_is_changed_and_other_programs_rules_are_left_alone() {
    let at_x = [
        held("1", "a", "moodtape/x"),
        held("2", "old", "moodtape/x"),
        held("3", "theirs", "another"),
        held("4", "c", "another"),
        Held {
            id: "5".into(),
            value: "untagged".into(),
            tag: None,
        },
    ];
    let wanted = ["a".to_owned(), "b".to_owned(), "c".to_owned()];

    let plan = plan(&at_x, &wanted, "moodtape/x", Caps::STREAM).unwrap();

    assert_eq!(
        plan,
        Plan {
            delete: vec!["2".into()],
            add: vec!["b".into()],
            adopted: vec!["4".into()]
        }
    );
}

#[test]
fn what_is_there_already_is_not_touched() {
    let wanted = ["a".to_owned()];

    let plan = plan(&[held("1", "a", "t")], &wanted, "t", Caps::STREAM).unwrap();

    assert_eq!(plan, Plan::default());
}

#[test]
fn more_rules_than_x_takes_are_refused_before_anything_is_changed() {
    let at_x = [held("1", "theirs", "another"), held("2", "ours", "t")];
    let wanted = ["a".to_owned(), "b".to_owned()];
    let caps = |n_rules| Caps {
        n_rules,
        n_chars: 1_024,
    };

    assert!(plan(&at_x, &wanted, "t", caps(3)).is_ok());
    assert_eq!(
        plan(&at_x, &wanted, "t", caps(2)),
        Err(RulesError::TooMany {
            n_needed: 2,
            n_foreign: 1,
            n_rules: 2
        })
    );
}

#[test]
fn bodies_are_as_x_wants_them() {
    let ids = ["7".to_owned()];
    let add = Add {
        add: vec![NewRule {
            value: "\"a b\"",
            tag: "t",
        }],
    };

    assert_eq!(
        serde_json::to_string(&add).unwrap(),
        r#"{"add":[{"value":"\"a b\"","tag":"t"}]}"#
    );
    assert_eq!(
        serde_json::to_string(&Remove {
            delete: Ids { ids: &ids }
        })
        .unwrap(),
        r#"{"delete":{"ids":["7"]}}"#
    );
}

#[test]
fn a_rule_finds_what_it_was_made_for_and_only_what_is_kept() {
    let topics = [topic(&["bitcoin", "proof of work", "#hodl", "AT&T", "OR"])];
    let ticker = Ticker {
        symbol: "BRK.B".into(),
        ..Ticker::default()
    };
    let rule = compile(&topics, &[ticker], &narrowing(), Caps::STREAM).unwrap();
    let rule = grammar::Rule::parse(&rule.concat()).unwrap();
    let matches = |text: &str, members: &str| {
        let post = format!(r#"{{"text":{text:?},"lang":"en",{members}"id":"1"}}"#);
        rule.matches(&grammar::Subject::of(&serde_json::from_str(&post).unwrap()))
    };

    for text in ["Bitcoin!", "no proof of work", "at&t is up", "this or that"] {
        assert!(matches(text, ""), "{text}");
    }
    assert!(matches("x", r#""entities":{"hashtags":[{"tag":"HODL"}]},"#));
    assert!(matches(
        "x",
        r#""entities":{"cashtags":[{"tag":"BRK.B"}]},"#
    ));
    assert!(!matches("proof of working", ""));
    assert!(!matches(
        "bitcoin",
        r#""referenced_tweets":[{"type":"retweeted"}],"#
    ));
}

proptest! {
    #[test]
    fn every_rule_is_within_the_caps_and_no_term_is_lost(
        keywords in prop::collection::vec("[a-z$#\u{1F680} \"\\\\()-]{0,40}", 1..120),
        n_chars in 90usize..400,
    ) {
        let keywords: Vec<&str> = keywords.iter().map(String::as_str).collect();
        let caps = Caps { n_rules: 1_000, n_chars };
        let terms: Vec<String> = keywords.iter().filter_map(|keyword| term(keyword)).collect();

        let Ok(rules) = compile(&[topic(&keywords)], &[], &narrowing(), caps) else {
            prop_assert!(terms.is_empty());
            return Ok(());
        };

        for rule in &rules {
            prop_assert!(length(rule) <= n_chars, "{rule}");
            prop_assert!(grammar::Rule::parse(rule).is_ok(), "{rule}: {:?}", grammar::Rule::parse(rule));
        }
        for term in &terms {
            let folded = term.to_lowercase();
            prop_assert!(rules.iter().any(|rule| rule.to_lowercase().contains(&folded)), "{term}");
        }
    }
}
