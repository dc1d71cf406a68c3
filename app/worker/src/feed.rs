//! The connection to the relay: opens the stream, hands its bytes on, and opens it again when it breaks.
//!
//! The stream is read with `fetch` rather than `EventSource`: bytes come in large pieces instead of one
//! message an event, a reader that cannot keep up slows the sender down, and a refusal can be read.

use futures::{
    FutureExt, SinkExt, StreamExt,
    channel::mpsc::{Sender, UnboundedReceiver},
    future::pending,
    select,
};
use gloo_net::http::Request;
use gloo_timers::future::TimeoutFuture;
use js_sys::{Reflect, Uint8Array};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, ReadableStreamDefaultReader};
use wire::{Cursor, Millis, PublicConfig, sse};

use crate::Input;

/// What the feed tells the worker's loop.
pub enum Report {
    /// A new connection stands; its bytes follow.
    Opened {
        /// The relay's configuration. Without a log there is no relay, and no bytes follow.
        config: Box<PublicConfig>,
        /// Whether the relay was asked for everything.
        is_from_the_beginning: bool,
    },
    /// The next bytes of the stream, cut anywhere.
    Bytes(Vec<u8>),
    /// No connection; another attempt follows.
    Broken {
        /// Attempts that failed in a row.
        attempt: u32,
        /// Time until the next one.
        retry_in: Millis,
    },
}

/// The relay sends something at least every 10 s: silence for longer means that the connection is dead.
const SILENCE: u32 = 25_000;
/// Waits between attempts, in milliseconds; the last one repeats.
const BACK_OFF: [u32; 6] = [250, 500, 1_000, 2_000, 4_000, 8_000];
/// A relay that stops may ask for no longer wait than this.
const LONGEST_ASKED: u32 = 60_000;

/// Follows the relay for ever, from wherever `cursor` stands at each connection.
///
/// A message on `reconnect` gives up the current connection, or the current wait, and connects at once.
pub async fn run(
    relay: String,
    cursor: Rc<RefCell<Option<Cursor>>>,
    mut reconnect: UnboundedReceiver<()>,
    mut reports: Sender<Input>,
) {
    let mut attempt = 0;
    loop {
        let after = cursor.borrow().clone();
        let abort = AbortController::new().expect("every browser with modules has AbortController");
        // What the relay asked for when it ended the stream.
        let farewell = Cell::new(None);
        let following = follow(&relay, after, &abort, &farewell, reports.clone());
        let mut connection = Box::pin(following.fuse());
        let got_through = select! {
            got_through = connection => got_through,
            _ = reconnect.next() => {
                farewell.set(None);
                true
            }
        };
        drop(connection);
        abort.abort();
        attempt = if got_through { 1 } else { attempt + 1 };
        let back_off = BACK_OFF[(attempt as usize).clamp(1, BACK_OFF.len()) - 1];
        // The relay tells each reader another wait; nothing has to be spread.
        let asked = farewell.get().map(|wait: u32| wait.min(LONGEST_ASKED));
        let retry_in = asked.unwrap_or_else(|| jittered(back_off));
        let report = Report::Broken {
            attempt,
            retry_in: Millis::from(retry_in),
        };
        if reports.send(Input::Feed(report)).await.is_err() {
            return;
        }
        select! {
            _ = TimeoutFuture::new(retry_in).fuse() => {}
            _ = reconnect.next() => {}
        }
    }
}

/// One connection, until it breaks. Returns whether it ever stood.
async fn follow(
    relay: &str,
    after: Option<Cursor>,
    abort: &AbortController,
    farewell: &Cell<Option<u32>>,
    mut reports: Sender<Input>,
) -> bool {
    let is_from_the_beginning = after.is_none();
    let Some((config, reader)) = open(relay, after, abort).await else {
        return false;
    };
    let mut report = Report::Opened {
        config: Box::new(config),
        is_from_the_beginning,
    };
    loop {
        if reports.send(Input::Feed(report)).await.is_err() {
            return true;
        }
        let Some(reader) = &reader else {
            return pending().await;
        };
        let bytes = select! {
            bytes = read(reader).fuse() => bytes,
            _ = TimeoutFuture::new(SILENCE).fuse() => None,
        };
        match bytes {
            Some(bytes) => {
                farewell.set(sse::farewell(&bytes));
                report = Report::Bytes(bytes);
            }
            None => return true,
        }
    }
}

async fn open(
    relay: &str,
    after: Option<Cursor>,
    abort: &AbortController,
) -> Option<(PublicConfig, Option<ReadableStreamDefaultReader>)> {
    let signal = abort.signal();
    let config = Request::get(&format!("{relay}/api/v1/config"))
        .abort_signal(Some(&signal))
        .send()
        .await
        .ok()?;
    let config: PublicConfig = config.json().await.ok()?;
    // The page's own folder has such a file, for hosts without a relay.
    if config.log.is_none() {
        return Some((config, None));
    }
    let after = after
        .map(|cursor| format!("?after={cursor}"))
        .unwrap_or_default();
    let stream = Request::get(&format!("{relay}/api/v1/stream{after}"))
        .header("Accept", "text/event-stream")
        .abort_signal(Some(&signal))
        .send()
        .await
        .ok()?;
    if !stream.ok() {
        return None;
    }
    let reader = stream.body()?.get_reader().dyn_into().ok()?;
    Some((config, Some(reader)))
}

/// The next piece of the stream; `None` at its end or when it breaks.
async fn read(reader: &ReadableStreamDefaultReader) -> Option<Vec<u8>> {
    let piece = JsFuture::from(reader.read()).await.ok()?;
    let value = Reflect::get(&piece, &JsValue::from_str("value")).ok()?;
    Some(value.dyn_into::<Uint8Array>().ok()?.to_vec())
}

/// Spreads attempts of many readers: between 50 and 150 % of `wait`.
fn jittered(wait: u32) -> u32 {
    (f64::from(wait) * (0.5 + js_sys::Math::random())) as u32
}
