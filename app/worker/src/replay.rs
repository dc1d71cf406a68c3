//! Plays what is stored at a pace of its own: the store in the relay's place, nothing written, a clock that a
//! person sets.
//!
//! ```text
//!  IndexedDB ──events by seen_at──► Player ──apply──► Engine ──frame(clock)──► page
//!                                     ▲                                         │
//!                                     └──────────── Command::Replay ────────────┘
//! ```

mod player;

use std::{cell::Cell, rc::Rc, time::Duration};

use analysis::{
    Engine,
    protocol::{Command, LinkState, ReplayOrder, ReplayState, Update, Watch},
    view::Range,
};
use futures::{
    FutureExt, StreamExt,
    channel::{
        mpsc::{self, Receiver, UnboundedReceiver},
        oneshot,
    },
    future::pending,
    select_biased,
};
use gloo_timers::future::TimeoutFuture;
use wasm_bindgen_futures::spawn_local;
use wire::{Millis, PublicConfig, config::ReplayInfo};

use crate::{
    frames, recount,
    settings::Settings,
    store::{self, Played},
    updates,
};
use player::{Next, Player};

/// How often a frame is made while it plays.
const TICK: Duration = Duration::from_millis(250);
/// Posts judged at once when nothing else is to be done.
const N_JUDGED: usize = 256;

/// Runs for ever. Begins with the page's `Start`, and anew with every further one.
pub async fn run(mut commands: UnboundedReceiver<Command>) {
    let mut next = None;
    loop {
        next = match next.take() {
            Some(Command::Start {
                store,
                watch,
                replay: Some(range),
                ..
            }) => play(&mut commands, store, watch, range).await,
            _ => commands.next().await,
        };
        if next.is_none() {
            return;
        }
    }
}

/// Plays `range` of a store until the page begins with something else.
async fn play(
    commands: &mut UnboundedReceiver<Command>,
    store: String,
    watch: Watch,
    range: Range,
) -> Option<Command> {
    let due = Rc::default();
    let mut source = read(&store, &due);
    let (settings, config, known, key) = match source.next().await {
        Some(Played::Opened(meta, known, key)) => {
            let settings = Settings::restore(
                meta.topics.as_deref(),
                meta.tickers.as_deref(),
                meta.word_list.clone(),
            );
            (settings, meta.config(), known, Some(key))
        }
        _ => (
            Settings::default(),
            PublicConfig::default(),
            Range::default(),
            None,
        ),
    };
    let range = Range {
        from: range.from.clamp(known.from, known.to),
        to: range.to.clamp(known.from, known.to),
    };
    let mut replay = Replay {
        engine: settings.new_engine(&config, &watch),
        player: Player::new(range),
        settings,
        config,
        watch,
        store,
        source,
        due,
        told: None,
        shown_at: crate::clock::now(),
        ticked_at: crate::clock::now(),
        is_paused: false,
    };
    replay.begin(key);
    replay.introduce();
    replay.follow(commands).await
}

struct Replay {
    engine: Engine,
    player: Player,
    settings: Settings,
    config: PublicConfig,
    watch: Watch,
    store: String,
    source: Receiver<Played>,
    /// What was seen by then comes by digests, as far as it can.
    due: Rc<Cell<Millis>>,
    told: Option<ReplayState>,
    /// When the last frame was made, and when time was last let pass.
    shown_at: f64,
    ticked_at: f64,
    /// The person wants nothing to move.
    is_paused: bool,
}

impl Replay {
    async fn follow(&mut self, commands: &mut UnboundedReceiver<Command>) -> Option<Command> {
        loop {
            let wants_more = self.player.wants_more();
            let has_work = !self.engine.has_judged_all();
            select_biased! {
                command = commands.next() => match command {
                    Some(start @ Command::Start { .. }) => return Some(start),
                    Some(command) => self.obey(command),
                    None => return None,
                },
                () = pause(self.until_tick()).fuse() => self.tick(),
                played = piece(&mut self.source, wants_more).fuse() => self.take(played),
                () = idle(has_work).fuse() => drop(self.engine.judge(N_JUDGED)),
            }
        }
    }

    /// Lets the store go on.
    fn begin(&self, key: Option<oneshot::Sender<u64>>) {
        self.due.set(self.player.due());
        if let Some(key) = key {
            // Whoever waits for it may have been left.
            let _ = key.send(self.engine.digest_key());
        }
    }

    /// Says what is played, in place of a relay.
    fn introduce(&mut self) {
        let state = self.player.state();
        let mut config = self.config.clone();
        config.replay = Some(ReplayInfo {
            name: "of what is stored".to_owned(),
            speed: state.speed,
            looped: state.is_looped,
            ..ReplayInfo::default()
        });
        // Nobody is followed, so nothing else can be gone to.
        config.live = None;
        updates::send(&Update::Config(config));
        updates::send(&Update::Link(LinkState::Files));
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Watch(watch) => {
                let counts_anew =
                    (watch.scoring, &watch.sampling) != (self.watch.scoring, &self.watch.sampling);
                self.watch = watch.clone();
                self.engine.watch(watch);
                match counts_anew {
                    true => self.count_again(),
                    false => self.send_frame(),
                }
            }
            Command::Explain { key } => {
                if let Some(explained) = self.engine.explain(key) {
                    updates::send(&Update::Explained(Box::new(explained)));
                }
            }
            Command::Replay(order) => {
                let is_of_speed = matches!(order, ReplayOrder::Speed(_));
                let next = self.player.obey(order);
                self.after(next);
                self.advance();
                if is_of_speed {
                    self.introduce();
                }
                self.tell();
            }
            Command::Pause => self.is_paused = true,
            Command::Resume => self.is_paused = false,
            // Nothing is stored or counted in another way meanwhile.
            _ => {}
        }
    }

    fn take(&mut self, played: Option<Played>) {
        match played {
            Some(Played::Opened(_, _, key)) => return self.begin(Some(key)),
            Some(Played::Digest { digest, rest, to }) => {
                self.player
                    .apply_digest(&mut self.engine, &digest, &rest, to);
            }
            Some(Played::Recalled(records)) => recount::recall(&mut self.engine, &records),
            Some(Played::Records(records)) => {
                self.engine.end_recall();
                self.player.push(records);
            }
            None => {
                self.engine.end_recall();
                self.player.end();
            }
        }
        self.advance();
    }

    /// Counts what is in once more.
    fn count_again(&mut self) {
        let at = self.player.clock();
        self.player.restart(at);
        self.after(Next::Restart);
    }

    fn after(&mut self, next: Next) {
        if next == Next::Restart {
            self.engine = self.settings.new_engine(&self.config, &self.watch);
            self.due = Rc::default();
            self.source = read(&self.store, &self.due);
        }
    }

    fn advance(&mut self) {
        let was_shown = self.player.is_shown();
        self.player.apply(&mut self.engine);
        self.due.set(self.player.due());
        if !was_shown && self.player.is_shown() {
            self.send_frame();
        }
    }

    fn tick(&mut self) {
        let now = crate::clock::now();
        if !self.is_paused {
            let next = self.player.pass(now - self.ticked_at);
            self.after(next);
            self.advance();
        }
        self.ticked_at = now;
        self.send_frame();
        self.tell();
    }

    fn send_frame(&mut self) {
        if self.player.is_shown() && !self.is_paused {
            frames::send(&mut self.engine, self.player.clock(), |frame| frame);
        }
        // Not from when it was begun: making frames must leave time for what they show.
        self.shown_at = crate::clock::now();
    }

    fn tell(&mut self) {
        let state = self.player.state();
        if self.told != Some(state) {
            self.told = Some(state);
            updates::send(&Update::Replay(state));
        }
    }

    fn until_tick(&self) -> f64 {
        TICK.as_millis() as f64 - (crate::clock::now() - self.shown_at)
    }
}

fn read(store: &str, due: &Rc<Cell<Millis>>) -> Receiver<Played> {
    let (sender, source) = mpsc::channel(1);
    spawn_local(store::play(store.to_owned(), Rc::clone(due), sender));
    source
}

async fn pause(millis: f64) {
    TimeoutFuture::new(millis.max(0.0) as u32).await;
}

/// The next events, if there is room for them.
async fn piece(source: &mut Receiver<Played>, wants_more: bool) -> Option<Played> {
    match wants_more {
        true => source.next().await,
        false => pending().await,
    }
}

/// Comes back at once if there is work, behind everything that waits.
async fn idle(has_work: bool) {
    match has_work {
        true => TimeoutFuture::new(0).await,
        false => pending().await,
    }
}
