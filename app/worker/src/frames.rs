//! When the page is sent a frame, in which parts, and when there is no time for anything else.

use analysis::{
    Engine,
    protocol::Update,
    view::{Frame, HashtagsView, PostsView},
};
use wire::Millis;

use crate::updates;

/// While more events than these arrive in a tick there is a backlog to catch up with, and a frame a second
/// has to do: drawing would slow the catching up down.
const BACKLOG_PER_TICK: u64 = 1_000;
const TICKS_PER_FRAME_IN_BACKLOG: u32 = 4;

/// The last frame.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Shown {
    pub(crate) tick: u32,
    pub(crate) n_events: u64,
}

impl Shown {
    /// With few new events at every tick; with a backlog of them less often.
    pub(crate) fn is_frame_due(self, tick: u32, n_events: u64) -> bool {
        let n_new = n_events.saturating_sub(self.n_events);
        n_new <= BACKLOG_PER_TICK || tick.saturating_sub(self.tick) >= TICKS_PER_FRAME_IN_BACKLOG
    }
}

/// Lists that many posts change all the time: nobody could read them faster.
const TICKS_PER_LIST: u32 = 4;

/// What of the lists that are read has not been shown yet.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    hashtags: Paced<HashtagsView>,
    posts: Paced<PostsView>,
}

impl Lists {
    /// The frame with only those lists that may change at this tick.
    pub(crate) fn pace(&mut self, mut frame: Frame, tick: u32) -> Frame {
        frame.hashtags = self.hashtags.pass(frame.hashtags, tick);
        frame.posts = self.posts.pass(frame.posts, tick);
        frame
    }

    /// A person asked for something else, which is shown at once.
    pub(crate) fn hurry(&mut self) {
        self.hashtags.due = 0;
        self.posts.due = 0;
    }
}

/// One of them.
#[derive(Debug)]
struct Paced<T> {
    /// The newest, if it has not been shown.
    held: Option<T>,
    /// From this tick on it may be.
    due: u32,
}

impl<T> Default for Paced<T> {
    fn default() -> Self {
        Self { held: None, due: 0 }
    }
}

impl<T> Paced<T> {
    fn pass(&mut self, changed: Option<T>, tick: u32) -> Option<T> {
        self.held = changed.or(self.held.take());
        if tick < self.due {
            return None;
        }
        let shown = self.held.take();
        if shown.is_some() {
            self.due = tick + TICKS_PER_LIST;
        }
        shown
    }
}

/// With more events in a tick than these, taking them in is all there is time for.
const FLOOD_PER_TICK: u64 = 250;

/// How many events came in this tick and the one before.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Flow {
    n_before: u64,
    at_tick: u64,
}

impl Flow {
    pub(crate) fn tick(&mut self, n_events: u64) {
        self.n_before = n_events.saturating_sub(self.at_tick);
        self.at_tick = n_events;
    }

    pub(crate) fn is_flood(self, n_events: u64) -> bool {
        self.n_before.max(n_events.saturating_sub(self.at_tick)) > FLOOD_PER_TICK
    }
}

/// Sends what changed. What a person looks at who chooses another range, the key figures, goes before the rest is
/// made, of which `of_rest` is sent.
pub(crate) fn send(engine: &mut Engine, now: Millis, of_rest: impl FnOnce(Frame) -> Frame) {
    let send = |frame| updates::send(&Update::Frame(Box::new(frame)));
    let figures = engine.key_figures(now);
    if figures.kpi.is_some() {
        send(figures);
    }
    pieces(of_rest(engine.frame(now))).for_each(send);
}

/// A frame in parts that the page draws one after the other, so that no single one holds it up.
fn pieces(mut frame: Frame) -> impl Iterator<Item = Frame> {
    let now = frame.now;
    let empty = move || Frame {
        now,
        ..Frame::default()
    };
    let posts = Frame {
        posts: frame.posts.take(),
        ..empty()
    };
    let lists = Frame {
        hashtags: frame.hashtags.take(),
        topics: frame.topics.take(),
        tickers: frame.tickers.take(),
        sample: frame.sample.take(),
        ..empty()
    };
    let lag = Frame {
        lag: frame.lag.take(),
        ..empty()
    };
    let pieces = [frame, lists, lag, posts];
    pieces.into_iter().filter(move |piece| *piece != empty())
}

#[cfg(test)]
mod tests {
    use analysis::view::{KpiView, PostsView};

    use super::*;

    #[test]
    fn with_little_news_every_tick_makes_a_frame_and_with_a_backlog_one_a_second() {
        let shown = Shown {
            tick: 10,
            n_events: 5_000,
        };

        assert!(shown.is_frame_due(11, 5_000), "time alone changes figures");
        assert!(shown.is_frame_due(11, 5_000 + BACKLOG_PER_TICK));
        let n_flooded = 5_001 + BACKLOG_PER_TICK;
        assert_eq!(
            [11, 12, 13, 14].map(|tick| shown.is_frame_due(tick, n_flooded)),
            [false, false, false, true]
        );
    }

    #[test]
    fn a_flood_is_over_after_a_quiet_tick() {
        let mut flow = Flow::default();

        assert!(!flow.is_flood(FLOOD_PER_TICK) && flow.is_flood(FLOOD_PER_TICK + 1));
        flow.tick(1_000);
        assert!(flow.is_flood(1_000), "the tick before still counts");
        flow.tick(1_001);
        assert!(!flow.is_flood(1_002));
    }

    #[test]
    fn a_list_changes_once_a_second_and_at_once_where_a_person_asks() {
        let frame = |n_matching| Frame {
            posts: Some(PostsView {
                n_matching,
                ..PostsView::default()
            }),
            ..Frame::default()
        };
        let mut lists = Lists::default();
        let shown = |lists: &mut Lists, frame, tick| {
            let posts = lists.pace(frame, tick).posts;
            posts.map(|posts| posts.n_matching)
        };

        assert_eq!(shown(&mut lists, frame(1), 1), Some(1));
        assert_eq!(shown(&mut lists, frame(2), 2), None);
        assert_eq!(shown(&mut lists, frame(3), 3), None);
        assert_eq!(shown(&mut lists, Frame::default(), 5), Some(3));
        assert_eq!(shown(&mut lists, Frame::default(), 9), None);
        assert_eq!(shown(&mut lists, frame(4), 10), Some(4), "after a pause");
        lists.hurry();
        assert_eq!(shown(&mut lists, frame(5), 10), Some(5));
    }

    #[test]
    fn a_frame_is_cut_into_parts_that_make_the_whole() {
        let whole = Frame {
            now: 7,
            kpi: Some(KpiView::default()),
            posts: Some(PostsView::default()),
            ..Frame::default()
        };

        let pieces: Vec<Frame> = pieces(whole.clone()).collect();

        assert_eq!(pieces.len(), 2);
        assert!(pieces.iter().all(|piece| piece.now == 7));
        assert_eq!(
            (&pieces[0].kpi, &pieces[1].posts),
            (&whole.kpi, &whole.posts)
        );
    }
}
