//! Jetstream: nothing that it offers again is lost, nothing is in the log twice.

use fakes::jetstream::Jetstream;

use super::{table::Table, *};
use crate::config::{JetstreamWire, SourceKind};

const HOST: &str = "jetstream.test";
const N_POSTS: usize = 400;

fn source(wire: JetstreamWire) -> SourceConfig {
    let path = match wire {
        JetstreamWire::V1 => "subscribe",
        JetstreamWire::V2 => "xrpc/network.bsky.jetstream.subscribeEvents",
    };
    SourceConfig {
        kind: SourceKind::Jetstream,
        url: Some(format!("wss://{HOST}/{path}")),
        wire,
        ..SourceConfig::default()
    }
}

fn network(script: Script) -> FakeNetwork {
    FakeNetwork::default().with(HOST, Jetstream::new(START + 1_000, 1_000, N_POSTS), script)
}

/// When a request was made that came after the fault and was answered, from the fault on.
fn back_after(network: &FakeNetwork, refused_for: u64) -> Option<Duration> {
    let answered_from = FAULT_AT + Duration::from_secs(refused_for);
    let requests = network.requests(HOST).into_iter().map(|(at, _)| at);
    let mut later =
        requests.filter(|at| *at >= answered_from && *at > FAULT_AT - Duration::from_secs(1));
    later
        .find(|at| *at > Duration::from_secs(1))
        .map(|at| at - FAULT_AT)
}

async fn check(
    differences: &mut Differences,
    name: &str,
    wire: JetstreamWire,
    fault: Fault,
    expect: Reaction,
) {
    let refused_for = match &fault {
        Fault::Refuse { lasting, .. } => lasting.as_secs(),
        Fault::SlowFirstByte(_) => 60,
        _ => 0,
    };
    let listening = listen(network(Script::one(FAULT_AT, fault)), vec![source(wire)]);
    listening.run_for(3_600).await;

    let heard = Heard {
        status: listening.board.status("jetstream"),
        statuses: listening.statuses().await,
    };
    let back = back_after(&listening.network, refused_for);
    let name = format!("{name} {wire:?}");
    differences.check(&name, expect, &heard, back);
    let mut ids = listening.ids().await;
    let n_posts = ids.len();
    ids.sort();
    ids.dedup();
    differences.expect(ids.len() == n_posts, || {
        format!("{name}: something is in the log twice")
    });
    let n_expected = if expect.is_final {
        15..25
    } else {
        N_POSTS..N_POSTS + 1
    };
    differences.expect(n_expected.contains(&n_posts), || {
        format!("{name}: {n_posts} posts, not {n_expected:?}")
    });
}

#[tokio::test(start_paused = true)]
async fn every_fault_has_its_reaction() {
    let table = Table::of_posts()
        .open_to_all()
        .but(&["silence"], Reaction::retry(&["idle"], 75));
    let mut differences = Differences::default();
    for (name, fault, expect) in table.rows() {
        for wire in [JetstreamWire::V1, JetstreamWire::V2] {
            check(&mut differences, name, wire, fault.clone(), expect).await;
        }
    }
    differences.assert_none();
}

#[tokio::test(start_paused = true)]
async fn a_post_that_was_withdrawn_before_it_came_is_stored_without_its_text() {
    let script = Script::one(FAULT_AT, Fault::DeleteBeforeCreate);
    let listening = listen(network(script), vec![source(JetstreamWire::V1)]);

    listening.run_for(60).await;

    let posts = listening.events(Kinds::POST).await.into_iter();
    let emptied = posts.filter_map(|event| match event.body {
        Body::Post(post) if post.text.is_empty() => Some(post),
        _ => None,
    });
    let emptied: Vec<_> = emptied.collect();
    assert_eq!(emptied.len(), 1);
    assert!(
        emptied[0].author.is_empty() && emptied[0].cashtags == ["BTC"],
        "{emptied:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_was_off_goes_on_where_it_was_and_takes_nothing_twice() {
    let fakes = network(Script::default());
    let listening = listen(fakes.clone(), vec![source(JetstreamWire::V1)]);
    listening.run_for(30).await;
    let log = listening.stop().await;
    sleep(Duration::from_secs(60)).await;

    let again = listen_into(log, fakes, vec![source(JetstreamWire::V1)]);
    again.run_for(600).await;

    let ids = again.ids().await;
    let expected: Vec<_> = (0..N_POSTS).map(Jetstream::id).collect();
    assert_eq!(ids, expected);
    assert!(again.board.status("jetstream").dropped["duplicate"] >= 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_longer_held_is_a_gap() {
    let log = Log::inline(LogOptions::default());
    let long_ago = START - 48 * 3_600_000;
    let position = ("jetstream".to_owned(), format!("v1 {}", long_ago * 1_000));
    let batch = crate::log::Batch {
        position: Some(position),
        ..Default::default()
    };
    log.append(batch).await.unwrap();

    let listening = listen_into(
        log,
        network(Script::default()),
        vec![source(JetstreamWire::V1)],
    );
    listening.run_for(60).await;

    let gap = listening.board.status("jetstream").gap.unwrap();
    assert_eq!((gap.from, gap.to), (long_ago, START + 1_000));
    let logged = listening.statuses().await;
    assert!(
        logged.iter().any(|status| status.gap == Some(gap)),
        "{logged:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_ends_every_connection_is_passed_over_and_said_to_be_missing() {
    // Each is due again before the next connection is made, and comes as its first frame.
    let times = [20, 24, 30, 50].map(Duration::from_secs);
    let script = times.into_iter().fold(Script::default(), |script, at| {
        script.then(at, Fault::InvalidUtf8)
    });
    let listening = listen(network(script), vec![source(JetstreamWire::V1)]);

    listening.run_for(1_200).await;

    let status = listening.board.status("jetstream");
    assert_eq!(status.state, SourceState::Connected);
    let gap = status.gap.expect("it says what it has passed over");
    assert!((1..1_000).contains(&(gap.to - gap.from)), "{gap:?}");
    assert!(listening.ids().await.len() >= N_POSTS - 1);
}
