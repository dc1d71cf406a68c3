//! Coinbase Exchange: candles in dollars and euros, fetched as soon as its own clock says that they are final. No key.
//!
//! The feed's ticks are batched, so that volumes added up from them would be too low: it tells the
//! exchange's time and that the exchange is there; prices and volumes are those of the candles.

pub mod decode;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use url::Url;
use wire::{Millis, Quote, time::SECOND};

use super::{
    Source, Start, Step,
    bars::{Pair, Quotes, Reached, WIDTH, event},
    clock::Clock,
    live::Setup,
    policy::{Policy, Schedule},
    sieve::Record,
};
use crate::net::{
    Network, SourceError,
    error::printable,
    http::Request,
    ws::{Opening, Socket},
};
use decode::Said;

const DEFAULT_URL: &str = "wss://ws-feed.exchange.coinbase.com";
const DEFAULT_HISTORY: &str = "https://api.exchange.coinbase.com/products";
const DEFAULT_PAIRS: [&str; 6] = [
    "BTC-USD", "ETH-USD", "SOL-USD", "DOGE-USD", "BTC-EUR", "ETH-EUR",
];
/// There is a heartbeat every second.
const IDLE: Duration = Duration::from_secs(30);
/// Candles in one answer, the most that it gives.
const PAGE: Millis = 300;
/// So long after its end a candle is asked for.
const SETTLES_AFTER: Millis = 2 * SECOND;
/// A candle that has not come is asked for again for so long; a minute without a trade has none.
const GIVEN_UP_AFTER: Millis = 3 * WIDTH;
const CANDLES_BYTES: usize = 256 << 10;
const CANDLES_PATIENCE: Duration = Duration::from_secs(30);

/// Follows some pairs.
pub(crate) struct Coinbase {
    name: String,
    url: Url,
    history: Url,
    pairs: Vec<Pair>,
    network: Network,
    clock: Arc<Clock>,
    socket: Option<Socket>,
    quotes: Quotes,
    reached: Reached,
    /// The newest minute that was asked for.
    asked_minute: Millis,
    to_fill: VecDeque<Pair>,
    /// What was found behind records that had to be handed on first.
    broken: Option<SourceError>,
}

impl Coinbase {
    pub(crate) fn new(setup: &Setup) -> Result<Self, SourceError> {
        Ok(Self {
            name: setup.name(),
            url: setup.url(DEFAULT_URL)?,
            history: setup.history_url(DEFAULT_HISTORY)?,
            pairs: setup.pairs(&DEFAULT_PAIRS)?,
            network: setup.network.clone(),
            clock: Arc::clone(&setup.clock),
            socket: None,
            quotes: Quotes::default(),
            reached: Reached::default(),
            asked_minute: 0,
            to_fill: VecDeque::new(),
            broken: None,
        })
    }

    /// Asks for the candles of a pair from its first missing one on.
    async fn fill(&mut self, pair: Pair) -> Result<Vec<Record>, SourceError> {
        let now = self.clock.now();
        let from = self.reached.next_open(&pair, now);
        let from = from + (-from).rem_euclid(WIDTH);
        let to = now.min(from + (PAGE - 1) * WIDTH);
        let mut url = self.history.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend([&*pair.to_string(), "candles"]);
        }
        url.query_pairs_mut()
            .append_pair("granularity", "60")
            .append_pair("start", &(from / SECOND).to_string())
            .append_pair("end", &(to / SECOND).to_string());
        let response = Request::get(url).send(&self.network).await?;
        let response = response
            .success(now)
            .await?
            .expect_type(&["application/json"])?;
        let body = response.bytes(CANDLES_BYTES, CANDLES_PATIENCE).await?;
        let seen_at = self.clock.now();
        let bars = decode::decode_candles(&body, &pair, now);
        let bars =
            bars.map_err(|reason| SourceError::Protocol(format!("its candles: {reason}")))?;
        let last = bars.iter().flatten().map(|bar| bar.open_at).max();
        // A minute that is still missing when it is old had no trade.
        let old = to.min(now - GIVEN_UP_AFTER);
        let up_to = last.unwrap_or(Millis::MIN).max(old - old.rem_euclid(WIDTH));
        if up_to >= from {
            self.reached.complete(&pair, up_to);
        }
        if to < now - WIDTH {
            self.to_fill.push_back(pair);
        }
        Ok(bars
            .into_iter()
            .map(|bar| Ok(event(bar?, seen_at)))
            .collect())
    }

    fn take(&mut self, messages: Vec<Message>) -> Vec<Record> {
        let now = self.clock.now();
        let mut records = Vec::new();
        for message in messages {
            match decode::decode(&message.into_data()) {
                Ok(Said::Time(at)) => self.ask_at(at),
                Ok(Said::Price(pair, price, at)) => {
                    self.quotes.note(&pair, decode::SOURCE, price, now);
                    self.ask_at(at);
                }
                Ok(Said::Error(said)) => {
                    self.broken = Some(trouble(&said));
                    break;
                }
                Ok(Said::Subscribed | Said::Other) => {}
                Err(reason) => records.push(Err(reason)),
            }
        }
        records
    }

    /// Once a minute, by the exchange's clock as far as it can be believed.
    fn ask_at(&mut self, exchange_time: Millis) {
        let now = self.clock.now();
        let time = exchange_time.clamp(now - WIDTH, now + SECOND);
        let minute = (time - SETTLES_AFTER).div_euclid(WIDTH);
        if minute > self.asked_minute {
            self.asked_minute = minute;
            self.to_fill = self.pairs.iter().cloned().collect();
        }
    }
}

impl Source for Coinbase {
    fn name(&self) -> &str {
        &self.name
    }

    fn policy(&self) -> Policy {
        Policy {
            transport: Schedule::doubling(1, 60),
            rate_limit: Schedule::doubling(10, 320),
            ..Policy::USUAL
        }
    }

    fn quotes(&mut self) -> Vec<Quote> {
        self.quotes.take()
    }

    async fn connect(&mut self, position: Option<&str>) -> Result<Start, SourceError> {
        (self.socket, self.broken) = (None, None);
        self.reached
            .merge(position.map(Reached::parse).unwrap_or_default());
        self.asked_minute = 0;
        let opening = Opening::new(self.url.clone(), IDLE);
        let mut socket = opening.open(&self.network, self.clock.now()).await?;
        let pairs: Vec<String> = self.pairs.iter().map(Pair::to_string).collect();
        let subscribe = json!({"type": "subscribe", "product_ids": pairs, "channels": ["heartbeat", "ticker_batch"]});
        socket.send(&subscribe.to_string()).await?;
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
        let records = if let Some(pair) = self.to_fill.pop_front() {
            self.fill(pair).await?
        } else {
            let Some(socket) = &mut self.socket else {
                return Err(SourceError::Own("it is not connected".to_owned()));
            };
            let messages = socket.next().await?;
            self.take(messages)
        };
        Ok(Step::Records {
            records,
            position: self.reached.position(),
        })
    }
}

/// What an error means for the connection: one about what was asked for would come again.
fn trouble(said: &str) -> SourceError {
    let said = printable(said);
    let folded = said.to_lowercase();
    if folded.contains("subscribe") || folded.contains("product") {
        SourceError::Refused(said)
    } else {
        SourceError::Closed(format!(": {said}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_asked_for_is_refused_for_good() {
        let refused = trouble("Failed to subscribe: no such\nproduct");

        assert_eq!(refused.word(), "refused");
        assert!(!refused.to_string().contains('\n'));
        assert_eq!(trouble("internal server error").word(), "closed");
    }
}
