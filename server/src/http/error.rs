//! Errors as `application/problem+json` (RFC 9457): what is wrong, and what would be right.

use axum::{
    extract::rejection::QueryRejection,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::log::LogError;

/// In seconds; whoever is refused for now is told when to come back.
pub(super) const RETRY_AFTER: &str = "10";

/// A request that cannot be answered.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    detail: String,
}

impl Problem {
    /// The request itself is wrong.
    pub(super) fn bad_request(detail: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            detail: detail.into(),
        }
    }

    pub(super) fn not_found(detail: impl Into<String>) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            detail: detail.into(),
        }
    }

    pub(super) fn too_many(detail: &str) -> Self {
        Self {
            status: StatusCode::TOO_MANY_REQUESTS,
            detail: detail.to_owned(),
        }
    }

    pub(super) fn too_large() -> Self {
        Self {
            status: StatusCode::PAYLOAD_TOO_LARGE,
            detail: "no request here has a body".to_owned(),
        }
    }

    pub(super) fn unauthorized() -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            detail: "this relay is read with a token: Authorization: Bearer, or as a password"
                .to_owned(),
        }
    }

    /// It may work later.
    pub(super) fn unavailable(detail: impl Into<String>) -> Self {
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            detail: detail.into(),
        }
    }
}

/// A value behind the `?` that is not even of the right kind.
impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Self::bad_request(rejection.body_text())
    }
}

impl From<LogError> for Problem {
    fn from(error: LogError) -> Self {
        // What the storage says may name paths: it goes into our log, not to whoever asked.
        tracing::error!(%error, "the log could not be read");
        Self::unavailable("the log cannot be read at the moment")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let title = self.status.canonical_reason().unwrap_or("Error");
        let body = serde_json::json!({ "title": title, "status": self.status.as_u16(), "detail": self.detail });
        let content_type = HeaderValue::from_static("application/problem+json");
        let content_type = [(header::CONTENT_TYPE, content_type)];
        let mut response = (self.status, content_type, body.to_string()).into_response();
        let headers = response.headers_mut();
        if matches!(
            self.status,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
        ) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let ask = HeaderValue::from_static("Basic realm=\"Moodtape\", charset=\"UTF-8\"");
            headers.insert(header::WWW_AUTHENTICATE, ask);
        }
        response
    }
}

pub(super) async fn no_such_route(uri: axum::http::Uri) -> Problem {
    Problem::not_found(format!(
        "there is no {:?}; see stream, history, prices, status and config under /api/v1",
        uri.path()
    ))
}

pub(super) async fn method_not_allowed() -> Problem {
    Problem {
        status: StatusCode::METHOD_NOT_ALLOWED,
        detail: "only GET and HEAD are answered".to_owned(),
    }
}
