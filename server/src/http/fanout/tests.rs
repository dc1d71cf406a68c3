//! Passes over seats, one at a time, under a paused clock.

use std::net::{IpAddr, Ipv4Addr};

use tokio::{io::AsyncReadExt, net::TcpListener};
use wire::{Body, Cursor, Event, Post, config::Topic};

use super::*;
use crate::{
    http::{AppState, choice::Bars, reader::Wish},
    log::{Batch, LogOptions},
};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

async fn publish(log: &Log, first: u64, n: u64, length: usize) {
    let event = |i: u64| {
        let post = Post {
            id: i.to_string(),
            source: "test".into(),
            text: "x".repeat(length),
            ..Post::default()
        };
        Event::imported(7, Body::Post(Box::new(post)))
    };
    let batch = Batch {
        events: (first..first + n).map(event).collect(),
        ..Batch::default()
    };
    log.append(batch).await.unwrap();
}

/// A reader at the beginning of the log that has a seat, and its other end.
async fn seat(state: &Arc<AppState>, wish: Wish) -> (Seat, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let far = TcpStream::connect(listener.local_addr().unwrap())
        .await
        .unwrap();
    let (near, _) = listener.accept().await.unwrap();
    near.writable().await.unwrap();
    let cursor = Cursor {
        log: state.log.head().log,
        seq: 0,
    };
    let stream = state.gate.open_stream(HERE).unwrap();
    let place = state.gate.connect(HERE).ok().unwrap();
    let reader = Reader::new(Arc::clone(state), cursor, wish, stream);
    (Seat::new(near, reader, place), far)
}

fn everything() -> Wish {
    Wish {
        kinds: Kinds::ALL,
        choice: None,
        conflate: None,
    }
}

/// One turn of one reader in a pass of its own.
fn turn(seat: &mut Seat, log: &Log) -> (Fate, Sent) {
    let mut sent = Sent::default();
    let fate = serve(seat, log, &mut Vec::new(), &mut sent);
    (fate, sent)
}

#[tokio::test(start_paused = true)]
async fn whoever_wants_events_rarely_is_told_the_time_meanwhile() {
    let log = Log::inline(LogOptions::default());
    let state = AppState::for_tests(log.clone());
    let conflate = Some(Duration::from_secs(30));
    let wish = Wish {
        conflate,
        ..everything()
    };
    let (mut seat, _far) = seat(&state, wish).await;
    publish(&log, 1, 1, 10).await;
    assert_eq!(turn(&mut seat, &log).1.n_events, 1);

    publish(&log, 2, 3, 10).await;
    for _ in 0..9 {
        tokio::time::advance(Duration::from_secs(3)).await;
        let (fate, sent) = turn(&mut seat, &log);
        assert_eq!((fate, sent.n_events, sent.n_flushes), (Fate::Stays, 0, 1));
    }
    tokio::time::advance(Duration::from_secs(3)).await;

    assert_eq!(turn(&mut seat, &log).1.n_events, 3);
}

#[tokio::test(start_paused = true)]
async fn a_burst_goes_out_several_pieces_at_a_time_and_leaves_everybody_seated() {
    let log = Log::inline(LogOptions::default());
    let state = AppState::for_tests(log.clone());
    let (mut seat, mut far) = seat(&state, everything()).await;
    publish(&log, 1, 300, 2_000).await;

    let (mut n_events, mut n_turns, mut n_pieces) = (0, 0, 0);
    while n_events < 300 {
        let n_waiting = seat.rest.len();
        let (fate, sent) = turn(&mut seat, &log);
        assert_eq!(fate, Fate::Stays);
        assert_eq!(seat.reader.is_behind(), n_events + sent.n_events < 300);
        n_events += sent.n_events;
        n_turns += 1;
        n_pieces += sent.n_flushes;
        let mut taken = vec![0; n_waiting + sent.n_bytes as usize - seat.rest.len()];
        far.read_exact(&mut taken).await.unwrap();
    }

    assert!(n_pieces > 5 && n_turns < n_pieces);
}

#[tokio::test(start_paused = true)]
async fn whoever_wants_the_same_is_sent_the_same_piece() {
    let log = Log::inline(LogOptions::default());
    let state = AppState::for_tests(log.clone());
    let known = [Topic {
        name: "Bitcoin".into(),
        keywords: vec!["x".into()],
        ..Topic::default()
    }];
    let wish = || Wish {
        choice: state
            .choices
            .get(&known, Some("bitcoin"), Bars::All)
            .unwrap(),
        ..everything()
    };
    publish(&log, 1, 5, 1).await;
    let (mut pieces, mut sent) = (Vec::new(), Sent::default());

    let mut ends = Vec::new();
    for _ in 0..3 {
        let (mut seat, far) = seat(&state, wish()).await;
        assert_eq!(serve(&mut seat, &log, &mut pieces, &mut sent), Fate::Stays);
        ends.push((seat, far));
    }

    assert_eq!((pieces.len(), sent.n_events), (1, 15));
}

#[tokio::test(start_paused = true)]
async fn a_delivery_takes_from_the_publication_of_its_first_event_to_the_write() {
    let log = Log::inline(LogOptions::default());
    let state = AppState::for_tests(log.clone());
    let (mut seat, _far) = seat(&state, everything()).await;
    // The tip is told, which is no delivery.
    let told = turn(&mut seat, &log).1.delivered;
    assert_eq!(told, Sent::default().delivered);

    publish(&log, 1, 1, 10).await;
    tokio::time::advance(Duration::from_millis(300)).await;
    publish(&log, 2, 1, 10).await;
    tokio::time::advance(Duration::from_millis(100)).await;
    let (_, sent) = turn(&mut seat, &log);

    let mut expect = Sent::default().delivered;
    expect.add_time(Duration::from_millis(400));
    assert_eq!(sent.delivered, expect);
}
