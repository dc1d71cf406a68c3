//! Alpaca: bars of US stocks by the minute, with the user's own key pair (the free feed is one exchange).

pub(crate) mod decode;

use std::{sync::Arc, time::Duration};

use serde_json::json;
use tokio::time::timeout;
use url::Url;

use super::{Source, Start, Step, clock::Clock, live::Setup, sieve::Record};
use crate::net::{
    Network, Secret, SourceError,
    ws::{Opening, Socket},
};
use decode::Message;

const DEFAULT_URL: &str = "wss://stream.data.alpaca.markets/v2/iex";
/// How long an answer of the opening may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// Nothing comes while the market is closed: after so long the subscription is said again, which is answered.
const ASK_AFTER: Duration = Duration::from_secs(60);
/// Without an answer to that the connection is taken for dead.
const IDLE: Duration = Duration::from_secs(75);

/// One feed.
pub(crate) struct Alpaca {
    name: String,
    url: Url,
    key_id: String,
    secret: Secret,
    network: Network,
    clock: Arc<Clock>,
    symbols: Vec<String>,
    socket: Option<Socket>,
    /// What was found behind records that had to be handed on first.
    broken: Option<SourceError>,
}

impl Alpaca {
    pub(crate) fn new(setup: &Setup) -> Result<Self, SourceError> {
        let missing = || SourceError::Refused("it needs user = \"the id of your key\"".to_owned());
        Ok(Self {
            name: setup.name(),
            url: setup.url(DEFAULT_URL)?,
            key_id: setup.config.user.clone().ok_or_else(missing)?,
            secret: setup.needed_key("the secret of your key pair")?,
            network: setup.network.clone(),
            clock: Arc::clone(&setup.clock),
            symbols: setup.symbols()?,
            socket: None,
            broken: None,
        })
    }

    /// Says who we are and what we want, and waits for both to be accepted.
    async fn introduce(&self, socket: &mut Socket) -> Result<(), SourceError> {
        self.wait_for(socket, &Message::Connected).await?;
        let auth = json!({"action": "auth", "key": self.key_id, "secret": self.secret.expose()});
        socket.send(&auth.to_string()).await?;
        self.wait_for(socket, &Message::Authenticated).await?;
        socket.send(&self.subscription()).await?;
        let n_bars = self.symbols.len();
        self.wait_for(socket, &Message::Subscribed { n_bars }).await
    }

    fn subscription(&self) -> String {
        json!({"action": "subscribe", "bars": self.symbols}).to_string()
    }

    async fn wait_for(&self, socket: &mut Socket, wanted: &Message) -> Result<(), SourceError> {
        let wait = async {
            loop {
                for message in self.read(socket).await? {
                    match message {
                        Message::Error { code, text } => return Err(trouble(code, &text)),
                        message if message == *wanted => return Ok(()),
                        _ => {}
                    }
                }
            }
        };
        let late = |_| {
            SourceError::Protocol(format!(
                "no {wanted:?} came within {} s",
                PATIENCE.as_secs()
            ))
        };
        timeout(PATIENCE, wait).await.map_err(late)?
    }

    async fn read(&self, socket: &mut Socket) -> Result<Vec<Message>, SourceError> {
        let frames = socket.next().await?;
        let seen_at = self.clock.now();
        let read = |frame| match super::needs::text_of(frame) {
            Ok(text) => decode::decode(&text, seen_at),
            Err(reason) => vec![Message::Record(Err(reason))],
        };
        Ok(frames.into_iter().flat_map(read).collect())
    }

    /// The records up to an error, if there is one; what it means comes behind them.
    fn take(&mut self, messages: Vec<Message>) -> Vec<Record> {
        let mut records = Vec::new();
        for message in messages {
            match message {
                Message::Record(record) => records.push(record),
                Message::Error { code, text } => {
                    self.broken = Some(trouble(code, &text));
                    break;
                }
                Message::Connected | Message::Authenticated | Message::Subscribed { .. } => {}
            }
        }
        records
    }
}

impl Source for Alpaca {
    fn name(&self) -> &str {
        &self.name
    }

    async fn connect(&mut self, _position: Option<&str>) -> Result<Start, SourceError> {
        (self.socket, self.broken) = (None, None);
        let opening = Opening::new(self.url.clone(), IDLE);
        let mut socket = opening.open(&self.network, self.clock.now()).await?;
        self.introduce(&mut socket).await?;
        self.socket = Some(socket);
        Ok(Start::Live)
    }

    fn hang_up(&mut self) {
        self.socket = None;
    }

    async fn next(&mut self) -> Result<Step, SourceError> {
        if let Some(error) = self.broken.take() {
            return Err(error);
        }
        let Some(mut socket) = self.socket.take() else {
            return Err(SourceError::Own("it is not connected".to_owned()));
        };
        let messages = match timeout(ASK_AFTER, self.read(&mut socket)).await {
            Ok(messages) => messages?,
            Err(_) => {
                socket.send(&self.subscription()).await?;
                let answered = timeout(IDLE - ASK_AFTER, self.read(&mut socket)).await;
                answered.map_err(|_| SourceError::Idle(IDLE))??
            }
        };
        let records = self.take(messages);
        self.socket = Some(socket);
        Ok(Step::Records {
            records,
            position: None,
        })
    }
}

/// What an error's number means for the connection.
fn trouble(code: i64, text: &str) -> SourceError {
    let said = format!("{code}, {}", crate::net::error::printable(text));
    match code {
        // 404: the keys came too late.
        404 | 407 => SourceError::Closed(format!(": {said}")),
        401..=403 | 409 | 411 => SourceError::Auth(said),
        406 => SourceError::RateLimit {
            status: 406,
            wait: None,
        },
        500.. => SourceError::Http {
            status: 500,
            wait: None,
        },
        _ => SourceError::Refused(said),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::{SourceConfig, SourceKind},
        sources::faults::setup,
    };

    #[tokio::test]
    async fn what_comes_before_an_error_is_handed_on() {
        let config = SourceConfig {
            kind: SourceKind::Alpaca,
            user: Some("me".into()),
            pairs: vec!["ACME-USD".into()],
            ..SourceConfig::default()
        };
        let mut source = Alpaca::new(&setup(config)).unwrap();
        let error = Message::Error {
            code: 407,
            text: "slow client".into(),
        };

        let records = source.take(vec![
            Message::Record(Err("bar_update")),
            error,
            Message::Record(Err("bar_update")),
        ]);

        assert_eq!(records, [Err("bar_update")]);
        assert_eq!(source.next().await.unwrap_err().word(), "closed");
    }
}
