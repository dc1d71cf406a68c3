//! Reads a file in a thread of its own: parses, hashes, finds tags, reads each text by itself and seals chunks,
//! which the page hands on to the analysis worker as they are.
//!
//! ```text
//!  page ──Order, File──► importer ──a chunk─────► page ──Command::Import──► analysis worker ──► store
//!   ▲                        ▲                                                        │
//!   └─────Progress───────────┴──────────Order::Stored──── page ◄──Update::Imported────┘
//! ```
//!
//! No more than [`MAX_UNSTORED`] chunks are on their way, so a slow store slows the reading down. Whole
//! chunks are stored or nothing of them: what a person stops leaves no half of anything.

use std::{cell::RefCell, ops::Range, rc::Rc};

use analysis::{
    protocol::{ChunkBytes, Command, Scoring},
    readings,
};
use chunks::{Record, Sealed, Unpacked};
use futures::{StreamExt, channel::mpsc};
use import::{
    Choice, Parquet, Reader,
    protocol::{News, Order, Progress, State},
    words,
};
use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, prelude::Closure};
use wasm_bindgen_futures::spawn_local;
use web_sys::{File, MessageEvent};
use wire::{Event, author::AuthorKey};

use crate::{
    clock::now,
    files,
    source::Source,
    updates::{self, scope},
};

/// Bytes that are read at once. A cancel is heard in between.
const SLICE: u64 = 512 * 1024;
/// Bytes that are taken in at once.
const PIECE: usize = 16 * 1024;
/// Bytes that are looked at for the preview.
const HEAD: u64 = 512 * 1024;
/// Said of a file that is not there any more.
const UNREADABLE: &str = "The file could not be read further.";
/// Events in a chunk.
const PER_CHUNK: usize = 4_096;
/// Chunks that were sent and are not stored yet, some 3 MB each.
const MAX_UNSTORED: usize = 8;
/// Milliseconds between two reports.
const REPORT_EVERY: f64 = 200.0;

/// Waits for orders, for as long as the page lives.
pub fn listen() {
    let (orders, received) = mpsc::unbounded();
    let file = Rc::new(RefCell::new(None));
    let newest = Rc::clone(&file);
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
        let data: Array = message.data().unchecked_into();
        if let Ok(file) = data.get(1).dyn_into::<File>() {
            *newest.borrow_mut() = Some(file);
        }
        let bytes = data.get(0).dyn_into::<Uint8Array>();
        let order = bytes
            .ok()
            .and_then(|b| postcard::from_bytes(&b.to_vec()).ok());
        if let Some(order) = order {
            drop(orders.unbounded_send(order));
        }
    });
    scope().set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();
    updates::send(&News::Ready);
    spawn_local(obey(received, file));
}

async fn obey(mut orders: mpsc::UnboundedReceiver<Order>, file: Rc<RefCell<Option<File>>>) {
    let mut source = None;
    while let Some(order) = orders.next().await {
        match order {
            Order::Look => source = file.borrow_mut().take().map(Source::of_file),
            Order::Fetch(ref address) => match Source::fetch(address).await {
                Ok(fetched) => source = Some(fetched),
                Err(why) => {
                    updates::send(&News::Unreachable(why));
                    continue;
                }
            },
            Order::Make(make) => {
                files::make(*make).await;
                continue;
            }
            _ => {}
        }
        let Some(source) = &mut source else {
            continue;
        };
        let done = match order {
            Order::Look | Order::Fetch(_) => look(source).await,
            Order::Verify => {
                files::verify(source).await;
                Ok(())
            }
            Order::Begin {
                choice,
                key,
                scoring,
            } => begin(source, choice, AuthorKey(key), scoring, &mut orders).await,
            // Nothing is under way.
            _ => Ok(()),
        };
        if let Err(why) = done {
            updates::send(&News::Unreachable(why));
        }
    }
}

async fn look(source: &mut Source) -> Result<(), String> {
    let preview = if is_parquet(source).await {
        let file = Parquet::new(&source.name, source.size);
        with_parts(source, &file, Parquet::preview).await?
    } else {
        let head = source.read(0..HEAD).await.unwrap_or_default();
        let mut preview = import::preview(&source.name, &head);
        if let Some((says, recorded)) = files::recorded(&head) {
            preview.says = says;
            preview.recorded = Some(recorded);
        }
        preview
    };
    updates::send(&News::Seen(preview));
    Ok(())
}

async fn begin(
    source: &mut Source,
    choice: Option<Choice>,
    key: AuthorKey,
    scoring: Scoring,
    orders: &mut mpsc::UnboundedReceiver<Order>,
) -> Result<(), String> {
    if !is_parquet(source).await {
        let reader = Reader::new(&source.name, choice, key);
        Import::new(reader, scoring, source.size)
            .run(source, orders)
            .await;
        return Ok(());
    }
    let file = Parquet::new(&source.name, source.size);
    let reader = with_parts(source, &file, |file| file.read(choice.clone(), key)).await?;
    let needs = reader.needs_of_all();
    let mut import = Import::new(reader, scoring, length(&needs));
    if import.fetch(source, &needs, orders).await? {
        import.read_on(source, orders).await;
    } else {
        import.stop(orders).await;
    }
    Ok(())
}

/// Of such a file only parts are read, whether it lies here or elsewhere.
async fn is_parquet(source: &Source) -> bool {
    let head = source.read(0..import::PARQUET.len() as u64).await;
    head.is_some_and(|head| head == import::PARQUET)
}

/// Asks for something again and again until everything is there that it takes.
async fn with_parts<T>(
    source: &mut Source,
    file: &Parquet,
    ask: impl Fn(&Parquet) -> Result<T, Vec<Range<u64>>>,
) -> Result<T, String> {
    loop {
        let needs = match ask(file) {
            Ok(done) => return Ok(done),
            Err(needs) => needs,
        };
        for range in source.lacking(&needs) {
            source.fetch_part(range).await?;
        }
        for range in needs {
            let bytes = source.read(range.clone()).await.ok_or(UNREADABLE)?;
            file.give(range.start, bytes);
        }
    }
}

fn bytes(sealed: Sealed) -> ChunkBytes {
    ChunkBytes {
        numbers: sealed.numbers,
        texts: sealed.texts,
    }
}

fn length(ranges: &[Range<u64>]) -> u64 {
    ranges.iter().map(|range| range.end - range.start).sum()
}

struct Import {
    reader: Reader,
    /// Finds out what can be said of a text by itself: the analysis worker has enough to do.
    texts: readings::Reader,
    events: Vec<Event>,
    progress: Progress,
    /// How much of the file was fetched, where that was not all of it, for a person.
    fetched: Option<(u64, String)>,
    n_sent: u32,
    /// Events of the chunks that are on their way, by number.
    sent: Vec<(u32, u64)>,
    reported_at: f64,
    began_at: f64,
}

impl Import {
    fn new(reader: Reader, scoring: Scoring, n_bytes: u64) -> Self {
        Self {
            reader,
            texts: readings::Reader::new(scoring),
            events: Vec::new(),
            progress: Progress {
                n_bytes,
                ..Progress::default()
            },
            fetched: None,
            n_sent: 0,
            sent: Vec::new(),
            reported_at: 0.0,
            began_at: now(),
        }
    }

    /// Fetches what is needed of a file, all of it before anything is read: of a file that changes meanwhile nothing
    /// is imported. Returns whether to go on.
    async fn fetch(
        &mut self,
        source: &mut Source,
        needs: &[Range<u64>],
        orders: &mut mpsc::UnboundedReceiver<Order>,
    ) -> Result<bool, String> {
        let lacking = source.lacking(needs);
        self.progress.n_bytes += length(&lacking);
        for range in lacking {
            if !self.may_go_on(orders).await {
                return Ok(false);
            }
            self.progress.n_fetched += range.end - range.start;
            source.fetch_part(range).await?;
            self.report();
        }
        let n_fetched = source.n_fetched();
        self.fetched = n_fetched.map(|n| words::fetched(n, source.size));
        Ok(true)
    }

    /// Reads the whole file, unless it is told to stop.
    async fn run(mut self, source: &Source, orders: &mut mpsc::UnboundedReceiver<Order>) {
        let mut at = 0;
        let mut next = source.read(0..SLICE);
        while at < source.size {
            let Some(bytes) = next.await else {
                return self.end(State::Unreadable);
            };
            at += SLICE;
            // Comes while this is taken in.
            next = source.read(at..at + SLICE);
            // Packed bytes may be a thousand times as many when they are unpacked.
            for piece in bytes.chunks(PIECE) {
                self.reader.push(piece, &mut self.events);
                if !self.send_chunks(PER_CHUNK, orders).await {
                    return self.stop(orders).await;
                }
            }
            self.report();
        }
        self.reader.finish(&mut self.events);
        self.read_on(source, orders).await;
    }

    /// Reads what is read some thousand rows at a time, then waits until everything is stored.
    async fn read_on(mut self, source: &Source, orders: &mut mpsc::UnboundedReceiver<Order>) {
        loop {
            for range in self.reader.needs() {
                let Some(bytes) = source.read(range.clone()).await else {
                    return self.end(State::Unreadable);
                };
                self.reader.give(range.start, bytes);
            }
            if !self.reader.read_on(&mut self.events) {
                break;
            }
            if !self.send_chunks(PER_CHUNK, orders).await {
                return self.stop(orders).await;
            }
            self.report();
        }
        if !self.send_chunks(1, orders).await {
            return self.stop(orders).await;
        }
        while !self.sent.is_empty() {
            match orders.next().await {
                Some(order) => self.take(order),
                None => return,
            }
            if self.progress.state == State::Cancelled {
                return self.stop(orders).await;
            }
        }
        self.end(State::Done);
    }

    /// Hears what has come, and waits while it may not go on. Returns whether it is to go on.
    async fn may_go_on(&mut self, orders: &mut mpsc::UnboundedReceiver<Order>) -> bool {
        while let Some(order) = self.next_order(orders).await {
            self.take(order);
            if self.progress.state == State::Cancelled {
                return false;
            }
        }
        true
    }

    /// What has come; waits for something while it may not go on.
    async fn next_order(&self, orders: &mut mpsc::UnboundedReceiver<Order>) -> Option<Order> {
        let must_wait = self.sent.len() >= MAX_UNSTORED || self.progress.state == State::Paused;
        match must_wait {
            true => orders.next().await,
            false => orders.try_recv().ok(),
        }
    }

    fn take(&mut self, order: Order) {
        match order {
            Order::Stored { no, n_known } => {
                let idx = self.sent.iter().position(|(sent, _)| *sent == no);
                let n = idx.map_or(0, |idx| self.sent.swap_remove(idx).1);
                self.progress.n_known += u64::from(n_known);
                self.progress.n_stored += n.saturating_sub(n_known.into());
                self.report();
            }
            Order::Pause => self.set(State::Paused),
            Order::Resume => self.set(State::Running),
            Order::Cancel => self.progress.state = State::Cancelled,
            Order::Look
            | Order::Fetch(_)
            | Order::Begin { .. }
            | Order::Verify
            | Order::Make(_) => {}
        }
    }

    fn set(&mut self, state: State) {
        self.progress.state = state;
        self.reported_at = 0.0;
        self.report();
    }

    /// Sends what makes full chunks, or `at_least` so many events, as fast as they are stored. Returns whether
    /// it is to go on.
    async fn send_chunks(
        &mut self,
        at_least: usize,
        orders: &mut mpsc::UnboundedReceiver<Order>,
    ) -> bool {
        let events = std::mem::take(&mut self.events);
        let mut events = events.into_iter();
        while events.len() >= at_least.max(1) {
            let chunk = events.by_ref().take(PER_CHUNK);
            let reader = &mut self.reader;
            let records: Vec<Record> = chunk
                .map(|event| Record {
                    withdrawn: reader.withdrawn(&event),
                    event,
                })
                .collect();
            self.send_chunk(&records);
            if !self.may_go_on(orders).await {
                return false;
            }
        }
        self.events = events.collect();
        self.may_go_on(orders).await
    }

    fn send_chunk(&mut self, records: &[Record]) {
        let Ok(unpacked) = Unpacked::of(records) else {
            // Only chunks a hundred times as large are refused.
            return;
        };
        for record in records {
            self.texts.read(&record.event);
        }
        self.n_sent += 1;
        self.sent.push((self.n_sent, records.len() as u64));
        let no = self.n_sent;
        let import = Command::Import {
            no,
            sealed: bytes(unpacked.deflated()),
            open: bytes(unpacked.seal(&[])),
            readings: self.texts.take(),
        };
        updates::hand_on(no, &import);
    }

    fn report(&mut self) {
        if now() - self.reported_at < REPORT_EVERY {
            return;
        }
        self.reported_at = now();
        self.progress.millis = (now() - self.began_at) as u64;
        self.progress.take(self.reader.report());
        let ended = self.progress.result.as_mut();
        if let Some((ended, fetched)) = ended.zip(self.fetched.clone()) {
            ended.quality.notable.push(fetched);
        }
        updates::send(&News::Progress(self.progress.clone()));
    }

    fn end(mut self, state: State) {
        self.set(state);
    }

    /// Says at once that it has stopped, and then counts what was on its way.
    async fn stop(mut self, orders: &mut mpsc::UnboundedReceiver<Order>) {
        self.set(State::Cancelled);
        while !self.sent.is_empty() {
            match orders.next().await {
                Some(order @ Order::Stored { .. }) => self.take(order),
                Some(_) => {}
                None => return,
            }
        }
        self.end(State::Cancelled);
    }
}
