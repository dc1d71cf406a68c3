//! What the configuration accepts, refuses and says about it.

use super::*;

#[track_caller]
fn check_refused(text: &str, expect: &str) {
    assert_eq!(Config::parse(text).unwrap_err(), expect);
}

#[test]
fn an_unknown_key_is_named_with_its_line_and_what_was_meant() {
    check_refused(
        "[filters]\nlangages = [\"en\"]\n",
        "line 2: there is no key `langages` here; did you mean `languages`?",
    );
    check_refused(
        "\n\n[htpp]\n",
        "line 3: there is no key `htpp` here; did you mean `http`?",
    );
    check_refused(
        "[[source]]\nkind = \"recording\"\nspede = 3\n",
        "line 3: there is no key `spede` here; did you mean `speed`?",
    );
    check_refused(
        "[[topic]]\nzzzzzzzzzzzzzzzzzzzzzzzz = 1\n",
        "line 2: there is no key `zzzzzzzzzzzzzzzzzzzzzzzz` here",
    );
}

#[test]
fn a_value_that_cannot_be_used_is_named_with_its_line() {
    let problem = Config::parse("[[source]]\nspeed = 0\n").unwrap_err();

    assert!(
        problem.starts_with("line 2: a speed is a number above 0"),
        "{problem}"
    );
}

#[test]
fn an_empty_file_is_a_configuration() {
    let config = Config::parse("").unwrap();

    assert_eq!(config.http.listen, "127.0.0.1:3000");
    assert!(config.sources.is_empty());
    config.check().unwrap();
}

#[test]
fn the_file_that_is_shipped_can_be_used() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config.toml");

    let config = Config::read(&path).unwrap();
    config.check().unwrap();

    let kinds: Vec<_> = config.sources.iter().map(|source| source.kind).collect();
    assert_eq!(
        kinds[0],
        SourceKind::Recording,
        "it plays before it listens"
    );
    let needs_key = config.sources.iter().any(|source| source.key_env.is_some());
    assert!(
        kinds.len() > 3 && !needs_key,
        "live sources that need no key are one click away"
    );
    assert!(!config.topics.is_empty());
}

#[test]
fn the_file_for_a_server_can_be_used_and_lets_a_proxy_speak_tls() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/relay.toml");

    let config = Config::read(&path).unwrap();
    config.check().unwrap();

    assert!(config.http.behind_proxy && config.http.admin.is_some());
    assert!(config.sources.iter().all(|source| source.kind.is_live()));
}

#[test]
fn a_recording_without_a_path_is_refused() {
    let config = Config::parse("[[source]]\nkind = \"recording\"\n").unwrap();

    assert!(config.check().unwrap_err().to_string().contains("path"));
}

#[test]
fn lengths_that_are_no_lengths_are_refused() {
    let config = Config::parse("[http]\ndrain_secs = nan\n").unwrap();

    assert!(
        config
            .check()
            .unwrap_err()
            .to_string()
            .starts_with("http.drain_secs is NaN")
    );
}

#[test]
fn more_topics_than_readers_count_are_refused() {
    let topics = |n| "[[topic]]\nname = \"a\"\nkeywords = [\"b\"]\n".repeat(n);
    let check = |n| Config::parse(&topics(n)).unwrap().check();

    assert!(check(64).is_ok());
    assert!(check(65).unwrap_err().to_string().contains("topics is 65"));
}

#[test]
fn the_sources_that_are_shown_commented_out_can_be_used() {
    let text = include_str!("../../../config.toml");
    let (_, shown) = text.split_once("Sources that need a key").unwrap();
    let lines = shown
        .lines()
        .skip(1)
        .take_while(|line| line.starts_with('#'));
    let text: String = lines
        .map(|line| format!("{}\n", line.trim_start_matches(['#', ' '])))
        .collect();

    let config = Config::parse(&text).unwrap();

    let kinds: Vec<&str> = config
        .sources
        .iter()
        .map(|source| source.kind.word())
        .collect();
    assert_eq!(
        kinds,
        [
            "x",
            "x_counts",
            "mastodon",
            "reddit",
            "cryptocompare",
            "alpaca",
            "finnhub"
        ]
    );
    config.check().unwrap();
}
