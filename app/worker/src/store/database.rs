//! The database itself: its schema, and one function a transaction.
//!
//! Nothing but the transaction's own requests is awaited inside one, since IndexedDB ends a transaction
//! that has nothing to do.

use analysis::view::Range;
use chunks::Sealed;
use idb::{
    Database as Idb, DatabaseEvent, Factory, ObjectStore, ObjectStoreParams, Transaction,
    TransactionMode, TransactionResult,
};
use js_sys::{Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wire::Millis;

/// Raise it with every change of the layout and migrate in `create`.
const VERSION: u32 = 3;
const META: &str = "meta";
/// Texts of the chunks, under the same keys, so that numbers are read without them.
const TEXTS: &str = "texts";
/// What was found in a chunk's posts, under its key. They can be thrown away at any time.
const DIGESTS: &str = "digests";
/// Records that could not be read.
const QUARANTINE: &str = "quarantine";

/// The two places where events lie.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Records {
    Chunks,
    Tail,
}

/// What is kept beside a chunk so that it need not be read.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// The digest of its posts; empty without any.
    pub(super) digest: Vec<u8>,
    /// All its other events, a line each.
    pub(super) rest: Vec<u8>,
    pub(super) n_events: u64,
    pub(super) n_posts: u64,
    pub(super) first_at: Millis,
    pub(super) last_at: Millis,
    /// When the first and the last of them was seen.
    pub(super) seen: Range,
    /// They lie in the order in which they were seen.
    pub(super) is_in_order: bool,
}

/// What lies under a key.
#[derive(Debug)]
pub(super) enum Found {
    /// A chunk: numbers, texts, and how many events were put in.
    Chunk(Vec<u8>, Vec<u8>, u64),
    /// Event lines, as the first version of the schema kept them.
    Lines(Vec<u8>),
}

impl Records {
    fn name(self) -> &'static str {
        match self {
            Self::Chunks => "chunks",
            Self::Tail => "tail",
        }
    }
}

pub(super) struct Database(Idb);

impl Database {
    pub(super) async fn open(name: &str) -> Result<Self, idb::Error> {
        let mut request = Factory::new()?.open(name, Some(VERSION))?;
        request.on_upgrade_needed(|event| {
            if let Ok(database) = event.database() {
                create(&database);
            }
        });
        let mut database = request.await?;
        // A newer page in another tab wants to change the schema: step aside.
        database.on_version_change(|event| {
            let target = event
                .target()
                .and_then(|target| target.dyn_into::<web_sys::IdbDatabase>().ok());
            if let Some(database) = target {
                database.close();
            }
        });
        Ok(Self(database))
    }

    /// A text kept beside the events.
    pub(super) async fn meta(&self, key: &str) -> Result<Option<String>, idb::Error> {
        let transaction = self.0.transaction(&[META], TransactionMode::ReadOnly)?;
        let value = transaction
            .object_store(META)?
            .get(JsValue::from_str(key))?
            .await?;
        Ok(value.and_then(|value| value.as_string()))
    }

    /// Keys in the order in which the records were written.
    pub(super) async fn keys(&self, records: Records) -> Result<Vec<JsValue>, idb::Error> {
        let name = records.name();
        let transaction = self.0.transaction(&[name], TransactionMode::ReadOnly)?;
        transaction
            .object_store(name)?
            .get_all_keys(None, None)?
            .await
    }

    /// What lies under a key; `None` when it is gone.
    pub(super) async fn get(
        &self,
        records: Records,
        key: &JsValue,
    ) -> Result<Option<Found>, idb::Error> {
        let names = [records.name(), TEXTS];
        let transaction = self.0.transaction(&names, TransactionMode::ReadOnly)?;
        let record = transaction.object_store(records.name())?.get(key.clone())?;
        let texts = transaction.object_store(TEXTS)?.get(key.clone())?;
        let Some(record) = record.await? else {
            return Ok(None);
        };
        if let Some(lines) = bytes_of(&record, "lines") {
            return Ok(Some(Found::Lines(lines)));
        }
        let texts = match records {
            Records::Chunks => texts.await?.as_ref().and_then(bytes),
            Records::Tail => bytes_of(&record, "texts"),
        };
        let numbers = bytes_of(&record, "numbers").unwrap_or_default();
        let n = number_of(&record, "n") as u64;
        Ok(Some(Found::Chunk(numbers, texts.unwrap_or_default(), n)))
    }

    /// What is kept beside these chunks; asked for together, which takes less time.
    pub(super) async fn kept(&self, keys: &[JsValue]) -> Result<Vec<Option<Kept>>, idb::Error> {
        let transaction = self.0.transaction(&[DIGESTS], TransactionMode::ReadOnly)?;
        let store = transaction.object_store(DIGESTS)?;
        // They listen from now on, lest an answer comes before somebody waits for it.
        let request = |key: &JsValue| store.get(key.clone()).map(IntoFuture::into_future);
        let requests: Vec<_> = keys.iter().map(request).collect();
        let mut kept = Vec::new();
        for request in requests {
            kept.push(request?.await?.map(|record| Kept {
                digest: bytes_of(&record, "digest").unwrap_or_default(),
                rest: bytes_of(&record, "rest").unwrap_or_default(),
                n_events: number_of(&record, "n") as u64,
                n_posts: number_of(&record, "posts") as u64,
                first_at: number_of(&record, "from") as Millis,
                last_at: number_of(&record, "to") as Millis,
                seen: Range {
                    from: number_of(&record, "seen_from") as Millis,
                    to: number_of(&record, "seen_to") as Millis,
                },
                is_in_order: number_of(&record, "in_order") > 0.0,
            }));
        }
        Ok(kept)
    }

    pub(super) async fn keep(&self, key: &JsValue, kept: &Kept) -> Result<(), idb::Error> {
        let transaction = self.0.transaction(&[DIGESTS], TransactionMode::ReadWrite)?;
        put_kept(&transaction.object_store(DIGESTS)?, key, kept)?;
        committed(transaction).await
    }

    /// Adds a record to the tail, and the texts beside it. Without a chunk only the latter. Returns the record's key.
    pub(super) async fn append(
        &self,
        chunk: Option<&Sealed>,
        meta: &[(&'static str, String)],
    ) -> Result<Option<JsValue>, idb::Error> {
        let names = [Records::Tail.name(), META];
        let transaction = self.0.transaction(&names, TransactionMode::ReadWrite)?;
        put_meta(&transaction.object_store(META)?, meta)?;
        let mut key = None;
        if let Some(chunk) = chunk {
            let tail = transaction.object_store(Records::Tail.name())?;
            key = Some(tail.add(&record(Records::Tail, chunk), None)?.await?);
        }
        committed(transaction).await?;
        Ok(key)
    }

    /// Adds a chunk in the place of these records of the tail, and keeps the texts beside it. Returns its key.
    pub(super) async fn add(
        &self,
        chunk: &Sealed,
        tail: &[JsValue],
        meta: &[(&'static str, String)],
    ) -> Result<JsValue, idb::Error> {
        let names = [Records::Chunks.name(), Records::Tail.name(), TEXTS, META];
        let transaction = self.0.transaction(&names, TransactionMode::ReadWrite)?;
        let key = transaction
            .object_store(Records::Chunks.name())?
            .add(&record(Records::Chunks, chunk), None)?
            .await?;
        put_texts(&transaction.object_store(TEXTS)?, &key, chunk)?;
        // What another tab or a newer version has added since stays.
        let records = transaction.object_store(Records::Tail.name())?;
        for key in tail {
            records.delete(key.clone())?;
        }
        put_meta(&transaction.object_store(META)?, meta)?;
        committed(transaction).await?;
        Ok(key)
    }

    /// Writes a record anew, with what is kept beside it.
    pub(super) async fn replace(
        &self,
        records: Records,
        key: &JsValue,
        chunk: &Sealed,
        kept: Option<&Kept>,
    ) -> Result<(), idb::Error> {
        let names = [records.name(), TEXTS, DIGESTS];
        let transaction = self.0.transaction(&names, TransactionMode::ReadWrite)?;
        transaction
            .object_store(records.name())?
            .put(&record(records, chunk), Some(key))?;
        if records == Records::Chunks {
            put_texts(&transaction.object_store(TEXTS)?, key, chunk)?;
            let digests = transaction.object_store(DIGESTS)?;
            match kept {
                Some(kept) => put_kept(&digests, key, kept)?,
                None => drop(digests.delete(key.clone())?),
            }
        }
        committed(transaction).await
    }

    /// Puts a record where it does no harm and can still be looked at, and forgets the cursor: what was in it
    /// has to be asked for again.
    pub(super) async fn set_apart(
        &self,
        records: Records,
        key: &JsValue,
        reason: &str,
    ) -> Result<(), idb::Error> {
        let names = [records.name(), TEXTS, DIGESTS, QUARANTINE, META];
        let transaction = self.0.transaction(&names, TransactionMode::ReadWrite)?;
        let (from, texts) = (
            transaction.object_store(records.name())?,
            transaction.object_store(TEXTS)?,
        );
        let damaged = Object::new();
        set(&damaged, "reason", &JsValue::from_str(reason));
        if let Some(record) = from.get(key.clone())?.await? {
            set(&damaged, "record", &record);
        }
        from.delete(key.clone())?;
        if records == Records::Chunks {
            if let Some(record) = texts.get(key.clone())?.await? {
                set(&damaged, "texts", &record);
            }
            texts.delete(key.clone())?;
            transaction.object_store(DIGESTS)?.delete(key.clone())?;
        }
        transaction.object_store(QUARANTINE)?.add(&damaged, None)?;
        let cursor = JsValue::from_str("cursor");
        transaction.object_store(META)?.delete(cursor)?;
        transaction.commit()?.await.map(drop)
    }

    /// Forgets everything.
    pub(super) async fn clear(&self) -> Result<(), idb::Error> {
        let names = [
            Records::Chunks.name(),
            Records::Tail.name(),
            TEXTS,
            DIGESTS,
            QUARANTINE,
            META,
        ];
        let transaction = self.0.transaction(&names, TransactionMode::ReadWrite)?;
        for name in names {
            transaction.object_store(name)?.clear()?;
        }
        committed(transaction).await
    }
}

/// Why the browser refused, in its own words. Only what storing comes to: the library has a sentence for each of
/// fifty cases, 2 kB of them.
pub(super) fn reason(error: &idb::Error) -> String {
    let value: &JsValue = match error {
        idb::Error::DomException(exception) => exception.as_ref(),
        idb::Error::IndexedDbOpenFailed(value)
        | idb::Error::TransactionOpenFailed(value)
        | idb::Error::AddFailed(value)
        | idb::Error::IndexedDbNotFound(value)
        | idb::Error::UpdateFailed(value)
        | idb::Error::TransactionCommitError(value) => value,
        _ => return "the browser does not say why".to_owned(),
    };
    let text = value.as_string();
    text.unwrap_or_else(|| String::from(Object::from(value.clone()).to_string()))
}

/// Waits until it is safe. A browser without room for it takes everything back, and calls that no error.
async fn committed(transaction: Transaction) -> Result<(), idb::Error> {
    match transaction.commit()?.await? {
        TransactionResult::Committed => Ok(()),
        TransactionResult::Aborted => Err(idb::Error::TransactionCommitError(
            "the browser took it back".into(),
        )),
    }
}

/// Adds what the version before did not have. Its records of lines stay, and are rewritten once they have
/// been read.
fn create(database: &Idb) {
    let existing = database.store_names();
    let mut numbered = ObjectStoreParams::new();
    numbered.auto_increment(true);
    let plain = || ObjectStoreParams::new();
    let wanted = [
        (META, plain()),
        (Records::Chunks.name(), numbered.clone()),
        (Records::Tail.name(), numbered.clone()),
        (TEXTS, plain()),
        (DIGESTS, plain()),
        (QUARANTINE, numbered),
    ];
    for (name, parameters) in wanted {
        if !existing.iter().any(|known| known == name) {
            // A failure here aborts the upgrade, and `open` returns the error.
            let _ = database.create_object_store(name, parameters);
        }
    }
}

fn put_meta(store: &ObjectStore, meta: &[(&'static str, String)]) -> Result<(), idb::Error> {
    for (key, value) in meta {
        store.put(&JsValue::from_str(value), Some(&JsValue::from_str(key)))?;
    }
    Ok(())
}

fn put_texts(store: &ObjectStore, key: &JsValue, chunk: &Sealed) -> Result<(), idb::Error> {
    if chunk.texts.is_empty() {
        store.delete(key.clone())?;
    } else {
        store.put(&Uint8Array::from(chunk.texts.as_slice()), Some(key))?;
    }
    Ok(())
}

fn put_kept(store: &ObjectStore, key: &JsValue, kept: &Kept) -> Result<(), idb::Error> {
    let record = Object::new();
    set(&record, "digest", &Uint8Array::from(kept.digest.as_slice()));
    set(&record, "rest", &Uint8Array::from(kept.rest.as_slice()));
    set(&record, "n", &JsValue::from_f64(kept.n_events as f64));
    set(&record, "posts", &JsValue::from_f64(kept.n_posts as f64));
    set(&record, "from", &JsValue::from_f64(kept.first_at as f64));
    set(&record, "to", &JsValue::from_f64(kept.last_at as f64));
    let seen = kept.seen;
    set(&record, "seen_from", &JsValue::from_f64(seen.from as f64));
    set(&record, "seen_to", &JsValue::from_f64(seen.to as f64));
    let in_order = f64::from(u8::from(kept.is_in_order));
    set(&record, "in_order", &JsValue::from_f64(in_order));
    store.put(&record, Some(key)).map(drop)
}

/// A record; the tail's carry their texts with them.
fn record(records: Records, chunk: &Sealed) -> JsValue {
    let record = Object::new();
    let number = |n: f64| JsValue::from_f64(n);
    set(
        &record,
        "numbers",
        &Uint8Array::from(chunk.numbers.as_slice()),
    );
    if records == Records::Tail {
        set(&record, "texts", &Uint8Array::from(chunk.texts.as_slice()));
    }
    set(&record, "n", &number(f64::from(chunk.summary.n_events)));
    set(&record, "posts", &number(f64::from(chunk.summary.n_posts)));
    set(&record, "from", &number(chunk.summary.first_at as f64));
    set(&record, "to", &number(chunk.summary.last_at as f64));
    record.into()
}

fn set(object: &Object, key: &str, value: &JsValue) {
    Reflect::set(object, &JsValue::from_str(key), value)
        .expect("a fresh object takes any property");
}

fn number_of(record: &JsValue, key: &str) -> f64 {
    let value = Reflect::get(record, &JsValue::from_str(key)).ok();
    value.and_then(|value| value.as_f64()).unwrap_or_default()
}

fn bytes_of(record: &JsValue, key: &str) -> Option<Vec<u8>> {
    let value = Reflect::get(record, &JsValue::from_str(key)).ok()?;
    bytes(&value)
}

fn bytes(value: &JsValue) -> Option<Vec<u8>> {
    value.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec)
}
