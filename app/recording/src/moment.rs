//! A moment explained: what the card *Explain this moment* says, as tables, of what stands in the file alone.
//!
//! ```text
//!  records ──meet──► what lies around the stretch: posts of before, articles, closes   in the file they stand aside,
//!     └─────read──► Card ──► tables                                                    and count in nothing else
//! ```

mod card;
mod tables;

use std::collections::BTreeMap;

use analysis::{
    news::is_feed,
    protocol::talk::{TopicsWish, WordsWish},
    talk::{AROUND, N_CLOSES},
    topics::Number,
    view::Range,
};
use chunks::Record;
use serde::{Deserialize, Serialize};
use wire::{Body, Event, Identity, Millis, time::DAY};

pub(crate) use self::{
    card::Card,
    tables::{Row, empty, set_counts, told},
};
use crate::{
    Session,
    table::Table,
    terms::{self, Texts},
};

/// Of more posts no topics are fitted, as on the page.
const MOST_POSTS: u64 = 100_000;
/// Closes are looked for so far from the stretch.
const REACH: Millis = 14 * DAY;

/// Which moment is explained, and how.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Explained {
    /// Start of the stretch, inclusive.
    pub from: Millis,
    /// Its end, exclusive.
    pub to: Millis,
    /// How words are weighed.
    pub words: WordsWish,
    /// How topics are found; none are with `None`.
    pub topics: Option<TopicsWish>,
}

/// A moment that is being explained, in two passes over what is stored.
pub struct Moment {
    explained: Explained,
    texts: Texts,
    /// Posts of before, and articles.
    aside: Session,
    /// Closes before the session and after it, by instrument and width.
    closes: BTreeMap<(String, String, Millis), [BTreeMap<Millis, u64>; 2]>,
    card: Card,
}

impl Explained {
    /// The stretch.
    pub fn range(&self) -> Range {
        Range {
            from: self.from,
            to: self.to,
        }
    }

    /// The same with values that can be computed with, whatever a file says.
    pub(crate) fn sound(mut self) -> Self {
        self.from = self.from.clamp(-MAX_TIME, MAX_TIME);
        self.to = self.to.clamp(self.from, MAX_TIME);
        if let Some(topics) = &mut self.topics
            && let Number::Exactly(k) = topics.number
            && !(2..=10).contains(&k)
        {
            topics.number = Number::Automatic;
        }
        self
    }
}

/// The limit of JavaScript's dates.
const MAX_TIME: Millis = 8_640_000_000_000_000;

impl Moment {
    /// Nothing was read yet. The moment lies within the session, which has taken in all of its records. Prices are
    /// told of the ticker that is watched, or else of the one that the chart shows.
    pub fn new(
        session: &Session,
        explained: Explained,
        shown: Option<String>,
        texts: Texts,
    ) -> Self {
        let mut explained = explained.sound();
        explained.topics = explained.topics.filter(|_| session.n_posts() <= MOST_POSTS);
        let mut basis = session.basis().clone();
        let aside = Session::new(basis.clone(), None);
        basis.watch.ticker = basis.watch.ticker.or(shown);
        Self {
            explained,
            texts,
            aside,
            closes: BTreeMap::new(),
            card: Card::new(&basis, explained),
        }
    }

    /// Records of this stretch are to be handed over.
    pub fn reach(&self) -> Range {
        Range {
            from: self.before().from.min(self.explained.from - REACH),
            to: self.explained.to + REACH,
        }
    }

    /// Posts of this stretch are what the moment is compared with: as long, and at least the day that
    /// duplicates are looked for in.
    fn before(&self) -> Range {
        let Range { from, to } = self.explained.range();
        Range {
            from: from - (to - from).max(DAY),
            to: from,
        }
    }

    /// Pass 1: finds what lies around.
    pub fn meet(&mut self, session: &Session, records: &[Record]) {
        for record in records {
            match &record.event.body {
                Body::Bar(bar)
                    if !session.holds(&record.event)
                        && terms::gives_prices(self.texts, &bar.source) =>
                {
                    self.meet_bar(session, &record.event);
                }
                Body::Delete(_) => self.aside.take(std::slice::from_ref(record)),
                Body::Post(_) if self.is_aside(session, &record.event) => {
                    self.aside.take(std::slice::from_ref(record));
                }
                _ => {}
            }
        }
    }

    fn meet_bar(&mut self, session: &Session, event: &Event) {
        let (Body::Bar(bar), Some(identity)) = (&event.body, Identity::of(event)) else {
            return;
        };
        let at = bar.close_at();
        let reach = self.reach();
        if at < reach.from || reach.to < at {
            return;
        }
        let key = (bar.ticker.clone(), bar.currency.clone(), bar.width);
        let [before, after] = self.closes.entry(key).or_default();
        if at < session.range().from {
            before.insert(at, identity.0);
            while before.len() > 1 {
                before.pop_first();
            }
        } else {
            after.insert(at, identity.0);
            while after.len() > N_CLOSES {
                after.pop_last();
            }
        }
    }

    /// Whether an event belongs to the moment and not to the session.
    fn is_aside(&self, session: &Session, event: &Event) -> bool {
        if session.holds(event) {
            return false;
        }
        match &event.body {
            Body::Post(post) => {
                let Range { from, to } = self.before();
                let around = from.max(self.explained.from - AROUND)..self.explained.to + AROUND;
                (from..to).contains(&event.at)
                    || is_feed(&post.source) && around.contains(&event.seen_at)
            }
            Body::Bar(bar) => {
                let key = (bar.ticker.clone(), bar.currency.clone(), bar.width);
                let bar = Identity::of(event).map(|bar| bar.0);
                let closes = self.closes.get(&key).into_iter().flatten();
                closes
                    .flat_map(BTreeMap::values)
                    .any(|one| bar == Some(*one))
            }
            _ => false,
        }
    }

    /// The session whose terms an event that stands aside is handed on by.
    pub(crate) fn session_of(&mut self, session: &Session, event: &Event) -> Option<&mut Session> {
        let is_known = self.is_aside(session, event)
            && match &event.body {
                Body::Post(_) => Identity::of(event).is_some_and(|post| self.aside.knows(post)),
                _ => true,
            };
        is_known.then_some(&mut self.aside)
    }

    /// Pass 2: reads the session's events and those around.
    pub fn read(&mut self, session: &mut Session, records: &[Record]) {
        for record in records {
            let Some(identity) = Identity::of(&record.event) else {
                continue;
            };
            let is_in = session.holds(&record.event) && session.knows(identity);
            let is_aside = !is_in && self.session_of(session, &record.event).is_some();
            let session = match (is_in, is_aside) {
                (true, _) => &mut *session,
                (_, true) => &mut self.aside,
                _ => continue,
            };
            match &record.event.body {
                Body::Post(_) => {
                    let is_gone = session.is_deleted(record);
                    let standing = session.standing(&record.event).filter(|_| is_gone);
                    let standing = standing.map(|(standing, _)| standing);
                    self.card.add(&record.event, standing);
                }
                Body::Bar(bar) if terms::gives_prices(self.texts, &bar.source) => {
                    self.card.add(&record.event, None);
                }
                _ => {}
            }
        }
    }

    /// What is explained, and the ticker whose prices follow.
    pub(crate) fn explained(&mut self) -> (Explained, Option<String>) {
        (self.explained, self.card.ticker())
    }

    /// What the card says, with texts as far as they may be handed on.
    pub(crate) fn tables(&mut self, session: &Session) -> Vec<Table> {
        let config = &session.basis().config;
        self.card
            .tables(|source| terms::gives_texts(self.texts, source, config))
    }
}
