//! X's counts of posts as a source: how much there is on each topic, minute by minute, for the price of
//! a request instead of the price of every post.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};
use wire::{
    Attention, Body, Event, Millis,
    time::{DAY, MINUTE, SECOND},
};

use super::{
    super::{Source, Start, Step, live::Setup, policy::Policy, sieve::Record, text::rfc3339},
    Api,
    cost::{Budget, Meter},
    counts,
    rules::{self, Caps, Narrowing},
};
use crate::net::SourceError;

const PATH: &str = "/2/tweets/counts/recent";
/// Name of the source in events.
const SOURCE: &str = "twitter";
/// Each request costs money: seldom, but then all minutes since the last.
const USUAL_POLL: Duration = Duration::from_secs(3_600);
/// X counts the last seven days; a little less, since the request takes its time.
const HELD: Millis = 7 * DAY - 10 * MINUTE;
/// It counts nothing that is younger.
const DELAY: Millis = 15 * SECOND;

/// One query a topic.
pub(crate) struct XCounts {
    name: String,
    api: Api,
    /// Names of topics, and what is asked about each.
    queries: Vec<(String, String)>,
    poll: Duration,
    budget: Budget,
    meter: Option<Meter>,
    /// Until when each topic is counted.
    until: BTreeMap<String, Millis>,
    due: Instant,
    found: VecDeque<Step>,
}

impl XCounts {
    pub(crate) fn new(setup: &Setup) -> Result<Self, SourceError> {
        // A sample of posts would be no count of them.
        let narrowing = Narrowing::of(&setup.filters, None);
        let query = |topic: &wire::config::Topic| {
            Some((
                topic.name.clone(),
                rules::query(topic, &narrowing, Caps::COUNTS)?,
            ))
        };
        let queries: Vec<_> = setup.topics.iter().filter_map(query).collect();
        if queries.is_empty() {
            return Err(SourceError::Refused(rules::RulesError::Nothing.to_string()));
        }
        Ok(Self {
            name: setup.name(),
            api: Api::new(setup)?,
            queries,
            poll: setup.poll(USUAL_POLL),
            budget: setup.needed_budget()?,
            meter: None,
            until: BTreeMap::new(),
            due: Instant::now(),
            found: VecDeque::new(),
        })
    }

    async fn ask(&mut self) -> Result<(), SourceError> {
        self.due = Instant::now() + self.poll;
        for (subject, query) in self.queries.clone() {
            self.ask_about(&subject, &query).await?;
        }
        Ok(())
    }

    async fn ask_about(&mut self, subject: &str, query: &str) -> Result<(), SourceError> {
        let now = self.api.now();
        let from = self
            .until
            .get(subject)
            .copied()
            .unwrap_or(now - DAY)
            .max(now - HELD);
        let to = (now - DELAY).div_euclid(MINUTE) * MINUTE;
        let from = from.div_euclid(MINUTE) * MINUTE;
        if from >= to {
            return Ok(());
        }
        let meter = self.meter.get_or_insert_default();
        meter.check(now)?;
        meter.request(now);
        let (start, end) = (rfc3339(from), rfc3339(to));
        let query = [
            ("query", query),
            ("granularity", "minute"),
            ("start_time", &*start),
            ("end_time", &*end),
        ];
        let body = self.api.get(PATH, &query).await?;
        let counts = counts::decode(&body, MINUTE)
            .map_err(|reason| SourceError::Protocol(format!("no counts ({reason})")))?;
        let seen_at = self.api.now();
        let is_asked = |count: &&counts::Count| count.from >= from && count.to <= to;
        let record = |count: &counts::Count| -> Record { Ok(event(subject, count, seen_at)) };
        let records: Vec<Record> = counts.iter().filter(is_asked).map(record).collect();
        self.until.insert(subject.to_owned(), to);
        let position = self.position();
        self.found.push_back(Step::Records { records, position });
        Ok(())
    }

    /// What was spent, and until when each topic is counted.
    fn position(&self) -> Option<String> {
        let spent = self.meter.as_ref()?.position();
        serde_json::to_string(&(spent, &self.until)).ok()
    }
}

impl Source for XCounts {
    fn name(&self) -> &str {
        &self.name
    }

    fn policy(&self) -> Policy {
        Policy::POLLED
    }

    fn cost_usd(&self) -> Option<f64> {
        self.meter.as_ref().map(Meter::month_usd)
    }

    async fn connect(&mut self, position: Option<&str>) -> Result<Start, SourceError> {
        if self.meter.is_none() {
            let stored = position.and_then(|position| serde_json::from_str(position).ok());
            let (spent, until): (String, BTreeMap<String, Millis>) = stored.unwrap_or_default();
            self.meter = Some(Meter::new(self.budget, Some(&spent)));
            self.until = until;
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

fn event(subject: &str, count: &counts::Count, seen_at: Millis) -> Event {
    let attention = Attention {
        source: SOURCE.to_owned(),
        subject: subject.to_owned(),
        open_at: count.from,
        width: count.to - count.from,
        n: count.n,
    };
    // A count of the past lies where it was, however long ago that is; it is known from now on.
    Event {
        at: attention.close_at(),
        skewed: false,
        ..Event::live(seen_at, seen_at, Body::Attention(attention))
    }
}
