//! The second listener, for whoever runs the relay: metrics and health. Not for the public.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};

use super::{AppState, metrics, status};

/// Its routes.
pub(crate) fn router(main: Arc<AppState>, live: Option<Arc<AppState>>) -> Router {
    let streams: Arc<[Arc<AppState>]> = [main.clone()].into_iter().chain(live).collect();
    Router::new()
        .route("/healthz", get(status::healthz))
        .route("/readyz", get(status::readyz))
        .with_state(main)
        .route("/metrics", get(write).with_state(streams))
}

async fn write(State(streams): State<Arc<[Arc<AppState>]>>) -> Response {
    let content_type = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    let all: Vec<&AppState> = streams.iter().map(|state| &**state).collect();
    let Some(first) = all.first() else {
        return ().into_response();
    };
    let page = metrics::write(&all, &first.metrics, &first.gate);
    (content_type, page).into_response()
}
