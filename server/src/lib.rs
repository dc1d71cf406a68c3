//! The relay: posts and prices in, one durable log, server-sent events out. It computes nothing.
//!
//! ```text
//!  upstreams            sources.rs                   log.rs                        http.rs
//!  ─────────            ──────────                   ──────                        ───────
//!  recording ─► connect, decode, filter, ─append─► seq ─► store ─► tail ─read─► stream, history
//!               de-duplicate, count                      (SQLite)     (memory)   status, config
//!                      │                                                         the page's files
//!                      └── status, counters ──► board ──────────────────────────────┘
//! ```
//!
//! Each piece of state has one writer: the log's thread gives out seqs, a source's own loop changes its
//! status. Readers pull: nothing is queued for them, and a slow one costs nobody anything.

mod backoff;
pub mod config;
mod counts;
pub mod health;
mod http;
pub mod log;
pub mod manager;
pub(crate) mod net;
pub mod precompress;
pub mod recording;
pub mod sources;

use std::{
    future::Future,
    io::{self, IsTerminal},
    sync::Arc,
};

use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
    task::JoinSet,
    time,
};
use tracing::Level;
use tracing_subscriber::{filter::filter_fn, layer::SubscriberExt, util::SubscriberInitExt};
use wire::{
    PublicConfig,
    config::{LiveInfo, ReplayInfo},
};

use config::{Config, HttpConfig, LiveStart, SourceConfig, StoreKind, args::LogFormat};
use http::{Access, AppState, Choices, Entrance, Fanout, Gate, Health, LIVE_BASE, Metrics, Tls};
use log::{Log, LogError, SharedOptions};
use manager::Renewable;
use net::{Internet, Network, Secret, secret::SecretError};
use recording::RecordingError;
use sources::{
    Intake, board::Board, clock::Clock, explain_stop, live, live::SetupError,
    recording::RecordingSource, supervise,
};

/// A post is some dozens of small allocations, many of them freed on another thread, which takes glibc's allocator
/// an eighth of the processor time of a relay that takes in all it can.
#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// How often what is too old is removed.
const TRIM_EVERY: time::Duration = time::Duration::from_secs(10);
/// This part of the drain time the relay says that it will stop, before it does.
const NOTICE: u32 = 4;
/// The log of a recording, or of a relay without sources.
const LOG_FILE: &str = "log.sqlite";
/// The log of the live sources.
const LIVE_FILE: &str = "live.sqlite";
/// The copy of the live sources' log where relays share one.
const SHARED_FILE: &str = "shared.sqlite";

pub use http::TlsError;

/// Every path of the interface over HTTP, in the form of its description (`openapi.json`).
pub fn paths() -> Vec<&'static str> {
    http::paths().collect()
}

/// Why the relay cannot run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The log cannot be opened.
    #[error(transparent)]
    Log(#[from] LogError),
    /// There is nothing to play.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// A live source cannot work as it is configured.
    #[error(transparent)]
    Live(#[from] SetupError),
    /// The token that readers need cannot be read.
    #[error("the token of readers: {0}")]
    Token(#[from] SecretError),
    /// TLS cannot be spoken.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// What the shared log wants to be told cannot be read.
    #[error("the token of the shared log: {0}")]
    LogToken(#[source] SecretError),
    /// The address cannot be listened on.
    #[error(
        "cannot listen on {address} ({source}); is another relay running? --listen takes another address"
    )]
    Listen {
        /// What was asked for.
        address: String,
        /// What the system says.
        source: io::Error,
    },
}

/// Listens on `address`.
///
/// # Errors
/// [`RunError::Listen`], e.g. when another program listens there.
pub async fn bind(address: &str) -> Result<TcpListener, RunError> {
    let failed = |source| RunError::Listen {
        address: address.to_owned(),
        source,
    };
    TcpListener::bind(address).await.map_err(failed)
}

/// Makes everything that the configuration asks for, up to the sources with their keys, and connects nothing.
///
/// # Errors
/// What would keep the relay from starting, apart from its log and addresses.
pub async fn check(config: &Config) -> Result<(), RunError> {
    let (_stop, stopped) = watch::channel(false);
    Public::new(config, stopped)?;
    let mut config = config.clone();
    // Nobody comes, so that no source connects.
    (config.log.store, config.live.start) = (StoreKind::Memory, LiveStart::FirstReader);
    let stream = Stream::open(&config, Of::Live)?;
    let (intake, nobody) = (stream.intake(&config), stream.n_readers.subscribe());
    let network: Network = Arc::new(Internet::default());
    let mut tasks = JoinSet::new();
    live::start(&config, &intake, &network, &nobody, &mut tasks)?;
    tasks.shutdown().await;
    Ok(())
}

/// Runs the relay until `shutdown`, then stops cleanly, whoever is connected.
///
/// # Errors
/// What keeps it from starting. Once it runs, nothing that comes from outside ends it.
pub async fn run(
    listener: TcpListener,
    config: Config,
    shutdown: impl Future<Output = ()>,
) -> Result<(), RunError> {
    let (_, nothing) = mpsc::channel(1);
    run_reloading(listener, config, nothing, shutdown).await
}

/// The same, and renews what it can when it is given a configuration again: the certificate, its key, and
/// the token of readers, each from the file where it was at the start. Of all else it says what has changed.
///
/// # Errors
/// As [`run`].
pub async fn run_reloading(
    listener: TcpListener,
    config: Config,
    reloads: mpsc::Receiver<Config>,
    shutdown: impl Future<Output = ()>,
) -> Result<(), RunError> {
    let failed = |source| RunError::Listen {
        address: config.http.listen.clone(),
        source,
    };
    let address = listener.local_addr().map_err(failed)?;
    let admin = match &config.http.admin {
        Some(address) => Some(bind(address).await?),
        None => None,
    };
    let network: Network = Arc::new(Internet::default());
    let recording = config.sources.iter().find(|source| !source.kind.is_live());
    let has_live = config.sources.iter().any(|source| source.kind.is_live());
    let (stop, stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();

    let main_is_of = match (recording, has_live) {
        (Some(_), _) => Of::Recording,
        (None, true) => Of::Live,
        (None, false) => Of::Nothing,
    };
    let mut main = Stream::open(&config, main_is_of)?;
    let mut live = None;
    if let Some(source) = recording {
        main.play(source, &config, &mut tasks).await?;
        if has_live {
            live = Some(Stream::open(&config, Of::Live)?);
            main.public.live = Some(live_info(&config));
        }
    }
    let listening = has_live.then(|| live.as_ref().unwrap_or(&main));
    if let Some(stream) = listening {
        let (intake, n_readers) = (stream.intake(&config), stream.n_readers.subscribe());
        live::start(&config, &intake, &network, &n_readers, &mut tasks)?;
    }
    let streams = || [Some(&main), live.as_ref()].into_iter().flatten();
    for stream in streams() {
        tasks.spawn(trim(stream.log.clone(), Arc::clone(&stream.clock)));
    }

    let health = Arc::new(Health::new(
        streams().map(|stream| stream.log.clone()).collect(),
    ));
    let public = Public::new(&config, stopped)?;
    let states = (
        public.state("main", &main, &health),
        live.as_ref()
            .map(|live| public.state("live", live, &health)),
    );
    if let Some(tls) = public.tls.clone() {
        tasks.spawn(tls.renew());
    }
    let renewable = Renewable {
        config: config.clone(),
        tls: public.tls.clone(),
        access: public.access.clone(),
    };
    tasks.spawn(renewable.follow(reloads));
    // It answers until the end: whoever watches over the relay wants to see how it ends.
    let mut watched = JoinSet::new();
    watched.spawn(manager::stay_in_touch(Arc::clone(&health)));
    if let Some(listener) = admin {
        let router = http::admin_router(Arc::clone(&states.0), states.1.clone());
        watched.spawn(http::serve(
            listener,
            public.admin(router),
            std::future::pending(),
        ));
    }
    announce(public.scheme(), &address.to_string());
    manager::ready();
    let entrance = public.entrance(states.0, states.1);
    let stopping = async {
        shutdown.await;
        tracing::info!("stopping");
        manager::stopping();
        // Whoever sends readers here has the time to see it, while they are still let in.
        health.drain();
        time::sleep(config.http.drain() / NOTICE).await;
        // Sources first, so that nothing is appended while streams end.
        tasks.shutdown().await;
        if let Some(stream) = listening {
            explain_stop(&stream.intake(&config)).await;
        }
        stop.send_replace(true);
    };
    http::serve(listener, entrance, stopping).await;
    // Each is closed whatever becomes of the other.
    let mut closed = Ok(());
    for stream in streams() {
        closed = closed.and(stream.log.close().await);
    }
    Ok(closed?)
}

/// What the page is told about the live stream beside a recording.
fn live_info(config: &Config) -> LiveInfo {
    let live = config.sources.iter().filter(|source| source.kind.is_live());
    LiveInfo {
        base: LIVE_BASE.to_owned(),
        sources: live.map(|source| source.label().to_owned()).collect(),
    }
}

/// What a stream is of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Of {
    Recording,
    Live,
    /// There is no source: what the log holds is served, and what other relays append to it.
    Nothing,
}

/// One log with what belongs to it. A recording and the present have one each: their times never mix.
struct Stream {
    log: Log,
    board: Arc<Board>,
    clock: Arc<Clock>,
    n_readers: Arc<watch::Sender<usize>>,
    public: PublicConfig,
}

impl Stream {
    fn open(config: &Config, of: Of) -> Result<Self, RunError> {
        let options = config.log_options();
        let file = match of {
            Of::Live => LIVE_FILE,
            Of::Recording | Of::Nothing => LOG_FILE,
        };
        let log = match &config.log.store {
            StoreKind::Memory => Log::in_memory(options),
            // Every relay plays a recording by itself, from its own beginning.
            StoreKind::Nats(address) if of != Of::Recording => {
                let (key_env, key_file) = (&config.log.key_env, &config.log.key_file);
                let token = Secret::load(key_env.as_deref(), key_file.as_deref());
                let token = token.map_err(RunError::LogToken)?;
                let shared = SharedOptions {
                    address: address.clone(),
                    token: token.map(|token| token.expose().to_owned()),
                    lease: time::Duration::from_secs_f64(config.log.lease_secs),
                };
                Log::open_shared(&shared, &config.log.data.join(SHARED_FILE), options)
            }
            StoreKind::Sqlite | StoreKind::Nats(_) => {
                Log::open(&config.log.data.join(file), options)
            }
        }?;
        Ok(Self {
            log,
            board: Arc::default(),
            clock: Arc::default(),
            n_readers: Arc::new(watch::Sender::new(0)),
            public: config.public(),
        })
    }

    fn intake(&self, config: &Config) -> Intake {
        Intake {
            log: self.log.clone(),
            filters: config.filters.clone(),
            subjects: None,
            key: None,
            board: Arc::clone(&self.board),
            clock: Arc::clone(&self.clock),
        }
    }

    /// Opens a recording and starts to play it.
    async fn play(
        &mut self,
        config: &SourceConfig,
        whole: &Config,
        tasks: &mut JoinSet<()>,
    ) -> Result<(), RunError> {
        let (source, log) = (config.clone(), self.log.clone());
        let (clock, readers) = (Arc::clone(&self.clock), self.n_readers.subscribe());
        let opened = tokio::task::spawn_blocking(move || {
            RecordingSource::open(source, &log, clock, readers)
        });
        let source = opened.await.map_err(|_| LogError::Stopped)??;
        self.public.replay = Some(ReplayInfo {
            name: replay_name(config),
            speed: source.speed(),
            synthetic: config.synthetic,
            looped: config.looped,
        });
        tasks.spawn(supervise(source, self.intake(whole)));
        Ok(())
    }
}

/// What all streams share towards readers.
struct Public {
    config: Arc<HttpConfig>,
    gate: Arc<Gate>,
    metrics: Arc<Metrics>,
    access: Option<Arc<Access>>,
    tls: Option<Arc<Tls>>,
    stopped: watch::Receiver<bool>,
}

impl Public {
    fn new(config: &Config, stopped: watch::Receiver<bool>) -> Result<Self, RunError> {
        let metrics = Arc::<Metrics>::default();
        let gate = Gate::new(&config.http, Arc::clone(&metrics));
        Ok(Self {
            access: Access::new(&config.http, &gate)?,
            tls: Tls::new(&config.http)?,
            config: Arc::new(config.http.clone()),
            gate,
            metrics,
            stopped,
        })
    }

    fn state(&self, name: &'static str, stream: &Stream, health: &Arc<Health>) -> Arc<AppState> {
        Arc::new(AppState {
            name,
            log: stream.log.clone(),
            of_requests: stream.log.apart(),
            board: Arc::clone(&stream.board),
            clock: Arc::clone(&stream.clock),
            public: Arc::new(stream.public.clone()),
            http: Arc::clone(&self.config),
            n_readers: Arc::clone(&stream.n_readers),
            stop: self.stopped.clone(),
            gate: Arc::clone(&self.gate),
            metrics: Arc::clone(&self.metrics),
            fanout: Fanout::start(&stream.log, &self.stopped, &self.metrics),
            choices: Choices::default(),
            health: Arc::clone(health),
        })
    }

    fn entrance(&self, main: Arc<AppState>, live: Option<Arc<AppState>>) -> Entrance {
        Entrance {
            router: http::router(main, live, self.access.clone()),
            config: Arc::clone(&self.config),
            gate: Arc::clone(&self.gate),
            tls: self.tls.clone(),
        }
    }

    /// Beside the public: its limits are its own, and it speaks plain HTTP.
    fn admin(&self, router: axum::Router) -> Entrance {
        let config = HttpConfig::default();
        Entrance {
            router,
            gate: Gate::new(&config, Arc::default()),
            config: Arc::new(config),
            tls: None,
        }
    }

    fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }
}

/// Writes what happens to stderr, filtered by `RUST_LOG`.
pub fn log_to_stderr(format: LogFormat) {
    let filter =
        tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false);
    let lines = lines
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr);
    let discreet = filter_fn(|about| is_discreet(about.target(), *about.level()));
    match format {
        LogFormat::Text => lines.finish().with(discreet).init(),
        LogFormat::Json => lines.json().finish().with(discreet).init(),
    }
}

/// Below `info` the web socket library writes whole addresses, keys and all, whatever `RUST_LOG` asks for.
fn is_discreet(target: &str, level: Level) -> bool {
    let is_of_sockets = ["tungstenite", "tokio_tungstenite"]
        .iter()
        .any(|library| target.starts_with(library));
    !is_of_sockets || level <= Level::INFO
}

fn replay_name(source: &SourceConfig) -> String {
    let name = source.path.as_deref().and_then(|path| path.file_name());
    name.map_or_else(
        || source.label().to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}

/// The one line that programs may wait for.
#[allow(
    clippy::print_stdout,
    reason = "the address is this program's output; everything else goes to stderr"
)]
fn announce(scheme: &str, address: &str) {
    println!("Moodtape is at {scheme}://{address}");
}

/// Keeps the log within its limits, by the clock of the data.
async fn trim(log: Log, clock: Arc<Clock>) {
    let mut ticks = time::interval(TRIM_EVERY);
    loop {
        ticks.tick().await;
        if let Err(error) = log.trim(clock.now()).await {
            tracing::warn!(%error, "the log could not be trimmed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_web_socket_library_is_not_heard_below_info() {
        assert!(!is_discreet("tungstenite::handshake::client", Level::TRACE));
        assert!(!is_discreet("tokio_tungstenite", Level::DEBUG));
        assert!(is_discreet("tungstenite", Level::WARN));
        assert!(is_discreet("server::sources", Level::TRACE));
    }
}
