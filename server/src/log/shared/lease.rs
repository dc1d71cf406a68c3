//! Who may listen to a source: whoever holds its key in a bucket whose keys run out.
//!
//! The number under which the key was made is the lease's token; it only ever grows. A message with the token
//! goes into the stream before the source is listened to, and from there on no copy takes a message with a
//! smaller one. So a relay that was frozen and thaws cannot put anything behind its successor, whatever it
//! believes, and the successor knows everything that was published before it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_nats::jetstream::kv::{CreateErrorKind, Store, UpdateErrorKind};
use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep, sleep_until, timeout},
};
use wire::{Body, Millis};

use super::{Hub, names};
use crate::{
    log::{LogError, cold::fresh_id, writer::Reply},
    sources::policy::jittered,
};

/// The lease is renewed so many times while it lasts.
const RENEWALS: u32 = 4;
/// A relay that stands by asks so many times.
const ATTEMPTS: u32 = 8;

/// The right to listen to a source, and to append on its behalf.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    source: Arc<str>,
    token: u64,
    /// Until when, unless it is renewed; `None` once it is lost. Without this it is for ever.
    until: Option<watch::Receiver<Option<Instant>>>,
    broke_off_at: Option<Millis>,
}

impl Grant {
    /// Nobody else could have it.
    pub(in crate::log) fn unbounded(source: &str) -> Self {
        Self {
            source: source.into(),
            token: 0,
            until: None,
            broke_off_at: None,
        }
    }

    /// The same, without an end that this relay knows of.
    #[cfg(test)]
    pub(super) fn immortal(other: &Self) -> Self {
        Self {
            until: None,
            ..other.clone()
        }
    }

    /// When the relay that held it before was last heard, if it has not let go of it.
    pub(in crate::log) fn broke_off_at(&self) -> Option<Millis> {
        self.broke_off_at
    }

    pub(super) fn source(&self) -> &str {
        &self.source
    }

    pub(super) fn token(&self) -> u64 {
        self.token
    }

    pub(super) fn is_valid(&self) -> bool {
        self.until
            .as_ref()
            .is_none_or(|until| until.borrow().is_some_and(|until| Instant::now() < until))
    }

    /// Returns when it is lost.
    pub(crate) async fn lost(&self) {
        let Some(mut until) = self.until.clone() else {
            return std::future::pending().await;
        };
        loop {
            let Some(end) = *until.borrow_and_update() else {
                return;
            };
            tokio::select! {
                () = sleep_until(end) => if !self.is_valid() { return },
                changed = until.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Token and source, as they stand in a message.
    pub(super) fn header(&self) -> String {
        format!("{} {}", self.token, names::quoted(&self.source))
    }
}

/// A lease that this relay holds.
pub(super) struct Held {
    grant: Grant,
    revision: Arc<AtomicU64>,
    let_go: Arc<Notify>,
}

impl Held {
    pub(super) fn grant(&self) -> Grant {
        self.grant.clone()
    }

    /// It runs out from now on.
    pub(super) fn stop_renewing(&self) {
        self.let_go.notify_one();
    }
}

/// Waits for the lease of a source, tells of it, and holds it as long as that is possible.
pub(super) async fn compete(hub: Arc<Hub>, source: String, reply: Reply<Grant>) {
    let mut wait = Duration::ZERO;
    let mut reply = Some(reply);
    hub.leases.count(&source, |_| {});
    loop {
        sleep(wait).await;
        wait = jittered(hub.link.lease / ATTEMPTS);
        if reply.as_ref().is_none_or(Reply::is_closed) {
            return;
        }
        match Lease::acquire(&hub, &source).await {
            // If it is lost before anybody was told of it, it is competed for again.
            Ok(Some(lease)) => lease.hold(&mut reply).await,
            Ok(None) => {}
            Err(error) => tracing::debug!(source, %error, "no lease can be had"),
        }
    }
}

/// Lets go of everything, so that others need not wait.
pub(super) async fn release(hub: &Hub) {
    let held = std::mem::take(&mut *hub.leases.held());
    let Ok(bucket) = hub.link.bucket("leases", hub.link.lease).await else {
        return;
    };
    for (source, held) in held {
        let revision = held.revision.load(Ordering::Relaxed);
        let key = names::token(&source);
        if let Err(error) = bucket.purge_expect_revision(key, Some(revision)).await {
            tracing::debug!(source, %error, "a lease could not be let go of; it runs out");
        }
    }
}

struct Lease {
    hub: Arc<Hub>,
    bucket: Store,
    source: String,
    /// Nobody else says this.
    value: String,
    /// How long it lasts without being renewed.
    lasts: Duration,
    token: u64,
    asked: Instant,
}

impl Lease {
    /// `None` while another relay holds it.
    async fn acquire(hub: &Arc<Hub>, source: &str) -> Result<Option<Self>, LogError> {
        let bucket = hub.link.bucket("leases", hub.link.lease).await?;
        // Whoever made the bucket has decided.
        let lasts = bucket.stream.cached_info().config.max_age;
        let value = fresh_id()?.as_str().to_owned();
        let asked = Instant::now();
        match bucket
            .create(names::token(source), value.clone().into())
            .await
        {
            Ok(token) => Ok(Some(Self {
                hub: Arc::clone(hub),
                bucket,
                source: source.to_owned(),
                value,
                lasts,
                token,
                asked,
            })),
            Err(error) if error.kind() == CreateErrorKind::AlreadyExists => Ok(None),
            Err(error) => Err(hub.link.failed(error)),
        }
    }

    async fn hold(self, reply: &mut Option<Reply<Grant>>) {
        let (told, until) = watch::channel(Some(self.asked + self.lasts));
        let grant = Grant {
            source: self.source.as_str().into(),
            token: self.token,
            until: Some(until),
            broke_off_at: None,
        };
        let revision = Arc::new(AtomicU64::new(self.token));
        let let_go = Arc::<Notify>::default();
        let renewed = self.renew(&told, &revision);
        let used = async {
            let grant = self.take_over(grant).await?;
            let held = Held {
                grant: grant.clone(),
                revision: Arc::clone(&revision),
                let_go: Arc::clone(&let_go),
            };
            self.hub.leases.held().insert(self.source.clone(), held);
            self.hub.leases.count(&self.source, |tenure| {
                tenure.n_taken_over += 1;
                tenure.renewed_at = tenure.renewed_at.max(Some(self.asked));
            });
            tracing::info!(
                source = self.source,
                token = self.token,
                "this relay listens from now on"
            );
            if let Some(reply) = reply.take() {
                drop(reply.send(grant));
            }
            std::future::pending::<Result<(), LogError>>().await
        };
        let is_lost = tokio::select! {
            () = renewed => {
                tracing::warn!(source = self.source, "the lease is lost");
                true
            }
            () = let_go.notified() => false,
            Err(error) = used => {
                tracing::warn!(source = self.source, %error, "the source could not be taken over");
                false
            }
        };
        told.send_replace(None);
        let mut held = self.hub.leases.held();
        if held
            .get(&self.source)
            .is_some_and(|held| held.grant.token == self.token)
        {
            held.remove(&self.source);
            drop(held);
            self.hub.leases.count(&self.source, |tenure| {
                tenure.n_lost += u64::from(is_lost);
            });
        }
    }

    /// Puts the token into the stream, and knows all that came before it.
    async fn take_over(&self, grant: Grant) -> Result<Grant, LogError> {
        let seq = self.hub.publish_bare(None, Some(&grant)).await?;
        self.hub.until_read_back(seq).await?;
        let hot = self.hub.shared.hot();
        let status = hot.position(&names::status_of(&self.source));
        let status = status.and_then(|line| wire::ndjson::decode_line(&line).ok());
        let was_heard = status.is_some_and(|event| match event.body {
            Body::Status(status) => status.state.is_listening(),
            _ => false,
        });
        let newest = hot.newest_seen_at().filter(|_| was_heard);
        Ok(Grant {
            broke_off_at: newest,
            ..grant
        })
    }

    /// Returns when it is lost.
    async fn renew(&self, told: &watch::Sender<Option<Instant>>, revision: &AtomicU64) {
        let mut end = self.asked + self.lasts;
        loop {
            sleep(self.lasts / RENEWALS).await;
            let asked = Instant::now();
            if asked >= end {
                return;
            }
            let key = names::token(&self.source);
            let known = revision.load(Ordering::Relaxed);
            let renewed = self.bucket.update(&key, self.value.clone().into(), known);
            let renewed = match timeout(self.lasts / RENEWALS, renewed).await {
                Ok(Ok(renewed)) => renewed,
                Ok(Err(error)) if error.kind() == UpdateErrorKind::WrongLastRevision => {
                    // Perhaps by ourselves, and the answer was lost.
                    match self.bucket.entry(&key).await {
                        Ok(Some(entry)) if entry.value == self.value => entry.revision,
                        Ok(_) => return,
                        Err(_) => continue,
                    }
                }
                _ => continue,
            };
            revision.store(renewed, Ordering::Relaxed);
            end = asked + self.lasts;
            told.send_replace(Some(end));
            self.hub.leases.count(&self.source, |tenure| {
                tenure.renewed_at = Some(asked);
            });
        }
    }
}
