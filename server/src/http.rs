//! The interface over HTTP: the stream, history, status, and the page's own files.

mod app_files;
mod error;
mod history;
mod prices;
mod serve;
mod status;
mod stream;

use std::sync::Arc;

use axum::{Router, routing::get};
use tokio::sync::watch;
use wire::PublicConfig;

use crate::{
    config::HttpConfig,
    log::Log,
    sources::{board::Board, clock::Clock},
};

pub(crate) use serve::serve;

/// What requests are answered from.
#[derive(Clone)]
pub(crate) struct AppState {
    pub(crate) log: Log,
    pub(crate) board: Arc<Board>,
    pub(crate) clock: Arc<Clock>,
    pub(crate) public: Arc<PublicConfig>,
    pub(crate) http: Arc<HttpConfig>,
    /// How many streams are open.
    pub(crate) n_readers: Arc<watch::Sender<usize>>,
    /// Becomes true when the relay is to stop.
    pub(crate) stop: watch::Receiver<bool>,
}

/// What stands before the addresses of the live stream where a recording has the plain ones.
pub(crate) const LIVE_BASE: &str = "/live";

/// Every route; `live` is the live stream beside a recording.
pub(crate) fn router(main: AppState, live: Option<AppState>) -> Router {
    let app_files = app_files::routes(&main.http.app);
    let mut router = Router::new()
        .merge(of_stream(main.clone()))
        .route("/healthz", get(status::healthz))
        .route("/readyz", get(status::readyz))
        .with_state(main);
    if let Some(live) = live {
        router = router.nest(LIVE_BASE, of_stream(live));
    }
    router
        .method_not_allowed_fallback(error::method_not_allowed)
        .fallback_service(app_files)
        .layer(axum::middleware::map_response(secure))
}

/// The routes of one stream.
fn of_stream<S: Clone + Send + Sync + 'static>(state: AppState) -> Router<S> {
    Router::new()
        .route("/api/v1/stream", get(stream::stream))
        .route("/api/v1/history", get(history::history))
        .route("/api/v1/prices/{ticker}", get(prices::prices))
        .route("/api/v1/status", get(status::status))
        .route("/api/v1/config", get(status::config))
        .route("/api/{*rest}", get(error::no_such_route))
        .with_state(state)
}

/// Headers that every answer has.
async fn secure(mut response: axum::response::Response) -> axum::response::Response {
    use axum::http::{HeaderValue, header};
    let headers = response.headers_mut();
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    response
}
