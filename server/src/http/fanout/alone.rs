//! A reader by itself: until it has caught up, or for as long as it stays where its bytes are encrypted.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::watch,
    time::{Instant, sleep_until},
};

use super::{Fanout, MAX_PIECE, Seat, Talk, pause_among};
use crate::http::{
    gate::Place,
    metrics::{End, Sent},
    reader::Reader,
    socket::{Bounded, Socket},
};

/// Readers that are behind share this, from 8 to 64 KiB each: 512 of them hold
/// 32 MiB, ten thousand 145 MiB at worst.
const CATCHING_UP_BYTES: usize = 32 << 20;
const MIN_PIECE: usize = 8 << 10;
/// So long the last words to a reader may take.
const FAREWELL: Duration = Duration::from_millis(200);

/// Serves a reader from wherever it is until it ends, or has a seat among those that have caught up.
pub(in crate::http) async fn follow(socket: Bounded, reader: Reader, head: Vec<u8>, place: Place) {
    let first = reader.state.log.read_hot(&reader.cursor, &reader.want);
    reader.state.metrics.begin(reader.beginning(first.as_ref()));
    drop(first);
    let mut beginning = head;
    beginning.extend_from_slice(reader.retry().as_bytes());
    go_on(socket, reader, beginning, place).await;
}

/// A reader that has fallen behind goes on by itself.
pub(super) async fn rejoin(socket: TcpStream, reader: Reader, place: Place) {
    let patience = reader.state.http.write_timeout();
    let socket = Bounded::new(Socket::Plain(socket), patience);
    go_on(socket, reader, Vec::new(), place).await;
}

async fn go_on(mut socket: Bounded, mut reader: Reader, beginning: Vec<u8>, place: Place) {
    let state = Arc::clone(&reader.state);
    let mut stop = state.stop.clone();
    let stopped = async { drop(stop.wait_for(|stop| *stop).await) };
    // Out here, so that it is known what was left when the reader is stopped in the middle of a piece.
    let mut unsent = Bytes::from(beginning);
    let outcome = tokio::select! {
        outcome = catch_up(&mut socket, &mut reader, &mut unsent) => outcome,
        () = stopped => Err(End::Shutdown),
    };
    match outcome {
        Ok(()) => match socket.into_socket() {
            Socket::Plain(socket) => match forget_waiting(socket) {
                Ok(socket) => state.fanout.seat(Seat::new(socket, reader, place)),
                Err(error) => {
                    tracing::debug!(%error, "a stream ends, since its socket cannot be registered");
                    state.metrics.end(End::Error);
                }
            },
            Socket::Tls(_) => {}
        },
        Err(end) => {
            if end == End::Shutdown {
                say_farewell(&mut socket, &reader, unsent).await;
            }
            state.metrics.end(end);
        }
    }
}

/// Tells the reader when to come back, behind what it was being sent: within an event it would be mistaken
/// for the end of that.
async fn say_farewell(socket: &mut Bounded, reader: &Reader, unsent: Bytes) {
    let last = [&*unsent, reader.retry().as_bytes()].concat();
    // Whoever takes nothing now comes back without having heard it.
    let _ = tokio::time::timeout(FAREWELL, async {
        socket.write_all(&last).await?;
        socket.shutdown().await
    })
    .await;
}

/// Registers a socket anew. Otherwise it would remember who waited for it last, and with that keep the
/// memory of a task that has long ended: twice as much as all else of a reader.
fn forget_waiting(socket: TcpStream) -> io::Result<TcpStream> {
    TcpStream::from_std(socket.into_std()?)
}

/// Sends everything up to the tip. A reader whose bytes are encrypted is served here for as long as it stays.
async fn catch_up(
    socket: &mut Bounded,
    reader: &mut Reader,
    unsent: &mut Bytes,
) -> Result<(), End> {
    let mut published = reader.state.log.published();
    let mut talk = Talk::default();
    loop {
        // Marked as seen before the log is read, so that nothing published meanwhile is slept through.
        published.mark_unchanged();
        if !send_next(socket, reader, unsent).await? {
            continue;
        }
        if socket.is_plain() {
            return Ok(());
        }
        wait_for_news(socket, reader, &mut published, &mut talk).await?;
    }
}

/// Sends the next piece. Tells whether that reaches the tip.
async fn send_next(
    socket: &mut Bounded,
    reader: &mut Reader,
    unsent: &mut Bytes,
) -> Result<bool, End> {
    let state = Arc::clone(&reader.state);
    let _behind = Behind::new(&state.fanout);
    let (mut piece, mut sent) = (Vec::new(), Sent::default());
    let now = Instant::now();
    if !reader.is_early(now) {
        reader.want.max_bytes = state.fanout.piece_bytes();
        let read = state.log.read(&reader.cursor, &reader.want).await;
        let read = read.map_err(|error| {
            tracing::error!(%error, "a stream ends, since the log cannot be read");
            End::Error
        })?;
        reader.take(read, &mut piece, &mut sent);
        if sent.n_events > 0 && !reader.is_behind() {
            reader.pace(now);
        }
    }
    reader.tell_time(reader.due(Instant::now()), &mut piece);
    if !unsent.is_empty() {
        piece.splice(..0, unsent.iter().copied());
    }
    if !piece.is_empty() {
        (sent.n_bytes, sent.n_flushes) = (piece.len() as u64, 1);
        *unsent = Bytes::from(piece);
        let written = socket.write_all_buf(unsent).await;
        written.map_err(|error| why(&error))?;
        // An empty part would still hold the whole piece.
        *unsent = Bytes::new();
        socket.flush().await.map_err(|error| why(&error))?;
        state.metrics.sent(&sent);
    }
    Ok(!reader.is_behind())
}

/// Until something is published or is to be said.
async fn wait_for_news(
    socket: &mut Bounded,
    reader: &Reader,
    published: &mut watch::Receiver<u64>,
    talk: &mut Talk,
) -> Result<(), End> {
    let n_readers = *reader.state.n_readers.borrow();
    let now = Instant::now();
    let pause_until = (now + pause_among(n_readers)).max(reader.not_before);
    let news = async {
        if published.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        sleep_until(pause_until).await;
    };
    let mut said = [0; 256];
    tokio::select! {
        () = news => Ok(()),
        () = sleep_until(reader.next_due()) => Ok(()),
        // What was published while it was too soon has been heard of already.
        () = sleep_until(reader.not_before), if reader.is_early(now) => Ok(()),
        heard = socket.read(&mut said) => match heard {
            Ok(n) if n > 0 => talk.hear(n),
            _ => Err(End::Client),
        },
    }
}

fn why(error: &io::Error) -> End {
    if error.kind() == io::ErrorKind::TimedOut {
        End::Slow
    } else {
        End::Client
    }
}

/// Counts readers that are behind, so that together they hold no more than they may.
struct Behind<'a>(&'a AtomicUsize);

impl<'a> Behind<'a> {
    fn new(fanout: &'a Fanout) -> Self {
        fanout.n_behind.fetch_add(1, Ordering::Relaxed);
        Self(&fanout.n_behind)
    }
}

impl Drop for Behind<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Fanout {
    fn piece_bytes(&self) -> usize {
        let n_behind = self.n_behind.load(Ordering::Relaxed).max(1);
        (CATCHING_UP_BYTES / n_behind).clamp(MIN_PIECE, MAX_PIECE)
    }
}
