//! A relay with a recording, the archive's program, and what its archive holds.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use archive::{archive::Archive, place::Place};
use server::config::{Config, RecordingStart, SourceConfig, Speed, StoreKind};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle, time::timeout};
use wire::{Attention, Bar, Body, Delete, Event, Millis, Post, ndjson};

pub(crate) const N_EVENTS: u64 = 6_000;
pub(crate) const START: Millis = 1_400_000_400_000;
/// Nothing here takes so long, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(240);

/// A relay within this process that has played its recording.
pub(crate) struct Relay {
    pub(crate) base: String,
    task: JoinHandle<()>,
    _stop: oneshot::Sender<()>,
    _folder: TempDir,
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Posts over several hours with prices, counts, and withdrawals of posts from long before and just before.
pub(crate) fn event(i: u64) -> Event {
    let at = START + 4_000 * i.cast_signed();
    let source = if i.is_multiple_of(3) { "one" } else { "two" };
    let body = match i % 10 {
        7 => {
            let of = if i % 20 == 7 { i - 6 } else { i / 2 };
            let source = if of.is_multiple_of(3) { "one" } else { "two" };
            Body::Delete(Delete {
                source: source.into(),
                id: format!("p{of}"),
            })
        }
        8 => Body::Bar(Bar {
            ticker: "BTC".into(),
            currency: "USD".into(),
            source: "market".into(),
            open_at: at,
            width: 1_000,
            open: 10.0,
            high: 12.0,
            low: 9.0,
            close: 11.0,
            volume: Some(1.0),
            market_cap: None,
        }),
        9 => Body::Attention(Attention {
            source: source.into(),
            subject: "Bitcoin".into(),
            open_at: at,
            width: 1_000,
            n: i,
        }),
        _ => Body::Post(Box::new(Post {
            id: format!("p{i}"),
            source: source.into(),
            author: format!("{:016x}", i % 50),
            text: format!("the text of post {i}"),
            lang: Some("en".into()),
            cashtags: vec!["BTC".into()],
            ..Post::default()
        })),
    };
    Event::imported(at, body)
}

pub(crate) async fn spawn_relay() -> Relay {
    // Another test may have done it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recording.ndjson");
    let lines = (0..N_EVENTS).map(|i| ndjson::encode_line(&event(i)) + "\n");
    fs::write(&path, lines.collect::<String>()).unwrap();
    let mut config = Config::default();
    config.log.store = StoreKind::Memory;
    config.http.app = folder.path().join("dist");
    config.sources = vec![SourceConfig {
        path: Some(path),
        speed: Speed::Unlimited,
        start: RecordingStart::AtOnce,
        ..SourceConfig::default()
    }];
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(async move {
        let stopped = async { drop(stopped.await) };
        server::run(listener, config, stopped).await.unwrap();
    });
    let relay = Relay {
        base,
        task,
        _stop: stop,
        _folder: folder,
    };
    in_time(async {
        while status(&relay).await["sources"][0]["state"] != "ended" {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    relay
}

pub(crate) async fn in_time<T>(future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.expect("it takes too long")
}

async fn get(relay: &Relay, path: &str) -> reqwest::Response {
    reqwest::get(format!("{}{path}", relay.base)).await.unwrap()
}

async fn status(relay: &Relay) -> serde_json::Value {
    let text = get(relay, "/api/v1/status").await.text().await.unwrap();
    serde_json::from_str(&text).unwrap()
}

/// What the relay has, page by page.
pub(crate) async fn history(relay: &Relay) -> Vec<Event> {
    let (mut events, mut after) = (Vec::new(), String::new());
    loop {
        let page = get(relay, &format!("/api/v1/history?after={after}&limit=10000")).await;
        let next = page.headers().get("x-next-cursor").cloned();
        let text = page.text().await.unwrap();
        events.extend(text.lines().map(|line| ndjson::decode_line(line).unwrap()));
        match next {
            Some(cursor) => after = cursor.to_str().unwrap().to_owned(),
            None => return events,
        }
    }
}

pub(crate) fn archiver(relay: &Relay, to: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_moodtape-archive"));
    // Small writes and frequent tidying, so that a kill meets every step.
    command
        .args(["--relay", &relay.base, "--until-tip", "--to", to])
        .args(["--max-events", "100", "--tidy-every", "3"])
        .env("RUST_LOG", "warn")
        .stdout(Stdio::null());
    command
}

pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        // It may go while it is looked at.
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found
}

/// As a program reads it that knows of the manifest.
pub(crate) async fn by_manifest(folder: &Path) -> Vec<Event> {
    let place = Place::open(folder.to_str().unwrap()).unwrap();
    let archive = Archive::open(place).await.unwrap();
    let mut events = Vec::new();
    for part in &archive.manifest().parts {
        let held = archive.read(part).await.unwrap();
        let is_within = |event: &Event| (part.from..=part.to).contains(&event.seq);
        assert!(held.iter().all(is_within), "{}", part.path);
        events.extend(held);
    }
    events.sort_by_key(|event| event.seq);
    events
}

/// As a tool reads it that takes whatever file there is.
pub(crate) fn by_folder(folder: &Path) -> Vec<Event> {
    let files = files(folder).into_iter().filter(|path| {
        let path = path.to_string_lossy();
        path.contains("kind=") && path.ends_with(".parquet")
    });
    let mut events: Vec<Event> = files
        .flat_map(|path| archive::decode(fs::read(path).unwrap().into()).unwrap())
        .collect();
    events.sort_by_key(|event| event.seq);
    events
}

#[track_caller]
pub(crate) fn assert_same(found: &[Event], expect: &[Event]) {
    let pairs = found.iter().zip(expect);
    if let Some((found, expect)) = pairs.into_iter().find(|(a, b)| a != b) {
        panic!("{found:#?}\nis not\n{expect:#?}");
    }
    assert_eq!(found.len(), expect.len());
}
