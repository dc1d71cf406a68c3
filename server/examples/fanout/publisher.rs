//! Publishes numbered and stamped posts at a steady rate: to the relay as its upstream, to its peers by POST.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use serde_json::json;
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

use super::{
    Job,
    server::{Kind, Server},
};

/// About what the relay's line has besides the text, so that peers send as many bytes.
const LINE_EXTRA: usize = 190;

pub(super) struct Publisher {
    rate: f64,
    size: usize,
    listener: Option<TcpListener>,
    sink: Option<Sink>,
    thread: Option<JoinHandle<()>>,
    stop: Arc<AtomicBool>,
    published: Arc<Mutex<Vec<u64>>>,
}

enum Sink {
    Upstream(Box<WebSocket<TcpStream>>),
    Post(TcpStream),
}

impl Publisher {
    pub(super) fn new(kind: Kind, job: &Job) -> Result<Self, String> {
        let listener = (kind == Kind::Relay).then(|| TcpListener::bind("127.0.0.1:0"));
        Ok(Self {
            rate: job.rate,
            size: job.size,
            listener: listener.transpose().map_err(|error| error.to_string())?,
            sink: None,
            thread: None,
            stop: Arc::default(),
            published: Arc::default(),
        })
    }

    /// Where the relay is to connect to.
    pub(super) fn upstream(&self) -> Option<SocketAddr> {
        self.listener.as_ref()?.local_addr().ok()
    }

    pub(super) fn connect(&mut self, server: &Server) -> Result<(), String> {
        self.sink = Some(match &self.listener {
            Some(listener) => {
                let (socket, _) = listener.accept().map_err(|error| error.to_string())?;
                let socket = tungstenite::accept(socket).map_err(|error| error.to_string())?;
                Sink::Upstream(Box::new(socket))
            }
            None => {
                let socket =
                    TcpStream::connect(server.address()).map_err(|error| error.to_string())?;
                socket
                    .set_nodelay(true)
                    .map_err(|error| error.to_string())?;
                Sink::Post(socket)
            }
        });
        Ok(())
    }

    pub(super) fn start(&mut self) {
        let mut sink = self.sink.take().expect("it was connected");
        let (stop, published) = (Arc::clone(&self.stop), Arc::clone(&self.published));
        let (rate, size) = (self.rate, self.size);
        self.thread = Some(thread::spawn(move || {
            let begun = Instant::now();
            for n in 0_u64.. {
                let due = begun + Duration::from_secs_f64(n as f64 / rate);
                thread::sleep(due.saturating_duration_since(Instant::now()));
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let at = nanos();
                published
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(at);
                sink.send(n, at, size)
                    .expect("the server takes what is published");
            }
        }));
    }

    pub(super) fn stop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the publisher ends");
        }
    }

    pub(super) fn n_since(&self, at: u64) -> u64 {
        let published = self
            .published
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        published.iter().filter(|stamp| **stamp >= at).count() as u64
    }
}

impl Sink {
    fn send(&mut self, n: u64, at: u64, size: usize) -> Result<(), String> {
        let mut text = format!("~{n}~{at}~ bitcoin ");
        match self {
            Self::Upstream(socket) => {
                fill(&mut text, size);
                let post = json!({
                    "did": "did:plc:fake", "time_us": at / 1_000, "kind": "commit",
                    "commit": {
                        "rev": format!("rev{n}"), "operation": "create", "collection": "app.bsky.feed.post",
                        "rkey": format!("post{n}"), "cid": format!("cid{n}"),
                        "record": { "$type": "app.bsky.feed.post", "createdAt": "2026-05-25T14:23:28.757Z",
                                    "langs": ["en"], "text": text },
                    },
                });
                let message = Message::text(post.to_string());
                socket.send(message).map_err(|error| error.to_string())
            }
            Self::Post(socket) => {
                fill(&mut text, size + LINE_EXTRA);
                let head = format!(
                    "POST /pub HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n",
                    text.len()
                );
                socket
                    .write_all((head + &text).as_bytes())
                    .map_err(|error| error.to_string())?;
                read_answer(socket)
            }
        }
    }
}

fn fill(text: &mut String, size: usize) {
    while text.len() < size {
        text.push_str("lorem ipsum ");
    }
    text.truncate(size);
}

/// Reads one answer, so that the next one has an empty line to itself.
fn read_answer(socket: &mut TcpStream) -> Result<(), String> {
    let (mut answer, mut piece) = (Vec::new(), [0; 2_048]);
    loop {
        let n = socket.read(&mut piece).map_err(|error| error.to_string())?;
        if n == 0 {
            return Err("the server hung up".to_owned());
        }
        answer.extend_from_slice(&piece[..n]);
        let text = String::from_utf8_lossy(&answer).to_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"))
            .and_then(|length| length.trim().parse().ok());
        if body.len() >= length.unwrap_or(0) {
            return Ok(());
        }
    }
}

/// Now, as everybody on this machine knows it.
pub(super) fn nanos() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_nanos() as u64)
}
