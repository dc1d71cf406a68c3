//! Nothing that an upstream sends makes a decoder panic: what the fakes say, changed at random.
//!
//! One target a decoder. Few cases run with all tests; `make fuzz` gives each target two minutes.

use fakes::{Opening, Protocol, Request};
use proptest::{prelude::*, sample::Index};
use rustc_hash::FxHashSet;
use wire::{
    Cursor, Millis,
    author::AuthorKey,
    formats::{twitter_v1, twitter_v2},
    time::MINUTE,
};

use super::{
    alpaca, bars::Pair, binance, coinbase, coingecko, cryptocompare, feeds, finnhub, jetstream,
    mastodon, reddit, x,
};
use crate::net::lines::{Piece, Splitter};

const KEY: AuthorKey = AuthorKey([7; 16]);
const NOW: Millis = 1_779_719_000_000;

/// What breaks parsers: ends of number ranges, brackets, escapes, pieces of other formats.
const TOKENS: [&str; 28] = [
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551616",
    "1e400",
    "-0.0",
    "0.1e-330",
    "null",
    "true",
    "\"\"",
    "[]",
    "{}",
    "[[[[[[[[[[[[[[[[",
    "{\"a\":{\"a\":{\"a\":",
    "\\ud800",
    "\\u0000",
    "\\",
    "\"",
    "\r\n",
    "\n\n",
    "data:",
    "9999-12-31T23:59:60.999999999Z",
    "-0001-00-00T99:99:99Z",
    "&#x110000;",
    "<![CDATA[",
    "]]>",
    "<!--",
    "\u{feff}",
    "\u{202e}\u{1f468}\u{200d}\u{1f469}",
];

/// One change of some bytes.
#[derive(Clone, Debug)]
enum Edit {
    Put(Index, Vec<u8>),
    Replace(Index, u8),
    Remove(Index, usize),
    Repeat(Index, usize),
    Cut(Index),
}

fn edit() -> impl Strategy<Value = Edit> {
    let token = prop::sample::select(TOKENS.to_vec()).prop_map(|token| token.as_bytes().to_vec());
    let noise = prop::collection::vec(any::<u8>(), 1..9);
    prop_oneof![
        3 => (any::<Index>(), token).prop_map(|(at, bytes)| Edit::Put(at, bytes)),
        1 => (any::<Index>(), noise).prop_map(|(at, bytes)| Edit::Put(at, bytes)),
        2 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Edit::Replace(at, byte)),
        2 => (any::<Index>(), 1_usize..24).prop_map(|(at, n)| Edit::Remove(at, n)),
        1 => (any::<Index>(), 1_usize..64).prop_map(|(at, n)| Edit::Repeat(at, n)),
        1 => any::<Index>().prop_map(Edit::Cut),
    ]
}

fn changed(sound: &[u8], edits: &[Edit]) -> Vec<u8> {
    let mut bytes = sound.to_vec();
    for edit in edits {
        let place = |at: &Index| at.index(bytes.len() + 1);
        match edit {
            Edit::Put(at, more) => {
                let at = place(at);
                bytes.splice(at..at, more.iter().copied());
            }
            Edit::Replace(at, byte) => {
                let at = place(at);
                bytes.splice(at..bytes.len().min(at + 1), [*byte]);
            }
            Edit::Remove(at, n) => {
                let at = place(at);
                bytes.drain(at..bytes.len().min(at + n));
            }
            Edit::Repeat(at, n) => {
                let at = place(at);
                bytes.extend_from_within(at..bytes.len().min(at + n));
            }
            Edit::Cut(at) => {
                let at = place(at);
                bytes.truncate(at);
            }
        }
    }
    bytes
}

/// What a fake answers a request with: its document, or the third of its records.
fn said(fake: &impl Protocol, path_and_query: &str, authorization: &str) -> Vec<u8> {
    let (path, query) = path_and_query
        .split_once('?')
        .unwrap_or((path_and_query, ""));
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (name.to_owned(), value.to_owned())
    };
    let request = Request {
        method: "GET".into(),
        path: path.into(),
        query: query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(pair)
            .collect(),
        headers: vec![
            ("authorization".into(), authorization.into()),
            ("upgrade".into(), "websocket".into()),
        ],
        body: Vec::new(),
    };
    match fake.open(&request, NOW) {
        Opening::Reply(reply) => {
            assert_eq!(reply.status, 200, "{path_and_query}");
            reply.body
        }
        Opening::Stream { items, .. } => items[2].payload.clone().into_bytes(),
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn pair() -> Pair {
    Pair::parse("BTC-USD").unwrap()
}

/// A test that gives a decoder changed payloads, whole ones first so that the target is known to be hit.
macro_rules! targets {
    ($($name:ident: $sound:expr => $decode:expr;)*) => {$(
        #[test]
        fn $name() {
            let sound: Vec<u8> = $sound;
            let decode = $decode;
            assert!(decode(&sound), "the decoder does not know what the fake says: {}", text(&sound));
            proptest!(|(edits in prop::collection::vec(edit(), 1..12))| {
                decode(&changed(&sound, &edits));
            });
            proptest!(|(noise in prop::collection::vec(any::<u8>(), 0..200))| {
                decode(&noise);
            });
        }
    )*};
}

targets! {
    fuzz_jetstream_v1: said(&jetstream_fake(), "/subscribe", "") => |bytes: &[u8]| {
        jetstream::decode::decode(bytes, &KEY).is_ok()
    };
    fuzz_jetstream_facets: br#"{"did":"did:plc:a","time_us":1779719009157119,"kind":"commit","commit":{"operation":"create","collection":"app.bsky.feed.post","rkey":"k1","record":{"text":"a $AAPL","createdAt":"2026-05-25T14:23:28.757Z","facets":[{"features":[{"$type":"app.bsky.richtext.facet#tag","tag":"x"}]}],"langs":["en"]}}}"#.to_vec() => |bytes: &[u8]| {
        jetstream::decode::decode(bytes, &KEY).is_ok()
    };
    fuzz_jetstream_v2: said(&jetstream_fake(), "/xrpc/network.bsky.jetstream.subscribeEvents", "") => |bytes: &[u8]| {
        jetstream::decode::decode(bytes, &KEY).is_ok()
    };
    fuzz_binance: said(&fakes::binance::Binance, "/stream?streams=btcusdt@kline_1m", "") => |bytes: &[u8]| {
        let symbols = [("BTCUSDT".to_owned(), pair())].into_iter().collect();
        binance::decode::decode(bytes, &symbols).is_ok()
    };
    fuzz_binance_history: said(&fakes::binance::Binance, "/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=5", "") => |bytes: &[u8]| {
        binance::decode::decode_history(bytes, &pair(), Millis::MAX).is_ok()
    };
    fuzz_coinbase: said(&fakes::coinbase::Coinbase, "/", "") => |bytes: &[u8]| {
        coinbase::decode::decode(bytes).is_ok()
    };
    fuzz_coinbase_candles: said(&fakes::coinbase::Coinbase, "/products/BTC-USD/candles?granularity=60", "") => |bytes: &[u8]| {
        coinbase::decode::decode_candles(bytes, &pair(), Millis::MAX).is_ok()
    };
    fuzz_coingecko_markets: said(&fakes::coingecko::CoinGecko, "/api/v3/coins/markets?vs_currency=usd&symbols=btc", "") => |bytes: &[u8]| {
        coingecko::decode::decode_markets(bytes).is_ok()
    };
    fuzz_coingecko_ohlc: said(&fakes::coingecko::CoinGecko, "/api/v3/coins/fake-btc/ohlc?vs_currency=usd&days=1", "") => |bytes: &[u8]| {
        coingecko::decode::decode_ohlc(bytes, &pair(), Millis::MAX).is_ok()
    };
    fuzz_feeds: said(&fakes::feed::Feed { from: NOW - 99_000, every: 1_000, n: 9 }, "/rss", "") => |bytes: &[u8]| {
        feeds::decode::decode(bytes, "https://news.test/", "en", &KEY).is_ok()
    };
    fuzz_x: said(&x_fake(), "/2/tweets/search/stream", &x_key()) => |bytes: &[u8]| {
        let ours = x::decode::OurRules { tag: "moodtape".into(), ids: FxHashSet::default() };
        let line = x::decode::decode(&text(bytes), NOW, &KEY, &ours);
        matches!(line, x::decode::Line::Records { records, .. } if records.iter().all(Result::is_ok))
    };
    fuzz_x_counts: said(&x_fake(), "/2/tweets/counts/recent?query=bitcoin&granularity=minute", &x_key()) => |bytes: &[u8]| {
        x::counts::decode(&text(bytes), MINUTE).is_ok()
    };
    fuzz_x_problem: br#"{"errors":[{"title":"cap","detail":"d","type":"https://api.x.com/2/problems/usage-capped"}]}"#.to_vec() => |bytes: &[u8]| {
        x::problem::Problem::of_body(&text(bytes)).map(|problem| (problem.remedy(), problem.sentence())).is_some()
    };
    fuzz_mastodon_events: [said(&mastodon_fake(), "/api/v1/streaming/public", &mastodon_key()), b"\n\n".to_vec()].concat() => |bytes: &[u8]| {
        let mut decoder = mastodon::decode::Decoder::new(KEY, mastodon::decode::Accounts::default());
        let (some, rest) = bytes.split_at(bytes.len() / 3);
        let mut events = mastodon::sse::Events::default();
        let mut is_known = false;
        for found in [some, rest].into_iter().flat_map(|bytes| events.push(bytes)) {
            if let mastodon::sse::Found::Event { name, data } = found {
                mastodon::decode::local_id(&name, &data);
                is_known |= decoder.event(&name, &data, NOW).is_ok();
            }
        }
        is_known
    };
    fuzz_mastodon_page: said(&mastodon_fake(), "/api/v1/timelines/public", &mastodon_key()) => |bytes: &[u8]| {
        let mut decoder = mastodon::decode::Decoder::new(KEY, mastodon::decode::Accounts::default());
        decoder.page(&text(bytes), NOW).is_ok()
    };
    fuzz_reddit: said(&fakes::reddit::Reddit::new(NOW - 99_000, 1_000, 9), &format!("/new/.rss?feed={}&user=someone", fakes::reddit::TOKEN), "") => |bytes: &[u8]| {
        reddit::decode::Window::new(KEY, "en".into()).poll(bytes, NOW).is_ok()
    };
    fuzz_cryptocompare_prices: said(&fakes::cryptocompare::CryptoCompare, "/data/pricemulti?fsyms=BTC&tsyms=USD", &cryptocompare_key()) => |bytes: &[u8]| {
        cryptocompare::decode::prices(&text(bytes), NOW).is_ok()
    };
    fuzz_cryptocompare_full: said(&fakes::cryptocompare::CryptoCompare, "/data/pricemultifull?fsyms=BTC&tsyms=USD", &cryptocompare_key()) => |bytes: &[u8]| {
        cryptocompare::decode::full_prices(&text(bytes)).is_ok()
    };
    fuzz_cryptocompare_bars: said(&fakes::cryptocompare::CryptoCompare, "/data/v2/histominute?fsym=BTC&tsym=USD&limit=9", &cryptocompare_key()) => |bytes: &[u8]| {
        cryptocompare::decode::bars(&text(bytes), &pair(), MINUTE, NOW).is_ok()
    };
    fuzz_cryptocompare_coins: said(&fakes::cryptocompare::CryptoCompare, "/data/all/coinlist", &cryptocompare_key()) => |bytes: &[u8]| {
        cryptocompare::decode::coins(&text(bytes)).is_ok()
    };
    fuzz_alpaca: said(&fakes::alpaca::Alpaca::new("AAPL", NOW, 9), "/v2/iex", "") => |bytes: &[u8]| {
        let messages = alpaca::decode::decode(&text(bytes), NOW);
        matches!(&messages[..], [alpaca::decode::Message::Record(Ok(_)), ..])
    };
    fuzz_alpaca_history: br#"{"bars":{"AAPL":[{"t":"2026-08-20T10:35:00Z","o":10.0,"h":12.0,"l":9.5,"c":11.0,"v":43}]},"next_page_token":"n"}"#.to_vec() => |bytes: &[u8]| {
        alpaca::decode::history(&text(bytes), NOW).is_ok()
    };
    fuzz_finnhub: said(&fakes::finnhub::Finnhub::new("AAPL", NOW, 9), &format!("/?token={}", fakes::finnhub::TOKEN), "") => |bytes: &[u8]| {
        let frame = finnhub::decode::decode(&text(bytes), &[]);
        matches!(frame, finnhub::decode::Frame::Trades(trades) if trades.iter().all(Result::is_ok))
    };
    fuzz_twitter_v1: br#"{"created_at":"Mon May 25 14:23:28 +0000 2026","id_str":"1784000000000000001","text":"$BTC up","lang":"en","user":{"id_str":"9"}}"#.to_vec() => |bytes: &[u8]| {
        twitter_v1::decode(&text(bytes), &KEY).is_ok()
    };
    fuzz_twitter_v2: said(&x_fake(), "/2/tweets/search/stream", &x_key()) => |bytes: &[u8]| {
        twitter_v2::decode(&text(bytes), &KEY).is_ok()
    };
    fuzz_cursor: b"0f3a9c-1234".to_vec() => |bytes: &[u8]| {
        let cursor = text(bytes).parse::<Cursor>();
        cursor.is_ok_and(|cursor| cursor.to_string().parse() == Ok(cursor))
    };
    fuzz_event_line: br#"{"v":1,"seq":7,"seen_at":5,"at":5,"post":{"source":"s","id":"i","author":"00000000000000aa","text":"t"}}"#.to_vec() => |bytes: &[u8]| {
        let event = wire::ndjson::decode_line(&text(bytes));
        // What can be read can be written and read again.
        event.is_ok_and(|event| wire::ndjson::decode_line(&wire::ndjson::encode_line(&event)).is_ok_and(|again| again == event))
    };
    fuzz_lines: b"one\r\ntwo\n\nthree\n".to_vec() => |bytes: &[u8]| {
        let mut lines = Vec::new();
        let mut splitter = Splitter::default();
        for some in bytes.chunks(3) {
            splitter.push(some, |piece| lines.push(piece));
        }
        // However the bytes are cut into pieces, the lines are the same.
        let mut whole = Vec::new();
        Splitter::default().push(bytes, |piece| whole.push(piece));
        let is_same = lines.len() == whole.len() && lines.iter().zip(&whole).all(|pair| match pair {
            (Piece::Line(one), Piece::Line(other)) => one == other,
            (Piece::TooLong, Piece::TooLong) => true,
            _ => false,
        });
        assert!(is_same, "{:?}", text(bytes));
        is_same
    };
}

fn x_key() -> String {
    format!("Bearer {}", fakes::x::TOKEN)
}

fn mastodon_key() -> String {
    format!("Bearer {}", fakes::mastodon::TOKEN)
}

fn cryptocompare_key() -> String {
    format!("Apikey {}", fakes::cryptocompare::KEY)
}

fn jetstream_fake() -> fakes::jetstream::Jetstream {
    fakes::jetstream::Jetstream::new(NOW, 1_000, 9)
}

/// With a rule, since X sends nothing that none has asked for.
fn x_fake() -> fakes::x::X {
    let x = fakes::x::X::new(NOW, 1_000, 9);
    let rule = Request {
        method: "POST".into(),
        path: "/2/tweets/search/stream/rules".into(),
        headers: vec![("authorization".into(), x_key())],
        body: br#"{"add":[{"value":"bitcoin","tag":"moodtape"}]}"#.to_vec(),
        ..Request::default()
    };
    x.open(&rule, NOW);
    x
}

fn mastodon_fake() -> fakes::mastodon::Mastodon {
    fakes::mastodon::Mastodon::new("social.test", NOW, 1_000, 9)
}
