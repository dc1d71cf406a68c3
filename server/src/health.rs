//! `moodtape-relay health`: asks a running relay whether it is well, for container health checks.

use std::{
    io::{self, Read, Write},
    net::{TcpStream, ToSocketAddrs},
    time::Duration,
};

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
    /// It answers otherwise than a relay that is well.
    #[error("the relay answers {0:?}")]
    Answer(String),
}

/// Asks the relay at `address` for `/healthz`.
///
/// # Errors
/// Why it could not be asked, or that it answers otherwise than it should.
pub fn check(address: &str) -> Result<(), Unwell> {
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
