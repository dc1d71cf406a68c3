//! Bluesky's Jetstream: every public post of the network over one web socket, without a key.
//!
//! It resumes by the server's stamp, a little before where it was, since frames come out of order; the
//! repeats are told by identity. A position that is too old is clamped without a word, so that the
//! first frame is compared with what was asked for.

pub mod decode;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use tokio_tungstenite::tungstenite::Message;
use url::Url;
use wire::{Body, Delete, Event, Millis, Missed, author::AuthorKey, time::MINUTE};

use super::{
    Source, Start, Step,
    clock::Clock,
    live::Setup,
    policy::{Policy, Schedule},
    sieve::Record,
};
use crate::{
    config::JetstreamWire,
    net::{
        Network, SourceError,
        ws::{Opening, Socket},
    },
};
use decode::{POSTS, What};

const DEFAULT_URL: &str = "wss://jetstream2.us-east.bsky.network/subscribe";
const DEFAULT_URL_V2: &str =
    "wss://jetstream.us-east.bsky.network/xrpc/network.bsky.jetstream.subscribeEvents";
/// The server pings every 30 s.
const IDLE: Duration = Duration::from_secs(75);
/// Frames come out of order by less than this.
const REWIND_US: i64 = 3_000_000;
/// On the whole network somebody posts several times a second: a longer silence behind the position
/// that was asked for means that what was posted then is no longer held.
const SILENCE_IS_GAP: Millis = MINUTE;

/// Follows one instance.
pub(crate) struct Jetstream {
    name: String,
    url: Url,
    wire: JetstreamWire,
    network: Network,
    clock: Arc<Clock>,
    key: AuthorKey,
    socket: Option<Socket>,
    /// Without a position so much of the past is asked for.
    first_reach: Millis,
    /// The furthest that has been received; 0 for nothing yet.
    reached: Reached,
    /// The server's stamp behind which this connection was to go on; until its first frame.
    asked: Option<i64>,
    /// Connections in a row that an unreadable frame has ended without any progress.
    n_stuck: u32,
    /// Steps that come before the next frame.
    first: VecDeque<Step>,
}

/// A position in the stream.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
struct Reached {
    time_us: i64,
    seq: u64,
}

impl Jetstream {
    pub(crate) fn new(setup: &Setup) -> Result<Self, SourceError> {
        let wire = setup.config.wire;
        let default = match wire {
            JetstreamWire::V1 => DEFAULT_URL,
            JetstreamWire::V2 => DEFAULT_URL_V2,
        };
        Ok(Self {
            name: setup.name(),
            url: setup.url(default)?,
            wire,
            network: setup.network.clone(),
            clock: Arc::clone(&setup.clock),
            key: setup.author_key,
            socket: None,
            first_reach: (setup.config.first_reach_mins * MINUTE as f64) as Millis,
            reached: Reached::default(),
            asked: None,
            n_stuck: 0,
            first: VecDeque::new(),
        })
    }

    fn address(&self, resume: Option<Reached>) -> Url {
        let mut url = self.url.clone();
        let mut query = url.query_pairs_mut();
        match self.wire {
            JetstreamWire::V1 => {
                query.append_pair("wantedCollections", POSTS);
                if let Some(Reached { time_us, .. }) = resume {
                    query.append_pair("cursor", &time_us.to_string());
                }
            }
            JetstreamWire::V2 => {
                query
                    .append_pair("kinds", "commit")
                    .append_pair("kinds", "account");
                query.append_pair("collections", POSTS);
                if let Some(Reached { seq, .. }) = resume {
                    query.append_pair("cursor", &seq.to_string());
                }
            }
        }
        drop(query);
        url
    }

    /// Where to go on: a little before what was reached. Where that has failed twice in the same
    /// place, behind it, in growing steps: some frame there ends every connection.
    fn resume(&mut self) -> Option<Reached> {
        if self.reached == Reached::default() {
            // The second form's numbers do not tell time.
            let has_stamps = self.wire == JetstreamWire::V1 && self.first_reach > 0;
            let time_us = (self.clock.now() - self.first_reach) * 1_000;
            return has_stamps.then_some(Reached { time_us, seq: 0 });
        }
        let Reached { time_us, seq } = self.reached;
        if self.n_stuck < 3 {
            let time_us = time_us - REWIND_US;
            return Some(Reached { time_us, seq });
        }
        let doublings = (self.n_stuck - 3).min(20);
        let passed = Reached {
            time_us: time_us + (100_000 << doublings),
            seq: seq + (1 << doublings),
        };
        self.missed(time_us / 1_000, passed.time_us / 1_000);
        self.reached = passed;
        Some(passed)
    }

    fn missed(&mut self, from: Millis, to: Millis) {
        if from < to {
            self.first.push_back(Step::Missed(Missed { from, to }));
        }
    }

    async fn open(&self, resume: Option<Reached>) -> Result<Socket, SourceError> {
        let opening = Opening::new(self.address(resume), IDLE);
        opening.open(&self.network, self.clock.now()).await
    }

    fn take(&mut self, messages: Vec<Message>) -> Result<Vec<Record>, SourceError> {
        let seen_at = self.clock.now();
        let mut records = Vec::with_capacity(messages.len());
        let mut gone = Vec::new();
        for message in messages {
            let said = match decode::decode(&message.into_data(), &self.key) {
                Ok(said) => said,
                Err(reason) => {
                    records.push(Err(reason));
                    continue;
                }
            };
            self.advance(&said);
            let at = said.at();
            match said.what {
                What::Post(post) => records.push(Ok(Event::live(at, seen_at, Body::Post(post)))),
                What::Delete(delete) => {
                    records.push(Ok(Event::live(at, seen_at, Body::Delete(delete))));
                }
                What::AuthorGone(author) => gone.push(author),
                What::Outdated => self.missed(self.reached.time_us / 1_000, seen_at),
                What::Error(said) => return Err(SourceError::Closed(format!(": {said}"))),
                What::Other => {}
            }
        }
        if !gone.is_empty() {
            self.first.push_back(Step::AuthorsGone(gone));
        }
        Ok(records)
    }

    /// Notes how far the stream has come, and what its first frame says about what is no longer held.
    fn advance(&mut self, said: &decode::Said) {
        if said.time_us == 0 {
            return;
        }
        if let Some(asked) = self.asked.take() {
            let (from, to) = (asked / 1_000, said.at());
            if to - from > SILENCE_IS_GAP {
                self.missed(from, to);
            }
        }
        // A stamp from the future must not make the next connection ask for the future.
        let limit = self.clock.now().saturating_mul(1_000);
        let reached = Reached {
            time_us: said.time_us.min(limit),
            seq: said.seq,
        };
        if reached > self.reached {
            (self.reached, self.n_stuck) = (reached, 0);
        }
    }
}

impl Source for Jetstream {
    fn name(&self) -> &str {
        &self.name
    }

    fn policy(&self) -> Policy {
        Policy {
            transport: Schedule::doubling(1, 60),
            ..Policy::USUAL
        }
    }

    fn deleted_post_time(&self, delete: &Delete) -> Option<Millis> {
        decode::written_at(&delete.id)
    }

    async fn connect(&mut self, position: Option<&str>) -> Result<Start, SourceError> {
        self.socket = None;
        let stored = position.and_then(|position| read_position(position, self.wire));
        self.reached = self.reached.max(stored.unwrap_or_default());
        let from = self.reached.time_us;
        let resume = self.resume();
        let opened = self.open(resume).await;
        let socket = match opened {
            Err(SourceError::Refused(said)) if said.contains("CursorTooOld") => {
                self.missed(from / 1_000, self.clock.now());
                self.reached = Reached::default();
                self.open(None).await?
            }
            opened => opened?,
        };
        self.asked = resume
            .filter(|_| self.reached != Reached::default())
            .map(|_| self.reached.time_us);
        self.socket = Some(socket);
        Ok(Start::Live)
    }

    fn hang_up(&mut self) {
        self.socket = None;
    }

    async fn next(&mut self) -> Result<Step, SourceError> {
        if let Some(step) = self.first.pop_front() {
            return Ok(step);
        }
        let Some(socket) = &mut self.socket else {
            return Err(SourceError::Own("it is not connected".to_owned()));
        };
        let messages = match socket.next().await {
            Err(error @ SourceError::Protocol(_)) => {
                self.n_stuck += 1;
                return Err(error);
            }
            messages => messages?,
        };
        let records = self.take(messages)?;
        let position =
            (self.reached != Reached::default()).then(|| write_position(self.reached, self.wire));
        Ok(Step::Records { records, position })
    }
}

/// `v1 <µs>` or `v2 <µs> <seq>`: seqs of the second form belong to one instance and mean nothing in the first.
fn write_position(reached: Reached, wire: JetstreamWire) -> String {
    let Reached { time_us, seq } = reached;
    match wire {
        JetstreamWire::V1 => format!("v1 {time_us}"),
        JetstreamWire::V2 => format!("v2 {time_us} {seq}"),
    }
}

fn read_position(position: &str, wire: JetstreamWire) -> Option<Reached> {
    let mut words = position.split(' ');
    let form = words.next()?;
    let time_us = words.next()?.parse().ok()?;
    match (form, wire) {
        ("v1", JetstreamWire::V1) => Some(Reached { time_us, seq: 0 }),
        ("v2", JetstreamWire::V2) => Some(Reached {
            time_us,
            seq: words.next()?.parse().ok()?,
        }),
        _ => None,
    }
}
