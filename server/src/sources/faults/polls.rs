//! What has to be asked for: news feeds and CoinGecko. Nothing that is still listed is lost, or taken twice.

use fakes::{coingecko::CoinGecko, feed::Feed};

use super::{
    kinds::{Hears, check_complete},
    *,
};
use crate::config::SourceKind;

const HOST: &str = "polls.test";
const N_ARTICLES: usize = 60;
const HALF_HOUR: Millis = 1_800_000;

fn source(kind: SourceKind) -> SourceConfig {
    SourceConfig {
        kind,
        url: Some(format!("https://{HOST}/api/v3")),
        feeds: vec![format!("https://{HOST}/rss")],
        pairs: vec!["BTC-USD".into()],
        poll_secs: Some(10.0),
        ..SourceConfig::default()
    }
}

fn network(kind: SourceKind, script: Script) -> FakeNetwork {
    let network = FakeNetwork::default();
    match kind {
        SourceKind::Feeds => {
            let feed = Feed {
                from: START - 1_000,
                every: 20_000,
                n: N_ARTICLES,
            };
            network.with(HOST, feed, script)
        }
        _ => network.with(HOST, CoinGecko, script),
    }
}

fn name(kind: SourceKind) -> String {
    match kind {
        SourceKind::Feeds => format!("feeds {HOST}/rss"),
        _ => kind.word().to_owned(),
    }
}

/// When the first request came after the one that met the fault, or after all those that were refused.
fn back_after(network: &FakeNetwork, refused_for: u64) -> Option<Duration> {
    let times = network.requests(HOST).into_iter().map(|(at, _)| at);
    let from = FAULT_AT + Duration::from_secs(refused_for);
    let mut later = times
        .filter(|at| *at >= from)
        .skip(usize::from(refused_for == 0));
    later.next().map(|at| at - FAULT_AT)
}

async fn check(
    differences: &mut Differences,
    cell: &str,
    kind: SourceKind,
    fault: Fault,
    expect: Reaction,
) {
    let refused_for = match &fault {
        Fault::Refuse { lasting, .. } => lasting.as_secs(),
        Fault::SlowFirstByte(_) => 60,
        _ => 0,
    };
    let listening = listen(
        network(kind, Script::one(FAULT_AT, fault)),
        vec![source(kind)],
    );
    listening.run_for(1_800).await;

    let heard = Heard {
        status: listening.board.status(&name(kind)),
        statuses: listening.statuses().await,
    };
    let cell = format!("{cell} {}", kind.word());
    let back = back_after(&listening.network, refused_for);
    differences.check(&cell, expect, &heard, back);
    if expect.is_final {
        return;
    }
    if kind == SourceKind::Feeds {
        let mut ids = listening.ids().await;
        let n_posts = ids.len();
        ids.sort();
        ids.dedup();
        differences.expect(ids.len() == n_posts, || {
            format!("{cell}: something is there twice")
        });
        differences.expect(n_posts == N_ARTICLES, || {
            format!("{cell}: {n_posts} articles")
        });
    } else {
        let events = listening.events(Kinds::BAR).await.into_iter();
        let mut opens: Vec<_> = events.map(|event| event.at).collect();
        opens.sort_unstable();
        let is_whole = opens.windows(2).all(|pair| pair[1] - pair[0] == HALF_HOUR);
        differences.expect(is_whole && opens.len() >= 48, || {
            format!("{cell}: {opens:?}")
        });
    }
}

async fn check_table(
    differences: &mut Differences,
    kind: SourceKind,
    cells: impl Iterator<Item = (&'static str, Fault, Reaction)>,
) {
    let cells: Vec<_> = cells.collect();
    let faults = cells.iter().map(|(_, fault, _)| fault);
    check_complete(differences, kind.word(), Hears::Answers, faults);
    for (name, fault, expect) in cells {
        check(differences, name, kind, fault, expect).await;
    }
}

#[tokio::test(start_paused = true)]
async fn every_fault_has_its_reaction() {
    let retry = Reaction::retry;
    let refusals = [
        (
            "401",
            refuse(401, None, 99_999),
            Reaction::patient(&["refused"]),
        ),
        (
            "403",
            refuse(403, None, 99_999),
            Reaction::patient(&["refused"]),
        ),
        (
            "404",
            refuse(404, None, 99_999),
            Reaction::patient(&["refused"]),
        ),
        (
            "451",
            refuse(451, None, 99_999),
            Reaction::patient(&["unavailable"]),
        ),
    ];
    let feeds = [
        (
            "half an answer",
            Fault::HalfThenClose,
            retry(&["closed"], 30),
        ),
        ("no answer", Fault::Close, retry(&["closed"], 30)),
        ("a reset", Fault::Reset, retry(&["transport"], 30)),
        (
            "compressed unasked",
            pretend(Reply::compressed(), 60),
            retry(&["protocol"], 300),
        ),
        ("418", refuse(418, None, 60), retry(&["rate_limit"], 300)),
        ("silence in the middle", Fault::Stall, retry(&["idle"], 90)),
        ("garbage", Fault::Garbage, retry(&["protocol"], 300)),
        (
            "bytes that are no text",
            Fault::InvalidUtf8,
            retry(&["protocol"], 300),
        ),
        ("five megabytes", Fault::Huge, retry(&["protocol"], 300)),
        (
            "an unknown article",
            Fault::UnknownEvent,
            Reaction::dropping("no_id"),
        ),
        (
            "a page for people",
            pretend(Reply::html(), 60),
            retry(&["protocol"], 300),
        ),
        (
            "another content",
            pretend(Reply::new(200, "text/plain", "hello"), 60),
            retry(&["protocol"], 300),
        ),
        ("420", refuse(420, None, 60), retry(&["rate_limit"], 300)),
        ("429", refuse(429, None, 60), retry(&["rate_limit"], 300)),
        (
            "429 with a wait",
            refuse(429, Some(600), 500),
            retry(&["rate_limit"], 600),
        ),
        ("503", refuse(503, None, 30), retry(&["http"], 60)),
        (
            "503 with a wait",
            refuse(503, Some(120), 60),
            retry(&["http"], 120),
        ),
        (
            "a slow first byte",
            Fault::SlowFirstByte(Duration::from_secs(90)),
            retry(&["transport"], 60),
        ),
    ];
    let coingecko = [
        (
            "half an answer",
            Fault::HalfThenClose,
            retry(&["closed"], 14),
        ),
        ("no answer", Fault::Close, retry(&["closed"], 14)),
        ("a reset", Fault::Reset, retry(&["transport"], 14)),
        (
            "compressed unasked",
            pretend(Reply::compressed(), 60),
            retry(&["protocol"], 64),
        ),
        ("418", refuse(418, None, 60), retry(&["rate_limit"], 64)),
        ("420", refuse(420, None, 60), retry(&["rate_limit"], 64)),
        ("silence in the middle", Fault::Stall, retry(&["idle"], 44)),
        ("garbage", Fault::Garbage, retry(&["protocol"], 64)),
        (
            "bytes that are no text",
            Fault::InvalidUtf8,
            retry(&["protocol"], 64),
        ),
        ("five megabytes", Fault::Huge, retry(&["protocol"], 64)),
        (
            "an unknown answer",
            Fault::UnknownEvent,
            retry(&["protocol"], 64),
        ),
        (
            "a page for people",
            pretend(Reply::html(), 60),
            retry(&["protocol"], 64),
        ),
        (
            "another content type",
            pretend(Reply::new(200, "text/plain", "hello"), 60),
            retry(&["protocol"], 64),
        ),
        (
            "an error with status 200",
            pretend(
                Reply::json(
                    "{\"status\":{\"error_code\":429,\"error_message\":\"You've exceeded the Rate Limit.\"}}",
                ),
                50,
            ),
            retry(&["rate_limit"], 64),
        ),
        ("429", refuse(429, None, 60), retry(&["rate_limit"], 64)),
        (
            "429 with a wait",
            refuse(429, Some(600), 500),
            retry(&["rate_limit"], 604),
        ),
        ("503", refuse(503, None, 30), retry(&["http"], 34)),
        (
            "503 with a wait",
            refuse(503, Some(120), 60),
            retry(&["http"], 124),
        ),
        (
            "a slow first byte",
            Fault::SlowFirstByte(Duration::from_secs(90)),
            retry(&["transport"], 94),
        ),
    ];
    let mut differences = Differences::default();
    check_table(
        &mut differences,
        SourceKind::Feeds,
        refusals.iter().cloned().chain(feeds),
    )
    .await;
    check_table(
        &mut differences,
        SourceKind::Coingecko,
        refusals.iter().cloned().chain(coingecko),
    )
    .await;
    differences.assert_none();
}

#[tokio::test(start_paused = true)]
async fn a_feed_that_has_not_changed_is_not_sent_again() {
    let feed = Feed {
        from: START - 300_000,
        every: 60_000,
        n: N_ARTICLES,
    };
    let network = FakeNetwork::default().with(HOST, feed, Script::default());
    let listening = listen(network, vec![source(SourceKind::Feeds)]);
    listening.run_for(115).await;

    let requests = listening.network.requests(HOST);
    assert_eq!(requests[0].1.header("if-none-match"), None);
    assert_eq!(requests[1].1.header("if-none-match"), Some("\"6\""));
    // Six articles at first, then the list once more when it has changed: not at each of twelve visits.
    assert_eq!(requests.len(), 12);
    let received = listening.board.status(&name(SourceKind::Feeds)).received;
    assert_eq!(received, 6 + 7);
}

#[tokio::test(start_paused = true)]
async fn a_feed_that_is_compressed_on_request_is_read() {
    let compressed = SourceConfig {
        feeds: vec![format!("https://{HOST}/compressed")],
        ..source(SourceKind::Feeds)
    };

    let listening = listen(
        network(SourceKind::Feeds, Script::default()),
        vec![compressed],
    );
    listening.run_for(2).await;

    assert!(listening.ids().await.len() > 1);
}

#[tokio::test(start_paused = true)]
async fn redirects_are_followed() {
    let moved = SourceConfig {
        feeds: vec![format!("https://{HOST}/moved")],
        ..source(SourceKind::Feeds)
    };
    let listening = listen(network(SourceKind::Feeds, Script::default()), vec![moved]);
    listening.run_for(2).await;

    assert_eq!(listening.ids().await.len(), 1);
    let asked = listening.network.asked();
    assert!(
        asked
            .iter()
            .all(|target| target.reach == crate::net::Reach::PublicOnly),
        "{asked:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_newest_bar_has_a_market_capitalisation() {
    let listening = listen(
        network(SourceKind::Coingecko, Script::default()),
        vec![source(SourceKind::Coingecko)],
    );
    listening.run_for(60).await;

    let events = listening.events(Kinds::BAR).await;
    let caps = events
        .iter()
        .filter(|event| matches!(&event.body, Body::Bar(bar) if bar.market_cap.is_some()));
    assert_eq!(caps.count(), 1);
}
