//! What is on screen. [`AppState::apply`] is the only writer; panels get [`Views`], which only read.

mod panels;

use std::sync::Arc;

use analysis::{
    protocol::{
        Explained, LinkState, List, ReplayState, StoreState, Trouble, Update, WordListState,
    },
    view::{
        HashtagsView, KpiView, LagView, MarketView, PostsView, SampleView, SourcesView,
        TickersView, TopicsView,
    },
};
use leptos::prelude::*;
use wire::{
    Millis, PublicConfig,
    config::{Ticker, Topic},
};

use crate::panels::import::link::note_stored;
pub(crate) use panels::PanelSignals;
use panels::PanelWriters;

/// A view, or nothing yet.
pub(crate) type Shown<T> = ReadSignal<Option<Arc<T>>>;

/// One signal for each thing that changes on its own.
#[derive(Clone, Copy)]
pub(crate) struct Views {
    /// The clock of the data.
    pub(crate) now: ReadSignal<Option<Millis>>,
    pub(crate) kpi: Shown<KpiView>,
    pub(crate) market: Shown<MarketView>,
    pub(crate) hashtags: Shown<HashtagsView>,
    pub(crate) posts: Shown<PostsView>,
    pub(crate) lag: Shown<LagView>,
    pub(crate) topics: Shown<TopicsView>,
    pub(crate) tickers: Shown<TickersView>,
    pub(crate) sources: Shown<SourcesView>,
    pub(crate) sample: Shown<SampleView>,
    /// Of the panels that are in sight.
    pub(crate) panels: PanelSignals,
    pub(crate) config: Shown<PublicConfig>,
    /// The topics that posts are counted under.
    pub(crate) topic_list: Shown<List<Topic>>,
    /// The tickers that posts may name without a cashtag.
    pub(crate) ticker_list: Shown<List<Ticker>>,
    pub(crate) word_list: ReadSignal<WordListState>,
    /// The last explanation that was asked for.
    pub(crate) explained: Shown<Explained>,
    /// How a replay stands; nothing unless one is on.
    pub(crate) replay: ReadSignal<Option<ReplayState>>,
    pub(crate) link: ReadSignal<LinkState>,
    pub(crate) store: ReadSignal<StoreState>,
    /// The newest problem that was not put aside.
    pub(crate) trouble: ReadSignal<Option<Trouble>>,
    pub(crate) health: ReadSignal<Health>,
    /// The person stopped everything that moves.
    pub(crate) is_paused: ReadSignal<bool>,
}

/// Whether the worker works.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) enum Health {
    /// It is being loaded.
    #[default]
    Starting,
    /// It answered and speaks this page's protocol.
    Running,
    /// It is gone, and what helps.
    Stopped(Trouble, Remedy),
}

/// What brings numbers back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Remedy {
    /// A new worker in the place of the old one.
    Retry,
    /// The whole page anew.
    Reload,
}

/// Holds the writing ends.
#[derive(Clone, Copy)]
pub(crate) struct AppState {
    now: WriteSignal<Option<Millis>>,
    kpi: Writer<KpiView>,
    market: Writer<MarketView>,
    hashtags: Writer<HashtagsView>,
    posts: Writer<PostsView>,
    lag: Writer<LagView>,
    topics: Writer<TopicsView>,
    tickers: Writer<TickersView>,
    sources: Writer<SourcesView>,
    sample: Writer<SampleView>,
    panels: PanelWriters,
    config: Writer<PublicConfig>,
    topic_list: Writer<List<Topic>>,
    ticker_list: Writer<List<Ticker>>,
    word_list: WriteSignal<WordListState>,
    explained: Writer<Explained>,
    replay: WriteSignal<Option<ReplayState>>,
    link: WriteSignal<LinkState>,
    store: WriteSignal<StoreState>,
    trouble: WriteSignal<Option<Trouble>>,
    health: WriteSignal<Health>,
    is_paused: RwSignal<bool>,
    /// What came in the meantime and would move something.
    held: StoredValue<(Option<LinkState>, Option<StoreState>)>,
}

type Writer<T> = WriteSignal<Option<Arc<T>>>;

impl AppState {
    /// Nothing is known yet.
    pub(crate) fn new() -> (Self, Views) {
        let (now, set_now) = signal(None);
        let (kpi, set_kpi) = signal(None);
        let (market, set_market) = signal(None);
        let (hashtags, set_hashtags) = signal(None);
        let (posts, set_posts) = signal(None);
        let (lag, set_lag) = signal(None);
        let (topics, set_topics) = signal(None);
        let (tickers, set_tickers) = signal(None);
        let (sources, set_sources) = signal(None);
        let (sample, set_sample) = signal(None);
        let (panels, set_panels) = panels::signals();
        let (config, set_config) = signal(None);
        let (topic_list, set_topic_list) = signal(None);
        let (ticker_list, set_ticker_list) = signal(None);
        let (word_list, set_word_list) = signal(WordListState::default());
        let (explained, set_explained) = signal(None);
        let (replay, set_replay) = signal(None);
        let (link, set_link) = signal(LinkState::default());
        let (store, set_store) = signal(StoreState::default());
        let (trouble, set_trouble) = signal(None);
        let (health, set_health) = signal(Health::default());
        let is_paused = RwSignal::new(false);
        let state = Self {
            now: set_now,
            kpi: set_kpi,
            market: set_market,
            hashtags: set_hashtags,
            posts: set_posts,
            lag: set_lag,
            topics: set_topics,
            tickers: set_tickers,
            sources: set_sources,
            sample: set_sample,
            panels: set_panels,
            config: set_config,
            topic_list: set_topic_list,
            ticker_list: set_ticker_list,
            word_list: set_word_list,
            explained: set_explained,
            replay: set_replay,
            link: set_link,
            store: set_store,
            trouble: set_trouble,
            health: set_health,
            is_paused,
            held: StoredValue::default(),
        };
        let views = Views {
            now,
            kpi,
            market,
            hashtags,
            posts,
            lag,
            topics,
            tickers,
            sources,
            sample,
            panels,
            config,
            topic_list,
            ticker_list,
            word_list,
            explained,
            replay,
            link,
            store,
            trouble,
            health,
            is_paused: is_paused.read_only(),
        };
        (state, views)
    }

    /// Takes in what the worker says. Views that a frame leaves out did not change and keep their signal quiet.
    pub(crate) fn apply(&self, update: Update) {
        match update {
            Update::Ready { .. } => self.health.set(Health::Running),
            Update::Config(config) => self.config.set(Some(Arc::new(config))),
            Update::Topics(list) => self.topic_list.set(Some(Arc::new(list))),
            Update::Tickers(list) => self.ticker_list.set(Some(Arc::new(list))),
            Update::WordList(state) => self.word_list.set(state),
            Update::Explained(explained) => self.explained.set(Some(Arc::new(*explained))),
            Update::Link(link) if self.is_paused.get_untracked() => {
                self.held.update_value(|held| held.0 = Some(link));
            }
            Update::Store(store) if self.is_paused.get_untracked() => {
                self.held.update_value(|held| held.1 = Some(store));
            }
            Update::Replay(state) => self.replay.set(Some(state)),
            Update::Link(link) => self.link.set(link),
            Update::Store(store) => self.store.set(store),
            Update::Trouble(trouble) => self.trouble.set(Some(trouble)),
            Update::Imported { no, n_known } => note_stored(no, n_known),
            Update::Frame(frame) => {
                self.now.set(Some(frame.now));
                show(self.kpi, frame.kpi);
                show(self.market, frame.market);
                show(self.hashtags, frame.hashtags);
                show(self.posts, frame.posts);
                show(self.lag, frame.lag);
                show(self.topics, frame.topics);
                show(self.tickers, frame.tickers);
                show(self.sources, frame.sources);
                show(self.sample, frame.sample);
                self.panels.apply(frame.panels);
            }
        }
    }

    /// Pauses, or goes on; returns which.
    pub(crate) fn toggle_pause(&self) -> bool {
        match self.is_paused.get_untracked() {
            true => self.resume(),
            false => self.pause(),
        }
        self.is_paused()
    }

    /// Nothing moves by itself from now on. The worker stops sending frames; what else comes is held back.
    fn pause(&self) {
        self.is_paused.set(true);
    }

    /// Shows what was held back.
    fn resume(&self) {
        self.is_paused.set(false);
        let (link, store) = self
            .held
            .try_update_value(std::mem::take)
            .unwrap_or_default();
        if let Some(link) = link {
            self.link.set(link);
        }
        if let Some(store) = store {
            self.store.set(store);
        }
    }

    /// Something else begins than a replay.
    pub(crate) fn leave_replay(&self) {
        self.replay.set(None);
    }

    /// The worker is gone.
    pub(crate) fn stop(&self, trouble: Trouble, remedy: Remedy) {
        self.health.set(Health::Stopped(trouble, remedy));
    }

    /// Another worker is being loaded in its place.
    pub(crate) fn restart(&self) {
        self.health.set(Health::Starting);
    }

    /// The person wants nothing to move.
    pub(crate) fn is_paused(&self) -> bool {
        self.is_paused.get_untracked()
    }

    /// The person has read the trouble.
    pub(crate) fn put_trouble_aside(&self) {
        self.trouble.set(None);
    }
}

fn show<T: Send + Sync + 'static>(writer: Writer<T>, view: Option<T>) {
    if let Some(view) = view {
        writer.set(Some(Arc::new(view)));
    }
}

#[cfg(test)]
mod tests {
    use analysis::view::{Counts, Frame};

    use super::*;

    fn kpi(posts: u64) -> KpiView {
        KpiView {
            counts: Counts {
                posts,
                ..Counts::default()
            },
            ..KpiView::default()
        }
    }

    #[test]
    fn while_paused_the_connection_moves_nothing_and_afterwards_shows_how_it_is() {
        let owner = Owner::new();
        owner.set();
        let (state, views) = AppState::new();
        state.pause();

        state.apply(Update::Link(LinkState::Open { behind: 7 }));
        state.apply(Update::Link(LinkState::Open { behind: 0 }));

        assert_eq!(views.link.get_untracked(), LinkState::Connecting);
        state.resume();
        assert_eq!(views.link.get_untracked(), LinkState::Open { behind: 0 });
        assert!(!views.is_paused.get_untracked());
    }

    #[test]
    fn a_frame_changes_the_views_it_holds_and_leaves_the_others_alone() {
        let owner = Owner::new();
        owner.set();
        let (state, views) = AppState::new();
        let frame = |now, kpi, lag| {
            Update::Frame(Box::new(Frame {
                now,
                kpi,
                lag,
                ..Frame::default()
            }))
        };

        state.apply(frame(1, Some(kpi(7)), None));
        state.apply(frame(2, None, Some(LagView::default())));

        assert_eq!(views.now.get_untracked(), Some(2));
        assert_eq!(views.kpi.get_untracked().map(|k| k.counts.posts), Some(7));
        assert!(views.lag.get_untracked().is_some() && views.market.get_untracked().is_none());
    }
}
