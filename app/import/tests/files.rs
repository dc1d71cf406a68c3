//! Whole files: made ones with every trap that is known, and real ones where they are at hand.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "these are tests, and the real files lie outside"
)]

use std::{collections::BTreeMap, io::Write, path::PathBuf};

use flate2::{
    Compression, Crc,
    write::{DeflateEncoder, GzEncoder},
};
use import::{Choice, Encoding, Kind, Reader, Report, Role, preview};
use proptest::prelude::*;
use wire::{Body, Event, Identity, Post, author::AuthorKey};

const KEY: AuthorKey = AuthorKey([3; 16]);

fn read_in(name: &str, choice: Option<Choice>, bytes: &[u8], step: usize) -> (Vec<Event>, Report) {
    let mut reader = Reader::new(name, choice, KEY);
    let mut events = Vec::new();
    bytes
        .chunks(step.max(1))
        .for_each(|piece| reader.push(piece, &mut events));
    reader.finish(&mut events);
    while reader.read_on(&mut events) {}
    (events, reader.report().clone())
}

fn read(name: &str, bytes: &[u8]) -> (Vec<Event>, Report) {
    read_in(name, None, bytes, 4_096)
}

fn post(event: &Event) -> &Post {
    match &event.body {
        Body::Post(post) => post,
        _ => panic!("no post"),
    }
}

fn texts(events: &[Event]) -> Vec<&str> {
    events
        .iter()
        .map(|event| post(event).text.as_str())
        .collect()
}

fn reasons(report: &Report) -> BTreeMap<&str, u64> {
    report
        .refused
        .iter()
        .map(|(reason, refused)| (reason.as_str(), refused.n))
        .collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::new(6));
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

/// One entry of a zip file; streamed, as most programs that write to a pipe do, or with its lengths in front.
fn zip_entry(name: &str, bytes: &[u8], is_streamed: bool) -> Vec<u8> {
    let mut deflate = DeflateEncoder::new(Vec::new(), Compression::new(6));
    deflate.write_all(bytes).unwrap();
    let packed = deflate.finish().unwrap();
    let mut crc = Crc::new();
    crc.update(bytes);
    let sums = [crc.sum(), packed.len() as u32, bytes.len() as u32]
        .map(u32::to_le_bytes)
        .concat();
    let mut out = b"PK\x03\x04\x14\x00".to_vec();
    out.extend([if is_streamed { 8 } else { 0 }, 0, 8, 0, 0, 0, 0, 0]);
    out.extend(if is_streamed { &[0; 12][..] } else { &sums });
    out.extend((name.len() as u16).to_le_bytes());
    out.extend([0, 0]);
    out.extend(name.as_bytes());
    out.extend(packed);
    if is_streamed {
        out.extend(b"PK\x07\x08");
        out.extend(sums);
    }
    out
}

const TABLE: &str = "\u{feff}tweet_id,created_at,user,text\r\n\
    1,2021-01-14 13:36:01,ann,\"to the #Moon, \"\"now\"\"\nand $btc\"\r\n\
    2,2021-01-14 13:36:02,bob,RT @ann: 🚀\r\n\
    \r\n\
    3,never,bob,x\r\n\
    4,2021-01-14 13:36:03,,no author\r\n\
    5,2021-01-14 13:36:04,bob\r\n\
    6,2021-01-14 13:36:04,bob,\"  \"\r\n\
    7,2021-01-14 13:36:05,bob,last";

#[test]
fn a_column_of_times_is_found_by_what_it_holds_and_row_numbers_are_no_ids() {
    let made = "tweet_id,created_at_ms,text\n88000000001,1500000025495,a word\n88000000007,1500000026000,two words\n";
    let rows = (1..30).map(|row| format!("{row},2021-01-01 00:00:{row:02},a word\n"));
    let numbered = "id,when,text\n".to_owned() + &rows.collect::<String>();
    let rounded = "id,date,text\n1.21821E+18,2021-01-01,a word\n1.21821E+18,2021-01-02,two words\n";

    let roles = |text: &str| preview("posts.csv", text.as_bytes()).choice.unwrap().roles;

    assert_eq!(roles(made), [Role::Id, Role::Time, Role::Text]);
    assert_eq!(roles(&numbered), [Role::Ignore, Role::Time, Role::Text]);
    assert_eq!(roles(rounded), [Role::Ignore, Role::Time, Role::Text]);
}

#[test]
fn a_table_gives_its_posts_and_says_what_it_refused() {
    let (events, report) = read("a.csv", TABLE.as_bytes());

    assert_eq!(
        texts(&events),
        [
            "to the #Moon, \"now\"\nand $btc",
            "RT @ann: 🚀",
            "no author",
            "last"
        ]
    );
    let first = post(&events[0]);
    assert_eq!(
        (first.id.as_str(), first.source.as_str(), first.author.len()),
        ("1", "twitter", 16)
    );
    assert_eq!(
        (&first.hashtags[..], &first.cashtags[..]),
        (&["Moon".to_owned()][..], &["BTC".to_owned()][..])
    );
    assert!(events[0].imported && events[0].at == 1_610_631_361_000 && post(&events[1]).repost);
    assert_eq!(
        reasons(&report),
        BTreeMap::from([("bad_time", 1), ("columns", 1), ("no_text", 1)])
    );
    assert_eq!(
        (report.n_rows, report.n_posts, report.n_without_author),
        (7, 4, 1)
    );
    assert_eq!(report.refused["bad_time"].samples[0].row, 4);
    assert!(report.refused_csv().contains("bad_time,4,\"3neverbobx\""));
}

#[test]
fn it_makes_no_difference_how_a_file_is_cut_or_packed() {
    let (whole, report) = read_in("a.csv", None, TABLE.as_bytes(), usize::MAX);
    for step in [1, 2, 7, 64] {
        assert_eq!(read_in("a.csv", None, TABLE.as_bytes(), step).0, whole);
        assert_eq!(
            read_in("a.csv.gz", None, &gzip(TABLE.as_bytes()), step).0,
            whole
        );
        for is_streamed in [true, false] {
            let mut zip = zip_entry("__MACOSX/a.csv", b"x", is_streamed);
            zip.extend(zip_entry("a.csv", TABLE.as_bytes(), is_streamed));
            zip.extend(b"PK\x01\x02 and the directory, which is not read");
            let (events, of_zip) = read_in("a.zip", None, &zip, step);
            assert_eq!(
                (events, of_zip.refused),
                (whole.clone(), report.refused.clone())
            );
        }
    }
}

#[test]
fn damaged_packing_is_said_and_what_came_before_is_kept() {
    let table = (0..40_000).map(|n| {
        format!(
            "{n},2021-01-14 13:36:01,u{},text no. {n}\n",
            n * 7919 % 1_000
        )
    });
    let table = "id,date,user,text\n".to_owned() + &table.collect::<String>();
    let packed = gzip(table.as_bytes());

    let (events, report) = read("a.gz", &packed[..packed.len() / 2]);

    assert!(
        events.len() > 10_000 && events.len() < 30_000,
        "{}",
        events.len()
    );
    assert_eq!(report.refused["bad_gzip"].n, 1);
}

#[test]
fn delimiters_encodings_and_headers_are_found_out() {
    let rows = |delimiter: &str, header: &str| {
        let mut table = header.replace('|', delimiter);
        for n in 1..9 {
            table +=
                &format!("{n}|2021-01-0{n}|a, b and c\u{e9} no. {n}\n").replace('|', delimiter);
        }
        table
    };
    for delimiter in [";", "\t"] {
        for header in ["id|date|text\n", ""] {
            let table = rows(delimiter, header);
            let latin: Vec<u8> = table.chars().map(|c| c as u8).collect();
            let utf16: Vec<u8> = [0xff, 0xfe]
                .into_iter()
                .chain(table.encode_utf16().flat_map(u16::to_le_bytes))
                .collect();
            for bytes in [table.as_bytes(), &latin, &utf16] {
                let (events, report) = read("a.txt", bytes);
                assert_eq!(
                    (events.len(), report.n_refused(), report.n_repaired),
                    (8, 0, 0),
                    "{table}"
                );
                assert_eq!(post(&events[0]).text, "a, b and cé no. 1");
            }
        }
    }
}

#[test]
fn a_person_may_say_better_what_the_columns_are() {
    let table = "a;b;c\n1/2/2017;hello;7\n1/3/2017;world;8\n";
    let seen = preview("a.csv", table.as_bytes());
    let guess = seen.choice.unwrap();
    let choice = Choice {
        has_header: true,
        roles: vec![Role::Time, Role::Text, Role::Id],
        dates: import::DateOrder::MonthFirst,
        source: "forum".into(),
        ..guess.clone()
    };

    let (events, report) = read_in("a.csv", Some(choice.clone()), table.as_bytes(), 5);

    assert_eq!(seen.rows[1], ["1/2/2017", "hello", "7"]);
    assert_eq!(
        (texts(&events), report.n_refused()),
        (vec!["hello", "world"], 0)
    );
    assert_eq!(
        (
            events[0].at,
            post(&events[0]).id.as_str(),
            post(&events[0]).source.as_str()
        ),
        (1_483_315_200_000, "7", "forum")
    );
    assert_eq!(choice.lacks(), None);
    let without = Choice {
        roles: vec![Role::Ignore; 3],
        ..choice
    };
    assert!(without.lacks().is_some());
}

#[test]
fn an_open_quote_costs_one_row_and_not_the_file() {
    let mut table = "id,date,text\n1,2021-01-01,\"open\n".to_owned();
    for n in 2..5_000 {
        table += &format!("{n},2021-01-02,text no. {n}\n");
    }

    let (events, report) = read("a.csv", table.as_bytes());

    assert_eq!(events.len(), 4_998);
    assert_eq!(report.n_refused(), 1);
}

#[test]
fn rows_without_ids_get_one_that_stays_the_same() {
    let table = "date,author,text\n2021-01-01,ann,x\n2021-01-01,ann,x\n2021-01-01,bob,x\n";

    let (first, _) = read("a.csv", table.as_bytes());
    let (again, _) = read("another name.csv", table.as_bytes());

    let ids = |events: &[Event]| events.iter().filter_map(Identity::of).collect::<Vec<_>>();
    assert_eq!(ids(&first), ids(&again));
    assert!(ids(&first)[0] == ids(&first)[1] && ids(&first)[1] != ids(&first)[2]);
}

#[test]
fn lines_of_every_kind_are_told_and_read() {
    let v1 = r#"{"created_at":"Wed Jan 01 01:18:36 +0000 2014","id_str":"1","text":"x","user":{"id_str":"2"}}"#;
    let v2 = r#"{"data":[{"id":"1","text":"x","author_id":"2","created_at":"2021-01-01T00:00:00.000Z"}]}"#;
    let scraped = r#"{"id":1,"date":"2021-01-01T00:00:00+00:00","content":"x","user":{"id":2}}"#;
    let own = r#"{"v":1,"seq":1,"seen_at":5,"at":5,"post":{"id":"1","source":"s","author":"a","text":"x"}}"#;
    for (line, kind) in [
        (v1, Kind::TwitterV1),
        (v2, Kind::TwitterV2),
        (scraped, Kind::Snscrape),
        (own, Kind::Moodtape),
    ] {
        let file = format!("{{broken\n{line}\n\n{}\n{line}", &line[..40]);

        let (events, report) = read("a.jsonl", file.as_bytes());

        assert_eq!(
            preview("a", file.as_bytes())
                .choice
                .map(|choice| choice.kind),
            Some(kind)
        );
        assert_eq!(texts(&events), ["x", "x"]);
        assert_eq!((report.n_rows, report.n_refused()), (4, 2), "{kind:?}");
    }
}

#[test]
fn prices_become_bars() {
    let table = "unix,date,symbol,open,high,low,close,Volume BTC,Volume USD\n\
        7200,1970-01-01 02:00:00,BTC/USD,2,3,1,2,1,2\n3600,1970-01-01 01:00:00,BTC/USD,2,3,1,2,1,2\n0,x,BTC/USD,2,1,3,2,1,2\n"
        .replace("\n7200", "\n1600007200").replace("\n3600", "\n1600003600");

    let (events, report) = read("BTC.csv", table.as_bytes());

    assert_eq!((events.len(), report.n_bars, report.n_refused()), (2, 2, 1));
    assert!(matches!(&events[0].body, Body::Bar(bar) if bar.ticker == "BTC"));
}

#[test]
fn what_is_nothing_known_is_refused_as_a_whole() {
    for bytes in [
        &b"just some words\nand more of them\n"[..],
        b"\x89PNG\r\n\x1a\n",
        b"x",
    ] {
        let (events, report) = read("a", bytes);
        assert!(events.is_empty());
        assert_eq!(
            reasons(&report).into_keys().collect::<Vec<_>>(),
            ["unknown_format"]
        );
    }
    assert!(preview("a", b"").choice.is_none());
}

#[test]
fn the_quality_of_an_empty_file_fails_and_of_a_sound_one_passes() {
    use analysis::series::quality::Outcome;
    let (_, empty) = read("a.csv", b"id,date,text\n");
    let (_, sound) = read(
        "a.csv",
        b"id,date,user,text\n1,2021-01-01,a,x\n2,2021-01-02,b,y\n",
    );

    assert_eq!(empty.quality(0).outcome, Outcome::Fail);
    assert_eq!(sound.quality(0).outcome, Outcome::Pass);
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic_however_they_are_cut(
        start in prop::sample::select(vec![&b""[..], b"id,date,text\n", b"\x1f\x8b\x08\0\0\0\0\0\0\xff", b"PK\x03\x04\x14\0\x08\0\x08\0\0\0\0\0", b"{\"v\":1,", b"\xff\xfe"]),
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(&b",;\"\n\r\\2/{}"[..])], 0..400),
        step in 1usize..50,
    ) {
        let bytes = [start, &bytes].concat();
        let _ = preview("a.csv", &bytes);

        let (events, report) = read_in("a.csv", None, &bytes, step);

        prop_assert_eq!(events.len() as u64, report.n_events);
    }

    #[test]
    fn every_row_of_a_table_is_a_post_or_refused(texts in prop::collection::vec("[a-z,\" \\n]{0,12}", 1..30)) {
        let quoted = |text: &String| format!("\"{}\"", text.replace('"', "\"\""));
        let rows = texts.iter().enumerate().map(|(n, text)| format!("{n}0,2021-01-01,{}\n", quoted(text)));
        let table = "id,date,text\n".to_owned() + &rows.collect::<String>();

        let (events, report) = read("a.csv", table.as_bytes());

        prop_assert_eq!(report.n_posts + report.n_refused(), texts.len() as u64);
        for event in &events {
            let n: usize = post(event).id.parse().unwrap();
            prop_assert_eq!(&post(event).text, texts[n / 10].trim());
        }
    }
}

// ---- Real files

fn real(path: &str) -> Option<Vec<u8>> {
    let folder = std::env::var_os("MOODTAPE_DATA")
        .map_or_else(|| PathBuf::from("../../../shared/data"), PathBuf::from);
    let read = std::fs::read(folder.join(path));
    if read.is_err() {
        eprintln!(
            "SKIPPED: {path} is not in {}; set MOODTAPE_DATA",
            folder.display()
        );
    }
    read.ok()
}

/// Posts, distinct ones among them, bars, and refused rows by reason.
#[track_caller]
fn check_real(path: &str, n_posts: u64, n_distinct: usize, n_bars: u64, refused: &[(&str, u64)]) {
    let Some(bytes) = real(path) else { return };
    let (events, report) = read_in(
        path.rsplit('/').next().unwrap_or(path),
        None,
        &bytes,
        1 << 16,
    );
    let mut posts: Vec<Identity> = events
        .iter()
        .filter(|e| matches!(e.body, Body::Post(_)))
        .filter_map(Identity::of)
        .collect();
    posts.sort_unstable();
    posts.dedup();

    assert_eq!(
        (report.n_posts, posts.len(), report.n_bars),
        (n_posts, n_distinct, n_bars),
        "{path}"
    );
    assert_eq!(
        reasons(&report),
        refused.iter().copied().collect(),
        "{path}"
    );
}

#[test]
fn the_real_tables_of_tweets_give_every_one_of_their_posts() {
    check_real(
        "crypto/btc_tweets_2017-06_2018-10.csv.gz",
        88_443,
        88_443,
        0,
        &[],
    );
    check_real(
        "crypto/btc_tweets_2021-01-14_first_half_hour.csv.gz",
        10_256,
        10_256,
        0,
        &[],
    );
    check_real(
        "crypto/btc_tweets_2020-01-01.csv.gz",
        1_003,
        997,
        0,
        &[("no_text", 1)],
    );
    check_real(
        "crypto/btc_tweets_2017-11_awkward.csv.gz",
        32_065,
        29_978,
        0,
        &[],
    );
}

#[test]
fn the_real_tables_of_prices_give_their_bars() {
    check_real(
        "crypto/prices/Bitstamp_BTCUSD_1h_2017-07_2020-02.csv.gz",
        0,
        0,
        21_750,
        &[],
    );
    check_real("crypto/btc_hourly_2016.csv.gz", 0, 0, 6_287, &[]);
}

#[test]
fn the_real_lines_of_twitter_are_read() {
    check_real("stocknet/tweets_2014/AAPL.ndjson.gz", 8_635, 8_632, 0, &[]);
}

#[test]
fn encodings_of_real_tables_are_told() {
    let Some(bytes) = real("labelled/stock_tweets_first_half.csv") else {
        return;
    };
    let seen = preview("stock_tweets_first_half.csv", &bytes);
    assert_eq!(
        seen.choice.map_or(Encoding::Utf8, |choice| choice.encoding),
        Encoding::Utf8
    );
}

#[test]
fn an_array_of_posts_gives_what_its_lines_give() {
    let line = |id: u32| {
        format!(
            r#"{{"id": "{id}", "text": "so, [this] is \"{id}\" {{ }}", "created_at": "2021-01-14T13:36:0{id}.000Z", "author_id": "7"}}"#
        )
    };
    let lines: Vec<String> = (1..4).map(line).collect();
    let (expect, _) = read("a.jsonl", lines.join("\n").as_bytes());
    assert_eq!(expect.len(), 3);
    let indented = lines.join(",").replace(", \"", ",\n    \"");
    for array in [
        format!("[{}]", lines.join(",")),
        format!("[\n  {indented}\n]\n"),
    ] {
        for step in [1, 7, 4_096] {
            let (events, report) = read_in("a.json", None, array.as_bytes(), step);
            assert_eq!((events.len(), report.n_refused()), (3, 0));
            assert_eq!(texts(&events), texts(&expect));
        }
    }
}

#[test]
fn a_value_of_an_array_that_is_no_post_is_refused_and_the_rest_read() {
    let post = |id: u32, text: &str| {
        format!(
            r#"{{"id":"{id}","text":"{text}","author_id":"7","created_at":"2021-01-14T13:36:01.000Z"}}"#
        )
    };
    // Its end is missing, too.
    let array = format!("[{}, 5, {{\"what\":1}}, {}", post(1, "one"), post(2, "two"));

    let (events, report) = read("a.json", array.as_bytes());

    assert_eq!(texts(&events), ["one", "two"]);
    assert_eq!((report.n_rows, report.n_refused()), (4, 2));
}
