//! Recorded payloads of real upstreams: each file is decoded or dropped for the reason that stands here.
//!
//! They are found through `MOODTAPE_DATA` (default `../shared/data`) and are no part of the project.

#![allow(
    clippy::unwrap_used,
    reason = "a file that cannot be read fails the test"
)]

use std::{
    collections::BTreeMap,
    env, fs,
    io::Read,
    path::{Path, PathBuf},
};

use flate2::read::MultiGzDecoder;
use server::sources::{
    bars::Pair,
    binance::decode::{self as binance, Said, Symbols, symbol},
    coingecko::decode as coingecko,
    feeds::decode as feeds,
    jetstream::decode::{self as jetstream, What},
};
use wire::{Millis, author::AuthorKey};

const KEY: AuthorKey = AuthorKey([7; 16]);

/// What became of the records of a file, e.g. `post 3, bad_json 1`.
type Outcome = BTreeMap<&'static str, u64>;
type Decode = fn(&Path) -> Outcome;

/// Folders, and how their files are decoded; the first that matches the beginning of a path counts.
const DECODERS: &[(&str, Decode)] = &[
    ("bluesky/", bluesky),
    ("prices/binance_net/Endpoints_GetKlines", klines_of_history),
    ("prices/binance_net/Endpoints_", klines_of_history),
    ("prices/binance_net/Subscriptions_", subscription),
    ("prices/BINANCE.ws", websocket),
    ("prices/BINANCE_US.ws", websocket),
    ("prices/coingecko_net/GetOhlc", ohlc),
    ("prices/coingecko_net/", markets),
    ("rss/", feed),
];

/// Every file, and what has to become of it.
const EXPECTED: &str = include_str!("payloads.txt");

#[test]
fn every_recorded_payload_is_decoded_or_dropped_for_the_right_reason() {
    let Some(folder) = payloads() else { return };
    let mut files = Vec::new();
    walk(&folder, &mut files);
    let mut found = String::new();
    for file in &files {
        let name = file
            .strip_prefix(&folder)
            .unwrap()
            .to_string_lossy()
            .into_owned();
        let decode = DECODERS.iter().find(|(start, _)| name.starts_with(start));
        if let Some((_, decode)) = decode {
            let outcome = decode(file).into_iter();
            let outcome = outcome
                .map(|(word, n)| format!("{word} {n}"))
                .collect::<Vec<_>>();
            found.push_str(&format!("{name}: {}\n", outcome.join(", ")));
        }
    }

    eprintln!("{found}");
    for (found, expected) in found.lines().zip(EXPECTED.lines()) {
        assert_eq!(found, expected);
    }
    assert_eq!(found.lines().count(), EXPECTED.lines().count());
}

fn payloads() -> Option<PathBuf> {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let folder = env::var_os("MOODTAPE_DATA")
        .map_or_else(default, PathBuf::from)
        .join("wire");
    if folder.exists() {
        return Some(folder);
    }
    eprintln!(
        "SKIPPED: there is no {}; set MOODTAPE_DATA",
        folder.display()
    );
    None
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            walk(&path, files);
        } else {
            files.push(path);
        }
    }
}

fn bytes(path: &Path) -> Vec<u8> {
    let bytes = fs::read(path).unwrap();
    if path.extension().is_some_and(|end| end == "gz") {
        let mut plain = Vec::new();
        MultiGzDecoder::new(&*bytes)
            .read_to_end(&mut plain)
            .unwrap();
        return plain;
    }
    bytes
}

fn text(path: &Path) -> String {
    String::from_utf8_lossy(&bytes(path)).into_owned()
}

fn count(outcome: &mut Outcome, word: &'static str) {
    *outcome.entry(word).or_default() += 1;
}

fn bluesky(path: &Path) -> Outcome {
    let mut outcome = Outcome::new();
    for line in text(path).lines() {
        let word = match jetstream::decode(line.as_bytes(), &KEY) {
            Ok(said) => match said.what {
                What::Post(_) => "post",
                What::Delete(_) => "delete",
                What::AuthorGone(_) => "author gone",
                What::Other | What::Outdated | What::Error(_) => "other",
            },
            Err(reason) => reason,
        };
        count(&mut outcome, word);
    }
    outcome
}

/// `GET`, path, whether it is signed, then the body.
fn body_of(path: &Path) -> String {
    text(path).lines().skip(3).collect::<Vec<_>>().join("\n")
}

fn pair() -> Pair {
    Pair::parse("BTC-USDT").unwrap()
}

fn klines_of_history(path: &Path) -> Outcome {
    bars(binance::decode_history(
        body_of(path).as_bytes(),
        &pair(),
        Millis::MAX,
    ))
}

fn bars<E>(decoded: Result<Vec<Result<wire::Bar, &'static str>>, E>) -> Outcome {
    let mut outcome = Outcome::new();
    match decoded {
        Ok(bars) => bars.into_iter().for_each(|bar| {
            count(&mut outcome, bar.map_or_else(|reason| reason, |_| "bar"));
        }),
        Err(_) => count(&mut outcome, "refused as a whole"),
    }
    outcome
}

fn symbols() -> Symbols {
    let pairs = [
        "NKN-USDT",
        "BLZ-ETH",
        "LRC-BTC",
        "RUNE-EUR",
        "CRV-USDT",
        "COMP-USDT",
        "OMG-BUSD",
        "ZRX-USDT",
        "BNB-BTC",
    ];
    let pairs = pairs.map(|pair| Pair::parse(pair).unwrap());
    pairs
        .into_iter()
        .map(|pair| (symbol(&pair), pair))
        .collect()
}

fn binance_word(message: &str) -> &'static str {
    match binance::decode(message.as_bytes(), &symbols()) {
        Ok(Said::Final(..)) => "bar",
        Ok(Said::Open(..)) => "open bar",
        Ok(Said::Shutdown | Said::Other) => "other",
        Err(reason) => reason,
    }
}

/// `> sent`, `< received`, `=` and then a message over several lines.
fn subscription(path: &Path) -> Outcome {
    let text = text(path);
    let message = text
        .split("\n= \n")
        .nth(1)
        .or_else(|| text.split("\n=\n").nth(1));
    let message = message.unwrap_or_else(|| text.rsplit("\n=").next().unwrap());
    Outcome::from([(binance_word(message.trim()), 1)])
}

/// `<seconds>: <message>` behind a line with the address.
fn websocket(path: &Path) -> Outcome {
    let mut outcome = Outcome::new();
    for line in text(path).lines().skip(1) {
        let Some((_, message)) = line.split_once(": ") else {
            continue;
        };
        count(&mut outcome, binance_word(message));
    }
    outcome
}

fn ohlc(path: &Path) -> Outcome {
    bars(coingecko::decode_ohlc(
        body_of(path).as_bytes(),
        &pair(),
        Millis::MAX,
    ))
}

fn markets(path: &Path) -> Outcome {
    let mut outcome = Outcome::new();
    match coingecko::decode_markets(body_of(path).as_bytes()) {
        Ok(markets) => markets.iter().for_each(|market| {
            let word = if market.market_cap.is_some() {
                "coin with its worth"
            } else {
                "coin"
            };
            count(&mut outcome, word);
        }),
        Err(_) => count(&mut outcome, "refused as a whole"),
    }
    outcome
}

fn feed(path: &Path) -> Outcome {
    let mut outcome = Outcome::new();
    match feeds::decode(&bytes(path), "https://news.test/", "en", &KEY) {
        Ok(articles) => articles.posts.iter().for_each(|post| {
            count(
                &mut outcome,
                post.as_ref().map_or_else(|reason| *reason, |_| "article"),
            );
        }),
        Err(reason) => count(&mut outcome, reason),
    }
    outcome
}
