//! Publishes what is appended: what the copy does not hold, many messages at once, in the order of the batch.
//!
//! A position goes out last, once everything before it is acknowledged: wherever the relay breaks off, its
//! successor begins at a place behind which nothing is missing. While the copy reads one group back, the next
//! one goes out.

use std::{collections::VecDeque, sync::Arc, time::Instant};

use async_nats::jetstream::{
    context::{PublishAckFuture, PublishErrorKind},
    message::PublishMessage,
    publish::PublishAck,
    stream::Stream,
};
use rustc_hash::FxHashSet;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};
use wire::{Event, LogId, ndjson};

use super::{Hub, Tenure, lease, lease::Grant, names};
use crate::log::{
    Appended, Batch, LogError, Refused,
    line::identity,
    writer::{Ask, MAX_COMMIT, Reply, Request, Sifted},
};

/// Messages whose acknowledgements are waited for at once.
const IN_FLIGHT: usize = 1_000;

/// Does what the log is asked to do, in order, until it is closed.
pub(super) async fn answer(hub: &Arc<Hub>, mut requests: mpsc::Receiver<Request>) {
    let mut pending = None;
    let mut ahead = Ahead::default();
    loop {
        let request = match pending.take() {
            Some(request) => request,
            None => match requests.recv().await {
                Some(request) => request,
                None => return,
            },
        };
        match request {
            Request::Append(batch, grant, reply) => {
                let mut group = vec![Waiting {
                    batch,
                    grant,
                    reply,
                }];
                pending = gather(&mut group, &mut requests);
                let next = Ahead::identities(&group);
                if !ahead.identities.is_disjoint(&next) {
                    ahead.end().await;
                }
                let published = hub.publish_group(group).await;
                ahead.end().await;
                ahead.identities = next;
                let hub = Arc::clone(hub);
                ahead.reading_back = Some(tokio::spawn(async move {
                    if let Some(published) = published {
                        hub.read_back(published).await;
                    }
                }));
            }
            Request::Lead(source, reply) => {
                tokio::spawn(lease::compete(Arc::clone(hub), source, reply));
            }
            Request::WithdrawAuthor(author, now, reply) => {
                ahead.end().await;
                let deletes = hub.ask(|reply| Request::Copy(Ask::DeletesOf(author, now, reply)));
                let deletes = deletes.await.and_then(|deletes| deletes);
                drop(reply.send(match deletes {
                    Ok(batch) => hub.append_one(batch).await.map(drop),
                    Err(error) => Err(error),
                }));
            }
            Request::Restart(reply) => {
                ahead.end().await;
                drop(reply.send(hub.restart().await));
            }
            Request::Close(reply) => {
                ahead.end().await;
                lease::release(hub).await;
                let closed = hub.ask(Request::Close).await.and_then(|closed| closed);
                drop(reply.send(closed));
                return;
            }
            Request::Trim(..) | Request::Copy(_) => drop(hub.copy.send(request).await),
        }
    }
}

/// The group that was published before, while the copy reads it back. What the copy is asked about its events it
/// does not know yet.
#[derive(Default)]
struct Ahead {
    identities: FxHashSet<u64>,
    reading_back: Option<JoinHandle<()>>,
}

impl Ahead {
    /// Of all events that can have repeats or be withdrawn.
    fn identities(group: &[Waiting]) -> FxHashSet<u64> {
        let events = group.iter().flat_map(|waiting| &waiting.batch.events);
        let identities = events.map(|event| identity(&event.body));
        identities.filter(|identity| *identity != 0).collect()
    }

    /// Waits until the copy holds it, or will not for now.
    async fn end(&mut self) {
        self.identities.clear();
        if let Some(reading_back) = self.reading_back.take() {
            // A task that has ended is at its end.
            let _ = reading_back.await;
        }
    }
}

/// What went out.
struct Published {
    works: Vec<Work>,
    begun: Instant,
    /// The newest seq of it.
    outcome: Result<u64, LogError>,
}

/// A batch and whoever waits for it.
struct Waiting {
    batch: Batch,
    grant: Option<Grant>,
    reply: Reply<Result<Appended, Refused>>,
}

/// The same, once it is known what is new.
struct Work {
    sifted: Sifted,
    grant: Option<Grant>,
    reply: Reply<Result<Appended, Refused>>,
    refused: Option<LogError>,
}

/// Adds the appends that already wait; returns the first other request.
fn gather(group: &mut Vec<Waiting>, requests: &mut mpsc::Receiver<Request>) -> Option<Request> {
    let mut n_events: usize = group.iter().map(|waiting| waiting.batch.events.len()).sum();
    while n_events < MAX_COMMIT {
        match requests.try_recv() {
            Ok(Request::Append(batch, grant, reply)) => {
                n_events += batch.events.len();
                group.push(Waiting {
                    batch,
                    grant,
                    reply,
                });
            }
            Ok(other) => return Some(other),
            Err(_) => return None,
        }
    }
    None
}

impl Hub {
    /// Publishes a message without an event.
    pub(super) async fn publish_bare(
        &self,
        position: Option<&(String, String)>,
        grant: Option<&Grant>,
    ) -> Result<u64, LogError> {
        let log = self.shared.hot().id().clone();
        let subject = format!("{}.position.relay", self.link.name());
        let message = headed(&log, position, grant);
        let sent = self.link.context.send_publish(subject, message).await;
        let sent = sent.map_err(|error| self.link.failed(error))?;
        let ack = sent.await.map_err(|error| self.link.failed(error))?;
        Ok(ack.sequence)
    }

    async fn append_one(&self, batch: Batch) -> Result<Appended, LogError> {
        let (reply, answer) = oneshot::channel();
        let grant = None;
        let group = vec![Waiting {
            batch,
            grant,
            reply,
        }];
        if let Some(published) = self.publish_group(group).await {
            self.read_back(published).await;
        }
        let appended = answer.await.map_err(|_| LogError::Stopped)?;
        appended.map_err(|refused| refused.error)
    }

    async fn publish_group(&self, group: Vec<Waiting>) -> Option<Published> {
        let mut batches = Vec::with_capacity(group.len());
        let mut waiting = Vec::with_capacity(group.len());
        for Waiting {
            batch,
            grant,
            reply,
        } in group
        {
            batches.push(batch);
            waiting.push((grant, reply));
        }
        let sifted = self.ask(|reply| Request::Copy(Ask::Sift(batches, reply)));
        // Where the copy cannot be read its thread has gone or its disk has, and the batch with it.
        let sifted = sifted.await.ok()?;
        let (sifted, unreadable) = match sifted {
            Ok(sifted) => (sifted, None),
            Err((batches, error)) => (
                batches.into_iter().map(Sifted::nothing).collect(),
                Some(error),
            ),
        };
        let works = sifted.into_iter().zip(waiting);
        let works: Vec<Work> = works
            .map(|(sifted, (grant, reply))| Work {
                refused: match &grant {
                    Some(grant) if !grant.is_valid() => {
                        let count = |tenure: &mut Tenure| tenure.n_fenced += 1;
                        self.leases.count(grant.source(), count);
                        Some(LogError::Overtaken)
                    }
                    _ => unreadable.clone(),
                },
                sifted,
                grant,
                reply,
            })
            .collect();
        let begun = Instant::now();
        let outcome = self.publish_all(&works).await;
        Some(Published {
            works,
            begun,
            outcome,
        })
    }

    /// Answers whoever waits, once readers can have it.
    async fn read_back(&self, published: Published) {
        let Published {
            mut works,
            begun,
            outcome,
        } = published;
        let read_back = match outcome {
            Ok(up_to) => self.until_read_back(up_to).await,
            Err(error) => Err(error),
        };
        self.shared.measures.append.add_time(begun.elapsed());
        if let Err(error) = read_back {
            works.iter_mut().for_each(|work| {
                work.refused.get_or_insert_with(|| error.clone());
            });
        }
        let tip = self.shared.hot().tip();
        for work in works {
            let appended = Appended {
                tip,
                ..work.sifted.appended
            };
            // Whoever asked may have gone.
            let _ = work.reply.send(match work.refused {
                None => Ok(appended),
                Some(error) => Err(Refused {
                    batch: Box::new(work.sifted.batch),
                    error,
                }),
            });
        }
    }

    /// Returns the newest seq.
    async fn publish_all(&self, works: &[Work]) -> Result<u64, LogError> {
        if !self.link.is_connected() {
            return Err(self.link.failed("there is no connection"));
        }
        let works = || works.iter().filter(|work| work.refused.is_none());
        let log = self.shared.hot().id().clone();
        let withdrawn = works().flat_map(|work| &work.sifted.withdrawn);
        self.erase(withdrawn.copied()).await?;
        let mut flight = Flight::new(self, &log);
        for work in works() {
            for place in work.before_position() {
                flight
                    .send(&work.sifted.batch.events[*place], None, work.grant.as_ref())
                    .await?;
            }
        }
        flight.land(0).await?;
        for work in works() {
            let position = work.sifted.batch.position.as_ref();
            let grant = work.grant.as_ref();
            match (position, work.sifted.fresh.last()) {
                (Some(_), Some(last)) => {
                    flight
                        .send(&work.sifted.batch.events[*last], position, grant)
                        .await?;
                }
                (Some(_), None) => flight.reach(self.publish_bare(position, grant).await?),
                (None, _) => {}
            }
        }
        flight.land(0).await?;
        Ok(flight.up_to)
    }

    /// Text that is withdrawn goes from the stream first: whatever becomes of this relay then, it is gone.
    async fn erase(&self, seqs: impl Iterator<Item = u64>) -> Result<(), LogError> {
        let mut stream: Option<Stream<()>> = None;
        for seq in seqs {
            let stream = match &mut stream {
                Some(stream) => stream,
                none => {
                    let found = self.link.context.get_stream_no_info(self.link.name()).await;
                    none.insert(found.map_err(|error| self.link.failed(error))?)
                }
            };
            if let Err(error) = stream.delete_message(seq).await {
                // It may have gone by age, or another relay was faster.
                tracing::debug!(seq, %error, "a withdrawn post was not in the stream");
                if !self.link.is_connected() {
                    return Err(self.link.failed(error));
                }
            }
        }
        Ok(())
    }

    /// The stream is made anew, and by that another log.
    async fn restart(&self) -> Result<(), LogError> {
        let deleted = self.link.context.delete_stream(self.link.name()).await;
        deleted.map_err(|error| self.link.failed(error))?;
        let stream = self.link.stream().await?;
        let id = self.link.log_id(stream.cached_info())?;
        let mut published = self.shared.published.subscribe();
        self.restarted.notify_one();
        while *self.shared.hot().id() != id {
            published.changed().await.map_err(|_| LogError::Stopped)?;
        }
        Ok(())
    }
}

impl Work {
    /// What goes out before the position does.
    fn before_position(&self) -> &[usize] {
        let fresh = &self.sifted.fresh;
        match (&self.sifted.batch.position, fresh.split_last()) {
            (Some(_), Some((_, before))) => before,
            _ => fresh,
        }
    }
}

/// Messages on their way.
struct Flight<'a> {
    hub: &'a Hub,
    log: &'a LogId,
    sent: VecDeque<Sent<'a>>,
    /// The newest seq that one of them has got.
    up_to: u64,
}

struct Sent<'a> {
    ack: PublishAckFuture,
    event: &'a Event,
    position: Option<&'a (String, String)>,
    grant: Option<&'a Grant>,
}

impl<'a> Flight<'a> {
    fn new(hub: &'a Hub, log: &'a LogId) -> Self {
        Self {
            hub,
            log,
            sent: VecDeque::new(),
            up_to: 0,
        }
    }

    fn reach(&mut self, seq: u64) {
        self.up_to = self.up_to.max(seq);
    }

    async fn send(
        &mut self,
        event: &'a Event,
        position: Option<&'a (String, String)>,
        grant: Option<&'a Grant>,
    ) -> Result<(), LogError> {
        let line = encode(event);
        let id = names::message_id(event, &line, grant);
        let ack = self.publish(event, line, id, position, grant).await?;
        self.sent.push_back(Sent {
            ack,
            event,
            position,
            grant,
        });
        self.land(IN_FLIGHT).await
    }

    async fn publish(
        &self,
        event: &Event,
        line: String,
        id: String,
        position: Option<&(String, String)>,
        grant: Option<&Grant>,
    ) -> Result<PublishAckFuture, LogError> {
        let link = &self.hub.link;
        let subject = format!("{}.{}", link.name(), names::subject_of(event));
        let message = headed(self.log, position, grant);
        let message = message.message_id(id).payload(line.into());
        let sent = link.context.send_publish(subject, message).await;
        sent.map_err(|error| link.failed(error))
    }

    /// Waits until no more than `n` are on their way.
    async fn land(&mut self, n: usize) -> Result<(), LogError> {
        while self.sent.len() > n {
            let Some(sent) = self.sent.pop_front() else {
                return Ok(());
            };
            let ack = sent.ack.await.map_err(|error| match error.kind() {
                PublishErrorKind::StreamNotFound => self.hub.link.failed("there is no stream"),
                _ => self.hub.link.failed(error),
            })?;
            self.reach(ack.sequence);
            if ack.duplicate {
                self.repeat(&ack, sent.event, sent.position, sent.grant)
                    .await?;
            }
        }
        Ok(())
    }

    /// The server has it already. If retention has removed it since, it may come again; and a position that
    /// was with it has not been stored.
    async fn repeat(
        &mut self,
        ack: &PublishAck,
        event: &Event,
        position: Option<&(String, String)>,
        grant: Option<&Grant>,
    ) -> Result<(), LogError> {
        let floor = self.hub.shared.hot().head().floor;
        if ack.sequence < floor {
            let line = encode(event);
            let id = format!("{}-{floor}", names::message_id(event, &line, grant));
            let sent = self.publish(event, line, id, position, grant).await?;
            let ack = sent.await.map_err(|error| self.hub.link.failed(error))?;
            self.reach(ack.sequence);
        } else if position.is_some() {
            let seq = self.hub.publish_bare(position, grant).await?;
            self.reach(seq);
        }
        Ok(())
    }
}

/// Its seq is the stream's.
fn encode(event: &Event) -> String {
    if event.seq == 0 {
        return ndjson::encode_line(event);
    }
    ndjson::encode_line(&Event {
        seq: 0,
        ..event.clone()
    })
}

fn headed(
    log: &LogId,
    position: Option<&(String, String)>,
    grant: Option<&Grant>,
) -> PublishMessage {
    let mut message = PublishMessage::build().header(names::LOG, log.as_str());
    if let Some(grant) = grant {
        message = message.header(names::LEASE, grant.header());
    }
    if let Some((source, position)) = position {
        let position = format!("[{},{}]", names::quoted(source), names::quoted(position));
        message = message.header(names::POSITION, position);
    }
    message
}
