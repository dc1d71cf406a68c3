//! Headers of every answer: what browsers must not do with it, and which other pages may read it.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{error::Problem, serve::Visit};
use crate::config::HttpConfig;

/// No request has a body that anybody reads.
const MAX_BODY: u64 = 64 << 10;
const ALWAYS: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (header::X_FRAME_OPTIONS, "DENY"),
];

/// Adds what every answer has, and what its origin may know.
pub(super) fn add_to_answer(answer: &mut HeaderMap, request: &HeaderMap, config: &HttpConfig) {
    for (name, value) in ALWAYS {
        answer.insert(name, HeaderValue::from_static(value));
    }
    if config.certificate_file.is_some() {
        let year = HeaderValue::from_static("max-age=31536000");
        answer.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    if config.allow_origins.is_empty() {
        return;
    }
    answer.append(header::VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = allowed_origin(request, config) {
        answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let readable = HeaderValue::from_static("x-next-cursor, x-gap, link, retry-after");
        answer.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, readable);
    }
}

fn allowed_origin(request: &HeaderMap, config: &HttpConfig) -> Option<HeaderValue> {
    let origin = request.get(header::ORIGIN)?;
    let is_allowed = config
        .allow_origins
        .iter()
        .any(|allowed| allowed.as_bytes() == origin.as_bytes());
    is_allowed.then(|| origin.clone())
}

/// Around everything: sizes, time, questions of browsers, and headers.
pub(super) async fn guard(
    State(config): State<Arc<HttpConfig>>,
    request: Request,
    next: Next,
) -> Response {
    let asked = request.headers().clone();
    let visit = request.extensions().get::<Visit>().cloned();
    let mut response = if announced_length(&asked) > MAX_BODY {
        Problem::too_large().into_response()
    } else if let Some(answer) = preflight(&request, &config) {
        answer
    } else {
        // The stream is taken over once what was asked before it has been written.
        let answer = tokio::time::timeout(config.request_timeout(), next.run(request)).await;
        answer.unwrap_or_else(|_| {
            // One request is answered once.
            visit.iter().for_each(Visit::withdraw);
            Problem::unavailable("it takes too long").into_response()
        })
    };
    add_to_answer(response.headers_mut(), &asked, &config);
    response
}

fn announced_length(request: &HeaderMap) -> u64 {
    let length = request.get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
    length.unwrap_or(0)
}

/// The question of a browser whether a page of another origin may ask.
fn preflight(request: &Request, config: &HttpConfig) -> Option<Response> {
    let asks = request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if !asks {
        return None;
    }
    allowed_origin(request.headers(), config)?;
    let answer = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD"),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "authorization, last-event-id, cache-control",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, "3600"),
    ];
    Some((StatusCode::NO_CONTENT, answer).into_response())
}
