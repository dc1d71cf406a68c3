//! The fan-out: who writes to readers. A few tasks own all sockets of readers that have caught up and go
//! over them in passes; a reader that is behind has a task of its own until it has caught up.
//!
//! In a pass most readers stand at the same place and want the same, so that their piece is put together
//! once and each of them costs one system call. Between two passes lies a pause that grows with the number
//! of readers: what is published meanwhile goes out in one piece, and the machine makes at most some tens
//! of thousands of writes a second, whatever is published.

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
    sync::{mpsc, watch},
    time::{Instant, sleep_until},
};
use wire::LogId;

use super::{
    gate::Place,
    metrics::{End, Metrics, Sent},
    reader::{Due, Reader},
    socket::{Bounded, Socket},
};
use crate::log::{Kinds, Log, Read};

/// A browser gains nothing from more frequent pieces, and each costs a system call.
const MIN_PAUSE: Duration = Duration::from_millis(20);
/// So much longer is the pause for every reader …
const PAUSE_PER_READER: Duration = Duration::from_micros(25);
/// … but never longer than this, …
const MAX_PAUSE: Duration = Duration::from_millis(200);
/// … and twice as long while so many events come in a piece that nobody could follow them anyway.
const BUSY_EVENTS: u64 = 8;
/// How often readers are looked at while nothing happens: for those that have gone, and for what is due.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// After so many readers other tasks may run.
const TURN: usize = 128;
/// Readers stand at a few places only; whoever stands elsewhere has a piece of its own.
const MAX_PIECES: usize = 16;
const MAX_SHARDS: usize = 4;
/// What all readers that are behind may hold together, and each of them at most and at least.
const CATCHING_UP_BYTES: usize = 32 << 20;
const MAX_PIECE: usize = 64 << 10;
const MIN_PIECE: usize = 8 << 10;
/// A reader has nothing to say. One that talks on is no reader.
const MAX_TALK: u32 = 16 << 10;

/// Where readers go once they have caught up.
pub(crate) struct Fanout {
    shards: Vec<mpsc::UnboundedSender<Box<Seat>>>,
    next: AtomicUsize,
    n_behind: AtomicUsize,
}

/// A reader that has caught up, with its socket.
struct Seat {
    socket: TcpStream,
    reader: Reader,
    /// What the kernel has not taken yet. Shared with whoever was sent the same.
    rest: Bytes,
    blocked_since: Option<Instant>,
    not_before: Instant,
    talk: u32,
    _place: Place,
}

/// What becomes of a reader after a pass.
#[derive(Debug, Eq, PartialEq)]
enum Fate {
    Stays,
    /// It has to catch up by itself.
    Behind,
    Ends(End),
}

impl Fanout {
    /// Starts the tasks; they end when `stop` becomes true.
    pub(crate) fn start(log: &Log, stop: &watch::Receiver<bool>, metrics: &Arc<Metrics>) -> Self {
        let n_cores = std::thread::available_parallelism().map_or(1, usize::from);
        let n_shards = n_cores.min(MAX_SHARDS);
        let shards = (0..n_shards).map(|_| {
            let (sender, inbox) = mpsc::unbounded_channel();
            let shard = Shard {
                inbox,
                seats: Vec::new(),
                published: log.published(),
                log: log.clone(),
                stop: stop.clone(),
                metrics: Arc::clone(metrics),
                n_shards: n_shards as u32,
                pieces: Vec::new(),
                last_pass: Instant::now(),
                news_since: None,
                has_blocked: false,
                is_busy: false,
            };
            tokio::spawn(shard.run());
            sender
        });
        Self {
            shards: shards.collect(),
            next: AtomicUsize::new(0),
            n_behind: AtomicUsize::new(0),
        }
    }

    fn seat(&self, seat: Seat) {
        let place = self.next.fetch_add(1, Ordering::Relaxed) % self.shards.len().max(1);
        if let Some(shard) = self.shards.get(place) {
            // A shard that has gone has gone because the relay stops: then the reader ends here.
            let _ = shard.send(Box::new(seat));
        }
    }
}

/// Serves a reader from wherever it is until it ends, or has a seat among those that have caught up.
pub(super) async fn follow(socket: Bounded, reader: Reader, head: Vec<u8>, place: Place) {
    let first = reader.state.log.read_hot(&reader.cursor, &reader.want);
    reader.state.metrics.begin(reader.beginning(first.as_ref()));
    drop(first);
    let mut piece = head;
    piece.extend_from_slice(reader.retry().as_bytes());
    go_on(socket, reader, piece, place).await;
}

async fn go_on(mut socket: Bounded, mut reader: Reader, piece: Vec<u8>, place: Place) {
    let state = Arc::clone(&reader.state);
    let mut stop = state.stop.clone();
    let stopped = async { drop(stop.wait_for(|stop| *stop).await) };
    let outcome = tokio::select! {
        outcome = catch_up(&mut socket, &mut reader, piece) => outcome,
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
                let farewell = reader.retry();
                // Whoever takes nothing now comes back without having heard it.
                let _ = tokio::time::timeout(
                    Duration::from_millis(200),
                    socket.write_all(farewell.as_bytes()),
                )
                .await;
                let _ = socket.shutdown().await;
            }
            state.metrics.end(end);
        }
    }
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
    mut piece: Vec<u8>,
) -> Result<(), End> {
    let state = Arc::clone(&reader.state);
    let _behind = Behind::new(&state.fanout);
    let mut published = state.log.published();
    loop {
        // Marked as seen before the log is read, so that nothing published meanwhile is slept through.
        published.mark_unchanged();
        reader.want.max_bytes = state.fanout.piece_bytes();
        let read = state.log.read(&reader.cursor, &reader.want).await;
        let read = read.map_err(|error| {
            tracing::error!(%error, "a stream ends, since the log cannot be read");
            End::Error
        })?;
        let is_at_tip = matches!(&read, Read::Page(page) if page.scanned >= page.tip);
        let mut sent = Sent::default();
        reader.take(read, &mut piece, &mut sent);
        let due = reader.due(Instant::now());
        reader.tell_time(due, &mut piece);
        if !piece.is_empty() {
            socket
                .write_all(&piece)
                .await
                .map_err(|error| why(&error))?;
            socket.flush().await.map_err(|error| why(&error))?;
            (sent.n_bytes, sent.n_flushes) = (piece.len() as u64, 1);
            state.metrics.sent(sent);
            // Nothing is held while there is nothing to send.
            piece = Vec::new();
        }
        if !is_at_tip {
            continue;
        }
        if socket.is_plain() {
            return Ok(());
        }
        wait_for_news(socket, reader, &mut published).await?;
    }
}

/// Until something is published or is to be said.
async fn wait_for_news(
    socket: &mut Bounded,
    reader: &Reader,
    published: &mut watch::Receiver<u64>,
) -> Result<(), End> {
    let every = reader.choice.as_ref().and_then(|choice| choice.conflate);
    let pause_until = Instant::now() + every.unwrap_or(MIN_PAUSE);
    let news = async {
        if published.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        sleep_until(pause_until).await;
    };
    let mut talk = [0; 64];
    tokio::select! {
        () = news => Ok(()),
        () = sleep_until(reader.next_due()) => Ok(()),
        said = socket.read(&mut talk) => match said {
            Ok(n) if n > 0 => Ok(()),
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

impl Seat {
    fn new(socket: TcpStream, mut reader: Reader, place: Place) -> Self {
        let now = Instant::now();
        reader.want.max_bytes = MAX_PIECE;
        Self {
            socket,
            reader,
            rest: Bytes::new(),
            blocked_since: None,
            not_before: now,
            talk: 0,
            _place: place,
        }
    }

    /// Hands the rest to the kernel as far as that takes it.
    fn write(&mut self, now: Instant) -> Fate {
        while !self.rest.is_empty() {
            match self.socket.try_write(&self.rest) {
                Ok(0) => return Fate::Ends(End::Client),
                Ok(n) => {
                    self.blocked_since = None;
                    drop(self.rest.split_to(n));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let since = *self.blocked_since.get_or_insert(now);
                    let patience = self.reader.state.http.write_timeout();
                    let is_slow = now.duration_since(since) >= patience;
                    return if is_slow {
                        Fate::Ends(End::Slow)
                    } else {
                        Fate::Stays
                    };
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Fate::Ends(End::Client),
            }
        }
        // An empty part would still hold the whole piece.
        self.rest = Bytes::new();
        Fate::Stays
    }

    /// Whether the reader has gone, or says what it should not.
    fn listen(&mut self) -> Fate {
        let mut talk = [0; 256];
        loop {
            match self.socket.try_read(&mut talk) {
                Ok(0) => return Fate::Ends(End::Client),
                Ok(n) => {
                    self.talk = self.talk.saturating_add(n as u32);
                    if self.talk > MAX_TALK {
                        return Fate::Ends(End::Client);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Fate::Stays,
                Err(_) => return Fate::Ends(End::Client),
            }
        }
    }
}

/// Some of the readers that have caught up.
struct Shard {
    inbox: mpsc::UnboundedReceiver<Box<Seat>>,
    #[allow(
        clippy::vec_box,
        reason = "a list of thousands that grows would be copied, and would hold room for as many again"
    )]
    seats: Vec<Box<Seat>>,
    published: watch::Receiver<u64>,
    log: Log,
    stop: watch::Receiver<bool>,
    metrics: Arc<Metrics>,
    n_shards: u32,
    /// What was put together in this pass.
    pieces: Vec<Piece>,
    last_pass: Instant,
    /// Since when something has been published that readers have not been sent.
    news_since: Option<Instant>,
    /// The kernel does not take everything from somebody.
    has_blocked: bool,
    /// The last pass had many events for everybody.
    is_busy: bool,
}

/// The same bytes for everybody who stands at one place, wants the same and is due the same.
struct Piece {
    log: LogId,
    after: u64,
    kinds: Kinds,
    choice: usize,
    due: Due,
    bytes: Bytes,
    n_events: u64,
    scanned: u64,
    tip: u64,
}

impl Shard {
    async fn run(mut self) {
        loop {
            let next_pass = self.next_pass();
            tokio::select! {
                () = async { drop(self.stop.wait_for(|stop| *stop).await) } => break,
                seat = self.inbox.recv() => match seat {
                    Some(seat) => self.welcome(seat),
                    None => return,
                },
                changed = self.published.changed(), if self.news_since.is_none() => {
                    if changed.is_err() {
                        return;
                    }
                    self.news_since = Some(Instant::now());
                }
                () = sleep_until(next_pass) => self.pass().await,
            }
        }
        self.say_farewell();
    }

    /// What was published while the reader came here is news for it.
    fn welcome(&mut self, seat: Box<Seat>) {
        self.seats.push(seat);
        while let Ok(seat) = self.inbox.try_recv() {
            self.seats.push(seat);
        }
        self.news_since.get_or_insert_with(Instant::now);
    }

    fn pause(&self) -> Duration {
        let n_readers = (self.seats.len() as u32).saturating_mul(self.n_shards);
        let pause = (MIN_PAUSE + PAUSE_PER_READER * n_readers).min(MAX_PAUSE);
        // A few readers cost little, however much there is to send.
        if self.is_busy && pause > 2 * MIN_PAUSE {
            2 * pause
        } else {
            pause
        }
    }

    fn next_pass(&self) -> Instant {
        if self.news_since.is_some() || self.has_blocked {
            self.last_pass + self.pause()
        } else {
            self.last_pass + LOOK_EVERY
        }
    }

    /// Once over everybody.
    async fn pass(&mut self) {
        let news_since = self.news_since.take();
        // Marked as seen before the log is read, so that nothing published meanwhile is slept through.
        self.published.mark_unchanged();
        self.last_pass = Instant::now();
        self.pieces.clear();
        self.has_blocked = false;
        let (mut sent, mut place) = (Sent::default(), 0);
        while let Some(seat) = self.seats.get_mut(place) {
            let fate = serve(seat, &self.log, &mut self.pieces, &mut sent);
            match fate {
                Fate::Stays => {
                    self.has_blocked |= !seat.rest.is_empty();
                    place += 1;
                }
                Fate::Behind => {
                    let Seat {
                        socket,
                        reader,
                        _place,
                        ..
                    } = *self.seats.swap_remove(place);
                    tokio::spawn(rejoin(socket, reader, _place));
                }
                Fate::Ends(end) => {
                    self.metrics.end(end);
                    drop(self.seats.swap_remove(place));
                }
            }
            if place % TURN == TURN - 1 {
                tokio::task::yield_now().await;
            }
        }
        self.pieces.clear();
        if let Some(since) = news_since.filter(|_| sent.n_flushes > 0) {
            self.metrics.delivered(sent.n_flushes, since.elapsed());
        }
        self.is_busy = sent.n_flushes > 0 && sent.n_events >= BUSY_EVENTS * sent.n_flushes;
        self.metrics.sent(sent);
    }

    /// What readers have not been sent they get when they come back, not all at once.
    fn say_farewell(&mut self) {
        for seat in self.seats.drain(..) {
            if seat.rest.is_empty() {
                let _ = seat.socket.try_write(seat.reader.retry().as_bytes());
            }
            self.metrics.end(End::Shutdown);
        }
    }
}

/// One reader's turn in a pass.
fn serve(seat: &mut Seat, log: &Log, pieces: &mut Vec<Piece>, sent: &mut Sent) -> Fate {
    let now = Instant::now();
    let heard = seat.listen();
    if heard != Fate::Stays {
        return heard;
    }
    if !seat.rest.is_empty() {
        let fate = seat.write(now);
        if fate != Fate::Stays || !seat.rest.is_empty() {
            return fate;
        }
    }
    let due = seat.reader.due(now);
    let is_early = now < seat.not_before && !due.tip && !due.heartbeat;
    if is_early {
        return Fate::Stays;
    }
    let Some(is_at_tip) = next_piece(seat, log, due, pieces, sent) else {
        return Fate::Behind;
    };
    if seat.rest.is_empty() {
        return Fate::Stays;
    }
    if let Some(conflate) = seat
        .reader
        .choice
        .as_ref()
        .and_then(|choice| choice.conflate)
    {
        seat.not_before = now + conflate;
    }
    sent.n_bytes += seat.rest.len() as u64;
    sent.n_flushes += 1;
    let fate = seat.write(now);
    if fate == Fate::Stays && seat.rest.is_empty() && !is_at_tip {
        return Fate::Behind;
    }
    fate
}

/// Puts the next piece of a reader together, or takes it from one who has had the same. Tells whether that
/// reaches the tip; `None` when it does not lie in memory.
fn next_piece(
    seat: &mut Seat,
    log: &Log,
    due: Due,
    pieces: &mut Vec<Piece>,
    sent: &mut Sent,
) -> Option<bool> {
    let reader = &mut seat.reader;
    let choice = reader
        .choice
        .as_ref()
        .map_or(0, |choice| Arc::as_ptr(choice) as usize);
    let known = pieces.iter().find(|piece| {
        (piece.after, piece.kinds, piece.choice, piece.due)
            == (reader.cursor.seq, reader.want.kinds, choice, due)
            && piece.log == *reader.log_id()
    });
    if let Some(piece) = known {
        seat.rest = piece.bytes.clone();
        sent.n_events += piece.n_events;
        reader.pass(piece.scanned, piece.tip);
        reader.has_been_told(due);
        return Some(piece.scanned >= piece.tip);
    }
    let read = log.read_hot(&reader.cursor, &reader.want)?;
    let reaches = match &read {
        Read::Page(page) => Some((page.scanned, page.tip)),
        Read::Gap(_) | Read::Reset { .. } => None,
    };
    let (after, log_id) = (reader.cursor.seq, reader.log_id().clone());
    let (mut bytes, mut own) = (Vec::new(), Sent::default());
    reader.take(read, &mut bytes, &mut own);
    reader.tell_time(due, &mut bytes);
    sent.n_events += own.n_events;
    seat.rest = Bytes::from(bytes);
    let Some((scanned, tip)) = reaches else {
        return Some(false);
    };
    // A choice is one reader's own: nobody else will ask for its pieces.
    if choice == 0 && pieces.len() < MAX_PIECES {
        pieces.push(Piece {
            log: log_id,
            after,
            kinds: reader.want.kinds,
            choice,
            due,
            bytes: seat.rest.clone(),
            n_events: own.n_events,
            scanned,
            tip,
        });
    }
    Some(scanned >= tip)
}

/// A reader that has fallen behind, or to whom a gap or reset was told, goes on by itself.
async fn rejoin(socket: TcpStream, reader: Reader, place: Place) {
    let patience = reader.state.http.write_timeout();
    let socket = Bounded::new(Socket::Plain(socket), patience);
    go_on(socket, reader, Vec::new(), place).await;
}
