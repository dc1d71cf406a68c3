//! `moodtape-relay health`: asks a running relay whether it is well, for container health checks.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream, ToSocketAddrs},
    time::Duration,
};

use crate::config::HttpConfig;

const PATIENCE: Duration = Duration::from_secs(5);

/// Why a relay is not well.
#[derive(Debug, thiserror::Error)]
pub enum Unwell {
    /// It could not be asked.
    #[error("no relay answers at {address} ({source})")]
    Silent {
        /// Where it was looked for.
        address: String,
        /// What the system says.
        source: io::Error,
    },
    /// It speaks TLS only, for a name that is not known here.
    #[error("the relay speaks TLS only; give it an admin address, which is asked instead")]
    OnlyTls,
    /// It answers otherwise than a relay that is well.
    #[error("the relay answers {0:?}")]
    Answer(String),
}

/// Asks the relay that runs with this configuration for `/healthz`: by the listener for metrics where there
/// is one, else by the public one.
///
/// # Errors
/// Why it could not be asked, or that it answers otherwise than it should.
pub fn check(config: &HttpConfig) -> Result<(), Unwell> {
    match &config.admin {
        Some(admin) => check_at(admin),
        None if config.certificate_file.is_some() => Err(Unwell::OnlyTls),
        None => check_at(&reachable(&config.listen)),
    }
}

/// An address that stands for all of this machine is asked at its own.
fn reachable(listen: &str) -> String {
    match listen.parse::<SocketAddr>() {
        Ok(address) if address.ip().is_unspecified() => {
            let own = if address.is_ipv4() {
                "127.0.0.1"
            } else {
                "[::1]"
            };
            format!("{own}:{}", address.port())
        }
        _ => listen.to_owned(),
    }
}

fn check_at(address: &str) -> Result<(), Unwell> {
    let answer = ask(address).map_err(|source| Unwell::Silent {
        address: address.to_owned(),
        source,
    })?;
    let status = answer.lines().next().unwrap_or_default();
    if status.starts_with("HTTP/1.1 200") {
        Ok(())
    } else {
        Err(Unwell::Answer(status.to_owned()))
    }
}

fn ask(address: &str) -> io::Result<String> {
    let no_address = || {
        io::Error::new(
            io::ErrorKind::NotFound,
            format!("{address:?} is no address"),
        )
    };
    let socket = address.to_socket_addrs()?.next().ok_or_else(no_address)?;
    let mut stream = TcpStream::connect_timeout(&socket, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.take(4_096).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_stands_for_all_is_asked_at_this_machine() {
        assert_eq!(reachable("0.0.0.0:80"), "127.0.0.1:80");
        assert_eq!(reachable("[::]:80"), "[::1]:80");
        assert_eq!(reachable("127.0.0.1:80"), "127.0.0.1:80");
        assert_eq!(reachable("localhost:80"), "localhost:80");
    }
}
