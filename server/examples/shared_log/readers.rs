//! Readers that check that every post comes once and in its turn, and go elsewhere when their relay is gone.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{Job, latency::Latency, world::Clock};

/// Nothing takes so long.
const PATIENCE: Duration = Duration::from_secs(300);
/// Before the number of a post, in the line that carries it.
const MARK: &[u8] = b"\"id\":\"at://did:plc:fake";
const SLASH: &[u8] = b"/post";

/// What readers have seen.
pub(crate) struct Seen {
    pub(crate) n_lost: u64,
    pub(crate) n_twice: u64,
    pub(crate) n_moves: u64,
    pub(crate) latency: Latency,
}

/// Where they read and what they expect.
pub(crate) struct Place {
    pub(crate) addresses: Vec<SocketAddr>,
    pub(crate) clock: Clock,
    pub(crate) n_posts: usize,
}

pub(crate) fn start(job: &Job, place: &Arc<Place>) -> JoinSet<Seen> {
    let mut readers = JoinSet::new();
    for i in 0..job.n_readers {
        readers.spawn(Reader::new(Arc::clone(place)).run(i));
    }
    readers
}

struct Reader {
    place: Arc<Place>,
    last_id: Vec<u8>,
    /// Of the event that is not at its end yet.
    id: Vec<u8>,
    /// The number of the post that comes next.
    next: usize,
    seen: Seen,
}

impl Reader {
    fn new(place: Arc<Place>) -> Self {
        let seen = Seen {
            n_lost: 0,
            n_twice: 0,
            n_moves: 0,
            latency: Latency::new(),
        };
        Self {
            place,
            last_id: Vec::new(),
            id: Vec::new(),
            next: 0,
            seen,
        }
    }

    async fn run(mut self, first: usize) -> Seen {
        // A thousand a second.
        sleep(Duration::from_millis(first as u64)).await;
        for turn in first.. {
            let address = self.place.addresses[turn % self.place.addresses.len()];
            let followed = timeout(PATIENCE, self.follow(address)).await;
            if followed.is_err() {
                break;
            }
            if self.next >= self.place.n_posts {
                break;
            }
            self.seen.n_moves += 1;
            sleep(Duration::from_millis(20)).await;
        }
        self.seen.n_lost += self.place.n_posts.saturating_sub(self.next) as u64;
        self.seen
    }

    /// Until the connection ends or everything is there.
    async fn follow(&mut self, address: SocketAddr) -> std::io::Result<()> {
        let mut socket = TcpStream::connect(address).await?;
        let after = String::from_utf8_lossy(&self.last_id).into_owned();
        let request =
            format!("GET /api/v1/stream?kinds=post&after={after} HTTP/1.1\r\nHost: relay\r\n\r\n");
        socket.write_all(request.as_bytes()).await?;
        self.id.clear();
        let (mut piece, mut rest) = (vec![0; 16 << 10], Vec::new());
        while self.next < self.place.n_posts {
            let n = socket.read(&mut piece).await?;
            if n == 0 {
                return Ok(());
            }
            rest.extend_from_slice(&piece[..n]);
            let now = self.place.clock.now_millis();
            let mut used = 0;
            while let Some(end) = memchr::memchr(b'\n', &rest[used..]) {
                self.take(&rest[used..used + end], now);
                used += end + 1;
            }
            rest.drain(..used);
        }
        Ok(())
    }

    /// An id counts at the end of its event, as in a browser.
    fn take(&mut self, line: &[u8], now: f64) {
        if let Some(id) = line.strip_prefix(b"id: ") {
            self.id = id.to_vec();
        } else if line.is_empty() && !self.id.is_empty() {
            self.last_id = std::mem::take(&mut self.id);
        } else if line.starts_with(b"data:")
            && let Some(number) = number(line)
        {
            self.came(number, now);
        }
    }

    fn came(&mut self, number: usize, now: f64) {
        if number < self.next {
            self.seen.n_twice += 1;
            return;
        }
        self.seen.n_lost += (number - self.next) as u64;
        self.next = number + 1;
        let took = now - self.place.clock.posted_at(number);
        self.seen.latency.note(took * 1e3);
    }
}

fn number(line: &[u8]) -> Option<usize> {
    let id = memchr::memmem::find(line, MARK)?;
    let at = memchr::memmem::find(&line[id..], b".post")? + id + 5;
    let digits = line[at..].strip_prefix(SLASH)?;
    let digits = digits.iter().take_while(|digit| digit.is_ascii_digit());
    Some(digits.fold(0, |n, digit| n * 10 + usize::from(digit - b'0')))
}
