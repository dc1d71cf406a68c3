//! Parquet files of which only what is needed is there.

#![allow(clippy::unwrap_used, reason = "what is not there fails the test")]

use std::ops::Range;

use archive::{Codec, Columns, write_table};
use import::{Choice, Kind, Parquet, Preview, Reader, Report, Role, preview};
use proptest::prelude::*;
use wire::{Body, Event, LogId, Post, author::AuthorKey};

const KEY: AuthorKey = AuthorKey([3; 16]);
const JAN_2_2021: i64 = 1_609_545_600_000;

/// A file elsewhere, and what was asked for of it.
struct Far<'a> {
    file: &'a [u8],
    asked: Vec<Range<u64>>,
}

impl<'a> Far<'a> {
    fn new(file: &'a [u8]) -> Self {
        let asked = Vec::new();
        Self { file, asked }
    }

    fn get(&mut self, range: Range<u64>) -> Vec<u8> {
        let bytes = self.file[range.start as usize..range.end as usize].to_vec();
        self.asked.push(range);
        bytes
    }

    /// Asks until everything is there that it takes.
    fn until<T>(
        &mut self,
        parquet: &Parquet,
        ask: impl Fn(&Parquet) -> Result<T, Vec<Range<u64>>>,
    ) -> T {
        for _ in 0..200 {
            match ask(parquet) {
                Ok(done) => return done,
                Err(needs) => needs
                    .into_iter()
                    .for_each(|range| parquet.give(range.start, self.get(range))),
            }
        }
        panic!("it never has enough");
    }

    fn preview(&mut self, name: &str) -> Preview {
        let parquet = Parquet::new(name, self.file.len() as u64);
        self.until(&parquet, Parquet::preview)
    }

    fn reader(&mut self, name: &str, choice: Option<&Choice>) -> Reader {
        let parquet = Parquet::new(name, self.file.len() as u64);
        self.until(&parquet, |parquet| parquet.read(choice.cloned(), KEY))
    }

    fn read(&mut self, name: &str, choice: Option<&Choice>) -> (Vec<Event>, Report) {
        let (mut reader, mut events) = (self.reader(name, choice), Vec::new());
        loop {
            for range in reader.needs() {
                reader.give(range.start, self.get(range));
            }
            if !reader.read_on(&mut events) {
                return (events, reader.report().clone());
            }
        }
    }

    fn n_asked(&self) -> u64 {
        self.asked.iter().map(|range| range.end - range.start).sum()
    }
}

fn read_whole(name: &str, choice: Option<&Choice>, file: &[u8]) -> (Vec<Event>, Report) {
    let (mut reader, mut events) = (Reader::new(name, choice.cloned(), KEY), Vec::new());
    reader.push(file, &mut events);
    reader.finish(&mut events);
    while reader.read_on(&mut events) {}
    (events, reader.report().clone())
}

/// Everything but how many bytes it took.
fn found(report: Report) -> Report {
    Report {
        n_bytes: 0,
        ..report
    }
}

/// A table of posts in `n_groups` groups of 300 rows, every hundredth without a text, with a large column that is
/// none of a post.
fn table(n_groups: i64) -> Vec<u8> {
    let groups = (0..n_groups).map(|n_group| {
        let rows = || n_group * 300..(n_group + 1) * 300;
        let texts: Vec<_> = rows().map(|n| format!("row {n}")).collect();
        let large: Vec<_> = rows().map(noise).collect();
        let texts = texts.iter().zip(rows());
        let mut columns = Columns::default();
        columns.optional_times("created_at", rows().map(|n| Some(JAN_2_2021 + n)));
        columns.optional_words("embedding", large.iter().map(|one| Some(one.as_str())));
        columns.optional_words(
            "text",
            texts.map(|(text, n)| (n % 100 > 0).then_some(text.as_str())),
        );
        columns
    });
    write_table(Codec::Snappy, groups, &[]).unwrap()
}

/// Two thousand letters that do not pack well.
fn noise(seed: i64) -> String {
    let mut state = seed.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let letter = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'!' + (state % 90) as u8)
    };
    (0..2_000).map(letter).collect()
}

fn of_archive(n: u64) -> (Vec<Event>, Vec<u8>) {
    let post = |n: u64| Post {
        id: n.to_string(),
        source: "made".into(),
        author: "00000000000000aa".into(),
        text: format!("number {n}"),
        ..Post::default()
    };
    let event = |n: u64| Event {
        seq: n + 1,
        seen_at: JAN_2_2021 + n.cast_signed(),
        at: JAN_2_2021 + n.cast_signed(),
        skewed: false,
        imported: false,
        body: Body::Post(Box::new(post(n))),
    };
    let events: Vec<Event> = (0..n).map(event).collect();
    let log = LogId::try_from("log1".to_owned()).unwrap();
    let file = archive::encode(archive::Kind::Post, "made", &log, Codec::Gzip, &events).unwrap();
    (events, file)
}

#[test]
fn a_table_in_parts_looks_and_gives_what_it_does_as_a_whole() {
    let file = table(4);
    let mut far = Far::new(&file);

    let seen = far.preview("t.parquet");

    assert_eq!(seen, preview("t.parquet", &file));
    let choice = seen.choice.unwrap();
    assert_eq!(choice.roles, [Role::Time, Role::Ignore, Role::Text]);
    let (events, report) = far.read("t.parquet", Some(&choice));
    let (expected, of_whole) = read_whole("t.parquet", Some(&choice), &file);
    assert_eq!((events.len(), report.n_refused()), (1_188, 12));
    assert_eq!(events, expected);
    assert_eq!(found(report), found(of_whole));
}

#[test]
fn a_column_without_a_role_is_never_asked_for() {
    let file = table(4);
    let choice = preview("t.parquet", &file).choice.unwrap();
    let mut far = Far::new(&file);

    let (events, report) = far.read("t.parquet", Some(&choice));

    assert_eq!(events.len(), 1_188);
    // Two million letters are not among it; the directory, of which more is asked for than there is, is.
    assert!(file.len() > 2_000_000);
    assert!(far.n_asked() < 120_000, "{}", far.n_asked());
    assert!(report.n_bytes < far.n_asked());
}

#[test]
fn what_is_needed_is_said_beforehand_and_then_asked_for_a_group_at_a_time() {
    let file = table(4);
    let choice = preview("t.parquet", &file).choice.unwrap();
    let mut far = Far::new(&file);
    let mut reader = far.reader("t.parquet", Some(&choice));
    let all = reader.needs_of_all();
    let (mut of_groups, mut events) = (Vec::new(), Vec::new());

    loop {
        let needs = reader.needs();
        for range in &needs {
            reader.give(range.start, far.get(range.clone()));
        }
        assert!(reader.needs().is_empty(), "nothing is asked for twice");
        of_groups.extend((!needs.is_empty()).then_some(needs));
        if !reader.read_on(&mut events) {
            break;
        }
    }

    assert_eq!(of_groups.len(), 4);
    assert_eq!(of_groups.concat(), all);
    let is_behind = |pair: &[Range<u64>]| pair[0].end <= pair[1].start;
    assert!(all.windows(2).all(is_behind), "{all:?}");
}

#[test]
fn files_of_the_archive_and_prices_are_read_in_parts() {
    let (posts, of_posts) = of_archive(5_000);
    let mut far = Far::new(&of_posts);
    assert_eq!(
        far.preview("p.parquet").choice.unwrap().kind,
        Kind::Moodtape
    );
    assert_eq!(far.read("p.parquet", None).0, posts);

    let mut columns = Columns::default();
    columns.optional_times("Date", (0..2).map(|n| Some(JAN_2_2021 + n * 86_400_000)));
    for name in ["Adj Close", "Open", "High", "Low", "Close"] {
        columns.optional_numbers(name, [Some(1.5), Some(2.5)].into_iter());
    }
    let prices = write_table(Codec::Snappy, [columns].into_iter(), &[]).unwrap();
    let (bars, report) = Far::new(&prices).read("BTC.parquet", None);
    assert_eq!((bars.len(), report.n_refused()), (2, 0), "{report:?}");
}

#[test]
fn a_part_that_never_came_refuses_the_rest_and_keeps_what_was_before() {
    let file = table(2);
    let choice = preview("t.parquet", &file).choice.unwrap();
    let mut far = Far::new(&file);
    let mut reader = far.reader("t.parquet", Some(&choice));
    let mut events = Vec::new();
    for range in reader.needs() {
        reader.give(range.start, far.get(range));
    }

    while reader.read_on(&mut events) {}

    assert_eq!(events.len(), 297);
    assert_eq!(reader.report().refused["parquet"].n, 1);
}

proptest! {
    /// Of damaged pages the decoder may panic, in spite of [`archive::Sound`]: then the worker stops, and the page
    /// says so.
    #[test]
    fn a_damaged_directory_makes_no_reader_of_parts_panic_or_ask_for_ever(
        at in 0_usize..100_000,
        bytes in proptest::collection::vec(any::<u8>(), 1..8),
    ) {
        let (_, mut file) = of_archive(40);
        let end = file.len() - 8;
        let length: [u8; 4] = file[end..end + 4].try_into().unwrap();
        let length = u32::from_le_bytes(length) as usize + 8;
        let from = file.len() - 1 - at % length;
        for (old, new) in file[from..].iter_mut().zip(bytes) {
            *old = new;
        }
        let mut far = Far::new(&file);

        far.preview("p.parquet");
        far.read("p.parquet", None);
    }
}
