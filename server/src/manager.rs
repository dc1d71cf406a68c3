//! The service manager: the signals that it sends, and what it is told of the relay (by systemd's protocol;
//! where `NOTIFY_SOCKET` names nobody, nobody is told).

use std::{
    io::{self, IsTerminal},
    sync::Arc,
    time::Duration,
};

use tokio::{sync::mpsc, time};

use crate::{
    config::{Config, ConfigError},
    http::{Access, Health, Tls},
};

/// Returns when the process is asked to stop: Ctrl-C, the signal that service managers send, or the end of
/// the terminal that it was started from.
pub async fn until_stopped() {
    let interrupted = async {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::warn!(%error, "Ctrl-C cannot be heard");
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = interrupted => {}
        () = signals::next(signals::TERMINATE) => {}
        () = signals::next(signals::HANG_UP), if has_terminal() => {}
    }
}

/// Reads the configuration anew at each SIGHUP, and passes it on if it can be used. Without a terminal that
/// signal asks for this.
pub fn reloads(
    read: impl Fn() -> Result<Config, ConfigError> + Send + 'static,
) -> mpsc::Receiver<Config> {
    let (sender, reloads) = mpsc::channel(1);
    if !has_terminal() {
        // Heard from here on: a signal that nobody has asked for ends the process.
        let mut asked = signals::every(signals::HANG_UP);
        tokio::spawn(async move {
            while signals::heard(&mut asked).await {
                tell("RELOADING=1");
                match read() {
                    Ok(config) => drop(sender.send(config).await),
                    Err(error) => {
                        tracing::error!(%error, "nothing is reloaded; the relay goes on as it is");
                        ready();
                    }
                }
            }
        });
    }
    reloads
}

/// What can be renewed while the relay runs.
pub(crate) struct Renewable {
    pub(crate) config: Config,
    pub(crate) tls: Option<Arc<Tls>>,
    pub(crate) access: Option<Arc<Access>>,
}

impl Renewable {
    /// Renews it whenever there is a configuration to do so by.
    pub(crate) async fn follow(self, mut reloads: mpsc::Receiver<Config>) {
        while let Some(found) = reloads.recv().await {
            self.renew(&found);
            ready();
        }
    }

    fn renew(&self, found: &Config) {
        if let Some(Err(error)) = self.tls.as_ref().map(|tls| tls.reload()) {
            tracing::error!(%error, "the certificate could not be renewed");
        }
        if let Some(Err(error)) = self.access.as_ref().map(|access| access.reload()) {
            tracing::error!(%error, "the token of readers could not be renewed");
        }
        let waiting = self.config.differences(found).join(", ");
        if waiting.is_empty() {
            tracing::info!("reloaded: certificate, key and token of readers");
        } else {
            tracing::warn!(
                waiting,
                "reloaded: certificate, key and token of readers; the rest needs a new start"
            );
        }
    }
}

/// The relay serves.
pub(crate) fn ready() {
    tell("READY=1");
}

/// The relay is on its way to its end.
pub(crate) fn stopping() {
    tell("STOPPING=1");
}

/// Says again and again that the relay is alive, as often as it is asked to and as long as it is.
pub(crate) async fn stay_in_touch(health: Arc<Health>) {
    let Some(patience) = patience() else { return };
    let mut ticks = time::interval(patience / 3);
    loop {
        ticks.tick().await;
        if health.is_alive() {
            tell("WATCHDOG=1");
        }
    }
}

/// Whoever started the relay in a terminal means it to end with that.
fn has_terminal() -> bool {
    io::stdin().is_terminal() || io::stderr().is_terminal()
}

#[cfg(unix)]
fn tell(news: &str) {
    if let Err(error) = sd_notify::notify(&[sd_notify::NotifyState::Custom(news)]) {
        tracing::warn!(%error, news, "the service manager could not be told");
    }
}

#[cfg(unix)]
fn patience() -> Option<Duration> {
    sd_notify::watchdog_enabled().filter(|patience| !patience.is_zero())
}

#[cfg(not(unix))]
fn tell(_news: &str) {}

#[cfg(not(unix))]
fn patience() -> Option<Duration> {
    None
}

#[cfg(unix)]
mod signals {
    use tokio::signal::unix::{Signal, SignalKind, signal};

    pub(super) const TERMINATE: SignalKind = SignalKind::terminate();
    pub(super) const HANG_UP: SignalKind = SignalKind::hangup();

    pub(super) async fn next(kind: SignalKind) {
        if !heard(&mut every(kind)).await {
            std::future::pending().await
        }
    }

    pub(super) fn every(kind: SignalKind) -> Option<Signal> {
        signal(kind)
            .inspect_err(|error| tracing::warn!(%error, ?kind, "a signal cannot be heard"))
            .ok()
    }

    /// Whether there was one; if not, there will be none.
    pub(super) async fn heard(signal: &mut Option<Signal>) -> bool {
        match signal {
            Some(signal) => signal.recv().await.is_some(),
            None => false,
        }
    }
}

#[cfg(not(unix))]
mod signals {
    pub(super) const TERMINATE: () = ();
    pub(super) const HANG_UP: () = ();

    pub(super) async fn next(_kind: ()) {
        std::future::pending().await
    }

    pub(super) fn every(_kind: ()) {}

    pub(super) async fn heard(_signal: &mut ()) -> bool {
        false
    }
}
