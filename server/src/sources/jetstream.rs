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
};
use crate::{
    config::JetstreamWire,
    net::{
        Network, SourceError,
        error::printable,
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
    /// What that number was when something was passed over last: once for each such connection.
    passed_at: u32,
    /// Steps that come before the next frame.
    first: VecDeque<Step>,
    /// What was found behind records that had to be handed on first.
    broken: Option<SourceError>,
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
            passed_at: 0,
            first: VecDeque::new(),
            broken: None,
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
        if self.n_stuck == self.passed_at {
            // What was passed over has not been tried yet: the connection failed for another reason.
            return Some(self.reached);
        }
        self.passed_at = self.n_stuck;
        let doublings = (self.n_stuck - 3).min(20);
        let now_us = self.clock.now().saturating_mul(1_000);
        let passed = Reached {
            time_us: (time_us + (100_000 << doublings)).min(now_us).max(time_us),
            seq: seq.saturating_add(1 << doublings),
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

    fn take(&mut self, messages: Vec<Message>) -> Step {
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
                What::Error(said) => {
                    let said = printable(&said);
                    self.broken = Some(SourceError::Closed(format!(": {said}")));
                    break;
                }
                What::Other => {}
            }
        }
        let position =
            (self.reached != Reached::default()).then(|| write_position(self.reached, self.wire));
        if gone.is_empty() {
            return Step::Records { records, position };
        }
        // The position is committed behind the withdrawal: a relay that is stopped in between hears
        // of it again.
        self.first.push_back(Step::AuthorsGone(gone));
        let nothing = Vec::new();
        self.first.push_back(Step::Records {
            records: nothing,
            position,
        });
        Step::Records {
            records,
            position: None,
        }
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
            self.reached = reached;
            (self.n_stuck, self.passed_at) = (0, 0);
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
        (self.socket, self.broken) = (None, None);
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
        if let Some(error) = self.broken.take() {
            return Err(error);
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
        Ok(self.take(messages))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::{SourceConfig, SourceKind},
        sources::faults::{START, setup},
    };

    fn jetstream() -> Jetstream {
        let config = SourceConfig {
            kind: SourceKind::Jetstream,
            wire: JetstreamWire::V2,
            ..SourceConfig::default()
        };
        Jetstream::new(&setup(config)).unwrap()
    }

    fn message(kind: &str, rest: &str) -> Message {
        Message::text(format!(
            r#"{{"payload":{{"$type":"x#{kind}","seq":7,"did":"did:plc:a","time":"2026-05-25T14:00:00Z",{rest}}}}}"#
        ))
    }

    fn post() -> Message {
        let record = r#"{"text":"up","createdAt":"2026-05-25T14:00:00Z"}"#;
        message(
            "commit",
            &format!(
                r#""operation":"create","collection":"{POSTS}","rkey":"3kabc","record":{record}"#
            ),
        )
    }

    #[tokio::test]
    async fn what_comes_before_a_closing_frame_is_handed_on() {
        let mut source = jetstream();
        let last = Message::text(r#"{"$type":"error","error":"Shut","message":"down\n\u0007"}"#);

        let step = source.take(vec![post(), last, post()]);

        let Step::Records { records, position } = step else {
            panic!("{step:?}");
        };
        assert!(matches!(&*records, [Ok(_)]), "{records:?}");
        assert!(position.is_some_and(|position| position.ends_with(" 7")));
        let error = source.next().await.unwrap_err();
        assert!(error.to_string().ends_with(": Shut down"), "{error}");
    }

    #[tokio::test]
    async fn the_position_is_committed_behind_the_withdrawal() {
        let mut source = jetstream();

        let step = source.take(vec![post(), message("account", r#""active":false"#)]);

        assert!(
            matches!(&step, Step::Records { records, position: None } if records.len() == 1),
            "{step:?}"
        );
        assert!(matches!(source.next().await, Ok(Step::AuthorsGone(gone)) if gone.len() == 1));
        let last = source.next().await.unwrap();
        assert!(
            matches!(&last, Step::Records { records, position: Some(_) } if records.is_empty()),
            "{last:?}"
        );
    }

    #[tokio::test]
    async fn what_is_passed_over_does_not_grow_without_a_connection_nor_into_the_future() {
        let mut source = jetstream();
        let time_us = START * 1_000 - 50_000;
        (source.reached, source.n_stuck) = (Reached { time_us, seq: 9 }, 3);

        let [first, second] = [source.resume(), source.resume()];

        let time_us = first.unwrap().time_us;
        assert_eq!(first, second);
        assert!(
            (START * 1_000..START * 1_000 + 50_000).contains(&time_us),
            "{time_us}"
        );
    }
}
