//! Every fault of every upstream: a fake in memory commits it, and the source has to do what is written here.
//!
//! One table a source, in a file of its own below. Time is paused, so that an hour takes milliseconds.

mod jetstream;
mod keyed_polls;
mod keys;
mod mastodon;
mod polls;
mod prices;
mod soak;
mod stocks;
mod table;
mod x;

use std::{
    collections::BTreeMap,
    io,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use fakes::{Fake, Fault, Protocol, Reply, Request, Script};
use tokio::{
    io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf},
    time::sleep,
};
use wire::{
    Body, Event, Millis, SourceState, SourceStatus,
    config::{Filters, Ticker, Topic},
    ndjson,
};

use super::{Intake, board::Board, clock::Clock, live};
use crate::{
    config::{Config, LiveConfig, LiveStart, SourceConfig},
    log::{Kinds, Log, LogOptions, Want, conformance::page},
    net::{
        Network, SourceError,
        dial::{Dial, Dialing, Target},
    },
};

/// What all clocks show at the beginning.
pub(super) const START: Millis = 1_779_719_000_000;
/// When the fault is committed.
pub(super) const FAULT_AT: Duration = Duration::from_secs(20);

/// Fakes in the place of the internet, by host.
#[derive(Clone, Default)]
pub(super) struct FakeNetwork {
    fakes: BTreeMap<String, Arc<Fake>>,
    asked: Arc<Mutex<Vec<Target>>>,
}

impl FakeNetwork {
    pub(super) fn with(
        mut self,
        host: &str,
        protocol: impl Protocol + 'static,
        script: Script,
    ) -> Self {
        let fake = Arc::new(Fake::new(protocol, script, START));
        self.fakes.insert(host.to_owned(), fake);
        self
    }

    /// What all clocks show.
    fn now(&self) -> Millis {
        self.fakes.values().next().map_or(START, |fake| fake.now())
    }

    /// Where connections were asked for.
    pub(super) fn asked(&self) -> Vec<Target> {
        self.asked.lock().unwrap().clone()
    }

    /// What was asked of a host, and when.
    pub(super) fn requests(&self, host: &str) -> Vec<(Duration, Request)> {
        self.fakes[host].requests()
    }
}

impl std::fmt::Debug for FakeNetwork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FakeNetwork")
    }
}

impl Dial for FakeNetwork {
    fn dial(&self, target: Target) -> Dialing<'_> {
        Box::pin(async move {
            self.asked.lock().unwrap().push(target.clone());
            let unknown = || SourceError::Transport(format!("there is no host {}", target.host));
            let fake = Arc::clone(self.fakes.get(&target.host).ok_or_else(unknown)?);
            let (ours, mut theirs) = tokio::io::duplex(1 << 20);
            let is_torn = Arc::<AtomicBool>::default();
            let tears = Arc::clone(&is_torn);
            tokio::spawn(async move {
                // A client that goes away is no failure of a fake.
                let served = fake.serve(&mut theirs).await;
                let is_reset = |error: &io::Error| error.kind() == io::ErrorKind::ConnectionReset;
                tears.store(served.as_ref().is_err_and(is_reset), Ordering::Relaxed);
                drop(theirs);
            });
            Ok(Box::new(Pipe { ours, is_torn }) as _)
        })
    }
}

/// The client's end of a connection in memory, which can be reset like a real one.
struct Pipe {
    ours: DuplexStream,
    is_torn: Arc<AtomicBool>,
}

impl AsyncRead for Pipe {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut self.ours).poll_read(context, buffer));
        let is_end = buffer.filled().len() == before;
        if is_end && self.is_torn.load(Ordering::Relaxed) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Poll::Ready(read)
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.ours).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.ours).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.ours).poll_shutdown(context)
    }
}

/// What one source is made of where there is no network.
pub(super) fn setup(config: SourceConfig) -> live::Setup {
    live::Setup {
        config,
        topics: Vec::new(),
        tickers: Vec::new(),
        filters: Filters::default(),
        network: Arc::new(FakeNetwork::default()),
        clock: Arc::new(Clock::starting_at(START)),
        author_key: wire::author::AuthorKey([7; 16]),
        key: crate::net::Secret::new("key"),
    }
}

/// A relay's sources without the relay around them.
pub(super) struct Listening {
    pub(super) network: FakeNetwork,
    pub(super) log: Log,
    pub(super) board: Arc<Board>,
    tasks: tokio::task::JoinSet<()>,
}

/// What there is to be heard, and how it is listened to.
pub(super) fn listen(network: FakeNetwork, sources: Vec<SourceConfig>) -> Listening {
    let log = Log::inline(LogOptions::default());
    listen_into(log, network, sources)
}

/// The same with a log that may hold something already.
pub(super) fn listen_into(log: Log, network: FakeNetwork, sources: Vec<SourceConfig>) -> Listening {
    try_listen(log, network, Vec::new(), sources).unwrap()
}

/// The same with topics, and without the certainty that it can work.
pub(super) fn try_listen(
    log: Log,
    network: FakeNetwork,
    topics: Vec<Topic>,
    sources: Vec<SourceConfig>,
) -> Result<Listening, live::SetupError> {
    let tickers = ["BTC", "AAPL"].map(|symbol| Ticker {
        symbol: symbol.to_owned(),
        ..Ticker::default()
    });
    let config = Config {
        sources,
        topics,
        tickers: tickers.into(),
        live: LiveConfig {
            start: LiveStart::AtOnce,
        },
        ..Config::default()
    };
    let (board, clock) = (
        Arc::<Board>::default(),
        Arc::new(Clock::starting_at(network.now())),
    );
    let intake = Intake {
        log: log.clone(),
        filters: Filters::default(),
        subjects: None,
        key: None,
        board: Arc::clone(&board),
        clock: Arc::clone(&clock),
    };
    let mut tasks = tokio::task::JoinSet::new();
    let dial: Network = Arc::new(network.clone());
    let readers = tokio::sync::watch::Sender::new(0).subscribe();
    live::start(&config, &intake, &dial, &readers, &mut tasks)?;
    Ok(Listening {
        network,
        log,
        board,
        tasks,
    })
}

impl Listening {
    pub(super) async fn run_for(&self, secs: u64) {
        sleep(Duration::from_secs(secs)).await;
    }

    /// Stops all sources, as a relay does that stops.
    pub(super) async fn stop(mut self) -> Log {
        self.tasks.shutdown().await;
        self.log
    }

    pub(super) async fn events(&self, kinds: Kinds) -> Vec<Event> {
        events(&self.log, kinds).await
    }

    /// Changes of state in the log, in order.
    pub(super) async fn statuses(&self) -> Vec<SourceStatus> {
        let events = self.events(Kinds::STATUS).await.into_iter();
        let statuses = events.filter_map(|event| match event.body {
            Body::Status(status) => Some(status),
            _ => None,
        });
        statuses.collect()
    }

    /// Ids of the posts in the log, in order.
    pub(super) async fn ids(&self) -> Vec<String> {
        let events = self.events(Kinds::POST).await.into_iter();
        let ids = events.filter_map(|event| match event.body {
            Body::Post(post) => Some(post.id),
            _ => None,
        });
        ids.collect()
    }
}

pub(super) async fn events(log: &Log, kinds: Kinds) -> Vec<Event> {
    let want = Want {
        kinds,
        max_bytes: usize::MAX,
        ..Want::default()
    };
    let page = page(log, 0, want).await;
    let decode = |line: &crate::log::Line| ndjson::decode_line(line.json()).unwrap();
    page.lines.iter().map(decode).collect()
}

/// What a source has to do about a fault.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reaction {
    /// The words under which the trouble is shown, in order; none where the connection goes on.
    pub(super) errors: &'static [&'static str],
    /// The drop reason under which a record is counted; empty where none is dropped.
    pub(super) drop: &'static str,
    /// It is not tried again as long as the test lasts …
    pub(super) is_final: bool,
    /// … but later, since a refusal may pass where there is no key.
    pub(super) is_patient: bool,
    /// Seconds between the fault and the next request that is answered; with a fifth of jitter.
    pub(super) back_after: u64,
}

impl Reaction {
    pub(super) const NONE: Self = Self {
        errors: &[],
        drop: "",
        is_final: false,
        is_patient: false,
        back_after: 0,
    };

    pub(super) fn dropping(drop: &'static str) -> Self {
        Self { drop, ..Self::NONE }
    }

    pub(super) fn retry(errors: &'static [&'static str], back_after: u64) -> Self {
        Self {
            errors,
            back_after,
            ..Self::NONE
        }
    }

    pub(super) fn over(errors: &'static [&'static str]) -> Self {
        Self {
            errors,
            is_final: true,
            ..Self::NONE
        }
    }

    pub(super) fn patient(errors: &'static [&'static str]) -> Self {
        Self {
            is_patient: true,
            ..Self::over(errors)
        }
    }
}

/// A refusal of every request for this long.
pub(super) fn refuse(status: u16, retry_after: Option<u64>, lasting: u64) -> Fault {
    Fault::Refuse {
        reply: Reply::refusal(status, retry_after.map(Duration::from_secs)),
        lasting: Duration::from_secs(lasting),
    }
}

/// Something that is no answer of this upstream, with status 200, for this long.
pub(super) fn pretend(reply: Reply, lasting: u64) -> Fault {
    Fault::Refuse {
        reply,
        lasting: Duration::from_secs(lasting),
    }
}

/// What differs between what a source did and what it has to do; all of it, so that one run shows all.
#[derive(Default)]
pub(super) struct Differences(Vec<String>);

impl Differences {
    pub(super) fn expect(&mut self, is_so: bool, tell: impl FnOnce() -> String) {
        if !is_so {
            self.0.push(tell());
        }
    }

    #[track_caller]
    pub(super) fn assert_none(&self) {
        assert!(self.0.is_empty(), "\n{}", self.0.join("\n"));
    }

    /// Holds states, words, drop reasons and the wait to what is expected.
    pub(super) fn check(
        &mut self,
        name: &str,
        expect: Reaction,
        listening: &Heard,
        back_after: Option<Duration>,
    ) {
        let Heard { status, statuses } = listening;
        let broken = statuses.iter().filter(|status| {
            matches!(
                status.state,
                SourceState::Disconnected | SourceState::Failed
            )
        });
        let errors: Vec<_> = broken
            .filter_map(|status| status.error.as_deref())
            .collect();
        self.expect(errors == expect.errors, || {
            format!(
                "{name}: {errors:?}, not {:?}: {:?}",
                expect.errors, status.detail
            )
        });
        let state = if expect.is_patient {
            SourceState::Disconnected
        } else if expect.is_final {
            SourceState::Failed
        } else {
            SourceState::Connected
        };
        self.expect(status.state == state, || {
            format!("{name}: {:?} {:?}", status.state, status.detail)
        });
        let drops: Vec<_> = status
            .dropped
            .keys()
            .filter(|drop| *drop != "duplicate")
            .collect();
        let expected: Vec<&str> = [expect.drop]
            .into_iter()
            .filter(|d| !d.is_empty())
            .collect();
        self.expect(drops == expected, || {
            format!("{name}: dropped {drops:?}, not {expected:?}")
        });
        let total = status.kept + status.dropped.values().sum::<u64>();
        self.expect(status.received == total, || {
            format!("{name}: counts differ: {status:?}")
        });
        if !expect.is_final && !expect.errors.is_empty() {
            let base = expect.back_after as f64;
            let waited = back_after.map(|back| back.as_secs_f64());
            let is_right =
                waited.is_some_and(|waited| (base - 1.5..=base * 1.25 + 1.5).contains(&waited));
            self.expect(is_right, || {
                format!("{name}: back after {waited:?} s, not {base} s")
            });
        }
    }
}

/// What a source told of itself.
pub(super) struct Heard {
    pub(super) status: SourceStatus,
    pub(super) statuses: Vec<SourceStatus>,
}
