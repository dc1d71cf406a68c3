//! Alpaca: bars of US stocks by the minute, with the user's own key pair (the free feed is one exchange).

pub(crate) mod decode;
mod history;

use std::{sync::Arc, time::Duration};

use serde_json::json;
use tokio::time::timeout;
use url::Url;
use wire::{Body, Millis, Missed};

use super::{
    Source, Start, Step,
    bars::{FIRST_REACH, MAX_REACH},
    clock::Clock,
    live::Setup,
    sieve::Record,
};
use crate::net::{
    Network, Secret, SourceError,
    ws::{Opening, Socket},
};
use decode::Message;
use history::{History, Stretch};

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
    history: History,
    /// What has to be asked for before the stream is read on.
    to_fill: Option<Stretch>,
    /// Where the newest bar begins.
    reached: Option<Millis>,
    socket: Option<Socket>,
    /// What was found behind records that had to be handed on first.
    broken: Option<SourceError>,
}

impl Alpaca {
    pub(crate) fn new(setup: &Setup) -> Result<Self, SourceError> {
        let missing = || SourceError::Refused("it needs user = \"the id of your key\"".to_owned());
        let (url, symbols) = (setup.url(DEFAULT_URL)?, setup.symbols()?);
        let secret = setup.needed_key("the secret of your key pair")?;
        let key_id = setup.config.user.clone().ok_or_else(missing)?;
        Ok(Self {
            name: setup.name(),
            history: History::new(setup, &url, &symbols, (&key_id, secret.clone()))?,
            to_fill: None,
            reached: None,
            url,
            key_id,
            secret,
            network: setup.network.clone(),
            clock: Arc::clone(&setup.clock),
            symbols,
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
        let read = |frame| match super::text::text_of(frame) {
            Ok(text) => decode::decode(&text, seen_at),
            Err(reason) => vec![Message::Record(Err(reason))],
        };
        Ok(frames.into_iter().flat_map(read).collect())
    }

    /// A page of the past. It is in the order of symbols, so that only its end is a position.
    async fn fill(&mut self, stretch: Stretch) -> Result<Step, SourceError> {
        let Stretch { from, to, .. } = stretch;
        match self.history.page(stretch).await {
            Ok((records, rest)) => {
                self.note(&records);
                self.to_fill = rest;
                let position = self.to_fill.is_none().then(|| self.position()).flatten();
                Ok(Step::Records { records, position })
            }
            // Some key pairs may hear the present and not read the past.
            Err(SourceError::Auth(_) | SourceError::Refused(_) | SourceError::Unavailable(_)) => {
                Ok(Step::Missed(Missed { from, to }))
            }
            Err(error) => Err(error),
        }
    }

    fn note(&mut self, records: &[Record]) {
        let opens = records
            .iter()
            .flatten()
            .filter_map(|event| match &event.body {
                Body::Bar(bar) => Some(bar.open_at),
                _ => None,
            });
        self.reached = self.reached.max(opens.max());
    }

    fn position(&self) -> Option<String> {
        self.reached.map(|reached| reached.to_string())
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

    async fn connect(&mut self, position: Option<&str>) -> Result<Start, SourceError> {
        (self.socket, self.broken) = (None, None);
        let stored = position.and_then(|text| text.parse().ok());
        self.reached = self.reached.max(stored);
        let opening = Opening::new(self.url.clone(), IDLE);
        let mut socket = opening.open(&self.network, self.clock.now()).await?;
        self.introduce(&mut socket).await?;
        self.socket = Some(socket);
        let now = self.clock.now();
        let newest = self.reached.unwrap_or(now - FIRST_REACH);
        self.to_fill = Some(Stretch::behind(newest.max(now - MAX_REACH), now));
        Ok(Start::Live)
    }

    fn hang_up(&mut self) {
        self.socket = None;
    }

    async fn next(&mut self) -> Result<Step, SourceError> {
        if let Some(error) = self.broken.take() {
            return Err(error);
        }
        if let Some(stretch) = self.to_fill.take() {
            return self.fill(stretch).await;
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
        self.note(&records);
        let position = self.position();
        Ok(Step::Records { records, position })
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
