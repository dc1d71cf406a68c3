//! Binance: final one-minute bars over a web socket, and the bars of an outage from its history. No key.
//!
//! Where Binance does not serve a place it says 451; then the source is off and others give the prices.

pub mod decode;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use tokio_tungstenite::tungstenite::Message;
use url::Url;
use wire::{Millis, Quote};

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
    http::Request,
    ws::{Opening, Socket},
};
use decode::{Said, Symbols, symbol};

const DEFAULT_URL: &str = "wss://data-stream.binance.vision/stream";
const DEFAULT_HISTORY: &str = "https://data-api.binance.vision/api/v3/klines";
const DEFAULT_PAIRS: [&str; 6] = [
    "BTC-USDT",
    "ETH-USDT",
    "SOL-USDT",
    "DOGE-USDT",
    "BTC-EUR",
    "ETH-EUR",
];
/// The server pings every 20 s, and open bars come every 2 s.
const IDLE: Duration = Duration::from_secs(60);
/// Bars in one answer of the history, the most that it gives.
const PAGE: i64 = 1_000;
const HISTORY_BYTES: usize = 1 << 20;
const HISTORY_PATIENCE: Duration = Duration::from_secs(30);

/// Follows some pairs.
pub(crate) struct Binance {
    name: String,
    url: Url,
    history: Url,
    symbols: Symbols,
    network: Network,
    clock: Arc<Clock>,
    socket: Option<Socket>,
    quotes: Quotes,
    reached: Reached,
    /// Pairs whose history has a part that is missing.
    to_fill: VecDeque<Pair>,
    /// The newest bar that the stream has brought behind such a part.
    ahead: BTreeMap<Pair, Millis>,
    /// What was found behind records that had to be handed on first.
    broken: Option<SourceError>,
}

impl Binance {
    pub(crate) fn new(setup: &Setup) -> Result<Self, SourceError> {
        let pairs = setup.pairs(&DEFAULT_PAIRS)?;
        let symbols: Symbols = pairs
            .into_iter()
            .map(|pair| (symbol(&pair), pair))
            .collect();
        let mut url = setup.url(DEFAULT_URL)?;
        let streams = symbols
            .keys()
            .map(|symbol| format!("{}@kline_1m", symbol.to_lowercase()));
        let streams = streams.collect::<Vec<_>>().join("/");
        url.set_query(Some(&format!("streams={streams}")));
        Ok(Self {
            name: setup.name(),
            url,
            history: setup.history_url(DEFAULT_HISTORY)?,
            symbols,
            network: setup.network.clone(),
            clock: Arc::clone(&setup.clock),
            socket: None,
            quotes: Quotes::default(),
            reached: Reached::default(),
            to_fill: VecDeque::new(),
            ahead: BTreeMap::new(),
            broken: None,
        })
    }

    /// Asks for one page of the history of a pair, from its first missing bar on.
    async fn fill(&mut self, pair: Pair) -> Result<Vec<Record>, SourceError> {
        let now = self.clock.now();
        let from = self.reached.next_open(&pair, now);
        let mut url = self.history.clone();
        url.query_pairs_mut()
            .append_pair("symbol", &symbol(&pair))
            .append_pair("interval", "1m")
            .append_pair("startTime", &from.to_string())
            .append_pair("limit", &PAGE.to_string());
        let response = Request::get(url).send(&self.network).await?;
        let response = response
            .success(now)
            .await?
            .expect_type(&["application/json"])?;
        let body = response.bytes(HISTORY_BYTES, HISTORY_PATIENCE).await?;
        let seen_at = self.clock.now();
        let bars = decode::decode_history(&body, &pair, now);
        let bars =
            bars.map_err(|reason| SourceError::Protocol(format!("its history: {reason}")))?;
        let last = bars.iter().flatten().map(|bar| bar.open_at).max();
        let is_full = bars.len() as i64 >= PAGE;
        // Minutes without a trade have no bar: behind the last one nothing is missing.
        let up_to = if is_full {
            last
        } else {
            last.max(Some(now - now % WIDTH - 2 * WIDTH))
        };
        if let Some(up_to) = up_to {
            self.reached.complete(&pair, up_to);
            self.join(&pair, up_to);
        }
        if is_full {
            self.to_fill.push_back(pair);
        }
        Ok(bars
            .into_iter()
            .map(|bar| Ok(event(bar?, seen_at)))
            .collect())
    }

    /// What the stream has brought follows on what the history has, which ends a little before it.
    fn join(&mut self, pair: &Pair, up_to: Millis) {
        if let Some(ahead) = self.ahead.get(pair).copied()
            && ahead <= up_to + WIDTH
        {
            self.reached.complete(pair, ahead);
            self.ahead.remove(pair);
        }
    }

    fn take(&mut self, messages: Vec<Message>) -> Vec<Record> {
        let seen_at = self.clock.now();
        let mut records = Vec::new();
        for message in messages {
            match decode::decode(&message.into_data(), &self.symbols) {
                Ok(Said::Final(pair, bar)) => {
                    self.quotes.note(&pair, decode::SOURCE, bar.close, seen_at);
                    if self.reached.note(&pair, bar.open_at) {
                        self.ahead.insert(pair.clone(), bar.open_at);
                        if !self.to_fill.contains(&pair) {
                            self.to_fill.push_back(pair);
                        }
                    }
                    records.push(Ok(event(bar, seen_at)));
                }
                Ok(Said::Shutdown) => {
                    let closed = SourceError::Closed(", as it had announced".to_owned());
                    self.broken = Some(closed);
                    break;
                }
                Ok(Said::Open(pair, price)) => {
                    self.quotes.note(&pair, decode::SOURCE, price, seen_at);
                }
                Ok(Said::Other) => {}
                Err(reason) => records.push(Err(reason)),
            }
        }
        records
    }
}

impl Source for Binance {
    fn name(&self) -> &str {
        &self.name
    }

    /// Three hundred connections in five minutes are allowed; bans grow with every request during one.
    fn policy(&self) -> Policy {
        Policy {
            transport: Schedule::doubling(2, 60),
            rate_limit: Schedule::doubling(120, 3_600),
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
        self.to_fill = self.symbols.values().cloned().collect();
        let opening = Opening::new(self.url.clone(), IDLE);
        self.socket = Some(opening.open(&self.network, self.clock.now()).await?);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::{SourceConfig, SourceKind},
        sources::faults::setup,
    };

    fn binance() -> Binance {
        let config = SourceConfig {
            kind: SourceKind::Binance,
            ..SourceConfig::default()
        };
        Binance::new(&setup(config)).unwrap()
    }

    fn bar(open_at: i64) -> Message {
        Message::text(format!(
            r#"{{"e":"kline","k":{{"t":{open_at},"s":"BTCUSDT","i":"1m","o":"1","c":"1","h":"1","l":"1","v":"1","x":true}}}}"#
        ))
    }

    #[tokio::test]
    async fn what_comes_before_an_announced_end_is_handed_on() {
        let mut source = binance();
        let last = Message::text(r#"{"e":"serverShutdown","E":1}"#);

        let records = source.take(vec![bar(0), last]);

        assert!(matches!(&*records, [Ok(_)]), "{records:?}");
        assert_eq!(source.next().await.unwrap_err().word(), "closed");
    }

    #[tokio::test]
    async fn what_the_stream_brought_follows_on_what_the_history_has() {
        let mut source = binance();
        let pair = Pair::parse("BTC-USDT").unwrap();
        source.reached.complete(&pair, 0);

        // Minute 1 was missed; its bar is in the history, that of minute 2 not yet.
        source.take(vec![bar(2 * WIDTH)]);
        assert_eq!(source.to_fill.pop_front(), Some(pair.clone()));
        source.reached.complete(&pair, WIDTH);
        source.join(&pair, WIDTH);
        source.take(vec![bar(3 * WIDTH)]);

        assert!(source.to_fill.is_empty(), "{:?}", source.to_fill);
        assert_eq!(source.reached.next_open(&pair, 0), 4 * WIDTH);
    }
}
