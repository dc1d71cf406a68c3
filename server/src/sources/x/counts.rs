//! How many posts X has, by the minute: an attention series that needs no post to be delivered.

use serde::Deserialize;
use wire::{Millis, formats::calendar};

/// How many posts matched a query within `[from, to)`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Count {
    pub(crate) from: Millis,
    pub(crate) to: Millis,
    pub(crate) n: u64,
}

/// The whole windows of `width` in an answer, oldest first: X cuts the first and the last one off where
/// the asked time begins and ends, and a part of a minute is no minute.
///
/// # Errors
/// The drop reason of an answer that is none.
pub(crate) fn decode(body: &str, width: Millis) -> Result<Vec<Count>, &'static str> {
    let answer: Answer = serde_json::from_str(body).map_err(|_| "bad_json")?;
    let windows = answer.data.ok_or("unknown_body")?;
    let mut counts: Vec<Count> = windows
        .iter()
        .filter_map(Window::count)
        .filter(|count| count.to - count.from == width)
        .collect();
    counts.sort_unstable_by_key(|count| count.from);
    Ok(counts)
}

#[derive(Deserialize)]
struct Answer {
    data: Option<Vec<Window>>,
}

#[derive(Deserialize)]
struct Window {
    start: String,
    end: String,
    // The documents name it one way, the schema that was renamed with the company the other.
    #[serde(alias = "post_count")]
    tweet_count: u64,
}

impl Window {
    fn count(&self) -> Option<Count> {
        let from = calendar::parse_table(&self.start)?;
        let to = calendar::parse_table(&self.end)?;
        Some(Count {
            from,
            to,
            n: self.tweet_count,
        })
    }
}

#[cfg(test)]
mod tests {
    use wire::time::MINUTE;

    use super::*;

    #[test]
    fn whole_minutes_are_counts_and_parts_of_minutes_are_not() {
        let body = r#"{"data":[
            {"start":"2026-08-20T10:35:00.000Z","end":"2026-08-20T10:36:00.000Z","tweet_count":31},
            {"end":"2026-08-20T10:35:00.000Z","start":"2026-08-20T10:34:21.000Z","tweet_count":5},
            {"start":"2026-08-20T10:36:00.000Z","end":"2026-08-20T10:37:00.000Z","tweet_count":0},
            {"start":"2026-08-20T10:37:00.000Z","end":"2026-08-20T10:37:12.000Z","tweet_count":1}],
            "meta":{"total_tweet_count":37}}"#;

        let counts = decode(body, MINUTE).unwrap();

        let from = 1_787_222_100_000;
        assert_eq!(
            counts,
            [
                Count {
                    from,
                    to: from + MINUTE,
                    n: 31
                },
                Count {
                    from: from + MINUTE,
                    to: from + 2 * MINUTE,
                    n: 0
                },
            ]
        );
    }

    #[test]
    fn an_answer_without_counts_is_refused() {
        for (body, reason) in [
            ("<html>", "bad_json"),
            (r#"{"errors":[{"title":"Unauthorized"}]}"#, "unknown_body"),
            (r#"{"data":[{"start":"x"}]}"#, "bad_json"),
        ] {
            assert_eq!(decode(body, MINUTE), Err(reason), "{body}");
        }
    }
}
