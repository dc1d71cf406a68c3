//! The relay as a process of its own: which program, and where it may listen.

use std::{
    env,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
};

/// Where nobody listens at the moment.
pub(crate) fn free_address() -> Result<SocketAddr, String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    listener.local_addr().map_err(|error| error.to_string())
}

/// The one given by `MOODTAPE_RELAY`, or beside the folder of the examples.
pub(crate) fn relay_program() -> Result<PathBuf, String> {
    if let Some(given) = env::var_os("MOODTAPE_RELAY") {
        return Ok(given.into());
    }
    let own = env::current_exe().map_err(|error| error.to_string())?;
    let folder = own.parent().and_then(|examples| examples.parent());
    let program = folder.map(|folder| folder.join("moodtape-relay"));
    program
        .filter(|program| program.exists())
        .ok_or_else(|| "the relay is not built: cargo build --release -p server".to_owned())
}
