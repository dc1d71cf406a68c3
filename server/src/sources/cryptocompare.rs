//! CryptoCompare (CoinDesk Data), with the user's own key: bars of a minute, with market capitalisations.
//!
//! Its history has every final minute soon after its end, whoever listened: asking for it each minute
//! fills the gaps of an outage by the same road.

pub(crate) mod decode;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use hyper::header;
use tokio::time::{Instant, sleep_until};
use url::Url;
use wire::{
    Body, Event, Millis,
    time::{MINUTE, SECOND},
};

use super::{
    Source, Start, Step,
    bars::{Pair, Reached, WIDTH},
    clock::Clock,
    live::Setup,
    minutes::{Minutes, Tick},
    policy::Policy,
    sieve::Record,
};
use crate::net::{Network, Secret, SourceError, http::Request};
use decode::AnswerError;

const DEFAULT_URL: &str = "https://min-api.cryptocompare.com/data";
const PATIENCE: Duration = Duration::from_secs(30);
const MAX_BYTES: usize = 8 << 20;
/// An answer has at most so many bars …
const PAGE: Millis = 2_000;
/// … and after a long outage at most so many are asked for.
const MAX_PAGES: usize = 10;

/// Some pairs.
pub(crate) struct CryptoCompare {
    name: String,
    url: Url,
    key: Secret,
    network: Network,
    clock: Arc<Clock>,
    pairs: Vec<Pair>,
    reached: Reached,
    is_checked: bool,
    due: Instant,
    found: VecDeque<Step>,
}

impl CryptoCompare {
    pub(crate) fn new(setup: &Setup) -> Result<Self, SourceError> {
        Ok(Self {
            name: setup.name(),
            url: setup.url(DEFAULT_URL)?,
            key: setup.needed_key("the key of your subscription")?,
            network: setup.network.clone(),
            clock: Arc::clone(&setup.clock),
            pairs: setup.currency_pairs()?,
            reached: Reached::default(),
            is_checked: false,
            due: Instant::now(),
            found: VecDeque::new(),
        })
    }

    /// Names what it has no price for, instead of being silent about it for ever.
    async fn check_pairs(&self) -> Result<(), SourceError> {
        let body = self.get("pricemulti", &self.all_pairs()).await?;
        let prices = decode::prices(&body, self.clock.now())?;
        let has = |pair: &&Pair| {
            let is_it = |tick: &Tick| tick.ticker == pair.ticker && tick.currency == pair.currency;
            prices.iter().any(is_it)
        };
        let Some(Pair { ticker, currency }) = self.pairs.iter().find(|pair| !has(pair)) else {
            return Ok(());
        };
        let body = self
            .get("all/coinlist", &[("summary", "true".to_owned())])
            .await?;
        let coins = decode::coins(&body)?;
        let problem = match coins.iter().find(|coin| coin.symbol == *ticker) {
            Some(coin) => format!("it has no price of {ticker} ({}) in {currency}", coin.name),
            None => format!("it knows no coin {ticker:?}"),
        };
        Err(SourceError::Refused(problem))
    }

    fn all_pairs(&self) -> [(&'static str, String); 2] {
        let list = |mut names: Vec<&str>| {
            names.sort_unstable();
            names.dedup();
            names.join(",")
        };
        let tickers = list(self.pairs.iter().map(|pair| &*pair.ticker).collect());
        let currencies = list(self.pairs.iter().map(|pair| &*pair.currency).collect());
        [("fsyms", tickers), ("tsyms", currencies)]
    }

    /// The bars that have become final since the last time.
    async fn ask(&mut self) -> Result<(), SourceError> {
        let body = self.get("pricemultifull", &self.all_pairs()).await?;
        let quotes = decode::full_prices(&body)?;
        for pair in self.pairs.clone() {
            let mut records = self.bars(&pair).await?;
            with_market_cap(&mut records, &quotes);
            if let Some(newest) = records.iter().filter_map(open_at).max() {
                self.reached.complete(&pair, newest);
            }
            let position = self.reached.position();
            self.found.push_back(Step::Records { records, position });
        }
        let wait = Minutes::wait(self.clock.now());
        self.due = Instant::now() + Duration::from_millis(wait.unsigned_abs());
        Ok(())
    }

    /// All final bars of a pair behind what is known, oldest first.
    async fn bars(&self, pair: &Pair) -> Result<Vec<Record>, SourceError> {
        let now = self.clock.now();
        let from = self.reached.next_open(pair, now);
        let mut all: VecDeque<Record> = VecDeque::new();
        let mut end = now;
        for _ in 0..MAX_PAGES {
            let limit = ((end - from) / WIDTH + 1).clamp(1, PAGE);
            let query = [
                ("fsym", pair.ticker.clone()),
                ("tsym", pair.currency.clone()),
                ("limit", limit.to_string()),
                ("toTs", (end / SECOND).to_string()),
            ];
            let body = self.get("v2/histominute", &query).await?;
            let records = decode::bars(&body, pair, WIDTH, self.clock.now())?;
            let oldest = records.iter().filter_map(open_at).min();
            let is_new =
                |record: &Record| open_at(record).is_none_or(|at| (from..end).contains(&at));
            let new = records.into_iter().filter(is_new).rev();
            new.for_each(|record| all.push_front(record));
            match oldest {
                Some(oldest) if from < oldest && oldest < end => end = oldest,
                _ => break,
            }
        }
        Ok(all.into())
    }

    async fn get(&self, path: &str, query: &[(&str, String)]) -> Result<String, SourceError> {
        let mut url = self.url.clone();
        url.set_path(&format!("{}/{path}", url.path().trim_end_matches('/')));
        url.query_pairs_mut().extend_pairs(query);
        let request = Request::get(url).with(header::AUTHORIZATION, self.key.header("Apikey "));
        let response = request.send(&self.network).await?;
        let (status, headers, now) = (response.status, response.headers.clone(), self.clock.now());
        if !(200..300).contains(&status) {
            let said = response
                .bytes(MAX_BYTES, PATIENCE)
                .await
                .unwrap_or_default();
            let said = String::from_utf8_lossy(&said);
            let by_status = SourceError::from_status(status, &headers, &said, now);
            if matches!(
                by_status,
                SourceError::Http { .. } | SourceError::RateLimit { .. }
            ) {
                return Err(by_status);
            }
            let stated = decode::error(&said).map(SourceError::from);
            return Err(stated.unwrap_or(by_status));
        }
        response.json_text(MAX_BYTES, PATIENCE).await
    }
}

impl Source for CryptoCompare {
    fn name(&self) -> &str {
        &self.name
    }

    fn policy(&self) -> Policy {
        Policy::POLLED
    }

    async fn connect(&mut self, position: Option<&str>) -> Result<Start, SourceError> {
        if let Some(position) = position {
            self.reached.merge(Reached::parse(position));
        }
        if !self.is_checked {
            self.check_pairs().await?;
            self.is_checked = true;
        }
        self.ask().await?;
        Ok(Start::Live)
    }

    async fn next(&mut self) -> Result<Step, SourceError> {
        loop {
            if let Some(step) = self.found.pop_front() {
                return Ok(step);
            }
            sleep_until(self.due).await;
            self.ask().await?;
        }
    }
}

fn open_at(record: &Record) -> Option<Millis> {
    match &record.as_ref().ok()?.body {
        Body::Bar(bar) => Some(bar.open_at),
        _ => None,
    }
}

/// A market capitalisation belongs to the newest bar only: it is told for now.
fn with_market_cap(records: &mut [Record], quotes: &[Tick]) {
    let Some(Ok(Event {
        body: Body::Bar(bar),
        ..
    })) = records.last_mut()
    else {
        return;
    };
    let quote = quotes
        .iter()
        .find(|tick| tick.ticker == bar.ticker && tick.currency == bar.currency);
    let is_of_now = |tick: &&Tick| tick.at.abs_diff(bar.close_at()) <= (2 * MINUTE).unsigned_abs();
    bar.market_cap = quote.filter(is_of_now).and_then(|tick| tick.market_cap);
}

impl From<AnswerError> for SourceError {
    fn from(error: AnswerError) -> Self {
        match error {
            AnswerError::RateLimit(_) => Self::RateLimit {
                status: 429,
                wait: None,
            },
            AnswerError::Auth(said) => Self::Auth(crate::net::error::printable(&said)),
            // It has many words for trouble of its own: what is not known to last is tried again.
            AnswerError::Other(said) => Self::Protocol(crate::net::error::printable(&said)),
            AnswerError::Shape => Self::Protocol("no answer of CryptoCompare".to_owned()),
        }
    }
}
