//! How many events a second the log takes, in a file of its own and shared: appended a thousand at a time by one
//! source, and by four at once.

use std::time::{Duration, Instant};

use server::log::{Batch, Log, LogOptions, SharedOptions};
use wire::{Body, Event, Post};

use crate::nats::NatsServer;

const BATCH: u64 = 1_000;

pub(crate) async fn measure(n: u64) -> Result<String, String> {
    let nats = NatsServer::start().ok_or("there is no nats-server")?;
    let mut said = Vec::new();
    for n_sources in [1, 4] {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let own = Log::open(&folder.path().join("own.sqlite"), LogOptions::default());
        let own = per_second(own.map_err(|error| error.to_string())?, n, n_sources).await?;
        let options = SharedOptions {
            address: format!("{}/ingest{n_sources}", nats.address())
                .parse()
                .map_err(|error| format!("{error}"))?,
            token: None,
            lease: Duration::from_secs(5),
        };
        let copy = folder.path().join("copy.sqlite");
        let shared = Log::open_shared(&options, &copy, LogOptions::default());
        let shared = per_second(shared.map_err(|error| error.to_string())?, n, n_sources).await?;
        said.push(format!(
            "{n_sources} at once: {:.1} k events/s shared, {:.1} k in SQLite alone",
            shared / 1e3,
            own / 1e3
        ));
    }
    Ok(format!("{n} posts, {BATCH} at a time; {}", said.join("; ")))
}

/// Until readers can have all of them.
async fn per_second(log: Log, n: u64, n_sources: u64) -> Result<f64, String> {
    let begun = Instant::now();
    let sources = (0..n_sources).map(|source| {
        let log = log.clone();
        tokio::spawn(async move {
            let share = n / n_sources;
            for start in (0..share).step_by(BATCH as usize) {
                let ids = start..(start + BATCH).min(share);
                let events = ids.map(|id| post(source, id)).collect();
                let batch = Batch {
                    events,
                    position: Some((format!("source{source}"), start.to_string())),
                    ..Batch::default()
                };
                log.append(batch)
                    .await
                    .map_err(|refused| refused.error.to_string())?;
            }
            Ok::<(), String>(())
        })
    });
    for source in sources.collect::<Vec<_>>() {
        source.await.map_err(|error| error.to_string())??;
    }
    let took = begun.elapsed();
    let head = log.head();
    log.close().await.map_err(|error| error.to_string())?;
    if head.tip != n {
        return Err(format!("{} events are there, not {n}", head.tip));
    }
    Ok(n as f64 / took.as_secs_f64())
}

fn post(source: u64, id: u64) -> Event {
    let post = Post {
        id: format!("at://did:plc:fake/app.bsky.feed.post/{source}-{id}"),
        source: "bluesky".into(),
        author: format!("{:016x}", id % 5_000),
        text: format!(
            "number {id}: bitcoin goes to the moon, they say, and nobody knows why #bitcoin $BTC"
        ),
        lang: Some("en".into()),
        hashtags: vec!["bitcoin".into()],
        cashtags: vec!["BTC".into()],
        ..Post::default()
    };
    Event::imported(id.cast_signed(), Body::Post(Box::new(post)))
}
