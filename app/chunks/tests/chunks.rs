//! Chunks as a whole: whatever goes in comes out, and damage is refused.

use std::hash::Hasher;

use chunks::{
    ChunkError, MAX_EVENTS, Record, VERSION, Withdrawn, read, read_numbers, read_text, seal,
    summary,
};
use proptest::prelude::*;
use siphasher::sip::SipHasher13;
use wire::{Attention, Bar, Body, Delete, Event, Place, Post, SourceState, SourceStatus};

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,60}",
        ".{0,8}",
        Just("RT @x: to the moon 🚀".to_owned())
    ]
}

fn id() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<u64>().prop_map(|id| id.to_string()),
        any::<u64>().prop_map(|id| format!("{id:016x}")),
        "at://did:plc:[a-z]{1,4}/[a-z0-9]{1,6}",
        ".{0,4}",
    ]
}

fn place() -> impl Strategy<Value = Place> {
    let degrees = prop_oneof![
        (-1800i32..1800).prop_map(|t| f64::from(t) / 10.0),
        -180.0f64..180.0
    ];
    let lat_lon = (degrees.clone(), degrees);
    (prop::option::of("[A-Z]{2}"), prop::option::of(lat_lon))
        .prop_map(|(country, lat_lon)| Place { country, lat_lon })
}

fn url(id: String) -> impl Strategy<Value = Option<String>> {
    prop::option::of(prop_oneof![
        Just(format!("https://x.com/i/{id}")),
        "https://[a-z/\\x00]{0,9}"
    ])
}

fn post() -> impl Strategy<Value = Body> {
    let tags = || prop::collection::vec("\\w{1,3}", 0..4);
    let first = (
        id(),
        "[a-z]{1,3}",
        id(),
        text(),
        prop::option::of("[a-z]{2}"),
        prop::option::of(any::<i64>()),
        tags(),
        tags(),
    );
    let second = (
        any::<(bool, bool)>(),
        prop::option::of(id()),
        prop::option::of(place()),
    );
    (first, second).prop_flat_map(
        |(
            (id, source, author, text, lang, posted_at, hashtags, cashtags),
            ((repost, sensitive), reply_to, place),
        )| {
            url(id.clone()).prop_map(move |url| {
                Body::Post(Box::new(Post {
                    id: id.clone(),
                    source: source.clone(),
                    author: author.clone(),
                    text: text.clone(),
                    lang: lang.clone(),
                    posted_at,
                    hashtags: hashtags.clone(),
                    cashtags: cashtags.clone(),
                    repost,
                    reply_to: reply_to.clone(),
                    sensitive,
                    place: place.clone(),
                    url,
                }))
            })
        },
    )
}

/// A decimal fraction, or any number.
fn number(max: f64) -> impl Strategy<Value = f64> {
    let decimal = (1u32.., 0..12).prop_map(|(whole, places)| f64::from(whole) / 10f64.powi(places));
    prop_oneof![decimal, 1e-9..max]
}

fn bar() -> impl Strategy<Value = Body> {
    let quantity = || prop::option::of(number(1e12));
    (
        "[A-Z]{1,3}",
        any::<i64>(),
        1i64..,
        number(1e9),
        quantity(),
        quantity(),
    )
        .prop_map(|(ticker, open_at, width, low, volume, market_cap)| {
            Body::Bar(Bar {
                ticker,
                currency: "USD".into(),
                source: "made".into(),
                open_at,
                width,
                open: low * 1.5,
                high: low * 2.0,
                low,
                close: low * 1.25,
                volume,
                market_cap,
            })
        })
}

fn rare() -> impl Strategy<Value = Body> {
    prop_oneof![
        id().prop_map(|id| Body::Delete(Delete {
            source: "x".into(),
            id
        })),
        any::<(i64, u64)>().prop_map(|(open_at, n)| Body::Attention(Attention {
            source: "x".into(),
            subject: "Bitcoin".into(),
            open_at,
            width: 60_000,
            n
        })),
        any::<u64>().prop_map(|received| Body::Status(SourceStatus {
            source: "x".into(),
            state: SourceState::Disconnected,
            received,
            ..SourceStatus::default()
        })),
    ]
}

fn withdrawn() -> impl Strategy<Value = Withdrawn> {
    let names = || prop::collection::vec(".{0,5}", 0..3);
    (-10_000i16..=10_000, names(), names(), any::<u16>()).prop_map(
        |(compound, topics, tickers, judgement)| Withdrawn {
            compound,
            topics,
            tickers,
            judgement,
        },
    )
}

fn record() -> impl Strategy<Value = Record> {
    let body = prop_oneof![6 => post(), 2 => bar(), 1 => rare()];
    (
        any::<(u64, i64, i64, bool, bool)>(),
        body,
        prop::option::weighted(0.2, withdrawn()),
    )
        .prop_map(|((seq, seen_at, at, skewed, imported), body, withdrawn)| {
            let withdrawn = withdrawn.filter(|_| matches!(body, Body::Post(_)));
            Record {
                event: Event {
                    seq,
                    seen_at,
                    at,
                    skewed,
                    imported,
                    body,
                },
                withdrawn,
            }
        })
}

fn records(n: usize) -> Vec<Record> {
    let post = |n: usize| Post {
        id: n.to_string(),
        source: "x".into(),
        author: format!("{:016x}", n % 7),
        text: format!("text no. {n}"),
        ..Post::default()
    };
    (0..n)
        .map(|n| Event::imported(n as i64, Body::Post(Box::new(post(n)))).into())
        .collect()
}

/// Puts the hash right again, so that what lies behind it is put to the test.
fn with_right_hash(mut bytes: Vec<u8>) -> Vec<u8> {
    if let Some((head, body)) = bytes.split_at_mut_checked(13) {
        let mut hasher = SipHasher13::new();
        hasher.write(body);
        head[5..].copy_from_slice(&hasher.finish().to_le_bytes());
    }
    bytes
}

proptest! {
    #[test]
    fn whatever_goes_in_comes_out_in_its_order(records in prop::collection::vec(record(), 0..40)) {
        let sealed = seal(&records).unwrap();

        prop_assert_eq!(read(&sealed.numbers, &sealed.texts).unwrap(), records.clone());
        prop_assert_eq!(summary(&sealed.numbers).unwrap(), sealed.summary);
        let mut texts = Vec::new();
        let mut without = records;
        for record in &mut without {
            if let Body::Post(post) = &mut record.event.body {
                texts.push(std::mem::take(&mut post.text));
            }
        }
        prop_assert_eq!(read_numbers(&sealed.numbers).unwrap(), without);
        for (idx, text) in texts.iter().enumerate() {
            prop_assert_eq!(&read_text(&sealed.texts, idx).unwrap(), text);
        }
    }

    #[test]
    fn a_changed_bit_anywhere_is_noticed(at in any::<prop::sample::Index>(), bit in 0u8..8, in_texts in any::<bool>()) {
        let sealed = seal(&records(50)).unwrap();
        let (mut numbers, mut texts) = (sealed.numbers, sealed.texts);
        let damaged = if in_texts { &mut texts } else { &mut numbers };
        let at = at.index(damaged.len());
        damaged[at] ^= 1 << bit;

        prop_assert!(read(&numbers, &texts).is_err());
    }

    #[test]
    fn no_bytes_make_the_reader_panic(numbers in prop::collection::vec(any::<u8>(), 0..300), texts in prop::collection::vec(any::<u8>(), 0..300), idx in any::<usize>()) {
        let with_head = |magic: &[u8], bytes: &[u8]| with_right_hash([magic, &[VERSION], &[0; 8], bytes].concat());
        let (numbers, texts) = (with_head(b"MTNC", &numbers), with_head(b"MTTX", &texts));

        let _ = read(&numbers, &texts);
        let _ = read_text(&texts, idx);
        let _ = summary(&numbers);
    }

    #[test]
    fn damage_behind_a_right_hash_is_refused_or_read_but_never_fatal(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let sealed = seal(&records(60)).unwrap();
        for mut bytes in [sealed.numbers.clone(), sealed.texts.clone()] {
            for (at, byte) in &changes {
                let at = 13 + at.index(bytes.len() - 13);
                bytes[at] = *byte;
            }
            if let Some(cut) = &cut {
                bytes.truncate(13 + cut.index(bytes.len() - 13));
            }
            let bytes = with_right_hash(bytes);

            let _ = read(&bytes, &sealed.texts);
            let _ = read(&sealed.numbers, &bytes);
            let _ = read_text(&bytes, 59);
        }
    }
}

#[test]
fn one_text_is_read_from_any_of_the_blocks() {
    let sealed = seal(&records(1_300)).unwrap();

    for idx in [0, 511, 512, 1_023, 1_299] {
        assert_eq!(read_text(&sealed.texts, idx), Ok(format!("text no. {idx}")));
    }
    assert_eq!(read_text(&sealed.texts, 1_300), Err(ChunkError::Texts));
}

#[test]
fn the_summary_says_what_is_in() {
    let sealed = seal(&records(5)).unwrap();

    assert_eq!(
        (
            sealed.summary.n_events,
            sealed.summary.n_posts,
            sealed.summary.n_bars
        ),
        (5, 5, 0)
    );
    assert_eq!((sealed.summary.first_at, sealed.summary.last_at), (0, 4));
    assert_eq!(seal(&[]).unwrap().summary.n_events, 0);
}

#[test]
fn texts_of_another_chunk_are_refused() {
    let (one, other) = (seal(&records(5)).unwrap(), seal(&records(6)).unwrap());

    assert_eq!(read(&one.numbers, &other.texts), Err(ChunkError::Texts));
    assert_eq!(read(&one.numbers, &[]), Err(ChunkError::Texts));
}

#[test]
fn what_is_no_chunk_is_refused_by_what_is_wrong_with_it() {
    let sealed = seal(&records(5)).unwrap();
    let newer = [&sealed.numbers[..4], &[VERSION + 1], &sealed.numbers[5..]].concat();

    assert_eq!(read(b"{\"v\":1}", &[]), Err(ChunkError::Magic));
    assert_eq!(read(&sealed.texts, &sealed.texts), Err(ChunkError::Magic));
    assert_eq!(summary(&newer), Err(ChunkError::Version(VERSION + 1)));
    assert_eq!(summary(&sealed.numbers[..40]), Err(ChunkError::Hash));
    assert_eq!(seal(&records(MAX_EVENTS + 1)), Err(ChunkError::TooLarge));
}

#[test]
fn a_chunk_written_by_the_first_release_can_be_read() {
    let (numbers, texts) = (include_bytes!("v1.numbers"), include_bytes!("v1.texts"));

    assert_eq!(read(numbers, texts).unwrap(), records(3));
}

#[test]
fn bars_of_the_second_version_can_be_read() {
    let numbers = include_bytes!("v2_bars.numbers");
    let bar = |hour: i64| {
        let low = 100.25 + hour as f64;
        let bar = Bar {
            ticker: "BTC".into(),
            currency: "USD".into(),
            source: "made".into(),
            open_at: hour * 3_600_000,
            width: 3_600_000,
            open: low,
            high: low + 0.5,
            low,
            close: low + 0.1,
            volume: (hour != 1).then_some(12.5),
            market_cap: None,
        };
        Record::from(Event::imported(bar.close_at(), Body::Bar(bar)))
    };

    let bars: Vec<Record> = (0..3).map(bar).collect();
    assert_eq!(read(numbers, &[]).unwrap(), bars);
}
