//! The interface over HTTP: the stream, history, status, and the page's own files.

mod access;
mod admin;
mod app_files;
mod choice;
mod csp;
mod error;
mod fanout;
mod gate;
mod headers;
mod history;
mod metrics;
mod prices;
mod reader;
mod serve;
mod socket;
mod status;
mod stream;
mod tls;
mod trial;

use std::sync::Arc;

use axum::{
    Router,
    middleware::from_fn_with_state,
    response::IntoResponse,
    routing::{MethodRouter, get, post},
};
use tokio::sync::watch;
use wire::PublicConfig;

use crate::{
    config::HttpConfig,
    log::Log,
    sources::{board::Board, clock::Clock},
};

pub(crate) use access::Access;
pub(crate) use admin::router as admin_router;
pub(crate) use choice::Choices;
pub(crate) use fanout::Fanout;
pub(crate) use gate::Gate;
pub(crate) use metrics::Metrics;
pub(crate) use serve::{Entrance, serve};
pub(crate) use status::Health;
pub(crate) use tls::Tls;
pub use tls::TlsError;

/// What requests are answered from.
pub(crate) struct AppState {
    /// Of the stream, in metrics.
    pub(crate) name: &'static str,
    pub(crate) log: Log,
    /// The same log, for whatever is no stream: neither has to wait for the other's reads.
    pub(crate) of_requests: Log,
    pub(crate) board: Arc<Board>,
    pub(crate) clock: Arc<Clock>,
    pub(crate) public: Arc<PublicConfig>,
    pub(crate) http: Arc<HttpConfig>,
    /// How many streams are open.
    pub(crate) n_readers: Arc<watch::Sender<usize>>,
    /// Becomes true when the relay is to stop.
    pub(crate) stop: watch::Receiver<bool>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) fanout: Fanout,
    pub(crate) choices: Choices,
    pub(crate) health: Arc<Health>,
}

#[cfg(test)]
impl AppState {
    /// A relay without sources, over a log in memory.
    pub(crate) fn for_tests(log: Log) -> Arc<Self> {
        let (config, metrics) = (HttpConfig::default(), Arc::<Metrics>::default());
        let (stop, stopped) = watch::channel(false);
        // It never stops.
        std::mem::forget(stop);
        Arc::new(Self {
            name: "main",
            of_requests: log.apart(),
            board: Arc::default(),
            clock: Arc::default(),
            public: Arc::default(),
            n_readers: Arc::default(),
            gate: Gate::new(&config, Arc::clone(&metrics)),
            fanout: Fanout::start(&log, &stopped, &metrics),
            choices: Choices::default(),
            health: Arc::new(Health::new(vec![log.clone()])),
            http: Arc::new(config),
            stop: stopped,
            metrics,
            log,
        })
    }
}

/// What stands before the addresses of the live stream where a recording has the plain ones.
pub(crate) const LIVE_BASE: &str = "/live";

/// A path, and what answers it.
type Route = (&'static str, fn() -> MethodRouter<Arc<AppState>>);

/// Paths that belong to a stream, and what answers each. The description of the interface has the same.
const OF_STREAM: [Route; 6] = [
    ("/api/v1/stream", || get(stream::stream)),
    ("/api/v1/history", || get(history::history)),
    ("/api/v1/prices/{ticker}", || get(prices::prices)),
    ("/api/v1/status", || get(status::status)),
    ("/api/v1/config", || get(status::config)),
    ("/api/v1/sources/{name}/test", || post(trial::test)),
];

/// Paths that belong to the relay as a whole.
const OF_RELAY: [Route; 3] = [
    ("/healthz", || get(status::healthz)),
    ("/readyz", || get(status::readyz)),
    ("/api/v1/openapi.json", || get(description)),
];

/// Every path of the interface, without the page's files.
pub(crate) fn paths() -> impl Iterator<Item = &'static str> {
    OF_STREAM.into_iter().chain(OF_RELAY).map(|(path, _)| path)
}

/// Every route; `live` is the live stream beside a recording.
pub(crate) fn router(
    main: Arc<AppState>,
    live: Option<Arc<AppState>>,
    access: Option<Arc<Access>>,
) -> Router {
    let app_files = app_files::routes(&main.http.app);
    let config = Arc::clone(&main.http);
    let mut router = routes(OF_RELAY)
        .merge(of_stream(Arc::clone(&main)))
        .with_state(main);
    if let Some(live) = live {
        router = router.nest(LIVE_BASE, of_stream(live));
    }
    router = router
        .method_not_allowed_fallback(error::method_not_allowed)
        .fallback_service(app_files);
    if let Some(access) = access {
        router = router.layer(from_fn_with_state(access, access::admit));
    }
    router.layer(from_fn_with_state(config, headers::guard))
}

/// The routes of one stream.
fn of_stream<S: Clone + Send + Sync + 'static>(state: Arc<AppState>) -> Router<S> {
    routes(OF_STREAM)
        .route("/api/{*rest}", get(error::no_such_route))
        .with_state(state)
}

fn routes<const N: usize>(table: [Route; N]) -> Router<Arc<AppState>> {
    table
        .into_iter()
        .fold(Router::new(), |router, (path, handler)| {
            router.route(path, handler())
        })
}

/// The interface, described for programs.
async fn description() -> impl IntoResponse {
    let content_type = (axum::http::header::CONTENT_TYPE, "application/json");
    ([content_type], include_str!("../openapi.json"))
}
