//! The fan-out: who writes to readers. A few tasks own all sockets of readers that have caught up and go
//! over them in passes; a reader that is behind has a task of its own until it has caught up.
//!
//! In a pass most readers stand at the same place and want the same, so that their piece is put together
//! once and each of them costs one system call. Between two passes lies a pause that grows with the number
//! of readers: what is published meanwhile goes out in one piece, and the machine makes at most some tens
//! of thousands of writes a second, whatever is published.
//!
//! A reader through TLS has a task of its own for as long as it stays, since its bytes are nobody else's.

mod alone;
#[cfg(test)]
mod tests;

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
    net::TcpStream,
    sync::{mpsc, watch},
    time::{Instant, sleep_until},
};
use wire::LogId;

use super::{
    choice::Choice,
    gate::Place,
    metrics::{End, Metrics, Sent},
    reader::{Due, Reader},
};
use crate::log::{Kinds, Log, Read};

pub(super) use alone::follow;

/// A browser gains nothing from more frequent pieces, and each costs a system call.
const MIN_PAUSE: Duration = Duration::from_millis(20);
/// So much longer is the pause for every reader …
const PAUSE_PER_READER: Duration = Duration::from_micros(25);
/// … but never longer than this, …
const MAX_PAUSE: Duration = Duration::from_millis(200);
/// … and twice as long while so many events come in a piece that nobody could follow them anyway.
const BUSY_EVENTS: u64 = 8;
/// A few readers cost little, so that what their kernels did not take at once is tried again this soon.
const FEW_READERS: usize = 32;
const PAUSE_OF_FEW: Duration = Duration::from_millis(5);
/// How often readers are looked at while nothing happens: for those that have gone, and for what is due.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// After so many readers other tasks may run.
const TURN: usize = 128;
/// Readers stand at a few places only; whoever stands elsewhere has a piece of its own.
const MAX_PIECES: usize = 16;
const MAX_SHARDS: usize = 4;
/// What is put together for a reader at once, about.
const MAX_PIECE: usize = 64 << 10;
/// Pieces for a reader in one pass while there is more for it: a piece a pause would hold a burst back.
const PIECES_IN_A_PASS: usize = 8;
/// A reader has nothing to say. One that talks on is no reader.
const MAX_TALK: usize = 16 << 10;

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
    talk: Talk,
    _place: Place,
}

/// What becomes of a reader after a pass.
#[derive(Debug, Eq, PartialEq)]
enum Fate {
    Stays,
    /// What it needs is no longer in memory: it has to catch up by itself.
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
                n_shards,
                pieces: Vec::new(),
                last_pass: Instant::now(),
                has_news: false,
                has_more: false,
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

/// How long the pause between two pieces is.
fn pause_among(n_readers: usize) -> Duration {
    let n_readers = u32::try_from(n_readers).unwrap_or(u32::MAX);
    let longer = PAUSE_PER_READER.saturating_mul(n_readers);
    MIN_PAUSE.saturating_add(longer).min(MAX_PAUSE)
}

/// What a reader has said, in bytes.
#[derive(Debug, Default)]
struct Talk(usize);

impl Talk {
    fn hear(&mut self, n_bytes: usize) -> Result<(), End> {
        self.0 += n_bytes;
        if self.0 > MAX_TALK {
            return Err(End::Client);
        }
        Ok(())
    }
}

impl Seat {
    fn new(socket: TcpStream, mut reader: Reader, place: Place) -> Self {
        reader.want.max_bytes = MAX_PIECE;
        Self {
            socket,
            reader,
            rest: Bytes::new(),
            blocked_since: None,
            talk: Talk::default(),
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
                    if let Err(end) = self.talk.hear(n) {
                        return Fate::Ends(end);
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
    n_shards: usize,
    /// What was put together in this pass.
    pieces: Vec<Piece>,
    last_pass: Instant,
    /// Something has been published that readers have not been sent.
    has_news: bool,
    /// Somebody was not sent everything there is, since it did not fit into one piece.
    has_more: bool,
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
    choice: Option<Arc<Choice>>,
    /// It is too soon for events.
    is_early: bool,
    due: Due,
    bytes: Bytes,
    n_events: u64,
    scanned: u64,
    tip: u64,
    /// When the first of its events was.
    published_at: Option<Instant>,
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
                changed = self.published.changed(), if !self.has_news => {
                    if changed.is_err() {
                        return;
                    }
                    self.has_news = true;
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
        self.has_news = true;
    }

    fn pause(&self) -> Duration {
        let pause = pause_among(self.seats.len().saturating_mul(self.n_shards));
        // A few readers cost little, however much there is to send.
        if self.is_busy && pause > 2 * MIN_PAUSE {
            2 * pause
        } else {
            pause
        }
    }

    fn next_pass(&self) -> Instant {
        if self.has_blocked && self.seats.len() <= FEW_READERS {
            self.last_pass + PAUSE_OF_FEW
        } else if self.has_more {
            self.last_pass + MIN_PAUSE
        } else if self.has_news || self.has_blocked {
            self.last_pass + self.pause()
        } else {
            self.last_pass + LOOK_EVERY
        }
    }

    /// Once over everybody.
    async fn pass(&mut self) {
        // Marked as seen before the log is read, so that nothing published meanwhile is slept through.
        self.published.mark_unchanged();
        self.last_pass = Instant::now();
        self.pieces.clear();
        (self.has_news, self.has_more, self.has_blocked) = (false, false, false);
        let (mut sent, mut place) = (Sent::default(), 0);
        while let Some(seat) = self.seats.get_mut(place) {
            let fate = serve(seat, &self.log, &mut self.pieces, &mut sent);
            match fate {
                Fate::Stays => {
                    let is_blocked = !seat.rest.is_empty();
                    self.has_blocked |= is_blocked;
                    self.has_more |= seat.reader.is_behind() && !is_blocked;
                    place += 1;
                }
                Fate::Behind => {
                    let Seat {
                        socket,
                        reader,
                        _place,
                        ..
                    } = *self.seats.swap_remove(place);
                    tokio::spawn(alone::rejoin(socket, reader, _place));
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
        self.is_busy = sent.n_flushes > 0 && sent.n_events >= BUSY_EVENTS * sent.n_flushes;
        self.metrics.sent(&sent);
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
    for _ in 0..PIECES_IN_A_PASS {
        if next_piece(seat, now, log, pieces, sent).is_none() {
            return Fate::Behind;
        }
        if seat.rest.is_empty() {
            break;
        }
        sent.n_bytes += seat.rest.len() as u64;
        sent.n_flushes += 1;
        let fate = seat.write(now);
        if fate != Fate::Stays || !seat.rest.is_empty() || !seat.reader.is_behind() {
            return fate;
        }
    }
    Fate::Stays
}

/// Puts the next piece of a reader together, or takes it from one who has had the same; `None` when it does
/// not lie in memory.
fn next_piece(
    seat: &mut Seat,
    now: Instant,
    log: &Log,
    pieces: &mut Vec<Piece>,
    sent: &mut Sent,
) -> Option<()> {
    let reader = &mut seat.reader;
    let (due, is_early) = (reader.due(now), reader.is_early(now));
    if is_early && !due.tip && !due.heartbeat {
        return Some(());
    }
    let choice = reader.choice.as_ref().map(Arc::as_ptr);
    let known = pieces.iter().find(|piece| {
        (piece.after, piece.kinds, piece.is_early, piece.due)
            == (reader.cursor.seq, reader.want.kinds, is_early, due)
            && piece.choice.as_ref().map(Arc::as_ptr) == choice
            && piece.log == *reader.log_id()
    });
    if let Some(piece) = known {
        seat.rest = piece.bytes.clone();
        if !is_early {
            reader.pass(piece.scanned, piece.tip);
        }
        reader.has_been_told(due);
        sent.events(piece.n_events, piece.tip.saturating_sub(piece.after));
        deliver(reader, piece.n_events, piece.published_at, now, sent);
        return Some(());
    }
    let read = if is_early {
        None
    } else {
        Some(log.read_hot(&reader.cursor, &reader.want)?)
    };
    let (after, log_id) = (reader.cursor.seq, reader.log_id().clone());
    let (mut bytes, n_before) = (Vec::new(), sent.n_events);
    // A gap or a reset is told to one reader; it goes on in the next pass.
    let reaches = match &read {
        Some(Read::Page(page)) => Some((page.scanned, page.tip)),
        Some(Read::Gap(_) | Read::Reset { .. }) => None,
        None => Some((after, after)),
    };
    if let Some(read) = read {
        reader.take(read, &mut bytes, sent);
    }
    reader.tell_time(due, &mut bytes);
    seat.rest = Bytes::from(bytes);
    let n_events = sent.n_events - n_before;
    let published_at = (n_events > 0)
        .then(|| log.published_behind(after))
        .flatten();
    deliver(reader, n_events, published_at, now, sent);
    if let Some((scanned, tip)) = reaches.filter(|_| pieces.len() < MAX_PIECES) {
        pieces.push(Piece {
            log: log_id,
            after,
            kinds: reader.want.kinds,
            choice: reader.choice.clone(),
            is_early,
            due,
            bytes: seat.rest.clone(),
            n_events,
            scanned,
            tip,
            published_at,
        });
    }
    Some(())
}

/// Events are about to be written to a reader.
fn deliver(
    reader: &mut Reader,
    n_events: u64,
    published_at: Option<Instant>,
    now: Instant,
    sent: &mut Sent,
) {
    if n_events == 0 {
        return;
    }
    // Who wants to wait is no measure of how long it takes.
    if let Some(at) = published_at.filter(|_| reader.conflate.is_none()) {
        let after = now.saturating_duration_since(at);
        sent.delivered.add_time(after);
    }
    if !reader.is_behind() {
        reader.pace(now);
    }
}
