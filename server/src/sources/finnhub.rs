//! Finnhub: trades of US stocks, with the user's own token, put together to bars of a minute.

pub(crate) mod decode;

use std::{sync::Arc, time::Duration};

use serde_json::json;
use tokio::time::{Instant, timeout_at};
use url::Url;
use wire::Millis;

use super::{Source, Start, Step, clock::Clock, live::Setup, minutes::Minutes, sieve::Record};
use crate::net::{
    Network, Secret, SourceError,
    ws::{Opening, Socket},
};
use decode::Frame;

const DEFAULT_URL: &str = "wss://ws.finnhub.io";
/// It pings about once a minute, and is known to fall silent once a day without closing.
const IDLE: Duration = Duration::from_secs(150);

/// Trades of some instruments.
pub(crate) struct Finnhub {
    name: String,
    url: Url,
    token: Secret,
    network: Network,
    clock: Arc<Clock>,
    symbols: Vec<String>,
    unwanted: Vec<String>,
    minutes: Minutes,
    socket: Option<Socket>,
    heard: Instant,
    /// The same by the wall clock.
    heard_at: Millis,
    /// What the connection before has left.
    left: Vec<Record>,
}

impl Finnhub {
    pub(crate) fn new(setup: &Setup) -> Result<Self, SourceError> {
        Ok(Self {
            name: setup.name(),
            url: setup.url(DEFAULT_URL)?,
            token: setup.needed_key("the token of your account")?,
            network: setup.network.clone(),
            clock: Arc::clone(&setup.clock),
            symbols: setup.symbols()?,
            unwanted: setup.config.unwanted_conditions.clone(),
            minutes: Minutes::new(decode::SOURCE, 0),
            socket: None,
            heard: Instant::now(),
            heard_at: 0,
            left: Vec::new(),
        })
    }

    /// What comes until the next minute is final.
    async fn read(&mut self, socket: &mut Socket) -> Result<Vec<Record>, SourceError> {
        let now = self.clock.now();
        let minute = Instant::now() + Duration::from_millis(Minutes::wait(now).unsigned_abs());
        let idle = self.heard + IDLE;
        let Ok(frames) = timeout_at(minute.min(idle), socket.next()).await else {
            if idle <= minute {
                return Err(SourceError::Idle(IDLE));
            }
            return Ok(self.minutes.finish(self.clock.now()));
        };
        let frames = frames?;
        self.heard = Instant::now();
        let now = self.clock.now();
        self.heard_at = now;
        let mut records = Vec::new();
        for frame in frames {
            let frame =
                super::text::text_of(frame).map(|text| decode::decode(&text, &self.unwanted));
            match frame {
                Ok(Frame::Ping) => {}
                Ok(Frame::Error(text)) => return Err(trouble(&text)),
                Ok(Frame::Trades(trades)) => {
                    let dropped = trades.into_iter().filter_map(|trade| match trade {
                        Ok(tick) => self.minutes.push(tick, now).err(),
                        Err(reason) => Some(reason),
                    });
                    records.extend(dropped.map(Err));
                }
                Err(reason) => records.push(Err(reason)),
            }
        }
        records.extend(self.minutes.finish(now));
        Ok(records)
    }
}

impl Source for Finnhub {
    fn name(&self) -> &str {
        &self.name
    }

    async fn connect(&mut self, _position: Option<&str>) -> Result<Start, SourceError> {
        self.socket = None;
        let mut url = self.url.clone();
        url.query_pairs_mut()
            .append_pair("token", self.token.expose());
        let opening = Opening::new(url, IDLE);
        let mut socket = opening.open(&self.network, self.clock.now()).await?;
        for symbol in &self.symbols {
            let subscribe = json!({"type": "subscribe", "symbol": symbol});
            socket.send(&subscribe.to_string()).await?;
        }
        let now = self.clock.now();
        self.left.extend(self.minutes.break_off(self.heard_at, now));
        self.minutes = Minutes::new(decode::SOURCE, now);
        self.heard_at = now;
        self.heard = Instant::now();
        self.socket = Some(socket);
        Ok(Start::Live)
    }

    fn hang_up(&mut self) {
        self.socket = None;
    }

    async fn next(&mut self) -> Result<Step, SourceError> {
        if !self.left.is_empty() {
            return Ok(Step::Records {
                records: std::mem::take(&mut self.left),
                position: None,
            });
        }
        let Some(mut socket) = self.socket.take() else {
            return Err(SourceError::Own("it is not connected".to_owned()));
        };
        let records = self.read(&mut socket).await?;
        self.socket = Some(socket);
        Ok(Step::Records {
            records,
            position: None,
        })
    }
}

/// What an error means for the connection; Finnhub has words for them only.
fn trouble(text: &str) -> SourceError {
    let said = crate::net::error::printable(text);
    let folded = said.to_lowercase();
    if folded.contains("api key") || folded.contains("token") || folded.contains("access") {
        SourceError::Auth(said)
    } else if folded.contains("rate") || folded.contains("too many") {
        SourceError::RateLimit {
            status: 429,
            wait: None,
        }
    } else {
        SourceError::Refused(said)
    }
}
