//! Thousands of readers on one thread: sockets, an epoll loop, and a count of what arrives when.

use std::{
    io::{ErrorKind, Read, Write},
    net::SocketAddr,
    ops::Range,
    time::{Duration, Instant},
};

use mio::{Events, Interest, Poll, Token, net::TcpStream};
use socket2::{Domain, Socket, Type};

use super::{Job, publisher::nanos};

/// Connections that are being made at once.
const BATCH: usize = 100;
/// A text is `~number~nanoseconds~…`.
const MARK: u8 = b'~';

/// All readers.
pub(super) struct Crowd {
    poll: Poll,
    readers: Vec<Reader>,
    heard: Heard,
    /// What was published then is counted.
    counted: Range<u64>,
    /// Lame readers take nothing any more.
    has_stalled: bool,
    buffer: Vec<u8>,
}

struct Reader {
    socket: TcpStream,
    /// It stops reading when it is told to.
    is_lame: bool,
    is_open: bool,
    /// The end of the last bytes, where an event may have been cut.
    rest: Vec<u8>,
    last: Option<u64>,
}

/// What has arrived.
#[derive(Clone)]
pub(super) struct Heard {
    pub(super) n_readers: usize,
    pub(super) n_events: u64,
    /// Those that were published since counting began.
    pub(super) n_counted: u64,
    /// Numbers that did not follow the one before.
    pub(super) n_out_of_order: u64,
    /// Among the counted ones, those that the reader had had.
    pub(super) n_repeated: u64,
    pub(super) n_closed: usize,
    /// Counted events by their latency, in classes of a fiftieth more each.
    classes: Vec<u64>,
}

impl Crowd {
    pub(super) fn connect(address: SocketAddr, path: &str, job: &Job) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("readers cannot connect: {error}");
        let poll = Poll::new().map_err(failed)?;
        let mut crowd = Self {
            poll,
            readers: Vec::new(),
            heard: Heard {
                n_readers: job.readers,
                ..Heard::none()
            },
            counted: u64::MAX..u64::MAX,
            has_stalled: false,
            buffer: vec![0; 256 << 10],
        };
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: relay\r\nAccept: text/event-stream\r\n\r\n");
        for i in 0..job.readers {
            let is_lame = i < job.stalled;
            let mut socket = dial(address, is_lame).map_err(failed)?;
            socket.write_all(request.as_bytes()).map_err(failed)?;
            crowd
                .poll
                .registry()
                .register(&mut socket, Token(i), Interest::READABLE)
                .map_err(failed)?;
            crowd.readers.push(Reader {
                socket,
                is_lame,
                is_open: true,
                rest: Vec::new(),
                last: None,
            });
            if i % BATCH == BATCH - 1 {
                crowd.listen(Duration::from_millis(5));
            }
        }
        Ok(crowd)
    }

    /// Reads whatever comes for so long.
    pub(super) fn listen(&mut self, span: Duration) {
        let until = Instant::now() + span;
        let mut events = Events::with_capacity(4_096);
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            if self.poll.poll(&mut events, Some(left)).is_err() {
                continue;
            }
            for event in &events {
                if let Some(reader) = self.readers.get_mut(event.token().0)
                    && !(reader.is_lame && self.has_stalled)
                {
                    reader.read(&mut self.buffer, &mut self.heard, &self.counted);
                }
            }
        }
    }

    pub(super) fn count_from_now(&mut self) {
        self.counted = nanos()..u64::MAX;
    }

    /// Lame readers stop reading; only of the others is counted what is published from now on.
    pub(super) fn stall(&mut self) {
        self.has_stalled = true;
        self.count_anew();
    }

    /// Only what is published from now on is counted.
    pub(super) fn count_anew(&mut self) {
        (self.heard.n_counted, self.heard.n_repeated) = (0, 0);
        self.heard.classes.fill(0);
        self.count_from_now();
    }

    /// What is published from now on is not counted.
    pub(super) fn count_until_now(&mut self) {
        self.counted.end = nanos();
    }

    pub(super) fn counted_from(&self) -> u64 {
        self.counted.start
    }

    pub(super) fn heard(&self) -> Heard {
        self.heard.clone()
    }
}

/// One that will take nothing has a small window, so that what is sent to it stays with the server.
fn dial(address: SocketAddr, is_lame: bool) -> std::io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    if is_lame {
        socket.set_recv_buffer_size(8 << 10)?;
    }
    socket.connect(&address.into())?;
    socket.set_nonblocking(true)?;
    Ok(TcpStream::from_std(socket.into()))
}

impl Reader {
    fn read(&mut self, buffer: &mut [u8], heard: &mut Heard, counted: &Range<u64>) {
        while self.is_open {
            match self.socket.read(buffer) {
                Ok(0) => self.close(heard),
                Ok(n) => {
                    let now = nanos();
                    self.take(&buffer[..n], now, heard, counted);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => self.close(heard),
            }
        }
    }

    fn close(&mut self, heard: &mut Heard) {
        self.is_open = false;
        heard.n_closed += 1;
    }

    fn take(&mut self, bytes: &[u8], now: u64, heard: &mut Heard, counted: &Range<u64>) {
        if self.rest.is_empty() {
            let used = scan(bytes, |n, at| {
                note(&mut self.last, n, at, now, heard, counted)
            });
            self.rest.extend_from_slice(&bytes[used..]);
        } else {
            let mut whole = std::mem::take(&mut self.rest);
            whole.extend_from_slice(bytes);
            let used = scan(&whole, |n, at| {
                note(&mut self.last, n, at, now, heard, counted)
            });
            self.rest.extend_from_slice(&whole[used..]);
        }
    }
}

/// Finds numbers and stamps; returns how many bytes need not be looked at again.
fn scan(bytes: &[u8], mut found: impl FnMut(u64, u64)) -> usize {
    let mut used = 0;
    while let Some(first) = memchr::memchr(MARK, &bytes[used..]).map(|at| used + at) {
        let next = |from: usize| memchr::memchr(MARK, &bytes[from..]).map(|at| from + at);
        let Some(second) = next(first + 1) else {
            return first;
        };
        let Some(third) = next(second + 1) else {
            return first;
        };
        let number = |from: usize, to: usize| {
            bytes[from..to].iter().fold(0_u64, |n, digit| {
                n.wrapping_mul(10)
                    .wrapping_add(u64::from(digit.wrapping_sub(b'0')))
            })
        };
        found(number(first + 1, second), number(second + 1, third));
        used = third + 1;
    }
    bytes.len()
}

fn note(
    last: &mut Option<u64>,
    n: u64,
    at: u64,
    now: u64,
    heard: &mut Heard,
    counted: &Range<u64>,
) {
    heard.n_events += 1;
    if last.is_some_and(|last| last + 1 != n) {
        heard.n_out_of_order += 1;
    }
    let is_repeated = last.is_some_and(|last| n <= last);
    *last = Some(last.map_or(n, |last| last.max(n)));
    if counted.contains(&at) {
        heard.n_counted += 1;
        heard.n_repeated += u64::from(is_repeated);
        let micros = now.saturating_sub(at) as f64 / 1e3;
        let class = (micros.max(1.0).ln() / 1.02_f64.ln()) as usize;
        let widest = heard.classes.len() - 1;
        heard.classes[class.min(widest)] += 1;
    }
}

impl Heard {
    pub(super) fn none() -> Self {
        Self {
            n_readers: 0,
            n_events: 0,
            n_counted: 0,
            n_out_of_order: 0,
            n_repeated: 0,
            n_closed: 0,
            classes: vec![0; 1_200],
        }
    }

    /// How many of the expected events did not come; one that came twice does not stand for another.
    pub(super) fn n_lost(&self, expected: u64) -> u64 {
        expected.saturating_sub(self.n_counted - self.n_repeated)
    }

    /// Whether everything that was expected came once and in order, and so many readers were closed at most.
    pub(super) fn is_faultless(&self, expected: u64, may_be_closed: usize) -> bool {
        self.n_lost(expected) + self.n_repeated + self.n_out_of_order == 0
            && self.n_closed <= may_be_closed
            && self.n_counted > 0
    }

    /// Counts what another window counted as well.
    pub(super) fn add(&mut self, other: &Self) {
        self.n_counted += other.n_counted;
        for (class, n) in self.classes.iter_mut().zip(&other.classes) {
            *class += n;
        }
    }

    /// The latency that so great a share of the counted events did not exceed.
    pub(super) fn quantile_ms(&self, share: f64) -> f64 {
        let wanted = (self.n_counted as f64 * share) as u64;
        let mut n = 0;
        let class = self.classes.iter().position(|class| {
            n += class;
            n >= wanted.max(1)
        });
        class.map_or(f64::NAN, |class| 1.02_f64.powi(class as i32 + 1) / 1e3)
    }
}
