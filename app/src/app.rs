//! Puts state, choice, link and panels together.

use std::time::Duration;

use analysis::{
    protocol::{Command, RangeChoice, ReplayOrder, Scoring, Watch},
    view::Range,
};
use js_sys::Uint8Array;
use leptos::prelude::*;
use wire::config::{Ticker, Topic};

use crate::{
    charts::canvas::SharedCursor,
    link::Link,
    panels::{
        data::{MonthsPanel, QualityPanel},
        dialogs::Dialogs,
        filters::FilterLine,
        hashtags::HashtagsPanel,
        header::Header,
        import::{ImportPanel, link::Importing},
        kpi::KpiStrip,
        lag::LagPanel,
        leaders::LeadersPanel,
        looks::Looks,
        market::MarketPanel,
        notices::Notices,
        posts::PostsPanel,
        replay::ReplayBar,
        sample::SamplePanel,
        sight::Sight,
        sources::SourcesPanel,
        stacks::{HoursPanel, LivePanel, TrendsPanel},
        statistics::{EventsPanel, RollingPanel},
        talk::TalkPanel,
        topics::TopicsPanel,
    },
    preferences::Preferences,
    query::{Choice, Entry},
    shortcuts::Desk,
    state::AppState,
    stream,
    theme_switch::Appearance,
};

/// What panels may ask for besides changing the choice.
#[derive(Clone, Copy)]
pub(crate) struct Actions {
    link: StoredValue<Link, LocalStorage>,
    state: AppState,
    choice: Choice,
    sight: Sight,
}

impl Actions {
    /// Try the relay now.
    pub(crate) fn reconnect(self) {
        self.link.with_value(|link| link.send(&Command::Reconnect));
    }

    /// Stops everything that moves by itself, or lets it move again.
    pub(crate) fn toggle_pause(self) {
        let is_paused = self.state.toggle_pause();
        self.link.with_value(|link| {
            link.send(match is_paused {
                true => &Command::Pause,
                false => &Command::Resume,
            });
        });
    }

    /// Count by these topics; by the relay's with `None`.
    pub(crate) fn set_topics(self, topics: Option<Vec<Topic>>) {
        self.link
            .with_value(|link| link.send(&Command::Topics(topics)));
    }

    /// The same with tickers.
    pub(crate) fn set_tickers(self, tickers: Option<Vec<Ticker>>) {
        self.link
            .with_value(|link| link.send(&Command::Tickers(tickers)));
    }

    /// Take the bytes of a file as the word list.
    pub(crate) fn load_word_list(self, bytes: Vec<u8>) {
        self.link
            .with_value(|link| link.send(&Command::WordList(bytes)));
    }

    /// Say which words a post's score comes from.
    pub(crate) fn explain(self, key: u64) {
        self.link
            .with_value(|link| link.send(&Command::Explain { key }));
    }

    /// Throw away what this browser stored.
    pub(crate) fn clear_store(self) {
        self.link.with_value(|link| link.send(&Command::ClearStore));
    }

    /// Tell the worker.
    pub(crate) fn send(self, command: &Command) {
        self.link.with_value(|link| link.send(command));
    }

    /// How posts are scored.
    pub(crate) fn scoring(self) -> Scoring {
        self.choice.watch.with_untracked(|watch| watch.scoring)
    }

    /// Hands a chunk of a file on, as the import worker made it.
    pub(crate) fn hand_on(self, no: u32, chunk: Uint8Array) {
        self.link.with_value(|link| link.hand_on(no, chunk));
    }

    /// Shows what files hold from now on, and keeps it apart from what relays send.
    pub(crate) fn follow_files(self) {
        stream::ask_to_keep();
        if stream::base() == stream::FILES {
            return;
        }
        stream::keep(stream::FILES);
        self.choice.change(Entry::Same, |watch| {
            (watch.range, watch.ticker) = (RangeChoice::All, None);
        });
        // With what is in sight: nothing may come into sight that would ask for it.
        self.replay(None);
    }

    /// Plays a stretch of what is stored; `None` follows what is kept as followed.
    pub(crate) fn replay(self, range: Option<Range>) {
        self.state.leave_replay();
        self.send(&start(
            untrack(|| self.sight.added_to(self.choice.watch.get())),
            range,
        ));
    }

    /// Whether a stretch of what is stored is played.
    pub(crate) fn plays(self) -> bool {
        self.link.with_value(|link| link.played().0.is_some())
    }

    /// Begins with a new worker in the place of one that stopped: the same choice, a replay where it stood.
    pub(crate) fn retry(self) {
        let (played, stood) = self.link.with_value(Link::played);
        self.replay(played);
        if self.state.is_paused() {
            self.send(&Command::Pause);
        }
        let order = |order| self.send(&Command::Replay(order));
        if let Some(stood) = stood {
            order(ReplayOrder::Speed(stood.speed));
            order(ReplayOrder::Loop(stood.is_looped));
            order(match stood.is_playing {
                true => ReplayOrder::Play,
                false => ReplayOrder::Pause,
            });
            order(ReplayOrder::Seek(stood.at));
        }
    }

    /// The trouble was read.
    pub(crate) fn put_trouble_aside(self) {
        self.state.put_trouble_aside();
    }
}

/// The service worker fetches everything once more, which would slow the first chart down.
const OFFLINE_COPY_AFTER: Duration = Duration::from_secs(3);

/// The page.
#[component]
pub(crate) fn App() -> impl IntoView {
    let (state, views) = AppState::new();
    let choice = Choice::from_url();
    let link = Link::start(state);
    let sight = Sight::new();
    let actions = Actions {
        link: StoredValue::new_local(link),
        state,
        choice,
        sight,
    };
    provide_context(views);
    provide_context(choice);
    provide_context(actions);
    provide_context(Importing::new(actions));
    provide_context(Looks::new(views, choice));
    let (appearance, preferences) = (Appearance::new(), Preferences::new());
    let desk = Desk::new(actions, choice, appearance, preferences);
    provide_context(appearance);
    provide_context(preferences);
    provide_context(SharedCursor::default());
    provide_context(desk);
    desk.listen();
    provide_context(sight);
    follow_choice(choice, sight, actions);
    set_timeout(register_service_worker, OFFLINE_COPY_AFTER);

    // Made anew, not only changed, where times or numbers are to be written in another way.
    let style = move || [preferences.style.get()];
    view! {
        <For each=style key=|style| *style let:_style>
            <Header />
            <ReplayBar />
            <main id="main">
                <Panels />
            </main>
        </For>
        <Dialogs />
    }
}

#[component]
fn Panels() -> impl IntoView {
    view! {
        <div class="said">
            <FilterLine />
            <Notices />
            <ImportPanel />
        </div>
        <KpiStrip />
        <NextTask>
            <MarketPanel />
            <NextTask>
                <HashtagsPanel />
                <HoursPanel />
                <LeadersPanel />
                <NextTask>
                    <TrendsPanel />
                    <LivePanel />
                    <LagPanel />
                    <RollingPanel />
                    <EventsPanel />
                    <QualityPanel />
                    <NextTask>
                        <PostsPanel />
                        <TopicsPanel />
                        <SamplePanel />
                        <SourcesPanel />
                        <MonthsPanel />
                        <TalkPanel />
                    </NextTask>
                </NextTask>
            </NextTask>
        </NextTask>
    }
}

/// Its children one task later: the whole page at once would leave the browser no time to react.
#[component]
fn NextTask(children: ChildrenFn) -> impl IntoView {
    let is_due = RwSignal::new(false);
    set_timeout(move || is_due.set(true), Duration::ZERO);
    move || is_due.get().then(|| children())
}

/// Tells the worker what is watched: first with Start, then with every change.
fn follow_choice(choice: Choice, sight: Sight, actions: Actions) {
    Effect::new(move |is_started: Option<()>| {
        let watch = sight.added_to(choice.watch.get());
        let command = match is_started {
            None => start(watch, None),
            Some(()) => Command::Watch(watch),
        };
        actions.link.with_value(|link| link.send(&command));
    });
}

fn start(watch: Watch, replay: Option<Range>) -> Command {
    Command::Start {
        relay: stream::relay(),
        store: stream::store(),
        watch,
        replay,
    }
}

/// Lets the page open without a network. Not in development, where it would serve yesterday's files.
fn register_service_worker() {
    if cfg!(debug_assertions) {
        return;
    }
    let navigator = window().navigator();
    // Absent on an address that is neither https nor localhost.
    let exists = js_sys::Reflect::has(&navigator, &"serviceWorker".into()).unwrap_or(false);
    if exists {
        // Registering fails, for example, where storage is switched off: then the page works online only.
        let registered = navigator.service_worker().register("./sw.js");
        leptos::task::spawn_local(async move {
            let _ = wasm_bindgen_futures::JsFuture::from(registered).await;
        });
    }
}
