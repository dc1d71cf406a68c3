//! The server under test: the relay, nchan, or the baseline, as a process of its own.

use std::{
    env, fs,
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::relay_process::{free_address, relay_program};

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Relay,
    Nchan,
    Axum,
}

/// Which limits the relay runs with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Limits {
    /// Everybody comes from this machine.
    None,
    /// What it has by default.
    Usual,
}

pub(super) struct Server {
    child: Child,
    address: SocketAddr,
    _folder: TempDir,
}

/// What it has used so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Usage {
    /// Seconds.
    pub(super) cpu: f64,
    pub(super) rss_kib: f64,
    /// Of all sockets of this machine, in both directions.
    pub(super) tcp_kib: f64,
}

/// Ticks of a second in /proc; the same on every Linux.
const TICKS: f64 = 100.0;
const PAGE_KIB: f64 = 4.0;

impl Kind {
    pub(super) fn stream_path(self) -> &'static str {
        match self {
            Self::Relay => "/api/v1/stream?kinds=post",
            Self::Nchan | Self::Axum => "/sub",
        }
    }
}

impl Server {
    pub(super) fn start(
        kind: Kind,
        upstream: Option<SocketAddr>,
        limits: Limits,
    ) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let address = free_address()?;
        let path = folder.path().join("config");
        let mut command = match kind {
            Kind::Relay => {
                let upstream = upstream.expect("the relay has an upstream");
                fs::write(&path, relay_config(address, upstream, limits))
                    .map_err(|error| error.to_string())?;
                let mut command = Command::new(relay_program()?);
                command.arg("--config").arg(&path).env("RUST_LOG", "warn");
                command
            }
            Kind::Nchan => {
                if !PathBuf::from(NCHAN).exists() {
                    return Err("nginx has no nchan here".to_owned());
                }
                fs::write(&path, nginx_config(address, folder.path()))
                    .map_err(|error| error.to_string())?;
                let mut command = Command::new("nginx");
                command.arg("-p").arg(folder.path()).arg("-c").arg(&path);
                command
            }
            Kind::Axum => {
                let own = env::current_exe().map_err(|error| error.to_string())?;
                let mut command = Command::new(own);
                command.arg("--baseline").arg(address.to_string());
                command
            }
        };
        let child = command
            .stdout(Stdio::null())
            .spawn()
            .map_err(|error| format!("{:?} cannot be started: {error}", command.get_program()))?;
        let server = Self {
            child,
            address,
            _folder: folder,
        };
        let begun = Instant::now();
        while TcpStream::connect(address).is_err() {
            if begun.elapsed() > Duration::from_secs(20) {
                return Err("it does not listen".to_owned());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Asks it to stop as a service manager does, and waits; returns how long that took.
    pub(super) fn terminate(&mut self) -> Result<Duration, String> {
        let begun = Instant::now();
        let asked = Command::new("kill")
            .arg(self.child.id().to_string())
            .status();
        asked.map_err(|error| error.to_string())?;
        self.child.wait().map_err(|error| error.to_string())?;
        Ok(begun.elapsed())
    }

    pub(super) fn usage(&self) -> Usage {
        Usage::of(&self.child.id().to_string())
    }
}

impl Usage {
    /// Of a process, as /proc names it.
    pub(super) fn of(process: &str) -> Self {
        let folder = PathBuf::from("/proc").join(process);
        let stat = fs::read_to_string(folder.join("stat")).unwrap_or_default();
        // The name in brackets may hold spaces; user and system time are the 12th and 13th field behind it.
        let fields = stat.rsplit(')').next().unwrap_or_default();
        let ticks: f64 = fields
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|field| field.parse::<f64>().ok())
            .sum();
        let status = fs::read_to_string(folder.join("status")).unwrap_or_default();
        let sockets = fs::read_to_string("/proc/net/sockstat").unwrap_or_default();
        Self {
            cpu: ticks / TICKS,
            rss_kib: number_behind(&status, "VmRSS:"),
            tcp_kib: number_behind(&sockets, "mem") * PAGE_KIB,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn number_behind(text: &str, word: &str) -> f64 {
    let mut words = text.split_whitespace();
    words
        .find(|found| *found == word)
        .and_then(|_| words.next()?.parse().ok())
        .unwrap_or(f64::NAN)
}

fn relay_config(address: SocketAddr, upstream: SocketAddr, limits: Limits) -> String {
    let limits = match limits {
        Limits::None => {
            "max_connections = 100000\nmax_connections_per_address = 100000\n\
             max_connects_per_second = 100000\nmax_streams_per_address = 100000\n"
        }
        Limits::Usual => "",
    };
    format!(
        "[http]\nlisten = \"{address}\"\n{limits}\
         [live]\nstart = \"at_once\"\n[[source]]\nkind = \"jetstream\"\nkeep = \"all\"\n\
         url = \"ws://{upstream}/subscribe\"\n"
    )
}

const NCHAN: &str = "/usr/lib/nginx/modules/ngx_nchan_module.so";

fn nginx_config(address: SocketAddr, folder: &std::path::Path) -> String {
    let folder = folder.display();
    format!(
        "load_module {NCHAN};\ndaemon off;\nmaster_process off;\nworker_rlimit_nofile 60000;\n\
         pid {folder}/pid;\nerror_log {folder}/error.log;\n\
         events {{ worker_connections 20000; }}\n\
         http {{\n  access_log off;\n  client_body_temp_path {folder}/body;\n  proxy_temp_path {folder}/proxy;\n\
         fastcgi_temp_path {folder}/f;\n  uwsgi_temp_path {folder}/u;\n  scgi_temp_path {folder}/s;\n\
         keepalive_requests 10000000;\n  nchan_max_reserved_memory 256M;\n\
         server {{\n    listen {address};\n\
         location = /sub {{ nchan_subscriber eventsource; nchan_channel_id x; nchan_subscriber_first_message newest; }}\n\
         location = /pub {{ nchan_publisher; nchan_channel_id x; nchan_message_buffer_length 2000; nchan_message_timeout 60s; }}\n\
         }}\n}}\n"
    )
}
