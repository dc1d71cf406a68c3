//! What the writer of a copy of a shared log does: events come with their seq, from the stream that all relays
//! read. Every relay decides by the same rules what of it readers get, so that all of them get the same.

use rustc_hash::FxHashMap;
use wire::{Body, Event, LogId, Millis, author::AuthorKey, ndjson};

use super::{Batch, Op, Reply, Verdict, Writer};
use crate::log::{
    Appended, Line, LogError,
    cold::Commit,
    line::empty,
    shared::names::{AUTHOR_KEY, COPIED, lease_of, status_of},
};

/// What the writer of a copy is asked.
pub(in crate::log) enum Ask {
    /// What of these has to be published.
    Sift(Vec<Batch>, Reply<Sifting>),
    /// What has come from the stream, and the seqs before it that will not come any more.
    Apply(Vec<Given>, Option<(u64, u64)>, Reply<Result<(), LogError>>),
    /// Deletes for all posts of an author.
    DeletesOf(String, Millis, Reply<Result<Batch, LogError>>),
    /// Begin again as a copy of this log.
    Become(LogId, AuthorKey, Reply<Result<(), LogError>>),
}

/// What was sifted, or the batches as they were.
type Sifting = Result<Vec<Sifted>, (Vec<Batch>, LogError)>;

/// A batch, and what of it is new.
pub(in crate::log) struct Sifted {
    pub(in crate::log) batch: Batch,
    /// Places of the events that have to be published.
    pub(in crate::log) fresh: Vec<usize>,
    /// Where the posts stand that are withdrawn by it.
    pub(in crate::log) withdrawn: Vec<u64>,
    pub(in crate::log) appended: Appended,
}

impl Sifted {
    /// Of a batch that could not be looked at.
    pub(in crate::log) fn nothing(batch: Batch) -> Self {
        Self {
            batch,
            fresh: Vec::new(),
            withdrawn: Vec::new(),
            appended: Appended::default(),
        }
    }
}

/// A message of the stream.
#[derive(Debug, Default)]
pub(in crate::log) struct Given {
    pub(in crate::log) seq: u64,
    /// Some messages carry a position or the beginning of a lease only.
    pub(in crate::log) event: Option<Event>,
    pub(in crate::log) position: Option<(String, String)>,
    /// On behalf of which source it was published, under which lease of it.
    pub(in crate::log) lease: Option<(String, u64)>,
    /// When the server took it, in nanoseconds.
    pub(in crate::log) stamp: i64,
}

impl Writer {
    pub(super) fn answer_copy(&mut self, ask: Ask) {
        // Whoever asked may have gone.
        match ask {
            Ask::Sift(batches, reply) => drop(reply.send(self.sift(batches))),
            Ask::Apply(given, hole, reply) => {
                let applied = self.apply(given, hole);
                self.reply(Op::Append, applied, reply);
            }
            Ask::DeletesOf(author, now, reply) => drop(reply.send(self.deletes_of(&author, now))),
            Ask::Become(id, key, reply) => {
                let become_it = self.become_copy_of(id, key);
                self.reply(Op::Restart, become_it, reply);
            }
        }
    }

    /// A post that is withdrawn by the same batch never leaves this relay with its text.
    fn sift(&self, batches: Vec<Batch>) -> Sifting {
        let mut known = match self.known(batches.iter()) {
            Ok(known) => known,
            Err(error) => return Err((batches, error)),
        };
        let mut sifted: Vec<Sifted> = Vec::with_capacity(batches.len());
        for mut batch in batches {
            let (mut fresh, mut appended) = (Vec::new(), Appended::default());
            for (place, event) in batch.events.iter_mut().enumerate() {
                let verdict = known.judge(event, &batch.forgettable);
                appended.count(verdict, &event.body);
                if verdict == Verdict::New {
                    fresh.push(place);
                }
            }
            let mut withdrawn = Vec::new();
            for identity in std::mem::take(&mut known.withdrawn) {
                // Where it cannot be found out the text stays in the stream until retention removes it.
                withdrawn.extend(self.store.seq_of_post(identity).ok().flatten());
                let earlier = sifted.iter_mut().map(|sifted| &mut sifted.batch);
                for event in earlier
                    .chain([&mut batch])
                    .flat_map(|batch| &mut batch.events)
                {
                    if let Body::Post(post) = &mut event.body
                        && wire::Identity::of_post(&post.source, &post.id).0 == identity
                    {
                        empty(post);
                    }
                }
            }
            sifted.push(Sifted {
                batch,
                fresh,
                withdrawn,
                appended,
            });
        }
        Ok(sifted)
    }

    /// Stores and publishes what readers get of it. A message under a lease that has been taken over before
    /// it in the stream is passed over, and so is an event that the log holds.
    fn apply(&mut self, given: Vec<Given>, hole: Option<(u64, u64)>) -> Result<(), LogError> {
        let mut known = self.known_of(given.iter().filter_map(|given| given.event.as_ref()))?;
        let mut tip = hole.map_or(self.tip, |(_, last)| self.tip.max(last));
        let (mut lines, mut leases, mut stamp) = (Vec::new(), Leases::default(), 0);
        let mut positions = FxHashMap::default();
        for given in given {
            if given.seq <= tip {
                continue;
            }
            (tip, stamp) = (given.seq, given.stamp);
            if let Some((source, token)) = given.lease
                && !self.is_in_turn(&mut leases, source, token)
            {
                continue;
            }
            positions.extend(given.position);
            let Some(mut event) = given.event else {
                continue;
            };
            if known.judge(&mut event, &[]) != Verdict::New {
                continue;
            }
            event.seq = given.seq;
            if let Body::Status(status) = &event.body {
                positions.insert(status_of(&status.source), ndjson::encode_line(&event));
            }
            lines.push(Line::encode(&self.log, &event));
        }
        if tip == self.tip {
            return Ok(());
        }
        let leases = leases.0.into_iter().filter(|(_, lease)| lease.is_changed);
        positions
            .extend(leases.map(|(source, lease)| (lease_of(&source), lease.token.to_string())));
        positions.insert(COPIED.to_owned(), format!("{tip} {stamp}"));
        let mut positions: Vec<_> = positions.into_iter().collect();
        positions.sort_unstable();
        let commit = Commit {
            log: &self.log,
            lines: &lines,
            withdrawn: &known.withdrawn,
            positions: &positions,
            hole,
        };
        let tombstones = self.store.commit(&commit)?;
        self.tip = tip;
        self.shared.publish(|hot| {
            if let Some((first, last)) = hole {
                hot.leave_out(first, last);
            }
            hot.extend(lines, tombstones, positions);
            hot.reach(tip);
        });
        let trimmed = self.trim_to(&self.limit(None));
        if let Err(error) = self.shared.measures.checked(Op::Trim, trimmed) {
            tracing::warn!(%error, "the log could not be trimmed");
        }
        Ok(())
    }

    /// Whether nobody has taken the source over before.
    fn is_in_turn(&self, leases: &mut Leases, source: String, token: u64) -> bool {
        let newest = leases.0.entry(source).or_insert_with_key(|source| {
            let stored = self.shared.hot().position(&lease_of(source));
            Lease {
                token: stored.and_then(|token| token.parse().ok()).unwrap_or(0),
                is_changed: false,
            }
        });
        if token > newest.token {
            *newest = Lease {
                token,
                is_changed: true,
            };
        }
        token == newest.token
    }

    fn become_copy_of(&mut self, id: LogId, AuthorKey(key): AuthorKey) -> Result<(), LogError> {
        self.restart(id)?;
        let key = format!("{:032x}", u128::from_be_bytes(key));
        let positions = vec![(AUTHOR_KEY.to_owned(), key)];
        let commit = Commit {
            log: &self.log,
            lines: &[],
            withdrawn: &[],
            positions: &positions,
            hole: None,
        };
        self.store.commit(&commit)?;
        self.shared
            .publish(|hot| hot.extend(Vec::new(), Vec::new(), positions));
        Ok(())
    }
}

/// The newest lease of each source, as of some place in the stream.
#[derive(Default)]
struct Leases(FxHashMap<String, Lease>);

struct Lease {
    token: u64,
    is_changed: bool,
}
