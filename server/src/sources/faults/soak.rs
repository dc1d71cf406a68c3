//! Hours of trouble with all upstreams at once, and restarts of the relay in between: in the end nothing
//! that was offered again is missing, and nothing is there twice.
//!
//! `SOAK_HOURS` says how many hours of paused time (2 if it is not set); `make check-long` takes a day.

use fakes::{
    binance::Binance, coinbase::Coinbase, coingecko::CoinGecko, feed::Feed, jetstream::Jetstream,
};
use wire::time::MINUTE;

use super::*;
use crate::config::SourceKind;

const POST_EVERY: Millis = 5_000;
const ARTICLE_EVERY: Millis = 600_000;
/// In the last hour nothing goes wrong any more, so that everything can be caught up on.
const CALM: u64 = 3_600;
/// Between two restarts of the relay.
const RESTART_EVERY: u64 = 5_000;

#[tokio::test(start_paused = true)]
async fn a_day_of_trouble_loses_nothing_that_is_offered_again_and_takes_nothing_twice() {
    let hours = std::env::var("SOAK_HOURS")
        .ok()
        .and_then(|text| text.parse().ok());
    let secs: u64 = hours.unwrap_or(2) * 3_600 + CALM;
    let mut dice = Dice(0x5eed);
    let fakes = world(secs, &mut dice);
    let mut log = Log::inline(LogOptions::default());
    let mut listening = listen_into(log, fakes.clone(), sources());
    let mut passed = 0;
    while passed < secs {
        let stretch = RESTART_EVERY.min(secs - passed);
        listening.run_for(stretch).await;
        passed += stretch;
        if passed < secs - CALM {
            log = listening.stop().await;
            sleep(Duration::from_secs(dice.below(120))).await;
            listening = listen_into(log, fakes.clone(), sources());
        }
    }

    let statuses = listening.board.snapshot();
    let states: Vec<_> = statuses
        .iter()
        .map(|status| (&*status.source, status.state))
        .collect();
    assert!(
        states
            .iter()
            .all(|(_, state)| *state == SourceState::Connected),
        "{states:?}"
    );
    check_posts(&listening, secs).await;
    check_bars(&listening, secs).await;
}

async fn check_posts(listening: &Listening, secs: u64) {
    let mut ids = listening.ids().await;
    let n_posts = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), n_posts, "something is there twice");
    let n_expected = secs as usize * 1_000 / POST_EVERY as usize;
    let n_bluesky = ids.iter().filter(|id| id.starts_with("at://")).count();
    assert!(n_bluesky >= n_expected, "{n_bluesky} of {n_expected} posts");
    let n_articles = n_posts - n_bluesky;
    let n_expected = secs as usize * 1_000 / ARTICLE_EVERY as usize;
    assert!(
        n_articles >= n_expected,
        "{n_articles} of {n_expected} articles"
    );
}

async fn check_bars(listening: &Listening, secs: u64) {
    let events = listening.events(Kinds::BAR).await;
    let mut series: BTreeMap<(String, String), Vec<Millis>> = BTreeMap::new();
    for event in events {
        if let Body::Bar(bar) = event.body {
            series
                .entry((bar.source, bar.currency))
                .or_default()
                .push(bar.open_at);
        }
    }
    assert_eq!(series.len(), 3, "{:?}", series.keys());
    for ((source, currency), mut opens) in series {
        opens.sort_unstable();
        let width = if source == "coingecko" {
            30 * MINUTE
        } else {
            MINUTE
        };
        let holes: Vec<_> = opens
            .windows(2)
            .filter(|pair| pair[1] - pair[0] != width)
            .collect();
        assert!(holes.is_empty(), "{source} {currency}: {holes:?}");
        let end = START + secs as Millis * 1_000 - 2 * width - 5 * MINUTE;
        assert!(
            opens.last().is_some_and(|last| *last > end),
            "{source} {currency} stopped early"
        );
    }
}

fn sources() -> Vec<SourceConfig> {
    let source = |kind: SourceKind, url: &str, history: &str, pair: &str| SourceConfig {
        kind,
        url: Some(url.to_owned()),
        history_url: Some(history.to_owned()),
        pairs: vec![pair.to_owned()],
        feeds: vec!["https://feed.test/rss".to_owned()],
        ..SourceConfig::default()
    };
    vec![
        source(
            SourceKind::Jetstream,
            "wss://jetstream.test/subscribe",
            "",
            "",
        ),
        source(
            SourceKind::Binance,
            "wss://binance.test/stream",
            "https://binance.test/api/v3/klines",
            "BTC-USDT",
        ),
        source(
            SourceKind::Coinbase,
            "wss://coinbase.test/",
            "https://coinbase.test/products",
            "BTC-USD",
        ),
        source(
            SourceKind::Coingecko,
            "https://coingecko.test/api/v3",
            "",
            "ETH-EUR",
        ),
        source(SourceKind::Feeds, "", "", ""),
    ]
}

fn world(secs: u64, dice: &mut Dice) -> FakeNetwork {
    let n_posts = secs as usize * 1_000 / POST_EVERY as usize;
    let feed = Feed {
        from: START,
        every: ARTICLE_EVERY,
        n: secs as usize,
    };
    let mut script = || trouble(secs, dice);
    FakeNetwork::default()
        .with(
            "jetstream.test",
            Jetstream::new(START + 1_000, POST_EVERY, n_posts),
            script(),
        )
        .with("binance.test", Binance, script())
        .with("coinbase.test", Coinbase, script())
        .with("coingecko.test", CoinGecko, script())
        .with("feed.test", feed, script())
}

/// Every five to thirty minutes something, until the last hour.
fn trouble(secs: u64, dice: &mut Dice) -> Script {
    let (mut script, mut at) = (Script::default(), 60);
    while at < secs - CALM {
        let lasting = 10 + dice.below(300);
        let fault = match dice.below(16) {
            0 => Fault::HalfThenClose,
            1 => Fault::Close,
            2 => Fault::Stall,
            3 => Fault::Garbage,
            4 => Fault::Duplicates,
            5 => Fault::Reorder,
            6 => Fault::Burst,
            7 => Fault::InvalidUtf8,
            8 => Fault::Huge,
            9 => Fault::UnknownEvent,
            10 => Fault::DeleteBeforeCreate,
            11 => Fault::SlowFirstByte(Duration::from_secs(lasting)),
            12 => pretend(Reply::html(), lasting),
            13 => refuse(429, Some(lasting), lasting),
            14 => refuse(418, None, lasting),
            _ => refuse(503, None, lasting),
        };
        script = script.then(Duration::from_secs(at), fault);
        at += 300 + dice.below(1_500);
    }
    script
}

/// The same numbers at every run (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}
