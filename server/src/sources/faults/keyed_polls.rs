//! Reddit and CryptoCompare, which are asked again and again: a bad answer is never taken for a good one.

use fakes::{cryptocompare::CryptoCompare, reddit::Reddit};
use wire::time::MINUTE;

use super::{keys::*, table::Table, *};
use crate::config::SourceKind;

const HOST: &str = "polls.test";
const N_POSTS: usize = 60;

fn reddit() -> SourceConfig {
    SourceConfig {
        kind: SourceKind::Reddit,
        url: Some(format!("https://{HOST}")),
        user: Some("someone".into()),
        subreddits: vec!["made".into(), "up".into()],
        key_file: key_file(fakes::reddit::TOKEN),
        poll_secs: Some(60.0),
        ..SourceConfig::default()
    }
}

fn cryptocompare() -> SourceConfig {
    SourceConfig {
        kind: SourceKind::CryptoCompare,
        url: Some(format!("https://{HOST}/data")),
        pairs: vec!["BTC-USD".into(), "ETH-EUR".into()],
        key_file: key_file(fakes::cryptocompare::KEY),
        ..SourceConfig::default()
    }
}

fn submissions() -> Reddit {
    Reddit::new(START + 1_500, 20_000, N_POSTS)
}

#[tokio::test(start_paused = true)]
async fn every_fault_of_reddit_has_its_reaction() {
    let mut differences = Differences::default();
    for (name, fault, expect) in Table::of_answers().rows() {
        let network =
            FakeNetwork::default().with(HOST, submissions(), Script::one(FAULT_AT, fault.clone()));
        let run = Run::of(
            network,
            (HOST, reddit()),
            (&fault, Hits::NextAnswer),
            1_400,
            |_| true,
        )
        .await;

        let name = format!("{name} reddit");
        run.check(&mut differences, &name, expect);
        let ids = run.listening.ids().await;
        let is_whole = if expect.is_final {
            ids.len() < 5
        } else {
            ids.len() == N_POSTS
        };
        differences.expect(is_whole, || format!("{name}: {} posts", ids.len()));
    }
    differences.assert_none();
}

#[tokio::test(start_paused = true)]
async fn every_fault_of_cryptocompare_has_its_reaction() {
    let limit = CryptoCompare::over_the_limit();
    let key = CryptoCompare::unknown_key();
    let table = Table::of_answers()
        .and(
            "a limit with status 200",
            pretend(limit, 70),
            Reaction::retry(&["rate_limit"], 60),
        )
        .and(
            "an unknown key with status 200",
            pretend(key, 9_999),
            Reaction::over(&["auth"]),
        );
    let mut differences = Differences::default();
    for (name, fault, expect) in table.rows() {
        let network =
            FakeNetwork::default().with(HOST, CryptoCompare, Script::one(FAULT_AT, fault.clone()));
        let run = Run::of(
            network,
            (HOST, cryptocompare()),
            (&fault, Hits::NextAnswer),
            1_400,
            |_| true,
        )
        .await;

        let name = format!("{name} cryptocompare");
        run.check(&mut differences, &name, expect);
        for ticker in ["BTC", "ETH"] {
            let opens = opens(&run.listening, ticker).await;
            let is_whole = opens.windows(2).all(|pair| pair[1] - pair[0] == MINUTE);
            differences.expect(is_whole, || {
                format!("{name}: {ticker} has holes or repeats")
            });
            let is_recent = opens.last().is_some_and(|at| at - START > 20 * MINUTE);
            differences.expect(is_recent != expect.is_final, || {
                format!("{name}: {ticker} ends at {:?}", opens.last())
            });
        }
    }
    differences.assert_none();
}

async fn opens(listening: &Listening, ticker: &str) -> Vec<Millis> {
    let events = listening.events(Kinds::BAR).await.into_iter();
    let opens = events.filter_map(|event| match event.body {
        Body::Bar(bar) if bar.ticker == ticker => Some(bar.open_at),
        _ => None,
    });
    let mut opens: Vec<_> = opens.collect();
    opens.sort_unstable();
    opens
}

#[tokio::test(start_paused = true)]
async fn bars_have_the_market_capitalisation_of_their_minute() {
    let network = FakeNetwork::default().with(HOST, CryptoCompare, Script::default());

    let listening = listen(network, vec![cryptocompare()]);
    listening.run_for(600).await;

    let events = listening.events(Kinds::BAR).await.into_iter();
    let recent = events.filter_map(|event| match event.body {
        Body::Bar(bar) if bar.open_at > START => Some(bar.market_cap),
        _ => None,
    });
    let recent: Vec<_> = recent.collect();
    assert!(
        recent.len() > 10 && recent.iter().all(Option::is_some),
        "{recent:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_coin_that_is_unknown_is_named() {
    let source = SourceConfig {
        pairs: vec!["BTC-USD".into(), "NOPE-USD".into()],
        ..cryptocompare()
    };

    let listening = listen(
        FakeNetwork::default().with(HOST, CryptoCompare, Script::default()),
        vec![source],
    );
    listening.run_for(60).await;

    let status = listening.board.status("cryptocompare");
    assert_eq!(status.state, SourceState::Failed);
    assert!(status.detail.unwrap().contains("it knows no coin \"NOPE\""));
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_the_relay_is_filled_from_the_history() {
    let network = FakeNetwork::default().with(HOST, CryptoCompare, Script::default());
    let listening = listen(network.clone(), vec![cryptocompare()]);
    listening.run_for(300).await;
    let log = listening.stop().await;
    // Longer than one page of the history.
    sleep(Duration::from_secs(40 * 3_600)).await;

    let again = listen_into(log, network, vec![cryptocompare()]);
    again.run_for(300).await;

    let opens = opens(&again, "BTC").await;
    assert!(opens.windows(2).all(|pair| pair[1] - pair[0] == MINUTE));
    assert!(opens.len() > 55 * 60, "{}", opens.len());
}

#[tokio::test(start_paused = true)]
async fn a_submission_that_is_gone_from_the_feed_loses_its_text() {
    let fake = submissions().deleting(3, START + 200_000);

    let listening = listen(
        FakeNetwork::default().with(HOST, fake, Script::default()),
        vec![reddit()],
    );
    listening.run_for(400).await;

    let events = listening.events(Kinds::POST).await.into_iter();
    let emptied = events.filter_map(|event| match event.body {
        Body::Post(post) if post.text.is_empty() => Some(post.id),
        _ => None,
    });
    assert_eq!(emptied.collect::<Vec<_>>(), [Reddit::id(3)]);
}

#[tokio::test(start_paused = true)]
async fn more_than_a_feed_lists_is_known_to_be_missed() {
    let source = SourceConfig {
        poll_secs: Some(900.0),
        ..reddit()
    };
    let busy = Reddit::new(START - 600_000, 20_000, 200);

    let listening = listen(
        FakeNetwork::default().with(HOST, busy, Script::default()),
        vec![source],
    );
    listening.run_for(800).await;
    assert!(listening.board.status("reddit").gap.is_none());
    listening.run_for(200).await;

    // Submissions 6 to 30 were listed at first, 51 to 75 a quarter of an hour later.
    let gap = listening.board.status("reddit").gap.unwrap();
    assert_eq!((gap.from, gap.to), (START, START + 420_000));
    assert_eq!(listening.ids().await.len(), 50);
}

#[tokio::test(start_paused = true)]
async fn the_feed_token_is_shown_nowhere() {
    let fault = refuse(403, None, 9_999);
    let network = FakeNetwork::default().with(HOST, submissions(), Script::one(FAULT_AT, fault));

    let listening = listen(network, vec![reddit()]);
    listening.run_for(300).await;

    let told = format!(
        "{:?} {:?}",
        listening.board.status("reddit"),
        listening.statuses().await
    );
    assert!(
        told.contains("403") && !told.contains(fakes::reddit::TOKEN),
        "{told}"
    );
}
