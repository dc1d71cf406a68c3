//! The programs in `examples/` keep to the formats that others rely on, and say in one line what is wrong.

#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    reason = "tests run programs, and what cannot be run fails them"
)]

use std::{
    fmt::Write as _,
    io::Write as _,
    path::PathBuf,
    process::{Command, Stdio},
    thread,
};

use analysis::stats::random::Random;
use serde_json::{Value, json};

/// What a program printed; `Err` has what it said on standard error when it failed.
type Outcome = Result<String, String>;

/// Runs a program of `examples/`, which `cargo test` has built beside this test; nothing is run if only this test
/// was built.
fn run(program: &str, arguments: &[&str], input: &str) -> Option<Outcome> {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.extend(["examples", program]);
    if !path.exists() {
        eprintln!("SKIPPED: {} has not been built", path.display());
        return None;
    }
    let piped = Stdio::piped;
    let mut child = Command::new(path)
        .args(arguments)
        .stdin(piped())
        .stdout(piped())
        .stderr(piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    // What a program does not read, since it has found something wrong, is no matter.
    let feeding = thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let output = child.wait_with_output().unwrap();
    feeding.join().unwrap();
    let told = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Some(match output.status.code() {
        Some(0) => Ok(told(output.stdout)),
        code => {
            assert_eq!(code, Some(1), "{program} {arguments:?}");
            Err(told(output.stderr))
        }
    })
}

#[track_caller]
fn check(program: &str, arguments: &[&str], input: &str, expected: &str) {
    if let Some(found) = run(program, arguments, input) {
        assert_eq!(found.as_deref(), Ok(expected), "{program} {arguments:?}");
    }
}

/// Fails with one line, in which this is said.
#[track_caller]
fn check_refused(program: &str, arguments: &[&str], input: &str, expected: &str) {
    if let Some(found) = run(program, arguments, input) {
        let told = found.unwrap_err();
        let n_lines = told.lines().count();
        assert!(told.contains(expected) && n_lines == 1, "{program}: {told}");
    }
}

fn json_of(program: &str, arguments: &[&str], input: &str) -> Option<Value> {
    let printed = run(program, arguments, input)?.unwrap();
    Some(serde_json::from_str(&printed).unwrap())
}

/// A file for a program, by a name of its own.
fn file(name: &str, content: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, content).unwrap();
    path
}

#[test]
fn sentiment_prints_four_numbers_of_three_and_four_decimals_a_text() {
    let texts = "I ❤ you\n\ngood\\n\\\\ bad\n";
    let scores = "0.000\t0.417\t0.583\t0.6369\n0.000\t0.000\t0.000\t0.0000\n";
    if let Some(found) = run("sentiment", &[], texts) {
        let found = found.unwrap();
        assert!(
            found.starts_with(scores) && found.lines().count() == 3,
            "{found}"
        );
    }
    let list = file("words.tsv", "good\t1\nbad\t-1\n");
    let list = list.to_str().unwrap();
    let words = ["--method", "words", "--lexicon", list];
    check(
        "sentiment",
        &words,
        "Good good, BAD thing\n",
        "1\t1\t2\t1\n",
    );
    check_refused("sentiment", &["--method", "words"], "", "--words FILE");
    check_refused(
        "sentiment",
        &["--method", "none"],
        "",
        "vader, finance or words",
    );
}

#[test]
fn tags_prints_an_object_a_text_in_order_with_repeats_and_as_written() {
    let found =
        r#"{"hashtags":["b","a","b"],"cashtags":["Aapl"],"mentions":["me"],"urls":["x.com/a"]}"#;

    check(
        "tags",
        &[],
        "#b #a #b $Aapl @me x.com/a\n",
        &format!("{found}\n"),
    );
    check_refused("tags", &["--all"], "", "--all");
}

#[test]
fn spam_prints_id_class_reason_and_score_from_what_came_before_only() {
    let line = |id: u32, author: &str, text: &str| {
        json!({"id": id, "author": author, "text": text, "at": id * 1_000}).to_string() + "\n"
    };
    let wave = "Join the biggest presale of the year before it is gone my friends";
    let mut input = line(1, "a", "quiet day on the market, nothing to report");
    for id in 2..6 {
        input += &line(id, &format!("b{id}"), wave);
    }
    input += &line(6, "c", "Free airdrop! DM me now, guaranteed");
    input += &line(7, "d", "http://a.co/1 http://a.co/2 http://a.co/3 look");
    let Some(found) = run("spam", &[], &input) else {
        return;
    };

    let found = found.unwrap();
    let rows: Vec<Vec<&str>> = found
        .lines()
        .map(|line| line.split('\t').collect())
        .collect();
    let judged: Vec<(&str, &str)> = rows.iter().map(|row| (row[1], row[2])).collect();
    let duplicate = ("spam", "duplicate");
    assert_eq!(
        judged[..3],
        [("ham", "-"); 3],
        "a template's first posts are not known as such"
    );
    assert_eq!(
        judged[3..],
        [duplicate, duplicate, ("spam", "phrase"), ("spam", "links")]
    );
    for (row, id) in rows.iter().zip(1..) {
        let score: f64 = row[3].parse().unwrap();
        assert!(row[0] == id.to_string() && (0.0..=1.0).contains(&score));
        assert_eq!(score >= 0.5, row[1] == "spam");
    }
    check_refused("spam", &[], "{\"id\":1}\n", "line 1");
}

#[test]
fn trending_prints_counts_at_the_end_or_at_every_multiple() {
    let rows = "time_ms,text,author\n1000,#a #A #b,x\n61000,\"#b, #c\",x\n62000,#c,x\n";

    check("trending", &[], rows, "[[\"b\",2],[\"c\",2],[\"a\",1]]\n");
    let minutes = ["--window", "60", "--every", "60", "--top", "1"];
    check("trending", &minutes, rows, "[[\"a\",1]]\n[[\"c\",2]]\n");
    let authors = ["--by", "authors", "--window", "61"];
    check("trending", &authors, rows, "[[\"b\",1],[\"c\",1]]\n");
    check_refused("trending", &[], "5,#a\n4,#b\n", "time order");
    check_refused("trending", &["--by", "authors"], "5,#a\n", "third column");
}

#[test]
fn anomalies_prints_index_value_and_expectation_or_a_score_a_point() {
    let mut random = Random::new(1);
    let mut rows = String::from("timestamp,value\n");
    for hour in 0..480 {
        let value = match hour {
            299 => 90,
            hour => 20 + hour % 24 + (random.uniform() * 4.0) as i64,
        };
        writeln!(rows, "{},{value}", 1_700_000_000_000 + hour * 3_600_000).unwrap();
    }
    for method in ["shesd", "classic"] {
        let Some(found) = run("anomalies", &["--method", method], &rows) else {
            return;
        };
        let found = found.unwrap();
        let row: Vec<&str> = found.lines().next().unwrap().split('\t').collect();
        assert_eq!(row[..2], ["300", "90"], "{method}");
        assert!(
            (25.0..45.0).contains(&row[2].parse::<f64>().unwrap()),
            "{method}"
        );
    }
    check_refused("anomalies", &[], "1\n2\n3\n", "--period");
    check_refused("anomalies", &["--period", "2"], "5\n5\n5\n5\n5\n", "equal");
    check_refused(
        "anomalies",
        &["--period", "2"],
        "1\nNaN\n3\n4\n",
        "not finite",
    );
    check_refused("anomalies", &[], "2,5\n1,6\n", "sort by time");
    check_refused("anomalies", &[], "1,5\n1,6\n", "twice");
    check_refused(
        "anomalies",
        &["--period", "18446744073709551615"],
        "1\n2\n",
        "too few",
    );
}

#[test]
fn the_stream_scores_every_point_from_what_came_before_it() {
    let mut random = Random::new(2);
    let mut values: Vec<String> = (0..2_000)
        .map(|_| ((20.0 * (0.4 * random.normal()).exp()) as i64).to_string())
        .collect();
    values.push("3000".to_owned());
    let stream = ["--method", "stream"];
    let Some(whole) = run("anomalies", &stream, &values.join("\n")) else {
        return;
    };

    let whole = whole.unwrap();
    let rows: Vec<Vec<&str>> = whole
        .lines()
        .map(|line| line.split('\t').collect())
        .collect();
    assert_eq!(rows.len(), 2_001);
    assert_eq!((rows[2_000][0], rows[2_000][2]), ("2001", "1"));
    assert!(
        rows.iter()
            .all(|row| (0.0..=1.0).contains(&row[1].parse::<f64>().unwrap()))
    );
    let part = run("anomalies", &stream, &values[..700].join("\n"))
        .unwrap()
        .unwrap();
    assert!(part.lines().count() == 700 && whole.starts_with(&part));
}

/// Rows of `time,x,y` in which y does what x did `lag` hours before, or something else.
fn pair(lag: usize, strength: f64, seed: u64) -> String {
    let mut random = Random::new(seed);
    let x: Vec<f64> = (0..500).map(|_| random.normal()).collect();
    let mut rows = String::from("time,x,y\n");
    for (hour, at) in (lag..500).zip((0i64..).step_by(3_600_000)) {
        let y = strength * x[hour - lag] + random.normal();
        writeln!(rows, "{at},{},{y}", x[hour]).unwrap();
    }
    rows
}

#[test]
fn leadlag_prints_one_object_and_for_several_files_what_is_left_among_all() {
    let none = ["--transform", "none", "--max-lag", "12"];
    let Some(found) = json_of("leadlag", &none, &pair(3, 1.0, 1)) else {
        return;
    };
    assert_eq!(
        (&found["verdict"], &found["best_lag"]),
        (&json!("lead"), &json!(3))
    );
    assert_eq!(found["best_lag_interval"], json!([3, 3]));
    assert_eq!(
        (found["lags"][0].as_i64(), found["lags"][24].as_i64()),
        (Some(-12), Some(12))
    );
    for key in ["ccf", "ccf_white"] {
        assert_eq!(found[key].as_array().unwrap().len(), 25, "{key}");
    }
    for key in ["band", "n", "n_eff", "p_raw", "p_family", "p_surrogate"] {
        assert!(found[key].is_number(), "{key}");
    }
    assert!(found.get("p_across").is_none());

    let files: Vec<String> = (0..30)
        .map(|seed| {
            let (strength, name) = (f64::from(u8::from(seed == 7)), format!("pair{seed}.csv"));
            file(&name, &pair(3, strength, 100 + seed))
                .to_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    let arguments = none.into_iter().chain(files.iter().map(String::as_str));
    let printed = run("leadlag", &arguments.collect::<Vec<_>>(), "")
        .unwrap()
        .unwrap();
    let all: Vec<Value> = printed
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(all.len(), 30);
    for (one, name) in all.iter().zip(&files) {
        let is_true = name.ends_with("pair7.csv");
        assert_eq!(one["file"], json!(name));
        assert!(one["p_across"].as_f64() >= one["p_family"].as_f64());
        assert_eq!(
            one["verdict_across"],
            json!(if is_true { "lead" } else { "none" })
        );
    }
    check_refused("leadlag", &[], "time,x,y\n0,1,1\n0,1,1\n", "twice");
    check_refused("leadlag", &[], "a,b,c\n", "time,x,y");
}

#[test]
fn ticks_leadlag_prints_the_lead_of_the_first_file_with_a_header_or_without() {
    let mut random = Random::new(3);
    let (mut price, mut at) = (100.0, 0);
    let (mut first, mut second) = (String::from("time_ms,value\n"), String::new());
    for _ in 0..2_000 {
        at += 200 + (random.uniform() * 1_000.0) as i64;
        price *= (0.001 * random.normal()).exp();
        writeln!(first, "{at},{price}").unwrap();
        writeln!(second, "{},{price}", at + 5_000).unwrap();
    }
    let paths = [file("first.csv", &first), file("second.csv", &second)];
    let paths = paths.each_ref().map(|path| path.to_str().unwrap());
    let lags = ["--max-lag-ms", "20000", "--step-ms", "1000"];
    let arguments: Vec<&str> = lags.into_iter().chain(paths).collect();
    let Some(found) = json_of("ticks_leadlag", &arguments, "") else {
        return;
    };

    assert_eq!(
        (found["lead_ms"].as_i64(), found["lags_ms"][0].as_i64()),
        (Some(5_000), Some(-20_000))
    );
    assert_eq!(found["correlation"].as_array().unwrap().len(), 41);
    assert_eq!(found["interval"], json!([5_000, 5_000]));
    assert!(found["p"].as_f64().unwrap() < 0.01);
    check_refused("ticks_leadlag", &paths[..1], "", "two files");
}
