//! How fast a recording goes through the relay into its log, and from there to one reader over HTTP.
//!
//! `cargo bench -p server` plays the StockNet tweets (`MOODTAPE_DATA`, default `../shared/data`);
//! `cargo bench -p server -- PATH` plays another recording. Prints events per second.

use std::{
    env,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use server::config::{Config, RecordingStart, SourceConfig, Speed, StoreKind};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

fn main() {
    let given = env::args()
        .skip(1)
        .find(|arg| !arg.starts_with("--"))
        .map(PathBuf::from);
    let path = given.unwrap_or_else(stocknet);
    if !path.exists() {
        eprintln!(
            "SKIPPED: there is no {}; set MOODTAPE_DATA or give a recording",
            path.display()
        );
        return;
    }
    let runtime = tokio::runtime::Runtime::new().expect("the system has threads");
    for (name, store, tail_mib) in [
        ("SQLite", StoreKind::Sqlite, 64),
        ("SQLite, nothing in memory", StoreKind::Sqlite, 0),
        ("memory", StoreKind::Memory, 64),
    ] {
        runtime.block_on(measure(name, &path, store, tail_mib));
    }
}

fn stocknet() -> PathBuf {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    env::var_os("MOODTAPE_DATA")
        .map_or_else(default, PathBuf::from)
        .join("stocknet/tweets_2014")
}

#[allow(clippy::print_stdout, reason = "the figures are its output")]
async fn measure(name: &str, path: &Path, store: StoreKind, tail_mib: usize) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mut config = Config::default();
    (config.log.store, config.log.tail_mib, config.log.data) =
        (store, tail_mib, folder.path().to_owned());
    config.filters = wire::config::Filters {
        languages: Vec::new(),
        reposts: true,
        sensitive: true,
    };
    let path = Some(path.to_owned());
    let (speed, start) = (Speed::Unlimited, RecordingStart::AtOnce);
    config.sources = vec![SourceConfig {
        path,
        speed,
        start,
        ..SourceConfig::default()
    }];
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port is free");
    let address = listener
        .local_addr()
        .expect("it has an address")
        .to_string();

    let begun = Instant::now();
    let relay = tokio::spawn(server::run(listener, config, std::future::pending()));
    let status = loop {
        tokio::time::sleep(Duration::from_millis(5)).await;
        let status = get(&address, "/api/v1/status").await;
        if status.contains("\"ended\"") {
            break status;
        }
    };
    let (n_received, n_kept) = (number(&status, "received"), number(&status, "kept"));
    let ingest = begun.elapsed().as_secs_f64();
    let (n_events, n_bytes, read) = follow(&address, n_kept).await;
    println!(
        "{name}: took in {n_received} lines in {ingest:.2} s ({:.0} lines/s, {n_kept} kept); \
         one reader took {n_events} events, {:.1} MB, in {read:.2} s ({:.0} events/s)",
        n_received as f64 / ingest,
        n_bytes as f64 / 1e6,
        n_events as f64 / read,
    );
    assert_eq!(n_events, n_kept, "a reader gets every event exactly once");
    relay.abort();
}

/// Follows the stream until so many events have come.
async fn follow(address: &str, n_events: u64) -> (u64, u64, f64) {
    let begun = Instant::now();
    let mut socket = request(address, "/api/v1/stream").await;
    let (mut parser, mut piece) = (wire::sse::Parser::default(), vec![0; 256 << 10]);
    let (mut n_found, mut n_bytes) = (0, 0);
    while n_found < n_events {
        let n = socket.read(&mut piece).await.expect("the relay answers");
        assert!(n > 0, "the stream ended");
        n_bytes += n as u64;
        // An event of the log has an id; the chunk sizes between them disturb no field.
        parser.push(&piece[..n], |field| {
            n_found += u64::from(matches!(field, wire::sse::Field::Id(_)))
        });
    }
    (n_found, n_bytes, begun.elapsed().as_secs_f64())
}

async fn get(address: &str, path: &str) -> String {
    let mut answer = String::new();
    let mut socket = request(address, path).await;
    socket
        .read_to_string(&mut answer)
        .await
        .expect("the relay answers");
    answer
}

async fn request(address: &str, path: &str) -> TcpStream {
    let mut socket = TcpStream::connect(address)
        .await
        .expect("the relay listens");
    let head = format!("GET {path} HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\r\n");
    socket
        .write_all(head.as_bytes())
        .await
        .expect("the relay reads");
    socket
}

fn number(json: &str, key: &str) -> u64 {
    let rest = json
        .split(&format!("\"{key}\":"))
        .nth(1)
        .unwrap_or_default();
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().expect("the status has this number")
}
