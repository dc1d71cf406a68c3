//! One fake upstream: answers requests as its protocol says, and commits what its script says.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{Instant, sleep, sleep_until},
};

use crate::{
    Fault, Millis, Reply, Request, Script,
    script::Refusal,
    websocket::{self, CLOSE, PING, Sent, TEXT, frame, take_frame},
};

/// What an upstream has to say, and in which form.
pub trait Protocol: Send + Sync {
    /// What a request gets; `now` is the fake's own clock.
    fn open(&self, request: &Request, now: Millis) -> Opening;

    /// What a client's message on an open socket is answered with.
    fn message(&self, _text: &str) -> Option<String> {
        None
    }

    /// The withdrawal of a record, where the protocol has one.
    fn withdrawal(&self, _item: &Item) -> Option<String> {
        None
    }

    /// A well-formed record of an unknown kind.
    fn unknown(&self) -> String;

    /// A record with its stamps moved by so many milliseconds.
    fn skewed(&self, item: &Item, by: Millis) -> String;
}

/// One record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Item {
    /// When it comes into being.
    pub at: Millis,
    /// As it goes over the wire, without what frames it.
    pub payload: String,
}

/// What a request gets.
pub enum Opening {
    /// An answer that ends.
    Reply(Reply),
    /// Records as they come into being, beginning with those of the past.
    Stream {
        /// How they are framed.
        transport: Transport,
        /// Said before the first of them.
        greeting: Vec<String>,
        /// What is sent, in order.
        items: Vec<Item>,
        /// What is sent so often where nothing else is.
        keep_alive: Option<(Duration, String)>,
        /// Whether nothing comes before the client has sent a message.
        waits_for_message: bool,
    },
}

/// How records are framed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Transport {
    /// Messages of a web socket. The keep-alive is a ping.
    WebSocket,
    /// A body in chunks, one record a line.
    Lines {
        /// Its content type.
        content_type: &'static str,
        /// What follows every record.
        end: &'static str,
    },
}

/// A fake upstream. Its time begins when it is made.
pub struct Fake {
    protocol: Box<dyn Protocol>,
    script: Mutex<Script>,
    started: Instant,
    /// What its clock showed then.
    epoch: Millis,
    requests: Mutex<Vec<(Duration, Request)>>,
}

impl Fake {
    /// A fake whose clock shows `epoch` now.
    pub fn new(protocol: impl Protocol + 'static, script: Script, epoch: Millis) -> Self {
        Self::boxed(Box::new(protocol), script, epoch)
    }

    /// The same of a protocol that is only known when the program runs.
    pub fn boxed(protocol: Box<dyn Protocol>, script: Script, epoch: Millis) -> Self {
        Self {
            protocol,
            script: Mutex::new(script),
            started: Instant::now(),
            epoch,
            requests: Mutex::default(),
        }
    }

    /// Every request so far, and when it came.
    pub fn requests(&self) -> Vec<(Duration, Request)> {
        lock(&self.requests).clone()
    }

    /// Serves one connection to its end.
    ///
    /// # Errors
    /// When the client has gone, or [`io::ErrorKind::ConnectionReset`] when the script says to tear the connection down.
    pub async fn serve(
        &self,
        mut stream: impl AsyncRead + AsyncWrite + Unpin + Send,
    ) -> io::Result<()> {
        let Some(request) = Request::read(&mut stream).await? else {
            return Ok(());
        };
        lock(&self.requests).push((self.elapsed(), request.clone()));
        let refusal = lock(&self.script).refusal(self.elapsed());
        match refusal {
            Some(Refusal::Reply(reply)) => {
                stream.write_all(&reply.bytes()).await?;
                return stream.shutdown().await;
            }
            Some(Refusal::Slow(by)) => sleep(by).await,
            None => {}
        }
        match self.protocol.open(&request, self.now()) {
            Opening::Reply(reply) => self.reply(&mut stream, &reply).await,
            Opening::Stream {
                transport,
                greeting,
                items,
                keep_alive,
                waits_for_message,
            } => {
                let head = head(&request, transport);
                stream.write_all(&head).await?;
                let mut sending = Sending {
                    fake: self,
                    transport,
                    items,
                    sent: 0,
                    keep_alive,
                    received: Vec::new(),
                    since: self.elapsed(),
                    waits: waits_for_message,
                    spoke_at: Instant::now(),
                };
                for text in greeting {
                    stream.write_all(&sending.framed(text.as_bytes())).await?;
                }
                sending.run(&mut stream).await
            }
        }
    }

    /// The same on a real socket, which shows a reset as one.
    async fn serve_tcp(&self, mut stream: TcpStream) -> io::Result<()> {
        let served = self.serve(&mut stream).await;
        let is_reset = |error: &io::Error| error.kind() == io::ErrorKind::ConnectionReset;
        if served.as_ref().is_err_and(is_reset) {
            stream.set_zero_linger()?;
        }
        served
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// What its clock shows.
    pub fn now(&self) -> Millis {
        self.epoch + self.elapsed().as_millis() as Millis
    }

    /// When its clock will show `at`.
    fn instant(&self, at: Millis) -> Instant {
        self.started + Duration::from_millis(u64::try_from(at - self.epoch).unwrap_or(0))
    }

    /// One answer, disturbed by the fault that is due.
    async fn reply(
        &self,
        stream: &mut (impl AsyncRead + AsyncWrite + Unpin + Send),
        reply: &Reply,
    ) -> io::Result<()> {
        // An answer without a body shows no fault.
        let due = if reply.body.is_empty() {
            None
        } else {
            lock(&self.script).take_due(self.elapsed())
        };
        let with_body = |body: Vec<u8>| Reply {
            body,
            ..reply.clone()
        };
        let bytes = match due {
            Some(Fault::Close) => return stream.shutdown().await,
            Some(Fault::Stall) => {
                let bytes = reply.bytes();
                stream.write_all(&bytes[..bytes.len() / 2]).await?;
                return until_gone(stream).await;
            }
            Some(Fault::HalfThenClose) => {
                let mut bytes = reply.bytes();
                bytes.truncate(bytes.len() - reply.body.len() / 2 - 1);
                bytes
            }
            Some(Fault::Reset) => {
                let bytes = reply.bytes();
                stream.write_all(&bytes[..bytes.len() / 2]).await?;
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            Some(Fault::Garbage) => with_body(b"%%% not what was asked for {".to_vec()).bytes(),
            Some(Fault::InvalidUtf8) => with_body(b"{\"\xff\xfe\":[\xc3".to_vec()).bytes(),
            Some(Fault::Huge) => with_body(huge()).bytes(),
            Some(Fault::UnknownEvent) => with_body(self.protocol.unknown().into_bytes()).bytes(),
            _ => reply.bytes(),
        };
        stream.write_all(&bytes).await?;
        stream.shutdown().await
    }
}

/// Serves every connection of a listener, for ever.
pub async fn serve(listener: TcpListener, fake: Arc<Fake>) {
    while let Ok((stream, _)) = listener.accept().await {
        let fake = Arc::clone(&fake);
        tokio::spawn(async move {
            // A client that goes away is no failure of a fake.
            let _ = fake.serve_tcp(stream).await;
        });
    }
}

/// One open stream of records.
struct Sending<'a> {
    fake: &'a Fake,
    transport: Transport,
    items: Vec<Item>,
    /// How many of them have been sent.
    sent: usize,
    keep_alive: Option<(Duration, String)>,
    received: Vec<u8>,
    /// When the connection was opened.
    since: Duration,
    waits: bool,
    spoke_at: Instant,
}

/// Whether a connection goes on.
enum Goes {
    On,
    Over,
}

impl Sending<'_> {
    async fn run(
        &mut self,
        stream: &mut (impl AsyncRead + AsyncWrite + Unpin + Send),
    ) -> io::Result<()> {
        loop {
            let now = self.fake.elapsed();
            if lock(&self.fake.script).cuts(self.since, now) {
                return self.close(stream).await;
            }
            let due = if self.waits {
                None
            } else {
                lock(&self.fake.script).take_due(now)
            };
            if let Some(fault) = due {
                if let Goes::Over = self.commit(fault, stream).await? {
                    return Ok(());
                }
                continue;
            }
            let is_due = |item: &&Item| item.at <= self.fake.now();
            if !self.waits
                && let Some(item) = self.items.get(self.sent).filter(is_due).cloned()
            {
                self.send(stream, &item).await?;
                self.sent += 1;
                continue;
            }
            if self.is_quiet() {
                let alive = self.alive();
                self.spoke_at = Instant::now();
                stream.write_all(&alive).await?;
            }
            let wake_at = self.wake_at();
            tokio::select! {
                () = sleep_until(wake_at) => {}
                read = stream.read_buf(&mut self.received) => {
                    if read? == 0 {
                        return Ok(());
                    }
                    if let Goes::Over = self.listen(stream).await? {
                        return Ok(());
                    }
                }
            }
        }
    }

    async fn commit(
        &mut self,
        fault: Fault,
        stream: &mut (impl AsyncRead + AsyncWrite + Unpin + Send),
    ) -> io::Result<Goes> {
        let next: Vec<Item> = self
            .items
            .iter()
            .skip(self.sent)
            .take(30)
            .cloned()
            .collect();
        match fault {
            Fault::HalfThenClose | Fault::Reset => {
                let half = next.first().map_or_else(Vec::new, |item| {
                    let bytes = self.framed(item.payload.as_bytes());
                    bytes[..bytes.len() / 2].to_vec()
                });
                stream.write_all(&half).await?;
                if matches!(fault, Fault::Reset) {
                    return Err(io::ErrorKind::ConnectionReset.into());
                }
                stream.shutdown().await?;
                return Ok(Goes::Over);
            }
            Fault::Close => {
                self.close(stream).await?;
                return Ok(Goes::Over);
            }
            Fault::Stall => {
                until_gone(stream).await?;
                return Ok(Goes::Over);
            }
            Fault::Garbage => self.say(stream, b"%%% no record {").await?,
            Fault::InvalidUtf8 => self.say(stream, b"{\"\xff\xfe\":\"\xc3\"}").await?,
            Fault::Huge => self.say(stream, &huge()).await?,
            Fault::UnknownEvent => {
                let unknown = self.fake.protocol.unknown();
                self.say(stream, unknown.as_bytes()).await?;
            }
            Fault::Duplicates => {
                let from = self.sent.saturating_sub(10);
                for place in from..self.sent {
                    let item = self.items[place].clone();
                    self.send(stream, &item).await?;
                }
            }
            Fault::Reorder => {
                let some: Vec<_> = next.into_iter().take(5).collect();
                for item in some.iter().rev() {
                    self.send(stream, item).await?;
                }
                self.sent += some.len();
            }
            Fault::Burst => {
                for item in &next {
                    self.send(stream, item).await?;
                }
                self.sent += next.len();
            }
            Fault::DeleteBeforeCreate => {
                let withdrawal = next
                    .first()
                    .and_then(|item| self.fake.protocol.withdrawal(item));
                if let Some(text) = withdrawal {
                    self.say(stream, text.as_bytes()).await?;
                }
            }
            Fault::ClockSkew(_) | Fault::Refuse { .. } | Fault::SlowFirstByte(_) => {}
        }
        Ok(Goes::On)
    }

    async fn send(
        &mut self,
        stream: &mut (impl AsyncWrite + Unpin),
        item: &Item,
    ) -> io::Result<()> {
        let skew = lock(&self.fake.script).skew(self.fake.elapsed());
        if skew == 0 {
            self.say(stream, item.payload.as_bytes()).await
        } else {
            let skewed = self.fake.protocol.skewed(item, skew);
            self.say(stream, skewed.as_bytes()).await
        }
    }

    async fn say(
        &mut self,
        stream: &mut (impl AsyncWrite + Unpin),
        record: &[u8],
    ) -> io::Result<()> {
        self.spoke_at = Instant::now();
        stream.write_all(&self.framed(record)).await
    }

    async fn close(&self, stream: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        match self.transport {
            Transport::WebSocket => stream.write_all(&frame(CLOSE, &[3, 0xe9])).await?,
            Transport::Lines { .. } => stream.write_all(b"0\r\n\r\n").await?,
        }
        stream.shutdown().await
    }

    async fn listen(
        &mut self,
        stream: &mut (impl AsyncRead + AsyncWrite + Unpin + Send),
    ) -> io::Result<Goes> {
        if self.transport != Transport::WebSocket {
            self.received.clear();
            return Ok(Goes::On);
        }
        while let Some(sent) = take_frame(&mut self.received) {
            match sent {
                Sent::Closed => {
                    stream.shutdown().await?;
                    return Ok(Goes::Over);
                }
                Sent::Text(text) => {
                    self.waits = false;
                    if let Some(answer) = self.fake.protocol.message(&text) {
                        self.say(stream, answer.as_bytes()).await?;
                    }
                }
                Sent::Alive => {}
            }
        }
        Ok(Goes::On)
    }

    fn framed(&self, record: &[u8]) -> Vec<u8> {
        match self.transport {
            Transport::WebSocket => frame(TEXT, record),
            Transport::Lines { end, .. } => chunk(&[record, end.as_bytes()].concat()),
        }
    }

    fn alive(&self) -> Vec<u8> {
        match (self.transport, &self.keep_alive) {
            (Transport::WebSocket, _) => frame(PING, b"alive"),
            (Transport::Lines { .. }, Some((_, text))) => chunk(text.as_bytes()),
            (Transport::Lines { .. }, None) => Vec::new(),
        }
    }

    fn is_quiet(&self) -> bool {
        let every = self.keep_alive.as_ref().map(|(every, _)| *every);
        every.is_some_and(|every| self.spoke_at.elapsed() >= every)
    }

    /// Whatever comes first: a record, a fault, a keep-alive.
    fn wake_at(&self) -> Instant {
        let fake = self.fake;
        let item = self.items.get(self.sent).filter(|_| !self.waits);
        let script = lock(&fake.script);
        let fault = script.next_at().filter(|_| !self.waits);
        let moments = [
            item.map(|item| fake.instant(item.at)),
            fault.map(|at| fake.started + at),
            script.next_cut(self.since).map(|at| fake.started + at),
            self.keep_alive
                .as_ref()
                .map(|(every, _)| self.spoke_at + *every),
        ];
        let next = moments.into_iter().flatten().min();
        next.unwrap_or_else(|| Instant::now() + Duration::from_secs(3_600))
    }
}

/// Says nothing until the client goes.
async fn until_gone(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
    let mut ignored = [0; 1_024];
    while stream.read(&mut ignored).await? > 0 {}
    Ok(())
}

fn head(request: &Request, transport: Transport) -> Vec<u8> {
    match transport {
        Transport::WebSocket => websocket::accept(request)
            .unwrap_or_else(|| Reply::new(426, "text/plain", "this is a web socket").bytes()),
        Transport::Lines { content_type, .. } => format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ntransfer-encoding: chunked\r\n\r\n"
        )
        .into_bytes(),
    }
}

fn chunk(bytes: &[u8]) -> Vec<u8> {
    let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
    chunk.extend_from_slice(bytes);
    chunk.extend_from_slice(b"\r\n");
    chunk
}

fn huge() -> Vec<u8> {
    let mut bytes = b"{\"huge\":\"".to_vec();
    bytes.resize(5 << 20, b'x');
    bytes.extend_from_slice(b"\"}\r\n");
    bytes
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
