//! A moment of the demo that is explained in a recording, computed again, forged and kept back.

#![allow(clippy::unwrap_used, reason = "what is not there fails the test")]
#![allow(clippy::disallowed_methods, reason = "a test reads files")]

use std::{io::Read, sync::LazyLock};

use analysis::{
    protocol::{Watch, talk::TopicsWish},
    topics::Number,
    view::Range,
};
use chunks::Record;
use flate2::read::GzDecoder;
use proptest::prelude::*;
use recording::{
    Basis, Session,
    file::Writer,
    moment::{Explained, Moment},
    terms::Texts,
    verify::{Finding, Outcome, Verifier},
};
use sha2::{Digest, Sha256};
use wire::{
    Body, Millis, PublicConfig, ndjson,
    time::{DAY, HOUR, MINUTE},
};

const SALT: [u8; 16] = *b"a salt of a test";
/// The demo's burst about Dogecoin: Tuesday 3 March 2026, 16:00 UTC.
const BURST: Millis = 1_772_409_600_000 + DAY + 16 * HOUR;
const TITLE: &str = "DogeDay: Dogecoin holders post under one hashtag";
/// All of the moment's tables.
const TABLES: [&str; 6] = [
    "moment",
    "moment_words",
    "moment_hashtags",
    "moment_posts",
    "moment_articles",
    "moment_prices",
];

/// The days around the burst; nothing is withdrawn.
static DEMO: LazyLock<Vec<Record>> = LazyLock::new(|| {
    let packed = std::fs::read("../../examples/demo.ndjson.gz").unwrap();
    let mut text = String::new();
    GzDecoder::new(packed.as_slice())
        .read_to_string(&mut text)
        .unwrap();
    let events = text
        .lines()
        .filter_map(|line| ndjson::decode_line(line).ok());
    events
        .filter(|event| !matches!(event.body, Body::Delete(_)))
        .map(Record::from)
        .collect()
});

fn burst() -> Explained {
    Explained {
        from: BURST,
        to: BURST + HOUR,
        topics: Some(TopicsWish {
            number: Number::Exactly(2),
            seed: 3,
            ..TopicsWish::default()
        }),
        ..Explained::default()
    }
}

fn basis(watch: Watch) -> Basis {
    let ticker = wire::config::Ticker {
        symbol: "DOGE".into(),
        name: None,
        aliases: vec!["dogecoin".into()],
    };
    Basis {
        config: PublicConfig {
            tickers: vec![ticker],
            ..PublicConfig::default()
        },
        watch,
        ..Basis::default()
    }
}

fn recorded(
    records: &[Record],
    explained: Option<Explained>,
    watch: Watch,
    texts: Texts,
) -> Vec<u8> {
    let range = Range {
        from: BURST,
        to: BURST + HOUR,
    };
    let mut session = Session::new(basis(watch), Some(range));
    let batches = || records.chunks(1_000);
    batches().for_each(|records| session.take(records));
    let moment = explained.map(|explained| {
        let mut moment = Moment::new(&session, explained, Some("ETH".into()), texts);
        batches().for_each(|records| moment.meet(&session, records));
        batches().for_each(|records| moment.read(&mut session, records));
        moment
    });
    let mut writer = Writer::explaining(&mut session, moment, texts, SALT);
    batches().for_each(|records| writer.write(&mut session, records));
    writer.finish(&mut session).0
}

fn of_burst(texts: Texts) -> Vec<u8> {
    recorded(&DEMO, Some(burst()), Watch::default(), texts)
}

fn verifier(bytes: &[u8]) -> Verifier {
    let mut verifier = Verifier::default();
    bytes.chunks(7_001).for_each(|piece| verifier.push(piece));
    verifier
}

fn verified(bytes: &[u8]) -> Vec<Finding> {
    verifier(bytes).finish()
}

fn told(findings: &[Finding], outcome: Outcome) -> String {
    let wanted = findings.iter().filter(|finding| finding.outcome == outcome);
    let what: Vec<&str> = wanted.map(|finding| finding.what.as_str()).collect();
    what.join("\n")
}

fn unpacked(bytes: &[u8]) -> String {
    let mut text = String::new();
    GzDecoder::new(bytes).read_to_string(&mut text).unwrap();
    text
}

/// The line that begins a table.
fn table<'f>(text: &'f str, name: &str) -> &'f str {
    let start = format!("{{\"v\":1,\"table\":\"{name}\"");
    text.lines().find(|line| line.starts_with(&start)).unwrap()
}

fn resealed(text: &str) -> Vec<u8> {
    let lines: Vec<&str> = text.lines().collect();
    let (_, body) = lines.split_last().unwrap();
    let body: String = body.iter().map(|line| format!("{line}\n")).collect();
    let hash: String = Sha256::digest(body.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let n = lines.len() - 1;
    format!("{body}{{\"v\":1,\"seal\":{{\"lines\":{n},\"sha256\":\"{hash}\"}}}}\n").into_bytes()
}

#[test]
fn a_moment_is_computed_again_to_the_same_numbers() {
    let findings = verified(&of_burst(Texts::Allowed));

    assert_eq!(told(&findings, Outcome::Fail), "");
    assert_eq!(told(&findings, Outcome::Unknown), "");
    let same = told(&findings, Outcome::Pass);
    for table in TABLES {
        assert!(same.contains(&format!("{table}: ")), "{table} in {same}");
    }
}

#[test]
fn a_moment_is_told_when_the_beginning_of_a_recording_is_read() {
    let bytes = of_burst(Texts::Allowed);
    let mut verifier = Verifier::default();
    verifier.push(bytes.get(..32 * 1024).unwrap_or(&bytes));

    let lines = verifier.moment();

    let told = lines.join("\n");
    for part in [
        "The moment 2026-03-03 16:00 to 2026-03-03 17:00 UTC: ",
        "Words: ",
        "dogeday",
        "Hashtags: #",
        "Topics: ",
        // What the chart shows, though the file speaks more of others.
        "Prices after it: ETH ",
        "USD at 2026-03-03 17:00, ETH ",
        "First posts, 2026-03-03 16:",
        "] ",
        TITLE,
    ] {
        assert!(told.contains(part), "{part} in {told}");
    }
    let without = recorded(&DEMO, None, Watch::default(), Texts::Allowed);
    assert_eq!(self::verifier(&without).moment(), [""; 0]);
}

#[test]
fn whatever_is_changed_about_a_moment_is_found() {
    let text = unpacked(&of_burst(Texts::Allowed));

    for name in TABLES {
        let line = table(&text, name);
        let (head, rows) = line.split_once("\"rows\":[[").unwrap();
        // The last digits of the first row; times agree to the second.
        let row = rows.split("]").next().unwrap();
        let end = row.rfind(|char: char| char.is_ascii_digit()).unwrap();
        let head_of_row = row.get(..end).unwrap();
        let place = head_of_row
            .rfind(|char: char| !char.is_ascii_digit())
            .map_or(0, |place| place + 1);
        let digit = match row.as_bytes()[place] {
            b'4' => "5",
            _ => "4",
        };
        let mut forged = rows.to_owned();
        forged.replace_range(place..=place, digit);
        let forged = text.replacen(line, &format!("{head}\"rows\":[[{forged}"), 1);

        let fails = told(&verified(&resealed(&forged)), Outcome::Fail);

        assert!(fails.starts_with(&format!("{name}: ")), "{name}: {fails}");
    }
    // Of the hour before, which the moment is compared with.
    let is_of_before = |line: &&str| {
        let event = ndjson::decode_line(line).ok();
        event.is_some_and(|event| {
            matches!(event.body, Body::Post(_)) && (BURST - HOUR..BURST).contains(&event.at)
        })
    };
    let post = text.lines().find(is_of_before).unwrap();
    assert!(post.contains("\"aside\":true"), "{post}");
    let without = text.replacen(&format!("{post}\n"), "", 1);
    let fails = told(&verified(&resealed(&without)), Outcome::Fail);
    assert!(
        fails.contains("moment"),
        "a post of before is gone: {fails}"
    );
}

#[test]
fn what_a_moment_is_compared_with_counts_in_nothing_else() {
    let [with, without] = [Some(burst()), None].map(|explained| {
        let bytes = recorded(&DEMO, explained, Watch::default(), Texts::Allowed);
        let text = unpacked(&bytes);
        let lines = text.lines().filter(|line| {
            line.starts_with("{\"v\":1,\"table\":") && !line.contains("\"table\":\"moment")
        });
        let lines: Vec<String> = lines.map(str::to_owned).collect();
        (lines, text.matches("\"aside\":true").count())
    });

    assert_eq!(with.0, without.0);
    assert!(with.1 > 100 && without.1 == 0, "{} aside", with.1);
}

#[test]
fn sums_alone_tell_how_many_posts_a_moment_has_and_prices_and_say_what_they_cannot() {
    let bytes = of_burst(Texts::Aggregates);
    let text = unpacked(&bytes);

    let findings = verified(&bytes);

    assert_eq!(told(&findings, Outcome::Fail), "");
    let same = told(&findings, Outcome::Pass);
    assert!(
        same.contains("moment: 1 rows, 7 values computed again, all as stated. Not computed again: before, authors, new_authors, judged, duplicates, articles, knowable_at."),
        "{same}"
    );
    assert!(same.contains("moment_prices: 7 rows"), "{same}");
    let unknown = told(&findings, Outcome::Unknown);
    for table in ["words", "hashtags", "posts", "articles"] {
        let says = format!("moment_{table}: the file does not hold what it is made of.");
        assert!(unknown.contains(&says), "{unknown}");
    }
    assert!(!text.contains(TITLE) && !text.contains("\"text\":\""));
    let first = table(&text, "moment_posts");
    assert!(first.contains("demo-social"), "by id and hash: {first}");
    let forged = text.replacen(table(&text, "moment_prices"), "{\"v\":1,\"table\":\"moment_prices\",\"columns\":[\"close\"],\"rows\":[[1],[1],[1],[1],[1],[1],[1]]}", 1);
    let fails = told(&verified(&resealed(&forged)), Outcome::Fail);
    assert!(fails.contains("moment_prices"), "{fails}");
}

#[test]
fn sums_of_other_posts_than_the_moments_say_nothing_of_it() {
    for (watch, minutes) in [
        (
            Watch {
                hashtag: Some("dogeday".into()),
                ..Watch::default()
            },
            0,
        ),
        (Watch::default(), 1),
    ] {
        let explained = Explained {
            from: BURST + minutes * MINUTE,
            ..burst()
        };
        let bytes = recorded(&DEMO, Some(explained), watch, Texts::Aggregates);

        let findings = verified(&bytes);

        assert_eq!(told(&findings, Outcome::Fail), "");
        let unknown = told(&findings, Outcome::Unknown);
        assert!(
            unknown.contains("moment: the sums in the file are not of"),
            "{unknown}"
        );
    }
    let watch = Watch {
        tickers: vec!["DOGE".into()],
        ..Watch::default()
    };
    let findings = verified(&recorded(&DEMO, Some(burst()), watch, Texts::Aggregates));
    let same = told(&findings, Outcome::Pass);
    assert!(same.contains("moment: 1 rows, 7 values"), "{findings:?}");
}

#[test]
fn texts_that_the_terms_bind_are_named_by_id_and_hash() {
    let mut records = DEMO.clone();
    for record in &mut records {
        if let Body::Post(post) = &mut record.event.body {
            post.source = post
                .source
                .replace("demo-", "")
                .replace("social", "twitter");
        }
    }
    let bytes = recorded(&records, Some(burst()), Watch::default(), Texts::Allowed);
    let text = unpacked(&bytes);

    let findings = verified(&bytes);

    assert_eq!(told(&findings, Outcome::Fail), "");
    assert!(!text.contains(TITLE) && !text.contains("demo.example"));
    let posts = table(&text, "moment_posts");
    let first = records.iter().map(|record| &record.event).find(|event| {
        event.at >= BURST && matches!(&event.body, Body::Post(post) if post.source == "twitter")
    });
    let Body::Post(first) = &first.unwrap().body else {
        panic!("no post")
    };
    let hash = recording::file::content_hash("twitter", &first.id, &first.text);
    assert!(
        posts.contains(&format!("\"{}\",\"{hash}\",null]", first.id)),
        "{posts}"
    );
    let same = told(&findings, Outcome::Pass);
    assert!(
        same.contains("moment: 1 rows, 9 values") && same.contains("moment_hashtags: "),
        "{same}"
    );
    let unknown = told(&findings, Outcome::Unknown);
    assert!(unknown.contains("moment_words: "), "{unknown}");
}

#[test]
fn a_moment_obeys_the_selection_and_is_computed_again() {
    let watch = Watch {
        tickers: vec!["DOGE".into()],
        class: Some(analysis::view::Class::Positive),
        ..Watch::default()
    };
    let bytes = recorded(&DEMO, Some(burst()), watch, Texts::Allowed);

    let findings = verified(&bytes);

    assert_eq!(told(&findings, Outcome::Fail), "");
    let lines = verifier(&bytes).moment();
    assert!(lines[0].contains(" 0 neutral, 0 negative"), "{lines:?}");
    let of_all = verifier(&of_burst(Texts::Allowed)).moment();
    assert_ne!(lines[0], of_all[0]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn no_change_of_a_moment_makes_the_reader_panic(
        place in 0usize..30_000,
        byte in prop::sample::select(&b"0179-\",:{}[]ax\n"[..]),
        is_aggregates in any::<bool>(),
    ) {
        let texts = if is_aggregates { Texts::Aggregates } else { Texts::Allowed };
        let near = DEMO.iter().filter(|record| (record.event.at - BURST).abs() < 20 * MINUTE);
        let near: Vec<Record> = near.take(60).cloned().collect();
        let explained = Explained { topics: None, ..burst() };
        let bytes = recorded(&near, Some(explained), Watch::default(), texts);
        let mut text = unpacked(&bytes).into_bytes();
        let place = place % text.len();
        text[place] = byte;
        if let Ok(text) = String::from_utf8(text) {
            let verifier = verifier(&resealed(&text));
            verifier.moment();
            verifier.finish();
        }
    }
}
