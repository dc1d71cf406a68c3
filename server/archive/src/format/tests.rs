//! Every kind of event survives being written and read; nothing else is taken for one.

use std::collections::BTreeMap;

use proptest::prelude::*;
use wire::{
    Attention, Bar, Delete, Gap, Millis, Missed, Place, SourceState, SourceStatus, event::GapReason,
};

use super::*;

fn log() -> LogId {
    LogId::try_from("k3".to_owned()).unwrap()
}

fn words() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(".{0,9}", 0..4)
}

fn maybe<T: Strategy>(strategy: T) -> impl Strategy<Value = Option<T::Value>> {
    prop::option::of(strategy)
}

fn text() -> impl Strategy<Value = String> {
    ".{0,40}"
}

fn post() -> impl Strategy<Value = Body> {
    let lat_lon = maybe((-90.0..90.0, -180.0..180.0));
    let place = maybe((maybe(text()), lat_lon));
    let place = place.prop_map(|place| place.map(|(country, lat_lon)| Place { country, lat_lon }));
    let texts = (text(), text(), text(), maybe(text()), words(), words());
    let rest = (
        maybe(any::<Millis>()),
        any::<bool>(),
        maybe(text()),
        any::<bool>(),
        place,
        (maybe(text()), any::<bool>()),
    );
    (texts, rest).prop_map(|(texts, rest)| {
        let (id, author, text, lang, hashtags, cashtags) = texts;
        let (posted_at, repost, reply_to, sensitive, place, (url, ends_with_id)) = rest;
        let url = url.map(|url| if ends_with_id { url + &id } else { url });
        Body::Post(Box::new(Post {
            id,
            source: "one".into(),
            author,
            text,
            lang,
            posted_at,
            hashtags,
            cashtags,
            repost,
            reply_to,
            sensitive,
            place,
            url,
        }))
    })
}

fn bar() -> impl Strategy<Value = Body> {
    let price = 1e-9..1e9f64;
    let numbers = (
        price.clone(),
        price,
        maybe(0.0..1e15f64),
        maybe(0.0..1e15f64),
    );
    (text(), text(), any::<Millis>(), 1..Millis::MAX, numbers).prop_map(
        |(ticker, currency, open_at, width, (open, close, volume, market_cap))| {
            Body::Bar(Bar {
                ticker,
                currency,
                source: "one".into(),
                open_at,
                width,
                open,
                high: open.max(close),
                low: open.min(close),
                close,
                volume,
                market_cap,
            })
        },
    )
}

fn change_of_state() -> impl Strategy<Value = Body> {
    let state = prop::sample::select(status::STATES.map(|(state, _)| state).to_vec());
    let counts = prop::array::uniform5(any::<u64>());
    let times = prop::array::uniform3(maybe(any::<Millis>()));
    let dropped = prop::collection::btree_map(text(), any::<u64>(), 0..4);
    let rest = (
        maybe(text()),
        maybe(text()),
        any::<u32>(),
        maybe((any::<Millis>(), any::<Millis>())),
        maybe(any::<u64>()),
        maybe(0.0..1e6f64),
    );
    (state, counts, times, dropped, rest).prop_map(build_status)
}

type Rest = (
    Option<String>,
    Option<String>,
    u32,
    Option<(Millis, Millis)>,
    Option<u64>,
    Option<f64>,
);
type Parts = (
    SourceState,
    [u64; 5],
    [Option<Millis>; 3],
    BTreeMap<String, u64>,
    Rest,
);

fn build_status((state, counts, times, dropped, rest): Parts) -> Body {
    let (detail, error, attempts, gap, per_minute, cost_usd) = rest;
    let [received, unique, kept, unique_posts, kept_posts] = counts;
    let [last_at, since, retry_at] = times;
    Body::Status(SourceStatus {
        source: "one".into(),
        state,
        detail,
        received,
        unique,
        kept,
        unique_posts,
        kept_posts,
        dropped,
        last_at,
        since,
        error,
        attempts,
        retry_at,
        gap: gap.map(|(from, to)| Missed { from, to }),
        per_minute,
        cost_usd,
    })
}

fn attention() -> impl Strategy<Value = Body> {
    (text(), any::<Millis>(), any::<Millis>(), any::<u64>()).prop_map(
        |(subject, open_at, width, n)| {
            Body::Attention(Attention {
                source: "one".into(),
                subject,
                open_at,
                width,
                n,
            })
        },
    )
}

fn delete() -> impl Strategy<Value = Body> {
    text().prop_map(|id| {
        Body::Delete(Delete {
            source: "one".into(),
            id,
        })
    })
}

fn gap() -> impl Strategy<Value = Body> {
    let reason = prop::sample::select(vec![GapReason::BelowFloor, GapReason::UncleanStop]);
    (any::<u64>(), any::<u64>(), reason)
        .prop_map(|(from, to, reason)| Body::Gap(Gap { from, to, reason }))
}

fn events(body: impl Strategy<Value = Body>) -> impl Strategy<Value = Vec<Event>> {
    let place = (
        any::<u64>(),
        any::<Millis>(),
        any::<Millis>(),
        any::<bool>(),
        any::<bool>(),
    );
    let event = (place, body).prop_map(|((seq, seen_at, at, skewed, imported), body)| Event {
        seq,
        seen_at,
        at,
        skewed,
        imported,
        body,
    });
    prop::collection::vec(event, 1..40)
}

#[track_caller]
fn check(events: &[Event]) {
    let body = &events[0].body;
    let (kind, source) = (Kind::of(body).unwrap(), source_of(body).to_owned());

    for codec in [Codec::Snappy, Codec::Gzip, Codec::None] {
        let file = encode(kind, &source, &log(), codec, events).unwrap();

        assert_eq!(decode(file.into()).unwrap(), events);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn posts_survive(events in events(post())) {
        check(&events);
    }

    #[test]
    fn bars_survive(events in events(bar())) {
        check(&events);
    }

    #[test]
    fn changes_of_state_survive(events in events(change_of_state())) {
        check(&events);
    }

    #[test]
    fn counts_survive(events in events(attention())) {
        check(&events);
    }

    #[test]
    fn deletes_survive(events in events(delete())) {
        check(&events);
    }

    #[test]
    fn gaps_survive(events in events(gap())) {
        check(&events);
    }

    #[test]
    fn a_file_that_was_cut_off_is_refused(events in events(post()), cut in any::<prop::sample::Index>()) {
        let file = encode(Kind::Post, "one", &log(), Codec::Snappy, &events).unwrap();
        let cut = cut.index(file.len());

        prop_assert!(decode(Bytes::copy_from_slice(&file[..cut])).is_err());
    }
}

#[test]
fn more_rows_than_a_group_holds_survive() {
    let delete = |i: usize| Event {
        seq: i as u64,
        ..Event::imported(
            0,
            Body::Delete(Delete {
                source: "one".into(),
                id: i.to_string(),
            }),
        )
    };

    check(&(0..GROUP + 3).map(delete).collect::<Vec<_>>());
}

#[test]
fn what_belongs_elsewhere_is_refused() {
    let tip = Event::imported(0, Body::Tip(wire::Tip::default()));
    let delete = |source: &str| {
        let (source, id) = (source.into(), String::new());
        Event::imported(0, Body::Delete(Delete { source, id }))
    };

    for (kind, event) in [
        (Kind::Post, tip),
        (Kind::Post, delete("one")),
        (Kind::Delete, delete("other")),
    ] {
        let refused = encode(kind, "one", &log(), Codec::Snappy, &[event]);
        assert!(matches!(refused, Err(FormatError::Foreign(_))));
    }
    assert!(encode(Kind::Post, "one", &log(), Codec::Snappy, &[]).is_err());
}

#[test]
fn an_address_that_ends_with_the_id_costs_next_to_nothing() {
    let post = |i: u64, url: &str| {
        let id = (i.wrapping_mul(0x9e37_79b9_7f4a_7c15)).to_string();
        let url = Some(url.replace("ID", &id));
        Event {
            seq: i,
            ..Event::imported(
                0,
                Body::Post(Box::new(Post {
                    id,
                    url,
                    ..Post::default()
                })),
            )
        }
    };
    let size = |url| {
        let events: Vec<_> = (1..1_000).map(|i| post(i, url)).collect();
        encode(Kind::Post, "", &log(), Codec::Snappy, &events)
            .unwrap()
            .len()
    };

    let (without, with) = (size(""), size("https://example.org/status/ID"));
    let elsewhere = size("https://example.org/status/ID/");

    assert!(with < without + 300, "{without} {with}");
    assert!(elsewhere > with + 5_000, "{elsewhere}");
}

#[test]
fn a_withdrawn_post_keeps_what_counts_need() {
    let mut post = Post {
        id: "1".into(),
        author: "secret".into(),
        text: "secret".into(),
        url: Some("secret".into()),
        reply_to: Some("secret".into()),
        place: Some(Place::default()),
        cashtags: vec!["BTC".into()],
        ..Post::default()
    };

    withdraw(&mut post);

    let expect = Post {
        id: "1".into(),
        cashtags: vec!["BTC".into()],
        ..Post::default()
    };
    assert_eq!(post, expect);
}
