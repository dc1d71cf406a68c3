//! Counting everything again in another way: a new engine, filled from the store beside the old one.
//!
//! What a post is judged to be depends on what came before it, so lines that come meanwhile wait for their
//! turn behind the stored ones.

use analysis::Engine;
use wire::ndjson;

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
    missed: Vec<u8>,
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

    /// The store was asked to read everything, what came until now included. Tips are not stored as lines:
    /// `tip` is the newest one.
    pub(crate) fn note_asked(&mut self, tip: &str) {
        self.n_reads += 1;
        if let Some(next) = &mut self.next {
            next.is_unasked = false;
            next.missed.clear();
        }
        self.keep(tip);
    }

    /// Keeps a line that has just come.
    pub(crate) fn keep(&mut self, line: &str) {
        if let Some(next) = &mut self.next {
            next.missed.extend_from_slice(line.as_bytes());
            next.missed.push(b'\n');
        }
    }

    /// Takes stored lines: for the page's own engine when nothing is under way.
    pub(crate) fn load(&mut self, own: &mut Engine, lines: &[u8]) {
        if self.n_reads == 0 {
            return apply_lines(own, lines);
        }
        // Of several readings the last one counts; one of a store that was thrown away does not.
        let is_last = self.n_reads == 1;
        if let Some(next) = self
            .next
            .as_mut()
            .filter(|next| is_last && !next.is_unasked)
        {
            apply_lines(&mut next.engine, lines);
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
        apply_lines(&mut engine, &missed);
        Some(engine)
    }

    /// Gives the reading up; returns the new engine as far as it is.
    pub(crate) fn give_up(&mut self) -> Option<Engine> {
        self.next.take().map(|next| next.engine)
    }
}

fn apply_lines(engine: &mut Engine, lines: &[u8]) {
    for line in lines.split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
        let line = std::str::from_utf8(line).ok();
        match line.and_then(|line| ndjson::decode_line(line).ok()) {
            Some(event) => {
                engine.apply(&event);
            }
            None => engine.note_unreadable(1),
        }
    }
    // Otherwise the figures would fall to nothing and climb again.
    if !engine.counts_everything() {
        engine.judge(usize::MAX);
    }
}

#[cfg(test)]
mod tests {
    use wire::PublicConfig;

    use super::*;

    fn engine() -> Engine {
        Engine::new(&PublicConfig::default())
    }

    fn line(id: u32) -> String {
        format!(
            r#"{{"v":1,"seq":{id},"seen_at":{id},"at":{id},"post":{{"id":"{id}","source":"s","author":"a","text":"t"}}}}"#
        )
    }

    #[test]
    fn stored_lines_come_first_and_then_those_that_came_meanwhile() {
        let (mut recount, mut own) = (Recount::default(), engine());
        recount.load(&mut own, line(1).as_bytes());
        recount.begin(engine());
        recount.note_asked("");
        recount.keep(&line(2));

        recount.load(&mut own, line(1).as_bytes());
        let new = recount.end_reading();

        assert_eq!((own.n_posts(), new.map(|new| new.n_posts())), (1, Some(2)));
        assert!(!recount.is_on());
    }

    #[test]
    fn of_two_recounts_in_a_row_the_second_is_filled_by_its_own_reading() {
        let (mut recount, mut own) = (Recount::default(), engine());
        recount.begin(engine());
        recount.note_asked("");
        recount.begin(engine());

        recount.load(&mut own, line(1).as_bytes());
        assert!(recount.end_reading().is_none(), "that was the first one's");
        recount.note_asked("");
        recount.load(&mut own, format!("{}\n{}", line(1), line(2)).as_bytes());

        assert_eq!(recount.end_reading().map(|new| new.n_posts()), Some(2));
        assert_eq!(own.n_posts(), 0);
    }

    #[test]
    fn what_is_read_of_a_store_that_was_thrown_away_counts_nowhere() {
        let (mut recount, mut own) = (Recount::default(), engine());
        recount.begin(engine());
        recount.note_asked("");

        recount.give_up();
        recount.load(&mut own, line(1).as_bytes());

        assert!(recount.end_reading().is_none());
        assert_eq!(own.n_posts(), 0);
    }
}
