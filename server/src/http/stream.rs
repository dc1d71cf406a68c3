//! The request for the stream: where a reader begins, what it wants, and the head of the answer.
//!
//! The answer's body is not hyper's: the socket is handed over to `fanout`, which holds a twentieth of the
//! memory for it and writes the same bytes to everybody. So it ends with the connection.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use wire::{Cursor, LogId};

use super::{
    AppState,
    choice::Bars,
    error::Problem,
    headers,
    reader::{Reader, Wish},
    serve::{Visit, Wanted},
};
use crate::log::Kinds;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
const MAX_CONFLATE_MS: u64 = 60_000;

/// What may stand behind the `?`.
#[derive(Debug, Deserialize)]
pub(super) struct StreamQuery {
    after: Option<String>,
    kinds: Option<String>,
    topics: Option<String>,
    conflate: Option<u64>,
}

/// `GET /api/v1/stream?after=&kinds=&topics=&conflate=`: events behind a cursor, then live, for ever.
pub(super) async fn stream(
    State(state): State<Arc<AppState>>,
    Extension(visit): Extension<Visit>,
    query: Result<Query<StreamQuery>, QueryRejection>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Query(query) = query?;
    if state.health.is_draining() {
        return Err(Problem::unavailable("the relay is stopping"));
    }
    let cursor = starting_point(&headers, query.after.as_deref(), &state.log.head().log)?;
    let wish = parse_wish(&state, &query)?;
    let mut answer = stream_headers();
    if method == Method::HEAD {
        return Ok(answer.into_response());
    }
    let place = state
        .gate
        .open_stream(visit.client)
        .ok_or_else(|| Problem::too_many("this address has too many open streams; close one"))?;
    headers::add_to_answer(&mut answer, &headers, &state.http);
    let reader = Reader::new(state, cursor, wish, place);
    visit.hand_over(Wanted {
        head: head(&answer),
        reader,
    });
    // The connection is taken out of this request's hands.
    std::future::pending().await
}

fn stream_headers() -> HeaderMap {
    HeaderMap::from_iter([
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/event-stream"),
        ),
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("no-cache, no-transform"),
        ),
        (
            HeaderName::from_static("x-accel-buffering"),
            HeaderValue::from_static("no"),
        ),
    ])
}

/// Without a length: the body ends with the connection.
fn head(headers: &HeaderMap) -> Vec<u8> {
    let mut head = b"HTTP/1.1 200 OK\r\n".to_vec();
    for (name, value) in headers {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"connection: close\r\n\r\n");
    head
}

fn parse_wish(state: &AppState, query: &StreamQuery) -> Result<Wish, Problem> {
    let conflate = query.conflate.filter(|millis| *millis > 0);
    if conflate.is_some_and(|millis| millis > MAX_CONFLATE_MS) {
        return Err(Problem::bad_request(format!(
            "conflate is in milliseconds, at most {MAX_CONFLATE_MS}"
        )));
    }
    let bars = conflate.map_or(Bars::All, |_| Bars::Newest);
    let (known, asked) = (&state.public.topics, query.topics.as_deref());
    let choice = state.choices.get(known, asked, bars).map_err(|name| {
        Problem::bad_request(format!("there is no topic {name:?}; see /api/v1/config"))
    })?;
    Ok(Wish {
        kinds: parse_kinds(query.kinds.as_deref())?,
        choice,
        conflate: conflate.map(Duration::from_millis),
    })
}

/// A browser that reconnects sends the header and keeps the old address, so the header wins.
///
/// A header that is no cursor is answered by a reset and not by an error, after which a browser would
/// never come back; an address is written by a programmer, who wants to read the error.
fn starting_point(
    headers: &HeaderMap,
    after: Option<&str>,
    log: &LogId,
) -> Result<Cursor, Problem> {
    let beginning = Cursor {
        log: log.clone(),
        seq: 0,
    };
    let header = headers
        .get(LAST_EVENT_ID)
        .map(HeaderValue::as_bytes)
        .filter(|value| !value.is_empty());
    if let Some(value) = header {
        let cursor = std::str::from_utf8(value)
            .ok()
            .and_then(|text| text.parse().ok());
        return Ok(cursor.unwrap_or(Cursor {
            log: beginning.log,
            seq: u64::MAX,
        }));
    }
    match after {
        None | Some("") => Ok(beginning),
        Some(after) => after
            .parse()
            .map_err(|error: wire::cursor::CursorError| Problem::bad_request(error.to_string())),
    }
}

pub(super) fn parse_kinds(kinds: Option<&str>) -> Result<Kinds, Problem> {
    let unknown = |word| {
        Problem::bad_request(format!(
            "there is no kind {word:?}; known are post, bar, status, delete, attention"
        ))
    };
    kinds
        .filter(|kinds| !kinds.is_empty())
        .map_or(Ok(Kinds::ALL), |kinds| Kinds::parse(kinds).map_err(unknown))
}
