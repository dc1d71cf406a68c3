//! The accept loop: what bounds time and memory of a connection, and how the server ends.
//!
//! Not `axum::serve`: that has no time-out for the head of a request, none for a reader that takes
//! nothing, and waits for ever for open streams when it stops.

use std::{future::Future, io, sync::Arc, time::Duration};

use axum::Router;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use socket2::SockRef;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_io_timeout::TimeoutStream;

use crate::{backoff::Backoff, config::HttpConfig};

/// What the kernel may hold for a reader that takes nothing. Without it up to some megabytes each,
/// which no figure of this process would show.
const SEND_BUFFER: usize = 64 << 10;
/// What hyper may hold for a connection, in either direction.
const USER_BUFFER: usize = 64 << 10;

/// Serves until `stopped`, then gives open requests the time to drain and returns, whoever is connected.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    config: &HttpConfig,
    stopped: impl Future<Output = ()>,
) {
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(config.max_connections));
    let mut stopped = std::pin::pin!(stopped);
    let mut failures = 0;
    loop {
        let accepted = tokio::select! {
            () = &mut stopped => break,
            accepted = accept(&listener, &places) => accepted,
        };
        let (socket, place) = match accepted {
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
        let connection = connection(config).serve_connection(
            TokioIo::new(Box::pin(bounded(socket, config.write_timeout()))),
            TowerToHyperService::new(router.clone()),
        );
        let watched = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = watched.await {
                tracing::debug!(%error, "a connection ended");
            }
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(config.drain(), graceful.shutdown())
        .await
        .is_err()
    {
        tracing::info!("some requests were still open and are cut off");
    }
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(places)
        .acquire_owned()
        .await
        .map_err(io::Error::other)?;
    let (socket, _) = listener.accept().await?;
    Ok((socket, place))
}

fn connection(config: &HttpConfig) -> hyper::server::conn::http1::Builder {
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(config.header_timeout())
        .max_buf_size(USER_BUFFER);
    builder
}

/// A socket whose memory is bounded and whose reader has to take something now and then.
fn bounded(socket: TcpStream, write_timeout: Duration) -> TimeoutStream<TcpStream> {
    let set = SockRef::from(&socket)
        .set_send_buffer_size(SEND_BUFFER)
        .and_then(|()| socket.set_nodelay(true));
    if let Err(error) = set {
        tracing::debug!(%error, "a socket option was refused");
    }
    let mut bounded = TimeoutStream::new(socket);
    bounded.set_write_timeout(Some(write_timeout));
    bounded
}
