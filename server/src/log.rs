//! The log: the one place where a seq is given out, and the one thing readers read from.
//!
//! One thread writes. It takes what has gathered in its queue, gives out seqs, encodes every line
//! once, **commits, and only then publishes** to the tail in memory, from where readers pull. There is no
//! queue per reader and no hand-over between history and live: a reader asks for what lies behind its
//! cursor, again and again, and sleeps at the tip until it is woken.

mod cold;
mod hot;
mod line;
mod measures;
mod memory;
mod shared;
mod sqlite;
mod tail;
mod writer;

#[cfg(test)]
pub(crate) mod conformance;

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard},
    thread,
};

use tokio::{
    sync::{Semaphore, mpsc, oneshot, watch},
    time::Instant,
};
use wire::{
    Body, Cursor, Event, LogId, Millis, SourceStatus, author::AuthorKey, event::Gap, ndjson,
};

use cold::{Cold, Opened, Store};
use hot::{Hot, Look};
use measures::Op;
use shared::Leases;
use writer::{Request, Writer};

pub use cold::{LastStop, LogError, Synchronous};
pub use line::{Kinds, Line};
pub(crate) use measures::Measures;
pub use shared::{Address, NoAddress, SharedOptions};
pub(crate) use shared::{Grant, Tenure};

/// Reads of what has left memory that may run at once, for streams and for requests each: every one holds a
/// thread and a file handle.
const MAX_COLD_READS: usize = 4;
/// Requests that may wait for the writer; a source that finds the queue full waits.
const QUEUE: usize = 64;

/// What a log keeps and how carefully.
#[derive(Clone, Copy, Debug)]
pub struct LogOptions {
    /// Bytes of the newest lines that are kept in memory.
    pub tail_bytes: usize,
    /// Lines whose `seen_at` is older than this are removed; `None` keeps them.
    pub keep_age: Option<Millis>,
    /// The oldest lines are removed while the log is larger than this; `None` keeps them.
    pub keep_bytes: Option<u64>,
    /// What is lost when the power fails.
    pub synchronous: Synchronous,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self {
            tail_bytes: 64 << 20,
            keep_age: None,
            keep_bytes: None,
            synchronous: Synchronous::Normal,
        }
    }
}

/// Events to be appended together, with how far the source has got by them.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// The events; their `seq` is ignored and given by the log.
    pub events: Vec<Event>,
    /// Name of the source and its resume position; committed together with the events.
    pub position: Option<(String, String)>,
    /// Deletes, by the identity of their post, that are left out if no reader can have the post: the log
    /// does not hold it, and has never removed anything.
    pub forgettable: Vec<u64>,
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Appended {
    /// The log's tip behind it.
    pub tip: u64,
    /// Events that were left out, since the log held them already.
    pub n_repeats: u64,
    /// Posts among them.
    pub n_repeated_posts: u64,
    /// Deletes of posts that no reader can have.
    pub n_forgotten: u64,
}

/// A batch that could not be appended, so that it can be tried again. No event of it is missing; the log
/// may have numbered them, and emptied posts that were withdrawn before they came.
#[derive(Debug)]
pub struct Refused {
    /// What was to be appended.
    pub batch: Box<Batch>,
    /// Why it was not.
    pub error: LogError,
}

/// What a reader asks for.
#[derive(Clone, Copy, Debug)]
pub struct Want {
    /// Kinds of body.
    pub kinds: Kinds,
    /// Only events with `at` from here on …
    pub from: Millis,
    /// … and before this.
    pub to: Millis,
    /// At most so many lines.
    pub max_lines: usize,
    /// No further line once this many bytes have been gathered.
    pub max_bytes: usize,
}

impl Default for Want {
    fn default() -> Self {
        Self {
            kinds: Kinds::ALL,
            from: Millis::MIN,
            to: Millis::MAX,
            max_lines: usize::MAX,
            max_bytes: 64 << 10,
        }
    }
}

/// What lies behind a cursor.
#[derive(Clone, Debug)]
pub enum Read {
    /// The next lines, perhaps none.
    Page(Page),
    /// A stretch that the reader will not get. Go on behind it.
    Gap(Gap),
    /// The cursor names another log, or a place beyond the tip. Go on from the beginning of `log`.
    Reset {
        /// The log that is served now.
        log: LogId,
    },
}

/// Lines in order, and how far they reach.
#[derive(Clone, Debug)]
pub struct Page {
    /// What was asked for.
    pub lines: Vec<Line>,
    /// Everything up to here is in `lines`, or was not asked for.
    pub scanned: u64,
    /// The log's tip when it was read.
    pub tip: u64,
}

/// Which log is served and how far it reaches.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Head {
    /// The log.
    pub log: LogId,
    /// The oldest seq still held; one more than `tip` while there is none.
    pub floor: u64,
    /// The newest seq given out.
    pub tip: u64,
}

/// The relay's log. Cheap to clone; all clones are the same log.
#[derive(Clone)]
pub struct Log {
    shared: Arc<Shared>,
    writer: Handle,
    /// Of whoever reads through this clone and those made of it.
    cold_reads: Arc<Semaphore>,
    /// Of a log that several relays share: which sources this one listens to.
    leases: Option<Arc<Leases>>,
    /// Under which of them is appended through this clone.
    grant: Option<Grant>,
}

/// How the writer is reached.
#[derive(Clone)]
enum Handle {
    /// On a thread of its own.
    Thread(mpsc::Sender<Request>),
    /// Within the call: a paused clock would run on while a thread is waited for.
    #[cfg(test)]
    Inline(Arc<std::sync::Mutex<Option<Writer>>>),
}

/// What readers and the writer share.
struct Shared {
    hot: RwLock<Hot>,
    /// Counts publications; wakes readers that sleep at the tip.
    published: watch::Sender<u64>,
    cold: Arc<dyn Cold>,
    author_key: AuthorKey,
    last_stop: LastStop,
    broke_off_at: Option<Millis>,
    measures: Measures,
}

impl Log {
    /// A log that ends with the process.
    ///
    /// # Errors
    /// When the machine gives no randomness or no thread.
    pub fn in_memory(options: LogOptions) -> Result<Self, LogError> {
        let (store, cold, opened) = memory::create()?;
        Self::start(Box::new(store), Arc::new(cold), opened, options)
    }

    /// A log in an SQLite file, made where there is none.
    ///
    /// # Errors
    /// [`LogError::InUse`] while another relay has it open; otherwise what SQLite says.
    pub fn open(path: &Path, options: LogOptions) -> Result<Self, LogError> {
        let (store, cold, opened) = sqlite::open(path, options.synchronous)?;
        Self::start(Box::new(store), Arc::new(cold), opened, options)
    }

    /// A log that several relays share, with a copy in an SQLite file. Where the stream cannot be reached
    /// and there is a copy, that is served until it can.
    ///
    /// # Errors
    /// [`LogError::Shared`] when there is no copy yet and the stream cannot be reached; else as [`Self::open`].
    pub fn open_shared(
        shared: &SharedOptions,
        copy: &Path,
        options: LogOptions,
    ) -> Result<Self, LogError> {
        let (shared, sender, leases) = shared::open(shared, copy, options)?;
        Ok(Self {
            shared,
            writer: Handle::Thread(sender),
            cold_reads: cold_reads(),
            leases: Some(leases),
            grant: None,
        })
    }

    fn start(
        store: Box<dyn Store>,
        cold: Arc<dyn Cold>,
        opened: Opened,
        options: LogOptions,
    ) -> Result<Self, LogError> {
        let shared = Arc::new(Shared::new(cold, opened, options));
        let (sender, requests) = mpsc::channel(QUEUE);
        let writer = Writer::new(store, Arc::clone(&shared), options);
        let thread = thread::Builder::new().name("log-writer".to_owned());
        thread.spawn(move || writer.run(requests))?;
        Ok(Self {
            shared,
            writer: Handle::Thread(sender),
            cold_reads: cold_reads(),
            leases: None,
            grant: None,
        })
    }

    /// A log in memory for tests whose clock is paused.
    #[cfg(test)]
    pub(crate) fn inline(options: LogOptions) -> Self {
        let (store, cold, opened) = memory::create().unwrap();
        let shared = Arc::new(Shared::new(Arc::new(cold), opened, options));
        let writer = Writer::new(Box::new(store), Arc::clone(&shared), options);
        Self {
            shared,
            writer: Handle::Inline(Arc::new(std::sync::Mutex::new(Some(writer)))),
            cold_reads: cold_reads(),
            leases: None,
            grant: None,
        }
    }

    /// Appends what is new of a batch. When this returns, readers can have it.
    ///
    /// A post or bar that the log holds already is left out, and so is a repeated delete.
    ///
    /// # Errors
    /// [`Refused`] gives the batch back. On [`LogError::Full`] it may be tried again later.
    pub async fn append(&self, batch: Batch) -> Result<Appended, Refused> {
        let (reply, answer) = oneshot::channel();
        let request = Request::Append(batch, self.grant.clone(), reply);
        if let Err(refused) = self.send(request).await {
            let Request::Append(batch, ..) = refused else {
                return Err(Refused::stopped());
            };
            return Err(Refused {
                batch: Box::new(batch),
                error: LogError::Stopped,
            });
        }
        answer.await.unwrap_or_else(|_| Err(Refused::stopped()))
    }

    /// Reads what lies behind `after`, which is exclusive.
    ///
    /// # Errors
    /// What the storage says when the lines are no longer in memory.
    pub async fn read(&self, after: &Cursor, want: &Want) -> Result<Read, LogError> {
        loop {
            let up_to = match self.shared.hot().look(after, want) {
                Look::Found(read) => return Ok(read),
                Look::Cold { up_to } => up_to,
            };
            let permit = Arc::clone(&self.cold_reads).acquire_owned().await;
            let permit = permit.map_err(|_| LogError::Stopped)?;
            let (cold, cursor, wanted) = (Arc::clone(&self.shared.cold), after.clone(), *want);
            let page = tokio::task::spawn_blocking(move || {
                // Given back when the read is over, not when nobody waits for it any more.
                let _permit = permit;
                cold.read(&cursor, up_to, &wanted)
            });
            let page = page.await.map_err(|_| LogError::Stopped)?;
            let (lines, scanned) = self.shared.measures.checked(Op::Read, page)?;
            // The floor is raised before lines are removed, so a look now tells whether any of them
            // went while we read.
            let hot = self.shared.hot();
            if hot.holds(after) {
                return Ok(Read::Page(Page {
                    lines,
                    scanned,
                    tip: hot.tip(),
                }));
            }
        }
    }

    /// Reads what lies behind `after` if that needs no storage; `None` if it does.
    pub(crate) fn read_hot(&self, after: &Cursor, want: &Want) -> Option<Read> {
        match self.shared.hot().look(after, want) {
            Look::Found(read) => Some(read),
            Look::Cold { .. } => None,
        }
    }

    /// The same log, whose reads do not wait for those of others.
    pub(crate) fn apart(&self) -> Self {
        Self {
            cold_reads: cold_reads(),
            ..self.clone()
        }
    }

    /// When the first event behind `seq` was published, as far as that is remembered.
    pub(crate) fn published_behind(&self, seq: u64) -> Option<Instant> {
        self.shared.hot().published_behind(seq)
    }

    /// Whether anything can be appended: the writer is there.
    pub(crate) fn is_open(&self) -> bool {
        match &self.writer {
            Handle::Thread(sender) => !sender.is_closed(),
            #[cfg(test)]
            Handle::Inline(writer) => {
                let writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
                writer.is_some()
            }
        }
    }

    /// Which log is served now and how far it reaches.
    pub fn head(&self) -> Head {
        self.shared.hot().head()
    }

    /// What was measured of it.
    pub(crate) fn measures(&self) -> &Measures {
        &self.shared.measures
    }

    /// How much it takes where it is stored; `None` where that cannot be found out.
    pub(crate) fn n_bytes(&self) -> Option<u64> {
        self.shared.cold.n_bytes()
    }

    /// How much of it is held in memory.
    pub(crate) fn n_tail_bytes(&self) -> usize {
        self.shared.hot().n_tail_bytes()
    }

    /// Wakes its owner whenever something was published.
    pub fn published(&self) -> watch::Receiver<u64> {
        self.shared.published.subscribe()
    }

    /// How far `source` had got by what is stored.
    pub fn position(&self, source: &str) -> Option<String> {
        self.shared.hot().position(source)
    }

    /// The key under which authors of this log are hashed.
    pub fn author_key(&self) -> AuthorKey {
        self.shared.author_key
    }

    /// When the run before this one saw its last event, if it did not stop cleanly.
    pub(crate) fn broke_off_at(&self) -> Option<Millis> {
        match &self.grant {
            Some(grant) if self.is_shared() => grant.broke_off_at(),
            _ => self.shared.broke_off_at,
        }
    }

    /// Whether other relays append to it too.
    pub(crate) fn is_shared(&self) -> bool {
        self.leases.is_some()
    }

    /// Waits until this relay is the one that listens to `source`; returns the log to append to as such, and
    /// until when.
    ///
    /// # Errors
    /// When the log is closed.
    pub(crate) async fn lead(&self, source: &str) -> Result<(Self, Grant), LogError> {
        let (reply, granted) = oneshot::channel();
        let asked = self.send(Request::Lead(source.to_owned(), reply)).await;
        asked.map_err(|_| LogError::Stopped)?;
        let grant = granted.await.map_err(|_| LogError::Stopped)?;
        Ok((self.under(grant.clone()), grant))
    }

    /// The log to append to on behalf of a source, if this relay listens to it; else the log as it is.
    pub(crate) fn on_behalf_of(&self, source: &str) -> Self {
        let leases = self.leases.as_ref();
        match leases.and_then(|leases| leases.of(source)) {
            Some(grant) => self.under(grant),
            None => self.clone(),
        }
    }

    /// Another relay may listen to the source, once the lease has run out.
    pub(crate) fn let_go(&self, source: &str) {
        if let Some(leases) = &self.leases {
            leases.let_go(source);
        }
    }

    /// How the leases of sources have gone that this relay asks for, where several share the log.
    pub(crate) fn tenures(&self) -> BTreeMap<String, Tenure> {
        let leases = self.leases.as_ref();
        leases.map_or_else(BTreeMap::new, |leases| leases.tenures())
    }

    /// Whether what is appended through this clone is appended by the relay that listens.
    pub(crate) fn is_leading(&self) -> bool {
        self.grant.is_some()
    }

    fn under(&self, grant: Grant) -> Self {
        Self {
            grant: Some(grant),
            ..self.clone()
        }
    }

    /// What a shared log last said about a source.
    pub(crate) fn last_status(&self, source: &str) -> Option<SourceStatus> {
        let line = self.position(&shared::names::status_of(source))?;
        match ndjson::decode_line(&line).ok()?.body {
            Body::Status(status) => Some(status),
            _ => None,
        }
    }

    /// How the run before this one ended.
    pub fn last_stop(&self) -> LastStop {
        self.shared.last_stop
    }

    /// Throws everything away and begins a new log under a new id. Readers are told by a reset.
    ///
    /// # Errors
    /// What the storage says; the old log then goes on.
    pub async fn restart(&self) -> Result<(), LogError> {
        self.ask(Request::Restart).await
    }

    /// Removes what the options no longer want kept, `now` being the clock of the data.
    ///
    /// # Errors
    /// What the storage says.
    pub async fn trim(&self, now: Millis) -> Result<(), LogError> {
        self.ask(|reply| Request::Trim(now, reply)).await
    }

    /// Withdraws every post of an author, named by the hash. Readers are sent a delete for each.
    ///
    /// # Errors
    /// What the storage says.
    pub async fn withdraw_author(&self, author: &str, now: Millis) -> Result<(), LogError> {
        let author = author.to_owned();
        self.ask(|reply| Request::WithdrawAuthor(author, now, reply))
            .await
    }

    /// Closes the file cleanly, so that the next start leaves no hole. Nothing can be appended after it.
    ///
    /// # Errors
    /// What the storage says.
    pub async fn close(&self) -> Result<(), LogError> {
        self.ask(Request::Close).await
    }

    async fn ask(
        &self,
        request: impl FnOnce(oneshot::Sender<Result<(), LogError>>) -> Request,
    ) -> Result<(), LogError> {
        let (reply, answer) = oneshot::channel();
        self.send(request(reply))
            .await
            .map_err(|_| LogError::Stopped)?;
        answer.await.map_err(|_| LogError::Stopped)?
    }

    /// Gives the request back when nobody takes it any more.
    async fn send(&self, request: Request) -> Result<(), Request> {
        match &self.writer {
            Handle::Thread(sender) => sender.send(request).await.map_err(|refused| refused.0),
            #[cfg(test)]
            Handle::Inline(writer) => {
                let mut place = writer.lock().unwrap_or_else(PoisonError::into_inner);
                *place = place.take().and_then(|writer| writer.answer(request));
                Ok(())
            }
        }
    }
}

fn cold_reads() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(MAX_COLD_READS))
}

impl Shared {
    fn new(cold: Arc<dyn Cold>, opened: Opened, options: LogOptions) -> Self {
        let (author_key, last_stop) = (opened.author_key, opened.last_stop);
        let newest_seen_at = opened.newest_seen_at;
        Self {
            hot: RwLock::new(Hot::new(opened, options.tail_bytes)),
            published: watch::Sender::new(0),
            cold,
            author_key,
            last_stop,
            broke_off_at: newest_seen_at.filter(|_| last_stop == LastStop::Crash),
            measures: Measures::default(),
        }
    }

    /// A panic elsewhere leaves the view whole: it is changed by single assignments and pushes.
    fn hot(&self) -> RwLockReadGuard<'_, Hot> {
        self.hot.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn publish(&self, change: impl FnOnce(&mut Hot)) {
        change(&mut self.hot.write().unwrap_or_else(PoisonError::into_inner));
        self.published.send_modify(|n| *n = n.wrapping_add(1));
    }
}

impl Refused {
    /// The writer has gone, and the batch with it.
    fn stopped() -> Self {
        Self {
            batch: Box::default(),
            error: LogError::Stopped,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Condvar, Mutex};

    use super::*;

    /// A store whose reads do not come back before they are let go.
    #[derive(Default)]
    struct Stuck {
        is_let_go: Mutex<bool>,
        let_go: Condvar,
    }

    impl Cold for Stuck {
        fn read(
            &self,
            _after: &Cursor,
            up_to: u64,
            _want: &Want,
        ) -> Result<(Vec<Line>, u64), LogError> {
            let held = self.is_let_go.lock().unwrap();
            drop(self.let_go.wait_while(held, |is_let_go| !*is_let_go));
            Ok((Vec::new(), up_to))
        }

        fn n_bytes(&self) -> Option<u64> {
            None
        }
    }

    #[tokio::test]
    async fn a_read_that_nobody_waits_for_any_more_counts_until_it_is_over() {
        let (store, _, mut opened) = memory::create().unwrap();
        opened.tip = 10;
        let (stuck, id) = (Arc::<Stuck>::default(), opened.id.clone());
        let options = LogOptions::default();
        let log = Log::start(Box::new(store), stuck.clone(), opened, options).unwrap();
        let beginning = Cursor { log: id, seq: 0 };

        for _ in 0..MAX_COLD_READS {
            let (log, cursor) = (log.clone(), beginning.clone());
            let mut read = Box::pin(async move { log.read(&cursor, &Want::default()).await });
            assert!(futures::poll!(&mut read).is_pending());
        }

        assert_eq!(log.cold_reads.available_permits(), 0);
        assert_eq!(log.apart().cold_reads.available_permits(), MAX_COLD_READS);
        *stuck.is_let_go.lock().unwrap() = true;
        stuck.let_go.notify_all();
        let read = log.read(&beginning, &Want::default()).await.unwrap();
        assert!(matches!(read, Read::Page(Page { scanned: 10, .. })));
    }
}
