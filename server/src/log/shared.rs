//! A log that several relays share: a stream of NATS JetStream, of which every relay keeps a copy.
//!
//! ```text
//!  append ─► sift against the copy ─► publish ─► stream, whose sequence is the seq
//!                                                  │
//!  readers ◄─ tail, SQLite ◄─ apply, in order ◄────┘  on every relay alike
//! ```
//!
//! A seq is given out in one place, so that a cursor means the same at every relay. Readers are served from
//! the copy only: while the stream cannot be reached nothing new comes, and all else goes on. Who may listen
//! to a source is decided by a lease that runs out; what a relay publishes under a lease that another has
//! taken over meanwhile is passed over by every copy, however late it comes.

mod follow;
mod lease;
mod link;
pub(super) mod names;
mod publish;

#[cfg(test)]
mod nats;
#[cfg(test)]
pub(super) mod tests;

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc as threads},
    thread,
    time::Duration,
};

use tokio::{
    sync::{Notify, mpsc, oneshot},
    time::{Instant, timeout},
};
use wire::{author::AuthorKey, event::GapReason};

use super::{
    LogError, LogOptions, QUEUE, Shared,
    cold::{Cold, Commit, LastStop, Opened, Store},
    sqlite,
    writer::{Reply, Request, Writer},
};
use link::{Identity, Link};
use names::{AUTHOR_KEY, COPIED};

pub(crate) use lease::Grant;
pub use link::{Address, NoAddress};

/// So long a start waits for the stream. Then the relay serves what its copy holds.
const PATIENCE: Duration = Duration::from_secs(5);
/// So long an append waits until its own relay has read it back.
const READ_BACK: Duration = Duration::from_secs(10);

/// Where the stream is and how it is used.
#[derive(Clone, Debug)]
pub struct SharedOptions {
    /// Server and name.
    pub address: Address,
    /// What the server wants to be told, if anything.
    pub token: Option<String>,
    /// After so long without a word from a relay another one may take over its sources.
    pub lease: Duration,
}

/// What the tasks around the stream have in common.
pub(super) struct Hub {
    link: Link,
    shared: Arc<Shared>,
    /// The thread that writes the copy.
    copy: mpsc::Sender<Request>,
    /// The stream has been made anew.
    restarted: Notify,
    leases: Arc<Leases>,
}

/// The leases that this relay holds, by source, and how they have gone.
#[derive(Default)]
pub(super) struct Leases {
    held: Mutex<BTreeMap<String, lease::Held>>,
    tenures: Mutex<BTreeMap<String, Tenure>>,
}

/// How the lease of a source that this relay asks for has gone since the start.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tenure {
    pub(crate) is_held: bool,
    /// It got the lease and took the source over.
    pub(crate) n_taken_over: u64,
    /// The lease ran out, or another relay had it.
    pub(crate) n_lost: u64,
    /// What was to be appended was refused, since the lease was over.
    pub(crate) n_fenced: u64,
    /// When the server was last asked for more time and gave it; only while the lease is held.
    pub(crate) renewed_at: Option<Instant>,
}

impl Leases {
    pub(super) fn of(&self, source: &str) -> Option<Grant> {
        self.held().get(source).map(lease::Held::grant)
    }

    /// It runs out from now on.
    pub(super) fn let_go(&self, source: &str) {
        if let Some(held) = self.held().remove(source) {
            held.stop_renewing();
        }
    }

    /// Of each source that was ever asked for.
    pub(super) fn tenures(&self) -> BTreeMap<String, Tenure> {
        let mut tenures = self.counted().clone();
        for (source, tenure) in &mut tenures {
            tenure.is_held = self.of(source).is_some_and(|grant| grant.is_valid());
            tenure.renewed_at = tenure.renewed_at.filter(|_| tenure.is_held);
        }
        tenures
    }

    fn count(&self, source: &str, change: impl FnOnce(&mut Tenure)) {
        change(self.counted().entry(source.to_owned()).or_default());
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<String, lease::Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn counted(&self) -> MutexGuard<'_, BTreeMap<String, Tenure>> {
        self.tenures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens the copy and begins to follow the stream, on a thread of its own.
pub(super) fn open(
    options: &SharedOptions,
    path: &Path,
    keep: LogOptions,
) -> Result<Parts, LogError> {
    let (mut store, cold, mut opened) = sqlite::open(path, keep.synchronous)?;
    resume(&mut opened);
    let (sender, requests) = mpsc::channel(QUEUE);
    let (found, identity) = threads::channel();
    let (hand_over, parts) = oneshot::channel();
    let (told, proposed) = (options.clone(), opened.author_key);
    let run = async move {
        let link = Link::connect(&told, keep).await;
        let identity = match &link {
            Ok(link) => match timeout(PATIENCE, link.identity(proposed)).await {
                Ok(identity) => identity,
                Err(_) => Err(link.failed("it does not answer")),
            },
            Err(error) => Err(error.clone()),
        };
        drop(found.send(identity));
        if let (Ok(link), Ok(parts)) = (link, parts.await) {
            serve(link, parts, requests).await;
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let thread = thread::Builder::new().name("log-shared".to_owned());
    thread.spawn(move || runtime.block_on(run))?;

    match identity.recv().map_err(|_| LogError::Stopped)? {
        Ok(identity) if identity.id != opened.id => {
            begin(&mut store, &mut opened, &identity)?;
        }
        Ok(_) => {}
        Err(error) if opened.positions.contains_key(AUTHOR_KEY) => {
            tracing::error!(%error, "nothing new comes until the shared log answers; what was copied is served");
        }
        Err(error) => return Err(error),
    }
    let shared = Arc::new(Shared::new(Arc::new(cold) as Arc<dyn Cold>, opened, keep));
    let (copy, asked) = mpsc::channel(QUEUE);
    let writer = Writer::new(Box::new(store), Arc::clone(&shared), keep);
    let thread = thread::Builder::new().name("log-writer".to_owned());
    thread.spawn(move || writer.run(asked))?;
    let leases = Arc::<Leases>::default();
    // It is gone only where it could not connect, and then this is not reached.
    let parts = (Arc::clone(&shared), copy, Arc::clone(&leases));
    drop(hand_over.send(parts));
    Ok((shared, sender, leases))
}

/// What readers see, the way to whoever writes, and which sources are listened to.
type Parts = (Arc<Shared>, mpsc::Sender<Request>, Arc<Leases>);

async fn serve(link: Link, (shared, copy, leases): Parts, requests: mpsc::Receiver<Request>) {
    let hub = Arc::new(Hub {
        link,
        shared,
        copy,
        restarted: Notify::new(),
        leases,
    });
    let follower = tokio::spawn(follow::follow(Arc::clone(&hub)));
    publish::answer(&hub, requests).await;
    follower.abort();
}

/// How far the copy reaches, by what it remembers itself.
fn resume(opened: &mut Opened) {
    opened.hole_reason = GapReason::BelowFloor;
    opened.last_stop = LastStop::Clean;
    let copied = opened.positions.get(COPIED);
    let (copied, _) = copied.map_or((0, 0), |copied| names::copied(copied));
    if opened.floor > opened.tip {
        opened.floor = opened.floor.max(copied + 1);
    }
    opened.tip = opened.tip.max(copied);
    let key = opened.positions.get(AUTHOR_KEY);
    if let Some(key) = key.and_then(|key| u128::from_str_radix(key, 16).ok()) {
        opened.author_key = AuthorKey(key.to_be_bytes());
    }
}

/// The file holds another log, or none.
fn begin(store: &mut impl Store, opened: &mut Opened, identity: &Identity) -> Result<(), LogError> {
    store.restart(&identity.id)?;
    let AuthorKey(key) = identity.author_key;
    let key = format!("{:032x}", u128::from_be_bytes(key));
    let positions = [(AUTHOR_KEY.to_owned(), key)];
    store.commit(&Commit {
        log: &identity.id,
        lines: &[],
        withdrawn: &[],
        positions: &positions,
        hole: None,
    })?;
    *opened = Opened {
        id: identity.id.clone(),
        floor: 1,
        tip: 0,
        holes: Vec::new(),
        hole_reason: GapReason::BelowFloor,
        positions: positions.into(),
        author_key: identity.author_key,
        last_stop: LastStop::Clean,
        newest_seen_at: None,
    };
    Ok(())
}

impl Hub {
    /// Asks the thread that writes the copy.
    async fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Result<T, LogError> {
        let (reply, answer) = oneshot::channel();
        let sent = self.copy.send(request(reply)).await;
        sent.map_err(|_| LogError::Stopped)?;
        answer.await.map_err(|_| LogError::Stopped)
    }

    /// Waits until readers of this relay can have everything up to `seq`.
    async fn until_read_back(&self, seq: u64) -> Result<(), LogError> {
        let mut published = self.shared.published.subscribe();
        let read_back = async {
            while self.shared.hot().tip() < seq {
                if published.changed().await.is_err() {
                    return;
                }
            }
        };
        let in_time = timeout(READ_BACK, read_back).await;
        in_time.map_err(|_| self.link.failed("what was published does not come back"))
    }
}
