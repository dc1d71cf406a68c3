//! The relay's program: arguments in, exit code out.

use std::process::ExitCode;

use server::{
    config::args::{Action, Args, USAGE, report},
    manager,
};

#[tokio::main]
async fn main() -> ExitCode {
    match start().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("moodtape-relay: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[allow(clippy::print_stdout, reason = "what was asked for goes to stdout")]
async fn start() -> anyhow::Result<()> {
    let args = Args::parse(std::env::args().skip(1))?;
    server::log_to_stderr(args.log_format);
    match args.action {
        Action::Help => print!("{USAGE}"),
        Action::CheckConfig => {
            let config = args.config()?;
            let report = report(&config)?;
            server::check(&config).await?;
            println!("{report}");
        }
        Action::Precompress => {
            let config = args.config()?;
            let n = server::precompress::precompress(&config.http.app, &config.log.data)?;
            println!("{n} files compressed in {}", config.http.app.display());
        }
        Action::Health => server::health::check(&args.config()?.http)?,
        Action::Serve => {
            let config = args.config()?;
            let listener = server::bind(&config.http.listen).await?;
            let reloads = manager::reloads(move || args.config());
            server::run_reloading(listener, config, reloads, manager::until_stopped()).await?;
        }
    }
    Ok(())
}
