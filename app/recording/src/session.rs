//! A stretch of time and everything that decides how it counts.

use std::{collections::BTreeSet, sync::Arc};

use analysis::{
    Counting, Engine, Standing,
    protocol::Watch,
    series::bucket::FIVE_MINUTES,
    text::word_list::WordList,
    view::{Class, Range},
};
use chunks::{Record, Withdrawn};
use wire::{Body, Event, Identity, Millis, PublicConfig};

use crate::{
    outputs::{self, Question},
    table::Table,
};

/// Most tickers that results are given for: those that are mentioned most.
const MAX_TICKERS: usize = 12;

/// What decides how events count.
#[derive(Clone, Debug, Default)]
pub struct Basis {
    /// Topics and tickers.
    pub config: PublicConfig,
    /// Scoring, sampling, and the ticker that is looked at.
    pub watch: Watch,
    /// The reader's own words, where they score.
    pub word_list: Option<Arc<WordList>>,
}

/// Events of a stretch of time, and what follows from them alone.
pub struct Session {
    basis: Basis,
    wanted: Option<Range>,
    engine: Engine,
    deleted: BTreeSet<u64>,
    /// Posts whose text and author are gone.
    n_withdrawn: u64,
}

impl Basis {
    /// An engine without events that counts by it.
    pub(crate) fn engine(&self) -> Engine {
        let counting = Counting {
            scoring: self.watch.scoring,
            sampling: self.watch.sampling.clone(),
            word_list: self.word_list.clone(),
        };
        Engine::counting(&self.config, counting)
    }
}

impl Session {
    /// A session without events, of `range` widened to whole five minutes, or of everything.
    pub fn new(basis: Basis, range: Option<Range>) -> Self {
        let engine = basis.engine();
        Self {
            basis,
            wanted: range.map(whole_buckets),
            engine,
            deleted: BTreeSet::new(),
            n_withdrawn: 0,
        }
    }

    /// Counts stored events, those that lie outside left out. An event that was taken in already changes nothing.
    pub fn take(&mut self, records: &[Record]) {
        for record in records {
            if let Body::Delete(delete) = &record.event.body {
                let post = Identity::of_post(&delete.source, &delete.id);
                self.deleted.insert(post.0);
            }
            if self.holds(&record.event) {
                self.n_withdrawn += u64::from(record.withdrawn.is_some());
                apply(&mut self.engine, record);
            }
        }
        self.engine.judge(usize::MAX);
    }

    /// Whether an event belongs to the session. What a source was doing when it begins does.
    pub fn holds(&self, event: &Event) -> bool {
        let Some(Range { from, to }) = self.wanted else {
            return true;
        };
        match &event.body {
            Body::Status(_) => event.at < to,
            // It is known at the end of what it says.
            Body::Bar(_) => (from..=to).contains(&event.at),
            _ => (from..to).contains(&event.at),
        }
    }

    /// The stretch in whole five minutes; of a session of everything, from its first event to its last.
    pub fn range(&self) -> Range {
        let span = self.engine.summary().span;
        self.wanted.unwrap_or_else(|| {
            let (from, last) = span.unwrap_or_default();
            whole_buckets(Range {
                from,
                to: last.saturating_add(1),
            })
        })
    }

    /// The clock of its data.
    pub fn now(&self) -> Millis {
        self.engine.now().unwrap_or_default()
    }

    /// What decides how events count.
    pub fn basis(&self) -> &Basis {
        &self.basis
    }

    /// Posts that are in.
    pub fn n_posts(&self) -> u64 {
        self.engine.n_posts()
    }

    /// The tickers that results are given for: the one that is looked at, then those mentioned most, with
    /// prices before those without.
    pub fn tickers(&self) -> Vec<String> {
        let mut found = self.engine.summary().tickers;
        found.retain(|ticker| ticker.n_posts > 0);
        found.sort_by_key(|ticker| std::cmp::Reverse((ticker.n_bars > 0, ticker.n_posts)));
        let chosen = self.basis.watch.ticker.clone();
        let others = found.into_iter().map(|ticker| ticker.symbol);
        let others = others.filter(|symbol| chosen.as_ref() != Some(symbol));
        chosen
            .iter()
            .cloned()
            .chain(others)
            .take(MAX_TICKERS)
            .collect()
    }

    /// All results.
    pub fn outputs(&mut self) -> Vec<Table> {
        let (range, now, tickers) = (self.range(), self.now(), self.tickers());
        let question = Question {
            watch: &self.basis.watch,
            tickers: &tickers,
            range,
            now,
        };
        outputs::all(&mut self.engine, &self.basis.config, &question)
    }

    /// Whether it was taken in.
    pub(crate) fn knows(&self, event: Identity) -> bool {
        self.engine.is_known(event)
    }

    pub(crate) fn engine(&mut self) -> &mut Engine {
        &mut self.engine
    }

    /// Whether text and author of a post must not be handed on.
    pub(crate) fn is_deleted(&self, record: &Record) -> bool {
        let identity = Identity::of(&record.event);
        record.withdrawn.is_some() || identity.is_some_and(|post| self.deleted.contains(&post.0))
    }

    /// How a post counts, and how it reads.
    pub(crate) fn standing(&mut self, event: &Event) -> Option<(Standing, Class)> {
        let (_, standing) = self.engine.standing(Identity::of(event)?)?;
        let class = outputs::class(&self.basis.watch.scoring, standing.compound);
        Some((standing, class))
    }
}

/// Takes a stored event in, a withdrawn post as it counted.
pub(crate) fn apply(engine: &mut Engine, record: &Record) {
    match &record.withdrawn {
        Some(withdrawn) => engine.apply_withdrawn(&record.event, &standing_of(withdrawn)),
        None => engine.apply(&record.event),
    };
}

pub(crate) fn standing_of(withdrawn: &Withdrawn) -> Standing {
    Standing {
        compound: withdrawn.compound,
        topics: withdrawn.topics.clone(),
        tickers: withdrawn.tickers.clone(),
        judgement: withdrawn.judgement,
    }
}

fn whole_buckets(range: Range) -> Range {
    let down = |at: Millis| at.div_euclid(FIVE_MINUTES).saturating_mul(FIVE_MINUTES);
    Range {
        from: down(range.from),
        to: down(range.to.saturating_add(FIVE_MINUTES - 1)),
    }
}
