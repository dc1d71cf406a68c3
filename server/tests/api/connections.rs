//! Connections: one that takes nothing or says nothing costs little and does not last.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

use crate::helpers::{
    Relay, client, eventually, in_time, line, narrow_reader, post, posts, spawn_relay, with,
};

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

/// The status line and headers of an answer to a plain request.
async fn answer_to(relay: &Relay, request: &[u8]) -> String {
    let mut socket = TcpStream::connect(relay.address()).await.unwrap();
    // It may be refused before it has been read.
    let _ = socket.write_all(request).await;
    let mut answer = Vec::new();
    let _ = in_time(socket.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

const HEALTH: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn only_so_many_connections_are_served_at_once_and_others_are_told_to_come_back() {
    let relay = spawn_relay(posts(1), |config| config.http.max_connections = 1).await;
    let reader = relay.follow("").await;

    let refused = answer_to(&relay, HEALTH).await;

    assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");
    assert!(refused.contains("retry-after: "), "{refused}");
    drop(reader);
    eventually(async || {
        answer_to(&relay, HEALTH)
            .await
            .starts_with("HTTP/1.1 200")
            .then_some(())
    })
    .await;
}

#[tokio::test]
async fn one_address_gets_only_so_many_connections_and_others_are_served() {
    let relay = spawn_relay(posts(1), |config| {
        config.http.max_connections_per_address = 3;
    })
    .await;
    let mut idle = Vec::new();
    for _ in 0..3 {
        idle.push(TcpStream::connect(relay.address()).await.unwrap());
    }

    let refused = eventually(async || {
        let answer = answer_to(&relay, HEALTH).await;
        (!answer.starts_with("HTTP/1.1 200")).then_some(answer)
    })
    .await;

    assert!(refused.starts_with("HTTP/1.1 429"), "{refused}");
    let other = TcpSocket::new_v4().unwrap();
    other.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let mut other = other
        .connect(relay.address().parse().unwrap())
        .await
        .unwrap();
    other.write_all(HEALTH).await.unwrap();
    let mut answer = [0; 12];
    in_time(other.read_exact(&mut answer)).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
}

#[tokio::test]
async fn one_address_gets_only_so_many_streams() {
    let relay = spawn_relay(posts(1), |config| config.http.max_streams_per_address = 1).await;
    let reader = relay.follow("").await;

    let refused = relay.get("/api/v1/stream").await;

    assert_eq!(refused.status(), 429);
    assert!(refused.headers().contains_key("retry-after"));
    drop(reader);
    eventually(async || (relay.get("/api/v1/stream").await.status() == 200).then_some(())).await;
}

#[tokio::test]
async fn behind_a_proxy_its_last_word_about_the_reader_counts_and_not_what_the_reader_claims() {
    let relay = spawn_relay(posts(1), |config| {
        config.http.max_streams_per_address = 1;
        config.http.behind_proxy = true;
    })
    .await;
    let open = async |forwarded: &str| {
        let request = client()
            .get(format!("{}/api/v1/stream", relay.base))
            .header("x-forwarded-for", forwarded);
        request.send().await.unwrap()
    };
    let _first = open("10.9.9.9, 10.0.0.1").await;

    assert_eq!(open("10.8.8.8, 10.0.0.1").await.status(), 429);
    assert_eq!(open("10.0.0.1, 10.0.0.2").await.status(), 200);
}

#[tokio::test]
async fn whoever_comes_past_the_proxy_is_not_believed() {
    let relay = spawn_relay(posts(1), |config| {
        config.http.max_streams_per_address = 1;
        config.http.behind_proxy = true;
        config.http.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    })
    .await;
    let mut open = Vec::new();
    for (forwarded, expect) in [("10.0.0.1", "200"), ("10.0.0.2", "429")] {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
        let address = relay.address().parse().unwrap();
        let mut socket = socket.connect(address).await.unwrap();
        let request = format!(
            "GET /api/v1/stream HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {forwarded}\r\n\r\n"
        );
        socket.write_all(request.as_bytes()).await.unwrap();

        let mut answer = [0; 12];
        in_time(socket.read_exact(&mut answer)).await.unwrap();

        assert_eq!(
            std::str::from_utf8(&answer).unwrap(),
            format!("HTTP/1.1 {expect}")
        );
        open.push(socket);
    }
}

#[tokio::test]
async fn heads_and_bodies_that_are_too_long_are_refused() {
    let relay = spawn_relay(posts(1), |_| {}).await;
    let long = "x".repeat(100_000);
    let many: String = (0..200).map(|i| format!("x-{i}: 1\r\n")).collect();
    // Whoever is still sending when it is refused may lose the answer with the connection.
    let (always, unless_cut) = (false, true);
    for (request, may_be_lost, expect) in [
        (
            format!("GET /{long} HTTP/1.1\r\nHost: x\r\n\r\n"),
            unless_cut,
            &["414", "431"][..],
        ),
        (
            format!("GET / HTTP/1.1\r\nHost: x\r\nX-Long: {long}\r\n\r\n"),
            unless_cut,
            &["431"],
        ),
        (
            format!("GET / HTTP/1.1\r\nHost: x\r\n{many}\r\n"),
            always,
            &["431"],
        ),
        (
            "POST /api/v1/status HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n"
                .to_owned(),
            always,
            &["413"],
        ),
        (
            format!(
                "POST /api/v1/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n186A0\r\n{long}\r\n0\r\n\r\n"
            ),
            unless_cut,
            &["405"],
        ),
        ("GET / HTTP/9.9\r\n\r\n".to_owned(), always, &["400"]),
        ("\u{0}\u{1}\u{2}\r\n\r\n".to_owned(), always, &["400"]),
    ] {
        let answer = answer_to(&relay, request.as_bytes()).await;

        let status = answer.get(9..12).unwrap_or_default();
        let is_lost = may_be_lost && answer.is_empty();
        assert!(is_lost || expect.contains(&status), "{answer:?}");
    }
    assert!(answer_to(&relay, HEALTH).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_second_request_on_a_connection_may_be_the_stream() {
    let relay = spawn_relay(posts(3), |_| {}).await;
    relay.played().await;
    let mut socket = TcpStream::connect(relay.address()).await.unwrap();
    // Both at once: the stream must not overtake the answer before it.
    socket
        .write_all(
            b"GET /api/v1/status HTTP/1.1\r\nHost: relay\r\n\r\nGET /api/v1/stream HTTP/1.1\r\nHost: relay\r\n\r\n",
        )
        .await
        .unwrap();

    let mut text = String::new();
    while !text.contains("post 2") {
        let mut piece = [0; 4_096];
        let n = in_time(socket.read(&mut piece)).await.unwrap();
        assert!(n > 0, "{text}");
        text.push_str(std::str::from_utf8(&piece[..n]).unwrap());
    }

    let status = text.find("\"version\"").unwrap();
    let stream = text.find("text/event-stream").unwrap();
    assert!(status < stream);
    assert_eq!(text.matches("HTTP/1.1 200").count(), 2);
}
