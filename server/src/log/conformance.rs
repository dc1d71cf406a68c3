//! What every log has to do, whatever holds it: one suite, run over each store.

use proptest::prelude::*;
use tempfile::TempDir;
use wire::{
    Bar, Body, Cursor, Delete, Event, Post,
    event::{Gap, GapReason},
};

use super::{
    Batch, Kinds, Line, Log, LogOptions, Page, Read, Want, shared,
    shared::tests::{Relay, fresh_stream},
};

/// A log, and the folder that goes with it.
struct Made {
    log: Log,
    _folder: Option<TempDir>,
}

fn in_memory(options: LogOptions) -> Made {
    let log = Log::in_memory(options).unwrap();
    Made { log, _folder: None }
}

fn in_sqlite(options: LogOptions) -> Made {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::open(&folder.path().join("log.sqlite"), options).unwrap();
    Made {
        log,
        _folder: Some(folder),
    }
}

/// A stream of its own on a real server, and a copy of it.
fn in_jetstream(options: LogOptions) -> Made {
    let server = shared::tests::server().expect("it was there before");
    let Relay { log, folder } = shared::tests::relay(&fresh_stream(server), options);
    Made {
        log,
        _folder: Some(folder),
    }
}

type Make = fn(LogOptions) -> Made;

/// Without a `nats-server` on this machine the last of them is missing, and that is said.
fn stores() -> Vec<(&'static str, Make)> {
    let mut stores: Vec<(&'static str, Make)> = vec![("memory", in_memory), ("sqlite", in_sqlite)];
    if shared::tests::server().is_some() {
        stores.push(("jetstream", in_jetstream));
    }
    stores
}

/// So little stays in the tail that most reads go to the store.
const COLD: LogOptions = LogOptions {
    tail_bytes: 1_000,
    keep_age: None,
    keep_bytes: None,
    synchronous: super::Synchronous::Normal,
};

pub(super) fn post(id: u64) -> Event {
    let post = Post {
        id: id.to_string(),
        source: "test".into(),
        author: "a1".into(),
        text: format!("text of {id}"),
        ..Post::default()
    };
    Event::imported(id.cast_signed(), Body::Post(Box::new(post)))
}

pub(super) fn delete(id: u64) -> Event {
    Event::imported(
        id.cast_signed(),
        Body::Delete(Delete {
            source: "test".into(),
            id: id.to_string(),
        }),
    )
}

fn bar(at: i64) -> Event {
    let bar = Bar {
        ticker: "BTC".into(),
        currency: "USD".into(),
        source: "test".into(),
        open_at: at - 1,
        width: 1,
        open: 1.0,
        high: 1.0,
        low: 1.0,
        close: 1.0,
        volume: None,
        market_cap: None,
    };
    Event::imported(at, Body::Bar(bar))
}

pub(super) async fn append(log: &Log, events: Vec<Event>) -> u64 {
    log.append(Batch {
        events,
        ..Batch::default()
    })
    .await
    .unwrap()
    .tip
}

pub(super) fn cursor(log: &Log, seq: u64) -> Cursor {
    Cursor {
        log: log.head().log,
        seq,
    }
}

pub(crate) async fn page(log: &Log, after: u64, want: Want) -> Page {
    match log.read(&cursor(log, after), &want).await.unwrap() {
        Read::Page(page) => page,
        other => panic!("no page but {other:?}"),
    }
}

fn seqs(lines: &[Line]) -> Vec<u64> {
    lines.iter().map(|line| line.seq).collect()
}

#[tokio::test]
async fn what_was_appended_is_read_once_and_in_order_however_it_is_cut() {
    for (name, make) in stores() {
        for options in [LogOptions::default(), COLD] {
            let made = make(options);
            for start in [0, 30, 60] {
                append(&made.log, (start..start + 30).map(post).collect()).await;
            }

            let (mut found, mut after) = (Vec::new(), 0);
            while after < 90 {
                let page = page(
                    &made.log,
                    after,
                    Want {
                        max_lines: 7,
                        ..Want::default()
                    },
                )
                .await;
                found.extend(seqs(&page.lines));
                after = page.scanned;
            }

            assert_eq!(found, (1..=90).collect::<Vec<u64>>(), "{name}");
        }
    }
}

#[tokio::test]
async fn a_reader_gets_the_event_that_was_appended() {
    for (name, make) in stores() {
        let made = make(COLD);
        append(&made.log, (0..50).map(post).collect()).await;

        let page = page(
            &made.log,
            0,
            Want {
                max_lines: 1,
                ..Want::default()
            },
        )
        .await;

        let event = wire::ndjson::decode_line(page.lines[0].json()).unwrap();
        assert_eq!(event, Event { seq: 1, ..post(0) }, "{name}");
        let log = made.log.head().log;
        assert!(
            page.lines[0]
                .frame()
                .starts_with(format!("id: {log}-1\ndata: {{").as_bytes()),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_foreign_cursor_and_one_beyond_the_tip_are_reset() {
    for (name, make) in stores() {
        let made = make(COLD);
        append(&made.log, vec![post(1)]).await;
        let foreign = Cursor {
            log: "elsewhere".to_owned().try_into().unwrap(),
            seq: 0,
        };

        for cursor in [foreign, cursor(&made.log, 2), cursor(&made.log, u64::MAX)] {
            let read = made.log.read(&cursor, &Want::default()).await.unwrap();
            assert!(
                matches!(&read, Read::Reset { log } if *log == made.log.head().log),
                "{name}: {read:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_cursor_below_the_floor_announces_a_gap() {
    for (name, make) in stores() {
        let made = make(LogOptions {
            keep_age: Some(100),
            ..COLD
        });
        append(&made.log, (0..100).map(post).collect()).await;

        made.log.trim(140).await.unwrap();

        assert_eq!(made.log.head().floor, 41, "{name}");
        let read = made
            .log
            .read(&cursor(&made.log, 7), &Want::default())
            .await
            .unwrap();
        let expect = Gap {
            from: 8,
            to: 40,
            reason: GapReason::BelowFloor,
        };
        assert!(
            matches!(&read, Read::Gap(gap) if *gap == expect),
            "{name}: {read:?}"
        );
        assert_eq!(
            page(&made.log, 40, Want::default()).await.lines[0].seq,
            41,
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_log_that_is_too_large_loses_its_oldest_lines() {
    for (name, make) in stores() {
        let made = make(LogOptions {
            keep_bytes: Some(400_000),
            ..COLD
        });

        for start in 0..40 {
            append(
                &made.log,
                (start * 100..start * 100 + 100).map(post).collect(),
            )
            .await;
        }

        let head = made.log.head();
        assert!(head.floor > 1 && head.floor < head.tip, "{name}: {head:?}");
        assert_eq!(
            page(&made.log, head.tip - 1, Want::default())
                .await
                .lines
                .len(),
            1,
            "{name}"
        );
    }
}

#[tokio::test]
async fn kinds_and_times_choose_and_the_rest_counts_as_scanned() {
    for (name, make) in stores() {
        for options in [LogOptions::default(), COLD] {
            let made = make(options);
            let mixed = |i: u64| {
                if i.is_multiple_of(3) {
                    bar(i.cast_signed())
                } else {
                    post(i)
                }
            };
            append(&made.log, (0..60).map(mixed).collect()).await;

            let want = Want {
                kinds: Kinds::BAR,
                from: 10,
                to: 20,
                ..Want::default()
            };
            let page = page(&made.log, 0, want).await;

            assert_eq!(
                page.lines.iter().map(|line| line.at).collect::<Vec<_>>(),
                [12, 15, 18],
                "{name}"
            );
            assert_eq!((page.scanned, page.tip), (60, 60), "{name}");
        }
    }
}

#[tokio::test]
async fn a_withdrawn_post_keeps_its_place_and_loses_text_and_author() {
    for (name, make) in stores() {
        for options in [LogOptions::default(), COLD] {
            let made = make(options);
            append(&made.log, (0..50).map(post).collect()).await;

            // One that has left the tail, one of the newest, and one of the very same batch.
            append(&made.log, vec![delete(3), delete(49), post(50), delete(50)]).await;

            for seq in [4, 50, 53] {
                let page = page(
                    &made.log,
                    seq - 1,
                    Want {
                        max_lines: 1,
                        ..Want::default()
                    },
                )
                .await;
                let event = wire::ndjson::decode_line(page.lines[0].json()).unwrap();
                let Body::Post(post) = event.body else {
                    panic!("{name}: {event:?}")
                };
                assert_eq!(
                    (event.seq, &*post.text, &*post.author),
                    (seq, "", ""),
                    "{name}"
                );
            }
            let page = page(
                &made.log,
                4,
                Want {
                    max_lines: 1,
                    ..Want::default()
                },
            )
            .await;
            assert!(page.lines[0].json().contains("text of 4"), "{name}");
        }
    }
}

#[tokio::test]
async fn what_the_log_holds_is_left_out_when_it_is_offered_again() {
    for (name, make) in stores() {
        let made = make(COLD);
        append(&made.log, vec![post(1), bar(60), delete(9)]).await;
        let position = Some(("s".to_owned(), "2".to_owned()));

        let again = Batch {
            events: vec![post(1), bar(60), delete(9), post(2), post(2)],
            position,
            ..Batch::default()
        };
        let appended = made.log.append(again).await.unwrap();

        assert_eq!(
            (appended.tip, appended.n_repeats, appended.n_repeated_posts),
            (4, 4, 2),
            "{name}"
        );
        assert_eq!(made.log.position("s").as_deref(), Some("2"), "{name}");
        assert_eq!(
            seqs(&page(&made.log, 0, Want::default()).await.lines),
            [1, 2, 3, 4]
        );
    }
}

#[tokio::test]
async fn a_post_that_comes_after_its_own_delete_is_stored_without_text_and_author() {
    for (name, make) in stores() {
        let made = make(LogOptions::default());
        append(&made.log, vec![delete(3)]).await;

        append(&made.log, vec![post(3), post(4)]).await;
        append(&made.log, vec![delete(5), post(5)]).await;

        let lines = page(&made.log, 0, Want::default()).await.lines;
        let texts: Vec<_> = lines
            .iter()
            .filter_map(Line::post)
            .map(|post| (post.id, post.text))
            .collect();
        let text = |id: &str, text: &str| (id.to_owned(), text.to_owned());
        assert_eq!(
            texts,
            [text("3", ""), text("4", "text of 4"), text("5", "")],
            "{name}"
        );
        assert_eq!(lines[1].post().unwrap().author, "", "{name}");
    }
}

#[tokio::test]
async fn a_delete_that_concerns_no_reader_is_left_out_where_that_is_certain() {
    for (name, make) in stores() {
        let made = make(LogOptions {
            keep_age: Some(1_000),
            ..COLD
        });
        append(&made.log, vec![post(1), post(2)]).await;
        let identity = |id: u64| wire::Identity::of_post("test", &id.to_string()).0;
        let deletes = |ids: [u64; 2]| Batch {
            events: ids.map(delete).into(),
            forgettable: ids.map(identity).into(),
            ..Batch::default()
        };

        let appended = made.log.append(deletes([1, 7])).await.unwrap();
        assert_eq!((appended.tip, appended.n_forgotten), (3, 1), "{name}");

        made.log.trim(1_002).await.unwrap();
        let appended = made.log.append(deletes([8, 9])).await.unwrap();
        assert_eq!(
            appended.n_forgotten, 0,
            "{name}: a reader may have what was removed"
        );
    }
}

#[tokio::test]
async fn all_posts_of_an_author_can_be_withdrawn_and_readers_are_told_of_each() {
    for (name, make) in stores() {
        let made = make(COLD);
        let by = |id: u64, author: &str| {
            let mut event = post(id);
            if let Body::Post(post) = &mut event.body {
                author.clone_into(&mut post.author);
            }
            event
        };
        append(&made.log, vec![by(1, "00aa"), by(2, "00bb"), by(3, "00aa")]).await;

        made.log.withdraw_author("00aa", 77).await.unwrap();
        made.log.withdraw_author("00aa", 78).await.unwrap();
        made.log.withdraw_author("no hash", 79).await.unwrap();

        let lines = page(&made.log, 0, Want::default()).await.lines;
        let texts: Vec<_> = lines
            .iter()
            .filter_map(Line::post)
            .map(|post| post.text)
            .collect();
        assert_eq!(texts, ["", "text of 2", ""], "{name}");
        let deletes: Vec<_> = lines[3..]
            .iter()
            .map(|line| (line.kind, line.seen_at))
            .collect();
        assert_eq!(
            deletes,
            [(Kinds::DELETE, 77), (Kinds::DELETE, 77)],
            "{name}"
        );
    }
}

#[tokio::test]
async fn what_retention_has_removed_may_come_again() {
    for (name, make) in stores() {
        let made = make(LogOptions {
            keep_age: Some(10),
            ..COLD
        });
        append(&made.log, (1..=100).map(post).collect()).await;
        made.log.trim(105).await.unwrap();

        assert_eq!(
            append(&made.log, vec![post(1), post(99)]).await,
            101,
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_delete_that_is_still_held_outlasts_the_removal_of_its_post() {
    for (name, make) in stores() {
        let made = make(LogOptions {
            keep_age: Some(10),
            ..COLD
        });
        append(&made.log, vec![post(1)]).await;
        let late = Event::imported(100, delete(1).body);
        append(&made.log, vec![late]).await;
        made.log.trim(105).await.unwrap();

        append(&made.log, vec![post(1)]).await;

        let page = page(&made.log, 2, Want::default()).await;
        let Some(post) = page.lines[0].post() else {
            panic!("{name}: no post")
        };
        assert_eq!(post.text, "", "{name}: it comes back without text");
    }
}

#[tokio::test]
async fn a_restart_is_an_empty_log_under_another_id() {
    for (name, make) in stores() {
        let made = make(COLD);
        let position = Some(("s".to_owned(), "9".to_owned()));
        made.log
            .append(Batch {
                events: (0..50).map(post).collect(),
                position,
                ..Batch::default()
            })
            .await
            .unwrap();
        let old = made.log.head();
        assert_eq!(made.log.position("s").as_deref(), Some("9"));

        made.log.restart().await.unwrap();

        let head = made.log.head();
        assert_ne!(head.log, old.log, "{name}");
        assert_eq!((head.floor, head.tip), (1, 0), "{name}");
        assert_eq!(made.log.position("s"), None, "{name}");
        append(&made.log, vec![post(7)]).await;
        let page = page(&made.log, 0, Want::default()).await;
        assert_eq!(seqs(&page.lines), [1], "{name}");
        assert!(
            page.lines[0]
                .frame()
                .starts_with(format!("id: {}-1\n", head.log).as_bytes()),
            "{name}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_miss_nothing_while_lines_come_and_go() {
    for (name, make) in stores() {
        let made = make(LogOptions {
            keep_age: Some(1_500),
            ..COLD
        });
        let writer = {
            let log = made.log.clone();
            tokio::spawn(async move {
                for start in 0..150 {
                    append(&log, (start * 20..start * 20 + 20).map(post).collect()).await;
                    log.trim(start.cast_signed() * 20).await.unwrap();
                }
            })
        };
        let readers = (1..4).map(|max_lines| {
            let log = made.log.clone();
            tokio::spawn(async move {
                let mut coverage = Coverage::default();
                while coverage.after < 3_000 {
                    coverage.read_on(&log, max_lines * 13).await;
                    // A reader that has everything must not keep the writer from running.
                    tokio::task::yield_now().await;
                }
            })
        });

        for task in readers.chain([writer]) {
            task.await.unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
}

/// A reader that checks that it is told about every seq exactly once, in order.
#[derive(Default)]
struct Coverage {
    after: u64,
}

impl Coverage {
    async fn read_on(&mut self, log: &Log, max_lines: usize) {
        let want = Want {
            max_lines,
            ..Want::default()
        };
        match log.read(&cursor(log, self.after), &want).await.unwrap() {
            Read::Page(page) => {
                let expect: Vec<u64> = (self.after + 1..=page.scanned).collect();
                assert_eq!(seqs(&page.lines), expect);
                self.after = page.scanned;
            }
            Read::Gap(gap) => {
                assert_eq!(gap.from, self.after + 1);
                assert!(
                    gap.to < log.head().floor,
                    "{gap:?} hides what is still held"
                );
                self.after = gap.to;
            }
            Read::Reset { log } => panic!("reset to {log}"),
        }
    }
}

/// One step of the property below.
#[derive(Clone, Debug)]
enum Step {
    Append(u64),
    Trim(i64),
    Read { reader: usize, max_lines: usize },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (1u64..40).prop_map(Step::Append),
        (0i64..300).prop_map(Step::Trim),
        (0usize..3, 1usize..30).prop_map(|(reader, max_lines)| Step::Read { reader, max_lines }),
    ];
    prop::collection::vec(step, 1..40)
}

async fn walk(log: &Log, steps: &[Step]) {
    let mut readers: [Coverage; 3] = std::array::from_fn(|_| Coverage::default());
    let mut n_appended = 0;
    for step in steps {
        match *step {
            Step::Append(n) => {
                append(log, (n_appended..n_appended + n).map(post).collect()).await;
                n_appended += n;
            }
            Step::Trim(now) => log.trim(now).await.unwrap(),
            Step::Read { reader, max_lines } => readers[reader].read_on(log, max_lines).await,
        }
    }
    for mut reader in readers {
        while reader.after < n_appended {
            reader.read_on(log, 50).await;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_interleaving_of_append_trim_and_read_yields_every_seq_above_the_floor_once(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for (_, make) in stores() {
            let made = make(LogOptions { keep_age: Some(50), ..COLD });
            runtime.block_on(walk(&made.log, &steps));
        }
    }
}
