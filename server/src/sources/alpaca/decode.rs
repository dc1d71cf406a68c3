//! Frames of Alpaca's market data to bars and to what the connection has to know: pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use wire::{
    Millis,
    formats::{FormatError, calendar},
    time::MINUTE,
};

use super::super::{
    bars::{self, Pair},
    sieve::Record,
};

/// Name of the source in bars.
pub(crate) const SOURCE: &str = "alpaca";
/// A longer message is none of this upstream.
const MAX_MESSAGE_BYTES: usize = 4 << 20;

/// One message; a frame holds several.
#[derive(Debug, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "nearly all messages are bars")]
pub(crate) enum Message {
    /// The server awaits the keys.
    Connected,
    /// The keys are accepted.
    Authenticated,
    /// The subscriptions as they are now: so many instruments whose bars come.
    Subscribed { n_bars: usize },
    /// What it says is wrong.
    Error { code: i64, text: String },
    /// A bar, or the drop reason of what is none.
    Record(Record),
}

/// Decodes one frame.
pub(crate) fn decode(frame: &str, seen_at: Millis) -> Vec<Message> {
    if frame.len() > MAX_MESSAGE_BYTES {
        return vec![Message::Record(Err("too_long"))];
    }
    match serde_json::from_str::<Vec<Value>>(frame) {
        Ok(messages) => messages
            .iter()
            .map(|message| read(message, seen_at))
            .collect(),
        Err(error) => vec![Message::Record(Err(FormatError::from(&error).reason()))],
    }
}

fn read(message: &Value, seen_at: Millis) -> Message {
    let says = |member: &str| {
        message
            .get(member)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    match (says("T"), says("msg")) {
        ("success", "connected") => Message::Connected,
        ("success", "authenticated") => Message::Authenticated,
        ("subscription", _) => Message::Subscribed {
            n_bars: message
                .get("bars")
                .and_then(Value::as_array)
                .map_or(0, Vec::len),
        },
        ("error", text) => Message::Error {
            code: message
                .get("code")
                .and_then(Value::as_i64)
                .unwrap_or_default(),
            text: text.to_owned(),
        },
        ("b", _) => {
            let symbol = message.get("S").and_then(Value::as_str);
            Message::Record(bar(symbol, message, seen_at))
        }
        // What a late trade changes afterwards; a bar stands as it was first told.
        ("u", _) => Message::Record(Err("bar_update")),
        ("t" | "q" | "d" | "s" | "l" | "c" | "x" | "i", _) => Message::Record(Err("not_a_bar")),
        _ => Message::Record(Err(FormatError::UnknownBody.reason())),
    }
}

/// The bars of a page of the past, and the name of the next page.
///
/// # Errors
/// The drop reason of a page that is none.
pub(crate) fn history(
    body: &str,
    seen_at: Millis,
) -> Result<(Vec<Record>, Option<String>), &'static str> {
    let page: Page =
        serde_json::from_str(body).map_err(|error| FormatError::from(&error).reason())?;
    let bars = page.bars.ok_or(FormatError::UnknownBody.reason())?;
    let records = bars.iter().flat_map(|(symbol, bars)| {
        bars.iter()
            .map(move |told| bar(Some(symbol.as_str()), told, seen_at))
    });
    Ok((records.collect(), page.next_page_token))
}

#[derive(Deserialize)]
struct Page {
    #[serde(default, deserialize_with = "some")]
    bars: Option<BTreeMap<String, Vec<Value>>>,
    next_page_token: Option<String>,
}

/// Nothing where there was no trade is written as `null`; a page without the member is none.
fn some<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<BTreeMap<String, Vec<Value>>>, D::Error> {
    Ok(Some(Option::deserialize(from)?.unwrap_or_default()))
}

fn bar(symbol: Option<&str>, message: &Value, seen_at: Millis) -> Record {
    let number = |member: &str| message.get(member).and_then(Value::as_f64);
    let price = |member: &str| number(member).ok_or(FormatError::Price.reason());
    let symbol = symbol.filter(|symbol| !symbol.is_empty());
    let open_at = message.get("t").and_then(Value::as_str);
    let open_at = open_at.and_then(calendar::parse_table);
    let pair = Pair {
        ticker: symbol.ok_or(FormatError::Symbol.reason())?.to_uppercase(),
        currency: "USD".to_owned(),
    };
    let open_at = open_at.ok_or(FormatError::Time.reason())?;
    let prices = [price("o")?, price("h")?, price("l")?, price("c")?];
    let bar = bars::bar(&pair, SOURCE, open_at, MINUTE, prices, number("v"))?;
    Ok(bars::event(bar, seen_at))
}

#[cfg(test)]
mod tests {
    use wire::Body;

    use super::*;

    const SEEN_AT: Millis = 1_787_222_161_000;
    const BAR: &str = r#"{"T":"b","S":"acme","o":10.0,"h":12.0,"l":9.5,"c":11.0,"v":43,"n":7,"vw":10.4,"t":"2026-08-20T10:35:00Z"}"#;

    fn only(message: &str) -> Message {
        let mut messages = decode(&format!("[{message}]"), SEEN_AT);
        assert_eq!(messages.len(), 1);
        messages.remove(0)
    }

    #[test]
    fn a_bar_is_known_at_its_close() {
        let Message::Record(Ok(event)) = only(BAR) else {
            panic!("no bar");
        };

        assert_eq!((event.at, event.seen_at), (SEEN_AT - 1_000, SEEN_AT));
        let Body::Bar(bar) = event.body else {
            panic!("{event:?}");
        };
        assert_eq!(
            (bar.ticker.as_str(), bar.currency.as_str(), bar.open_at),
            ("ACME", "USD", SEEN_AT - 61_000)
        );
        assert_eq!((bar.width, bar.volume), (MINUTE, Some(43.0)));
    }

    #[test]
    fn a_frame_is_a_list_of_whatever_happened() {
        let frame = format!(
            r#"[{{"T":"success","msg":"connected"}},{{"T":"success","msg":"authenticated"}},{{"T":"subscription","trades":[],"bars":["ACME","X"]}},{BAR}]"#
        );

        let messages = decode(&frame, SEEN_AT);

        assert_eq!(
            messages[..3],
            [
                Message::Connected,
                Message::Authenticated,
                Message::Subscribed { n_bars: 2 }
            ]
        );
        assert!(matches!(&messages[3], Message::Record(Ok(_))));
        assert!(decode("[]", SEEN_AT).is_empty());
    }

    #[test]
    fn an_error_has_its_number() {
        assert_eq!(
            only(r#"{"T":"error","code":406,"msg":"connection limit exceeded"}"#),
            Message::Error {
                code: 406,
                text: "connection limit exceeded".into()
            }
        );
    }

    #[track_caller]
    fn check_refused(message: &str, reason: &'static str) {
        assert_eq!(only(message), Message::Record(Err(reason)), "{message}");
    }

    #[test]
    fn what_is_no_bar_is_dropped_with_its_reason() {
        check_refused(&BAR.replace(r#""T":"b""#, r#""T":"u""#), "bar_update");
        check_refused(r#"{"T":"t","S":"ACME","p":1.0}"#, "not_a_bar");
        check_refused(r#"{"T":"hologram"}"#, "unknown_body");
        check_refused("7", "unknown_body");
        check_refused(&BAR.replace("acme", ""), "bad_symbol");
        check_refused(&BAR.replace("2026-08-20T", "on "), "bad_time");
        check_refused(&BAR.replace("12.0", "1.0"), "bad_price");
        check_refused(&BAR.replace("10.0", "null"), "bad_price");
        check_refused(&BAR.replace(":43", ":-43"), "bad_volume");
        assert_eq!(decode("{}", SEEN_AT), [Message::Record(Err("bad_json"))]);
        assert_eq!(
            decode("[{\"T\":", SEEN_AT),
            [Message::Record(Err("truncated"))]
        );
    }

    #[test]
    fn a_page_of_the_past_is_bars_and_the_name_of_the_next() {
        let body = format!(r#"{{"bars":{{"ACME":[{BAR},{{"t":"soon"}}]}},"next_page_token":"n"}}"#);

        let (records, next) = history(&body, SEEN_AT).unwrap();

        assert!(
            matches!(&records[..], [Ok(_), Err("bad_time")]),
            "{records:?}"
        );
        assert_eq!(next.as_deref(), Some("n"));
        assert_eq!(
            history(r#"{"bars":null,"next_page_token":null}"#, 0),
            Ok((vec![], None))
        );
        assert_eq!(
            history(r#"{"message":"forbidden."}"#, 0),
            Err("unknown_body")
        );
    }
}
