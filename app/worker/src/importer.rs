//! Reads a file in a thread of its own: parses, hashes, finds tags and seals chunks, which the page hands on
//! to the analysis worker.
//!
//! ```text
//!  page ──Order, File──► importer ──News::Chunk──► page ──Command::Import──► analysis worker ──► store
//!   ▲                        ▲                                                        │
//!   └─────Progress───────────┴──────────Order::Stored──── page ◄──Update::Imported────┘
//! ```
//!
//! No more than [`MAX_UNSTORED`] chunks are on their way, so a slow store slows the reading down. Whole
//! chunks are stored or nothing of them: what a person stops leaves no half of anything.

use std::{cell::RefCell, rc::Rc};

use chunks::Record;
use futures::{StreamExt, channel::mpsc};
use import::{
    Choice, Reader,
    protocol::{News, Order, Progress, State},
};
use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, prelude::Closure};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Blob, File, MessageEvent, Response};
use wire::{Event, author::AuthorKey};

use crate::{
    clock::now,
    files,
    updates::{self, scope},
};

/// Bytes that are read at once. A cancel is heard in between.
const SLICE: u64 = 256 * 1024;
/// Bytes that are taken in at once.
const PIECE: usize = 16 * 1024;
/// Bytes that are looked at for the preview.
const HEAD: u64 = 512 * 1024;
/// Larger files are not read as a whole.
const MAX_WHOLE: f64 = 1e9;
/// Said of an address from which nothing came.
const NO_ANSWER: &str = "No file came from there. Either nothing answers at this address, or its host does not let pages from elsewhere read it (CORS), or this page's host forbids asking elsewhere, as the relay does. Save the file and open it from your disk.";
/// Events in a chunk.
const PER_CHUNK: usize = 4_096;
/// Chunks that were sent and are not stored yet.
const MAX_UNSTORED: usize = 6;
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
    while let Some(order) = orders.next().await {
        if let Order::Fetch(address) = &order {
            match fetch(address).await {
                Ok(fetched) => {
                    look(&fetched).await;
                    *file.borrow_mut() = Some(fetched);
                }
                Err(why) => updates::send(&News::Unreachable(why)),
            }
            continue;
        }
        if let Order::Make(make) = order {
            files::make(*make).await;
            continue;
        }
        let Some(file) = file.borrow().clone() else {
            continue;
        };
        match order {
            Order::Look => look(&file).await,
            Order::Verify => files::verify(&file).await,
            Order::Begin { choice, key } => {
                let import = Import::new(&file, choice, AuthorKey(key));
                import.run(&file, &mut orders).await;
            }
            // Nothing is under way.
            _ => {}
        }
    }
}

async fn look(file: &File) {
    let mut head = read(file, 0, HEAD).await.unwrap_or_default();
    // Its directory stands at the end.
    if head.starts_with(b"PAR1") && file.size() <= MAX_WHOLE {
        head = read(file, 0, file.size() as u64).await.unwrap_or_default();
    }
    let mut preview = import::preview(&file.name(), &head);
    if let Some((says, recorded)) = files::recorded(&head) {
        preview.says = says;
        preview.recorded = Some(recorded);
    }
    updates::send(&News::Seen(preview));
}

/// The file at an address. The browser keeps large ones on disk.
async fn fetch(address: &str) -> Result<File, String> {
    let no_answer = |_| NO_ANSWER.to_owned();
    let response = JsFuture::from(scope().fetch_with_str(address)).await;
    let response: Response = response.map_err(no_answer)?.unchecked_into();
    if !response.ok() {
        let status = response.status();
        return Err(format!(
            "The host refused: HTTP {status}. Is the address right?"
        ));
    }
    let blob = response.blob().map_err(no_answer)?;
    let blob = JsFuture::from(blob).await;
    let blob: Blob = blob.map_err(no_answer)?.unchecked_into();
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    File::new_with_blob_sequence(&Array::of1(&blob), name).map_err(no_answer)
}

struct Import {
    reader: Reader,
    events: Vec<Event>,
    progress: Progress,
    n_sent: u32,
    /// Events of the chunks that are on their way, by number.
    sent: Vec<(u32, u64)>,
    reported_at: f64,
    began_at: f64,
}

impl Import {
    fn new(file: &File, choice: Option<Choice>, key: AuthorKey) -> Self {
        Self {
            reader: Reader::new(&file.name(), choice, key),
            events: Vec::new(),
            progress: Progress {
                n_bytes: file.size() as u64,
                ..Progress::default()
            },
            n_sent: 0,
            sent: Vec::new(),
            reported_at: 0.0,
            began_at: now(),
        }
    }

    /// Reads the whole file, unless it is told to stop.
    async fn run(mut self, file: &File, orders: &mut mpsc::UnboundedReceiver<Order>) {
        let mut at = 0;
        while at < self.progress.n_bytes {
            let Some(bytes) = read(file, at, at + SLICE).await else {
                return self.end(State::Unreadable);
            };
            at += SLICE;
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
        while self.reader.read_on(&mut self.events) {
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
        let Ok(sealed) = chunks::seal(records) else {
            // Only chunks a hundred times as large are refused.
            return;
        };
        self.n_sent += 1;
        self.sent.push((self.n_sent, records.len() as u64));
        updates::send(&News::Chunk {
            no: self.n_sent,
            numbers: sealed.numbers,
            texts: sealed.texts,
        });
    }

    fn report(&mut self) {
        if now() - self.reported_at < REPORT_EVERY {
            return;
        }
        self.reported_at = now();
        self.progress.millis = (now() - self.began_at) as u64;
        self.progress.take(self.reader.report());
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

/// Part of the file; `None` when it went away.
pub(crate) async fn read(file: &File, from: u64, to: u64) -> Option<Vec<u8>> {
    let to = (to as f64).min(file.size());
    let part = file.slice_with_f64_and_f64(from as f64, to).ok()?;
    let buffer = JsFuture::from(part.array_buffer()).await.ok()?;
    Some(Uint8Array::new(&buffer).to_vec())
}
