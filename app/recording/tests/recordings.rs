//! A recording of the demo, as it is written, checked, and tampered with.

#![allow(clippy::unwrap_used, reason = "what is not there fails the test")]
#![allow(clippy::disallowed_methods, reason = "a test reads files")]

use std::{
    io::{Read, Write},
    sync::LazyLock,
};

use chunks::{Record, Withdrawn};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use proptest::prelude::*;
use recording::{
    Basis, Session,
    export::{Export, Format, What},
    file::{Seal, Writer},
    look_ahead::LookAhead,
    terms::Texts,
    verify::{Finding, Outcome, Verifier},
};
use sha2::{Digest, Sha256};
use wire::{Body, PublicConfig, ndjson};

const SALT: [u8; 16] = *b"a salt of a test";

static DEMO: LazyLock<Vec<Record>> = LazyLock::new(read_demo);

fn demo() -> Vec<Record> {
    DEMO.clone()
}

fn read_demo() -> Vec<Record> {
    let packed = std::fs::read("../../examples/demo.ndjson.gz").unwrap();
    let mut text = String::new();
    GzDecoder::new(packed.as_slice())
        .read_to_string(&mut text)
        .unwrap();
    let events = text
        .lines()
        .filter_map(|line| ndjson::decode_line(line).ok());
    events.map(Record::from).collect()
}

/// The same with every post as of another source.
fn demo_of(source: &str) -> Vec<Record> {
    let mut records = demo();
    for record in &mut records {
        if let Body::Post(post) = &mut record.event.body {
            post.source = source.to_owned();
        }
    }
    records
}

fn basis() -> Basis {
    let topic = |name: &str, keyword: &str| wire::config::Topic {
        name: name.to_owned(),
        keywords: vec![keyword.to_owned()],
        ..wire::config::Topic::default()
    };
    Basis {
        config: PublicConfig {
            topics: vec![topic("Coins", "bitcoin"), topic("Dogs", "dogecoin")],
            ..PublicConfig::default()
        },
        ..Basis::default()
    }
}

fn session(records: &[Record]) -> Session {
    let mut session = Session::new(basis(), None);
    records
        .chunks(4_096)
        .for_each(|records| session.take(records));
    session
}

fn recorded(records: &[Record], texts: Texts) -> (Vec<u8>, Seal) {
    let mut session = session(records);
    let mut writer = Writer::new(&mut session, texts, SALT);
    let mut bytes = Vec::new();
    for records in records.chunks(1_000) {
        writer.write(&mut session, records);
        bytes.append(&mut writer.ready());
    }
    let (mut last, seal) = writer.finish(&mut session);
    bytes.append(&mut last);
    (bytes, seal)
}

fn verified(bytes: &[u8], step: usize) -> Vec<Finding> {
    let mut verifier = Verifier::default();
    bytes.chunks(step).for_each(|piece| verifier.push(piece));
    verifier.finish()
}

fn unpacked(bytes: &[u8]) -> String {
    let mut text = String::new();
    GzDecoder::new(bytes).read_to_string(&mut text).unwrap();
    text
}

fn outcomes(findings: &[Finding], outcome: Outcome) -> Vec<&str> {
    let wanted = findings.iter().filter(|finding| finding.outcome == outcome);
    wanted.map(|finding| finding.what.as_str()).collect()
}

/// Lines with a new seal, as somebody would make who forges a result.
fn resealed(text: &str) -> Vec<u8> {
    let lines: Vec<&str> = text.lines().collect();
    let (_, body) = lines.split_last().unwrap();
    let body: String = body.iter().map(|line| format!("{line}\n")).collect();
    let hash: String = Sha256::digest(body.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!(
        "{body}{{\"v\":1,\"seal\":{{\"lines\":{},\"sha256\":\"{hash}\"}}}}\n",
        lines.len() - 1
    )
    .into_bytes()
}

#[test]
fn a_recording_with_texts_is_computed_again_to_the_same_numbers() {
    let mut records = demo();
    records.retain(|record| !matches!(record.event.body, Body::Delete(_)));
    let (bytes, seal) = recorded(&records, Texts::Allowed);

    let findings = verified(&bytes, 7_001);

    assert_eq!(outcomes(&findings, Outcome::Fail), [""; 0]);
    assert_eq!(outcomes(&findings, Outcome::Unknown), [""; 0]);
    let told = outcomes(&findings, Outcome::Pass).join("\n");
    assert!(told.contains(&seal.sha256), "{told}");
    for table in [
        "totals",
        "people",
        "buckets",
        "anomalies",
        "lead_lag",
        "lead_lag_tests",
    ] {
        assert!(told.contains(&format!("{table}: ")), "{table} in {told}");
    }
}

#[test]
fn aggregates_alone_give_everything_above_the_buckets_and_hold_no_text() {
    let records = demo();
    let (bytes, _) = recorded(&records, Texts::Aggregates);
    let text = unpacked(&bytes);

    let findings = verified(&bytes, bytes.len());

    assert_eq!(outcomes(&findings, Outcome::Fail), [""; 0]);
    let told = outcomes(&findings, Outcome::Pass).join("\n");
    for table in [
        "totals",
        "buckets",
        "anomalies",
        "lead_lag",
        "lead_lag_tests",
    ] {
        assert!(told.contains(&format!("{table}: ")), "{table} in {told}");
    }
    assert!(
        outcomes(&findings, Outcome::Unknown)
            .iter()
            .any(|what| what.starts_with("people"))
    );
    assert!(!text.contains("rewards the brave"), "a text of the demo");
    let post = records.iter().find_map(|record| match &record.event.body {
        Body::Post(post) => Some(post),
        _ => None,
    });
    let hash = recording::file::content_hash("demo-social", &post.unwrap().id, &post.unwrap().text);
    assert!(text.contains(&hash), "whoever has the post can find it");
}

#[test]
fn texts_that_the_terms_bind_stay_and_the_file_says_what_could_not_be_computed() {
    let (bytes, _) = recorded(&demo_of("twitter"), Texts::Allowed);

    let findings = verified(&bytes, bytes.len());

    assert_eq!(outcomes(&findings, Outcome::Fail), [""; 0]);
    assert!(!unpacked(&bytes).contains("rewards the brave"));
    let unknown = outcomes(&findings, Outcome::Unknown).join("\n");
    assert!(
        unknown.contains("kept back by the sources' terms"),
        "{unknown}"
    );
    let (bytes, _) = recorded(&demo_of("twitter"), Texts::All);
    assert!(unpacked(&bytes).contains("rewards the brave"));
}

#[test]
fn a_withdrawn_post_leaves_no_text_and_goes_on_counting() {
    let mut records = demo();
    let of_post = |record: &&mut Record| matches!(record.event.body, Body::Post(_));
    let record = records.iter_mut().find(of_post).unwrap();
    let (Body::Post(post), text) = (&mut record.event.body, "rewards the brave") else {
        panic!("no post")
    };
    assert!(post.text.contains(text));
    post.text.clear();
    post.author.clear();
    record.withdrawn = Some(Withdrawn {
        compound: 5_719,
        ..Withdrawn::default()
    });

    let (bytes, _) = recorded(&records, Texts::All);
    let findings = verified(&bytes, bytes.len());

    assert_eq!(outcomes(&findings, Outcome::Fail), [""; 0]);
    assert!(
        outcomes(&findings, Outcome::Unknown)
            .join("")
            .contains("(13 withdrawn")
    );
}

#[test]
fn whatever_is_changed_is_found() {
    let (bytes, _) = recorded(&demo(), Texts::Allowed);
    let text = unpacked(&bytes);
    let changed = text.replacen("rewards the brave", "robs the poor", 1);
    assert_ne!(changed, text);
    let fails = |bytes: &[u8]| outcomes(&verified(bytes, 9_999), Outcome::Fail).join("\n");

    assert!(fails(changed.as_bytes()).contains("The hash does not fit"));
    let forged = fails(&resealed(&changed));
    assert!(
        forged.contains("score or sort otherwise") && forged.contains("1 of"),
        "{forged}"
    );
    let verdict = text.replacen("no evidence of a lead", "sentiment leads", 1);
    let verdict = if verdict == text {
        text.replacen("\"sentiment leads\"", "\"price leads\"", 1)
    } else {
        verdict
    };
    assert!(fails(&resealed(&verdict)).contains("lead_lag_tests"));
    assert!(fails(text.get(..text.len() / 2).unwrap().as_bytes()).contains("no seal"));
    assert!(fails(bytes.get(..bytes.len() - 9).unwrap()).contains("damaged"));
    assert!(fails(b"id,text\n1,hello\n").contains("no recording"));
    let mut longer = text.clone();
    longer.push_str("{\"v\":1}\n");
    assert!(fails(longer.as_bytes()).contains("behind the seal"));
}

#[test]
fn authors_of_two_files_cannot_be_compared() {
    let records = demo();
    let author = records.iter().find_map(|record| match &record.event.body {
        Body::Post(post) => Some(post.author.clone()),
        _ => None,
    });
    let (bytes, _) = recorded(&records, Texts::Allowed);

    assert!(!unpacked(&bytes).contains(&author.unwrap()));
}

#[test]
fn a_table_of_posts_reads_back_from_each_format() {
    let records = demo();
    let n_posts = records
        .iter()
        .filter(|record| matches!(record.event.body, Body::Post(_)))
        .count();
    let mut session = session(&records);
    let mut exported = |what, format| {
        let mut export = Export::new(what, format, Texts::Allowed, SALT);
        let mut bytes = Vec::new();
        if export.needs_events() {
            for records in records.chunks(1_000) {
                export.write(&mut session, records);
                bytes.append(&mut export.ready());
            }
        }
        bytes.append(&mut export.finish(&mut session).unwrap());
        bytes
    };

    let csv = exported(What::Posts, Format::Csv);
    let mut reader = csv::Reader::from_reader(csv.as_slice());
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
    assert_eq!(rows.len(), n_posts);
    let starts: &[char] = &['=', '+', '@'];
    assert!(
        rows.iter()
            .all(|row| row.iter().all(|cell| !cell.starts_with(starts)))
    );
    let lines = exported(What::Posts, Format::Ndjson);
    let lines = String::from_utf8(lines).unwrap();
    assert_eq!(lines.lines().count(), n_posts);
    assert!(lines.lines().all(|line| {
        serde_json::from_str::<serde_json::Value>(line).unwrap()["compound"].is_number()
    }));
    for (what, least) in [
        (What::Posts, n_posts),
        (What::Bars, 100),
        (What::Aggregates, 100),
        (What::Anomalies, 1),
        (What::LeadLag, 11),
        (What::Columns, 50),
    ] {
        let bytes = exported(what, Format::Parquet);
        let n_rows = parquet_rows(bytes);
        assert!(n_rows >= least, "{what:?}: {n_rows}");
        let csv = exported(what, Format::Csv);
        let n_csv = csv::Reader::from_reader(csv.as_slice()).records().count();
        assert_eq!(n_csv, n_rows, "{what:?}");
    }
}

fn parquet_rows(bytes: Vec<u8>) -> usize {
    use parquet::file::{reader::FileReader, serialized_reader::SerializedFileReader};
    let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
    let rows = reader.metadata().file_metadata().num_rows();
    usize::try_from(rows).unwrap()
}

#[test]
fn nothing_looks_ahead_at_any_cut() {
    let records = demo();
    let mut session = session(&records);
    let (range, tickers) = (session.range(), session.tickers());
    for share in [0.5, 0.93] {
        let cut = range.from + ((range.to - range.from) as f64 * share) as i64;
        let mut check = LookAhead::new(basis(), tickers.clone(), range, cut);
        let batches = || records.chunks(4_096);
        batches().for_each(|records| check.know(records));
        check.cut();
        batches().for_each(|records| check.go_on(records));
        batches().for_each(|records| check.again(records));

        let findings = check.finish();

        assert_eq!(outcomes(&findings, Outcome::Fail), [""; 0], "at {share}");
        assert!(outcomes(&findings, Outcome::Pass).len() > 12);
    }
    drop(session.outputs());
}

#[test]
fn a_session_of_part_of_the_time_is_verified_as_well() {
    let records = demo();
    let whole = session(&records).range();
    let third = (whole.to - whole.from) / 3;
    let range = analysis::view::Range {
        from: whole.from + third + 12_345,
        to: whole.to - third,
    };
    let mut part = Session::new(basis(), Some(range));
    part.take(&records);
    for texts in [Texts::Allowed, Texts::Aggregates] {
        let mut writer = Writer::new(&mut part, texts, SALT);
        writer.write(&mut part, &records);
        let (bytes, _) = writer.finish(&mut part);

        let findings = verified(&bytes, bytes.len());

        assert_eq!(outcomes(&findings, Outcome::Fail), [""; 0], "{texts:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn no_change_of_a_recording_makes_the_reader_panic_and_every_one_is_found(
        place in 0usize..20_000,
        byte in prop::sample::select(&b"0179-\",:{}[]ax\n"[..]),
        is_aggregates in any::<bool>(),
    ) {
        let texts = if is_aggregates { Texts::Aggregates } else { Texts::Allowed };
        let mut text = unpacked(&recorded(&DEMO[..60], texts).0).into_bytes();
        let place = place % text.len();
        let is_same = text[place] == byte;
        text[place] = byte;

        let findings = verified(&text, 4_096);

        prop_assert_eq!(outcomes(&findings, Outcome::Fail).is_empty(), is_same);
        if let Ok(text) = String::from_utf8(text) {
            verified(&resealed(&text), 4_096);
        }
    }
}

#[test]
fn bytes_of_any_kind_are_no_recording_and_no_harm() {
    for bytes in [
        &b""[..],
        b"\x1f\x8b\x08junk",
        b"{\"v\":1,\"recording\":{}}\n",
        b"\xff\xfe\n\n",
    ] {
        let findings = verified(bytes, 3);

        assert!(
            findings
                .iter()
                .any(|finding| finding.outcome == Outcome::Fail)
        );
    }
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(b"not a line").unwrap();
    assert!(!outcomes(&verified(&gzip.finish().unwrap(), 5), Outcome::Fail).is_empty());
}
