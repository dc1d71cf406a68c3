//! What upstreams are known to do, and what usually has to follow. A source's table says what differs.

use super::*;

/// The faults of one kind of source, each under its name and with its reaction.
#[derive(Clone)]
pub(super) struct Table(Vec<Row>);

type Row = (&'static str, Fault, Reaction);

impl Table {
    /// A stream of posts that may be withdrawn, with a key.
    pub(super) fn of_posts() -> Self {
        Self::of_lasting_posts().and(
            "a withdrawal first",
            Fault::DeleteBeforeCreate,
            Reaction::NONE,
        )
    }

    /// A stream of posts that nobody takes back.
    pub(super) fn of_lasting_posts() -> Self {
        Self::of_bars().and("a burst", Fault::Burst, Reaction::NONE)
    }

    /// A stream of bars, or of trades that become bars. A burst of them would be bars of the future.
    pub(super) fn of_bars() -> Self {
        let retry = Reaction::retry;
        let limited = retry(&["closed", "rate_limit"], 60);
        let other = retry(&["closed", "protocol"], 75);
        let final_as = |errors| Reaction::over(errors);
        Self(vec![
            ("half a record", Fault::HalfThenClose, retry(&["closed"], 0)),
            ("an orderly end", Fault::Close, retry(&["closed"], 0)),
            ("a reset", Fault::Reset, retry(&["transport"], 0)),
            ("silence", Fault::Stall, retry(&["idle"], 40)),
            ("garbage", Fault::Garbage, Reaction::dropping("bad_json")),
            (
                "bytes that are no text",
                Fault::InvalidUtf8,
                retry(&["protocol"], 5),
            ),
            (
                "five megabytes",
                Fault::Huge,
                Reaction::dropping("too_long"),
            ),
            (
                "an unknown event",
                Fault::UnknownEvent,
                Reaction::dropping("unknown_body"),
            ),
            ("duplicates", Fault::Duplicates, Reaction::NONE),
            ("another order", Fault::Reorder, Reaction::NONE),
            ("a clock ahead", Fault::ClockSkew(HOUR), Reaction::NONE),
            ("a clock behind", Fault::ClockSkew(-HOUR), Reaction::NONE),
            ("a page for people", pretend(Reply::html(), 60), other),
            ("another content type", pretend(plain(), 60), other),
            (
                "compressed unasked",
                pretend(Reply::compressed(), 60),
                other,
            ),
            (
                "401",
                refuse(401, None, 9_999),
                final_as(&["closed", "auth"]),
            ),
            (
                "403",
                refuse(403, None, 9_999),
                final_as(&["closed", "auth"]),
            ),
            (
                "451",
                refuse(451, None, 9_999),
                final_as(&["closed", "unavailable"]),
            ),
            ("418", refuse(418, None, 30), limited),
            ("420", refuse(420, None, 30), limited),
            ("429", refuse(429, None, 30), limited),
            (
                "429 with a wait",
                refuse(429, Some(200), 100),
                retry(&["closed", "rate_limit"], 200),
            ),
            ("503", refuse(503, None, 30), retry(&["closed", "http"], 35)),
            (
                "503 with a wait",
                refuse(503, Some(120), 60),
                retry(&["closed", "http"], 120),
            ),
            (
                "a slow first byte",
                SLOW,
                retry(&["closed", "transport"], 66),
            ),
        ])
    }

    /// Answers of an upstream that is asked once a minute with a key. Each is all at once and the newest
    /// there is, so that it knows no order, no repeats and no bursts.
    pub(super) fn of_answers() -> Self {
        let retry = Reaction::retry;
        let other = retry(&["protocol"], 60);
        let limited = retry(&["rate_limit"], 60);
        Self(vec![
            (
                "half a record",
                Fault::HalfThenClose,
                retry(&["closed"], 60),
            ),
            ("an orderly end", Fault::Close, retry(&["closed"], 60)),
            ("a reset", Fault::Reset, retry(&["transport"], 60)),
            ("silence", Fault::Stall, retry(&["idle"], 60)),
            ("garbage", Fault::Garbage, other),
            ("bytes that are no text", Fault::InvalidUtf8, other),
            ("five megabytes", Fault::Huge, other),
            ("an unknown event", Fault::UnknownEvent, other),
            ("a page for people", pretend(Reply::html(), 60), other),
            ("another content type", pretend(plain(), 60), other),
            (
                "compressed unasked",
                pretend(Reply::compressed(), 60),
                other,
            ),
            ("401", refuse(401, None, 99_999), Reaction::over(&["auth"])),
            ("403", refuse(403, None, 99_999), Reaction::over(&["auth"])),
            (
                "451",
                refuse(451, None, 99_999),
                Reaction::over(&["unavailable"]),
            ),
            ("418", refuse(418, None, 60), limited),
            ("420", refuse(420, None, 60), limited),
            ("429", refuse(429, None, 60), limited),
            (
                "429 with a wait",
                refuse(429, Some(200), 100),
                retry(&["rate_limit"], 200),
            ),
            ("503", refuse(503, None, 60), retry(&["http"], 60)),
            (
                "503 with a wait",
                refuse(503, Some(120), 60),
                retry(&["http"], 120),
            ),
            ("a slow first byte", SLOW, retry(&["transport"], 60)),
        ])
    }

    /// The same, but another reaction to these faults.
    #[track_caller]
    pub(super) fn but(mut self, names: &[&str], expect: Reaction) -> Self {
        for name in names {
            let row = self.0.iter_mut().find(|(known, ..)| known == name);
            row.unwrap_or_else(|| panic!("there is no {name:?}")).2 = expect;
        }
        self
    }

    /// The same with one more fault; one of this name is replaced.
    pub(super) fn and(mut self, name: &'static str, fault: Fault, expect: Reaction) -> Self {
        self.0.retain(|(known, ..)| *known != name);
        self.0.push((name, fault, expect));
        self
    }

    /// Where there is no key, a refusal may pass.
    pub(super) fn open_to_all(self) -> Self {
        let with_end = self
            .0
            .iter()
            .any(|(_, _, expect)| expect.errors == ["closed", "auth"]);
        let (refused, unavailable): (&[&str], &[&str]) = if with_end {
            (&["closed", "refused"], &["closed", "unavailable"])
        } else {
            (&["refused"], &["unavailable"])
        };
        self.but(&["401", "403"], Reaction::patient(refused))
            .but(&["451"], Reaction::patient(unavailable))
    }

    pub(super) fn rows(self) -> impl Iterator<Item = Row> {
        self.0.into_iter()
    }
}

const HOUR: Millis = wire::time::HOUR;
const SLOW: Fault = Fault::SlowFirstByte(Duration::from_secs(90));

fn plain() -> Reply {
    Reply::new(200, "text/plain", "hello")
}
