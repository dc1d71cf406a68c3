//! The connection to the NATS server, and what has to be there: the stream and two buckets.

use std::{fmt, str::FromStr, sync::Arc, time::Duration};

use async_nats::{
    Client, ConnectOptions, Event, connection,
    jetstream::{
        Context,
        context::ContextBuilder,
        kv::{CreateErrorKind, Store},
        stream::{Config, DiscardPolicy, Info, StorageType, Stream},
    },
};
use tokio::sync::Notify;
use wire::{LogId, author::AuthorKey};

use super::SharedOptions;
use crate::log::{LogError, LogOptions};

/// An acknowledgement that has not come by then will not come.
const ACK: Duration = Duration::from_secs(5);
/// Within this time the server leaves out what it was sent before. Its memory grows with it.
const REPEATS_WITHIN: Duration = Duration::from_secs(120);
/// The stream keeps at least so much, whatever a relay keeps: relays that were away have to catch up.
const MIN_AGE: Duration = Duration::from_secs(3_600);
const MIN_BYTES: u64 = 64 << 20;

/// Where a shared log is: `nats://host:port/name`; port and name may be left out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Address {
    server: String,
    name: String,
}

/// Why a text is no address of a shared log.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "a shared log is at an address such as nats://127.0.0.1:4222 or nats://127.0.0.1:4222/name"
)]
pub struct NoAddress;

impl FromStr for Address {
    type Err = NoAddress;

    /// A key does not belong here, since addresses are shown.
    fn from_str(text: &str) -> Result<Self, NoAddress> {
        let rest = text.strip_prefix("nats://").ok_or(NoAddress)?;
        let (server, name) = rest.split_once('/').unwrap_or((rest, ""));
        let name = if name.is_empty() { "moodtape" } else { name };
        let is_name = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
        if server.is_empty() || server.contains(['@', '?', '#']) || !is_name {
            return Err(NoAddress);
        }
        Ok(Self {
            server: format!("nats://{server}"),
            name: name.to_owned(),
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.server, self.name)
    }
}

/// Which log the stream is.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub(super) id: LogId,
    pub(super) author_key: AuthorKey,
}

#[derive(Clone)]
pub(super) struct Link {
    pub(super) client: Client,
    pub(super) context: Context,
    address: Arc<Address>,
    keep: LogOptions,
    pub(super) lease: Duration,
    /// The connection has broken: behind it there may be another stream, or less of it.
    pub(super) broken: Arc<Notify>,
}

impl Link {
    /// Connects, now or later: the server may be away.
    pub(super) async fn connect(told: &SharedOptions, keep: LogOptions) -> Result<Self, LogError> {
        let broken = Arc::<Notify>::default();
        let told_of = Arc::clone(&broken);
        let mut options = ConnectOptions::new()
            .event_callback(move |event| {
                if matches!(event, Event::Disconnected) {
                    told_of.notify_one();
                }
                std::future::ready(())
            })
            .name("moodtape-relay")
            .retry_on_initial_connect()
            .ping_interval(Duration::from_secs(5))
            .connection_timeout(Duration::from_secs(3))
            .reconnect_delay_callback(|attempts| {
                Duration::from_millis(50 << attempts.min(5)).min(Duration::from_secs(1))
            });
        if let Some(token) = &told.token {
            options = options.token(token.clone());
        }
        let address = Arc::new(told.address.clone());
        let client = options.connect(&address.server).await;
        let client = client.map_err(|error| failed(&address, error))?;
        let context = ContextBuilder::new()
            .timeout(ACK)
            .ack_timeout(ACK)
            .build(client.clone());
        Ok(Self {
            client,
            context,
            address,
            keep,
            lease: told.lease,
            broken,
        })
    }

    pub(super) fn is_connected(&self) -> bool {
        self.client.connection_state() == connection::State::Connected
    }

    pub(super) fn failed(&self, problem: impl fmt::Display) -> LogError {
        failed(&self.address, problem)
    }

    pub(super) fn name(&self) -> &str {
        &self.address.name
    }

    /// The stream with what is known of it now; it is made where there is none.
    pub(super) async fn stream(&self) -> Result<Stream<Info>, LogError> {
        let keep_age = self.keep.keep_age.map(|age| {
            let age = Duration::from_millis(age.max(0).unsigned_abs());
            age.max(MIN_AGE)
        });
        let keep_bytes = self.keep.keep_bytes.map(|bytes| bytes.max(MIN_BYTES));
        let config = Config {
            name: self.name().to_owned(),
            subjects: vec![format!("{}.>", self.name())],
            storage: StorageType::File,
            discard: DiscardPolicy::Old,
            max_age: keep_age.unwrap_or_default(),
            max_bytes: keep_bytes.map_or(-1, u64::cast_signed),
            duplicate_window: REPEATS_WITHIN,
            allow_direct: true,
            ..Config::default()
        };
        let made = self.context.get_or_create_stream(config).await;
        made.map_err(|error| self.failed(error))
    }

    /// Which log it is, and the key that all its relays hash authors with: that of whoever came first.
    pub(super) async fn identity(&self, proposed: AuthorKey) -> Result<Identity, LogError> {
        let stream = self.stream().await?;
        let AuthorKey(key) = proposed;
        let key = format!("{:032x}", u128::from_be_bytes(key));
        let bucket = self.bucket("meta", Duration::ZERO).await?;
        let key = match bucket.create("author_key", key.clone().into()).await {
            Ok(_) => key,
            Err(error) if error.kind() == CreateErrorKind::AlreadyExists => {
                let found = bucket.get("author_key").await;
                let found = found.map_err(|error| self.failed(error))?;
                String::from_utf8_lossy(&found.unwrap_or_default()).into_owned()
            }
            Err(error) => return Err(self.failed(error)),
        };
        let key = u128::from_str_radix(&key, 16);
        let key = key.map_err(|_| self.failed("its author key is none"))?;
        Ok(Identity {
            id: self.log_id(stream.cached_info())?,
            author_key: AuthorKey(key.to_be_bytes()),
        })
    }

    /// A stream that is made anew is another log, since it counts from 1 again.
    pub(super) fn log_id(&self, info: &Info) -> Result<LogId, LogError> {
        let created = info.created.unix_timestamp_nanos();
        let id = LogId::try_from(format!("n{created:x}"));
        id.map_err(|error| self.failed(error))
    }

    /// A bucket whose keys are forgotten after `max_age`, if that is not zero.
    ///
    /// Made as the stream that it is: asking whether the account may have buckets fails on servers of 2.9.
    pub(super) async fn bucket(&self, what: &str, max_age: Duration) -> Result<Store, LogError> {
        let bucket = format!("{}_{what}", self.name());
        let config = Config {
            name: format!("KV_{bucket}"),
            subjects: vec![format!("$KV.{bucket}.>")],
            storage: StorageType::File,
            max_messages_per_subject: 1,
            max_age,
            duplicate_window: max_age.min(REPEATS_WITHIN),
            discard: DiscardPolicy::New,
            allow_rollup: true,
            deny_delete: true,
            allow_direct: true,
            ..Config::default()
        };
        let made = self.context.get_or_create_stream(config).await;
        made.map_err(|error| self.failed(error))?;
        let store = self.context.get_key_value(bucket).await;
        store.map_err(|error| self.failed(error))
    }
}

fn failed(address: &Address, problem: impl fmt::Display) -> LogError {
    LogError::Shared {
        address: address.to_string(),
        problem: problem.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_a_server_and_perhaps_a_stream_and_no_key() {
        let shown = |text: &str| text.parse::<Address>().map(|address| address.to_string());

        assert_eq!(
            shown("nats://10.0.0.1:4222").as_deref(),
            Ok("nats://10.0.0.1:4222/moodtape")
        );
        assert_eq!(shown("nats://host/a-b").as_deref(), Ok("nats://host/a-b"));
        for text in [
            "host:4222",
            "nats://",
            "nats://me:secret@host",
            "nats://host/a.b",
        ] {
            assert_eq!(shown(text), Err(NoAddress), "{text}");
        }
    }
}
