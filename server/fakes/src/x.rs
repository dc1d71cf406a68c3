//! X's API v2: rules with X's grammar and caps, the filtered stream of made-up posts, and counts of them.

pub mod grammar;

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use serde_json::{Value, json};

use crate::{Item, Millis, Opening, Protocol, Reply, Request, Transport, jetstream::calendar};
use grammar::{Rule, Subject};

/// The token that is accepted.
pub const TOKEN: &str = "x-token";
/// A blank line comes at the latest after 20 s, they say; it is marginally late.
const KEEP_ALIVE: Duration = Duration::from_millis(21_500);
const MAX_RULES: usize = 1_000;
const MINUTE: Millis = 60_000;

/// X, on which somebody posts at a steady pace.
#[derive(Debug)]
pub struct X {
    posts: Vec<Item>,
    rules: Mutex<Rules>,
}

#[derive(Debug, Default)]
struct Rules {
    held: Vec<Held>,
    n_made: u64,
}

#[derive(Clone, Debug)]
struct Held {
    id: String,
    value: String,
    tag: Option<String>,
    rule: Rule,
}

impl X {
    /// `n` posts, the first at `from`, one every `every` milliseconds. Each names bitcoin and its number.
    pub fn new(from: Millis, every: Millis, n: usize) -> Self {
        let posts = (0..n).map(|i| {
            let at = from + every * i as Millis;
            let payload = post(i, at).to_string();
            Item { at, payload }
        });
        Self {
            posts: posts.collect(),
            rules: Mutex::default(),
        }
    }

    /// The same, where one more line is sent at `at`, whatever it is.
    #[must_use]
    pub fn saying(mut self, at: Millis, payload: impl Into<String>) -> Self {
        let payload = payload.into();
        self.posts.push(Item { at, payload });
        self.posts.sort_by_key(|item| item.at);
        self
    }

    /// The same, where another program has left a rule.
    ///
    /// # Panics
    /// When it is no rule.
    #[must_use]
    pub fn holding(self, value: &str, tag: &str) -> Self {
        let rule = json!({"value": value, "tag": tag});
        let added = lock(&self.rules).add(&rule);
        assert!(added.is_ok(), "{value}");
        self
    }

    /// Id of the post with this number.
    pub fn id(i: usize) -> String {
        (1_784_000_000_000_000_000 + i as u64).to_string()
    }

    /// What is said when X ends the stream for reasons of its own.
    pub fn operational_disconnect() -> String {
        problem(
            "operational-disconnect",
            "This stream has been disconnected upstream for operational reasons.",
        )
        .to_string()
    }

    /// What a second connection is answered with.
    pub fn too_many_connections() -> Reply {
        let body = json!({"title": "ConnectionException", "connection_issue": "TooManyConnections",
            "detail": "This stream is currently at the maximum allowed connection limit.",
            "type": "https://api.x.com/2/problems/streaming-connection"});
        Reply::new(429, "application/json", body.to_string())
    }

    fn stream(&self, now: Millis) -> Opening {
        let rules = lock(&self.rules).held.clone();
        let matched = |item: &Item| {
            let mut line: Value = serde_json::from_str(&item.payload).ok()?;
            let Some(data) = line.get("data") else {
                return Some(item.clone());
            };
            let subject = Subject::of(data);
            let matching = rules.iter().filter(|held| held.rule.matches(&subject));
            let matching: Vec<Value> = matching
                .map(|held| json!({"id": held.id, "tag": held.tag}))
                .collect();
            if matching.is_empty() {
                return None;
            }
            line["matching_rules"] = json!(matching);
            let payload = line.to_string();
            Some(Item {
                at: item.at,
                payload,
            })
        };
        Opening::Stream {
            transport: Transport::Lines {
                content_type: "application/json",
                end: "\r\n",
            },
            greeting: Vec::new(),
            // Nothing of the past: backfill is for enterprises.
            items: self
                .posts
                .iter()
                .filter(|item| item.at > now)
                .filter_map(matched)
                .collect(),
            keep_alive: Some((KEEP_ALIVE, "\r\n".to_owned())),
            waits_for_message: false,
        }
    }

    fn counts(&self, request: &Request, now: Millis) -> Reply {
        let rule = request.value("query").unwrap_or_default().to_owned();
        let at = |name: &str| request.value(name).and_then(instant);
        let Ok(rule) = Rule::parse(&rule) else {
            return Reply::new(
                400,
                "application/json",
                problem("invalid-request", "query").to_string(),
            );
        };
        let (from, to) = (
            at("start_time").unwrap_or(now - 7 * 86_400_000),
            at("end_time").unwrap_or(now),
        );
        let mut windows = Vec::new();
        let mut start = from;
        while start < to {
            let end = (start.div_euclid(MINUTE) * MINUTE + MINUTE).min(to);
            let is_in = |item: &&Item| (start..end).contains(&item.at) && matches(&rule, item);
            let n = self.posts.iter().filter(is_in).count();
            windows.push(json!({"start": calendar(start * 1_000), "end": calendar(end * 1_000), "tweet_count": n}));
            start = end;
        }
        Reply::json(json!({"data": windows, "meta": {"total_tweet_count": 0}}).to_string())
    }
}

fn matches(rule: &Rule, item: &Item) -> bool {
    let line: Value = serde_json::from_str(&item.payload).unwrap_or_default();
    line.get("data")
        .is_some_and(|data| rule.matches(&Subject::of(data)))
}

/// Reads `2026-08-20T10:35:00Z`, as far as a whole second.
fn instant(text: &str) -> Option<Millis> {
    let digits: Vec<i64> = text
        .get(..19)?
        .split(['-', 'T', ':'])
        .map(|part| part.parse().ok())
        .collect::<Option<_>>()?;
    let [year, month, day, hour, minute, second] = digits.try_into().ok()?;
    let shifted = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + of_year - 719_468;
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000)
}

impl Rules {
    fn list(&self) -> Reply {
        let rules = self
            .held
            .iter()
            .map(|held| json!({"id": held.id, "value": held.value, "tag": held.tag}));
        let rules: Vec<Value> = rules.collect();
        let meta = json!({"sent": "2026-08-20T10:35:00.000Z", "result_count": rules.len()});
        // Without rules there is no list, not an empty one.
        let body = if rules.is_empty() {
            json!({"meta": meta})
        } else {
            json!({"data": rules, "meta": meta})
        };
        Reply::json(body.to_string())
    }

    fn change(&mut self, body: &Value) -> Reply {
        if let Some(ids) = body["delete"]["ids"].as_array() {
            let n = self.held.len();
            self.held
                .retain(|held| !ids.iter().any(|id| *id == held.id));
            let summary = json!({"deleted": n - self.held.len(), "not_deleted": 0});
            return Reply::json(json!({"meta": {"summary": summary}}).to_string());
        }
        let mut errors = Vec::new();
        let mut created = Vec::new();
        for rule in body["add"].as_array().into_iter().flatten() {
            match self.add(rule) {
                Ok(held) => {
                    created.push(json!({"id": held.id, "value": held.value, "tag": held.tag}))
                }
                Err(problem) => errors.push(problem),
            }
        }
        let summary = json!({"created": created.len(), "not_created": errors.len()});
        let mut answer = json!({"data": created, "meta": {"summary": summary}});
        if !errors.is_empty() {
            answer["errors"] = json!(errors);
        }
        Reply::new(201, "application/json", answer.to_string())
    }

    fn add(&mut self, rule: &Value) -> Result<Held, Value> {
        let value = rule["value"].as_str().unwrap_or_default();
        let named = |kind: &str, detail: &str| {
            let mut problem = problem(kind, detail)["errors"][0].clone();
            problem["value"] = json!(value);
            problem
        };
        if self.held.iter().any(|held| held.value == value) {
            return Err(named("duplicate-rules", "the rule exists already"));
        }
        if self.held.len() >= MAX_RULES {
            return Err(named("rule-cap", "there are as many rules as there may be"));
        }
        let parsed =
            Rule::parse(value).map_err(|error| named("invalid-rules", &error.to_string()))?;
        self.n_made += 1;
        let held = Held {
            id: (1_273_000 + self.n_made).to_string(),
            value: value.to_owned(),
            tag: rule["tag"].as_str().map(str::to_owned),
            rule: parsed,
        };
        self.held.push(held.clone());
        Ok(held)
    }
}

impl Protocol for X {
    fn open(&self, request: &Request, now: Millis) -> Opening {
        if request.header("authorization") != Some(&format!("Bearer {TOKEN}")) {
            let body = json!({"title": "Unauthorized", "detail": "Unauthorized", "status": 401, "type": "about:blank"});
            return Opening::Reply(Reply::new(401, "application/json", body.to_string()));
        }
        let body = serde_json::from_slice(&request.body).unwrap_or_default();
        let reply = match (&*request.method, &*request.path) {
            ("GET", "/2/tweets/search/stream") => return self.stream(now),
            ("GET", "/2/tweets/search/stream/rules") => lock(&self.rules).list(),
            ("POST", "/2/tweets/search/stream/rules") => lock(&self.rules).change(&body),
            ("GET", "/2/tweets/counts/recent") => self.counts(request, now),
            _ => Reply::refusal(404, None),
        };
        Opening::Reply(reply)
    }

    fn unknown(&self) -> String {
        json!({"novelty": {"id": "1"}}).to_string()
    }

    fn skewed(&self, item: &Item, by: Millis) -> String {
        let mut line: Value = serde_json::from_str(&item.payload).unwrap_or_default();
        line["data"]["created_at"] = json!(calendar((item.at + by) * 1_000));
        line.to_string()
    }
}

fn post(i: usize, at: Millis) -> Value {
    let id = X::id(i);
    json!({"data": {
        "id": id,
        "text": format!("made up post {i} about bitcoin and $BTC"),
        "author_id": format!("{}", 100 + i % 7),
        "created_at": calendar(at * 1_000),
        "lang": "en",
        "edit_history_tweet_ids": [id],
        "entities": {"cashtags": [{"start": 0, "end": 4, "tag": "BTC"}]},
    }})
}

fn problem(kind: &str, detail: &str) -> Value {
    json!({"errors": [{"title": kind, "detail": detail, "type": format!("https://api.x.com/2/problems/{kind}")}]})
}

fn lock(rules: &Mutex<Rules>) -> std::sync::MutexGuard<'_, Rules> {
    rules.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_read_as_it_is_written() {
        for at in [1_779_719_008_000, 951_782_400_000] {
            assert_eq!(instant(&calendar(at * 1_000)), Some(at));
        }
        assert_eq!(instant("soon"), None);
    }

    #[test]
    fn rules_are_held_refused_and_deleted_as_x_does() {
        let mut rules = Rules::default();
        let answer = |reply: Reply| serde_json::from_slice::<Value>(&reply.body).unwrap();

        let added = json!({"add": [{"value": "$BTC lang:en", "tag": "a"}, {"value": "$BTC lang:en"}, {"value": "lang:en"}]});
        let added = answer(rules.change(&added));
        assert_eq!(
            added["meta"]["summary"],
            json!({"created": 1, "not_created": 2})
        );
        assert_eq!(added["errors"][0]["title"], "duplicate-rules");
        assert_eq!(added["errors"][1]["title"], "invalid-rules");

        let deleted = answer(rules.change(&json!({"delete": {"ids": [added["data"][0]["id"]]}})));
        assert_eq!(deleted["meta"]["summary"]["deleted"], 1);
        assert!(answer(rules.list()).get("data").is_none());
    }
}
