//! X: nothing offered is lost while it is connected, what is posted meanwhile is said to be missed, and
//! no more is spent than there is.

use fakes::x::X;
use hyper::Method;

use super::{keys::*, table::Table, *};
use crate::config::SourceKind;

const HOST: &str = "x.test";
const N_POSTS: usize = 400;

fn source(kind: SourceKind) -> SourceConfig {
    SourceConfig {
        kind,
        url: Some(format!("https://{HOST}")),
        key_file: key_file(fakes::x::TOKEN),
        budget_month_usd: Some(100.0),
        ..SourceConfig::default()
    }
}

fn fake() -> X {
    X::new(START + 1_500, 1_000, N_POSTS)
}

fn network(fake: X, script: Script) -> FakeNetwork {
    FakeNetwork::default().with(HOST, fake, script)
}

fn is_stream(request: &Request) -> bool {
    request.path.ends_with("/stream")
}

async fn check(differences: &mut Differences, name: &str, fault: Fault, expect: Reaction) {
    let network = network(fake(), Script::one(FAULT_AT, fault.clone()));
    let run = Run::of(
        network,
        (HOST, source(SourceKind::X)),
        (&fault, Hits::OpenStream),
        800,
        is_stream,
    )
    .await;

    run.check(differences, name, expect);
    let ids = run.listening.ids().await;
    let mut sorted = ids.clone();
    sorted.sort();
    sorted.dedup();
    differences.expect(sorted.len() == ids.len(), || {
        format!("{name}: something is in the log twice")
    });
    let has_last = sorted.last() == Some(&X::id(N_POSTS - 1));
    differences.expect(has_last != expect.is_final, || {
        format!("{name}: the last post is {:?}", sorted.last())
    });
    // What was posted during an outage is gone, which has to be known; the rest is there.
    let n_lost = N_POSTS - sorted.len();
    let most = if expect.errors.is_empty() {
        0
    } else {
        expect.back_after as usize * 5 / 4 + 3
    };
    if !expect.is_final {
        differences.expect(n_lost <= most, || {
            format!("{name}: {n_lost} posts are lost")
        });
        differences.expect(run.has_gap() || n_lost == 0, || {
            format!("{name}: {n_lost} posts are lost and nobody knows")
        });
    }
}

#[tokio::test(start_paused = true)]
async fn every_fault_has_its_reaction() {
    let retry = Reaction::retry;
    let reset =
        Reply::refusal(429, None).with("x-rate-limit-reset", &(START / 1_000 + 320).to_string());
    let capped = r#"{"title":"UsageCapExceeded","detail":"no credit","type":"https://api.x.com/2/problems/usage-capped"}"#;
    let capped = pretend(Reply::new(429, "application/json", capped), 9_999);
    let refused = Reaction::over(&["closed", "refused"]);
    let limited = |secs| retry(&["closed", "rate_limit"], secs);
    let table = Table::of_lasting_posts()
        .but(&["silence"], retry(&["idle"], 26))
        .but(&["bytes that are no text"], Reaction::dropping("bad_utf8"))
        .but(&["a slow first byte"], retry(&["closed", "transport"], 60))
        .and("400", refuse(400, None, 9_999), refused)
        .and("a spent credit", capped, refused)
        .and("429 with an instant", pretend(reset, 100), limited(300))
        .and(
            "too many connections",
            pretend(X::too_many_connections(), 30),
            limited(60),
        );
    let mut differences = Differences::default();
    for (name, fault, expect) in table.rows() {
        check(&mut differences, name, fault, expect).await;
    }
    differences.assert_none();
}

#[tokio::test(start_paused = true)]
async fn a_keep_alive_that_is_marginally_late_ends_nothing() {
    let quiet = X::new(START + 1_000, 120_000, 4);

    let listening = listen(
        network(quiet, Script::default()),
        vec![source(SourceKind::X)],
    );
    listening.run_for(600).await;

    assert_eq!(listening.ids().await.len(), 4);
    let streams = listening
        .network
        .requests(HOST)
        .into_iter()
        .filter(|(_, request)| is_stream(request));
    assert_eq!(streams.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn rules_are_brought_to_x_and_those_of_other_programs_stay() {
    let fake = fake()
        .holding("bitcoin lang:de", "moodtape/x")
        .holding("someone", "another");

    let listening = listen(
        network(fake, Script::default()),
        vec![source(SourceKind::X)],
    );
    listening.run_for(30).await;

    let requests = listening.network.requests(HOST);
    let posted = requests
        .iter()
        .filter(|(_, request)| request.method == Method::POST.as_str());
    let bodies: Vec<String> = posted
        .map(|(_, request)| String::from_utf8_lossy(&request.body).into_owned())
        .collect();
    assert_eq!(
        bodies,
        [
            r#"{"delete":{"ids":["1273001"]}}"#,
            r#"{"add":[{"value":"($BTC OR $AAPL) lang:en -is:retweet","tag":"moodtape/x"}]}"#
        ]
    );
    assert!(
        requests
            .iter()
            .all(|(_, request)| request.header("authorization") == Some("Bearer x-token"))
    );
    assert!(listening.ids().await.len() > 20);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_x_ends_for_reasons_of_its_own_is_opened_again_at_once() {
    let fake = fake().saying(START + 20_000, X::operational_disconnect());

    let listening = listen(
        network(fake, Script::default()),
        vec![source(SourceKind::X)],
    );
    listening.run_for(600).await;

    let statuses = listening.statuses().await;
    let said = statuses
        .iter()
        .find_map(|status| status.detail.clone())
        .unwrap();
    assert!(said.contains("operational-disconnect"), "{said}");
    assert_eq!(listening.ids().await.len(), N_POSTS);
}

#[tokio::test(start_paused = true)]
async fn an_edit_takes_the_place_of_what_it_replaces() {
    let edit = format!(
        r#"{{"data":{{"id":"1785000000000000000","text":"$BTC put right","author_id":"100","created_at":"2026-05-25T14:23:50.000Z","lang":"en","edit_history_tweet_ids":["{}","1785000000000000000"],"entities":{{"cashtags":[{{"tag":"BTC"}}]}}}},"errors":[{{"title":"Not Found Error","resource_type":"tweet"}}]}}"#,
        X::id(3)
    );

    let listening = listen(
        network(fake().saying(START + 30_000, edit), Script::default()),
        vec![source(SourceKind::X)],
    );
    listening.run_for(60).await;

    let events = listening.events(Kinds::POST).await.into_iter();
    let posts: Vec<_> = events
        .filter_map(|event| match event.body {
            Body::Post(post) => Some(post),
            _ => None,
        })
        .collect();
    let text = |id: &str| {
        posts
            .iter()
            .find(|post| post.id == id)
            .map(|post| post.text.as_str())
    };
    assert_eq!(text(&X::id(3)), Some(""));
    assert_eq!(text("1785000000000000000"), Some("$BTC put right"));
}

#[tokio::test(start_paused = true)]
async fn a_spent_budget_is_waited_for_and_a_restart_does_not_forget_it() {
    let config = SourceConfig {
        budget_day_usd: Some(0.05),
        ..source(SourceKind::X)
    };
    // START is in the afternoon of its UTC day: the second half is posted after midnight.
    let fakes = network(X::new(START + 1_500, 600_000, 120), Script::default());
    let listening = listen(fakes.clone(), vec![config.clone()]);

    listening.run_for(3 * 3_600).await;

    let status = listening.board.status("x");
    assert_eq!(
        (status.state, status.error.as_deref()),
        (SourceState::Disconnected, Some("budget"))
    );
    assert_eq!(listening.ids().await.len(), 10);
    assert!(
        (status.cost_usd.unwrap() - 0.05).abs() < 1e-9,
        "{:?}",
        status.cost_usd
    );
    let log = listening.stop().await;

    let again = listen_into(log, fakes, vec![config]);
    again.run_for(60).await;
    assert_eq!(again.board.status("x").error.as_deref(), Some("budget"));
    again.run_for(14 * 3_600).await;
    let status = again.board.status("x");
    assert_eq!(again.ids().await.len(), 20);
    assert!(
        (status.cost_usd.unwrap() - 0.1).abs() < 1e-9,
        "{:?}",
        status.cost_usd
    );
}

#[tokio::test(start_paused = true)]
async fn every_fault_of_counts_has_its_reaction() {
    let mut differences = Differences::default();
    for (name, fault, expect) in Table::of_answers().rows() {
        let config = SourceConfig {
            poll_secs: Some(60.0),
            ..source(SourceKind::XCounts)
        };
        let log = Log::inline(LogOptions::default());
        let script = Script::one(FAULT_AT, fault.clone());
        let hits = (&fault, Hits::NextAnswer);
        let network = network(fake(), script);
        let run = Run::about(
            (log, network),
            vec![bitcoin()],
            (HOST, config),
            hits,
            1_500,
            |_| true,
        )
        .await;

        let name = format!("{name} counts");
        run.check(&mut differences, &name, expect);
        let events = run.listening.events(Kinds::ATTENTION).await.into_iter();
        let n: u64 = events
            .map(|event| match event.body {
                Body::Attention(attention) => attention.n,
                _ => 0,
            })
            .sum();
        differences.expect((n == N_POSTS as u64) != expect.is_final, || {
            format!("{name}: {n} posts")
        });
    }
    differences.assert_none();
}

fn bitcoin() -> Topic {
    Topic {
        name: "Bitcoin".into(),
        keywords: vec!["bitcoin".into()],
        ..Default::default()
    }
}

#[tokio::test(start_paused = true)]
async fn counts_are_asked_for_once_and_cost_what_a_request_costs() {
    let config = SourceConfig {
        poll_secs: Some(600.0),
        ..source(SourceKind::XCounts)
    };
    let log = Log::inline(LogOptions::default());
    let network = network(fake(), Script::default());
    let listening = try_listen(log, network, vec![bitcoin()], vec![config]).unwrap();

    listening.run_for(1_500).await;

    let events = listening.events(Kinds::ATTENTION).await;
    let counts: Vec<_> = events
        .iter()
        .map(|event| match &event.body {
            Body::Attention(attention) => attention.clone(),
            body => panic!("{body:?}"),
        })
        .collect();
    assert!(
        counts
            .windows(2)
            .all(|pair| pair[0].close_at() == pair[1].open_at),
        "gapless"
    );
    assert!(
        counts
            .iter()
            .all(|count| count.subject == "Bitcoin" && count.source == "twitter")
    );
    assert_eq!(
        counts.iter().map(|count| count.n).sum::<u64>(),
        N_POSTS as u64
    );
    // A day at first, and what came in the next twenty minutes.
    assert_eq!(counts.len(), 1_440 + 20);
    let status = listening.board.status("x_counts");
    assert!(
        (status.cost_usd.unwrap() - 0.015).abs() < 1e-9,
        "{:?}",
        status.cost_usd
    );
    assert_eq!(status.dropped.len(), 0, "{:?}", status.dropped);
}

#[tokio::test(start_paused = true)]
async fn without_a_key_the_source_says_what_it_needs() {
    let config = SourceConfig {
        key_file: None,
        ..source(SourceKind::X)
    };

    let log = Log::inline(LogOptions::default());
    let refused = try_listen(log, FakeNetwork::default(), vec![], vec![config]);
    let refused = refused.err().unwrap().to_string();

    assert!(refused.contains("it needs the bearer token"), "{refused}");
    assert!(refused.contains("key_env"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_spent_before_somebody_has_said_how_much_may_be() {
    for kind in [SourceKind::X, SourceKind::XCounts] {
        let config = SourceConfig {
            budget_month_usd: None,
            ..source(kind)
        };
        let log = Log::inline(LogOptions::default());
        let topic = Topic {
            keywords: vec!["bitcoin".into()],
            ..Topic::default()
        };

        let refused = try_listen(log, FakeNetwork::default(), vec![topic], vec![config]);

        let refused = refused.err().unwrap().to_string();
        assert!(refused.contains("budget_day_usd"), "{refused}");
    }
}
