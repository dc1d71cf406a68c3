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
pub mod health;
mod http;
pub mod log;
pub mod recording;
pub mod sources;

use std::{
    future::Future,
    io::{self, IsTerminal},
    sync::Arc,
};

use tokio::{net::TcpListener, sync::watch, task::JoinSet, time};
use wire::config::ReplayInfo;

use config::{Config, StoreKind};
use http::AppState;
use log::{Log, LogError};
use recording::RecordingError;
use sources::{Intake, board::Board, clock::Clock, recording::RecordingSource, supervise};

/// How often what is too old is removed.
const TRIM_EVERY: time::Duration = time::Duration::from_secs(10);

/// Why the relay cannot run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The log cannot be opened.
    #[error(transparent)]
    Log(#[from] LogError),
    /// There is nothing to play.
    #[error(transparent)]
    Recording(#[from] RecordingError),
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

/// Runs the relay until `shutdown`, then stops cleanly, whoever is connected.
///
/// # Errors
/// What keeps it from starting. Once it runs, nothing that comes from outside ends it.
pub async fn run(
    listener: TcpListener,
    config: Config,
    shutdown: impl Future<Output = ()>,
) -> Result<(), RunError> {
    let failed = |source| RunError::Listen {
        address: config.http.listen.clone(),
        source,
    };
    let address = listener.local_addr().map_err(failed)?;
    let log = open_log(&config)?;
    let (board, clock) = (Arc::<Board>::default(), Arc::<Clock>::default());
    let n_readers = Arc::new(watch::Sender::new(0));
    let (stop, stopped) = watch::channel(false);
    let mut public = config.public();
    let mut tasks = JoinSet::new();

    for source in &config.sources {
        let (source, its_log) = (source.clone(), log.clone());
        let (source_clock, readers) = (Arc::clone(&clock), n_readers.subscribe());
        let (name, synthetic, looped) = (replay_name(&source), source.synthetic, source.looped);
        let opened = tokio::task::spawn_blocking(move || {
            RecordingSource::open(source, &its_log, source_clock, readers)
        });
        let source = opened.await.map_err(|_| LogError::Stopped)??;
        public.replay = Some(ReplayInfo {
            name,
            speed: source.speed(),
            synthetic,
            looped,
        });
        let (log, filters) = (log.clone(), config.filters.clone());
        let intake = Intake {
            log,
            filters,
            board: Arc::clone(&board),
            clock: Arc::clone(&clock),
        };
        tasks.spawn(supervise(source, intake));
    }
    tasks.spawn(trim(log.clone(), Arc::clone(&clock)));

    let http = Arc::new(config.http.clone());
    let public = Arc::new(public);
    let state = AppState {
        log: log.clone(),
        board,
        clock,
        public,
        http,
        n_readers,
        stop: stopped,
    };
    announce(&address.to_string());
    let stopping = async {
        shutdown.await;
        tracing::info!("stopping");
        // Sources first, so that nothing is appended while streams end.
        tasks.shutdown().await;
        stop.send_replace(true);
    };
    http::serve(listener, http::router(state), &config.http, stopping).await;
    log.close().await?;
    Ok(())
}

/// Writes what happens to stderr, filtered by `RUST_LOG`.
pub fn log_to_stderr() {
    let filter =
        tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false);
    lines
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr)
        .init();
}

/// Returns when the process is asked to stop: Ctrl-C, or the signal that service managers send.
pub async fn until_stopped() {
    let interrupted = async {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::warn!(%error, "Ctrl-C cannot be heard");
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        () = interrupted => {}
        () = terminated => {}
    }
}

fn open_log(config: &Config) -> Result<Log, LogError> {
    match config.log.store {
        StoreKind::Memory => Log::in_memory(config.log_options()),
        StoreKind::Sqlite => Log::open(&config.log.data.join("log.sqlite"), config.log_options()),
    }
}

fn replay_name(source: &config::SourceConfig) -> String {
    let name = source.path.as_deref().and_then(|path| path.file_name());
    name.map_or_else(
        || source.name.clone(),
        |name| name.to_string_lossy().into_owned(),
    )
}

/// The one line that programs may wait for.
#[allow(
    clippy::print_stdout,
    reason = "the address is this program's output; everything else goes to stderr"
)]
fn announce(address: &str) {
    println!("Moodtape is at http://{address}");
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
