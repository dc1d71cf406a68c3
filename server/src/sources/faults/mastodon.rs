//! Mastodon, streamed with a token and polled without: whatever happens, every status comes once, since
//! the time line fills what a stream has lost.

use fakes::mastodon::Mastodon;

use super::{
    keys::*,
    kinds::{Hears, check_complete},
    *,
};
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
    let retry = Reaction::retry;
    let cells = [
        ("half an event", Fault::HalfThenClose, retry(&["closed"], 0)),
        ("an orderly end", Fault::Close, retry(&["closed"], 0)),
        ("a reset", Fault::Reset, retry(&["transport"], 0)),
        (
            "compressed unasked",
            pretend(Reply::compressed(), 60),
            retry(&["closed", "protocol"], 75),
        ),
        (
            "418",
            refuse(418, None, 30),
            retry(&["closed", "rate_limit"], 60),
        ),
        (
            "420",
            refuse(420, None, 30),
            retry(&["closed", "rate_limit"], 60),
        ),
        ("silence", Fault::Stall, retry(&["idle"], 40)),
        // A field that nobody knows is nothing to this format.
        ("garbage", Fault::Garbage, Reaction::NONE),
        ("duplicates", Fault::Duplicates, Reaction::NONE),
        ("another order", Fault::Reorder, Reaction::NONE),
        ("a burst", Fault::Burst, Reaction::NONE),
        (
            "bytes that are no text",
            Fault::InvalidUtf8,
            Reaction::dropping("bad_utf8"),
        ),
        (
            "five megabytes",
            Fault::Huge,
            Reaction::dropping("too_long"),
        ),
        (
            "an unknown event",
            Fault::UnknownEvent,
            Reaction::dropping("unknown_event"),
        ),
        (
            "the end of what never began",
            Fault::DeleteBeforeCreate,
            Reaction::dropping("unknown_post"),
        ),
        (
            "a clock an hour ahead",
            Fault::ClockSkew(3_600_000),
            Reaction::NONE,
        ),
        (
            "a clock an hour behind",
            Fault::ClockSkew(-3_600_000),
            Reaction::NONE,
        ),
        (
            "a page for people",
            pretend(Reply::html(), 60),
            retry(&["closed", "protocol"], 75),
        ),
        (
            "another content type",
            pretend(Reply::new(200, "text/plain", "hello"), 60),
            retry(&["closed", "protocol"], 75),
        ),
        (
            "401",
            refuse(401, None, 9_999),
            Reaction::over(&["closed", "auth"]),
        ),
        (
            "403",
            refuse(403, None, 9_999),
            Reaction::over(&["closed", "auth"]),
        ),
        (
            "451",
            refuse(451, None, 9_999),
            Reaction::over(&["closed", "unavailable"]),
        ),
        (
            "429",
            refuse(429, None, 30),
            retry(&["closed", "rate_limit"], 60),
        ),
        (
            "429 with a wait",
            refuse(429, Some(200), 100),
            retry(&["closed", "rate_limit"], 200),
        ),
        ("503", refuse(503, None, 30), retry(&["closed", "http"], 35)),
        (
            "503 with a wait",
            refuse(503, Some(120), 60),
            retry(&["closed", "http"], 120),
        ),
        (
            "a slow first byte",
            Fault::SlowFirstByte(Duration::from_secs(90)),
            retry(&["closed", "transport"], 66),
        ),
    ];
    let mut differences = Differences::default();
    let faults = cells.iter().map(|(_, fault, _)| fault);
    check_complete(&mut differences, "a stream", Hears::PostsOfAStream, faults);
    for (name, fault, expect) in cells {
        check(&mut differences, name, Way::Streamed, fault, expect).await;
    }
    differences.assert_none();
}

#[tokio::test(start_paused = true)]
async fn every_fault_of_a_time_line_has_its_reaction() {
    let retry = Reaction::retry;
    let cells = [
        ("half a page", Fault::HalfThenClose, retry(&["closed"], 60)),
        ("no page", Fault::Close, retry(&["closed"], 60)),
        ("a reset", Fault::Reset, retry(&["transport"], 60)),
        (
            "compressed unasked",
            pretend(Reply::compressed(), 60),
            retry(&["protocol"], 60),
        ),
        ("418", refuse(418, None, 30), retry(&["rate_limit"], 60)),
        ("420", refuse(420, None, 30), retry(&["rate_limit"], 60)),
        (
            "a slow first byte",
            Fault::SlowFirstByte(Duration::from_secs(90)),
            retry(&["transport"], 60),
        ),
        ("silence", Fault::Stall, retry(&["idle"], 60)),
        ("garbage", Fault::Garbage, retry(&["protocol"], 60)),
        (
            "bytes that are no text",
            Fault::InvalidUtf8,
            retry(&["protocol"], 60),
        ),
        ("five megabytes", Fault::Huge, retry(&["protocol"], 60)),
        (
            "an unknown answer",
            Fault::UnknownEvent,
            retry(&["protocol"], 60),
        ),
        (
            "a page for people",
            pretend(Reply::html(), 60),
            retry(&["protocol"], 60),
        ),
        (
            "another content type",
            pretend(Reply::new(200, "text/plain", "hello"), 60),
            retry(&["protocol"], 60),
        ),
        (
            "401",
            refuse(401, None, 9_999),
            Reaction::patient(&["refused"]),
        ),
        (
            "403",
            refuse(403, None, 9_999),
            Reaction::patient(&["refused"]),
        ),
        (
            "451",
            refuse(451, None, 9_999),
            Reaction::patient(&["unavailable"]),
        ),
        ("429", refuse(429, None, 30), retry(&["rate_limit"], 60)),
        (
            "429 with a wait",
            refuse(429, Some(200), 100),
            retry(&["rate_limit"], 200),
        ),
        ("503", refuse(503, None, 30), retry(&["http"], 60)),
        (
            "503 with a wait",
            refuse(503, Some(120), 60),
            retry(&["http"], 120),
        ),
    ];
    let mut differences = Differences::default();
    let faults = cells.iter().map(|(_, fault, _)| fault);
    check_complete(&mut differences, "a time line", Hears::Answers, faults);
    for (name, fault, expect) in cells {
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
