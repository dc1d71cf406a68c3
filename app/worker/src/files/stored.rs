//! The page's database, only read: settings, and events chunk by chunk in the order in which they came.

use analysis::{protocol::Watch, text::word_list::WordList, view::Range};
use chunks::Record;
use idb::{Database, Factory, TransactionMode};
use js_sys::{Reflect, Uint8Array};
use recording::Basis;
use std::sync::Arc;
use wasm_bindgen::{JsCast, JsValue};

use crate::settings::Settings;

/// Why nothing can be read, for a person.
const NOTHING: &str = "This browser keeps nothing that could be saved.";

/// An open database.
pub(super) struct Stored(Database);

impl Stored {
    /// Opens the database of this name as it is.
    pub(super) async fn open(name: &str) -> Result<Self, String> {
        let open = async {
            let mut database = Factory::new()?.open(name, None)?.await?;
            // A newer page in another tab wants to change the schema: step aside.
            database.on_version_change(|event| {
                let target = event.target();
                let target =
                    target.and_then(|target| target.dyn_into::<web_sys::IdbDatabase>().ok());
                if let Some(database) = target {
                    database.close();
                }
            });
            Ok(database)
        };
        let database: Result<Database, idb::Error> = open.await;
        let database = database.map_err(|error| format!("{NOTHING} ({error})"))?;
        match database.store_names().iter().any(|name| name == "chunks") {
            true => Ok(Self(database)),
            false => Err(NOTHING.to_owned()),
        }
    }

    /// What decides how events count, as the analysis worker keeps it.
    pub(super) async fn basis(&self, watch: Watch) -> Result<Basis, String> {
        let config = self.meta("config").await?;
        let config = config.and_then(|text| serde_json::from_str(&text).ok());
        let (topics, tickers) = (self.meta("topics").await?, self.meta("tickers").await?);
        let settings = Settings::restore(topics.as_deref(), tickers.as_deref(), None);
        let words = self
            .meta("word_list")
            .await?
            .filter(|text| !text.is_empty());
        let words = words.and_then(|text| WordList::parse(text.as_bytes()).ok());
        Ok(Basis {
            config: settings.applied_to(&config.unwrap_or_default()),
            watch,
            word_list: words.map(Arc::new),
        })
    }

    /// Hands on what may lie in a range, chunk by chunk, then the tail. Other chunks are not opened.
    pub(super) async fn each(
        &self,
        range: Option<Range>,
        mut take: impl FnMut(&[Record]),
    ) -> Result<(), String> {
        // The tail may be sealed meanwhile: what is read first cannot be missed, and twice does no harm.
        let mut tail = Vec::new();
        for key in self.keys("tail").await? {
            tail.append(&mut self.records("tail", key, range).await?);
        }
        for key in self.keys("chunks").await? {
            take(&self.records("chunks", key, range).await?);
        }
        take(&tail);
        Ok(())
    }

    /// What cannot be read was told when the page opened the store, and is left out here as there.
    async fn records(
        &self,
        store: &str,
        key: JsValue,
        range: Option<Range>,
    ) -> Result<Vec<Record>, String> {
        let Some(record) = self.get(store, key.clone()).await? else {
            return Ok(Vec::new());
        };
        let number = |name: &str| property(&record, name)?.as_f64();
        if let (Some(range), Some(from), Some(to)) = (range, number("from"), number("to"))
            && ((to as i64) < range.from.saturating_sub(BEFORE) || from as i64 > range.to)
        {
            return Ok(Vec::new());
        }
        let bytes = |name: &str| property(&record, name).and_then(|value| to_bytes(&value));
        let numbers = bytes("numbers").unwrap_or_default();
        let texts = match store {
            "tail" => bytes("texts"),
            _ => self.get("texts", key).await?.as_ref().and_then(to_bytes),
        };
        Ok(chunks::read(&numbers, &texts.unwrap_or_default()).unwrap_or_default())
    }

    async fn keys(&self, store: &str) -> Result<Vec<JsValue>, String> {
        let keys = async {
            let transaction = self.0.transaction(&[store], TransactionMode::ReadOnly)?;
            transaction
                .object_store(store)?
                .get_all_keys(None, None)?
                .await
        };
        keys.await.map_err(told)
    }

    async fn get(&self, store: &str, key: JsValue) -> Result<Option<JsValue>, String> {
        let value = async {
            let transaction = self.0.transaction(&[store], TransactionMode::ReadOnly)?;
            transaction.object_store(store)?.get(key)?.await
        };
        value.await.map_err(told)
    }

    async fn meta(&self, key: &str) -> Result<Option<String>, String> {
        let value = self.get("meta", JsValue::from_str(key)).await?;
        Ok(value.and_then(|value| value.as_string()))
    }
}

/// What a source was doing when a range begins was said at most so long before it.
const BEFORE: i64 = 7 * wire::time::DAY;

fn told(error: idb::Error) -> String {
    format!("What is stored cannot be read ({error}).")
}

fn property(record: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(record, &JsValue::from_str(name)).ok()
}

fn to_bytes(value: &JsValue) -> Option<Vec<u8>> {
    value.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec)
}
