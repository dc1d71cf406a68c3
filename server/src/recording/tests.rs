//! Tests of recordings: made-up files with every fault, and the real ones where they are at hand.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};
use tempfile::TempDir;
use wire::{Body, Identity, Post, config::Filters, ndjson};

use super::*;

const BAR_HEADER: &str = "Date,Open,High,Low,Close,Volume";

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

fn open(path: &Path) -> Result<Recording, RecordingError> {
    Recording::open(path, &AuthorKey([7; 16]))
}

/// A post of this program's own format.
fn line(id: &str, seen_at: Millis) -> String {
    let post = Post {
        id: id.into(),
        source: "test".into(),
        ..Post::default()
    };
    let event = Event {
        seen_at,
        ..Event::imported(seen_at - 5, Body::Post(Box::new(post)))
    };
    ndjson::encode_line(&event) + "\n"
}

fn status(id: &str, time: &str) -> String {
    let rest = r#""text":"a","user":{"id_str":"5"}}"#;
    format!("{{\"created_at\":\"Wed Jan 01 {time} +0000 2014\",\"id_str\":\"{id}\",{rest}\n")
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// Every item as `file:line what`, where what is a post's id, a bar's ticker or a drop reason.
fn play(path: &Path) -> Vec<String> {
    let mut recording = open(path).unwrap();
    let mut items = Vec::new();
    while let Some(item) = recording.next_item() {
        let what = match item.event {
            Ok(Event {
                body: Body::Post(post),
                ..
            }) => post.id,
            Ok(Event {
                body: Body::Bar(bar),
                ..
            }) => bar.ticker,
            Ok(Event {
                body: Body::Delete(delete),
                ..
            }) => format!("delete {}", delete.id),
            Ok(event) => panic!("{event:?}"),
            Err(reason) => format!("({reason})"),
        };
        let file = recording
            .file(item.file_idx)
            .unwrap()
            .strip_prefix(path)
            .unwrap();
        items.push(format!("{}:{} {what}", file.display(), item.line_no));
    }
    items
}

#[track_caller]
fn check_file(name: &str, content: &[u8], expect: &[&str]) {
    let folder = folder(&[(name, content)]);
    let expect: Vec<String> = expect.iter().map(|item| format!("{name}:{item}")).collect();
    assert_eq!(play(folder.path()), expect);
}

#[test]
fn files_are_merged_by_time_and_at_equal_times_by_path() {
    let (a, b) = (
        line("a1", 10) + &line("a2", 30) + &line("a3", 30),
        line("b1", 5) + &line("b2", 30),
    );
    let c = [line("c1", 20)].concat();
    let files = [
        ("b.ndjson", a.as_bytes()),
        ("sub/a.ndjson", b.as_bytes()),
        ("a.ndjson.gz", &gzip(c.as_bytes())),
    ];
    let folder = folder(&files);

    let expect = [
        "sub/a.ndjson:1 b1",
        "b.ndjson:1 a1",
        "a.ndjson.gz:1 c1",
        "b.ndjson:2 a2",
        "b.ndjson:3 a3",
        "sub/a.ndjson:2 b2",
    ];
    assert_eq!(play(folder.path()), expect);
}

#[test]
fn more_files_than_can_be_open_are_played() {
    let names: Vec<String> = (0..3_000).map(|idx| format!("{idx:04}.ndjson")).collect();
    let texts: Vec<String> = (0..3_000).map(|idx| line(&idx.to_string(), idx)).collect();
    let files: Vec<(&str, &[u8])> = names
        .iter()
        .zip(&texts)
        .map(|(n, t)| (n.as_str(), t.as_bytes()))
        .collect();
    let folder = folder(&files);

    let items = play(folder.path());

    assert_eq!(items.len(), 3_000);
    assert_eq!(items[2_999], "2999.ndjson:1 2999");
}

#[test]
fn the_three_times_of_an_event_line_are_kept() {
    let folder = folder(&[("a.ndjson", line("a", 1_000).as_bytes())]);

    let item = open(&folder.path().join("a.ndjson"))
        .unwrap()
        .next_item()
        .unwrap();

    let event = item.event.unwrap();
    assert_eq!((event.seen_at, event.at), (1_000, 995));
}

#[test]
fn what_cannot_be_read_of_a_file_is_an_item_with_its_reason() {
    let good = [line("a", 1), line("b", 2)];
    let text = [
        good[0].as_bytes(),
        b"garbage\n\xff\xfe\n\n{\"v\":1,\"seq\":1,\"odd\":{}}\n",
        good[1].as_bytes(),
    ];
    check_file(
        "x.ndjson",
        &text.concat(),
        &[
            "1 a",
            "2 (bad_json)",
            "3 (bad_utf8)",
            "5 (unknown_body)",
            "6 b",
        ],
    );
    let long = vec![b' '; MAX_LINE_BYTES + 1];
    check_file(
        "x.ndjson",
        &[good[0].as_bytes(), &long, b"\n", good[1].as_bytes()].concat(),
        &["1 a", "2 (too_long)", "3 b"],
    );
    let cut = &good[1].as_bytes()[..20];
    check_file(
        "x.ndjson",
        &[good[0].as_bytes(), cut].concat(),
        &["1 a", "2 (truncated)"],
    );
    check_file(
        "x.ndjson",
        [b"broken\n".as_slice(), good[0].as_bytes()]
            .concat()
            .as_slice(),
        &["1 (bad_json)", "2 a"],
    );
}

#[test]
fn of_a_truncated_gzip_file_is_played_what_can_be_read_and_the_rest_counts_once() {
    let text: String = (0..2_000)
        .map(|idx| line(&(idx * 7_919 % 2_003).to_string(), idx))
        .collect();
    let whole = gzip(text.as_bytes());
    let folder = folder(&[("x.ndjson.gz", &whole[..whole.len() / 2])]);

    let items = play(folder.path());

    assert!((100..1_900).contains(&items.len()), "{}", items.len());
    let n_truncated = items
        .iter()
        .filter(|item| item.ends_with("(truncated)"))
        .count();
    assert_eq!(
        (
            n_truncated,
            items.last().map(|item| item.ends_with("(truncated)"))
        ),
        (1, Some(true))
    );
    assert!(items.iter().all(|item| !item.contains("bad_json")));
}

#[test]
fn a_damaged_gzip_file_ends_where_the_damage_is() {
    let text: String = (0..2_000).map(|idx| line(&idx.to_string(), idx)).collect();
    let mut bytes = gzip(text.as_bytes());
    let end = bytes.len();
    bytes.extend_from_slice(b"rubbish behind the end");

    let folder = folder(&[("x.gz", &bytes)]);

    let items = play(folder.path());
    assert!(end < bytes.len() && items.len() == 2_001, "{}", items.len());
    assert_eq!(items[2_000], "x.gz:2001 (bad_gzip)");
}

#[test]
fn gzip_is_told_by_content_and_may_have_several_members() {
    let members = [gzip(line("a", 1).as_bytes()), gzip(line("b", 2).as_bytes())].concat();
    check_file("plain_by_its_name.txt", &members, &["1 a", "2 b"]);
}

#[test]
fn a_delete_without_a_time_stays_behind_the_post_it_follows() {
    let delete = r#"{"delete":{"status":{"id":1,"id_str":"1","user_id_str":"5"}}}"#;
    let text = status("1", "10:00:00") + delete + "\n" + &status("2", "11:00:00");
    let other = status("3", "10:30:00");
    let folder = folder(&[("a.json", text.as_bytes()), ("b.json", other.as_bytes())]);

    assert_eq!(
        play(folder.path()),
        [
            "a.json:1 1",
            "a.json:2 delete 1",
            "b.json:1 3",
            "a.json:3 2"
        ]
    );
}

#[test]
fn a_table_with_its_newest_row_first_is_played_in_order_after_its_refused_rows() {
    let rows = "2014-01-06,10,12,9,11,1\n2014-01-05,10,9,12,11,1\n2014-01-04,10,12,9,11,1\n2014-01-03,10,12,9,11,1\n";
    let table = format!("{BAR_HEADER}\r\n{}", rows.replace('\n', "\r\n"));
    let posts = status("1", "10:00:00");
    let folder = folder(&[
        ("prices/ACME.csv", table.as_bytes()),
        ("a.ndjson", posts.as_bytes()),
    ]);

    let expect = [
        "a.ndjson:1 1",
        "prices/ACME.csv:3 (bad_price)",
        "prices/ACME.csv:5 ACME",
        "prices/ACME.csv:4 ACME",
        "prices/ACME.csv:2 ACME",
    ];
    assert_eq!(play(folder.path()), expect);
}

#[test]
fn a_bar_is_known_at_its_close_and_its_source_is_the_folder() {
    let table = format!("{BAR_HEADER}\n1970-01-02,10,12,9,11,1\n");
    let folder = folder(&[("mymarket/prices/ACME.csv", table.as_bytes())]);

    let item = open(folder.path()).unwrap().next_item().unwrap();

    let event = item.event.unwrap();
    assert_eq!(event.at, 2 * wire::time::DAY);
    assert!(matches!(event.body, Body::Bar(bar) if bar.source == "mymarket"));
}

#[test]
fn other_files_in_the_folder_are_named_and_left_out() {
    let good = line("a", 1);
    let files: [(&str, &[u8]); 4] = [
        ("LICENSE", b"MIT License"),
        ("empty.ndjson", b""),
        (".hidden", b"x"),
        ("a.ndjson", good.as_bytes()),
    ];
    let folder = folder(&files);

    let recording = open(folder.path()).unwrap();

    let names: Vec<_> = recording
        .notes()
        .iter()
        .map(|note| note.path.file_name().unwrap())
        .collect();
    assert_eq!(names, ["LICENSE", "empty.ndjson"]);
    assert!(
        recording
            .notes()
            .iter()
            .all(|note| note.kind == NoteKind::NotARecording)
    );
    assert_eq!(recording.n_files(), 1);
}

#[test]
fn a_path_with_nothing_to_play_is_an_error_that_names_it() {
    let files: [(&str, &[u8]); 2] = [("empty/.keep", b""), ("other/notes.txt", b"hello")];
    let folder = folder(&files);
    for (name, expect) in [
        ("missing", "no file or folder"),
        ("empty", "nothing to play"),
        ("other", "1 other files"),
    ] {
        let error = open(&folder.path().join(name)).unwrap_err().to_string();
        assert!(error.contains(name) && error.contains(expect), "{error}");
    }
}

#[test]
fn the_span_covers_all_files_and_posts_may_be_asked_for_alone() {
    let table = format!("{BAR_HEADER}\n2012-01-01,10,12,9,11,1\n2012-01-02,10,12,9,11,1\n");
    let posts = status("1", "10:00:00") + "garbage\n" + &status("2", "09:00:00");
    let own = line("3", 1_500_000_000_000);
    let folder = folder(&[
        ("ACME.csv", table.as_bytes()),
        ("a.ndjson", posts.as_bytes()),
        ("b.ndjson", own.as_bytes()),
    ]);

    let recording = open(folder.path()).unwrap();

    assert_eq!(
        recording.span(),
        Some((1_325_462_400_000, 1_500_000_000_000))
    );
    assert_eq!(
        recording.post_span(),
        Some((1_388_566_800_000, 1_500_000_000_000))
    );
}

#[test]
fn a_recording_that_is_not_read_to_its_end_stops_its_threads() {
    let text: String = (0..20_000).map(|idx| line(&idx.to_string(), idx)).collect();
    let folder = folder(&[("a.ndjson", text.as_bytes()), ("b.ndjson", text.as_bytes())]);

    let mut recording = open(folder.path()).unwrap();
    let is_item = recording.next_item().is_some();
    drop(recording);

    // Had a thread kept the files, this would fail on systems that forbid to remove open ones.
    assert!(is_item);
    folder.close().unwrap();
}

/// The folder of a real data set; `None`, and a word about it, where it is not at hand.
fn real_data(name: &str) -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data");
    let root = std::env::var_os("MOODTAPE_DATA").unwrap_or_else(|| default.into());
    let path = PathBuf::from(root).join(name);
    if !path.is_dir() {
        eprintln!(
            "SKIPPED: there is no {path:?}; set MOODTAPE_DATA to the folder of the test data"
        );
        return None;
    }
    Some(path)
}

#[test]
fn a_year_of_tweets_gives_the_known_counts() {
    let Some(path) = real_data("stocknet") else {
        return;
    };
    let mut recording = open(&path).unwrap();
    let filters = Filters::default();
    let (mut ids, mut n_posts, mut n_bars, mut n_kept) = (BTreeSet::new(), 0, 0, 0);
    let (mut reasons, mut before) = (BTreeMap::<_, u64>::new(), Millis::MIN);

    while let Some(item) = recording.next_item() {
        match item.event {
            Err(reason) => *reasons.entry(reason).or_default() += 1,
            Ok(event) => {
                assert!(before <= event.seen_at, "in order of time");
                before = event.seen_at;
                match &event.body {
                    Body::Post(post) => {
                        n_posts += 1;
                        let is_new = ids.insert(Identity::of(&event).map(|identity| identity.0));
                        n_kept += u64::from(is_new && filters.refuse(post).is_none());
                    }
                    Body::Bar(_) => n_bars += 1,
                    body => panic!("{body:?}"),
                }
            }
        }
    }

    assert_eq!((n_posts, ids.len(), n_kept), (51_139, 41_875, 29_057));
    assert_eq!(n_bars, 108_589);
    assert_eq!(reasons.into_iter().collect::<Vec<_>>(), [("bad_price", 3)]);
}

#[test]
fn awkward_tables_of_hourly_prices_are_read_in_full() {
    let Some(path) = real_data("crypto/prices") else {
        return;
    };
    let mut recording = open(&path).unwrap();
    let mut n_bars = BTreeMap::<(String, Millis), u64>::new();

    while let Some(item) = recording.next_item() {
        let Ok(Event {
            body: Body::Bar(bar),
            ..
        }) = item.event
        else {
            panic!("{item:?}")
        };
        assert_eq!(bar.currency, "USD");
        // An hour's or a day's trade in coins stays far below what it is worth in dollars.
        let is_coins = bar.ticker != "BTC" || bar.volume.is_none_or(|volume| volume < 250_000.0);
        assert!(is_coins, "{bar:?}");
        *n_bars.entry((bar.ticker, bar.width)).or_default() += 1;
    }

    let (hour, day) = (wire::time::HOUR, wire::time::DAY);
    let expect = [
        ("BTC", hour, 61_058),
        ("BTC", day, 2_823),
        ("ETH", hour, 19_750),
        ("LTC", hour, 21_750),
        ("XRP", hour, 21_750),
    ];
    let expect = expect.map(|(ticker, width, n)| ((ticker.to_owned(), width), n));
    assert_eq!(n_bars.into_iter().collect::<Vec<_>>(), expect);
    let n_swapped: u64 = recording
        .notes()
        .iter()
        .map(|note| match note.kind {
            NoteKind::SwappedVolumes(n_rows) => n_rows,
            _ => 0,
        })
        .sum();
    assert_eq!(n_swapped, 21_323);
}
