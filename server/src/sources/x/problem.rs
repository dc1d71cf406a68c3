//! What X says is wrong: problem objects in answers and in the stream, sorted by what to do about them.

use serde_json::Value;

/// A problem as X describes it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Problem {
    title: String,
    detail: String,
    /// The last part of the address that names its kind, e.g. `usage-capped`.
    pub(crate) kind: String,
    connection_issue: String,
}

/// What to do about a problem.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Remedy {
    /// Connect again; X closes the stream for reasons of its own.
    Reconnect,
    /// Wait: too many connections or requests.
    Wait,
    /// Nothing helps but a person: credit, access, the rules.
    Person,
}

impl Problem {
    /// The problem that an answer consists of, or the first of those it lists.
    pub(crate) fn of(answer: &Value) -> Option<Self> {
        let listed = answer
            .get("errors")
            .and_then(Value::as_array)
            .and_then(|errors| errors.first());
        let problem = listed.unwrap_or(answer);
        let says = |member: &str| {
            let text = problem.get(member).and_then(Value::as_str);
            text.unwrap_or_default().to_owned()
        };
        let detail = [says("detail"), says("message"), says("value")];
        let kind = says("type");
        let problem = Self {
            title: says("title"),
            detail: detail
                .into_iter()
                .find(|detail| !detail.is_empty())
                .unwrap_or_default(),
            kind: kind.rsplit('/').next().unwrap_or_default().to_owned(),
            connection_issue: says("connection_issue"),
        };
        let is_one = listed.is_some() || !problem.title.is_empty();
        is_one.then_some(problem)
    }

    /// As [`Problem::of`], of a body that may be anything.
    pub(crate) fn of_body(body: &str) -> Option<Self> {
        Self::of(&serde_json::from_str(body).ok()?)
    }

    pub(crate) fn remedy(&self) -> Remedy {
        match self.kind.as_str() {
            "operational-disconnect" => Remedy::Reconnect,
            "streaming-connection" | "rate-limit-exceeded" => Remedy::Wait,
            "usage-capped"
            | "client-forbidden"
            | "rule-cap"
            | "invalid-rules"
            | "not-authorized-for-resource"
            | "unsupported-authentication" => Remedy::Person,
            _ if self.connection_issue == "TooManyConnections" => Remedy::Wait,
            _ => Remedy::Reconnect,
        }
    }

    /// What is wrong, in X's words.
    pub(crate) fn sentence(&self) -> String {
        match (self.title.as_str(), self.detail.as_str()) {
            ("", "") => "X names a problem without saying which".to_owned(),
            (title, "") => format!("X says: {title}"),
            ("", detail) => format!("X says: {detail}"),
            (title, detail) => format!("X says: {title}: {detail}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, remedy: Remedy, sentence: &str) {
        let problem = Problem::of_body(body).unwrap();
        assert_eq!(
            (problem.remedy(), problem.sentence()),
            (remedy, sentence.to_owned())
        );
    }

    #[test]
    fn each_kind_of_problem_has_its_remedy() {
        check(
            r#"{"errors":[{"title":"operational-disconnect","disconnect_type":"UpstreamOperationalDisconnect","detail":"disconnected upstream","type":"https://api.x.com/2/problems/operational-disconnect"}]}"#,
            Remedy::Reconnect,
            "X says: operational-disconnect: disconnected upstream",
        );
        check(
            r#"{"title":"ConnectionException","detail":"too many","connection_issue":"TooManyConnections","type":"https://api.x.com/2/problems/streaming-connection"}"#,
            Remedy::Wait,
            "X says: ConnectionException: too many",
        );
        check(
            r#"{"title":"ConnectionException","connection_issue":"TooManyConnections"}"#,
            Remedy::Wait,
            "X says: ConnectionException",
        );
        check(
            r#"{"title":"UsageCapExceeded","detail":"no credit","type":"https://api.x.com/2/problems/usage-capped"}"#,
            Remedy::Person,
            "X says: UsageCapExceeded: no credit",
        );
        check(
            r#"{"errors":[{"message":"odd"}],"data":{}}"#,
            Remedy::Reconnect,
            "X says: odd",
        );
    }

    #[test]
    fn what_names_no_problem_is_none() {
        for body in [
            "",
            "<html>",
            "{}",
            r#"{"data":[]}"#,
            "[1]",
            r#"{"title":7}"#,
        ] {
            assert_eq!(Problem::of_body(body), None, "{body}");
        }
    }
}
