//! The second listener, for whoever runs the relay: metrics and health. Not for the public.

use std::sync::Arc;

use axum::{Router, extract::State, http::header, response::IntoResponse, routing::get};

use super::{AppState, metrics, status};

/// The streams that are told of.
type Streams = (Arc<AppState>, Option<Arc<AppState>>);

/// Its routes.
pub(crate) fn router(main: Arc<AppState>, live: Option<Arc<AppState>>) -> Router {
    Router::new()
        .route("/healthz", get(status::healthz))
        .route("/readyz", get(status::readyz))
        .with_state(Arc::clone(&main))
        .route("/metrics", get(write).with_state((main, live)))
}

async fn write(State((main, live)): State<Streams>) -> impl IntoResponse {
    let content_type = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    (content_type, metrics::write(&main, live.as_deref()))
}
