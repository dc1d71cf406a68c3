//! What goes wrong between the relay and an upstream, by what has to be done about it.

use std::time::Duration;

use wire::Millis;

use super::wait::{Headers, asked_wait};

/// How often a source whose budget is spent looks whether there is another one.
const BUDGET_STEP: Duration = Duration::from_secs(1_800);

/// Why a source cannot go on.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SourceError {
    /// No connection, or it broke.
    #[error("the connection failed: {}", shown(.0))]
    Transport(String),
    /// The upstream ended the connection, in order and for a reason of its own.
    #[error("the upstream closed the connection{}", shown(.0))]
    Closed(String),
    /// The connection is open and nothing comes.
    #[error("nothing came for {} s", .0.as_secs())]
    Idle(Duration),
    /// The upstream has a problem of its own.
    #[error("the upstream answered HTTP {status}")]
    Http {
        /// The status.
        status: u16,
        /// How long the upstream asks to wait.
        wait: Option<Duration>,
    },
    /// The upstream was asked too often.
    #[error("the upstream allows no more requests for now (HTTP {status})")]
    RateLimit {
        /// The status, 420, 429 or 418.
        status: u16,
        /// How long the upstream asks to wait.
        wait: Option<Duration>,
    },
    /// The key is not, or no longer, accepted.
    #[error(
        "the upstream refuses the key: {}; put another one in its place and restart the relay",
        shown(.0)
    )]
    Auth(String),
    /// The upstream does not serve this place.
    #[error("the upstream is not available from here: {}", shown(.0))]
    Unavailable(String),
    /// The request is refused, and would be again.
    #[error("the upstream refuses the request: {}", shown(.0))]
    Refused(String),
    /// Something answers, but not as the upstream would.
    #[error("this is not what the upstream would send: {}", shown(.0))]
    Protocol(String),
    /// So much has been spent that nothing more is to be asked for until then.
    #[error("the budget of {usd} US dollars is spent")]
    Budget {
        /// The budget.
        usd: f64,
        /// How long until there is another one.
        wait: Duration,
    },
    /// A problem of the relay itself.
    #[error("{}", shown(.0))]
    Own(String),
}

/// What kind of trouble it is; each upstream says how each is to be answered.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum ErrorClass {
    Transport,
    Http,
    RateLimit,
    Protocol,
    /// Trying again would not help.
    Fatal,
}

impl SourceError {
    /// The word under which it is shown and counted.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Transport(_) => "transport",
            Self::Closed(_) => "closed",
            Self::Idle(_) => "idle",
            Self::Http { .. } => "http",
            Self::RateLimit { .. } => "rate_limit",
            Self::Auth(_) => "auth",
            Self::Unavailable(_) => "unavailable",
            Self::Refused(_) => "refused",
            Self::Protocol(_) => "protocol",
            Self::Budget { .. } => "budget",
            Self::Own(_) => "own",
        }
    }

    pub(crate) fn class(&self) -> ErrorClass {
        match self {
            Self::Transport(_) | Self::Closed(_) | Self::Idle(_) | Self::Own(_) => {
                ErrorClass::Transport
            }
            Self::Http { .. } => ErrorClass::Http,
            Self::RateLimit { .. } | Self::Budget { .. } => ErrorClass::RateLimit,
            Self::Protocol(_) => ErrorClass::Protocol,
            Self::Auth(_) | Self::Unavailable(_) | Self::Refused(_) => ErrorClass::Fatal,
        }
    }

    /// What it means where no key was sent.
    pub(crate) fn without_key(self) -> Self {
        match self {
            Self::Auth(said) => Self::Refused(said),
            other => other,
        }
    }

    /// How long the upstream itself asks to wait.
    pub(crate) fn asked_wait(&self) -> Option<Duration> {
        match self {
            Self::Http { wait, .. } | Self::RateLimit { wait, .. } => *wait,
            // Waits grow by jitter: in steps the end of a long one is not missed by much.
            Self::Budget { wait, .. } => Some((*wait).min(BUDGET_STEP)),
            _ => None,
        }
    }

    /// What a status other than success means. `detail` is what the upstream says, cut short.
    pub(crate) fn from_status(
        status: u16,
        headers: &impl Headers,
        detail: &str,
        now: Millis,
    ) -> Self {
        let wait = asked_wait(headers, now);
        let said = || {
            let detail = printable(detail);
            if detail.is_empty() {
                format!("HTTP {status}")
            } else {
                format!("HTTP {status}, {detail}")
            }
        };
        match status {
            418 | 420 | 429 => Self::RateLimit { status, wait },
            401 | 403 => Self::Auth(said()),
            451 => Self::Unavailable(said()),
            408 | 425 | 500.. => Self::Http { status, wait },
            400..=499 => Self::Refused(said()),
            _ => Self::Protocol(said()),
        }
    }
}

/// What a source says of itself, perhaps with foreign text in it: no control characters, and not endless.
fn shown(text: &str) -> String {
    const MAX_CHARS: usize = 400;
    let visible = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().take(MAX_CHARS).map(visible).collect()
}

/// Foreign text as it may be shown: one line, short, without control characters.
pub(crate) fn printable(text: &str) -> String {
    const MAX_CHARS: usize = 120;
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let text = words.filter(|word| !word.is_empty()).collect::<Vec<_>>();
    text.join(" ").chars().take(MAX_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: u16, expect: &str) {
        let none: [(&str, &str); 0] = [];
        let error = SourceError::from_status(status, &none.as_slice(), "", 0);
        assert_eq!(error.word(), expect, "{status}");
    }

    #[test]
    fn a_status_is_put_into_its_class() {
        for status in [418, 420, 429] {
            check(status, "rate_limit");
        }
        for status in [401, 403] {
            check(status, "auth");
        }
        check(451, "unavailable");
        for status in [408, 500, 502, 503, 599] {
            check(status, "http");
        }
        for status in [400, 404, 410, 422] {
            check(status, "refused");
        }
        for status in [200, 204, 301] {
            check(status, "protocol");
        }
    }

    #[test]
    fn what_an_upstream_says_is_shown_short_and_on_one_line() {
        let none: [(&str, &str); 0] = [];
        let body = format!("<html>\r\n\u{7}no  entry {}", "x".repeat(500));

        let error = SourceError::from_status(451, &none.as_slice(), &body, 0);

        let text = error.to_string();
        assert!(text.contains("HTTP 451, <html> no entry xxx"), "{text}");
        assert!(text.len() < 200, "{text}");
    }

    #[test]
    fn foreign_text_in_an_error_is_neither_endless_nor_able_to_steer_a_terminal() {
        let text = format!("\u{1b}[2J\n\u{7}{}", "x".repeat(1 << 20));
        for error in [
            SourceError::Transport(text.clone()),
            SourceError::Closed(text.clone()),
            SourceError::Auth(text.clone()),
            SourceError::Unavailable(text.clone()),
            SourceError::Refused(text.clone()),
            SourceError::Protocol(text.clone()),
            SourceError::Own(text.clone()),
        ] {
            let shown = error.to_string();

            assert!(shown.len() < 600, "{} bytes", shown.len());
            assert!(!shown.contains(char::is_control), "{shown:?}");
        }
    }
}
