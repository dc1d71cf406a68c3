//! The thread that writes: gather, give out seqs, encode, commit, publish.

mod copy;

use std::sync::Arc;

use rustc_hash::FxHashMap;
use tokio::sync::{mpsc, oneshot};
use wire::{Body, Delete, Event, LogId, Millis, Post};

use super::{
    Appended, Batch, Kinds, Line, LogError, LogOptions, Refused, Shared, Synchronous,
    cold::{Commit, Limit, Store, fresh_id},
    line::{author_number, empty, identity},
    measures::{Op, timed},
    shared::Grant,
};

pub(super) use copy::{Ask, Given, Sifted};

/// Events that are committed together at most, unless a single batch has more.
pub(super) const MAX_COMMIT: usize = 4_000;
/// Seqs that are reserved at once. After an unclean stop so many at most are skipped.
const BLOCK: u64 = 10_000;
/// Steps of trimming between two commits, so that a long trim does not hold up what comes in.
const MAX_TRIM_STEPS: usize = 16;

pub(super) type Reply<T> = oneshot::Sender<T>;

/// What the thread is asked to do, in order.
pub(super) enum Request {
    /// What is granted matters to a shared log only.
    Append(Batch, Option<Grant>, Reply<Result<Appended, Refused>>),
    WithdrawAuthor(String, Millis, Reply<Result<(), LogError>>),
    Restart(Reply<Result<(), LogError>>),
    Trim(Millis, Reply<Result<(), LogError>>),
    Close(Reply<Result<(), LogError>>),
    /// Of a shared log: may this relay listen to the source?
    Lead(String, Reply<Grant>),
    /// Of a copy of a shared log.
    Copy(Ask),
}

pub(super) struct Writer {
    store: Box<dyn Store>,
    shared: Arc<Shared>,
    options: LogOptions,
    log: LogId,
    tip: u64,
    reserved_to: u64,
}

/// What the log makes of an event that is offered to it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Verdict {
    New,
    /// The log holds it.
    Repeat,
    /// A delete that concerns no reader.
    Forgotten,
}

/// What is known while events are judged one after another.
struct Known {
    /// Kinds of line by identity: of the log, and of what was judged before.
    kinds: FxHashMap<u64, Kinds>,
    /// Whether nothing has ever been removed.
    is_whole: bool,
    /// Identities of posts whose text has to go.
    withdrawn: Vec<u64>,
}

/// A batch whose events have been taken out, and whoever waits for it.
struct Waiting {
    batch: Batch,
    reply: Reply<Result<Appended, Refused>>,
    appended: Appended,
}

impl Waiting {
    fn new(batch: Batch, reply: Reply<Result<Appended, Refused>>) -> Self {
        Self {
            batch,
            reply,
            appended: Appended::default(),
        }
    }
}

impl Writer {
    pub(super) fn new(store: Box<dyn Store>, shared: Arc<Shared>, options: LogOptions) -> Self {
        let (log, tip) = {
            let hot = shared.hot();
            (hot.id().clone(), hot.tip())
        };
        Self {
            store,
            shared,
            options,
            log,
            tip,
            reserved_to: tip,
        }
    }

    pub(super) fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        let mut pending = None;
        while let Some(request) = pending.take().or_else(|| requests.blocking_recv()) {
            if let Request::Append(batch, _, reply) = request {
                let mut group = vec![Waiting::new(batch, reply)];
                pending = gather(&mut group, &mut requests);
                self.append(group);
                continue;
            }
            if matches!(request, Request::Close(_)) {
                // Whoever is told that the log is closed finds it closed.
                requests.close();
            }
            self = match self.answer(request) {
                Some(writer) => writer,
                None => return,
            };
        }
        // Every clone of the log is gone without a close: what a crash looks like, and treated like one.
    }

    /// Does one thing that is asked for; `None` when that was to close.
    pub(super) fn answer(mut self, request: Request) -> Option<Self> {
        match request {
            Request::Append(batch, _, reply) => self.append(vec![Waiting::new(batch, reply)]),
            Request::WithdrawAuthor(author, now, reply) => {
                let withdrawn = self.withdraw_author(&author, now);
                self.reply(Op::Withdraw, withdrawn, reply);
            }
            Request::Restart(reply) => {
                let restarted = fresh_id().and_then(|id| self.restart(id));
                self.reply(Op::Restart, restarted, reply);
            }
            Request::Trim(now, reply) => {
                let trimmed = self.trim(now);
                self.reply(Op::Trim, trimmed, reply);
            }
            Request::Close(reply) => {
                let closed = self.store.close(self.tip);
                let closed = self.shared.measures.checked(Op::Close, closed);
                // The answer says that the file is free: its lock goes first.
                drop(self);
                drop(reply.send(closed));
                return None;
            }
            // Whoever writes a log of its own leads.
            Request::Lead(source, reply) => drop(reply.send(Grant::unbounded(&source))),
            Request::Copy(ask) => self.answer_copy(ask),
        }
        Some(self)
    }

    fn reply(&self, op: Op, outcome: Result<(), LogError>, reply: Reply<Result<(), LogError>>) {
        let outcome = self.shared.measures.checked(op, outcome);
        // Whoever asked may have gone.
        let _ = reply.send(outcome);
    }

    fn append(&mut self, mut group: Vec<Waiting>) {
        let (committed, took) = timed(|| self.commit(&mut group));
        self.shared.measures.append.add_time(took);
        match self.shared.measures.checked(Op::Append, committed) {
            Ok(()) => {
                for waiting in group {
                    // Whoever asked may have gone; the events are stored all the same.
                    let tip = self.tip;
                    let appended = Appended {
                        tip,
                        ..waiting.appended
                    };
                    let _ = waiting.reply.send(Ok(appended));
                }
                let trimmed = self.trim_to(&self.limit(None));
                if let Err(error) = self.shared.measures.checked(Op::Trim, trimmed) {
                    tracing::warn!(%error, "the log could not be trimmed");
                }
            }
            Err(error) => {
                for Waiting { batch, reply, .. } in group {
                    let _ = reply.send(Err(Refused {
                        batch: Box::new(batch),
                        error: error.clone(),
                    }));
                }
            }
        }
    }

    /// Commits, then publishes: no reader ever holds a seq that a crash could take back.
    ///
    /// What the log holds already is left out, whoever offers it again; a post that was withdrawn
    /// before it came loses its text before it is stored.
    fn commit(&mut self, group: &mut [Waiting]) -> Result<(), LogError> {
        let mut known = self.known(group.iter().map(|waiting| &waiting.batch))?;
        let (mut lines, mut seq) = (Vec::new(), self.tip);
        for waiting in &mut *group {
            waiting.appended = Appended::default();
            let Batch {
                events,
                forgettable,
                ..
            } = &mut waiting.batch;
            for event in events {
                let verdict = known.judge(event, forgettable);
                waiting.appended.count(verdict, &event.body);
                if verdict == Verdict::New {
                    seq += 1;
                    event.seq = seq;
                    lines.push(Line::encode(&self.log, event));
                }
            }
        }
        let positions: Vec<_> = group
            .iter()
            .filter_map(|waiting| waiting.batch.position.clone())
            .collect();
        if seq > self.reserved_to {
            let (reserved, took) = timed(|| self.store.reserve(seq + BLOCK));
            self.shared.measures.fsync.add_time(took);
            reserved?;
            self.reserved_to = seq + BLOCK;
        }
        let commit = Commit {
            log: &self.log,
            lines: &lines,
            withdrawn: &known.withdrawn,
            positions: &positions,
            hole: None,
        };
        let (committed, took) = timed(|| self.store.commit(&commit));
        self.shared.measures.commit.add_time(took);
        if self.options.synchronous == Synchronous::Full {
            self.shared.measures.fsync.add_time(took);
        }
        let tombstones = committed?;
        self.tip = seq;
        self.shared
            .publish(|hot| hot.extend(lines, tombstones, positions));
        Ok(())
    }

    /// What the log holds of everything that is to be appended.
    fn known<'a>(&self, batches: impl Iterator<Item = &'a Batch>) -> Result<Known, LogError> {
        self.known_of(batches.flat_map(|batch| &batch.events))
    }

    fn known_of<'a>(&self, events: impl Iterator<Item = &'a Event>) -> Result<Known, LogError> {
        let mut identities: Vec<u64> = events.map(|event| identity(&event.body)).collect();
        identities.retain(|identity| *identity != 0);
        let kinds = self.store.kinds_of(&identities)?;
        Ok(Known {
            kinds: identities.into_iter().zip(kinds).collect(),
            is_whole: self.shared.hot().head().floor == 1,
            withdrawn: Vec::new(),
        })
    }

    /// A delete for every post of an author.
    fn deletes_of(&self, author: &str, now: Millis) -> Result<Batch, LogError> {
        let posts = match author_number(author) {
            0 => Vec::new(),
            author => self.store.posts_of(&self.log, author)?,
        };
        let deletes = posts.iter().filter_map(Line::post).map(|post| {
            let Post { source, id, .. } = post;
            Event::live(now, now, Body::Delete(Delete { source, id }))
        });
        Ok(Batch {
            events: deletes.collect(),
            ..Batch::default()
        })
    }

    fn withdraw_author(&mut self, author: &str, now: Millis) -> Result<(), LogError> {
        let batch = self.deletes_of(author, now)?;
        if batch.events.is_empty() {
            return Ok(());
        }
        let (reply, _) = oneshot::channel();
        self.commit(&mut [Waiting::new(batch, reply)])
    }

    fn restart(&mut self, id: LogId) -> Result<(), LogError> {
        self.store.restart(&id)?;
        (self.tip, self.reserved_to) = (0, 0);
        self.log = id.clone();
        self.shared.publish(|hot| hot.restart(id));
        Ok(())
    }

    fn trim(&mut self, now: Millis) -> Result<(), LogError> {
        self.trim_to(&self.limit(Some(now)))
    }

    fn limit(&self, now: Option<Millis>) -> Limit {
        let seen_before = self
            .options
            .keep_age
            .zip(now)
            .map(|(age, now)| now.saturating_sub(age));
        Limit {
            seen_before,
            max_bytes: self.options.keep_bytes,
        }
    }

    fn trim_to(&mut self, limit: &Limit) -> Result<(), LogError> {
        for _ in 0..MAX_TRIM_STEPS {
            let Some(floor) = self.store.next_floor(limit)? else {
                return Ok(());
            };
            self.shared.publish(|hot| hot.raise_floor(floor));
            self.store.trim(floor)?;
        }
        Ok(())
    }
}

impl Known {
    /// What the log makes of an event, which may lose its text by that: a post that was withdrawn before it
    /// came.
    fn judge(&mut self, event: &mut Event, forgettable: &[u64]) -> Verdict {
        let identity = identity(&event.body);
        let kinds = self.kinds.entry(identity).or_insert(Kinds::NONE);
        let kind = Kinds::of(&event.body);
        if kinds.overlaps(kind) {
            return Verdict::Repeat;
        }
        let has_post = kinds.overlaps(Kinds::POST);
        if kind == Kinds::DELETE && self.is_whole && !has_post && forgettable.contains(&identity) {
            return Verdict::Forgotten;
        }
        if let Body::Post(post) = &mut event.body
            && kinds.overlaps(Kinds::DELETE)
        {
            empty(post);
        }
        if kind == Kinds::DELETE && has_post {
            self.withdrawn.push(identity);
        }
        // Changes of state are no repeats of each other.
        if kind != Kinds::STATUS {
            *kinds = kinds.and(kind);
        }
        Verdict::New
    }
}

impl Appended {
    fn count(&mut self, verdict: Verdict, body: &Body) {
        match verdict {
            Verdict::New => {}
            Verdict::Repeat => {
                self.n_repeats += 1;
                self.n_repeated_posts += u64::from(matches!(body, Body::Post(_)));
            }
            Verdict::Forgotten => self.n_forgotten += 1,
        }
    }
}

/// Adds the appends that already wait, up to a full commit; returns the first other request.
fn gather(group: &mut Vec<Waiting>, requests: &mut mpsc::Receiver<Request>) -> Option<Request> {
    let mut n_events = group
        .iter()
        .map(|waiting| waiting.batch.events.len())
        .sum::<usize>();
    while n_events < MAX_COMMIT {
        match requests.try_recv() {
            Ok(Request::Append(batch, _, reply)) => {
                n_events += batch.events.len();
                group.push(Waiting::new(batch, reply));
            }
            Ok(other) => return Some(other),
            Err(_) => return None,
        }
    }
    None
}
