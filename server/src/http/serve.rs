//! The accept loop: what bounds time and memory of a connection, and how the server ends.
//!
//! Not `axum::serve`: that has no time-out for the head of a request, none for a reader that takes
//! nothing, and waits for ever for open streams when it stops.

use std::{
    convert::Infallible,
    future::{Future, poll_fn},
    net::IpAddr,
    pin::{Pin, pin},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
};

use axum::{Router, body::Body};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tower::ServiceExt;

use super::{
    error::RETRY_AFTER,
    fanout,
    gate::{Gate, Place},
    metrics::Refusal,
    reader::Reader,
    socket::{Bounded, Socket, bound},
    tls::Tls,
};
use crate::{backoff::Backoff, config::HttpConfig};

/// What hyper may hold for a connection, in either direction. No head of a request is longer.
const USER_BUFFER: usize = 32 << 10;
const MAX_HEADERS: usize = 64;

/// What all connections of a listener have in common.
pub(crate) struct Entrance {
    pub(crate) router: Router,
    pub(crate) config: Arc<HttpConfig>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) tls: Option<Arc<Tls>>,
}

/// The connection that a request came by.
#[derive(Clone)]
pub(super) struct Visit {
    /// Whoever asks: the other end, or whom the proxy names.
    pub(super) client: IpAddr,
    wanted: Arc<Mutex<Option<Wanted>>>,
}

/// A reader that is to be given the connection, with the head of the answer.
pub(super) struct Wanted {
    pub(super) head: Vec<u8>,
    pub(super) reader: Reader,
}

/// How far the server is on its way to its end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Phase {
    Open,
    /// No further request is read; open ones go on.
    Draining,
    /// It is over, whoever is connected.
    Over,
}

impl Visit {
    /// Takes the connection away from hyper, once the request's handler waits for ever.
    pub(super) fn hand_over(&self, wanted: Wanted) {
        *self.slot() = Some(wanted);
    }

    /// A reader that has not been given the connection shall not have it.
    pub(super) fn withdraw(&self) {
        self.slot().take();
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<Wanted>> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves until `stopped`, then gives open requests the time to drain and returns, whoever is connected.
pub(crate) async fn serve(
    listener: TcpListener,
    entrance: Entrance,
    stopped: impl Future<Output = ()>,
) {
    let entrance = Arc::new(entrance);
    let (phase, phases) = watch::channel(Phase::Open);
    let mut stopped = pin!(stopped);
    let mut failures = 0;
    loop {
        let accepted = tokio::select! {
            () = &mut stopped => break,
            accepted = listener.accept() => accepted,
        };
        let (socket, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                failures += 1;
                let pause = Backoff::ACCEPT.jittered(failures);
                tracing::warn!(%error, ?pause, "no connection could be accepted");
                tokio::time::sleep(pause).await;
                continue;
            }
        };
        failures = 0;
        match entrance.gate.connect(peer.ip()) {
            Ok(place) => {
                let (entrance, mut phases) = (Arc::clone(&entrance), phases.clone());
                tokio::spawn(async move {
                    let mut over = phases.clone();
                    let over = async { drop(over.wait_for(|phase| *phase == Phase::Over).await) };
                    tokio::select! {
                        () = welcome(socket, peer.ip(), place, &entrance, &mut phases) => {}
                        () = over => {}
                    }
                });
            }
            Err(refusal) => send_away(&socket, refusal),
        }
    }
    drop((listener, phases));
    phase.send_replace(Phase::Draining);
    let emptied = entrance.gate.until_empty();
    if tokio::time::timeout(entrance.config.drain(), emptied)
        .await
        .is_err()
    {
        tracing::info!("some requests were still open and are cut off");
    }
    phase.send_replace(Phase::Over);
}

/// A short word and the end: whoever is too many must cost nothing.
fn send_away(socket: &TcpStream, refusal: Refusal) {
    tracing::debug!(reason = refusal.word(), "a connection was refused");
    let status = match refusal {
        Refusal::Full => "503 Service Unavailable",
        _ => "429 Too Many Requests",
    };
    let answer = format!(
        "HTTP/1.1 {status}\r\nretry-after: {RETRY_AFTER}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    let _ = socket.try_write(answer.as_bytes());
}

async fn welcome(
    socket: TcpStream,
    peer: IpAddr,
    place: Place,
    entrance: &Entrance,
    phases: &mut watch::Receiver<Phase>,
) {
    bound(&socket, entrance.config.write_timeout());
    let socket = match &entrance.tls {
        None => Socket::Plain(socket),
        Some(tls) => {
            let shaken = tokio::time::timeout(entrance.config.header_timeout(), tls.accept(socket));
            match shaken.await {
                Ok(Ok(socket)) => Socket::Tls(Box::new(socket)),
                Ok(Err(error)) => return tracing::debug!(%error, "no TLS handshake"),
                Err(_) => return tracing::debug!("a TLS handshake takes too long"),
            }
        }
    };
    let socket = Bounded::new(socket, entrance.config.write_timeout());
    match converse(socket, peer, entrance, phases).await {
        Ok(None) => {}
        Ok(Some((socket, wanted))) => {
            fanout::follow(socket, wanted.reader, wanted.head, place).await;
        }
        Err(error) => tracing::debug!(%error, "a connection ended"),
    }
}

/// Answers requests until the connection ends, or one of them is for the stream.
async fn converse(
    socket: Bounded,
    peer: IpAddr,
    entrance: &Entrance,
    phases: &mut watch::Receiver<Phase>,
) -> hyper::Result<Option<(Bounded, Wanted)>> {
    let is_flushed = socket.flushed();
    let wanted = Arc::new(Mutex::new(None));
    let visit = Visit {
        client: peer,
        wanted,
    };
    let slot = visit.clone();
    let service = service_fn(|request: Request<Incoming>| answer(request, visit.clone(), entrance));
    let mut connection = builder(&entrance.config).serve_connection(TokioIo::new(socket), service);
    let mut draining = pin!(async { drop(phases.wait_for(|phase| *phase != Phase::Open).await) });
    let mut is_draining = false;
    let taken = poll_fn(|cx| {
        if !is_draining && draining.as_mut().poll(cx).is_ready() {
            is_draining = true;
            Pin::new(&mut connection).graceful_shutdown();
        }
        match Pin::new(&mut connection).poll(cx) {
            Poll::Ready(ended) => Poll::Ready(ended.map(|()| None)),
            Poll::Pending => take(&slot, &is_flushed),
        }
    });
    let taken = taken.await?;
    Ok(taken.map(|wanted| (connection.into_parts().io.into_inner(), wanted)))
}

/// The stream is taken over once nothing of an earlier answer is left to be written.
fn take(slot: &Visit, is_flushed: &AtomicBool) -> Poll<hyper::Result<Option<Wanted>>> {
    if !is_flushed.load(Ordering::Relaxed) {
        return Poll::Pending;
    }
    match slot.slot().take() {
        Some(wanted) => Poll::Ready(Ok(Some(wanted))),
        None => Poll::Pending,
    }
}

async fn answer(
    request: Request<Incoming>,
    mut visit: Visit,
    entrance: &Entrance,
) -> Result<Response<Body>, Infallible> {
    if entrance.config.is_proxy(visit.client) {
        visit.client = named_by_proxy(&request).unwrap_or(visit.client);
    }
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(visit);
    entrance.router.clone().oneshot(request).await
}

/// The last entry is the proxy's own word; those before it are whatever the reader claims.
fn named_by_proxy(request: &Request<Incoming>) -> Option<IpAddr> {
    let last = request
        .headers()
        .get_all("x-forwarded-for")
        .iter()
        .next_back()?;
    let entry = last.to_str().ok()?.rsplit(',').next()?.trim();
    entry
        .parse()
        .ok()
        .or_else(|| Some(entry.parse::<std::net::SocketAddr>().ok()?.ip()))
}

fn builder(config: &HttpConfig) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(config.header_timeout())
        .max_headers(MAX_HEADERS)
        .max_buf_size(USER_BUFFER);
    builder
}

#[cfg(test)]
mod tests {
    use axum::{middleware::from_fn_with_state, routing::get};

    use super::*;
    use crate::{
        http::{AppState, headers, stream},
        log::{Log, LogOptions},
    };

    #[tokio::test(start_paused = true)]
    async fn a_request_for_the_stream_that_took_too_long_is_answered_once() {
        let state = AppState::for_tests(Log::inline(LogOptions::default()));
        let config = Arc::clone(&state.http);
        let router = Router::new()
            .route("/", get(stream::stream))
            .with_state(state)
            .layer(from_fn_with_state(config, headers::guard));
        let visit = Visit {
            client: IpAddr::from([127, 0, 0, 1]),
            wanted: Arc::default(),
        };
        let mut request = Request::new(Body::empty());
        request.extensions_mut().insert(visit.clone());

        // Nobody takes the reader over: an answer before this one has still to be written.
        let answer = router.oneshot(request).await.unwrap();

        assert_eq!(answer.status(), 503);
        assert!(visit.slot().is_none());
    }
}
