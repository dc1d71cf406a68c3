//! The engine as it stood at an instant, from events that reach beyond it.

use wire::{Event, Millis, PublicConfig};

use super::{Counting, Engine};

impl Engine {
    /// The engine of somebody who was there at `at`: of these events, in the order of the log, it has taken in
    /// what had been seen by then, and judged all of it. So every view says what could be known at the time.
    ///
    /// ```
    /// use analysis::{Counting, Engine};
    /// use wire::{Body, Event, Post, PublicConfig};
    ///
    /// let post = |id: &str, seen_at| {
    ///     Event::live(seen_at, seen_at, Body::Post(Box::new(Post { id: id.into(), ..Post::default() })))
    /// };
    /// let events = [post("1", 1_000), post("2", 2_000)];
    /// let engine = Engine::as_of(&PublicConfig::default(), Counting::default(), &events, 1_999);
    ///
    /// assert_eq!(engine.n_posts(), 1);
    /// ```
    pub fn as_of<'e>(
        config: &PublicConfig,
        counting: Counting,
        events: impl IntoIterator<Item = &'e Event>,
        at: Millis,
    ) -> Self {
        let mut engine = Self::counting(config, counting);
        for event in events.into_iter().filter(|event| event.seen_at <= at) {
            engine.apply(event);
        }
        engine.judge(usize::MAX);
        engine
    }
}
