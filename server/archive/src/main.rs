//! The archive's program: arguments in, a relay followed, exit code out.

mod args;

use std::{future::Future, process::ExitCode};

use archive::{archive::Archive, follow::follow, place::Place};
use tracing_subscriber::EnvFilter;

use args::{Action, Args, USAGE};

#[tokio::main]
async fn main() -> ExitCode {
    match start().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("moodtape-archive: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[allow(clippy::print_stdout, reason = "what was asked for goes to stdout")]
async fn start() -> anyhow::Result<()> {
    let args = Args::parse(std::env::args().skip(1))?;
    if args.action == Action::Help {
        print!("{USAGE}");
        return Ok(());
    }
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    // It can only be there already, which is as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut archive = Archive::open(Place::open(&args.to)?).await?;
    archive.compress_by(args.codec);
    match args.action {
        Action::Help => {}
        Action::Tidy => archive.tidy().await?,
        Action::Follow => follow(&mut archive, &args.options()?, until_stopped()).await?,
    }
    let manifest = archive.manifest();
    let n_events: u64 = manifest.parts.iter().map(|part| part.rows).sum();
    let position = archive.position().map(ToString::to_string);
    println!(
        "{n_events} events in {} files, up to {}",
        manifest.parts.len(),
        position.as_deref().unwrap_or("the beginning")
    );
    Ok(())
}

/// Ctrl-C, or what a service manager sends.
fn until_stopped() -> impl Future<Output = ()> {
    let interrupted = async {
        // Without a handler the signal ends the program, which loses nothing either.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let ended = async {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let ended = std::future::pending::<()>();
    async {
        tokio::select! {
            () = interrupted => {}
            () = ended => {}
        }
    }
}
