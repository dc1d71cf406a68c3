//! History: pages of event lines behind a cursor, as newline-delimited JSON.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes},
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use wire::{Cursor, Millis, event::GapReason};

use super::{AppState, error::Problem, stream::parse_kinds};
use crate::log::{Line, Read, Want};

const DEFAULT_LIMIT: usize = 1_000;
const MAX_LIMIT: usize = 10_000;
/// A page is closed once it has this many bytes, whatever its limit: the kernel holds as many for a connection,
/// so that whoever takes nothing keeps next to nothing in this process.
const MAX_PAGE_BYTES: usize = 64 << 10;

/// The cursor to ask with for the next page. Absent on the last page.
const NEXT_CURSOR: HeaderName = HeaderName::from_static("x-next-cursor");
/// Seqs `from-to reason` that the page had to leave out, once a stretch.
const GAP: HeaderName = HeaderName::from_static("x-gap");

/// What may stand behind the `?`.
#[derive(Debug, Deserialize)]
pub(super) struct HistoryQuery {
    /// Exclusive, as everywhere.
    after: Option<String>,
    /// Events with `at` from here on …
    from: Option<Millis>,
    /// … and before this.
    to: Option<Millis>,
    kinds: Option<String>,
    limit: Option<usize>,
}

/// `GET /api/v1/history?after=&from=&to=&kinds=&limit=`: one page, oldest first.
///
/// While there is more, `X-Next-Cursor` holds the `after` of the next page and `Link` its address. A page
/// may hold fewer lines than asked for, or none, and still have a next one. Of an unknown log the page
/// is empty and the status 404, since its seqs mean nothing here.
pub(super) async fn history(
    State(state): State<Arc<AppState>>,
    query: Result<Query<HistoryQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(query) = query?;
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(Problem::bad_request(format!(
            "limit is {limit}, but it has to be from 1 to {MAX_LIMIT}"
        )));
    }
    let mut want = Want {
        kinds: parse_kinds(query.kinds.as_deref())?,
        from: query.from.unwrap_or(Millis::MIN),
        to: query.to.unwrap_or(Millis::MAX),
        max_lines: limit,
        max_bytes: MAX_PAGE_BYTES,
    };
    let mut cursor = match query.after.as_deref().filter(|after| !after.is_empty()) {
        Some(after) => after
            .parse::<Cursor>()
            .map_err(|error| Problem::bad_request(error.to_string()))?,
        None => Cursor {
            log: state.log.head().log,
            seq: 0,
        },
    };
    let mut headers = HeaderMap::new();
    let mut lines: Vec<Line> = Vec::new();
    let has_more = loop {
        match state.of_requests.read(&cursor, &want).await? {
            Read::Reset { log } => {
                return Err(Problem::not_found(format!(
                    "{cursor} is no place in the log that is served now, {log}"
                )));
            }
            Read::Gap(gap) => {
                let reason = match gap.reason {
                    GapReason::BelowFloor => "below_floor",
                    GapReason::UncleanStop => "unclean_stop",
                };
                append(
                    &mut headers,
                    GAP,
                    &format!("{}-{} {reason}", gap.from, gap.to),
                );
                cursor.seq = gap.to;
            }
            Read::Page(page) => {
                cursor.seq = page.scanned;
                want.max_lines -= page.lines.len();
                want.max_bytes = want
                    .max_bytes
                    .saturating_sub(page.lines.iter().map(|line| line.frame().len()).sum());
                lines.extend(page.lines);
                if cursor.seq >= page.tip {
                    break false;
                }
                if want.max_lines == 0 || want.max_bytes == 0 {
                    break true;
                }
            }
        }
    };
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/x-ndjson"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if has_more {
        append(&mut headers, NEXT_CURSOR, &cursor.to_string());
        append(
            &mut headers,
            header::LINK,
            &format!("<{}>; rel=\"next\"", behind(&query, &cursor, limit)),
        );
    }
    let pieces = lines
        .into_iter()
        .map(|line| Ok::<Bytes, std::convert::Infallible>(line.ndjson()));
    Ok((headers, Body::from_stream(futures::stream::iter(pieces))).into_response())
}

fn append(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.append(name, value);
    }
}

/// The same question behind another cursor, relative to this one: the path may be under /live, or a proxy's.
fn behind(query: &HistoryQuery, cursor: &Cursor, limit: usize) -> String {
    let mut address = format!("?after={cursor}&limit={limit}");
    let numbers = [("from", query.from), ("to", query.to)];
    for (name, value) in numbers
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
    {
        address.push_str(&format!("&{name}={value}"));
    }
    if let Some(kinds) = query.kinds.as_deref().filter(|kinds| !kinds.is_empty()) {
        // They were parsed, so they are the known words, commas and spaces only.
        address.push_str(&format!("&kinds={}", kinds.replace(' ', "")));
    }
    address
}
