//! Bluesky's Jetstream in its first and second form, with posts made up by a program.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{Item, Millis, Opening, Protocol, Reply, Request, Transport};

/// A position that is older than this is silently taken for this old, as the real one does.
const HELD: Millis = 36 * 3_600_000;
const COLLECTION: &str = "app.bsky.feed.post";

/// A network on which somebody posts at a steady pace.
#[derive(Clone, Debug)]
pub struct Jetstream {
    posts: Vec<Item>,
}

impl Jetstream {
    /// `n` posts, the first at `from`, one every `every` milliseconds. Each names bitcoin and its number.
    pub fn new(from: Millis, every: Millis, n: usize) -> Self {
        let posts = (0..n).map(|i| {
            let at = from + every * i as Millis;
            let payload = post(i, at).to_string();
            Item { at, payload }
        });
        Self {
            posts: posts.collect(),
        }
    }

    /// The id of the post with this number, as the relay knows it.
    pub fn id(i: usize) -> String {
        format!("at://did:plc:fake{}/{COLLECTION}/post{i}", i % 7)
    }

    fn first_form(&self, cursor: Option<&str>, now: Millis) -> Opening {
        let cursor = cursor.and_then(|text| text.parse::<i64>().ok());
        let from = match cursor {
            // The future means the present.
            Some(cursor) if cursor / 1_000 <= now => (cursor / 1_000).max(now - HELD),
            _ => now,
        };
        self.stream(|item| item.at >= from, Clone::clone)
    }

    fn second_form(&self, cursor: Option<&str>, now: Millis) -> Opening {
        let oldest = self.posts.partition_point(|item| item.at < now - HELD);
        match cursor.and_then(|text| text.parse::<usize>().ok()) {
            Some(cursor) if cursor < oldest => {
                let body = format!("{{\"error\":\"CursorTooOld\",\"message\":\"floor {oldest}\"}}");
                Opening::Reply(Reply::new(400, "application/json", body))
            }
            Some(cursor) => self.stream(|item| number(item) >= cursor, second),
            None => self.stream(|item| item.at >= now, second),
        }
    }

    fn stream(&self, wanted: impl Fn(&&Item) -> bool, form: impl Fn(&Item) -> Item) -> Opening {
        Opening::Stream {
            transport: Transport::WebSocket,
            greeting: Vec::new(),
            items: self.posts.iter().filter(wanted).map(form).collect(),
            keep_alive: Some((Duration::from_secs(30), String::new())),
            waits_for_message: false,
        }
    }
}

impl Protocol for Jetstream {
    fn open(&self, request: &Request, now: Millis) -> Opening {
        let cursor = request.value("cursor");
        match &*request.path {
            "/subscribe" => self.first_form(cursor, now),
            "/xrpc/network.bsky.jetstream.subscribeEvents" => self.second_form(cursor, now),
            _ => Opening::Reply(Reply::refusal(404, None)),
        }
    }

    fn withdrawal(&self, item: &Item) -> Option<String> {
        let mut event: Value = serde_json::from_str(&item.payload).ok()?;
        let commit = event.get_mut("commit")?.as_object_mut()?;
        commit.insert("operation".into(), json!("delete"));
        commit.remove("record");
        Some(event.to_string())
    }

    fn unknown(&self) -> String {
        json!({"did": "did:plc:x", "time_us": 1, "kind": "novelty", "novelty": {}}).to_string()
    }

    fn skewed(&self, item: &Item, by: Millis) -> String {
        let mut event: Value = serde_json::from_str(&item.payload).unwrap_or_default();
        let time = event["time_us"].as_i64().unwrap_or(0) + by * 1_000;
        event["time_us"] = json!(time);
        event.to_string()
    }
}

fn post(i: usize, at: Millis) -> Value {
    json!({
        "did": format!("did:plc:fake{}", i % 7),
        "time_us": at * 1_000,
        "kind": "commit",
        "commit": {
            "rev": format!("rev{i}"),
            "operation": "create",
            "collection": COLLECTION,
            "rkey": format!("post{i}"),
            "cid": format!("cid{i}"),
            "record": {
                "$type": COLLECTION,
                "createdAt": "2026-05-25T14:23:28.757Z",
                "langs": ["en"],
                "text": text(i),
            },
        },
    })
}

/// Made of a mood, so that there is something to count.
fn text(i: usize) -> String {
    const MOODS: [&str; 6] = [
        "is great news today",
        "looks terrible, I am worried",
        "goes sideways",
        "makes me happy",
        "is a scam, they say",
        "will be discussed at nine",
    ];
    const COINS: [&str; 3] = ["$BTC", "$ETH and $BTC", "#hodl $BTC"];
    let (mood, coin) = (MOODS[i * 7 % 6], COINS[i * 5 % 3]);
    format!("made up post {i}: bitcoin {mood} {coin}")
}

/// The number in a post's key.
fn number(item: &Item) -> usize {
    let event: Value = serde_json::from_str(&item.payload).unwrap_or_default();
    let key = event["commit"]["rkey"].as_str().unwrap_or_default();
    key.trim_start_matches("post").parse().unwrap_or(0)
}

/// The same post in the second form.
fn second(item: &Item) -> Item {
    let event: Value = serde_json::from_str(&item.payload).unwrap_or_default();
    let mut payload = event["commit"].clone();
    payload["$type"] = json!("network.bsky.jetstream.subscribeEvents#commit");
    payload["seq"] = json!(number(item));
    payload["did"] = event["did"].clone();
    payload["time"] = json!(calendar(event["time_us"].as_i64().unwrap_or(0)));
    Item {
        at: item.at,
        payload: json!({"$type": "message", "payload": payload}).to_string(),
    }
}

/// Microseconds since 1970 as `2026-05-25T14:23:28.757000Z`.
pub(crate) fn calendar(time_us: i64) -> String {
    let secs = time_us.div_euclid(1_000_000);
    let (days, second) = (secs.div_euclid(86_400), secs.rem_euclid(86_400));
    // Days since 0000-03-01, by the civil calendar's cycle of 400 years.
    let z = days + 719_468;
    let (era, doe) = (z.div_euclid(146_097), z.rem_euclid(146_097));
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let (day, month) = (
        doy - (153 * mp + 2) / 5 + 1,
        if mp < 10 { mp + 3 } else { mp - 9 },
    );
    let year = yoe + era * 400 + i64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:06}Z",
        second / 3_600,
        second / 60 % 60,
        second % 60,
        time_us.rem_euclid(1_000_000)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_as_the_calendar_has_them() {
        assert_eq!(
            calendar(1_779_719_008_757_000),
            "2026-05-25T14:23:28.757000Z"
        );
        assert_eq!(calendar(951_782_400_000_000), "2000-02-29T00:00:00.000000Z");
    }
}
