//! The worker of the panels about the crowd's talk: reads the stored posts along and says what they are about.
//!
//! ```text
//!  IndexedDB ──Follower──► Talk ──Told──► page (its program `talk`)
//!                           ▲ └────────────◄──Ask──┘
//! ```
//!
//! It is loaded when somebody comes near those panels, and asks the relay for nothing.

use std::mem;

use analysis::{
    protocol::talk::{Ask, Found, PROTOCOL, Stage, Standing, Told, Wish},
    talk::Talk,
};
use chunks::Record;
use futures::{
    FutureExt, StreamExt,
    channel::mpsc::{self, UnboundedReceiver, UnboundedSender},
    select,
};
use gloo_timers::future::TimeoutFuture;
use js_sys::Uint8Array;
use wasm_bindgen::{JsCast, prelude::Closure};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{MessageEvent, Response};
use wire::PublicConfig;

use crate::{
    clock::now,
    settings::Settings,
    store::follower::{Follower, Gone},
    updates::{self, scope},
};

/// Milliseconds between two looks at what is stored.
const LOOK_EVERY: u32 = 3_000;
/// Milliseconds of work before messages of the page are heard again.
const SLICE: f64 = 30.0;
/// Posts looked at in one step.
const N_STEP: usize = 512;
/// Milliseconds between two reports while there is work.
const REPORT_EVERY: f64 = 200.0;
/// The outlines of countries, beside the page.
const WORLD: &str = "./world.bin";

enum Input {
    Ask(Ask),
    World(Vec<u8>),
}

/// Waits for questions, for as long as the page lives.
pub fn listen() {
    let (inputs, received) = mpsc::unbounded();
    let asks = inputs.clone();
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
        let bytes = message.data().dyn_into::<Uint8Array>();
        let ask = bytes
            .ok()
            .and_then(|bytes| postcard::from_bytes(&bytes.to_vec()).ok());
        if let Some(ask) = ask {
            drop(asks.unbounded_send(Input::Ask(ask)));
        }
    });
    scope().set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();
    updates::send(&Told::Ready { protocol: PROTOCOL });
    spawn_local(run(received));
    spawn_local(fetch_world(inputs));
}

async fn fetch_world(inputs: UnboundedSender<Input>) {
    let response = JsFuture::from(scope().fetch_with_str(WORLD)).await;
    let Some(response) = response.ok().and_then(|r| r.dyn_into::<Response>().ok()) else {
        return;
    };
    if !response.ok() {
        return;
    }
    let Ok(body) = response.array_buffer() else {
        return;
    };
    if let Ok(buffer) = JsFuture::from(body).await {
        let bytes = Uint8Array::new(&buffer).to_vec();
        drop(inputs.unbounded_send(Input::World(bytes)));
    }
}

async fn run(mut inputs: UnboundedReceiver<Input>) {
    let mut desk = Desk::default();
    loop {
        while let Some(input) = inputs.next().now_or_never() {
            match input {
                Some(input) => desk.take(input),
                None => return,
            }
        }
        match desk.work().await {
            // Lets the browser deliver what has come meanwhile.
            Next::Work => TimeoutFuture::new(0).await,
            Next::Wait => {
                select! {
                    input = inputs.next() => match input {
                        Some(input) => desk.take(input),
                        None => return,
                    },
                    _ = TimeoutFuture::new(LOOK_EVERY).fuse() => desk.is_look_due = true,
                }
            }
        }
    }
}

enum Next {
    Work,
    Wait,
}

/// What is read, and what was told of it.
#[derive(Default)]
struct Desk {
    store: String,
    wish: Wish,
    talk: Talk,
    follower: Option<Follower>,
    /// The store has to be opened.
    is_new: bool,
    is_look_due: bool,
    world: Vec<u8>,
    told: Standing,
    reported_at: f64,
    refused: Option<String>,
}

impl Desk {
    fn take(&mut self, input: Input) {
        match input {
            Input::Ask(Ask::Start { store, wish }) => {
                (self.store, self.wish) = (store, *wish);
                self.begin();
            }
            Input::Ask(Ask::Wish(wish)) => {
                self.wish = *wish.clone();
                self.talk.wish(*wish);
            }
            Input::Ask(Ask::CancelFit) => self.talk.cancel_fit(),
            Input::Ask(Ask::BeginFit) => self.talk.begin_fit(),
            Input::World(bytes) => {
                self.world = bytes;
                self.set_world();
            }
        }
    }

    fn begin(&mut self) {
        self.follower = None;
        self.refused = None;
        self.is_new = true;
        self.talk = Talk::new(PublicConfig::default(), self.wish.clone());
        self.set_world();
    }

    fn set_world(&mut self) {
        if let Ok(world) = analysis::places::World::read(&self.world) {
            self.talk.set_world(world);
        }
    }

    /// Works for a moment.
    async fn work(&mut self) -> Next {
        if self.store.is_empty() {
            return Next::Wait;
        }
        if mem::take(&mut self.is_new) {
            self.report(Next::Work);
            if let Err(error) = self.open().await {
                self.refuse(&error);
            }
        }
        if mem::take(&mut self.is_look_due)
            && !self.wish.is_paused
            && let Err(error) = self.look().await
        {
            self.refuse(&error);
        }
        if let Err(error) = self.read_some().await {
            self.refuse(&error);
        }
        let next = match !self.is_new && self.is_read() && !self.count_some() {
            true => Next::Wait,
            false => Next::Work,
        };
        self.report(next)
    }

    async fn open(&mut self) -> Result<(), idb::Error> {
        self.follower = Some(Follower::open(&self.store).await?);
        self.look().await
    }

    async fn look(&mut self) -> Result<(), idb::Error> {
        let Some(follower) = &mut self.follower else {
            return Ok(());
        };
        if let Err(Gone) = follower.look().await? {
            self.begin();
            return Ok(());
        }
        let meta = follower.meta().await?;
        let (topics, tickers) = (meta.topics.as_deref(), meta.tickers.as_deref());
        let settings = Settings::restore(topics, tickers, None);
        self.talk.configure(settings.applied_to(&meta.config()));
        self.talk.set_word_list_text(meta.word_list);
        Ok(())
    }

    fn is_read(&self) -> bool {
        self.follower
            .as_ref()
            .is_none_or(|follower| follower.n_waiting() == 0)
    }

    async fn read_some(&mut self) -> Result<(), idb::Error> {
        let Some(follower) = &mut self.follower else {
            return Ok(());
        };
        let end = now() + SLICE;
        while now() < end {
            let Some(records) = follower.read_next().await? else {
                break;
            };
            for Record { event, withdrawn } in records {
                let stays = withdrawn.map(|stays| (stays.compound, stays.tickers, stays.topics));
                self.talk.apply(&event, stays);
            }
        }
        Ok(())
    }

    /// Whether there is more to do.
    fn count_some(&mut self) -> bool {
        let end = now() + SLICE;
        while now() < end {
            if !self.talk.step(N_STEP) {
                return false;
            }
        }
        true
    }

    fn refuse(&mut self, error: &idb::Error) {
        self.follower = None;
        self.refused = Some(error.to_string());
    }

    /// Tells the page what has changed; at once where there is nothing more to do.
    fn report(&mut self, next: Next) -> Next {
        let is_idle = matches!(next, Next::Wait);
        if !is_idle && now() - self.reported_at < REPORT_EVERY {
            return next;
        }
        self.reported_at = now();
        let standing = self.standing();
        if standing != self.told {
            self.told = standing.clone();
            updates::send(&Told::Standing(standing));
        }
        if self.is_read()
            && self.follower.is_some()
            && let Some(found) = self.talk.found()
        {
            tell(found);
        }
        next
    }

    fn standing(&self) -> Standing {
        let mut standing = self.talk.standing();
        if let Some(reason) = &self.refused {
            standing.stage = Stage::Refused {
                reason: reason.clone(),
            };
        }
        let Some(follower) = &self.follower else {
            if self.refused.is_none() {
                standing.stage = Stage::Opening;
            }
            return standing;
        };
        standing.n_damaged = follower.n_damaged;
        if follower.n_waiting() > 0 {
            standing.stage = Stage::Reading {
                done: follower.n_found - follower.n_waiting(),
                total: follower.n_found,
            };
        }
        standing
    }
}

fn tell(found: Found) {
    updates::send(&Told::Found(Box::new(found)));
}
