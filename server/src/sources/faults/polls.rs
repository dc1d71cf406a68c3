//! What has to be asked for: news feeds and CoinGecko. Nothing that is still listed is lost, or taken twice.

use fakes::{coingecko::CoinGecko, feed::Feed};

use super::{table::Table, *};
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

#[tokio::test(start_paused = true)]
async fn every_fault_has_its_reaction() {
    let retry = Reaction::retry;
    let other = [
        "garbage",
        "bytes that are no text",
        "five megabytes",
        "an unknown event",
        "a page for people",
        "another content type",
        "compressed unasked",
    ];
    let limited = ["418", "420", "429"];
    let wait = |secs| refuse(429, Some(secs), secs - 100);
    let feeds = Table::of_answers()
        .open_to_all()
        .but(&["half a record", "an orderly end"], retry(&["closed"], 30))
        .but(&["a reset"], retry(&["transport"], 30))
        .but(&["silence"], retry(&["idle"], 90))
        .but(&other, retry(&["protocol"], 300))
        .but(&["an unknown event"], Reaction::dropping("no_id"))
        .but(&limited, retry(&["rate_limit"], 300))
        .and(
            "404",
            refuse(404, None, 99_999),
            Reaction::patient(&["refused"]),
        )
        .and("429 with a wait", wait(600), retry(&["rate_limit"], 600));
    let status =
        r#"{"status":{"error_code":429,"error_message":"You've exceeded the Rate Limit."}}"#;
    let coingecko = Table::of_answers()
        .open_to_all()
        .but(&["half a record", "an orderly end"], retry(&["closed"], 14))
        .but(&["a reset"], retry(&["transport"], 14))
        .but(&["silence"], retry(&["idle"], 44))
        .but(&other, retry(&["protocol"], 64))
        .but(&limited, retry(&["rate_limit"], 64))
        .but(&["a slow first byte"], retry(&["transport"], 94))
        .and(
            "an error with status 200",
            pretend(Reply::json(status), 50),
            retry(&["rate_limit"], 64),
        )
        .and(
            "404",
            refuse(404, None, 99_999),
            Reaction::patient(&["refused"]),
        )
        .and("429 with a wait", wait(600), retry(&["rate_limit"], 604))
        .and("503", refuse(503, None, 30), retry(&["http"], 34))
        .but(&["503 with a wait"], retry(&["http"], 124));
    let mut differences = Differences::default();
    for (kind, table) in [
        (SourceKind::Feeds, feeds),
        (SourceKind::Coingecko, coingecko),
    ] {
        for (name, fault, expect) in table.rows() {
            check(&mut differences, name, kind, fault, expect).await;
        }
    }
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
