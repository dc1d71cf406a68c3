//! A line of X's stream to records: pure, and whatever the line is, something is said about it.

use rustc_hash::FxHashSet;
use serde_json::Value;
use wire::{
    Event, Millis,
    author::AuthorKey,
    formats::{FormatError, twitter_v2},
};

use super::{super::sieve::Record, problem::Problem};

/// What a line of the stream is.
#[derive(Debug, PartialEq)]
pub(crate) enum Line {
    /// A blank one: the connection lives.
    KeepAlive,
    /// A post, with the withdrawals of earlier versions before it; or the reason why there is none.
    Records {
        records: Vec<Record>,
        /// Id of the post that X delivered and bills, kept or not.
        billed: Option<u64>,
    },
    /// X is about to close the stream and says why.
    Problem(Problem),
}

/// Which rules are ours: by tag, and those of another program that say the same as one of ours.
#[derive(Clone, Debug, Default)]
pub(crate) struct OurRules {
    pub(crate) tag: String,
    pub(crate) ids: FxHashSet<String>,
}

/// Decodes one line without its end.
pub(crate) fn decode(line: &str, seen_at: Millis, key: &AuthorKey, ours: &OurRules) -> Line {
    if line.trim().is_empty() {
        return Line::KeepAlive;
    }
    let payload: Value = match serde_json::from_str(line) {
        Ok(payload) => payload,
        Err(error) => return refused(FormatError::from(&error).reason(), None),
    };
    if payload.get("data").is_none_or(Value::is_null) {
        return match Problem::of(&payload) {
            Some(problem) => Line::Problem(problem),
            None => refused(FormatError::UnknownBody.reason(), None),
        };
    }
    // Errors beside data are about what the post refers to; the post itself is whole.
    let billed = payload["data"]["id"]
        .as_str()
        .and_then(|id| id.parse().ok());
    if !ours.match_any(&payload["matching_rules"]) {
        return refused("other_rule", billed);
    }
    match twitter_v2::decode_payload(payload, key) {
        Ok(records) => {
            let live = |event: Event| Event::live(event.at, seen_at, event.body);
            let reason = |error: FormatError| error.reason();
            let records = records.into_iter();
            let records = records
                .map(|record| record.map(live).map_err(reason))
                .collect();
            Line::Records { records, billed }
        }
        Err(error) => refused(error.reason(), billed),
    }
}

impl OurRules {
    /// Whether one of the rules that a post matched is ours. A post that names none is taken.
    fn match_any(&self, rules: &Value) -> bool {
        let Some(rules) = rules.as_array().filter(|rules| !rules.is_empty()) else {
            return true;
        };
        rules.iter().any(|rule| {
            let says = |member: &str| rule.get(member).and_then(Value::as_str);
            says("tag") == Some(&self.tag) || says("id").is_some_and(|id| self.ids.contains(id))
        })
    }
}

fn refused(reason: &'static str, billed: Option<u64>) -> Line {
    let records = vec![Err(reason)];
    Line::Records { records, billed }
}

#[cfg(test)]
mod tests {
    use wire::Body;

    use super::*;

    const SEEN_AT: Millis = 1_787_222_107_000;
    const POST: &str = r#"{"data":{"id":"1784000000000000001","text":"$BTC up","author_id":"98","created_at":"2026-08-20T10:35:00.000Z","lang":"en","edit_history_tweet_ids":["1784000000000000001"]},"matching_rules":[{"id":"1273","tag":"moodtape/x"}]}"#;

    fn ours() -> OurRules {
        let ids = ["77".to_owned()].into_iter().collect();
        OurRules {
            tag: "moodtape/x".into(),
            ids,
        }
    }

    fn read(line: &str) -> Line {
        decode(line, SEEN_AT, &AuthorKey([7; 16]), &ours())
    }

    #[track_caller]
    fn check_refused(line: &str, reason: &'static str, billed: Option<u64>) {
        assert_eq!(read(line), refused(reason, billed), "{line}");
    }

    #[test]
    fn a_post_is_seen_when_it_arrives_and_counted_when_it_was_posted() {
        let Line::Records { records, billed } = read(POST) else {
            panic!("no records");
        };

        assert_eq!(billed, Some(1_784_000_000_000_000_001));
        let [Ok(event)] = records.as_slice() else {
            panic!("{records:?}");
        };
        assert_eq!((event.seen_at, event.at), (SEEN_AT, SEEN_AT - 7_000));
        assert!(!event.imported && !event.skewed);
        assert!(matches!(&event.body, Body::Post(post) if post.text == "$BTC up"));
    }

    #[test]
    fn a_blank_line_keeps_the_connection_alive() {
        assert_eq!(read(""), Line::KeepAlive);
        assert_eq!(read("\r"), Line::KeepAlive);
    }

    #[test]
    fn an_edit_withdraws_the_version_before_it() {
        let line = POST.replace(
            r#"["1784000000000000001"]"#,
            r#"["1783000000000000000","1784000000000000001"]"#,
        );

        let Line::Records { records, .. } = read(&line) else {
            panic!("no records");
        };

        assert!(
            matches!(&records[0], Ok(event) if matches!(&event.body, Body::Delete(delete) if delete.id == "1783000000000000000"))
        );
        assert!(matches!(&records[1], Ok(event) if matches!(event.body, Body::Post(_))));
    }

    #[test]
    fn errors_beside_a_post_do_not_lose_it() {
        let line = POST.replacen(
            '{',
            r#"{"errors":[{"title":"Not Found Error","resource_type":"tweet"}],"#,
            1,
        );

        assert_eq!(read(&line), read(POST));
    }

    #[test]
    fn a_post_that_only_another_programs_rule_matched_is_billed_and_left_out() {
        let id = Some(1_784_000_000_000_000_001);
        check_refused(&POST.replace("moodtape/x", "another"), "other_rule", id);

        let adopted = POST.replace("moodtape/x", "another").replace("1273", "77");
        assert!(matches!(read(&adopted), Line::Records { records, .. } if records[0].is_ok()));
        let unnamed = POST.replace(r#"[{"id":"1273","tag":"moodtape/x"}]"#, "[]");
        assert!(matches!(read(&unnamed), Line::Records { records, .. } if records[0].is_ok()));
    }

    #[test]
    fn what_is_no_post_is_dropped_with_its_reason() {
        let id = Some(1_784_000_000_000_000_001);
        check_refused(&POST[..60], "truncated", None);
        check_refused("<html><body>502</body></html>", "bad_json", None);
        check_refused(r#"{"hologram":{"id":"1"}}"#, "unknown_body", None);
        check_refused("[]", "unknown_body", None);
        check_refused(&POST.replace(r#""author_id":"98","#, ""), "no_author", id);
        check_refused(&POST.replace("2026-08-20T", "on "), "bad_time", id);
    }

    #[test]
    fn a_problem_in_the_stream_is_one() {
        let line = r#"{"errors":[{"title":"operational-disconnect","disconnect_type":"UpstreamOperationalDisconnect","detail":"This stream has been disconnected upstream for operational reasons.","type":"https://api.x.com/2/problems/operational-disconnect"}]}"#;
        assert!(
            matches!(read(line), Line::Problem(problem) if problem.kind == "operational-disconnect")
        );

        let alone = r#"{"title":"ConnectionException","detail":"limit","connection_issue":"TooManyConnections","type":"https://api.x.com/2/problems/streaming-connection"}"#;
        assert!(
            matches!(read(alone), Line::Problem(problem) if problem.kind == "streaming-connection")
        );
    }
}
