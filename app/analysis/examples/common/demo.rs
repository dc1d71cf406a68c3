//! The demo recording as events, for benchmarks of the engine on any machine and in the browser.
//!
//! A program takes it in by `#[path = "common/demo.rs"] mod demo;`.

use std::io::{BufRead, BufReader};

use flate2::read::GzDecoder;
use wire::{
    Body, Event, Millis, PublicConfig,
    config::{Ticker, Topic},
    ndjson,
};

const RECORDING: &[u8] = include_bytes!("../../../../examples/demo.ndjson.gz");

/// All events of the demo's week.
pub(crate) fn week() -> Vec<Event> {
    let lines = BufReader::new(GzDecoder::new(RECORDING)).lines();
    lines
        .map(|line| ndjson::decode_line(&line.expect("UTF-8")).expect("an event"))
        .collect()
}

/// The first `n` of that week again and again, under new ids and at later times.
pub(crate) fn many(n: usize) -> Vec<Event> {
    repeated(&week(), n)
}

/// The same of its posts only.
pub(crate) fn posts(n: usize) -> Vec<Event> {
    let mut week = week();
    week.retain(|event| matches!(event.body, Body::Post(_)));
    repeated(&week, n)
}

fn repeated(week: &[Event], n: usize) -> Vec<Event> {
    const WEEK: Millis = 7 * wire::time::DAY;
    let rounds = (0..).flat_map(|round| week.iter().map(move |event| (round, event)));
    let later = |(round, event): (Millis, &Event)| {
        let mut event = event.clone();
        event.at += round * WEEK;
        event.seen_at += round * WEEK;
        match &mut event.body {
            Body::Post(post) => post.id = format!("{}-{round}", post.id),
            Body::Delete(delete) => delete.id = format!("{}-{round}", delete.id),
            Body::Bar(bar) => bar.open_at += round * WEEK,
            _ => {}
        }
        event
    };
    rounds.map(later).take(n).collect()
}

/// Three topics and three tickers, as a person may have them.
pub(crate) fn config() -> PublicConfig {
    let names = [
        ("BTC", "bitcoin"),
        ("ETH", "ethereum"),
        ("DOGE", "dogecoin"),
    ];
    let topic = |(symbol, name): (&str, &str)| Topic {
        name: name.into(),
        keywords: vec![name.into(), format!("#{symbol}"), format!("${symbol}")],
        ticker: Some(symbol.into()),
        ..Topic::default()
    };
    let ticker = |(symbol, name): (&str, &str)| Ticker {
        symbol: symbol.into(),
        name: None,
        aliases: vec![name.into()],
    };
    PublicConfig {
        topics: names.map(topic).into(),
        tickers: names.map(ticker).into(),
        ..PublicConfig::default()
    }
}
