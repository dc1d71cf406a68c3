//! Mastodon, streamed with a token and polled without: whatever happens, every status comes once, since
//! the time line fills what a stream has lost.

use fakes::mastodon::Mastodon;

use super::{keys::*, table::Table, *};
use crate::config::SourceKind;

const HOST: &str = "mastodon.test";
const N_POSTS: usize = 400;

/// With or without a token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Way {
    Streamed,
    Polled,
}

fn source(way: Way) -> SourceConfig {
    SourceConfig {
        kind: SourceKind::Mastodon,
        url: Some(format!("https://{HOST}")),
        hashtags: vec!["bitcoin".into()],
        key_file: key_file(fakes::mastodon::TOKEN).filter(|_| way == Way::Streamed),
        poll_secs: Some(10.0),
        // The made-up statuses are about bitcoin, not about a ticker.
        keep: crate::config::Keep::All,
        ..SourceConfig::default()
    }
}

fn fake() -> Mastodon {
    Mastodon::new(HOST, START + 1_500, 1_000, N_POSTS)
}

async fn check(
    differences: &mut Differences,
    name: &str,
    way: Way,
    fault: Fault,
    expect: Reaction,
) {
    let network = FakeNetwork::default().with(HOST, fake(), Script::one(FAULT_AT, fault.clone()));
    let is_opening = |request: &Request| match way {
        Way::Streamed => request.path.contains("/streaming/"),
        Way::Polled => true,
    };
    let hits = match way {
        Way::Streamed => Hits::OpenStream,
        Way::Polled => Hits::NextAnswer,
    };
    let run = Run::of(
        network,
        (HOST, source(way)),
        (&fault, hits),
        750,
        is_opening,
    )
    .await;

    let name = format!("{name} {way:?}");
    run.check(differences, &name, expect);
    let mut ids = run.listening.ids().await;
    let n_posts = ids.len();
    ids.sort();
    ids.dedup();
    differences.expect(ids.len() == n_posts, || {
        format!("{name}: something is in the log twice")
    });
    let is_whole = if expect.is_final {
        n_posts < 30
    } else {
        n_posts == N_POSTS
    };
    differences.expect(is_whole, || format!("{name}: {n_posts} posts"));
}

#[tokio::test(start_paused = true)]
async fn every_fault_of_a_stream_has_its_reaction() {
    let table = Table::of_posts()
        // A field that nobody knows is nothing to this format.
        .but(&["garbage"], Reaction::NONE)
        .but(&["bytes that are no text"], Reaction::dropping("bad_utf8"))
        .but(&["an unknown event"], Reaction::dropping("unknown_event"))
        .but(&["a withdrawal first"], Reaction::dropping("unknown_post"));
    let mut differences = Differences::default();
    for (name, fault, expect) in table.rows() {
        check(&mut differences, name, Way::Streamed, fault, expect).await;
    }
    differences.assert_none();
}

#[tokio::test(start_paused = true)]
async fn every_fault_of_a_time_line_has_its_reaction() {
    let mut differences = Differences::default();
    for (name, fault, expect) in Table::of_answers().open_to_all().rows() {
        check(&mut differences, name, Way::Polled, fault, expect).await;
    }
    differences.assert_none();
}

#[tokio::test(start_paused = true)]
async fn a_deleted_status_loses_its_text() {
    let fake = fake().saying(START + 30_000, "delete", "108914430000000003");
    let network = FakeNetwork::default().with(HOST, fake, Script::default());

    let listening = listen(network, vec![source(Way::Streamed)]);
    listening.run_for(60).await;

    let events = listening.events(Kinds::POST).await.into_iter();
    let emptied = events.filter_map(|event| match event.body {
        Body::Post(post) if post.text.is_empty() => Some(post.id),
        _ => None,
    });
    assert_eq!(emptied.collect::<Vec<_>>(), [Mastodon::id(HOST, 3)]);
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_was_off_goes_on_where_it_was() {
    for way in [Way::Streamed, Way::Polled] {
        let network = FakeNetwork::default().with(HOST, fake(), Script::default());
        let listening = listen(network.clone(), vec![source(way)]);
        listening.run_for(30).await;
        let log = listening.stop().await;
        sleep(Duration::from_secs(120)).await;

        let again = listen_into(log, network, vec![source(way)]);
        again.run_for(600).await;

        let mut ids = again.ids().await;
        ids.sort();
        let mut expected: Vec<_> = (0..N_POSTS).map(|i| Mastodon::id(HOST, i)).collect();
        expected.sort();
        assert_eq!(ids, expected, "{way:?}");
    }
}
