//! One connection's bytes, plain or through TLS, with bounds on time and on what the kernel holds.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use socket2::{SockRef, TcpKeepalive};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep_until},
};
use tokio_rustls::server::TlsStream;

/// What the kernel may hold for a reader that takes nothing; it doubles the figure. Without it up to some
/// megabytes each, which no figure of this process would show.
const SEND_BUFFER: usize = 64 << 10;
/// What a reader may send without being read; a request fits in many times.
const RECEIVE_BUFFER: usize = 32 << 10;
/// After so long without a word the kernel asks whether the other end is still there, …
const KEEPALIVE: Duration = Duration::from_secs(30);
/// … again and again, so many times.
#[cfg(target_os = "linux")]
const PROBE_EVERY: Duration = Duration::from_secs(10);
#[cfg(target_os = "linux")]
const MAX_PROBES: u32 = 3;
/// A reader that has vanished without a word is given up once what was sent to it has not been confirmed for
/// so long. On a stream there is always something, so that the kernel has no cause to ask.
#[cfg(target_os = "linux")]
const UNCONFIRMED: Duration = Duration::from_secs(30);

/// The bytes of a connection.
pub(super) enum Socket {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A connection whose reader has to take something now and then.
pub(super) struct Bounded {
    socket: Socket,
    patience: Duration,
    /// Since when nothing has been taken, as the moment when that has lasted too long.
    blocked: Option<Pin<Box<Sleep>>>,
    /// Whether everything that was written has left this process's hands.
    is_flushed: Arc<AtomicBool>,
}

/// Bounds what the kernel holds for a connection. A refused option leaves it usable.
pub(super) fn bound(socket: &TcpStream, patience: Duration) {
    let about = SockRef::from(socket);
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE);
    #[cfg(target_os = "linux")]
    let keepalive = keepalive
        .with_interval(PROBE_EVERY)
        .with_retries(MAX_PROBES);
    let set = about
        .set_send_buffer_size(SEND_BUFFER)
        .and_then(|()| about.set_recv_buffer_size(RECEIVE_BUFFER))
        .and_then(|()| about.set_tcp_keepalive(&keepalive))
        .and_then(|()| socket.set_nodelay(true));
    if let Err(error) = set {
        tracing::debug!(%error, "a socket option was refused");
    }
    #[cfg(target_os = "linux")]
    if let Err(error) = about.set_tcp_user_timeout(Some(UNCONFIRMED.max(patience))) {
        tracing::debug!(%error, "a socket option was refused");
    }
}

impl Bounded {
    pub(super) fn new(socket: Socket, patience: Duration) -> Self {
        Self {
            socket,
            patience,
            blocked: None,
            is_flushed: Arc::new(AtomicBool::new(true)),
        }
    }

    /// Tells, also while somebody else owns the connection, whether nothing waits to be written.
    pub(super) fn flushed(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.is_flushed)
    }

    pub(super) fn is_plain(&self) -> bool {
        matches!(self.socket, Socket::Plain(_))
    }

    pub(super) fn into_socket(self) -> Socket {
        self.socket
    }

    /// An answer to "not now": an error once it has been given for too long.
    fn still_blocked<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        let until = Instant::now() + self.patience;
        let blocked = self
            .blocked
            .get_or_insert_with(|| Box::pin(sleep_until(until)));
        ready!(blocked.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn bounded<T>(
        &mut self,
        cx: &mut Context<'_>,
        answer: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if answer.is_pending() {
            return self.still_blocked(cx);
        }
        self.blocked = None;
        answer
    }
}

impl AsyncRead for Bounded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.socket {
            Socket::Plain(socket) => Pin::new(socket).poll_read(cx, into),
            Socket::Tls(socket) => Pin::new(socket).poll_read(cx, into),
        }
    }
}

impl AsyncWrite for Bounded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.is_flushed.store(false, Ordering::Relaxed);
        let answer = match &mut self.socket {
            Socket::Plain(socket) => Pin::new(socket).poll_write(cx, bytes),
            Socket::Tls(socket) => Pin::new(socket).poll_write(cx, bytes),
        };
        self.bounded(cx, answer)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.is_flushed.store(false, Ordering::Relaxed);
        let answer = match &mut self.socket {
            Socket::Plain(socket) => Pin::new(socket).poll_write_vectored(cx, pieces),
            Socket::Tls(socket) => Pin::new(socket).poll_write_vectored(cx, pieces),
        };
        self.bounded(cx, answer)
    }

    fn is_write_vectored(&self) -> bool {
        match &self.socket {
            Socket::Plain(socket) => socket.is_write_vectored(),
            Socket::Tls(socket) => socket.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let answer = match &mut self.socket {
            Socket::Plain(socket) => Pin::new(socket).poll_flush(cx),
            Socket::Tls(socket) => Pin::new(socket).poll_flush(cx),
        };
        if matches!(answer, Poll::Ready(Ok(()))) {
            self.is_flushed.store(true, Ordering::Relaxed);
        }
        self.bounded(cx, answer)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let answer = match &mut self.socket {
            Socket::Plain(socket) => Pin::new(socket).poll_shutdown(cx),
            Socket::Tls(socket) => Pin::new(socket).poll_shutdown(cx),
        };
        self.bounded(cx, answer)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_reader_that_has_vanished_is_given_up_but_not_before_a_slow_one() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let socket = TcpStream::connect(address).await.unwrap();
        for (patience, expect) in [(5, 30), (60, 60)] {
            bound(&socket, Duration::from_secs(patience));

            let found = SockRef::from(&socket).tcp_user_timeout().unwrap();

            assert_eq!(found, Some(Duration::from_secs(expect)));
        }
    }
}
