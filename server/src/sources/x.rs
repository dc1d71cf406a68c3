//! X (Twitter) API v2: the filtered stream, with the user's own bearer token.
//!
//! Rules are compiled from topics and tickers and brought to X before the stream is opened. X offers
//! no resumption to most, so what is posted while nobody listens is missed and said to be. Every post
//! costs money: a meter counts, and a spent budget is waited for.

pub(crate) mod cost;
pub(crate) mod counting;
pub(crate) mod counts;
pub(crate) mod decode;
pub(crate) mod problem;
pub(crate) mod rules;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use hyper::header;
use url::Url;
use wire::{Millis, Missed, author::AuthorKey};

use super::{
    Source, Start, Step,
    clock::Clock,
    live::Setup,
    policy::{Policy, Schedule},
    sieve::Record,
};
use crate::net::{
    Network, Secret, SourceError,
    error::printable,
    http::{Lines, Request, Response},
    lines::Piece,
};
use cost::{Budget, Meter};
use decode::{Line, OurRules};
use problem::{Problem, Remedy};
use rules::{Add, Caps, Held, Ids, Narrowing, NewRule, Page, Remove};

pub(crate) const DEFAULT_URL: &str = "https://api.x.com";
const STREAM: &str = "/2/tweets/search/stream";
const RULES: &str = "/2/tweets/search/stream/rules";
/// A blank line comes every 20 s, now and then a second or two late.
const IDLE: Duration = Duration::from_secs(26);
/// What a post is asked to say. What it refers to would be objects of their own, some of them billed.
const FIELDS: &str = "author_id,created_at,lang,entities,note_tweet,referenced_tweets,edit_history_tweet_ids,possibly_sensitive,geo";
const PATIENCE: Duration = Duration::from_secs(30);
const MAX_ANSWER_BYTES: usize = 4 << 20;

/// X with a token: what every request to it needs.
pub(crate) struct Api {
    url: Url,
    token: Secret,
    network: Network,
    clock: Arc<Clock>,
}

/// The filtered stream.
pub(crate) struct X {
    name: String,
    api: Api,
    key: AuthorKey,
    wanted: Vec<String>,
    ours: OurRules,
    is_synced: bool,
    budget: Budget,
    meter: Option<Meter>,
    lines: Option<Lines>,
    /// When the stream was last heard.
    heard_at: Option<Millis>,
    /// Steps that come before the next line.
    first: VecDeque<Step>,
    /// What was found behind records that had to be handed on first.
    broken: Option<SourceError>,
}

impl X {
    pub(crate) fn new(setup: &Setup) -> Result<Self, SourceError> {
        let refused = |error: rules::RulesError| SourceError::Refused(error.to_string());
        let narrowing = Narrowing::of(&setup.filters, setup.config.sample_percent);
        let wanted = rules::compile(&setup.topics, &setup.tickers, &narrowing, Caps::STREAM);
        let tag = format!("moodtape/{}", setup.name());
        Ok(Self {
            name: setup.name(),
            api: Api::new(setup)?,
            key: setup.author_key,
            wanted: wanted.map_err(refused)?,
            ours: OurRules {
                tag,
                ..OurRules::default()
            },
            is_synced: false,
            budget: setup.needed_budget()?,
            meter: None,
            lines: None,
            heard_at: None,
            first: VecDeque::new(),
            broken: None,
        })
    }

    /// Makes X hold our rules and no others of ours.
    async fn sync_rules(&mut self) -> Result<(), SourceError> {
        let held = self.held_rules().await?;
        let plan = rules::plan(&held, &self.wanted, &self.ours.tag, Caps::STREAM);
        let plan = plan.map_err(|error| SourceError::Refused(error.to_string()))?;
        if !plan.delete.is_empty() {
            let body = Remove {
                delete: Ids { ids: &plan.delete },
            };
            self.api.post(RULES, &body).await?;
        }
        if !plan.add.is_empty() {
            let tag = &self.ours.tag;
            let add = plan
                .add
                .iter()
                .map(|value| NewRule { value, tag })
                .collect();
            let answer = self.api.post(RULES, &Add { add }).await?;
            if let Some(problem) = Problem::of_body(&answer) {
                return Err(SourceError::Refused(printable(&problem.sentence())));
            }
        }
        tracing::info!(
            source = self.name,
            rules = self.wanted.len(),
            added = plan.add.len(),
            deleted = plan.delete.len(),
            "X has our rules"
        );
        self.ours.ids = plan.adopted.into_iter().collect();
        self.is_synced = true;
        Ok(())
    }

    async fn held_rules(&self) -> Result<Vec<Held>, SourceError> {
        let mut held = Vec::new();
        let mut token: Option<String> = None;
        // As many pages as there can be rules; a list without end is no list.
        for _ in 0..=Caps::STREAM.n_rules {
            let mut query = vec![("max_results", "1000")];
            query.extend(token.as_deref().map(|token| ("pagination_token", token)));
            let body = self.api.get(RULES, &query).await?;
            let page: Page = serde_json::from_str(&body)
                .map_err(|_| SourceError::Protocol("no list of rules".to_owned()))?;
            held.extend(page.data);
            token = page.meta.next_token;
            if token.is_none() {
                return Ok(held);
            }
        }
        Err(SourceError::Protocol(
            "a list of rules without end".to_owned(),
        ))
    }

    fn take(&mut self, pieces: Vec<Piece>) -> Vec<Record> {
        let now = self.api.clock.now();
        let mut records = Vec::new();
        for piece in pieces {
            let line = match piece {
                Piece::Line(line) => String::from_utf8(line).map_err(|_| "bad_utf8"),
                Piece::TooLong => Err("too_long"),
            };
            let line = line.map(|line| decode::decode(&line, now, &self.key, &self.ours));
            match line {
                Ok(Line::KeepAlive) => {}
                Ok(Line::Records {
                    records: found,
                    billed,
                }) => {
                    records.extend(found);
                    if let (Some(meter), Some(id)) = (&mut self.meter, billed) {
                        meter.post(id, now);
                    }
                }
                Ok(Line::Problem(problem)) => self.broken = Some(problem.in_stream()),
                Err(reason) => records.push(Err(reason)),
            }
        }
        records
    }
}

impl Source for X {
    fn name(&self) -> &str {
        &self.name
    }

    fn policy(&self) -> Policy {
        POLICY
    }

    fn cost_usd(&self) -> Option<f64> {
        self.meter.as_ref().map(Meter::month_usd)
    }

    async fn connect(&mut self, position: Option<&str>) -> Result<Start, SourceError> {
        (self.lines, self.broken) = (None, None);
        let budget = self.budget;
        let meter = self
            .meter
            .get_or_insert_with(|| Meter::new(budget, position));
        meter.check(self.api.clock.now())?;
        if !self.is_synced {
            self.sync_rules().await?;
        }
        let request = self.api.request(STREAM, &[("tweet.fields", FIELDS)]);
        let response = self.api.send(request).await?;
        let response = response.expect_type(&["application/json"])?;
        self.lines = Some(response.lines(IDLE));
        let now = self.api.clock.now();
        if let Some(from) = self.heard_at.replace(now).filter(|from| *from < now) {
            self.first.push_back(Step::Missed(Missed { from, to: now }));
        }
        Ok(Start::Live)
    }

    fn hang_up(&mut self) {
        self.lines = None;
    }

    async fn next(&mut self) -> Result<Step, SourceError> {
        if let Some(step) = self.first.pop_front() {
            return Ok(step);
        }
        if let Some(error) = self.broken.take() {
            // X goes on to send, and to bill, as long as the stream is open.
            self.lines = None;
            return Err(error);
        }
        let Some(lines) = &mut self.lines else {
            return Err(SourceError::Own("it is not connected".to_owned()));
        };
        let pieces = lines.next().await?;
        self.heard_at = Some(self.api.clock.now());
        let records = self.take(pieces);
        let now = self.api.clock.now();
        let mut position = None;
        if let Some(meter) = &mut self.meter {
            if self.broken.is_none() {
                self.broken = meter.check(now).err();
            }
            position = (!records.is_empty()).then(|| meter.position());
        }
        Ok(Step::Records { records, position })
    }
}

/// As X publishes it.
pub(crate) const POLICY: Policy = Policy {
    transport: Schedule::Linear {
        step: Duration::from_millis(250),
        longest: Duration::from_secs(16),
    },
    http: Schedule::doubling(5, 320),
    rate_limit: Schedule::doubling(60, 960),
    ..Policy::USUAL
};

impl Api {
    /// # Errors
    /// Without a token.
    pub(crate) fn new(setup: &Setup) -> Result<Self, SourceError> {
        Ok(Self {
            url: setup.url(DEFAULT_URL)?,
            token: setup.needed_key("the bearer token of an app of yours")?,
            network: setup.network.clone(),
            clock: Arc::clone(&setup.clock),
        })
    }

    pub(crate) fn now(&self) -> Millis {
        self.clock.now()
    }

    fn request(&self, path: &str, query: &[(&str, &str)]) -> Request {
        let mut url = self.url.clone();
        url.set_path(path);
        url.query_pairs_mut().clear().extend_pairs(query);
        Request::get(url).with(header::AUTHORIZATION, self.token.header("Bearer "))
    }

    /// The body of a successful answer.
    pub(crate) async fn get(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<String, SourceError> {
        self.body(self.request(path, query)).await
    }

    async fn post(&self, path: &str, body: &impl serde::Serialize) -> Result<String, SourceError> {
        let body = serde_json::to_vec(body).map_err(|error| SourceError::Own(error.to_string()))?;
        let get = self.request(path, &[]);
        let mut url = get.url;
        url.set_query(None);
        let request = Request {
            headers: [
                Request::post(url.clone(), "application/json", "").headers,
                get.headers,
            ]
            .concat(),
            ..Request::post(url, "application/json", body)
        };
        self.body(request).await
    }

    async fn body(&self, request: Request) -> Result<String, SourceError> {
        let response = self.send(request).await?;
        response.json_text(MAX_ANSWER_BYTES, PATIENCE).await
    }

    /// The answer if it is a success. What X says besides the status decides whether to try again.
    async fn send(&self, request: Request) -> Result<Response, SourceError> {
        let response = request.send(&self.network).await?;
        if (200..300).contains(&response.status) {
            return Ok(response);
        }
        let (status, headers, now) = (response.status, response.headers.clone(), self.clock.now());
        let said = response
            .bytes(MAX_ANSWER_BYTES, PATIENCE)
            .await
            .unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        let problem = Problem::of_body(&said);
        let sentence = problem
            .as_ref()
            .map_or_else(|| said.into_owned(), Problem::sentence);
        let error = SourceError::from_status(status, &headers, &sentence, now);
        let is_final = problem.is_some_and(|problem| problem.remedy() == Remedy::Person);
        match error {
            SourceError::RateLimit { .. } if is_final => {
                Err(SourceError::Refused(printable(&sentence)))
            }
            error => Err(error),
        }
    }
}

impl Problem {
    /// The trouble that a problem in the stream announces.
    fn in_stream(&self) -> SourceError {
        match self.remedy() {
            Remedy::Reconnect => SourceError::Closed(format!(": {}", printable(&self.sentence()))),
            Remedy::Wait => SourceError::RateLimit {
                status: 429,
                wait: None,
            },
            Remedy::Person => SourceError::Refused(printable(&self.sentence())),
        }
    }
}

impl Meter {
    /// # Errors
    /// While the budget is spent.
    pub(crate) fn check(&mut self, now: Millis) -> Result<(), SourceError> {
        match self.spent_until(now) {
            None => Ok(()),
            Some(until) => Err(SourceError::Budget {
                usd: self.limit_usd(),
                wait: Duration::from_millis(until.abs_diff(now)),
            }),
        }
    }
}
