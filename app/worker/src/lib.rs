//! The web worker around [`analysis`]: stream, IndexedDB and engine.
//!
//! ```text
//!  relay ──bytes──► feed ──┐                       ┌──► updates ──► page
//!                          ├──► Input ──► Worker ──┤
//!  page ──Command──────────┤      (one match)      └──► store ──► IndexedDB
//!  store, tick ────────────┘
//! ```
//!
//! Everything that can wake the worker is one [`Input`], handled by one `match`.

mod clock;
mod codec;
mod digests;
pub mod entry;
pub mod feed;
mod files;
mod frames;
pub mod importer;
mod lock;
mod recount;
pub mod replay;
mod settings;
mod source;
pub mod store;
pub mod talk;
pub mod updates;

use std::{cell::RefCell, mem, rc::Rc};

use analysis::{
    Applied, Configured, Engine, Standing, digest,
    protocol::{ChunkBytes, Command, LinkState, Method, StoreState, Trouble, Update, Watch},
    readings::{Reading, Readings},
};
use chunks::{Record, Withdrawn};
use futures::{
    FutureExt, SinkExt, StreamExt,
    channel::mpsc::{self, Sender, UnboundedReceiver, UnboundedSender},
    stream,
};
use gloo_timers::future::TimeoutFuture;
use wasm_bindgen_futures::spawn_local;
use wire::{Body, Cursor, Event, Identity, PublicConfig, ndjson, sse};

use digests::Digests;
use frames::{Flow, Lists, Shown};
use recount::Recount;
use settings::Settings;
use store::{Batch, Chunk, Imported, Undigested, Withdrawal};

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// Everything that can wake the worker.
#[allow(clippy::large_enum_variant, reason = "one exists at a time")]
pub enum Input {
    /// The page said something.
    Command(Command),
    /// The connection to the relay said something.
    Feed(feed::Report),
    /// The store said something.
    Store(store::Report),
    /// A chunk of a file was read.
    File(FromFile),
    /// A quarter of a second has passed.
    Tick,
}

const TICK: u32 = 250;
/// Posts judged at once when nothing else is to be done: a few milliseconds.
const N_JUDGED: usize = 256;
/// As many new events are handed to the store at once, without waiting for the tick.
const FULL_BATCH: usize = 4_096;

/// What a stream begins with.
struct Beginning {
    relay: String,
    store: String,
    watch: Watch,
    is_paused: bool,
}

impl Beginning {
    /// As the page says; `None` before it does.
    fn of(command: Command) -> Option<Self> {
        match command {
            Command::Start {
                relay,
                store,
                watch,
                ..
            } => Some(Self {
                relay,
                store,
                watch,
                is_paused: false,
            }),
            _ => None,
        }
    }
}

/// Runs for ever. Begins with the page's `Start`, and anew with every further one.
pub async fn run(mut commands: UnboundedReceiver<Command>) {
    let mut next = None;
    loop {
        next = match next.take() {
            Some(beginning) => follow(&mut commands, beginning).await,
            None => match commands.next().await {
                Some(command) => Beginning::of(command),
                None => return,
            },
        };
    }
}

/// Follows one stream, until the page wants another one, or this tab may keep it that could not before.
async fn follow(
    commands: &mut UnboundedReceiver<Command>,
    beginning: Beginning,
) -> Option<Beginning> {
    // Short: whoever produces faster than the engine takes in has to wait.
    let (inputs, received) = mpsc::channel(4);
    let (batches, batches_received) = mpsc::channel(1);
    let store = beginning.store.clone();
    spawn_local(store::run(store.clone(), batches_received, inputs.clone()));
    spawn_local(tick(inputs.clone()));
    let (packed, to_unpack) = mpsc::unbounded();
    spawn_local(unpack(to_unpack, inputs.clone()));
    let mut worker = Worker::new(beginning, inputs, batches);
    // Given to this tab, and kept nowhere else while another one keeps the data.
    let mut has_own = false;
    let mut inputs = stream::select(commands.map(Input::Command), received);
    loop {
        let input = match inputs.next().now_or_never() {
            Some(input) => input,
            None if worker.judge_some() || worker.digest_one() => {
                // Lets the browser deliver what has come meanwhile.
                TimeoutFuture::new(0).await;
                continue;
            }
            None => inputs.next().await,
        };
        match input {
            Some(Input::Command(start @ Command::Start { .. })) => return Beginning::of(start),
            Some(Input::Command(import @ Command::Import { .. })) => {
                has_own = true;
                // Ends with this stream, as what is read of it does.
                let _ = packed.unbounded_send(import);
            }
            Some(Input::Store(store::Report::Free)) if !has_own => {
                return Some(Beginning {
                    relay: worker.relay,
                    store,
                    watch: worker.watch,
                    is_paused: worker.is_paused,
                });
            }
            Some(input) => {
                has_own |= is_setting(&input);
                worker.handle(input);
            }
            None => return None,
        }
    }
}

/// Whether the person set something that the store keeps.
fn is_setting(input: &Input) -> bool {
    matches!(
        input,
        Input::Command(Command::Topics(_) | Command::Tickers(_) | Command::WordList(_))
    )
}

/// Reads chunks of files in their order.
async fn unpack(mut packed: UnboundedReceiver<Command>, mut inputs: Sender<Input>) {
    while let Some(Command::Import {
        no,
        sealed,
        open,
        readings,
    }) = packed.next().await
    {
        let records = codec::read(&open.numbers, &open.texts).await;
        let chunk = FromFile {
            no,
            sealed,
            readings,
            records: records.unwrap_or_default(),
        };
        if inputs.send(Input::File(chunk)).await.is_err() {
            return;
        }
    }
}

async fn tick(mut inputs: Sender<Input>) {
    loop {
        TimeoutFuture::new(TICK).await;
        if inputs.send(Input::Tick).await.is_err() {
            return;
        }
    }
}

struct Worker {
    relay: String,
    watch: Watch,
    inputs: Sender<Input>,
    batches: Sender<Batch>,
    /// Wakes the feed; there is none before the store has been read.
    reconnect: Option<UnboundedSender<()>>,
    engine: Engine,
    /// As the relay says it.
    config: PublicConfig,
    settings: Settings,
    parser: sse::Parser,
    /// Position named by the event that is being read.
    position: String,
    /// Nothing is read before a connection that begins at the beginning.
    wants_all: bool,
    /// The newest tip.
    tip: Option<Event>,
    /// Position behind everything that was applied. Written here only; the feed reads it to connect.
    cursor: Rc<RefCell<Option<Cursor>>>,
    /// New events that the store has not been given yet.
    batch: Batch,
    link: LinkState,
    store: StoreState,
    lists: Lists,
    n_ticks: u32,
    /// How fast events come.
    flow: Flow,
    /// What the page has been shown: the tick, and how many events were in.
    shown: Shown,
    /// Something has been shown; before that the page says that it is loading.
    has_shown: bool,
    /// The store has been read once.
    is_read: bool,
    /// Chunks of a file that came before: what is new in them cannot be told yet. The importer sends few at once.
    early: Vec<FromFile>,
    /// The person wants nothing to move.
    is_paused: bool,
    /// Under way when posts are to count in another way; the page shows what the engine said before.
    recount: Recount,
    digests: Digests,
}

/// A chunk of a file, with what is in it.
#[derive(Debug)]
pub struct FromFile {
    no: u32,
    sealed: ChunkBytes,
    readings: Vec<u8>,
    records: Vec<Record>,
}

impl Worker {
    fn new(beginning: Beginning, inputs: Sender<Input>, batches: Sender<Batch>) -> Self {
        let Beginning {
            relay,
            watch,
            is_paused,
            ..
        } = beginning;
        let settings = Settings::default();
        Self {
            engine: settings.new_engine(&PublicConfig::default(), &watch),
            settings,
            relay,
            watch,
            inputs,
            batches,
            reconnect: None,
            config: PublicConfig::default(),
            parser: sse::Parser::default(),
            position: String::new(),
            wants_all: false,
            tip: None,
            cursor: Rc::default(),
            batch: Batch::default(),
            link: LinkState::default(),
            store: StoreState::default(),
            lists: Lists::default(),
            n_ticks: 0,
            flow: Flow::default(),
            shown: Shown::default(),
            has_shown: false,
            is_read: false,
            early: Vec::new(),
            is_paused,
            recount: Recount::default(),
            digests: Digests::default(),
        }
    }

    fn handle(&mut self, input: Input) {
        match input {
            Input::Command(command) => self.obey(command),
            Input::Feed(feed::Report::Opened {
                config,
                is_from_the_beginning,
            }) => {
                self.wants_all &= !is_from_the_beginning;
                self.open(*config);
            }
            // What a connection sent from where it stood before would move the cursor there again.
            Input::Feed(feed::Report::Bytes(_)) if self.wants_all => {}
            Input::Feed(feed::Report::Bytes(bytes)) => self.read(&bytes),
            Input::Feed(feed::Report::Broken { attempt, retry_in }) => {
                self.set_link(LinkState::Offline { attempt, retry_in });
            }
            Input::Store(report) => self.hear(report),
            Input::File(chunk) => self.import(chunk),
            Input::Tick => self.tick(),
        }
    }

    fn hear(&mut self, report: store::Report) {
        let is_first = self.engine.n_events() == 0;
        match report {
            store::Report::Opened(meta, digest_key) => {
                self.restore(meta);
                // Nobody waits for it where the browser refuses to store.
                let _ = digest_key.send(self.engine.digest_key());
            }
            store::Report::Expected(n_posts) => {
                if let Some(engine) = self.recount.target(&mut self.engine) {
                    engine.reserve(n_posts);
                }
            }
            store::Report::Digest(digest) => {
                let engine = self.recount.target(&mut self.engine);
                let applied = engine.map(|engine| engine.apply_digest(&digest));
                // Somebody has changed topics meanwhile.
                if let Some(Err(digest::Unusable)) = applied {
                    self.count_again();
                }
            }
            store::Report::Counted => self.send_frame(),
            store::Report::Recalled(records) => self.recount.recall(&mut self.engine, &records),
            store::Report::Restart => {
                let new = self.settings.new_engine(&self.config, &self.watch);
                if let Some(engine) = self.recount.target(&mut self.engine) {
                    *engine = new;
                }
                self.digests.clear();
            }
            store::Report::Loaded(records) => self.recount.load(&mut self.engine, &records),
            store::Report::Undigested(chunk) => self.note_undigested(chunk),
            store::Report::Damaged { n_events } => self.tell_damage(n_events),
            store::Report::Read => {
                if let Some(engine) = self.recount.target(&mut self.engine) {
                    engine.end_recall();
                }
                self.end_reading();
                self.start();
            }
            store::Report::Unread => self.give_up_counting(),
            // What this tab alone has would be lost.
            store::Report::Free => {}
            store::Report::Imported(imported) => {
                tell_imported(imported);
                // What came meanwhile would have to wait for the tick, and the file with it.
                self.store_batch();
            }
            store::Report::State(state) => self.set_store(state),
        }
        if is_first && self.engine.n_events() > 0 {
            self.send_frame();
        }
    }

    fn note_undigested(&mut self, chunk: Undigested) {
        if matches!(self.store, StoreState::NotKept { .. }) {
            return;
        }
        self.digests.push(chunk);
        if let Some(engine) = self.recount.target(&mut self.engine) {
            self.batch.digests.append(&mut self.digests.of_many(engine));
        }
    }

    /// Makes the digest of a chunk, if there is one to make; returns whether there is reason to go on.
    fn digest_one(&mut self) -> bool {
        if self.recount.is_on() || !self.is_read {
            return false;
        }
        let made = self.digests.next(&mut self.engine);
        let is_made = made.is_some();
        self.batch.digests.extend(made);
        is_made
    }

    fn obey(&mut self, command: Command) {
        match command {
            // Seen to before; a replay has a worker of its own.
            Command::Start { .. } | Command::Import { .. } | Command::Replay(_) => {}
            Command::Watch(watch) => {
                let counts_anew =
                    (watch.scoring, &watch.sampling) != (self.watch.scoring, &self.watch.sampling);
                self.watch = watch.clone();
                self.engine.watch(watch);
                self.lists.hurry();
                if counts_anew {
                    self.count_again();
                }
                self.send_frame();
            }
            Command::Topics(topics) => {
                if self.settings.set_topics(topics) {
                    self.keep_settings();
                    self.configure(self.config.clone());
                }
            }
            Command::Tickers(tickers) => {
                if self.settings.set_tickers(tickers) {
                    self.keep_settings();
                    self.configure(self.config.clone());
                }
            }
            Command::WordList(bytes) => {
                if self.settings.set_word_list(bytes) {
                    self.keep_settings();
                    if self.watch.scoring.method == Method::WordList {
                        self.count_again();
                    }
                }
                updates::send(&self.settings.word_list_update());
            }
            Command::Explain { key } => {
                if let Some(explained) = self.engine.explain(key) {
                    updates::send(&Update::Explained(Box::new(explained)));
                }
            }
            Command::Reconnect => self.reconnect(),
            Command::Pause => self.is_paused = true,
            Command::Resume => {
                self.is_paused = false;
                self.send_frame();
            }
            Command::ClearStore => self.clear_store(),
        }
    }

    /// Judges some of the posts that wait for it; returns whether there is reason to go on. While there is
    /// a backlog to catch up with, that has to wait, unless posts only count once they are judged.
    fn judge_some(&mut self) -> bool {
        if self.recount.is_on() {
            return false;
        }
        let is_flooded = self.flow.is_flood(self.engine.n_events());
        let is_idle = self.engine.has_judged_all();
        if is_idle || is_flooded && self.watch.sampling.is_everything() {
            return false;
        }
        self.engine.judge(N_JUDGED);
        true
    }

    fn clear_store(&mut self) {
        if let StoreState::NotKept { reason } = &self.store {
            return updates::send(&Update::Trouble(Trouble {
                what: format!("Nothing was cleared: this tab keeps nothing. {reason}."),
                still_works: "Everything shown stays.".to_owned(),
                what_to_do: "Clear it in the tab that keeps the data.".to_owned(),
            }));
        }
        self.forget();
        self.begin_again();
    }

    fn reconnect(&self) {
        if let Some(reconnect) = &self.reconnect {
            let _ = reconnect.unbounded_send(());
        }
    }

    /// Puts a new engine that is complete in the place of the old one.
    fn end_reading(&mut self) {
        let Some(engine) = self.recount.end_reading() else {
            return;
        };
        self.engine = engine;
        self.engine.watch(self.watch.clone());
        // The relay may have told another configuration since it was made.
        let config = self.settings.applied_to(&self.config);
        if self.engine.configure(&config) == Configured::NeedsReplay {
            self.count_again();
        }
    }

    /// What is kept beside the stored events, which follow.
    fn restore(&mut self, meta: store::Meta) {
        let (topics, tickers) = (meta.topics.as_deref(), meta.tickers.as_deref());
        self.settings = Settings::restore(topics, tickers, meta.word_list.clone());
        // Topics and tickers come in with the configuration below.
        if self.watch.scoring.method == Method::WordList {
            self.engine = self.settings.new_engine(&self.config, &self.watch);
        }
        updates::send(&self.settings.word_list_update());
        let config = meta.config();
        self.configure(config);
        let tip = meta.tip.and_then(|line| ndjson::decode_line(&line).ok());
        if let Some(tip) = tip {
            self.take_tip(tip);
        }
        *self.cursor.borrow_mut() = meta.cursor.and_then(|text| text.parse().ok());
    }

    /// Part of the store was set apart; the relay is asked for everything, of which the store takes what it lacks.
    fn tell_damage(&mut self, n_events: u64) {
        *self.cursor.borrow_mut() = None;
        updates::send(&Update::Trouble(Trouble {
            what: format!("Part of what this browser had stored was damaged ({n_events} events)."),
            still_works: "Everything else was read.".to_owned(),
            what_to_do: "Nothing: the relay is asked for it again, as far back as it goes."
                .to_owned(),
        }));
    }

    /// The store has been read: show it, and follow the relay from where it ends.
    fn start(&mut self) {
        self.send_frame();
        self.is_read = true;
        for chunk in mem::take(&mut self.early) {
            self.import(chunk);
        }
        if self.relay.is_empty() {
            return self.set_link(LinkState::Files);
        }
        if self.reconnect.is_none() {
            let (reconnect, received) = mpsc::unbounded();
            self.reconnect = Some(reconnect);
            spawn_local(feed::run(
                self.relay.clone(),
                self.cursor.clone(),
                received,
                self.inputs.clone(),
            ));
        }
    }

    fn open(&mut self, config: PublicConfig) {
        self.parser = sse::Parser::default();
        self.position.clear();
        self.configure(config);
        self.keep_config();
        // A configuration that names no log is a file: nobody sends anything.
        self.set_link(match self.config.log {
            Some(_) => LinkState::Open { behind: 0 },
            None => LinkState::Files,
        });
    }

    fn configure(&mut self, config: PublicConfig) {
        let configured = self.engine.configure(&self.settings.applied_to(&config));
        self.config = config;
        if configured == Configured::NeedsReplay {
            self.count_again();
        }
        for list in self.settings.list_updates(&self.config) {
            updates::send(&list);
        }
        updates::send(&Update::Config(self.config.clone()));
    }

    /// A new engine, filled from the store, or by the relay where nothing is kept. Until it is filled the
    /// page shows what it has.
    fn count_again(&mut self) {
        let engine = self.settings.new_engine(&self.config, &self.watch);
        let key = engine.digest_key();
        self.recount.begin(engine);
        self.digests.clear();
        // Without a relay only the store can have it, be it another tab's.
        if matches!(self.store, StoreState::NotKept { .. }) && !self.relay.is_empty() {
            self.fill_from_relay();
        } else {
            self.batch.reads_again = Some(key);
        }
    }

    /// Neither store nor relay has what would have to be counted.
    fn give_up_counting(&mut self) {
        self.recount.give_up();
        self.recount.end_reading();
        updates::send(&Update::Trouble(Trouble {
            what: "These posts cannot be counted in another way: this browser keeps no files."
                .to_owned(),
            still_works: "They stay as they were counted.".to_owned(),
            what_to_do: "Open the file again.".to_owned(),
        }));
    }

    fn fill_from_relay(&mut self) {
        if let Some(engine) = self.recount.give_up() {
            self.engine = engine;
        }
        self.begin_again();
    }

    /// Makes the relay send everything.
    fn begin_again(&mut self) {
        *self.cursor.borrow_mut() = None;
        self.wants_all = true;
        self.reconnect();
    }

    fn read(&mut self, bytes: &[u8]) {
        let is_first = self.engine.n_events() == 0;
        let mut parser = mem::take(&mut self.parser);
        let n_broken = parser.n_broken();
        parser.push(bytes, |field| match field {
            sse::Field::Id(id) => self.position = id.to_owned(),
            sse::Field::Data(line) => self.take_line(line),
            sse::Field::End => {
                if !self.position.is_empty()
                    && let Ok(cursor) = mem::take(&mut self.position).parse()
                {
                    *self.cursor.borrow_mut() = Some(cursor);
                }
            }
        });
        let n_broken = parser.n_broken() - n_broken;
        self.parser = parser;
        if n_broken > 0 {
            self.engine.note_unreadable(n_broken);
        }
        if self.batch.records.len() >= FULL_BATCH {
            self.store_batch();
        }
        if is_first && self.engine.n_events() > 0 {
            self.send_frame();
        }
    }

    fn take_line(&mut self, line: &str) {
        let event = match ndjson::decode_line(line) {
            Ok(event) => event,
            Err(_) => return self.engine.note_unreadable(1),
        };
        match &event.body {
            Body::Tip(_) => {
                self.keep("tip", line.to_owned());
                self.take_tip(event);
            }
            Body::Reset(reset) => {
                if reset.discard {
                    self.forget();
                }
                *self.cursor.borrow_mut() = Some(Cursor {
                    log: reset.log.clone(),
                    seq: 0,
                });
            }
            _ => self.take_event(event),
        }
    }

    fn take_tip(&mut self, event: Event) {
        if let Body::Tip(tip) = &event.body {
            if matches!(self.link, LinkState::Open { .. }) {
                self.set_link(LinkState::Open {
                    behind: tip.tip.saturating_sub(tip.scanned),
                });
            }
            self.engine.apply(&event);
            self.tip = Some(event);
        }
    }

    fn take_event(&mut self, event: Event) {
        if self.apply(&event, None) {
            self.batch.records.push(event.into());
        }
    }

    /// Counts an event of a file; a post whose text is gone as it counted before.
    fn apply_record(&mut self, record: &Record, reading: Option<Reading>) -> bool {
        match &record.withdrawn {
            None => self.apply(&record.event, reading),
            Some(withdrawn) => {
                let standing = recount::standing(withdrawn.clone());
                self.engine.apply_withdrawn(&record.event, &standing) == Applied::New
            }
        }
    }

    /// Counts an event, and has the store take back what it withdraws. Returns whether it is new.
    fn apply(&mut self, event: &Event, reading: Option<Reading>) -> bool {
        if let Body::Delete(delete) = &event.body {
            let post = Identity::of_post(&delete.source, &delete.id);
            if let Some((at, standing)) = self.engine.standing(post) {
                let withdrawal = Withdrawal {
                    post,
                    at,
                    stays: withdrawn(standing),
                };
                self.batch.withdraw.push(withdrawal);
            }
        }
        let is_new = self.engine.apply_read(event, reading) == Applied::New;
        if is_new {
            self.recount.keep(event);
            self.withdraw_late(event);
        }
        is_new
    }

    /// A post that came after it was withdrawn is stored without its text.
    fn withdraw_late(&mut self, event: &Event) {
        // Saves a hash of every event.
        if !self.engine.has_withdrawn() {
            return;
        }
        let Some(post) = Identity::of(event) else {
            return;
        };
        if self.engine.is_withdrawn(post)
            && let Some((at, standing)) = self.engine.standing(post)
        {
            self.batch.withdraw.push(Withdrawal {
                post,
                at,
                stays: withdrawn(standing),
            });
        }
    }

    /// Takes in a chunk of a file. If all of it is new the store keeps it as it is; a chunk of nothing but
    /// known events is not stored again.
    fn import(&mut self, chunk: FromFile) {
        if !self.is_read {
            return self.early.push(chunk);
        }
        let FromFile {
            no,
            sealed,
            readings,
            records,
        } = chunk;
        let is_first = self.engine.n_events() == 0;
        let n = records.len();
        let mut readings = Readings::open(&readings);
        let new: Vec<Record> = records
            .into_iter()
            .filter(|record| self.apply_record(record, readings.next()))
            .collect();
        // They are judged soon, so that what was found in them is kept soon.
        self.engine.judge(self.engine.n_waiting().saturating_sub(n));
        let imported = Imported {
            no,
            n_known: (n - new.len()) as u32,
        };
        if matches!(self.store, StoreState::NotKept { .. }) {
            return tell_imported(vec![imported]);
        }
        self.batch.imported.push(imported);
        // What came before it must lie before it: posts are judged in the order in which they are read again.
        let before = mem::take(&mut self.batch.records);
        self.batch.sealed.extend(Chunk::unsealed(before));
        self.batch.sealed.extend(match new.len() == n && n > 0 {
            true => Some(Chunk::of(sealed.numbers, sealed.texts, &new)),
            false => Chunk::unsealed(new),
        });
        self.store_batch();
        if is_first && self.engine.n_events() > 0 {
            self.send_frame();
        }
    }

    /// Throws away events and store: another recording, or another run of it, begins.
    fn forget(&mut self) {
        self.engine = self.settings.new_engine(&self.config, &self.watch);
        self.drop_batch();
        self.batch.starts_anew = true;
        self.recount.give_up();
        self.digests.clear();
        self.keep_config();
        self.keep_settings();
    }

    /// Nobody waits for what it held.
    fn drop_batch(&mut self) {
        tell_imported(mem::take(&mut self.batch).imported);
    }

    fn keep_settings(&mut self) {
        for (key, text) in self.settings.kept() {
            self.keep(key, text);
        }
    }

    fn keep_config(&mut self) {
        if let Ok(text) = serde_json::to_string(&self.config) {
            self.keep("config", text);
        }
    }

    fn keep(&mut self, key: &'static str, text: String) {
        self.batch.meta.retain(|(kept, _)| *kept != key);
        self.batch.meta.push((key, text));
    }

    /// Hands the batch to the store, unless it is still busy with the last one: then it grows.
    fn store_batch(&mut self) {
        let reads_again = self.batch.reads_again;
        if matches!(self.store, StoreState::NotKept { .. }) {
            self.drop_batch();
            self.batch.reads_again = reads_again;
        }
        // A reading that is to fill a new engine waits until the first one is through.
        let is_being_read = !self.is_read;
        if self.batch.is_empty() || self.batch.reads_again.is_some() && is_being_read {
            return;
        }
        let cursor = self.cursor.borrow().as_ref().map(Cursor::to_string);
        if let Some(cursor) = cursor {
            self.keep("cursor", cursor);
        }
        match self.batches.try_send(mem::take(&mut self.batch)) {
            Ok(()) if reads_again.is_some() => self.recount.note_asked(self.tip.as_ref()),
            Ok(()) => {}
            Err(refused) => self.batch = refused.into_inner(),
        }
    }

    fn tick(&mut self) {
        self.store_batch();
        self.n_ticks += 1;
        self.flow.tick(self.engine.n_events());
        if !self.is_paused
            && self
                .shown
                .is_frame_due(self.n_ticks, self.engine.n_events())
        {
            self.send_frame();
        }
    }

    fn send_frame(&mut self) {
        if self.recount.is_on() || (self.engine.n_events() == 0 && !self.has_shown) {
            return;
        }
        self.has_shown = true;
        self.shown = Shown {
            tick: self.n_ticks,
            n_events: self.engine.n_events(),
        };
        let now = self.engine.now().unwrap_or_default();
        let lists = &mut self.lists;
        frames::send(&mut self.engine, now, |frame| {
            lists.pace(frame, self.n_ticks)
        });
    }

    fn set_link(&mut self, link: LinkState) {
        if self.link != link {
            self.link = link;
            updates::send(&Update::Link(link));
        }
    }

    fn set_store(&mut self, state: StoreState) {
        if self.store != state {
            self.store = state;
            // The store that was to fill the engine is gone.
            let is_not_kept = matches!(self.store, StoreState::NotKept { .. });
            if self.recount.is_on() && is_not_kept && !self.relay.is_empty() {
                self.fill_from_relay();
            }
            updates::send(&Update::Store(self.store.clone()));
        }
    }
}

fn tell_imported(imported: Vec<Imported>) {
    for Imported { no, n_known } in imported {
        updates::send(&Update::Imported { no, n_known });
    }
}

fn withdrawn(standing: Standing) -> Withdrawn {
    Withdrawn {
        compound: standing.compound,
        topics: standing.topics,
        tickers: standing.tickers,
        judgement: standing.judgement,
    }
}
