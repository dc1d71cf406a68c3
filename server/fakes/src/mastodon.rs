//! An instance of Mastodon: streams of hashtags for a token, time lines of hashtags for everybody.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{Item, Millis, Opening, Protocol, Reply, Request, Transport, jetstream::calendar};

/// The token that is accepted.
pub const TOKEN: &str = "mastodon-token";
/// What the event of a status begins with.
const UPDATE: &str = "event: update\ndata: ";
/// It says that it lives every 15 s.
const THUMP: Duration = Duration::from_secs(15);

/// An instance whose users post at a steady pace.
#[derive(Clone, Debug)]
pub struct Mastodon {
    host: String,
    statuses: Vec<Item>,
}

impl Mastodon {
    /// `n` statuses, the first at `from`, one every `every` milliseconds, each with the hashtag bitcoin.
    pub fn new(host: &str, from: Millis, every: Millis, n: usize) -> Self {
        let statuses = (0..n).map(|i| {
            let at = from + every * i as Millis;
            let payload = event("update", &status(host, i, at).to_string());
            Item { at, payload }
        });
        Self {
            host: host.to_owned(),
            statuses: statuses.collect(),
        }
    }

    /// The same, where one more event is sent at `at`.
    #[must_use]
    pub fn saying(mut self, at: Millis, name: &str, data: &str) -> Self {
        let payload = event(name, data);
        self.statuses.push(Item { at, payload });
        self.statuses.sort_by_key(|item| item.at);
        self
    }

    /// Address of the status with this number, by which it is known everywhere.
    pub fn id(host: &str, i: usize) -> String {
        format!(
            "https://{host}/users/someone{}/statuses/{}",
            i % 7,
            local_id(i)
        )
    }

    fn stream(&self, request: &Request, now: Millis) -> Opening {
        let refused = |status, error: &str| {
            Opening::Reply(Reply::new(
                status,
                "application/json",
                json!({"error": error}).to_string(),
            ))
        };
        match request.header("authorization") {
            None => return refused(401, "Missing access token"),
            Some(header) if header != format!("Bearer {TOKEN}") => {
                return refused(401, "Invalid access token");
            }
            Some(_) => {}
        }
        if request.path.ends_with("/hashtag") && request.value("tag").is_none_or(str::is_empty) {
            return refused(400, "Missing tag name parameter");
        }
        Opening::Stream {
            transport: Transport::Lines {
                content_type: "text/event-stream",
                end: "\n\n",
            },
            greeting: vec![":)".to_owned()],
            items: self
                .statuses
                .iter()
                .filter(|item| item.at >= now)
                .cloned()
                .collect(),
            keep_alive: Some((THUMP, ":thump\n".to_owned())),
            waits_for_message: false,
        }
    }

    /// The oldest behind `min_id`, or the newest of all; newest first.
    fn time_line(&self, request: &Request, now: Millis) -> Reply {
        let limit = request.value("limit").and_then(|text| text.parse().ok());
        let limit = limit.unwrap_or(20_usize).min(40);
        let data = |item: &Item| item.payload.strip_prefix(UPDATE).map(str::to_owned);
        let past = self.statuses.iter().filter(|item| item.at <= now);
        let all: Vec<String> = past.filter_map(data).collect();
        let min_id = request
            .value("min_id")
            .and_then(|text| text.parse::<u64>().ok());
        let mut page: Vec<String> = match min_id {
            // Their numbers rise by one.
            Some(min_id) => {
                let n_known = min_id.saturating_sub(local_id(0)) as usize + 1;
                all.into_iter().skip(n_known).take(limit).collect()
            }
            None => all[all.len().saturating_sub(limit)..].to_vec(),
        };
        page.reverse();
        Reply::json(format!("[{}]", page.join(",")))
    }
}

impl Protocol for Mastodon {
    fn open(&self, request: &Request, now: Millis) -> Opening {
        match &*request.path {
            "/api/v2/instance" => {
                // With a port it lies on the loopback, where there are no certificates.
                let scheme = if self.host.contains(':') { "ws" } else { "wss" };
                let urls = json!({"streaming": format!("{scheme}://{}", self.host)});
                let body = json!({"domain": self.host, "configuration": {"urls": urls}});
                Opening::Reply(Reply::json(body.to_string()))
            }
            path if path.starts_with("/api/v1/streaming/") => self.stream(request, now),
            path if path.starts_with("/api/v1/timelines/") => {
                Opening::Reply(self.time_line(request, now))
            }
            _ => Opening::Reply(Reply::refusal(404, None)),
        }
    }

    fn withdrawal(&self, item: &Item) -> Option<String> {
        let status: Value = serde_json::from_str(item.payload.strip_prefix(UPDATE)?).ok()?;
        Some(event("delete", status["id"].as_str()?))
    }

    fn unknown(&self) -> String {
        event("novelty", "{}")
    }

    fn skewed(&self, item: &Item, by: Millis) -> String {
        let data = item.payload.strip_prefix(UPDATE).unwrap_or_default();
        let mut status: Value = serde_json::from_str(data).unwrap_or_default();
        status["created_at"] = json!(calendar((item.at + by) * 1_000));
        event("update", &status.to_string())
    }
}

fn event(name: &str, data: &str) -> String {
    format!("event: {name}\ndata: {data}")
}

fn local_id(i: usize) -> u64 {
    108_914_430_000_000_000 + i as u64
}

fn status(host: &str, i: usize, at: Millis) -> Value {
    let address = Mastodon::id(host, i);
    let account = format!("https://{host}/users/someone{}", i % 7);
    json!({
        "id": local_id(i).to_string(),
        "uri": address,
        "url": address,
        "created_at": calendar(at * 1_000),
        "visibility": "public",
        "language": "en",
        "sensitive": false,
        "spoiler_text": "",
        "content": format!("<p>made up status {i} about <a href=\"https://{host}/tags/bitcoin\" class=\"mention hashtag\" rel=\"tag\">#<span>bitcoin</span></a></p>"),
        "tags": [{"name": "bitcoin"}],
        "reblog": null,
        "account": {"id": "1", "acct": format!("someone{}", i % 7), "uri": account, "url": account, "bot": false, "note": ""},
    })
}
