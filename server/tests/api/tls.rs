//! TLS: the stream through it, and a certificate that is renewed while the relay runs.
//!
//! The keys in `tests/fixtures/tls` were made for these tests and belong to nobody.

use std::{fs, path::PathBuf, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use server::config::{Config, RecordingStart, Speed};

use crate::helpers::{Relay, eventually, in_time, line, post, posts, source, spawn_relay, with};

fn fixture(name: &str) -> PathBuf {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tls");
    PathBuf::from(folder).join(name)
}

async fn relay_with_tls(lines: String, change: impl FnOnce(&mut Config)) -> Relay {
    spawn_relay(lines, |config| {
        change(config);
        config.http.certificate_file = Some(fixture("first.pem"));
        config.http.private_key_file = Some(fixture("first-key.pem"));
    })
    .await
}

/// Trusts the certificate of that name and no other one.
async fn connect(relay: &Relay, trusted: &str) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_file(fixture(trusted)).unwrap();
    roots.add(certificate).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let socket = TcpStream::connect(relay.address()).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, socket)
        .await
}

async fn read_until(socket: &mut TlsStream<TcpStream>, expect: &str) -> String {
    let mut bytes = Vec::new();
    loop {
        let n = in_time(socket.read_buf(&mut bytes)).await.unwrap();
        let text = String::from_utf8_lossy(&bytes);
        if text.contains(expect) {
            return text.into_owned();
        }
        assert!(n > 0, "{text}");
    }
}

#[tokio::test]
async fn the_stream_goes_through_tls_and_readers_are_told_to_stay_with_it() {
    let relay = relay_with_tls(posts(500), |_| {}).await;
    let mut socket = connect(&relay, "first.pem").await.unwrap();

    socket
        .write_all(b"GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .unwrap();

    let text = read_until(&mut socket, "text of post 499").await;
    assert!(text.contains("strict-transport-security: max-age="));
    let n_events = text
        .lines()
        .filter(|line| line.contains("\"post\""))
        .count();
    assert_eq!(n_events, 500);
    // It goes on behind the tip: notices come.
    read_until(&mut socket, "\"tip\"").await;
}

#[tokio::test]
async fn more_than_a_window_of_history_comes_whole_through_tls() {
    let long = |i| {
        line(&with(post(i), |post| {
            post.text = format!("{i} {}", "x".repeat(2_000))
        }))
    };
    let relay = relay_with_tls((0..3_000).map(long).collect(), |_| {}).await;
    let mut socket = connect(&relay, "first.pem").await.unwrap();

    socket
        .write_all(b"GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .unwrap();

    let text = read_until(&mut socket, "\"text\":\"2999 ").await;
    let ids: Vec<&str> = text
        .split("\"text\":\"")
        .skip(1)
        .filter_map(|rest| rest.split(' ').next())
        .collect();
    let expect: Vec<String> = (0..3_000).map(|i| i.to_string()).collect();
    assert_eq!(ids, expect);
}

const STREAM: &[u8] = b"GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n";

#[tokio::test]
async fn what_is_published_one_by_one_wakes_a_reader_each_time() {
    let relay = relay_with_tls(posts(60), |config| {
        let source = source(config);
        // A post every 30 ms: between two of them the reader has caught up and sleeps.
        (source.start, source.speed) = (RecordingStart::FirstReader, Speed::Times(33.0));
        // So long that no heartbeat brings what a lost wake-up left behind.
        config.http.heartbeat_secs = 600.0;
    })
    .await;
    let mut socket = connect(&relay, "first.pem").await.unwrap();
    socket.write_all(STREAM).await.unwrap();

    let text = read_until(&mut socket, "text of post 59").await;

    assert_eq!(text.matches("\"post\"").count(), 60);
}

#[tokio::test]
async fn the_end_of_the_relay_is_told_through_tls_and_the_stream_closed() {
    let mut relay = relay_with_tls(posts(3), |_| {}).await;
    let mut socket = connect(&relay, "first.pem").await.unwrap();
    socket.write_all(STREAM).await.unwrap();
    read_until(&mut socket, "text of post 2").await;

    relay.ask_to_stop();

    let mut rest = Vec::new();
    in_time(socket.read_to_end(&mut rest)).await.unwrap();
    assert!(String::from_utf8(rest).unwrap().contains("retry: "));
    in_time(&mut relay.task).await.unwrap();
}

#[tokio::test]
async fn a_reader_through_tls_that_takes_nothing_is_dropped() {
    let long = |i| line(&with(post(i), |post| post.text = "x".repeat(2_000)));
    let relay = relay_with_tls((0..5_000).map(long).collect(), |config| {
        config.http.write_timeout_secs = 0.3;
        config.http.max_streams_per_address = 1;
    })
    .await;
    let mut stalled = connect(&relay, "first.pem").await.unwrap();
    stalled.write_all(STREAM).await.unwrap();
    let mut head = [0; 12];
    in_time(stalled.read_exact(&mut head)).await.unwrap();

    // Its place is free again.
    eventually(async || {
        let mut next = connect(&relay, "first.pem").await.ok()?;
        next.write_all(STREAM).await.ok()?;
        in_time(next.read_exact(&mut head)).await.ok()?;
        head.ends_with(b"200").then_some(())
    })
    .await;
}

#[tokio::test]
async fn plain_text_at_the_encrypted_port_gets_nothing() {
    let relay = relay_with_tls(posts(1), |_| {}).await;
    let mut socket = TcpStream::connect(relay.address()).await.unwrap();
    socket
        .write_all(b"GET /api/v1/status HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();

    let mut answer = Vec::new();
    let _ = in_time(socket.read_to_end(&mut answer)).await;

    assert!(!String::from_utf8_lossy(&answer).contains("HTTP/1.1"));
    assert!(
        connect(&relay, "second.pem").await.is_err(),
        "another certificate is trusted"
    );
}

#[tokio::test]
async fn what_is_no_certificate_keeps_the_relay_from_starting_and_shows_no_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.pem");
    let secret = fs::read_to_string(fixture("first-key.pem")).unwrap();
    fs::write(&path, secret.replace("PRIVATE KEY", "SECRET")).unwrap();
    for key in [
        path,
        fixture("second-key.pem"),
        folder.path().join("absent"),
    ] {
        let mut config = Config::default();
        config.http.certificate_file = Some(fixture("first.pem"));
        config.http.private_key_file = Some(key);

        let problem = server::check(&config).await.unwrap_err().to_string();

        assert!(problem.contains("cannot be used"), "{problem}");
        let line = secret.lines().nth(1).unwrap();
        assert!(!problem.contains(line), "{problem}");
    }
}
