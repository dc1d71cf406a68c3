//! Follows the stream and keeps the copy: every message, in order, from where the copy ends.

use std::{mem, pin::pin, sync::Arc, time::Duration};

use async_nats::{
    HeaderMap,
    jetstream::{
        Message,
        consumer::{DeliverPolicy, push::OrderedConfig},
        stream::{Info, Stream},
    },
};
use futures::{
    FutureExt, StreamExt,
    future::{Fuse, FusedFuture},
};
use tokio::time::{interval, sleep};
use wire::{LogId, ndjson};

use super::{Hub, names};
use crate::log::{
    LogError,
    writer::{Ask, Given, Request},
};

/// Messages that are applied together at most.
const MAX_APPLY: usize = 2_000;
/// How often it is looked whether the stream is still the same and nothing of it was missed.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Pause before the stream is tried again.
const PAUSE: Duration = Duration::from_millis(250);

/// Follows the stream for ever, whatever becomes of it.
pub(super) async fn follow(hub: Arc<Hub>) {
    let mut said = String::new();
    loop {
        match hub.follow_until_broken().await {
            Ok(()) => said.clear(),
            Err(LogError::Stopped) => return,
            Err(error) => {
                let error = error.to_string();
                if error != said {
                    tracing::warn!(error, "the shared log is not followed; it is tried again");
                }
                said = error;
                sleep(PAUSE).await;
            }
        }
    }
}

impl Hub {
    /// Returns when the stream was made anew, or its first messages have to be looked at again.
    async fn follow_until_broken(&self) -> Result<(), LogError> {
        let failed = |error: &dyn std::fmt::Display| self.link.failed(error);
        let stream = self.link.stream().await?;
        self.align(&stream).await?;
        let from = self.shared.hot().tip() + 1;
        let config = OrderedConfig {
            deliver_subject: self.link.client.new_inbox(),
            deliver_policy: DeliverPolicy::ByStartSequence {
                start_sequence: from,
            },
            ..OrderedConfig::default()
        };
        let consumer = stream.create_consumer(config).await;
        let consumer = consumer.map_err(|error| failed(&error))?;
        let messages = consumer.messages().await.map_err(|error| failed(&error))?;
        let mut messages = messages.ready_chunks(MAX_APPLY);
        let mut come = Vec::new();
        let mut taking = pin!(Fuse::terminated());
        let mut looks = interval(LOOK_EVERY);
        let mut stood_at = None;
        let following = async {
            loop {
                if taking.is_terminated() && !come.is_empty() {
                    taking.set(self.take(&stream, mem::take(&mut come)).fuse());
                }
                tokio::select! {
                    is_same_log = &mut taking => {
                        if !is_same_log? {
                            return Ok(());
                        }
                    }
                    // The more of them are put into the copy together, the fewer of its pages are written twice.
                    chunk = messages.next(), if come.len() < MAX_APPLY => {
                        for message in chunk.ok_or_else(|| failed(&"it was closed"))? {
                            come.push(message.map_err(|error| failed(&error))?);
                        }
                    }
                    _ = looks.tick(), if taking.is_terminated() => {
                        let info = stream.get_info().await.map_err(|error| failed(&error))?;
                        let (id, tip) = (self.link.log_id(&info)?, self.shared.hot().tip());
                        let is_behind = info.state.last_sequence > tip;
                        if id != *self.shared.hot().id() || info.state.last_sequence < tip {
                            return Ok(());
                        }
                        // Messages are there, and none came since the last look.
                        if is_behind && stood_at == Some(tip) {
                            return Err(failed(&"it sends nothing"));
                        }
                        stood_at = is_behind.then_some(tip);
                    }
                    () = self.restarted.notified() => return Ok(()),
                    () = self.link.broken.notified() => return Err(failed(&"the connection has broken")),
                }
            }
        };
        let ended = following.await;
        // The tip, at which it goes on then, has to stand behind it.
        if !taking.is_terminated() {
            let _ = taking.await;
        }
        ended
    }

    /// Makes the copy one of this stream, and announces what it will not get any more.
    async fn align(&self, stream: &Stream<Info>) -> Result<(), LogError> {
        let info = stream.cached_info();
        let id = self.link.log_id(info)?;
        let (copied, tip, stamp) = {
            let hot = self.shared.hot();
            let copied = hot.position(names::COPIED).unwrap_or_default();
            (hot.id().clone(), hot.tip(), names::copied(&copied).1)
        };
        if id != copied {
            tracing::warn!(
                log = id.as_str(),
                "the shared log was made anew; it is copied from its beginning"
            );
            return self.copy_anew(id, info).await;
        }
        // What a power failure took from the server may have been replaced by then.
        let is_replaced = match stream.get_raw_message(tip).await {
            Ok(message) => stamp != 0 && message.time.unix_timestamp_nanos() != stamp.into(),
            Err(_) => false,
        };
        if info.state.last_sequence < tip || is_replaced {
            tracing::error!(
                tip,
                last = info.state.last_sequence,
                "the shared log has lost its newest events; it is copied from its beginning"
            );
            return self.copy_anew(id, info).await;
        }
        self.leave_out(tip + 1, info.state.first_sequence).await
    }

    async fn copy_anew(&self, id: LogId, info: &Info) -> Result<(), LogError> {
        let key = self.shared.author_key;
        self.ask(|reply| Request::Copy(Ask::Become(id, key, reply)))
            .await??;
        self.leave_out(1, info.state.first_sequence).await
    }

    /// What has left the stream before it was copied will not come.
    async fn leave_out(&self, next: u64, first: u64) -> Result<(), LogError> {
        if first <= next {
            return Ok(());
        }
        tracing::warn!(
            from = next,
            to = first - 1,
            "events left the shared log before they were copied"
        );
        let hole = Some((next, first - 1));
        self.ask(|reply| Request::Copy(Ask::Apply(Vec::new(), hole, reply)))
            .await?
    }

    /// Puts messages into the copy; `false` where they are of another log than it.
    async fn take(&self, stream: &Stream<Info>, messages: Vec<Message>) -> Result<bool, LogError> {
        let log = self.shared.hot().id().clone();
        let mut next = self.shared.hot().tip() + 1;
        let mut given = Vec::with_capacity(messages.len());
        for message in &messages {
            let info = message.info().map_err(|error| self.link.failed(error))?;
            let seq = info.stream_sequence;
            let stamp = i64::try_from(info.published.unix_timestamp_nanos()).unwrap_or(0);
            let headers = message.headers.as_ref();
            if header(headers, names::LOG).is_some_and(|id| id != log.as_str()) {
                return Ok(false);
            }
            if seq > next {
                // Withdrawn posts have gone from the stream, which is no gap; or old ones were removed.
                self.apply(mem::take(&mut given)).await?;
                let info = stream
                    .get_info()
                    .await
                    .map_err(|error| self.link.failed(error))?;
                self.leave_out(next, info.state.first_sequence.min(seq))
                    .await?;
            }
            next = next.max(seq + 1);
            given.push(Given {
                stamp,
                ..read(seq, headers, &message.payload)
            });
        }
        self.apply(given).await?;
        Ok(true)
    }

    async fn apply(&self, given: Vec<Given>) -> Result<(), LogError> {
        if given.is_empty() {
            return Ok(());
        }
        self.ask(|reply| Request::Copy(Ask::Apply(given, None, reply)))
            .await?
    }
}

/// What cannot be read is passed over by every relay alike.
fn read(seq: u64, headers: Option<&HeaderMap>, payload: &[u8]) -> Given {
    let line = std::str::from_utf8(payload).unwrap_or_default();
    let event = (!line.is_empty()).then(|| ndjson::decode_line(line));
    if let Some(Err(error)) = &event {
        tracing::warn!(seq, %error, "a message of the shared log is no event");
    }
    let lease = header(headers, names::LEASE).and_then(|lease| {
        let (token, source) = lease.split_once(' ')?;
        Some((serde_json::from_str(source).ok()?, token.parse().ok()?))
    });
    let position = header(headers, names::POSITION);
    Given {
        seq,
        event: event.and_then(Result::ok),
        position: position.and_then(|position| serde_json::from_str(position).ok()),
        lease,
        stamp: 0,
    }
}

fn header<'a>(headers: Option<&'a HeaderMap>, name: &str) -> Option<&'a str> {
    headers?.get(name).map(|value| value.as_str())
}
