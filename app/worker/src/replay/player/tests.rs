//! Whatever way a time is reached: played to, stepped to, sought, at any speed and in pieces of any size.

use analysis::{digest::Origin, protocol::Watch, view::Frame};
use proptest::prelude::*;
use wire::{Event, Post, PublicConfig};

use super::*;

const SECOND: Millis = 1_000;

/// Posts in the order in which they were seen, some late, some alike.
fn any_events() -> impl Strategy<Value = Vec<Event>> {
    let text = prop::sample::select(vec![
        "I love $BTC #moon",
        "Join the biggest moon club of the year today $BTC",
        "what a horrible crash #sad",
    ]);
    prop::collection::vec((0..20 * SECOND, 0..90 * SECOND, text, 0u8..4), 1..80).prop_map(|posts| {
        let mut seen_at = 0;
        let event = |(id, (pause, delay, text, author)): (usize, (Millis, Millis, &str, u8))| {
            seen_at += pause;
            let post = Post {
                id: id.to_string(),
                source: "s".into(),
                author: format!("{author:016x}"),
                text: text.into(),
                hashtags: vec!["moon".into()],
                ..Post::default()
            };
            Event::live(seen_at - delay, seen_at, Body::Post(Box::new(post)))
        };
        posts.into_iter().enumerate().map(event).collect()
    })
}

fn engine() -> Engine {
    Engine::new(&PublicConfig::default())
}

fn frame(engine: &mut Engine, at: Millis) -> Frame {
    engine.judge(usize::MAX);
    engine.watch(Watch::default());
    engine.refresh();
    engine.frame(at)
}

/// A player with its engine and what lies in the store.
struct Running {
    player: Player,
    engine: Engine,
    stored: Vec<Event>,
    n_read: usize,
    /// Events that come at once.
    piece: usize,
    /// Everything is in, for digests of it; without it there are none.
    found: Option<Engine>,
    /// Events from here on were handed on by digests, and their texts were not.
    bare_from: usize,
}

impl Running {
    fn new(stored: &[Event], piece: usize) -> Self {
        let range = Range {
            from: stored[0].seen_at,
            to: stored[stored.len() - 1].seen_at,
        };
        let mut running = Self {
            player: Player::new(range),
            engine: engine(),
            stored: stored.to_vec(),
            n_read: 0,
            piece,
            found: None,
            bare_from: 0,
        };
        running.settle();
        running
    }

    /// With digests beside what is stored.
    fn digested(stored: &[Event], piece: usize) -> Self {
        let mut found = engine();
        for event in stored {
            found.apply(event);
        }
        found.judge(usize::MAX);
        Self {
            found: Some(found),
            ..Self::new(stored, piece)
        }
    }

    /// Until it waits for time to pass.
    fn settle(&mut self) {
        loop {
            self.player.apply(&mut self.engine);
            if self.player.goal.is_none() {
                return;
            }
            let rest = &self.stored[self.n_read..];
            let piece = rest[..rest.len().min(self.piece)].to_vec();
            self.n_read += piece.len();
            match piece.last() {
                None => {
                    self.recall(0);
                    self.player.end();
                }
                Some(last) if last.seen_at <= self.player.due() && self.found.is_some() => {
                    self.digest(&piece, last.seen_at);
                }
                Some(_) => {
                    self.recall(piece.len());
                    self.player
                        .push(piece.into_iter().map(Record::from).collect());
                }
            }
        }
    }

    fn digest(&mut self, piece: &[Event], to: Millis) {
        let origins: Vec<Origin> = piece.iter().filter_map(Origin::of).collect();
        let found = self.found.as_mut().expect("only then by digests");
        let digest = found.digest(&origins).expect("all of it is judged");
        self.player.apply_digest(&mut self.engine, &digest, &[], to);
    }

    /// Texts of what came by digests, before the last `n` events are handed on as they are.
    fn recall(&mut self, n: usize) {
        let until = self.n_read - n;
        let texts: Vec<Record> = self.stored[self.bare_from..until]
            .iter()
            .cloned()
            .map(Record::from)
            .collect();
        recount::recall(&mut self.engine, &texts);
        self.engine.end_recall();
        self.bare_from = self.n_read;
    }

    fn after(&mut self, next: Next) {
        if next == Next::Restart {
            (self.engine, self.n_read, self.bare_from) = (engine(), 0, 0);
        }
        self.settle();
    }

    fn obey(&mut self, order: ReplayOrder) {
        let next = self.player.obey(order);
        self.after(next);
    }

    fn pass(&mut self, millis: f64) {
        let next = self.player.pass(millis);
        self.after(next);
    }

    fn seen_by(&self, at: Millis) -> Engine {
        let mut fresh = engine();
        let seen = self.stored.iter().filter(|event| event.seen_at <= at);
        seen.for_each(|event| {
            fresh.apply(event);
        });
        fresh
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_way_a_time_is_reached_what_was_seen_by_then_is_in_and_nothing_else(
        events in any_events(),
        piece in 1usize..20,
        is_digested: bool,
        steps in prop::collection::vec((0u8..6, 0.0f64..20_000.0), 1..12),
    ) {
        let mut replay = match is_digested {
            true => Running::digested(&events, piece),
            false => Running::new(&events, piece),
        };
        let (from, to) = (replay.player.range.from, replay.player.range.to);
        for (kind, x) in steps {
            match kind {
                0 => replay.obey(ReplayOrder::Seek(from + ((to - from) as f64 * x / 20_000.0) as Millis)),
                1 => replay.obey(ReplayOrder::Step),
                2 => replay.obey(ReplayOrder::Speed(Some(x / 1_000.0 + 0.1))),
                3 => replay.obey(ReplayOrder::Loop(x > 10_000.0)),
                4 => replay.obey(ReplayOrder::Play),
                _ => {}
            }
            replay.pass(x);

            let at = replay.player.clock();
            prop_assert!((from..=to).contains(&at));
            let mut fresh = replay.seen_by(at);
            prop_assert_eq!(replay.engine.summary(), fresh.summary());
            prop_assert_eq!(frame(&mut replay.engine, at), frame(&mut fresh, at));
        }
    }

    #[test]
    fn as_fast_as_possible_ends_where_every_other_speed_does(events in any_events(), piece in 1usize..20) {
        let mut fast = Running::digested(&events, piece);
        fast.obey(ReplayOrder::Speed(None));
        fast.pass(0.0);
        let mut slow = Running::new(&events, 3);
        slow.obey(ReplayOrder::Speed(Some(3_600.0)));
        while slow.player.state().is_playing {
            slow.pass(10.0);
        }

        let to = fast.player.range.to;
        prop_assert_eq!((fast.player.clock(), slow.player.clock()), (to, to));
        prop_assert_eq!(fast.engine.n_posts(), events.len() as u64);
        prop_assert_eq!(frame(&mut fast.engine, to), frame(&mut slow.engine, to));
    }
}

fn three() -> Running {
    let event = |id: i64| {
        let post = Post {
            id: id.to_string(),
            source: "s".into(),
            ..Post::default()
        };
        Event::live(id * SECOND, id * SECOND, Body::Post(Box::new(post)))
    };
    Running::new(&[1, 2, 3].map(event), 2)
}

#[test]
fn a_step_takes_in_the_next_post_and_stops() {
    let mut replay = three();
    assert_eq!(
        (replay.engine.n_posts(), replay.player.clock()),
        (1, SECOND)
    );

    replay.obey(ReplayOrder::Step);
    replay.pass(9e9);

    assert_eq!(
        (replay.engine.n_posts(), replay.player.clock()),
        (2, 2 * SECOND)
    );
    assert!(!replay.player.state().is_playing);
}

#[test]
fn at_its_end_it_stops_or_begins_again() {
    let mut replay = three();
    replay.pass(1e6);
    assert_eq!(replay.player.clock(), 3 * SECOND);
    replay.obey(ReplayOrder::Loop(true));
    replay.pass(1.0);
    assert_eq!(
        (replay.player.clock(), replay.engine.n_posts()),
        (SECOND, 1)
    );

    replay.obey(ReplayOrder::Loop(false));
    replay.pass(1e6);
    replay.pass(1.0);
    assert!(!replay.player.state().is_playing);
    replay.obey(ReplayOrder::Play);

    assert_eq!(
        (replay.player.clock(), replay.player.state().is_playing),
        (SECOND, true)
    );
}
