//! CoinGecko: half-hour bars with market capitalisation, slowly. Needs no key; a free one makes it surer.
//!
//! Its rolling 24-hour volume is no volume of a bar and is left out.

pub mod decode;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use hyper::header::HeaderName;
use tokio::time::{Instant, sleep_until};
use url::Url;

use super::{
    Source, Start, Step,
    bars::{Pair, event},
    clock::Clock,
    live::Setup,
    policy::{Policy, Schedule},
    sieve::Record,
};
use crate::net::{Network, Secret, SourceError, http::Request};
use decode::{Market, WIDTH};

const DEFAULT_URL: &str = "https://api.coingecko.com/api/v3";
const DEFAULT_PAIRS: [&str; 4] = ["BTC-USD", "ETH-USD", "BTC-EUR", "ETH-EUR"];
const USUAL_PAUSE: Duration = Duration::from_secs(600);
/// Between two requests: without a key many share one allowance.
const BETWEEN: Duration = Duration::from_secs(6);
const MAX_BYTES: usize = 1 << 20;
const PATIENCE: Duration = Duration::from_secs(30);
const KEY_HEADER: HeaderName = HeaderName::from_static("x-cg-demo-api-key");

/// Asks for some pairs in turn.
pub(crate) struct CoinGecko {
    name: String,
    url: Url,
    pairs: Vec<Pair>,
    key: Option<Secret>,
    network: Network,
    clock: Arc<Clock>,
    pause: Duration,
    next_round: Instant,
    next_request: Instant,
    to_do: VecDeque<Job>,
    /// By currency.
    markets: BTreeMap<String, Vec<Market>>,
}

/// One request of a round.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Job {
    Markets(String),
    Bars(Pair),
}

impl CoinGecko {
    pub(crate) fn new(setup: &Setup) -> Result<Self, SourceError> {
        let pause = setup.config.poll_secs.map(Duration::from_secs_f64);
        Ok(Self {
            name: setup.name(),
            url: setup.url(DEFAULT_URL)?,
            pairs: setup.pairs(&DEFAULT_PAIRS)?,
            key: setup.key.clone(),
            network: setup.network.clone(),
            clock: Arc::clone(&setup.clock),
            pause: pause.unwrap_or(USUAL_PAUSE),
            next_round: Instant::now(),
            next_request: Instant::now(),
            to_do: VecDeque::new(),
            markets: BTreeMap::new(),
        })
    }

    fn begin_round(&mut self) {
        self.next_round = Instant::now() + self.pause;
        let mut currencies: Vec<_> = self
            .pairs
            .iter()
            .map(|pair| pair.currency.clone())
            .collect();
        currencies.sort_unstable();
        currencies.dedup();
        let bars = self.pairs.iter().cloned().map(Job::Bars);
        self.to_do = currencies
            .into_iter()
            .map(Job::Markets)
            .chain(bars)
            .collect();
    }

    async fn do_next(&mut self) -> Result<Vec<Record>, SourceError> {
        let Some(job) = self.to_do.pop_front() else {
            return Ok(Vec::new());
        };
        self.next_request = Instant::now() + BETWEEN;
        let done = self.do_job(&job).await;
        if done.is_err() {
            self.put_off(job);
        }
        done
    }

    async fn do_job(&mut self, job: &Job) -> Result<Vec<Record>, SourceError> {
        match job {
            Job::Markets(currency) => {
                let markets = self.markets(currency).await?;
                self.markets.insert(currency.clone(), markets);
                Ok(Vec::new())
            }
            Job::Bars(pair) => self.bars(pair).await,
        }
    }

    /// What has failed comes last, so that the rest is not kept waiting for it. The bars of a currency
    /// stay behind its markets.
    fn put_off(&mut self, job: Job) {
        let (mut later, sooner) = (VecDeque::new(), std::mem::take(&mut self.to_do));
        for other in sooner {
            match (&job, &other) {
                (Job::Markets(currency), Job::Bars(pair)) if pair.currency == *currency => {
                    later.push_back(other);
                }
                _ => self.to_do.push_back(other),
            }
        }
        self.to_do.push_back(job);
        self.to_do.extend(later);
    }

    async fn markets(&self, currency: &str) -> Result<Vec<Market>, SourceError> {
        let of_currency = self.pairs.iter().filter(|pair| pair.currency == currency);
        let symbols: Vec<_> = of_currency.map(|pair| pair.ticker.to_lowercase()).collect();
        let query = [
            ("vs_currency", &*currency.to_lowercase()),
            ("symbols", &*symbols.join(",")),
            // Many coins share a symbol: the one that most people mean.
            ("include_tokens", "top"),
        ];
        let body = self.ask(&["coins", "markets"], &query).await?;
        decode::decode_markets(&body).map_err(complaint)
    }

    async fn bars(&self, pair: &Pair) -> Result<Vec<Record>, SourceError> {
        let markets = self.markets.get(&pair.currency).into_iter().flatten();
        let Some(market) = { markets }.find(|market| market.ticker == pair.ticker) else {
            return Ok(vec![Err("unknown_symbol")]);
        };
        let currency = pair.currency.to_lowercase();
        let query = [("vs_currency", &*currency), ("days", "1")];
        let body = self.ask(&["coins", &market.id, "ohlc"], &query).await?;
        let now = self.clock.now();
        let bars = decode::decode_ohlc(&body, pair, now).map_err(complaint)?;
        let bars = bars.into_iter().map(|bar| {
            let mut bar = bar?;
            // The capitalisation is of the present, so that it belongs to the newest bar only.
            if market
                .at
                .is_some_and(|at| (0..WIDTH).contains(&(at - bar.close_at())))
            {
                bar.market_cap = market.market_cap;
            }
            Ok(event(bar, now))
        });
        Ok(bars.collect())
    }

    async fn ask(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Vec<u8>, SourceError> {
        let mut url = self.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url.query_pairs_mut().extend_pairs(query);
        let mut request = Request::get(url);
        if let Some(key) = &self.key {
            request = request.with(KEY_HEADER, key.header(""));
        }
        let response = request.send(&self.network).await?;
        let response = response.success(self.clock.now()).await?;
        let response = response.expect_type(&["application/json"])?;
        response.bytes(MAX_BYTES, PATIENCE).await
    }
}

/// Errors may come with status 200.
fn complaint(said: String) -> SourceError {
    if said.to_ascii_lowercase().contains("rate limit") {
        return SourceError::RateLimit {
            status: 200,
            wait: None,
        };
    }
    SourceError::Protocol(crate::net::error::printable(&said))
}

impl Source for CoinGecko {
    fn name(&self) -> &str {
        &self.name
    }

    fn policy(&self) -> Policy {
        Policy {
            transport: Schedule::doubling(10, 600),
            http: Schedule::doubling(30, 1_800),
            rate_limit: Schedule::doubling(60, 1_800),
            protocol: Schedule::doubling(60, 1_800),
            at_once_after_success: false,
        }
    }

    async fn connect(&mut self, _position: Option<&str>) -> Result<Start, SourceError> {
        if self.to_do.is_empty() {
            sleep_until(self.next_round).await;
            self.begin_round();
        }
        // The first answer says whether the upstream is there.
        if matches!(self.to_do.front(), Some(Job::Markets(_))) {
            self.do_next().await?;
        }
        Ok(Start::Live)
    }

    async fn next(&mut self) -> Result<Step, SourceError> {
        if self.to_do.is_empty() {
            sleep_until(self.next_round).await;
            self.begin_round();
        }
        sleep_until(self.next_request).await;
        let records = self.do_next().await?;
        Ok(Step::Records {
            records,
            position: None,
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

    #[tokio::test]
    async fn what_fails_keeps_nothing_else_waiting() {
        let pairs = ["BTC-EUR", "BTC-USD", "ETH-USD"];
        let config = SourceConfig {
            kind: SourceKind::Coingecko,
            pairs: pairs.map(str::to_owned).into(),
            ..SourceConfig::default()
        };
        let mut source = CoinGecko::new(&setup(config)).unwrap();
        let [in_euros, bitcoin, ether] = pairs.map(|pair| Job::Bars(Pair::parse(pair).unwrap()));
        let [euros, dollars] = ["EUR", "USD"].map(|currency| Job::Markets(currency.to_owned()));
        source.begin_round();

        source.do_next().await.unwrap_err();

        let expected = [dollars, bitcoin, ether, euros, in_euros];
        assert_eq!(source.to_do, expected);
    }
}
