//! The decoders on payloads that real upstreams sent, in `wire/` of the folder that `MOODTAPE_DATA`
//! names (default `../shared/data`): how many records each file gives and why others are dropped.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use wire::{
    Body, Millis,
    author::AuthorKey,
    formats::{FormatError, calendar, twitter_v2},
    time::MINUTE,
};

use super::{bars, cryptocompare, mastodon, reddit, sieve::Record, x};

/// After all of the recordings.
const NOW: Millis = 1_800_000_000_000;

/// `posts`, `deletes`, `bars` and drop reasons, each with its number.
type Counts = BTreeMap<String, usize>;

fn folder() -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data");
    let folder = std::env::var_os("MOODTAPE_DATA")
        .map_or_else(|| beside.into(), PathBuf::from)
        .join("wire");
    if !folder.is_dir() {
        eprintln!(
            "SKIPPED: there is no {folder:?}; set MOODTAPE_DATA to the folder of the test data"
        );
        return None;
    }
    Some(folder)
}

fn key() -> AuthorKey {
    AuthorKey([7; 16])
}

fn count(records: impl IntoIterator<Item = Record>) -> Counts {
    let mut counts = Counts::new();
    for record in records {
        let name = match record {
            Ok(event) => match event.body {
                Body::Post(post) => {
                    assert!(!post.text.contains("</"), "markup is left: {}", post.id);
                    "posts"
                }
                Body::Delete(_) => "deletes",
                Body::Bar(_) => "bars",
                body => panic!("{body:?}"),
            },
            Err(reason) => reason,
        };
        *counts.entry(name.to_owned()).or_default() += 1;
    }
    counts
}

/// Reads every file whose name `is_ours`, prints a line about each, and holds the sums to `expect`.
#[track_caller]
fn check(
    folder: &Path,
    is_ours: impl Fn(&str) -> bool,
    read: impl Fn(&str) -> Vec<Record>,
    expect: &str,
) {
    let mut sums = Counts::new();
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !is_ours(&name) {
            continue;
        }
        let counts = count(read(&fs::read_to_string(&path).unwrap()));
        eprintln!("{name}: {counts:?}");
        for (name, n) in counts {
            *sums.entry(name).or_default() += n;
        }
    }
    let sums: Vec<String> = sums.iter().map(|(name, n)| format!("{name} {n}")).collect();
    assert_eq!(sums.join(", "), expect, "{}", folder.display());
}

#[test]
fn recorded_answers_of_x_are_decoded() {
    let Some(folder) = folder() else { return };
    let read = |text: &str| {
        let ours = x::decode::OurRules::default();
        // Lines where every line is a payload, else one payload over several lines.
        let payloads: Vec<&str> = if text.lines().all(|line| line.ends_with('}')) {
            text.lines().collect()
        } else {
            vec![text]
        };
        let lines = payloads
            .into_iter()
            .map(|line| x::decode::decode(line, NOW, &key(), &ours));
        let records = lines.flat_map(|line| match line {
            x::decode::Line::Records { records, .. } => records,
            x::decode::Line::Problem(_) => vec![Err("problem")],
            x::decode::Line::KeepAlive => vec![],
        });
        records.collect()
    };

    let is_streamed = |name: &str| name != "twarc_flat.jsonl";
    check(
        &folder.join("twitter_v2"),
        is_streamed,
        read,
        "bad_json 2, no_author 662, posts 784, unknown_body 8",
    );
}

#[test]
fn posts_that_stand_by_themselves_are_decoded() {
    let Some(folder) = folder() else { return };
    let read = |text: &str| {
        let records = text
            .lines()
            .flat_map(|line| twitter_v2::decode(line, &key()).unwrap());
        records
            .map(|record| record.map_err(FormatError::reason))
            .collect()
    };

    let is_flat = |name: &str| name == "twarc_flat.jsonl";
    check(&folder.join("twitter_v2"), is_flat, read, "posts 100");
}

#[test]
fn recorded_counts_of_x_are_whole_hours() {
    let Some(folder) = folder() else { return };

    let text = fs::read_to_string(folder.join("twitter_v2/twarc_counts.jsonl")).unwrap();
    let counts = x::counts::decode(text.lines().next().unwrap(), 60 * MINUTE).unwrap();

    let is_gapless = counts.windows(2).all(|pair| pair[0].to == pair[1].from);
    assert!(is_gapless);
    assert_eq!(
        (
            counts.len(),
            counts.iter().map(|count| count.n).sum::<u64>()
        ),
        (167, 764_931)
    );
}

#[test]
fn recorded_answers_of_mastodon_are_decoded() {
    let Some(folder) = folder() else { return };
    let accounts = mastodon::decode::Accounts {
        bots: true,
        only_indexable: false,
    };
    let decoder = || mastodon::decode::Decoder::new(key(), accounts);
    let read = |text: &str| {
        let mut decoder = decoder();
        match text.trim_start().starts_with('[') {
            true => {
                let page: serde_json::Value = serde_json::from_str(text).unwrap();
                let times = page.as_array().into_iter().flatten();
                let times = times.filter_map(|status| status["created_at"].as_str());
                // On the day of the recording.
                let seen_at = times.filter_map(calendar::parse_table).max();
                let page = decoder.page(text, seen_at.unwrap_or(NOW));
                page.map_or_else(|reason| vec![Err(reason)], |page| page.records)
            }
            false => vec![decoder.event("update", text, NOW)],
        }
    };
    check(
        &folder.join("mastodon"),
        |name| name.ends_with(".json"),
        read,
        "no_id 40, no_text 4, nobot 2, not_public 3, posts 59",
    );

    let read = |text: &str| {
        let mut decoder = decoder();
        let found = mastodon::sse::Events::default().push(text.as_bytes());
        let record = |found| match found {
            mastodon::sse::Found::Event { name, data } => Some(decoder.event(&name, &data, NOW)),
            mastodon::sse::Found::Broken(reason) => Some(Err(reason)),
            mastodon::sse::Found::KeepAlive => None,
        };
        found.into_iter().filter_map(record).collect()
    };
    check(
        &folder.join("mastodon"),
        |name| name.ends_with(".sse.txt"),
        read,
        "not_a_post 3",
    );
}

#[test]
fn recorded_feeds_of_reddit_are_decoded() {
    let Some(folder) = folder() else { return };
    // On the evening of the recording.
    let seen_at = 1_690_135_200_000;
    let read = |text: &str| {
        let mut window = reddit::decode::Window::new(key(), String::new());
        window.poll(text.as_bytes(), seen_at).unwrap().records
    };

    check(
        &folder.join("rss"),
        |name| name == "atom_mediarss_reddit_1.xml",
        read,
        "posts 25",
    );
}

#[test]
fn recorded_answers_of_cryptocompare_are_decoded() {
    let Some(folder) = folder() else { return };
    let folder = folder.join("prices/cryptocompare");
    let text = |name: &str| fs::read_to_string(folder.join(name)).unwrap();

    let pair = bars::Pair::parse("BTC-USD").unwrap();
    let histories = |name: &str| name.starts_with("histo");
    let read = |text: &str| cryptocompare::decode::bars(text, &pair, MINUTE, NOW).unwrap();
    check(&folder, histories, read, "bars 33");
    let prices = cryptocompare::decode::prices(&text("pricemulti.json"), NOW).unwrap();
    assert_eq!(prices.len(), 2);
    let prices =
        cryptocompare::decode::full_prices(&text("pricemultifull_BTC_USD_EUR_2021-04-10.json"))
            .unwrap();
    assert_eq!(prices.len(), 2);
    assert!(prices.iter().all(|tick| tick.market_cap.is_some()));
}
