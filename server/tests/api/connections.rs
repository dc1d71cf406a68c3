//! Connections: one that takes nothing or says nothing costs little and does not last.

use std::time::Duration;

use socket2::SockRef;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

use crate::helpers::{Relay, eventually, in_time, line, post, posts, spawn_relay, with};

/// A connection that has asked for the stream and takes little at a time.
async fn narrow_reader(relay: &Relay) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    SockRef::from(&socket)
        .set_recv_buffer_size(16 << 10)
        .unwrap();
    let mut reader = socket
        .connect(relay.address().parse().unwrap())
        .await
        .unwrap();
    reader
        .write_all(b"GET /api/v1/stream HTTP/1.1\r\nHost: relay\r\n\r\n")
        .await
        .unwrap();
    reader
}

#[tokio::test]
async fn a_reader_that_takes_nothing_is_dropped_and_the_kernel_never_held_much_for_it() {
    let long = |i| line(&with(post(i), |post| post.text = "x".repeat(2_000)));
    let lines: String = (0..10_000).map(long).collect();
    let relay = spawn_relay(lines, |config| config.http.write_timeout_secs = 0.3).await;
    relay.played().await;
    let mut stalled = narrow_reader(&relay).await;
    let n_readers = async || {
        relay.json("/api/v1/status").await["readers"]
            .as_u64()
            .unwrap()
    };
    eventually(async || (n_readers().await == 1).then_some(())).await;

    eventually(async || (n_readers().await == 0).then_some(())).await;

    // What is left to read is all that any buffer held, of 20 MB that were to be sent.
    let mut held = Vec::new();
    let _ = in_time(stalled.read_to_end(&mut held)).await;
    assert!(
        (1_000..600_000).contains(&held.len()),
        "{} bytes",
        held.len()
    );
}

#[tokio::test]
async fn a_slow_reader_that_takes_something_now_and_then_is_kept() {
    let long = |i| line(&with(post(i), |post| post.text = "x".repeat(2_000)));
    let lines: String = (0..1_000).map(long).collect();
    let relay = spawn_relay(lines, |config| config.http.write_timeout_secs = 0.3).await;
    relay.played().await;
    let mut slow = narrow_reader(&relay).await;

    let (mut piece, mut n_bytes, mut ticks) = (
        [0; 50_000],
        0,
        tokio::time::interval(Duration::from_millis(20)),
    );
    while n_bytes < 2_000_000 {
        ticks.tick().await;
        let n = in_time(slow.read(&mut piece)).await.unwrap();
        assert!(n > 0, "it was dropped after {n_bytes} bytes");
        n_bytes += n;
    }
}

#[tokio::test]
async fn a_connection_that_never_asks_for_anything_is_closed() {
    let relay = spawn_relay(posts(1), |config| config.http.header_timeout_secs = 0.1).await;
    for beginning in [&b""[..], b"GET / HTTP/1.1\r\nHo"] {
        let mut idle = TcpStream::connect(relay.address()).await.unwrap();
        idle.write_all(beginning).await.unwrap();

        let mut answer = Vec::new();
        let ended = in_time(idle.read_to_end(&mut answer)).await;

        assert!(ended.is_err() || answer.len() < 1_000);
    }
}

#[tokio::test]
async fn only_so_many_connections_are_served_at_once() {
    let relay = spawn_relay(posts(1), |config| config.http.max_connections = 1).await;
    let reader = relay.follow("").await;
    let mut second = TcpStream::connect(relay.address()).await.unwrap();
    second
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = [0; 12];
    let too_early =
        tokio::time::timeout(Duration::from_millis(100), second.read_exact(&mut answer)).await;
    assert!(too_early.is_err());

    drop(reader);

    in_time(second.read_exact(&mut answer)).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
}
