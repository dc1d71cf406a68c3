//! Counting everything again in another way: a new engine, filled from the store beside the old one.
//!
//! What a post is judged to be depends on what came before it, so events that come meanwhile wait for their
//! turn behind the stored ones.

use analysis::{Engine, Standing};
use chunks::{Record, Withdrawn};
use wire::Event;

/// What is under way, if anything.
#[derive(Default)]
pub(crate) struct Recount {
    next: Option<Next>,
    /// Readings of the whole store that were asked for and are not through.
    n_reads: u32,
}

struct Next {
    engine: Engine,
    /// The store has not been asked yet to read for this one.
    is_unasked: bool,
    missed: Vec<Event>,
}

impl Recount {
    /// Begins anew with an engine without events.
    pub(crate) fn begin(&mut self, engine: Engine) {
        self.next = Some(Next {
            engine,
            is_unasked: true,
            missed: Vec::new(),
        });
    }

    pub(crate) fn is_on(&self) -> bool {
        self.next.is_some()
    }

    /// The store was asked to read everything, what came until now included. Tips are not stored:
    /// `tip` is the newest one.
    pub(crate) fn note_asked(&mut self, tip: Option<&Event>) {
        self.n_reads += 1;
        if let Some(next) = &mut self.next {
            next.is_unasked = false;
            next.missed.clear();
        }
        if let Some(tip) = tip {
            self.keep(tip);
        }
    }

    /// Keeps an event that has just come.
    pub(crate) fn keep(&mut self, event: &Event) {
        if let Some(next) = &mut self.next {
            next.missed.push(event.clone());
        }
    }

    /// The engine that stored events are for: the page's own when nothing is under way.
    pub(crate) fn target<'a>(&'a mut self, own: &'a mut Engine) -> Option<&'a mut Engine> {
        if self.n_reads == 0 {
            return Some(own);
        }
        // Of several readings the last one counts; one of a store that was thrown away does not.
        let is_last = self.n_reads == 1;
        let next = self.next.as_mut();
        let next = next.filter(|next| is_last && !next.is_unasked)?;
        Some(&mut next.engine)
    }

    /// Takes stored events.
    pub(crate) fn load(&mut self, own: &mut Engine, records: &[Record]) {
        if let Some(engine) = self.target(own) {
            apply(engine, records);
        }
    }

    /// Takes texts of events that are in.
    pub(crate) fn recall(&mut self, own: &mut Engine, records: &[Record]) {
        if let Some(engine) = self.target(own) {
            recall(engine, records);
        }
    }

    /// A reading is through; returns the new engine if it is complete with it.
    pub(crate) fn end_reading(&mut self) -> Option<Engine> {
        self.n_reads = self.n_reads.saturating_sub(1);
        let is_complete = self.n_reads == 0;
        let next = self.next.take_if(|next| is_complete && !next.is_unasked)?;
        let Next {
            mut engine, missed, ..
        } = next;
        for event in &missed {
            engine.apply(event);
        }
        judge(&mut engine);
        Some(engine)
    }

    /// Gives the reading up; returns the new engine as far as it is.
    pub(crate) fn give_up(&mut self) -> Option<Engine> {
        self.next.take().map(|next| next.engine)
    }
}

/// Takes in what is stored.
pub(crate) fn apply(engine: &mut Engine, records: &[Record]) {
    for Record { event, withdrawn } in records {
        match withdrawn {
            Some(withdrawn) => engine.apply_withdrawn(event, &standing(withdrawn.clone())),
            None => engine.apply(event),
        };
    }
    judge(engine);
}

/// Takes in texts of posts that came by their digests.
pub(crate) fn recall(engine: &mut Engine, records: &[Record]) {
    let posts = records.iter().filter(|record| record.withdrawn.is_none());
    posts.for_each(|record| engine.recall(&record.event));
}

/// Otherwise the figures would fall to nothing and climb again.
fn judge(engine: &mut Engine) {
    if !engine.counts_everything() {
        engine.judge(usize::MAX);
    }
}

pub(crate) fn standing(withdrawn: Withdrawn) -> Standing {
    let Withdrawn {
        compound,
        topics,
        tickers,
        judgement,
    } = withdrawn;
    Standing {
        compound,
        topics,
        tickers,
        judgement,
    }
}

#[cfg(test)]
mod tests {
    use wire::{Body, Post, PublicConfig};

    use super::*;

    fn engine() -> Engine {
        Engine::new(&PublicConfig::default())
    }

    fn event(id: u32) -> Event {
        let post = Post {
            id: id.to_string(),
            source: "s".into(),
            text: "t".into(),
            ..Post::default()
        };
        Event::imported(id.into(), Body::Post(Box::new(post)))
    }

    fn stored(ids: &[u32]) -> Vec<Record> {
        ids.iter().map(|id| event(*id).into()).collect()
    }

    #[test]
    fn stored_events_come_first_and_then_those_that_came_meanwhile() {
        let (mut recount, mut own) = (Recount::default(), engine());
        recount.load(&mut own, &stored(&[1]));
        recount.begin(engine());
        recount.note_asked(None);
        recount.keep(&event(2));

        recount.load(&mut own, &stored(&[1]));
        let new = recount.end_reading();

        assert_eq!((own.n_posts(), new.map(|new| new.n_posts())), (1, Some(2)));
        assert!(!recount.is_on());
    }

    #[test]
    fn of_two_recounts_in_a_row_the_second_is_filled_by_its_own_reading() {
        let (mut recount, mut own) = (Recount::default(), engine());
        recount.begin(engine());
        recount.note_asked(None);
        recount.begin(engine());

        recount.load(&mut own, &stored(&[1]));
        assert!(recount.end_reading().is_none(), "that was the first one's");
        recount.note_asked(None);
        recount.load(&mut own, &stored(&[1, 2]));

        assert_eq!(recount.end_reading().map(|new| new.n_posts()), Some(2));
        assert_eq!(own.n_posts(), 0);
    }

    #[test]
    fn what_is_read_of_a_store_that_was_thrown_away_counts_nowhere() {
        let (mut recount, mut own) = (Recount::default(), engine());
        recount.begin(engine());
        recount.note_asked(None);

        recount.give_up();
        recount.load(&mut own, &stored(&[1]));

        assert!(recount.end_reading().is_none());
        assert_eq!(own.n_posts(), 0);
    }
}
