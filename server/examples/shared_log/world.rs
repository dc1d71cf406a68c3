//! A `nats-server`, relays as processes of their own, and one upstream that all of them could listen to.

use std::{
    fs,
    net::SocketAddr,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use fakes::{Fake, Script, jetstream::Jetstream};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    net::TcpListener,
    time::{sleep, timeout},
};
use wire::Millis;

use crate::{
    Job,
    latency::Latency,
    nats::NatsServer,
    readers::{self, Place},
    relay_process::{free_address, relay_program},
};

/// Everything has started and every reader is connected by then.
const LEAD: Duration = Duration::from_secs(5);

/// When which post is posted.
pub(crate) struct Clock {
    first: f64,
    every: f64,
}

impl Clock {
    pub(crate) fn now_millis(&self) -> f64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.map_or(0.0, |since| since.as_secs_f64() * 1e3)
    }

    pub(crate) fn posted_at(&self, number: usize) -> f64 {
        self.first + self.every * number as f64
    }
}

pub(crate) async fn run(job: &Job) -> Result<String, String> {
    let nats = NatsServer::start().ok_or("there is no nats-server")?;
    let every = (1e3 / job.rate).round().max(1.0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_err(|error| error.to_string())?.as_millis() as Millis;
    // Readers come a thousand a second.
    let lead = LEAD + Duration::from_millis(job.n_readers as u64);
    let first = now + lead.as_millis() as Millis;
    let network = Jetstream::new(first, every as Millis, job.n_posts);
    let upstream = Arc::new(Fake::new(network, Script::default(), now));
    let listener = TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.map_err(|error| error.to_string())?;
    let at = listener.local_addr().map_err(|error| error.to_string())?;
    tokio::spawn(fakes::serve(listener, Arc::clone(&upstream)));

    let mut relays = Vec::new();
    for _ in 0..job.n_relays {
        relays.push(Relay::start(job, &nats.address(), at).await?);
    }
    let place = Arc::new(Place {
        addresses: relays.iter().map(|relay| relay.address).collect(),
        clock: Clock {
            first: first as f64,
            every,
        },
        n_posts: job.n_posts,
    });
    let mut crowd = readers::start(job, &place);
    let half = Duration::from_secs_f64(every * job.n_posts as f64 / 2e3);
    let mut failover = None;
    if !job.is_calm {
        sleep(lead + half).await;
        failover = Some(kill_leader(&mut relays, &upstream, job).await?);
    }
    let (mut latency, mut n_lost, mut n_twice, mut n_moves) = (Latency::new(), 0, 0, 0);
    while let Some(seen) = crowd.join_next().await {
        let seen = seen.map_err(|error| error.to_string())?;
        (n_lost, n_twice) = (n_lost + seen.n_lost, n_twice + seen.n_twice);
        n_moves += seen.n_moves;
        latency.add(&seen.latency);
    }
    let line = format!(
        "{} relays{}, {} readers, {} posts at {}/s: lost {n_lost}, twice {n_twice}, {n_moves} moves to another relay; \
         post to socket p50 {:.1} ms, p99 {:.1} ms{}",
        job.n_relays,
        if job.is_local {
            " with a log of their own"
        } else {
            ""
        },
        job.n_readers,
        job.n_posts,
        job.rate,
        latency.quantile_ms(0.5),
        latency.quantile_ms(0.99),
        failover.map_or_else(String::new, |took| format!(
            "; listened again {:.2} s after the kill, with a lease of {} s",
            took.as_secs_f64(),
            job.lease_secs
        )),
    );
    let is_late = failover.is_some_and(|took| took.as_secs_f64() > 2.0 * job.lease_secs);
    let n_connections = upstream.requests().len();
    let expected = if job.is_local {
        job.n_relays
    } else {
        1 + usize::from(failover.is_some())
    };
    if n_lost + n_twice > 0 || is_late || n_connections != expected {
        return Err(format!(
            "{line}; {n_connections} connections to the upstream"
        ));
    }
    Ok(line)
}

/// Returns how long nobody listened.
async fn kill_leader(
    relays: &mut Vec<Relay>,
    upstream: &Arc<Fake>,
    job: &Job,
) -> Result<Duration, String> {
    let mut leader = None;
    for (i, relay) in relays.iter().enumerate() {
        if relay.received().await? > 0 {
            leader = Some(i);
        }
    }
    let leader = leader.ok_or("no relay listens")?;
    let n_before = upstream.requests().len();
    let killed = Instant::now();
    // Dropped, and killed by that.
    drop(relays.swap_remove(leader));
    let again = async {
        while upstream.requests().len() == n_before {
            sleep(Duration::from_millis(5)).await;
        }
    };
    let patience = Duration::from_secs_f64(job.lease_secs * 20.0);
    let again = timeout(patience, again).await;
    again.map_err(|_| "nobody takes over".to_owned())?;
    Ok(killed.elapsed())
}

/// A running relay. Killed when dropped.
struct Relay {
    child: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl Relay {
    async fn start(job: &Job, nats: &str, upstream: SocketAddr) -> Result<Self, String> {
        let failed = |error: std::io::Error| error.to_string();
        let folder = tempfile::tempdir().map_err(failed)?;
        let address = free_address()?;
        let path = folder.path().join("config.toml");
        fs::write(&path, config(job, nats, upstream, address)).map_err(failed)?;
        let child = Command::new(relay_program()?)
            .arg("--config")
            .arg(&path)
            .env("RUST_LOG", "warn")
            .stdout(Stdio::null())
            .spawn()
            .map_err(failed)?;
        let relay = Self {
            child,
            address,
            _folder: folder,
        };
        let listens = async {
            while tokio::net::TcpStream::connect(address).await.is_err() {
                sleep(Duration::from_millis(20)).await;
            }
        };
        let listens = timeout(Duration::from_secs(30), listens).await;
        listens.map_err(|_| "a relay does not listen".to_owned())?;
        Ok(relay)
    }

    /// Records that it has itself received from the upstream.
    async fn received(&self) -> Result<u64, String> {
        let url = format!("http://{}/api/v1/status", self.address);
        let status = reqwest::get(url).await.map_err(|error| error.to_string())?;
        let status: Value = status.json().await.map_err(|error| error.to_string())?;
        Ok(status["sources"][0]["received"].as_u64().unwrap_or(0))
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn config(job: &Job, nats: &str, upstream: SocketAddr, address: SocketAddr) -> String {
    let store = if job.is_local { "sqlite" } else { nats };
    format!(
        "[log]\nstore = \"{store}\"\nlease_secs = {}\n[http]\nlisten = \"{address}\"\n\
         max_connections = 100000\nmax_connections_per_address = 100000\n\
         max_connects_per_second = 100000\nmax_streams_per_address = 100000\n\
         [live]\nstart = \"at_once\"\n[[source]]\nkind = \"jetstream\"\nname = \"bluesky\"\nkeep = \"all\"\n\
         url = \"ws://{upstream}/subscribe\"\n",
        job.lease_secs
    )
}
