//! Several relays that share a log: the programs themselves, over a real `nats-server` and one upstream.

use std::{
    fs,
    path::Path,
    process::Stdio,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use fakes::{Fake, Script, jetstream::Jetstream};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinSet};
use wire::{Body, Millis};

use crate::{
    helpers::{Reader, Said, client, eventually, in_time},
    nats::NatsServer,
    program::{Program, program},
};

/// Milliseconds between posts.
const EVERY: Millis = 10;
/// How long a lease lasts.
const LEASE: Duration = Duration::from_secs(3);

/// Relays on one log, the upstream that they all could listen to, and readers of all of them.
struct World {
    relays: Vec<Program>,
    /// Where each of them tells its metrics.
    admins: Vec<String>,
    upstream: Arc<Fake>,
    readers: JoinSet<Vec<usize>>,
    n_posts: usize,
    nats: NatsServer,
    _folders: Vec<TempDir>,
}

/// `None` where there is no `nats-server`.
async fn world(n_relays: usize, n_readers: usize, n_posts: usize) -> Option<World> {
    let nats = NatsServer::start()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = now.as_millis() as Millis;
    let network = Jetstream::new(now, EVERY, n_posts);
    let upstream = Arc::new(Fake::new(network, Script::default(), now));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap().to_string();
    tokio::spawn(fakes::serve(listener, Arc::clone(&upstream)));
    let folders: Vec<TempDir> = (0..n_relays)
        .map(|_| tempfile::tempdir().unwrap())
        .collect();
    let admins: Vec<String> = folders.iter().map(|_| free_address()).collect();
    let relays = folders
        .iter()
        .zip(&admins)
        .map(|(folder, admin)| start(folder.path(), &nats.address(), &at, admin))
        .collect::<Vec<_>>();
    let bases: Vec<String> = relays.iter().map(|relay| relay.base.clone()).collect();
    let mut readers = JoinSet::new();
    for i in 0..n_readers {
        readers.spawn(wander(bases.clone(), i, n_posts));
    }
    Some(World {
        relays,
        admins,
        upstream,
        readers,
        n_posts,
        nats,
        _folders: folders,
    })
}

fn free_address() -> String {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    free.local_addr().unwrap().to_string()
}

fn start(folder: &Path, nats: &str, upstream: &str, admin: &str) -> Program {
    let config = format!(
        "[log]\nstore = \"{nats}\"\nlease_secs = {}\n\
         [http]\nmax_streams_per_address = 1000\nmax_connections_per_address = 1000\n\
         max_connects_per_second = 1000\nadmin = \"{admin}\"\n\
         [live]\nstart = \"at_once\"\n\
         [[source]]\nkind = \"jetstream\"\nname = \"bluesky\"\nkeep = \"all\"\n\
         url = \"ws://{upstream}/subscribe\"\n",
        LEASE.as_secs_f64()
    );
    fs::write(folder.join("config.toml"), config).unwrap();
    Program::start(program(folder).stderr(Stdio::null()))
}

/// A reader that goes to the next relay whenever its own is gone; returns the numbers of its posts.
async fn wander(bases: Vec<String>, first: usize, n_posts: usize) -> Vec<usize> {
    let (mut numbers, mut last_id) = (Vec::new(), String::new());
    for turn in first.. {
        let base = &bases[turn % bases.len()];
        let after = format!("?after={last_id}");
        let Some(mut reader) = Reader::try_open(base, &after).await else {
            tokio::task::yield_now().await;
            continue;
        };
        while let Some(said) = reader.next().await {
            last_id.clone_from(&reader.last_id);
            let Said::Event(_, event) = said else {
                continue;
            };
            match event.body {
                Body::Post(post) => {
                    let (_, number) = post.id.rsplit_once("post").unwrap();
                    numbers.push(number.parse().unwrap());
                    if numbers.len() == n_posts {
                        return numbers;
                    }
                }
                Body::Gap(_) | Body::Reset(_) => panic!("{event:?}"),
                _ => {}
            }
        }
    }
    numbers
}

impl World {
    /// The place of the relay that listens, once it has heard something.
    async fn leader(&self) -> usize {
        eventually(async || {
            for (i, relay) in self.relays.iter().enumerate() {
                if received(relay).await > 0 {
                    return Some(i);
                }
            }
            None
        })
        .await
    }

    async fn until_listened_again(&self) {
        eventually(async || (self.upstream.requests().len() > 1).then_some(())).await;
    }

    /// What a relay counts of its lease of the one source; `None` where it says nothing of it.
    async fn counted(&self, relay: usize, name: &str) -> Option<f64> {
        let page = client().get(format!("http://{}/metrics", self.admins[relay]));
        let page = page.send().await.ok()?.text().await.ok()?;
        let sample = format!("relay_lease_{name}{{source=\"bluesky\"}} ");
        let value = page.lines().find_map(|line| line.strip_prefix(&sample))?;
        value.parse().ok()
    }

    /// Whether it holds the lease, and how often it has got and lost it.
    async fn tenure(&self, relay: usize) -> [Option<f64>; 3] {
        [
            self.counted(relay, "held").await,
            self.counted(relay, "takeovers_total").await,
            self.counted(relay, "lost_total").await,
        ]
    }

    /// Every reader has every post once, in its turn.
    async fn check(&mut self) {
        let expect: Vec<usize> = (0..self.n_posts).collect();
        while let Some(numbers) = in_time(self.readers.join_next()).await {
            let numbers = numbers.unwrap();
            let wrong = numbers
                .iter()
                .zip(&expect)
                .position(|(n, expect)| n != expect);
            assert_eq!(
                wrong,
                None,
                "nothing lost, nothing twice: {:?}",
                wrong.map(|at| &numbers[at..])
            );
        }
    }
}

/// Records that the relay has itself received from the upstream.
async fn received(relay: &Program) -> u64 {
    let status = client()
        .get(format!("{}/api/v1/status", relay.base))
        .send()
        .await;
    let Ok(status) = status else { return 0 };
    let status: serde_json::Value = status.json().await.unwrap();
    status["sources"][0]["received"].as_u64().unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_relays_lose_and_repeat_nothing_when_the_one_that_listens_is_killed() {
    let Some(mut world) = world(3, 60, 800).await else {
        return;
    };
    let leader = world.leader().await;

    world.relays[leader].kill();

    world.until_listened_again().await;
    world.check().await;
    assert_eq!(
        world.upstream.requests().len(),
        2,
        "one connection at a time"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_relays_lose_and_repeat_nothing_when_the_server_between_them_is_killed_twice() {
    let Some(mut world) = world(2, 20, 1_000).await else {
        return;
    };
    for n_heard in [100, 400] {
        eventually(async || {
            let heard = received(&world.relays[0]).await + received(&world.relays[1]).await;
            (heard > n_heard).then_some(())
        })
        .await;
        world.nats.start_again();
    }

    world.check().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_was_frozen_past_its_lease_puts_nothing_behind_its_successor() {
    let Some(mut world) = world(2, 20, 1_000).await else {
        return;
    };
    let leader = world.leader().await;

    world.relays[leader].signal("STOP");
    world.until_listened_again().await;
    world.relays[leader].signal("CONT");

    world.check().await;
    assert_eq!(
        world.upstream.requests().len(),
        2,
        "one connection at a time"
    );
    let relays = world.relays;
    // It shows what its successor says of the source.
    let successor = eventually(async || (received(&relays[1 - leader]).await > 0).then_some(()));
    successor.await;
    eventually(async || {
        let status = client()
            .get(format!("{}/api/v1/status", relays[leader].base))
            .send()
            .await;
        let status: serde_json::Value = status.ok()?.json().await.ok()?;
        (status["sources"][0]["state"] == "connected").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_watches_sees_which_relay_listens_and_that_one_took_over_from_the_other() {
    let Some(world) = world(2, 0, 1_000).await else {
        return;
    };
    let leader = world.leader().await;
    let successor = 1 - leader;
    let is = |tenure: [f64; 3]| tenure.map(Some);
    assert_eq!(world.tenure(leader).await, is([1.0, 1.0, 0.0]));
    assert_eq!(world.tenure(successor).await, is([0.0, 0.0, 0.0]));
    assert_eq!(world.counted(successor, "renewal_age_seconds").await, None);

    world.relays[leader].signal("STOP");
    world.until_listened_again().await;
    world.relays[leader].signal("CONT");

    eventually(async || (world.tenure(leader).await == is([0.0, 1.0, 1.0])).then_some(())).await;
    assert_eq!(world.tenure(successor).await, is([1.0, 1.0, 0.0]));
    let age = world.counted(successor, "renewal_age_seconds").await;
    assert!(age.is_some_and(|age| age < LEASE.as_secs_f64()), "{age:?}");
    assert_eq!(world.counted(leader, "renewal_age_seconds").await, None);
}
