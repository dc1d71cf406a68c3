//! The stream: a loop that pulls from the log whatever lies behind the reader's cursor, and sleeps at the tip.
//!
//! Nothing is queued for a reader. One that is slow simply asks less often, and what it missed meanwhile
//! comes in one piece; one that takes nothing at all is dropped by the connection's write time-out.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::{Query, State},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use tokio::{sync::watch, time::Instant};
use wire::{Cursor, Event, LogId, Reset, Tip, ndjson, sse};

use super::{AppState, error::Problem};
use crate::{
    backoff::chance,
    log::{Kinds, LogError, Read, Want},
};

/// A piece of the body is closed once it has this many bytes.
const PIECE_BYTES: usize = 64 << 10;
/// A browser gains nothing from more frequent pieces, and each costs a system call.
const MIN_PAUSE: Duration = Duration::from_millis(20);
const TIP_EVERY: Duration = Duration::from_secs(2);
const TIP_EVERY_IN_REPLAY: Duration = Duration::from_secs(1);
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// What may stand behind the `?`.
#[derive(Debug, Deserialize)]
pub(super) struct StreamQuery {
    after: Option<String>,
    kinds: Option<String>,
}

/// `GET /api/v1/stream?after=&kinds=`: events behind a cursor, then live, for ever.
pub(super) async fn stream(
    State(state): State<AppState>,
    Query(query): Query<StreamQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let cursor = starting_point(&headers, query.after.as_deref(), &state.log.head().log)?;
    let reader = Reader::new(state, cursor, parse_kinds(query.kinds.as_deref())?);
    let pieces = futures::stream::unfold(reader, async |mut reader| {
        let piece = reader.next_piece().await?;
        Some((Ok::<Bytes, std::convert::Infallible>(piece), reader))
    });
    let headers = [
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
    ];
    Ok((headers, Body::from_stream(pieces)).into_response())
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

/// One open stream.
struct Reader {
    state: AppState,
    published: watch::Receiver<u64>,
    stop: watch::Receiver<bool>,
    cursor: Cursor,
    want: Want,
    /// The reader has still to be told when it has caught up.
    is_behind: bool,
    has_begun: bool,
    last_piece: Instant,
    next_tip: Instant,
    next_heartbeat: Instant,
    _counted: Counted,
}

impl Reader {
    fn new(state: AppState, cursor: Cursor, kinds: Kinds) -> Self {
        let now = Instant::now();
        Self {
            published: state.log.published(),
            stop: state.stop.clone(),
            cursor,
            want: Want {
                kinds,
                max_bytes: PIECE_BYTES,
                ..Want::default()
            },
            is_behind: true,
            has_begun: false,
            last_piece: now,
            next_tip: now,
            next_heartbeat: now + state.http.heartbeat(),
            _counted: Counted::new(&state.n_readers),
            state,
        }
    }

    /// Waits for the next piece of the body; `None` when the stream ends.
    async fn next_piece(&mut self) -> Option<Bytes> {
        loop {
            if *self.stop.borrow_and_update() {
                return None;
            }
            // Marked as seen before the log is read, so that nothing published meanwhile is slept through.
            self.published.mark_unchanged();
            let mut piece = Vec::new();
            self.begin(&mut piece);
            if let Err(error) = self.pull(&mut piece).await {
                tracing::error!(%error, "a stream ends, since the log cannot be read");
                return None;
            }
            self.tell_time(&mut piece);
            if !piece.is_empty() {
                self.last_piece = Instant::now();
                return Some(piece.into());
            }
            self.sleep().await;
        }
    }

    /// How long to wait before coming back after a break: not everybody at once.
    fn begin(&mut self, piece: &mut Vec<u8>) {
        if !self.has_begun {
            self.has_begun = true;
            let retry_ms = (1_000.0 + 2_000.0 * chance()) as u32;
            piece.extend_from_slice(format!("retry: {retry_ms}\n\n").as_bytes());
        }
    }

    async fn pull(&mut self, piece: &mut Vec<u8>) -> Result<(), LogError> {
        match self.state.log.read(&self.cursor, &self.want).await? {
            Read::Page(page) => {
                page.lines
                    .iter()
                    .for_each(|line| piece.extend_from_slice(line.frame()));
                self.cursor.seq = page.scanned;
                if page.scanned < page.tip {
                    self.is_behind = true;
                } else if self.is_behind {
                    self.is_behind = false;
                    self.next_tip = Instant::now();
                }
            }
            Read::Gap(gap) => {
                self.cursor.seq = gap.to;
                self.notice(piece, wire::Body::Gap(gap));
                self.heartbeat(piece);
            }
            Read::Reset { log } => {
                self.cursor = Cursor {
                    log: log.clone(),
                    seq: 0,
                };
                self.is_behind = true;
                // A replay gives the same events again, so that what was stored of it has to go.
                let discard = self.state.clock.is_replay();
                self.notice(piece, wire::Body::Reset(Reset { log, discard }));
                self.heartbeat(piece);
            }
        }
        Ok(())
    }

    /// What is said from time to time: the tip, and how far this reader has been sent.
    fn tell_time(&mut self, piece: &mut Vec<u8>) {
        let now = Instant::now();
        if now >= self.next_heartbeat {
            self.heartbeat(piece);
        }
        if now >= self.next_tip {
            let every = if self.state.clock.is_replay() {
                TIP_EVERY_IN_REPLAY
            } else {
                TIP_EVERY
            };
            self.next_tip = now + every;
            let tip = Tip {
                tip: self.state.log.head().tip,
                scanned: self.cursor.seq,
                now: self.state.clock.now(),
                sources: self.state.board.snapshot(),
                quotes: self.state.board.quotes(),
            };
            self.notice(piece, wire::Body::Tip(tip));
        }
    }

    fn heartbeat(&mut self, piece: &mut Vec<u8>) {
        self.next_heartbeat = Instant::now() + self.state.http.heartbeat();
        piece
            .extend_from_slice(sse::encode_heartbeat(&self.cursor.log, self.cursor.seq).as_bytes());
    }

    fn notice(&self, piece: &mut Vec<u8>, body: wire::Body) {
        let now = self.state.clock.now();
        let event = Event {
            seq: 0,
            seen_at: now,
            at: now,
            skewed: false,
            imported: false,
            body,
        };
        piece.extend_from_slice(sse::encode_notice(&ndjson::encode_line(&event)).as_bytes());
    }

    /// Until something is published, something is to be said, or the relay stops.
    async fn sleep(&mut self) {
        let wake_at = self.next_tip.min(self.next_heartbeat);
        let pause_until = self.last_piece + MIN_PAUSE;
        let published = async {
            // An error means that the log is gone; the stop signal ends the stream.
            if self.published.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep_until(pause_until).await;
        };
        tokio::select! {
            () = published => {}
            () = tokio::time::sleep_until(wake_at) => {}
            _ = self.stop.changed() => {}
        }
    }
}

/// Counts a stream as long as it is open.
struct Counted(Arc<watch::Sender<usize>>);

impl Counted {
    fn new(n_readers: &Arc<watch::Sender<usize>>) -> Self {
        n_readers.send_modify(|n| *n += 1);
        Self(Arc::clone(n_readers))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.send_modify(|n| *n -= 1);
    }
}
