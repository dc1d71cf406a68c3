//! The archive in a folder of its own, without a relay.

use tempfile::TempDir;
use wire::{
    Bar, Delete, Millis, Post,
    time::{DAY, HOUR, MINUTE},
};

use super::*;

const START: Millis = 1_400_000_400_000;

struct Fixture {
    folder: TempDir,
    archive: Archive,
}

async fn open(folder: &TempDir) -> Archive {
    let place = Place::open(folder.path().to_str().unwrap()).unwrap();
    Archive::open(place).await.unwrap()
}

async fn fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let archive = open(&folder).await;
    Fixture { folder, archive }
}

fn log() -> LogId {
    LogId::try_from("k3".to_owned()).unwrap()
}

fn post(seq: u64, at: Millis) -> Event {
    let post = Post {
        id: format!("p{seq}"),
        source: "one".into(),
        author: format!("{:016x}", seq % 2),
        text: format!("text {seq}"),
        cashtags: vec!["BTC".into(), "BTC".into()],
        ..Post::default()
    };
    Event {
        seq,
        ..Event::imported(at, Body::Post(Box::new(post)))
    }
}

fn delete(seq: u64, of: u64) -> Event {
    let (source, id) = ("one".into(), format!("p{of}"));
    Event {
        seq,
        ..Event::imported(START, Body::Delete(Delete { source, id }))
    }
}

fn bar(seq: u64, open_at: Millis, close: f64) -> Event {
    let bar = Bar {
        ticker: "BTC".into(),
        currency: "USD".into(),
        source: "market".into(),
        open_at,
        width: MINUTE,
        open: 10.0,
        high: 20.0,
        low: 5.0,
        close,
        volume: Some(2.0),
        market_cap: None,
    };
    Event {
        seq,
        ..Event::imported(open_at + MINUTE, Body::Bar(bar))
    }
}

/// Every event by the manifest, in order.
async fn all(archive: &Archive) -> Vec<Event> {
    let mut events = Vec::new();
    for part in &archive.manifest().parts {
        let read = archive.read(part).await.unwrap();
        assert_eq!(read.len() as u64, part.rows);
        events.extend(read);
    }
    events.sort_by_key(|event| event.seq);
    events
}

fn text(event: &Event) -> &str {
    match &event.body {
        Body::Post(post) => &post.text,
        _ => "",
    }
}

fn files(folder: &TempDir) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "parquet") {
                found.push(path.to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

#[tokio::test]
async fn what_is_appended_twice_is_archived_once() {
    let Fixture {
        archive: mut held,
        folder,
    } = fixture().await;
    let events: Vec<_> = (1..=5).map(|seq| post(seq, START)).collect();

    held.append(&log(), 3, events[..3].to_vec()).await.unwrap();
    held.append(&log(), 3, events[..3].to_vec()).await.unwrap();
    held.append(&log(), 5, events.clone()).await.unwrap();
    drop(held);

    let held = open(&folder).await;
    assert_eq!(all(&held).await, events);
    assert_eq!(held.position().unwrap().seq, 5);
}

#[tokio::test]
async fn what_a_crash_left_is_removed_and_the_rest_is_not() {
    let Fixture {
        archive: mut held,
        folder,
    } = fixture().await;
    held.append(&log(), 1, vec![post(1, START)]).await.unwrap();
    drop(held);
    let [counted] = files(&folder).try_into().unwrap();
    std::fs::copy(&counted, counted.replace("k3-1-1", "k3-2-9")).unwrap();
    std::fs::write(counted.clone() + "#1", "half").unwrap();

    let held = open(&folder).await;

    assert_eq!(files(&folder), std::slice::from_ref(&counted));
    assert!(!std::fs::exists(counted + "#1").unwrap());
    assert_eq!(all(&held).await, [post(1, START)]);
}

#[tokio::test]
async fn a_second_archiver_is_refused() {
    let Fixture {
        archive: _held,
        folder,
    } = fixture().await;

    let second = Place::open(folder.path().to_str().unwrap());

    assert!(matches!(second, Err(PlaceError::InUse(_))));
}

#[tokio::test]
async fn files_of_an_hour_become_one_and_keep_every_event() {
    let Fixture {
        archive: mut held,
        folder,
    } = fixture().await;
    for seq in 1..=3 {
        held.append(&log(), seq, vec![post(seq, START)])
            .await
            .unwrap();
    }
    held.append(&log(), 4, vec![post(4, START + HOUR)])
        .await
        .unwrap();

    held.tidy().await.unwrap();

    let parts: Vec<_> = held
        .manifest()
        .parts
        .iter()
        .map(|part| (part.from, part.to))
        .collect();
    assert_eq!(parts, [(4, 4), (1, 3)]);
    assert_eq!(all(&held).await.len(), 4);
    let n_daily = held.manifest().daily.len();
    assert_eq!(files(&folder).len(), 2 + n_daily);
}

#[tokio::test]
async fn the_text_of_a_withdrawn_post_goes_and_its_counts_stay() {
    let Fixture {
        archive: mut held,
        folder,
    } = fixture().await;
    held.append(&log(), 2, vec![post(1, START), post(2, START)])
        .await
        .unwrap();
    // The first is archived already, the third comes in the same batch as its delete.
    let later = vec![delete(3, 1), post(4, START), delete(5, 4), delete(6, 77)];
    held.append(&log(), 6, later).await.unwrap();

    held.tidy().await.unwrap();

    let events = all(&held).await;
    let texts: Vec<_> = events.iter().map(text).collect();
    assert_eq!(texts, ["", "text 2", "", "", "", ""]);
    assert!(held.manifest().withdrawn.is_empty());
    for path in files(&folder) {
        let bytes = std::fs::read(&path).unwrap();
        assert!(!bytes.windows(6).any(|piece| piece == b"text 1"), "{path}");
    }
    assert_eq!(events.len(), 6);
}

#[tokio::test]
async fn a_withdrawn_post_loses_its_text_in_every_log_it_was_sent_in() {
    let Fixture {
        archive: mut held,
        folder: _folder,
    } = fixture().await;
    held.append(&log(), 1, vec![post(1, START)]).await.unwrap();
    let new = LogId::try_from("m4".to_owned()).unwrap();
    held.follow_log(&new).await.unwrap();
    held.append(&new, 1, vec![post(1, START)]).await.unwrap();

    held.append(&new, 2, vec![delete(2, 1)]).await.unwrap();
    held.tidy().await.unwrap();

    let events = all(&held).await;
    assert_eq!(events.iter().map(text).collect::<String>(), "");
    assert_eq!(events.len(), 3);
}

#[tokio::test]
async fn a_log_that_starts_over_takes_the_place_of_the_old_one() {
    let Fixture {
        archive: mut held,
        folder,
    } = fixture().await;
    held.append(&log(), 2, vec![post(1, START), post(2, START)])
        .await
        .unwrap();
    let new = LogId::try_from("m4".to_owned()).unwrap();
    let refused = held.append(&new, 1, vec![post(1, START)]).await;
    assert!(matches!(refused, Err(ArchiveError::OtherLog(..))));

    held.discard_log().await.unwrap();
    held.follow_log(&new).await.unwrap();
    held.append(&new, 1, vec![post(1, START)]).await.unwrap();
    held.tidy().await.unwrap();

    assert_eq!(all(&held).await, [post(1, START)]);
    assert!(files(&folder).iter().all(|path| !path.contains("k3-")));
}

#[tokio::test]
async fn a_day_is_summed_by_ticker_from_all_its_files() {
    let Fixture {
        archive: mut held, ..
    } = fixture().await;
    let day = day_of(START);
    let midnight = (day + 1) * DAY;
    let events = vec![
        post(1, START),
        post(2, START),
        bar(3, START, 11.0),
        // It closes as the next day begins.
        bar(4, midnight - MINUTE, 12.0),
        bar(5, midnight, 13.0),
    ];
    held.append(&log(), 5, events).await.unwrap();
    held.tidy().await.unwrap();
    held.append(&log(), 6, vec![post(6, START)]).await.unwrap();
    held.tidy().await.unwrap();

    let sums = &held.manifest().daily;
    let file = |table: &str| sums.iter().find(|sum| sum.day == day && sum.table == table);
    let mentions = held
        .place
        .get(&file("mentions").unwrap().path)
        .await
        .unwrap();
    let prices = held.place.get(&file("prices").unwrap().path).await.unwrap();
    let mut mentions = crate::columns::Table::read(mentions, |_| true).unwrap();
    let mut prices = crate::columns::Table::read(prices, |_| true).unwrap();
    assert_eq!(mentions.texts("ticker").unwrap(), ["BTC"]);
    assert_eq!(mentions.counts("n_posts").unwrap(), [3]);
    assert_eq!(mentions.counts("n_authors").unwrap(), [2]);
    assert_eq!(prices.counts("n_bars").unwrap(), [2]);
    let (close, volume) = (
        prices.numbers("close").unwrap(),
        prices.optional_numbers("volume").unwrap(),
    );
    assert!((close[0] - 12.0).abs() < 1e-12);
    assert!((volume[0].unwrap() - 4.0).abs() < 1e-12);
    let mut found = |name| prices.optional_numbers(name).unwrap()[0];
    let volumes = found("volume_min").zip(found("volume_max")).unwrap();
    assert!((volumes.0 - 2.0).abs() < 1e-12 && (volumes.1 - 2.0).abs() < 1e-12);
    assert!(found("market_cap_min").is_none());
}
