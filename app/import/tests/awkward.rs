//! What other programs write that is easily misread: dates, clocks, mixed archives, Parquet, recordings.

#![allow(clippy::unwrap_used, reason = "what is not there fails the test")]

use archive::{Codec, Columns, write_table};
use import::{Choice, DateOrder, Reader, Report, Role, preview};
use wire::{Bar, Body, Event, LogId, Post, author::AuthorKey};

const KEY: AuthorKey = AuthorKey([3; 16]);

fn read_as(name: &str, choice: Option<Choice>, bytes: &[u8]) -> (Vec<Event>, Report) {
    let mut reader = Reader::new(name, choice, KEY);
    let mut events = Vec::new();
    // Nothing at all is a piece, too.
    for piece in bytes.chunks(37) {
        reader.push(piece, &mut events);
        reader.push(b"", &mut events);
    }
    reader.finish(&mut events);
    while reader.read_on(&mut events) {}
    (events, reader.report().clone())
}

fn read(name: &str, bytes: &[u8]) -> (Vec<Event>, Report) {
    read_as(name, None, bytes)
}

fn times(events: &[Event]) -> Vec<i64> {
    events.iter().map(|event| event.at).collect()
}

const JAN_2_2021: i64 = 1_609_545_600_000;
const MINUTE: i64 = 60_000;

#[test]
fn a_person_is_asked_where_both_orders_of_a_date_fit() {
    let open = b"date,text\n1/2/2021,a b\n3/4/2021,c d\n";
    let clear = b"date,text\n1/2/2021,a b\n1/25/2021,c d\n";
    assert!(preview("a.csv", open).is_date_open);
    assert!(!preview("a.csv", clear).is_date_open);
    assert!(!preview("a.csv", b"date,text\n2021-01-02,a b\n2021-01-03,c\n").is_date_open);

    let choice = Choice {
        dates: DateOrder::MonthFirst,
        ..preview("a.csv", open).choice.unwrap()
    };

    assert_eq!(
        times(&read_as("a.csv", Some(choice), open).0)[0],
        JAN_2_2021
    );
}

#[test]
fn clocks_of_spreadsheets_are_read_also_in_a_column_of_their_own() {
    let (events, report) = read(
        "a.csv",
        b"date,text\n1/2/2021 9:05,a b\n1/25/2021 9:05 PM,c d\n",
    );
    assert_eq!(
        (times(&events)[0], report.n_refused()),
        (JAN_2_2021 + 545 * MINUTE, 0)
    );

    let apart = b"date,time,text\n2021-01-02,9:05 PM,a b\n2021-01-02,10:00 AM,c d\n";
    let roles = preview("a.csv", apart).choice.unwrap().roles;
    assert_eq!(roles, [Role::Time, Role::Clock, Role::Text]);
    assert_eq!(
        times(&read("a.csv", apart).0),
        [
            JAN_2_2021 + (21 * 60 + 5) * MINUTE,
            JAN_2_2021 + 600 * MINUTE
        ]
    );
}

#[test]
fn a_compact_date_is_no_number_of_milliseconds() {
    let (events, _) = read(
        "a.csv",
        b"timestamp,text\n20210102000100,a b\n20210102000200,c d\n",
    );

    assert_eq!(
        times(&events),
        [JAN_2_2021 + MINUTE, JAN_2_2021 + 2 * MINUTE]
    );
}

#[test]
fn of_a_zip_file_with_files_of_several_kinds_each_is_read_as_what_it_is() {
    let posts = b"id,created_at,text\np1,2021-01-02,a b\np2,2021-01-03,c d\n";
    let others =
        b"when,who,what,n\n2021-01-04,ann,the words of it,1\n2021-01-05,bob,some more words,2\n";
    let prices = b"Date,Open,High,Low,Close,Volume\n2021-01-02,1,2,1,2,5\n2021-01-03,2,3,2,3,5\n";
    let zip = [
        stored("p.csv", posts),
        stored("o.csv", others),
        stored("BTC.csv", prices),
    ]
    .concat();
    let choice = preview("all.zip", &zip).choice;

    let (events, report) = read_as("all.zip", choice, &zip);

    let n_posts = events
        .iter()
        .filter(|event| matches!(event.body, Body::Post(_)))
        .count();
    assert_eq!((n_posts, events.len()), (4, 6), "{report:?}");
}

#[test]
fn a_file_that_was_imported_before_fails_no_check() {
    let (_, report) = read(
        "a.csv",
        b"id,date,user,text\np1,2021-01-02,u,a b\np2,2021-01-03,v,c d\n",
    );

    let first = report.quality(0).outcome;

    assert_eq!(report.quality(2).outcome, first);
    assert_eq!(format!("{first:?}"), "Pass");
}

#[test]
fn files_of_the_archive_give_the_events_they_were_made_of() {
    let log: LogId = LogId::try_from("log1".to_owned()).unwrap();
    let posts: Vec<Event> = (0..3)
        .map(|n| event(n, Body::Post(Box::new(post(n)))))
        .collect();
    let bars: Vec<Event> = (0..3).map(|n| event(n, Body::Bar(bar(n)))).collect();
    let of_posts = archive::encode(archive::Kind::Post, "made", &log, Codec::Gzip, &posts).unwrap();
    let of_bars = archive::encode(archive::Kind::Bar, "made", &log, Codec::Snappy, &bars).unwrap();

    assert_eq!(read("posts.parquet", &of_posts).0, posts);
    assert_eq!(read("bars.parquet", &of_bars).0, bars);
    let both = [
        stored("a.parquet", &of_posts),
        stored("b.parquet", &of_bars),
    ]
    .concat();
    assert_eq!(read("both.zip", &both).0.len(), 6);
}

#[test]
fn a_table_of_posts_or_prices_in_parquet_is_read_like_any_other() {
    let mut columns = Columns::default();
    columns.optional_times(
        "created_at",
        [Some(JAN_2_2021), Some(JAN_2_2021 + 1), None].into_iter(),
    );
    columns.optional_words("user", [Some("ann"), Some("bob"), None].into_iter());
    columns.optional_words(
        "text",
        [Some("a, b"), Some("c \"d\""), Some("e")].into_iter(),
    );
    let posts = write_table(Codec::Snappy, [columns].into_iter(), &[]).unwrap();
    let mut columns = Columns::default();
    columns.optional_times(
        "Date",
        [Some(JAN_2_2021), Some(JAN_2_2021 + 86_400_000)].into_iter(),
    );
    for name in ["Open", "High", "Low", "Close"] {
        columns.optional_numbers(name, [Some(1.5), Some(2.5)].into_iter());
    }
    let prices = write_table(Codec::Snappy, [columns].into_iter(), &[]).unwrap();

    let seen = preview("t.parquet", &posts);
    assert_eq!(
        seen.choice.unwrap().roles,
        [Role::Time, Role::Author, Role::Text]
    );
    assert_eq!(seen.rows[1][2], "a, b");
    let (events, report) = read("t.parquet", &posts);
    assert_eq!(
        (times(&events), report.n_refused()),
        (vec![JAN_2_2021, JAN_2_2021 + 1], 1)
    );
    let (events, report) = read("BTC.parquet", &prices);
    assert_eq!((events.len(), report.n_refused()), (2, 0), "{report:?}");
    let (events, report) = read("broken.parquet", &posts[..posts.len() / 2]);
    assert_eq!((events.len(), report.n_refused()), (0, 1));
}

#[test]
fn of_a_recording_posts_without_a_text_count_as_they_stood() {
    let line = |n: u32, rest: &str| {
        format!(
            "{{\"v\":1,\"seq\":{n},\"seen_at\":5,\"at\":5,\"post\":{{\"id\":\"{n}\",\"source\":\"made\",\"author\":\"\",\"text\":\"\"}},\"stands\":{{\"compound\":4404,\"tickers\":[\"BTC\"]{rest}}}}}\n"
        )
    };
    let text = [
        "{\"v\":1,\"recording\":{}}\n".to_owned(),
        line(1, ",\"without\":\"terms\""),
        line(2, ""),
        "{\"v\":1,\"seal\":{}}\n".to_owned(),
    ]
    .concat();
    let mut reader = Reader::new("r.ndjson", None, KEY);
    let mut events = Vec::new();

    reader.push(text.as_bytes(), &mut events);
    reader.finish(&mut events);

    let standings: Vec<_> = events.iter().map(|event| reader.withdrawn(event)).collect();
    assert_eq!(standings[0].as_ref().unwrap().compound, 4_404);
    assert_eq!(standings[1], None);
    assert_eq!(
        (reader.report().n_rows, reader.report().n_refused()),
        (2, 0)
    );
}

fn event(n: i64, body: Body) -> Event {
    Event {
        seq: n as u64 + 1,
        seen_at: JAN_2_2021 + n,
        at: JAN_2_2021 + n,
        skewed: false,
        imported: false,
        body,
    }
}

fn post(n: i64) -> Post {
    Post {
        id: n.to_string(),
        source: "made".into(),
        author: "00000000000000aa".into(),
        text: format!("number {n}"),
        ..Post::default()
    }
}

fn bar(n: i64) -> Bar {
    Bar {
        ticker: "BTC".into(),
        currency: "USD".into(),
        source: "made".into(),
        open_at: JAN_2_2021 + n * MINUTE,
        width: MINUTE,
        open: 1.0,
        high: 2.0,
        low: 1.0,
        close: 2.0,
        volume: None,
        market_cap: None,
    }
}

/// One entry of a zip file, not packed.
fn stored(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    let length = (bytes.len() as u32).to_le_bytes();
    let mut out = b"PK\x03\x04\x14\x00".to_vec();
    out.extend([0; 8]);
    out.extend(crc.sum().to_le_bytes());
    out.extend([length, length].concat());
    out.extend((name.len() as u16).to_le_bytes());
    out.extend([0, 0]);
    out.extend(name.as_bytes());
    out.extend(bytes);
    out
}
