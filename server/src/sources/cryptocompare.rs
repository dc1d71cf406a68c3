//! CryptoCompare (CoinDesk Data), with the user's own key: bars of a minute, with market capitalisations.
//!
//! Its history has every final minute soon after its end, whoever listened: asking for it each minute
//! fills the gaps of an outage by the same road.

pub(crate) mod decode;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use hyper::header;
use tokio::time::{Instant, sleep_until};
use url::Url;
use wire::{
    Body, Event, Millis,
    time::{MINUTE, SECOND},
};

use super::{
    Source, Start, Step,
    clock::Clock,
    live::Setup,
    minutes::{Minutes, Tick},
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
/// So many minutes are asked for at the very first time.
const AT_FIRST: Millis = 1_440;

/// Some pairs.
pub(crate) struct CryptoCompare {
    name: String,
    url: Url,
    key: Secret,
    network: Network,
    clock: Arc<Clock>,
    pairs: Vec<(String, String)>,
    /// Until when each pair's bars are known, by `BTC-USD`.
    until: BTreeMap<String, Millis>,
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
            until: BTreeMap::new(),
            is_checked: false,
            due: Instant::now(),
            found: VecDeque::new(),
        })
    }

    /// Names what it has no price for, instead of being silent about it for ever.
    async fn check_pairs(&self) -> Result<(), SourceError> {
        let body = self.get("pricemulti", &self.all_pairs()).await?;
        let prices = decode::prices(&body, self.clock.now())?;
        let has = |(ticker, currency): &&(String, String)| {
            prices
                .iter()
                .any(|tick| tick.ticker == *ticker && tick.currency == *currency)
        };
        let Some((ticker, currency)) = self.pairs.iter().find(|pair| !has(pair)) else {
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
        let tickers = list(self.pairs.iter().map(|(ticker, _)| &**ticker).collect());
        let currencies = list(self.pairs.iter().map(|(_, currency)| &**currency).collect());
        [("fsyms", tickers), ("tsyms", currencies)]
    }

    /// The bars that have become final since the last time.
    async fn ask(&mut self) -> Result<(), SourceError> {
        let body = self.get("pricemultifull", &self.all_pairs()).await?;
        let quotes = decode::full_prices(&body)?;
        for (ticker, currency) in self.pairs.clone() {
            let mut records = self.bars(&ticker, &currency).await?;
            with_market_cap(&mut records, &quotes);
            let closes = records
                .iter()
                .filter_map(|record| record.as_ref().ok().map(|event| event.at));
            if let Some(newest) = closes.max() {
                self.until.insert(format!("{ticker}-{currency}"), newest);
            }
            let position = serde_json::to_string(&self.until).ok();
            self.found.push_back(Step::Records { records, position });
        }
        let wait = Minutes::wait(self.clock.now());
        self.due = Instant::now() + Duration::from_millis(wait.unsigned_abs());
        Ok(())
    }

    /// All final bars of a pair behind what is known, oldest first.
    async fn bars(&self, ticker: &str, currency: &str) -> Result<Vec<Record>, SourceError> {
        let now = self.clock.now();
        let known = self.until.get(&format!("{ticker}-{currency}")).copied();
        let since = known.unwrap_or(now - AT_FIRST * MINUTE);
        let mut all: VecDeque<Record> = VecDeque::new();
        let mut to = None;
        for _ in 0..MAX_PAGES {
            let end: Millis = to.map_or(now, |to: Millis| to * SECOND);
            let limit = ((end - since) / MINUTE + 1).clamp(1, PAGE);
            let mut query = vec![
                ("fsym", ticker.to_owned()),
                ("tsym", currency.to_owned()),
                ("limit", limit.to_string()),
            ];
            query.extend(to.map(|to| ("toTs", to.to_string())));
            let body = self.get("v2/histominute", &query).await?;
            let records = decode::bars(&body, (ticker, currency), MINUTE, now)?;
            let oldest = decode::oldest_secs(&records);
            // The last bar of one page is the first of the next: the loop's `is_new` and identity settle it.
            let is_new = |record: &Record| {
                record
                    .as_ref()
                    .map_or(true, |event| event.at > since && event.at <= end)
            };
            records
                .into_iter()
                .filter(is_new)
                .rev()
                .for_each(|record| all.push_front(record));
            match oldest {
                Some(oldest) if oldest * SECOND > since && to.is_none_or(|to| oldest < to) => {
                    to = Some(oldest)
                }
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
            let stated = decode::error(&said).map(SourceError::from);
            return Err(
                stated.unwrap_or_else(|| SourceError::from_status(status, &headers, &said, now))
            );
        }
        let body = response
            .expect_type(&["application/json"])?
            .bytes(MAX_BYTES, PATIENCE)
            .await?;
        String::from_utf8(body)
            .map_err(|_| SourceError::Protocol("an answer that is no text".to_owned()))
    }
}

impl Source for CryptoCompare {
    fn name(&self) -> &str {
        &self.name
    }

    async fn connect(&mut self, position: Option<&str>) -> Result<Start, SourceError> {
        if self.until.is_empty() {
            let stored = position.and_then(|position| serde_json::from_str(position).ok());
            self.until = stored.unwrap_or_default();
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
    let is_of_now = |tick: &&Tick| (tick.at - bar.close_at()).abs() <= 2 * MINUTE;
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
            AnswerError::Refused(said) => Self::Refused(crate::net::error::printable(&said)),
            AnswerError::Shape => Self::Protocol("no answer of CryptoCompare".to_owned()),
        }
    }
}
