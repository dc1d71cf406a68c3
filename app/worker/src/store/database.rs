//! The database itself: its schema, and one function a transaction.
//!
//! Nothing but the transaction's own requests is awaited inside one, since IndexedDB ends a transaction
//! that has nothing to do.

use idb::{Database as Idb, DatabaseEvent, Factory, ObjectStoreParams, TransactionMode};
use js_sys::{Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

/// Raise it with every change of the layout and migrate in `create`.
const VERSION: u32 = 1;
const META: &str = "meta";

/// The two places where event lines lie.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Records {
    Chunks,
    Tail,
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

    /// The event lines of one record; empty when it is gone.
    pub(super) async fn lines(
        &self,
        records: Records,
        key: &JsValue,
    ) -> Result<Vec<u8>, idb::Error> {
        let name = records.name();
        let transaction = self.0.transaction(&[name], TransactionMode::ReadOnly)?;
        let record = transaction.object_store(name)?.get(key.clone())?.await?;
        let lines =
            record.and_then(|record| Reflect::get(&record, &JsValue::from_str("lines")).ok());
        Ok(lines
            .and_then(|lines| lines.dyn_into::<Uint8Array>().ok())
            .map(|lines| lines.to_vec())
            .unwrap_or_default())
    }

    /// Adds a record to the tail, and the texts beside it.
    pub(super) async fn append(
        &self,
        lines: &[u8],
        n_events: u32,
        meta: &[(&'static str, String)],
    ) -> Result<(), idb::Error> {
        let transaction = self
            .0
            .transaction(&[Records::Tail.name(), META], TransactionMode::ReadWrite)?;
        if n_events > 0 {
            transaction
                .object_store(Records::Tail.name())?
                .add(&record(lines, n_events), None)?;
        }
        let store = transaction.object_store(META)?;
        for (key, value) in meta {
            store.put(&JsValue::from_str(value), Some(&JsValue::from_str(key)))?;
        }
        transaction.commit()?.await.map(drop)
    }

    /// Replaces the tail by one chunk that holds `lines`, and keeps the texts beside it.
    pub(super) async fn seal(
        &self,
        lines: &[u8],
        n_events: u32,
        meta: &[(&'static str, String)],
    ) -> Result<(), idb::Error> {
        let names = [Records::Chunks.name(), Records::Tail.name(), META];
        let transaction = self.0.transaction(&names, TransactionMode::ReadWrite)?;
        transaction
            .object_store(Records::Chunks.name())?
            .add(&record(lines, n_events), None)?;
        transaction.object_store(Records::Tail.name())?.clear()?;
        let store = transaction.object_store(META)?;
        for (key, value) in meta {
            store.put(&JsValue::from_str(value), Some(&JsValue::from_str(key)))?;
        }
        transaction.commit()?.await.map(drop)
    }

    /// Writes a record anew.
    pub(super) async fn replace(
        &self,
        records: Records,
        key: &JsValue,
        lines: &[u8],
        n_events: u32,
    ) -> Result<(), idb::Error> {
        let name = records.name();
        let transaction = self.0.transaction(&[name], TransactionMode::ReadWrite)?;
        transaction
            .object_store(name)?
            .put(&record(lines, n_events), Some(key))?;
        transaction.commit()?.await.map(drop)
    }

    /// Forgets everything.
    pub(super) async fn clear(&self) -> Result<(), idb::Error> {
        let names = [Records::Chunks.name(), Records::Tail.name(), META];
        let transaction = self.0.transaction(&names, TransactionMode::ReadWrite)?;
        for name in names {
            transaction.object_store(name)?.clear()?;
        }
        transaction.commit()?.await.map(drop)
    }
}

fn create(database: &Idb) {
    let mut numbered = ObjectStoreParams::new();
    numbered.auto_increment(true);
    // A failure here aborts the upgrade, and `open` returns the error.
    let _ = database.create_object_store(META, ObjectStoreParams::new());
    let _ = database.create_object_store(Records::Chunks.name(), numbered.clone());
    let _ = database.create_object_store(Records::Tail.name(), numbered);
}

fn record(lines: &[u8], n_events: u32) -> JsValue {
    let record = Object::new();
    let set = |key: &str, value: &JsValue| {
        Reflect::set(&record, &JsValue::from_str(key), value)
            .expect("a fresh object takes any property");
    };
    set("lines", &Uint8Array::from(lines));
    set("n", &JsValue::from_f64(f64::from(n_events)));
    record.into()
}
